//! A bot that goes by the clock: at each moment it looks at what it holds and sends one market order, or none.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{
    Intent, MarketTime, Notice, Notional, OrderKind, Place, Price, Qty, Request, Role, Tag, Triggers,
};

use super::{TimedSettings, Work};
use crate::context::{
    Condition, Context, ENTRY_TIME_TO_LIVE_MS, MemoryError, Parent, Strategy, Subscription, Urgency, Wake,
};
use crate::minimum::{Minimum, affordable};
use crate::remembered;
use crate::rules::Definition;
use crate::venue_stop::VenueStop;

const VERSION: u32 = 1;
/// Pause before a moment's order that was not taken is sent again, milliseconds of market time.
const RETRY_MS: i64 = 5_000;

/// How late a scheduled buy may leave, as a part of the time between two: one over so many.
const LATE_PART: i64 = 10;

/// A built-in bot that goes by the clock.
#[derive(Debug, Clone)]
pub struct Timed {
    settings: TimedSettings,
    memory: Memory,
    written: Memory,
    /// Slices that were done before this start.
    done_before: u32,
    stop: VenueStop,
    minimum: Minimum,
    next_tag: u32,
    /// The order under way, with what memory was before it.
    asked: Option<(Tag, Memory)>,
    /// No order before then.
    quiet_until: MarketTime,
    /// A moment is due, and something has to be heard first: how an order ends, or a quote.
    waits: bool,
    orders: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    version: u32,
    /// When the first moment was, milliseconds since 1970.
    started_ms: Option<i64>,
    /// The newest moment that was seen to.
    done_ms: Option<i64>,
    /// Slices that are done.
    slices: u32,
}

impl Timed {
    /// A bot with nothing remembered.
    #[must_use]
    pub fn new(settings: TimedSettings) -> Self {
        let memory = Memory { version: VERSION, ..Memory::default() };
        Self {
            stop: VenueStop::new(settings.stop),
            settings,
            memory,
            written: memory,
            done_before: 0,
            minimum: Minimum::default(),
            next_tag: 0,
            asked: None,
            quiet_until: MarketTime::default(),
            waits: false,
            orders: 0,
        }
    }

    /// The moment that is due at `now`, if it has not been seen to. Moments that were missed are not made up, except by a
    /// TWAP, which has to get its whole sum through.
    fn due(&self, now: MarketTime) -> Option<i64> {
        let every = self.settings.every_ms;
        match self.settings.work {
            Work::Twap { slices, .. } => {
                let started = self.memory.started_ms.unwrap_or(now.0);
                let due = started + i64::from(self.memory.slices) * every;
                (self.memory.slices < slices && due <= now.0).then_some(due)
            }
            Work::Schedule { .. } | Work::Rebalance { .. } => {
                let moment = now.0.div_euclid(every) * every;
                // The moment before the start is not this run's.
                let first = self.memory.started_ms.is_some_and(|started| moment > started);
                (first && self.memory.done_ms.is_none_or(|done| done < moment)).then_some(moment)
            }
        }
    }

    fn act(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let now = context.now;
        self.memory.started_ms.get_or_insert(now.0);
        let is_busy = self.asked.is_some() || !context.orders.is_empty();
        let Some(moment) = self.due(now) else { return };
        if self.is_missed(moment, now) {
            self.memory.done_ms = Some(moment);
            return;
        }
        if now < self.quiet_until {
            return;
        }
        let Some(mid) = context.market.book().mid().filter(|_| !is_busy) else {
            self.waits = true;
            return;
        };
        let before = self.memory;
        self.memory.done_ms = Some(moment);
        self.memory.slices = self.memory.slices.saturating_add(1);
        let Some(value) = self.wanted_value(mid, context) else { return };
        let qty = affordable(value.abs(), mid, context.instrument);
        self.minimum.note(qty.is_some());
        if let Some(qty) = qty {
            self.send(qty, value > Decimal::ZERO, mid, before, context, out);
        }
    }

    /// Whether a moment has passed without its buy: that is not made up. A rebalancing goes by what it holds, and late is as
    /// good as in time; a TWAP has its whole sum to get through.
    fn is_missed(&self, moment: i64, now: MarketTime) -> bool {
        match self.settings.work {
            Work::Schedule { .. } => now.0.saturating_sub(moment) > self.settings.every_ms / LATE_PART,
            Work::Twap { .. } | Work::Rebalance { .. } => false,
        }
    }

    /// Value to add to the position (negative: to take off), quote coin; `None` where nothing is to be done.
    fn wanted_value(&self, mid: Price, context: &Context<'_>) -> Option<Decimal> {
        let held = context.holding.qty.get().checked_mul(mid.get())?;
        match self.settings.work {
            Work::Twap { each, .. } => Some(each),
            Work::Schedule { each, most } => (held.checked_add(each)? <= most).then_some(each),
            Work::Rebalance { target, band } => {
                let equity = context.means.equity().get();
                let (wanted, slack) = (equity.checked_mul(target)?, equity.checked_mul(band)?);
                let missing = wanted.checked_sub(held)?;
                (missing.abs() > slack).then_some(missing)
            }
        }
    }

    fn send(
        &mut self,
        qty: Qty,
        opens: bool,
        mid: Price,
        before: Memory,
        context: &Context<'_>,
        out: &mut Vec<Intent>,
    ) {
        let side = if opens { self.settings.side } else { self.settings.side.opposite() };
        let stop = self.stop.level(self.settings.side, mid.get(), context).filter(|_| opens);
        self.next_tag = self.next_tag.wrapping_add(1);
        let tag = Tag(self.next_tag);
        self.asked = Some((tag, before));
        self.orders += 1;
        out.push(Intent::Place(Place {
            tag,
            symbol: context.symbol(),
            role: if opens { Role::Entry } else { Role::Exit },
            side,
            qty: qty.min(context.instrument.max_market_qty),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: !opens,
            stop_loss: stop,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: opens.then(|| context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        }));
    }

    fn note(&mut self, notice: &Notice, now: MarketTime) {
        self.stop.note(notice, now);
        match notice {
            Notice::Submitted { tag, .. } if self.asked.is_some_and(|(asked, _)| asked == *tag) => {
                self.asked = None;
            }
            // What was not taken is still to be done.
            Notice::Denied { tag: Some(tag), .. } => {
                if let Some((_, before)) = self.asked.take_if(|(asked, _)| asked == tag) {
                    self.memory = before;
                    self.quiet_until = now.after(RETRY_MS);
                }
            }
            Notice::Refused(refused) if refused.request == Request::Submit => {
                self.memory.slices = self.memory.slices.saturating_sub(1);
                self.memory.done_ms = None;
                self.quiet_until = now.after(RETRY_MS);
            }
            _ => {}
        }
    }
}

impl Strategy for Timed {
    fn subscription(&self) -> Subscription {
        Subscription { quotes: true, ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        if let Wake::Notice(notice) = wake {
            self.note(notice, context.now);
        }
        self.stop.keep(context, out);
        self.waits = false;
        if let Wake::Book | Wake::Timer = wake {
            self.act(context, out);
        }
    }

    fn wake_at(&self) -> Option<MarketTime> {
        let started = self.memory.started_ms.filter(|_| !self.waits)?;
        let every = self.settings.every_ms;
        let next = match self.settings.work {
            Work::Twap { slices, .. } if self.memory.slices >= slices => return None,
            Work::Twap { .. } => started + i64::from(self.memory.slices) * every,
            Work::Schedule { .. } | Work::Rebalance { .. } => {
                let done = self.memory.done_ms.unwrap_or(started.div_euclid(every) * every);
                done + every
            }
        };
        Some(MarketTime(next).max(self.quiet_until))
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        remembered::changed(&self.memory, &mut self.written)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let memory = remembered::read(bytes, VERSION, |memory: &Memory| memory.version)?;
        (self.memory, self.written, self.done_before) = (memory, memory, memory.slices);
        Ok(())
    }

    fn redefine(&mut self, definition: &Definition, urgency: Urgency, context: &Context<'_>) -> bool {
        let is_held = context.holding.side.is_some();
        match definition {
            Definition::Timed(settings) if !(is_held && urgency == Urgency::WhenFlat) => {
                if std::mem::discriminant(&self.settings.work) != std::mem::discriminant(&settings.work) {
                    // Other work begins anew.
                    self.memory = Memory { version: VERSION, ..Memory::default() };
                    self.done_before = 0;
                }
                self.stop.set_distance(settings.stop);
                self.settings = settings.clone();
                true
            }
            _ => false,
        }
    }

    fn reason(&self, intent: &Intent) -> &'static str {
        match (intent, &self.settings.work) {
            (Intent::Place(_), Work::Twap { .. }) => "twap",
            (Intent::Place(_), Work::Schedule { .. }) => "schedule",
            (Intent::Place(_), Work::Rebalance { .. }) => "rebalance",
            (Intent::Amend { .. } | Intent::Cancel { .. }, _) => "withdraw",
            (Intent::Protect { .. }, _) => "protect.stop",
        }
    }

    /// Orders sent.
    fn signals(&self) -> u64 {
        self.orders
    }

    fn parent(&self) -> Option<Parent> {
        let Work::Twap { each, slices } = self.settings.work else { return None };
        let value = |count: u32| Notional::new(each.checked_mul(Decimal::from(count))?).ok();
        Some(Parent { id: self.memory.started_ms?, total: value(slices)?, done: value(self.done_before)? })
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![self.minimum.condition("the order's size")]
    }
}
