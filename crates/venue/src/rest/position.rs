//! Positions, leverage, modes, margin and protective stops. Source: Bybit V5, "Position".

use serde_json::{Value, json};
use windvane_venue_core::{
    AddMargin, Category, PositionIdx, PositionMode, Request, SetAutoAddMargin, SwitchMode,
};

use super::order::act;
use crate::config::{AutoAddMarginField, InverseSwitchMode};
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::list::{self, position};
use crate::wire::narrow::{Told, without_margin};
use crate::wire::page::{DAY_MS, WEEK_MS, empty_listing, listing, page, window, window_of};
use crate::wire::position::{ClosedPnl, SettlementRecord};
use crate::wire::request::{self, category, position_idx, require_category, require_contract};
use crate::wire::to_value;

pub(crate) fn list(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    list::positions(&exchange.reader(), uid, fields)
}

pub(crate) fn closed_pnl(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let Some(category) = category(fields)?.filter(|category| *category != Category::Spot) else {
        return Ok(empty_listing(fields));
    };
    let (start, end) = window(fields, exchange.now_ms(), WEEK_MS)?;
    let symbol = fields.text("symbol");
    let rows: Vec<_> = exchange
        .core
        .closed_pnl(uid)
        .into_iter()
        .rev()
        .filter(|row| row.category == category && (start..=end).contains(&row.updated_time_ms))
        .filter(|row| symbol.as_deref().is_none_or(|symbol| *row.symbol == *symbol))
        .collect();
    let (rows, cursor) = page(rows, fields, (fields.limit(50, 100)?, exchange.doubts.last_cursor), |row| {
        row.order_id.to_string()
    });
    let rows = rows
        .into_iter()
        .map(|row| Ok(to_value(&ClosedPnl::new(&row, exchange.scales_of(category, &row.symbol)?))))
        .collect::<Result<Vec<Value>, Refusal>>()?;
    Ok(listing(fields, &rows, &cursor))
}

/// Longest span of a query of settled sessions, and its default, in milliseconds.
const SETTLEMENTS_MS: i64 = 30 * DAY_MS;

/// Sessions of USDC contracts that were settled. Source: Bybit V5, "Get USDC Session Settlement".
pub(crate) fn settlement_record(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let category = require_category(fields)?;
    let (start, end) = window_of(fields, exchange.now_ms(), SETTLEMENTS_MS, SETTLEMENTS_MS)?;
    let symbol = fields.text("symbol");
    let rows: Vec<_> = exchange
        .core
        .sessions(uid)
        .into_iter()
        .rev()
        .filter(|row| row.category == category && (start..=end).contains(&row.created_time_ms))
        .filter(|row| symbol.as_deref().is_none_or(|symbol| *row.symbol == *symbol))
        .collect();
    let doubts = &exchange.doubts;
    let (rows, cursor) =
        page(rows, fields, (fields.limit(20, 50)?, doubts.last_cursor), |row| row.id.clone());
    let rows = rows
        .iter()
        .map(|row| {
            let scales = exchange.scales_of(category, &row.symbol)?;
            let as_told = (doubts.settlement_record_price, doubts.settlement_record_size);
            Ok(to_value(&SettlementRecord::new(row, scales, as_told)))
        })
        .collect::<Result<Vec<Value>, Refusal>>()?;
    Ok(listing(fields, &rows, &cursor))
}

/// Leverage of a symbol by position, held or not.
pub(crate) fn symbol_info(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let category = require_contract(fields)?;
    let symbol = fields.text("symbol");
    if let Some(symbol) = &symbol {
        exchange.scales_of(category, symbol)?;
    }
    let wanted = exchange
        .core
        .instruments()
        .filter(|i| i.category == category && symbol.as_deref().is_none_or(|symbol| *i.symbol == *symbol));
    let rows: Vec<Value> = wanted
        .flat_map(|i| exchange.core.positions_in(uid, &i.symbol))
        .map(|row| {
            json!({
                "symbol": &*row.symbol,
                "leverage": row.leverage.normalize().to_string(),
                "side": match row.position_idx {
                    PositionIdx::OneWay => row.side.map_or("", |side| side.as_str()),
                    PositionIdx::Long => "Buy",
                    PositionIdx::Short => "Sell",
                },
                "positionIdx": row.position_idx.as_int(),
            })
        })
        .collect();
    Ok(Accepted::new(json!({"category": category.as_str(), "list": rows})))
}

pub(crate) fn set_leverage(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    act(exchange, uid, &Request::SetLeverage(request::set_leverage(fields)?))
}

pub(crate) fn trading_stop(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    act(exchange, uid, &Request::TradingStop(request::trading_stop(fields)?))
}

/// One-way or hedge mode. By coin it also settles what later listings begin with, so asking for the mode that is on
/// already is no mistake then, as freqtrade does at each start.
pub(crate) fn switch_mode(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    if require_contract(fields)? != Category::Linear {
        let is_one_way = fields.integer("mode")? == Some(0);
        if is_one_way && exchange.doubts.inverse_switch_mode == InverseSwitchMode::OneWay {
            return Ok(Accepted::empty());
        }
        return Err(Refusal::new(110029, "this symbol cannot set hedge mode"));
    }
    let mode = fields.integer("mode")?.and_then(PositionMode::parse);
    let mode = mode.ok_or_else(|| Refusal::parameter("mode must be 0 or 3"))?;
    let (symbol, coin) = (fields.text("symbol"), fields.text("coin"));
    let by_coin = symbol.is_none() && coin.is_some();
    match exchange.request(uid, &Request::SwitchMode(SwitchMode { symbol, coin, mode })) {
        Err(refusal) if !(by_coin && refusal.code == 110025) => Err(refusal),
        _ => Ok(Accepted::empty()),
    }
}

pub(crate) fn add_margin(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let (category, symbol, position_idx) =
        (require_contract(fields)?, fields.required("symbol")?, position_idx(fields)?);
    let margin = fields.decimal("margin")?.ok_or_else(|| Refusal::parameter("margin is required"))?;
    let request = AddMargin { category, symbol: symbol.clone(), position_idx, margin };
    exchange.request(uid, &Request::AddMargin(request))?;
    let row = exchange.core.position(uid, &symbol, position_idx);
    let row = row.ok_or_else(|| Refusal::parameter("symbol invalid"))?;
    Ok(Accepted::new(without_margin(to_value(&position(&exchange.reader(), uid, (&row, Told::Whole))?))))
}

pub(crate) fn set_auto_add_margin(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let by_table = fields.integer("autoAddMargin")?;
    let by_example = fields.integer("autoAddmargin")?;
    let asked = match exchange.doubts.auto_add_margin_field {
        AutoAddMarginField::Either => by_table.or(by_example),
        AutoAddMarginField::Table => by_table,
        AutoAddMarginField::Example => by_example,
    };
    let auto_add = match asked {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(Refusal::parameter("autoAddMargin must be 0 or 1")),
    };
    let request = SetAutoAddMargin {
        category: require_contract(fields)?,
        symbol: fields.required("symbol")?,
        position_idx: position_idx(fields)?,
        auto_add,
    };
    exchange.request(uid, &Request::SetAutoAddMargin(request))?;
    Ok(Accepted::empty())
}

/// Risk limits are never lowered under a position here, so there is nothing to confirm.
pub(crate) fn confirm_pending_mmr(exchange: &mut Exchange, _: u64, fields: &Fields) -> Answer {
    exchange.scales_of(require_contract(fields)?, &fields.required("symbol")?)?;
    Ok(Accepted::empty())
}
