//! The position row of `position/list` and of the `position` topic, the closed-PnL row and that of a settled session.
//! Source: Bybit V5, "Get Position Info", "Position", "Get Closed PnL", "Get USDC Session Settlement".

use rust_decimal::Decimal;
use serde::Serialize;
use windvane_venue_core::{ClosedPnlRow, MarginMode, PositionRow, SessionRow, Side};

use super::narrow::Told;
use super::number::{Figure, Scales, amount, as_text};
use crate::config::{
    CrossLiquidationPrice, DoubtsConfig, SettlementRecordPrice, SettlementRecordSize, UntradedSeq,
};

/// One position, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Position<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    position_idx: u8,
    trade_mode: u8,
    risk_id: u32,
    risk_limit_value: Figure,
    symbol: &'a str,
    side: &'static str,
    size: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_price: Option<Figure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_price: Option<Figure>,
    position_value: Figure,
    position_balance: Figure,
    auto_add_margin: u8,
    position_status: &'static str,
    leverage: Figure,
    break_even_price: Figure,
    mark_price: Figure,
    liq_price: Figure,
    bust_price: &'static str,
    #[serde(rename = "positionIM")]
    position_im: Figure,
    #[serde(rename = "positionIMByMp")]
    position_im_by_mp: Figure,
    #[serde(rename = "positionMM")]
    position_mm: Figure,
    #[serde(rename = "positionMMByMp")]
    position_mm_by_mp: Figure,
    take_profit: Figure,
    stop_loss: Figure,
    trailing_stop: Figure,
    session_avg_price: Figure,
    unrealised_pnl: Figure,
    cur_realised_pnl: Figure,
    cum_realised_pnl: Figure,
    tpsl_mode: &'static str,
    adl_rank_indicator: u8,
    is_reduce_only: bool,
    mmr_sys_updated_time: &'static str,
    leverage_sys_updated_time: &'static str,
    #[serde(serialize_with = "as_text")]
    created_time: i64,
    #[serde(serialize_with = "as_text")]
    updated_time: i64,
    open_time: i64,
    seq: Seq,
}

/// A number, or the same as text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Seq {
    Number(i64),
    Text(#[serde(serialize_with = "as_text")] i64),
}

impl<'a> Position<'a> {
    /// `mode` is the account's: what a position in cross margin has for a liquidation price is in doubt. The average entry
    /// price has two names: `avgPrice` in lists, `entryPrice` in the topic.
    pub(crate) fn new(
        row: &'a PositionRow,
        scales: Scales,
        told: Told,
        (mode, doubts): (Option<MarginMode>, &DoubtsConfig),
    ) -> Self {
        let average = |price: Decimal| match price.is_zero() {
            true => Figure::amount(price),
            false => scales.price_figure(price),
        };
        let entry = average(row.avg_price);
        let (avg_price, entry_price) = match told {
            Told::Topic => (None, Some(entry)),
            _ => (Some(entry), None),
        };
        let hides_liquidation =
            mode == Some(MarginMode::Cross) && doubts.cross_liquidation_price == CrossLiquidationPrice::Empty;
        let (initial, maintenance) = (Figure::amount(row.position_im), Figure::amount(row.position_mm));
        Self {
            category: told.pushed(row.category.as_str()),
            position_idx: row.position_idx.as_int(),
            trade_mode: 0,
            risk_id: row.risk_id,
            risk_limit_value: Figure::amount(row.risk_limit_value),
            symbol: &row.symbol,
            side: row.side.map_or("", |side| side.as_str()),
            size: scales.qty_figure(row.size),
            avg_price,
            entry_price,
            position_value: Figure::amount(row.position_value),
            position_balance: Figure::amount(Decimal::ZERO),
            auto_add_margin: u8::from(row.auto_add_margin),
            position_status: row.position_status.as_str(),
            leverage: Figure::amount(row.leverage),
            break_even_price: Figure::amount_or_empty(row.break_even_price.map(|price| price.round_dp(8))),
            mark_price: scales.price_figure(row.mark_price),
            liq_price: scales.price_or_empty(row.liq_price.filter(|_| !hides_liquidation)),
            bust_price: "",
            position_im_by_mp: initial,
            position_im: initial,
            position_mm_by_mp: maintenance,
            position_mm: maintenance,
            take_profit: scales.price_figure(row.take_profit),
            stop_loss: scales.price_figure(row.stop_loss),
            trailing_stop: scales.price_figure(row.trailing_stop),
            session_avg_price: row.session_avg_price.map(average).unwrap_or_default(),
            unrealised_pnl: Figure::amount(row.unrealised_pnl),
            cur_realised_pnl: Figure::amount(row.cur_realised_pnl),
            cum_realised_pnl: Figure::amount(row.cum_realised_pnl),
            tpsl_mode: "Full",
            adl_rank_indicator: row.adl_rank,
            is_reduce_only: false,
            mmr_sys_updated_time: "",
            leverage_sys_updated_time: "",
            created_time: row.created_time_ms,
            updated_time: row.updated_time_ms,
            open_time: row.open_time_ms,
            seq: match doubts.untraded_seq {
                UntradedSeq::Text if row.seq < 0 => Seq::Text(row.seq),
                UntradedSeq::Number | UntradedSeq::Text => Seq::Number(row.seq),
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
