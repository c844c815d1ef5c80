//! How fast and how far a value has moved.

use super::Argument::{Bars, Series};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::indicator::{Kernel, Seed, Statistic};
use crate::language::op::Unary;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "change",
        "change(x, bars)",
        "x less x of so many bars ago (momentum)",
        &[Series, Bars(1)],
        Gives::First,
        |s, a| s.change(a.x(0), a.bars(1)),
    ),
    function(
        "roc",
        "roc(x, bars)",
        "change as a ratio of x of so many bars ago",
        &[Series, Bars(1)],
        Gives::Ratio,
        |s, a| roc(s, a.x(0), a.bars(1)),
    ),
    function(
        "macd",
        "macd(x, fast, slow, signal)",
        "fast less slow exponential average",
        &[Series, Bars(1), Bars(1), Bars(1)],
        Gives::First,
        macd,
    ),
    function(
        "macd_signal",
        "macd_signal(x, fast, slow, signal)",
        "exponential average of `macd`",
        &[Series, Bars(1), Bars(1), Bars(1)],
        Gives::First,
        macd_signal,
    ),
    function(
        "macd_hist",
        "macd_hist(x, fast, slow, signal)",
        "`macd` less its signal",
        &[Series, Bars(1), Bars(1), Bars(1)],
        Gives::First,
        macd_hist,
    ),
    function(
        "ppo",
        "ppo(x, fast, slow)",
        "`macd` as a ratio of the slow average",
        &[Series, Bars(1), Bars(1)],
        Gives::Ratio,
        ppo,
    ),
    function(
        "trix",
        "trix(x, bars)",
        "one-bar change of the thrice smoothed x, as a ratio",
        &[Series, Bars(1)],
        Gives::Ratio,
        trix,
    ),
    function(
        "tsi",
        "tsi(x, long, short)",
        "true strength index: −100 to 100",
        &[Series, Bars(1), Bars(1)],
        Gives::Number,
        tsi,
    ),
    function(
        "awesome",
        "awesome(fast, slow)",
        "awesome oscillator: averages of (high + low) / 2, fast less slow",
        &[Bars(1), Bars(1)],
        Gives::Price,
        awesome,
    ),
    function(
        "squeeze_momentum",
        "squeeze_momentum(bars)",
        "line of best fit of the close less the middle of its range and average",
        &[Bars(2)],
        Gives::Price,
        squeeze_momentum,
    ),
];

fn roc(s: &mut Scribe<'_>, x: NodeId, bars: usize) -> NodeId {
    let (change, before) = (s.change(x, bars), s.delay(x, bars));
    s.divide(change, before)
}

/// Both averages are defined with the same bar: the quick one begins later, as in TA-Lib.
fn averages(s: &mut Scribe<'_>, a: &Given) -> (NodeId, NodeId) {
    let (fast, slow) = (a.bars(1), a.bars(2));
    let mut one = |bars: usize| {
        let skip = fast.max(slow) - bars;
        s.memory(Kernel::Ema { bars, seed: Seed::Sma, skip }, a.x(0))
    };
    (one(fast), one(slow))
}

fn macd(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (fast, slow) = averages(s, a);
    s.subtract(fast, slow)
}

fn macd_signal(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let line = macd(s, a);
    s.ema(line, a.bars(3))
}

fn macd_hist(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (line, signal) = (macd(s, a), macd_signal(s, a));
    s.subtract(line, signal)
}

/// Unlike in `macd`, both averages begin with the first bar: so does TA-Lib.
fn ppo(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (fast, slow) = (s.ema(a.x(0), a.bars(1)), s.ema(a.x(0), a.bars(2)));
    let difference = s.subtract(fast, slow);
    s.divide(difference, slow)
}

fn trix(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let once = s.ema(a.x(0), a.bars(1));
    let twice = s.ema(once, a.bars(1));
    let thrice = s.ema(twice, a.bars(1));
    roc(s, thrice, 1)
}

fn tsi(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let change = s.change(a.x(0), 1);
    let distance = s.unary(Unary::Abs, change);
    let mut smooth = |of: NodeId| {
        let once = s.ema(of, a.bars(1));
        s.ema(once, a.bars(2))
    };
    let (net, path) = (smooth(change), smooth(distance));
    let share = s.divide(net, path);
    s.scaled(100.0, share)
}

fn awesome(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let mid = s.hl2();
    let (fast, slow) = (s.sma(mid, a.bars(0)), s.sma(mid, a.bars(1)));
    s.subtract(fast, slow)
}

/// Momentum of the TTM squeeze, in the form that is in use since LazyBear's script.
fn squeeze_momentum(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let close = s.close();
    let (middle, average) = (s.midrange(a.bars(0)), s.sma(close, a.bars(0)));
    let sum = s.add(middle, average);
    let level = s.scaled(0.5, sum);
    let above = s.subtract(close, level);
    s.rolling(Statistic::FitValue, above, a.bars(0))
}
