//! When not to send: the host banned this address, or is overloaded.
//!
//! Source: Bybit V5, "Rate Limit Rules" (403: ten minutes) and "Error Codes" (429: back off, then retry).

use crate::backoff::Backoff;
use std::sync::{Mutex, PoisonError};
use windvane_model::{Millis, WallTime};

/// A 403 lifts by itself after ten minutes without any request.
const SILENCE_MS: Millis = 600_000;
const FIRST_WAIT_MS: Millis = 1_000;
const LONGEST_WAIT_MS: Millis = 30_000;

/// What the host's answers say about sending more. Shared by the clones of one client.
#[derive(Debug)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug)]
struct State {
    silent_until: WallTime,
    reads_after: WallTime,
    overload: Backoff,
}

impl Default for Pace {
    fn default() -> Self {
        Self(Mutex::new(State {
            silent_until: WallTime::default(),
            reads_after: WallTime::default(),
            overload: Backoff::new(FIRST_WAIT_MS, LONGEST_WAIT_MS),
        }))
    }
}

impl Pace {
    /// How long no request may leave yet, in milliseconds.
    pub(super) fn silence_left(&self, now: WallTime) -> Option<Millis> {
        let left = self.with(|state| state.silent_until.millis_since(now));
        (left > 0).then_some(left)
    }

    /// How long a read should wait, in milliseconds. Mutations do not wait: late, they would be worth nothing.
    pub(super) fn read_delay(&self, now: WallTime) -> Millis {
        self.with(|state| state.reads_after.millis_since(now)).max(0)
    }

    /// Takes in the status of an answer.
    pub(super) fn answered(&self, status: u16, now: WallTime, random: u64) {
        self.with(|state| match status {
            403 => state.silent_until = now.after(SILENCE_MS),
            429 => state.reads_after = now.after(state.overload.next_delay(random)),
            200 => state.overload.reset(),
            _ => {}
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_ban_silences_the_host_for_ten_minutes() {
        let pace = Pace::default();
        pace.answered(403, WallTime(0), 0);
        assert_eq!(pace.silence_left(WallTime(599 * SECOND)), Some(1_000));
        assert_eq!(pace.silence_left(WallTime(600 * SECOND)), None);
    }

    #[test]
    fn overload_holds_reads_back_longer_each_time_until_an_answer_comes() {
        let pace = Pace::default();
        for longest in [1_000, 2_000, 4_000] {
            pace.answered(429, WallTime(0), longest);
            assert_eq!(pace.read_delay(WallTime(0)), i64::try_from(longest).unwrap());
        }
        pace.answered(200, WallTime(0), 0);
        pace.answered(429, WallTime(0), 1_000);
        assert_eq!(pace.read_delay(WallTime(0)), 1_000);
        assert_eq!(pace.silence_left(WallTime(0)), None, "orders and cancels still go out");
    }
}
