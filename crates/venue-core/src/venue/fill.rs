//! One fill: order, position, wallet and records move together.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{
    ClosedPnlRow, CreateType, ExecutionRow, ExecutionType, Fees, OrderStatus, Output, TransactionRow,
    TransactionType,
};
use crate::order::{OrderKey, Place};
use crate::position::{Closed, PositionFill};
use crate::units::decimal;

/// Which side of a match an order was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Maker,
    Taker,
}

impl Role {
    pub(super) fn rate(self, fees: Fees) -> Decimal {
        match self {
            Self::Maker => fees.maker,
            Self::Taker => fees.taker,
        }
    }
}

/// What a fill came to, for its row.
pub(super) struct Booked {
    pub(super) role: Role,
    pub(super) fee_rate: Decimal,
    /// Slot of the fee's coin.
    pub(super) coin: usize,
    pub(super) exec_value: Decimal,
    pub(super) closed: Option<Closed>,
}

impl Venue {
    /// Books a fill of an order; price and quantity in units. The caller has moved the book.
    pub(super) fn fill(&mut self, key: OrderKey, price: i64, qty: i64, role: Role) {
        let (place, side) = (self.orders[key].place(), self.orders[key].side);
        let market = &self.markets[place.market];
        let fill = PositionFill { side, price, qty, fee: Decimal::ZERO, time_ms: self.now_ms, seq: self.seq };
        if market.is_spot() {
            self.fill_spot(key, fill, role);
        } else {
            self.fill_contract(key, fill, role);
        }
        let order = &self.orders[key];
        if order.status == OrderStatus::Filled {
            self.accounts[place.account].resting[place.market].remove(&key);
            self.close_order(key);
        }
    }

    fn fill_contract(&mut self, key: OrderKey, fill: PositionFill, role: Role) {
        let place = self.orders[key].place();
        let (payoff, coin) = (self.markets[place.market].payoff, self.markets[place.market].settle);
        let fee_rate = role.rate(self.accounts[place.account].fees);
        let exec_value = payoff.value_of(fill.price, fill.qty);
        let fill = PositionFill { fee: exec_value * fee_rate, ..fill };
        let closed = self.move_position(place, fill);
        let closed_pnl =
            closed.map_or(Decimal::ZERO, |closed| closed.realised - closed.open_fee - closed.close_fee);
        self.orders[key].closed_pnl += closed_pnl;
        self.fill_order(key, &fill, exec_value, coin);
        let order = &self.orders[key];
        if order.stop_loss.is_some() || order.take_profit.is_some() {
            let opened = fill.qty - closed.map_or(0, |closed| closed.qty);
            self.touched.protected_fills.push((key, opened));
        }

        let execution = self.execution_row(key, &fill, Booked { role, fee_rate, coin, exec_value, closed });
        let row = self.transaction_row(key, &execution);
        let account = &mut self.accounts[place.account];
        account.balances[coin].cum_realised += execution.exec_pnl - fill.fee;
        account.book(coin, row);
        account.executions.push(execution.clone());
        if let Some(closed) = closed {
            self.book_closed_pnl(key, &execution, &closed);
        }
        self.out.push(Output::Execution { uid: self.accounts[place.account].uid, row: execution });
    }

    /// Applies a fill to its position, and to the market's count of them.
    fn move_position(&mut self, place: Place, fill: PositionFill) -> Option<Closed> {
        let market = &mut self.markets[place.market];
        let position = self.accounts[place.account].position_mut(place);
        let long_before = position.size.max(0);
        let closed = position.apply_fill(market.payoff, fill);
        market.open_interest += position.size.max(0) - long_before;
        let holder = (place.account, place.position_idx);
        if position.size == 0 {
            market.holders.remove(&holder);
        } else {
            market.holders.insert(holder);
        }
        self.touched.resized.insert(place);
        self.touched.tickers.insert(place.market);
        closed
    }

    /// Applies a fill to its order.
    pub(super) fn fill_order(
        &mut self,
        key: OrderKey,
        fill: &PositionFill,
        exec_value: Decimal,
        coin: usize,
    ) {
        let order = &mut self.orders[key];
        order.filled += fill.qty;
        order.filled_value += exec_value;
        order.pay(coin, fill.fee);
        order.updated_ms = self.now_ms;
        order.status = if order.leaves() == 0 { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        let place = order.place();
        self.touch(place);
    }

    pub(super) fn execution_row(
        &mut self,
        key: OrderKey,
        fill: &PositionFill,
        booked: Booked,
    ) -> ExecutionRow {
        let exec_id = self.ids.next();
        let order = &self.orders[key];
        let market = &self.markets[order.market];
        ExecutionRow {
            exec_id,
            category: market.spec.category,
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
            fee_currency: self.coins.name(booked.coin).clone(),
            fee_rate: booked.fee_rate,
            exec_price: decimal(fill.price),
            exec_qty: decimal(fill.qty),
            exec_value: booked.exec_value,
            exec_type: match order.create_type {
                CreateType::ByLiquidation | CreateType::ByTakeOver => ExecutionType::BustTrade,
                CreateType::ByAdl => ExecutionType::AdlTrade,
                CreateType::ByUser
                | CreateType::ByStopOrder
                | CreateType::ByTakeProfit
                | CreateType::ByStopLoss
                | CreateType::ByPartialTakeProfit
                | CreateType::ByPartialStopLoss
                | CreateType::ByTrailingStop => ExecutionType::Trade,
            },
            exec_time_ms: self.now_ms,
            is_maker: booked.role == Role::Maker,
            mark_price: market.valuation_price().map_or(Decimal::ZERO, decimal),
            index_price: market.index.map_or(Decimal::ZERO, decimal),
            closed_size: booked.closed.map_or(Decimal::ZERO, |closed| decimal(closed.qty)),
            exec_pnl: booked.closed.map_or(Decimal::ZERO, |closed| closed.realised),
            seq: self.seq,
        }
    }

    fn transaction_row(&mut self, key: OrderKey, execution: &ExecutionRow) -> TransactionRow {
        let order = &self.orders[key];
        TransactionRow {
            id: self.ids.next(),
            category: Some(execution.category),
            currency: execution.fee_currency.clone(),
            symbol: execution.symbol.clone(),
            side: Some(execution.side),
            kind: match execution.exec_type {
                ExecutionType::BustTrade => TransactionType::Liquidation,
                ExecutionType::AdlTrade => TransactionType::Adl,
                ExecutionType::Trade | ExecutionType::Funding => TransactionType::Trade,
            },
            transaction_time_ms: self.now_ms,
            qty: execution.exec_qty,
            size: decimal(self.accounts[order.account].position(order.place()).size),
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
        let payoff = self.markets[order.market].payoff;
        let account = &mut self.accounts[order.account];
        let leverage = account.position(order.place()).leverage;
        let place = *account.closed_pnl_of.entry(key).or_insert(account.closed_pnl.len());
        if place == account.closed_pnl.len() {
            account.closed_pnl.push(ClosedPnlRow {
                category: execution.category,
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
                leverage,
                open_fee: Decimal::ZERO,
                close_fee: Decimal::ZERO,
                created_time_ms: self.now_ms,
                updated_time_ms: self.now_ms,
            });
        }
        let row = &mut account.closed_pnl[place];
        let qty = decimal(closed.qty);
        row.closed_size += qty;
        row.cum_entry_value += payoff.value(closed.entry_price, qty);
        row.cum_exit_value += payoff.value(execution.exec_price, qty);
        row.avg_entry_price = payoff.price_of(row.closed_size, row.cum_entry_value);
        row.avg_exit_price = payoff.price_of(row.closed_size, row.cum_exit_value);
        row.open_fee += closed.open_fee;
        row.close_fee += closed.close_fee;
        row.closed_pnl += closed.realised - closed.open_fee - closed.close_fee;
        row.fill_count += 1;
        row.updated_time_ms = self.now_ms;
    }
}
