//! Oscillators: where a value stands within its recent range.

use super::Argument::{Bars, Series};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::indicator::{Kernel, Order, Statistic};
use crate::language::op::{Binary, Unary};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "rsi",
        "rsi(x, bars)",
        "relative strength index: 0 to 100",
        &[Series, Bars(2)],
        Gives::Number,
        rsi,
    ),
    function(
        "stoch_k",
        "stoch_k(bars, smooth)",
        "stochastic %K, smoothed: 0 to 100; smooth = 1 is the fast one",
        &[Bars(1), Bars(1)],
        Gives::Number,
        stoch_k,
    ),
    function(
        "stoch_d",
        "stoch_d(bars, smooth, signal)",
        "stochastic %D: average of %K",
        &[Bars(1), Bars(1), Bars(1)],
        Gives::Number,
        stoch_d,
    ),
    function(
        "stoch_rsi",
        "stoch_rsi(x, bars, range)",
        "place of the RSI in its own range: 0 to 100",
        &[Series, Bars(2), Bars(1)],
        Gives::Number,
        stoch_rsi,
    ),
    function(
        "williams_r",
        "williams_r(bars)",
        "Williams %R: −100 to 0",
        &[Bars(1)],
        Gives::Number,
        williams_r,
    ),
    function(
        "cci",
        "cci(bars)",
        "commodity channel index; O(log bars) a bar",
        &[Bars(2)],
        Gives::Number,
        cci,
    ),
    function(
        "cmo",
        "cmo(x, bars)",
        "Chande's momentum oscillator: −100 to 100",
        &[Series, Bars(2)],
        Gives::Number,
        cmo,
    ),
    function(
        "ultimate",
        "ultimate(short, middle, long)",
        "ultimate oscillator: 0 to 100",
        &[Bars(1), Bars(1), Bars(1)],
        Gives::Number,
        ultimate,
    ),
    function(
        "fisher",
        "fisher(bars)",
        "Fisher transform of (high + low) / 2 in its range",
        &[Bars(2)],
        Gives::Number,
        fisher,
    ),
    function(
        "wavetrend",
        "wavetrend(channel, average)",
        "WaveTrend line",
        &[Bars(1), Bars(1)],
        Gives::Number,
        wavetrend,
    ),
    function(
        "z_score",
        "z_score(x, bars)",
        "distance from the average in standard deviations",
        &[Series, Bars(2)],
        Gives::Number,
        z_score,
    ),
    function(
        "percent_rank",
        "percent_rank(x, bars)",
        "share of the last values, this one included, that x is not below; O(log bars) a bar",
        &[Series, Bars(1)],
        Gives::Ratio,
        |s, a| s.memory(Kernel::Sorted { bars: a.bars(1), order: Order::Rank }, a.x(0)),
    ),
];

fn rsi(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    s.memory(Kernel::Rsi { bars: a.bars(1) }, a.x(0))
}

/// 100 × (x − low) / (high − low)
fn place(s: &mut Scribe<'_>, x: NodeId, high: NodeId, low: NodeId) -> NodeId {
    let (above, range) = (s.subtract(x, low), s.subtract(high, low));
    let share = s.divide(above, range);
    s.scaled(100.0, share)
}

fn range(s: &mut Scribe<'_>, bars: usize) -> (NodeId, NodeId) {
    let (high, low) = (s.high(), s.low());
    (s.highest(high, bars), s.lowest(low, bars))
}

fn stoch_k(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (close, (high, low)) = (s.close(), range(s, a.bars(0)));
    let raw = place(s, close, high, low);
    s.sma(raw, a.bars(1))
}

fn stoch_d(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let k = stoch_k(s, a);
    s.sma(k, a.bars(2))
}

fn stoch_rsi(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let rsi = rsi(s, a);
    let (high, low) = (s.highest(rsi, a.bars(2)), s.lowest(rsi, a.bars(2)));
    place(s, rsi, high, low)
}

fn williams_r(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (close, (high, low)) = (s.close(), range(s, a.bars(0)));
    let (below, range) = (s.subtract(close, high), s.subtract(high, low));
    let share = s.divide(below, range);
    s.scaled(100.0, share)
}

fn cci(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let typical = s.hlc3();
    let (mean, deviation) =
        (s.sma(typical, a.bars(0)), s.rolling(Statistic::MeanDeviation, typical, a.bars(0)));
    let (above, unit) = (s.subtract(typical, mean), s.scaled(0.015, deviation));
    s.divide(above, unit)
}

/// (gains − losses) / (gains + losses), smoothed as in the RSI, of which it is a stretched copy.
fn cmo(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let rsi = rsi(s, a);
    let (doubled, hundred) = (s.scaled(2.0, rsi), s.constant(100.0));
    s.subtract(doubled, hundred)
}

fn ultimate(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (low, close) = (s.low(), s.close());
    let before = s.delay(close, 1);
    let bottom = s.min(low, before);
    let (pressure, range) = (s.subtract(close, bottom), s.true_range());
    let mut share = |bars: usize, weight: f64| {
        let (pressure, range) = (s.sum(pressure, bars), s.sum(range, bars));
        let share = s.divide(pressure, range);
        s.scaled(weight * 100.0 / 7.0, share)
    };
    let (short, middle, long) = (share(a.bars(0), 4.0), share(a.bars(1), 2.0), share(a.bars(2), 1.0));
    let sum = s.add(short, middle);
    s.add(sum, long)
}

fn fisher(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let mid = s.hl2();
    let (high, low) = (s.highest(mid, a.bars(0)), s.lowest(mid, a.bars(0)));
    let (above, range) = (s.subtract(mid, low), s.subtract(high, low));
    let (share, half) = (s.divide(above, range), s.constant(0.5));
    let centred = s.subtract(share, half);
    s.memory(Kernel::Fisher, centred)
}

fn wavetrend(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let typical = s.hlc3();
    let mean = s.ema(typical, a.bars(0));
    let above = s.subtract(typical, mean);
    let distance = s.unary(Unary::Abs, above);
    let smooth = s.ema(distance, a.bars(0));
    let unit = s.scaled(0.015, smooth);
    let index = s.divide(above, unit);
    s.ema(index, a.bars(1))
}

fn z_score(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (mean, deviation) = (s.sma(a.x(0), a.bars(1)), s.stdev(a.x(0), a.bars(1)));
    let above = s.subtract(a.x(0), mean);
    // A window without movement leaves rounding dust for a deviation; a score in units of dust means nothing.
    let (dust, size) = (s.constant(1e-12), s.unary(Unary::Abs, mean));
    let dust = s.multiply(dust, size);
    let (moves, score, none) =
        (s.binary(Binary::Less, dust, deviation), s.divide(above, deviation), s.constant(f64::NAN));
    s.select(moves, score, none)
}
