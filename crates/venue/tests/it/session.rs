//! Who gets in, and what the sockets say around the data.

use serde_json::{Value, json};

use crate::client::{Client, hmac_hex, wall_ms};
use crate::shared::shared;
use crate::{buy, manual, manual_with};

#[tokio::test]
async fn bad_credentials_get_their_codes() {
    let (_venue, client) = manual().await;
    let query = "accountType=UNIFIED";
    let path = format!("/v5/account/wallet-balance?{query}");
    let code = async |headers: String| -> i64 {
        client.exchange("GET", &path, &headers, "").await.unwrap().json()["retCode"].as_i64().unwrap()
    };
    assert_eq!(code(client.signed(query, wall_ms())).await, 0);
    assert_eq!(code(client.signed("accountType=OTHER", wall_ms())).await, 10004);
    assert_eq!(code(client.signed(query, wall_ms() - 6_000)).await, 10002);
    assert_eq!(code(client.signed(query, wall_ms() + 2_000)).await, 10002);
    let stranger =
        Client { key: "nobody".into(), address: client.address.clone(), secret: client.secret.clone() };
    assert_eq!(code(stranger.signed(query, wall_ms())).await, 10003);
    let unsigned = client.exchange("GET", &path, "", "").await.unwrap();
    assert_eq!(unsigned.status, 401);
    let nowhere = client.exchange("GET", "/v5/nowhere", "", "").await.unwrap();
    assert_eq!(nowhere.status, 404);
    // ccxt writes the question mark of an empty query.
    let empty =
        client.exchange("GET", "/v5/user/query-api?", &client.signed("", wall_ms()), "").await.unwrap();
    assert_eq!(empty.json()["result"]["uta"], 1);
}

#[tokio::test]
async fn a_spaced_and_unsorted_body_is_signed_as_it_stands() {
    let (_venue, client) = manual().await;
    let body = r#"{"symbol": "BTCUSDT",  "side":"Buy", "position_idx": 0, "orderType": "Limit", "qty": "0.001", "price": "59000", "category": "linear"}"#;
    let reply =
        client.exchange("POST", "/v5/order/create", &client.signed(body, wall_ms()), body).await.unwrap();
    assert_eq!(reply.json()["retCode"], 0, "{}", reply.body);
    assert!(reply.head.contains("x-bapi-limit-status: 9"), "{}", reply.head);
}

#[tokio::test]
async fn the_eleventh_order_of_a_second_is_refused_and_batches_are_cut() {
    let (_venue, client) = manual().await;
    let mut codes = Vec::new();
    for _ in 0..11 {
        codes
            .push(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"].as_i64().unwrap());
    }
    assert_eq!(codes.iter().filter(|code| **code == 10006).count(), 1, "{codes:?}");
    let (_free, client) = manual_with(|config| config.rate_limits = false).await;
    for _ in 0..20 {
        assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
    }
}

#[tokio::test]
async fn sockets_sign_in_with_numbers_or_text_and_answer_by_path() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    let expires = (wall_ms() + 9_000).to_string();
    let signature = hmac_hex(&client.secret, &format!("GET/realtime{expires}"));
    let again = json!({"op": "auth", "req_id": "a", "args": [client.key, expires, signature]});
    private.send(&again).await;
    let reply = private.next().await;
    assert_eq!(
        (&reply["success"], &reply["req_id"], &reply["ret_code"]),
        (&json!(false), &json!("a"), &json!(20001))
    );

    private.send(&json!({"op": "ping", "req_id": "p"})).await;
    let pong = private.next().await;
    assert_eq!((&pong["op"], &pong["req_id"]), (&json!("pong"), &json!("p")));
    let mut trade = client.socket("/v5/trade").await;
    trade.send(&json!({"op": "ping"})).await;
    assert_eq!(trade.next().await["retMsg"], "OK");
    let mut public = client.socket("/v5/public/linear").await;
    public.send(&json!({"op": "ping"})).await;
    assert_eq!(public.next().await["ret_msg"], "pong");
}

#[tokio::test]
async fn a_wrong_signature_does_not_open_a_private_socket() {
    let (_venue, client) = manual().await;
    let mut socket = client.unsigned_socket("/v5/private").await;
    for (expires, signature, code) in [
        (wall_ms() + 5_000, "00".to_owned(), 10004),
        (wall_ms() - 1, hmac_hex(&client.secret, "GET/realtime"), 10001),
    ] {
        socket.send(&json!({"op": "auth", "args": [client.key, expires, signature]})).await;
        let refused = socket.next().await;
        assert_eq!((&refused["success"], &refused["ret_code"]), (&json!(false), &json!(code)));
    }
    socket.send(&json!({"op": "subscribe", "args": ["order"], "req_id": 1})).await;
    let refused = socket.next().await;
    assert_eq!((&refused["success"], &refused["req_id"]), (&json!(false), &json!(1)));
}

#[tokio::test]
async fn subscribing_twice_and_unsubscribing_from_nothing_are_acknowledged() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    let subscribe =
        json!({"op": "subscribe", "req_id": 1, "args": ["orderbook.50.BTCUSDT"], "callerMethodName": "x"});
    let mut acknowledged = 0;
    for _ in 0..2 {
        public.send(&subscribe).await;
    }
    public.send(&json!({"op": "unsubscribe", "req_id": "u", "args": ["orderbook.500.BTCUSDT"]})).await;
    let mut snapshots = 0;
    while acknowledged < 3 {
        let frame: Value = public.next().await;
        if frame["success"] == true {
            acknowledged += 1;
        } else {
            assert_eq!(frame["type"], "snapshot");
            snapshots += 1;
        }
    }
    assert_eq!(snapshots, 1);
}

#[test]
fn recorded_signing_vectors_are_reproduced() {
    let Some(path) = shared("fixtures/v5/signing-vectors.json") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let secret = vectors["api_secret"].as_str().unwrap();
    let list = vectors["vectors"].as_array().unwrap();
    assert!(!list.is_empty());
    for vector in list {
        let signed = hmac_hex(secret, vector["string_to_sign"].as_str().unwrap());
        assert_eq!(vector["signature"], signed.as_str(), "{}", vector["name"]);
    }
}

#[tokio::test]
async fn an_order_with_a_stale_timestamp_is_refused_on_the_trade_socket() {
    let (_venue, client) = manual().await;
    let mut trade = client.socket("/v5/trade").await;
    for (age_ms, recv_window, code) in [(6_000, "5000", 10002), (6_000, "9000", 0), (-1_500, "9000", 10002)] {
        let header =
            json!({"X-BAPI-TIMESTAMP": (wall_ms() - age_ms).to_string(), "X-BAPI-RECV-WINDOW": recv_window});
        let frame = json!({"reqId": format!("{age_ms}-{recv_window}"), "op": "order.create", "header": header,
                           "args": [buy("0.001", "59000")]});
        trade.send(&frame).await;
        assert_eq!(trade.next().await["retCode"], code, "{frame}");
    }
    let mut stranger = client.unsigned_socket("/v5/trade").await;
    assert_eq!(stranger.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 10005);
}

#[tokio::test]
async fn a_message_over_a_mebibyte_closes_the_socket_and_a_body_is_refused() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    // The venue need not hear it to its end.
    public.send_if_open(&json!({"op": "subscribe", "args": ["x".repeat(1 << 20)]})).await;
    assert_eq!(public.try_next().await, None);
    let body = " ".repeat((1 << 20) + 1);
    let reply = client.exchange("POST", "/v5/order/create", &client.signed(&body, wall_ms()), &body).await;
    assert!(reply.is_none_or(|reply| reply.status == 413));
    assert_eq!(client.public("/v5/market/time").await["retCode"], 0);
}

#[tokio::test]
async fn everything_the_venue_says_is_under_way_for_the_latency_and_keeps_its_order() {
    let latency = std::time::Duration::from_millis(40);
    let (_venue, client) = manual_with(|config| config.latency_ms = 40).await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    let mut trade = client.socket("/v5/trade").await;

    let sent = std::time::Instant::now();
    client.public("/v5/market/time").await;
    assert!(sent.elapsed() >= latency);
    let sent = std::time::Instant::now();
    for number in 0..5 {
        let frame = json!({"reqId": format!("{number}"), "op": "order.create", "args": [buy("0.001", "59000")],
                           "header": {"X-BAPI-TIMESTAMP": wall_ms().to_string()}});
        trade.send(&frame).await;
    }
    for number in 0..5 {
        let reply = trade.next().await;
        assert!(sent.elapsed() >= latency);
        assert_eq!(reply["reqId"], format!("{number}"));
        let order = private.next_of("order").await;
        assert_eq!(order["data"][0]["orderId"], reply["data"]["orderId"]);
    }
    assert!(sent.elapsed() < 5 * latency, "what is sent together is under way together");
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_shut_out_without_json() {
    let (_venue, client) = manual().await;
    let last = client.burst("/v5/market/time", 601).await;
    assert!(last.contains("403 Forbidden") && last.ends_with("access too frequent"), "{last}");
    client.state().await;

    let (_venue, client) = manual_with(|config| config.rate_limits = false).await;
    let last = client.burst("/v5/market/time", 601).await;
    assert!(last.contains("200 OK"), "{last}");
}
