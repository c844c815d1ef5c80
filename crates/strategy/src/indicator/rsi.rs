//! Relative strength index after Wilder, 0 to 100.

use super::count;

#[derive(Debug, Clone)]
pub(crate) struct Rsi {
    bars: usize,
    /// Changes seen, up to `bars`.
    seen: usize,
    previous: Option<f64>,
    gain: f64,
    loss: f64,
}

impl Rsi {
    pub(super) fn new(bars: usize) -> Self {
        Self { bars, seen: 0, previous: None, gain: 0.0, loss: 0.0 }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        let Some(previous) = self.previous.replace(value) else { return f64::NAN };
        let change = value - previous;
        // The first n changes make a plain mean, later ones are smoothed with 1/n.
        self.seen = (self.seen + 1).min(self.bars);
        let weight = 1.0 / count(self.seen);
        self.gain += (change.max(0.0) - self.gain) * weight;
        self.loss += ((-change).max(0.0) - self.loss) * weight;
        let movement = self.gain + self.loss;
        // Without any movement the index is 0/0. TA-Lib answers 0, which would read as "oversold"; here it is undefined.
        if self.seen < self.bars || movement <= 0.0 { f64::NAN } else { 100.0 * self.gain / movement }
    }
}
