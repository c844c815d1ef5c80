//! Positions, leverage and protective stops. Source: Bybit V5, "Position".

use rust_decimal::Decimal;
use serde_json::Value;
use windvane_venue_core::{Category, PositionRow, Request, SetLeverage, TradingStop};

use super::order::protection;
use super::page::{WEEK_MS, listing, page, window};
use super::query::{is_in_scope, to_value};
use super::{is_linear, require_linear};
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::position::{ClosedPnl, Destination, Position};

/// With a symbol its row even when flat, with a settle coin the open positions only.
pub(crate) fn list(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    if !is_linear(fields)? {
        return Ok(listing(Vec::new(), String::new()));
    }
    let rows: Vec<PositionRow> = match (fields.text("symbol"), fields.text("settleCoin")) {
        (Some(symbol), _) => {
            exchange.scales_of(&symbol)?;
            exchange.core.positions_in(uid, &symbol)
        }
        (None, Some(_)) => {
            let open = exchange.core.positions(uid).into_iter();
            open.filter(|row| is_in_scope(exchange, &row.symbol, fields)).collect()
        }
        (None, None) => return Err(Refusal::parameter("symbol or settleCoin is required")),
    };
    let (rows, cursor) = page(rows, fields, (fields.limit(20, 200)?, exchange.doubts.last_cursor), |row| {
        row.symbol.to_string()
    });
    let rows = rows
        .iter()
        .map(|row| {
            Ok(to_value(&Position::new(
                row,
                exchange.scales_of(&row.symbol)?,
                (Destination::Query, exchange.doubts.untraded_seq),
            )))
        })
        .collect::<Result<Vec<Value>, Refusal>>()?;
    Ok(listing(rows, cursor))
}

pub(crate) fn closed_pnl(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    if !is_linear(fields)? {
        return Ok(listing(Vec::new(), String::new()));
    }
    let (start, end) = window(fields, exchange.now_ms(), WEEK_MS)?;
    let symbol = fields.text("symbol");
    let rows: Vec<_> = exchange
        .core
        .closed_pnl(uid)
        .iter()
        .rev()
        .filter(|row| (start..=end).contains(&row.updated_time_ms))
        .filter(|row| symbol.as_deref().is_none_or(|symbol| *row.symbol == *symbol))
        .collect();
    let (rows, cursor) = page(rows, fields, (fields.limit(50, 100)?, exchange.doubts.last_cursor), |row| {
        row.order_id.to_string()
    });
    let rows = rows
        .into_iter()
        .map(|row| Ok(to_value(&ClosedPnl::new(row, exchange.scales_of(&row.symbol)?))))
        .collect::<Result<Vec<Value>, Refusal>>()?;
    Ok(listing(rows, cursor))
}

pub(crate) fn set_leverage(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    let leverage = |name: &str| -> Result<Decimal, Refusal> {
        fields.decimal(name)?.ok_or_else(|| Refusal::parameter(format!("{name} is required")))
    };
    let request = SetLeverage {
        category: Category::Linear,
        symbol: fields.required("symbol")?,
        buy_leverage: leverage("buyLeverage")?,
        sell_leverage: leverage("sellLeverage")?,
    };
    exchange.request(uid, &Request::SetLeverage(request))?;
    Ok(Accepted::empty())
}

pub(crate) fn trading_stop(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    if fields.integer("positionIdx")?.unwrap_or(0) != 0 {
        return Err(Refusal::new(10001, "position idx not match position mode"));
    }
    if fields.text("tpslMode").is_some_and(|mode| mode != "Full") {
        return Err(Refusal::parameter("tpslMode Partial is not offered here"));
    }
    let request = TradingStop {
        stop_loss: protection(fields, "stopLoss", "slTriggerBy")?,
        take_profit: protection(fields, "takeProfit", "tpTriggerBy")?,
        trailing_stop: fields.decimal("trailingStop")?,
        active_price: fields.decimal("activePrice")?,
        ..TradingStop::full(&fields.required("symbol")?)
    };
    exchange.request(uid, &Request::TradingStop(request))?;
    Ok(Accepted::empty())
}

/// One-way is the only mode, and it is always on: asking for it again is refused for a symbol (110025) and
/// accepted for a coin, as freqtrade does at each start.
pub(crate) fn switch_mode(_: &mut Exchange, _: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    match fields.integer("mode")? {
        // By coin it also settles what later listings begin with, so that repeating it is no mistake.
        Some(0) if fields.text("symbol").is_none() && fields.text("coin").is_some() => Ok(Accepted::empty()),
        Some(0) => Err(Refusal::new(110025, "Position mode is not modified")),
        Some(3) => Err(Refusal::new(110029, "hedge mode is not offered here")),
        _ => Err(Refusal::parameter("mode must be 0 or 3")),
    }
}
