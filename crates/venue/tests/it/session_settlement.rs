//! The session settlement of USDC perpetuals, as a client sees it.

use serde_json::{Value, json};
use windvane_venue::{BalanceConfig, VenueConfig};

use crate::client::Client;
use crate::manual_with;
use crate::products::{accepted, price};

/// A venue with a contract in USDC at 60,000 and an account that holds the coin.
async fn usdc(change: impl FnOnce(&mut VenueConfig)) -> (windvane_venue::Embedded, Client) {
    let (venue, client) = manual_with(|config| {
        config.instruments = vec!["BTCUSDT".into(), "BTCPERP".into()];
        config.accounts[0].coins = vec![BalanceConfig { coin: "USDC".into(), balance: 50_000.into() }];
        change(config);
    })
    .await;
    price(&client, "linear", "BTCPERP", 60_000).await;
    (venue, client)
}

async fn trade(client: &Client, side: &str, qty: &str) {
    let order =
        json!({"category": "linear", "symbol": "BTCPERP", "side": side, "orderType": "Market", "qty": qty});
    accepted(client, "/v5/order/create", order).await;
}

/// Moves the mark, then funding and session are settled.
async fn settle(client: &Client, mark: &str) {
    client.sim("price", &json!({"symbol": "BTCPERP", "mark": mark})).await;
    client.sim("event", &json!({"kind": "funding", "symbol": "BTCPERP", "rate": "0.0001"})).await;
}

async fn first(client: &Client, path: &str, query: &str) -> Value {
    client.get(path, query).await["result"]["list"][0].clone()
}

#[tokio::test]
async fn a_settlement_shows_on_every_page_and_topic() {
    let (_venue, client) = usdc(|_| {}).await;
    trade(&client, "Sell", "0.1").await;
    let position = first(&client, "/v5/position/list", "category=linear&symbol=BTCPERP").await;
    assert_eq!(position["avgPrice"], position["sessionAvgPrice"]);
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["execution", "position", "wallet"]).await;
    settle(&client, "60500").await;

    // 0.1 sold at 60 000 has lost 50 at 60 500, and the short receives 0.605.
    let execution = private.next_of("execution").await["data"][0].clone();
    assert_eq!((&execution["execType"], &execution["execFee"]), (&json!("Funding"), &json!("-0.605")));
    let position = private.next_of("position").await["data"][0].clone();
    assert_eq!(
        (&position["entryPrice"], &position["sessionAvgPrice"]),
        (&json!("60000.00"), &json!("60500.00"))
    );
    assert_eq!(position["unrealisedPnl"], "0");
    let wallet = private.next_of("wallet").await["data"][0]["coin"].clone();
    let usdc = wallet.as_array().unwrap().iter().find(|row| row["coin"] == "USDC").unwrap();
    assert_eq!(usdc["walletBalance"], "49947.305", "its fee was 3.3");

    let log = first(&client, "/v5/account/transaction-log", "category=linear&type=SETTLEMENT").await;
    for (field, text) in [
        ("cashFlow", "-50"),
        ("funding", "0.605"),
        ("feeRate", "-0.0001"),
        ("fee", "0"),
        ("change", "-49.395"),
        ("currency", "USDC"),
        ("side", "Sell"),
        ("qty", "0.100"),
        ("size", "-0.100"),
        ("tradePrice", "60500.00"),
    ] {
        assert_eq!(log[field], text, "{field}: {log}");
    }
    let record = first(&client, "/v5/asset/settlement-record", "category=linear").await;
    let time = record["createdTime"].clone();
    assert_eq!(
        record,
        json!({"symbol": "BTCPERP", "side": "Sell", "size": "-0.100", "sessionAvgPrice": "60500.00",
            "markPrice": "60500.00", "realisedPnl": "-50", "createdTime": time})
    );
    let closed = first(&client, "/v5/position/closed-pnl", "category=linear").await;
    for (field, text) in [
        ("execType", "SessionSettlePnL"),
        ("side", "Buy"),
        ("closedSize", "0.100"),
        ("avgEntryPrice", "60000"),
        ("avgExitPrice", "60500"),
        ("closedPnl", "-50"),
        ("closeFee", "0"),
    ] {
        assert_eq!(closed[field], text, "{field}: {closed}");
    }
    let flat = first(&client, "/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(flat["sessionAvgPrice"], "", "a contract in USDT has none");
}

#[tokio::test]
async fn settlement_records_are_paged_newest_first_and_cover_thirty_days() {
    let (_venue, client) = usdc(|_| {}).await;
    trade(&client, "Buy", "0.1").await;
    for mark in ["60100", "60200", "60300"] {
        settle(&client, mark).await;
    }
    let path = "/v5/asset/settlement-record";
    let (mut cursor, mut marks) = (String::new(), Vec::new());
    loop {
        let page = client.get(path, &format!("category=linear&limit=2&cursor={cursor}")).await;
        let rows = page["result"]["list"].as_array().unwrap().clone();
        marks.extend(rows.iter().map(|row| row["markPrice"].as_str().unwrap().to_owned()));
        cursor = page["result"]["nextPageCursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(marks, ["60300.00", "60200.00", "60100.00"]);
    const DAY_MS: i64 = 86_400_000;
    let now: i64 =
        first(&client, path, "category=linear").await["createdTime"].as_str().unwrap().parse().unwrap();
    for (query, rows) in [
        ("category=linear&symbol=BTCPERP".to_owned(), Some(3)),
        ("category=linear&symbol=ETHPERP".to_owned(), Some(0)),
        ("category=inverse".to_owned(), Some(0)),
        (format!("category=linear&startTime={}", now - 29 * DAY_MS), Some(3)),
        (format!("category=linear&startTime={}", now - 31 * DAY_MS), Some(0)),
        (format!("category=linear&endTime={}", now + 29 * DAY_MS), Some(3)),
        (format!("category=linear&startTime={}&endTime={}", now - 15 * DAY_MS, now + 15 * DAY_MS), Some(3)),
        (format!("category=linear&startTime={}&endTime={}", now - 16 * DAY_MS, now + 15 * DAY_MS), None),
        (String::new(), None),
    ] {
        let page = client.get(path, &query).await;
        let code = if rows.is_some() { 0 } else { 10001 };
        assert_eq!(
            (&page["retCode"], page["result"]["list"].as_array().map(Vec::len)),
            (&json!(code), rows),
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_the_examples_of_settlement_records_leave_open_can_be_had_the_other_way() {
    let (_venue, client) = usdc(|config| {
        for (name, answer) in [
            ("settlement-record-price", "before"),
            ("settlement-record-size", "unsigned"),
            ("session-execution", "own"),
        ] {
            config.doubts.set(name, answer).unwrap();
        }
    })
    .await;
    trade(&client, "Sell", "0.1").await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["execution"]).await;
    settle(&client, "60500").await;
    let record = first(&client, "/v5/asset/settlement-record", "category=linear").await;
    assert_eq!((&record["sessionAvgPrice"], &record["size"]), (&json!("60000.00"), &json!("0.100")));
    // What was earned by it is on the topic only.
    let pushed = loop {
        let frame = private.next_of("execution").await;
        let rows = frame["data"].as_array().unwrap();
        if let Some(row) = rows.iter().find(|row| row["execType"] == "SessionSettlePnL") {
            break row.clone();
        }
    };
    assert_eq!(pushed["execPnl"], "-50");
    let own = first(&client, "/v5/execution/list", "category=linear&execType=SessionSettlePnL").await;
    for (field, text) in [("execFee", "0"), ("execPrice", "60500.00"), ("orderType", "UNKNOWN")] {
        assert_eq!(own[field], text, "{field}: {own}");
    }
}
