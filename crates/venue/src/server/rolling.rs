//! How often something happened in the time just past, for each of many.

use std::collections::{BTreeMap, VecDeque};

/// Counts events by key over a rolling window. Times are wall milliseconds.
#[derive(Debug)]
pub(crate) struct Rolling<K> {
    most: usize,
    window_ms: i64,
    events: BTreeMap<K, VecDeque<i64>>,
}

impl<K: Ord> Rolling<K> {
    /// A count that admits `most` events of one key in any `window_ms` milliseconds.
    pub(crate) fn new(most: usize, window_ms: i64) -> Self {
        Self { most, window_ms, events: BTreeMap::new() }
    }

    /// Counts an event; false, and not counted, when it is one too many.
    pub(crate) fn admit(&mut self, key: K, now_ms: i64) -> bool {
        let events = self.events.entry(key).or_default();
        while events.front().is_some_and(|at| *at <= now_ms - self.window_ms) {
            events.pop_front();
        }
        if events.len() >= self.most {
            return false;
        }
        events.push_back(now_ms);
        true
    }

    /// Drops the count of a key that will not come again.
    pub(crate) fn forget(&mut self, key: &K) {
        self.events.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_apart_and_forgotten_in_time() {
        let mut rolling = Rolling::new(2, 100);
        assert!(rolling.admit("a", 0) && rolling.admit("a", 50) && !rolling.admit("a", 99));
        assert!(rolling.admit("b", 99));
        assert!(rolling.admit("a", 100) && !rolling.admit("a", 149) && rolling.admit("a", 150));
    }
}
