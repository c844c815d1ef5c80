//! The wall clock together with what is known of the venue's, as the tasks of one connector share it.

use super::{ClockBounds, ClockHealth, ClockOffset, ClockSample, Estimate, WallClock};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use windvane_model::{MarketTime, WallTime};

/// Now, on both clocks; sessions get time as this value and never read a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Our wall clock.
    pub wall: WallTime,
    /// The stamp a request should carry: milliseconds on the venue's clock, leaning late.
    pub stamp_ms: i64,
}

/// Our clock and the venue's.
#[derive(Debug)]
pub struct VenueClock {
    wall: WallClock,
    estimate: Mutex<Estimate>,
    /// The system clock's lead when it was last looked at.
    system_lead_ns: Mutex<i64>,
    /// Somebody wants a measurement soon.
    wanted: Notify,
}

impl VenueClock {
    /// A clock without a measurement: stamps are our own wall time.
    #[must_use]
    pub fn new(wall: WallClock) -> Self {
        Self {
            wall,
            estimate: Mutex::new(Estimate::within(ClockBounds::WIDEST)),
            system_lead_ns: Mutex::new(wall.system_lead_ns()),
            wanted: Notify::new(),
        }
    }

    /// From now on nothing is relied on beyond `bounds`.
    pub fn set_bounds(&self, bounds: ClockBounds) {
        self.estimate().set_bounds(bounds);
    }

    /// Our wall clock.
    #[must_use]
    pub fn now(&self) -> WallTime {
        self.wall.now()
    }

    /// The venue's clock, as well as it is known: the market's time when trading live. `None` while a clock has
    /// just jumped and the new offset is not confirmed; after a suspend of this machine it goes on from there.
    #[must_use]
    pub fn market_now(&self) -> Option<MarketTime> {
        let now = self.now();
        let estimate = *self.estimate();
        let is_trusted = estimate.health(now) != ClockHealth::Jumped;
        is_trusted.then(|| MarketTime(estimate.venue_time(now).as_millis()))
    }

    /// Now, with the stamp for a request.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let wall = self.now();
        Moment { wall, stamp_ms: self.estimate().stamp_ms(wall) }
    }

    /// A moment that the venue stamped, in milliseconds since 1970, on our clock.
    #[must_use]
    pub fn from_venue(&self, stamp_ms: i64) -> WallTime {
        let offset_ns = self.offset().map_or(0, |offset| offset.offset_ns);
        WallTime(stamp_ms.saturating_mul(1_000_000).saturating_sub(offset_ns))
    }

    /// The offset that holds.
    #[must_use]
    pub fn offset(&self) -> Option<ClockOffset> {
        self.estimate().offset()
    }

    /// Whether stamps can be relied on.
    #[must_use]
    pub fn health(&self) -> ClockHealth {
        self.estimate().health(self.now())
    }

    /// Takes in a measurement; returns the offset when that changed.
    pub fn measure(&self, sample: &ClockSample) -> Option<ClockOffset> {
        self.update(sample, |estimate| estimate.measure(sample))
    }

    /// Takes in a time that came along with some answer; returns the offset when that changed. A time that
    /// contradicts what is known makes a measurement wanted.
    pub fn overhear(&self, sample: &ClockSample) -> Option<ClockOffset> {
        let mut contradicts = false;
        let changed = self.update(sample, |estimate| contradicts = estimate.overhear(sample));
        if contradicts {
            self.wanted.notify_one();
        }
        changed
    }

    /// Takes in the time that came along with a reply on the trade socket; returns the offset when that changed. A reply to
    /// a request of ours comes out of no cache, so in doubt it counts as a measurement: where the venue answers no queries,
    /// it is the only one, and closing an order must not wait for another.
    pub fn hear_reply(&self, sample: &ClockSample) -> Option<ClockOffset> {
        match self.health() {
            ClockHealth::Jumped => self.measure(sample),
            ClockHealth::Sound | ClockHealth::Unsure { .. } => self.overhear(sample),
        }
    }

    /// The venue refused a stamp, or a clock jumped: nothing is relied on until a measurement confirms the offset.
    pub fn distrust(&self) {
        self.estimate().distrust();
        self.wanted.notify_one();
    }

    /// Waits until a measurement is wanted. Cancel safe.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Whether the system's clock has jumped against ours since the last call: it was set, or the machine was suspended.
    pub fn has_jumped(&self) -> bool {
        let lead_ns = self.wall.system_lead_ns();
        let mut known = self.system_lead_ns.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = lead_ns.saturating_sub(*known).saturating_abs();
        *known = lead_ns;
        moved > self.estimate().bounds().step_ns
    }

    fn update(&self, sample: &ClockSample, act: impl FnOnce(&mut Estimate)) -> Option<ClockOffset> {
        if !sample.is_plausible() {
            return None;
        }
        let mut estimate = self.estimate();
        let before = estimate.offset();
        act(&mut estimate);
        estimate.offset().filter(|after| Some(*after) != before)
    }

    fn estimate(&self) -> MutexGuard<'_, Estimate> {
        self.estimate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_time_changes_nothing() {
        let clock = VenueClock::new(WallClock::start());
        let sample = |sent, server_ns| ClockSample {
            sent: WallTime(sent),
            received: WallTime(6),
            server_ns,
            resolution_ns: 0,
        };
        assert_eq!(clock.measure(&sample(5, 0)), None);
        assert_eq!(clock.measure(&sample(7, 9)), None);
        assert_eq!(clock.offset(), None);
    }

    #[test]
    fn d01_replies_of_the_trade_socket_are_enough_to_find_the_venues_clock_again() {
        let clock = VenueClock::new(WallClock::start());
        let now = clock.now().0;
        let sample = |at: i64, offset_ns: i64| ClockSample {
            sent: WallTime(now + at),
            received: WallTime(now + at + 10),
            server_ns: now + at + 5 + offset_ns,
            resolution_ns: 0,
        };
        let hour = 3_600_000_000_000;
        clock.measure(&sample(0, 0));
        assert_eq!(clock.hear_reply(&sample(20, hour)), None, "nobody has refused a stamp yet");
        assert_eq!(clock.measure(&sample(40, hour)).map(|offset| offset.offset_ns), Some(hour));
        clock.distrust();
        clock.hear_reply(&sample(60, hour));
        assert_eq!((clock.health(), clock.offset().unwrap().offset_ns), (ClockHealth::Sound, hour));
    }

    #[test]
    fn a_system_clock_that_runs_evenly_has_not_jumped() {
        let clock = VenueClock::new(WallClock::start());
        assert!(!clock.has_jumped());
    }
}
