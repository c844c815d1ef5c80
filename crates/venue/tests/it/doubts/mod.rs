//! Doubts: each answer is heard on the wire.

mod documentation;
mod rows;

use serde_json::{Value, json};
use windvane_venue::Embedded;

use crate::client::{Client, hmac_hex, wall_ms};
use crate::{buy, manual_with};

async fn with(name: &str, answer: &str) -> (Embedded, Client) {
    manual_with(|config| config.doubts.set(name, answer).unwrap()).await
}

#[tokio::test]
async fn one_bad_topic_can_fail_a_request_or_leave_the_good_ones_on() {
    for (answer, frames) in [("fail-all", 0), ("keep-good", 1)] {
        let (_venue, client) = with("bad-topic", answer).await;
        let mut public = client.socket("/v5/public/linear").await;
        let args = ["orderbook.50.BTCUSDT", "orderbook.7.BTCUSDT"];
        public.send(&json!({"op": "subscribe", "req_id": "1", "args": args})).await;
        let refused = public.next().await;
        assert_eq!(
            (&refused["success"], &refused["ret_msg"]),
            (&json!(false), &json!("error:handler not found,topic:orderbook.7.BTCUSDT"))
        );
        public.send(&json!({"op": "ping"})).await;
        let next = public.next().await;
        assert_eq!(usize::from(next["type"] == "snapshot"), frames, "{answer}: {next}");
    }
}

#[tokio::test]
async fn a_repeated_subscription_can_be_refused_and_data_can_come_before_the_acknowledgement() {
    let (_venue, client) = manual_with(|config| {
        config.doubts.set("repeated-topic", "refuse").unwrap();
        config.doubts.set("first-frame", "before").unwrap();
    })
    .await;
    let mut public = client.socket("/v5/public/linear").await;
    let subscribe = json!({"op": "subscribe", "args": ["orderbook.50.BTCUSDT"]});
    public.send(&subscribe).await;
    assert_eq!(public.next().await["type"], "snapshot");
    assert_eq!(public.next().await["success"], true);
    public.send(&subscribe).await;
    assert_eq!(public.next().await["ret_msg"], "error:already subscribed,topic:orderbook.50.BTCUSDT");
}

#[tokio::test]
async fn queries_can_lag_behind_for_good() {
    let (_venue, client) = with("index-lag-ms", "60000").await;
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(open["result"]["list"], json!([]));
}

#[tokio::test]
async fn an_unsent_window_is_signed_as_nothing_or_as_its_default() {
    for (answer, signed) in [("nothing", ""), ("5000", "5000")] {
        let (_venue, client) = with("unsent-recv-window", answer).await;
        for (window, code) in [(signed, 0), ("4000", 10004)] {
            let now = wall_ms();
            let signature = hmac_hex(&client.secret, &format!("{now}{}{window}", client.key));
            let headers = format!(
                "X-BAPI-API-KEY: {}\r\nX-BAPI-TIMESTAMP: {now}\r\nX-BAPI-SIGN: {signature}\r\n",
                client.key
            );
            let reply = client.exchange("GET", "/v5/account/info", &headers, "").await.unwrap().json();
            assert_eq!(reply["retCode"], code, "{answer} {window}");
        }
    }
}

#[tokio::test]
async fn replies_take_the_shapes_that_were_seen() {
    for (answer, keys) in [("list", vec!["list"]), ("success", vec!["success"])] {
        let (_venue, client) = with("cancel-all-reply", answer).await;
        let all = json!({"category": "linear", "settleCoin": "USDT"});
        let reply = client.post("/v5/order/cancel-all", &all).await;
        let found: Vec<&String> = reply["result"].as_object().unwrap().keys().collect();
        assert_eq!(found, keys);
    }
    for (name, answer, path, pointer, expected) in [
        (
            "risk-limit-rates",
            "percent",
            "market/risk-limit?category=linear&symbol=BTCUSDT",
            "/result/list/0/maintenanceMargin",
            json!("0.5"),
        ),
        ("success-text", "empty", "market/time", "/retMsg", json!("")),
        ("success-text", "success", "market/time", "/retMsg", json!("success")),
    ] {
        let (_venue, client) = with(name, answer).await;
        let reply: Value = client.public(&format!("/v5/{path}")).await;
        assert_eq!(reply.pointer(pointer), Some(&expected), "{name} = {answer}");
    }
    let (_venue, client) = with("untraded-seq", "text").await;
    let flat = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(flat["result"]["list"][0]["seq"], "-1");
}

#[tokio::test]
async fn private_sockets_can_spell_codes_differently_carry_new_fields_and_be_few() {
    let (_venue, client) = manual_with(|config| {
        config.doubts.set("auth-failure-code", "retCode").unwrap();
        config.doubts.set("new-field", "present").unwrap();
        config.doubts.set("trade-sessions-max", "1").unwrap();
    })
    .await;
    let mut stranger = client.unsigned_socket("/v5/private").await;
    stranger.send(&json!({"op": "auth", "args": [client.key, wall_ms() + 5_000, "00"]})).await;
    assert_eq!(stranger.next().await["retCode"], 10004);

    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    let mut trade = client.socket("/v5/trade").await;
    assert_eq!(trade.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 0);
    assert!(private.next().await["data"][0]["futureField"].is_object());

    let mut second = client.unsigned_socket("/v5/trade").await;
    let expires = wall_ms() + 5_000;
    let signature = hmac_hex(&client.secret, &format!("GET/realtime{expires}"));
    second.send(&json!({"op": "auth", "args": [client.key, expires, signature]})).await;
    assert_eq!(second.next().await["retCode"], 10003);
}

#[tokio::test]
async fn the_two_switches_of_a_coin_are_as_in_the_query_or_the_other_way_round() {
    for (answer, collateral_switch) in [("as-query", false), ("swapped", true)] {
        let (_venue, client) = crate::products::all_products(|config| {
            config.doubts.set("wallet-topic-switches", answer).unwrap();
        })
        .await;
        let mut private = client.socket("/v5/private").await;
        private.subscribe(&["wallet"]).await;
        let off = json!({"coin": "BTC", "collateralSwitch": "OFF"});
        assert_eq!(client.post("/v5/account/set-collateral-switch", &off).await["retCode"], 0);
        let told = private.next_of("wallet").await;
        let coins = told["data"][0]["coin"].as_array().unwrap();
        let coin = coins.iter().find(|coin| coin["coin"] == "BTC").unwrap();
        assert_eq!(
            (&coin["collateralSwitch"], &coin["marginCollateral"]),
            (&json!(collateral_switch), &json!(!collateral_switch)),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn rows_can_say_more_less_or_otherwise_than_a_client_knows() {
    let (_venue, client) = manual_with(|config| {
        config.doubts.set("new-word", "present").unwrap();
        config.doubts.set("smp-group", "text").unwrap();
        config.doubts.set("is-reduce-only", "absent").unwrap();
        config.doubts.set("cross-liquidation-price", "empty").unwrap();
    })
    .await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order", "position"]).await;
    let market =
        json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "4"});
    assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0);
    let (order, position) = (private.next_of("order").await, private.next_of("position").await);
    let (order, position) = (&order["data"][0], &position["data"][0]);
    assert_eq!((&order["createType"], &order["smpGroup"]), (&json!("CreateByUnheardOf"), &json!("0")));
    assert_eq!((position.get("isReduceOnly"), &position["liqPrice"]), (None, &json!("")));
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(listed["result"]["list"][0]["liqPrice"], "");
    let (_venue, client) = with("cross-liquidation-price", "estimate").await;
    assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0);
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_ne!(listed["result"]["list"][0]["liqPrice"], "");
}

#[tokio::test]
async fn queries_can_show_an_order_as_it_was_a_while_ago() {
    let (_venue, client) = with("status-lag-ms", "60000").await;
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
    let all = json!({"category": "linear", "symbol": "BTCUSDT"});
    assert_eq!(client.post("/v5/order/cancel-all", &all).await["retCode"], 0);
    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    let row = &open["result"]["list"][0];
    assert_eq!(row["orderStatus"], "New", "the cancel is not indexed yet: {open}");
    let by_id = format!("category=linear&orderId={}", row["orderId"].as_str().unwrap());
    for path in ["/v5/order/realtime", "/v5/order/history"] {
        let named = client.get(path, &by_id).await;
        let expected = if path.ends_with("history") { json!([]) } else { json!("New") };
        let list = &named["result"]["list"];
        assert_eq!(if list == &json!([]) { list } else { &list[0]["orderStatus"] }, &expected, "{path}");
    }
}

#[tokio::test]
async fn a_day_can_have_an_end_to_its_orders() {
    let (_venue, client) = with("daily-orders-max", "2").await;
    for code in [0, 0, 10006] {
        assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], code);
    }
}

#[tokio::test]
async fn the_cursor_of_a_last_page_is_empty_or_leads_to_an_empty_one() {
    for (answer, is_empty) in [("empty", true), ("kept", false)] {
        let (_venue, client) = with("last-cursor", answer).await;
        assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
        for (path, query) in [
            ("/v5/order/realtime", "category=linear&symbol=BTCUSDT"),
            ("/v5/market/instruments-info", "category=linear"),
        ] {
            let page = client.get(path, query).await["result"].clone();
            assert_ne!(page["list"], json!([]));
            let cursor = page["nextPageCursor"].as_str().unwrap();
            assert_eq!(cursor.is_empty(), is_empty, "{answer} {path}");
            if !is_empty {
                let cursor = cursor.replace('%', "%25");
                let beyond = client.get(path, &format!("{query}&cursor={cursor}")).await["result"].clone();
                assert_eq!((&beyond["list"], &beyond["nextPageCursor"]), (&json!([]), &json!("")), "{path}");
            }
        }
    }
}
