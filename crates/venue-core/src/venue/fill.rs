//! One fill: order, position, wallet and records move together.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{CreateType, ExecutionType, Fees, OrderStatus, Output, SessionClosedPnl, TransactionType};
use crate::order::{OrderKey, Place};
use crate::payoff::Payoff;
use crate::position::{Closed, PositionFill};
use crate::record::{ClosedPnl, Execution, Transaction};
use crate::units::decimal;

/// Which side of a match an order was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Maker,
    Taker,
    /// Neither: the exchange settles the position, free of charge.
    Settled,
}

impl Role {
    pub(super) fn rate(self, fees: Fees) -> Decimal {
        match self {
            Self::Maker => fees.maker,
            Self::Taker => fees.taker,
            Self::Settled => Decimal::ZERO,
        }
    }
}

/// What a fill came to.
pub(super) struct Booked {
    pub(super) role: Role,
    pub(super) fee_rate: Decimal,
    /// Slot of the fee's coin.
    pub(super) coin: usize,
    pub(super) exec_value: Decimal,
    pub(super) closed: Option<Closed>,
}

/// What an execution moved of one coin, as a transaction has it.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) coin: usize,
    /// Position after, in units.
    pub(super) size: i64,
    pub(super) cash_flow: Decimal,
    pub(super) funding: Decimal,
    pub(super) fee: Decimal,
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
        let (order, payoff) = (&self.orders[key], self.markets[place.market].payoff);
        let desk = &mut self.accounts[place.account].desks[place.market];
        if order.status == OrderStatus::Filled {
            desk.unrest(payoff, key, order);
            self.close_order(key);
        } else if role == Role::Maker {
            desk.resize(payoff, key, order);
        }
    }

    fn fill_contract(&mut self, key: OrderKey, fill: PositionFill, role: Role) {
        let place = self.orders[key].place();
        let (payoff, coin) = (self.markets[place.market].payoff, self.markets[place.market].settle);
        let fee_rate = role.rate(self.accounts[place.account].fees);
        let exec_value = payoff.value_of(fill.price, fill.qty);
        let fill = PositionFill { fee: exec_value * fee_rate, ..fill };
        let closed = self.move_position(place, fill);
        let shown = closed.map(|closed| self.shown(closed, payoff, &fill));
        let closed_pnl =
            shown.map_or(Decimal::ZERO, |shown| shown.realised - shown.open_fee - shown.close_fee);
        self.orders[key].closed_pnl += closed_pnl;
        self.fill_order(key, &fill, exec_value, coin);
        if self.orders[key].brings_stops() {
            let opened = fill.qty - closed.map_or(0, |closed| closed.qty);
            self.touched.protected_fills.push((key, opened));
        }

        let execution = self.execution(key, &fill, Booked { role, fee_rate, coin, exec_value, closed });
        let size = self.accounts[place.account].position(place).size;
        self.accounts[place.account].balances[coin].cum_realised += execution.realised - fill.fee;
        self.keep(place.account, execution);
        self.book_execution(
            place.account,
            Entry { coin, size, cash_flow: execution.realised, funding: Decimal::ZERO, fee: fill.fee },
        );
        if let Some(shown) = shown {
            self.book_closed_pnl(key, &execution, &shown);
        }
        self.tell_execution(place.account, &execution);
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
        let is_only_price = order.filled == 0 || order.fill_price == Some(fill.price);
        order.fill_price = is_only_price.then_some(fill.price);
        order.filled += fill.qty;
        order.filled_value += exec_value;
        order.pay(coin, fill.fee);
        order.updated_ms = self.now_ms;
        order.status = if order.leaves() == 0 { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        let place = order.place();
        self.touch(place);
    }

    /// The record of a fill that has been applied to its order.
    pub(super) fn execution(&mut self, key: OrderKey, fill: &PositionFill, booked: Booked) -> Execution {
        self.executions += 1;
        let order = &self.orders[key];
        let market = &self.markets[order.market];
        Execution {
            number: self.executions,
            order: Some(key),
            market: order.market,
            side: order.side,
            kind: match order.create_type {
                CreateType::ByLiquidation | CreateType::ByTakeOver => ExecutionType::BustTrade,
                CreateType::ByAdl => ExecutionType::AdlTrade,
                CreateType::BySettlement => ExecutionType::Settle,
                CreateType::ByUser
                | CreateType::ByBbo
                | CreateType::ByStopOrder
                | CreateType::ByTakeProfit
                | CreateType::ByStopLoss
                | CreateType::ByPartialTakeProfit
                | CreateType::ByPartialStopLoss
                | CreateType::ByTrailingStop => ExecutionType::Trade,
            },
            order_price: order.price,
            order_qty: order.qty,
            leaves: order.leaves(),
            price: fill.price,
            qty: fill.qty,
            value: booked.exec_value,
            coin: booked.coin,
            fee: fill.fee,
            fee_rate: booked.fee_rate,
            is_maker: booked.role == Role::Maker,
            mark: market.valuation_price().unwrap_or(0),
            index: market.index.unwrap_or(0),
            closed: booked.closed.map_or(0, |closed| closed.qty),
            realised: booked.closed.map_or(Decimal::ZERO, |closed| closed.realised),
            time_ms: self.now_ms,
            seq: self.seq,
        }
    }

    pub(super) fn keep(&mut self, account: usize, execution: Execution) {
        self.accounts[account].executions.push(execution);
    }

    /// Books what the newest execution of an account moved of one coin.
    pub(super) fn book_execution(&mut self, account: usize, entry: Entry) {
        let Some(newest) = self.accounts[account].executions.last() else { return };
        let kind = match newest.kind {
            ExecutionType::BustTrade => TransactionType::Liquidation,
            ExecutionType::AdlTrade => TransactionType::Adl,
            ExecutionType::Settle => TransactionType::Delivery,
            ExecutionType::Trade => TransactionType::Trade,
            ExecutionType::Funding | ExecutionType::SessionSettlement => TransactionType::Settlement,
        };
        self.transactions += 1;
        let entry = Transaction {
            number: self.transactions,
            kind,
            coin: entry.coin,
            execution: self.accounts[account].executions.len().checked_sub(1),
            size: entry.size,
            cash_flow: entry.cash_flow,
            funding: entry.funding,
            fee: entry.fee,
            balance: Decimal::ZERO,
            time_ms: self.now_ms,
        };
        self.change_balance(account, entry);
    }

    pub(super) fn tell_execution(&mut self, account: usize, execution: &Execution) {
        if self.accounts[account].audience.executions {
            let row = self.execution_row(execution);
            self.out.push(Output::Execution { uid: self.accounts[account].uid, row });
        }
    }

    /// What was closed, as the queries of closed profit show it: what sessions brought before is in their own rows, or in
    /// this one.
    fn shown(&self, closed: Closed, payoff: Payoff, fill: &PositionFill) -> Closed {
        match self.doubts.session_closed_pnl {
            SessionClosedPnl::AtClose if closed.session_price != closed.entry_price => {
                let size = decimal(-fill.side.sign() * closed.qty);
                Closed {
                    session_price: closed.entry_price,
                    realised: payoff.profit(size, closed.entry_price, decimal(fill.price)),
                    ..closed
                }
            }
            SessionClosedPnl::Row | SessionClosedPnl::AtClose => closed,
        }
    }

    /// Adds a closing fill to the record of its order.
    fn book_closed_pnl(&mut self, key: OrderKey, execution: &Execution, closed: &Closed) {
        let order = &mut self.orders[key];
        let payoff = self.markets[order.market].payoff;
        let account = &mut self.accounts[order.account];
        let leverage = account.position(order.place()).leverage;
        let index = *order.closed_record.get_or_insert(account.closed_pnl.len());
        if index == account.closed_pnl.len() {
            account.closed_pnl.push(ClosedPnl {
                order: key,
                kind: execution.kind,
                order_price: order.price,
                order_qty: order.qty,
                leverage,
                closed: 0,
                entry_value: Decimal::ZERO,
                exit_value: Decimal::ZERO,
                profit: Decimal::ZERO,
                open_fee: Decimal::ZERO,
                close_fee: Decimal::ZERO,
                fills: 0,
                created_ms: self.now_ms,
                updated_ms: self.now_ms,
            });
        }
        let record = &mut account.closed_pnl[index];
        let qty = decimal(closed.qty);
        record.closed += closed.qty;
        record.entry_value += payoff.value(closed.session_price, qty);
        record.exit_value += payoff.value(decimal(execution.price), qty);
        record.open_fee += closed.open_fee;
        record.close_fee += closed.close_fee;
        record.profit += closed.realised - closed.open_fee - closed.close_fee;
        record.fills += 1;
        record.updated_ms = self.now_ms;
    }
}
