//! The account. Source: Bybit V5, "Account".

use serde_json::{Value, json};
use windvane_venue_core::{Category, Fees};

use super::page::{DAY_MS, listing, page, window};
use super::query::to_value;
use super::{is_linear, market};
use crate::exchange::Exchange;
use crate::wire::account::Transaction;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::number::amount;
use crate::wire::wallet::Wallet;

/// A unified trading account 2.0 in cross margin.
pub(crate) fn info(exchange: &Exchange, _: u64, _: &Fields) -> Answer {
    Ok(Accepted::new(json!({
        "marginMode": "REGULAR_MARGIN",
        "updatedTime": exchange.now_ms().to_string(),
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": false,
        "spotHedgingStatus": "OFF",
    })))
}

/// Every account may trade every instrument.
pub(crate) fn instruments_info(exchange: &Exchange, _: u64, fields: &Fields) -> Answer {
    market::instruments_info(exchange, fields)
}

/// No coin can be deposited or withdrawn here.
pub(crate) fn coins(_: &Exchange, _: u64, _: &Fields) -> Answer {
    Ok(Accepted::new(json!({"rows": []})))
}

pub(crate) fn wallet_balance(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    if fields.required("accountType")? != "UNIFIED" {
        return Err(Refusal::parameter("accountType only support UNIFIED"));
    }
    let row = exchange.core.wallet(uid).ok_or_else(|| Refusal::new(10003, "no such account"))?;
    let mut wallet = to_value(&Wallet::new(&row));
    // Only USDT is held; asking for other coins alone leaves the list of coins empty.
    if fields.text("coin").is_some_and(|coins| !coins.split(',').any(|coin| row.coin(coin).is_some())) {
        wallet["coin"] = json!([]);
    }
    Ok(Accepted::new(json!({"list": [wallet]})))
}

pub(crate) fn fee_rate(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let mut rows = Vec::new();
    if is_linear(fields)? {
        let fees = exchange
            .core
            .fees(uid, Category::Linear)
            .ok_or_else(|| Refusal::new(10003, "no such account"))?;
        let symbol = fields.text("symbol");
        let all = exchange.core.instruments();
        rows = all
            .filter(|i| symbol.as_deref().is_none_or(|symbol| *i.symbol == *symbol))
            .map(|i| fee_row(&i.symbol, fees))
            .collect();
        if rows.is_empty() {
            return Err(Refusal::parameter("symbol invalid"));
        }
    }
    Ok(Accepted::new(json!({"list": rows})))
}

fn fee_row(symbol: &str, fees: Fees) -> Value {
    json!({
        "symbol": symbol,
        "baseCoin": "",
        "takerFeeRate": amount(fees.taker),
        "makerFeeRate": amount(fees.maker),
    })
}

pub(crate) fn transaction_log(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let (start, end) = window(fields, exchange.now_ms(), DAY_MS)?;
    let (kind, currency) = (fields.text("type"), fields.text("currency"));
    let elsewhere = !is_linear(fields)? || currency.is_some_and(|currency| currency != "USDT");
    let rows: Vec<_> = exchange
        .core
        .transactions(uid)
        .iter()
        .rev()
        .filter(|row| !elsewhere && (start..=end).contains(&row.transaction_time_ms))
        .filter(|row| kind.as_deref().is_none_or(|kind| row.kind.as_str() == kind))
        .collect();
    let (rows, cursor) =
        page(rows, fields, (fields.limit(20, 50)?, exchange.doubts.last_cursor), |row| row.id.clone());
    let rows = rows
        .into_iter()
        .map(|row| to_value(&Transaction::new(row, exchange.scales.get(&*row.symbol).copied())));
    Ok(listing(rows.collect(), cursor))
}

/// What happens to a price beyond the bound is the venue's `price_limit` switch: a request is accepted when
/// it asks for what is so, and refused otherwise rather than acknowledged without effect.
pub(crate) fn set_limit_price_action(exchange: &mut Exchange, _: u64, fields: &Fields) -> Answer {
    fields.required("category")?;
    let modify =
        fields.flag("modifyEnable")?.ok_or_else(|| Refusal::parameter("modifyEnable is required"))?;
    if modify == exchange.moves_prices() {
        return Ok(Accepted::empty());
    }
    Err(Refusal::parameter("this venue's price_limit switch says otherwise"))
}

/// Cross margin is the only mode.
pub(crate) fn set_margin_mode(_: &mut Exchange, _: u64, fields: &Fields) -> Answer {
    match fields.required("setMarginMode")?.as_str() {
        "REGULAR_MARGIN" => Ok(Accepted::new(json!({"reasons": []}))),
        "ISOLATED_MARGIN" | "PORTFOLIO_MARGIN" => {
            let reason = json!({"reasonCode": "3400000", "reasonMsg": "only cross margin is offered here"});
            Err(Refusal {
                code: 3400045,
                message: "Set margin mode failed".to_owned(),
                result: json!({"reasons": [reason]}),
            })
        }
        _ => Err(Refusal::parameter("setMarginMode is invalid")),
    }
}
