//! What `windvane trades` adds up is what the venue's own accounts say, to the last digit.

use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;
use windvane_tests::{Ground, Market, finish, signed_rows, windvane};

fn number(row: &Value, field: &str) -> Decimal {
    let text = row[field].as_str().unwrap_or_else(|| panic!("{row} has no {field}"));
    text.parse().unwrap_or_else(|_| panic!("{field} of {row} is no number"))
}

/// Sums by contract.
fn sums(rows: &[Value], figure: impl Fn(&Value) -> Decimal) -> BTreeMap<String, Decimal> {
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for row in rows {
        *sums.entry(row["symbol"].as_str().unwrap_or_default().to_owned()).or_default() += figure(row);
    }
    sums
}

#[test]
fn the_sums_of_trades_are_the_venues_closed_pnl_and_its_transaction_log() {
    let ground = Ground::new(Market::Walking);
    ground.trade("engine", 6);

    let (code, out, err) = finish(&windvane(&["trades", "--json", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{out}{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    let trades = told["rows"].as_array().unwrap();
    assert!(!trades.is_empty() && trades.iter().all(|trade| trade["closed"] != "open"), "{told}");
    let after_fees = sums(trades, |trade| number(trade, "realised") - number(trade, "fees"));
    let net = sums(trades, |trade| number(trade, "net"));

    let closed = signed_rows(ground.venue(), "/v5/position/closed-pnl", "category=linear&limit=100");
    assert_eq!(after_fees, sums(&closed, |row| number(row, "closedPnl")));
    let log = signed_rows(
        ground.venue(),
        "/v5/account/transaction-log",
        "accountType=UNIFIED&category=linear&currency=USDT&limit=50",
    );
    assert_eq!(net, sums(&log, |row| number(row, "change")));

    // The closing lines say the same.
    let (_, out, _) = finish(&windvane(&["trades", "--config", &ground.config()]));
    let all: Decimal = after_fees.values().sum();
    let line = out.lines().find(|line| line.starts_with("closed: ")).unwrap_or_else(|| panic!("{out}"));
    let shown = line.split(" trades, ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert_eq!(shown.parse::<Decimal>().unwrap(), all, "{line}");
}
