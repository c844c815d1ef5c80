//! The task that looks at the API key again every hour, and when a log-in was refused.

use super::lookout::Lookout;
use crate::{
    codes::{self, Channel, Effect},
    key::{KeyPolicy, hint},
    observation::Observation,
    rest::{RestClient, RestError},
};
use windvane_model::{HaltCause, Millis, RefusalFamily};

/// Refused log-ins come every half minute; each is reason enough, but not more often than this.
const AT_MOST_EVERY_MS: Millis = 60_000;

/// Halts the engine when the key must not be used any more; a person makes it right.
pub(super) async fn keep_key(mut lookout: Lookout, policy: KeyPolicy, every_ms: Millis) {
    let mut rounds = lookout.rounds(every_ms, AT_MOST_EVERY_MS);
    let mut has_halted = false;
    while lookout.next(&mut rounds, |bells| &bells.key).await {
        let Some(is_bad) = lookout.look(is_bad(&lookout.rest, policy)).await else { return };
        if !lookout.halt_once(HaltCause::Authentication, &mut has_halted, is_bad).await {
            return;
        }
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
