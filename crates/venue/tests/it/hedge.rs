//! Hedge mode on the wire: two positions of a symbol, each with its orders, stops and leverage.

use serde_json::{Value, json};
use windvane_venue::Embedded;

use crate::client::Client;
use crate::manual_with;
use crate::products::accepted;

async fn hedged() -> (Embedded, Client) {
    let (venue, client) = manual_with(|config| config.rate_limits = false).await;
    let switch = json!({"category": "linear", "coin": "USDT", "mode": 3});
    accepted(&client, "/v5/position/switch-mode", switch).await;
    (venue, client)
}

fn market(side: &str, idx: u8, qty: &str, reduce_only: bool) -> Value {
    json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": qty,
           "positionIdx": idx, "reduceOnly": reduce_only})
}

async fn positions(client: &Client) -> Vec<(i64, String, String)> {
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    let rows = listed["result"]["list"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.map(|row| (row["positionIdx"].as_i64().unwrap(), text(&row["side"]), text(&row["size"]))).collect()
}

fn sized(long: &str, short: &str) -> Vec<(i64, String, String)> {
    let side = |size: &str, side: &str| if size == "0.000" { String::new() } else { side.to_owned() };
    vec![(1, side(long, "Buy"), long.to_owned()), (2, side(short, "Sell"), short.to_owned())]
}

#[tokio::test]
async fn each_side_is_opened_and_closed_by_its_own_index() {
    let (_venue, client) = hedged().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order", "position"]).await;
    accepted(&client, "/v5/order/create", market("Buy", 1, "0.03", false)).await;
    assert_eq!(private.next_of("order").await["data"][0]["positionIdx"], 1);
    accepted(&client, "/v5/order/create", market("Sell", 2, "0.02", false)).await;
    assert_eq!(positions(&client).await, sized("0.030", "0.020"));
    let both = client.get("/v5/position/list", "category=linear&settleCoin=USDT").await;
    assert_eq!(both["result"]["list"].as_array().map(Vec::len), Some(2));
    for (side, idx, reduce_only, code) in [
        ("Buy", 0, false, 10001),
        ("Sell", 0, true, 10001),
        ("Buy", 3, false, 10001),
        // What opens a side cannot reduce it.
        ("Buy", 1, true, 110017),
        ("Sell", 2, true, 110017),
    ] {
        let reply = client.post("/v5/order/create", &market(side, idx, "0.01", reduce_only)).await;
        assert_eq!(reply["retCode"], code, "{side} {idx} {reduce_only}: {reply}");
    }
    // An order against its side closes, with the flag or (by the default of the doubt) without, and never turns it.
    accepted(&client, "/v5/order/create", market("Sell", 1, "0.01", true)).await;
    accepted(&client, "/v5/order/create", market("Buy", 2, "0.05", false)).await;
    assert_eq!(positions(&client).await, sized("0.020", "0.000"));
    let closed = client.get("/v5/position/closed-pnl", "category=linear").await;
    let sides: Vec<_> =
        closed["result"]["list"].as_array().unwrap().iter().map(|row| row["side"].clone()).collect();
    assert_eq!(sides, ["Buy", "Sell"]);
}

#[tokio::test]
async fn each_side_has_its_own_stops_and_a_stop_that_fires_closes_its_side_alone() {
    let (_venue, client) = hedged().await;
    let mut entry = market("Buy", 1, "0.03", false);
    entry["stopLoss"] = "59000".into();
    entry["orderLinkId"] = "long".into();
    accepted(&client, "/v5/order/create", entry).await;
    accepted(&client, "/v5/order/create", market("Sell", 2, "0.02", false)).await;
    let stop = |idx: u8, more: Value| {
        let mut stop =
            json!({"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": idx});
        stop.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stop
    };
    accepted(
        &client,
        "/v5/position/trading-stop",
        stop(2, json!({"stopLoss": "61000", "takeProfit": "58000"})),
    )
    .await;
    assert_eq!(
        client.post("/v5/position/trading-stop", &stop(0, json!({"stopLoss": "1"}))).await["retCode"],
        10001
    );
    let waiting =
        client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT&orderFilter=StopOrder").await;
    let mut shown: Vec<_> = waiting["result"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (
                row["positionIdx"].as_i64().unwrap(),
                text("triggerPrice"),
                text("side"),
                text("parentOrderLinkId"),
            )
        })
        .collect();
    shown.sort();
    let row = |idx, price: &str, side: &str, parent: &str| {
        (idx, price.to_owned(), side.to_owned(), parent.to_owned())
    };
    assert_eq!(
        shown,
        [row(1, "59000.00", "Sell", "long"), row(2, "58000.00", "Buy", ""), row(2, "61000.00", "Buy", "")]
    );
    let fall = json!({"symbol": "BTCUSDT", "bid": "58990", "ask": "59000", "last": "59000", "mark": "59000"});
    client.sim("price", &fall).await;
    assert_eq!(positions(&client).await, sized("0.000", "0.020"));
    let rise =
        json!({"symbol": "BTCUSDT", "bid": "61000", "ask": "61000.1", "last": "61000", "mark": "61000"});
    client.sim("price", &rise).await;
    assert_eq!(positions(&client).await, sized("0.000", "0.000"));
    let left = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(left["result"]["list"], json!([]), "the take-profit of the short went with it");
}

#[tokio::test]
async fn leverage_of_the_sides_differs_in_isolated_margin_only() {
    let (_venue, client) = hedged().await;
    let leverage = |buy: &str, sell: &str| json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": buy, "sellLeverage": sell});
    assert_eq!(client.post("/v5/position/set-leverage", &leverage("5", "8")).await["retCode"], 10001);
    accepted(&client, "/v5/account/set-margin-mode", json!({"setMarginMode": "ISOLATED_MARGIN"})).await;
    accepted(&client, "/v5/position/set-leverage", leverage("5", "8")).await;
    assert_eq!(client.post("/v5/position/set-leverage", &leverage("5", "8")).await["retCode"], 110043);
    let info = client.get("/v5/position/symbol-info", "category=linear&symbol=BTCUSDT").await;
    let shown: Vec<_> = info["result"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["side"], &row["leverage"]))
        .collect();
    assert_eq!(shown, [(&json!("Buy"), &json!("5")), (&json!("Sell"), &json!("8"))]);
    accepted(&client, "/v5/order/create", market("Buy", 1, "0.1", false)).await;
    accepted(&client, "/v5/order/create", market("Sell", 2, "0.1", false)).await;
    let add =
        |idx: u8| json!({"category": "linear", "symbol": "BTCUSDT", "margin": "100", "positionIdx": idx});
    let after = accepted(&client, "/v5/position/add-margin", add(2)).await;
    assert_eq!((&after["result"]["positionIdx"], &after["result"]["leverage"]), (&json!(2), &json!("8")));
    assert_eq!(client.post("/v5/position/add-margin", &add(0)).await["retCode"], 10001);
}

#[tokio::test]
async fn a_mode_is_kept_while_there_is_a_position_or_an_order() {
    let (_venue, client) = hedged().await;
    let back = json!({"category": "linear", "symbol": "BTCUSDT", "mode": 0});
    accepted(&client, "/v5/order/create", market("Buy", 1, "0.01", false)).await;
    assert_eq!(client.post("/v5/position/switch-mode", &back).await["retCode"], 110024);
    accepted(&client, "/v5/order/create", market("Sell", 1, "0.01", true)).await;
    let resting = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01",
                         "price": "59000", "positionIdx": 1, "orderLinkId": "rests"});
    accepted(&client, "/v5/order/create", resting).await;
    assert_eq!(client.post("/v5/position/switch-mode", &back).await["retCode"], 110028);
    // By coin, what is held keeps its mode and everything else is switched.
    accepted(&client, "/v5/position/switch-mode", json!({"category": "linear", "coin": "USDT", "mode": 0}))
        .await;
    assert_eq!(positions(&client).await.len(), 2);
    let other = client.get("/v5/position/list", "category=linear&symbol=ETHUSDT").await;
    assert_eq!(other["result"]["list"][0]["positionIdx"], 0);
    let cancel = json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "rests"});
    accepted(&client, "/v5/order/cancel", cancel).await;
    accepted(&client, "/v5/position/switch-mode", back).await;
    assert_eq!(positions(&client).await, [(0, String::new(), "0.000".to_owned())]);
}
