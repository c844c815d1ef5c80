//! Disconnection protection: orders live as long as the sockets that were named for them, and no longer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::products::all_products;
use crate::{buy, manual};

/// The shortest window there is.
const WINDOW: Duration = Duration::from_secs(3);

async fn protect(client: &Client, product: &str) {
    let body = json!({"product": product, "timeWindow": WINDOW.as_secs()});
    let reply = client.post("/v5/order/disconnected-cancel-all", &body).await;
    assert_eq!((&reply["retCode"], reply.get("result")), (&json!(0), None), "{reply}");
}

async fn open(client: &Client, category: &str) -> usize {
    let listed = client.get("/v5/order/realtime", &format!("category={category}&symbol=BTCUSDT")).await;
    listed["result"]["list"].as_array().unwrap().len()
}

#[tokio::test]
async fn orders_end_when_the_last_named_socket_has_been_gone_for_the_window() {
    let (_venue, client) = all_products(|_| {}).await;
    protect(&client, "DERIVATIVES").await;
    let mut waiting = buy("0.001", "59000");
    waiting["triggerPrice"] = "61000".into();
    waiting["triggerDirection"] = 1.into();
    let spot = json!({"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01",
                      "price": "59000"});
    for order in [buy("0.001", "59000"), waiting, spot] {
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    }
    // Only sockets that listen to the topic of the product count.
    let mut bystander = client.socket("/v5/private").await;
    bystander.subscribe(&["order", "dcp.spot"]).await;
    let mut first = client.socket("/v5/private").await;
    first.subscribe(&["dcp.future"]).await;
    let mut second = client.socket("/v5/private").await;
    second.subscribe(&["dcp.future"]).await;
    drop(first);
    tokio::time::sleep(WINDOW + Duration::from_millis(500)).await;
    assert_eq!(open(&client, "linear").await, 2, "one of two is gone");
    let gone = Instant::now();
    drop(second);
    let pushed = bystander.next_of("order").await;
    assert!(gone.elapsed() >= WINDOW, "{:?}", gone.elapsed());
    let row = &pushed["data"][0];
    assert_eq!((&row["orderStatus"], &row["cancelType"]), (&json!("Cancelled"), &json!("CancelByDCP")));
    assert_eq!(
        (open(&client, "linear").await, open(&client, "spot").await),
        (1, 1),
        "what waits, and other products, stay"
    );
}

#[tokio::test]
async fn who_is_back_in_time_keeps_the_orders() {
    let (_venue, client) = manual().await;
    protect(&client, "DERIVATIVES").await;
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
    let mut socket = client.socket("/v5/private").await;
    socket.subscribe(&["dcp.future"]).await;
    drop(socket);
    tokio::time::sleep(WINDOW / 2).await;
    let mut again = client.socket("/v5/private").await;
    again.subscribe(&["dcp.future"]).await;
    tokio::time::sleep(WINDOW).await;
    assert_eq!(open(&client, "linear").await, 1);
}

#[tokio::test]
async fn what_is_protected_can_be_asked_and_a_window_is_three_to_three_hundred_seconds() {
    let (_venue, client) = manual().await;
    let asked = async || -> Value {
        client.get("/v5/account/query-dcp-info", "").await["result"]["dcpInfos"].clone()
    };
    assert_eq!(asked().await, json!([]));
    for body in [
        json!({}),
        json!({"timeWindow": 2}),
        json!({"timeWindow": 301}),
        json!({"timeWindow": 10, "product": "X"}),
    ] {
        assert_eq!(client.post("/v5/order/disconnected-cancel-all", &body).await["retCode"], 10001, "{body}");
    }
    protect(&client, "SPOT").await;
    assert_eq!(asked().await, json!([{"product": "SPOT", "dcpStatus": "ON", "timeWindow": "3"}]));
    assert_eq!(client.get("/v5/account/info", "").await["result"]["dcpStatus"], "ON");
}
