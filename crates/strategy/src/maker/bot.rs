//! Quotes both sides of the book, post-only, around a price that leans against the inventory.
//!
//! reservation = mid × (1 − skew × inventory / max); bid and ask lie `half_spread` below and above it. The simplest
//! inventory-aware quoting there is: the linear term of Avellaneda and Stoikov (2008) with constants for risk and time.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{
    ExitCause, Intent, MarketTime, Notice, OrderKind, Place, Price, Qty, RefusalFamily, Request, Role, Side,
    Tag, TimeInForce,
};

use super::MakerSettings;
use crate::context::{
    Condition, Context, ENTRY_TIME_TO_LIVE_MS, MemoryError, OwnOrder, Strategy, Subscription, Wake,
};

/// Shape of the memory's bytes.
const VERSION: u32 = 1;

/// The built-in market maker.
#[derive(Debug, Clone)]
pub struct Maker {
    settings: MakerSettings,
    memory: Memory,
    written: Memory,
    /// The stop that the venue was last asked to hold, with the side it protects.
    stop: Option<(Side, Price)>,
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
            settings,
            memory,
            written: memory,
            stop: None,
            quiet_until: MarketTime::default(),
            next_tag: 0,
            unanswered: Vec::new(),
            placed: 0,
        }
    }

    fn note(&mut self, notice: &Notice, now: MarketTime) {
        match notice {
            Notice::Submitted { tag, .. } | Notice::Denied { tag: Some(tag), .. } => {
                self.unanswered.retain(|(waiting, _)| waiting != tag);
            }
            Notice::Denied { tag: None, client_order_id: None, .. } => self.stop = None,
            // "It is so already" is what was wanted.
            Notice::Refused(refused)
                if refused.request == Request::SetProtection
                    && refused.family != RefusalFamily::AlreadySo =>
            {
                self.stop = None;
            }
            Notice::Undetermined { request: Request::SetProtection, .. } => self.stop = None,
            Notice::PositionClosed { cause, .. } => {
                self.stop = None;
                if let ExitCause::StopLoss | ExitCause::Trailing | ExitCause::Liquidation = cause {
                    self.memory.cooldown_until_ms = now.after(self.settings.cooldown_after_stop_ms).0;
                }
            }
            // Orders and position are read from the context, where they are always whole.
            Notice::Denied { .. }
            | Notice::Refused(_)
            | Notice::Undetermined { .. }
            | Notice::Working { .. }
            | Notice::Filled { .. }
            | Notice::Closed { .. }
            | Notice::PositionChanged { .. }
            | Notice::RunState(_) => {}
        }
    }

    /// Keeps the venue's stop at its distance from the average entry price.
    fn protect(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some((side, average)) = context.holding.side.zip(context.holding.average_price) else {
            self.stop = None;
            return;
        };
        let Some(stop) = self.stop_for(side, average.get(), context) else { return };
        // A stop that is off by less than a tenth of its distance is left alone: each change is a request.
        let slack = average.distance(stop) / Decimal::TEN;
        let is_near = self.stop.is_some_and(|(held, at)| held == side && at.distance(stop) <= slack);
        if !is_near {
            self.stop = Some((side, stop));
            out.push(Intent::Protect { symbol: context.symbol(), stop_loss: Some(stop), take_profit: None });
        }
    }

    fn stop_for(&self, side: Side, entry: Decimal, context: &Context<'_>) -> Option<Price> {
        let level = shifted(entry, self.settings.stop, side.opposite())?;
        context.instrument.round_passive_to_tick(side, level)
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
    fn wanted(&self, side: Side, context: &Context<'_>) -> Option<(Price, Qty)> {
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
        let qty = context.instrument.round_down_to_lot(self.settings.size.checked_div(price.get())?);
        let is_enough =
            qty >= context.instrument.min_qty && price.times(qty) >= context.instrument.min_notional;
        is_enough.then_some((price, qty))
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
            stop_loss: self.stop_for(side, price.get(), context),
            take_profit: None,
            send_before: Some(context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        }));
    }
}

/// `price` moved by a fraction: up where `towards` is a buy (paying more), down where it is a sell.
fn shifted(price: Decimal, fraction: Decimal, towards: Side) -> Option<Decimal> {
    let factor = match towards {
        Side::Buy => Decimal::ONE + fraction,
        Side::Sell => Decimal::ONE - fraction,
    };
    price.checked_mul(factor)
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
        self.protect(context, out);
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
        if self.memory == self.written {
            return None;
        }
        self.written = self.memory;
        Some(serde_json::to_vec(&self.memory).unwrap_or_default())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let memory: Memory =
            serde_json::from_slice(bytes).map_err(|error| MemoryError { reason: error.to_string() })?;
        if memory.version != VERSION {
            return Err(MemoryError { reason: format!("version {} is not {VERSION}", memory.version) });
        }
        (self.memory, self.written) = (memory, memory);
        Ok(())
    }

    fn signals(&self) -> u64 {
        self.placed
    }

    fn conditions(&self) -> Vec<Condition> {
        Vec::new()
    }
}
