//! Lists that are used again, so that a steady stream of books and trades asks nothing of the allocator.

use std::sync::{Arc, Mutex, PoisonError};
use windvane_model::{BookLevel, MarketEvent, Trade};

/// Emptied lists that are kept; more come together only after a burst.
const KEPT: usize = 64;
/// A list with room for more items than this is not kept: a snapshot of a thousand levels is rare.
const ROOM_MAX: usize = 512;

/// Emptied lists of events that have been worked off. Clones share them.
///
/// The lock is held for a push or a pop. Whoever decodes and whoever gives back run on one thread in a live engine,
/// so it is never contended there.
#[derive(Debug, Clone, Default)]
pub struct Spares(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    levels: Vec<Vec<BookLevel>>,
    trades: Vec<Vec<Trade>>,
}

impl Spares {
    /// Takes the lists out of an event that nobody needs any more.
    pub fn give_back(&self, event: MarketEvent) {
        match event {
            MarketEvent::Book(update) => self.with(|lists| {
                keep(&mut lists.levels, update.bids);
                keep(&mut lists.levels, update.asks);
            }),
            MarketEvent::Trades(prints) => self.with(|lists| keep(&mut lists.trades, prints.trades)),
            MarketEvent::Ticker(_)
            | MarketEvent::Candle(_)
            | MarketEvent::Liquidations(_)
            | MarketEvent::PriceLimit(_) => {}
        }
    }

    /// Two empty lists of levels.
    pub(super) fn book(&self) -> (Vec<BookLevel>, Vec<BookLevel>) {
        self.with(|lists| (lists.levels.pop().unwrap_or_default(), lists.levels.pop().unwrap_or_default()))
    }

    /// An empty list of trades.
    pub(super) fn trades(&self) -> Vec<Trade> {
        self.with(|lists| lists.trades.pop().unwrap_or_default())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Lists) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn keep<T>(kept: &mut Vec<Vec<T>>, mut list: Vec<T>) {
    if kept.len() < KEPT && (1..=ROOM_MAX).contains(&list.capacity()) {
        list.clear();
        kept.push(list);
    }
}
