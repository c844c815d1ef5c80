//! The rows of an account's history, made from what is kept of it.

use super::Venue;
use crate::account::Account;
use crate::api::{
    Category, ClosedPnlRow, ExecutionRow, ExecutionType, OrderId, OrderType, SessionRow, Side,
    TransactionRow, TransactionType,
};
use crate::ids::IdKind;
use crate::order::OrderKey;
use crate::record::{ClosedPnl, Execution, Session, Transaction};
use crate::units::decimal;

impl Venue {
    /// The text of an order's id: a UUID for contracts, a long number for spot. Source: Bybit V5, "Place Order".
    pub(super) fn order_id(&self, key: OrderKey) -> OrderId {
        if self.newest_id.0 == key {
            return self.newest_id.1.clone();
        }
        if self.markets[self.orders[key].market].is_spot() {
            self.ids.spot(key.number())
        } else {
            self.ids.shared(IdKind::Order, key.number())
        }
    }

    /// The order with an id, if there is one.
    pub(super) fn order_with_id(&self, id: &str) -> Option<OrderKey> {
        let of_spot = self.ids.spot_number(id);
        let key = self.orders.numbered(of_spot.or_else(|| self.ids.number(IdKind::Order, id))?)?;
        (self.markets[self.orders[key].market].is_spot() == of_spot.is_some()).then_some(key)
    }

    pub(super) fn execution_row(&self, execution: &Execution) -> ExecutionRow {
        let market = &self.markets[execution.market];
        let order = execution.order.map(|key| &self.orders[key]);
        ExecutionRow {
            exec_id: self.ids.text(IdKind::Execution, execution.number),
            category: market.spec.category,
            symbol: market.symbol().clone(),
            order_id: match execution.order {
                Some(key) => self.order_id(key),
                None => self.ids.shared(IdKind::Settlement, execution.number),
            },
            order_link_id: order.map_or_else(|| self.no_name.clone(), |order| order.link_id.clone()),
            side: execution.side,
            order_price: decimal(execution.order_price),
            order_qty: decimal(execution.order_qty),
            leaves_qty: decimal(execution.leaves),
            create_type: order.map(|order| order.create_type),
            order_type: order.map_or(OrderType::Unknown, |order| order.order_type),
            stop_order_type: order.and_then(|order| order.stop_order_type),
            exec_fee: execution.fee,
            fee_currency: self.coins.name(execution.coin).clone(),
            fee_rate: execution.fee_rate,
            exec_price: decimal(execution.price),
            exec_qty: decimal(execution.qty),
            exec_value: execution.value,
            exec_type: execution.kind,
            exec_time_ms: execution.time_ms,
            is_maker: execution.is_maker,
            mark_price: decimal(execution.mark),
            index_price: decimal(execution.index),
            closed_size: decimal(execution.closed),
            exec_pnl: execution.realised,
            seq: execution.seq,
        }
    }

    pub(super) fn transaction_row(&self, account: &Account, entry: &Transaction) -> TransactionRow {
        let blank = TransactionRow {
            id: self.ids.text(IdKind::Transaction, entry.number),
            category: None,
            currency: self.coins.name(entry.coin).clone(),
            symbol: self.no_name.clone(),
            side: None,
            kind: entry.kind,
            transaction_time_ms: entry.time_ms,
            qty: decimal(0),
            size: decimal(entry.size),
            trade_price: decimal(0),
            funding: entry.funding,
            fee: entry.fee,
            fee_rate: decimal(0),
            cash_flow: entry.cash_flow,
            change: entry.change(),
            cash_balance: entry.balance,
            trade_id: String::new(),
            order_id: self.no_name.clone(),
            order_link_id: self.no_name.clone(),
        };
        let Some(execution) = entry.execution.and_then(|index| account.executions.get(index)) else {
            return blank;
        };
        let row = self.execution_row(execution);
        // A spot trade moves two coins, and its fee is that of one of them.
        let is_spot = row.category == Category::Spot;
        TransactionRow {
            category: Some(row.category),
            symbol: row.symbol,
            side: Some(row.side),
            qty: if is_spot { entry.cash_flow.abs() } else { row.exec_qty },
            trade_price: row.exec_price,
            // Of funding the rate that this side has paid. Source: Bybit V5, "Get Transaction Log" (`feeRate`).
            fee_rate: match (entry.kind, row.side) {
                (TransactionType::Settlement, Side::Sell) => -row.fee_rate,
                _ if is_spot && entry.fee.is_zero() => decimal(0),
                _ => row.fee_rate,
            },
            trade_id: row.exec_id,
            order_id: row.order_id,
            order_link_id: row.order_link_id,
            ..blank
        }
    }

    pub(super) fn closed_pnl_row(&self, closed: &ClosedPnl) -> ClosedPnlRow {
        let order = &self.orders[closed.order];
        let market = &self.markets[order.market];
        let size = decimal(closed.closed);
        ClosedPnlRow {
            category: market.spec.category,
            symbol: market.symbol().clone(),
            order_id: self.order_id(closed.order),
            side: order.side,
            qty: decimal(closed.order_qty),
            order_price: decimal(closed.order_price),
            order_type: order.order_type,
            exec_type: closed.kind,
            closed_size: size,
            cum_entry_value: closed.entry_value,
            avg_entry_price: market.payoff.price_of(size, closed.entry_value),
            cum_exit_value: closed.exit_value,
            avg_exit_price: market.payoff.price_of(size, closed.exit_value),
            closed_pnl: closed.profit,
            fill_count: closed.fills,
            leverage: closed.leverage,
            open_fee: closed.open_fee,
            close_fee: closed.close_fee,
            created_time_ms: closed.created_ms,
            updated_time_ms: closed.updated_ms,
        }
    }

    pub(super) fn session_row(&self, session: &Session) -> SessionRow {
        let market = &self.markets[session.market];
        SessionRow {
            id: self.ids.text(IdKind::Settlement, session.number),
            category: market.spec.category,
            symbol: market.symbol().clone(),
            side: if session.size < 0 { Side::Sell } else { Side::Buy },
            size: decimal(session.size.abs()),
            price_before: session.price_before,
            mark_price: decimal(session.mark),
            realised_pnl: session.profit,
            created_time_ms: session.time_ms,
        }
    }

    /// A session's row of closed profit: as if the position had been closed at the mark, free of charge.
    pub(super) fn session_closed_pnl_row(&self, session: &Session) -> ClosedPnlRow {
        let row = self.session_row(session);
        let payoff = self.markets[session.market].payoff;
        ClosedPnlRow {
            category: row.category,
            symbol: row.symbol,
            order_id: self.ids.shared(IdKind::Settlement, session.number),
            side: row.side.opposite(),
            qty: row.size,
            order_price: row.mark_price,
            order_type: OrderType::Unknown,
            exec_type: ExecutionType::SessionSettlement,
            closed_size: row.size,
            cum_entry_value: payoff.value(row.price_before, row.size),
            avg_entry_price: row.price_before,
            cum_exit_value: payoff.value(row.mark_price, row.size),
            avg_exit_price: row.mark_price,
            closed_pnl: session.profit,
            fill_count: 1,
            leverage: session.leverage,
            open_fee: decimal(0),
            close_fee: decimal(0),
            created_time_ms: session.time_ms,
            updated_time_ms: session.time_ms,
        }
    }
}
