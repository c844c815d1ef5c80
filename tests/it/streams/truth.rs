//! The venue's own books, and what the stream owes by them.

use super::listener::Listener;
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeSet;
use windvane_model::{MarketTime, OrderStatus, Symbol};
use windvane_order_management::{FillRow, OrderRow, PositionRow, Truth, WalletRow};

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}")).to_owned()
}

fn decimal(row: &Value, key: &str) -> Decimal {
    let text = text(row, key);
    if text.is_empty() { Decimal::ZERO } else { text.parse::<Decimal>().unwrap().normalize() }
}

fn moment(row: &Value, key: &str) -> MarketTime {
    MarketTime(text(row, key).parse().unwrap())
}

fn rows<'a>(account: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    account[key].as_array().unwrap_or_else(|| panic!("no {key}")).iter()
}

fn size(row: &Value) -> Decimal {
    let size = decimal(row, "size");
    if text(row, "side") == "Sell" { -size } else { size }
}

/// Our books against `account` of the venue: every order of this life, every execution since it `began`, every position and
/// the wallet, to the last digit.
pub(super) fn has_the_venues_account(
    listener: &Listener,
    account: &Value,
    began: MarketTime,
) -> Result<(), String> {
    if !listener.orders.is_reconciled() {
        return Err("a reconciliation is under way".to_owned());
    }
    let mut ours = listener.orders.truth();
    ours.fills.retain(|fill| fill.at_ms >= began.0);
    let install = listener.install();
    let own = rows(account, "orders").filter(|row| text(row, "orderLinkId").starts_with(&install));
    let mut theirs = Truth {
        orders: own.map(order).collect(),
        fills: rows(account, "fills").map(fill).filter(|fill| fill.at_ms >= began.0).collect(),
        positions: rows(account, "positions").map(position).collect(),
        wallet: rows(account, "wallet").map(wallet).collect(),
    };
    theirs.sort();
    // Books that began in the middle know what was realised since; what that comes to is in the wallet.
    for position in ours.positions.iter_mut().chain(&mut theirs.positions) {
        position.realised_pnl = Decimal::ZERO;
    }
    theirs.positions.retain(|row| ours.positions.iter().any(|known| known.symbol == row.symbol));
    match ours.differences(&theirs).first() {
        None => Ok(()),
        Some(difference) => Err(difference.to_string()),
    }
}

/// Whether the stream told everything that happened since it is up without a break.
pub(super) fn has_told_all(listener: &Listener, account: &Value) -> Result<(), String> {
    let told = &listener.told;
    let Some(since) = told.up_since else { return Err("the private stream is down".to_owned()) };
    let mut traded = BTreeSet::new();
    let executions: BTreeSet<(String, String)> =
        told.executions.iter().map(|(symbol, id)| (symbol.to_string(), id.to_string())).collect();
    for row in rows(account, "fills").filter(|row| moment(row, "execTime") > since) {
        let key = (text(row, "symbol"), text(row, "execId"));
        if !executions.contains(&key) {
            return Err(format!("the stream did not tell execution {} of {}", key.1, key.0));
        }
        traded.insert(key.0);
    }
    let orders: BTreeSet<(String, &str)> =
        told.orders.iter().map(|(id, status)| (id.to_string(), OrderStatus::as_str(*status))).collect();
    for row in rows(account, "orders").filter(|row| moment(row, "updatedTime") > since) {
        let (id, status) = (text(row, "orderId"), text(row, "orderStatus"));
        if !orders.contains(&(id.clone(), status.as_str())) {
            return Err(format!("the stream did not tell that order {id} is {status}"));
        }
    }
    for row in rows(account, "positions").filter(|row| traded.contains(&text(row, "symbol"))) {
        let (symbol, size) = (Symbol::new(&text(row, "symbol")).unwrap(), size(row));
        if !told.positions.get(&symbol).is_some_and(|sizes| sizes.contains(&size)) {
            return Err(format!("the stream did not tell a position of {size} in {symbol}"));
        }
    }
    Ok(())
}

fn order(row: &Value) -> OrderRow {
    let is_market = text(row, "orderType") == "Market";
    OrderRow {
        name: text(row, "orderLinkId"),
        symbol: text(row, "symbol"),
        side: text(row, "side"),
        price: (!is_market).then(|| decimal(row, "price")),
        qty: decimal(row, "qty"),
        filled_qty: decimal(row, "cumExecQty"),
        filled_value: decimal(row, "cumExecValue"),
        status: text(row, "orderStatus"),
    }
}

fn fill(row: &Value) -> FillRow {
    FillRow {
        symbol: text(row, "symbol"),
        execution_id: text(row, "execId"),
        order_id: text(row, "orderId"),
        side: text(row, "side"),
        price: decimal(row, "execPrice"),
        qty: decimal(row, "execQty"),
        fee: decimal(row, "execFee"),
        is_maker: row["isMaker"].as_bool().unwrap(),
        at_ms: moment(row, "execTime").0,
    }
}

fn position(row: &Value) -> PositionRow {
    PositionRow {
        symbol: text(row, "symbol"),
        index: u8::try_from(row["positionIdx"].as_u64().unwrap()).unwrap(),
        size: size(row),
        average_price: decimal(row, "avgPrice"),
        realised_pnl: Decimal::ZERO,
    }
}

fn wallet(row: &Value) -> WalletRow {
    WalletRow { coin: text(row, "coin"), balance: decimal(row, "walletBalance") }
}
