//! The wallet: what the venue says is held, and what our own books make of it.
//!
//! Computed balance = start + Σ(realised − fee − funding) + adjustments. The start is taken from the first
//! account query, because only that comes with positions and executions; a push alone does not say which
//! executions are already in it. An adjustment is money that no execution explains: a transfer or a bonus that the venue's
//! log names, or what reconciliation failed to find the cause of; never guessed. Interest that the log names is booked as
//! the loss that it is.

use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use windvane_layout::layout;
use windvane_model::{Coin, CoinBalance, Execution, Money, Movement, MovementKind, WallTime, WalletReport};
use windvane_risk::margin::{MarginMode, other_collateral};

/// The coin that profit and margin of the traded contracts are counted in. This version trades USDT-settled
/// linear contracts only.
pub(crate) fn settle_coin() -> Coin {
    // Asked several times with each event.
    static USDT: LazyLock<Coin> = LazyLock::new(|| Coin::new("USDT").expect("four printable letters"));
    *USDT
}

/// The coin that an execution's profit is in. Contracts in USDC are other people's; they are known by their fees, which
/// are charged in the settle coin.
pub(crate) fn profit_coin(execution: &Execution) -> Coin {
    if execution.fee_coin.as_str() == "USDC" { execution.fee_coin } else { settle_coin() }
}

/// The account's money.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wallet {
    coins: BTreeMap<Coin, CoinAccount>,
    /// The venue's last word on the account as a whole.
    totals: WalletReport,
}

/// One coin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct CoinAccount {
    start: Option<Money>,
    /// Σ(realised − fee − funding) since the start.
    booked: Money,
    adjustments: Money,
    reported: Option<CoinBalance>,
    differs_since: Option<WallTime>,
}

impl CoinAccount {
    fn computed(&self) -> Option<Money> {
        Some(self.start?.plus(self.booked).plus(self.adjustments))
    }

    /// What the venue has more than our books; `None` until both sides are known.
    fn gap(&self) -> Option<Money> {
        Some(self.reported?.wallet_balance.less(self.computed()?))
    }
}

impl Wallet {
    /// What our books say is held of `coin`, without unrealised profit; `None` before the first account query.
    #[must_use]
    pub fn computed(&self, coin: Coin) -> Option<Money> {
        self.coins.get(&coin)?.computed()
    }

    /// What the venue last said is held of `coin`, without unrealised profit.
    #[must_use]
    pub fn reported(&self, coin: Coin) -> Option<Money> {
        self.coins.get(&coin)?.reported.map(|balance| balance.wallet_balance)
    }

    /// Money in `coin` that no execution explains and that is no profit or loss.
    #[must_use]
    pub fn adjustments(&self, coin: Coin) -> Money {
        self.coins.get(&coin).map_or(Money::ZERO, |account| account.adjustments)
    }

    /// What came in of the settle coin so far less what went out, for no reason that trading knows.
    #[must_use]
    pub fn transfers(&self) -> Money {
        self.adjustments(settle_coin())
    }

    /// The balance to count with in the settle coin: computed, else reported, else nothing.
    #[must_use]
    pub fn balance(&self) -> Money {
        let coin = settle_coin();
        self.computed(coin).or_else(|| self.reported(coin)).unwrap_or(Money::ZERO)
    }

    /// What the venue last showed less than our books hold of the settle coin; nothing when it shows as much or more.
    pub(crate) fn shortfall(&self) -> Money {
        let gap = self.coins.get(&settle_coin()).and_then(CoinAccount::gap);
        Money::ZERO.less(gap.unwrap_or(Money::ZERO)).max(Money::ZERO)
    }

    /// What of the settle coin may not be used as margin, by the venue's last word: what spot orders hold and, in isolated
    /// margin, a bonus. Source: Bybit V5, Get Wallet Balance.
    pub(crate) fn locked(&self, mode: MarginMode) -> Money {
        let Some(told) = self.coins.get(&settle_coin()).and_then(|account| account.reported) else {
            return Money::ZERO;
        };
        let bonus = match mode {
            MarginMode::Cross => None,
            MarginMode::Isolated => told.bonus,
        };
        told.locked.unwrap_or(Money::ZERO).plus(bonus.unwrap_or(Money::ZERO))
    }

    /// What the venue's margin balance holds beyond the settle coin, in it; nothing where it does not tell.
    pub(crate) fn other_collateral(&self) -> Money {
        let told = self.coins.get(&settle_coin()).and_then(|account| account.reported);
        told.and_then(|told| other_collateral(self.totals.margin_balance_usd, &told)).unwrap_or(Money::ZERO)
    }

    /// The venue's last word on the account's totals, in USD; its list of coins is that of the last message.
    #[must_use]
    pub const fn totals(&self) -> &WalletReport {
        &self.totals
    }

    /// The coins known, in order.
    pub fn coins(&self) -> impl Iterator<Item = Coin> {
        self.coins.keys().copied()
    }

    /// Replaces coin by coin; coins that a message does not name have not changed.
    pub(crate) fn take_report(&mut self, report: &WalletReport) {
        for balance in &report.coins {
            self.coins.entry(balance.coin).or_default().reported = Some(*balance);
        }
        self.totals = report.clone();
    }

    /// Books a change of money in `coin`; negative is spent.
    pub(crate) fn book(&mut self, coin: Coin, change: Decimal) {
        let account = self.coins.entry(coin).or_default();
        account.booked = account.booked.plus(Money::new(change));
    }

    /// Begins the books, anew if they had begun, at what is reported now: of the settle coin, everything that the
    /// positions' books hold is `in_book`, part of the report.
    pub(crate) fn begin(&mut self, in_book: Money) {
        let settle = settle_coin();
        // A report that does not name the settle coin says that nothing is held of it.
        self.coins.entry(settle).or_default();
        for (coin, account) in &mut self.coins {
            account.booked = if *coin == settle { in_book } else { Money::ZERO };
            let reported = account.reported.map_or(Money::ZERO, |balance| balance.wallet_balance);
            account.start = Some(reported.less(account.booked));
            account.adjustments = Money::ZERO;
        }
    }

    /// Looks whether computed and reported agree, and since when not.
    pub(crate) fn compare(&mut self, now: WallTime) {
        for account in self.coins.values_mut() {
            match account.gap() {
                Some(gap) if gap != Money::ZERO => {
                    account.differs_since.get_or_insert(now);
                }
                Some(_) | None => account.differs_since = None,
            }
        }
    }

    /// Since when some coin has differed.
    pub(crate) fn differs_since(&self) -> Option<WallTime> {
        self.coins.values().filter_map(|account| account.differs_since).min()
    }

    /// Books what cannot be explained as adjustments, and says what that is.
    pub(crate) fn adjust(&mut self) -> Vec<(Coin, Money)> {
        let mut adjusted = Vec::new();
        for (coin, account) in &mut self.coins {
            if let Some(gap) = account.gap().filter(|gap| *gap != Money::ZERO) {
                account.adjustments = account.adjustments.plus(gap);
                adjusted.push((*coin, gap));
            }
            account.differs_since = None;
        }
        adjusted
    }

    /// Books money that the venue's log names. `is_booked` says that it was booked as an adjustment before.
    pub(crate) fn take_movement(&mut self, row: &Movement, is_booked: bool) {
        let account = self.coins.entry(row.coin).or_default();
        if !is_booked {
            account.adjustments = account.adjustments.plus(row.change);
        }
        if row.kind == MovementKind::Earned {
            account.adjustments = account.adjustments.less(row.change);
            account.booked = account.booked.plus(row.change);
        }
    }
}

layout!(Wallet { coins, totals });

layout!(CoinAccount { start, booked, adjustments, reported, differs_since });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{money, wallet_report};

    #[test]
    fn an_empty_wallet_begins_at_nothing() {
        let mut wallet = Wallet::default();
        wallet.begin(Money::ZERO);
        wallet.take_report(&wallet_report("50"));
        wallet.compare(WallTime(1));
        assert_eq!((wallet.balance(), wallet.differs_since()), (Money::ZERO, Some(WallTime(1))));
    }

    #[test]
    fn the_computed_balance_follows_the_books_and_names_the_gap() {
        let usdt = settle_coin();
        let mut wallet = Wallet::default();
        wallet.take_report(&wallet_report("1000"));
        assert_eq!((wallet.computed(usdt), wallet.balance()), (None, money("1000")));
        wallet.begin(money("-2"));
        assert_eq!(wallet.computed(usdt), Some(money("1000")), "what is in the report is not booked twice");

        wallet.book(usdt, money("-0.055").get());
        wallet.compare(WallTime(1));
        assert_eq!(wallet.differs_since(), Some(WallTime(1)));
        wallet.take_report(&wallet_report("999.945"));
        wallet.compare(WallTime(2));
        assert_eq!(wallet.differs_since(), None);

        wallet.take_report(&wallet_report("1099.945"));
        assert_eq!(wallet.adjust(), [(usdt, money("100"))]);
        assert_eq!((wallet.adjustments(usdt), wallet.balance()), (money("100"), money("1099.945")));
    }
}
