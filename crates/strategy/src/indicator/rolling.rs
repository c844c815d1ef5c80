//! Statistics of the last n values: mean, sum, deviations, weighted mean and the line of best fit.
//!
//! Sums are kept relative to a reference value inside the window and are taken afresh once per n bars: running sums of
//! squared prices would lose the digits that a quiet market consists of.

use super::count;
use super::ordered::Ordered;
use super::sorted::ROW_MAX;

/// What is told of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Statistic {
    Mean,
    Sum,
    /// Standard deviation of the population (divisor n), as in TA-Lib and in Bollinger bands.
    Deviation,
    /// Mean with weights 1 to n, the newest value heaviest.
    WeightedMean,
    /// The line of best fit at the newest bar.
    FitValue,
    /// The rise of the line of best fit per bar.
    FitSlope,
    /// Mean distance from the mean. It needs the order of the window: a bar costs O(log n).
    MeanDeviation,
}

/// The last n values and what is told of them.
#[derive(Debug, Clone)]
pub(crate) struct Rolling {
    statistic: Statistic,
    values: Vec<f64>,
    bars: usize,
    oldest: usize,
    reference: f64,
    sum: f64,
    sum_of_squares: f64,
    /// Σ i × value, i = 1 for the oldest and n for the newest.
    weighted: f64,
    /// Distances from the reference in their order, by their places in `values`: for the mean deviation of long windows.
    ordered: Option<Ordered>,
}

impl Rolling {
    pub(super) fn new(bars: usize, statistic: Statistic) -> Self {
        Self {
            statistic,
            values: Vec::with_capacity(bars),
            bars,
            oldest: 0,
            reference: 0.0,
            sum: 0.0,
            sum_of_squares: 0.0,
            weighted: 0.0,
            ordered: (statistic == Statistic::MeanDeviation && bars > ROW_MAX).then(|| Ordered::new(bars)),
        }
    }

    pub(super) fn next(&mut self, value: f64) -> f64 {
        if self.push(value) { self.told() } else { f64::NAN }
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
        let place = self.oldest;
        let gone = std::mem::replace(&mut self.values[place], value);
        self.oldest = if self.oldest + 1 == self.bars { 0 } else { self.oldest + 1 };
        if self.oldest == 0 {
            self.refresh();
        } else {
            let (entered, left) = (value - self.reference, gone - self.reference);
            // Every value grows older by one: its weight falls by one, and the oldest leaves with weight one.
            self.weighted += count(self.bars) * entered - self.sum;
            self.sum += entered - left;
            self.sum_of_squares += entered * entered - left * left;
            if let Some(ordered) = &mut self.ordered {
                ordered.take(place);
                ordered.put(place, entered);
            }
        }
        true
    }

    /// Takes the sums afresh; the oldest value is the first of the list then.
    fn refresh(&mut self) {
        self.reference = self.values[self.bars - 1];
        (self.sum, self.sum_of_squares, self.weighted) = (0.0, 0.0, 0.0);
        for (index, value) in self.values.iter().enumerate() {
            let offset = value - self.reference;
            self.sum += offset;
            self.sum_of_squares += offset * offset;
            self.weighted += count(index + 1) * offset;
        }
        if let Some(ordered) = &mut self.ordered {
            *ordered = Ordered::new(self.bars);
            for (place, value) in self.values.iter().enumerate() {
                ordered.put(place, value - self.reference);
            }
        }
    }

    fn told(&self) -> f64 {
        let n = count(self.bars);
        let mean = self.sum / n;
        match self.statistic {
            Statistic::Mean => self.reference + mean,
            Statistic::Sum => self.reference * n + self.sum,
            // Rounding can leave a hair below zero in a flat window.
            Statistic::Deviation => (self.sum_of_squares / n - mean * mean).max(0.0).sqrt(),
            Statistic::WeightedMean => self.reference + self.weighted * 2.0 / (n * (n + 1.0)),
            Statistic::FitSlope => self.slope(),
            Statistic::FitValue => self.reference + mean + self.slope() * (n - 1.0) / 2.0,
            Statistic::MeanDeviation => {
                let distances = match &self.ordered {
                    Some(ordered) => ordered.distances(mean),
                    None => {
                        let mean = self.reference + mean;
                        self.values.iter().map(|value| (value - mean).abs()).sum()
                    }
                };
                distances / n
            }
        }
    }

    /// Least squares over x = 1 … n: Σ(x − x̄)y / Σ(x − x̄)².
    fn slope(&self) -> f64 {
        let n = count(self.bars);
        let spread = n * (n * n - 1.0) / 12.0;
        (self.weighted - self.sum * (n + 1.0) / 2.0) / spread
    }
}
