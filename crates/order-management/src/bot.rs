//! A bot's account: what its positions and orders brought, cost and hold.

use crate::holding::Totals;
use rust_decimal::Decimal;
use windvane_model::{BotName, Money};

/// One bot's figures. Money in the settle coin.
///
/// A bot's money is that of the positions it owns, whoever's order moved them, because one position has one
/// owner; so the bots' sums and the wallet can never disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BotAccount {
    /// The bot.
    pub bot: BotName,
    /// Orders it placed.
    pub orders: u64,
    /// Fills, fees, funding, volume and realised profit of its positions.
    pub totals: Totals,
    /// Profit if its positions were closed at the last marks.
    pub unrealised_pnl: Money,
    /// Highest and lowest points of its profit.
    pub curve: EquityCurve,
}

impl BotAccount {
    /// Realised and unrealised profit after fees and funding.
    #[must_use]
    pub fn net_pnl(&self) -> Money {
        self.totals.net().plus(self.unrealised_pnl)
    }
}

/// Peak and drawdown of a profit that is observed from time to time, from zero on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EquityCurve {
    peak: Decimal,
    last: Decimal,
    max_drawdown: Decimal,
}

impl EquityCurve {
    /// Takes the profit of this moment, settle coin.
    pub fn observe(&mut self, profit: Money) {
        self.last = profit.get();
        self.peak = self.peak.max(self.last);
        self.max_drawdown = self.max_drawdown.max(self.peak.saturating_sub(self.last));
    }

    /// The highest profit seen.
    #[must_use]
    pub const fn peak(&self) -> Money {
        Money::new(self.peak)
    }

    /// How far the profit is below its peak now.
    #[must_use]
    pub fn drawdown(&self) -> Money {
        Money::new(self.peak.saturating_sub(self.last))
    }

    /// The deepest fall below a peak so far.
    #[must_use]
    pub const fn max_drawdown(&self) -> Money {
        Money::new(self.max_drawdown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::money;

    #[test]
    fn drawdown_is_measured_from_the_highest_profit() {
        let mut curve = EquityCurve::default();
        for profit in ["5", "-3", "4", "9", "7"] {
            curve.observe(money(profit));
        }
        assert_eq!(
            (curve.peak(), curve.max_drawdown(), curve.drawdown()),
            (money("9"), money("8"), money("2"))
        );
    }
}
