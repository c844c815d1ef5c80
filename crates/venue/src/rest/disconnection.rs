//! Disconnection protection (DCP): set and asked for here, watched over by [`crate::exchange::protection`]. Source: Bybit
//! V5, "Set Disconnect Cancel All", "Get DCP Info".

use std::time::Duration;

use serde_json::{Value, json};

use crate::config::DisconnectionProtection;
use crate::exchange::Exchange;
use crate::exchange::protection::Product;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;

/// Seconds that the sockets of an account may be away.
const WINDOWS_S: std::ops::RangeInclusive<u64> = 3..=300;

/// Protects a product group, from now on. The reply has no `result`.
pub(super) fn set(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    if exchange.doubts.disconnection_protection == DisconnectionProtection::Refused {
        return Err(Refusal::new(10005, "Permission denied, disconnection protection is not switched on."));
    }
    let seconds = fields.integer("timeWindow")?.and_then(|seconds| u64::try_from(seconds).ok());
    let seconds = seconds
        .filter(|seconds| WINDOWS_S.contains(seconds))
        .ok_or_else(|| Refusal::parameter("timeWindow must be 3 to 300"))?;
    let product = match fields.text("product") {
        None => Product::Options,
        Some(text) => Product::parse(&text).ok_or_else(|| Refusal::parameter("product is invalid"))?,
    };
    exchange.protection.set(uid, product, Duration::from_secs(seconds));
    Ok(Accepted::new(Value::Null).with_ext_info(Value::Null))
}

/// What is protected; a list that is empty while nothing is.
pub(super) fn query(exchange: &Exchange, uid: u64, _: &Fields) -> Answer {
    let row = |(product, window): (Product, Duration)| json!({"product": product.as_str(), "dcpStatus": "ON", "timeWindow": window.as_secs().to_string()});
    let rows: Vec<Value> = exchange.protection.of(uid).map(row).collect();
    Ok(Accepted::new(json!({"dcpInfos": rows})))
}
