//! What is read over REST: the account, one order, candles, what is listed; always to the last page.

use super::{
    peer::{Behaviour, Peer},
    rig::{client, eth, submit},
};
use windvane_connector::Category;
use windvane_model::{AccountEvent, Interval, MarketTime, Query, QueryAnswer};

fn account_http(target: &str) -> (u16, String) {
    let list = |rows: &str, cursor: &str| {
        format!(
            r#"{{"retCode":0,"retMsg":"OK","result":{{"list":[{rows}],"nextPageCursor":"{cursor}"}},"time":5}}"#
        )
    };
    let execution = |id: &str, time: i64| {
        format!(
            r#"{{"symbol":"ETHUSDT","execId":"{id}","orderId":"o","orderLinkId":"w01-1","execType":"Trade","side":"Buy","execPrice":"3400","execQty":"0.1","execFee":"0.1","execTime":"{time}","seq":1}}"#
        )
    };
    let order = r#"{"symbol":"ETHUSDT","orderId":"o","orderLinkId":"w01-1","side":"Buy","qty":"0.1","orderStatus":"New","price":"3400","updatedTime":"7"}"#;
    let body = match target {
        "GET /v5/execution/list?category=linear&limit=100&startTime=1000" => {
            list(&execution("e-3", 30), "next%3A2%26")
        }
        "GET /v5/execution/list?category=linear&limit=100&startTime=1000&cursor=next%3A2%26" => {
            list(&format!("{},{}", execution("e-2", 20), execution("e-1", 20)), "")
        }
        "GET /v5/order/realtime?category=linear&limit=50&openOnly=0&settleCoin=USDT" => list(order, ""),
        "GET /v5/position/list?category=linear&symbol=ETHUSDT" => {
            list(r#"{"symbol":"ETHUSDT","positionIdx":0,"side":"","size":"0","avgPrice":"0","leverage":"10"}"#, "")
        }
        "GET /v5/account/wallet-balance?accountType=UNIFIED" => {
            list(r#"{"totalAvailableBalance":"100","coin":[{"coin":"USDT","walletBalance":"100"}]}"#, "")
        }
        "GET /v5/market/time?" | "GET /v5/market/time" => {
            r#"{"retCode":0,"result":{"timeSecond":"1700000000","timeNano":"1700000000123456789"},"time":1700000000123}"#.to_owned()
        }
        "GET /v5/market/orderbook?category=linear&limit=1&symbol=ETHUSDT" => {
            r#"{"retCode":0,"result":{"s":"ETHUSDT","b":[],"a":[],"ts":650000,"u":1}}"#.to_owned()
        }
        "GET /v5/market/kline?category=linear&interval=5&limit=3&symbol=ETHUSDT" => list(
            r#"["600000","3","3","3","3","1","3"],["300000","2","2","2","2","1","2"],["0000001","1","1","1","1","1","1"]"#,
            "",
        ),
        _ if target.starts_with("GET /v5/order/realtime?category=linear&orderLinkId=") => list("", ""),
        _ if target.starts_with("GET /v5/order/history?category=linear&orderLinkId=w01-1&symbol=") => list(order, ""),
        _ if target.starts_with("GET /v5/execution/list?category=linear&orderLinkId=") => {
            list(&execution("e-1", 20), "")
        }
        _ => return (404, target.to_owned()),
    };
    (200, body)
}

#[tokio::test]
async fn b15_the_account_is_read_over_all_pages_oldest_execution_first() {
    let peer = Peer::start(Behaviour::answering(account_http)).await;
    let (rest, _, _observations) = client(&peer).await;
    let query = Query::Account { executions_since: MarketTime(1_000) };
    let AccountEvent::Answer(QueryAnswer::Account(snapshot)) = rest.answer(query, &[eth()]).await else {
        panic!()
    };
    let ids: Vec<_> = snapshot.executions.iter().map(|e| e.execution_id.to_string()).collect();
    assert_eq!(ids, ["e-1", "e-2", "e-3"]);
    assert_eq!((snapshot.open_orders.len(), snapshot.positions.len()), (1, 1), "the flat position is there");
    // A fill between the reading of the wallet and that of the executions is not in the wallet, so no stamp of theirs says how
    // new it is.
    assert_eq!(snapshot.wallet.at, MarketTime(650_000), "the market's clock before the wallet was asked for");
}

#[tokio::test]
async fn b01_b15_after_a_long_absence_executions_are_read_week_by_week() {
    const DAY_MS: i64 = 86_400_000;
    let http = |target: &str| match target {
        _ if target.contains("/market/orderbook") => {
            (200, format!(r#"{{"retCode":0,"result":{{"ts":{}}}}}"#, 1_000 * DAY_MS))
        }
        _ if target.contains("/account/wallet-balance") => {
            (200, r#"{"retCode":0,"result":{"list":[{"coin":[]}]}}"#.to_owned())
        }
        _ => (200, r#"{"retCode":0,"result":{"list":[]}}"#.to_owned()),
    };
    let mut peer = Peer::start(Behaviour::answering(http)).await;
    let (rest, _, _observations) = client(&peer).await;
    let query = Query::Account { executions_since: MarketTime(984 * DAY_MS) };
    assert!(matches!(rest.answer(query, &[eth()]).await, AccountEvent::Answer(_)));
    let heads = peer.http_heads();
    let windows: Vec<_> = heads
        .iter()
        .filter_map(|head| head.split(' ').nth(1)?.strip_prefix("/v5/execution/list?category=linear&"))
        .collect();
    let (first, second, third) = (984 * DAY_MS, 991 * DAY_MS, 998 * DAY_MS);
    assert_eq!(
        windows,
        [
            format!("endTime={}&limit=100&startTime={first}", second - 1),
            format!("endTime={}&limit=100&startTime={second}", third - 1),
            format!("limit=100&startTime={third}"),
        ]
    );
}

#[tokio::test]
async fn a02_one_order_is_looked_for_in_open_orders_then_history_with_its_executions() {
    let peer = Peer::start(Behaviour::answering(account_http)).await;
    let (rest, _, _observations) = client(&peer).await;
    let query = Query::Order { symbol: eth(), client_order_id: submit(1).client_order_id };
    let AccountEvent::Answer(QueryAnswer::Order(lookup)) = rest.answer(query, &[]).await else { panic!() };
    assert!(lookup.order.is_some() && lookup.executions.len() == 1, "{lookup:?}");

    let unknown = Query::Order { symbol: eth(), client_order_id: submit(9).client_order_id };
    assert!(
        matches!(rest.answer(unknown, &[]).await, AccountEvent::QueryFailed(failed) if failed.query == unknown),
        "a part that cannot be read fails the whole: absence must be proven"
    );
}

#[tokio::test]
async fn history_ends_with_the_last_closed_candle_on_the_markets_clock() {
    let peer = Peer::start(Behaviour::answering(account_http)).await;
    let (rest, _, _observations) = client(&peer).await;
    let candles = rest.candles(eth(), Interval::M5, 2).await.unwrap();
    let starts: Vec<_> = candles.iter().map(|candle| candle.start.0).collect();
    assert_eq!(starts, [1, 300_000], "the candle that opened at 600 s is still open at 650 s");
    assert!(candles.iter().all(|candle| candle.is_confirmed && candle.is_warm_up));
    let time = rest.server_time().await.unwrap();
    assert_eq!(time.server_ns, 1_700_000_000_123_456_789);
    assert!(rest.clock().offset().is_some());
}

#[tokio::test]
async fn a_past_longer_than_one_answer_is_read_page_by_page() {
    // A venue with a candle for each of 10,000 minutes, which answers with at most 1,000 rows, newest first.
    let http = |target: &str| {
        let of = |name: &str| {
            let value = target.split(['?', '&']).find_map(|part| part.strip_prefix(name));
            value.map(|value| value.parse::<i64>().unwrap())
        };
        if target.starts_with("GET /v5/market/orderbook?") {
            return (
                200,
                r#"{"retCode":0,"result":{"s":"ETHUSDT","b":[],"a":[],"ts":600060000,"u":1}}"#.to_owned(),
            );
        }
        let newest = of("end=").unwrap_or(600_060_000) / 60_000;
        let rows = of("limit=").unwrap().min(1_000);
        let rows: Vec<String> = (0..rows)
            .map_while(|back| Some(newest - back).filter(|minute| *minute > 0))
            .map(|minute| format!(r#"["{}","1","1","1","1","1","1"]"#, minute * 60_000))
            .collect();
        (200, format!(r#"{{"retCode":0,"result":{{"list":[{}]}}}}"#, rows.join(",")))
    };
    let peer = Peer::start(Behaviour::answering(http)).await;
    let (rest, _, _observations) = client(&peer).await;
    for (wanted, expected) in [(1, 1), (999, 999), (1_000, 1_000), (2_500, 2_500), (20_000, 10_000)] {
        let candles = rest.candles(eth(), Interval::M1, wanted).await.unwrap();
        let starts: Vec<_> = candles.iter().map(|candle| candle.start.0 / 60_000).collect();
        // The minute that began at 600,060 s is still open.
        let whole: Vec<i64> = (10_001 - expected..10_001).collect();
        assert_eq!(starts, whole, "{wanted}");
    }
}

#[tokio::test]
async fn e05_what_is_listed_is_read_to_its_last_page() {
    let http = |target: &str| {
        let page = |symbol: &str, cursor: &str| {
            let text = include_str!("../payloads/rest/instruments.json").replace("BTCUSDT", symbol);
            (200, text.replace(r#""nextPageCursor":"""#, &format!(r#""nextPageCursor":"{cursor}""#)))
        };
        match target {
            "GET /v5/market/instruments-info?category=linear&limit=1000" => page("AUSDT", "second"),
            "GET /v5/market/instruments-info?category=linear&limit=1000&cursor=second" => page("BUSDT", ""),
            _ => (404, String::new()),
        }
    };
    let peer = Peer::start(Behaviour::answering(http)).await;
    let (rest, _, _observations) = client(&peer).await;
    let listings = rest.listings(Category::Linear, None).await.unwrap();
    let symbols: Vec<_> = listings.iter().map(|listing| listing.symbol.to_string()).collect();
    assert_eq!(symbols, ["AUSDT", "BUSDT"]);
}
