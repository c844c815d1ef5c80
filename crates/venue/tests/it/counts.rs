//! How many orders there may be, how many a batch may hold, and how many a cancel-all takes.

use serde_json::{Value, json};

use crate::client::{Client, wall_ms};
use crate::products::{accepted, all_products, price};
use crate::{buy, manual_with};

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn codes(reply: &Value) -> Vec<i64> {
    let items = reply["retExtInfo"]["list"].as_array().unwrap_or_else(|| panic!("{reply}"));
    items.iter().map(|item| item["code"].as_i64().unwrap()).collect()
}

/// Places so many of the same order, in batches of `size`.
async fn place(client: &Client, order: &Value, count: usize, size: usize) {
    for _ in 0..count / size {
        let batch = json!({"category": order["category"], "request": vec![order.clone(); size]});
        let reply = client.post("/v5/order/create-batch", &batch).await;
        assert_eq!(codes(&reply), vec![0; size], "{reply}");
    }
}

#[tokio::test]
async fn a_contract_takes_500_active_and_10_conditional_orders_and_cancel_all_500_at_a_time() {
    let (_venue, client) = manual_with(|config| config.rate_limits = false).await;
    price(&client, "linear", "ETHUSDT", 3_000).await;
    let order = buy("0.001", "59000");
    place(&client, &order, 500, 20).await;
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 110020);
    let waiting = with(order, json!({"triggerPrice": "59500", "triggerDirection": 2}));
    place(&client, &waiting, 10, 10).await;
    assert_eq!(client.post("/v5/order/create", &waiting).await["retCode"], 110009);
    // The caps are those of a symbol.
    place(&client, &with(buy("0.01", "2900"), json!({"symbol": "ETHUSDT"})), 100, 20).await;

    let all = |more: Value| with(json!({"category": "linear"}), more);
    assert_eq!(client.post("/v5/order/cancel-all", &all(json!({}))).await["retCode"], 10001);
    let conditional = all(json!({"settleCoin": "USDT", "orderFilter": "StopOrder", "stopOrderType": "Stop"}));
    let mut left = vec![];
    for request in [
        conditional,
        all(json!({"settleCoin": "USDT"})),
        all(json!({"baseCoin": "ETH"})),
        all(json!({"symbol": "BTCUSDT", "baseCoin": "ETH"})),
    ] {
        let reply = accepted(&client, "/v5/order/cancel-all", request).await;
        assert_eq!(reply["result"]["success"], "1");
        left.push(reply["result"]["list"].as_array().unwrap().len());
    }
    assert_eq!(left[..2], [10, 500], "the ten, and of 600 active orders 500");
    // Which 500 is chance: of the others both symbols have some.
    assert_eq!(left[2] + left[3], 100, "{left:?}");
    assert!(left[2] > 0 && left[2] < 100, "chance takes of both symbols: {left:?}");
}

#[tokio::test]
async fn spot_takes_30_of_each_kind_that_waits_and_500_orders_together() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let order = with(buy("0.0001", "59500"), json!({"category": "spot"}));
    for filter in ["tpslOrder", "StopOrder"] {
        let waiting =
            with(order.clone(), json!({"triggerPrice": "59000", "price": "59000", "orderFilter": filter}));
        place(&client, &waiting, 30, 10).await;
        assert_eq!(client.post("/v5/order/create", &waiting).await["retCode"], 170810, "{filter}");
    }
    place(&client, &order, 440, 10).await;
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 170810);
    // Without a filter the plain ones go, all of them.
    for (filter, count) in [(None, 440), (Some("tpslOrder"), 30), (Some("StopOrder"), 30)] {
        let mut all = json!({"category": "spot"});
        if let Some(filter) = filter {
            all["orderFilter"] = filter.into();
        }
        let reply = accepted(&client, "/v5/order/cancel-all", all).await;
        assert_eq!(reply["result"]["list"].as_array().map(Vec::len), Some(count), "{filter:?}");
    }
}

#[tokio::test]
async fn a_batch_holds_20_orders_of_contracts_and_10_of_spot_and_each_item_has_its_own_code() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let contract = buy("0.001", "59000");
    let pair = with(buy("0.001", "59500"), json!({"category": "spot"}));
    let dollars = with(buy("100", "59500"), json!({"category": "inverse", "symbol": "BTCUSD"}));
    for (order, most) in [(&contract, 20), (&dollars, 20), (&pair, 10)] {
        let batch = |count| json!({"category": order["category"], "request": vec![order.clone(); count]});
        for path in ["create", "amend", "cancel"] {
            let over = client.post(&format!("/v5/order/{path}-batch"), &batch(most + 1)).await;
            assert_eq!(over["retCode"], 10001, "{path}: {over}");
            let none = client.post(&format!("/v5/order/{path}-batch"), &batch(0)).await;
            assert_eq!(none["retCode"], 10001, "{path}: {none}");
        }
        let full = client.post("/v5/order/create-batch", &batch(most)).await;
        assert_eq!(codes(&full), vec![0; most]);
    }
    let names = ["a", "b", "c"];
    let mixed = json!({"category": "linear", "request": [
        with(contract.clone(), json!({"orderLinkId": "a"})),
        with(contract.clone(), json!({"orderLinkId": "a"})),
        with(contract.clone(), json!({"orderLinkId": "b", "triggerPrice": "59500", "triggerDirection": 2})),
        with(contract.clone(), json!({"orderLinkId": "c", "symbol": "NOPE"})),
        with(contract, json!({"orderLinkId": "d", "qty": "999999"})),
    ]});
    let created = client.post("/v5/order/create-batch", &mixed).await;
    assert_eq!((&created["retCode"], codes(&created)), (&json!(0), vec![0, 110072, 0, 10001, 10001]));
    let rows = created["result"]["list"].as_array().unwrap();
    assert!(rows.iter().zip(codes(&created)).all(|(row, code)| (row["orderId"] == "") == (code != 0)
        && (row["createAt"] == "") == (code != 0)
        && row["category"] == "linear"));
    let of = |more: Value| -> Vec<Value> {
        names
            .iter()
            .map(|name| with(json!({"symbol": "BTCUSDT", "orderLinkId": name}), more.clone()))
            .collect()
    };
    let amended = client
        .post("/v5/order/amend-batch", &json!({"category": "linear", "request": of(json!({"qty": "0.002"}))}))
        .await;
    assert_eq!(codes(&amended), [0, 10001, 110001], "conditional orders are not amended in a batch");
    let cancelled =
        client.post("/v5/order/cancel-batch", &json!({"category": "linear", "request": of(json!({}))})).await;
    assert_eq!(codes(&cancelled), [0, 0, 110001]);
    // Only what is created says when.
    for rows in [&amended, &cancelled] {
        let rows = rows["result"]["list"].as_array().unwrap();
        assert!(
            rows.iter().all(|row| row.get("createAt").is_none() && row["category"] == "linear"),
            "{rows:?}"
        );
    }
    let all_failed =
        client.post("/v5/order/cancel-batch", &json!({"category": "linear", "request": of(json!({}))})).await;
    assert_eq!((&all_failed["retCode"], codes(&all_failed)), (&json!(0), vec![110001; 3]));
}

#[tokio::test]
async fn every_refusal_is_counted_by_its_code_and_account() {
    let (_venue, client) = manual_with(|config| config.rate_limits = false).await;
    let stranger = Client { key: "nobody".into(), secret: "x".into(), address: client.address.clone() };
    let forger = Client { key: client.key.clone(), secret: "x".into(), address: client.address.clone() };
    assert_eq!(stranger.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 10003);
    assert_eq!(forger.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 10004);
    let late = client.signed("", wall_ms() - 60_000);
    let reply = client.exchange("GET", "/v5/account/info", &late, "").await.unwrap().json();
    assert_eq!(reply["retCode"], 10002);
    let headers = client.signed("[", wall_ms());
    let reply = client.exchange("POST", "/v5/order/create", &headers, "[").await.unwrap().json();
    assert_eq!(reply["retCode"], 10001);
    let mut trade = client.socket("/v5/trade").await;
    assert_eq!(trade.order("order.nothing", "1", buy("0.001", "59000")).await["retCode"], 10404);
    for code in [0, 20006] {
        assert_eq!(trade.order("order.create", "1", buy("0.001", "59000")).await["retCode"], code);
    }
    let mut unsigned = client.unsigned_socket("/v5/trade").await;
    assert_eq!(unsigned.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 10005);
    let batch = json!({"category": "linear", "request": [buy("0.001", "59000"), buy("999999", "59000"), buy("0", "1")]});
    let refused = codes(&client.post("/v5/order/create-batch", &batch).await);
    assert_eq!(refused, [0, 10001, 10001]);
    for (target, code) in
        [("market/time", 0), ("market/kline?category=linear&symbol=BTCUSDT&interval=2", 10001)]
    {
        assert_eq!(client.public(&format!("/v5/{target}")).await["retCode"], code);
    }
    for (target, headers, body, status) in
        [("market/nothing", "", "", 404), ("account/info", "", "", 401), ("market/time", "", "{}", 403)]
    {
        let reply = client.exchange("GET", &format!("/v5/{target}"), headers, body).await.unwrap();
        assert_eq!(reply.status, status);
    }
    let state = client.state().await;
    assert_eq!(
        state["accounts"][0]["requests"]["refused"],
        json!({"10001": 3, "10002": 1, "10004": 1, "10404": 1, "20006": 1})
    );
    let unknown = &state["unknown"];
    let refused = json!({"10001": 1, "10003": 1, "10005": 1, "401": 1, "403": 1, "404": 1});
    assert_eq!((&unknown["refused"], &unknown["accepted"]), (&refused, &json!({"market/time": 1})));
}
