//! Wilder's smoothing ("New Concepts in Technical Trading Systems", 1978) as an average and as a sum.

use super::count;

/// Average with α = 1/n, seeded with the mean of the first n values: ATR and ADX; also known as RMA or SMMA.
#[derive(Debug, Clone)]
pub(crate) struct WilderMean {
    bars: usize,
    /// Values seen, up to `bars`.
    seen: usize,
    value: f64,
}

impl WilderMean {
    pub(super) fn new(bars: usize) -> Self {
        Self { bars, seen: 0, value: 0.0 }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        self.seen = (self.seen + 1).min(self.bars);
        self.value += (value - self.value) / count(self.seen);
        if self.seen < self.bars { f64::NAN } else { self.value }
    }
}

/// Running sum that loses a part in n with each bar, after a plain sum of the first n − 1 values: the directional
/// movement of DI and ADX, as TA-Lib begins it.
#[derive(Debug, Clone)]
pub(crate) struct WilderSum {
    bars: usize,
    seen: usize,
    sum: f64,
}

impl WilderSum {
    pub(super) fn new(bars: usize) -> Self {
        Self { bars, seen: 0, sum: 0.0 }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        self.seen = (self.seen + 1).min(self.bars);
        if self.seen < self.bars {
            self.sum += value;
            return f64::NAN;
        }
        self.sum += value - self.sum / count(self.bars);
        self.sum
    }
}
