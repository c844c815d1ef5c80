//! Insurance pools. Source: Bybit V5, "Get Insurance Pool", "Get ADL Alert".
//!
//! This venue has none: what an account loses beyond its balance stays its debt, or vanishes where the doubt `bankrupt-balance`
//! says so, and positions are deleveraged when they are told to be. The lists are empty, as they are true.

use serde_json::json;

use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer};
use crate::wire::fields::Fields;

/// How often the exchange brings its figures up to date, in ms.
const UPDATED_EVERY_MS: i64 = 60_000;

pub(crate) fn pools(exchange: &Exchange, _: &Fields) -> Answer {
    none(exchange)
}

pub(crate) fn adl_alert(exchange: &Exchange, _: &Fields) -> Answer {
    none(exchange)
}

fn none(exchange: &Exchange) -> Answer {
    let now_ms = exchange.now_ms();
    let updated_ms = now_ms - now_ms.rem_euclid(UPDATED_EVERY_MS);
    Ok(Accepted::new(json!({"updatedTime": updated_ms.to_string(), "list": []})))
}
