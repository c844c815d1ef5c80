//! The DCA bot at work. A deal begins at market, rests its safety orders and one target in the book, and ends with the
//! target or the stop. What rests follows from the first price and from which safety orders are filled: both are remembered.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{Intent, MarketTime, Notice, OrderKind, Place, Price, Role, Tag, Triggers};

use super::DcaSettings;
use crate::context::{
    Condition, Context, ENTRY_TIME_TO_LIVE_MS, MemoryError, Strategy, Subscription, Urgency, Wake,
};
use crate::minimum::{Minimum, affordable};
use crate::remembered;
use crate::resting::{Resting, Wanted};
use crate::rules::Definition;
use crate::venue_stop::{VenueStop, pause_until, shifted, was_stopped};

const VERSION: u32 = 1;
/// Key of the target among the resting orders; safety orders count from 0.
const TARGET: u32 = 1_000;
/// Tags of base orders begin here, beyond those of the resting ones.
const BASE_TAG: u32 = 1 << 24;
/// Pause before a base order that was not taken is sent again, milliseconds of market time.
const RETRY_MS: i64 = 5_000;

/// The built-in DCA bot.
#[derive(Debug, Clone)]
pub struct Dca {
    settings: DcaSettings,
    memory: Memory,
    written: Memory,
    resting: Resting,
    stop: VenueStop,
    minimum: Minimum,
    next_tag: u32,
    /// No base order before then: one is under way, or was not taken.
    asked_until: MarketTime,
    deals: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    version: u32,
    /// Price of the deal's first fill, as a decimal.
    first_price: Option<String>,
    /// Safety orders that are filled.
    filled: BTreeSet<u32>,
    /// Which order is which.
    orders: BTreeMap<String, u32>,
    /// By order: what it filled in a deal that is over, base coin, as a decimal.
    #[serde(default)]
    settled: BTreeMap<String, String>,
    /// No deal before this market time, milliseconds since 1970.
    pause_until_ms: i64,
}

impl Dca {
    /// A bot with nothing remembered.
    #[must_use]
    pub fn new(settings: DcaSettings) -> Self {
        let memory = Memory { version: VERSION, ..Memory::default() };
        Self {
            stop: VenueStop::new(settings.stop),
            settings,
            written: memory.clone(),
            memory,
            resting: Resting::default(),
            minimum: Minimum::default(),
            next_tag: BASE_TAG,
            asked_until: MarketTime::default(),
            deals: 0,
        }
    }

    fn note(&mut self, notice: &Notice, context: &Context<'_>) {
        let now = context.now;
        if let Some(ended) = self.resting.note(notice, now).filter(|ended| !ended.filled.is_zero())
            && ended.key != TARGET
        {
            self.memory.filled.insert(ended.key);
        }
        if let Some(cause) = self.stop.note(notice, now) {
            self.memory.first_price = None;
            self.memory.filled.clear();
            self.resting.settle(context);
            let pause = if was_stopped(cause) {
                self.settings.cooldown_after_stop_ms.max(self.settings.pause_ms)
            } else {
                self.settings.pause_ms
            };
            self.memory.pause_until_ms = pause_until(now, pause);
        }
    }

    /// Begins a deal at market.
    fn begin(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let is_busy = context.orders.iter().any(|order| order.role == Role::Entry);
        let is_paused = context.now.0 < self.memory.pause_until_ms || context.now < self.asked_until;
        let side = self.settings.side;
        let Some(price) = context.market.book().best(side.opposite()) else { return };
        if is_busy || is_paused {
            return;
        }
        let qty = affordable(self.settings.base, price, context.instrument);
        self.minimum.note(qty.is_some());
        let (Some(qty), Some(stop)) = (qty, self.stop.level(side, price.get(), context)) else { return };
        self.next_tag = self.next_tag.wrapping_add(1);
        self.asked_until = context.now.after(RETRY_MS);
        self.deals += 1;
        out.push(Intent::Place(Place {
            tag: Tag(self.next_tag),
            symbol: context.symbol(),
            role: Role::Entry,
            side,
            qty,
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: false,
            stop_loss: Some(stop),
            take_profit: None,
            triggers: Triggers::default(),
            send_before: Some(context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        }));
    }

    /// Safety orders that are not filled, and the target for all that is held.
    fn wanted(&self, context: &Context<'_>) -> Vec<Wanted> {
        let (side, settings) = (self.settings.side, &self.settings);
        let first = self.memory.first_price.as_ref().and_then(|price| price.parse::<Decimal>().ok());
        let (Some(first), Some(average)) = (first, context.holding.average_price) else { return Vec::new() };
        let mut wanted = Vec::new();
        for (key, (step, size)) in (0_u32..).zip(settings.steps.iter().zip(&settings.sizes)) {
            let level = shifted(first, *step, side.opposite());
            let price = level.and_then(|level| context.instrument.round_passive_to_tick(side, level));
            let Some(price) = price.filter(|_| !self.memory.filled.contains(&key)) else { continue };
            if let Some(qty) = affordable(*size, price, context.instrument) {
                let stop = self.stop.level(side, price.get(), context);
                wanted.push(Wanted { key, side, price, qty, reduce_only: false, stop });
            }
        }
        let target = shifted(average.get(), settings.take_profit, side)
            .and_then(|level| context.instrument.round_passive_to_tick(side.opposite(), level));
        if let Some(price) = target {
            let (side, qty) = (side.opposite(), context.holding.qty);
            wanted.push(Wanted { key: TARGET, side, price, qty, reduce_only: true, stop: None });
        }
        wanted
    }
}

impl Strategy for Dca {
    fn subscription(&self) -> Subscription {
        Subscription { quotes: true, ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        if let Wake::Notice(notice) = wake {
            self.note(notice, context);
        }
        self.stop.keep(context, out);
        if context.holding.side == Some(self.settings.side) {
            let average = context.holding.average_price.map(Price::get);
            if self.memory.first_price.is_none() {
                self.memory.first_price = average.map(|price| price.to_string());
            }
            let wanted = self.wanted(context);
            self.resting.keep(&wanted, context, out);
        } else {
            // A target or a safety order that outlived its deal.
            self.resting.keep(&[], context, out);
            let is_clean = context.orders.is_empty() && context.holding.side.is_none();
            if is_clean && matches!(wake, Wake::Book | Wake::Timer) {
                self.begin(context, out);
            }
        }
        self.memory.orders.clone_from(self.resting.known());
        self.memory.settled = self.resting.settled();
    }

    fn wake_at(&self) -> Option<MarketTime> {
        None
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        remembered::changed(&self.memory, &mut self.written)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let memory = remembered::read(bytes, VERSION, |memory: &Memory| memory.version)?;
        self.resting.restore(memory.orders.clone(), &memory.settled);
        self.written.clone_from(&memory);
        self.memory = memory;
        Ok(())
    }

    fn redefine(&mut self, definition: &Definition, urgency: Urgency, context: &Context<'_>) -> bool {
        let is_held = context.holding.side.is_some();
        match definition {
            Definition::Dca(settings) if !(is_held && urgency == Urgency::WhenFlat) => {
                self.stop.set_distance(settings.stop);
                self.settings = settings.clone();
                true
            }
            _ => false,
        }
    }

    fn reason(&self, intent: &Intent) -> &'static str {
        match intent {
            Intent::Place(place) if place.role == Role::Entry => "base",
            Intent::Place(place) if place.reduce_only => "take_profit",
            Intent::Place(_) => "safety.orders",
            Intent::Amend { .. } => "requote",
            Intent::Cancel { .. } => "withdraw",
            Intent::Protect { .. } => "protect.stop",
        }
    }

    /// Deals begun.
    fn signals(&self) -> u64 {
        self.deals
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![self.minimum.condition("deal.base")]
    }
}
