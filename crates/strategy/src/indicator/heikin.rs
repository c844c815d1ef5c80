//! Opening price of a Heikin-Ashi candle: the middle of the body before.

#[derive(Debug, Clone, Default)]
pub(crate) struct HeikinOpen {
    /// Open and close of the Heikin-Ashi candle before.
    before: Option<(f64, f64)>,
}

impl HeikinOpen {
    /// Takes the bar's open and the Heikin-Ashi close, the mean of its four prices. The first candle, without one before
    /// it, opens in the middle between the two.
    pub(super) fn next(&mut self, open: f64, close: f64) -> f64 {
        let (first, second) = self.before.unwrap_or((open, close));
        let value = (first + second) / 2.0;
        self.before = Some((value, close));
        value
    }
}
