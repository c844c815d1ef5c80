//! One UTC day of the market's clock after the other: what each brought.

use windvane_model::{MarketTime, Money};

/// The day that runs, and how it began.
#[derive(Debug, Default)]
pub(crate) struct Days {
    running: Option<Day>,
}

#[derive(Debug, Clone, Copy)]
struct Day {
    /// When it was first looked at: midnight, or the start of the engine.
    from: MarketTime,
    at_start: Account,
}

/// The account at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    /// Wallet balance and unrealised profit, settle coin.
    pub(crate) equity: Money,
    /// Paid in less paid out so far, settle coin: no profit.
    pub(crate) transfers: Money,
    /// Fills of all bots so far.
    pub(crate) fills: u64,
}

/// What a day that has ended brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// From when on it was looked at, market clock.
    pub(crate) from: MarketTime,
    /// Equity at its end, settle coin.
    pub(crate) equity: Money,
    /// Equity at its end less that at its start, transfers apart, settle coin.
    pub(crate) profit: Money,
    /// Fills of all bots.
    pub(crate) fills: u64,
}

impl Days {
    /// Takes the account as it is; tells of a day when the next one has begun.
    pub(crate) fn observe(&mut self, now: MarketTime, account: Account) -> Option<Ended> {
        if self.running.is_some_and(|day| now.utc_day() <= day.from.utc_day()) {
            return None;
        }
        let Day { from, at_start } = self.running.replace(Day { from: now, at_start: account })?;
        let earned = |account: Account| account.equity.less(account.transfers);
        Some(Ended {
            from,
            equity: account.equity,
            profit: earned(account).less(earned(at_start)),
            fills: account.fills.saturating_sub(at_start.fills),
        })
    }
}

impl Ended {
    /// For people, with the coin of the money: `2026-02-25: +12.30 USDT, equity 1012.30 USDT, 8 fills`.
    pub(crate) fn words(&self, coin: &str) -> String {
        let Self { from, equity, profit, fills } = self;
        let began = crate::progress::moment(from.0);
        let (date, time) = began.split_once(' ').unwrap_or((&began, ""));
        let since = if time == "00:00" { String::new() } else { format!(" from {time}") };
        format!(
            "{date}{since}: {:+.2} {coin}, equity {:.2} {coin}, {fills} fills",
            profit.get(),
            equity.get()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn money(units: i64) -> Money {
        Money::new(units.into())
    }

    fn account(equity: i64, transfers: i64, fills: u64) -> Account {
        Account { equity: money(equity), transfers: money(transfers), fills }
    }

    #[test]
    fn a_day_is_told_once_when_the_next_one_begins() {
        let mut days = Days::default();
        assert_eq!(days.observe(MarketTime(5), account(100, 0, 3)), None);
        assert_eq!(days.observe(MarketTime(DAY_MS - 1), account(90, 0, 7)), None);
        let told = days.observe(MarketTime(DAY_MS), account(95, 0, 8));
        assert_eq!(told, Some(Ended { from: MarketTime(5), equity: money(95), profit: money(-5), fills: 5 }));
        assert_eq!(days.observe(MarketTime(DAY_MS + 1), account(1, 0, 9)), None);
        assert_eq!(days.observe(MarketTime(5), account(1, 0, 9)), None, "a late message opens no day");
    }

    #[test]
    fn money_that_was_paid_in_is_no_profit() {
        let mut days = Days::default();
        days.observe(MarketTime(5), account(100, 20, 0));
        let told = days.observe(MarketTime(DAY_MS), account(1_110, 1_020, 0)).unwrap();
        assert_eq!((told.profit, told.equity), (money(10), money(1_110)));
    }

    #[test]
    fn a_day_that_began_late_says_so() {
        let ended = |from| Ended { from: MarketTime(from), equity: money(95), profit: money(-5), fills: 5 };
        assert_eq!(ended(DAY_MS).words("USDT"), "1970-01-02: -5.00 USDT, equity 95.00 USDT, 5 fills");
        assert!(ended(DAY_MS / 2).words("USDT").starts_with("1970-01-01 from 12:00: "));
    }
}
