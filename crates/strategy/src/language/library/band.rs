//! Bands around the price and ranges of the past.

use super::Argument::{Bars, Figure, Series};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::language::op::Binary;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "highest",
        "highest(x, bars)",
        "highest of the last values",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.highest(a.x(0), a.bars(1)),
    ),
    function(
        "lowest",
        "lowest(x, bars)",
        "lowest of the last values",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.lowest(a.x(0), a.bars(1)),
    ),
    function(
        "stdev",
        "stdev(x, bars)",
        "standard deviation (of the population)",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.stdev(a.x(0), a.bars(1)),
    ),
    function(
        "bb_upper",
        "bb_upper(x, bars, deviations)",
        "upper Bollinger band",
        &[Series, Bars(1), Figure],
        Gives::First,
        |s, a| bollinger(s, a, Binary::Add),
    ),
    function(
        "bb_mid",
        "bb_mid(x, bars, deviations)",
        "middle of the Bollinger bands",
        &[Series, Bars(1), Figure],
        Gives::First,
        |s, a| s.sma(a.x(0), a.bars(1)),
    ),
    function(
        "bb_lower",
        "bb_lower(x, bars, deviations)",
        "lower Bollinger band",
        &[Series, Bars(1), Figure],
        Gives::First,
        |s, a| bollinger(s, a, Binary::Subtract),
    ),
    function(
        "bb_width",
        "bb_width(x, bars, deviations)",
        "distance of the Bollinger bands over their middle",
        &[Series, Bars(1), Figure],
        Gives::Ratio,
        bb_width,
    ),
    function(
        "bb_percent",
        "bb_percent(x, bars, deviations)",
        "%B: 0% at the lower Bollinger band, 100% at the upper",
        &[Series, Bars(1), Figure],
        Gives::Ratio,
        bb_percent,
    ),
    function(
        "kc_upper",
        "kc_upper(bars, ranges)",
        "upper Keltner channel: ema(close, n) + k × atr(n)",
        &[Bars(1), Figure],
        Gives::Price,
        |s, a| keltner(s, a, Binary::Add),
    ),
    function(
        "kc_mid",
        "kc_mid(bars, ranges)",
        "middle of the Keltner channel",
        &[Bars(1), Figure],
        Gives::Price,
        |s, a| {
            let close = s.close();
            s.ema(close, a.bars(0))
        },
    ),
    function(
        "kc_lower",
        "kc_lower(bars, ranges)",
        "lower Keltner channel",
        &[Bars(1), Figure],
        Gives::Price,
        |s, a| keltner(s, a, Binary::Subtract),
    ),
    function("donchian_upper", "donchian_upper(bars)", "highest high", &[Bars(1)], Gives::Price, |s, a| {
        let high = s.high();
        s.highest(high, a.bars(0))
    }),
    function(
        "donchian_mid",
        "donchian_mid(bars)",
        "middle of the Donchian channel",
        &[Bars(1)],
        Gives::Price,
        |s, a| s.midrange(a.bars(0)),
    ),
    function("donchian_lower", "donchian_lower(bars)", "lowest low", &[Bars(1)], Gives::Price, |s, a| {
        let low = s.low();
        s.lowest(low, a.bars(0))
    }),
    function("tenkan", "tenkan(bars)", "Ichimoku conversion line", &[Bars(1)], Gives::Price, |s, a| {
        s.midrange(a.bars(0))
    }),
    function("kijun", "kijun(bars)", "Ichimoku base line", &[Bars(1)], Gives::Price, |s, a| {
        s.midrange(a.bars(0))
    }),
    function(
        "senkou_a",
        "senkou_a(conversion, base, ahead)",
        "Ichimoku cloud A as it lies at this bar",
        &[Bars(1), Bars(1), Bars(0)],
        Gives::Price,
        senkou_a,
    ),
    function(
        "senkou_b",
        "senkou_b(bars, ahead)",
        "Ichimoku cloud B as it lies at this bar",
        &[Bars(1), Bars(0)],
        Gives::Price,
        senkou_b,
    ),
    function(
        "pivot_high",
        "pivot_high(x, before, after)",
        "the last value with none above it so many bars before and after; known `after` bars late",
        &[Series, Bars(1), Bars(1)],
        Gives::First,
        |s, a| pivot(s, a, |s, x, bars| s.highest(x, bars)),
    ),
    function(
        "pivot_low",
        "pivot_low(x, before, after)",
        "the last value with none below it so many bars before and after; known `after` bars late",
        &[Series, Bars(1), Bars(1)],
        Gives::First,
        |s, a| pivot(s, a, |s, x, bars| s.lowest(x, bars)),
    ),
];

fn bollinger(s: &mut Scribe<'_>, a: &Given, side: Binary) -> NodeId {
    let (mid, deviation) = (s.sma(a.x(0), a.bars(1)), s.stdev(a.x(0), a.bars(1)));
    let width = s.multiply(a.x(2), deviation);
    s.binary(side, mid, width)
}

fn bb_width(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (upper, lower) = (bollinger(s, a, Binary::Add), bollinger(s, a, Binary::Subtract));
    let (width, mid) = (s.subtract(upper, lower), s.sma(a.x(0), a.bars(1)));
    s.divide(width, mid)
}

fn bb_percent(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (upper, lower) = (bollinger(s, a, Binary::Add), bollinger(s, a, Binary::Subtract));
    let (place, width) = (s.subtract(a.x(0), lower), s.subtract(upper, lower));
    s.divide(place, width)
}

fn keltner(s: &mut Scribe<'_>, a: &Given, side: Binary) -> NodeId {
    let close = s.close();
    let (mid, range) = (s.ema(close, a.bars(0)), s.atr(a.bars(0)));
    let width = s.multiply(a.x(1), range);
    s.binary(side, mid, width)
}

fn senkou_a(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (conversion, base) = (s.midrange(a.bars(0)), s.midrange(a.bars(1)));
    let sum = s.add(conversion, base);
    let mid = s.scaled(0.5, sum);
    s.delay(mid, a.bars(2))
}

fn senkou_b(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let mid = s.midrange(a.bars(0));
    s.delay(mid, a.bars(1))
}

/// A pivot is seen when enough bars have passed after it, and stays until the next one: nothing is drawn into the past.
fn pivot(s: &mut Scribe<'_>, a: &Given, extreme: fn(&mut Scribe<'_>, NodeId, usize) -> NodeId) -> NodeId {
    let candidate = s.delay(a.x(0), a.bars(2));
    let around = extreme(s, a.x(0), a.bars(1) + a.bars(2) + 1);
    let is_pivot = s.binary(Binary::Equal, candidate, around);
    super::past::value_at(s, is_pivot, candidate)
}
