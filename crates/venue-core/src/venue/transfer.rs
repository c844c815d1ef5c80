//! Credits and debits from outside.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{Acknowledgement, MarginMode, Refusal, TransactionType};
use crate::record::Transaction;
use crate::units::units;

impl Venue {
    pub(super) fn transfer(
        &mut self,
        account: usize,
        coin: &str,
        amount: Decimal,
    ) -> Result<Acknowledgement, Refusal> {
        let coin =
            self.coins.slot(coin).ok_or_else(|| Refusal::new(110050, format!("coin invalid: {coin}")))?;
        if units(amount).is_none() {
            return Err(Refusal::new(10001, format!("amount invalid: {amount}")));
        }
        if amount < Decimal::ZERO && -amount > self.withdrawable(account, coin) {
            return Err(Refusal::new(110012, "available balance is insufficient"));
        }
        let kind =
            if amount < Decimal::ZERO { TransactionType::TransferOut } else { TransactionType::TransferIn };
        self.book_transfer(account, coin, kind, amount);
        Ok(Acknowledgement::Done)
    }

    /// How much of a coin may leave: no more than margin allows, and of other coins than the one that settles no more than
    /// there is.
    fn withdrawable(&self, account: usize, coin: usize) -> Decimal {
        let (account, context) = (&self.accounts[account], self.context());
        let margin = account.margin(context);
        let available = account.available(coin, &margin, context);
        let is_only_coin = account.balances.iter().filter(|balance| balance.is_used).count() == 1;
        match account.margin_mode {
            // With one coin the margin is all there is, and a profit not yet realised may leave with the rest.
            MarginMode::Cross if is_only_coin => available,
            MarginMode::Cross | MarginMode::Isolated => {
                available.min(account.balances[coin].wallet - margin.coins[coin].locked)
            }
        }
    }

    /// Books a change of a balance that is no trade.
    pub(super) fn book_transfer(
        &mut self,
        account: usize,
        coin: usize,
        kind: TransactionType,
        amount: Decimal,
    ) {
        self.transactions += 1;
        let entry = Transaction {
            number: self.transactions,
            kind,
            coin,
            execution: None,
            size: 0,
            cash_flow: amount,
            funding: Decimal::ZERO,
            fee: Decimal::ZERO,
            balance: Decimal::ZERO,
            time_ms: self.now_ms,
        };
        self.change_balance(account, entry);
        self.touched.wallets.insert(account);
        self.touched.at_risk.insert(account);
    }
}
