//! One rate limit: so many requests in any span of so many milliseconds.
//!
//! The venue counts a request at some moment between our send and its answer. A place is therefore taken from
//! the send until one whole span after the answer: then no span at the venue holds more requests than the limit,
//! whatever the network does with them.

use std::collections::VecDeque;
use windvane_model::{Millis, WallTime};

/// How long to wait before looking again when every place is taken by a request that is still under way.
const LOOK_AGAIN_MS: Millis = 20;
/// A stamp of the venue further away than this is a mistake, not a limit.
const LONGEST_PAUSE_MS: Millis = 60_000;

/// The places of one limit.
#[derive(Debug)]
pub(super) struct Window {
    limit: u32,
    span_ms: Millis,
    /// Sent and not answered yet.
    in_flight: u32,
    /// When the place of each answered request becomes free, earliest first.
    frees_at: VecDeque<WallTime>,
    /// The venue said that it takes nothing before this.
    closed_until: WallTime,
}

impl Window {
    pub(super) const fn new(limit: u32, span_ms: Millis) -> Self {
        Self { limit, span_ms, in_flight: 0, frees_at: VecDeque::new(), closed_until: WallTime(i64::MIN) }
    }

    /// Whether a request that may use `share` per cent of the limit may leave now; else when to ask again.
    pub(super) fn look(&mut self, now: WallTime, share: u32) -> Result<(), WallTime> {
        if now < self.closed_until {
            return Err(self.closed_until);
        }
        while self.frees_at.front().is_some_and(|at| *at <= now) {
            self.frees_at.pop_front();
        }
        let ceiling = self.ceiling(share);
        let taken = self.taken();
        if taken < ceiling {
            return Ok(());
        }
        // Enough of the answered ones must become free; if even that is not enough, an answer must come first.
        let needed = usize::try_from(taken - ceiling).unwrap_or(usize::MAX);
        Err(self.frees_at.get(needed).copied().unwrap_or_else(|| now.after(LOOK_AGAIN_MS)))
    }

    /// How many requests that may use `share` per cent of the limit may leave now.
    pub(super) fn room(&mut self, now: WallTime, share: u32) -> u32 {
        self.look(now, share).map_or(0, |()| self.ceiling(share).saturating_sub(self.taken()))
    }

    /// Takes so many places.
    pub(super) const fn take(&mut self, places: u32) {
        self.in_flight = self.in_flight.saturating_add(places);
    }

    /// The answer to what took so many places came, or is given up.
    pub(super) fn settle(&mut self, now: WallTime, places: u32) {
        self.in_flight = self.in_flight.saturating_sub(places);
        for _ in 0..places {
            self.free(now.after(self.span_ms));
        }
    }

    /// Answers mostly come in order, so the place is at the end or near it.
    fn free(&mut self, at: WallTime) {
        let place = self.frees_at.partition_point(|other| *other <= at);
        self.frees_at.insert(place, at);
    }

    /// What an answer said: the limit, and how much of it is left. Less than we think means that somebody else
    /// uses the same account; their places are taken as if they were ours.
    pub(super) fn learn(&mut self, now: WallTime, limit: Option<u32>, left: Option<u32>) {
        if let Some(limit) = limit.filter(|limit| *limit > 0) {
            self.limit = limit;
        }
        let free = self.limit.saturating_sub(self.taken());
        let used_by_others = left.map_or(0, |left| free.saturating_sub(left));
        for _ in 0..used_by_others {
            self.free(now.after(self.span_ms));
        }
    }

    /// The venue refused a request as one too many; `reset` is when it takes the next.
    pub(super) fn close(&mut self, now: WallTime, reset: Option<WallTime>) {
        let until = reset.unwrap_or(now).max(now.after(self.span_ms.min(1_000) / 10));
        self.closed_until = self.closed_until.max(until.min(now.after(LONGEST_PAUSE_MS)));
    }

    fn taken(&self) -> u32 {
        let answered = u32::try_from(self.frees_at.len()).unwrap_or(u32::MAX);
        self.in_flight.saturating_add(answered)
    }

    /// At least one, so that a limit of one a second is not closed to everyone.
    const fn ceiling(&self, share: u32) -> u32 {
        let part = self.limit.saturating_mul(share) / 100;
        if part == 0 { 1 } else { part }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> WallTime {
        WallTime(ms * 1_000_000)
    }

    fn send(window: &mut Window, now: i64, share: u32) -> bool {
        let may = window.look(at(now), share).is_ok();
        if may {
            window.take(1);
        }
        may
    }

    #[test]
    fn no_span_at_the_venue_holds_more_than_the_limit_however_long_requests_travel() {
        // Each request reaches the venue at a random moment between its send and its answer.
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let mut window = Window::new(10, 1_000);
            let mut open: Vec<(i64, i64)> = vec![];
            let mut counted: Vec<i64> = vec![];
            for now in 0..4_000 {
                open.retain(|(_, answer)| {
                    let is_done = *answer <= now;
                    if is_done {
                        window.settle(at(now), 1);
                    }
                    !is_done
                });
                while send(&mut window, now, 100) {
                    let travel = random.i64(0..300);
                    counted.push(now + random.i64(0..=travel));
                    open.push((now, now + travel));
                }
            }
            counted.sort_unstable();
            assert!(counted.len() > 20, "{}", counted.len());
            for run in counted.windows(11) {
                assert!(run[10] - run[0] >= 1_000, "eleven within {} ms", run[10] - run[0]);
            }
        }
    }

    #[test]
    fn what_is_less_urgent_leaves_a_reserve() {
        let mut window = Window::new(10, 1_000);
        let opened = (0..20).filter(|_| send(&mut window, 0, 70)).count();
        let closed = (0..20).filter(|_| send(&mut window, 0, 100)).count();
        assert_eq!((opened, closed), (7, 3));
    }

    #[test]
    fn it_says_when_to_come_back() {
        let mut window = Window::new(2, 1_000);
        assert!(send(&mut window, 0, 100) && send(&mut window, 0, 100));
        assert_eq!(window.look(at(5), 100), Err(at(25)), "both are under way");
        window.settle(at(30), 1);
        window.settle(at(40), 1);
        assert_eq!(window.look(at(50), 100), Err(at(1_030)));
        assert_eq!(window.look(at(1_030), 100), Ok(()));
        assert_eq!(window.look(at(1_030), 50), Err(at(1_040)), "half of two is one, and one is taken");
    }

    #[test]
    fn the_venues_own_count_is_believed() {
        let mut window = Window::new(10, 1_000);
        assert!(send(&mut window, 0, 100));
        window.settle(at(10), 1);
        window.learn(at(10), Some(20), Some(5));
        assert_eq!((0..30).filter(|_| send(&mut window, 10, 100)).count(), 5, "somebody else took fourteen");
        window.learn(at(20), Some(20), Some(12));
        assert!(!send(&mut window, 20, 100), "what is under way is not yet in the venue's count");
    }

    #[test]
    fn a_refusal_closes_until_the_reset_stamp_and_a_wild_stamp_does_not_close_for_ever() {
        let mut window = Window::new(10, 1_000);
        window.close(at(0), Some(at(800)));
        assert_eq!(window.look(at(1), 100), Err(at(800)));
        window.close(at(0), Some(at(i64::MAX / 1_000_000)));
        assert_eq!(window.look(at(801), 100), Err(at(60_000)));
        let mut unstamped = Window::new(10, 1_000);
        unstamped.close(at(0), None);
        assert_eq!(unstamped.look(at(1), 100), Err(at(100)), "no stamp: a tenth of a second, then again");
    }
}
