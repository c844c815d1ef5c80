//! Quotes both sides of the book, post-only, around a price that leans against the inventory.
//!
//! reservation = mid × (1 − skew × inventory / max); bid and ask lie `half_spread` below and above it. The simplest
//! inventory-aware quoting there is: the linear term of Avellaneda and Stoikov (2008) with constants for risk and time.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{
    ClientOrderId, DenialReason, Intent, MarketTime, Millis, Notice, OrderKind, Place, Price, Qty, Request,
    Role, Side, Tag, TimeInForce, Triggers,
};

use super::MakerSettings;
use crate::context::{
    Condition, Context, ENTRY_TIME_TO_LIVE_MS, MemoryError, OwnOrder, Strategy, Subscription, Urgency, Wake,
};
use crate::minimum::{Minimum, affordable};
use crate::pause::Pause;
use crate::remembered;
use crate::rules::Definition;
use crate::venue_stop::{VenueStop, pause_until, shifted, was_stopped};

/// Shape of the memory's bytes.
const VERSION: u32 = 1;

/// How soon the quotes are looked at after something has happened to them or to the position, if the book stands still:
/// the executions of one match may follow each other.
const LOOK_MS: Millis = 100;

/// The built-in market maker.
#[derive(Debug, Clone)]
pub struct Maker {
    settings: MakerSettings,
    memory: Memory,
    written: Memory,
    stop: VenueStop,
    minimum: Minimum,
    quotes: [Quote; 2],
    /// When it wants to look at its quotes though the book stands still.
    look_at: Option<MarketTime>,
    next_tag: u32,
    placed: u64,
}

/// What is known of the quote of one side beside the order itself.
#[derive(Debug, Clone, Copy, Default)]
struct Quote {
    /// It is neither placed nor moved before then.
    quiet_until: MarketTime,
    /// The one that was asked for and has not been answered yet.
    unanswered: Option<Tag>,
    /// The one that was placed last.
    placed: Option<ClientOrderId>,
    /// After one that came to nothing.
    pause: Pause,
    /// Whether that was because of the market's figures: only other figures make another try worth it.
    awaits_market: bool,
}

impl Quote {
    /// What was wanted of it came to nothing, so nothing has changed.
    fn failed(&mut self, now: MarketTime) {
        self.quiet_until = MarketTime::default();
        if self.awaits_market {
            self.pause.begin_short(now);
        } else {
            self.pause.begin(now);
        }
    }
}

fn slot(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    version: u32,
    /// No quotes before this market time, milliseconds since 1970.
    cooldown_until_ms: i64,
}

impl Maker {
    /// A maker with nothing remembered.
    #[must_use]
    pub fn new(settings: MakerSettings) -> Self {
        let memory = Memory { version: VERSION, cooldown_until_ms: 0 };
        Self {
            stop: VenueStop::new(settings.stop),
            minimum: Minimum::default(),
            settings,
            memory,
            written: memory,
            quotes: [Quote::default(); 2],
            look_at: None,
            next_tag: 0,
            placed: 0,
        }
    }

    fn note(&mut self, notice: &Notice, context: &Context<'_>) {
        let now = context.now;
        let side_of = |id: &ClientOrderId| {
            context.orders.iter().find(|order| order.client_order_id == *id).map(|order| slot(order.side))
        };
        match notice {
            Notice::Submitted { tag, client_order_id } => {
                if let Some(quote) = self.quotes.iter_mut().find(|quote| quote.unanswered == Some(*tag)) {
                    (quote.unanswered, quote.placed) = (None, Some(*client_order_id));
                }
            }
            Notice::Denied { tag, client_order_id, denial } => {
                let asked = |quote: &Quote| tag.is_some() && quote.unanswered == *tag;
                let named = || client_order_id.as_ref().and_then(side_of);
                if let Some(slot) = self.quotes.iter().position(asked).or_else(named) {
                    let quote = &mut self.quotes[slot];
                    quote.unanswered = None;
                    quote.awaits_market = is_of_the_market(&denial.reason);
                    quote.failed(now);
                }
            }
            Notice::Refused(refused) if matches!(refused.request, Request::Submit | Request::Amend) => {
                let id = refused.client_order_id;
                let placed = |quote: &Quote| id.is_some() && quote.placed == id;
                if let Some(quote) = self.quotes.iter_mut().find(|quote| placed(quote)) {
                    quote.awaits_market = false;
                    quote.failed(now);
                }
            }
            Notice::Working { client_order_id, .. } => {
                if let Some(slot) = side_of(client_order_id) {
                    self.quotes[slot].pause.end();
                }
            }
            // What was denied before may be allowed now.
            Notice::RunState(_) | Notice::PositionChanged { .. } | Notice::PositionClosed { .. } => {
                self.quotes.iter_mut().for_each(|quote| quote.pause.cut_short());
            }
            _ => {}
        }
        // Orders and position are read from the context, where they are always whole.
        if self.stop.note(notice, now).is_some_and(was_stopped) {
            self.memory.cooldown_until_ms = pause_until(now, self.settings.cooldown_after_stop_ms);
        }
        self.look_by(now.after(LOOK_MS));
    }

    /// Sees to it that the quotes are looked at by then, whatever the book does.
    fn look_by(&mut self, at: MarketTime) {
        self.look_at = Some(self.look_at.map_or(at, |sooner| sooner.min(at)));
    }

    /// Brings the quotes to where they should be.
    fn quote(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let cooled_down = MarketTime(self.memory.cooldown_until_ms);
        let is_paused = context.now < cooled_down;
        if is_paused {
            self.look_by(cooled_down);
        }
        for side in [Side::Buy, Side::Sell] {
            let wanted = if is_paused { None } else { self.wanted(side, context) };
            let mut resting =
                context.orders.iter().filter(|order| order.role == Role::Level && order.side == side);
            let kept = resting.next();
            for extra in resting.filter(|order| !order.is_in_flight) {
                out.push(Intent::Cancel { client_order_id: extra.client_order_id });
            }
            match (kept, wanted) {
                (Some(order), _) if order.is_in_flight => {}
                (Some(order), None) => out.push(Intent::Cancel { client_order_id: order.client_order_id }),
                (Some(order), Some((price, _))) if self.is_off(order, price) => {
                    if self.may_change(side, context) {
                        out.push(Intent::Amend {
                            client_order_id: order.client_order_id,
                            price: Some(price),
                            qty: None,
                        });
                    }
                }
                (None, Some((price, qty))) if self.quotes[slot(side)].unanswered.is_none() => {
                    if self.may_change(side, context) {
                        self.place(side, price, qty, context, out);
                    }
                }
                (Some(_), Some(_)) | (None, _) => {}
            }
        }
    }

    /// Whether the quote of a side may be placed or moved now, which then counts as done. If not, when it will be looked at
    /// again is seen to.
    fn may_change(&mut self, side: Side, context: &Context<'_>) -> bool {
        let quote = &mut self.quotes[slot(side)];
        let again = quote.quiet_until.max(quote.pause.until());
        if context.now >= again && !quote.awaits_market {
            quote.quiet_until = context.now.after(self.settings.every_ms);
            return true;
        }
        if !quote.awaits_market {
            self.look_by(again);
        }
        false
    }

    fn is_off(&self, order: &OwnOrder, wanted: Price) -> bool {
        order.price.is_none_or(|price| {
            wanted.get().checked_mul(self.settings.requote).is_none_or(|slack| price.distance(wanted) > slack)
        })
    }

    /// Price and quantity of the quote for `side`; `None` where there should be none.
    fn wanted(&mut self, side: Side, context: &Context<'_>) -> Option<(Price, Qty)> {
        let book = context.market.book();
        let mid = book.mid()?;
        let held = context.holding.qty.get().checked_mul(mid.get())?;
        let inventory = match context.holding.side {
            Some(Side::Buy) => held,
            Some(Side::Sell) => -held,
            None => Decimal::ZERO,
        };
        let after = match side {
            Side::Buy => inventory + self.settings.size,
            Side::Sell => self.settings.size - inventory,
        };
        if after > self.settings.max_inventory {
            return None;
        }
        let lean = (inventory / self.settings.max_inventory).clamp(Decimal::NEGATIVE_ONE, Decimal::ONE);
        let reservation = mid.get().checked_mul(Decimal::ONE - self.settings.skew * lean)?;
        let price = shifted(reservation, self.settings.half_spread, side.opposite())?;
        // One tick inside the other side's quote at most: a post-only order that would take is cancelled.
        let tick = context.instrument.tick_size.get();
        let price = match side {
            Side::Buy => price.min(book.best(Side::Sell)?.get() - tick),
            Side::Sell => price.max(book.best(Side::Buy)?.get() + tick),
        };
        let price = context.instrument.round_passive_to_tick(side, price)?;
        let qty = affordable(self.settings.size, price, context.instrument);
        self.minimum.note(qty.is_some());
        Some((price, qty?))
    }

    fn place(&mut self, side: Side, price: Price, qty: Qty, context: &Context<'_>, out: &mut Vec<Intent>) {
        self.next_tag = self.next_tag.wrapping_add(1);
        let tag = Tag(self.next_tag);
        self.quotes[slot(side)].unanswered = Some(tag);
        self.placed += 1;
        out.push(Intent::Place(Place {
            tag,
            symbol: context.symbol(),
            role: Role::Level,
            side,
            qty,
            kind: OrderKind::Limit { price, time_in_force: TimeInForce::PostOnly },
            reduce_only: false,
            stop_loss: self.stop.level(side, price.get(), context),
            take_profit: None,
            triggers: Triggers::default(),
            send_before: Some(context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        }));
    }
}

impl Strategy for Maker {
    fn subscription(&self) -> Subscription {
        Subscription { quotes: true, ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        match wake {
            Wake::Notice(notice) => self.note(notice, context),
            Wake::Ticker if !self.quotes.iter().any(|quote| quote.awaits_market) => return,
            Wake::Book | Wake::Ticker => self.quotes.iter_mut().for_each(|quote| quote.awaits_market = false),
            Wake::Timer => {}
            Wake::Candle(_) | Wake::Trades(_) => return,
        }
        self.stop.keep(context, out);
        if let Wake::Notice(_) = wake {
            return;
        }
        self.look_at = None;
        // Without a book nothing is known to be wrong: at its own time it leaves what rests alone.
        if wake == Wake::Book || context.market.book().mid().is_some() {
            self.quote(context, out);
        }
    }

    fn wake_at(&self) -> Option<MarketTime> {
        self.look_at.into_iter().chain(self.stop.retry_at()).min()
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        remembered::changed(&self.memory, &mut self.written)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let memory = remembered::read(bytes, VERSION, |memory: &Memory| memory.version)?;
        (self.memory, self.written) = (memory, memory);
        Ok(())
    }

    fn redefine(&mut self, definition: &Definition, urgency: Urgency, context: &Context<'_>) -> bool {
        let is_held = context.holding.side.is_some();
        match definition {
            Definition::Maker(settings) if !(is_held && urgency == Urgency::WhenFlat) => {
                self.stop.set_distance(settings.stop);
                self.settings = settings.clone();
                true
            }
            _ => false,
        }
    }

    fn reason(&self, intent: &Intent) -> &'static str {
        match intent {
            Intent::Place(_) => "quote",
            Intent::Amend { .. } => "quote.requote",
            Intent::Cancel { .. } => "quote.withdraw",
            Intent::Protect { .. } => "protect.stop",
        }
    }

    fn signals(&self) -> u64 {
        self.placed
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![self.minimum.condition("quote.size")]
    }
}

/// Whether a wish was denied because of figures of the market: missing, old or far away.
fn is_of_the_market(reason: &DenialReason) -> bool {
    matches!(
        reason,
        DenialReason::StaleData
            | DenialReason::CrossedBook { .. }
            | DenialReason::WasCrossed { .. }
            | DenialReason::PriceCollar { .. }
            | DenialReason::BookCollar { .. }
            | DenialReason::PriceLimit { .. }
    )
}
