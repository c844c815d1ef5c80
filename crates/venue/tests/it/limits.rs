//! Limits: what is one too many, and what it gets.

use serde_json::json;
use windvane_venue::LimitPreset;

use crate::products::all_products;
use crate::{buy, manual, manual_with};

#[tokio::test]
async fn the_articles_figures_hold_when_they_are_asked_for() {
    let (_venue, client) = manual_with(|config| config.limits = LimitPreset::Article).await;
    assert!(client.burst("/v5/market/time", 120).await.contains("200 OK"));
    assert!(client.burst("/v5/market/time", 1).await.contains("429 Too Many Requests"));
    // Each endpoint has its own fifty a second beside that.
    for path in ["/v5/order/history", "/v5/execution/list"] {
        for _ in 0..30 {
            assert_eq!(client.get(path, "category=linear").await["retCode"], 0);
        }
    }
    let headers = client.signed("", crate::client::wall_ms());
    let refused = client.exchange("GET", "/v5/account/info", &headers, "").await.unwrap();
    assert_eq!(refused.status, 429);

    let mut public = client.socket("/v5/public/linear").await;
    let topics = vec!["publicTrade.BTCUSDT"; 101];
    public.send(&json!({"op": "subscribe", "args": topics})).await;
    assert_eq!(public.try_next().await, None, "over 100 topics the connection ends");
}

#[tokio::test]
async fn the_arguments_of_a_public_socket_end_at_21_000_characters() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.send(&json!({"op": "subscribe", "args": vec!["publicTrade.BTCUSDT"; 1_200]})).await;
    assert_eq!(public.next().await["ret_msg"], "error:args size exceeds 21000 characters");
    public.subscribe(&["publicTrade.BTCUSDT"]).await;
}

#[tokio::test]
async fn a_subscription_of_spot_has_ten_arguments_at_most() {
    let (_venue, client) = all_products(|_| {}).await;
    let mut public = client.unsigned_socket("/v5/public/spot").await;
    public.send(&json!({"op": "subscribe", "req_id": 7, "args": vec!["publicTrade.BTCUSDT"; 11]})).await;
    let refused = public.next().await;
    assert_eq!(
        (&refused["success"], &refused["ret_msg"], &refused["req_id"]),
        (&json!(false), &json!("args size >10"), &json!(7))
    );
    public.send(&json!({"op": "subscribe", "args": vec!["publicTrade.BTCUSDT"; 10]})).await;
    assert_eq!(public.next().await["success"], true);
    let mut linear = client.socket("/v5/public/linear").await;
    linear.send(&json!({"op": "subscribe", "args": vec!["publicTrade.BTCUSDT"; 11]})).await;
    assert_eq!(linear.next().await["success"], true, "contracts have no such limit");
}

#[tokio::test]
async fn a_trade_request_names_itself_briefly_and_carries_one_object() {
    let (_venue, client) = manual().await;
    let mut trade = client.socket("/v5/trade").await;
    let long = "x".repeat(37);
    assert_eq!(trade.order("order.create", &long, buy("0.001", "59000")).await["retCode"], 10001);
    let two = json!({"reqId": "2", "op": "order.create", "args": [{}, {}],
                     "header": {"X-BAPI-TIMESTAMP": crate::client::wall_ms().to_string()}});
    trade.send(&two).await;
    assert_eq!(trade.next().await["retCode"], 10001);
    let by_number = json!({"reqId": 3, "op": "order.create", "args": [buy("0.001", "59000")],
                           "header": {"X-BAPI-TIMESTAMP": crate::client::wall_ms().to_string()}});
    trade.send(&by_number).await;
    let created = trade.next().await;
    assert_eq!((&created["retCode"], &created["reqId"]), (&json!(0), &json!(3)), "in its own type");
    assert_eq!(created["header"]["X-Bapi-Limit-Status"], "9");
}

#[tokio::test]
async fn a_get_with_a_body_is_shut_out_without_json() {
    let (_venue, client) = manual().await;
    let reply = client.exchange("GET", "/v5/market/time", "", "{}").await.unwrap();
    assert_eq!(reply.status, 403);
}
