//! Funding: at each interval's end longs pay shorts, or the other way round, in proportion to the position at mark.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Venue;
use crate::account::Account;
use crate::api::{ExecutionRow, ExecutionType, OrderType, Output, Refusal, TransactionRow, TransactionType};
use crate::order::Place;
use crate::units::decimal;

impl Venue {
    /// Settles a market's funding now: value at mark × rate, exact; with a positive rate longs pay.
    pub(super) fn settle_funding(&mut self, market: usize) -> Result<(), Refusal> {
        let Some(mark) = self.markets[market].mark else {
            return Err(Refusal::new(10001, "no mark price to settle funding at"));
        };
        self.seq += 1;
        for (account, position_idx) in self.markets[market].holders.clone() {
            self.settle_position(Place { account, market, position_idx }, decimal(mark));
        }
        Ok(())
    }

    fn settle_position(&mut self, place: Place, mark: Decimal) {
        let of_market = &self.markets[place.market];
        let (rate, coin, payoff) = (of_market.funding_rate, of_market.settle, of_market.payoff);
        let (exec_id, transaction_id, order_id) =
            (self.ids.next(), self.ids.next(), Arc::from(self.ids.next()));
        let now_ms = self.now_ms;
        let account = &mut self.accounts[place.account];
        let position = account.position_mut(place);
        let Some(side) = position.side() else { return };
        let size = decimal(position.size);
        let position_value = payoff.value(mark, size);
        let paid = position_value * rate;
        position.apply_funding(paid, now_ms);
        account.balances[coin].cum_realised -= paid;
        let execution = ExecutionRow {
            exec_id,
            category: of_market.spec.category,
            symbol: of_market.symbol().clone(),
            order_id,
            order_link_id: Account::no_name(),
            side,
            order_price: Decimal::ZERO,
            order_qty: Decimal::ZERO,
            leaves_qty: Decimal::ZERO,
            create_type: None,
            order_type: OrderType::Unknown,
            stop_order_type: None,
            exec_fee: paid,
            fee_currency: self.coins.name(coin).clone(),
            fee_rate: rate,
            exec_price: mark,
            exec_qty: size.abs(),
            exec_value: position_value.abs(),
            exec_type: ExecutionType::Funding,
            exec_time_ms: now_ms,
            is_maker: false,
            mark_price: mark,
            index_price: of_market.index.map_or(Decimal::ZERO, decimal),
            closed_size: Decimal::ZERO,
            exec_pnl: Decimal::ZERO,
            seq: self.seq,
        };
        let row = TransactionRow {
            id: transaction_id,
            category: Some(execution.category),
            currency: execution.fee_currency.clone(),
            symbol: execution.symbol.clone(),
            side: Some(side),
            kind: TransactionType::Settlement,
            transaction_time_ms: now_ms,
            qty: execution.exec_qty,
            size,
            trade_price: mark,
            funding: -paid,
            fee: Decimal::ZERO,
            fee_rate: rate,
            cash_flow: Decimal::ZERO,
            change: Decimal::ZERO,
            cash_balance: Decimal::ZERO,
            trade_id: execution.exec_id.clone(),
            order_id: execution.order_id.clone(),
            order_link_id: execution.order_link_id.clone(),
        };
        account.book(coin, row);
        account.executions.push(execution.clone());
        self.out.push(Output::Execution { uid: account.uid, row: execution });
        self.touch(place);
    }
}
