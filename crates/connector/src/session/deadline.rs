//! All the deadlines of one connection in one small table.

use windvane_model::WallTime;

/// What a connection may be waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Time to send a ping.
    Ping,
    /// The answer to a ping is overdue.
    Pong,
    /// No data for too long on a stream that always has some.
    Silence,
    /// The answer to the log-in is overdue.
    Login,
    /// The confirmation of a subscription is overdue.
    Confirm,
    /// The oldest open request is overdue.
    Reply,
    /// Time to look which topics have fallen silent.
    Topics,
    /// A request that waits for the rate limit may leave, or has become too old.
    Turn,
    /// The full row of an execution is overdue that the fast topic has told.
    Fills,
}

const TIMERS: [Timer; 9] = [
    Timer::Ping,
    Timer::Pong,
    Timer::Silence,
    Timer::Login,
    Timer::Confirm,
    Timer::Reply,
    Timer::Topics,
    Timer::Turn,
    Timer::Fills,
];

/// When each of them is due.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Deadlines([Option<WallTime>; TIMERS.len()]);

impl Deadlines {
    pub(crate) const fn set(&mut self, timer: Timer, at: WallTime) {
        self.0[timer as usize] = Some(at);
    }

    pub(crate) const fn clear(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    pub(crate) const fn is_set(&self, timer: Timer) -> bool {
        self.0[timer as usize].is_some()
    }

    /// The earliest of all.
    pub(crate) fn next(&self) -> Option<WallTime> {
        self.0.iter().flatten().min().copied()
    }

    /// One that is due, which is then cleared; call until there is none.
    pub(crate) fn take_due(&mut self, now: WallTime) -> Option<Timer> {
        let due = TIMERS.into_iter().find(|timer| self.0[*timer as usize].is_some_and(|at| at <= now))?;
        self.clear(due);
        Some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deadline_fires_once_and_the_earliest_is_next() {
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::Ping, WallTime(20));
        deadlines.set(Timer::Login, WallTime(10));
        assert_eq!(deadlines.next(), Some(WallTime(10)));
        assert_eq!(deadlines.take_due(WallTime(9)), None);
        assert_eq!(deadlines.take_due(WallTime(20)), Some(Timer::Ping));
        assert_eq!(deadlines.take_due(WallTime(20)), Some(Timer::Login));
        assert_eq!((deadlines.take_due(WallTime(20)), deadlines.next()), (None, None));
    }
}
