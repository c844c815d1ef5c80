//! Confirmed candles of one contract and interval, a bounded number of them.

use std::collections::VecDeque;

use crate::Change;
use windvane_model::{Candle, Interval};

/// The newest confirmed candles of one interval, oldest first, and the one that is forming.
#[derive(Debug, Clone)]
pub struct CandleSeries {
    interval: Interval,
    confirmed: VecDeque<Candle>,
    capacity: usize,
    forming: Option<Candle>,
}

impl CandleSeries {
    pub(crate) fn new(interval: Interval, capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self { interval, confirmed: VecDeque::with_capacity(capacity), capacity, forming: None }
    }

    /// Takes a candle of this interval.
    pub(crate) fn apply(&mut self, candle: &Candle) -> Change {
        let newest = self.confirmed.back().map(|newest| newest.start);
        if candle.is_warm_up && candle.is_confirmed && self.is_just_before(candle) {
            self.confirmed.push_front(*candle);
            return Change::CandleRepeated;
        }
        if newest.is_some_and(|newest| candle.start <= newest) {
            return Change::CandleRepeated;
        }
        if !candle.is_confirmed {
            self.forming = Some(*candle);
            return Change::CandleMoved;
        }
        let missing = newest.map_or(0, |newest| candle.start.since(newest) / self.interval.millis() - 1);
        if self.confirmed.len() == self.capacity {
            self.confirmed.pop_front();
        }
        self.confirmed.push_back(*candle);
        self.forming = None;
        Change::CandleClosed { missing: u32::try_from(missing).unwrap_or(u32::MAX) }
    }

    /// Whether a candle of history closes where the oldest one that is kept begins, and there is room for it.
    fn is_just_before(&self, candle: &Candle) -> bool {
        let has_room = self.confirmed.len() < self.capacity;
        let oldest = self.confirmed.front().map(|oldest| oldest.start);
        has_room && oldest == Some(candle.start.after(self.interval.millis()))
    }

    /// Length of the candles.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The newest confirmed candle.
    #[must_use]
    pub fn newest(&self) -> Option<&Candle> {
        self.confirmed.back()
    }

    /// The candle that has not closed yet, as last told.
    #[must_use]
    pub const fn forming(&self) -> Option<&Candle> {
        self.forming.as_ref()
    }

    /// Confirmed candles, oldest first; warm-up candles carry their mark.
    pub fn confirmed(&self) -> impl DoubleEndedIterator<Item = &Candle> + ExactSizeIterator {
        self.confirmed.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;
    use windvane_model::{MarketTime, Price, Symbol};

    fn candle(minute: i64, is_confirmed: bool) -> Candle {
        let price = Price::new(Decimal::ONE).unwrap();
        Candle {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            at: MarketTime(0),
            interval: Interval::M5,
            start: MarketTime(minute * 60_000),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Decimal::ONE,
            is_confirmed,
            is_warm_up: false,
        }
    }

    #[test]
    fn a_candle_counts_once_and_gaps_are_counted() {
        let mut series = CandleSeries::new(Interval::M5, 2);
        for (minute, is_confirmed, expected) in [
            (0, true, Change::CandleClosed { missing: 0 }),
            (0, true, Change::CandleRepeated),
            (0, false, Change::CandleRepeated),
            (5, false, Change::CandleMoved),
            (5, true, Change::CandleClosed { missing: 0 }),
            (20, true, Change::CandleClosed { missing: 2 }),
            (10, true, Change::CandleRepeated),
        ] {
            assert_eq!(series.apply(&candle(minute, is_confirmed)), expected, "minute {minute}");
        }
        let starts: Vec<i64> = series.confirmed().map(|candle| candle.start.0 / 60_000).collect();
        assert_eq!(starts, [5, 20], "the oldest candle made room");
        assert!(series.forming().is_none());
    }

    #[test]
    fn history_is_lengthened_backwards_without_a_hole() {
        let mut series = CandleSeries::new(Interval::M5, 3);
        series.apply(&candle(20, true));
        for (minute, is_warm_up) in [(10, true), (15, false), (15, true), (10, true), (5, true)] {
            let change = series.apply(&Candle { is_warm_up, ..candle(minute, true) });
            assert_eq!(change, Change::CandleRepeated, "nothing new has closed");
        }
        let starts: Vec<i64> = series.confirmed().map(|candle| candle.start.0 / 60_000).collect();
        assert_eq!(
            starts,
            [10, 15, 20],
            "what would leave a hole, is no history or finds no room is not taken"
        );
    }
}
