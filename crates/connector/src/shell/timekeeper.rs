//! The task that keeps the venue's clock measured, and says when stamps can no longer be relied on.

use super::stream::Outlets;
use crate::{clock::ClockHealth, rest::RestClient};
use std::time::Duration;
use tokio::{sync::watch, time::sleep};
use windvane_model::{Control, Event, HaltCause, Millis, WallTime};

/// Between two looks at our own clocks; a suspend is noticed within this.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two measurements when nothing else tells the venue's clock; drift adds 3 ms meanwhile.
const MEASURE_EVERY_MS: Millis = 60_000;
/// Between two measurements while there is doubt.
const MEASURE_SOON_MS: Millis = 1_000;

/// Keeps the offset fresh until the connector stops.
pub(super) async fn keep_time(rest: RestClient, outlets: Outlets, mut stop: watch::Receiver<bool>) {
    let clock = rest.clock().clone();
    let mut measured_at = clock.now();
    let mut is_sound = true;
    loop {
        let is_wanted = tokio::select! {
            biased;
            _ = stop.changed() => return,
            () = clock.wanted() => true,
            () = sleep(LOOK_EVERY) => false,
        };
        if clock.has_jumped() {
            tracing::warn!(
                "the system's clock was set, or the machine was suspended; measuring the offset anew"
            );
            clock.distrust();
        }
        let in_doubt = is_wanted || clock.health() != ClockHealth::Sound;
        if is_due(clock.now(), measured_at, in_doubt) {
            tokio::select! {
                biased;
                _ = stop.changed() => return,
                // Dropping it half way loses a measurement and nothing else.
                time = rest.server_time() => if let Err(error) = time {
                    tracing::warn!(%error, "the venue's clock could not be read");
                },
            }
            measured_at = clock.now();
        }
        if let Some(control) = verdict(clock.health(), &mut is_sound)
            && outlets.account.send((clock.now(), Event::Control(control))).await.is_err()
        {
            return;
        }
    }
}

fn is_due(now: WallTime, measured_at: WallTime, in_doubt: bool) -> bool {
    let every = if in_doubt { MEASURE_SOON_MS } else { MEASURE_EVERY_MS };
    now.millis_since(measured_at) >= every
}

/// What the engine is told when the clock's health turns.
fn verdict(health: ClockHealth, is_sound: &mut bool) -> Option<Control> {
    let was_sound = std::mem::replace(is_sound, health == ClockHealth::Sound);
    match (was_sound, *is_sound) {
        (true, false) => {
            tracing::error!(?health, "request stamps cannot be relied on; nothing opens");
            Some(Control::Halt(HaltCause::Clock))
        }
        (false, true) => {
            tracing::info!("the venue's clock is known again");
            Some(Control::Lift(HaltCause::Clock))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d01_the_engine_is_halted_once_and_released_once() {
        let mut is_sound = true;
        let turns = [ClockHealth::Sound, ClockHealth::Jumped, ClockHealth::Unsure { uncertainty_ns: 1 }];
        let told: Vec<_> = turns.map(|health| verdict(health, &mut is_sound)).into_iter().flatten().collect();
        assert_eq!(told, [Control::Halt(HaltCause::Clock)]);
        assert_eq!(verdict(ClockHealth::Sound, &mut is_sound), Some(Control::Lift(HaltCause::Clock)));
        assert_eq!(verdict(ClockHealth::Sound, &mut is_sound), None);
    }

    #[test]
    fn doubt_is_measured_away_soon_and_never_hammered() {
        let at = |ms: i64| WallTime(ms * 1_000_000);
        assert!(!is_due(at(59_999), at(0), false) && is_due(at(60_000), at(0), false));
        assert!(!is_due(at(999), at(0), true) && is_due(at(1_000), at(0), true));
    }
}
