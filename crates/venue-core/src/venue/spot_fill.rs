//! A spot fill: two balances move, and the fee is paid in the coin that is received.

use rust_decimal::Decimal;

use super::Venue;
use super::fill::{Booked, Role};
use crate::api::{Category, ExecutionRow, Output, Side, TransactionRow, TransactionType};
use crate::order::OrderKey;
use crate::position::PositionFill;
use crate::units::{decimal, value};

impl Venue {
    pub(super) fn fill_spot(&mut self, key: OrderKey, fill: PositionFill, role: Role) {
        let place = self.orders[key].place();
        let (base, quote) = (self.markets[place.market].base, self.markets[place.market].quote);
        let fee_rate = role.rate(self.accounts[place.account].spot_fees);
        let (qty, exec_value) = (decimal(fill.qty), value(fill.price, fill.qty));
        // The fee is paid in what is received; a rebate comes in the other coin. Source: Bybit V5, "Place Order" FAQ.
        let in_base = (fill.side == Side::Buy) == (fee_rate >= Decimal::ZERO);
        let (coin, fee) = if in_base { (base, qty * fee_rate) } else { (quote, exec_value * fee_rate) };
        let fill = PositionFill { fee, ..fill };
        self.fill_order(key, &fill, exec_value, coin);
        let execution =
            self.execution_row(key, &fill, Booked { role, fee_rate, coin, exec_value, closed: None });
        let direction = Decimal::from(fill.side.sign());
        for (moved, amount) in [(base, qty * direction), (quote, -exec_value * direction)] {
            let fee = if moved == coin { fee } else { Decimal::ZERO };
            let row = self.spot_row(&execution, moved, amount, fee);
            self.accounts[place.account].book(moved, row);
        }
        self.accounts[place.account].executions.push(execution.clone());
        self.out.push(Output::Execution { uid: self.accounts[place.account].uid, row: execution });
    }

    fn spot_row(
        &mut self,
        execution: &ExecutionRow,
        coin: usize,
        amount: Decimal,
        fee: Decimal,
    ) -> TransactionRow {
        TransactionRow {
            id: self.ids.next(),
            category: Some(Category::Spot),
            currency: self.coins.name(coin).clone(),
            symbol: execution.symbol.clone(),
            side: Some(execution.side),
            kind: TransactionType::Trade,
            transaction_time_ms: self.now_ms,
            qty: amount.abs(),
            size: Decimal::ZERO,
            trade_price: execution.exec_price,
            funding: Decimal::ZERO,
            fee,
            fee_rate: if fee.is_zero() { Decimal::ZERO } else { execution.fee_rate },
            cash_flow: amount,
            change: Decimal::ZERO,
            cash_balance: Decimal::ZERO,
            trade_id: execution.exec_id.clone(),
            order_id: execution.order_id.clone(),
            order_link_id: execution.order_link_id.clone(),
        }
    }
}
