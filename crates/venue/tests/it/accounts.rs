//! Several accounts on one venue: they trade with each other, and each sees and moves only what is its own.

use serde_json::{Value, json};
use windvane_venue::{AccountConfig, Embedded};

use crate::client::Client;
use crate::{buy, manual_with};

pub(crate) async fn two() -> (Embedded, Client, Client) {
    let (venue, first) = manual_with(|config| {
        config.rate_limits = false;
        let other = AccountConfig {
            uid: 1002,
            key: "other-key".into(),
            secret: "other-secret".into(),
            ..config.accounts[0].clone()
        };
        config.accounts.push(other);
    })
    .await;
    let second =
        Client { address: first.address.clone(), key: "other-key".into(), secret: "other-secret".into() };
    (venue, first, second)
}

fn sell(qty: &str, price: &str) -> Value {
    let mut order = buy(qty, price);
    order["side"] = "Sell".into();
    order
}

#[tokio::test]
async fn two_accounts_trade_with_each_other_and_each_hears_of_its_own_side() {
    let (_venue, maker, taker) = two().await;
    let mut heard = Vec::new();
    for client in [&maker, &taker] {
        let mut private = client.socket("/v5/private").await;
        private.subscribe(&["execution", "execution.fast"]).await;
        heard.push(private);
    }
    let mut resting = buy("0.010", "60000.05");
    resting["price"] = "60000".into();
    resting["orderLinkId"] = "rests".into();
    // The outside book stands at 60 000, too: the account's order waits behind it, and is met when that is gone.
    assert_eq!(maker.post("/v5/order/create", &resting).await["retCode"], 0);
    let thin = json!({"symbol": "BTCUSDT", "bids": [["59990", "1"]], "asks": [["60010", "1"]]});
    maker.sim("book", &thin).await;
    let mut hit = sell("0.010", "59995");
    hit["orderLinkId"] = "takes".into();
    assert_eq!(taker.post("/v5/order/create", &hit).await["retCode"], 0);
    for (private, link, is_maker, fast_link) in heard
        .iter_mut()
        .zip([("rests", true, ""), ("takes", false, "takes")])
        .map(|(p, (l, m, f))| (p, l, m, f))
    {
        let execution = private.next_of("execution").await;
        let fast = private.next_of("execution.fast").await;
        let (row, quick) = (&execution["data"][0], &fast["data"][0]);
        assert_eq!((&row["orderLinkId"], &row["isMaker"]), (&json!(link), &json!(is_maker)));
        assert_eq!((&quick["orderLinkId"], &quick["isMaker"]), (&json!(fast_link), &json!(is_maker)));
        assert_eq!(
            (&quick["execId"], &quick["execPrice"], &quick["seq"]),
            (&row["execId"], &json!("60000.00"), &row["seq"])
        );
        let mut fields: Vec<&String> = quick.as_object().unwrap().keys().collect();
        fields.sort();
        let documented = [
            "category",
            "execId",
            "execPrice",
            "execQty",
            "execTime",
            "isMaker",
            "orderId",
            "orderLinkId",
            "seq",
            "side",
            "symbol",
        ];
        assert_eq!(fields, documented);
    }
    for (client, side) in [(&maker, "Buy"), (&taker, "Sell")] {
        let listed = client.get("/v5/position/list", "category=linear&symbol=BTCUSDT").await;
        let row = &listed["result"]["list"][0];
        assert_eq!((&row["side"], &row["size"]), (&json!(side), &json!("0.010")));
    }
}

#[tokio::test]
async fn what_belongs_to_another_account_does_not_exist() {
    let (_venue, owner, stranger) = two().await;
    let mut listening = stranger.socket("/v5/private").await;
    listening.subscribe(&["order", "execution", "position", "wallet"]).await;
    let mut order = buy("0.001", "59000");
    order["orderLinkId"] = "mine".into();
    let created = owner.post("/v5/order/create", &order).await;
    let by_id = json!({"category": "linear", "symbol": "BTCUSDT", "orderId": created["result"]["orderId"], "price": "58000"});
    for path in ["/v5/order/cancel", "/v5/order/amend"] {
        assert_eq!(stranger.post(path, &by_id).await["retCode"], 110001, "{path}");
    }
    let all =
        stranger.post("/v5/order/cancel-all", &json!({"category": "linear", "settleCoin": "USDT"})).await;
    assert_eq!(all["result"]["list"], json!([]));
    let found = stranger.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT&orderLinkId=mine").await;
    assert_eq!(found["result"]["list"], json!([]));
    // A client order id is unique for its account only.
    assert_eq!(stranger.post("/v5/order/create", &order).await["retCode"], 0);
    let first = listening.next_of("order").await;
    assert_ne!(first["data"][0]["orderId"], created["result"]["orderId"], "{first}");
    let open = owner.get("/v5/order/realtime", "category=linear&symbol=BTCUSDT").await;
    assert_eq!(open["result"]["list"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_truth_is_told_of_every_account_or_of_the_one_that_is_named() {
    let (_venue, first, second) = two().await;
    assert_eq!(second.post("/v5/order/create", &buy("0.010", "50000")).await["retCode"], 0);
    let uids = |state: &Value| {
        let accounts = state["accounts"].as_array().unwrap();
        accounts.iter().map(|account| account["uid"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let all = first.state().await;
    let one = first.public("/sim/state?uid=1002").await;
    assert_eq!((uids(&all), uids(&one)), (vec![1001, 1002], vec![1002]));
    assert_eq!(one["accounts"][0]["orders"].as_array().map(Vec::len), Some(1));
    for nobody in ["9", "maker"] {
        let refused = first.exchange("GET", &format!("/sim/state?uid={nobody}"), "", "").await.unwrap();
        assert_eq!((refused.status, refused.json()["code"].as_i64()), (400, Some(10001)), "{}", refused.body);
    }
}
