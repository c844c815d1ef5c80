//! The task that fetches the candles that closed while the public link was down.
//!
//! They come marked as history, so that indicators go on without a hole and no rule fires on a bar that is over.

use super::{lookout::Lookout, stream::Outlets};
use crate::rest::{History, RestClient};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use windvane_model::{Interval, MarketEvent, Symbol, WallTime};

/// Most candles that one request brings.
const CANDLES_MAX: i64 = 999;
/// Candles asked for beyond those that the outage can hold: the one that closed just before it, and one while the
/// stream was coming up.
const MARGIN: i64 = 3;
/// Tries for one series. What is not there by then would come too late: the next bar has closed.
const TRIES: usize = 5;
const TRY_EVERY: Duration = Duration::from_secs(3);

/// Fetches what was missed each time the public link comes up, until the connector stops.
pub(super) async fn fill_gaps(lookout: Lookout) {
    let Lookout { rest, outlets, mut scope, bells, mut stop } = lookout;
    let mut whole_until = rest.clock().now();
    let mut known = scope.borrow_and_update().series.len();
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            () = bells.history.notified() => {}
            changed = scope.changed() => {
                if changed.is_err() {
                    return;
                }
                // Of a series that is new, what closed while its topic was being subscribed to.
                let since = rest.clock().now();
                tokio::select! {
                    biased;
                    _ = stop.changed() => return,
                    () = sleep(TRY_EVERY) => {}
                }
                let new = scope.borrow_and_update().series[known..].to_vec();
                known += new.len();
                tokio::select! {
                    biased;
                    _ = stop.changed() => return,
                    () = fill(&rest, &outlets, &new, since) => {}
                }
                continue;
            }
        }
        let up_at = rest.clock().now();
        let series = scope.borrow().series.clone();
        tokio::select! {
            biased;
            _ = stop.changed() => return,
            // Dropping it half way loses candles of an engine that stops.
            () = fill(&rest, &outlets, &series, whole_until) => {}
        }
        whole_until = up_at;
    }
}

async fn fill(rest: &RestClient, outlets: &Outlets, series: &[(Symbol, Interval)], since: WallTime) {
    let mut missing = series.to_vec();
    for attempt in 1..=TRIES {
        let mut still = Vec::new();
        for (symbol, interval) in missing {
            let limit = candles_between(since, rest.clock().now(), interval);
            match rest.history(symbol, interval, limit).await {
                Ok(History { candles, is_late }) => {
                    // What is told again is known and counts once.
                    for candle in candles {
                        let event = (rest.clock().now(), MarketEvent::Candle(candle));
                        // The receiver is gone only with the engine.
                        let _ = timeout(TRY_EVERY, outlets.market.send(event)).await;
                    }
                    if !is_late {
                        continue;
                    }
                    tracing::info!(%symbol, %interval, attempt, "the venue's history lags behind");
                }
                Err(error) => tracing::warn!(%symbol, attempt, %error, "missed candles could not be read"),
            }
            still.push((symbol, interval));
        }
        missing = still;
        if missing.is_empty() {
            return;
        }
        sleep(TRY_EVERY).await;
    }
}

/// How many candles to ask for after an outage.
fn candles_between(since: WallTime, now: WallTime, interval: Interval) -> usize {
    let closed = now.millis_since(since).max(0) / interval.millis();
    usize::try_from((closed + MARGIN).min(CANDLES_MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_candles_are_asked_for_and_never_more_than_one_page() {
        let at = |ms: i64| WallTime(ms * 1_000_000);
        for (outage_ms, candles) in [(0, 3), (299_999, 3), (3_600_000, 15), (30 * 86_400_000, 999)] {
            assert_eq!(candles_between(at(7), at(7 + outage_ms), Interval::M5), candles, "{outage_ms}");
        }
    }
}
