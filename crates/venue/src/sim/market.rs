//! Moving the market by hand: prices, books, prints, funding, the replay's clock.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{Category, Level, MarketInput, Side};

use crate::exchange::Exchange;
use crate::wire::envelope::Refusal;
use crate::wire::fields::Fields;
use crate::wire::request::category;

type Outcome = Result<Value, Refusal>;

/// `{symbol, bid, ask, last, mark, index}`: sets what is given. Bid and ask come together and become a book
/// of one level a side, deep enough for the largest order.
pub(super) fn price(exchange: &mut Exchange, fields: &Fields) -> Outcome {
    require_manual(exchange)?;
    let symbol = fields.required("symbol")?;
    let (mark, index, last) = (fields.decimal("mark")?, fields.decimal("index")?, fields.decimal("last")?);
    let category = require_group(fields)?;
    let mut instruments = exchange.core.instruments();
    let instrument = instruments.find(|i| i.category == category && *i.symbol == *symbol);
    let depth = instrument.map(|i| i.max_order_qty);
    drop(instruments);
    let book = match (fields.decimal("bid")?, fields.decimal("ask")?, depth) {
        (Some(bid), Some(ask), Some(depth)) => Some((vec![(bid, depth)], vec![(ask, depth)])),
        (None, None, _) => None,
        (_, _, None) => return Err(Refusal::parameter("symbol invalid")),
        (Some(_), None, _) | (None, Some(_), _) => {
            return Err(Refusal::parameter("bid and ask come together"));
        }
    };
    // Reference prices first: a book must lie near the mark to be tradable.
    if mark.or(index).or(last).is_some() {
        exchange.move_market(&MarketInput::Prices { category, symbol: symbol.clone(), mark, index, last })?;
    }
    if let Some((bids, asks)) = book {
        exchange.move_market(&MarketInput::Book { category, symbol, bids, asks })?;
    }
    Ok(json!({}))
}

/// `{symbol, bids: [[price, qty], …], asks: […]}`: replaces the outside liquidity.
pub(super) fn book(exchange: &mut Exchange, fields: &Fields) -> Outcome {
    require_manual(exchange)?;
    let input = MarketInput::Book {
        category: require_group(fields)?,
        symbol: fields.required("symbol")?,
        bids: levels(fields, "bids")?,
        asks: levels(fields, "asks")?,
    };
    exchange.move_market(&input)?;
    Ok(json!({}))
}

/// `{symbol, side, price, qty}`: a print by a taker of that side.
pub(super) fn trade(exchange: &mut Exchange, fields: &Fields) -> Outcome {
    require_manual(exchange)?;
    let required = |name: &str| -> Result<Decimal, Refusal> {
        fields.decimal(name)?.ok_or_else(|| Refusal::parameter(format!("{name} is required")))
    };
    let side = Side::parse(&fields.required("side")?).ok_or_else(|| Refusal::parameter("side is invalid"))?;
    let input = MarketInput::Trade {
        category: require_group(fields)?,
        symbol: fields.required("symbol")?,
        side,
        price: required("price")?,
        qty: required("qty")?,
    };
    exchange.move_market(&input)?;
    Ok(json!({}))
}

/// `{kind, symbol}`: what the exchange does to an instrument and to those who hold it.
///
/// | kind | and | |
/// |---|---|---|
/// | `funding` | `rate`? | settles funding now, at the announced rate unless one is given |
/// | `liquidation` | `uid`? | liquidates positions, whatever their margin says |
/// | `adl` | `uid`?, `price`?, `qty`? | deleverages a position, by default the first in the queue of each side, at the mark price |
/// | `delist` | `ms`?, `price`? | now, or announces it for in `ms` of market time |
/// | `tick_size` | `tickSize` | changes the price step |
pub(super) fn event(exchange: &mut Exchange, fields: &Fields) -> Outcome {
    let (category, symbol) = (require_group(fields)?, fields.required("symbol")?);
    match fields.required("kind")?.as_str() {
        "funding" => {
            if let Some(rate) = fields.decimal("rate")? {
                let next_funding_ms =
                    exchange.core.ticker(category, &symbol).map_or(0, |row| row.next_funding_ms);
                let announce =
                    MarketInput::FundingRate { category, symbol: symbol.clone(), rate, next_funding_ms };
                exchange.move_market(&announce)?;
            }
            exchange.move_market(&MarketInput::SettleFunding { category, symbol })?;
            Ok(json!({}))
        }
        "liquidation" => {
            let uid = account(fields)?;
            exchange.move_market(&MarketInput::Liquidate { category, symbol, uid })?;
            Ok(json!({}))
        }
        "adl" => {
            let (uid, price, qty) = (account(fields)?, fields.decimal("price")?, fields.decimal("qty")?);
            exchange.move_market(&MarketInput::Deleverage { category, symbol, uid, price, qty })?;
            Ok(json!({}))
        }
        "delist" => {
            match fields.integer("ms")? {
                Some(ms) if ms > 0 => exchange.delist_in(ms, category, symbol)?,
                Some(_) => return Err(Refusal::parameter("ms is positive")),
                None => {
                    let price = fields.decimal("price")?;
                    exchange.move_market(&MarketInput::Delist { category, symbol, price })?;
                }
            }
            Ok(json!({}))
        }
        "tick_size" => {
            let tick_size = fields.decimal("tickSize")?;
            let tick_size = tick_size.ok_or_else(|| Refusal::parameter("tickSize is required"))?;
            exchange.move_market(&MarketInput::ChangeTickSize { category, symbol, tick_size })?;
            Ok(json!({}))
        }
        other => Err(Refusal::parameter(format!("event {other} is not offered"))),
    }
}

/// `{run: true|false}`: lets a replay run or holds it.
pub(super) fn clock(exchange: &mut Exchange, fields: &Fields) -> Outcome {
    let run = fields.flag("run")?.ok_or_else(|| Refusal::parameter("run is required"))?;
    exchange.set_running(run);
    Ok(json!({"market_ms": exchange.now_ms()}))
}

/// The account that an event is meant for, if it is meant for one.
fn account(fields: &Fields) -> Result<Option<u64>, Refusal> {
    let negative = |_| Refusal::parameter("uid is no number of an account");
    fields.integer("uid")?.map(|uid| u64::try_from(uid).map_err(negative)).transpose()
}

/// The product group that a control request is about; linear when it names none.
fn require_group(fields: &Fields) -> Result<Category, Refusal> {
    category(fields)?.ok_or_else(|| Refusal::parameter("no options are listed here"))
}

fn require_manual(exchange: &Exchange) -> Result<(), Refusal> {
    if exchange.is_manual() {
        Ok(())
    } else {
        Err(Refusal::parameter("the market has its own source; only a manual one can be moved"))
    }
}

fn levels(fields: &Fields, name: &str) -> Result<Vec<Level>, Refusal> {
    let malformed = || Refusal::parameter(format!("{name} is not a list of [price, qty]"));
    let decimal = |value: &Value| value.as_str().and_then(|text| Decimal::from_str_exact(text).ok());
    let rows = fields.raw(name).and_then(Value::as_array).ok_or_else(malformed)?;
    rows.iter()
        .map(|row| match row.as_array().map(Vec::as_slice) {
            Some([price, qty]) => decimal(price).zip(decimal(qty)).ok_or_else(malformed),
            _ => Err(malformed()),
        })
        .collect()
}
