//! Open interest as it stood at the beginning of each interval.

use std::collections::VecDeque;

use rust_decimal::Decimal;

use super::interval::Interval;

/// The intervals it is told at, by their wire text. Source: Bybit V5, "Get Open Interest".
const INTERVALS: [(&str, Interval); 6] = [
    ("5min", Interval::FIVE_MINUTES),
    ("15min", Interval::Minutes(15)),
    ("30min", Interval::Minutes(30)),
    ("1h", Interval::Minutes(60)),
    ("4h", Interval::Minutes(240)),
    ("1d", Interval::Minutes(1_440)),
];
/// Rows kept of each interval.
const ROWS_KEPT: i64 = 10_000;

/// When in market ms, and how much was open then in the unit of quantities, counted once.
pub(crate) type InterestRow = (i64, Decimal);

/// The open interest of one symbol: a series for each interval, oldest first.
#[derive(Debug, Default)]
pub(crate) struct InterestBook {
    /// What is open since the last change.
    standing: Decimal,
    series: [VecDeque<InterestRow>; INTERVALS.len()],
}

impl InterestBook {
    /// Lets market time pass: each interval that has begun by `at_ms` gets what has stood until then. The running ones get a row
    /// with the first call, when nothing was open yet.
    pub(crate) fn advance(&mut self, at_ms: i64) {
        // Whatever begins begins with one of the shortest: between two of those one look is enough.
        let [shortest, ..] = &self.series;
        if shortest.back().is_some_and(|(last, _)| INTERVALS[0].1.next_start(*last) > at_ms) {
            return;
        }
        for ((_, interval), series) in INTERVALS.into_iter().zip(&mut self.series) {
            let newest = interval.start_of(at_ms);
            let oldest = newest.saturating_sub((ROWS_KEPT - 1) * interval.next_start(0));
            let mut next = series.back().map_or(newest, |(last, _)| interval.next_start(*last)).max(oldest);
            while next <= newest {
                series.push_back((next, self.standing));
                next = interval.next_start(next);
            }
            while i64::try_from(series.len()).is_ok_and(|length| length > ROWS_KEPT) {
                series.pop_front();
            }
        }
    }

    /// So much is open from now on.
    pub(crate) fn note(&mut self, interest: Decimal) {
        self.standing = interest;
    }

    /// The rows of an interval by its wire text, oldest first; `None` when there is no such interval.
    pub(crate) fn series(&self, interval: &str) -> Option<&VecDeque<InterestRow>> {
        let index = INTERVALS.iter().position(|(text, _)| *text == interval)?;
        Some(&self.series[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn each_interval_has_what_stood_when_it_began() {
        let mut book = InterestBook::default();
        for (minute, interest) in [(62, 3), (64, 5), (65, 7), (81, 2)] {
            book.advance(minute * MINUTE);
            book.note(interest.into());
        }
        let rows = |interval: &str| -> Vec<(i64, Decimal)> {
            book.series(interval).unwrap().iter().map(|(at, interest)| (at / MINUTE, *interest)).collect()
        };
        let whole = |rows: &[(i64, i64)]| -> Vec<(i64, Decimal)> {
            rows.iter().map(|(at, interest)| (*at, (*interest).into())).collect()
        };
        assert_eq!(rows("5min"), whole(&[(60, 0), (65, 5), (70, 7), (75, 7), (80, 7)]));
        assert_eq!(rows("15min"), whole(&[(60, 0), (75, 7)]));
        assert_eq!(rows("1h"), whole(&[(60, 0)]));
        assert_eq!(rows("1d"), whole(&[(0, 0)]));
        assert!(book.series("2h").is_none());
    }

    #[test]
    fn a_long_silence_leaves_as_many_rows_as_are_kept() {
        let mut book = InterestBook::default();
        book.advance(0);
        book.note(Decimal::ONE);
        book.advance(1_000_000 * MINUTE);
        let rows = book.series("5min").unwrap();
        assert_eq!(rows.len(), 10_000);
        assert_eq!(rows.back(), Some(&(1_000_000 * MINUTE, Decimal::ONE)));
        assert_eq!(rows.front().map(|(at, _)| *at), Some((1_000_000 - 5 * 9_999) * MINUTE));
    }
}
