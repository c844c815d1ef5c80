//! The last n values in their order: middle, and the place of the newest.

use super::count;
use super::ordered::Ordered;

/// What is told of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The value in the middle; the mean of the two middle ones where n is even.
    Median,
    /// Share of the window, itself included, that the newest value is not below: 0 to 1.
    Rank,
}

/// Longest window that is kept in a row: moving so few numbers up is quicker than walking a tree.
pub(super) const ROW_MAX: usize = 64;

/// A bar costs O(log n).
#[derive(Debug, Clone)]
pub(crate) struct Sorted {
    order: Order,
    bars: usize,
    ring: Vec<f64>,
    oldest: usize,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    /// Lowest first.
    Row(Vec<f64>),
    /// By place of the ring.
    Tree(Ordered),
}

impl Sorted {
    pub(super) fn new(bars: usize, order: Order) -> Self {
        let kept = if bars <= ROW_MAX {
            Kept::Row(Vec::with_capacity(bars + 1))
        } else {
            Kept::Tree(Ordered::new(bars))
        };
        Self { order, bars, ring: Vec::with_capacity(bars), oldest: 0, kept }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        let place = if self.ring.len() < self.bars {
            self.ring.push(value);
            self.ring.len() - 1
        } else {
            let place = self.oldest;
            let gone = std::mem::replace(&mut self.ring[place], value);
            self.oldest = (self.oldest + 1) % self.bars;
            self.kept.take(place, gone);
            place
        };
        let rank = self.kept.put(place, value);
        if self.ring.len() < self.bars {
            return f64::NAN;
        }
        match self.order {
            Order::Rank => count(rank) / count(self.bars),
            Order::Median => {
                let (lower, upper) = ((self.bars - 1) / 2, self.bars / 2);
                (self.kept.nth(lower) + self.kept.nth(upper)) / 2.0
            }
        }
    }
}

impl Kept {
    fn take(&mut self, place: usize, value: f64) {
        match self {
            Self::Row(row) => {
                let at = row.partition_point(|kept| *kept < value);
                row.remove(at);
            }
            Self::Tree(ordered) => ordered.take(place),
        }
    }

    /// Takes a value in; how many are not above it then.
    fn put(&mut self, place: usize, value: f64) -> usize {
        match self {
            Self::Row(row) => {
                let at = row.partition_point(|kept| *kept <= value);
                row.insert(at, value);
                at + 1
            }
            Self::Tree(ordered) => {
                ordered.put(place, value);
                ordered.up_to(value).0
            }
        }
    }

    fn nth(&self, before: usize) -> f64 {
        match self {
            Self::Row(row) => row[before],
            Self::Tree(ordered) => ordered.nth(before),
        }
    }
}
