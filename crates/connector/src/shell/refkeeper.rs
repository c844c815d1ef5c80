//! The task that reads the contracts anew every hour, and when an order was refused for a figure.
//!
//! Grids, bounds and tiers change while an engine runs (the largest sizes twice a month), and delisting is announced
//! there. Source: Bybit V5, "Get Instruments Info".

use super::{bells::Bells, rounds::Rounds, scope::Scope, stream::Outlets};
use crate::{
    category::Category,
    rest::{RestClient, RestError},
};
use std::sync::Arc;
use tokio::sync::watch;
use windvane_model::{Event, Millis, Reference, Symbol};

/// An order that is refused again and again must not become a flood of questions.
const AT_MOST_EVERY_MS: Millis = 30_000;

/// Keeps the contracts fresh until the connector stops.
pub(super) async fn keep_reference(
    rest: RestClient,
    outlets: Outlets,
    scope: watch::Receiver<Scope>,
    bells: Arc<Bells>,
    every_ms: Millis,
    mut stop: watch::Receiver<bool>,
) {
    let clock = Arc::clone(rest.clock());
    let mut rounds = Rounds::new(clock.now(), every_ms, AT_MOST_EVERY_MS);
    while rounds.next(&clock, &bells.contracts, &mut stop).await {
        let symbols = scope.borrow().symbols.clone();
        let read = tokio::select! {
            biased;
            _ = stop.changed() => return,
            // Dropping it half way loses nothing: it only reads.
            read = read(&rest, &symbols) => read,
        };
        match read {
            Ok(reference) => {
                if outlets.account.send((rest.clock().now(), Event::Reference(reference))).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the contracts could not be read anew; the old figures stay")
            }
        }
    }
}

async fn read(rest: &RestClient, symbols: &[Symbol]) -> Result<Reference, RestError> {
    let instruments = rest.instruments(symbols).await?;
    let fees = rest.fee_rates(Category::Linear, symbols).await?;
    Ok(Reference { instruments, fees })
}
