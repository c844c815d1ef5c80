//! The grid at work. Between each two lines lies a cell. A cell of the long kind buys at its lower line and sells what it
//! bought at the upper one; one of the short kind sells at the upper line and buys back at the lower one. What a cell holds
//! is remembered over restarts; which orders should rest follows from that alone.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{Intent, MarketTime, Notice, Price, Qty, Side};

use super::{Direction, GridSettings};
use crate::context::{Condition, Context, MemoryError, Strategy, Subscription, Urgency, Wake};
use crate::minimum::{Minimum, affordable};
use crate::remembered;
use crate::resting::{Ended, Resting, Wanted};
use crate::rules::Definition;
use crate::venue_stop::{VenueStop, pause_until, was_stopped};

const VERSION: u32 = 1;
/// Added to a cell's number for the order that closes it: the notice of a fill must not be taken for an opening because
/// the news that the position is flat came first.
const CLOSING: u32 = 1 << 16;

/// The built-in grid.
#[derive(Debug, Clone)]
pub struct Grid {
    settings: GridSettings,
    memory: Memory,
    written: Memory,
    resting: Resting,
    stop: VenueStop,
    rounds: u64,
    minimum: Minimum,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    version: u32,
    /// By cell: what it holds, base coin, as a decimal. Cells that hold nothing are not listed.
    held: BTreeMap<u32, String>,
    /// The first cell of the short kind; decided at the start.
    first_short: Option<u32>,
    /// Which order belongs to which cell.
    orders: BTreeMap<String, u32>,
    /// By order: what it filled for a position that is closed, base coin, as a decimal.
    #[serde(default)]
    settled: BTreeMap<String, String>,
    /// No orders before this market time, milliseconds since 1970.
    cooldown_until_ms: i64,
    /// Whether the price has come to the trigger, or there is none.
    #[serde(default)]
    has_begun: bool,
    /// Whether the first price seen was above the trigger.
    #[serde(default)]
    came_from_above: Option<bool>,
}

impl Grid {
    /// A grid with nothing remembered.
    #[must_use]
    pub fn new(settings: GridSettings) -> Self {
        let memory = Memory { version: VERSION, ..Memory::default() };
        Self {
            stop: VenueStop::new(settings.stop),
            settings,
            written: memory.clone(),
            memory,
            resting: Resting::default(),
            rounds: 0,
            minimum: Minimum::default(),
        }
    }

    /// The first cell of the short kind for a grid that starts at `mid`.
    fn divide(&self, mid: Decimal) -> u32 {
        let cells = self.settings.lines.len() - 1;
        let first_short = match self.settings.direction {
            Direction::Long => cells,
            Direction::Short => 0,
            Direction::Neutral => self.settings.lines.iter().skip(1).filter(|line| **line <= mid).count(),
        };
        u32::try_from(first_short).unwrap_or(u32::MAX)
    }

    /// Whether the grid is at work: from the moment on that the price has come to the trigger, from either side.
    fn has_begun(&mut self, mid: Decimal) -> bool {
        // One that was at work before there was a trigger goes on.
        if !self.memory.has_begun {
            let is_at_work = !self.memory.held.is_empty() || !self.memory.orders.is_empty();
            self.memory.has_begun = is_at_work
                || self.settings.trigger.is_none_or(|trigger| {
                    let from_above = *self.memory.came_from_above.get_or_insert(mid > trigger);
                    if from_above { mid <= trigger } else { mid >= trigger }
                });
        }
        self.memory.has_begun
    }

    fn held(&self, cell: u32) -> Option<Qty> {
        self.memory.held.get(&cell).and_then(|qty| qty.parse().ok()).and_then(|qty| Qty::new(qty).ok())
    }

    /// An order of a cell ended: what it filled changes what the cell holds.
    fn ended(&mut self, ended: Ended) {
        if ended.filled.is_zero() {
            return;
        }
        if ended.key < CLOSING {
            self.memory.held.insert(ended.key, ended.filled.to_string());
            return;
        }
        let cell = ended.key - CLOSING;
        match self.held(cell).map(|held| held.get() - ended.filled.get()) {
            Some(left) if left > Decimal::ZERO => {
                self.memory.held.insert(cell, left.to_string());
            }
            _ => {
                self.memory.held.remove(&cell);
                self.rounds += 1;
            }
        }
    }

    /// The orders that should rest, nearest to the price first among those that open.
    fn wanted(&self, context: &Context<'_>) -> Vec<Wanted> {
        let book = context.market.book();
        let (Some(first_short), Some(bid), Some(ask), Some(mid)) =
            (self.memory.first_short, book.best(Side::Buy), book.best(Side::Sell), book.mid())
        else {
            return Vec::new();
        };
        let (mut opening, mut closing) = (Vec::new(), Vec::new());
        for cell in 0..self.settings.lines.len() - 1 {
            let Ok(key) = u32::try_from(cell) else { continue };
            let opens = if key < first_short { Side::Buy } else { Side::Sell };
            let held = self.held(key);
            let side = if held.is_some() { opens.opposite() } else { opens };
            let line = self.settings.lines[if side == Side::Buy { cell } else { cell + 1 }];
            let Some(price) = context.instrument.round_passive_to_tick(side, line) else { continue };
            // A line on the wrong side of the market would take: it waits until the price has passed it.
            let rests = if side == Side::Buy { price < ask } else { price > bid };
            match held {
                Some(qty) if rests && context.holding.side == Some(opens) => {
                    let qty = qty.min(context.holding.qty);
                    let key = key + CLOSING;
                    closing.push(Wanted { key, side, price, qty, reduce_only: true, stop: None });
                }
                None if rests => {
                    if let Some(qty) = self.qty(price, context) {
                        let stop = self.stop.level(side, price.get(), context);
                        opening.push(Wanted { key, side, price, qty, reduce_only: false, stop });
                    }
                }
                _ => {}
            }
        }
        opening.sort_by_key(|wanted| (wanted.price.distance(mid), wanted.key));
        opening.truncate(self.settings.active);
        closing.extend(opening);
        closing
    }

    fn qty(&self, price: Price, context: &Context<'_>) -> Option<Qty> {
        affordable(self.settings.size, price, context.instrument)
    }
}

impl Strategy for Grid {
    fn subscription(&self) -> Subscription {
        Subscription { quotes: true, ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        if let Wake::Notice(notice) = wake {
            self.note(notice, context);
        } else if !matches!(wake, Wake::Book | Wake::Timer) {
            return;
        }
        if let Some(mid) = context.market.book().mid()
            && self.has_begun(mid.get())
            && self.memory.first_short.is_none()
        {
            self.memory.first_short = Some(self.divide(mid.get()));
        }
        self.stop.keep(context, out);
        // In coin the orders are smallest at the highest line.
        let top = self.settings.lines.last().and_then(|line| Price::new(*line).ok());
        self.minimum.note(top.is_some_and(|top| self.qty(top, context).is_some()));
        let wanted = match context.now.0 < self.memory.cooldown_until_ms {
            true => Vec::new(),
            false => self.wanted(context),
        };
        // Without a book nothing is known to be wrong: what rests goes on resting.
        if !wanted.is_empty() || context.market.book().mid().is_some() {
            self.resting.keep(&wanted, context, out);
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
            Definition::Grid(settings) if !(is_held && urgency == Urgency::WhenFlat) => {
                if settings.lines != self.settings.lines || settings.direction != self.settings.direction {
                    if is_held {
                        // What the cells hold is counted by their lines.
                        return false;
                    }
                    self.memory.held.clear();
                    self.memory.first_short = None;
                }
                if settings.trigger != self.settings.trigger && !is_held {
                    (self.memory.has_begun, self.memory.came_from_above) = (false, None);
                    self.memory.first_short = None;
                }
                self.stop.set_distance(settings.stop);
                self.settings = settings.clone();
                true
            }
            _ => false,
        }
    }

    fn reason(&self, intent: &Intent) -> &'static str {
        match intent {
            Intent::Place(place) if place.reduce_only => "cell.close",
            Intent::Place(_) => "cell.open",
            Intent::Amend { .. } => "cell.requote",
            Intent::Cancel { .. } => "cell.withdraw",
            Intent::Protect { .. } => "protect.stop",
        }
    }

    /// Rounds: cells that bought and sold, or sold and bought back.
    fn signals(&self) -> u64 {
        self.rounds
    }

    fn conditions(&self) -> Vec<Condition> {
        let trigger = self.settings.trigger.map(|_| Condition {
            name: "grid.trigger".to_owned(),
            holds: Some(self.memory.has_begun),
            blocked: 0,
        });
        trigger.into_iter().chain([self.minimum.condition("grid.size")]).collect()
    }
}

impl Grid {
    fn note(&mut self, notice: &Notice, context: &Context<'_>) {
        let now = context.now;
        if let Some(ended) = self.resting.note(notice, now) {
            self.ended(ended);
        }
        if let Some(cause) = self.stop.note(notice, now) {
            // Flat, whoever closed it: no cell holds anything any more.
            self.memory.held.clear();
            self.resting.settle(context);
            if was_stopped(cause) {
                self.memory.cooldown_until_ms = pause_until(now, self.settings.cooldown_after_stop_ms);
            }
        }
    }
}
