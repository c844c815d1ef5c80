//! Rows of the venue as facts of the account.

use rust_decimal::Decimal;
use windvane_model::{
    ClientOrderId, Coin, CoinBalance, Execution, ExecutionId, ExecutionKind, Leverage, MarketTime, Money,
    Movement, MovementKind, OrderId, OrderReport, OrderStatus, Origin, PositionIndex, PositionReport,
    PositionStatus, Price, Qty, Rate, Side, StopKind, Symbol, Text, TimeInForce, WalletReport,
};
use windvane_venue_core as venue;

const ROWS: &str = "the venue's rows hold ids and figures of the wire's form";

/// A symbol of the venue's.
pub(crate) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).expect(ROWS)
}

fn order_id(text: &str) -> OrderId {
    OrderId::new(text).expect(ROWS)
}

fn client_order_id(text: &str) -> Option<ClientOrderId> {
    (!text.is_empty()).then(|| ClientOrderId::new(text).expect(ROWS))
}

fn qty(value: Decimal) -> Qty {
    Qty::new(value).expect(ROWS)
}

/// Zero and nothing are both "not applicable".
fn price(value: impl Into<Option<Decimal>>) -> Option<Price> {
    value.into().and_then(|value| Price::new(value).ok())
}

pub(crate) const fn side(side: venue::Side) -> Side {
    match side {
        venue::Side::Buy => Side::Buy,
        venue::Side::Sell => Side::Sell,
    }
}

const fn stop_kind(kind: venue::StopOrderType) -> StopKind {
    match kind {
        venue::StopOrderType::TakeProfit | venue::StopOrderType::PartialTakeProfit => StopKind::TakeProfit,
        venue::StopOrderType::StopLoss | venue::StopOrderType::PartialStopLoss => StopKind::StopLoss,
        venue::StopOrderType::TrailingStop => StopKind::Trailing,
        venue::StopOrderType::Stop
        | venue::StopOrderType::TpslOrder
        | venue::StopOrderType::BidirectionalTpslOrder => StopKind::Conditional,
    }
}

const fn origin(create: venue::CreateType) -> Origin {
    match create {
        venue::CreateType::ByUser | venue::CreateType::ByBbo | venue::CreateType::ByStopOrder => Origin::User,
        venue::CreateType::ByTakeProfit
        | venue::CreateType::ByStopLoss
        | venue::CreateType::ByPartialTakeProfit
        | venue::CreateType::ByPartialStopLoss
        | venue::CreateType::ByTrailingStop => Origin::Protection,
        venue::CreateType::ByLiquidation | venue::CreateType::ByTakeOver | venue::CreateType::ByAdl => {
            Origin::Liquidation
        }
        venue::CreateType::BySettlement => Origin::Venue,
    }
}

const fn status(status: venue::OrderStatus) -> OrderStatus {
    match status {
        venue::OrderStatus::New => OrderStatus::New,
        venue::OrderStatus::PartiallyFilled => OrderStatus::PartiallyFilled,
        venue::OrderStatus::Untriggered => OrderStatus::Untriggered,
        venue::OrderStatus::Triggered => OrderStatus::Triggered,
        venue::OrderStatus::Rejected => OrderStatus::Rejected,
        venue::OrderStatus::Filled => OrderStatus::Filled,
        venue::OrderStatus::Cancelled | venue::OrderStatus::PartiallyFilledCanceled => OrderStatus::Cancelled,
        venue::OrderStatus::Deactivated => OrderStatus::Deactivated,
    }
}

/// An order.
#[must_use]
pub fn order(row: &venue::OrderRow) -> OrderReport {
    OrderReport {
        symbol: symbol(&row.symbol),
        order_id: order_id(&row.order_id),
        client_order_id: client_order_id(&row.order_link_id),
        parent: client_order_id(&row.parent_order_link_id),
        position_index: PositionIndex(row.position_idx.as_int()),
        side: side(row.side),
        is_market: row.order_type == venue::OrderType::Market,
        time_in_force: match row.time_in_force {
            venue::TimeInForce::Gtc => TimeInForce::Gtc,
            venue::TimeInForce::Ioc => TimeInForce::Ioc,
            venue::TimeInForce::Fok => TimeInForce::Fok,
            venue::TimeInForce::PostOnly => TimeInForce::PostOnly,
        },
        price: price(row.price),
        qty: qty(row.qty),
        cumulative_qty: qty(row.cum_exec_qty),
        average_price: price(row.avg_price),
        status: status(row.order_status),
        stop_kind: row.stop_order_type.map(stop_kind),
        trigger_price: price(row.trigger.map(|trigger| trigger.price)),
        reduce_only: row.reduce_only,
        origin: origin(row.create_type),
        reject_reason: match row.reject_reason {
            venue::RejectReason::NoError => Text::EMPTY,
            reason => Text::lossy(reason.as_str()),
        },
        cancel_type: match row.cancel_type {
            venue::CancelType::Unknown => Text::EMPTY,
            cancel => Text::lossy(cancel.as_str()),
        },
        created: MarketTime(row.created_time_ms),
        updated: MarketTime(row.updated_time_ms),
    }
}

/// A fill or a funding payment.
#[must_use]
pub fn execution(row: &venue::ExecutionRow) -> Execution {
    let kind = match row.exec_type {
        venue::ExecutionType::Trade => ExecutionKind::Trade,
        venue::ExecutionType::Funding => ExecutionKind::Funding,
        venue::ExecutionType::BustTrade => ExecutionKind::Liquidation,
        venue::ExecutionType::AdlTrade => ExecutionKind::Adl,
        venue::ExecutionType::Settle => ExecutionKind::Delivery,
        venue::ExecutionType::SessionSettlement => ExecutionKind::Session,
    };
    Execution {
        symbol: symbol(&row.symbol),
        execution_id: ExecutionId::new(&row.exec_id).expect(ROWS),
        order_id: order_id(&row.order_id),
        client_order_id: client_order_id(&row.order_link_id),
        kind,
        side: side(row.side),
        price: price(row.exec_price).expect(ROWS),
        qty: qty(row.exec_qty),
        fee: Money::new(row.exec_fee),
        fee_coin: Coin::new(&row.fee_currency).expect(ROWS),
        is_maker: row.is_maker,
        stop_kind: row.stop_order_type.map(stop_kind),
        origin: match kind {
            ExecutionKind::Funding | ExecutionKind::Session => Origin::Venue,
            ExecutionKind::Liquidation => Origin::Liquidation,
            _ => row.create_type.map_or(Origin::User, origin),
        },
        closed_qty: qty(row.closed_size),
        venue_pnl: Some(Money::new(row.exec_pnl)),
        at: MarketTime(row.exec_time_ms),
        sequence: row.seq,
    }
}

/// A position.
#[must_use]
pub fn position(row: &venue::PositionRow) -> PositionReport {
    PositionReport {
        symbol: symbol(&row.symbol),
        position_index: PositionIndex(row.position_idx.as_int()),
        side: row.side.map(side),
        qty: qty(row.size),
        average_price: price(row.avg_price),
        mark_price: price(row.mark_price),
        leverage: Leverage::new(row.leverage),
        stop_loss: price(row.stop_loss),
        take_profit: price(row.take_profit),
        trailing_distance: price(row.trailing_stop),
        liquidation_price: price(row.liq_price),
        initial_margin: Some(Money::new(row.position_im)),
        maintenance_margin: Some(Money::new(row.position_mm)),
        unrealised_pnl: Some(Money::new(row.unrealised_pnl)),
        adl_rank: 0,
        status: match row.position_status {
            venue::PositionStatus::Normal => PositionStatus::Normal,
            venue::PositionStatus::Liquidation => PositionStatus::Liquidation,
            venue::PositionStatus::Adl => PositionStatus::Adl,
        },
        sequence: row.seq,
        updated: MarketTime(row.updated_time_ms),
    }
}

/// The wallet at `at`.
#[must_use]
pub fn wallet(row: &venue::WalletRow, at: MarketTime) -> WalletReport {
    WalletReport {
        coins: row.coins.iter().map(coin).collect(),
        available_usd: Some(Money::new(row.total_available_balance)),
        initial_margin_usd: Some(Money::new(row.total_initial_margin)),
        maintenance_margin_usd: Some(Money::new(row.total_maintenance_margin)),
        margin_balance_usd: Some(Money::new(row.total_margin_balance)),
        initial_margin_rate: row.account_im_rate.map(Rate::new),
        maintenance_margin_rate: row.account_mm_rate.map(Rate::new),
        at,
    }
}

/// Money that moved; `None` of what executions tell.
#[must_use]
pub fn movement(row: &venue::TransactionRow) -> Option<Movement> {
    let kind = match row.kind {
        venue::TransactionType::Trade
        | venue::TransactionType::Settlement
        | venue::TransactionType::Delivery
        | venue::TransactionType::Liquidation
        | venue::TransactionType::Adl => return None,
        venue::TransactionType::TransferIn
        | venue::TransactionType::TransferOut
        | venue::TransactionType::Bonus => MovementKind::Moved,
    };
    Some(Movement {
        id: Text::lossy(&row.id),
        at: MarketTime(row.transaction_time_ms),
        coin: Coin::new(&row.currency).expect(ROWS),
        change: Money::new(row.change),
        kind,
    })
}

fn coin(row: &venue::CoinRow) -> CoinBalance {
    CoinBalance {
        coin: Coin::new(&row.coin).expect(ROWS),
        wallet_balance: Money::new(row.wallet_balance),
        equity: Some(Money::new(row.equity)),
        order_margin: Some(Money::new(row.total_order_im)),
        position_margin: Some(Money::new(row.total_position_im)),
        maintenance_margin: Some(Money::new(row.total_position_mm)),
        usd_value: Some(Money::new(row.usd_value)),
        borrowed: Some(Money::new(row.borrow_amount)),
        locked: Some(Money::new(row.locked)),
        bonus: None,
    }
}
