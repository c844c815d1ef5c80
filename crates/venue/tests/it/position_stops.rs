//! Stops of positions and conditional orders on the wire.

use serde_json::{Value, json};

use crate::client::Client;
use crate::products::accepted;
use crate::{buy, manual};

fn market(side: &str, qty: &str) -> Value {
    json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": qty})
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn trading_stop(more: Value) -> Value {
    with(json!({"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0}), more)
}

async fn waiting(client: &Client) -> Vec<Value> {
    let query = "category=linear&symbol=BTCUSDT&orderFilter=StopOrder";
    client.get("/v5/order/realtime", query).await["result"]["list"].as_array().unwrap().clone()
}

async fn position(client: &Client) -> Value {
    client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await["result"]["list"][0].clone()
}

/// Moves one or several of the prices, the book with them.
async fn moved(client: &Client, bid: &str, prices: &[&str]) {
    let ask = format!("{bid}.1");
    let mut body = json!({"symbol": "BTCUSDT", "bid": bid, "ask": ask});
    for name in prices {
        body[*name] = bid.into();
    }
    client.sim("price", &body).await;
}

#[tokio::test]
async fn partial_stops_of_an_order_have_its_fills_for_size_its_name_for_parent_and_may_be_limit_orders() {
    let (_venue, client) = manual().await;
    // As an example of the documentation has it, at the price of this market.
    let entry = with(
        buy("1", "60000.1"),
        json!({"positionIdx": 0, "orderLinkId": "usdt-test-01", "takeProfit": "60500", "stopLoss": "59500",
               "tpslMode": "Partial", "tpOrderType": "Limit", "slOrderType": "Limit", "tpLimitPrice": "60450",
               "slLimitPrice": "59450"}),
    );
    accepted(&client, "/v5/order/create", entry.clone()).await;
    let stops = waiting(&client).await;
    for (row, kind, trigger, price) in [
        (&stops[0], "PartialStopLoss", "59500.00", "59450.00"),
        (&stops[1], "PartialTakeProfit", "60500.00", "60450.00"),
    ] {
        assert_eq!(
            (&row["stopOrderType"], &row["parentOrderLinkId"]),
            (&json!(kind), &json!("usdt-test-01"))
        );
        assert_eq!((&row["triggerPrice"], &row["price"]), (&json!(trigger), &json!(price)));
        assert_eq!(
            (&row["orderType"], &row["qty"], &row["tpslMode"]),
            (&json!("Limit"), &json!("1.000"), &json!("Partial"))
        );
        assert_eq!((&row["reduceOnly"], &row["closeOnTrigger"]), (&json!(true), &json!(true)));
    }
    moved(&client, "60400", &["last", "mark", "index"]).await;
    // The last price fires it; its limit is above the bid, so it rests, and its pair has ended.
    client.sim("price", &json!({"symbol": "BTCUSDT", "last": "60500"})).await;
    let rows = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    let rows = rows["result"]["list"].as_array().unwrap();
    assert_eq!(
        (rows.len(), &rows[0]["orderStatus"], &rows[0]["price"]),
        (1, &json!("New"), &json!("60450.00"))
    );
    let ended = client
        .get(
            "/v5/order/realtime",
            &format!("category=linear&orderId={}", stops[0]["orderId"].as_str().unwrap()),
        )
        .await;
    assert_eq!(ended["result"]["list"][0]["cancelType"], "CancelByOCOSlCanceledByTpTriggered");
    let full = with(entry, json!({"tpslMode": "Full", "orderLinkId": "full", "price": "59000"}));
    assert_eq!(
        client.post("/v5/order/create", &full).await["retCode"],
        10001,
        "mode Full takes market stops only"
    );
}

#[tokio::test]
async fn trading_stop_adds_partial_pairs_of_one_size_and_no_more_than_twenty() {
    let (_venue, client) = crate::manual_with(|config| config.rate_limits = false).await;
    accepted(&client, "/v5/order/create", market("Buy", "0.5")).await;
    let pair = |tp_size: &str, sl_size: &str| {
        trading_stop(
            json!({"tpslMode": "Partial", "takeProfit": "61000", "stopLoss": "59000", "tpSize": tp_size,
                            "slSize": sl_size, "tpOrderType": "Limit", "tpLimitPrice": "60990"}),
        )
    };
    for (request, code) in [
        (pair("0.01", "0.02"), 10001),
        (pair("0.6", "0.6"), 110058),
        (trading_stop(json!({"tpslMode": "Partial", "takeProfit": "61000"})), 10001),
        (
            trading_stop(
                json!({"tpslMode": "Full", "takeProfit": "61000", "tpOrderType": "Limit", "tpLimitPrice": "60990"}),
            ),
            10001,
        ),
        (trading_stop(json!({"tpslMode": "Full", "stopLoss": "61000"})), 10001),
    ] {
        let reply = client.post("/v5/position/trading-stop", &request).await;
        assert_eq!(reply["retCode"], code, "{request}: {reply}");
    }
    for _ in 0..10 {
        accepted(&client, "/v5/position/trading-stop", pair("0.02", "0.02")).await;
    }
    assert_eq!(client.post("/v5/position/trading-stop", &pair("0.02", "0.02")).await["retCode"], 110061);
    let stops = waiting(&client).await;
    let limits = stops.iter().filter(|row| row["orderType"] == "Limit" && row["price"] == "60990.00").count();
    assert_eq!((stops.len(), limits), (20, 10));
    // Full and Partial stand beside each other; zero removes what is Full.
    accepted(
        &client,
        "/v5/position/trading-stop",
        trading_stop(json!({"tpslMode": "Full", "stopLoss": "58000"})),
    )
    .await;
    assert_eq!(
        client
            .post(
                "/v5/position/trading-stop",
                &trading_stop(json!({"tpslMode": "Full", "stopLoss": "58000"}))
            )
            .await["retCode"],
        34040
    );
    accepted(
        &client,
        "/v5/position/trading-stop",
        trading_stop(json!({"tpslMode": "Full", "stopLoss": "0"})),
    )
    .await;
    assert_eq!((waiting(&client).await.len(), &position(&client).await["stopLoss"]), (20, &json!("0.00")));
}

#[tokio::test]
async fn a_trailing_stop_follows_from_its_activation_price_on() {
    let (_venue, client) = manual().await;
    accepted(&client, "/v5/order/create", market("Buy", "0.1")).await;
    let trailing = trading_stop(json!({"tpslMode": "Full", "trailingStop": "200", "activePrice": "60500"}));
    accepted(&client, "/v5/position/trading-stop", trailing).await;
    let row = waiting(&client).await.remove(0);
    assert_eq!((&row["stopOrderType"], &row["triggerPrice"]), (&json!("TrailingStop"), &json!("60500.00")));
    assert_eq!(row["createType"], "CreateByTrailingStop");
    assert_eq!(position(&client).await["trailingStop"], "200.00");
    // Before the activation price a fall of any depth does nothing.
    for (bid, size) in [("59500", "0.100"), ("60550", "0.100"), ("60351", "0.100"), ("60350", "0.000")] {
        moved(&client, bid, &["last", "mark"]).await;
        assert_eq!(position(&client).await["size"], size, "{bid}");
    }
    let closed = client.get("/v5/order/history", "category=linear").await;
    let fired = &closed["result"]["list"][0];
    assert_eq!((&fired["stopOrderType"], &fired["orderStatus"]), (&json!("TrailingStop"), &json!("Filled")));
    let wrong = trading_stop(json!({"tpslMode": "Full", "trailingStop": "200"}));
    assert_eq!(
        client.post("/v5/position/trading-stop", &wrong).await["retCode"],
        10001,
        "there is no position"
    );
}

#[tokio::test]
async fn conditional_orders_fire_by_the_price_they_watch_and_are_told_of_at_each_step() {
    for (by, name) in [("LastPrice", "last"), ("MarkPrice", "mark"), ("IndexPrice", "index")] {
        let (_venue, client) = manual().await;
        let mut private = client.socket("/v5/private").await;
        private.subscribe(&["order"]).await;
        let order = with(
            market("Buy", "0.01"),
            json!({"triggerPrice": "60100", "triggerDirection": 1, "triggerBy": by, "orderLinkId": "c"}),
        );
        accepted(&client, "/v5/order/create", order.clone()).await;
        for other in ["last", "mark", "index"].into_iter().filter(|other| *other != name) {
            client.sim("price", &json!({"symbol": "BTCUSDT", other: "60200"})).await;
        }
        assert_eq!(waiting(&client).await.len(), 1, "{by}");
        client.sim("price", &json!({"symbol": "BTCUSDT", name: "60100"})).await;
        let mut told = Vec::new();
        for _ in 0..3 {
            let row = private.next_of("order").await["data"][0].clone();
            told.push(row["orderStatus"].as_str().unwrap().to_owned());
            assert_eq!(
                (&row["stopOrderType"], &row["createType"]),
                (&json!("Stop"), &json!("CreateByStopOrder"))
            );
        }
        assert_eq!(told, ["Untriggered", "Triggered", "Filled"], "{by}");
        client.sim("price", &json!({"symbol": "BTCUSDT", name: "60100"})).await;
        let late = with(order, json!({"orderLinkId": "late", "triggerPrice": "60050"}));
        assert_eq!(client.post("/v5/order/create", &late).await["retCode"], 110092, "{by}");
    }
    let (_venue, client) = manual().await;
    let falling = with(market("Sell", "0.01"), json!({"triggerPrice": "60100", "triggerDirection": 2}));
    assert_eq!(client.post("/v5/order/create", &falling).await["retCode"], 110093);
    let undirected = with(market("Sell", "0.01"), json!({"triggerPrice": "60100"}));
    assert_eq!(client.post("/v5/order/create", &undirected).await["retCode"], 10001);
}

#[tokio::test]
async fn closing_on_a_trigger_closes_whatever_is_held_by_then() {
    let (_venue, client) = manual().await;
    accepted(&client, "/v5/order/create", market("Buy", "0.1")).await;
    let close = with(
        market("Sell", "0"),
        json!({"triggerPrice": "59000", "triggerDirection": 2, "reduceOnly": true, "closeOnTrigger": true}),
    );
    accepted(&client, "/v5/order/create", close).await;
    accepted(&client, "/v5/order/create", market("Buy", "0.2")).await;
    moved(&client, "59000", &["last", "mark"]).await;
    assert_eq!(position(&client).await["size"], "0.000");
    let closed = client.get("/v5/position/closed-pnl", "category=linear").await;
    assert_eq!(closed["result"]["list"][0]["closedSize"], "0.300");
    // At once, too.
    accepted(&client, "/v5/order/create", market("Sell", "0.1")).await;
    let now = with(market("Buy", "0"), json!({"reduceOnly": true, "closeOnTrigger": true}));
    accepted(&client, "/v5/order/create", now.clone()).await;
    assert_eq!(position(&client).await["size"], "0.000");
    assert_eq!(client.post("/v5/order/create", &now).await["retCode"], 110017);
    let unflagged = with(market("Buy", "0"), json!({"closeOnTrigger": true}));
    assert_eq!(client.post("/v5/order/create", &unflagged).await["retCode"], 10001);
}

#[tokio::test]
async fn stops_of_an_order_are_amended_piece_by_piece_until_it_fills() {
    let (_venue, client) = manual().await;
    let order = with(
        buy("0.1", "59000"),
        json!({"orderLinkId": "a", "takeProfit": "61000", "tpslMode": "Partial", "tpOrderType": "Limit",
               "tpLimitPrice": "60900", "stopLoss": "58000", "slTriggerBy": "MarkPrice"}),
    );
    accepted(&client, "/v5/order/create", order).await;
    let amend =
        |more: Value| with(json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "a"}), more);
    for (change, field, shown) in [
        (json!({"tpLimitPrice": "60950"}), "tpLimitPrice", "60950.00"),
        (json!({"takeProfit": "61500"}), "tpLimitPrice", "60950.00"),
        (json!({"stopLoss": "57000"}), "slTriggerBy", "MarkPrice"),
        (json!({"slTriggerBy": "LastPrice"}), "stopLoss", "57000.00"),
        (json!({"stopLoss": "0"}), "stopLoss", ""),
    ] {
        accepted(&client, "/v5/order/amend", amend(change.clone())).await;
        let row = client.get("/v5/order/realtime", "category=linear&orderLinkId=a").await;
        assert_eq!(row["result"]["list"][0][field], shown, "{change}");
    }
    let same = client.post("/v5/order/amend", &amend(json!({"takeProfit": "61500"}))).await;
    assert_eq!(same["retCode"], 10001, "nothing changes");
    let below = json!({"symbol": "BTCUSDT", "bids": [["58990", "1"]], "asks": [["59000", "0.05"]]});
    client.sim("book", &below).await;
    assert_eq!(
        client.post("/v5/order/amend", &amend(json!({"takeProfit": "62000"}))).await["retCode"],
        110059
    );
    assert_eq!(client.post("/v5/order/amend", &amend(json!({"qty": "0.05"}))).await["retCode"], 110064);
}
