//! What exchanges of time with the venue say: the offset, how sure it is, and whether it may be trusted.
//!
//! The exchange takes a request when `server - recv_window <= stamp < server + 1000 ms`: late is bounded by
//! our own choice, early by one flat second. Stamps therefore lean to the late side by the uncertainty of the
//! measured offset. Source: Bybit V5, "Integration guidance", authentication.

use windvane_model::{Millis, WallTime};

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

/// How fast two quartz clocks may drift apart, in parts per million. An old measurement widens by this.
const DRIFT_PPM: i64 = 50;
/// No stamp leans later than this: the lean and the error together must stay inside the shortest window (2 s), and the error
/// alone inside the second that the venue allows a stamp to be early.
const LARGEST_LEAN_NS: i64 = 500_000_000;

/// Beyond what stamps are no longer relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockBounds {
    /// The offset must be known to this, in nanoseconds; at most half a second ([`Self::WIDEST`]).
    pub uncertainty_ns: i64,
    /// A clock that moves by more than this, errors of measuring and drift apart, has jumped; nanoseconds.
    pub step_ns: i64,
}

impl ClockBounds {
    /// What requests bear that open nothing. Whoever trades sets bounds of their own.
    pub const WIDEST: Self = Self { uncertainty_ns: LARGEST_LEAN_NS, step_ns: 250_000_000 };
}

/// Whether stamps can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockHealth {
    /// They can.
    Sound,
    /// The offset is known too badly.
    Unsure {
        /// The true offset lies within this many nanoseconds.
        uncertainty_ns: i64,
    },
    /// The last measurements contradict each other, or the venue refused a stamp: a clock has jumped.
    Jumped,
}

/// The best knowledge of the offset, from one exchange of time to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    known: Option<ClockOffset>,
    has_jumped: bool,
    bounds: ClockBounds,
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

    /// Whether both can be true of clocks that drift, and have moved by `step_ns` at most besides.
    #[must_use]
    pub const fn agrees_with(&self, newer: &Self, step_ns: i64) -> bool {
        let apart = self.offset_ns.saturating_sub(newer.offset_ns).saturating_abs();
        let allowed = self.uncertainty_at(newer.at).saturating_add(newer.uncertainty_ns);
        apart <= allowed.saturating_add(step_ns)
    }

    /// The offset in whole milliseconds.
    #[must_use]
    pub const fn offset_ms(&self) -> Millis {
        self.offset_ns.div_euclid(1_000_000)
    }
}

impl Estimate {
    /// Nothing is known yet.
    #[must_use]
    pub const fn within(bounds: ClockBounds) -> Self {
        Self { known: None, has_jumped: false, bounds }
    }

    /// Goes on under other bounds.
    pub const fn set_bounds(&mut self, bounds: ClockBounds) {
        self.bounds = bounds;
    }

    /// Beyond what it is not relied on.
    #[must_use]
    pub const fn bounds(&self) -> ClockBounds {
        self.bounds
    }

    /// The offset that holds.
    #[must_use]
    pub const fn offset(&self) -> Option<ClockOffset> {
        self.known
    }

    /// Takes in a measurement made for the purpose. One that contradicts what was known replaces it, and the next
    /// one must confirm it before the clock counts as sound again.
    pub fn measure(&mut self, sample: &ClockSample) {
        let new = sample.offset();
        match self.known {
            Some(old) if old.agrees_with(&new, 0) => {
                self.has_jumped = false;
                self.refine(old, new);
            }
            // A small step is no ground for doubt, but the newer one is right.
            Some(old) if old.agrees_with(&new, self.bounds.step_ns) => {
                self.has_jumped = false;
                self.known = Some(new);
            }
            Some(_) => {
                self.known = Some(new);
                self.has_jumped = true;
            }
            None => self.known = Some(new),
        }
    }

    /// Takes in a time that came along with some answer. It may sharpen what is known; whether it contradicts it is
    /// the return value, and only a measurement decides who is right: such answers may come out of a cache.
    pub fn overhear(&mut self, sample: &ClockSample) -> bool {
        let new = sample.offset();
        match self.known {
            Some(old) if old.agrees_with(&new, self.bounds.step_ns) => self.refine(old, new),
            Some(_) => return true,
            None => self.known = Some(new),
        }
        false
    }

    /// Something showed that a clock has jumped; a measurement that confirms the offset ends the doubt.
    pub const fn distrust(&mut self) {
        self.has_jumped = true;
    }

    /// Whether stamps can be relied on at `now`. Without a measurement they are our own clock's.
    #[must_use]
    pub const fn health(&self, now: WallTime) -> ClockHealth {
        let Some(offset) = self.known else { return ClockHealth::Unsure { uncertainty_ns: i64::MAX } };
        let uncertainty_ns = offset.uncertainty_at(now);
        if self.has_jumped {
            ClockHealth::Jumped
        } else if uncertainty_ns > self.bounds.uncertainty_ns {
            ClockHealth::Unsure { uncertainty_ns }
        } else {
            ClockHealth::Sound
        }
    }

    /// The venue's clock at `now`, as well as it is known.
    #[must_use]
    pub const fn venue_time(&self, now: WallTime) -> WallTime {
        match self.known {
            Some(offset) => WallTime(now.0.saturating_add(offset.offset_ns)),
            None => now,
        }
    }

    /// The stamp of a request at `now`, in milliseconds: the venue's time, leaning late.
    #[must_use]
    pub fn stamp_ms(&self, now: WallTime) -> i64 {
        let uncertainty_ns = self.known.map_or(0, |offset| offset.uncertainty_at(now));
        let lean = uncertainty_ns.clamp(0, LARGEST_LEAN_NS);
        WallTime(self.venue_time(now).0.saturating_sub(lean)).as_millis()
    }

    /// Keeps the one with the smaller uncertainty at the time of the new one.
    const fn refine(&mut self, old: ClockOffset, new: ClockOffset) {
        if new.uncertainty_ns <= old.uncertainty_at(new.at) {
            self.known = Some(new);
        }
    }
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

    const BOUNDS: ClockBounds = ClockBounds { uncertainty_ns: 500 * MS, step_ns: 20 * MS };

    fn measured(sent_ms: i64, received_ms: i64, server_ms: i64) -> Estimate {
        let mut estimate = Estimate::within(BOUNDS);
        estimate.measure(&sample(sent_ms, received_ms, server_ms));
        estimate
    }

    #[test]
    fn the_offset_is_taken_against_the_middle_of_the_round_trip() {
        let offset = sample(1_000, 1_100, 4_050).offset();
        assert_eq!((offset.offset_ns, offset.uncertainty_ns), (3_000 * MS, 50 * MS));
    }

    #[test]
    fn a_worse_sample_waits_until_drift_has_eaten_the_better_one() {
        let mut estimate = measured(0, 10, 505);
        let good = estimate.offset();
        estimate.measure(&sample(1_000, 1_100, 1_550));
        assert_eq!(estimate.offset(), good);
        // 50 ppm of 20 minutes are 60 ms: now 50 ms of uncertainty are the better knowledge.
        let late = 20 * 60 * 1_000;
        estimate.measure(&sample(late, late + 100, late + 550));
        assert_eq!(estimate.offset().unwrap().at, WallTime((late + 100) * MS));
    }

    #[test]
    fn stamps_lean_late_and_never_more_than_half_a_second() {
        assert_eq!(Estimate::within(BOUNDS).stamp_ms(WallTime(10_000 * MS)), 10_000);
        // 60 ms there and back: 30 ms of doubt.
        assert_eq!(measured(-60, 0, 1_970).stamp_ms(WallTime(0)), 1_970);
        assert_eq!(measured(-18_000, 0, -7_000).stamp_ms(WallTime(0)), 1_500);
    }

    #[test]
    fn d01_an_offset_that_is_known_badly_is_no_ground_to_open_on() {
        let estimate = measured(0, 900, 450);
        assert_eq!(estimate.health(WallTime(900 * MS)), ClockHealth::Sound);
        // After 17 minutes without a measurement, drift has taken it out of bounds.
        assert!(matches!(estimate.health(WallTime(1_020_900 * MS)), ClockHealth::Unsure { .. }));
        let slow = measured(0, 1_400, 700);
        assert!(matches!(slow.health(WallTime(1_400 * MS)), ClockHealth::Unsure { .. }));
        assert!(matches!(Estimate::within(BOUNDS).health(WallTime(0)), ClockHealth::Unsure { .. }));
    }

    #[test]
    fn the_bounds_say_when_an_offset_is_known_badly_and_when_a_clock_has_jumped() {
        for (step_ms, uncertainty_ms, health) in [
            (40, 100, ClockHealth::Sound),
            (39, 100, ClockHealth::Jumped),
            (40, 99, ClockHealth::Unsure { uncertainty_ns: 100 * MS }),
        ] {
            let bounds = ClockBounds { uncertainty_ns: uncertainty_ms * MS, step_ns: step_ms * MS };
            let mut estimate = Estimate::within(ClockBounds::WIDEST);
            estimate.set_bounds(bounds);
            estimate.measure(&sample(0, 200, 100));
            // Known to 100 ms either way; the next one, as badly known, says 240 ms more.
            estimate.measure(&sample(0, 200, 340));
            assert_eq!(estimate.health(WallTime(200 * MS)), health, "{step_ms} and {uncertainty_ms} ms");
            assert_eq!(estimate.offset().unwrap().offset_ns, 240 * MS, "the newer one is right");
        }
    }

    #[test]
    fn f09_after_a_suspend_the_new_offset_counts_once_it_is_confirmed() {
        let mut estimate = measured(0, 10, 5);
        // An hour passed at the venue, one second here.
        estimate.measure(&sample(1_000, 1_200, 3_601_100));
        assert_eq!(estimate.health(WallTime(1_200 * MS)), ClockHealth::Jumped);
        assert_eq!(estimate.offset().unwrap().offset_ns, 3_600_000 * MS);
        estimate.measure(&sample(1_300, 1_320, 3_601_310));
        assert_eq!(estimate.health(WallTime(1_320 * MS)), ClockHealth::Sound);
        assert_eq!(estimate.venue_time(WallTime(1_320 * MS)).as_millis(), 3_601_320);
    }

    #[test]
    fn a_time_overheard_sharpens_but_never_overturns() {
        let mut estimate = measured(0, 200, 100);
        assert!(!estimate.overhear(&sample(300, 302, 300)));
        assert_eq!(estimate.offset().unwrap().uncertainty_ns, MS);
        let known = estimate.offset();
        assert!(estimate.overhear(&sample(400, 402, 9_000)), "out of a cache, perhaps");
        assert_eq!((estimate.offset(), estimate.health(WallTime(402 * MS))), (known, ClockHealth::Sound));
    }

    #[test]
    fn distrust_ends_with_the_next_measurement_that_agrees() {
        let mut estimate = measured(0, 10, 5);
        estimate.distrust();
        assert_eq!(estimate.health(WallTime(20 * MS)), ClockHealth::Jumped);
        estimate.measure(&sample(30, 60, 45));
        assert_eq!(estimate.health(WallTime(60 * MS)), ClockHealth::Sound);
    }
}
