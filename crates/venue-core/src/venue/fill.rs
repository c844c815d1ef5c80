//! One fill: order, position, wallet and records move together.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{
    ClosedPnlRow, CreateType, ExecutionRow, ExecutionType, OrderStatus, Output, TransactionRow,
    TransactionType,
};
use crate::order::OrderKey;
use crate::position::{Closed, PositionFill};
use crate::units::{decimal, value};

/// Which side of a match an order was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Maker,
    Taker,
}

impl Venue {
    /// Books a fill of an order; price and quantity in units. The caller has moved the book.
    pub(super) fn fill(&mut self, key: OrderKey, price: i64, qty: i64, role: Role) {
        let (slot, market) = (self.orders[key].account, self.orders[key].market);
        let fees = self.accounts[slot].fees;
        let fee_rate = match role {
            Role::Maker => fees.maker,
            Role::Taker => fees.taker,
        };
        let exec_value = value(price, qty);
        let fee = exec_value * fee_rate;
        let side = self.orders[key].side;
        let fill = PositionFill { side, price, qty, fee, time_ms: self.now_ms, seq: self.seq };
        let closed = self.accounts[slot].positions[market].apply_fill(fill);
        let closed_pnl =
            closed.map_or(Decimal::ZERO, |closed| closed.realised - closed.open_fee - closed.close_fee);

        let order = &mut self.orders[key];
        order.filled += qty;
        order.filled_value += exec_value;
        order.fee += fee;
        order.closed_pnl += closed_pnl;
        order.updated_ms = self.now_ms;
        order.status = if order.leaves() == 0 { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        let is_filled = order.status == OrderStatus::Filled;
        if order.stop_loss.is_some() || order.take_profit.is_some() {
            self.touched.protected_fills.push(key);
        }
        self.touched.resized.insert((slot, market));
        self.touched.tickers.insert(market);
        self.touch(slot, market);

        let execution = self.execution_row(key, &fill, role, fee_rate, closed);
        let row = self.transaction_row(key, &execution);
        let account = &mut self.accounts[slot];
        account.cum_realised += execution.exec_pnl - fee;
        account.book(row);
        account.executions.push(execution.clone());
        if let Some(closed) = closed {
            self.book_closed_pnl(key, &execution, &closed);
        }
        if is_filled {
            self.accounts[slot].resting[market].remove(&key);
            self.close_order(key);
        }
        self.out.push(Output::Execution { uid: self.accounts[slot].uid, row: execution });
    }

    fn execution_row(
        &mut self,
        key: OrderKey,
        fill: &PositionFill,
        role: Role,
        fee_rate: Decimal,
        closed: Option<Closed>,
    ) -> ExecutionRow {
        let exec_id = self.ids.next();
        let order = &self.orders[key];
        let market = &self.markets[order.market];
        ExecutionRow {
            exec_id,
            symbol: market.symbol().clone(),
            order_id: order.id.clone(),
            order_link_id: order.link_id.clone(),
            side: order.side,
            order_price: decimal(order.price),
            order_qty: decimal(order.qty),
            leaves_qty: decimal(order.leaves()),
            create_type: Some(order.create_type),
            order_type: order.order_type,
            stop_order_type: order.stop_order_type,
            exec_fee: fill.fee,
            fee_rate,
            exec_price: decimal(fill.price),
            exec_qty: decimal(fill.qty),
            exec_value: value(fill.price, fill.qty),
            exec_type: match order.create_type {
                CreateType::ByLiquidation => ExecutionType::BustTrade,
                CreateType::ByUser
                | CreateType::ByStopOrder
                | CreateType::ByTakeProfit
                | CreateType::ByStopLoss
                | CreateType::ByTrailingStop => ExecutionType::Trade,
            },
            exec_time_ms: self.now_ms,
            is_maker: role == Role::Maker,
            mark_price: market.valuation_price().map_or(Decimal::ZERO, decimal),
            index_price: market.index.map_or(Decimal::ZERO, decimal),
            closed_size: closed.map_or(Decimal::ZERO, |closed| decimal(closed.qty)),
            exec_pnl: closed.map_or(Decimal::ZERO, |closed| closed.realised),
            seq: self.seq,
        }
    }

    fn transaction_row(&mut self, key: OrderKey, execution: &ExecutionRow) -> TransactionRow {
        let order = &self.orders[key];
        TransactionRow {
            id: self.ids.next(),
            symbol: execution.symbol.clone(),
            side: Some(execution.side),
            kind: match execution.exec_type {
                ExecutionType::BustTrade => TransactionType::Liquidation,
                ExecutionType::Trade | ExecutionType::Funding => TransactionType::Trade,
            },
            transaction_time_ms: self.now_ms,
            qty: execution.exec_qty,
            size: decimal(self.accounts[order.account].positions[order.market].size),
            trade_price: execution.exec_price,
            funding: Decimal::ZERO,
            fee: execution.exec_fee,
            fee_rate: execution.fee_rate,
            cash_flow: execution.exec_pnl,
            change: Decimal::ZERO,
            cash_balance: Decimal::ZERO,
            trade_id: execution.exec_id.clone(),
            order_id: execution.order_id.clone(),
            order_link_id: execution.order_link_id.clone(),
        }
    }

    /// Adds a closing fill to the row of its order.
    fn book_closed_pnl(&mut self, key: OrderKey, execution: &ExecutionRow, closed: &Closed) {
        let order = &self.orders[key];
        let account = &mut self.accounts[order.account];
        let place = *account.closed_pnl_of.entry(key).or_insert(account.closed_pnl.len());
        if place == account.closed_pnl.len() {
            account.closed_pnl.push(ClosedPnlRow {
                symbol: execution.symbol.clone(),
                order_id: order.id.clone(),
                side: order.side,
                qty: decimal(order.qty),
                order_price: decimal(order.price),
                order_type: order.order_type,
                exec_type: execution.exec_type,
                closed_size: Decimal::ZERO,
                cum_entry_value: Decimal::ZERO,
                avg_entry_price: Decimal::ZERO,
                cum_exit_value: Decimal::ZERO,
                avg_exit_price: Decimal::ZERO,
                closed_pnl: Decimal::ZERO,
                fill_count: 0,
                leverage: account.positions[order.market].leverage,
                open_fee: Decimal::ZERO,
                close_fee: Decimal::ZERO,
                created_time_ms: self.now_ms,
                updated_time_ms: self.now_ms,
            });
        }
        let row = &mut account.closed_pnl[place];
        let qty = decimal(closed.qty);
        row.closed_size += qty;
        row.cum_entry_value += closed.entry_price * qty;
        row.cum_exit_value += execution.exec_price * qty;
        row.avg_entry_price = (row.cum_entry_value / row.closed_size).round_dp(8).normalize();
        row.avg_exit_price = (row.cum_exit_value / row.closed_size).round_dp(8).normalize();
        row.open_fee += closed.open_fee;
        row.close_fee += closed.close_fee;
        row.closed_pnl += closed.realised - closed.open_fee - closed.close_fee;
        row.fill_count += 1;
        row.updated_time_ms = self.now_ms;
    }
}
