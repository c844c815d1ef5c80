//! Markets that come from elsewhere: a second venue, recorded frames.

use serde_json::{Value, json};
use windvane_venue::{Embedded, MarketConfig, RecordingConfig, RelayConfig, VenueConfig};

use crate::client::{Client, Socket};
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

#[tokio::test]
async fn a_relay_follows_another_venue_and_fills_orders_itself() {
    let (origin, far) = manual().await;
    let url = format!("{}/v5/public/linear", origin.ws_url);
    let near = Embedded::start(listing_btc(MarketConfig::Relay(RelayConfig { url }))).unwrap();
    let client = Client::new(&near);
    let mut book = client.socket("/v5/public/linear").await;
    book.subscribe(&["orderbook.1.BTCUSDT"]).await;
    until_bid(&mut book, "60000.00").await;
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
    let recording = RecordingConfig { files: vec![file], speed: 10 };
    let venue = Embedded::start(listing_btc(MarketConfig::Recording(recording))).unwrap();
    let client = Client::new(&venue);
    venue.run_market().await;
    venue.finished().wait_for(|finished| *finished).await.unwrap();
    assert_eq!(best_bid(&client).await, "59990.00");
    assert_eq!(client.state().await["market_ms"], 1_700_000_000_200_i64);
    assert_eq!(client.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 0);
}
