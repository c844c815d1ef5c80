//! A tiny table from start to end: candles as recorded, fills, funding, and a state that adds up.

use std::fmt::Write;

use serde_json::{Value, json};
use windvane_venue::{Embedded, MarketConfig, ReplayConfig, StartError, VenueConfig};

use crate::client::Client;

const START_MS: i64 = 1_772_323_200_000;
const BAR_MS: i64 = 300_000;

/// Two hours of a price that rises by 10 a bar, with funding after one hour.
fn table() -> String {
    table_of(24)
}

fn table_of(bars: i64) -> String {
    let mut table = String::from("# test\n");
    for n in 0..bars {
        let (start, open) = (START_MS + n * BAR_MS, 60_000 + 10 * n);
        let _ = writeln!(table, "bar,{start},{open},{},{},{},12", open + 15, open - 5, open + 10);
    }
    let hour = START_MS + 12 * BAR_MS;
    let _ = writeln!(table, "mark,{START_MS},60000,60120\nmark,{hour},60120,60240");
    let _ = writeln!(table, "funding,{hour},0.0001");
    table
}

fn config(dir: &std::path::Path, speed: u32) -> VenueConfig {
    let replay = ReplayConfig { dir: dir.to_owned(), history_bars: 6, speed };
    VenueConfig { instruments: vec!["BTCUSDT".into()], ..VenueConfig::paper(MarketConfig::Replay(replay)) }
}

fn decimal(value: &Value) -> rust_decimal::Decimal {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_replay_runs_to_its_end_and_the_money_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("btcusdt.csv"), table()).unwrap();
    let venue = Embedded::start(config(folder.path(), 3_600)).unwrap();
    let client = Client::new(&venue);

    let held = client.state().await;
    assert_eq!(
        (&held["market_ms"], &held["finished"], &held["rate_limits"]),
        (&json!(START_MS + 6 * BAR_MS), &json!(false), &json!("off"))
    );
    let history = client.public("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=5&limit=2").await;
    assert_eq!(
        history["result"]["list"][1][1], "60050.00",
        "the last closed bar stands behind the open one: {history}"
    );

    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["execution"]).await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["kline.5.BTCUSDT"]).await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"});
    assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0);
    let exit = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit", "qty": "0.01",
                      "price": "60200", "timeInForce": "PostOnly", "reduceOnly": true});
    assert_eq!(client.post("/v5/order/create", &exit).await["retCode"], 0);
    assert_eq!(private.next_of("execution").await["data"][0]["isMaker"], false);

    venue.run_market().await;
    let funding = private.next_of("execution").await;
    let settled = &funding["data"][0];
    assert_eq!((&settled["execType"], &settled["execFee"]), (&json!("Funding"), &json!("0.06012")));
    assert_eq!(settled["execTime"], (START_MS + 12 * BAR_MS).to_string());
    let sold = private.next_of("execution").await;
    assert_eq!(
        (&sold["data"][0]["isMaker"], &sold["data"][0]["execPrice"]),
        (&json!(true), &json!("60200.00"))
    );
    venue.finished().wait_for(|finished| *finished).await.unwrap();

    let mut confirmed = Vec::new();
    while confirmed.len() < 18 {
        for row in public.next_of("kline.5.BTCUSDT").await["data"].as_array().unwrap() {
            if row["confirm"] == true {
                confirmed.push(row["start"].as_i64().unwrap());
            }
        }
    }
    assert_eq!(confirmed, (6..24).map(|n| START_MS + n * BAR_MS).collect::<Vec<_>>());

    let state = client.state().await;
    assert_eq!((&state["finished"], &state["market_ms"]), (&json!(true), &json!(START_MS + 24 * BAR_MS)));
    let account = &state["accounts"][0];
    let fills = account["fills"].as_array().unwrap();
    assert_eq!((fills.len(), account["orders"].as_array().unwrap().len()), (3, 2));
    let paid: rust_decimal::Decimal = fills.iter().map(|fill| decimal(&fill["execFee"])).sum();
    let earned: rust_decimal::Decimal = fills.iter().map(|fill| decimal(&fill["execPnl"])).sum();
    let balance = decimal(&account["wallet"][0]["walletBalance"]);
    assert_eq!(balance, rust_decimal::Decimal::from(100_000) + earned - paid);
    assert_eq!(account["positions"][0]["size"], "0.000");
    assert_eq!(account["requests"], json!({"accepted": {"order/create": 2}, "refused": {}}));

    let log = client.get("/v5/account/transaction-log", "category=linear").await;
    let changes: rust_decimal::Decimal =
        log["result"]["list"].as_array().unwrap().iter().map(|row| decimal(&row["change"])).sum();
    assert_eq!(rust_decimal::Decimal::from(100_000) + changes, balance);
    let rates = client.public("/v5/market/funding/history?category=linear&symbol=BTCUSDT").await;
    assert_eq!(rates["result"]["list"][0]["fundingRate"], "0.0001");
    assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0, "orders work after the end");
    venue.stop();
}

#[tokio::test]
async fn replayed_candles_equal_the_recorded_ones() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("btcusdt.csv"), table()).unwrap();
    let venue = Embedded::start(config(folder.path(), 36_000)).unwrap();
    let client = Client::new(&venue);
    client.sim("clock", &json!({"run": true})).await;
    venue.finished().wait_for(|finished| *finished).await.unwrap();
    let target =
        format!("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=5&start={START_MS}&limit=24");
    let rows = client.public(&target).await["result"]["list"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 24);
    for (n, row) in (0..24).rev().zip(rows) {
        let open = 60_000 + 10 * n;
        let expected = json!([
            (START_MS + n * BAR_MS).to_string(),
            format!("{open}.00"),
            format!("{}.00", open + 15),
            format!("{}.00", open - 5),
            format!("{}.00", open + 10),
            "12.000"
        ]);
        assert_eq!(row.as_array().unwrap()[..6], expected.as_array().unwrap()[..], "bar {n}");
    }
    let marks =
        client.public("/v5/market/mark-price-kline?category=linear&symbol=BTCUSDT&interval=60&limit=2").await;
    assert_eq!(marks["result"]["list"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_reader_that_stops_holds_the_replay_back_and_then_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // More than the queue and the kernel's buffers hold.
    std::fs::write(folder.path().join("btcusdt.csv"), table_of(250)).unwrap();
    let venue = Embedded::start(config(folder.path(), 1_000_000_000)).unwrap();
    let client = Client::new(&venue);
    let mut public = client.narrow_socket("/v5/public/linear").await;
    let topics = ["orderbook.50.BTCUSDT", "orderbook.200.BTCUSDT", "orderbook.1000.BTCUSDT"];
    public.subscribe(&topics).await;
    venue.run_market().await;
    // Nobody reads: the clock must come to stand before the end.
    let mut before = client.state().await["market_ms"].clone();
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let now = client.state().await;
        assert_eq!(now["finished"], false, "the replay ran away from its reader");
        if now["market_ms"] == before && before != START_MS + 6 * BAR_MS {
            break;
        }
        before = now["market_ms"].clone();
    }
    let mut last = std::collections::BTreeMap::new();
    let end = json!(START_MS + 250 * BAR_MS - 25_000);
    for _ in topics {
        loop {
            let frame = public.next().await;
            let (topic, update) =
                (frame["topic"].as_str().unwrap().to_owned(), frame["data"]["u"].as_i64().unwrap());
            let previous = last.insert(topic, update);
            assert!(previous.is_none_or(|previous| update == previous + 1), "{frame}");
            if frame["ts"] == end {
                break;
            }
        }
    }
    venue.finished().wait_for(|finished| *finished).await.unwrap();
}

#[test]
fn a_missing_or_malformed_table_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Embedded::start(config(folder.path(), 1)).unwrap_err();
    assert!(missing.to_string().contains("btcusdt.csv"), "{missing}");
    std::fs::write(folder.path().join("btcusdt.csv"), "bar,1,2").unwrap();
    let malformed = Embedded::start(config(folder.path(), 1)).unwrap_err();
    assert!(malformed.to_string().ends_with("btcusdt.csv:1: 3 columns do not make a bar row"), "{malformed}");
    let speedless = Embedded::start(config(folder.path(), 0)).unwrap_err();
    assert!(matches!(speedless, StartError::Config(_)));
}

#[tokio::test]
async fn a_stop_that_the_mark_fires_trades_with_the_book_of_its_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::new();
    for n in 0..12 {
        let (start, open) = (START_MS + n * BAR_MS, 60_000 - 200 * n);
        let _ = writeln!(table, "bar,{start},{open},{open},{},{},12", open - 200, open - 200);
    }
    std::fs::write(folder.path().join("btcusdt.csv"), table).unwrap();
    let venue = Embedded::start(config(folder.path(), 36_000)).unwrap();
    let client = Client::new(&venue);
    let entry = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01",
                       "stopLoss": "58500", "slTriggerBy": "MarkPrice"});
    assert_eq!(client.post("/v5/order/create", &entry).await["retCode"], 0);
    venue.run_market().await;
    venue.finished().wait_for(|finished| *finished).await.unwrap();
    let fills = client.state().await["accounts"][0]["fills"].as_array().unwrap().clone();
    let stop = fills.last().unwrap();
    assert_eq!(stop["stopOrderType"], "StopLoss", "{stop}");
    assert!(decimal(&stop["markPrice"]) <= decimal(&json!("58500")), "{stop}");
    assert!(decimal(&stop["execPrice"]) <= decimal(&stop["markPrice"]), "the bid of its own moment: {stop}");
}
