//! Replies hold every field that a recorded reply of the exchange holds.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{buy, manual};

/// Fields whose shape depends on the account's country: a list of taxes, or empty text.
const BY_COUNTRY: [&str; 1] = ["extraFees"];

/// A recorded reply, or `None` (said aloud) when the recordings are not there.
fn recorded(name: &str) -> Option<Value> {
    let folder = std::env::var_os("WINDVANE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = folder.join("fixtures/v5").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            eprintln!("SKIPPED: no recording at {} (set WINDVANE_SHARED)", path.display());
            None
        }
    }
}

/// Every key of `expected`, at any depth, is in `actual` with the same JSON type; of lists the first row counts.
fn assert_covers(actual: &Value, expected: &Value, at: &str) {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            let known: BTreeSet<&String> = actual.keys().collect();
            for (key, value) in expected {
                if BY_COUNTRY.contains(&key.as_str()) || at.ends_with("cumFeeDetail") {
                    continue;
                }
                assert!(known.contains(key), "{at} lacks {key}");
                assert_covers(&actual[key], value, &format!("{at}.{key}"));
            }
        }
        (Value::Array(actual), Value::Array(expected)) => {
            if let (Some(actual), Some(expected)) = (actual.first(), expected.first()) {
                assert_covers(actual, expected, &format!("{at}[0]"));
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {}
        _ => panic!("{at}: {actual} against {expected}"),
    }
}

#[tokio::test]
async fn replies_cover_the_recorded_ones() {
    let (_venue, client) = manual().await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"});
    let close = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.005"});
    for order in [market, close, buy("0.001", "59000")] {
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    }
    for (path, query, recording) in [
        ("/v5/order/realtime", "category=linear&symbol=BTCUSDT", "rest/order.realtime.linear.resp.json"),
        ("/v5/order/history", "category=linear", "rest/order.history.linear.postonly-cancelled.resp.json"),
        ("/v5/execution/list", "category=linear", "rest/execution.list.linear.resp.json"),
        (
            "/v5/position/list",
            "category=linear&symbol=BTCUSDT",
            "rest/old.position.list.linear.open-long.resp.json",
        ),
        ("/v5/position/closed-pnl", "category=linear", "rest/position.closed-pnl.linear.resp.json"),
        ("/v5/account/wallet-balance", "accountType=UNIFIED", "rest/account.wallet-balance.resp.json"),
        ("/v5/account/info", "", "rest/account.info.resp.json"),
        ("/v5/account/transaction-log", "", "rest/account.transaction-log.resp.json"),
    ] {
        let Some(expected) = recorded(recording) else { continue };
        assert_covers(&client.get(path, query).await, &expected, path);
    }
    for (target, recording) in [
        (
            "/v5/market/instruments-info?category=linear&symbol=BTCUSDT",
            "rest/market.instruments-info.linear.resp.json",
        ),
        ("/v5/market/time", "rest/market.time.resp.json"),
        ("/v5/market/price-limit?symbol=BTCUSDT", "rest/market.price-limit.linear.resp.json"),
        ("/v5/market/risk-limit?category=linear", "rest/market.risk-limit.inverse.resp.json"),
    ] {
        let Some(expected) = recorded(recording) else { continue };
        assert_covers(&client.public(target).await, &expected, target);
    }
}

#[tokio::test]
async fn pushes_cover_the_recorded_ones() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["execution", "position", "wallet"]).await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"});
    client.post("/v5/order/create", &market).await;
    for (topic, recording) in [
        ("execution", "ws/private.execution.linear.json"),
        ("position", "ws/private.position.linear.flat-hedge.json"),
        ("wallet", "ws/private.wallet.json"),
    ] {
        let pushed = private.next_of(topic).await;
        if let Some(expected) = recorded(recording) {
            assert_covers(&pushed, &expected, topic);
        }
    }
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["orderbook.50.BTCUSDT", "tickers.BTCUSDT"]).await;
    for (topic, recording) in [
        ("orderbook.50.BTCUSDT", "ws/public.orderbook.50.snapshot.json"),
        ("tickers.BTCUSDT", "ws/public.tickers.linear-perp.snapshot.json"),
    ] {
        let pushed = public.next_of(topic).await;
        if let Some(expected) = recorded(recording) {
            assert_covers(&pushed, &expected, topic);
        }
    }
}
