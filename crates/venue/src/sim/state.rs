//! `GET /sim/state`: the venue's truth, against which an engine's own books are compared.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use windvane_venue_core::{Category, ExecutionFilter, OrderFilter, WalletRow};

use super::account::uid;
use crate::exchange::{Exchange, NOBODY};
use crate::wire::envelope::Refusal;
use crate::wire::execution::Execution;
use crate::wire::fields::Fields;
use crate::wire::narrow::Told;
use crate::wire::order::Order;
use crate::wire::to_value;
use crate::wire::wallet::{Coin, Wallet};

/// Everything about every account since the start, oldest first; of one alone where the fields name its `uid`.
///
/// # Errors
/// 10001 when the uid is that of no account.
pub(super) fn state(exchange: &Exchange, fields: &Fields) -> Result<Value, Refusal> {
    let wanted = fields.text("uid").map(|_| uid(exchange, fields)).transpose()?;
    let uids = exchange.accounts.iter().map(|account| account.uid);
    let accounts: Vec<Value> = uids
        .filter(|uid| wanted.is_none_or(|wanted| wanted == *uid))
        .map(|uid| account_state(exchange, uid))
        .collect();
    Ok(json!({
        "market_ms": exchange.now_ms(),
        "finished": exchange.is_finished(),
        "rate_limits": if exchange.limits_rates() { "on" } else { "off" },
        // Of requests that name no account, market data among them. What is refused by an HTTP status alone counts under that.
        "unknown": requests(exchange, NOBODY),
        "accounts": accounts,
    }))
}

/// How many requests were accepted, by endpoint, and refused, by code.
fn requests(exchange: &Exchange, uid: u64) -> Value {
    let counts = exchange.counts.get(&uid).cloned().unwrap_or_default();
    let refused: BTreeMap<String, u64> =
        counts.refused.iter().map(|(code, count)| (code.to_string(), *count)).collect();
    json!({"accepted": counts.accepted, "refused": refused})
}

/// The coins of a wallet.
fn coins(row: &WalletRow) -> impl Iterator<Item = Value> {
    row.coins.iter().map(|coin| to_value(&Coin::new(coin, row)))
}

fn account_state(exchange: &Exchange, uid: u64) -> Value {
    let core = &exchange.core;
    let scales = |category: Category, symbol: &str| exchange.digits.get(category, symbol);
    let mut orders: Vec<_> = core.closed_orders(uid, OrderFilter::default()).collect();
    orders.extend(core.open_orders(uid, OrderFilter::default()));
    orders.sort_by(|a, b| (a.created_time_ms, &a.order_id).cmp(&(b.created_time_ms, &b.order_id)));
    let orders = orders
        .iter()
        .filter_map(|row| Some(to_value(&Order::new(row, scales(row.category, &row.symbol)?, Told::Whole))));
    let fills = core.executions(uid, ExecutionFilter::default());
    let fills = fills.iter().rev().filter_map(|row| {
        Some(to_value(&Execution::new(row, scales(row.category, &row.symbol)?, Told::Whole)))
    });
    let contracts = core.instruments().filter(|instrument| instrument.category != Category::Spot);
    let positions = contracts.flat_map(|instrument| core.positions_in(uid, &instrument.symbol));
    let positions =
        positions.filter_map(|row| Some(to_value(&exchange.writer().position(uid, &row, Told::Whole)?)));
    let wallet = core.wallet(uid);
    json!({
        "uid": uid,
        "orders": orders.collect::<Vec<_>>(),
        "fills": fills.collect::<Vec<_>>(),
        "positions": positions.collect::<Vec<_>>(),
        "wallet": wallet.iter().flat_map(coins).collect::<Vec<_>>(),
        "margin": wallet.as_ref().map(|row| to_value(&Wallet::new(row))),
        "requests": requests(exchange, uid),
    })
}
