//! How many connections are opened: the exchange shuts out an address that opens 500 in five minutes.
//!
//! Backoff alone keeps one stream far below that. It does not bound many streams that break together again and again, nor a
//! peer that announces the end of each connection as soon as it is made. Source: Bybit V5, "Connect", rate limits.

use crate::clock::VenueClock;
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::sleep;
use windvane_model::{Millis, WallTime};

/// Half of the exchange's limit: a guard, a recorder and a person's commands share the address.
const OPENED: usize = 250;
const SPAN_MS: Millis = 300_000;

/// The connections that all streams of one connector have opened lately. The lock is held for one look.
#[derive(Debug, Default)]
pub(super) struct Doors(Mutex<VecDeque<WallTime>>);

impl Doors {
    /// Waits until another connection may be opened, and counts it.
    pub(super) async fn turn(&self, clock: &VenueClock) {
        while let Err(until) = self.knock(clock.now()) {
            let left_ms = until.millis_since(clock.now()).max(1);
            tracing::warn!(left_ms, "too many connections were opened lately; waiting with the next one");
            sleep(Duration::from_millis(left_ms.unsigned_abs())).await;
        }
    }

    /// Counts a connection that is opened now, or says when to ask again.
    fn knock(&self, now: WallTime) -> Result<(), WallTime> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while opened.front().is_some_and(|at| now.millis_since(*at) >= SPAN_MS) {
            opened.pop_front();
        }
        match opened.front() {
            Some(first) if opened.len() >= OPENED => Err(first.after(SPAN_MS)),
            _ => {
                opened.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d08_no_five_minutes_see_more_connections_than_the_bound() {
        let doors = Doors::default();
        let mut opened: Vec<WallTime> = Vec::new();
        let mut now = WallTime::default();
        // A peer that ends each connection after ten milliseconds, for an hour.
        while now.as_millis() < 3_600_000 {
            match doors.knock(now) {
                Ok(()) => {
                    opened.push(now);
                    now = now.after(10);
                }
                Err(until) => {
                    assert!(until > now, "waiting ends");
                    now = until;
                }
            }
        }
        for (n, first) in opened.iter().enumerate() {
            let inside = opened[n..].iter().take_while(|at| at.millis_since(*first) < SPAN_MS).count();
            assert!(inside <= OPENED, "{inside} within five minutes");
        }
        assert!(opened.len() >= 11 * OPENED, "and it goes on");
    }
}
