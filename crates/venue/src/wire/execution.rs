//! The execution row of queries and of the `execution` topic. Source: Bybit V5, "Get Trade History", "Execution".

use serde::Serialize;
use windvane_venue_core::{Category, ExecutionRow};

use super::narrow::Told;
use super::number::{Figure, Scales, as_text};

/// One fill or funding settlement, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    symbol: &'a str,
    order_id: &'a str,
    order_link_id: &'a str,
    side: &'static str,
    order_price: Figure,
    order_qty: Figure,
    leaves_qty: Figure,
    /// Spot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    create_type: Option<&'static str>,
    order_type: &'static str,
    stop_order_type: &'static str,
    exec_fee: Figure,
    exec_id: &'a str,
    exec_price: Figure,
    exec_qty: Figure,
    exec_type: &'static str,
    exec_value: Figure,
    #[serde(serialize_with = "as_text")]
    exec_time: i64,
    fee_currency: &'a str,
    is_maker: bool,
    fee_rate: Figure,
    trade_iv: &'static str,
    mark_iv: &'static str,
    mark_price: Figure,
    index_price: Figure,
    underlying_price: &'static str,
    block_trade_id: &'static str,
    closed_size: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    exec_pnl: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_leverage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    market_unit: Option<&'static str>,
    extra_fees: &'static str,
    seq: i64,
}

impl<'a> Execution<'a> {
    pub(crate) fn new(row: &'a ExecutionRow, scales: Scales, told: Told) -> Self {
        Self {
            category: told.pushed(row.category.as_str()),
            symbol: &row.symbol,
            order_id: &row.order_id,
            order_link_id: &row.order_link_id,
            side: row.side.as_str(),
            order_price: scales.price_figure(row.order_price),
            order_qty: scales.qty_figure(row.order_qty),
            leaves_qty: scales.qty_figure(row.leaves_qty),
            create_type: (row.category != Category::Spot)
                .then(|| row.create_type.map_or("", |made_by| made_by.as_str())),
            order_type: row.order_type.as_str(),
            stop_order_type: row.stop_order_type.map_or("UNKNOWN", |kind| kind.as_str()),
            exec_fee: Figure::amount(row.exec_fee),
            exec_id: &row.exec_id,
            exec_price: scales.price_figure(row.exec_price),
            exec_qty: scales.qty_figure(row.exec_qty),
            exec_type: row.exec_type.as_str(),
            exec_value: Figure::amount(row.exec_value),
            exec_time: row.exec_time_ms,
            fee_currency: &row.fee_currency,
            is_maker: row.is_maker,
            fee_rate: Figure::amount(row.fee_rate),
            trade_iv: "",
            mark_iv: "",
            mark_price: scales.price_figure(row.mark_price),
            index_price: scales.price_figure(row.index_price),
            underlying_price: "",
            block_trade_id: "",
            closed_size: scales.qty_figure(row.closed_size),
            exec_pnl: told.pushed(Figure::amount(row.exec_pnl)),
            is_leverage: told.pushed("0"),
            market_unit: told.pushed(""),
            extra_fees: "",
            seq: row.seq,
        }
    }
}
