//! Markets that come from elsewhere: a second venue, recorded frames.

use serde_json::{Value, json};
use windvane_venue::{
    Embedded, MarketConfig, RecordingConfig, RelayConfig, Stream, TradesConfig, VenueConfig,
};

use crate::client::{Client, Socket};
use crate::products::all_products;
use crate::{buy, manual};

fn listing_btc(market: MarketConfig) -> VenueConfig {
    VenueConfig { instruments: vec!["BTCUSDT".into()], ..VenueConfig::paper(market) }
}

async fn best_bid(client: &Client) -> Value {
    client.public("/v5/market/orderbook?category=linear&symbol=BTCUSDT").await["result"]["b"][0][0].clone()
}

/// Waits for a frame whose best bid this is.
async fn until_bid(socket: &mut Socket, bid: &str) {
    while socket.next().await["data"]["b"][0][0] != bid {}
}

/// A venue whose market is that of another, with a client and its book of one price a side.
async fn relayed(origin: &Embedded) -> (Embedded, Client, Socket) {
    let url = format!("{}/v5/public/linear", origin.ws_url);
    let near = Embedded::start(listing_btc(MarketConfig::Relay(RelayConfig { url, stream: Stream::Linear })))
        .unwrap();
    let client = Client::new(&near);
    let mut book = client.socket("/v5/public/linear").await;
    book.subscribe(&["orderbook.1.BTCUSDT"]).await;
    until_bid(&mut book, "60000.00").await;
    (near, client, book)
}

#[tokio::test]
async fn a_relay_follows_another_venue_and_fills_orders_itself() {
    let (origin, far) = manual().await;
    let (_near, client, mut book) = relayed(&origin).await;
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"});
    assert_eq!(client.post("/v5/order/create", &market).await["retCode"], 0);
    assert_eq!(client.state().await["accounts"][0]["fills"][0]["execPrice"], "60000.10");
    assert_eq!(
        far.state().await["accounts"][0]["fills"],
        json!([]),
        "nothing is sent to where the market comes from"
    );

    // The stream is cut; when it is back, so is the market.
    far.sim("fault", &json!({"kind": "disconnect"})).await;
    far.sim("price", &json!({"symbol": "BTCUSDT", "bid": "60500", "ask": "60500.1", "mark": "60500"})).await;
    until_bid(&mut book, "60500.00").await;
}

#[tokio::test]
async fn a_relayed_book_with_a_lost_frame_is_asked_for_anew() {
    let (origin, far) = manual().await;
    let (_near, client, mut book) = relayed(&origin).await;
    let lost = json!({"kind": "drop_public", "match": {"topic": "orderbook.50.BTCUSDT"}, "count": 1});
    far.sim("fault", &lost).await;
    // The frame that takes the bid away is lost, and the next one does not name it.
    for bids in [json!([["59980", "1"]]), json!([["59980", "1"], ["59970", "1"]])] {
        let asks = json!([["60000.1", "1"]]);
        far.sim("book", &json!({"symbol": "BTCUSDT", "bids": bids, "asks": asks})).await;
    }
    until_bid(&mut book, "59980.00").await;
    let target = "/v5/market/orderbook?category=linear&symbol=BTCUSDT";
    let (here, there) = (client.public(target).await, far.public(target).await);
    for side in ["b", "a"] {
        assert_eq!(here["result"][side], there["result"][side]);
    }
}

#[tokio::test]
async fn recorded_frames_are_replayed_at_their_own_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frames.jsonl");
    let frames = [
        json!({"topic": "tickers.BTCUSDT", "type": "snapshot", "ts": 1_700_000_000_000_i64,
               "data": {"symbol": "BTCUSDT", "markPrice": "60000", "indexPrice": "60000", "lastPrice": "60000"}}),
        json!({"topic": "orderbook.50.BTCUSDT", "type": "snapshot", "ts": 1_700_000_000_100_i64,
               "data": {"s": "BTCUSDT", "b": [["59999.9", "1"]], "a": [["60000", "1"]], "u": 2, "seq": 1}}),
        json!({"topic": "orderbook.50.BTCUSDT", "type": "delta", "ts": 1_700_000_000_200_i64,
               "data": {"s": "BTCUSDT", "b": [["59999.9", "0"], ["59990", "2"]], "a": [], "u": 3, "seq": 2}}),
    ];
    std::fs::write(&file, frames.map(|frame| frame.to_string()).join("\n")).unwrap();
    let recording = RecordingConfig { files: vec![file], stream: Stream::Linear, speed: 10 };
    let venue = Embedded::start(listing_btc(MarketConfig::Recording(recording))).unwrap();
    let client = Client::new(&venue);
    venue.run_market().await;
    venue.finished().wait_for(|finished| *finished).await.unwrap();
    assert_eq!(best_bid(&client).await, "59990.00");
    assert_eq!(client.state().await["market_ms"], 1_700_000_000_200_i64);
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
}

#[tokio::test]
async fn a_stream_of_pairs_can_be_relayed_as_well() {
    let (origin, _far) = all_products(|_| {}).await;
    let url = format!("{}/v5/public/spot", origin.ws_url);
    let relay = MarketConfig::Relay(RelayConfig { url, stream: Stream::Spot });
    let near = Embedded::start(VenueConfig { spot: vec!["BTCUSDT".into()], ..listing_btc(relay) }).unwrap();
    let client = Client::new(&near);
    let mut book = client.unsigned_socket("/v5/public/spot").await;
    book.subscribe(&["orderbook.1.BTCUSDT"]).await;
    until_bid(&mut book, "60000.00").await;
    let order =
        json!({"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "600"});
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    assert_eq!(client.state().await["accounts"][0]["fills"][0]["execPrice"], "60000.10");
}

#[tokio::test]
async fn archived_trades_are_replayed_and_can_be_traded_on() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n\
                1723161256.3220,BTCUSDT,Buy,0.006,61800.30,PlusTick,a,1,0.006,370\n\
                1723161257.3440,BTCUSDT,Sell,0.199,61800.20,MinusTick,b,1,0.199,1\n\
                1723161258.0000,BTCUSDT,Sell,0.500,61700.00,MinusTick,c,1,0.5,1\n";
    std::fs::write(folder.path().join("btcusdt.csv"), rows).unwrap();
    let trades = MarketConfig::Trades(TradesConfig { dir: folder.path().to_owned(), speed: 1 });
    let venue = Embedded::start(listing_btc(trades)).unwrap();
    let client = Client::new(&venue);
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["publicTrade.BTCUSDT"]).await;
    venue.run_market().await;
    let first = public.next_of("publicTrade.BTCUSDT").await;
    let row = &first["data"][0];
    assert_eq!((&row["p"], &row["v"], &row["S"]), (&json!("61800.30"), &json!("0.006"), &json!("Buy")));
    assert_eq!(row["T"], 1_723_161_256_322_i64);
    // An order that the last print goes through is filled by it, as maker at its own price.
    assert_eq!(client.post("/v5/order/create", &buy("0.010", "61750")).await["retCode"], 0);
    venue.finished().wait_for(|finished| *finished).await.unwrap();
    let fill = client.state().await["accounts"][0]["fills"][0].clone();
    assert_eq!((&fill["execPrice"], &fill["isMaker"]), (&json!("61750.00"), &json!(true)), "{fill}");
}
