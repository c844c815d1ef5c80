//! The order row of queries and of the `order` topic. Source: Bybit V5, "Get Open & Closed Orders", "Order".

use std::collections::BTreeMap;

use serde::Serialize;
use windvane_venue_core::{Category, OrderRow, ProtectionPrice, TpslMode};

use super::number::{Scales, amount, amount_or_empty};

/// One order, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order<'a> {
    category: &'static str,
    order_id: &'a str,
    order_link_id: &'a str,
    parent_order_link_id: &'a str,
    block_trade_id: &'static str,
    symbol: &'a str,
    side: &'static str,
    price: String,
    qty: String,
    order_status: &'static str,
    cancel_type: &'static str,
    reject_reason: &'static str,
    /// Spot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    create_type: Option<&'static str>,
    avg_price: String,
    leaves_qty: String,
    leaves_value: String,
    cum_exec_qty: String,
    cum_exec_value: String,
    cum_exec_fee: String,
    /// Fee by coin: where today's clients look.
    cum_fee_detail: BTreeMap<&'a str, String>,
    closed_pnl: String,
    fee_currency: &'static str,
    order_type: &'static str,
    time_in_force: &'static str,
    stop_order_type: &'static str,
    order_iv: &'static str,
    market_unit: &'static str,
    slippage_tolerance_type: &'static str,
    slippage_tolerance: String,
    trigger_price: String,
    trigger_by: &'static str,
    trigger_direction: u8,
    take_profit: String,
    stop_loss: String,
    tp_trigger_by: &'static str,
    sl_trigger_by: &'static str,
    tp_limit_price: String,
    sl_limit_price: String,
    /// Spot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    tpsl_mode: Option<&'static str>,
    oco_trigger_by: &'static str,
    reduce_only: bool,
    close_on_trigger: bool,
    position_idx: u8,
    is_leverage: &'static str,
    /// Empty for spot, which has `basePrice` in its place.
    last_price_on_created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_price: Option<String>,
    place_type: &'static str,
    smp_type: &'static str,
    smp_group: u32,
    smp_order_id: &'a str,
    extra_fees: &'static str,
    rpi_taker_access: bool,
    rpi_matched_qty: &'static str,
    created_time: String,
    updated_time: String,
}

impl<'a> Order<'a> {
    pub(crate) fn new(row: &'a OrderRow, scales: Scales) -> Self {
        let protection =
            |price: Option<ProtectionPrice>| price.map(|p| scales.price(p.price)).unwrap_or_default();
        let limit = |price: Option<ProtectionPrice>| {
            price.and_then(|p| p.limit_price).map(|limit| scales.price(limit)).unwrap_or_default()
        };
        let is_spot = row.category == Category::Spot;
        let last_price = row.last_price_on_created.map(|p| scales.price(p)).unwrap_or_default();
        let (last_price_on_created, base_price) =
            if is_spot { (String::new(), Some(last_price)) } else { (last_price, None) };
        let watched = |price: Option<ProtectionPrice>| price.map_or("", |p| p.by.as_str());
        Self {
            category: row.category.as_str(),
            order_id: &row.order_id,
            order_link_id: &row.order_link_id,
            parent_order_link_id: &row.parent_order_link_id,
            block_trade_id: "",
            symbol: &row.symbol,
            side: row.side.as_str(),
            price: scales.price(row.price),
            qty: scales.qty(row.qty),
            order_status: row.order_status.as_str(),
            cancel_type: row.cancel_type.as_str(),
            reject_reason: row.reject_reason.as_str(),
            create_type: (!is_spot).then(|| row.create_type.as_str()),
            avg_price: amount_or_empty(row.avg_price),
            leaves_qty: scales.qty(row.leaves_qty),
            leaves_value: amount(row.leaves_value),
            cum_exec_qty: scales.qty(row.cum_exec_qty),
            cum_exec_value: amount(row.cum_exec_value),
            cum_exec_fee: amount(row.cum_fee_detail.iter().map(|(_, fee)| *fee).sum()),
            cum_fee_detail: row.cum_fee_detail.iter().map(|(coin, fee)| (&**coin, amount(*fee))).collect(),
            closed_pnl: amount(row.closed_pnl),
            fee_currency: "",
            order_type: row.order_type.as_str(),
            time_in_force: row.time_in_force.as_str(),
            stop_order_type: row.stop_order_type.map_or("", |kind| kind.as_str()),
            order_iv: "",
            market_unit: row.market_unit.map_or("", |unit| unit.as_str()),
            slippage_tolerance_type: row.slippage.map_or("UNKNOWN", |slippage| slippage.unit.as_str()),
            slippage_tolerance: row.slippage.map(|slippage| amount(slippage.value)).unwrap_or_default(),
            trigger_price: row.trigger.map(|trigger| scales.price(trigger.price)).unwrap_or_default(),
            trigger_by: row.trigger.map_or("", |trigger| trigger.by.as_str()),
            trigger_direction: row
                .trigger
                .and_then(|trigger| trigger.direction)
                .map_or(0, |direction| direction.as_int()),
            take_profit: protection(row.take_profit),
            stop_loss: protection(row.stop_loss),
            tp_trigger_by: watched(row.take_profit),
            sl_trigger_by: watched(row.stop_loss),
            tp_limit_price: limit(row.take_profit),
            sl_limit_price: limit(row.stop_loss),
            tpsl_mode: (!is_spot).then(|| tpsl_mode(row)),
            oco_trigger_by: row.oco_trigger.map_or("OcoTriggerByUnknown", |trigger| trigger.as_str()),
            reduce_only: row.reduce_only,
            close_on_trigger: row.close_on_trigger,
            position_idx: row.position_idx.as_int(),
            is_leverage: if is_spot { "0" } else { "" },
            last_price_on_created,
            base_price,
            place_type: "",
            smp_type: row.smp_type.as_str(),
            smp_group: row.smp_group,
            smp_order_id: &row.smp_order_id,
            extra_fees: "",
            rpi_taker_access: false,
            rpi_matched_qty: "0",
            created_time: row.created_time_ms.to_string(),
            updated_time: row.updated_time_ms.to_string(),
        }
    }
}

/// The mode of the stops that an order brings; a stop itself shows none in mode Full.
fn tpsl_mode(row: &OrderRow) -> &'static str {
    let brings_stops = row.take_profit.or(row.stop_loss).is_some();
    match row.tpsl_mode {
        Some(mode) if brings_stops || mode == TpslMode::Partial => mode.as_str(),
        Some(_) | None => "",
    }
}
