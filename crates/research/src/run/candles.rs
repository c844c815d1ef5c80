//! Candles of the lengths that bots want, out of the bars of the data.

use windvane_model::{Candle, Fixed, Interval, MarketTime, Price, Symbol};

use super::lane::decimal;
use crate::data::Bar;

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
        for forming in &mut self.forming {
            let length_ms = forming.interval.millis();
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
                out.extend(candle(symbol, forming.interval, &whole, now_ms));
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
