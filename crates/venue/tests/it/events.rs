//! What the exchange does to an instrument and to those who hold it, as a client sees it.

use serde_json::{Value, json};

use crate::client::{Client, Socket};
use crate::products::all_products;
use crate::{buy, manual};

/// A long of 0.1 BTC with an order beside it, and a private socket that hears all about them.
async fn position(client: &Client) -> Socket {
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    for order in [market, buy("0.001", "59000")] {
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    }
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order", "execution", "position", "wallet"]).await;
    private
}

async fn event(client: &Client, body: Value) {
    assert_eq!(client.sim("event", &body).await, json!({}), "{body}");
}

/// What a liquidation or deleveraging tells: the order is cancelled first, then the position is under way, then the fill.
async fn told(private: &mut Socket) -> [Value; 4] {
    let cancelled = private.next_of("order").await["data"][0].clone();
    let status = private.next_of("position").await["data"][0]["positionStatus"].clone();
    let fill = private.next_of("execution").await["data"][0].clone();
    let after = private.next_of("position").await["data"][0].clone();
    [cancelled, status, fill, after]
}

#[tokio::test]
async fn a_liquidation_on_demand_is_told_to_the_account_and_to_the_public() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["allLiquidation.BTCUSDT"]).await;
    let mut private = position(&client).await;
    event(&client, json!({"kind": "liquidation", "symbol": "BTCUSDT", "uid": 1001})).await;
    let [cancelled, status, fill, after] = told(&mut private).await;
    assert_eq!(
        (&cancelled["orderStatus"], &cancelled["cancelType"]),
        (&json!("Cancelled"), &json!("CancelAllBeforeLiq"))
    );
    assert_eq!(status, "Liq");
    assert_eq!(
        (&fill["execType"], &fill["createType"], &fill["orderLinkId"]),
        (&json!("BustTrade"), &json!("CreateByLiq"), &json!(""))
    );
    assert_eq!((&after["side"], &after["positionStatus"]), (&json!(""), &json!("Normal")));
    assert_eq!(private.next_of("wallet").await["data"][0]["totalPositionMM"], Value::Null);
    let liquidated = public.next().await;
    assert_eq!(
        (&liquidated["topic"], &liquidated["data"][0]["S"], &liquidated["data"][0]["v"]),
        (&json!("allLiquidation.BTCUSDT"), &json!("Buy"), &json!("0.100"))
    );
    let log = client.get("/v5/account/transaction-log", "category=linear&type=LIQUIDATION").await;
    assert_eq!(log["result"]["list"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_deleveraging_on_demand_closes_a_part_at_its_price() {
    let (_venue, client) = manual().await;
    let mut private = position(&client).await;
    event(&client, json!({"kind": "adl", "symbol": "BTCUSDT", "price": "60100", "qty": "0.04"})).await;
    let [cancelled, status, fill, after] = told(&mut private).await;
    assert_eq!(cancelled["cancelType"], "CancelAllBeforeAdl");
    assert_eq!(status, "Adl");
    assert_eq!(
        (&fill["execType"], &fill["createType"], &fill["execPrice"], &fill["execQty"]),
        (&json!("AdlTrade"), &json!("CreateByAdl_PassThrough"), &json!("60100.00"), &json!("0.040"))
    );
    assert_eq!((&after["size"], &after["positionStatus"]), (&json!("0.060"), &json!("Normal")));
    for body in [
        json!({"kind": "adl", "symbol": "BTCUSDT", "uid": 7}),
        json!({"kind": "adl", "symbol": "ETHUSDT"}),
        json!({"kind": "adl", "symbol": "BTCUSDT", "qty": "-1"}),
        json!({"kind": "fork", "symbol": "BTCUSDT"}),
    ] {
        let reply = client.exchange("POST", "/sim/event", "", &body.to_string()).await.unwrap();
        assert_eq!(reply.status, 400, "{body}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_delisting_is_announced_then_settles_positions_and_leaves_the_list() {
    let (_venue, client) = manual().await;
    let mut private = position(&client).await;
    event(&client, json!({"kind": "delist", "symbol": "BTCUSDT", "ms": 500})).await;
    let listed = async |query: &str| -> Value {
        client.public(&format!("/v5/market/instruments-info?category=linear&symbol=BTCUSDT{query}")).await
            ["result"]["list"][0]
            .clone()
    };
    let announced = listed("").await;
    assert_eq!(announced["status"], "Trading");
    let delivery_ms: i64 = announced["deliveryTime"].as_str().unwrap().parse().unwrap();
    assert!(delivery_ms > 0);
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 30228);

    let cancelled = private.next_of("order").await["data"][0].clone();
    assert_eq!(
        (&cancelled["cancelType"], &cancelled["rejectReason"]),
        (&json!("CancelBySettle"), &json!("EC_InvalidSymbolStatus"))
    );
    let fill = private.next_of("execution").await["data"][0].clone();
    assert_eq!(
        (&fill["execType"], &fill["createType"], &fill["execFee"]),
        (&json!("Settle"), &json!("CreateBySettle"), &json!("0"))
    );
    assert!(fill["execTime"].as_str().unwrap().parse::<i64>().unwrap() >= delivery_ms);
    assert_eq!(private.next_of("position").await["data"][0]["side"], "");
    assert_eq!(listed("").await, Value::Null, "without a status only what trades is listed");
    assert_eq!(listed("&status=Closed").await["status"], "Closed");
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 110074);
    let log = client.get("/v5/account/transaction-log", "category=linear&type=DELIVERY").await;
    assert_eq!(log["result"]["list"].as_array().map(Vec::len), Some(1));
    let book = client.public("/v5/market/orderbook?category=linear&symbol=BTCUSDT").await;
    assert_eq!((&book["result"]["b"], &book["result"]["a"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_delisted_pair_gives_its_funds_back() {
    let (_venue, client) = all_products(|_| {}).await;
    let order = json!({"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.01",
                       "price": "59000"});
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    let locked = async || -> Value {
        let wallet = client.get("/v5/account/wallet-balance", "accountType=UNIFIED&coin=USDT").await;
        wallet["result"]["list"][0]["coin"][0]["locked"].clone()
    };
    assert_eq!(locked().await, "590");
    event(&client, json!({"kind": "delist", "symbol": "BTCUSDT", "category": "spot"})).await;
    assert_eq!(locked().await, "0");
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 170121);
    assert_eq!(
        client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"],
        0,
        "the contract goes on"
    );
}

#[tokio::test]
async fn a_new_price_step_is_listed_and_holds_for_new_orders() {
    let (_venue, client) = manual().await;
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000.1")).await["retCode"], 0);
    event(&client, json!({"kind": "tick_size", "symbol": "BTCUSDT", "tickSize": "0.5"})).await;
    let info = client.public("/v5/market/instruments-info?category=linear&symbol=BTCUSDT").await;
    assert_eq!(info["result"]["list"][0]["priceFilter"]["tickSize"], "0.5");
    assert_eq!(info["result"]["list"][0]["priceScale"], "1");
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000.1")).await["retCode"], 10001);
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000.5")).await["retCode"], 0);
    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    let prices: Vec<&Value> =
        open["result"]["list"].as_array().unwrap().iter().map(|row| &row["price"]).collect();
    assert_eq!(prices, ["59000.5", "59000.1"], "with the digits of the new step, and the old order stays");
}
