//! Average true range after Wilder, in price.

use super::count;
use crate::language::Bar;

#[derive(Debug, Clone)]
pub(crate) struct Atr {
    bars: usize,
    /// True ranges seen, up to `bars`.
    seen: usize,
    previous_close: Option<f64>,
    value: f64,
}

impl Atr {
    pub(super) fn new(bars: usize) -> Self {
        Self { bars, seen: 0, previous_close: None, value: 0.0 }
    }

    pub(super) fn next(&mut self, bar: &Bar) -> f64 {
        if !(bar.high.is_finite() && bar.low.is_finite() && bar.close.is_finite()) {
            return f64::NAN;
        }
        // The first bar has no close before it and so no true range, as in TA-Lib.
        let Some(close) = self.previous_close.replace(bar.close) else { return f64::NAN };
        let range = bar.high.max(close) - bar.low.min(close);
        self.seen = (self.seen + 1).min(self.bars);
        self.value += (range - self.value) / count(self.seen);
        if self.seen < self.bars { f64::NAN } else { self.value }
    }
}
