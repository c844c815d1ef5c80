//! The task that reads the contracts anew every hour, and when an order was refused for a figure.
//!
//! Grids, bounds and tiers change while an engine runs (the largest sizes twice a month), and delisting is announced
//! there. Source: Bybit V5, "Get Instruments Info".

use super::lookout::Lookout;
use crate::{
    category::Category,
    rest::{RestClient, RestError},
};
use windvane_model::{Event, Millis, Reference, Symbol};

/// An order that is refused again and again must not become a flood of questions.
const AT_MOST_EVERY_MS: Millis = 30_000;

/// Keeps the contracts fresh until the connector stops.
pub(super) async fn keep_reference(mut lookout: Lookout, every_ms: Millis) {
    let mut rounds = lookout.rounds(every_ms, AT_MOST_EVERY_MS);
    while lookout.next(&mut rounds, |bells| &bells.contracts).await {
        let symbols = lookout.symbols();
        let Some(read) = lookout.look(read(&lookout.rest, &symbols)).await else { return };
        match read {
            Ok(reference) => {
                if !lookout.tell(Event::Reference(reference)).await {
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
