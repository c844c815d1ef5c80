//! What has gathered since a condition last held: the words for sessions, anchors and "how long ago".

/// What is gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// The sum from the bar of the condition on.
    Sum,
    /// The highest value from the bar of the condition on.
    Highest,
    /// The lowest value from the bar of the condition on.
    Lowest,
    /// The value at the bar of the condition.
    Value,
    /// Bars since: 0 at the bar of the condition.
    Bars,
}

#[derive(Debug, Clone)]
pub(crate) struct Since {
    gathered: Gathered,
    /// `None` until the condition has held once.
    value: Option<f64>,
}

impl Since {
    pub(super) fn new(gathered: Gathered) -> Self {
        Self { gathered, value: None }
    }

    pub(super) fn next(&mut self, value: f64, holds: bool) -> f64 {
        let before = self.value.filter(|_| !holds);
        let begins = if self.gathered == Gathered::Bars { 0.0 } else { value };
        self.value = match before {
            None => holds.then_some(begins),
            Some(before) => Some(match self.gathered {
                Gathered::Sum => before + value,
                Gathered::Highest => before.max(value),
                Gathered::Lowest => before.min(value),
                Gathered::Value => before,
                Gathered::Bars => before + 1.0,
            }),
        };
        self.value.unwrap_or(f64::NAN)
    }
}
