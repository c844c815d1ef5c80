//! The venue's prints as market events.

use crate::report::{side, symbol};
use windvane_model::{MarketEvent, MarketTime, Price, Qty, Trade, TradePrints};
use windvane_venue_core as venue;

/// A trade of the public tape.
#[must_use]
pub fn print(trade: &venue::PublicTrade) -> MarketEvent {
    let at = MarketTime(trade.time_ms);
    MarketEvent::Trades(TradePrints {
        symbol: symbol(&trade.symbol),
        at,
        trades: vec![Trade {
            at,
            taker: side(trade.side),
            price: Price::new(trade.price).expect("trades have a price"),
            qty: Qty::new(trade.qty).expect("trades have a quantity"),
        }],
    })
}
