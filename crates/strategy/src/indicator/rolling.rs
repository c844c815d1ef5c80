//! Mean and standard deviation of the last n values.
//!
//! Sums are kept relative to a reference value inside the window and are taken afresh once per n bars: running sums of
//! squared prices would lose the digits that a quiet market consists of.

use super::count;

/// The last n values and the sums over them.
#[derive(Debug, Clone)]
struct Window {
    values: Vec<f64>,
    bars: usize,
    oldest: usize,
    reference: f64,
    sum: f64,
    sum_of_squares: f64,
}

impl Window {
    fn new(bars: usize) -> Self {
        Self {
            values: Vec::with_capacity(bars),
            bars,
            oldest: 0,
            reference: 0.0,
            sum: 0.0,
            sum_of_squares: 0.0,
        }
    }

    /// Takes a value; whether the window is full.
    fn push(&mut self, value: f64) -> bool {
        if self.values.len() < self.bars {
            self.values.push(value);
            if self.values.len() == self.bars {
                self.refresh();
            }
            return self.values.len() == self.bars;
        }
        let gone = std::mem::replace(&mut self.values[self.oldest], value);
        self.oldest = (self.oldest + 1) % self.bars;
        if self.oldest == 0 {
            self.refresh();
        } else {
            let (entered, left) = (value - self.reference, gone - self.reference);
            self.sum += entered - left;
            self.sum_of_squares += entered * entered - left * left;
        }
        true
    }

    fn refresh(&mut self) {
        self.reference = self.values[self.bars - 1];
        (self.sum, self.sum_of_squares) = (0.0, 0.0);
        for value in &self.values {
            let offset = value - self.reference;
            self.sum += offset;
            self.sum_of_squares += offset * offset;
        }
    }
}

/// Simple moving average.
#[derive(Debug, Clone)]
pub(crate) struct Mean(Window);

impl Mean {
    pub(super) fn new(bars: usize) -> Self {
        Self(Window::new(bars))
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        if !self.0.push(value) {
            return f64::NAN;
        }
        self.0.reference + self.0.sum / count(self.0.bars)
    }
}

/// Standard deviation of the population (divisor n), as in TA-Lib and in Bollinger bands.
#[derive(Debug, Clone)]
pub(crate) struct Deviation(Window);

impl Deviation {
    pub(super) fn new(bars: usize) -> Self {
        Self(Window::new(bars))
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        if !self.0.push(value) {
            return f64::NAN;
        }
        let mean = self.0.sum / count(self.0.bars);
        let variance = self.0.sum_of_squares / count(self.0.bars) - mean * mean;
        // Rounding can leave a hair below zero in a flat window.
        variance.max(0.0).sqrt()
    }
}
