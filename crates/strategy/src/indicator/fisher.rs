//! Fisher transform after Ehlers ("Using the Fisher Transform", 2002): smooths the place of a price in its range and
//! stretches the ends.

/// The transform is infinite at ±1; Ehlers stops short of it.
const LIMIT: f64 = 0.999;

#[derive(Debug, Clone, Default)]
pub(crate) struct Fisher {
    smoothed: f64,
    value: f64,
}

impl Fisher {
    /// Takes the place in the range: −0.5 at its low, 0.5 at its high.
    pub(super) fn next(&mut self, place: f64) -> f64 {
        let smoothed = 0.66 * place + 0.67 * self.smoothed;
        self.smoothed = if smoothed.abs() > 0.99 { LIMIT.copysign(smoothed) } else { smoothed };
        self.value = 0.5 * ((1.0 + self.smoothed) / (1.0 - self.smoothed)).ln() + 0.5 * self.value;
        self.value
    }
}
