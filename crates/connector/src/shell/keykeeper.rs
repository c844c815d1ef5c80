//! The task that looks at the API key again every hour, and when a log-in was refused.

use super::{bells::Bells, rounds::Rounds, stream::Outlets};
use crate::{
    codes::{self, Channel, Effect},
    key::{KeyPolicy, hint},
    observation::Observation,
    rest::{RestClient, RestError},
};
use std::sync::Arc;
use tokio::sync::watch;
use windvane_model::{Control, Event, HaltCause, Millis, RefusalFamily};

/// Refused log-ins come every half minute; each is reason enough, but not more often than this.
const AT_MOST_EVERY_MS: Millis = 60_000;

/// Halts the engine when the key must not be used any more; a person makes it right.
pub(super) async fn keep_key(
    rest: RestClient,
    outlets: Outlets,
    policy: KeyPolicy,
    bells: Arc<Bells>,
    every_ms: Millis,
    mut stop: watch::Receiver<bool>,
) {
    let clock = Arc::clone(rest.clock());
    let mut rounds = Rounds::new(clock.now(), every_ms, AT_MOST_EVERY_MS);
    let mut has_halted = false;
    while rounds.next(&clock, &bells.key, &mut stop).await {
        let is_bad = tokio::select! {
            biased;
            _ = stop.changed() => return,
            is_bad = is_bad(&rest, policy) => is_bad,
        };
        // Once is enough: it stays latched, and a person who resumes has seen to it, or hears of it in an hour.
        if is_bad && !std::mem::replace(&mut has_halted, is_bad) {
            let halt = Event::Control(Control::Halt(HaltCause::Authentication));
            if outlets.account.send((rest.clock().now(), halt)).await.is_err() {
                return;
            }
        }
        has_halted &= is_bad;
    }
}

/// Whether the key must not be used any more. What could not be read is no proof.
async fn is_bad(rest: &RestClient, policy: KeyPolicy) -> bool {
    match rest.api_key_info().await {
        Ok(key) => {
            rest.observer().observe(Observation::KeyRead { expires_in_days: key.expires_in_days });
            for warning in key.warnings(policy) {
                tracing::warn!(%warning, "api key");
            }
            let faults = key.faults(policy);
            for fault in &faults {
                tracing::error!(%fault, "the api key must not be used any more; nothing opens");
            }
            !faults.is_empty()
        }
        Err(RestError::Refused { code, message, .. }) => {
            let meaning = codes::meaning(Channel::Rest, code, &message);
            tracing::error!(code, %message, hint = hint(code), "the venue refuses the api key");
            meaning.effect == Effect::Nothing && meaning.family == RefusalFamily::Authentication
        }
        Err(error) => {
            tracing::warn!(%error, "the api key's rights could not be read");
            false
        }
    }
}
