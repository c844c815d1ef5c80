//! Hostile input: the documented code or a closed socket, never a crash, and never a harm to anybody else.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::accounts::two;
use crate::client::{Client, wall_ms};
use crate::{buy, manual, manual_with};

/// Nesting that a naive parser would follow down its stack.
const DEPTH: usize = 100_000;
/// The largest frame that the usual WebSocket library lets through.
const HUGE: usize = 64 << 20;

/// The account next door goes on as if nothing had happened.
async fn assert_unharmed(client: &Client) {
    let state = client.state().await;
    assert_eq!(state["accounts"][0]["orders"], json!([]), "nothing was ordered");
    assert_eq!(state["accounts"][0]["wallet"][0]["walletBalance"], "100000");
    let order = client.post("/v5/order/create", &buy("0.001", "59000")).await;
    assert_eq!(order["retCode"], 0);
}

#[tokio::test]
async fn a_frame_of_64_mebibytes_closes_its_socket_before_it_has_arrived() {
    let (_venue, client) = manual().await;
    for path in ["/v5/public/linear", "/v5/private", "/v5/trade"] {
        let mut stream = upgraded(&client, path).await;
        // A masked text frame that announces its length; what follows is never asked for.
        let mut head = vec![0x81, 0xff];
        head.extend_from_slice(&(HUGE as u64).to_be_bytes());
        head.extend_from_slice(&[1, 2, 3, 4]);
        stream.write_all(&head).await.unwrap();
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{path} stays open for a frame beyond its limit");
    }
    assert_unharmed(&client).await;
}

#[tokio::test]
async fn deep_nesting_is_no_json_object() {
    let (_venue, client) = manual().await;
    let deep = format!(r#"{{"op":"subscribe","args":{}{}}}"#, "[".repeat(DEPTH), "]".repeat(DEPTH));
    let mut public = client.socket("/v5/public/linear").await;
    public.send_text(&deep).await;
    assert_eq!(public.next().await["success"], false);
    let body = format!(r#"{{"category":{}{}}}"#, "[".repeat(DEPTH), "]".repeat(DEPTH));
    let headers = client.signed(&body, wall_ms());
    let reply = client.exchange("POST", "/v5/order/create", &headers, &body).await.unwrap();
    assert_eq!(reply.json()["retCode"], 10001);
    assert_unharmed(&client).await;
}

#[tokio::test]
async fn text_that_is_no_utf8_closes_a_socket_and_is_no_json_in_a_body() {
    let (_venue, client) = manual().await;
    let mut stream = upgraded(&client, "/v5/private").await;
    // A masked text frame of two bytes with a mask of zeros: 0xc3 0x28 is cut off in the middle of a letter.
    stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]).await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok());

    let mut stream = TcpStream::connect(&client.address).await.unwrap();
    let request = b"POST /v5/order/create HTTP/1.1\r\nhost: v\r\nconnection: close\r\ncontent-length: 2\r\n\
                    x-bapi-api-key: paper-key\r\nx-bapi-timestamp: 1\r\nx-bapi-sign: \xc3\x28\r\n\r\n\xc3\x28";
    stream.write_all(request).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let reply = String::from_utf8_lossy(&reply);
    assert!(reply.starts_with("HTTP/1.1 4") || reply.contains("\"retCode\":1000"), "{reply}");
    assert_unharmed(&client).await;
}

#[tokio::test]
async fn a_half_open_handshake_and_a_silent_upload_hold_nobody_up_and_are_closed() {
    let (_venue, client) = manual_with(|config| config.request_timeout_ms = 300).await;
    let mut silent = TcpStream::connect(&client.address).await.unwrap();
    silent
        .write_all(b"POST /v5/order/create HTTP/1.1\r\nhost: v\r\ncontent-length: 1000\r\n\r\n{")
        .await
        .unwrap();
    let mut half = TcpStream::connect(&client.address).await.unwrap();
    half.write_all(b"GET /v5/private HTTP/1.1\r\nhost: v\r\nsec-websocket-k").await.unwrap();
    let mut mute = TcpStream::connect(&client.address).await.unwrap();
    assert_unharmed(&client).await;
    for (name, stream) in [("body", &mut silent), ("head", &mut half), ("nothing", &mut mute)] {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "{name} stays open");
        let rest = String::from_utf8_lossy(&rest);
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 4"), "{name}: {rest}");
    }
}

/// A connection from another address of this machine.
async fn connected_from(client: &Client, address: &str) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(client.address.parse().unwrap()).await.unwrap()
}

/// Whether the venue has closed a connection, which it does at once or not at all.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let ended = tokio::time::timeout(Duration::from_millis(500), stream.read_u8()).await;
    ended.is_ok_and(|read| read.is_err())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_opens_connections_without_end_shuts_out_itself_and_nobody_else() {
    let (_venue, client) = manual_with(|config| {
        config.connections.address = 6;
        config.connections.total = 10;
    })
    .await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    // Plain connections that say nothing, and sockets, which nobody has signed in to.
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(connected_from(&client, "127.0.0.2").await);
    }
    for _ in 0..200 {
        let mut refused = connected_from(&client, "127.0.0.2").await;
        assert!(is_closed(&mut refused).await, "beyond what an address may have");
    }
    for stream in &mut held {
        assert!(!is_closed(stream).await);
    }
    assert_unharmed(&client).await;
    assert_eq!(private.next_of("order").await["data"][0]["orderStatus"], "New");
    // A place is given back with its connection.
    drop(held.pop());
    let mut attempts = 0;
    let mut request = loop {
        let mut request = connected_from(&client, "127.0.0.2").await;
        if !is_closed(&mut request).await {
            break request;
        }
        attempts += 1;
        assert!(attempts < 50, "the place is not given back");
    };
    request.write_all(b"GET /v5/market/time HTTP/1.1\r\nhost: v\r\n\r\n").await.unwrap();
    assert_eq!(request.read_u8().await.unwrap(), b'H');
    // All addresses together have no more than the venue can bear: what is open goes on.
    for _ in 0..4 {
        held.push(connected_from(&client, "127.0.0.3").await);
    }
    let mut last = connected_from(&client, "127.0.0.4").await;
    assert!(is_closed(&mut last).await, "beyond what there is");
    private.send(&json!({"op": "ping", "req_id": "1"})).await;
    assert_eq!(private.next().await["op"], "pong");
}

#[tokio::test]
async fn a_replayed_request_is_refused_when_its_window_has_passed_and_its_order_id_within_it() {
    let (_venue, client) = manual().await;
    let mut order = buy("0.001", "59000");
    order["orderLinkId"] = "once".into();
    let body = order.to_string();
    let fresh = client.signed(&body, wall_ms());
    for code in [0, 110072] {
        let reply = client.exchange("POST", "/v5/order/create", &fresh, &body).await.unwrap();
        assert_eq!(reply.json()["retCode"], code);
    }
    let stale = client.signed(&body, wall_ms() - 60_000);
    let reply = client.exchange("POST", "/v5/order/create", &stale, &body).await.unwrap();
    assert_eq!(reply.json()["retCode"], 10002);
}

#[tokio::test]
async fn numbers_beyond_all_digits_are_parameter_errors() {
    let (_venue, client) = manual_with(|config| config.rate_limits = false).await;
    let digits = "1".repeat(40);
    for wrong in [
        digits.clone(),
        format!("0.{digits}"),
        format!("-{digits}"),
        "79228162514264337593543950335".to_owned(),
        "1e400".to_owned(),
        "NaN".to_owned(),
        "Infinity".to_owned(),
        "0x10".to_owned(),
        "٣".to_owned(),
    ] {
        for (path, field) in [
            ("/v5/order/create", "qty"),
            ("/v5/order/create", "price"),
            ("/v5/order/create", "triggerPrice"),
            ("/v5/order/create", "stopLoss"),
            ("/v5/position/set-leverage", "buyLeverage"),
        ] {
            let mut body = buy("0.001", "59000");
            body["buyLeverage"] = "5".into();
            body["sellLeverage"] = "5".into();
            body["triggerDirection"] = 1.into();
            body[field] = wrong.clone().into();
            let code = client.post(path, &body).await["retCode"].as_i64();
            assert!(code.is_some_and(|code| code != 0), "{path} {field}={wrong}: {code:?}");
        }
    }
    for query in
        ["limit=99999999999999999999", "start=-9223372036854775808", "end=9223372036854775807&limit=1000"]
    {
        let target = format!("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1&{query}");
        assert!(client.public(&target).await["retCode"].is_i64());
    }
    assert_unharmed(&client).await;
}

#[tokio::test]
async fn frames_of_every_wrong_type_get_an_answer_or_nothing_but_never_end_the_venue() {
    let (_venue, client) = manual().await;
    for path in ["/v5/public/linear", "/v5/private", "/v5/trade"] {
        let mut socket = client.socket(path).await;
        for frame in [
            json!(null),
            json!([]),
            json!({"op": null}),
            json!({"op": "auth"}),
            json!({"op": "auth", "args": [1, {}, []]}),
            json!({"op": "subscribe"}),
            json!({"op": "subscribe", "args": {"a": 1}}),
            json!({"op": "subscribe", "args": [null, 7, ""]}),
            json!({"op": "order.create", "args": [null], "header": 5, "reqId": {}}),
            json!({"op": "order.create-batch", "args": [{"category": "linear", "request": "x"}],
                   "header": {"X-BAPI-TIMESTAMP": wall_ms()}}),
        ] {
            socket.send(&frame).await;
        }
        socket.0.send(Message::binary(vec![0xff; 64])).await.unwrap();
        socket.send(&json!({"op": "ping", "req_id": "last"})).await;
        loop {
            let reply: Value = socket.next().await;
            if reply["req_id"] == "last" {
                break;
            }
        }
    }
    assert_unharmed(&client).await;
}

#[tokio::test]
async fn whatever_one_account_sends_another_keeps_its_orders_its_coins_and_its_sockets() {
    let (_venue, victim, attacker) = two().await;
    let mut private = victim.socket("/v5/private").await;
    private.subscribe(&["order", "wallet"]).await;
    let mut order = buy("0.001", "59000");
    order["orderLinkId"] = "kept".into();
    let created = victim.post("/v5/order/create", &order).await;
    private.next_of("order").await;
    let before = victim.get("/v5/account/wallet-balance", "accountType=UNIFIED").await["result"].clone();

    // With the other's key and a wrong secret, with the other's ids, with the other's name for an own order.
    let forger =
        Client { address: victim.address.clone(), key: victim.key.clone(), secret: attacker.secret.clone() };
    let all = json!({"category": "linear", "settleCoin": "USDT"});
    assert_eq!(forger.post("/v5/order/cancel-all", &all).await["retCode"], 10004);
    assert_eq!(forger.post("/v5/user/delete-api", &json!({})).await["retCode"], 10004);
    let by_id = json!({"category": "linear", "symbol": "BTCUSDT", "orderId": created["result"]["orderId"], "uid": 1001});
    assert_eq!(attacker.post("/v5/order/cancel", &by_id).await["retCode"], 110001);
    assert_eq!(attacker.post("/v5/order/create", &order).await["retCode"], 0);
    assert_eq!(attacker.post("/v5/order/cancel-all", &all).await["retCode"], 0);
    // With whatever is no request at all, on each of its sockets.
    for path in ["/v5/private", "/v5/trade"] {
        let mut socket = attacker.socket(path).await;
        for frame in
            ["[", "{}", "null", r#"{"op":[]}"#, r#"{"op":"order.create","args":[{"category":"linear"}]}"#]
        {
            socket.send_text(frame).await;
        }
        socket.0.send(Message::binary(vec![0xff; 1024])).await.unwrap();
        let mut stream = upgraded(&attacker, path).await;
        let mut head = vec![0x81, 0xff];
        head.extend_from_slice(&(HUGE as u64).to_be_bytes());
        head.extend_from_slice(&[1, 2, 3, 4]);
        stream.write_all(&head).await.unwrap();
    }
    let digits = "9".repeat(40);
    let odd = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": digits, "price": digits});
    assert_eq!(attacker.post("/v5/order/create", &odd).await["retCode"], 10001);

    let after = victim.get("/v5/account/wallet-balance", "accountType=UNIFIED").await["result"].clone();
    assert_eq!(before, after);
    let open = victim.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(open["result"]["list"][0]["orderId"], created["result"]["orderId"]);
    let cancel = json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "kept"});
    assert_eq!(victim.post("/v5/order/cancel", &cancel).await["retCode"], 0);
    let told = private.next_of("order").await;
    assert_eq!(
        (&told["data"][0]["orderId"], &told["data"][0]["orderStatus"]),
        (&created["result"]["orderId"], &json!("Cancelled")),
        "nothing was told of what the other did"
    );
}

/// A raw connection after its upgrade to a WebSocket.
async fn upgraded(client: &Client, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&client.address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: v\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}
