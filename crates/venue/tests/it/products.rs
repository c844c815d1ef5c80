//! Products beside linear contracts in one-way mode and cross margin.

use serde_json::{Value, json};
use windvane_venue::{BalanceConfig, Embedded, VenueConfig};

use crate::client::Client;
use crate::{buy, manual, manual_with};

/// A venue with BTC spot and inverse beside the contract, each with a market at 60,000, and a BTC in the wallet.
pub(crate) async fn all_products(change: impl FnOnce(&mut VenueConfig)) -> (Embedded, Client) {
    let (venue, client) = manual_with(|config| {
        config.spot = vec!["BTCUSDT".into()];
        config.inverse = vec!["BTCUSD".into()];
        config.accounts[0].coins = vec![BalanceConfig { coin: "BTC".into(), balance: 1.into() }];
        change(config);
    })
    .await;
    price(&client, "spot", "BTCUSDT", 60_000).await;
    price(&client, "inverse", "BTCUSD", 60_000).await;
    (venue, client)
}

/// Moves a market to this bid.
pub(crate) async fn price(client: &Client, category: &str, symbol: &str, bid: u32) {
    let bid = bid.to_string();
    let price = json!({"category": category, "symbol": symbol, "bid": bid, "ask": format!("{bid}.1"),
                       "last": bid, "mark": bid, "index": bid});
    client.sim("price", &price).await;
}

pub(crate) async fn accepted(client: &Client, path: &str, body: Value) -> Value {
    let reply = client.post(path, &body).await;
    assert_eq!(reply["retCode"], 0, "{path} {body}: {reply}");
    reply
}

pub(crate) async fn coin(client: &Client, name: &str) -> Value {
    let wallet = client.get("/v5/account/wallet-balance", &format!("accountType=UNIFIED&coin={name}")).await;
    wallet["result"]["list"][0]["coin"][0].clone()
}

#[tokio::test]
async fn in_hedge_mode_a_symbol_has_two_positions_and_an_order_names_one() {
    let (_venue, client) = manual().await;
    let switch = json!({"category": "linear", "symbol": "BTCUSDT", "mode": 3});
    accepted(&client, "/v5/position/switch-mode", switch.clone()).await;
    assert_eq!(client.post("/v5/position/switch-mode", &switch).await["retCode"], 110025);
    let order = |side: &str, idx: u8| {
        json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": "0.01",
               "positionIdx": idx})
    };
    assert_eq!(
        client.post("/v5/order/create", &order("Buy", 0)).await["retMsg"],
        "position idx not match position mode"
    );
    accepted(&client, "/v5/order/create", order("Buy", 1)).await;
    accepted(&client, "/v5/order/create", order("Sell", 2)).await;
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    let rows = listed["result"]["list"].as_array().unwrap();
    let sides: Vec<_> = rows.iter().map(|row| (&row["positionIdx"], &row["side"], &row["size"])).collect();
    assert_eq!(
        sides,
        [(&json!(1), &json!("Buy"), &json!("0.010")), (&json!(2), &json!("Sell"), &json!("0.010"))]
    );
    let info = client.get("/v5/position/symbol-info", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(info["result"]["list"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_partial_stop_closes_its_size_and_leaves_the_rest() {
    let (_venue, client) = manual().await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    accepted(&client, "/v5/order/create", market).await;
    let partial = json!({"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Partial", "positionIdx": 0,
                         "stopLoss": "59000", "slSize": "0.04", "slTriggerBy": "MarkPrice"});
    accepted(&client, "/v5/position/trading-stop", partial).await;
    let waiting =
        client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT&orderFilter=StopOrder").await;
    assert_eq!(waiting["result"]["list"][0]["stopOrderType"], "PartialStopLoss");
    let fall = json!({"symbol": "BTCUSDT", "bid": "58900", "ask": "58900.1", "mark": "58900"});
    client.sim("price", &fall).await;
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(listed["result"]["list"][0]["size"], "0.060");
}

#[tokio::test]
async fn in_isolated_margin_a_position_takes_margin_of_its_own() {
    let (_venue, client) = manual().await;
    for mode in ["REGULAR_MARGIN", "ISOLATED_MARGIN", "ISOLATED_MARGIN"] {
        // Asking for the mode that is on already is no mistake.
        accepted(&client, "/v5/account/set-margin-mode", json!({"setMarginMode": mode})).await;
    }
    assert_eq!(client.get("/v5/account/info", "").await["result"]["marginMode"], "ISOLATED_MARGIN");
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    accepted(&client, "/v5/order/create", market).await;
    let before = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    let add = json!({"category": "linear", "symbol": "BTCUSDT", "margin": "100", "positionIdx": 0});
    let after = accepted(&client, "/v5/position/add-margin", add).await;
    let price = |row: &Value| row["liqPrice"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(
        price(&after["result"]) < price(&before["result"]["list"][0]),
        "more margin, further liquidation"
    );
    let portfolio = json!({"setMarginMode": "PORTFOLIO_MARGIN"});
    let refused = client.post("/v5/account/set-margin-mode", &portfolio).await;
    assert_eq!(refused["retCode"], 3400045);
    assert!(refused["result"]["reasons"][0]["reasonMsg"].is_string());
}

#[tokio::test]
async fn a_spot_market_buy_counts_the_quote_coin_and_pays_its_fee_in_the_base_coin() {
    let (_venue, client) = all_products(|_| {}).await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["execution.spot", "order.linear"]).await;
    let order =
        json!({"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "600"});
    accepted(&client, "/v5/order/create", order).await;
    let pushed = private.next_of("execution.spot").await;
    let fill = &pushed["data"][0];
    assert_eq!((&fill["category"], &fill["feeCurrency"]), (&json!("spot"), &json!("BTC")));
    let held: f64 = coin(&client, "BTC").await["walletBalance"].as_str().unwrap().parse().unwrap();
    assert!((held - 1.00999 * 1.0).abs() < 0.00002, "1 + 0.0099999 less a thousandth of that: {held}");
    let list = client.get("/v5/execution/list", "category=spot").await;
    assert_eq!(list["result"]["category"], "spot");
    assert_eq!(list["result"]["list"].as_array().map(Vec::len), Some(1));
    let linear = client.get("/v5/execution/list", "category=linear").await;
    assert_eq!(linear["result"]["list"], json!([]));
}

#[tokio::test]
async fn a_resting_spot_order_locks_what_it_would_pay_and_frees_it_when_cancelled() {
    let (_venue, client) = all_products(|_| {}).await;
    let order = json!({"category": "spot", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit", "qty": "0.5",
                       "price": "60100", "orderLinkId": "s-1"});
    accepted(&client, "/v5/order/create", order).await;
    assert_eq!(coin(&client, "BTC").await["locked"], "0.5");
    let open = client.get("/v5/order/realtime", "category=spot").await;
    assert_eq!(open["result"]["list"][0]["orderLinkId"], "s-1");
    let cancel = json!({"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "s-1"});
    accepted(&client, "/v5/order/cancel", cancel).await;
    assert_eq!(coin(&client, "BTC").await["locked"], "0");
    let borrowed = json!({"category": "spot", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit",
                          "qty": "5", "price": "60100"});
    let refused = client.post("/v5/order/create", &borrowed).await;
    assert_eq!(refused["retCode"], 170131, "{refused}");
}

#[tokio::test]
async fn each_product_group_has_its_own_market_data() {
    let (_venue, client) = all_products(|_| {}).await;
    for (category, symbol, kind) in
        [("linear", "BTCUSDT", "LinearPerpetual"), ("inverse", "BTCUSD", "InversePerpetual")]
    {
        let listed =
            client.public(&format!("/v5/market/instruments-info?category={category}&symbol={symbol}")).await;
        assert_eq!(listed["result"]["list"][0]["contractType"], kind);
    }
    let spot = client.public("/v5/market/instruments-info?category=spot").await;
    let row = &spot["result"]["list"][0];
    assert_eq!(
        (&row["lotSizeFilter"]["basePrecision"], &row["contractType"]),
        (&json!("0.000001"), &Value::Null)
    );
    let ticker = client.public("/v5/market/tickers?category=spot&symbol=BTCUSDT").await;
    assert_eq!(ticker["result"]["list"][0]["usdIndexPrice"], "60000.00");
    assert_eq!(ticker["result"]["list"][0]["fundingRate"], Value::Null);

    let mut spot = client.unsigned_socket("/v5/public/spot").await;
    spot.send(&json!({"op": "subscribe", "req_id": "1", "args": ["orderbook.1.BTCUSDT", "tickers.BTCUSDT"]}))
        .await;
    assert_eq!(spot.next().await["ret_msg"], "subscribe");
    assert_eq!(spot.next().await["data"]["b"][0][0], "60000.00");
    assert_eq!(
        spot.next().await["data"]["bid1Price"],
        Value::Null,
        "spot has its best prices on the book topic"
    );
    // A contract's book moves; the pair of the same name does not.
    client.post("/v5/order/create", &buy("0.001", "59000")).await;
    spot.send(&json!({"op": "ping"})).await;
    assert_eq!(spot.next().await["ret_msg"], "pong");
}

#[tokio::test]
async fn an_inverse_order_counts_dollars_and_its_position_is_worth_coins() {
    let (_venue, client) = all_products(|_| {}).await;
    let order = json!({"category": "inverse", "symbol": "BTCUSD", "side": "Buy", "orderType": "Market", "qty": "600"});
    accepted(&client, "/v5/order/create", order).await;
    let listed = client.get("/v5/position/list", "category=inverse&symbol=BTCUSD").await;
    let row = &listed["result"]["list"][0];
    assert_eq!((&row["size"], &row["positionValue"]), (&json!("600"), &json!("0.01")));
}

#[tokio::test]
async fn a_pre_check_says_what_an_order_would_do_and_does_nothing() {
    let (_venue, client) = manual().await;
    let small = accepted(&client, "/v5/order/pre-check", buy("0.1", "59000")).await;
    assert_eq!(small["result"]["preImrE4"], 0);
    assert!(small["result"]["postImrE4"].as_i64().unwrap() > 0);
    let large = client.post("/v5/order/pre-check", &buy("20", "59000")).await;
    assert_eq!((&large["retCode"], &large["result"]), (&json!(110007), &json!({})));
    assert!(large["retExtInfo"]["post_imr_e4"].is_i64(), "{large}");
    let open = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(open["result"]["list"], json!([]));
}

#[tokio::test]
async fn an_account_chooses_what_happens_to_a_price_beyond_the_bound() {
    let (_venue, client) = manual().await;
    let setting =
        async || client.get("/v5/account/user-setting-config", "").await["result"]["lpaPerp"].clone();
    assert_eq!(setting().await, json!(false));
    let created = accepted(&client, "/v5/order/create", buy("0.001", "65000")).await;
    assert!(created["result"]["orderId"].is_string(), "the price is moved to the bound");
    accepted(
        &client,
        "/v5/account/set-limit-px-action",
        json!({"category": "linear", "modifyEnable": false}),
    )
    .await;
    assert_eq!(setting().await, json!(true));
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "65000")).await["retCode"], 110003);
}

#[tokio::test]
async fn a_contract_in_usdc_is_margined_and_paid_in_usdc_and_has_one_mode() {
    let (_venue, client) = manual_with(|config| {
        config.instruments = vec!["BTCUSDT".into(), "BTCPERP".into()];
        config.accounts[0].coins = vec![BalanceConfig { coin: "USDC".into(), balance: 5_000.into() }];
    })
    .await;
    price(&client, "linear", "BTCPERP", 60_000).await;
    let listed = client.public("/v5/market/instruments-info?category=linear&symbol=BTCPERP").await;
    assert_eq!(listed["result"]["list"][0]["settleCoin"], "USDC");
    let order = json!({"category": "linear", "symbol": "BTCPERP", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    accepted(&client, "/v5/order/create", order).await;
    let usdc = coin(&client, "USDC").await;
    // 0.1 at 60 000.1 costs 0.055 % in USDC; a tenth of its value is held there.
    assert_eq!(usdc["walletBalance"], "4996.6999945");
    assert!(usdc["totalPositionIM"].as_str().unwrap().starts_with("60"), "{usdc}");
    assert_eq!(coin(&client, "USDT").await["walletBalance"], "100000");
    for (settle, rows) in [("USDC", 1), ("USDT", 0)] {
        let open = client.get("/v5/position/list", &format!("category=linear&settleCoin={settle}")).await;
        assert_eq!(open["result"]["list"].as_array().map(Vec::len), Some(rows), "{settle}");
    }
    let hedge = json!({"category": "linear", "symbol": "BTCPERP", "mode": 3});
    assert_eq!(client.post("/v5/position/switch-mode", &hedge).await["retCode"], 110029);
}

#[tokio::test]
async fn what_is_not_offered_gets_the_code_of_an_account_that_has_it_off() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    for (path, body, code) in [
        ("order/create", json!({"isLeverage": 1}), 170036),
        ("order/create", json!({"category": "option", "symbol": "BTC-26DEC25-60000-C"}), 10001),
        ("account/borrow", json!({"coin": "BTC", "amount": "1"}), 34022053),
        ("account/repay", json!({"coin": "BTC"}), 34022041),
        ("account/no-convert-repay", json!({"coin": "BTC"}), 34022041),
        ("spot-margin-trade/switch-mode", json!({"spotMarginMode": "1"}), 176008),
        ("spot-margin-trade/set-leverage", json!({"leverage": "4"}), 176008),
        ("account/set-hedging-mode", json!({"setHedgingMode": "ON"}), 140001),
        ("account/mmp-modify", json!({"baseCoin": "ETH", "window": "5000"}), 110065),
        ("account/mmp-reset", json!({"baseCoin": "ETH"}), 110065),
        ("account/set-margin-mode", json!({"setMarginMode": "PORTFOLIO_MARGIN"}), 3400045),
    ] {
        let mut request = buy("0.01", "59000");
        request["category"] = "spot".into();
        for (field, value) in body.as_object().unwrap() {
            request[field] = value.clone();
        }
        let reply = client.post(&format!("/v5/{path}"), &request).await;
        assert_eq!(reply["retCode"], code, "{path} {body}: {reply}");
    }
    assert_eq!(client.get("/v5/spot-margin-trade/max-borrowable", "currency=BTC").await["retCode"], 176008);
    assert_eq!(client.public("/v5/spot-margin-trade/data?currency=BTC").await["retCode"], 176008);
    assert_eq!(client.get("/v5/account/borrow-history", "").await["result"]["list"], json!([]));
    let check = client.get("/v5/order/spot-borrow-check", "category=spot&symbol=BTCUSDT&side=Sell").await;
    assert_eq!(
        (&check["result"]["maxTradeQty"], &check["result"]["borrowCoin"]),
        (&json!("1.000000"), &json!("BTC"))
    );
}

#[tokio::test]
async fn the_wallet_topic_tells_of_the_coins_that_changed_and_of_nothing_when_none_did() {
    let (_venue, client) = all_products(|_| {}).await;
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["wallet", "order"]).await;
    let coins = |frame: &Value| -> Vec<String> {
        let rows = frame["data"][0]["coin"].as_array().unwrap();
        rows.iter().map(|row| row["coin"].as_str().unwrap().to_owned()).collect()
    };
    // The first frame tells of all, since nothing has been told yet.
    let market = |qty: &str| json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": qty});
    accepted(&client, "/v5/order/create", market("0.01")).await;
    assert_eq!(coins(&private.next_of("wallet").await), ["USDT", "BTC"]);
    accepted(&client, "/v5/order/create", market("0.02")).await;
    assert_eq!(coins(&private.next_of("wallet").await), ["USDT"]);
    // An order that only reduces holds nothing, so no coin changes; the pushes of the next one follow its own.
    let reduce = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit", "qty": "0.01",
                        "price": "61000", "reduceOnly": true, "orderLinkId": "quiet"});
    accepted(&client, "/v5/order/create", reduce).await;
    let inverse = json!({"category": "inverse", "symbol": "BTCUSD", "side": "Buy", "orderType": "Market", "qty": "600"});
    accepted(&client, "/v5/order/create", inverse).await;
    assert_eq!(coins(&private.next_of("wallet").await), ["BTC"]);
}
