//! What the account holds and owes beyond the coin that is traded in.
//!
//! Other coins that count as collateral only make more room than we use; what is owed, and what contracts of another coin
//! hold back, takes room that we would count as free. The first is left aside, the second is not traded on.

use rust_decimal::Decimal;
use std::fmt;
use windvane_model::{Coin, CoinBalance, Money, WalletReport};

/// A debt of the settle coin up to this counts for none: amounts owed are told with more places than balances.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Margin of the account that is held by what this engine does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// A coin is owed. Source: Bybit V5, Get Wallet Balance, `borrowAmount`.
    Debt {
        /// Which.
        coin: Coin,
        /// How much of it.
        amount: Money,
    },
    /// Positions or orders of contracts that settle in another coin.
    Contracts {
        /// That coin.
        coin: Coin,
        /// The initial margin that they hold, in it.
        margin: Money,
    },
}

impl Elsewhere {
    /// The first that the wallet shows beside contracts that settle in `settle`; `None` when there is nothing of the kind.
    ///
    /// An equity below nothing in the settle coin itself is a loss of ours, which the balance shows; only what is owed
    /// beyond that is a debt.
    #[must_use]
    pub fn of(wallet: &WalletReport, settle: Coin) -> Option<Self> {
        wallet.coins.iter().find_map(|row| Self::of_coin(row, settle))
    }

    fn of_coin(row: &CoinBalance, settle: Coin) -> Option<Self> {
        let (coin, owed) = (row.coin, row.borrowed.unwrap_or(Money::ZERO));
        if coin == settle {
            let lost = row.equity.unwrap_or(Money::ZERO).get().min(Decimal::ZERO);
            let amount = Money::new(owed.get().saturating_add(lost));
            return (amount.get() > CENT).then_some(Self::Debt { coin, amount });
        }
        if owed > Money::ZERO {
            return Some(Self::Debt { coin, amount: owed });
        }
        let margin = row.order_margin.unwrap_or(Money::ZERO).plus(row.position_margin.unwrap_or(Money::ZERO));
        (margin > Money::ZERO).then_some(Self::Contracts { coin, margin })
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debt { coin, amount } => write!(f, "the account owes {amount} {coin}"),
            Self::Contracts { coin, margin } => {
                write!(f, "contracts that settle in {coin} hold {margin} {coin} of margin")
            }
        }
    }
}

/// What the venue's margin balance (USD) holds beyond the equity of the settle coin's row, in the settle coin: the value of
/// other collateral, or with its sign what a collateral ratio below 1 takes off. `None` where a figure is missing, as in
/// isolated margin.
#[must_use]
pub fn other_collateral(margin_balance_usd: Option<Money>, settle: &CoinBalance) -> Option<Money> {
    let balance = in_settle_coin(margin_balance_usd?, settle)?;
    Some(balance.less(settle.equity?))
}

/// An amount in USD as an amount of the settle coin, by the index that its own row shows. `None` where the row shows none.
pub(crate) fn in_settle_coin(usd: Money, settle: &CoinBalance) -> Option<Money> {
    let (equity, value) = (settle.equity?.get(), settle.usd_value?.get());
    usd.get().checked_mul(equity)?.checked_div(value).map(Money::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(coin: &str, equity: &str) -> CoinBalance {
        let equity = Money::new(equity.parse().unwrap());
        CoinBalance {
            coin: Coin::new(coin).unwrap(),
            wallet_balance: equity,
            equity: Some(equity),
            order_margin: Some(Money::ZERO),
            position_margin: Some(Money::ZERO),
            maintenance_margin: Some(Money::ZERO),
            usd_value: Some(Money::new(equity.get() * Decimal::new(999, 3))),
            borrowed: Some(Money::ZERO),
            locked: Some(Money::ZERO),
            bonus: None,
        }
    }

    #[test]
    fn debts_and_contracts_of_another_coin_are_named_and_mere_collateral_is_not() {
        let amount = |text: &str| Money::new(text.parse().unwrap());
        let usdt = Coin::new("USDT").unwrap();
        let owing =
            |coin: &str, equity, owed| CoinBalance { borrowed: Some(amount(owed)), ..row(coin, equity) };
        let holding = CoinBalance { position_margin: Some(amount("0.01")), ..row("BTC", "1") };
        let asking = CoinBalance { order_margin: Some(amount("12")), ..row("USDC", "50") };
        for (name, row, said) in [
            ("bitcoin as collateral", row("BTC", "1"), None),
            ("borrowed ether", owing("ETH", "1", "0.5"), Some("the account owes 0.5 ETH")),
            ("borrowed tether", owing("USDT", "100", "50"), Some("the account owes 50 USDT")),
            ("a loss beyond the balance", owing("USDT", "-50", "50.0000000001"), None),
            ("an inverse position", holding, Some("contracts that settle in BTC hold 0.01 BTC of margin")),
            ("an order in USDC", asking, Some("contracts that settle in USDC hold 12 USDC of margin")),
        ] {
            let wallet = WalletReport { coins: vec![row], ..WalletReport::default() };
            let found = Elsewhere::of(&wallet, usdt).map(|found| found.to_string());
            assert_eq!(found.as_deref(), said, "{name}");
        }
    }

    #[test]
    fn other_collateral_is_what_the_margin_balance_holds_beyond_the_settle_coin() {
        let usdt = row("USDT", "1000");
        let balance = |usd: &str| Some(Money::new(usd.parse().unwrap()));
        assert_eq!(
            other_collateral(balance("999"), &usdt),
            Some(Money::ZERO),
            "the index is not a difference"
        );
        assert_eq!(other_collateral(balance("5994"), &usdt), balance("5000"));
        assert_eq!(other_collateral(None, &usdt), None);
        let empty = CoinBalance { usd_value: Some(Money::ZERO), ..row("USDT", "0") };
        assert_eq!(other_collateral(balance("1"), &empty), None);
    }
}
