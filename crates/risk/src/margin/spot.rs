//! What spot orders hold of an account's balances, without borrowing.
//!
//! No bot trades spot, so nothing here decides on an order yet. Amounts are in the coin that is named.

use rust_decimal::Decimal;
use windvane_model::{Price, Qty, Side};

/// A spot order as its balances see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotOrder {
    /// Direction.
    pub side: Side,
    /// What may fill, base coin.
    pub qty: Qty,
    /// Limit price, quote coin; of a market buy the dearest price it may fill at.
    pub price: Price,
}

impl SpotOrder {
    /// What it locks: of a buy quantity × price in the quote coin, of a sell the quantity in the base coin. The fee is paid
    /// in the coin that comes in, so none of it is locked.
    ///
    /// Source: Bybit V5, Place Order and Get Wallet Balance, `locked`.
    #[must_use]
    pub fn holds(&self) -> Decimal {
        match self.side {
            Side::Buy => self.price.times(self.qty).get(),
            Side::Sell => self.qty.get(),
        }
    }

    /// What it brings at its price, fees apart: of a buy base coin, of a sell quote coin.
    ///
    /// Source: Bybit V5, Place Order, `qty` and `marketUnit`.
    #[must_use]
    pub fn brings(&self) -> Decimal {
        match self.side {
            Side::Buy => self.qty.get(),
            Side::Sell => self.price.times(self.qty).get(),
        }
    }
}

/// One coin of the wallet, as far as spot orders may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpotBalance {
    /// What is held, without unrealised profit.
    pub wallet: Decimal,
    /// What open spot orders hold of it.
    pub locked: Decimal,
    /// Initial margin of contracts that settle in it, where margin is isolated; zero in cross margin, where contracts stand
    /// on the account.
    pub isolated_margin: Decimal,
}

impl SpotBalance {
    /// What a new order may lock.
    ///
    /// Source: Bybit V5, Get Wallet Balance, `walletBalance` and `locked`.
    #[must_use]
    pub fn free(&self) -> Decimal {
        self.wallet.saturating_sub(self.locked).saturating_sub(self.isolated_margin)
    }

    /// Whether an order that `holds` so much would be taken, in place of one that holds `replaced`. The venue answers 170131
    /// where it is not.
    #[must_use]
    pub fn covers(&self, holds: Decimal, replaced: Decimal) -> bool {
        self.free().saturating_add(replaced) >= holds
    }

    /// What is borrowed of the coin in cross margin: what the equity (wallet + profit by mark − fees) lacks of what is
    /// frozen. Cash spot never borrows on purpose; contracts' losses may.
    ///
    /// Source: Bybit help centre, "Borrowing, Interest and Repayment (UTA)".
    #[must_use]
    pub fn borrowed(&self, unrealised_pnl: Decimal) -> Decimal {
        let left = self.wallet.saturating_add(unrealised_pnl).saturating_sub(self.locked);
        left.min(Decimal::ZERO).abs()
    }
}

/// How much of a coin counts as margin: by rising quantity, the upper end of each step (`None` for the last) and the
/// fraction of it that counts.
///
/// Source: Bybit help centre, "Understanding Collateral Value Ratios in UTA".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collateral<'a>(pub &'a [(Option<Decimal>, Decimal)]);

impl Collateral<'_> {
    /// How much of `balance` counts, in the coin. Debts count in full, and so does a coin without a table.
    #[must_use]
    pub fn counted(&self, balance: Decimal) -> Decimal {
        if self.0.is_empty() || balance <= Decimal::ZERO {
            return balance;
        }
        let mut floor = Decimal::ZERO;
        let mut counted = Decimal::ZERO;
        for (ceiling, ratio) in self.0 {
            let ceiling = ceiling.unwrap_or(balance).min(balance);
            counted = counted
                .saturating_add(ceiling.saturating_sub(floor).max(Decimal::ZERO).saturating_mul(*ratio));
            floor = floor.max(ceiling);
        }
        counted
    }
}
