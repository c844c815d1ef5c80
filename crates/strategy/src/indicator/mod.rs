//! Technical indicators that move on by one bar in constant time and constant memory, in `f64`: estimates, never money.
//!
//! Figures agree with TA-Lib 0.6/0.8 (`tests/golden`). A value that is not defined yet is NaN, and a NaN that comes in
//! is skipped: the answer of that bar is NaN and the indicator's memory stays as it was.

mod atr;
mod delay;
mod ema;
mod extreme;
mod rolling;
mod rsi;

use atr::Atr;
use delay::Delay;
use ema::Ema;
use extreme::{Extreme, Which};
use rolling::{Deviation, Mean};
use rsi::Rsi;

pub(crate) use ema::Seed;

use crate::language::Bar;

/// Longest look-back of an indicator in bars: bounds memory, and the history that has to be loaded at start.
pub(crate) const MAX_BARS: usize = 5_000;

/// The memory of one indicator.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Atr(Atr),
    Delay(Delay),
    Ema(Ema),
    Extreme(Extreme),
    Mean(Mean),
    Deviation(Deviation),
    Rsi(Rsi),
}

impl State {
    pub(crate) fn atr(bars: usize) -> Self {
        Self::Atr(Atr::new(bars))
    }

    pub(crate) fn delay(bars: usize) -> Self {
        Self::Delay(Delay::new(bars))
    }

    pub(crate) fn ema(bars: usize, seed: Seed) -> Self {
        Self::Ema(Ema::new(bars, seed))
    }

    pub(crate) fn highest(bars: usize) -> Self {
        Self::Extreme(Extreme::new(bars, Which::Highest))
    }

    pub(crate) fn lowest(bars: usize) -> Self {
        Self::Extreme(Extreme::new(bars, Which::Lowest))
    }

    pub(crate) fn sma(bars: usize) -> Self {
        Self::Mean(Mean::new(bars))
    }

    pub(crate) fn stdev(bars: usize) -> Self {
        Self::Deviation(Deviation::new(bars))
    }

    pub(crate) fn rsi(bars: usize) -> Self {
        Self::Rsi(Rsi::new(bars))
    }

    /// Takes the value of the next bar and answers the indicator's.
    pub(crate) fn next(&mut self, value: f64) -> f64 {
        match self {
            // The past of an undefined value is undefined, so a delay takes NaN as well.
            Self::Delay(delay) => delay.next(value),
            _ if value.is_nan() => f64::NAN,
            Self::Ema(ema) => ema.next(value),
            Self::Extreme(extreme) => extreme.next(value),
            Self::Mean(mean) => mean.next(value),
            Self::Deviation(deviation) => deviation.next(value),
            Self::Rsi(rsi) => rsi.next(value),
            // The range of a bar is not in one value; `next_bar` is its way in.
            Self::Atr(_) => f64::NAN,
        }
    }

    /// Takes the next bar, for indicators that need more of it than one value.
    pub(crate) fn next_bar(&mut self, bar: &Bar) -> f64 {
        match self {
            Self::Atr(atr) => atr.next(bar),
            other => other.next(bar.close),
        }
    }
}

/// A count of bars as a divisor.
#[expect(clippy::cast_precision_loss, reason = "counts up to MAX_BARS are exact in f64")]
fn count(bars: usize) -> f64 {
    bars as f64
}

#[cfg(test)]
mod tests;
