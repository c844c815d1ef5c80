//! The candles of the past as a strategy reads them before it goes live.

use std::cmp::Reverse;

use windvane_market::Market;
use windvane_model::{Candle, Symbol};

use crate::context::Subscription;

/// What `market` knows of the candles that `wanted` names, for a strategy on the contract `own`: each marked as history,
/// in the order in which they closed, of those that closed together the longer first.
#[must_use]
pub fn known_history(wanted: &Subscription, own: Symbol, market: &Market) -> Vec<Candle> {
    let mut candles = Vec::new();
    for feed in &wanted.candles {
        let symbol = feed.symbol.unwrap_or(own);
        let series = market.contract(symbol).and_then(|contract| contract.candles(feed.interval));
        let Some(series) = series else { continue };
        candles.extend(series.confirmed().map(|candle| Candle { is_warm_up: true, ..*candle }));
    }
    let closed = |candle: &Candle| candle.start.after(candle.interval.millis());
    candles.sort_by_key(|candle| (closed(candle), Reverse(candle.interval), candle.symbol));
    candles
}
