//! The task that reads the contracts' position mode anew every hour, and when an order was refused for it.
//!
//! A person can switch it while a contract is flat, and then every order meets the wrong side of it or none. Source: Bybit
//! V5, "Switch Position Mode".

use super::lookout::Lookout;
use crate::rest::{PositionMode, RestClient, market::Category};
use windvane_model::{HaltCause, Millis, Symbol};

/// An order that is refused again and again must not become a flood of questions.
const AT_MOST_EVERY_MS: Millis = 30_000;

/// Halts the engine when a contract is in another mode than `mode`; a person makes it right.
pub(super) async fn keep_mode(mut lookout: Lookout, mode: PositionMode, every_ms: Millis) {
    let mut rounds = lookout.rounds(every_ms, AT_MOST_EVERY_MS);
    let mut has_halted = false;
    while lookout.next(&mut rounds, |bells| &bells.mode).await {
        let symbols = lookout.symbols();
        let Some(changed) = lookout.look(first_changed(&lookout.rest, &symbols, mode)).await else { return };
        if !lookout.halt_once(HaltCause::PositionMode, &mut has_halted, changed.is_some()).await {
            return;
        }
    }
}

/// The first contract in another mode. What could not be read is no proof.
async fn first_changed(rest: &RestClient, symbols: &[Symbol], mode: PositionMode) -> Option<Symbol> {
    for symbol in symbols {
        match rest.position_mode(Category::Linear, *symbol).await {
            Ok(now) if now == mode => {}
            Ok(now) => {
                tracing::error!(
                    %symbol, mode = now.as_str(), wanted = mode.as_str(),
                    "the position mode was switched at the exchange; nothing opens until a person has set it back"
                );
                return Some(*symbol);
            }
            Err(error) => tracing::warn!(%symbol, %error, "the position mode could not be read anew"),
        }
    }
    None
}
