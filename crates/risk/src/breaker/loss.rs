//! The loss of the day and of the week, each from the equity at its start on the market's clock.

use super::Worth;
use rust_decimal::Decimal;
use windvane_model::{MarketTime, Money};

/// One day or week and how it began. Kept over a restart, so that a crash does not forgive the morning's loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossStart {
    /// Which day or week ([`MarketTime::utc_day`], [`MarketTime::utc_week`]).
    pub period: i64,
    /// Equity less transfers when it began, settle coin.
    pub earned: Money,
}

/// The day and the week so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Losses {
    pub(crate) day: Option<LossStart>,
    pub(crate) week: Option<LossStart>,
    earned: Option<Money>,
}

impl Losses {
    pub(crate) const fn restored(day: Option<LossStart>, week: Option<LossStart>) -> Self {
        Self { day, week, earned: None }
    }

    pub(crate) fn observe(&mut self, worth: Worth, now: MarketTime) {
        let earned = worth.earned();
        for (start, period) in [(&mut self.day, now.utc_day()), (&mut self.week, now.utc_week())] {
            // A period that lies before the known one is a late message, not a new day.
            if start.is_none_or(|start| start.period < period) {
                *start = Some(LossStart { period, earned });
            }
        }
        self.earned = Some(earned);
    }

    /// Losses of the day and of the week if so much has been earned at `now`, settle coin; `None` where another day begins.
    pub(crate) fn at(&self, worth: Worth, now: MarketTime) -> Option<[Decimal; 2]> {
        let (day, week) = self.day.zip(self.week)?;
        let lost = |start: LossStart| start.earned.less(worth.earned()).get();
        (day.period == now.utc_day()).then(|| [day, week].map(lost))
    }

    /// Loss since the day began, settle coin; zero in profit.
    pub(crate) fn of_day(&self) -> Decimal {
        self.since(self.day)
    }

    /// Loss since the week began, settle coin; zero in profit.
    pub(crate) fn of_week(&self) -> Decimal {
        self.since(self.week)
    }

    fn since(&self, start: Option<LossStart>) -> Decimal {
        let (Some(start), Some(earned)) = (start, self.earned) else { return Decimal::ZERO };
        start.earned.less(earned).get().max(Decimal::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;
    /// A Monday.
    const MONDAY: i64 = 4 * DAY_MS;

    fn worth(equity: i64, transfers: i64) -> Worth {
        let money = |n: i64| Money::new(Decimal::from(n));
        Worth { equity: money(equity), transfers: money(transfers) }
    }

    #[test]
    fn a_loss_counts_from_the_start_of_its_day_and_week_and_ends_with_them() {
        let mut losses = Losses::default();
        assert_eq!(losses.of_day(), Decimal::ZERO);
        losses.observe(worth(1000, 0), MarketTime(MONDAY));
        losses.observe(worth(1100, 0), MarketTime(MONDAY + 1));
        assert_eq!(losses.of_day(), Decimal::ZERO, "profit is no loss");
        losses.observe(worth(900, 0), MarketTime(MONDAY + DAY_MS - 1));
        assert_eq!(losses.of_day(), Decimal::ONE_HUNDRED);
        losses.observe(worth(890, 0), MarketTime(MONDAY + DAY_MS));
        assert_eq!(losses.of_day(), Decimal::ZERO, "a new day starts from where it starts");
        assert_eq!(losses.of_week(), Decimal::from(110), "the week goes on");
        losses.observe(worth(880, 0), MarketTime(MONDAY + 7 * DAY_MS));
        assert_eq!(losses.of_week(), Decimal::ZERO);
    }

    #[test]
    fn money_that_leaves_is_no_loss_and_money_that_comes_hides_none() {
        let mut losses = Losses::default();
        losses.observe(worth(1000, 0), MarketTime(MONDAY));
        losses.observe(worth(400, -600), MarketTime(MONDAY + 1));
        assert_eq!(losses.of_day(), Decimal::ZERO);
        losses.observe(worth(1350, 400), MarketTime(MONDAY + 2));
        assert_eq!(losses.of_day(), Decimal::from(50));
    }

    #[test]
    fn a_restart_keeps_the_start_of_the_day() {
        let start = LossStart { period: 4, earned: Money::new(Decimal::from(1000)) };
        let mut losses = Losses::restored(Some(start), None);
        assert_eq!(losses.of_day(), Decimal::ZERO, "before anything is known of the equity");
        losses.observe(worth(700, 0), MarketTime(MONDAY + 5));
        assert_eq!(losses.of_day(), Decimal::from(300));
    }
}
