//! Quotes both sides of the book, post-only, around a price that leans against the inventory.
//!
//! reservation = mid × (1 − skew × inventory / max); bid and ask lie `half_spread` below and above it. The simplest
//! inventory-aware quoting there is: the linear term of Avellaneda and Stoikov (2008) with constants for risk and time.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{
    Intent, MarketTime, Notice, OrderKind, Place, Price, Qty, Role, Side, Tag, TimeInForce, Triggers,
};

use super::MakerSettings;
use crate::context::{
    Condition, Context, ENTRY_TIME_TO_LIVE_MS, MemoryError, OwnOrder, Strategy, Subscription, Urgency, Wake,
};
use crate::minimum::{Minimum, affordable};
use crate::remembered;
use crate::rules::Definition;
use crate::venue_stop::{VenueStop, pause_until, shifted, was_stopped};

/// Shape of the memory's bytes.
const VERSION: u32 = 1;

/// The built-in market maker.
#[derive(Debug, Clone)]
pub struct Maker {
    settings: MakerSettings,
    memory: Memory,
    written: Memory,
    stop: VenueStop,
    minimum: Minimum,
    /// Quotes stay as they are until then.
    quiet_until: MarketTime,
    next_tag: u32,
    /// Quotes asked for and not yet answered.
    unanswered: Vec<(Tag, Side)>,
    placed: u64,
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
            quiet_until: MarketTime::default(),
            next_tag: 0,
            unanswered: Vec::new(),
            placed: 0,
        }
    }

    fn note(&mut self, notice: &Notice, now: MarketTime) {
        if let Notice::Submitted { tag, .. } | Notice::Denied { tag: Some(tag), .. } = notice {
            self.unanswered.retain(|(waiting, _)| waiting != tag);
        }
        // Orders and position are read from the context, where they are always whole.
        if self.stop.note(notice).is_some_and(was_stopped) {
            self.memory.cooldown_until_ms = pause_until(now, self.settings.cooldown_after_stop_ms);
        }
    }

    /// Brings the quotes to where they should be.
    fn quote(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let is_paused = context.now.0 < self.memory.cooldown_until_ms;
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
                (Some(order), Some((price, _))) if self.is_off(order, price) => out.push(Intent::Amend {
                    client_order_id: order.client_order_id,
                    price: Some(price),
                    qty: None,
                }),
                (None, Some((price, qty))) if !self.unanswered.iter().any(|(_, asked)| *asked == side) => {
                    self.place(side, price, qty, context, out);
                }
                (Some(_), Some(_)) | (None, _) => {}
            }
        }
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
        self.unanswered.push((tag, side));
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
            Wake::Notice(notice) => self.note(notice, context.now),
            Wake::Book | Wake::Timer => {}
            Wake::Candle(_) | Wake::Trades(_) | Wake::Ticker => return,
        }
        if context.now < self.quiet_until {
            return;
        }
        let before = out.len();
        self.stop.keep(context, out);
        if let Wake::Book | Wake::Timer = wake {
            self.quote(context, out);
        }
        if out.len() > before {
            self.quiet_until = context.now.after(self.settings.every_ms);
        }
    }

    fn wake_at(&self) -> Option<MarketTime> {
        None
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
