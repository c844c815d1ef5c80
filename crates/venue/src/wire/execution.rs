//! The execution row of queries and of the `execution` topic. Source: Bybit V5, "Get Trade History", "Execution".

use serde::Serialize;
use windvane_venue_core::{Category, ExecutionRow};

use super::number::{Scales, amount};

/// One fill or funding settlement, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution<'a> {
    category: &'static str,
    symbol: &'a str,
    order_id: &'a str,
    order_link_id: &'a str,
    side: &'static str,
    order_price: String,
    order_qty: String,
    leaves_qty: String,
    /// Spot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    create_type: Option<&'static str>,
    order_type: &'static str,
    stop_order_type: &'static str,
    exec_fee: String,
    exec_id: &'a str,
    exec_price: String,
    exec_qty: String,
    exec_type: &'static str,
    exec_value: String,
    exec_time: String,
    fee_currency: &'a str,
    is_maker: bool,
    fee_rate: String,
    trade_iv: &'static str,
    mark_iv: &'static str,
    mark_price: String,
    index_price: String,
    underlying_price: &'static str,
    block_trade_id: &'static str,
    closed_size: String,
    exec_pnl: String,
    is_leverage: &'static str,
    market_unit: &'static str,
    extra_fees: &'static str,
    seq: i64,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(row: &'a ExecutionRow, scales: Scales) -> Self {
        Self {
            category: row.category.as_str(),
            symbol: &row.symbol,
            order_id: &row.order_id,
            order_link_id: &row.order_link_id,
            side: row.side.as_str(),
            order_price: scales.price(row.order_price),
            order_qty: scales.qty(row.order_qty),
            leaves_qty: scales.qty(row.leaves_qty),
            create_type: (row.category != Category::Spot)
                .then(|| row.create_type.map_or("", |made_by| made_by.as_str())),
            order_type: row.order_type.as_str(),
            stop_order_type: row.stop_order_type.map_or("UNKNOWN", |kind| kind.as_str()),
            exec_fee: amount(row.exec_fee),
            exec_id: &row.exec_id,
            exec_price: scales.price(row.exec_price),
            exec_qty: scales.qty(row.exec_qty),
            exec_type: row.exec_type.as_str(),
            exec_value: amount(row.exec_value),
            exec_time: row.exec_time_ms.to_string(),
            fee_currency: &row.fee_currency,
            is_maker: row.is_maker,
            fee_rate: amount(row.fee_rate),
            trade_iv: "",
            mark_iv: "",
            mark_price: scales.price(row.mark_price),
            index_price: scales.price(row.index_price),
            underlying_price: "",
            block_trade_id: "",
            closed_size: scales.qty(row.closed_size),
            exec_pnl: amount(row.exec_pnl),
            is_leverage: "0",
            market_unit: "",
            extra_fees: "",
            seq: row.seq,
        }
    }
}
