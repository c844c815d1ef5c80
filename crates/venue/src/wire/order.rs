//! The order row of queries and of the `order` topic. Source: Bybit V5, "Get Open & Closed Orders", "Order".

use std::collections::BTreeMap;

use serde::Serialize;
use windvane_venue_core::{Category, OrderRow, ProtectionPrice, TpslMode};

use super::narrow::Told;
use super::number::{Figure, Scales, as_text};

/// One order, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    order_id: &'a str,
    order_link_id: &'a str,
    parent_order_link_id: &'a str,
    block_trade_id: &'static str,
    symbol: &'a str,
    side: &'static str,
    price: Figure,
    qty: Figure,
    order_status: &'static str,
    cancel_type: &'static str,
    reject_reason: &'static str,
    /// Spot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    create_type: Option<&'static str>,
    avg_price: Figure,
    leaves_qty: Figure,
    leaves_value: Figure,
    cum_exec_qty: Figure,
    cum_exec_value: Figure,
    cum_exec_fee: Figure,
    /// Fee by coin: where today's clients look.
    cum_fee_detail: BTreeMap<&'a str, Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_pnl: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee_currency: Option<&'static str>,
    order_type: &'static str,
    time_in_force: &'static str,
    stop_order_type: &'static str,
    order_iv: &'static str,
    market_unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slippage_tolerance_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slippage_tolerance: Option<Figure>,
    trigger_price: Figure,
    trigger_by: &'static str,
    trigger_direction: u8,
    take_profit: Figure,
    stop_loss: Figure,
    tp_trigger_by: &'static str,
    sl_trigger_by: &'static str,
    tp_limit_price: Figure,
    sl_limit_price: Figure,
    /// Spot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    tpsl_mode: Option<&'static str>,
    oco_trigger_by: &'static str,
    reduce_only: bool,
    close_on_trigger: bool,
    position_idx: u8,
    is_leverage: &'static str,
    /// Empty for spot, which has `basePrice` in its place.
    last_price_on_created: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_price: Option<Figure>,
    place_type: &'static str,
    smp_type: &'static str,
    smp_group: u32,
    smp_order_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_fees: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpi_taker_access: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpi_matched_qty: Option<&'static str>,
    #[serde(serialize_with = "as_text")]
    created_time: i64,
    #[serde(serialize_with = "as_text")]
    updated_time: i64,
}

impl<'a> Order<'a> {
    pub(crate) fn new(row: &'a OrderRow, scales: Scales, told: Told) -> Self {
        let protection = |price: Option<ProtectionPrice>| scales.price_or_empty(price.map(|p| p.price));
        let limit = |price: Option<ProtectionPrice>| scales.price_or_empty(price.and_then(|p| p.limit_price));
        let is_spot = row.category == Category::Spot;
        let last_price = scales.price_or_empty(row.last_price_on_created);
        let (last_price_on_created, base_price) =
            if is_spot { (Figure::default(), Some(last_price)) } else { (last_price, None) };
        let watched = |price: Option<ProtectionPrice>| price.map_or("", |p| p.by.as_str());
        Self {
            category: told.pushed(row.category.as_str()),
            order_id: &row.order_id,
            order_link_id: &row.order_link_id,
            parent_order_link_id: &row.parent_order_link_id,
            block_trade_id: "",
            symbol: &row.symbol,
            side: row.side.as_str(),
            price: scales.price_figure(row.price),
            qty: scales.qty_figure(row.qty),
            order_status: row.order_status.as_str(),
            cancel_type: row.cancel_type.as_str(),
            reject_reason: row.reject_reason.as_str(),
            create_type: (!is_spot).then(|| row.create_type.as_str()),
            avg_price: Figure::amount_or_empty(row.avg_price),
            leaves_qty: scales.qty_figure(row.leaves_qty),
            leaves_value: Figure::amount(row.leaves_value),
            cum_exec_qty: scales.qty_figure(row.cum_exec_qty),
            cum_exec_value: Figure::amount(row.cum_exec_value),
            cum_exec_fee: Figure::amount(row.cum_fee_detail.iter().map(|(_, fee)| *fee).sum()),
            cum_fee_detail: row
                .cum_fee_detail
                .iter()
                .map(|(coin, fee)| (&**coin, Figure::amount(*fee)))
                .collect(),
            closed_pnl: told.pushed(Figure::amount(row.closed_pnl)),
            fee_currency: told.pushed(""),
            order_type: row.order_type.as_str(),
            time_in_force: row.time_in_force.as_str(),
            stop_order_type: row.stop_order_type.map_or("", |kind| kind.as_str()),
            order_iv: "",
            market_unit: row.market_unit.map_or("", |unit| unit.as_str()),
            slippage_tolerance_type: told
                .not_listed_open(row.slippage.map_or("UNKNOWN", |slippage| slippage.unit.as_str())),
            slippage_tolerance: told
                .not_listed_open(Figure::amount_or_empty(row.slippage.map(|slippage| slippage.value))),
            trigger_price: scales.price_or_empty(row.trigger.map(|trigger| trigger.price)),
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
            extra_fees: told.of_the_past(""),
            rpi_taker_access: told.not_listed_open(false),
            rpi_matched_qty: told.not_listed_open("0"),
            created_time: row.created_time_ms,
            updated_time: row.updated_time_ms,
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
