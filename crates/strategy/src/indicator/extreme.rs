//! Highest or lowest value of the last n bars, and how long ago it was.

use std::collections::VecDeque;

use super::count;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Highest,
    Lowest,
}

/// Keeps only values that can still become the extreme: each enters and leaves once, so a bar costs O(1) on average.
#[derive(Debug, Clone)]
pub(crate) struct Extreme {
    which: Which,
    bars: usize,
    seen: usize,
    /// (bar number, value), the extreme first.
    candidates: VecDeque<(usize, f64)>,
}

impl Extreme {
    pub(super) fn new(bars: usize, which: Which) -> Self {
        Self { which, bars, seen: 0, candidates: VecDeque::with_capacity(bars + 1) }
    }

    /// The extreme and its age in bars; of equals the newest.
    pub(super) fn next(&mut self, value: f64) -> Option<(f64, f64)> {
        self.seen += 1;
        let beaten = |old: f64| match self.which {
            Which::Highest => old <= value,
            Which::Lowest => old >= value,
        };
        while self.candidates.back().is_some_and(|(_, old)| beaten(*old)) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.seen, value));
        if self.candidates.front().is_some_and(|(bar, _)| bar + self.bars <= self.seen) {
            self.candidates.pop_front();
        }
        let (bar, value) = *self.candidates.front()?;
        (self.seen >= self.bars).then(|| (value, count(self.seen - bar)))
    }
}
