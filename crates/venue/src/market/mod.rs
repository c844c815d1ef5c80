//! What the venue remembers of its market beside the book: candles, day figures, prints, funding, open interest.

pub(crate) mod candle;
pub(crate) mod interest;
pub(crate) mod interval;
pub(crate) mod premium;

use std::collections::VecDeque;

use rust_decimal::Decimal;
use windvane_venue_core::{BookSnapshot, Category, PublicTrade};

use candle::{Candle, CandleBook};
use interest::InterestBook;
use interval::Interval;
use premium::{DEPTH, Sampling, premium_index};

/// Prints kept for `recent-trade`, the largest page it can be asked for.
const TRADES_KEPT: usize = 1_000;
/// 5-minute candles in a day and in an hour.
const BARS_PER_DAY: usize = 288;
const BARS_PER_HOUR: usize = 12;

/// The record of one symbol.
#[derive(Debug)]
pub(crate) struct MarketRecord {
    category: Category,
    /// Candles of traded prices.
    pub(crate) candles: CandleBook,
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
    day: DayFigures,
}

/// The rolling day of a ticker, at 5-minute resolution.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct DayFigures {
    /// Price a day ago; the oldest known one while the record is shorter.
    pub(crate) prev_price_24h: Decimal,
    /// Price an hour ago.
    pub(crate) prev_price_1h: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    /// In base coin (inverse: in USD).
    pub(crate) volume: Decimal,
    /// In quote coin (inverse: in base coin).
    pub(crate) turnover: Decimal,
}

impl MarketRecord {
    pub(crate) fn new(category: Category) -> Self {
        Self {
            category,
            candles: CandleBook::new(),
            marks: CandleBook::new(),
            indexes: CandleBook::new(),
            premiums: CandleBook::new(),
            premium_sampling: Sampling::default(),
            interest: InterestBook::default(),
            trades: VecDeque::new(),
            funding: Vec::new(),
            day: DayFigures::default(),
        }
    }

    /// Lets market time pass and returns the candles that closed thereby, the latest of each interval.
    pub(crate) fn advance(&mut self, at_ms: i64) -> Vec<(Interval, Candle)> {
        self.marks.advance(at_ms);
        self.indexes.advance(at_ms);
        self.premiums.advance(at_ms);
        self.interest.advance(at_ms);
        let closed = self.candles.advance(at_ms);
        if closed.iter().any(|(interval, _)| *interval == Interval::FIVE_MINUTES) {
            self.day = self.closed_day();
        }
        closed
    }

    /// Adds a print to the candles.
    pub(crate) fn print(&mut self, at_ms: i64, price: Decimal, qty: Decimal) {
        let turnover = match self.category {
            Category::Linear | Category::Spot => price * qty,
            Category::Inverse => qty.checked_div(price).unwrap_or_default().round_dp(8),
        };
        self.candles.print(at_ms, price, (qty, turnover));
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

    /// The day's figures, the open 5-minute candle included.
    pub(crate) fn day(&self) -> DayFigures {
        let Some(open) = self.candles.series(Interval::FIVE_MINUTES).back() else { return self.day };
        if self.day.high.is_zero() {
            return DayFigures {
                prev_price_24h: open.open,
                prev_price_1h: open.open,
                high: open.high,
                low: open.low,
                volume: open.volume,
                turnover: open.turnover,
            };
        }
        DayFigures {
            high: self.day.high.max(open.high),
            low: self.day.low.min(open.low),
            volume: self.day.volume + open.volume,
            turnover: self.day.turnover + open.turnover,
            ..self.day
        }
    }

    /// The figures of the closed candles of the last day.
    fn closed_day(&self) -> DayFigures {
        let series = self.candles.series(Interval::FIVE_MINUTES);
        let closed = series.len().saturating_sub(1);
        let first = (closed + 1).saturating_sub(BARS_PER_DAY);
        let mut day = DayFigures::default();
        for candle in series.range(first.min(closed)..closed) {
            if day.high.is_zero() {
                day = DayFigures { prev_price_24h: candle.open, high: candle.high, low: candle.low, ..day };
            }
            day.high = day.high.max(candle.high);
            day.low = day.low.min(candle.low);
            day.volume += candle.volume;
            day.turnover += candle.turnover;
        }
        let hour_ago = closed.saturating_sub(BARS_PER_HOUR);
        day.prev_price_1h = series.get(hour_ago).map_or(day.prev_price_24h, |candle| candle.open);
        day
    }
}
