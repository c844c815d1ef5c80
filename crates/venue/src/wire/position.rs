//! The position row of `position/list` and of the `position` topic, the closed-PnL row and that of a settled session.
//! Source: Bybit V5, "Get Position Info", "Position", "Get Closed PnL", "Get USDC Session Settlement".

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use windvane_venue_core::{ClosedPnlRow, PositionRow, SessionRow, Side};

use super::number::{Scales, amount, amount_or_empty};
use crate::config::{SettlementRecordPrice, SettlementRecordSize, UntradedSeq};

/// Where a position row goes: the average entry price has two names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    /// `avgPrice`.
    Query,
    /// `entryPrice`.
    Topic,
}

/// One position, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position<'a> {
    category: &'static str,
    position_idx: u8,
    trade_mode: u8,
    risk_id: u32,
    risk_limit_value: String,
    symbol: &'a str,
    side: &'static str,
    size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_price: Option<String>,
    position_value: String,
    position_balance: String,
    auto_add_margin: u8,
    position_status: &'static str,
    leverage: String,
    break_even_price: String,
    mark_price: String,
    liq_price: String,
    bust_price: &'static str,
    #[serde(rename = "positionIM")]
    position_im: String,
    #[serde(rename = "positionIMByMp")]
    position_im_by_mp: String,
    #[serde(rename = "positionMM")]
    position_mm: String,
    #[serde(rename = "positionMMByMp")]
    position_mm_by_mp: String,
    take_profit: String,
    stop_loss: String,
    trailing_stop: String,
    session_avg_price: String,
    unrealised_pnl: String,
    cur_realised_pnl: String,
    cum_realised_pnl: String,
    tpsl_mode: &'static str,
    adl_rank_indicator: u8,
    is_reduce_only: bool,
    mmr_sys_updated_time: &'static str,
    leverage_sys_updated_time: &'static str,
    created_time: String,
    updated_time: String,
    open_time: i64,
    seq: Value,
}

impl<'a> Position<'a> {
    pub(crate) fn new(
        row: &'a PositionRow,
        scales: Scales,
        (destination, untraded_seq): (Destination, UntradedSeq),
    ) -> Self {
        let average = |price: Decimal| if price.is_zero() { "0".to_owned() } else { scales.price(price) };
        let entry = average(row.avg_price);
        let (avg_price, entry_price) = match destination {
            Destination::Query => (Some(entry), None),
            Destination::Topic => (None, Some(entry)),
        };
        let (initial, maintenance) = (amount(row.position_im), amount(row.position_mm));
        Self {
            category: row.category.as_str(),
            position_idx: row.position_idx.as_int(),
            trade_mode: 0,
            risk_id: row.risk_id,
            risk_limit_value: amount(row.risk_limit_value),
            symbol: &row.symbol,
            side: row.side.map_or("", |side| side.as_str()),
            size: scales.qty(row.size),
            avg_price,
            entry_price,
            position_value: amount(row.position_value),
            position_balance: "0".to_owned(),
            auto_add_margin: u8::from(row.auto_add_margin),
            position_status: row.position_status.as_str(),
            leverage: amount(row.leverage),
            break_even_price: amount_or_empty(row.break_even_price.map(|price| price.round_dp(8))),
            mark_price: scales.price(row.mark_price),
            liq_price: row.liq_price.map(|price| scales.price(price)).unwrap_or_default(),
            bust_price: "",
            position_im_by_mp: initial.clone(),
            position_im: initial,
            position_mm_by_mp: maintenance.clone(),
            position_mm: maintenance,
            take_profit: scales.price(row.take_profit),
            stop_loss: scales.price(row.stop_loss),
            trailing_stop: scales.price(row.trailing_stop),
            session_avg_price: row.session_avg_price.map(average).unwrap_or_default(),
            unrealised_pnl: amount(row.unrealised_pnl),
            cur_realised_pnl: amount(row.cur_realised_pnl),
            cum_realised_pnl: amount(row.cum_realised_pnl),
            tpsl_mode: "Full",
            adl_rank_indicator: row.adl_rank,
            is_reduce_only: false,
            mmr_sys_updated_time: "",
            leverage_sys_updated_time: "",
            created_time: row.created_time_ms.to_string(),
            updated_time: row.updated_time_ms.to_string(),
            open_time: row.open_time_ms,
            seq: match untraded_seq {
                UntradedSeq::Text if row.seq < 0 => row.seq.to_string().into(),
                UntradedSeq::Number | UntradedSeq::Text => row.seq.into(),
            },
        }
    }
}

/// What one closing order brought, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClosedPnl<'a> {
    symbol: &'a str,
    order_id: &'a str,
    side: &'static str,
    qty: String,
    order_price: String,
    order_type: &'static str,
    exec_type: &'static str,
    closed_size: String,
    cum_entry_value: String,
    avg_entry_price: String,
    cum_exit_value: String,
    avg_exit_price: String,
    closed_pnl: String,
    fill_count: String,
    leverage: String,
    open_fee: String,
    close_fee: String,
    created_time: String,
    updated_time: String,
}

impl<'a> ClosedPnl<'a> {
    pub(crate) fn new(row: &'a ClosedPnlRow, scales: Scales) -> Self {
        Self {
            symbol: &row.symbol,
            order_id: &row.order_id,
            side: row.side.as_str(),
            qty: scales.qty(row.qty),
            order_price: scales.price(row.order_price),
            order_type: row.order_type.as_str(),
            exec_type: row.exec_type.as_str(),
            closed_size: scales.qty(row.closed_size),
            cum_entry_value: amount(row.cum_entry_value),
            avg_entry_price: amount(row.avg_entry_price),
            cum_exit_value: amount(row.cum_exit_value),
            avg_exit_price: amount(row.avg_exit_price),
            closed_pnl: amount(row.closed_pnl),
            fill_count: row.fill_count.to_string(),
            leverage: amount(row.leverage),
            open_fee: amount(row.open_fee),
            close_fee: amount(row.close_fee),
            created_time: row.created_time_ms.to_string(),
            updated_time: row.updated_time_ms.to_string(),
        }
    }
}

/// A settled session of a position, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementRecord<'a> {
    symbol: &'a str,
    side: &'static str,
    size: String,
    session_avg_price: String,
    mark_price: String,
    realised_pnl: String,
    created_time: String,
}

impl<'a> SettlementRecord<'a> {
    pub(crate) fn new(
        row: &'a SessionRow,
        scales: Scales,
        (price, size): (SettlementRecordPrice, SettlementRecordSize),
    ) -> Self {
        let is_negative = size == SettlementRecordSize::Signed && row.side == Side::Sell;
        Self {
            symbol: &row.symbol,
            side: row.side.as_str(),
            size: format!("{}{}", if is_negative { "-" } else { "" }, scales.qty(row.size)),
            session_avg_price: scales.price(match price {
                SettlementRecordPrice::Settled => row.mark_price,
                SettlementRecordPrice::Before => row.price_before,
            }),
            mark_price: scales.price(row.mark_price),
            realised_pnl: amount(row.realised_pnl),
            created_time: row.created_time_ms.to_string(),
        }
    }
}
