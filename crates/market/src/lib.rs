//! What is known of the market: per contract the order book, the merged ticker, the last trade and the confirmed candles.
//!
//! Pure: messages and times come in as values. A book that cannot be trusted (a gap in its numbers, crossed) is *gone*
//! until the next snapshot, never merely old: whoever asks for a price gets none.
//!
//! Bar semantics, settled here: a bar exists once it is confirmed and stays as it was first confirmed; a bar that comes
//! again or out of order is ignored; a bar without trades is an ordinary bar when the venue sends one; where bars are
//! missing the series goes on and [`Change::CandleClosed`] says how many are missing.

mod book;
mod candle;
mod contract;
mod ticker;

use std::collections::BTreeMap;

use windvane_model::{MarketEvent, Stamp, Symbol};

pub use book::{Book, BookGap};
pub use candle::CandleSeries;
pub use contract::{Contract, Topic};
pub use ticker::TickerState;

/// What one market event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The book moved and can be trusted.
    Book,
    /// The book can no longer be trusted: subscribe to it again.
    BookLost(BookGap),
    /// A book delta that came before a snapshot, and was dropped.
    BookAwaitsSnapshot,
    /// Somebody traded.
    Trades,
    /// Positions were liquidated.
    Liquidations,
    /// The venue's price limits moved.
    PriceLimit,
    /// A figure of the ticker moved, or was confirmed.
    Ticker,
    /// The forming candle moved.
    CandleMoved,
    /// A candle closed; before it, so many candles of its series were never seen.
    CandleClosed {
        /// Candles missing between the last one known and this one.
        missing: u32,
    },
    /// A closed candle that was known already, or older than the newest: dropped.
    CandleRepeated,
}

/// The market as far as this engine follows it.
#[derive(Debug, Clone)]
pub struct Market {
    contracts: BTreeMap<Symbol, Contract>,
    history: usize,
}

impl Market {
    /// A market of which nothing is known yet; each candle series keeps up to `history` confirmed bars.
    #[must_use]
    pub fn new(history: usize) -> Self {
        Self { contracts: BTreeMap::new(), history }
    }

    /// Takes one event and says what it changed. The contract is followed from its first event on.
    pub fn apply(&mut self, event: &MarketEvent, stamp: Stamp) -> Change {
        let history = self.history;
        self.contracts.entry(event.symbol()).or_insert_with(|| Contract::new(history)).apply(event, stamp)
    }

    /// Forgets every book and price limit, because the public stream was cut; prices are known again with the next snapshots.
    pub fn lose_books(&mut self) {
        for contract in self.contracts.values_mut() {
            contract.lose_book();
        }
    }

    /// What is known of one contract.
    #[must_use]
    pub fn contract(&self, symbol: Symbol) -> Option<&Contract> {
        self.contracts.get(&symbol)
    }

    /// Every contract followed, by name.
    pub fn contracts(&self) -> impl Iterator<Item = (Symbol, &Contract)> {
        self.contracts.iter().map(|(symbol, contract)| (*symbol, contract))
    }
}
