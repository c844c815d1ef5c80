//! On-balance volume after Granville: volume is added on a rise and taken off on a fall. Starts, as in TA-Lib, with the
//! first bar's volume; its level depends on where history begins.

#[derive(Debug, Clone, Default)]
pub(crate) struct OnBalance {
    previous: Option<f64>,
    sum: f64,
}

impl OnBalance {
    pub(super) fn next(&mut self, price: f64, volume: f64) -> f64 {
        let before = self.previous.replace(price).unwrap_or(f64::NEG_INFINITY);
        if price > before {
            self.sum += volume;
        } else if price < before {
            self.sum -= volume;
        }
        self.sum
    }
}
