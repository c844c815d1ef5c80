//! The value of some bars ago.

use std::collections::VecDeque;

#[derive(Debug, Clone)]
pub(crate) struct Delay {
    past: VecDeque<f64>,
    bars: usize,
}

impl Delay {
    pub(super) fn new(bars: usize) -> Self {
        Self { past: VecDeque::with_capacity(bars + 1), bars }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        self.past.push_back(value);
        if self.past.len() > self.bars { self.past.pop_front().unwrap_or(f64::NAN) } else { f64::NAN }
    }
}
