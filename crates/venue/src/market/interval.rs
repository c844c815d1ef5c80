//! Lengths of candles, from a minute to a month, and where they begin. All in UTC.

/// Days from 1970-01-01, a Thursday, to the first Monday.
const FIRST_MONDAY: i64 = 4;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
const WEEK_MS: i64 = 7 * DAY_MS;

/// Length of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interval {
    /// Up to a day, beginning at multiples of itself.
    Minutes(i64),
    /// From Monday 00:00.
    Week,
    /// From the first of a month 00:00.
    Month,
}

/// All intervals there are. Source: Bybit V5, "Enums Definitions", interval.
pub(super) const INTERVALS: [Interval; 13] = [
    Interval::Minutes(1),
    Interval::Minutes(3),
    Interval::FIVE_MINUTES,
    Interval::Minutes(15),
    Interval::Minutes(30),
    Interval::Minutes(60),
    Interval::Minutes(120),
    Interval::Minutes(240),
    Interval::Minutes(360),
    Interval::Minutes(720),
    Interval::DAY,
    Interval::Week,
    Interval::Month,
];

impl Interval {
    pub(crate) const FIVE_MINUTES: Self = Self::Minutes(5);
    const DAY: Self = Self::Minutes(1_440);

    /// The interval with this wire text (`1`, `60`, `D`), if there is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        INTERVALS.into_iter().find(|interval| interval.text() == text)
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        INTERVALS.into_iter()
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::DAY => "D".to_owned(),
            Self::Minutes(minutes) => minutes.to_string(),
            Self::Week => "W".to_owned(),
            Self::Month => "M".to_owned(),
        }
    }

    /// Start of the candle that holds a moment, both in ms.
    pub(crate) fn start_of(self, at_ms: i64) -> i64 {
        match self {
            Self::Minutes(minutes) => at_ms - at_ms.rem_euclid(minutes * MINUTE_MS),
            Self::Week => at_ms - (at_ms - FIRST_MONDAY * DAY_MS).rem_euclid(WEEK_MS),
            Self::Month => month_start_ms(month_of(at_ms)),
        }
    }

    /// Start of the candle after the one that starts at `start_ms`, in ms.
    pub(crate) fn next_start(self, start_ms: i64) -> i64 {
        match self {
            Self::Minutes(minutes) => start_ms + minutes * MINUTE_MS,
            Self::Week => start_ms + WEEK_MS,
            Self::Month => month_start_ms(month_of(start_ms) + 1),
        }
    }
}

/// Months from January 1970 to the one that holds a moment.
fn month_of(at_ms: i64) -> i64 {
    // 400 years are 4,800 months and 146,097 days; the even share is at most one month off.
    let mut month = at_ms.div_euclid(DAY_MS) * 4_800 / 146_097;
    while month_start_ms(month) > at_ms {
        month -= 1;
    }
    while month_start_ms(month + 1) <= at_ms {
        month += 1;
    }
    month
}

/// When a month begins, in ms; months are counted from January 1970.
fn month_start_ms(month: i64) -> i64 {
    /// Days of a common year before its n-th month.
    const DAYS_BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let (year, of_year) = (1970 + month.div_euclid(12), month.rem_euclid(12));
    let leap_days_to = |year: i64| year / 4 - year / 100 + year / 400;
    // The leap day of the year itself counts from March on.
    let leap_days = leap_days_to(if of_year >= 2 { year } else { year - 1 }) - leap_days_to(1969);
    let index = usize::try_from(of_year).expect("a remainder of twelve is not negative");
    ((year - 1970) * 365 + leap_days + DAYS_BEFORE[index]) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        // 2026-02-25 (a Wednesday) 10:00; 2024-02-29 23:59; 1970-01-01 00:00 (a Thursday).
        for (at_ms, week, month, next_month) in [
            (1_772_013_600_000, 1_771_804_800_000, 1_769_904_000_000, 1_772_323_200_000),
            (1_709_251_140_000, 1_708_905_600_000, 1_706_745_600_000, 1_709_251_200_000),
            (0, -259_200_000, 0, 2_678_400_000),
        ] {
            assert_eq!(Interval::Week.start_of(at_ms), week);
            assert_eq!(Interval::Week.next_start(week), week + WEEK_MS);
            assert_eq!(Interval::Month.start_of(at_ms), month);
            assert_eq!(Interval::Month.next_start(month), next_month);
        }
    }

    #[test]
    fn candles_of_every_interval_follow_each_other() {
        for interval in Interval::all() {
            assert_eq!(Interval::parse(&interval.text()), Some(interval));
            let mut start = interval.start_of(1_700_000_000_000);
            for _ in 0..60 {
                let next = interval.next_start(start);
                assert_eq!(interval.start_of(next), next, "{}", interval.text());
                assert_eq!(interval.start_of(next - 1), start, "{}", interval.text());
                start = next;
            }
        }
    }
}
