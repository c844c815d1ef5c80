//! Public data: what a book, a ticker and candles look like to a client that trusts them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use windvane_venue::VenueConfig;

use crate::client::wall_ms;
use crate::{manual, manual_with};

fn apply(side: &mut BTreeMap<String, String>, rows: &Value) {
    for row in rows.as_array().unwrap() {
        let (price, size) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
        if size == "0" {
            assert!(side.remove(price).is_some(), "a deleted level was there: {price}");
        } else {
            side.insert(price.to_owned(), size.to_owned());
        }
    }
}

#[tokio::test]
async fn a_snapshot_and_its_deltas_rebuild_the_book() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["orderbook.50.BTCUSDT"]).await;
    let snapshot = public.next().await;
    assert_eq!(snapshot["type"], "snapshot");
    let (mut bids, mut asks) = (BTreeMap::new(), BTreeMap::new());
    apply(&mut bids, &snapshot["data"]["b"]);
    apply(&mut asks, &snapshot["data"]["a"]);
    let first = snapshot["data"]["u"].as_i64().unwrap();
    for step in 1..=20 {
        let bid = 60_000 + step;
        let book = json!({"symbol": "BTCUSDT", "bids": [[bid.to_string(), "1.5"], ["59990", "2"]],
                          "asks": [[(bid + 1).to_string(), step.to_string()]]});
        client.sim("book", &book).await;
        let delta = public.next_of("orderbook.50.BTCUSDT").await;
        assert_eq!((&delta["type"], &delta["data"]["u"]), (&json!("delta"), &json!(first + step)));
        apply(&mut bids, &delta["data"]["b"]);
        apply(&mut asks, &delta["data"]["a"]);
    }
    let rest = client.public("/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=50").await;
    let (mut rest_bids, mut rest_asks) = (BTreeMap::new(), BTreeMap::new());
    apply(&mut rest_bids, &rest["result"]["b"]);
    apply(&mut rest_asks, &rest["result"]["a"]);
    assert_eq!((bids, asks), (rest_bids, rest_asks));
}

#[tokio::test]
async fn a_ticker_delta_holds_only_what_changed() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["tickers.BTCUSDT"]).await;
    let snapshot = public.next().await;
    assert_eq!((&snapshot["type"], &snapshot["data"]["bid1Price"]), (&json!("snapshot"), &json!("60000.00")));
    client.sim("price", &json!({"symbol": "BTCUSDT", "mark": "60010.5"})).await;
    let delta = public.next().await;
    assert_eq!((&delta["type"], &delta["data"]["markPrice"]), (&json!("delta"), &json!("60010.50")));
    assert!(delta["data"].get("bid1Price").is_none(), "{delta}");
}

#[tokio::test]
async fn prints_reach_the_tape_the_candles_and_the_day() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["publicTrade.BTCUSDT", "kline.1.BTCUSDT"]).await;
    for (price, qty) in [("60000.1", "0.5"), ("60000", "1")] {
        client.sim("trade", &json!({"symbol": "BTCUSDT", "side": "Buy", "price": price, "qty": qty})).await;
    }
    let trade = public.next_of("publicTrade.BTCUSDT").await;
    assert_eq!((&trade["data"][0]["p"], &trade["data"][0]["v"]), (&json!("60000.10"), &json!("0.500")));
    let kline = public.next_of("kline.1.BTCUSDT").await;
    assert_eq!(kline["data"][0]["confirm"], false);
    let recent = client.public("/v5/market/recent-trade?category=linear&symbol=BTCUSDT").await;
    assert_eq!(recent["result"]["list"].as_array().map(Vec::len), Some(2));
    let klines = client.public("/v5/market/kline?category=linear&symbol=BTCUSDT&interval=D").await;
    let row = &klines["result"]["list"][0];
    assert_eq!(
        (&row[1], &row[4], &row[5], &row[6]),
        (&json!("60000.10"), &json!("60000.00"), &json!("1.500"), &json!("90000.05"))
    );
}

#[tokio::test]
async fn other_categories_are_empty_and_unknown_words_are_errors() {
    let (_venue, client) = manual().await;
    for category in ["spot", "inverse", "option"] {
        let reply = client.public(&format!("/v5/market/instruments-info?category={category}")).await;
        assert_eq!((&reply["retCode"], &reply["result"]["list"]), (&json!(0), &json!([])), "{category}");
    }
    let unlisted = client.public("/v5/market/instruments-info?category=linear&status=PreLaunch").await;
    assert_eq!(unlisted["result"]["list"], json!([]));
    for target in [
        "/v5/market/instruments-info?category=linear&symbol=NOPEUSDT",
        "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=7",
        "/v5/market/tickers?category=nonsense",
    ] {
        assert_eq!(client.public(target).await["retCode"], 10001, "{target}");
    }
    let all = client.public("/v5/market/instruments-info?category=linear&limit=2").await;
    assert_eq!(all["result"]["list"].as_array().map(Vec::len), Some(2));
    let cursor = all["result"]["nextPageCursor"].as_str().unwrap();
    let rest =
        client.public(&format!("/v5/market/instruments-info?category=linear&limit=2&cursor={cursor}")).await;
    assert_eq!(rest["result"]["list"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn weeks_and_months_have_candles_like_any_other_interval() {
    let (_venue, client) = manual().await;
    client.sim("trade", &json!({"symbol": "BTCUSDT", "side": "Buy", "price": "60000.1", "qty": "0.5"})).await;
    for interval in ["1", "D", "W", "M"] {
        let target = format!("/v5/market/kline?category=linear&symbol=BTCUSDT&interval={interval}");
        let candles = client.public(&target).await;
        assert_eq!(candles["result"]["list"][0][5], "0.500", "{interval}: {candles}");
        let mut public = client.socket("/v5/public/linear").await;
        let topic = format!("kline.{interval}.BTCUSDT");
        public.subscribe(&[&topic]).await;
        let open = &public.next_of(&topic).await["data"][0];
        assert_eq!((&open["interval"], &open["volume"]), (&json!(interval), &json!("0.500")));
    }
}

#[tokio::test]
async fn open_interest_is_told_at_each_interval_on_both_sides_and_on_one() {
    let (_venue, client) = manual().await;
    let order = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.4"});
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    let row =
        client.public("/v5/market/tickers?category=linear&symbol=BTCUSDT").await["result"]["list"][0].clone();
    assert_eq!((&row["openInterest"], &row["singleOpenInterest"]), (&json!("0.800"), &json!("0.400")));
    assert_eq!(
        (&row["openInterestValue"], &row["singleOpenInterestValue"]),
        (&json!("48000"), &json!("24000"))
    );
    let target = "/v5/market/open-interest?category=linear&symbol=BTCUSDT";
    for (interval, ms) in [
        ("5min", 300_000),
        ("15min", 900_000),
        ("30min", 1_800_000),
        ("1h", 3_600_000),
        ("4h", 14_400_000),
        ("1d", 86_400_000),
    ] {
        let reply = client.public(&format!("{target}&intervalTime={interval}")).await;
        let row = &reply["result"]["list"][0];
        let at: i64 = row["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(at % ms == 0 && at <= wall_ms() && at > wall_ms() - 2 * ms, "{interval}: {row}");
        // The interval began before anything was bought, unless it has begun since.
        assert!(["0.000", "0.800"].contains(&row["openInterest"].as_str().unwrap()), "{row}");
    }
    assert_eq!(client.public(&format!("{target}&intervalTime=2h")).await["retCode"], 10001);
    let spot = "/v5/market/open-interest?category=spot&symbol=BTCUSDT&intervalTime=1h";
    assert_eq!(client.public(spot).await["retCode"], 10001);
}

#[tokio::test]
async fn the_premium_index_is_what_lies_between_the_book_and_the_index() {
    let (_venue, client) = manual().await;
    let target = "/v5/market/premium-index-price-kline?symbol=BTCUSDT&interval=M";
    let candles = async || client.public(&format!("{target}&category=linear")).await;
    let first = candles().await;
    assert_eq!(first["result"]["list"][0][4], "0.000000", "{first}");
    // The next look at the book is in another second.
    tokio::time::sleep(std::time::Duration::from_millis(1_010)).await;
    let above = json!({"symbol": "BTCUSDT", "bid": "60600", "ask": "60600.1", "last": "60600", "mark": "60000",
                       "index": "60000"});
    client.sim("price", &above).await;
    let row = candles().await["result"]["list"][0].clone();
    assert_eq!(row.as_array().map(Vec::len), Some(5), "{row}");
    assert_eq!((&row[1], &row[2], &row[4]), (&json!("0.000000"), &json!("0.010000"), &json!("0.010000")));
    let inverse = client.public(&format!("{target}&category=inverse")).await;
    assert_eq!(inverse["retCode"], 10001, "the exchange has it of linear contracts only");
}

#[tokio::test]
async fn what_is_announced_is_delistings_and_maintenances() {
    let (_venue, client) = manual().await;
    let of = async |query: &str| client.public(&format!("/v5/announcements/index?locale=en-US{query}")).await;
    assert_eq!(of("").await["result"], json!({"total": 0, "list": []}));
    client.sim("event", &json!({"kind": "delist", "symbol": "ETHUSDT", "ms": 3_600_000})).await;
    client.sim("fault", &json!({"kind": "maintenance", "ms": 1, "match": {"uid": 7}})).await;
    assert_eq!(of("").await["result"]["total"], 2);
    let delistings = of("&type=delistings").await;
    let row = &delistings["result"]["list"][0];
    assert_eq!((&delistings["result"]["total"], &row["type"]["key"]), (&json!(1), &json!("delistings")));
    assert!(row["title"].as_str().unwrap().contains("ETHUSDT"), "{row}");
    let (told, ends) = (row["dateTimestamp"].as_i64().unwrap(), row["endDateTimestamp"].as_i64().unwrap());
    assert_eq!(ends - told, 3_600_000);
    assert_eq!(of("&tag=System").await["result"]["list"][0]["type"]["key"], "maintenance_updates");
    let pages = [of("&limit=1&page=1").await, of("&limit=1&page=2").await, of("&limit=1&page=3").await];
    let counts = pages.each_ref().map(|page| page["result"]["list"].as_array().unwrap().len());
    assert_eq!(counts, [1, 1, 0]);
    assert_ne!(pages[0]["result"]["list"], pages[1]["result"]["list"]);
    assert_eq!(client.public("/v5/announcements/index").await["retCode"], 10001);
    assert_eq!(of("&page=0").await["retCode"], 10001);
}

#[tokio::test]
async fn there_is_no_insurance_pool_and_the_endpoints_and_topics_say_so() {
    let (_venue, client) = manual().await;
    for path in ["insurance?coin=USDT", "adlAlert?symbol=BTCUSDT"] {
        let reply = client.public(&format!("/v5/market/{path}")).await;
        assert_eq!((&reply["retCode"], &reply["result"]["list"]), (&json!(0), &json!([])));
        assert!(reply["result"]["updatedTime"].is_string(), "{reply}");
    }
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["insurance.USDT", "adlAlert.USDC"]).await;
    for topic in ["insurance.USDT", "adlAlert.USDC"] {
        assert_eq!(public.next_of(topic).await["data"], json!([]));
    }
    public.send(&json!({"op": "subscribe", "args": ["insurance.BTC"]})).await;
    assert_eq!(public.next().await["success"], false);
}

#[tokio::test]
async fn a_liquidation_is_public() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["allLiquidation.BTCUSDT"]).await;
    let order =
        json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "10"});
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    let fall = json!({"symbol": "BTCUSDT", "bid": "50000", "ask": "50000.1", "last": "50000", "mark": "50000",
                      "index": "50000"});
    client.sim("price", &fall).await;
    let told = public.next_of("allLiquidation.BTCUSDT").await;
    let row = &told["data"][0];
    assert_eq!((&row["S"], &row["v"], &row["s"]), (&json!("Buy"), &json!("10.000"), &json!("BTCUSDT")));
    assert!(row["T"].is_i64(), "{row}");
    // Bought at 60 000.1 with 100 000 less the fee of 330.00: gone at 50 033.10, though it was sold at 50 000.
    assert_eq!(row["p"], "50033.10");
}

#[tokio::test]
async fn a_level_one_book_that_stands_still_is_sent_again_under_its_number() {
    let (_venue, client) = manual().await;
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["orderbook.1.BTCUSDT", "orderbook.50.BTCUSDT"]).await;
    let first = public.next_of("orderbook.1.BTCUSDT").await;
    public.next_of("orderbook.50.BTCUSDT").await;
    let waited = std::time::Instant::now();
    let again = public.next().await;
    assert!(waited.elapsed() > std::time::Duration::from_millis(2_500));
    assert_eq!((&again["topic"], &again["type"]), (&json!("orderbook.1.BTCUSDT"), &json!("snapshot")));
    assert_eq!(again["data"], first["data"]);
}

#[tokio::test]
async fn a_long_list_of_instruments_comes_in_pages_and_risk_limits_fifteen_symbols_at_a_time() {
    let shipped: VenueConfig = toml::from_str(include_str!("../../../../config/venue.toml")).unwrap();
    let (_venue, client) = manual_with(|config| config.instruments = shipped.instruments.clone()).await;
    for (path, page_size) in [("instruments-info", Some(10)), ("risk-limit", None)] {
        let mut seen: Vec<String> = Vec::new();
        let mut cursor = String::new();
        let mut pages = 0;
        loop {
            let limit = page_size.map_or(String::new(), |size| format!("&limit={size}"));
            let target = format!("/v5/market/{path}?category=linear{limit}&cursor={cursor}");
            let page = client.public(&target).await;
            for row in page["result"]["list"].as_array().unwrap() {
                seen.push(row["symbol"].as_str().unwrap().to_owned());
            }
            pages += 1;
            cursor = page["result"]["nextPageCursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        seen.dedup();
        assert_eq!(pages, shipped.instruments.len().div_ceil(page_size.unwrap_or(15)), "{path}");
        assert_eq!(seen, shipped.instruments, "{path}: none is missing, none comes twice");
    }
}

#[tokio::test]
async fn each_depth_of_a_book_shows_so_many_levels_and_the_price_limit_follows_the_mark() {
    let (_venue, client) = manual().await;
    let side = |from: i64, step: i64| -> Vec<Value> {
        (0..1_200).map(|n| json!([(from + n * step).to_string(), "1"])).collect()
    };
    client
        .sim("book", &json!({"symbol": "BTCUSDT", "bids": side(60_000, -1), "asks": side(60_001, 1)}))
        .await;
    for depth in [1, 50, 200, 1_000] {
        let mut public = client.socket("/v5/public/linear").await;
        let topic = format!("orderbook.{depth}.BTCUSDT");
        public.subscribe(&[&topic]).await;
        let snapshot = public.next_of(&topic).await;
        for levels in ["b", "a"] {
            assert_eq!(snapshot["data"][levels].as_array().map(Vec::len), Some(depth), "{topic} {levels}");
        }
        assert_eq!(snapshot["type"], "snapshot");
    }
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["priceLimit.BTCUSDT"]).await;
    let limits = public.next_of("priceLimit.BTCUSDT").await["data"].clone();
    assert_eq!((&limits["buyLmt"], &limits["sellLmt"]), (&json!("60600.00"), &json!("59400.00")));
    client.sim("price", &json!({"symbol": "BTCUSDT", "mark": "61000", "index": "61000"})).await;
    let moved = public.next_of("priceLimit.BTCUSDT").await["data"].clone();
    assert_eq!((&moved["buyLmt"], &moved["sellLmt"]), (&json!("61610.00"), &json!("60390.00")));
    let asked = client.public("/v5/market/price-limit?symbol=BTCUSDT").await;
    assert_eq!(asked["result"]["buyLmt"], moved["buyLmt"]);
}

#[tokio::test]
async fn candles_of_the_index_are_its_own_and_not_the_marks() {
    let (_venue, client) = manual().await;
    client.sim("price", &json!({"symbol": "BTCUSDT", "mark": "60010", "index": "59950"})).await;
    for (path, high, low, close) in [
        ("mark-price-kline", "60010.00", "60000.00", "60010.00"),
        ("index-price-kline", "60000.00", "59950.00", "59950.00"),
    ] {
        let target = format!("/v5/market/{path}?category=linear&symbol=BTCUSDT&interval=D");
        let row = client.public(&target).await["result"]["list"][0].clone();
        assert_eq!((&row[2], &row[3], &row[4]), (&json!(high), &json!(low), &json!(close)), "{path}");
        assert_eq!(row.as_array().map(Vec::len), Some(5));
    }
}

#[tokio::test]
async fn the_tick_direction_is_told_of_contracts_on_trades_and_tickers_and_not_of_spot() {
    let (_venue, client) = crate::products::all_products(|_| {}).await;
    for (category, symbol) in [("linear", "BTCUSDT"), ("spot", "BTCUSDT")] {
        let mut public = client.unsigned_socket(&format!("/v5/public/{category}")).await;
        let topic = format!("publicTrade.{symbol}");
        public.subscribe(&[&topic]).await;
        for (price, direction) in [("60001", "PlusTick"), ("60001", "ZeroPlusTick"), ("59999", "MinusTick")] {
            let trade =
                json!({"category": category, "symbol": symbol, "side": "Buy", "price": price, "qty": "0.5"});
            client.sim("trade", &trade).await;
            let told = public.next_of(&topic).await["data"][0].clone();
            let expected = (category == "linear").then(|| json!(direction));
            assert_eq!(told.get("L"), expected.as_ref(), "{category} {price}");
        }
    }
    let ticker = client.public("/v5/market/tickers?category=linear&symbol=BTCUSDT").await;
    assert!(ticker["result"]["list"][0].get("tickDirection").is_none(), "only the topic has it");
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["tickers.BTCUSDT"]).await;
    assert_eq!(public.next_of("tickers.BTCUSDT").await["data"]["tickDirection"], "MinusTick");
}

#[tokio::test]
async fn an_accounts_own_list_of_instruments_has_200_on_a_page_at_most() {
    let (_venue, client) = manual().await;
    for (asked, rows) in [("&limit=2", 2), ("&limit=1000", 3), ("", 3)] {
        let query = format!("category=linear{asked}");
        let reply = client.get("/v5/account/instruments-info", &query).await;
        assert_eq!(reply["result"]["list"].as_array().map(Vec::len), Some(rows), "{asked}");
    }
}
