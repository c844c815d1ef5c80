//! One UTC day of the market's clock after the other: what each brought.

use windvane_model::{MarketTime, Money};

/// The day that runs, and how it began.
#[derive(Debug, Default)]
pub(crate) struct Days {
    running: Option<Day>,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    utc_day: i64,
    start_equity: Money,
    start_fills: u64,
}

/// What a day that has ended brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Equity at its end, settle coin.
    pub(crate) equity: Money,
    /// Equity at its end less that at its start, settle coin.
    pub(crate) profit: Money,
    /// Fills of all bots.
    pub(crate) fills: u64,
}

impl Days {
    /// Takes equity and fills so far; tells of a day when the next one has begun.
    pub(crate) fn observe(&mut self, now: MarketTime, equity: Money, fills: u64) -> Option<Ended> {
        let utc_day = now.utc_day();
        let before = self.running.filter(|day| utc_day <= day.utc_day);
        if before.is_some() {
            return None;
        }
        let next = Day { utc_day, start_equity: equity, start_fills: fills };
        let ended = self.running.replace(next)?;
        Some(Ended {
            equity,
            profit: equity.less(ended.start_equity),
            fills: fills.saturating_sub(ended.start_fills),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_day_is_told_once_when_the_next_one_begins() {
        let money = |units: i64| Money::new(units.into());
        let mut days = Days::default();
        assert_eq!(days.observe(MarketTime(5), money(100), 3), None);
        assert_eq!(days.observe(MarketTime(DAY_MS - 1), money(90), 7), None);
        let told = days.observe(MarketTime(DAY_MS), money(95), 8);
        assert_eq!(told, Some(Ended { equity: money(95), profit: money(-5), fills: 5 }));
        assert_eq!(days.observe(MarketTime(DAY_MS + 1), money(1), 9), None);
        assert_eq!(days.observe(MarketTime(5), money(1), 9), None, "a late message opens no day");
    }
}
