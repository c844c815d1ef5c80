//! The venue over real sockets on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod acceptance;
mod accounts;
mod client;
mod counts;
mod disconnection;
mod doubts;
mod events;
mod faults;
mod hedge;
mod hostile;
mod inverse;
mod keys;
mod limits;
mod market_data;
mod order_kinds;
mod orders;
mod position_stops;
mod products;
mod records;
mod relay;
mod replay;
mod session;
mod session_settlement;
mod shape;
mod shared;
mod synthetic;

use serde_json::json;
use windvane_venue::{Embedded, ManualConfig, MarketConfig, VenueConfig};

use client::Client;

/// A venue whose market stands at 60,000 for BTCUSDT.
async fn manual() -> (Embedded, Client) {
    manual_with(|_| {}).await
}

async fn manual_with(change: impl FnOnce(&mut VenueConfig)) -> (Embedded, Client) {
    let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
    change(&mut config);
    let venue = Embedded::start(config).unwrap();
    let client = Client::new(&venue);
    let price = json!({"symbol": "BTCUSDT", "bid": "60000", "ask": "60000.1", "last": "60000", "mark": "60000",
                       "index": "60000"});
    client.sim("price", &price).await;
    (venue, client)
}

fn buy(qty: &str, price: &str) -> serde_json::Value {
    json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": qty,
           "price": price})
}
