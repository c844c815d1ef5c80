//! Where the documentation contradicts itself: each answer is heard on the wire.

use serde_json::{Value, json};

use super::with;
use crate::manual_with;
use crate::products::{all_products, price};

fn conditional(symbol: &str) -> Value {
    json!({"symbol": symbol, "side": "Buy", "orderType": "Market", "qty": "1", "triggerPrice": "61000",
           "triggerDirection": 1})
}

#[tokio::test]
async fn a_batch_is_as_large_as_one_page_or_the_other_says() {
    for (answer, code) in [("endpoint", 0), ("rate-limit", 10001)] {
        let (_venue, client) = with("batch-size", answer).await;
        let batch = json!({"category": "linear", "request": vec![json!({"symbol": "BTCUSDT"}); 11]});
        assert_eq!(client.post("/v5/order/create-batch", &batch).await["retCode"], code, "{answer}");
    }
}

#[tokio::test]
async fn inverse_orders_may_be_conditional_in_a_batch_or_not_and_switch_to_the_mode_they_are_in_or_not() {
    for (batched, switched, codes) in
        [("both", "refused", (0, 110029)), ("linear-only", "one-way", (10001, 0))]
    {
        let (_venue, client) = all_products(|config| {
            config.doubts.set("batch-trigger-direction", batched).unwrap();
            config.doubts.set("inverse-switch-mode", switched).unwrap();
        })
        .await;
        let batch = json!({"category": "inverse", "request": [conditional("BTCUSD")]});
        let reply = client.post("/v5/order/create-batch", &batch).await;
        let mode = |mode: u8| json!({"category": "inverse", "symbol": "BTCUSD", "mode": mode});
        let one_way = client.post("/v5/position/switch-mode", &mode(0)).await;
        assert_eq!(
            (&reply["retExtInfo"]["list"][0]["code"], &one_way["retCode"]),
            (&json!(codes.0), &json!(codes.1))
        );
        assert_eq!(client.post("/v5/position/switch-mode", &mode(3)).await["retCode"], 110029);
    }
}

#[tokio::test]
async fn requests_are_read_as_the_table_or_as_the_example_says() {
    for (name, answer, path, body, code) in [
        ("auto-add-margin-field", "either", "position/set-auto-add-margin", json!({"autoAddmargin": 1}), 0),
        (
            "auto-add-margin-field",
            "autoAddMargin",
            "position/set-auto-add-margin",
            json!({"autoAddmargin": 1}),
            10001,
        ),
        (
            "auto-add-margin-field",
            "autoAddmargin",
            "position/set-auto-add-margin",
            json!({"autoAddMargin": 1}),
            10001,
        ),
        ("limit-time-in-force", "refused", "order/create", json!({"timeInForce": "Limit"}), 10001),
        ("limit-time-in-force", "gtc", "order/create", json!({"timeInForce": "Limit"}), 0),
        ("margin-refusal", "110007", "order/create", json!({"qty": "1000"}), 110007),
        ("margin-refusal", "30087", "order/create", json!({"qty": "1000"}), 30087),
        (
            "disconnection-protection",
            "offered",
            "order/disconnected-cancel-all",
            json!({"timeWindow": 10}),
            0,
        ),
        (
            "disconnection-protection",
            "refused",
            "order/disconnected-cancel-all",
            json!({"timeWindow": 10}),
            10005,
        ),
    ] {
        let (_venue, client) = with(name, answer).await;
        client.post("/v5/account/set-margin-mode", &json!({"setMarginMode": "ISOLATED_MARGIN"})).await;
        let mut request = crate::buy("0.01", "59000");
        for (field, value) in body.as_object().unwrap() {
            request[field] = value.clone();
        }
        let reply = client.post(&format!("/v5/{path}"), &request).await;
        assert_eq!(reply["retCode"], code, "{name} = {answer}: {reply}");
    }
    for (answer, code) in [("optional", 0), ("required", 10001)] {
        let (_venue, client) = with("fee-rate-category", answer).await;
        assert_eq!(client.get("/v5/account/fee-rate", "symbol=BTCUSDT").await["retCode"], code, "{answer}");
    }
}

#[tokio::test]
async fn the_data_of_a_topic_are_an_object_or_a_list() {
    for (objects, lists) in [(true, false), (false, true)] {
        let (_venue, client) = manual_with(|config| {
            for name in ["ticker-data", "price-limit-data"] {
                config.doubts.set(name, if objects { "object" } else { "list" }).unwrap();
            }
            config.doubts.set("liquidation-data", if lists { "object" } else { "list" }).unwrap();
            config.doubts.set("book-time", if lists { "text" } else { "number" }).unwrap();
        })
        .await;
        let mut public = client.socket("/v5/public/linear").await;
        let topics =
            ["tickers.BTCUSDT", "priceLimit.BTCUSDT", "allLiquidation.BTCUSDT", "orderbook.50.BTCUSDT"];
        public.subscribe(&topics).await;
        for topic in &topics[..2] {
            assert_eq!(public.next_of(topic).await["data"].is_array(), lists, "{topic}");
        }
        assert_eq!(public.next_of(topics[3]).await["ts"].is_string(), lists);
        let order = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "10"});
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
        price(&client, "linear", "BTCUSDT", 50_000).await;
        assert_eq!(public.next_of(topics[2]).await["data"].is_array(), objects);
    }
}

#[tokio::test]
async fn a_spot_book_that_stands_still_is_sent_again_or_not() {
    let (_venue, client) =
        all_products(|config| config.doubts.set("level-one-repeat", "contracts").unwrap()).await;
    let mut spot = client.unsigned_socket("/v5/public/spot").await;
    spot.subscribe(&["orderbook.1.BTCUSDT"]).await;
    spot.next().await;
    let mut linear = client.socket("/v5/public/linear").await;
    linear.subscribe(&["orderbook.1.BTCUSDT"]).await;
    let first = linear.next().await;
    // The contract's book was opened later: when it has been sent again, the pair's would have been, too.
    assert_eq!(linear.next().await["data"], first["data"]);
    spot.send(&json!({"op": "ping"})).await;
    assert_eq!(spot.next().await["ret_msg"], "pong");
}

#[tokio::test]
async fn the_numbers_of_a_maintenance_are_numbers_or_text() {
    for (answer, is_text) in [("number", false), ("text", true)] {
        let (_venue, client) = with("system-status-numbers", answer).await;
        client.sim("fault", &json!({"kind": "maintenance", "ms": 1})).await;
        let row = client.public("/v5/system/status").await["result"]["list"][0].clone();
        assert_eq!((row["maintainType"].is_string(), row["env"].is_string()), (is_text, is_text));
    }
}

#[tokio::test]
async fn a_market_order_without_a_market_is_refused_by_one_code_or_the_other() {
    for (answer, code, text) in [("110118", 110118, "no liquidity"), ("10001", 10001, "buy:[60600")] {
        let (_venue, client) = with("empty-market-code", answer).await;
        client.sim("book", &json!({"symbol": "BTCUSDT", "bids": [["59999", "1"]], "asks": []})).await;
        let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"});
        let refused = client.post("/v5/order/create", &market).await;
        let said = refused["retMsg"].as_str().unwrap();
        assert!(refused["retCode"] == code && said.starts_with(text), "{answer}: {refused}");
    }
}
