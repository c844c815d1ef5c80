//! Orders in, acknowledgements and pushes out.

use serde_json::{Value, json};

use crate::{buy, manual};

#[tokio::test]
async fn a_signed_order_rests_and_can_be_found_amended_and_cancelled() {
    let (_venue, client) = manual().await;
    let mut order = buy("0.010", "59000");
    order["orderLinkId"] = "mine-1".into();
    let created = client.post("/v5/order/create", &order).await;
    assert_eq!((&created["retCode"], &created["result"]["orderLinkId"]), (&json!(0), &json!("mine-1")));
    let id = created["result"]["orderId"].as_str().unwrap();

    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    let row = &open["result"]["list"][0];
    assert_eq!(
        (&row["orderId"], &row["orderStatus"], &row["price"]),
        (&json!(id), &json!("New"), &json!("59000.00"))
    );

    let amended = client
        .post(
            "/v5/order/amend",
            &json!({"category": "linear", "symbol": "BTCUSDT", "orderId": id, "price": "58000"}),
        )
        .await;
    assert_eq!(amended["retCode"], 0, "{amended}");
    let cancelled = client
        .post(
            "/v5/order/cancel",
            &json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "mine-1"}),
        )
        .await;
    assert_eq!(cancelled["retCode"], 0, "{cancelled}");

    let gone = client.get("/v5/order/realtime", "category=linear&settleCoin=USDT").await;
    assert_eq!(gone["result"]["list"], json!([]));
    let by_id = client.get("/v5/order/realtime", "category=linear&orderLinkId=mine-1").await;
    assert_eq!(by_id["result"]["list"][0]["orderStatus"], "Cancelled");
    let history = client.get("/v5/order/history", "category=linear").await;
    assert_eq!(history["result"]["list"][0]["price"], "58000.00");
    let again = client.post("/v5/order/create", &order).await;
    assert_eq!(again["retCode"], 110072, "a client order id is never used twice");
}

#[tokio::test]
async fn the_trade_socket_acknowledges_before_the_private_socket_tells() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order", "execution", "position", "wallet"]).await;
    let mut trade = client.socket("/v5/trade").await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.010"});
    let reply = trade.order("order.create", "r-1", market).await;
    assert_eq!(
        (&reply["retCode"], &reply["reqId"], &reply["op"]),
        (&json!(0), &json!("r-1"), &json!("order.create"))
    );
    for name in ["Timenow", "X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp"] {
        assert!(reply["header"][name].is_string(), "{name} in {reply}");
    }
    let execution = private.next_of("execution").await;
    let fill = &execution["data"][0];
    assert_eq!(
        (&fill["execPrice"], &fill["execQty"], &fill["isMaker"]),
        (&json!("60000.10"), &json!("0.010"), &json!(false))
    );
    assert_eq!(fill["execFee"], "0.33000055");
    let position = private.next_of("position").await;
    assert_eq!(
        (&position["data"][0]["size"], &position["data"][0]["entryPrice"]),
        (&json!("0.010"), &json!("60000.10"))
    );
    let wallet = private.next_of("wallet").await;
    assert_eq!(wallet["data"][0]["coin"][0]["walletBalance"], "99999.66999945");

    let repeated = trade.order("order.create", "r-1", buy("0.001", "59000")).await;
    assert_eq!(repeated["retCode"], 20006);
    let unknown = trade.order("order.fly", "r-2", json!({})).await;
    assert_eq!(unknown["retCode"], 10404);
}

#[tokio::test]
async fn acknowledgement_and_push_on_one_connection_order_hold_for_many_orders() {
    let (_venue, client) = crate::manual_with(|config| config.rate_limits = false).await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    let mut trade = client.socket("/v5/trade").await;
    for n in 0..50 {
        let reply = trade.order("order.create", &format!("r-{n}"), buy("0.001", "59000")).await;
        let pushed = private.next_of("order").await;
        assert_eq!(pushed["data"][0]["orderId"], reply["data"]["orderId"]);
    }
    let all = client.post("/v5/order/cancel-all", &json!({"category": "linear", "settleCoin": "USDT"})).await;
    assert_eq!(all["result"]["list"].as_array().map(Vec::len), Some(50));
}

#[tokio::test]
async fn a_batch_answers_item_by_item() {
    let (_venue, client) = manual().await;
    let mut bad = buy("0.0005", "59000");
    bad["orderLinkId"] = "bad".into();
    let batch = json!({"category": "linear", "request": [buy("0.001", "59000"), bad, buy("0.002", "58000")]});
    let reply = client.post("/v5/order/create-batch", &batch).await;
    assert_eq!(reply["retCode"], 0);
    let codes: Vec<_> =
        reply["retExtInfo"]["list"].as_array().unwrap().iter().map(|item| item["code"].as_i64()).collect();
    assert_eq!((codes[0], codes[2]), (Some(0), Some(0)));
    assert_ne!(codes[1], Some(0));
    assert_eq!(
        (&reply["result"]["list"][1]["orderId"], &reply["result"]["list"][1]["orderLinkId"]),
        (&json!(""), &json!("bad"))
    );
    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(open["result"]["list"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn open_orders_are_paged_newest_first() {
    let (_venue, client) = manual().await;
    for price in ["59000", "58000", "57000"] {
        client.post("/v5/order/create", &buy("0.001", price)).await;
    }
    let query = "category=linear&symbol=BTCUSDT&limit=2";
    let first = client.get("/v5/order/realtime", query).await;
    let prices = |page: &Value| -> Vec<String> {
        let rows = page["result"]["list"].as_array().unwrap().iter();
        rows.map(|row| row["price"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(prices(&first), ["57000.00", "58000.00"]);
    let cursor = first["result"]["nextPageCursor"].as_str().unwrap();
    let second = client.get("/v5/order/realtime", &format!("{query}&cursor={cursor}")).await;
    assert_eq!(prices(&second), ["59000.00"]);
    assert_eq!(second["result"]["nextPageCursor"], "");
}

#[tokio::test]
async fn positions_take_stops_and_leverage() {
    let (_venue, client) = manual().await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.1"});
    assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0);
    let stop = json!({"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0,
                      "stopLoss": "61000", "slTriggerBy": "MarkPrice"});
    assert_eq!(client.post("/v5/position/trading-stop", &stop).await["retCode"], 0);
    let leverage =
        json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "10", "sellLeverage": "10"});
    assert_eq!(client.post("/v5/position/set-leverage", &leverage).await["retCode"], 110043);
    let listed = client.get("/v5/position/list", "category=linear&settleCoin=USDT").await;
    let row = &listed["result"]["list"][0];
    assert_eq!(
        (&row["side"], &row["stopLoss"], &row["avgPrice"]),
        (&json!("Sell"), &json!("61000.00"), &json!("60000.00"))
    );
    client
        .sim("price", &json!({"symbol": "BTCUSDT", "bid": "61000", "ask": "61000.1", "mark": "61000"}))
        .await;
    let closed = client.get("/v5/position/closed-pnl", "category=linear").await;
    assert_eq!(closed["result"]["list"][0]["side"], "Buy", "the stop-loss bought the position back");
    let flat = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(
        (&flat["result"]["list"][0]["size"], &flat["result"]["list"][0]["side"]),
        (&json!("0.000"), &json!(""))
    );
}

#[tokio::test]
async fn one_way_mode_is_on_already_and_asking_for_it_by_coin_is_no_mistake() {
    let (_venue, client) = manual().await;
    for (by, mode, code) in
        [(json!({"symbol": "BTCUSDT"}), 0, 110025), (json!({"coin": "USDT"}), 0, 0), (json!({}), 7, 10001)]
    {
        let mut request = by.clone();
        request["category"] = "linear".into();
        request["mode"] = mode.into();
        assert_eq!(client.post("/v5/position/switch-mode", &request).await["retCode"], code, "{by} {mode}");
    }
}

#[tokio::test]
async fn the_trade_socket_amends_cancels_and_takes_batches() {
    let (_venue, client) = crate::manual_with(|config| config.rate_limits = false).await;
    let mut trade = client.socket("/v5/trade").await;
    let named = |name: &str, more: Value| {
        let mut order = json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": name});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let limit = json!({"side": "Buy", "orderType": "Limit", "qty": "0.001", "price": "59000"});
    let batch = |items: Vec<Value>| json!({"category": "linear", "request": items});
    for (number, (op, argument)) in [
        ("order.create", named("a", limit.clone())),
        ("order.amend", named("a", json!({"price": "58000"}))),
        ("order.create-batch", batch(vec![named("b", limit.clone()), named("c", limit)])),
        (
            "order.amend-batch",
            batch(vec![named("b", json!({"qty": "0.002"})), named("none", json!({"qty": "0.002"}))]),
        ),
        ("order.cancel-batch", batch(vec![named("b", json!({})), named("none", json!({}))])),
        ("order.cancel", named("c", json!({}))),
    ]
    .into_iter()
    .enumerate()
    {
        let reply = trade.order(op, &number.to_string(), argument).await;
        assert_eq!((&reply["retCode"], &reply["op"]), (&json!(0), &json!(op)), "{reply}");
        if op.ends_with("-batch") {
            let codes: Vec<_> = reply["retExtInfo"]["list"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["code"].as_i64())
                .collect();
            let second = if op == "order.create-batch" { 0 } else { 110001 };
            assert_eq!(codes, [Some(0), Some(second)], "{op}");
        }
    }
    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    let rows = open["result"]["list"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["price"]), (1, &json!("58000.00")));
}

#[tokio::test]
async fn records_come_in_pages_within_a_week_and_none_is_lost_between_them() {
    let (_venue, client) = crate::manual_with(|config| config.rate_limits = false).await;
    for side in ["Buy", "Sell"].repeat(4) {
        let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": "0.010"});
        assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0);
    }
    for (path, query, rows, name) in [
        ("position/closed-pnl", "category=linear", 4_usize, "orderId"),
        ("account/transaction-log", "category=linear&type=TRADE", 8, "id"),
        ("execution/list", "category=linear", 8, "execId"),
        ("order/history", "category=linear", 8, "orderId"),
    ] {
        let path = format!("/v5/{path}");
        let mut seen = std::collections::BTreeSet::new();
        let (mut cursor, mut pages) = (String::new(), 0);
        loop {
            let page = client.get(&path, &format!("{query}&limit=3&cursor={cursor}")).await;
            for row in page["result"]["list"].as_array().unwrap() {
                assert!(seen.insert(row[name].as_str().unwrap().to_owned()), "{path} twice: {row}");
            }
            pages += 1;
            cursor = page["result"]["nextPageCursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        assert_eq!((seen.len(), pages), (rows, rows.div_ceil(3)), "{path}");
        let long = format!("{query}&startTime=0&endTime=604800001");
        assert_eq!(client.get(&path, &long).await["retCode"], 10001, "{path}: over a week");
    }
}
