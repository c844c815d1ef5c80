//! The kernels of technical indicators: each moves on by one bar in constant time on average over its window (those that
//! need the order of the window in O(log n)) and constant memory, in `f64`: estimates, never money. Indicators proper are put together from them in
//! `language/library`.
//!
//! Figures agree with TA-Lib 0.8 where it has the indicator (`tests/golden`). A value that is not defined yet is NaN. A
//! NaN that comes in is skipped: the answer of that bar is NaN and the kernel's memory stays as it was.

mod adaptive;
mod cumulative;
mod delay;
mod ema;
mod extreme;
mod fisher;
mod heikin;
mod obv;
mod ordered;
mod rolling;
mod rsi;
mod sar;
mod since;
mod sorted;
mod supertrend;
mod wilder;

use adaptive::Adaptive;
use cumulative::Cumulative;
use delay::Delay;
use ema::Ema;
use extreme::Extreme;
use fisher::Fisher;
use heikin::HeikinOpen;
use obv::OnBalance;
use rolling::Rolling;
use rsi::Rsi;
use sar::Sar;
use since::Since;
use sorted::Sorted;
use supertrend::Supertrend;
use wilder::{WilderMean, WilderSum};

pub(crate) use ema::Seed;
pub(crate) use extreme::Which;
pub(crate) use rolling::Statistic;
pub(crate) use since::Gathered;
pub(crate) use sorted::Order;
pub(crate) use supertrend::Side as SupertrendSide;

/// Longest look-back of an indicator in bars: bounds memory, and the history that has to be loaded at start.
pub(crate) const MAX_BARS: usize = 5_000;

/// A kernel with its parameters. `bars` is the length of its window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kernel {
    /// The value of some bars ago.
    Delay { bars: usize },
    /// Exponential average that begins `skip` values late.
    Ema { bars: usize, seed: Seed, skip: usize },
    /// Wilder's average, α = 1/n.
    WilderMean { bars: usize },
    /// Wilder's running sum.
    WilderSum { bars: usize },
    /// A statistic of the last values.
    Rolling { bars: usize, statistic: Statistic },
    /// Highest or lowest of the last values.
    Extreme { bars: usize, which: Which },
    /// Bars since the highest or lowest of the last values.
    ExtremeAge { bars: usize, which: Which },
    /// Place or middle of the last values in their order.
    Sorted { bars: usize, order: Order },
    /// Relative strength index.
    Rsi { bars: usize },
    /// Average whose α is its second operand.
    Adaptive,
    /// Sum since the first bar.
    Cumulative,
    /// On-balance volume of a price and a volume.
    OnBalance,
    /// Something gathered since the second operand, a condition, last held.
    Since { gathered: Gathered },
    /// Parabolic stop and reverse of a high and a low.
    Sar { step: f64, most: f64 },
    /// Supertrend of an upper band, a lower band and a price.
    Supertrend { side: SupertrendSide },
    /// Fisher transform of a value from −0.5 to 0.5.
    Fisher,
    /// Opening price of the Heikin-Ashi candle of an open and an average price.
    HeikinOpen,
}

/// The memory of one kernel at work.
#[derive(Debug, Clone)]
pub(crate) enum State {
    Delay(Delay),
    Ema(Ema),
    WilderMean(WilderMean),
    WilderSum(WilderSum),
    Rolling(Rolling),
    Extreme(Extreme),
    ExtremeAge(Extreme),
    Sorted(Sorted),
    Rsi(Rsi),
    Adaptive(Adaptive),
    Cumulative(Cumulative),
    OnBalance(OnBalance),
    Since(Since),
    Sar(Sar),
    Supertrend(Supertrend),
    Fisher(Fisher),
    HeikinOpen(HeikinOpen),
}

impl Kernel {
    /// The kernel before its first bar.
    pub(crate) fn state(self) -> State {
        match self {
            Self::Delay { bars } => State::Delay(Delay::new(bars)),
            Self::Ema { bars, seed, skip } => State::Ema(Ema::new(bars, seed, skip)),
            Self::WilderMean { bars } => State::WilderMean(WilderMean::new(bars)),
            Self::WilderSum { bars } => State::WilderSum(WilderSum::new(bars)),
            Self::Rolling { bars, statistic } => State::Rolling(Rolling::new(bars, statistic)),
            Self::Extreme { bars, which } => State::Extreme(Extreme::new(bars, which)),
            Self::ExtremeAge { bars, which } => State::ExtremeAge(Extreme::new(bars, which)),
            Self::Sorted { bars, order } => State::Sorted(Sorted::new(bars, order)),
            Self::Rsi { bars } => State::Rsi(Rsi::new(bars)),
            Self::Adaptive => State::Adaptive(Adaptive::default()),
            Self::Cumulative => State::Cumulative(Cumulative::default()),
            Self::OnBalance => State::OnBalance(OnBalance::default()),
            Self::Since { gathered } => State::Since(Since::new(gathered)),
            Self::Sar { step, most } => State::Sar(Sar::new(step, most)),
            Self::Supertrend { side } => State::Supertrend(Supertrend::new(side)),
            Self::Fisher => State::Fisher(Fisher::default()),
            Self::HeikinOpen => State::HeikinOpen(HeikinOpen::default()),
        }
    }

    /// Bars beyond those of its operands until its value is defined.
    pub(crate) const fn warm_up(self) -> usize {
        match self {
            Self::Delay { bars } | Self::Rsi { bars } => bars,
            Self::Ema { bars, skip, .. } => bars - 1 + skip,
            Self::WilderMean { bars }
            | Self::WilderSum { bars }
            | Self::Rolling { bars, .. }
            | Self::Extreme { bars, .. }
            | Self::ExtremeAge { bars, .. }
            | Self::Sorted { bars, .. } => bars - 1,
            Self::Sar { .. } => 1,
            Self::Adaptive
            | Self::Cumulative
            | Self::OnBalance
            | Self::Since { .. }
            | Self::Supertrend { .. }
            | Self::Fisher
            | Self::HeikinOpen => 0,
        }
    }

    /// Bars beyond those of its operands until its value hardly depends on where history began. Averages with infinite
    /// memory have forgotten their first value to some per cent after three times their length.
    pub(crate) const fn settling(self) -> usize {
        match self {
            Self::Ema { bars, skip, .. } => 3 * bars + skip,
            Self::WilderMean { bars } | Self::WilderSum { bars } | Self::Rsi { bars } => 3 * bars,
            Self::Adaptive | Self::Sar { .. } | Self::Supertrend { .. } => 100,
            Self::Fisher | Self::HeikinOpen => 30,
            other => other.warm_up(),
        }
    }
}

impl State {
    /// Takes the operands of the next bar and answers the kernel's value; operands beyond its number are ignored.
    pub(crate) fn next(&mut self, operands: [f64; 3]) -> f64 {
        let [first, second, third] = operands;
        match self {
            // The past of an undefined value is undefined, so a delay takes NaN as well.
            Self::Delay(delay) => return delay.next(first),
            // Takes its first value while α is not known yet.
            Self::Adaptive(adaptive) => return adaptive.next(first, second),
            _ => {}
        }
        if first.is_nan() || second.is_nan() || third.is_nan() {
            return f64::NAN;
        }
        match self {
            Self::Delay(_) | Self::Adaptive(_) => f64::NAN,
            Self::Ema(ema) => ema.next(first),
            Self::WilderMean(mean) => mean.next(first),
            Self::WilderSum(sum) => sum.next(first),
            Self::Rolling(rolling) => rolling.next(first),
            Self::Extreme(extreme) => extreme.next(first).map_or(f64::NAN, |(value, _)| value),
            Self::ExtremeAge(extreme) => extreme.next(first).map_or(f64::NAN, |(_, age)| age),
            Self::Sorted(sorted) => sorted.next(first),
            Self::Rsi(rsi) => rsi.next(first),
            Self::Cumulative(cumulative) => cumulative.next(first),
            Self::OnBalance(volume) => volume.next(first, second),
            Self::Since(since) => since.next(first, second != 0.0),
            Self::Sar(sar) => sar.next(first, second),
            Self::Supertrend(supertrend) => supertrend.next(first, second, third),
            Self::Fisher(fisher) => fisher.next(first),
            Self::HeikinOpen(open) => open.next(first, second),
        }
    }
}

impl State {
    /// The same over columns: [`next`](Self::next) for one row after the other, the kernel chosen once.
    pub(crate) fn run(&mut self, operands: [&[f64]; 3], out: &mut [f64]) {
        let [first, second, third] = operands;
        match self {
            Self::Delay(delay) => {
                out.iter_mut().zip(first).for_each(|(out, first)| *out = defined(delay.next(*first)));
            }
            Self::Adaptive(adaptive) => {
                for ((out, first), second) in out.iter_mut().zip(first).zip(second) {
                    *out = defined(adaptive.next(*first, *second));
                }
            }
            Self::Ema(ema) => each(first, out, |value| ema.next(value)),
            Self::WilderMean(mean) => each(first, out, |value| mean.next(value)),
            Self::WilderSum(sum) => each(first, out, |value| sum.next(value)),
            Self::Rolling(rolling) => each(first, out, |value| rolling.next(value)),
            Self::Extreme(extreme) => {
                each(first, out, |value| extreme.next(value).map_or(f64::NAN, |(value, _)| value));
            }
            Self::ExtremeAge(extreme) => {
                each(first, out, |value| extreme.next(value).map_or(f64::NAN, |(_, age)| age));
            }
            Self::Sorted(sorted) => each(first, out, |value| sorted.next(value)),
            Self::Rsi(rsi) => each(first, out, |value| rsi.next(value)),
            Self::Cumulative(cumulative) => each(first, out, |value| cumulative.next(value)),
            Self::Fisher(fisher) => each(first, out, |value| fisher.next(value)),
            Self::OnBalance(_)
            | Self::Since(_)
            | Self::Sar(_)
            | Self::Supertrend(_)
            | Self::HeikinOpen(_) => {
                for (row, out) in out.iter_mut().enumerate() {
                    *out = defined(self.next([first[row], second[row], third[row]]));
                }
            }
        }
    }
}

/// A kernel of one operand over a column; what is not defined is skipped.
#[inline]
fn each(operand: &[f64], out: &mut [f64], mut next: impl FnMut(f64) -> f64) {
    for (out, value) in out.iter_mut().zip(operand) {
        *out = if value.is_nan() { f64::NAN } else { defined(next(*value)) };
    }
}

/// Overflow and division by zero are "not defined", not infinity.
#[inline]
pub(crate) fn defined(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// A count of bars as a divisor.
#[expect(clippy::cast_precision_loss, reason = "counts up to MAX_BARS are exact in f64")]
pub(crate) fn count(bars: usize) -> f64 {
    bars as f64
}

#[cfg(test)]
mod tests;
