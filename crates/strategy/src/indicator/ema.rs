//! Exponential moving average, α = 2 / (n + 1).

use super::count;

/// What the average starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seed {
    /// The mean of the first n values, as TA-Lib does.
    Sma,
    /// The first value; defined from bar n on all the same, so that a young average never counts as known.
    First,
}

#[derive(Debug, Clone)]
pub(crate) struct Ema {
    bars: usize,
    alpha: f64,
    seed: Seed,
    /// Values still to pass before the first one counts.
    skip: usize,
    seen: usize,
    value: f64,
}

impl Ema {
    pub(super) fn new(bars: usize, seed: Seed, skip: usize) -> Self {
        Self { bars, alpha: 2.0 / (count(bars) + 1.0), seed, skip, seen: 0, value: 0.0 }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        if self.skip > 0 {
            self.skip -= 1;
            return f64::NAN;
        }
        let seeding = match self.seed {
            Seed::Sma => self.seen < self.bars,
            Seed::First => self.seen == 0,
        };
        if self.seen < self.bars {
            self.seen += 1;
        }
        if seeding {
            // A running mean: after n values it is the SMA.
            self.value += (value - self.value) / count(self.seen);
        } else {
            self.value += self.alpha * (value - self.value);
        }
        if self.seen < self.bars { f64::NAN } else { self.value }
    }
}
