//! What the venue remembers of its market beside the book: candles, day figures, prints, funding, open interest.
//! What topics tell is made of trades alone and is in `trades`; the rest can be asked for.

pub(crate) mod candle;
pub(crate) mod interest;
pub(crate) mod interval;
pub(crate) mod premium;
pub(crate) mod trades;

use std::collections::VecDeque;

use rust_decimal::Decimal;
use windvane_venue_core::{BookSnapshot, Category, PublicTrade};

use candle::CandleBook;
use interest::InterestBook;
use premium::{DEPTH, Sampling, premium_index};

/// Prints kept for `recent-trade`, the largest page it can be asked for.
const TRADES_KEPT: usize = 1_000;

/// The record of one symbol.
#[derive(Debug)]
pub(crate) struct MarketRecord {
    category: Category,
    /// Candles of the mark price, without volume.
    pub(crate) marks: CandleBook,
    /// Candles of the index price, without volume.
    pub(crate) indexes: CandleBook,
    /// Candles of the premium index, without volume; of linear contracts only.
    pub(crate) premiums: CandleBook,
    premium_sampling: Sampling,
    /// What was open when.
    pub(crate) interest: InterestBook,
    /// Latest prints, oldest first.
    pub(crate) trades: VecDeque<PublicTrade>,
    /// Settlements so far, oldest first: market ms and rate.
    pub(crate) funding: Vec<(i64, Decimal)>,
}

impl MarketRecord {
    pub(crate) fn new(category: Category) -> Self {
        Self {
            category,
            marks: CandleBook::new(),
            indexes: CandleBook::new(),
            premiums: CandleBook::new(),
            premium_sampling: Sampling::default(),
            interest: InterestBook::default(),
            trades: VecDeque::new(),
            funding: Vec::new(),
        }
    }

    /// Lets market time pass.
    pub(crate) fn advance(&mut self, at_ms: i64) {
        self.marks.advance(at_ms);
        self.indexes.advance(at_ms);
        self.premiums.advance(at_ms);
        self.interest.advance(at_ms);
    }

    /// Adds a mark price to its candles.
    pub(crate) fn mark(&mut self, at_ms: i64, price: Decimal) {
        self.marks.advance(at_ms);
        self.marks.print(at_ms, price, (Decimal::ZERO, Decimal::ZERO));
    }

    /// Adds an index price to its candles.
    pub(crate) fn index(&mut self, at_ms: i64, price: Decimal) {
        self.indexes.advance(at_ms);
        self.indexes.print(at_ms, price, (Decimal::ZERO, Decimal::ZERO));
    }

    /// Whether the book is to be looked at for its premium.
    pub(crate) fn is_premium_due(&self, at_ms: i64) -> bool {
        self.category == Category::Linear && self.premium_sampling.is_due(at_ms)
    }

    /// Adds the premium of a book over the index price to its candles.
    pub(crate) fn premium(&mut self, at_ms: i64, book: &BookSnapshot, index: Decimal) {
        if let Some(premium) = premium_index(&book.bids, &book.asks, index) {
            self.premium_sampling.looked(at_ms);
            self.premiums.print(at_ms, premium, (Decimal::ZERO, Decimal::ZERO));
        }
    }

    /// Levels of a book that [`Self::premium`] looks at.
    pub(crate) const PREMIUM_DEPTH: usize = DEPTH;

    /// Keeps a print for `recent-trade`.
    pub(crate) fn keep_trade(&mut self, trade: PublicTrade) {
        if self.trades.len() == TRADES_KEPT {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
    }
}
