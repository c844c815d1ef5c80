//! What becomes of an order: the gateway's verdict at once, that of matching later, on the private stream.

use serde_json::{Value, json};

use crate::client::{Client, Socket};
use crate::products::{accepted, all_products, coin, price};
use crate::{buy, manual, manual_with};

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn listening(client: &Client) -> Socket {
    let mut private = client.socket("/v5/private").await;
    private.subscribe(&["order"]).await;
    private
}

/// The next row of the order topic of the order with this name.
async fn row_of(private: &mut Socket, name: &str) -> Value {
    loop {
        let frame = private.next_of("order").await;
        if frame["data"][0]["orderLinkId"] == name {
            return frame["data"][0].clone();
        }
    }
}

async fn thin(client: &Client) {
    let book = json!({"symbol": "BTCUSDT", "bids": [["59990", "0.05"]], "asks": [["60010", "0.05"]]});
    client.sim("book", &book).await;
}

#[tokio::test]
async fn an_order_is_acknowledged_with_0_and_matching_says_later_what_became_of_it() {
    for (time_in_force, qty, price, status, reason, filled) in [
        ("PostOnly", "0.01", "60010", "Cancelled", "EC_PostOnlyWillTakeLiquidity", "0.000"),
        ("PostOnly", "0.01", "60000", "New", "EC_NoError", "0.000"),
        ("FOK", "0.06", "60010", "Cancelled", "EC_CancelForNoFullFill", "0.000"),
        ("FOK", "0.05", "60010", "Filled", "EC_NoError", "0.050"),
        ("IOC", "0.06", "60010", "Cancelled", "EC_NoEnoughQtyToFill", "0.050"),
        ("IOC", "0.06", "60000", "Cancelled", "EC_NoImmediateQtyToFill", "0.000"),
        ("GTC", "0.06", "60010", "PartiallyFilled", "EC_NoError", "0.050"),
    ] {
        let (_venue, client) = manual().await;
        thin(&client).await;
        let mut private = listening(&client).await;
        let order = with(buy(qty, price), json!({"timeInForce": time_in_force, "orderLinkId": "o"}));
        accepted(&client, "/v5/order/create", order).await;
        let row = row_of(&mut private, "o").await;
        let shown =
            [&row["orderStatus"], &row["rejectReason"], &row["cumExecQty"]].map(|v| v.as_str().unwrap());
        assert_eq!(shown, [status, reason, filled], "{time_in_force} {qty} {price}");
        let leaves = if status == "Cancelled" {
            "0.000".to_owned()
        } else {
            row["leavesQty"].as_str().unwrap().to_owned()
        };
        assert_eq!(row["leavesQty"], leaves, "nothing is left of what has ended");
    }
    // Of spot the status says that a part was filled.
    let (_venue, client) = all_products(|_| {}).await;
    let book = json!({"category": "spot", "symbol": "BTCUSDT", "bids": [["59990", "1"]], "asks": [["60010", "0.05"]]});
    client.sim("book", &book).await;
    let order =
        with(buy("0.06", "60010"), json!({"category": "spot", "timeInForce": "IOC", "orderLinkId": "s"}));
    let mut private = listening(&client).await;
    accepted(&client, "/v5/order/create", order).await;
    assert_eq!(row_of(&mut private, "s").await["orderStatus"], "PartiallyFilledCanceled");
    let unknown = with(buy("0.01", "59990"), json!({"timeInForce": "GTX"}));
    assert_eq!(client.post("/v5/order/create", &unknown).await["retCode"], 10001);
    let rpi = with(buy("0.01", "59990"), json!({"timeInForce": "RPI"}));
    assert_eq!(client.post("/v5/order/create", &rpi).await["retCode"], 110119);
}

#[tokio::test]
async fn a_market_order_becomes_ioc_inside_the_band_and_its_own_tolerance() {
    let (_venue, client) = manual_with(|config| config.rate_limits = false).await;
    let mut private = listening(&client).await;
    let asks = json!([["60001", "0.01"], ["60002", "0.01"], ["60100", "0.01"], ["70000", "1"]]);
    let market = |more: Value| {
        with(
            json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"}),
            more,
        )
    };
    for (name, more, filled) in [
        ("wide", json!({}), "0.030"),
        ("ticks", json!({"slippageToleranceType": "TickSize", "slippageTolerance": "10"}), "0.020"),
        ("share", json!({"slippageToleranceType": "Percent", "slippageTolerance": "0.01"}), "0.020"),
    ] {
        let book = json!({"symbol": "BTCUSDT", "bids": [["59990", "1"]], "asks": asks.clone()});
        client.sim("book", &book).await;
        accepted(&client, "/v5/order/create", with(market(more), json!({"orderLinkId": name}))).await;
        let row = row_of(&mut private, name).await;
        assert_eq!((&row["cumExecQty"], &row["timeInForce"]), (&json!(filled), &json!("IOC")), "{name}");
        assert_eq!(row["orderStatus"], "Cancelled", "{name}: the rest is not waited for");
        assert_ne!(row["price"], "0.00", "{name}: the price that protects it is shown");
    }
    let tolerance =
        |kind: &str, value: &str| market(json!({"slippageToleranceType": kind, "slippageTolerance": value}));
    for (order, code) in [
        (tolerance("TickSize", "0.5"), 110108),
        (tolerance("TickSize", "10001"), 110108),
        (tolerance("Percent", "10.01"), 110109),
        (tolerance("Percent", "0.001"), 110109),
        (with(tolerance("Percent", "1"), json!({"orderType": "Limit", "price": "59000"})), 110109),
        (with(tolerance("TickSize", "1"), json!({"triggerPrice": "61000", "triggerDirection": 1})), 110108),
        (tolerance("Furlong", "1"), 10001),
    ] {
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], code, "{order}");
    }
    client.sim("book", &json!({"symbol": "BTCUSDT", "bids": [], "asks": [["70000", "1"]]})).await;
    assert_eq!(client.post("/v5/order/create", &market(json!({}))).await["retCode"], 110118);
}

#[tokio::test]
async fn an_account_that_meets_itself_trades_or_does_not_as_the_later_order_says() {
    for (smp_type, maker, taker) in [
        ("None", "Filled", "Filled"),
        ("CancelMaker", "Cancelled", "New"),
        ("CancelTaker", "New", "Cancelled"),
        ("CancelBoth", "Cancelled", "Cancelled"),
    ] {
        let (_venue, client) = manual().await;
        thin(&client).await;
        // The flag of an order that rests is spent.
        let resting = with(buy("0.01", "60000"), json!({"orderLinkId": "maker", "smpType": "CancelBoth"}));
        accepted(&client, "/v5/order/create", resting).await;
        let meets =
            with(buy("0.01", "60000"), json!({"side": "Sell", "orderLinkId": "taker", "smpType": smp_type}));
        accepted(&client, "/v5/order/create", meets).await;
        let mut rows = Vec::new();
        for name in ["maker", "taker"] {
            let found =
                client.get("/v5/order/realtime", &format!("category=linear&orderLinkId={name}")).await;
            rows.push(found["result"]["list"][0].clone());
        }
        assert_eq!([&rows[0]["orderStatus"], &rows[1]["orderStatus"]], [maker, taker], "{smp_type}");
        for (own, other) in [(0, 1), (1, 0)] {
            if rows[own]["orderStatus"] == "Cancelled" {
                assert_eq!(rows[own]["cancelType"], "CancelBySmp", "{smp_type}");
                assert_eq!(rows[own]["smpOrderId"], rows[other]["orderId"], "{smp_type}");
            }
        }
    }
    let (_venue, client) = manual().await;
    let unknown = with(buy("0.01", "59000"), json!({"smpType": "CancelNobody"}));
    assert_eq!(client.post("/v5/order/create", &unknown).await["retCode"], 10001);
    assert_eq!(client.get("/v5/account/smp-group", "").await["result"]["smpGroup"], 0);
}

#[tokio::test]
async fn a_client_order_id_has_36_letters_of_an_alphabet_and_is_taken_once() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    for (id, code) in [
        ("a".repeat(36), 0),
        ("A-z_09".to_owned(), 0),
        ("a".repeat(37), 10001),
        ("two words".to_owned(), 10001),
        ("dot.ted".to_owned(), 10001),
        ("é".to_owned(), 10001),
        (String::new(), 0),
        (String::new(), 0),
    ] {
        let order = with(buy("0.001", "59000"), json!({"orderLinkId": id}));
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], code, "{id:?}");
    }
    for (category, price, code) in [("linear", "59000", 110072), ("spot", "59500", 170141)] {
        let order = with(
            buy("0.001", price),
            json!({"category": category, "orderLinkId": format!("once-{category}")}),
        );
        accepted(&client, "/v5/order/create", order.clone()).await;
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], code);
        let id =
            json!({"category": category, "symbol": "BTCUSDT", "orderLinkId": format!("once-{category}")});
        accepted(&client, "/v5/order/cancel", id).await;
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], code, "not free again");
    }
    // Of two ids that do not agree the exchange's counts.
    let one = accepted(&client, "/v5/order/create", buy("0.001", "58000")).await;
    let both = json!({"category": "linear", "symbol": "BTCUSDT", "orderId": one["result"]["orderId"], "orderLinkId": "A-z_09"});
    let cancelled = accepted(&client, "/v5/order/cancel", both).await;
    assert_eq!(cancelled["result"]["orderId"], one["result"]["orderId"]);
    let none = json!({"category": "linear", "symbol": "BTCUSDT"});
    assert_eq!(client.post("/v5/order/cancel", &none).await["retCode"], 10001);
    let wrong = json!({"category": "linear", "symbol": "ETHUSDT", "orderLinkId": "A-z_09"});
    assert_eq!(client.post("/v5/order/cancel", &wrong).await["retCode"], 110001, "of another symbol");
}

#[tokio::test]
async fn reduce_only_orders_never_grow_or_turn_a_position_and_end_with_it() {
    let (_venue, client) = manual().await;
    let mut private = listening(&client).await;
    let market = |side: &str, qty: &str| json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": qty});
    let reduce = |name: &str, qty: &str, price: &str| {
        with(buy(qty, price), json!({"side": "Sell", "reduceOnly": true, "orderLinkId": name}))
    };
    assert_eq!(client.post("/v5/order/create", &reduce("early", "0.1", "61000")).await["retCode"], 110017);
    accepted(&client, "/v5/order/create", market("Buy", "0.1")).await;
    let stopped = with(reduce("stopped", "0.1", "61000"), json!({"stopLoss": "62000"}));
    assert_eq!(client.post("/v5/order/create", &stopped).await["retCode"], 110057);
    accepted(&client, "/v5/order/create", reduce("first", "0.06", "60500")).await;
    accepted(&client, "/v5/order/create", reduce("second", "0.1", "60500")).await;
    assert_eq!(row_of(&mut private, "first").await["qty"], "0.060");
    let mut second = row_of(&mut private, "second").await;
    if second["qty"] == "0.100" {
        second = row_of(&mut private, "second").await;
    }
    assert_eq!(second["qty"], "0.040", "what the first leaves of the position");
    accepted(&client, "/v5/order/create", with(market("Sell", "1"), json!({"reduceOnly": true}))).await;
    for name in ["first", "second"] {
        let row = row_of(&mut private, name).await;
        assert_eq!(
            (&row["orderStatus"], &row["cancelType"]),
            (&json!("Cancelled"), &json!("CancelByReduceOnly"))
        );
    }
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(listed["result"]["list"][0]["side"], "");
}

#[tokio::test]
async fn a_price_beyond_the_bound_is_moved_for_contracts_and_refused_for_spot_unless_the_account_says_otherwise()
 {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let mut private = listening(&client).await;
    let limits = async |category: &str, symbol: &str| -> [String; 2] {
        let reply =
            client.public(&format!("/v5/market/price-limit?category={category}&symbol={symbol}")).await;
        ["buyLmt", "sellLmt"].map(|name| reply["result"][name].as_str().unwrap().to_owned())
    };
    let far = |category: &str, symbol: &str, side: &str, qty: &str| {
        let price = if side == "Buy" { "70000" } else { "50000" };
        with(
            buy(qty, price),
            json!({"category": category, "symbol": symbol, "side": side, "timeInForce": "PostOnly"}),
        )
    };
    for (n, (category, symbol, qty)) in
        [("linear", "BTCUSDT", "0.001"), ("inverse", "BTCUSD", "100")].into_iter().enumerate()
    {
        let [highest, lowest] = limits(category, symbol).await;
        for (side, bound) in [("Buy", highest), ("Sell", lowest)] {
            let name = format!("{side}-{n}");
            accepted(
                &client,
                "/v5/order/create",
                with(far(category, symbol, side, qty), json!({"orderLinkId": name})),
            )
            .await;
            let row = row_of(&mut private, &name).await;
            let [moved, bound] =
                [row["price"].as_str().unwrap(), &bound].map(|text| text.parse::<f64>().unwrap());
            assert!((moved - bound).abs() < 1e-9, "{category} {side}: {moved} against {bound}");
        }
    }
    for (side, code) in [("Buy", 170193), ("Sell", 170194)] {
        assert_eq!(
            client.post("/v5/order/create", &far("spot", "BTCUSDT", side, "0.001")).await["retCode"],
            code
        );
    }
    // What is chosen for one kind of contract holds for both; spot has a choice of its own.
    let choose = |category: &str, modify: bool| json!({"category": category, "modifyEnable": modify});
    accepted(&client, "/v5/account/set-limit-px-action", choose("inverse", false)).await;
    accepted(&client, "/v5/account/set-limit-px-action", choose("spot", true)).await;
    let settings = client.get("/v5/account/user-setting-config", "").await;
    assert_eq!(
        [&settings["result"]["lpaPerp"], &settings["result"]["lpaSpot"]],
        [&json!(true), &json!(true)]
    );
    for (category, symbol, qty, code) in [
        ("linear", "BTCUSDT", "0.001", 110003),
        ("inverse", "BTCUSD", "100", 110003),
        ("spot", "BTCUSDT", "0.001", 0),
    ] {
        assert_eq!(
            client.post("/v5/order/create", &far(category, symbol, "Buy", qty)).await["retCode"],
            code,
            "{category}"
        );
    }
    accepted(&client, "/v5/order/create", with(buy("0.001", "59900"), json!({"orderLinkId": "amended"})))
        .await;
    let amend =
        json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "amended", "price": "70000"});
    assert_eq!(
        client.post("/v5/order/amend", &amend).await["retCode"],
        110003,
        "an amend meets the same bound"
    );
    accepted(&client, "/v5/account/set-limit-px-action", choose("linear", true)).await;
    accepted(&client, "/v5/order/amend", amend).await;
}

#[tokio::test]
async fn sizes_and_prices_off_the_grid_get_the_codes_of_their_product() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    for (category, symbol, qty, price, code) in [
        ("linear", "BTCUSDT", "0.0005", "59000", 10001),
        ("linear", "BTCUSDT", "0.00101", "59000", 10001),
        ("linear", "BTCUSDT", "999999", "59000", 10001),
        ("linear", "BTCUSDT", "0.001", "59000.05", 10001),
        ("linear", "BTCUSDT", "0.001", "-1", 10001),
        ("linear", "BTCUSDT", "-0.001", "59000", 10001),
        ("linear", "ETHUSDT", "0.01", "100", 110094),
        ("linear", "NOPE", "0.001", "59000", 10001),
        ("inverse", "BTCUSD", "100.5", "59500", 10001),
        ("spot", "BTCUSDT", "0.0000001", "59500", 170137),
        ("spot", "BTCUSDT", "0.000001", "59500", 170136),
        ("spot", "BTCUSDT", "99999", "59500", 170124),
        ("spot", "BTCUSDT", "0.00002", "59500", 170140),
        ("spot", "BTCUSDT", "0.001", "59500.001", 170134),
        ("spot", "NOPE", "0.001", "59500", 170121),
        ("linear", "BTCUSDT", "60", "59000", 110007),
        ("spot", "BTCUSDT", "5", "59500", 170131),
        ("nothing", "BTCUSDT", "0.001", "59000", 10001),
    ] {
        if symbol == "ETHUSDT" {
            self::price(&client, "linear", "ETHUSDT", 101).await;
        }
        let order = with(buy(qty, price), json!({"category": category, "symbol": symbol}));
        let reply = client.post("/v5/order/create", &order).await;
        assert_eq!(reply["retCode"], code, "{category} {symbol} {qty} {price}: {reply}");
    }
    for (missing, code) in
        [("side", 10001), ("orderType", 10001), ("qty", 10001), ("price", 10001), ("symbol", 10001)]
    {
        let mut order = buy("0.001", "59000");
        order.as_object_mut().unwrap().remove(missing);
        assert_eq!(client.post("/v5/order/create", &order).await["retCode"], code, "without {missing}");
    }
}

#[tokio::test]
async fn a_pre_check_takes_what_the_page_says_and_names_the_order_it_speaks_of() {
    let (_venue, client) = all_products(|config| config.rate_limits = false).await;
    let named = with(buy("0.1", "59000"), json!({"orderLinkId": "checked"}));
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let checked = accepted(&client, "/v5/order/pre-check", named.clone()).await;
        assert_eq!(checked["result"]["orderLinkId"], "checked");
        assert!(ids.insert(checked["result"]["orderId"].as_str().unwrap().to_owned()));
    }
    for (order, code) in [
        (with(buy("0.1", "59000"), json!({"triggerPrice": "59500", "triggerDirection": 2})), 10001),
        (with(buy("100", "59500"), json!({"category": "inverse", "symbol": "BTCUSD"})), 10001),
        (with(buy("0.1", "59500"), json!({"category": "spot"})), 10001),
        (buy("0.00001", "59000"), 10001),
        (buy("60", "59000"), 110007),
    ] {
        let refused = client.post("/v5/order/pre-check", &order).await;
        assert_eq!((&refused["retCode"], &refused["result"]), (&json!(code), &json!({})), "{order}");
        let info = &refused["retExtInfo"];
        assert!(info["future_order_id"].as_str().is_some_and(|id| id.len() == 36), "{info}");
        assert_eq!(
            (info.get("post_imr_e4").is_some(), info.get("post_mmr_e4").is_some()),
            (code == 110007, code == 110007)
        );
    }
    accepted(&client, "/v5/account/set-margin-mode", json!({"setMarginMode": "ISOLATED_MARGIN"})).await;
    assert_eq!(client.post("/v5/order/pre-check", &named).await["retCode"], 10001);
    // The name was not taken by asking.
    accepted(&client, "/v5/order/create", named).await;
}

#[tokio::test]
async fn margin_modes_are_switched_for_the_whole_account_when_its_balances_bear_it() {
    let (_venue, client) = all_products(|config| {
        config.rate_limits = false;
        config.accounts[0].balance_usdt = 100.into();
    })
    .await;
    let mode = |mode: &str| json!({"setMarginMode": mode});
    let single =
        |more: Value| with(json!({"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0}), more);
    // In cross margin nothing can be added, and the bitcoin counts.
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    accepted(&client, "/v5/order/create", market).await;
    for (path, more, code) in [
        ("add-margin", json!({"margin": "10"}), 110015),
        ("set-auto-add-margin", json!({"autoAddMargin": 1}), 110076),
    ] {
        assert_eq!(
            client.post(&format!("/v5/position/{path}"), &single(more)).await["retCode"],
            code,
            "{path}"
        );
    }
    let refused = client.post("/v5/account/set-margin-mode", &mode("ISOLATED_MARGIN")).await;
    assert_eq!(refused["retCode"], 3400045, "600 of margin and 100 USDT: {refused}");
    assert_eq!(refused["result"]["reasons"][0]["reasonCode"], "3400045");
    assert_eq!(client.get("/v5/account/info", "").await["result"]["marginMode"], "REGULAR_MARGIN");
    client.sim("account", &json!({"uid": 1001, "coin": "USDT", "delta": "1000"})).await;
    let switched = accepted(&client, "/v5/account/set-margin-mode", mode("ISOLATED_MARGIN")).await;
    assert_eq!(switched["result"]["reasons"], json!([]));
    for (path, more, code) in [
        ("add-margin", json!({"margin": "100.00001"}), 10001),
        ("add-margin", json!({"margin": "100000"}), 110014),
        ("add-margin", json!({"margin": "-1"}), 110078),
        ("add-margin", json!({"margin": "100"}), 0),
        ("add-margin", json!({"margin": "-50"}), 0),
        ("set-auto-add-margin", json!({"autoAddMargin": 1}), 0),
    ] {
        let reply = client.post(&format!("/v5/position/{path}"), &single(more.clone())).await;
        assert_eq!(reply["retCode"], code, "{path} {more}: {reply}");
    }
    let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
    let row = &listed["result"]["list"][0];
    assert_eq!(
        (&row["autoAddMargin"], row["liqPrice"].as_str().is_some_and(|price| !price.is_empty())),
        (&json!(1), true)
    );
    accepted(&client, "/v5/account/set-margin-mode", mode("REGULAR_MARGIN")).await;
    for unknown in [mode("SIDEWAYS_MARGIN"), json!({})] {
        assert_eq!(client.post("/v5/account/set-margin-mode", &unknown).await["retCode"], 10001);
    }
}

#[tokio::test]
async fn the_tier_of_what_is_held_and_ordered_bounds_the_leverage() {
    let (_venue, client) = manual_with(|config| {
        config.rate_limits = false;
        config.accounts[0].balance_usdt = 3_000_000.into();
    })
    .await;
    let tiers = client.public("/v5/market/risk-limit?category=linear&symbol=BTCUSDT").await;
    let of = |n: usize, name: &str| tiers["result"]["list"][n][name].as_str().unwrap().to_owned();
    assert_eq!(
        [of(0, "riskLimitValue"), of(0, "maxLeverage"), of(1, "maxLeverage")],
        ["2000000", "100.00", "90.00"]
    );
    let leverage = |leverage: &str| json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": leverage, "sellLeverage": leverage});
    for (wanted, code) in [("100.5", 10001), ("0.5", 10001), ("10.001", 10001), ("100", 0), ("100", 110043)] {
        let reply = client.post("/v5/position/set-leverage", &leverage(wanted)).await;
        assert_eq!(reply["retCode"], code, "{wanted}: {reply}");
    }
    // 33 at 59 000 are within the first tier, one more is not.
    accepted(&client, "/v5/order/create", buy("33", "59500")).await;
    assert_eq!(client.post("/v5/order/create", &buy("2", "59500")).await["retCode"], 110090);
    accepted(&client, "/v5/position/set-leverage", leverage("90")).await;
    accepted(&client, "/v5/order/create", buy("2", "59500")).await;
    assert_eq!(client.post("/v5/position/set-leverage", &leverage("100")).await["retCode"], 110013);
}

#[tokio::test]
async fn a_coin_counts_as_margin_by_its_steps_and_as_long_as_its_owner_lets_it() {
    let (_venue, client) = all_products(|config| {
        config.rate_limits = false;
        config.accounts[0].balance_usdt = 1_000.into();
    })
    .await;
    let steps = client.public("/v5/spot-margin-trade/collateral?currency=BTC").await;
    let first = &steps["result"]["list"][0]["collateralRatioList"][0];
    assert_eq!([&first["minQty"], &first["maxQty"], &first["collateralRatio"]], ["0", "10", "0.98"]);
    let wallet = async || {
        let reply = client.get("/v5/account/wallet-balance", "accountType=UNIFIED").await;
        let row = reply["result"]["list"][0].clone();
        let number = |name: &str| row[name].as_str().unwrap().parse::<f64>().unwrap();
        [number("totalEquity"), number("totalWalletBalance")]
    };
    // A bitcoin at 60 000, of which 98 % count.
    assert_eq!(wallet().await, [61_000.0, 59_800.0]);
    let switch = |coin: &str, to: &str| json!({"coin": coin, "collateralSwitch": to});
    for (request, code) in [
        (switch("USDT", "OFF"), 182111),
        (switch("NOPE", "OFF"), 182111),
        (switch("BTC", "PERHAPS"), 10001),
        (switch("BTC", "OFF"), 0),
    ] {
        let reply = client.post("/v5/account/set-collateral-switch", &request).await;
        assert_eq!(reply["retCode"], code, "{request}: {reply}");
    }
    assert_eq!(wallet().await, [61_000.0, 1_000.0]);
    assert_eq!(coin(&client, "BTC").await["collateralSwitch"], false);
    let info = client.get("/v5/account/collateral-info", "currency=BTC").await;
    assert_eq!(info["result"]["list"][0]["collateralSwitch"], false);
    // What needs it cannot be ordered then: an inverse contract, and what the dollars alone do not bear.
    let dollars = with(buy("600", "59500"), json!({"category": "inverse", "symbol": "BTCUSD"}));
    assert_eq!(client.post("/v5/order/create", &dollars).await["retCode"], 110101);
    assert_eq!(client.post("/v5/order/create", &buy("1", "59500")).await["retCode"], 110007);
    let batch = json!({"request": [switch("BTC", "ON")]});
    let switched = accepted(&client, "/v5/account/set-collateral-switch-batch", batch).await;
    assert_eq!(switched["result"]["list"], json!([switch("BTC", "ON")]));
    // What rests on it keeps it.
    accepted(&client, "/v5/order/create", dollars).await;
    assert_eq!(
        client.post("/v5/account/set-collateral-switch", &switch("BTC", "OFF")).await["retCode"],
        182108
    );
    accepted(&client, "/v5/order/cancel-all", json!({"category": "inverse", "symbol": "BTCUSD"})).await;
    accepted(&client, "/v5/order/create", buy("1", "59500")).await;
    assert_eq!(
        client.post("/v5/account/set-collateral-switch", &switch("BTC", "OFF")).await["retCode"],
        182108
    );
}
