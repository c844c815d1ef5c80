//! Strength and direction of a trend.

use super::Argument::{Bars, Figure, Setting};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::indicator::{Kernel, SupertrendSide, Which, count};
use crate::language::op::{Binary, Op, Unary};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "plus_di",
        "plus_di(bars)",
        "directional indicator of rises: 0 to 100",
        &[Bars(2)],
        Gives::Number,
        |s, a| directional(s, a.bars(0)).0,
    ),
    function(
        "minus_di",
        "minus_di(bars)",
        "directional indicator of falls: 0 to 100",
        &[Bars(2)],
        Gives::Number,
        |s, a| directional(s, a.bars(0)).1,
    ),
    function("adx", "adx(bars)", "average directional index: 0 to 100", &[Bars(2)], Gives::Number, adx),
    function(
        "supertrend",
        "supertrend(bars, ranges)",
        "the Supertrend line",
        &[Bars(1), Figure],
        Gives::Price,
        |s, a| supertrend(s, a, SupertrendSide::Line),
    ),
    function(
        "supertrend_up",
        "supertrend_up(bars, ranges)",
        "whether the Supertrend line is below the price",
        &[Bars(1), Figure],
        Gives::Bool,
        |s, a| supertrend(s, a, SupertrendSide::IsUp),
    ),
    function(
        "sar",
        "sar(step, most)",
        "parabolic stop and reverse, for example sar(0.02, 0.2)",
        &[Setting, Setting],
        Gives::Price,
        sar,
    ),
    function(
        "aroon_up",
        "aroon_up(bars)",
        "100 when the highest high is this bar's, 0 when it is so many bars old",
        &[Bars(1)],
        Gives::Number,
        |s, a| aroon(s, a, Which::Highest),
    ),
    function(
        "aroon_down",
        "aroon_down(bars)",
        "the same for the lowest low",
        &[Bars(1)],
        Gives::Number,
        |s, a| aroon(s, a, Which::Lowest),
    ),
    function(
        "choppiness",
        "choppiness(bars)",
        "100 in a market that goes nowhere, near 0 in a straight line",
        &[Bars(2)],
        Gives::Number,
        choppiness,
    ),
    function(
        "vhf",
        "vhf(x, bars)",
        "vertical horizontal filter: range over the way travelled",
        &[super::Argument::Series, Bars(1)],
        Gives::Number,
        vhf,
    ),
];

/// (DI+, DI−)
fn directional(s: &mut Scribe<'_>, bars: usize) -> (NodeId, NodeId) {
    let (high, low) = (s.high(), s.low());
    let (up, down) = (s.change(high, 1), s.change(low, 1));
    let down = s.unary(Unary::Negate, down);
    let (rises, falls) = (movement(s, up, down), movement(s, down, up));
    let range = s.true_range();
    let mut share = |of: NodeId| {
        let (of, all) =
            (s.memory(Kernel::WilderSum { bars }, of), s.memory(Kernel::WilderSum { bars }, range));
        let share = s.divide(of, all);
        s.scaled(100.0, share)
    };
    (share(rises), share(falls))
}

/// A move counts where it is the larger one and goes outward.
fn movement(s: &mut Scribe<'_>, this: NodeId, other: NodeId) -> NodeId {
    let zero = s.constant(0.0);
    let (is_outward, is_larger) = (s.less(zero, this), s.less(other, this));
    let counts = s.binary(Binary::And, is_outward, is_larger);
    s.select(counts, this, zero)
}

fn adx(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (plus, minus) = directional(s, a.bars(0));
    let (difference, sum) = (s.subtract(plus, minus), s.add(plus, minus));
    let distance = s.unary(Unary::Abs, difference);
    let share = s.divide(distance, sum);
    let index = s.scaled(100.0, share);
    s.wilder(index, a.bars(0))
}

fn supertrend(s: &mut Scribe<'_>, a: &Given, side: SupertrendSide) -> NodeId {
    let (mid, range, close) = (s.hl2(), s.atr(a.bars(0)), s.close());
    let width = s.multiply(a.x(1), range);
    let (upper, lower) = (s.add(mid, width), s.subtract(mid, width));
    s.builder.node(Op::Memory(Kernel::Supertrend { side }, [upper, lower, close]))
}

fn sar(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (high, low) = (s.high(), s.low());
    s.memory_of(Kernel::Sar { step: a.figure(0), most: a.figure(1) }, high, low)
}

fn aroon(s: &mut Scribe<'_>, a: &Given, which: Which) -> NodeId {
    let extreme = if which == Which::Highest { s.high() } else { s.low() };
    let age = s.memory(Kernel::ExtremeAge { bars: a.bars(0) + 1, which }, extreme);
    let worn = s.scaled(100.0 / count(a.bars(0)), age);
    let hundred = s.constant(100.0);
    s.subtract(hundred, worn)
}

/// 100 × log(Σ true range / range) / log(n)
fn choppiness(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (high, low, step) = (s.high(), s.low(), s.true_range());
    let (top, bottom, way) = (s.highest(high, a.bars(0)), s.lowest(low, a.bars(0)), s.sum(step, a.bars(0)));
    let range = s.subtract(top, bottom);
    let detour = s.divide(way, range);
    let log = s.unary(Unary::Ln, detour);
    s.scaled(100.0 / count(a.bars(0)).ln(), log)
}

fn vhf(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (top, bottom) = (s.highest(a.x(0), a.bars(1)), s.lowest(a.x(0), a.bars(1)));
    let (range, step) = (s.subtract(top, bottom), s.change(a.x(0), 1));
    let step = s.unary(Unary::Abs, step);
    let way = s.sum(step, a.bars(1));
    s.divide(range, way)
}
