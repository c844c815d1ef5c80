//! The loss of the day: from the equity at the start of the UTC day of the market's clock.

use rust_decimal::Decimal;
use windvane_model::{MarketTime, Money};

/// One UTC day and how it began. Kept over a restart, so that a crash does not forgive the morning's loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TradingDay {
    /// Days since 1970.
    pub utc_day: i64,
    /// Equity when it began, settle coin.
    pub start_equity: Money,
}

/// The day so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DayLoss {
    day: Option<TradingDay>,
    equity: Money,
}

impl DayLoss {
    pub(crate) fn restore(&mut self, day: TradingDay) {
        self.day = Some(day);
        self.equity = day.start_equity;
    }

    pub(crate) fn observe(&mut self, equity: Money, now: MarketTime) {
        let utc_day = now.utc_day();
        // A day that lies before the known one is a late message, not a new day.
        if self.day.is_none_or(|day| day.utc_day < utc_day) {
            self.day = Some(TradingDay { utc_day, start_equity: equity });
        }
        self.equity = equity;
    }

    pub(crate) const fn day(&self) -> Option<TradingDay> {
        self.day
    }

    /// Loss since the day began, settle coin; zero in profit.
    pub(crate) fn loss(&self) -> Decimal {
        let Some(day) = self.day else { return Decimal::ZERO };
        day.start_equity.less(self.equity).get().max(Decimal::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    #[test]
    fn a_loss_counts_from_the_start_of_the_market_day_and_ends_with_it() {
        let money = |n: i64| Money::new(Decimal::from(n));
        let mut day = DayLoss::default();
        assert_eq!(day.loss(), Decimal::ZERO);
        day.observe(money(1000), MarketTime(0));
        day.observe(money(1100), MarketTime(1));
        assert_eq!(day.loss(), Decimal::ZERO, "profit is no loss");
        day.observe(money(900), MarketTime(DAY_MS - 1));
        assert_eq!(day.loss(), Decimal::ONE_HUNDRED);
        day.observe(money(890), MarketTime(DAY_MS));
        assert_eq!(day.loss(), Decimal::ZERO, "a new day starts from where it starts");
    }

    #[test]
    fn a_restart_keeps_the_start_of_the_day() {
        let money = |n: i64| Money::new(Decimal::from(n));
        let mut day = DayLoss::default();
        day.restore(TradingDay { utc_day: 0, start_equity: money(1000) });
        day.observe(money(700), MarketTime(5));
        assert_eq!(day.loss(), Decimal::from(300));
    }
}
