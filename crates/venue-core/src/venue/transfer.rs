//! Credits and debits from outside.

use rust_decimal::Decimal;

use super::Venue;
use crate::account::Account;
use crate::api::{Acknowledgement, MarginMode, Refusal, TransactionRow, TransactionType};
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
        let row = TransactionRow { cash_flow: amount, ..self.transfer_row(coin, kind) };
        self.accounts[account].book(coin, row);
        self.touched.wallets.insert(account);
        self.touched.at_risk.insert(account);
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

    /// A row of the log for what is no trade, still without an amount.
    pub(super) fn transfer_row(&mut self, coin: usize, kind: TransactionType) -> TransactionRow {
        TransactionRow {
            id: self.ids.next(),
            category: None,
            currency: self.coins.name(coin).clone(),
            symbol: Account::no_name(),
            side: None,
            kind,
            transaction_time_ms: self.now_ms,
            qty: Decimal::ZERO,
            size: Decimal::ZERO,
            trade_price: Decimal::ZERO,
            funding: Decimal::ZERO,
            fee: Decimal::ZERO,
            fee_rate: Decimal::ZERO,
            cash_flow: Decimal::ZERO,
            change: Decimal::ZERO,
            cash_balance: Decimal::ZERO,
            trade_id: String::new(),
            order_id: Account::no_name(),
            order_link_id: Account::no_name(),
        }
    }
}
