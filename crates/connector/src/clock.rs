//! The engine's wall clock, and how far the venue's clock is from it.
//!
//! The exchange takes a request when `server - recv_window <= stamp < server + 1000 ms`: late is bounded by
//! our own choice, early by one flat second. Stamps therefore lean to the late side by the uncertainty of the
//! measured offset. Source: Bybit V5, "Integration guidance", authentication.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};
use windvane_model::{Millis, WallTime};

/// The wall time at start plus a monotonic clock: it never steps, whatever happens to the system's clock.
/// A drift of the system's clock against the venue's is measured and corrected by [`VenueClock`].
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    origin: Instant,
    wall_at_origin: WallTime,
}

/// Now, on both clocks; sessions get time as this value and never read a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Our wall clock.
    pub wall: WallTime,
    /// The stamp a request should carry: milliseconds on the venue's clock, leaning late.
    pub stamp_ms: i64,
}

/// One exchange of time with the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSample {
    /// When we sent, on our clock.
    pub sent: WallTime,
    /// When the answer was read, on our clock.
    pub received: WallTime,
    /// The venue's clock somewhere in between, in nanoseconds since 1970.
    pub server_ns: i64,
    /// Resolution of the venue's figure in nanoseconds: it was cut, not rounded.
    pub resolution_ns: i64,
}

/// The measured distance between the clocks: venue minus ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockOffset {
    /// Nanoseconds; positive when the venue is ahead of us.
    pub offset_ns: i64,
    /// The true offset lies within this many nanoseconds.
    pub uncertainty_ns: i64,
    /// When it was measured.
    pub at: WallTime,
}

/// The wall clock together with the offset last measured. Shared by the tasks of one connector.
#[derive(Debug)]
pub struct VenueClock {
    wall: WallClock,
    offset: Mutex<Option<ClockOffset>>,
}

/// How fast two quartz clocks may drift apart, in parts per million. An old measurement widens by this.
const DRIFT_PPM: i64 = 50;
/// No stamp leans later than this, however bad the measurement: it must stay inside the shortest window (2 s).
const MAX_LEAN_NS: i64 = 500_000_000;

impl WallClock {
    /// Starts at the system's wall time.
    #[must_use]
    pub fn start() -> Self {
        let since_1970 =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let nanos = i64::try_from(since_1970.as_nanos()).unwrap_or(i64::MAX);
        Self { origin: Instant::now(), wall_at_origin: WallTime(nanos) }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> WallTime {
        let elapsed = i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX);
        WallTime(self.wall_at_origin.0.saturating_add(elapsed))
    }
}

impl ClockSample {
    /// What this one sample says: the venue's clock against the middle of the round trip.
    #[must_use]
    pub const fn offset(&self) -> ClockOffset {
        let round_trip = self.received.0 - self.sent.0;
        let middle = self.sent.0 + round_trip / 2;
        ClockOffset {
            offset_ns: self.server_ns + self.resolution_ns / 2 - middle,
            uncertainty_ns: round_trip / 2 + self.resolution_ns / 2,
            at: self.received,
        }
    }

    /// Whether the times are in order; an answer that names no time or a wild one is not used.
    #[must_use]
    pub const fn is_plausible(&self) -> bool {
        self.received.0 >= self.sent.0 && self.server_ns > 0
    }
}

impl ClockOffset {
    /// The uncertainty at `now`: what was measured, plus drift since.
    #[must_use]
    pub const fn uncertainty_at(&self, now: WallTime) -> i64 {
        let age = now.0.saturating_sub(self.at.0);
        self.uncertainty_ns.saturating_add(age.saturating_mul(DRIFT_PPM) / 1_000_000)
    }

    /// The better of what is known and a new sample: the one with the smaller uncertainty at that time.
    #[must_use]
    pub fn improved_by(known: Option<Self>, sample: &ClockSample) -> Self {
        let new = sample.offset();
        match known {
            Some(old) if old.uncertainty_at(new.at) < new.uncertainty_ns => old,
            _ => new,
        }
    }

    /// The offset in whole milliseconds.
    #[must_use]
    pub const fn offset_ms(&self) -> Millis {
        self.offset_ns.div_euclid(1_000_000)
    }
}

impl VenueClock {
    /// A clock without a measurement: stamps are our own wall time.
    #[must_use]
    pub const fn new(wall: WallClock) -> Self {
        Self { wall, offset: Mutex::new(None) }
    }

    /// Our wall clock.
    #[must_use]
    pub fn now(&self) -> WallTime {
        self.wall.now()
    }

    /// The offset last measured.
    #[must_use]
    pub fn offset(&self) -> Option<ClockOffset> {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in one exchange of time; returns the offset that holds now when the sample changed it.
    pub fn observe(&self, sample: &ClockSample) -> Option<ClockOffset> {
        if !sample.is_plausible() {
            return None;
        }
        let mut known = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        let better = ClockOffset::improved_by(*known, sample);
        let changed = *known != Some(better);
        *known = Some(better);
        changed.then_some(better)
    }

    /// A moment that the venue stamped, in milliseconds since 1970, on our clock.
    #[must_use]
    pub fn from_venue(&self, stamp_ms: i64) -> WallTime {
        let offset_ns = self.offset().map_or(0, |offset| offset.offset_ns);
        WallTime(stamp_ms.saturating_mul(1_000_000).saturating_sub(offset_ns))
    }

    /// Now, with the stamp for a request.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let wall = self.now();
        Moment { wall, stamp_ms: stamp(wall, self.offset()) }
    }
}

fn stamp(wall: WallTime, offset: Option<ClockOffset>) -> i64 {
    let Some(offset) = offset else { return wall.as_millis() };
    let lean = offset.uncertainty_at(wall).clamp(0, MAX_LEAN_NS);
    WallTime(wall.0.saturating_add(offset.offset_ns).saturating_sub(lean)).as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn sample(sent_ms: i64, received_ms: i64, server_ms: i64) -> ClockSample {
        ClockSample {
            sent: WallTime(sent_ms * MS),
            received: WallTime(received_ms * MS),
            server_ns: server_ms * MS,
            resolution_ns: 0,
        }
    }

    #[test]
    fn the_offset_is_taken_against_the_middle_of_the_round_trip() {
        let offset = sample(1_000, 1_100, 4_050).offset();
        assert_eq!((offset.offset_ns, offset.uncertainty_ns), (3_000 * MS, 50 * MS));
    }

    #[test]
    fn a_worse_sample_waits_until_drift_has_eaten_the_better_one() {
        let good = sample(0, 10, 505).offset();
        let soon = ClockOffset::improved_by(Some(good), &sample(1_000, 1_100, 1_600));
        assert_eq!(soon, good);
        // 50 ppm of 20 minutes are 60 ms: now 50 ms of uncertainty are the better knowledge.
        let late = 20 * 60 * 1_000;
        let later = ClockOffset::improved_by(Some(good), &sample(late, late + 100, late + 600));
        assert_eq!(later.at, WallTime((late + 100) * MS));
    }

    #[test]
    fn stamps_lean_late_and_never_more_than_half_a_second() {
        let offset = |uncertainty_ns| ClockOffset { offset_ns: 2_000 * MS, uncertainty_ns, at: WallTime(0) };
        assert_eq!(stamp(WallTime(10_000 * MS), None), 10_000);
        assert_eq!(stamp(WallTime(0), Some(offset(30 * MS))), 1_970);
        assert_eq!(stamp(WallTime(0), Some(offset(9_000 * MS))), 1_500);
    }

    #[test]
    fn an_answer_without_a_time_changes_nothing() {
        let clock = VenueClock::new(WallClock::start());
        assert_eq!(clock.observe(&sample(5, 6, 0)), None);
        assert_eq!(clock.observe(&sample(6, 5, 9)), None);
        assert_eq!(clock.offset(), None);
    }
}
