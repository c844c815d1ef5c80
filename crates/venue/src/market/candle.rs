//! Candles of every interval, built from prints.

use std::collections::VecDeque;

use rust_decimal::Decimal;

use super::interval::{INTERVALS, Interval};

/// Candles kept of each interval.
const CANDLES_KEPT: usize = 10_000;

/// One candle: prices in quote coin, volume in base coin and turnover in quote coin; of inverse contracts volume in USD and
/// turnover in base coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candle {
    pub(crate) start_ms: i64,
    pub(crate) open: Decimal,
    pub(crate) high: Decimal,
    pub(crate) low: Decimal,
    pub(crate) close: Decimal,
    pub(crate) volume: Decimal,
    pub(crate) turnover: Decimal,
    /// Whether anything was printed in it; until then it stands at the close before it.
    pub(crate) traded: bool,
}

impl Candle {
    fn flat(start_ms: i64, price: Decimal) -> Self {
        Self {
            start_ms,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Decimal::ZERO,
            turnover: Decimal::ZERO,
            traded: false,
        }
    }

    fn print(&mut self, price: Decimal, (qty, turnover): (Decimal, Decimal)) {
        if !self.traded {
            *self = Self { traded: true, ..Self::flat(self.start_ms, price) };
        }
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += qty;
        self.turnover += turnover;
    }
}

/// The candles of one symbol: a series for each interval, oldest first, the last one still open.
#[derive(Debug)]
pub(crate) struct CandleBook {
    series: Vec<(Interval, VecDeque<Candle>)>,
    /// When the next candle of any interval ends, in ms; zero before the first print.
    next_end_ms: i64,
}

impl CandleBook {
    /// Candles of every interval.
    pub(crate) fn new() -> Self {
        Self::of(INTERVALS)
    }

    /// Candles of these intervals alone.
    pub(crate) fn of(intervals: impl IntoIterator<Item = Interval>) -> Self {
        Self {
            series: intervals.into_iter().map(|interval| (interval, VecDeque::new())).collect(),
            next_end_ms: 0,
        }
    }

    /// Closes what ends at or before `at_ms` and opens what holds it; intervals without a print get flat
    /// candles. Returns the latest closed candle of each interval that closed one.
    pub(crate) fn advance(&mut self, at_ms: i64) -> Vec<(Interval, Candle)> {
        let mut closed = Vec::new();
        // Between two ends, which is mostly, one look is enough.
        if self.next_end_ms > at_ms {
            return closed;
        }
        for (interval, series) in &mut self.series {
            let mut latest = None;
            while let Some(&last) = series.back() {
                let next_ms = interval.next_start(last.start_ms);
                if next_ms > at_ms {
                    break;
                }
                latest = Some(last);
                series.push_back(Candle::flat(next_ms, last.close));
                if series.len() > CANDLES_KEPT {
                    series.pop_front();
                }
            }
            closed.extend(latest.map(|candle| (*interval, candle)));
        }
        self.look_ahead();
        closed
    }

    /// Adds a print of a quantity and its turnover at market time `at_ms`, which [`Self::advance`] has reached before.
    pub(crate) fn print(&mut self, at_ms: i64, price: Decimal, traded: (Decimal, Decimal)) {
        for (interval, series) in &mut self.series {
            if series.is_empty() {
                series.push_back(Candle::flat(interval.start_of(at_ms), price));
            }
            if let Some(open) = series.back_mut() {
                open.print(price, traded);
            }
        }
        if self.next_end_ms == 0 {
            self.look_ahead();
        }
    }

    fn look_ahead(&mut self) {
        let open = self.series.iter().filter_map(|(interval, series)| {
            series.back().map(|candle| interval.next_start(candle.start_ms))
        });
        self.next_end_ms = open.min().unwrap_or_default();
    }

    /// Every interval with its candles.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Interval, &VecDeque<Candle>)> {
        self.series.iter().map(|(interval, series)| (*interval, series))
    }

    /// The candles of an interval, which must be one that the book was made for.
    pub(crate) fn series(&self, interval: Interval) -> &VecDeque<Candle> {
        let of_it = self.series.iter().find(|(known, _)| *known == interval);
        &of_it.expect("whoever asks knows what the book was made for").1
    }

    /// The candles of a page, newest first. With `start` alone the page begins there and goes forward;
    /// otherwise it ends at `end` (or now) and goes back. Source: Bybit V5, "Get Kline", as clients use it.
    pub(crate) fn page(
        &self,
        interval: Interval,
        start_ms: Option<i64>,
        end_ms: Option<i64>,
        limit: usize,
    ) -> Vec<Candle> {
        let series = self.series(interval);
        let from = start_ms.map_or(0, |start| series.partition_point(|candle| candle.start_ms < start));
        let to = end_ms.map_or(series.len(), |end| series.partition_point(|candle| candle.start_ms <= end));
        let (from, to) = match (start_ms, end_ms) {
            (Some(_), None) => (from, to.min(from + limit)),
            _ => (from.max(to.saturating_sub(limit)), to),
        };
        if from >= to { Vec::new() } else { series.range(from..to).rev().copied().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn book() -> CandleBook {
        let mut book = CandleBook::new();
        for (minute, price) in [(0, 10), (1, 12), (3, 11), (5, 9)] {
            book.advance(minute * MINUTE);
            let price = Decimal::from(price);
            book.print(minute * MINUTE, price, (Decimal::ONE, price));
        }
        book
    }

    #[test]
    fn candles_of_every_interval_come_from_the_same_prints() {
        let mut book = book();
        let five = book.series(Interval::FIVE_MINUTES);
        assert_eq!(
            (five[0].open, five[0].high, five[0].low, five[0].close),
            (10.into(), 12.into(), 10.into(), 11.into())
        );
        assert_eq!((five[0].volume, five[0].turnover), (3.into(), 33.into()));
        let minute = Interval::parse("1").unwrap();
        assert_eq!(book.series(minute).len(), 6, "minutes without a print are there");
        assert_eq!(book.series(minute)[2].open, Decimal::from(12));
        let closed = book.advance(10 * MINUTE);
        assert_eq!(closed.iter().map(|(interval, _)| interval.text()).collect::<Vec<_>>(), ["1", "3", "5"]);
    }

    #[test]
    fn pages_go_forward_from_a_start_and_back_from_an_end() {
        let book = book();
        let minute = Interval::parse("1").unwrap();
        let starts = |start, end, limit| -> Vec<i64> {
            book.page(minute, start, end, limit).iter().map(|candle| candle.start_ms / MINUTE).collect()
        };
        assert_eq!(starts(None, None, 2), [5, 4]);
        assert_eq!(starts(Some(0), None, 2), [1, 0]);
        assert_eq!(starts(None, Some(3 * MINUTE), 2), [3, 2]);
        assert_eq!(starts(Some(MINUTE), Some(4 * MINUTE), 2), [4, 3]);
        assert_eq!(starts(Some(9 * MINUTE), None, 2), [0; 0]);
    }
}
