//! The series of bars that a program runs on, and how longer bars are put together from shorter ones.
//!
//! A bar of `@1h` on a 15-minute file is made of the file's own four bars, so it is complete at the very moment the last
//! of them is, in every run the same: no race between two topics of the venue, and never a glimpse of an hour that has
//! not ended. An hour of which a bar is missing is not formed; the series has a gap there, as the venue's would.

use windvane_model::{Interval, Symbol};

use super::eval::Bar;

/// Index of a feed in its program.
pub(crate) type FeedId = usize;

/// A series of bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Feed {
    /// The contract; `None` is the bot's own.
    pub(crate) symbol: Option<Symbol>,
    /// Length of the bars.
    pub(crate) interval: Interval,
}

impl Feed {
    /// The bot's own contract at the file's timeframe.
    pub(crate) const OWN: FeedId = 0;
}

/// Puts longer bars together.
#[derive(Debug, Clone)]
pub(crate) struct Aggregator {
    length_ms: i64,
    part_ms: i64,
    /// The bar that is forming, with the start that its next part must have.
    forming: Option<(Bar, i64)>,
    /// Start of the newest bar that is known, from history or made here.
    newest: Option<i64>,
}

impl Aggregator {
    /// From bars of length `part` to bars of length `whole`.
    pub(crate) fn new(part: Interval, whole: Interval) -> Self {
        Self { length_ms: whole.millis(), part_ms: part.millis(), forming: None, newest: None }
    }

    /// Takes a whole bar from history; whether it is new.
    pub(crate) fn take_whole(&mut self, start_ms: i64) -> bool {
        let is_new = self.newest.is_none_or(|newest| start_ms > newest);
        if is_new {
            self.newest = Some(start_ms);
        }
        is_new
    }

    /// Takes the next short bar; answers the long one that it completes.
    pub(crate) fn take_part(&mut self, part: &Bar) -> Option<Bar> {
        let start = part.start_ms.div_euclid(self.length_ms) * self.length_ms;
        let (bar, next) = match self.forming.take() {
            Some((bar, due)) if due == part.start_ms && bar.start_ms == start => (joined(bar, part), due),
            _ if part.start_ms == start => (*part, start),
            // Its beginning was not seen, or a part of it is missing.
            _ => return None,
        };
        let next = next + self.part_ms;
        if next < start + self.length_ms {
            self.forming = Some((bar, next));
            return None;
        }
        self.take_whole(start).then_some(bar)
    }
}

fn joined(bar: Bar, part: &Bar) -> Bar {
    Bar {
        high: bar.high.max(part.high),
        low: bar.low.min(part.low),
        close: part.close,
        volume: bar.volume + part.volume,
        ..bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(minute: i64, price: f64) -> Bar {
        Bar {
            start_ms: minute * 60_000,
            open: price,
            high: price + 1.0,
            low: price - 1.0,
            close: price,
            volume: 2.0,
        }
    }

    #[test]
    fn a_long_bar_is_complete_with_its_last_part_and_never_before() {
        let mut hour = Aggregator::new(Interval::M15, Interval::H1);
        let made: Vec<_> = [(0, 10.0), (15, 14.0), (30, 8.0), (45, 11.0), (60, 12.0)]
            .into_iter()
            .map(|(minute, price)| hour.take_part(&part(minute, price)))
            .collect();
        let whole = Bar { start_ms: 0, open: 10.0, high: 15.0, low: 7.0, close: 11.0, volume: 8.0 };
        assert_eq!(made, [None, None, None, Some(whole), None]);
    }

    #[test]
    fn an_hour_with_a_part_missing_is_not_formed() {
        for minutes in [[15, 30, 45], [0, 15, 45], [0, 30, 45]] {
            let mut hour = Aggregator::new(Interval::M15, Interval::H1);
            assert!(
                minutes.iter().all(|minute| hour.take_part(&part(*minute, 10.0)).is_none()),
                "{minutes:?}"
            );
        }
    }

    #[test]
    fn an_hour_that_history_has_told_is_not_told_again() {
        let mut hour = Aggregator::new(Interval::M30, Interval::H1);
        assert!(hour.take_whole(0) && !hour.take_whole(0));
        assert_eq!(hour.take_part(&part(0, 1.0)).or(hour.take_part(&part(30, 1.0))), None);
        assert_eq!(hour.take_part(&part(60, 1.0)), None);
        assert!(hour.take_part(&part(90, 1.0)).is_some());
    }
}
