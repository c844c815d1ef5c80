//! Faults: each kind does what it says, once, to what it matches.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::{buy, manual};

async fn order_count(client: &Client) -> usize {
    client.state().await["accounts"][0]["orders"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_lost_request_leaves_no_order_and_a_lost_reply_leaves_one() {
    let (_venue, client) = manual().await;
    client
        .sim("fault", &json!({"kind": "request_lost", "match": {"path": "/v5/order/create"}, "count": 1}))
        .await;
    assert!(client.post_raw("/v5/order/create", &buy("0.001", "59000")).await.is_none());
    assert_eq!(order_count(&client).await, 0);
    client.sim("fault", &json!({"kind": "reply_lost", "match": {"path": "order.create"}, "count": 1})).await;
    assert!(client.post_raw("/v5/order/create", &buy("0.001", "59000")).await.is_none());
    assert_eq!(order_count(&client).await, 1);
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
}

#[tokio::test]
async fn codes_and_statuses_are_injected_until_removed() {
    let (_venue, client) = manual().await;
    let armed =
        client.sim("fault", &json!({"kind": "retcode", "match": {"symbol": "BTCUSDT"}, "code": 10016})).await;
    for _ in 0..2 {
        assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 10016);
    }
    let removed = client.exchange("DELETE", &format!("/sim/fault/{}", armed["id"]), "", "").await.unwrap();
    assert_eq!(removed.status, 200);
    client.sim("fault", &json!({"kind": "http_status", "code": 429, "count": 1})).await;
    let shed = client.post_raw("/v5/order/create", &buy("0.001", "59000")).await.unwrap();
    assert_eq!((shed.status, serde_json::from_str::<Value>(&shed.body).is_err()), (429, true));
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
    let refused = &client.state().await["accounts"][0]["requests"]["refused"];
    assert_eq!(refused, &json!({}), "injected faults are not the account's doing");
}

#[tokio::test]
async fn a_fault_of_a_symbol_strikes_a_batch_of_it() {
    let (_venue, client) = manual().await;
    let mut trade = client.socket("/v5/trade").await;
    let fault =
        |symbol: &str| json!({"kind": "retcode", "match": {"symbol": symbol}, "code": 10016, "count": 2});
    let batch = json!({"category": "linear", "request": [buy("0.001", "59000"), buy("0.001", "58000")]});
    for (symbol, code) in [("ETHUSDT", 0), ("BTCUSDT", 10016)] {
        client.sim("fault", &fault(symbol)).await;
        assert_eq!(client.post("/v5/order/create-batch", &batch).await["retCode"], code, "{symbol}");
        let request = trade.order("order.create-batch", symbol, batch.clone()).await;
        assert_eq!(request["retCode"], code, "{symbol}");
    }
}

#[tokio::test]
async fn pushes_are_dropped_doubled_and_delayed() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order.linear"]).await;
    client.sim("fault", &json!({"kind": "drop_private", "match": {"topic": "order"}, "count": 1})).await;
    client.post("/v5/order/create", &buy("0.001", "59000")).await;
    client.sim("fault", &json!({"kind": "duplicate", "match": {"topic": "order"}, "count": 1})).await;
    client.post("/v5/order/create", &buy("0.001", "58000")).await;
    let (first, second) = (private.next().await, private.next().await);
    assert_eq!((&first["data"][0]["price"], &first["topic"]), (&json!("58000.00"), &json!("order.linear")));
    assert_eq!(first["data"], second["data"]);
    client.sim("fault", &json!({"kind": "delay", "match": {"topic": "order"}, "ms": 200, "count": 1})).await;
    let sent = Instant::now();
    client.post("/v5/order/create", &buy("0.001", "57000")).await;
    private.next().await;
    assert!(sent.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_late_index_hides_the_newest_orders_and_executions_from_the_queries_it_strikes() {
    let (_venue, client) = manual().await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"});
    for order in [buy("0.001", "59000"), market] {
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    }
    for path in ["/v5/order/realtime", "/v5/order/history", "/v5/execution/list"] {
        let late = json!({"kind": "late_index", "match": {"path": path}, "ms": 60_000, "count": 1});
        client.sim("fault", &late).await;
        for expected in [0, 1] {
            let found = client.get(path, "category=linear&symbol=BTCUSDT").await;
            assert_eq!(found["result"]["list"].as_array().map(Vec::len), Some(expected), "{path}");
        }
    }
}

#[tokio::test]
async fn a_push_is_overtaken_by_the_next_one() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    client.sim("fault", &json!({"kind": "reorder", "match": {"topic": "order"}, "count": 1})).await;
    for price in ["59000", "58000", "57000"] {
        client.post("/v5/order/create", &buy("0.001", price)).await;
    }
    for price in ["58000.00", "59000.00", "57000.00"] {
        assert_eq!(private.next().await["data"][0]["price"], price);
    }
}

#[tokio::test]
async fn a_stalled_socket_says_nothing_for_a_while_and_then_everything() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    let stall = json!({"kind": "stall", "match": {"path": "/v5/private"}, "ms": 300});
    let begun = Instant::now();
    assert_eq!(client.sim("fault", &stall).await["stalled"], 1);
    private.send(&json!({"op": "ping"})).await;
    for price in ["59000", "58000"] {
        assert_eq!(client.post("/v5/order/create", &buy("0.001", price)).await["retCode"], 0);
    }
    assert_eq!(private.next().await["op"], "pong");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    for price in ["59000.00", "58000.00"] {
        assert_eq!(private.next().await["data"][0]["price"], price);
    }
}

#[tokio::test]
async fn a_disconnect_cuts_the_sockets_it_names() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    let mut trade = client.socket("/v5/trade").await;
    let cut = client
        .sim("fault", &json!({"kind": "disconnect", "match": {"path": "/v5/private", "uid": 1001}}))
        .await;
    assert_eq!(cut["cut"], 1);
    assert_eq!(private.try_next().await, None);
    assert_eq!(trade.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 0);
}

#[tokio::test]
async fn sockets_are_struck_by_topic_symbol_chance_and_count() {
    let (_venue, client) = manual().await;
    let open = async |topic: &str| {
        let mut socket = client.socket("/v5/public/linear").await;
        socket.subscribe(&[topic]).await;
        socket
    };
    let mut kept = open("tickers.ETHUSDT").await;
    let struck = async |kind: &str, more: Value| {
        let mut fault = json!({"kind": kind});
        fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = client.sim("fault", &fault).await;
        reply.get("cut").or(reply.get("stalled")).and_then(Value::as_u64).unwrap()
    };
    for (kind, more) in [("disconnect", json!({})), ("restart", json!({})), ("stall", json!({"ms": 1}))] {
        let with = |mut matcher: Value| {
            matcher.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            matcher
        };
        for matcher in [json!({"topic": "tickers.BTCUSDT"}), json!({"symbol": "BTCUSDT"})] {
            let mut socket = open("tickers.BTCUSDT").await;
            assert_eq!(struck(kind, with(json!({"match": {"uid": 7}}))).await, 0, "{kind}");
            let wrong = json!({"match": {"topic": "tickers.SOLUSDT"}});
            assert_eq!(struck(kind, with(wrong)).await, 0, "{kind}");
            assert_eq!(struck(kind, with(json!({"match": matcher, "probability": 0.0}))).await, 0, "{kind}");
            assert_eq!(struck(kind, with(json!({"match": matcher}))).await, 1, "{kind} {matcher}");
            if kind == "stall" {
                struck("disconnect", json!({"match": matcher})).await;
            }
            while socket.try_next().await.is_some() {}
        }
        let mut sockets = vec![open("tickers.BTCUSDT").await, open("tickers.BTCUSDT").await];
        assert_eq!(
            struck(kind, with(json!({"match": {"symbol": "BTCUSDT"}, "count": 1}))).await,
            1,
            "{kind}"
        );
        assert_eq!(
            struck("disconnect", json!({"match": {"symbol": "BTCUSDT"}})).await,
            if kind == "stall" { 2 } else { 1 }
        );
        for socket in &mut sockets {
            while socket.try_next().await.is_some() {}
        }
    }
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order.linear"]).await;
    assert_eq!(struck("disconnect", json!({"match": {"topic": "order"}})).await, 1);
    assert_eq!(private.try_next().await, None);
    kept.send(&json!({"op": "ping"})).await;
    assert_eq!(kept.next_of_op("ping").await["success"], true);
}

#[tokio::test]
async fn a_clock_can_be_wrong_for_one_account_one_endpoint_or_one_request() {
    let (_venue, own, other) = crate::accounts::two().await;
    let code = async |client: &Client, path: &str| client.get(path, "").await["retCode"].as_i64().unwrap();
    let (info, settings) = ("/v5/account/info", "/v5/account/user-setting-config");
    for (narrowed, expected) in [
        (json!({"match": {"uid": 1001}}), [10002, 10002, 0]),
        (json!({"match": {"path": info}}), [10002, 0, 10002]),
        (json!({"count": 1}), [10002, 0, 0]),
    ] {
        let mut fault = json!({"kind": "clock_skew", "ms": 30_000});
        fault.as_object_mut().unwrap().extend(narrowed.as_object().unwrap().clone());
        let armed = own.sim("fault", &fault).await;
        let found = [code(&own, info).await, code(&own, settings).await, code(&other, info).await];
        assert_eq!(found, expected, "{narrowed}");
        own.exchange("DELETE", &format!("/sim/fault/{}", armed["id"]), "", "").await.unwrap();
    }
    // The trade socket's frames, and nobody else's.
    let (mut mine, mut theirs) = (own.socket("/v5/trade").await, other.socket("/v5/trade").await);
    own.sim("fault", &json!({"kind": "clock_skew", "ms": 30_000, "match": {"uid": 1001}})).await;
    assert_eq!(mine.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 10002);
    assert_eq!(theirs.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 0);
    for impossible in [
        json!({"kind": "clock_skew", "ms": 1, "match": {"topic": "order"}}),
        json!({"kind": "disconnect", "probability": 2.0}),
        json!({"kind": "stall"}),
    ] {
        let refused = own.exchange("POST", "/sim/fault", "", &impossible.to_string()).await.unwrap();
        assert_eq!(refused.status, 400, "{impossible}");
    }
}

#[tokio::test]
async fn the_control_surface_can_be_off_and_refuses_what_it_does_not_know() {
    let (_venue, client) = manual().await;
    let unknown = client.exchange("POST", "/sim/fault", "", r#"{"kind":"delay","msec":1}"#).await.unwrap();
    assert_eq!(unknown.status, 400);
    let config = windvane_venue::VenueConfig {
        sim: false,
        ..windvane_venue::VenueConfig::paper(windvane_venue::MarketConfig::Manual(
            windvane_venue::ManualConfig {},
        ))
    };
    let venue = windvane_venue::Embedded::start(config).unwrap();
    let closed = Client::new(&venue);
    assert_eq!(closed.exchange("GET", "/sim/state", "", "").await.unwrap().status, 404);
}

#[tokio::test]
async fn a_maintenance_refuses_what_acts_says_so_in_the_status_and_ends() {
    let (_venue, client) = manual().await;
    let mut trade = client.socket("/v5/trade").await;
    let armed = client.sim("fault", &json!({"kind": "maintenance"})).await;
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 10016);
    assert_eq!(trade.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 10019);
    assert_eq!(client.get("/v5/account/info", "").await["retCode"], 0);
    let ongoing = client.public("/v5/system/status?state=ongoing").await;
    assert_eq!(ongoing["result"]["list"][0]["serviceTypes"], json!([1]));
    client.exchange("DELETE", &format!("/sim/fault/{}", armed["id"]), "", "").await.unwrap();
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
    assert_eq!(client.public("/v5/system/status").await["result"]["list"][0]["state"], "completed");
}

#[tokio::test]
async fn a_skewed_clock_moves_the_time_window_and_the_time_of_the_exchange() {
    let (_venue, client) = manual().await;
    let skew = client.sim("fault", &json!({"kind": "clock_skew", "ms": 30_000})).await;
    assert_eq!(client.get("/v5/account/info", "").await["retCode"], 10002);
    let told = client.public("/v5/market/time").await["time"].as_i64().unwrap();
    assert!((told - crate::client::wall_ms() - 30_000).abs() < 5_000, "{told}");
    client.exchange("DELETE", &format!("/sim/fault/{}", skew["id"]), "", "").await.unwrap();
    assert_eq!(client.get("/v5/account/info", "").await["retCode"], 0);
}

#[tokio::test]
async fn a_restart_cuts_sockets_numbers_books_anew_and_forgets_closed_orders_in_realtime() {
    let (_venue, client) = manual().await;
    let mut order = buy("0.001", "59000");
    order["orderLinkId"] = "gone".into();
    client.post("/v5/order/create", &order).await;
    client.post("/v5/order/create", &buy("0.002", "58000")).await;
    let by_id = json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "gone"});
    client.post("/v5/order/cancel", &by_id).await;
    let mut private = client.socket("/v5/private").await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["orderbook.50.BTCUSDT"]).await;
    let before = public.next().await;
    assert_ne!(before["data"]["u"], 1);
    // Market time stands in milliseconds: the restart must not fall into that of the cancel.
    tokio::time::sleep(Duration::from_millis(3)).await;

    let restart = json!({"kind": "restart", "match": {"path": "/v5/private"}});
    assert_eq!(client.sim("fault", &restart).await["cut"], 1);
    assert_eq!(private.try_next().await, None);
    let anew = public.next().await;
    assert_eq!((&anew["type"], &anew["data"]["u"]), (&json!("snapshot"), &json!(1)));
    assert_eq!(anew["data"]["b"], before["data"]["b"]);
    client.post("/v5/order/create", &buy("0.001", "57000")).await;
    let next = public.next().await;
    assert_eq!((&next["type"], &next["data"]["u"]), (&json!("delta"), &json!(2)));

    let rows = async |path: &str, query: &str| -> usize {
        client.get(path, query).await["result"]["list"].as_array().unwrap().len()
    };
    assert_eq!(rows("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await, 2, "open orders stay");
    assert_eq!(rows("/v5/order/realtime", "category=linear&orderLinkId=gone").await, 0);
    assert_eq!(rows("/v5/order/realtime", "category=linear&symbol=BTCUSDT&openOnly=1").await, 0);
    assert_eq!(rows("/v5/order/history", "category=linear&orderLinkId=gone").await, 1);
}

#[tokio::test]
async fn a_lost_book_delta_leaves_a_gap_in_the_numbers() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["orderbook.50.BTCUSDT"]).await;
    let first = public.next().await["data"]["u"].as_i64().unwrap();
    let lost = json!({"kind": "drop_public", "match": {"topic": "orderbook.50.BTCUSDT"}, "count": 1});
    client.sim("fault", &lost).await;
    for price in ["59000", "58000"] {
        client.post("/v5/order/create", &buy("0.001", price)).await;
    }
    assert_eq!(public.next().await["data"]["u"], first + 2);
}

#[tokio::test]
async fn a_fault_strikes_by_chance_and_the_same_seed_by_the_same_chance() {
    let mut outcomes = Vec::new();
    for seed in [7, 7, 8] {
        let (_venue, client) = crate::manual_with(|config| config.rate_limits = false).await;
        let fault = json!({"kind": "retcode", "code": 10000, "probability": 0.5, "seed": seed,
                           "match": {"path": "/v5/order/create", "symbol": "BTCUSDT", "uid": 1001}});
        client.sim("fault", &fault).await;
        let mut codes = Vec::new();
        for _ in 0..24 {
            codes.push(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"].clone());
        }
        let struck = codes.iter().filter(|code| **code == 10000).count();
        assert!((4..=20).contains(&struck), "{struck} of 24");
        outcomes.push(codes);
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_ne!(outcomes[1], outcomes[2]);
}
