//! The task that reads the contracts' position mode anew every hour, and when an order was refused for it.
//!
//! A person can switch it while a contract is flat, and then every order meets the wrong side of it or none. Source: Bybit
//! V5, "Switch Position Mode".

use super::{bells::Bells, rounds::Rounds, scope::Scope, stream::Outlets};
use crate::rest::{PositionMode, RestClient, market::Category};
use std::sync::Arc;
use tokio::sync::watch;
use windvane_model::{Control, Event, HaltCause, Millis, Symbol};

/// An order that is refused again and again must not become a flood of questions.
const AT_MOST_EVERY_MS: Millis = 30_000;

/// Halts the engine when a contract is in another mode than `mode`; a person makes it right.
pub(super) async fn keep_mode(
    rest: RestClient,
    outlets: Outlets,
    mode: PositionMode,
    scope: watch::Receiver<Scope>,
    bells: Arc<Bells>,
    every_ms: Millis,
    mut stop: watch::Receiver<bool>,
) {
    let clock = Arc::clone(rest.clock());
    let mut rounds = Rounds::new(clock.now(), every_ms, AT_MOST_EVERY_MS);
    let mut has_halted = false;
    while rounds.next(&clock, &bells.mode, &mut stop).await {
        let symbols = scope.borrow().symbols.clone();
        let changed = tokio::select! {
            biased;
            _ = stop.changed() => return,
            changed = first_changed(&rest, &symbols, mode) => changed,
        };
        // Once is enough: it stays latched. Whoever resumes without setting it back hears of it again when it is right.
        if changed.is_some() && !has_halted {
            let halt = Event::Control(Control::Halt(HaltCause::PositionMode));
            if outlets.account.send((rest.clock().now(), halt)).await.is_err() {
                return;
            }
        }
        has_halted = changed.is_some();
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
