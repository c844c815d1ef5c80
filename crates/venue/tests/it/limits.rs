//! Limits: what is one too many, and what it gets.

use serde_json::json;
use windvane_venue::{AddressLimits, LimitPreset};

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

/// A venue that lets an address do little.
async fn narrow(
    change: impl FnOnce(&mut AddressLimits),
) -> (windvane_venue::Embedded, crate::client::Client) {
    manual_with(|config| change(&mut config.address_limits)).await
}

#[tokio::test]
async fn an_address_opens_only_so_many_sockets_of_any_kind() {
    let (_venue, client) = narrow(|limits| limits.new_sockets = 3).await;
    let mut open = Vec::new();
    for path in ["/v5/public/linear", "/v5/private", "/v5/trade"] {
        open.push(client.socket(path).await);
    }
    for path in ["/v5/public/linear", "/v5/private", "/v5/trade"] {
        assert_eq!(client.unsigned_socket(path).await.try_next().await, None, "{path}");
    }
    open[0].subscribe(&["publicTrade.BTCUSDT"]).await;
    assert_eq!(client.public("/v5/market/time").await["retCode"], 0, "requests are counted apart");
}

#[tokio::test]
async fn an_address_holds_only_so_many_market_data_sockets_of_a_product_group() {
    let (_venue, client) = all_products(|config| config.address_limits.public_sockets = 2).await;
    let mut first = client.socket("/v5/public/linear").await;
    let second = client.socket("/v5/public/linear").await;
    assert_eq!(client.unsigned_socket("/v5/public/linear").await.try_next().await, None);
    let mut spot = client.unsigned_socket("/v5/public/spot").await;
    spot.send(&json!({"op": "ping"})).await;
    assert_eq!(spot.next().await["ret_msg"], "pong", "each group is counted apart");
    client.socket("/v5/private").await.subscribe(&["order"]).await;
    first.subscribe(&["publicTrade.BTCUSDT"]).await;

    drop(second);
    // The venue hears of the end of a socket in its own time.
    loop {
        let mut next = client.unsigned_socket("/v5/public/linear").await;
        next.send_if_open(&json!({"op": "ping"})).await;
        if let Some(pong) = next.try_next().await {
            assert_eq!(pong["ret_msg"], "pong");
            break;
        }
    }
}

#[tokio::test]
async fn an_address_sends_only_so_many_trade_requests_over_all_its_sockets() {
    let (_venue, client) = narrow(|limits| limits.trade_requests = 4).await;
    let (mut one, mut other) = (client.socket("/v5/trade").await, client.socket("/v5/trade").await);
    for n in 0..2 {
        assert_eq!(one.order("order.create", &format!("a{n}"), buy("0.001", "59000")).await["retCode"], 0);
        assert_eq!(other.order("order.create", &format!("b{n}"), buy("0.001", "59000")).await["retCode"], 0);
    }
    let refused = one.order("order.create", "a2", buy("0.001", "59000")).await;
    assert_eq!((&refused["retCode"], &refused["reqId"]), (&json!(10403), &json!("a2")));
    assert_eq!(client.state().await["accounts"][0]["orders"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn a_trade_socket_gets_20003_beyond_its_own_limit_where_there_is_one() {
    let (_venue, client) = manual_with(|config| config.doubts.trade_requests_max = 2).await;
    let (mut hasty, mut other) = (client.socket("/v5/trade").await, client.socket("/v5/trade").await);
    for n in 0..2 {
        assert_eq!(hasty.order("order.create", &format!("a{n}"), buy("0.001", "59000")).await["retCode"], 0);
    }
    assert_eq!(hasty.order("order.create", "a2", buy("0.001", "59000")).await["retCode"], 20003);
    assert_eq!(other.order("order.create", "b0", buy("0.001", "59000")).await["retCode"], 0);
}

#[tokio::test]
async fn an_address_stays_shut_out_after_more_requests_than_it_may_send() {
    let (_venue, client) = narrow(|limits| limits.requests = 20).await;
    let replies = client.burst("/v5/market/time", 21).await;
    assert!(replies.contains("403 Forbidden") && replies.ends_with("access too frequent"), "{replies}");
    let later = client.exchange("GET", "/v5/market/time", "", "").await.unwrap();
    assert_eq!(later.status, 403, "{}", later.body);
    client.state().await;
}

#[test]
fn the_limits_of_an_address_are_the_published_ones_unless_others_are_typed() {
    let read =
        |text: &str| toml::from_str::<windvane_venue::VenueConfig>(text).map(|config| config.address_limits);
    let published =
        AddressLimits { requests: 600, new_sockets: 500, public_sockets: 1_000, trade_requests: 3_000 };
    assert_eq!(read("[market.manual]").unwrap(), published);
    let typed = read("[address_limits]\nnew_sockets = 5\n[market.manual]").unwrap();
    assert_eq!(typed, AddressLimits { new_sockets: 5, ..published });
    assert!(read("[address_limits]\nsockets = 5\n[market.manual]").is_err());
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
