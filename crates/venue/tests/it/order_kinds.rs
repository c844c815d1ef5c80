//! Kinds of orders beside the plain one: what they hold, what they show, how they end.

use serde_json::{Value, json};
use windvane_venue::Embedded;

use crate::client::{Client, Socket};
use crate::products::{accepted, all_products, coin, price};
use crate::{buy, manual, manual_with};

/// A body with more fields.
fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn spot_buy(qty: &str, price: &str) -> Value {
    with(buy(qty, price), json!({"category": "spot"}))
}

async fn open(client: &Client, query: &str) -> Vec<Value> {
    let listed = client.get("/v5/order/realtime", query).await;
    listed["result"]["list"].as_array().unwrap_or_else(|| panic!("{listed}")).clone()
}

/// The next row of the order topic with this status.
async fn next_row(private: &mut Socket, status: &str) -> Value {
    loop {
        let frame = private.next_of("order").await;
        let row = &frame["data"][0];
        if row["orderStatus"] == status {
            return row.clone();
        }
    }
}

async fn spot_entry() -> (Embedded, Client, Socket) {
    let (venue, client) = all_products(|config| config.rate_limits = false).await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    // As an example of the documentation has it, at the price of this market.
    let order = with(
        spot_buy("0.01", "60000.1"),
        json!({"timeInForce": "GTC", "takeProfit": "61000", "stopLoss": "59000", "tpOrderType": "Limit",
               "slOrderType": "Market", "tpLimitPrice": "61050", "orderLinkId": "entry"}),
    );
    accepted(&client, "/v5/order/create", order).await;
    (venue, client, private)
}

#[tokio::test]
async fn a_spot_order_brings_two_stops_that_hold_once_what_it_bought() {
    let (_venue, client, mut private) = spot_entry().await;
    let entry = next_row(&mut private, "Filled").await;
    for (field, value) in [
        ("takeProfit", "61000.00"),
        ("stopLoss", "59000.00"),
        ("tpLimitPrice", "61050.00"),
        ("slLimitPrice", ""),
        ("basePrice", "60000.00"),
        ("lastPriceOnCreated", ""),
        ("isLeverage", "0"),
    ] {
        assert_eq!(entry[field], value, "{field}");
    }
    for absent in ["createType", "tpslMode"] {
        assert_eq!(entry.get(absent), None, "spot has no {absent}");
    }
    let id = entry["orderId"].as_str().unwrap();
    assert!(id.len() == 19 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");

    let waiting = open(&client, "category=spot&orderFilter=BidirectionalTpslOrder").await;
    let shown: Vec<_> = waiting
        .iter()
        .map(|row| {
            [&row["triggerPrice"], &row["price"], &row["orderType"], &row["qty"]].map(|v| v.as_str().unwrap())
        })
        .collect();
    // What a thousandth of fee leaves of 0.01.
    assert_eq!(
        shown,
        [["59000.00", "0.00", "Market", "0.009990"], ["61000.00", "61050.00", "Limit", "0.009990"]]
    );
    for row in &waiting {
        assert_eq!((&row["stopOrderType"], &row["side"]), (&json!("BidirectionalTpslOrder"), &json!("Sell")));
        assert_eq!(
            (&row["ocoTriggerBy"], &row["parentOrderLinkId"]),
            (&json!("OcoTriggerByUnknown"), &json!(""))
        );
    }
    assert_eq!(coin(&client, "BTC").await["locked"], "0.00999");
    for filter in ["Order", "StopOrder", "tpslOrder", "OcoOrder"] {
        assert_eq!(open(&client, &format!("category=spot&orderFilter={filter}")).await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn the_stop_of_a_spot_pair_that_fires_ends_the_other() {
    let (_venue, client, mut private) = spot_entry().await;
    price(&client, "spot", "BTCUSDT", 59_000).await;
    let ended = next_row(&mut private, "Deactivated").await;
    assert_eq!(ended["cancelType"], "CancelByOCOTpCanceledBySlTriggered");
    assert_eq!(
        (&ended["ocoTriggerBy"], &ended["triggerPrice"]),
        (&json!("OcoTriggerBySl"), &json!("61000.00"))
    );
    let fired = next_row(&mut private, "Filled").await;
    assert_eq!((&fired["ocoTriggerBy"], &fired["side"]), (&json!("OcoTriggerBySl"), &json!("Sell")));
    assert_eq!(
        (&coin(&client, "BTC").await["locked"], open(&client, "category=spot").await.len()),
        (&json!("0"), 0)
    );
    let history = client.get("/v5/order/history", "category=spot&orderFilter=BidirectionalTpslOrder").await;
    assert_eq!(history["result"]["list"].as_array().map(Vec::len), Some(2));
    let named =
        client.get("/v5/order/realtime", &format!("category=spot&orderId={}", text(&fired["orderId"]))).await;
    assert_eq!(named["result"]["list"][0]["orderStatus"], "Filled");
    let fills =
        client.get("/v5/execution/list", &format!("category=spot&orderId={}", text(&fired["orderId"]))).await;
    let fill = &fills["result"]["list"][0];
    assert_eq!((&fill["stopOrderType"], fill.get("createType")), (&json!("BidirectionalTpslOrder"), None));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn spot_stops_are_cancelled_under_their_filters_and_amended_while_nothing_is_filled() {
    let (_venue, client, _private) = spot_entry().await;
    let one = open(&client, "category=spot&orderFilter=BidirectionalTpslOrder").await.remove(0);
    let cancel = |filter: &str| json!({"category": "spot", "symbol": "BTCUSDT", "orderId": one["orderId"], "orderFilter": filter});
    assert_eq!(client.post("/v5/order/cancel", &cancel("Order")).await["retCode"], 170213);
    assert_eq!(client.post("/v5/order/cancel", &cancel("nonsense")).await["retCode"], 170201);
    accepted(&client, "/v5/order/cancel", cancel("tpslOrder")).await;
    assert_eq!(open(&client, "category=spot").await.len(), 0, "a pair is one order to who cancels it");

    let resting = with(
        spot_buy("0.01", "59500"),
        json!({"takeProfit": "61000", "tpOrderType": "Limit", "tpLimitPrice": "61100", "orderLinkId": "rests"}),
    );
    accepted(&client, "/v5/order/create", resting).await;
    let amend =
        |more: Value| with(json!({"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "rests"}), more);
    accepted(&client, "/v5/order/amend", amend(json!({"takeProfit": "62000"}))).await;
    accepted(&client, "/v5/order/amend", amend(json!({"tpLimitPrice": "62100"}))).await;
    let row = open(&client, "category=spot&orderLinkId=rests").await.remove(0);
    assert_eq!((&row["takeProfit"], &row["tpLimitPrice"]), (&json!("62000.00"), &json!("62100.00")));
    let added = client.post("/v5/order/amend", &amend(json!({"stopLoss": "58000"}))).await;
    assert_eq!(added["retCode"], 170312, "only what the order came with: {added}");
    let all = json!({"category": "spot", "orderFilter": "BidirectionalTpslOrder"});
    assert_eq!(accepted(&client, "/v5/order/cancel-all", all).await["result"]["list"], json!([]));
    for (more, code) in [
        (json!({"orderType": "Market", "stopLoss": "59000"}), 170130),
        (json!({"stopLoss": "60500"}), 10001),
        (json!({"takeProfit": "61000", "tpOrderType": "Limit"}), 10001),
        (json!({"orderFilter": "BidirectionalTpslOrder"}), 170201),
        (json!({"orderFilter": "tpslOrder"}), 170202),
        (json!({"timeInForce": "RPI"}), 170355),
    ] {
        let reply = client.post("/v5/order/create", &with(spot_buy("0.01", "59500"), more.clone())).await;
        assert_eq!(reply["retCode"], code, "{more}: {reply}");
    }
}

#[tokio::test]
async fn a_tpsl_order_holds_its_coins_while_it_waits_and_a_stop_order_only_once_it_fires() {
    for (filter, kind, held) in [("tpslOrder", "tpslOrder", "0.5"), ("StopOrder", "Stop", "0")] {
        let (_venue, client) = all_products(|_| {}).await;
        let mut private = client.socket("/v5/private").await;
        private.subscribe(&["order.spot"]).await;
        let order = json!({"category": "spot", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.5",
                           "triggerPrice": "59000", "orderFilter": filter, "orderLinkId": "waits"});
        accepted(&client, "/v5/order/create", order).await;
        let row = private.next_of("order.spot").await["data"][0].clone();
        assert_eq!(
            (&row["stopOrderType"], &row["orderStatus"]),
            (&json!(kind), &json!("Untriggered")),
            "{filter}"
        );
        assert_eq!(row["triggerDirection"], 2);
        assert_eq!(coin(&client, "BTC").await["locked"], held, "{filter}");
        assert_eq!(open(&client, &format!("category=spot&orderFilter={filter}")).await.len(), 1);
        let unfiltered = json!({"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "waits"});
        assert_eq!(client.post("/v5/order/cancel", &unfiltered).await["retCode"], 170213);
        let trigger = with(unfiltered.clone(), json!({"triggerPrice": "59500"}));
        accepted(&client, "/v5/order/amend", trigger).await;
        price(&client, "spot", "BTCUSDT", 59_500).await;
        let fills = client.get("/v5/execution/list", "category=spot&orderLinkId=waits").await;
        assert_eq!(fills["result"]["list"][0]["execQty"], "0.500000", "{filter}: {fills}");
        // One that is cancelled before its trigger is deactivated.
        let again = json!({"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01",
                           "price": "58000", "triggerPrice": "58000", "orderFilter": filter, "orderLinkId": "again"});
        accepted(&client, "/v5/order/create", again).await;
        let cancel =
            json!({"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "again", "orderFilter": filter});
        accepted(&client, "/v5/order/cancel", cancel).await;
        let gone = open(&client, "category=spot&orderLinkId=again").await.remove(0);
        assert_eq!(gone["orderStatus"], "Deactivated");
    }
}

#[tokio::test]
async fn an_order_takes_its_price_from_the_book_and_keeps_it() {
    let (_venue, client) = manual().await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order", "execution"]).await;
    let book =
        json!({"symbol": "BTCUSDT", "bids": [["59999", "1"], ["59990", "1"]], "asks": [["60001", "1"]]});
    client.sim("book", &book).await;
    let priced = |side: &str, level: Value| {
        json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01",
               "bboSideType": side, "bboLevel": level})
    };
    let created = accepted(&client, "/v5/order/create", priced("Queue", json!("2"))).await;
    let row = next_row(&mut private, "New").await;
    assert_eq!((&row["price"], &row["createType"]), (&json!("59990.00"), &json!("CreateByBboOrder")));
    accepted(&client, "/v5/order/create", priced("Counterparty", json!(1))).await;
    let fill = private.next_of("execution").await["data"][0].clone();
    assert_eq!((&fill["execPrice"], &fill["createType"]), (&json!("60001.00"), &json!("CreateByBboOrder")));
    let amend = json!({"category": "linear", "symbol": "BTCUSDT", "orderId": created["result"]["orderId"], "price": "59000"});
    accepted(&client, "/v5/order/amend", amend).await;
    let row = next_row(&mut private, "New").await;
    assert_eq!((&row["price"], &row["createType"]), (&json!("59000.00"), &json!("CreateByBboOrder")));
    for (order, code) in [
        (priced("Queue", json!("6")), 10001),
        (priced("Queue", json!("")), 10001),
        (priced("Sideways", json!("1")), 10001),
        (priced("Queue", json!("5")), 110118),
        (with(priced("Queue", json!("1")), json!({"orderType": "Market"})), 10001),
    ] {
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], code, "{order}");
    }
}

#[tokio::test]
async fn a_price_at_which_the_position_would_be_liquidated_is_refused_in_isolated_margin() {
    let (_venue, client) = manual_with(|config| {
        config.doubts.set("price-limit", "refuse").unwrap();
    })
    .await;
    accepted(&client, "/v5/account/set-margin-mode", json!({"setMarginMode": "ISOLATED_MARGIN"})).await;
    accepted(
        &client,
        "/v5/position/set-leverage",
        json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "50", "sellLeverage": "50"}),
    )
    .await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    accepted(&client, "/v5/order/create", market).await;
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    let liquidation: f64 = text(&listed["result"]["list"][0]["liqPrice"]).parse().unwrap();
    let at = |off: f64| buy("0.001", &format!("{:.1}", liquidation + off));
    assert_eq!(client.post("/v5/order/create", &at(-10.0)).await["retCode"], 110040);
    accepted(&client, "/v5/order/create", at(10.0)).await;
}
