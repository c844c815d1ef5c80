//! Queries of orders and executions. Source: Bybit V5, "Get Open & Closed Orders", "Get Order History",
//! "Get Trade History".
//!
//! Times and windows are market time. What the exchange forgets after a while (plain cancelled orders after a
//! day) is forgotten here only while market time keeps the pace of the clock: in an accelerated replay a day
//! passes in seconds, and no client could reconcile.

use serde_json::Value;
use windvane_venue_core::{
    Category, ExecutionFilter, ExecutionType, OrderFilter, OrderKind, OrderReference, OrderRow, OrderStatus,
    StopOrderType,
};

use super::page::{DAY_MS, WEEK_MS, listing, page, window};
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::execution::Execution;
use crate::wire::fields::Fields;
use crate::wire::narrow::Told;
use crate::wire::order::Order;
use crate::wire::request::category;

/// Closed orders that `realtime` still knows.
const RECENTLY_CLOSED: usize = 500;

pub(crate) fn realtime(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let Some(category) = category(fields)? else {
        return Ok(listing(fields, Vec::new(), String::new()));
    };
    if asks_for_oco(fields) {
        return Ok(listing(fields, Vec::new(), String::new()));
    }
    let reference =
        OrderReference { order_id: fields.text("orderId"), order_link_id: fields.text("orderLinkId") };
    if reference != OrderReference::default() {
        let found = exchange.core.order(uid, &reference).filter(|row| row.category == category);
        let is_known = |row: &OrderRow| {
            !row.order_status.is_closed()
                || exchange.recalls(row.updated_time_ms)
                    && exchange.core.is_lately_closed(uid, &row.order_id, RECENTLY_CLOSED)
        };
        let found = found.filter(is_known).map(|row| exchange.order_shown(row));
        return orders(exchange, (found.into_iter().collect(), Told::OpenOrders), fields);
    }
    let scope = ["symbol", "baseCoin", "settleCoin"];
    if category == Category::Linear && scope.iter().all(|name| fields.text(name).is_none()) {
        return Err(Refusal::parameter("symbol, settleCoin or baseCoin is required"));
    }
    let symbol = fields.text("symbol");
    let filter = OrderFilter {
        category: Some(category),
        symbol: symbol.as_deref(),
        kind: kind(fields)?,
        ..OrderFilter::default()
    };
    let rows = match fields.integer("openOnly")?.unwrap_or(0) {
        // Of all of the product group so many are kept, whatever is asked for.
        1 => exchange
            .orders_closed(uid, OrderFilter { category: Some(category), ..OrderFilter::default() })
            .take(RECENTLY_CLOSED)
            .filter(|row| symbol.as_deref().is_none_or(|symbol| *row.symbol == *symbol))
            .filter(|row| filter.kind.is_none_or(|kind| kind == ended_as(row)))
            .filter(|row| exchange.recalls(row.updated_time_ms))
            .collect(),
        _ => exchange.orders_open(uid, filter),
    };
    orders(exchange, (in_scope(exchange, rows, fields), Told::OpenOrders), fields)
}

pub(crate) fn order_history(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let Some(category) = category(fields)? else {
        return Ok(listing(fields, Vec::new(), String::new()));
    };
    if asks_for_oco(fields) {
        return Ok(listing(fields, Vec::new(), String::new()));
    }
    let (symbol, order_id, link_id) =
        (fields.text("symbol"), fields.text("orderId"), fields.text("orderLinkId"));
    // An id overrides the symbol and the coins.
    let named = order_id.is_some() || link_id.is_some();
    let filter = OrderFilter {
        category: Some(category),
        symbol: symbol.as_deref().filter(|_| !named),
        order_id: order_id.as_deref(),
        order_link_id: link_id.as_deref(),
        kind: kind(fields)?,
    };
    let now_ms = exchange.now_ms();
    let (start, end) = window(fields, now_ms, WEEK_MS)?;
    let status = fields.text("orderStatus");
    let rows = exchange
        .orders_closed(uid, filter)
        .filter(|row| named || (start..=end).contains(&row.created_time_ms))
        .filter(|row| status.as_deref().is_none_or(|status| row.order_status.as_str() == status))
        .filter(|row| exchange.is_accelerated() || is_remembered(row, now_ms))
        .filter(|row| named || is_in_scope(exchange, (row.category, &row.symbol), fields))
        .collect();
    orders(exchange, (rows, Told::PastOrders), fields)
}

/// Whether the exchange's history still has a closed order: without fills it is gone after a day.
fn is_remembered(row: &OrderRow, now_ms: i64) -> bool {
    let age_ms = now_ms - row.updated_time_ms;
    match row.order_status {
        OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Deactivated => {
            age_ms <= DAY_MS || !row.cum_exec_qty.is_zero()
        }
        OrderStatus::Filled
        | OrderStatus::PartiallyFilledCanceled
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::Untriggered
        | OrderStatus::Triggered => true,
    }
}

pub(crate) fn executions(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let Some(category) = category(fields)? else {
        return Ok(listing(fields, Vec::new(), String::new()));
    };
    let (symbol, order_id, link_id) =
        (fields.text("symbol"), fields.text("orderId"), fields.text("orderLinkId"));
    let named = order_id.is_some() || link_id.is_some();
    let (start, end) = window(fields, exchange.now_ms(), WEEK_MS)?;
    // An id overrides everything that would narrow the list.
    let filter = ExecutionFilter {
        category: Some(category),
        symbol: symbol.as_deref().filter(|_| !named),
        order_id: order_id.as_deref(),
        order_link_id: link_id.as_deref(),
        start_ms: (!named).then_some(start),
        end_ms: (!named).then_some(end),
    };
    let kind = match fields.text("execType").filter(|_| !named) {
        None => None,
        Some(text) => match ExecutionType::parse(&text) {
            Some(kind) => Some(kind),
            // A kind this venue never makes: nothing can match.
            None => return Ok(listing(fields, Vec::new(), String::new())),
        },
    };
    let rows: Vec<_> = exchange
        .core
        .executions(uid, filter)
        .into_iter()
        .filter(|row| {
            named
                || (kind.is_none_or(|kind| row.exec_type == kind)
                    && is_in_scope(exchange, (row.category, &row.symbol), fields))
        })
        .filter(|row| exchange.is_indexed(row.exec_time_ms))
        .collect();
    let (rows, cursor) =
        page(rows, fields, (fields.limit(50, 100)?, exchange.doubts.last_cursor), |row| row.exec_id.clone());
    let rows = rows
        .iter()
        .map(|row| {
            let scales = exchange.scales_of(row.category, &row.symbol)?;
            Ok(to_value(&Execution::new(row, scales, Told::List)))
        })
        .collect::<Result<_, Refusal>>()?;
    Ok(listing(fields, rows, cursor))
}

fn orders(exchange: &Exchange, (mut rows, told): (Vec<OrderRow>, Told), fields: &Fields) -> Answer {
    rows.retain(|row| exchange.is_indexed(row.created_time_ms));
    let (rows, cursor) = page(rows, fields, (fields.limit(20, 50)?, exchange.doubts.last_cursor), |row| {
        row.order_id.to_string()
    });
    let rows = rows
        .iter()
        .map(|row| Ok(to_value(&Order::new(row, exchange.scales_of(row.category, &row.symbol)?, told))))
        .collect::<Result<Vec<Value>, Refusal>>()?;
    let accepted: Accepted = listing(fields, rows, cursor);
    Ok(accepted)
}

fn in_scope(exchange: &Exchange, rows: Vec<OrderRow>, fields: &Fields) -> Vec<OrderRow> {
    rows.into_iter().filter(|row| is_in_scope(exchange, (row.category, &row.symbol), fields)).collect()
}

/// Whether a symbol is settled in, and based on, the coins asked for.
pub(super) fn is_in_scope(
    exchange: &Exchange,
    (category, symbol): (Category, &str),
    fields: &Fields,
) -> bool {
    let mut instruments = exchange.core.instruments();
    let instrument = instruments.find(|i| i.category == category && *i.symbol == *symbol);
    let settle_fits = fields
        .text("settleCoin")
        .is_none_or(|coin| instrument.is_some_and(|i| i.settle_coin() == Some(&coin)));
    let base_fits =
        fields.text("baseCoin").is_none_or(|coin| instrument.is_some_and(|i| i.base_coin == coin));
    settle_fits && base_fits
}

/// Whether only orders are asked for that nobody can place by API, there as here. Source: Bybit help centre,
/// "One-Cancels-the-Other (OCO) Orders".
fn asks_for_oco(fields: &Fields) -> bool {
    fields.text("orderFilter").as_deref() == Some("OcoOrder")
}

/// What a closed order is listed as.
fn ended_as(row: &OrderRow) -> OrderKind {
    match row.stop_order_type {
        None => OrderKind::Order,
        Some(StopOrderType::TpslOrder) => OrderKind::TpslOrder,
        Some(StopOrderType::BidirectionalTpslOrder) => OrderKind::BidirectionalTpslOrder,
        Some(
            StopOrderType::TakeProfit
            | StopOrderType::StopLoss
            | StopOrderType::TrailingStop
            | StopOrderType::PartialTakeProfit
            | StopOrderType::PartialStopLoss
            | StopOrderType::Stop,
        ) => OrderKind::StopOrder,
    }
}

fn kind(fields: &Fields) -> Result<Option<OrderKind>, Refusal> {
    match fields.text("orderFilter").as_deref() {
        None => Ok(None),
        Some("tpslOrder") if category(fields)? != Some(Category::Spot) => Ok(Some(OrderKind::StopOrder)),
        Some(text) => {
            OrderKind::parse(text).map(Some).ok_or_else(|| Refusal::parameter("orderFilter is invalid"))
        }
    }
}

/// A row as JSON.
pub(crate) fn to_value(row: &impl serde::Serialize) -> Value {
    serde_json::to_value(row).expect("a row of text and numbers encodes")
}
