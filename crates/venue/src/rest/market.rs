//! Market data. Source: Bybit V5, "Market".

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{Category, Instrument, InstrumentStatus, Listing};

use crate::config::SystemStatusNumbers;
use crate::exchange::Exchange;
use crate::market::MarketRecord;
use crate::market::candle::{Candle, CandleBook};
use crate::market::interest::InterestRow;
use crate::market::interval::Interval;
use crate::market::trades::TradeRecord;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::instrument;
use crate::wire::list;
use crate::wire::number::{Scales, amount};
use crate::wire::page::page;
use crate::wire::request::category;

/// Digits of the premium index.
const PREMIUM_DIGITS: usize = 6;
/// Symbols on a page of `risk-limit`.
const RISK_SYMBOLS_PER_PAGE: usize = 15;

/// The server's wall clock.
pub(crate) fn time(exchange: &Exchange, _: &Fields) -> Answer {
    let now_ms = exchange.wall_ms();
    let (seconds, nanos) = ((now_ms / 1_000).to_string(), (now_ms * 1_000_000).to_string());
    Ok(Accepted::new(json!({"timeSecond": seconds, "timeNano": nanos})))
}

/// Maintenances, newest first. Those here are faults that somebody asked for.
pub(crate) fn system_status(exchange: &Exchange, fields: &Fields) -> Answer {
    let (id, state) = (fields.text("id"), fields.text("state"));
    let word = |number: u8| match exchange.doubts.system_status_numbers {
        SystemStatusNumbers::Number => Value::from(number),
        SystemStatusNumbers::Text => Value::from(number.to_string()),
    };
    let rows =
        exchange.faults.maintenances(exchange.real_ms()).into_iter().rev().map(|(number, span, ongoing)| {
            json!({
                "id": number.to_string(),
                "title": "maintenance",
                "state": if ongoing { "ongoing" } else { "completed" },
                "begin": span.begin_ms.to_string(),
                "end": span.end_ms.map_or("0".to_owned(), |end| end.to_string()),
                "href": "",
                "serviceTypes": [1],
                "product": [1, 2],
                "uidSuffix": [],
                "maintainType": word(1),
                "env": word(1),
            })
        });
    let asked = |row: &Value| {
        id.as_deref().is_none_or(|id| row["id"] == id)
            && state.as_deref().is_none_or(|state| row["state"] == state)
    };
    Ok(Accepted::new(json!({"list": rows.filter(asked).collect::<Vec<_>>()})))
}

pub(crate) fn instruments_info(exchange: &Exchange, fields: &Fields) -> Answer {
    listed_instruments(exchange, fields, (500, 1_000))
}

/// Instruments, so many on a page by default and at most.
pub(super) fn listed_instruments(
    exchange: &Exchange,
    fields: &Fields,
    (default, most): (usize, usize),
) -> Answer {
    let text = fields.required("category")?;
    let status = fields.text("status");
    let symbol = fields.text("symbol");
    let mut listed: Vec<(usize, &Instrument, Listing)> = Vec::new();
    if let Some(category) = category(fields)? {
        let base = fields.text("baseCoin");
        listed = (1..)
            .zip(exchange.core.instruments())
            .filter(|(_, i)| i.category == category && base.as_deref().is_none_or(|base| i.base_coin == base))
            .filter(|(_, i)| symbol.as_deref().is_none_or(|symbol| *i.symbol == *symbol))
            .filter_map(|(id, i)| Some((id, i, exchange.core.listing(category, &i.symbol)?)))
            .collect();
        if listed.is_empty() && symbol.is_some() {
            return Err(Refusal::parameter("symbol invalid"));
        }
        // Unless asked for, only what trades is listed.
        let wanted = status.as_deref().unwrap_or(InstrumentStatus::Trading.as_str());
        listed.retain(|(_, _, listing)| listing.status.as_str() == wanted);
    }
    // Spot has no pages.
    let limit = if text == "spot" { usize::MAX } else { fields.limit(default, most)? };
    let (rows, cursor) =
        page(listed, fields, (limit, exchange.doubts.last_cursor), |(_, i, _)| i.symbol.to_string());
    let rows: Vec<Value> =
        rows.into_iter().map(|(id, i, listing)| instrument::instrument(i, listing, id)).collect();
    Ok(Accepted::new(if text == "spot" {
        json!({"category": text, "list": rows})
    } else {
        json!({"category": text, "list": rows, "nextPageCursor": cursor})
    }))
}

pub(crate) fn kline(exchange: &Exchange, fields: &Fields) -> Answer {
    candles(
        exchange,
        fields,
        |past| &past.traded.candles,
        |candle, scales| {
            let mut row = columns(candle, |price| scales.price(price));
            row.extend([scales.qty(candle.volume).into(), amount(candle.turnover).into()]);
            row.into()
        },
    )
}

pub(crate) fn mark_price_kline(exchange: &Exchange, fields: &Fields) -> Answer {
    candles(exchange, fields, |past| &past.record.marks, price_row)
}

pub(crate) fn index_price_kline(exchange: &Exchange, fields: &Fields) -> Answer {
    candles(exchange, fields, |past| &past.record.indexes, price_row)
}

/// Of linear contracts only.
pub(crate) fn premium_index_kline(exchange: &Exchange, fields: &Fields) -> Answer {
    if category(fields)? != Some(Category::Linear) {
        return Err(Refusal::parameter("category must be linear"));
    }
    let fraction = |value: Decimal| format!("{value:.*}", PREMIUM_DIGITS);
    candles(exchange, fields, |past| &past.record.premiums, |candle, _| columns(candle, fraction).into())
}

/// A candle of a price that nothing trades at.
fn price_row(candle: &Candle, scales: Scales) -> Value {
    columns(candle, |price| scales.price(price)).into()
}

/// When a candle began and its four prices.
fn columns(candle: &Candle, spell: impl Fn(Decimal) -> String) -> Vec<Value> {
    let prices = [candle.open, candle.high, candle.low, candle.close].map(spell);
    std::iter::once(candle.start_ms.to_string()).chain(prices).map(Value::from).collect()
}

fn candles(
    exchange: &Exchange,
    fields: &Fields,
    book: impl for<'a> Fn(&'a Subject<'a>) -> &'a CandleBook,
    row: impl Fn(&Candle, Scales) -> Value,
) -> Answer {
    let subject = subject(exchange, fields)?;
    let interval = Interval::parse(&fields.required("interval")?)
        .ok_or_else(|| Refusal::parameter("interval is invalid"))?;
    let (start, end) = (fields.integer("start")?, fields.integer("end")?);
    let candles = book(&subject).page(interval, start, end, fields.limit(200, 1_000)?);
    let Subject { scales, symbol, category, .. } = subject;
    let rows: Vec<Value> = candles.iter().map(|candle| row(candle, scales)).collect();
    Ok(Accepted::new(json!({"symbol": symbol, "category": category.as_str(), "list": rows})))
}

pub(crate) fn orderbook(exchange: &Exchange, fields: &Fields) -> Answer {
    list::orderbook(&exchange.reader(), fields)
}

pub(crate) fn recent_trade(exchange: &Exchange, fields: &Fields) -> Answer {
    let Subject { record, scales, category, .. } = subject(exchange, fields)?;
    let (default, most) = if category == Category::Spot { (60, 60) } else { (500, 1_000) };
    let latest = record.trades.iter().rev().take(fields.limit(default, most)?);
    let rows: Vec<Value> = latest
        .map(|trade| {
            json!({
                "execId": trade.trade_id,
                "symbol": &*trade.symbol,
                "price": scales.price(trade.price),
                "size": scales.qty(trade.qty),
                "side": trade.side.as_str(),
                "time": trade.time_ms.to_string(),
                "isBlockTrade": false,
                "isRPITrade": false,
                "seq": trade.seq.to_string(),
            })
        })
        .collect();
    Ok(Accepted::new(json!({"category": category.as_str(), "list": rows})))
}

/// What was open when each interval began, newest first: `singleOpenInterest` counts one side, `openInterest` both. Source: Bybit
/// V5, "Get Open Interest".
pub(crate) fn open_interest(exchange: &Exchange, fields: &Fields) -> Answer {
    let Subject { record, scales, symbol, category, .. } = contract(exchange, fields)?;
    let series = record.interest.series(&fields.required("intervalTime")?);
    let series = series.ok_or_else(|| Refusal::parameter("intervalTime is invalid"))?;
    let (start, end) = (fields.integer("startTime")?, fields.integer("endTime")?);
    let within = |at: i64| start.is_none_or(|start| at >= start) && end.is_none_or(|end| at <= end);
    let rows: Vec<InterestRow> = series.iter().rev().filter(|(at, _)| within(*at)).copied().collect();
    let limit = fields.limit(50, 200)?;
    let (rows, cursor) = page(rows, fields, (limit, exchange.doubts.last_cursor), |(at, _)| at.to_string());
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|(at, single)| {
            json!({
                "openInterest": scales.qty(single + single),
                "singleOpenInterest": scales.qty(single),
                "timestamp": at.to_string(),
            })
        })
        .collect();
    Ok(Accepted::new(
        json!({"symbol": symbol, "category": category.as_str(), "list": rows, "nextPageCursor": cursor}),
    ))
}

/// Settlements, newest first. A start without an end is an error on the exchange, too.
pub(crate) fn funding_history(exchange: &Exchange, fields: &Fields) -> Answer {
    let Subject { record, symbol, category, .. } = contract(exchange, fields)?;
    let (start, end) = (fields.integer("startTime")?, fields.integer("endTime")?);
    if start.is_some() && end.is_none() {
        return Err(Refusal::parameter("endTime is required with startTime"));
    }
    let within = |at: i64| start.is_none_or(|start| at >= start) && end.is_none_or(|end| at <= end);
    let settled = record.funding.iter().rev().filter(|(at, _)| within(*at));
    let rows: Vec<Value> = settled
        .take(fields.limit(200, 200)?)
        .map(|(at, rate)| {
            json!({"symbol": symbol, "fundingRate": amount(*rate), "fundingRateTimestamp": at.to_string()})
        })
        .collect();
    Ok(Accepted::new(json!({"category": category.as_str(), "list": rows})))
}

pub(crate) fn risk_limit(exchange: &Exchange, fields: &Fields) -> Answer {
    let text = fields.required("category")?;
    let symbol = fields.text("symbol");
    let mut listed: Vec<&Instrument> = Vec::new();
    if let Some(category) = category(fields)?.filter(|category| *category != Category::Spot) {
        let all = exchange.core.instruments().filter(|i| i.category == category);
        listed = all.filter(|i| symbol.as_deref().is_none_or(|symbol| *i.symbol == *symbol)).collect();
        if listed.is_empty() && symbol.is_some() {
            return Err(Refusal::parameter("symbol invalid"));
        }
    }
    let (symbols, cursor) =
        page(listed, fields, (RISK_SYMBOLS_PER_PAGE, exchange.doubts.last_cursor), |i| i.symbol.to_string());
    let rows: Vec<Value> = symbols
        .into_iter()
        .flat_map(|i| instrument::risk_tiers(i, exchange.doubts.risk_limit_rates))
        .collect();
    Ok(Accepted::new(json!({"category": text, "list": rows, "nextPageCursor": cursor})))
}

pub(crate) fn price_limit(exchange: &Exchange, fields: &Fields) -> Answer {
    let Subject { scales, symbol, category, .. } = subject(exchange, fields)?;
    let (buy, sell) = exchange
        .core
        .price_limits(exchange.now_ms(), category, &symbol)
        .ok_or_else(|| Refusal::parameter("no price yet"))?;
    Ok(Accepted::new(json!({
        "symbol": symbol,
        "buyLmt": scales.price(buy),
        "sellLmt": scales.price(sell),
        "ts": exchange.now_ms().to_string(),
    })))
}

/// The instrument that a request is about.
struct Subject<'a> {
    traded: &'a TradeRecord,
    record: &'a MarketRecord,
    scales: Scales,
    symbol: String,
    category: Category,
}

fn subject<'a>(exchange: &'a Exchange, fields: &Fields) -> Result<Subject<'a>, Refusal> {
    let invalid = || Refusal::parameter("symbol invalid");
    let symbol = fields.required("symbol")?;
    let category = category(fields)?.ok_or_else(invalid)?;
    let record = exchange.records.get(category, &symbol).ok_or_else(invalid)?;
    let traded = exchange.traded.get(category, &symbol).ok_or_else(invalid)?;
    Ok(Subject { traded, record, scales: exchange.scales_of(category, &symbol)?, symbol, category })
}

fn contract<'a>(exchange: &'a Exchange, fields: &Fields) -> Result<Subject<'a>, Refusal> {
    match subject(exchange, fields)? {
        Subject { category: Category::Spot, .. } => {
            Err(Refusal::parameter("category must be linear or inverse"))
        }
        contract => Ok(contract),
    }
}
