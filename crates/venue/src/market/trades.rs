//! What trades have made of each symbol: candles and the figures of the day. No clock: time comes with each input.

use rust_decimal::Decimal;
use windvane_venue_core::{Category, Instrument, Output, PublicLiquidation, PublicTrade, Symbol};

use super::candle::{Candle, CandleBook};
use super::interval::{INTERVALS, Interval};
use crate::listed::Listed;

/// 5-minute candles in a day and in an hour.
const BARS_PER_DAY: usize = 288;
const BARS_PER_HOUR: usize = 12;

/// One record for each symbol.
#[derive(Debug, Default)]
pub struct TradeRecords(Listed<TradeRecord>);

/// The record of one symbol.
#[derive(Debug)]
pub(crate) struct TradeRecord {
    category: Category,
    /// Candles of traded prices.
    pub(crate) candles: CandleBook,
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

/// What changed in one symbol since its topics were last told.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) trades: Vec<PublicTrade>,
    pub(crate) liquidations: Vec<PublicLiquidation>,
    /// The latest candle that ended, of each interval that one ended of.
    pub(crate) closed: Vec<(Interval, Candle)>,
}

/// What changed in all symbols, in the order in which it did.
#[derive(Debug, Default)]
pub struct Changed(Vec<(Category, Symbol, Changes)>);

impl Changed {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Category, Symbol, Changes)> {
        self.0.iter()
    }

    fn entry(&mut self, category: Category, symbol: &Symbol) -> &mut Changes {
        let place = self.0.iter().position(|(other, name, _)| *other == category && name == symbol);
        let place = place.unwrap_or_else(|| {
            self.0.push((category, symbol.clone(), Changes::default()));
            self.0.len() - 1
        });
        &mut self.0[place].2
    }
}

impl TradeRecords {
    /// Empty records with candles of every interval.
    pub(crate) fn of<'a>(instruments: impl IntoIterator<Item = &'a Instrument>) -> Self {
        Self::at(instruments, &INTERVALS)
    }

    /// Empty records with candles of no more than these intervals, each by its text on the wire, and of five minutes, which the
    /// day's figures are made of.
    pub fn told_at<'a>(instruments: impl IntoIterator<Item = &'a Instrument>, intervals: &[&str]) -> Self {
        let is_kept = |interval: &Interval| {
            *interval == Interval::FIVE_MINUTES || intervals.contains(&interval.text().as_str())
        };
        Self::at(instruments, &Interval::all().filter(is_kept).collect::<Vec<_>>())
    }

    fn at<'a>(instruments: impl IntoIterator<Item = &'a Instrument>, intervals: &[Interval]) -> Self {
        let record = |i: &Instrument| {
            let candles = CandleBook::of(intervals.iter().copied());
            let record = TradeRecord { category: i.category, candles, day: DayFigures::default() };
            (i.category, i.symbol.to_string(), record)
        };
        Self(instruments.into_iter().map(record).collect())
    }

    pub(crate) fn get(&self, category: Category, symbol: &str) -> Option<&TradeRecord> {
        self.0.get(category, symbol)
    }

    pub(crate) fn get_mut(&mut self, category: Category, symbol: &str) -> Option<&mut TradeRecord> {
        self.0.get_mut(category, symbol)
    }

    /// Lets market time pass up to `now_ms` and takes what the core put out by then; answers what that changed.
    pub fn take(&mut self, outputs: &[Output], now_ms: i64) -> Changed {
        let mut changed = Changed::default();
        for (category, symbol, record) in self.0.iter_mut() {
            let closed = record.advance(now_ms);
            if !closed.is_empty() {
                changed.entry(category, &symbol.into()).closed = closed;
            }
        }
        for output in outputs {
            match output {
                Output::Trade(trade) => {
                    if let Some(record) = self.get_mut(trade.category, &trade.symbol) {
                        record.print(trade.time_ms, trade.price, trade.qty);
                    }
                    changed.entry(trade.category, &trade.symbol).trades.push(trade.clone());
                }
                Output::Liquidation(row) => {
                    changed.entry(row.category, &row.symbol).liquidations.push(row.clone());
                }
                Output::Ticker(row) => drop(changed.entry(row.category, &row.symbol)),
                Output::Book(delta) => drop(changed.entry(delta.category, &delta.symbol)),
                Output::Order { .. }
                | Output::Execution { .. }
                | Output::Position { .. }
                | Output::Wallet { .. } => {}
            }
        }
        changed
    }
}

impl TradeRecord {
    /// Lets market time pass and returns the candles that closed thereby, the latest of each interval.
    pub(crate) fn advance(&mut self, at_ms: i64) -> Vec<(Interval, Candle)> {
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
