//! Inverse contracts: instruments, market data and plain orders.

use serde_json::{Value, json};

use crate::client::Client;
use crate::products::{accepted, all_products, coin, price};

fn order(side: &str, more: Value) -> Value {
    let mut order =
        json!({"category": "inverse", "symbol": "BTCUSD", "side": side, "orderType": "Limit", "qty": "600"});
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

async fn open(client: &Client, query: &str) -> Vec<Value> {
    let listed = client.get("/v5/order/realtime", &format!("category=inverse{query}")).await;
    listed["result"]["list"].as_array().unwrap_or_else(|| panic!("{listed}")).clone()
}

#[tokio::test]
async fn an_inverse_contract_has_market_data_of_every_kind() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let mut public = client.unsigned_socket("/v5/public/inverse").await;
    let topics = ["orderbook.50.BTCUSD", "publicTrade.BTCUSD", "tickers.BTCUSD", "kline.1.BTCUSD"];
    public.send(&json!({"op": "subscribe", "req_id": "s", "args": topics})).await;
    assert_eq!(public.next().await["success"], true);
    let trade =
        json!({"category": "inverse", "symbol": "BTCUSD", "side": "Buy", "price": "60000.1", "qty": "600"});
    client.sim("trade", &trade).await;
    let print = public.next_of("publicTrade.BTCUSD").await["data"][0].clone();
    assert_eq!(
        (&print["s"], &print["v"], &print["p"]),
        (&json!("BTCUSD"), &json!("600"), &json!("60000.10"))
    );
    public.next_of("kline.1.BTCUSD").await;
    for (path, query, at) in [
        ("instruments-info", "", "/list/0/symbol"),
        ("tickers", "", "/list/0/markPrice"),
        ("orderbook", "", "/b/0/0"),
        ("recent-trade", "", "/list/0/price"),
        ("kline", "&interval=1", "/list/0/4"),
        ("mark-price-kline", "&interval=1", "/list/0/4"),
        ("index-price-kline", "&interval=1", "/list/0/4"),
        ("risk-limit", "", "/list/0/maintenanceMargin"),
        ("price-limit", "", "/buyLmt"),
        ("open-interest", "&intervalTime=5min", "/list/0/openInterest"),
    ] {
        let reply = client.public(&format!("/v5/market/{path}?category=inverse&symbol=BTCUSD{query}")).await;
        let found = reply["result"].pointer(at);
        assert!(
            found.is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty())),
            "{path}: {reply}"
        );
    }
    // The volume of its candles is in dollars, the turnover in coins.
    let candles = client.public("/v5/market/kline?category=inverse&symbol=BTCUSD&interval=1").await;
    let candle = candles["result"]["list"][0].as_array().unwrap();
    let [volume, turnover]: [f64; 2] = [5, 6].map(|n: usize| candle[n].as_str().unwrap().parse().unwrap());
    assert!((turnover - volume / 60_000.1).abs() < 1e-6, "{candle:?}");
    assert_eq!(
        client.public("/v5/market/funding/history?category=inverse&symbol=BTCUSD").await["retCode"],
        0
    );
}

#[tokio::test]
async fn plain_orders_of_an_inverse_contract_live_like_any_other() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    accepted(&client, "/v5/order/create", order("Buy", json!({"price": "59500", "orderLinkId": "a"}))).await;
    // A tenth of 600 dollars at 59 500, and the fees of both ways, in coins.
    let held: f64 = coin(&client, "BTC").await["totalOrderIM"].as_str().unwrap().parse().unwrap();
    let value = 600.0 / 59_500.0;
    assert!((held - value * (0.1 + 0.00055 + 1.1 * 0.00055)).abs() < 1e-9, "{held}");
    let amend = json!({"category": "inverse", "symbol": "BTCUSD", "orderLinkId": "a", "qty": "900", "price": "59600"});
    accepted(&client, "/v5/order/amend", amend).await;
    let rows = open(&client, "&symbol=BTCUSD").await;
    assert_eq!((&rows[0]["qty"], &rows[0]["price"]), (&json!("900"), &json!("59600.00")));
    let cancel = json!({"category": "inverse", "symbol": "BTCUSD", "orderLinkId": "a"});
    accepted(&client, "/v5/order/cancel", cancel).await;
    let items: Vec<Value> =
        ["59400", "59300"].iter().map(|price| order("Buy", json!({"price": price}))).collect();
    let batch =
        client.post("/v5/order/create-batch", &json!({"category": "inverse", "request": items})).await;
    assert_eq!(batch["retExtInfo"]["list"][1]["code"], 0, "{batch}");
    let conditional =
        json!({"triggerPrice": "59000", "triggerDirection": 2, "price": "59000", "triggerBy": "MarkPrice"});
    accepted(&client, "/v5/order/create", order("Sell", conditional)).await;
    assert_eq!((open(&client, "").await.len(), open(&client, "&orderFilter=StopOrder").await.len()), (3, 1));
    let all = json!({"category": "inverse", "settleCoin": "BTC"});
    assert_eq!(
        accepted(&client, "/v5/order/cancel-all", all).await["result"]["list"].as_array().map(Vec::len),
        Some(3)
    );
}

#[tokio::test]
async fn what_an_inverse_position_makes_is_paid_in_its_coin() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let market = json!({"orderType": "Market", "qty": "6000", "stopLoss": "59000", "orderLinkId": "entry"});
    accepted(&client, "/v5/order/create", order("Buy", market)).await;
    let listed = client.get("/v5/position/list", "category=inverse&symbol=BTCUSD").await;
    let row = &listed["result"]["list"][0];
    assert_eq!(
        [&row["size"], &row["side"], &row["stopLoss"]],
        [&json!("6000"), &json!("Buy"), &json!("59000.00")]
    );
    price(&client, "inverse", "BTCUSD", 61_000).await;
    accepted(
        &client,
        "/v5/order/create",
        order("Sell", json!({"orderType": "Market", "qty": "6000", "reduceOnly": true})),
    )
    .await;
    let closed = client.get("/v5/position/closed-pnl", "category=inverse").await;
    let pnl: f64 = closed["result"]["list"][0]["closedPnl"].as_str().unwrap().parse().unwrap();
    let (entry, exit) = (6_000.0 / 60_000.1, 6_000.0 / 61_000.0);
    assert!((pnl - (entry - exit - 0.00055 * (entry + exit))).abs() < 1e-9, "{pnl}");
    let log = client.get("/v5/account/transaction-log", "category=inverse").await;
    let changes: f64 = log["result"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["change"].as_str().unwrap().parse::<f64>().unwrap())
        .sum();
    let balance: f64 = coin(&client, "BTC").await["walletBalance"].as_str().unwrap().parse().unwrap();
    assert!(
        (balance - 1.0 - changes).abs() < 1e-12 && (changes - pnl).abs() < 1e-12,
        "{balance} {changes} {pnl}"
    );
    assert_eq!(open(&client, "").await.len(), 0, "its stop went with it");
    let hedge = json!({"category": "inverse", "symbol": "BTCUSD", "mode": 3});
    assert_eq!(client.post("/v5/position/switch-mode", &hedge).await["retCode"], 110029);
}
