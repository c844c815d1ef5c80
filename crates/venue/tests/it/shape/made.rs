//! One message of every kind, made by a venue with all products, under the name of the recorded one it stands beside.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use windvane_venue::{KeyConfig, Right};

use crate::client::{Client, Socket};
use crate::products::{all_products, price};

type Made = BTreeMap<&'static str, Value>;

/// Makes them all.
pub(super) async fn messages() -> Made {
    let (_venue, client) = all_products(|config| {
        config.accounts[0].keys = vec![KeyConfig {
            key: "doomed".into(),
            secret: Some("secret".into()),
            rsa_public_key: None,
            read_only: false,
            rights: vec![Right::Transfer],
            ips: Vec::new(),
            expires: None,
        }];
    })
    .await;
    let mut made = Made::new();
    let mut private = client.unsigned_socket("/v5/private").await;
    sockets(&client, &mut private, &mut made).await;
    let mut linear = client.unsigned_socket("/v5/public/linear").await;
    public_topics(&client, &mut linear, &mut made).await;
    orders(&client, &mut made).await;
    pushes(&mut private, &mut linear, &mut made).await;
    queries(&client, &mut made).await;
    settings(&client, &mut made).await;
    made
}

/// Acknowledgements and pongs of every kind of socket.
async fn sockets(client: &Client, private: &mut Socket, made: &mut Made) {
    private.send(&client.auth()).await;
    made.insert("ws/op.auth.private.ok.json", private.next().await);
    let topics = ["order", "execution", "execution.fast", "position", "wallet"];
    private.send(&json!({"op": "subscribe", "args": topics})).await;
    made.insert("ws/op.subscribe.private.ok.json", private.next().await);
    private.send(&json!({"op": "ping", "req_id": "1"})).await;
    made.insert("ws/op.pong.private.json", private.next().await);

    let mut trade = client.unsigned_socket("/v5/trade").await;
    trade.send(&client.auth()).await;
    made.insert("ws/trade.auth.ok.json", trade.next().await);
    trade.send(&json!({"op": "ping"})).await;
    made.insert("ws/trade.pong.resp.json", trade.next().await);
    let rest = limit("linear", "BTCUSDT", "0.001", "58000");
    made.insert("ws/trade.order.create.resp.json", trade.order("order.create", "1", rest).await);
    let bad = json!({"category": "linear", "request": [{"symbol": "BTCUSDT"}, {"symbol": "BTCUSDT"}]});
    let refused = trade.order("order.create-batch", "2", bad).await;
    made.insert("ws/trade.order.create-batch.all-rejected.resp.json", refused);

    let mut spot = client.unsigned_socket("/v5/public/spot").await;
    spot.send(&json!({"op": "subscribe", "req_id": "10001", "args": ["tickers.BTCUSDT"]})).await;
    made.insert("ws/op.subscribe.spot.ok.json", spot.next().await);
    let ticker = spot.next().await;
    made.insert("ws/public.tickers.spot.snapshot.json", ticker.clone());
    made.insert("ws/old.public.tickers.spot.no-usdIndexPrice.json", ticker);
    spot.send(&json!({"op": "ping"})).await;
    made.insert("ws/op.pong.spot.json", spot.next().await);
}

/// Market data of a contract: snapshots, then what a print and a moving book bring.
async fn public_topics(client: &Client, socket: &mut Socket, made: &mut Made) {
    let topics = [
        "orderbook.50.BTCUSDT",
        "tickers.BTCUSDT",
        "publicTrade.BTCUSDT",
        "kline.5.BTCUSDT",
        "priceLimit.BTCUSDT",
        "allLiquidation.BTCUSDT",
        "adlAlert.USDT",
        "insurance.USDT",
    ];
    socket.send(&json!({"op": "ping"})).await;
    made.insert("ws/op.pong.linear.json", socket.next().await);
    let print = json!({"symbol": "BTCUSDT", "side": "Buy", "price": "60000.1", "qty": "0.1"});
    client.sim("trade", &print).await;
    socket.send(&json!({"op": "subscribe", "req_id": "1", "args": topics})).await;
    made.insert("ws/op.subscribe.linear.ok.json", socket.next().await);
    made.insert("ws/public.orderbook.50.snapshot.json", socket.next_of("orderbook.50.BTCUSDT").await);
    let ticker = socket.next_of("tickers.BTCUSDT").await;
    made.insert("ws/public.tickers.linear-perp.snapshot.json", ticker.clone());
    made.insert("ws/old.public.tickers.linear.snapshot.json", ticker);
    made.insert("ws/public.kline.5.json", socket.next_of("kline.5.BTCUSDT").await);
    made.insert("ws/public.priceLimit.json", socket.next_of("priceLimit.BTCUSDT").await);
    made.insert("ws/public.adlAlert.json", socket.next_of("adlAlert.USDT").await);
    made.insert("ws/public.insurance.json", socket.next_of("insurance.USDT").await);
    client.sim("trade", &print).await;
    made.insert("ws/public.publicTrade.linear.json", socket.next_of("publicTrade.BTCUSDT").await);
    price(client, "linear", "BTCUSDT", 60_010).await;
    made.insert("ws/public.orderbook.50.delta.json", socket.next_of("orderbook.50.BTCUSDT").await);
}

/// Orders of every product, their batches, and what ends them.
async fn orders(client: &Client, made: &mut Made) {
    for (name, order) in [
        ("rest/order.create.resp.json", limit("spot", "BTCUSDT", "0.01", "59000")),
        ("buy", market("linear", "BTCUSDT", "Buy", "0.010")),
        ("sell", market("linear", "BTCUSDT", "Sell", "0.004")),
        ("inverse", market("inverse", "BTCUSD", "Buy", "600")),
        ("pair", market("spot", "BTCUSDT", "Buy", "600")),
    ] {
        made.insert(name, accepted(client, "/v5/order/create", order).await);
    }
    let mut named = limit("linear", "BTCUSDT", "0.001", "59000");
    named["orderLinkId"] = "named".into();
    accepted(client, "/v5/order/create", named).await;
    let by_name = |more: Value| {
        merged(json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "named"}), more)
    };
    let amended = accepted(client, "/v5/order/amend", by_name(json!({"price": "58900"}))).await;
    made.insert("rest/order.amend.resp.json", amended);
    made.insert(
        "rest/order.cancel.resp.json",
        accepted(client, "/v5/order/cancel", by_name(json!({}))).await,
    );
    let taking = merged(limit("linear", "BTCUSDT", "0.001", "60100"), json!({"timeInForce": "PostOnly"}));
    accepted(client, "/v5/order/create", taking).await;

    let items = [limit("spot", "BTCUSDT", "0.01", "58000"), limit("spot", "BTCUSDT", "0.01", "57000")];
    let batch = json!({"category": "spot", "request": items});
    let created = accepted(client, "/v5/order/create-batch", batch).await;
    let first = &created["result"]["list"][0]["orderId"];
    let cancels = json!([{"symbol": "BTCUSDT", "orderId": first}, {"symbol": "BTCUSDT", "orderId": "none"}]);
    let cancelled = json!({"category": "spot", "request": cancels});
    let cancelled = accepted(client, "/v5/order/cancel-batch", cancelled).await;
    made.insert("rest/order.cancel-batch.spot.partial-failure.resp.json", cancelled);
    made.insert("rest/order.create-batch.spot.resp.json", created);
    let waiting = json!({"orderFilter": "tpslOrder", "triggerPrice": "50000", "orderLinkId": "waits"});
    accepted(client, "/v5/order/create", merged(limit("spot", "BTCUSDT", "0.01", "50000"), waiting)).await;
    let waiting =
        json!({"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "waits", "orderFilter": "tpslOrder"});
    accepted(client, "/v5/order/cancel", waiting).await;
    let found = client.get("/v5/order/realtime", "category=spot&orderLinkId=waits").await;
    made.insert("rest/old.order.realtime.spot.tpsl-cancelled.resp.json", found);
    let found = client.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    made.insert("rest/order.realtime.linear.resp.json", found);
    let checked = accepted(client, "/v5/order/pre-check", limit("linear", "BTCUSDT", "0.01", "59000")).await;
    made.insert("rest/order.pre-check.resp.json", checked);
    for (name, all) in [
        ("rest/order.cancel-all.resp.json", json!({"category": "linear", "settleCoin": "USDT"})),
        ("rest/old.order.cancel-all.spot.success-only.resp.json", json!({"category": "spot"})),
    ] {
        made.insert(name, accepted(client, "/v5/order/cancel-all", all).await);
    }
    let again = made["rest/order.cancel-all.resp.json"].clone();
    made.insert("rest/old.order.cancel-all.linear.no-success-field.resp.json", again);
}

/// What the private and public sockets said about the orders, and about a liquidation after them.
async fn pushes(private: &mut Socket, linear: &mut Socket, made: &mut Made) {
    for (topic, names) in [
        ("execution", &["ws/private.execution.linear.json", "ws/old.private.execution.linear.json"][..]),
        ("execution.fast", &["ws/private.execution-fast.linear.json"]),
        (
            "position",
            &["ws/private.position.linear.flat-hedge.json", "ws/old.private.position.linear.open-long.json"],
        ),
        (
            "wallet",
            &[
                "ws/private.wallet.json",
                "ws/old.private.wallet.multi-coin.json",
                "ws/old.private.wallet.with-order-im.json",
            ],
        ),
    ] {
        let push = private.next_of(topic).await;
        made.extend(names.iter().map(|name| (*name, push.clone())));
    }
    made.insert("ws/private.order.option.filled.json", private.next_of("order").await);
    // A liquidation is shown by the market-data tests; its frame has the shape of a print.
    let print = linear.next_of("publicTrade.BTCUSDT").await;
    let row = &print["data"][0];
    let liquidation: Value =
        ["T", "s", "S", "v", "p"].iter().map(|key| ((*key).to_owned(), row[key].clone())).collect();
    made.insert("ws/public.allLiquidation.json", merged(print.clone(), json!({"data": [liquidation]})));
}

/// Listings, signed and not.
async fn queries(client: &Client, made: &mut Made) {
    for (name, path, query) in [
        ("rest/account.fee-rate.linear.resp.json", "account/fee-rate", "category=linear&symbol=BTCUSDT"),
        ("rest/account.info.resp.json", "account/info", ""),
        ("rest/account.instruments-info.linear.resp.json", "account/instruments-info", "category=linear"),
        ("rest/account.instruments-info.spot.resp.json", "account/instruments-info", "category=spot"),
        ("rest/account.collateral-info.resp.json", "account/collateral-info", ""),
        (
            "rest/order.spot-borrow-check.resp.json",
            "order/spot-borrow-check",
            "category=spot&symbol=BTCUSDT&side=Buy",
        ),
        ("rest/spot-margin-trade.state.resp.json", "spot-margin-trade/state", ""),
        ("rest/account.smp-group.resp.json", "account/smp-group", ""),
        ("rest/account.transaction-log.resp.json", "account/transaction-log", ""),
        ("rest/account.user-setting-config.resp.json", "account/user-setting-config", ""),
        ("rest/account.wallet-balance.resp.json", "account/wallet-balance", "accountType=UNIFIED"),
        (
            "rest/old.account.wallet-balance.with-im.resp.json",
            "account/wallet-balance",
            "accountType=UNIFIED",
        ),
        ("rest/account.withdrawal.resp.json", "account/withdrawal", "coinName=USDT,BTC"),
        ("rest/execution.list.linear.resp.json", "execution/list", "category=linear"),
        ("rest/order.history.linear.postonly-cancelled.resp.json", "order/history", "category=linear"),
        ("rest/old.order.history.linear.cancelled-by-user.resp.json", "order/history", "category=linear"),
        ("rest/position.closed-pnl.linear.resp.json", "position/closed-pnl", "category=linear"),
        ("rest/position.list.inverse.resp.json", "position/list", "category=inverse&symbol=BTCUSD"),
        (
            "rest/old.position.list.linear.open-long.resp.json",
            "position/list",
            "category=linear&symbol=BTCUSDT",
        ),
        (
            "rest/position.symbol-info.linear.resp.json",
            "position/symbol-info",
            "category=linear&symbol=BTCUSDT",
        ),
        ("rest/user.query-api.resp.json", "user/query-api", ""),
    ] {
        made.insert(name, client.get(&format!("/v5/{path}"), query).await);
    }
    client.sim("event", &json!({"kind": "funding", "symbol": "BTCUSDT"})).await;
    client.sim("trade", &json!({"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "price": "60000.1", "qty": "0.1"})).await;
    for (name, target) in [
        ("rest/market.funding-history.linear.resp.json", "funding/history?category=linear&symbol=BTCUSDT"),
        (
            "rest/market.index-price-kline.inverse.resp.json",
            "index-price-kline?category=inverse&symbol=BTCUSD&interval=1",
        ),
        (
            "rest/market.premium-index-price-kline.linear.resp.json",
            "premium-index-price-kline?category=linear&symbol=BTCUSDT&interval=D",
        ),
        ("rest/market.insurance.resp.json", "insurance?coin=USDT"),
        ("rest/market.adl-alert.resp.json", "adlAlert?symbol=BTCUSDT"),
        ("rest/market.instruments-info.linear.resp.json", "instruments-info?category=linear&symbol=BTCUSDT"),
        ("rest/market.instruments-info.spot.resp.json", "instruments-info?category=spot"),
        ("rest/old.market.instruments-info.spot.resp.json", "instruments-info?category=spot"),
        ("rest/market.kline.inverse.resp.json", "kline?category=inverse&symbol=BTCUSD&interval=60"),
        (
            "rest/market.mark-price-kline.linear.resp.json",
            "mark-price-kline?category=linear&symbol=BTCUSDT&interval=15",
        ),
        (
            "rest/market.open-interest.inverse.resp.json",
            "open-interest?category=inverse&symbol=BTCUSD&intervalTime=5min",
        ),
        ("rest/market.orderbook.spot.resp.json", "orderbook?category=spot&symbol=BTCUSDT"),
        ("rest/old.market.orderbook.linear.resp.json", "orderbook?category=linear&symbol=BTCUSDT"),
        ("rest/market.price-limit.linear.resp.json", "price-limit?symbol=BTCUSDT"),
        ("rest/market.recent-trade.spot.resp.json", "recent-trade?category=spot&symbol=BTCUSDT"),
        ("rest/market.risk-limit.inverse.resp.json", "risk-limit?category=inverse&symbol=BTCUSD"),
        ("rest/market.tickers.inverse.resp.json", "tickers?category=inverse&symbol=BTCUSD"),
        ("rest/old.market.tickers.inverse.resp.json", "tickers?category=inverse&symbol=BTCUSD"),
        ("rest/market.tickers.spot.resp.json", "tickers?category=spot&symbol=BTCUSDT"),
        ("rest/market.time.resp.json", "time"),
    ] {
        made.insert(name, client.public(&format!("/v5/market/{target}")).await);
    }
    client.sim("fault", &json!({"kind": "maintenance", "ms": 1, "match": {"uid": 7}})).await;
    let news = client.public("/v5/announcements/index?locale=en-US").await;
    made.insert("rest/announcements.index.resp.json", news);
    let steps = client.public("/v5/spot-margin-trade/collateral?currency=BTC").await;
    made.insert("rest/spot-margin-trade.collateral.resp.json", steps);
    made.insert("rest/system.status.resp.json", client.public("/v5/system/status").await);
}

/// What changes an account or a key.
async fn settings(client: &Client, made: &mut Made) {
    let symbol = |more: Value| merged(json!({"category": "linear", "symbol": "BTCUSDT"}), more);
    for (name, path, body) in [
        (
            "rest/position.set-leverage.resp.json",
            "position/set-leverage",
            symbol(json!({"buyLeverage": "6", "sellLeverage": "6"})),
        ),
        (
            "rest/position.trading-stop.resp.json",
            "position/trading-stop",
            symbol(json!({"tpslMode": "Full", "positionIdx": 0, "stopLoss": "50000"})),
        ),
        ("rest/position.confirm-pending-mmr.resp.json", "position/confirm-pending-mmr", symbol(json!({}))),
        (
            "rest/position.switch-mode.resp.json",
            "position/switch-mode",
            json!({"category": "linear", "symbol": "ETHUSDT", "mode": 3}),
        ),
        (
            "rest/order.disconnected-cancel-all.resp.json",
            "order/disconnected-cancel-all",
            json!({"product": "SPOT", "timeWindow": 40}),
        ),
        (
            "rest/account.set-limit-px-action.resp.json",
            "account/set-limit-px-action",
            json!({"category": "spot", "modifyEnable": true}),
        ),
        (
            "rest/account.set-collateral-switch.resp.json",
            "account/set-collateral-switch",
            json!({"coin": "BTC", "collateralSwitch": "ON"}),
        ),
        ("isolated", "account/set-margin-mode", json!({"setMarginMode": "ISOLATED_MARGIN"})),
        (
            "rest/position.add-margin.inverse.resp.json",
            "position/add-margin",
            json!({"category": "inverse", "symbol": "BTCUSD", "margin": "0.001", "positionIdx": 0}),
        ),
        (
            "rest/position.set-auto-add-margin.resp.json",
            "position/set-auto-add-margin",
            symbol(json!({"autoAddMargin": 1, "positionIdx": 0})),
        ),
    ] {
        made.insert(name, accepted(client, &format!("/v5/{path}"), body).await);
    }
    let empty = made["rest/position.set-leverage.resp.json"].clone();
    made.insert("rest/envelope.empty-result.resp.json", empty);
    let protected = client.get("/v5/account/query-dcp-info", "").await;
    made.insert("rest/account.query-dcp-info.resp.json", protected);
    let portfolio = json!({"setMarginMode": "PORTFOLIO_MARGIN"});
    let failed = client.post("/v5/account/set-margin-mode", &portfolio).await;
    made.insert("rest/account.set-margin-mode.failure.resp.json", failed);
    let doomed = Client { address: client.address.clone(), key: "doomed".into(), secret: "secret".into() };
    let updated = accepted(&doomed, "/v5/user/update-api", json!({"readOnly": 0})).await;
    made.insert("rest/user.update-api.resp.json", updated);
    made.insert("rest/user.delete-api.resp.json", accepted(&doomed, "/v5/user/delete-api", json!({})).await);
}

async fn accepted(client: &Client, path: &str, body: Value) -> Value {
    let reply = client.post(path, &body).await;
    assert_eq!(reply["retCode"], 0, "{path} {body}: {reply}");
    reply
}

fn limit(category: &str, symbol: &str, qty: &str, price: &str) -> Value {
    json!({"category": category, "symbol": symbol, "side": "Buy", "orderType": "Limit", "qty": qty, "price": price})
}

fn market(category: &str, symbol: &str, side: &str, qty: &str) -> Value {
    json!({"category": category, "symbol": symbol, "side": side, "orderType": "Market", "qty": qty})
}

/// An object with the fields of another one over its own.
fn merged(mut object: Value, more: Value) -> Value {
    if let (Value::Object(object), Value::Object(more)) = (&mut object, more) {
        object.extend(more);
    }
    object
}
