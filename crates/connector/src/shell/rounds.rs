//! When a task that looks at something looks again: every so often by itself, and soon when somebody rings, but never more
//! often than is good.

use crate::clock::VenueClock;
use std::time::Duration;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};
use windvane_model::{Millis, WallTime};

/// The rounds of one task.
#[derive(Debug)]
pub(super) struct Rounds {
    every_ms: Millis,
    at_most_every_ms: Millis,
    began: WallTime,
    looked: Option<WallTime>,
    is_rung: bool,
}

impl Rounds {
    /// Rounds of which the first comes by itself after the whole time, since whatever is looked at has been read at start.
    pub(super) fn new(now: WallTime, every_ms: Millis, at_most_every_ms: Millis) -> Self {
        Self {
            every_ms,
            at_most_every_ms: at_most_every_ms.min(every_ms),
            began: now,
            looked: None,
            is_rung: false,
        }
    }

    /// When the next look is due.
    fn due(&self) -> WallTime {
        match (self.looked, self.is_rung) {
            (None, true) => self.began,
            (Some(looked), true) => looked.after(self.at_most_every_ms),
            (looked, false) => looked.unwrap_or(self.began).after(self.every_ms),
        }
    }

    fn look(&mut self, now: WallTime) {
        self.looked = Some(now);
        self.is_rung = false;
    }

    /// Waits for the next look; `false` when the connector stops.
    pub(super) async fn next(
        &mut self,
        clock: &VenueClock,
        bell: &Notify,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        loop {
            let (now, due) = (clock.now(), self.due());
            if due <= now {
                self.look(now);
                return true;
            }
            tokio::select! {
                biased;
                _ = stop.changed() => return false,
                // Cancel safe: what rings meanwhile is kept for the next look.
                () = bell.notified() => self.is_rung = true,
                () = sleep(Duration::from_nanos(due.0.saturating_sub(now.0).unsigned_abs())) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: Millis = 3_600_000;

    /// The seconds at which it looks until `end_s`, with somebody ringing at `rings_s`.
    fn looks(rings_s: &[i64], end_s: i64) -> Vec<i64> {
        let at = |s: i64| WallTime(s * 1_000_000_000);
        let mut rounds = Rounds::new(at(0), HOUR_MS, 30_000);
        let mut looks = vec![];
        for now in 0..=end_s {
            rounds.is_rung |= rings_s.contains(&now);
            if rounds.due() <= at(now) {
                rounds.look(at(now));
                looks.push(now);
            }
        }
        looks
    }

    #[test]
    fn e03_e06_it_looks_every_hour_and_not_before() {
        assert_eq!(looks(&[], 5 * 3_600), [3_600, 7_200, 10_800, 14_400, 18_000]);
    }

    #[test]
    fn e03_e06_a_ring_is_answered_at_once_and_the_next_ones_half_a_minute_apart() {
        assert_eq!(looks(&[5, 6, 7, 20, 35, 40], 4_000), [5, 35, 65, 3_665]);
        assert_eq!(looks(&[3_600, 3_601], 3_700), [3_600, 3_630], "also after a look by itself");
    }
}
