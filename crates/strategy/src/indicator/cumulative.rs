//! A running total since the first bar. Its level depends on where history begins; only its changes mean something.

#[derive(Debug, Clone, Default)]
pub(crate) struct Cumulative {
    sum: f64,
}

impl Cumulative {
    pub(super) fn next(&mut self, value: f64) -> f64 {
        self.sum += value;
        self.sum
    }
}
