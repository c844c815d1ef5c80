//! Market time: the wall clock itself, or the recorded time of a replay at a multiple of it.

use std::time::Duration;

use tokio::time::Instant;

use super::moment::Moment;

/// How far behind its schedule a replay may catch up in a burst. Beyond that (a full queue, a sleeping
/// machine) the schedule moves instead.
const CATCH_UP: Duration = Duration::from_millis(50);

/// The market clock.
#[derive(Debug)]
pub(super) enum MarketClock {
    /// Market time is wall time; steps come every so often.
    Wall { next_due: Option<(Instant, Duration)> },
    /// Market time is that of the recording.
    Replay(ReplayClock),
}

/// The clock of a replay.
#[derive(Debug)]
pub(super) struct ReplayClock {
    speed: u32,
    /// Time of the last step, market ms.
    at_ms: i64,
    /// When that step was due.
    at: Instant,
    /// Time of the next step, market ms; `None` at the end.
    next_ms: Option<i64>,
    running: bool,
}

impl MarketClock {
    /// A clock on the wall, with a step every `period` if there is one.
    pub(super) fn wall(period: Option<Duration>, now: Moment) -> Self {
        Self::Wall { next_due: period.map(|period| (now.instant + period, period)) }
    }

    /// A clock that holds still at `at_ms` until it is started.
    pub(super) fn replay(at_ms: i64, speed: u32, now: Moment) -> Self {
        Self::Replay(ReplayClock { speed, at_ms, at: now.instant, next_ms: None, running: false })
    }

    /// Market time now, in ms. Between two steps of a replay it moves on but never past the next step.
    pub(super) fn now_ms(&self, now: Moment) -> i64 {
        match self {
            Self::Wall { .. } => now.wall_ms,
            Self::Replay(replay) => replay.now_ms(now.instant),
        }
    }

    /// Whether market time differs from wall time in pace.
    pub(super) fn is_accelerated(&self) -> bool {
        match self {
            Self::Wall { .. } => false,
            Self::Replay(replay) => replay.speed > 1,
        }
    }

    pub(super) fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(_))
    }

    /// Lets a replay run or hold; a wall clock cannot be held.
    pub(super) fn set_running(&mut self, running: bool, now: Moment) {
        if let Self::Replay(replay) = self {
            replay.at_ms = replay.now_ms(now.instant);
            replay.at = now.instant;
            replay.running = running;
        }
    }

    /// When the next step is due; `None` while the clock holds or nothing will come.
    pub(super) fn next_due(&self) -> Option<Instant> {
        match self {
            Self::Wall { next_due } => next_due.map(|(due, _)| due),
            Self::Replay(replay) => replay.next_due(),
        }
    }

    /// A step was taken at its time, and the next one is at `next_ms`, if there is one.
    pub(super) fn stepped(&mut self, at_ms: i64, next_ms: Option<i64>, now: Moment) {
        let now = now.instant;
        match self {
            Self::Wall { next_due } => {
                if let Some((due, period)) = next_due {
                    *due = (*due + *period).max(now);
                }
            }
            Self::Replay(replay) => {
                let due = replay.next_due().unwrap_or(now);
                replay.at = if now.saturating_duration_since(due) > CATCH_UP { now } else { due };
                replay.at_ms = at_ms;
                replay.next_ms = next_ms;
            }
        }
    }

    /// Announces the first step of a replay.
    pub(super) fn expect(&mut self, first_ms: Option<i64>) {
        if let Self::Replay(replay) = self {
            replay.next_ms = first_ms;
        }
    }
}

impl ReplayClock {
    fn now_ms(&self, now: Instant) -> i64 {
        let (true, Some(next_ms)) = (self.running, self.next_ms) else { return self.at_ms };
        let wall = now.saturating_duration_since(self.at).as_millis();
        let passed = wall.saturating_mul(u128::from(self.speed));
        let latest = (next_ms - 1).max(self.at_ms);
        i64::try_from(passed).map_or(latest, |passed| self.at_ms.saturating_add(passed).min(latest))
    }

    fn next_due(&self) -> Option<Instant> {
        let next_ms = self.next_ms.filter(|_| self.running)?;
        let market = Duration::from_millis(u64::try_from(next_ms - self.at_ms).unwrap_or(0));
        Some(self.at + market / self.speed.max(1))
    }
}
