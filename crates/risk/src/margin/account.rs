//! The margin of the account as a whole, in the settle coin.
//!
//! The exchange counts the account in USD; with one settle coin at a collateral ratio of 1 the two differ only
//! by that coin's index, which cancels out of every comparison. What other coins are worth as collateral is not counted
//! here, so that no order hangs on their prices; what they owe or hold back is not traded on at all
//! ([`Elsewhere`](super::Elsewhere)).

use super::MarginMode;
use rust_decimal::Decimal;
use windvane_model::{Money, Rate};

/// The account's margin, worst case of open orders included. Source: Bybit help centre, UTA glossary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountMargin {
    /// How positions are margined.
    pub mode: MarginMode,
    /// Wallet balance, settle coin.
    pub wallet_balance: Decimal,
    /// What the venue last showed less than that, settle coin: money that was taken out, or a loss whose execution is still
    /// on its way. It may not be used as margin, and whether it is a loss is not known yet.
    pub shortfall: Decimal,
    /// What of the wallet balance spot orders hold, settle coin; in isolated margin with a bonus.
    pub locked: Decimal,
    /// Unrealised profit of all positions by mark, settle coin.
    pub unrealised_pnl: Decimal,
    /// Initial margin of all positions, settle coin.
    pub position_margin: Decimal,
    /// Initial margin of all open orders, settle coin.
    pub order_margin: Decimal,
    /// Maintenance margin of all positions, settle coin.
    pub maintenance_margin: Decimal,
}

impl AccountMargin {
    /// Wallet balance + unrealised profit, settle coin. With one settle coin and no borrowing it is the equity.
    ///
    /// Source: Bybit help centre, UTA glossary, "margin balance".
    #[must_use]
    pub fn margin_balance(&self) -> Decimal {
        self.wallet_balance.saturating_add(self.unrealised_pnl)
    }

    /// The same as money.
    ///
    /// Source: Bybit help centre, UTA glossary, "equity".
    #[must_use]
    pub fn equity(&self) -> Money {
        Money::new(self.margin_balance())
    }

    /// Initial margin of positions and orders, settle coin.
    ///
    /// Source: Bybit help centre, UTA glossary, "total initial margin".
    #[must_use]
    pub fn initial_margin(&self) -> Decimal {
        self.position_margin.saturating_add(self.order_margin)
    }

    /// What new orders may use, settle coin; negative when overdrawn. Cross: margin balance − initial margin. Isolated:
    /// wallet balance − initial margin, for profit by mark stands behind its own position alone. Less what the venue shows
    /// less than our books, and what it has locked.
    ///
    /// Source: Bybit help centre, UTA glossary; Bybit V5, Get Wallet Balance.
    #[must_use]
    pub fn available(&self) -> Decimal {
        let stands_behind = match self.mode {
            MarginMode::Cross => self.margin_balance(),
            MarginMode::Isolated => self.wallet_balance,
        };
        stands_behind
            .saturating_sub(self.shortfall)
            .saturating_sub(self.locked)
            .saturating_sub(self.initial_margin())
    }

    /// Initial margin / (margin balance + order loss), a fraction; at 1 nothing more may be opened. `None` when
    /// nothing is left to divide by. `order_loss` is never positive ([`Exposure::order_loss`](crate::Exposure::order_loss)).
    ///
    /// The venue shows it cut off after four places.
    ///
    /// Source: Bybit help centre, UTA glossary, "account IM rate".
    #[must_use]
    pub fn initial_margin_rate(&self, order_loss: Decimal) -> Option<Rate> {
        self.rate(self.initial_margin(), order_loss)
    }

    /// Maintenance margin / (margin balance + order loss), a fraction; at 1 the account is liquidated. `None` when
    /// nothing is left to divide by.
    ///
    /// Source: Bybit help centre, UTA glossary, "account MM rate".
    #[must_use]
    pub fn maintenance_margin_rate(&self, order_loss: Decimal) -> Option<Rate> {
        self.rate(self.maintenance_margin, order_loss)
    }

    fn rate(&self, margin: Decimal, order_loss: Decimal) -> Option<Rate> {
        let base = self.margin_balance().saturating_add(order_loss);
        if base <= Decimal::ZERO {
            return None;
        }
        margin.checked_div(base).map(Rate::new)
    }
}
