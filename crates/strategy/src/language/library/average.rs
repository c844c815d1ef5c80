//! Moving averages.

use super::Argument::{Bars, Series};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::indicator::{Kernel, Order, Seed, Statistic, count};
use crate::language::op::Unary;

pub(super) const FUNCTIONS: &[Function] = &[
    function("sma", "sma(x, bars)", "simple moving average", &[Series, Bars(1)], Gives::First, |s, a| {
        s.sma(a.x(0), a.bars(1))
    }),
    function(
        "ema",
        "ema(x, bars)",
        "exponential average; `seed = first` starts from the first value",
        &[Series, Bars(1)],
        Gives::First,
        ema,
    ),
    function(
        "wma",
        "wma(x, bars)",
        "average with weights 1 to n",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.wma(a.x(0), a.bars(1)),
    ),
    function(
        "rma",
        "rma(x, bars)",
        "Wilder's average (SMMA), α = 1/n",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.wilder(a.x(0), a.bars(1)),
    ),
    function("dema", "dema(x, bars)", "double exponential average", &[Series, Bars(1)], Gives::First, dema),
    function("tema", "tema(x, bars)", "triple exponential average", &[Series, Bars(1)], Gives::First, tema),
    function("hma", "hma(x, bars)", "Hull's average", &[Series, Bars(2)], Gives::First, hma),
    function(
        "zlema",
        "zlema(x, bars)",
        "exponential average of x with its lag taken off",
        &[Series, Bars(1)],
        Gives::First,
        zlema,
    ),
    function("vwma", "vwma(x, bars)", "average weighted by volume", &[Series, Bars(1)], Gives::First, vwma),
    function(
        "kama",
        "kama(x, bars)",
        "Kaufman's adaptive average, 2 to 30 bars",
        &[Series, Bars(1)],
        Gives::First,
        kama,
    ),
    function(
        "vidya",
        "vidya(x, bars)",
        "Chande's average, as quick as the momentum is strong",
        &[Series, Bars(1)],
        Gives::First,
        vidya,
    ),
    function(
        "median",
        "median(x, bars)",
        "the value in the middle; O(log bars) a bar",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.memory(Kernel::Sorted { bars: a.bars(1), order: Order::Median }, a.x(0)),
    ),
    function(
        "linreg",
        "linreg(x, bars)",
        "the line of best fit, at this bar",
        &[Series, Bars(2)],
        Gives::First,
        |s, a| s.rolling(Statistic::FitValue, a.x(0), a.bars(1)),
    ),
    function(
        "slope",
        "slope(x, bars)",
        "rise of the line of best fit per bar",
        &[Series, Bars(2)],
        Gives::First,
        |s, a| s.rolling(Statistic::FitSlope, a.x(0), a.bars(1)),
    ),
];

fn ema(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    s.memory(Kernel::Ema { bars: a.bars(1), seed: a.seed.unwrap_or(Seed::Sma), skip: 0 }, a.x(0))
}

fn dema(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let once = s.ema(a.x(0), a.bars(1));
    let (double, twice) = (s.scaled(2.0, once), s.ema(once, a.bars(1)));
    s.subtract(double, twice)
}

fn tema(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let once = s.ema(a.x(0), a.bars(1));
    let twice = s.ema(once, a.bars(1));
    let thrice = s.ema(twice, a.bars(1));
    let difference = s.subtract(once, twice);
    let tripled = s.scaled(3.0, difference);
    s.add(tripled, thrice)
}

/// WMA(2 WMA(x, n/2) − WMA(x, n), √n), with n/2 rounded down and √n to the nearest.
fn hma(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let bars = a.bars(1);
    let root = (1..=bars).min_by_key(|root| (root * root).abs_diff(bars)).unwrap_or(1);
    let half = s.wma(a.x(0), bars / 2);
    let (half, whole) = (s.scaled(2.0, half), s.wma(a.x(0), bars));
    let raw = s.subtract(half, whole);
    s.wma(raw, root)
}

fn zlema(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let doubled = s.scaled(2.0, a.x(0));
    let lagged = s.delay(a.x(0), (a.bars(1) - 1) / 2);
    let ahead = s.subtract(doubled, lagged);
    s.ema(ahead, a.bars(1))
}

fn vwma(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let volume = s.volume();
    let value = s.multiply(a.x(0), volume);
    let (value, volume) = (s.sum(value, a.bars(1)), s.sum(volume, a.bars(1)));
    s.divide(value, volume)
}

/// α = (efficiency × (2/3 − 2/31) + 2/31)², efficiency = |change over n| / Σ|change per bar|. Source: Kaufman, "Trading
/// Systems and Methods"; started as in TA-Lib from the value before the first.
fn kama(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    const FAST: f64 = 2.0 / 3.0;
    const SLOW: f64 = 2.0 / 31.0;
    let (way, step) = (s.change(a.x(0), a.bars(1)), s.change(a.x(0), 1));
    let (way, step) = (s.unary(Unary::Abs, way), s.unary(Unary::Abs, step));
    let path = s.sum(step, a.bars(1));
    let efficiency = s.divide(way, path);
    let (stretched, slow) = (s.scaled(FAST - SLOW, efficiency), s.constant(SLOW));
    let root = s.add(stretched, slow);
    let alpha = s.multiply(root, root);
    s.memory_of(Kernel::Adaptive, a.x(0), alpha)
}

/// α = 2/(n + 1) × |rises − falls| / (rises + falls) over n bars. Source: Chande, 1992.
fn vidya(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let bars = a.bars(1);
    let change = s.change(a.x(0), 1);
    let distance = s.unary(Unary::Abs, change);
    let (net, path) = (s.sum(change, bars), s.sum(distance, bars));
    let net = s.unary(Unary::Abs, net);
    let strength = s.divide(net, path);
    let alpha = s.scaled(2.0 / (count(bars) + 1.0), strength);
    s.memory_of(Kernel::Adaptive, a.x(0), alpha)
}
