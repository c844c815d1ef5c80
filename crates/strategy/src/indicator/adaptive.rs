//! An average whose α comes with each bar: what Kaufman's and Chande's adaptive averages have in common.

#[derive(Debug, Clone, Default)]
pub(crate) struct Adaptive {
    /// The average; the newest value while α has not been known yet, so that it starts from the one before.
    value: Option<f64>,
    has_begun: bool,
}

impl Adaptive {
    pub(super) fn next(&mut self, value: f64, alpha: f64) -> f64 {
        if value.is_nan() {
            return f64::NAN;
        }
        match self.value {
            Some(before) if !alpha.is_nan() => {
                let average = before + alpha * (value - before);
                (self.value, self.has_begun) = (Some(average), true);
                average
            }
            _ => {
                if !self.has_begun {
                    self.value = Some(value);
                }
                f64::NAN
            }
        }
    }
}
