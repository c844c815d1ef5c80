//! The query of tickers: what instruments stand at. Source: Bybit V5, "Get Tickers".

use serde_json::json;

use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::request::category;
use crate::wire::ticker::Ticker;

pub(crate) fn tickers(exchange: &Exchange, fields: &Fields) -> Answer {
    let text = fields.required("category")?;
    let symbol = fields.text("symbol");
    let mut rows = Vec::new();
    if let Some(category) = category(fields)? {
        for instrument in exchange.core.instruments().filter(|i| i.category == category) {
            if symbol.as_deref().is_some_and(|symbol| *instrument.symbol != *symbol) {
                continue;
            }
            let record = exchange.traded.get(category, &instrument.symbol);
            if let (Some(row), Some(record)) = (exchange.core.ticker(category, &instrument.symbol), record) {
                rows.push(Ticker::in_query(&row, &record.day(), instrument));
            }
        }
        if rows.is_empty() && symbol.is_some() {
            return Err(Refusal::parameter("symbol invalid"));
        }
    }
    Ok(Accepted::new(json!({"category": text, "list": rows})))
}
