//! What happened before: crossings, directions, counts, and what gathered since.

use super::Argument::{BarCondition, Bars, Series};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::indicator::{Gathered, Kernel};
use crate::language::op::Binary;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "crosses_above",
        "crosses_above(x, y)",
        "x is above y and was not one bar ago",
        &[Series, Series],
        Gives::Bool,
        |s, a| cross(s, a.x(0), a.x(1)),
    ),
    function(
        "crosses_below",
        "crosses_below(x, y)",
        "x is below y and was not one bar ago",
        &[Series, Series],
        Gives::Bool,
        |s, a| cross(s, a.x(1), a.x(0)),
    ),
    function(
        "rising",
        "rising(x, bars)",
        "x is above each of its last values",
        &[Series, Bars(1)],
        Gives::Bool,
        rising,
    ),
    function(
        "falling",
        "falling(x, bars)",
        "x is below each of its last values",
        &[Series, Bars(1)],
        Gives::Bool,
        falling,
    ),
    function(
        "shift",
        "shift(x, bars)",
        "x of so many bars ago, the same as x[bars]",
        &[Series, Bars(0)],
        Gives::First,
        |s, a| s.delay(a.x(0), a.bars(1)),
    ),
    function(
        "persists",
        "persists(condition, bars)",
        "has held for so many bars, this one included",
        &[BarCondition, Bars(1)],
        Gives::Bool,
        persists,
    ),
    function(
        "count",
        "count(condition, bars)",
        "how often it held in the last bars",
        &[BarCondition, Bars(1)],
        Gives::Number,
        |s, a| s.sum(a.x(0), a.bars(1)),
    ),
    function("sum", "sum(x, bars)", "sum of the last values", &[Series, Bars(1)], Gives::First, |s, a| {
        s.sum(a.x(0), a.bars(1))
    }),
    function(
        "bars_since",
        "bars_since(condition)",
        "bars since it last held: 0 while it does",
        &[BarCondition],
        Gives::Number,
        |s, a| since(s, Gathered::Bars, a.x(0), a.x(0)),
    ),
    function(
        "value_when",
        "value_when(condition, x)",
        "x of the bar where the condition last held",
        &[BarCondition, Series],
        Gives::First,
        |s, a| value_at(s, a.x(0), a.x(1)),
    ),
    function(
        "highest_since",
        "highest_since(condition, x)",
        "highest x from the bar where the condition last held",
        &[BarCondition, Series],
        Gives::First,
        |s, a| since(s, Gathered::Highest, a.x(0), a.x(1)),
    ),
    function(
        "lowest_since",
        "lowest_since(condition, x)",
        "lowest x from the bar where the condition last held",
        &[BarCondition, Series],
        Gives::First,
        |s, a| since(s, Gathered::Lowest, a.x(0), a.x(1)),
    ),
    function(
        "sum_since",
        "sum_since(condition, x)",
        "sum of x from the bar where the condition last held",
        &[BarCondition, Series],
        Gives::First,
        |s, a| since(s, Gathered::Sum, a.x(0), a.x(1)),
    ),
];

/// `upper` is above `lower`, and was not one bar ago.
fn cross(s: &mut Scribe<'_>, upper: NodeId, lower: NodeId) -> NodeId {
    let above = s.less(lower, upper);
    let (upper_before, lower_before) = (s.delay(upper, 1), s.delay(lower, 1));
    let below_before = s.binary(Binary::LessEqual, upper_before, lower_before);
    s.binary(Binary::And, above, below_before)
}

fn rising(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let before = s.delay(a.x(0), 1);
    let highest = s.highest(before, a.bars(1));
    s.less(highest, a.x(0))
}

fn falling(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let before = s.delay(a.x(0), 1);
    let lowest = s.lowest(before, a.bars(1));
    s.less(a.x(0), lowest)
}

fn persists(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (held, all) = (s.sum(a.x(0), a.bars(1)), s.constant(crate::indicator::count(a.bars(1))));
    s.binary(Binary::Equal, held, all)
}

pub(super) fn since(s: &mut Scribe<'_>, gathered: Gathered, condition: NodeId, x: NodeId) -> NodeId {
    s.memory_of(Kernel::Since { gathered }, x, condition)
}

/// x of the bar where the condition last held.
pub(super) fn value_at(s: &mut Scribe<'_>, condition: NodeId, x: NodeId) -> NodeId {
    since(s, Gathered::Value, condition, x)
}
