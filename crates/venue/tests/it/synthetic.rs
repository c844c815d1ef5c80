//! The synthetic market: alive without data, the same walk for the same seed.

use serde_json::{Value, json};
use windvane_venue::{Embedded, MarketConfig, SyntheticConfig, VenueConfig};

use crate::client::Client;

fn start(seed: u64) -> (Embedded, Client) {
    let market = MarketConfig::Synthetic(SyntheticConfig { seed, history_bars: 12 });
    let venue = Embedded::start(VenueConfig::paper(market)).unwrap();
    let client = Client::new(&venue);
    (venue, client)
}

#[tokio::test]
async fn the_book_moves_on_the_wall_clock_and_takes_orders() {
    let (_venue, client) = start(1);
    let mut public = client.socket("/v5/public/linear").await;
    public.subscribe(&["orderbook.50.ETHUSDT"]).await;
    assert_eq!(public.next().await["type"], "snapshot");
    for _ in 0..3 {
        let delta = public.next().await;
        let ahead = crate::client::wall_ms() - delta["ts"].as_i64().unwrap();
        assert!((0..5_000).contains(&ahead), "market time is wall time: {ahead}");
    }
    let order = json!({"category": "linear", "symbol": "ETHUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    assert_eq!(client.post("/v5/order/create", &order).await["retCode"], 0);
    let fills = client.get("/v5/execution/list", "category=linear&symbol=ETHUSDT").await;
    assert_eq!(fills["result"]["list"][0]["execQty"], "0.10");
    assert_eq!(client.state().await["rate_limits"], "on");
}

#[tokio::test]
async fn the_same_seed_walks_the_same_way() {
    let mut closes: Vec<Value> = Vec::new();
    for seed in [7, 7, 8] {
        let (_venue, client) = start(seed);
        let target = "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=5&limit=200";
        let rows = client.public(target).await["result"]["list"].as_array().unwrap().clone();
        assert!(rows.len() >= 12);
        // The oldest bars are whole whatever second the venue was started in.
        closes.push(rows.iter().rev().take(10).map(|row| row[4].clone()).collect());
    }
    assert_eq!(closes[0], closes[1]);
    assert_ne!(closes[1], closes[2]);
}

/// Moves from close to close of a symbol's five-minute candles, oldest first, as shares of the price.
async fn moves(client: &Client, category: &str, symbol: &str) -> Vec<f64> {
    let target = format!("/v5/market/kline?category={category}&symbol={symbol}&interval=5&limit=1000");
    let rows = client.public(&target).await["result"]["list"].as_array().unwrap().clone();
    let close = |row: &Value| -> f64 { row[4].as_str().unwrap().parse().unwrap() };
    let closes: Vec<f64> = rows.iter().rev().map(close).collect();
    closes.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
}

/// Pearson's correlation of two series of moves, whose means are next to nothing.
fn correlation(first: &[f64], second: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    product(first, second) / (product(first, first) * product(second, second)).sqrt()
}

#[tokio::test]
async fn coins_move_together_products_of_a_coin_do_so_closely_and_some_moves_are_jumps() {
    let market = MarketConfig::Synthetic(SyntheticConfig { seed: 5, history_bars: 600 });
    let paper = VenueConfig::paper(market);
    let venue = Embedded::start(VenueConfig { spot: vec!["BTCUSDT".into()], ..paper }).unwrap();
    let client = Client::new(&venue);
    let contract = moves(&client, "linear", "BTCUSDT").await;
    assert!(contract.len() >= 599, "{}", contract.len());
    let other = moves(&client, "linear", "ETHUSDT").await;
    let spot = moves(&client, "spot", "BTCUSDT").await;
    let (coins, products) = (correlation(&contract, &other), correlation(&contract, &spot));
    assert!(coins > 0.6 && coins < 0.999, "BTC and ETH: {coins}");
    assert!(products > 0.99, "contract and pair: {products}");
    let mut sizes: Vec<f64> = contract.iter().map(|step| step.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let (median, largest) = (sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
    assert!(largest > 5.0 * median, "no jump among six hundred candles: {median} and {largest}");
}
