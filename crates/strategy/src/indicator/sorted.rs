//! The last n values in their order: middle, and the place of the newest.

use super::count;

/// What is told of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The value in the middle; the mean of the two middle ones where n is even.
    Median,
    /// Share of the window, itself included, that the newest value is not below: 0 to 1.
    Rank,
}

/// Finding a place costs O(log n), making room moves n numbers at most: some nanoseconds for the usual lengths.
#[derive(Debug, Clone)]
pub(crate) struct Sorted {
    order: Order,
    bars: usize,
    ring: Vec<f64>,
    oldest: usize,
    sorted: Vec<f64>,
}

impl Sorted {
    pub(super) fn new(bars: usize, order: Order) -> Self {
        Self { order, bars, ring: Vec::with_capacity(bars), oldest: 0, sorted: Vec::with_capacity(bars + 1) }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        if self.ring.len() < self.bars {
            self.ring.push(value);
        } else {
            let gone = std::mem::replace(&mut self.ring[self.oldest], value);
            self.oldest = (self.oldest + 1) % self.bars;
            let at = self.sorted.partition_point(|kept| *kept < gone);
            self.sorted.remove(at);
        }
        let at = self.sorted.partition_point(|kept| *kept <= value);
        self.sorted.insert(at, value);
        if self.ring.len() < self.bars {
            return f64::NAN;
        }
        match self.order {
            Order::Rank => count(at + 1) / count(self.bars),
            Order::Median => {
                let upper = self.bars / 2;
                let lower = (self.bars - 1) / 2;
                (self.sorted[lower] + self.sorted[upper]) / 2.0
            }
        }
    }
}
