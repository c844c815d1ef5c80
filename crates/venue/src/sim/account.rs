//! Acting on an account from outside: credits and orders "from the phone".

use serde_json::{Value, json};
use windvane_venue_core::{Category, Request};

use crate::exchange::Exchange;
use crate::rest::order;
use crate::wire::envelope::Refusal;
use crate::wire::fields::Fields;

/// `{uid, coin, delta}`: credits or debits a coin.
pub(super) fn transfer(exchange: &mut Exchange, fields: &Fields) -> Result<Value, Refusal> {
    let coin = fields.required("coin")?;
    let amount = fields.decimal("delta")?.ok_or_else(|| Refusal::parameter("delta is required"))?;
    exchange.request(uid(exchange, fields)?, &Request::Transfer { coin, amount })?;
    Ok(json!({}))
}

/// `{uid, …}` and the fields of `order/create`; with `cancel: true` those of `order/cancel`. The order is not
/// counted among the account's requests, since no client of it sent one.
pub(super) fn order(exchange: &mut Exchange, fields: &Fields) -> Result<Value, Refusal> {
    let uid = uid(exchange, fields)?;
    let cancel = fields.flag("cancel")?.unwrap_or(false);
    let fields = match fields.text("category") {
        Some(_) => fields.clone(),
        None => fields.clone().with("category", Category::Linear.as_str()),
    };
    let answer =
        if cancel { order::cancel(exchange, uid, &fields) } else { order::create(exchange, uid, &fields) };
    Ok(answer?.result)
}

/// The account that the fields name.
///
/// # Errors
/// 10001 when `uid` is that of no account.
pub(super) fn uid(exchange: &Exchange, fields: &Fields) -> Result<u64, Refusal> {
    let uid = fields.integer("uid")?.and_then(|uid| u64::try_from(uid).ok());
    uid.filter(|uid| exchange.accounts.iter().any(|account| account.uid == *uid))
        .ok_or_else(|| Refusal::parameter("uid is not an account of this venue"))
}
