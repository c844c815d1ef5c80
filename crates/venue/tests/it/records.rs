//! What the queries find, by which filters, and what they do not.

use serde_json::{Value, json};

use crate::client::Client;
use crate::products::{accepted, all_products};
use crate::{buy, manual_with};

async fn rows(client: &Client, path: &str, query: &str) -> Vec<Value> {
    let reply = client.get(&format!("/v5/{path}"), query).await;
    reply["result"]["list"].as_array().unwrap_or_else(|| panic!("{path}?{query}: {reply}")).clone()
}

async fn count(client: &Client, path: &str, query: &str) -> usize {
    rows(client, path, query).await.len()
}

fn named(category: &str, name: &str, qty: &str, price: &str) -> Value {
    let mut order = buy(qty, price);
    order["category"] = category.into();
    order["orderLinkId"] = name.into();
    order
}

#[tokio::test]
async fn realtime_knows_open_orders_and_the_last_500_closed_of_a_product_group() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    accepted(&client, "/v5/order/create", named("linear", "first", "0.001", "59000")).await;
    let cancel = |name: &str| json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": name});
    accepted(&client, "/v5/order/cancel", cancel("first")).await;
    for _ in 0..25 {
        let batch = json!({"category": "linear", "request": vec![buy("0.001", "59000"); 20]});
        assert_eq!(client.post("/v5/order/create-batch", &batch).await["retExtInfo"]["list"][19]["code"], 0);
    }
    accepted(&client, "/v5/order/create", named("spot", "pair", "0.001", "59500")).await;
    assert_eq!(count(&client, "order/realtime", "category=linear&orderLinkId=first").await, 1);
    accepted(&client, "/v5/order/cancel-all", json!({"category": "linear", "symbol": "BTCUSDT"})).await;
    assert_eq!(
        count(&client, "order/realtime", "category=linear&orderLinkId=first").await,
        0,
        "501 are closed now"
    );
    assert_eq!(count(&client, "order/history", "category=linear&orderLinkId=first").await, 1);
    // Those of another product group do not count, nor does a filter make room.
    accepted(&client, "/v5/order/cancel-all", json!({"category": "spot"})).await;
    assert_eq!(count(&client, "order/realtime", "category=spot&orderLinkId=pair").await, 1);
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let query = format!("category=linear&symbol=BTCUSDT&openOnly=1&limit=50&cursor={cursor}");
        let page = client.get("/v5/order/realtime", &query).await;
        seen += page["result"]["list"].as_array().unwrap().len();
        cursor = page["result"]["nextPageCursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(seen, 500);
    assert_eq!(count(&client, "order/realtime", "category=linear&symbol=ETHUSDT&openOnly=1").await, 0);
}

#[tokio::test]
async fn ids_override_filters_and_linear_orders_are_asked_for_by_a_symbol_or_a_coin() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let one = accepted(&client, "/v5/order/create", named("linear", "one", "0.001", "59000")).await;
    accepted(&client, "/v5/order/create", named("linear", "two", "0.001", "58000")).await;
    let mut three = named("inverse", "three", "100", "59500");
    three["symbol"] = "BTCUSD".into();
    accepted(&client, "/v5/order/create", three).await;
    let id = one["result"]["orderId"].as_str().unwrap();
    for (query, names) in [
        ("category=linear&symbol=BTCUSDT".to_owned(), vec!["two", "one"]),
        ("category=linear&baseCoin=BTC".to_owned(), vec!["two", "one"]),
        ("category=linear&baseCoin=ETH".to_owned(), vec![]),
        ("category=linear&settleCoin=USDT".to_owned(), vec!["two", "one"]),
        ("category=linear&settleCoin=USDC".to_owned(), vec![]),
        ("category=inverse".to_owned(), vec!["three"]),
        (format!("category=linear&orderId={id}&orderLinkId=two&openOnly=1"), vec!["one"]),
        ("category=linear&orderLinkId=two&symbol=BTCUSDT".to_owned(), vec!["two"]),
        ("category=linear&orderLinkId=three".to_owned(), vec![]),
        ("category=option".to_owned(), vec![]),
    ] {
        let found = rows(&client, "order/realtime", &query).await;
        let found: Vec<&str> = found.iter().map(|row| row["orderLinkId"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{query}");
    }
    for query in ["category=linear", "category=nothing", "category=linear&symbol=BTCUSDT&orderFilter=nothing"]
    {
        assert_eq!(client.get("/v5/order/realtime", query).await["retCode"], 10001, "{query}");
    }
}

#[tokio::test]
async fn history_executions_and_the_log_are_filtered_by_what_they_show() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let market = |category: &str, symbol: &str, side: &str, qty: &str, name: &str| json!({"category": category, "symbol": symbol, "side": side, "orderType": "Market", "qty": qty, "orderLinkId": name});
    accepted(&client, "/v5/order/create", market("linear", "BTCUSDT", "Buy", "0.01", "in")).await;
    accepted(&client, "/v5/order/create", market("linear", "BTCUSDT", "Sell", "0.01", "out")).await;
    accepted(&client, "/v5/order/create", market("spot", "BTCUSDT", "Buy", "600", "pair")).await;
    accepted(&client, "/v5/order/create", named("linear", "ended", "0.01", "59000")).await;
    accepted(
        &client,
        "/v5/order/cancel",
        json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "ended"}),
    )
    .await;
    client.sim("account", &json!({"uid": 1001, "coin": "USDT", "delta": "5"})).await;
    let long_ago = "startTime=1600000000000&endTime=1600000001000";
    for (path, query, expected) in [
        ("order/history", "category=linear", 3),
        ("order/history", "category=linear&orderStatus=Filled", 2),
        ("order/history", "category=linear&orderStatus=Cancelled", 1),
        ("order/history", "category=linear&orderLinkId=out", 1),
        ("order/history", "category=linear&orderFilter=StopOrder", 0),
        ("order/history", "category=spot", 1),
        ("order/history", &format!("category=linear&{long_ago}"), 0),
        // A name finds what its window does not hold.
        ("order/history", &format!("category=linear&orderLinkId=out&{long_ago}"), 1),
        ("execution/list", "category=linear", 2),
        ("execution/list", "category=linear&orderLinkId=in", 1),
        ("execution/list", "category=linear&execType=Trade", 2),
        ("execution/list", "category=linear&execType=Funding", 0),
        ("execution/list", "category=linear&execType=Delivery", 0),
        ("execution/list", "category=linear&baseCoin=ETH", 0),
        ("execution/list", &format!("category=linear&{long_ago}"), 0),
        ("position/closed-pnl", "category=linear", 1),
        ("position/closed-pnl", "category=linear&symbol=ETHUSDT", 0),
        ("position/closed-pnl", &format!("category=linear&{long_ago}"), 0),
        ("position/closed-pnl", "category=inverse", 0),
        // Two of the contract, two coins of the pair, one transfer.
        ("account/transaction-log", "accountType=UNIFIED", 5),
        ("account/transaction-log", "category=linear", 2),
        ("account/transaction-log", "category=spot", 2),
        ("account/transaction-log", "category=spot&currency=BTC", 1),
        ("account/transaction-log", "type=TRANSFER_IN", 1),
        ("account/transaction-log", "baseCoin=BTC", 4),
        ("account/transaction-log", "baseCoin=ETH", 0),
        ("account/transaction-log", long_ago, 0),
    ] {
        assert_eq!(count(&client, path, query).await, expected, "{path}?{query}");
    }
    for (path, query) in [
        ("order/history", "category=linear&startTime=2&endTime=1"),
        ("execution/list", "category=linear&startTime=x"),
        ("position/closed-pnl", "category=linear&limit=0"),
        ("account/transaction-log", "limit=-1"),
    ] {
        assert_eq!(client.get(&format!("/v5/{path}"), query).await["retCode"], 10001, "{path}?{query}");
    }
    let of_spot = client.get("/v5/position/closed-pnl", "category=spot").await;
    assert_eq!(of_spot["result"]["list"], json!([]));
    // A page is no longer than the endpoint's longest.
    for (path, query, most) in [
        ("order/realtime", "category=linear&symbol=ETHUSDT", 50),
        ("order/history", "category=linear&symbol=ETHUSDT", 50),
    ] {
        let batch = |price: &str| {
            let mut order = buy("0.01", price);
            order["symbol"] = "ETHUSDT".into();
            json!({"category": "linear", "request": vec![order; 20]})
        };
        if path == "order/realtime" {
            client.sim("price", &json!({"symbol": "ETHUSDT", "bid": "3000", "ask": "3000.1", "last": "3000", "mark": "3000", "index": "3000"})).await;
            for _ in 0..3 {
                client.post("/v5/order/create-batch", &batch("2950")).await;
            }
        } else {
            accepted(&client, "/v5/order/cancel-all", json!({"category": "linear", "symbol": "ETHUSDT"}))
                .await;
        }
        assert_eq!(count(&client, path, query).await, 20, "{path}: twenty if nothing is said");
        assert_eq!(count(&client, path, &format!("{query}&limit=1000")).await, most, "{path}");
    }
}

#[tokio::test]
async fn a_key_is_not_deleted_by_the_articles_request_and_options_are_empty_lists() {
    let (_venue, client) = manual_with(|config| config.rate_limits = false).await;
    let headers = client.signed("", crate::client::wall_ms());
    let reply = client.exchange("DELETE", "/v5/user/api-key", &headers, "").await.unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(client.get("/v5/user/query-api", "").await["retCode"], 0, "the key lives");
    for path in ["order/realtime", "order/history", "execution/list", "position/list"] {
        assert_eq!(count(&client, path, "category=option").await, 0, "{path}");
    }
    for path in ["order/create", "order/cancel-all", "position/set-leverage", "order/create-batch"] {
        let option = json!({"category": "option", "symbol": "BTC-26DEC25-60000-C", "side": "Buy", "orderType": "Limit",
                            "qty": "0.1", "price": "5", "request": [{}]});
        assert_eq!(client.post(&format!("/v5/{path}"), &option).await["retCode"], 10001, "{path}");
    }
}

#[tokio::test]
async fn an_id_overrides_symbol_coins_and_kind() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let mut order = named("linear", "mine", "0.001", "60000.1");
    order["orderType"] = "Market".into();
    accepted(&client, "/v5/order/create", order).await;
    for path in ["order/realtime", "order/history", "execution/list"] {
        for wrong in ["symbol=ETHUSDT", "settleCoin=USDC", "baseCoin=ETH", "symbol=ETHUSDT&execType=Funding"]
        {
            let query = format!("category=linear&orderLinkId=mine&{wrong}");
            assert_eq!(count(&client, path, &query).await, 1, "{path}?{query}");
        }
        let other = "category=linear&orderLinkId=mine&symbol=ETHUSDT".replace("=mine", "=other");
        assert_eq!(count(&client, path, &other).await, 0, "{path}");
    }
}
