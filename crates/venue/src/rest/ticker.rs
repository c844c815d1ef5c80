//! Tickers: what an instrument stands at, for the query and the topic alike. Source: Bybit V5, "Get Tickers", "Ticker".

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::json;
use windvane_venue_core::{Category, Instrument, TickerRow};

use crate::exchange::Exchange;
use crate::market::DayFigures;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::narrow::{TICKER_OF_DATED, TICKER_PUSHED};
use crate::wire::number::{Scales, amount};
use crate::wire::request::category;

/// Fields of a ticker by name; all text.
pub(crate) type TickerFields = BTreeMap<&'static str, String>;

/// Fields that a ticker of spot has in the query and not on the topic.
const NOT_ON_SPOT_TOPIC: [&str; 4] = ["bid1Price", "bid1Size", "ask1Price", "ask1Size"];

pub(crate) fn tickers(exchange: &Exchange, fields: &Fields) -> Answer {
    let text = fields.required("category")?;
    let symbol = fields.text("symbol");
    let mut rows = Vec::new();
    if let Some(category) = category(fields)? {
        for instrument in exchange.core.instruments().filter(|i| i.category == category) {
            if symbol.as_deref().is_some_and(|symbol| *instrument.symbol != *symbol) {
                continue;
            }
            let record = exchange.records.get(category, &instrument.symbol);
            if let (Some(row), Some(record)) = (exchange.core.ticker(category, &instrument.symbol), record) {
                let mut fields = ticker_fields(&row, &record.day(), instrument);
                fields.remove(TICKER_PUSHED);
                rows.push(fields);
            }
        }
        if rows.is_empty() && symbol.is_some() {
            return Err(Refusal::parameter("symbol invalid"));
        }
    }
    Ok(Accepted::new(json!({"category": text, "list": rows})))
}

/// The fields of a ticker on its topic. That of spot leaves out the best prices: they are on `orderbook.1`. A perpetual contract
/// has a time of delivery from when its delisting is announced, and nothing else that dated ones have.
pub(crate) fn topic_fields(row: &TickerRow, day: &DayFigures, instrument: &Instrument) -> TickerFields {
    let mut fields = ticker_fields(row, day, instrument);
    if instrument.category == Category::Spot {
        fields.retain(|name, _| !NOT_ON_SPOT_TOPIC.contains(name));
    } else {
        let is_ending = row.delivery_ms.is_some();
        fields.retain(|name, _| !TICKER_OF_DATED.contains(name) && (is_ending || *name != "deliveryTime"));
    }
    fields
}

fn ticker_fields(row: &TickerRow, day: &DayFigures, instrument: &Instrument) -> TickerFields {
    let scales = Scales::of(instrument);
    let price = |price: Option<Decimal>| price.map(|price| scales.price(price)).unwrap_or_default();
    let size = |level: Option<(Decimal, Decimal)>| level.map(|(_, qty)| scales.qty(qty)).unwrap_or_default();
    let last = row.last_price.unwrap_or_default();
    let change = (last - day.prev_price_24h).checked_div(day.prev_price_24h).unwrap_or_default();
    let mut fields = BTreeMap::from([
        ("symbol", row.symbol.to_string()),
        ("lastPrice", price(row.last_price)),
        ("prevPrice24h", scales.price(day.prev_price_24h)),
        ("price24hPcnt", amount(change.round_dp(6))),
        ("highPrice24h", scales.price(day.high)),
        ("lowPrice24h", scales.price(day.low)),
        ("turnover24h", amount(day.turnover.round_dp(4))),
        ("volume24h", scales.qty(day.volume)),
        ("bid1Price", price(row.bid1.map(|level| level.0))),
        ("bid1Size", size(row.bid1)),
        ("ask1Price", price(row.ask1.map(|level| level.0))),
        ("ask1Size", size(row.ask1)),
    ]);
    if instrument.category == Category::Spot {
        fields.insert("usdIndexPrice", price(row.index_price));
    } else {
        fields.extend(contract_fields(row, day, instrument));
    }
    fields
}

/// What only contracts have.
fn contract_fields(row: &TickerRow, day: &DayFigures, instrument: &Instrument) -> TickerFields {
    let scales = Scales::of(instrument);
    let price = |price: Option<Decimal>| price.map(|price| scales.price(price)).unwrap_or_default();
    let mark = row.mark_price.unwrap_or_default();
    // What is open counts on both sides, and under another name on one. Source: Bybit V5, "Get Open Interest".
    let single = row.open_interest;
    let both = single + single;
    let value = |interest: Decimal| {
        amount(match instrument.category {
            Category::Inverse => interest.checked_div(mark).unwrap_or_default().round_dp(4),
            Category::Linear | Category::Spot => (interest * mark).round_dp(2),
        })
    };
    BTreeMap::from([
        ("tickDirection", row.tick_direction.as_str().to_owned()),
        ("markPrice", price(row.mark_price)),
        ("indexPrice", price(row.index_price)),
        ("prevPrice1h", scales.price(day.prev_price_1h)),
        ("openInterest", scales.qty(both)),
        ("openInterestValue", value(both)),
        ("singleOpenInterest", scales.qty(single)),
        ("singleOpenInterestValue", value(single)),
        ("fundingRate", amount(row.funding_rate)),
        ("nextFundingTime", row.next_funding_ms.to_string()),
        ("fundingIntervalHour", (instrument.funding_interval_min / 60).to_string()),
        ("fundingCap", amount(instrument.funding_rate_cap)),
        ("deliveryTime", row.delivery_ms.unwrap_or(0).to_string()),
        ("deliveryFeeRate", String::new()),
        ("predictedDeliveryPrice", String::new()),
        ("basis", String::new()),
        ("basisRate", String::new()),
        ("basisRateYear", String::new()),
        ("preOpenPrice", String::new()),
        ("preQty", String::new()),
        ("curPreListingPhase", String::new()),
    ])
}
