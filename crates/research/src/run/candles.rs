//! Candles of the lengths that bots want, out of the bars of the data.

use rust_decimal::prelude::ToPrimitive;
use windvane_model::{Candle, Fixed, Interval, MarketTime, Price, Symbol};

use super::lane::decimal;
use crate::data::Bar;

/// Raw figures below this are exact in `f64` with room for the rounding of a decimal's conversion.
const EXACT_BELOW: u64 = 1 << 50;

/// Puts longer candles together. A candle of which a bar is missing is not made: what it would have been is not known.
#[derive(Debug, Clone)]
pub(super) struct Candles {
    part_ms: i64,
    /// Longest first: rules that look at the short one see both.
    forming: Vec<Forming>,
}

#[derive(Debug, Clone)]
struct Forming {
    interval: Interval,
    /// The candle so far and the start that its next part must have.
    so_far: Option<(Bar, i64)>,
}

impl Candles {
    /// Candles of `intervals`, none of which is shorter than `part`.
    pub(super) fn new(part: Interval, mut intervals: Vec<Interval>) -> Self {
        intervals.sort_unstable();
        intervals.dedup();
        let forming = intervals.into_iter().rev().map(|interval| Forming { interval, so_far: None });
        Self { part_ms: part.millis(), forming: forming.collect() }
    }

    /// Takes a bar that has closed and appends the candles that it completes.
    pub(super) fn take(&mut self, symbol: Symbol, bar: &Bar, now_ms: i64, out: &mut Vec<Candle>) {
        self.join(bar, |interval, whole| out.extend(candle(symbol, interval, whole, now_ms)));
    }

    /// The one length of the candles that are put together; `None` where there are several.
    pub(super) fn only_interval(&self) -> Option<Interval> {
        match self.forming.as_slice() {
            [only] => Some(only.interval),
            _ => None,
        }
    }

    /// Whether each bar is a candle by itself, so that none is ever under way.
    pub(super) fn are_whole_bars(&self) -> bool {
        self.forming.iter().all(|forming| forming.interval.millis() == self.part_ms)
    }

    /// Takes a bar that has closed and tells of the candles that it completes.
    pub(super) fn join(&mut self, bar: &Bar, mut completes: impl FnMut(Interval, &Bar)) {
        for forming in &mut self.forming {
            let length_ms = forming.interval.millis();
            if length_ms == self.part_ms {
                // A bar that is a candle by itself.
                if bar.start_ms.rem_euclid(length_ms) == 0 {
                    completes(forming.interval, bar);
                }
                continue;
            }
            let start_ms = bar.start_ms.div_euclid(length_ms) * length_ms;
            let (whole, next) = match forming.so_far.take() {
                Some((whole, due)) if due == bar.start_ms && whole.start_ms == start_ms => {
                    (joined(&whole, bar), due)
                }
                _ if bar.start_ms == start_ms => (*bar, start_ms),
                _ => continue,
            };
            let next = next + self.part_ms;
            if next < start_ms + length_ms {
                forming.so_far = Some((whole, next));
            } else {
                completes(forming.interval, &whole);
            }
        }
    }
}

fn joined(whole: &Bar, part: &Bar) -> Bar {
    Bar {
        high: whole.high.max(part.high),
        low: whole.low.min(part.low),
        close: part.close,
        volume: Fixed::from_raw(whole.volume.raw().saturating_add(part.volume.raw())).unwrap_or_default(),
        ..*whole
    }
}

/// A bar as the rules will see it in the candle. Figures that `f64` holds exactly are converted as they are; the others go
/// the candle's own way, by the decimal.
pub(super) fn seen(bar: &Bar) -> windvane_strategy::Bar {
    windvane_strategy::Bar {
        start_ms: bar.start_ms,
        open: seen_figure(bar.open),
        high: seen_figure(bar.high),
        low: seen_figure(bar.low),
        close: seen_figure(bar.close),
        volume: seen_figure(bar.volume),
    }
}

/// One of its figures.
pub(super) fn seen_figure(figure: Fixed) -> f64 {
    match figure.raw().unsigned_abs() < EXACT_BELOW {
        true => figure.to_f64(),
        false => decimal(figure.raw()).to_f64().unwrap_or(f64::NAN),
    }
}

/// `None` for a bar without a price, which reading refuses.
fn candle(symbol: Symbol, interval: Interval, bar: &Bar, now_ms: i64) -> Option<Candle> {
    let price = |price: Fixed| Price::new(decimal(price.raw())).ok();
    Some(Candle {
        symbol,
        at: MarketTime(now_ms),
        interval,
        start: MarketTime(bar.start_ms),
        open: price(bar.open)?,
        high: price(bar.high)?,
        low: price(bar.low)?,
        close: price(bar.close)?,
        volume: decimal(bar.volume.raw()),
        is_confirmed: true,
        is_warm_up: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_see_the_same_figures_in_a_bar_and_in_its_candle() {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let mut rng = fastrand::Rng::with_seed(7);
        for places in 0..=16_u32 {
            for _ in 0..2_000 {
                // Figures of every length, many of them with noughts at the end.
                let mut draw = || {
                    let bits = rng.u32(1..61);
                    let raw = i64::try_from(rng.u64(1..1 << bits)).unwrap();
                    let grid = 10_i64.pow(places.min(8));
                    Fixed::from_raw((raw / grid * grid).max(grid)).unwrap()
                };
                let bar = Bar {
                    start_ms: 0,
                    open: draw(),
                    high: draw(),
                    low: draw(),
                    close: draw(),
                    volume: draw(),
                };
                let candle = candle(symbol, Interval::M1, &bar, 0).unwrap();
                let told = [candle.open, candle.high, candle.low, candle.close].map(Price::to_f64);
                let seen = seen(&bar);
                assert_eq!(told, [seen.open, seen.high, seen.low, seen.close], "{bar:?}");
                assert_eq!(candle.volume.to_f64(), Some(seen.volume), "{bar:?}");
            }
        }
    }
}
