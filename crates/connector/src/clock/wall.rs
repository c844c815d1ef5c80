//! Our own wall clock: monotonic from the start of the process on.

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use windvane_model::WallTime;

/// The wall time at start plus a monotonic clock: it never steps, whatever happens to the system's clock.
///
/// It stands still while the machine is suspended; how far it then lags behind is measured against the venue
/// ([`super::VenueClock`]) like any other offset.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    origin: Instant,
    wall_at_origin: WallTime,
}

impl WallClock {
    /// Starts at the system's wall time.
    #[must_use]
    pub fn start() -> Self {
        Self { origin: Instant::now(), wall_at_origin: WallTime(system_ns()) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> WallTime {
        let elapsed = i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        WallTime(self.wall_at_origin.0.saturating_add(elapsed))
    }

    /// How far the system's clock is ahead of ours, in nanoseconds. It jumps when the machine wakes from a suspend
    /// and when somebody sets the clock.
    #[must_use]
    pub fn system_lead_ns(&self) -> i64 {
        system_ns().saturating_sub(self.now().0)
    }
}

fn system_ns() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_nanos()).unwrap_or(i64::MAX)
}
