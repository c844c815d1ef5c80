//! How fast orders leave, on the wall clock: a runaway loop is stopped here before the venue has to.

use crate::OrderRate;
use std::collections::VecDeque;
use windvane_model::{DenialReason, WallTime};

/// The last send times, as many as one limit counts. Its memory is taken once, at the start.
#[derive(Debug, Clone)]
pub(crate) struct SendTimes {
    limit: OrderRate,
    times: VecDeque<WallTime>,
}

impl SendTimes {
    pub(crate) fn new(limit: OrderRate) -> Self {
        Self { limit, times: VecDeque::with_capacity(capacity(limit)) }
    }

    /// The same times under another limit.
    pub(crate) fn under(&self, limit: OrderRate) -> Self {
        let kept = self.times.len().min(capacity(limit));
        let mut times = VecDeque::with_capacity(capacity(limit));
        times.extend(self.times.iter().skip(self.times.len() - kept));
        Self { limit, times }
    }

    /// Whether one more order fits into the window that ends now.
    pub(crate) fn check(&self, now: WallTime) -> Result<(), DenialReason> {
        let window_ms = self.limit.window.millis();
        // Only as many times are kept as the limit counts, so a full window shows in the oldest of them.
        let is_full = self.times.len() == capacity(self.limit)
            && self.times.front().is_some_and(|oldest| now.millis_since(*oldest) < window_ms);
        if is_full {
            let limit = self.limit.count;
            return Err(DenialReason::OrderRate { sent: limit, limit, window_ms });
        }
        Ok(())
    }

    /// Counts an order. What reduces is counted too, and never refused.
    pub(crate) fn record(&mut self, now: WallTime) {
        if self.times.len() == capacity(self.limit) {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }
}

fn capacity(limit: OrderRate) -> usize {
    usize::try_from(limit.count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_its_count_and_slides() {
        let at = |ms: i64| WallTime(ms * 1_000_000);
        let mut sent = SendTimes::new("2 per 1s".parse().unwrap());
        sent.record(at(0));
        assert_eq!(sent.check(at(400)), Ok(()));
        sent.record(at(400));
        let full = DenialReason::OrderRate { sent: 2, limit: 2, window_ms: 1000 };
        assert_eq!(sent.check(at(999)), Err(full));
        assert_eq!(sent.check(at(1000)), Ok(()), "the first has left the window");
        sent.record(at(500));
        assert_eq!(sent.under("3 per 1s".parse().unwrap()).check(at(1000)), Ok(()), "two of three");
        let one = DenialReason::OrderRate { sent: 1, limit: 1, window_ms: 1000 };
        assert_eq!(sent.under("1 per 1s".parse().unwrap()).check(at(1499)), Err(one), "the newest counts on");
        assert_eq!(sent.check(at(1000)), Err(full), "what reduced counts against what opens");
    }
}
