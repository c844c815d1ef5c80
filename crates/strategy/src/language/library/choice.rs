//! Choices between values and between conditions.

use super::Argument::{Condition, Figure, Measure, Setting};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::language::op::{Binary, Unary};

/// Most arguments of a function that takes any number.
const MANY: usize = 12;

const fn many(function: Function) -> Function {
    Function { at_most: MANY, ..function }
}

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", "abs(x)", "x without its sign", &[Measure], Gives::First, |s, a| {
        s.unary(Unary::Abs, a.x(0))
    }),
    many(function("min", "min(x, y, …)", "the smallest", &[Measure, Measure], Gives::Common, |s, a| {
        over(s, a, 0, Binary::Min)
    })),
    many(function("max", "max(x, y, …)", "the largest", &[Measure, Measure], Gives::Common, |s, a| {
        over(s, a, 0, Binary::Max)
    })),
    many(function(
        "mean",
        "mean(x, y, …)",
        "the mean of the arguments",
        &[Measure, Measure],
        Gives::Common,
        mean,
    )),
    function("round", "round(x)", "to the nearest whole number", &[Figure], Gives::Number, |s, a| {
        s.unary(Unary::Round, a.x(0))
    }),
    function("sqrt", "sqrt(x)", "square root", &[Figure], Gives::Number, |s, a| s.unary(Unary::Sqrt, a.x(0))),
    function("ln", "ln(x)", "natural logarithm", &[Figure], Gives::Number, |s, a| s.unary(Unary::Ln, a.x(0))),
    function(
        "if",
        "if(condition, x, y)",
        "x where the condition holds, else y",
        &[Condition, Measure, Measure],
        Gives::Common,
        |s, a| s.select(a.x(0), a.x(1), a.x(2)),
    ),
    function("known", "known(x)", "whether x is defined", &[Measure], Gives::Bool, |s, a| {
        s.unary(Unary::IsKnown, a.x(0))
    }),
    many(function(
        "all_of",
        "all_of(a, b, …)",
        "all hold",
        &[Condition, Condition],
        Gives::Bool,
        |s, a| over(s, a, 0, Binary::And),
    )),
    many(function(
        "any_of",
        "any_of(a, b, …)",
        "at least one holds",
        &[Condition, Condition],
        Gives::Bool,
        |s, a| over(s, a, 0, Binary::Or),
    )),
    many(function(
        "n_of",
        "n_of(n, a, b, …)",
        "at least n hold",
        &[Setting, Condition, Condition],
        Gives::Bool,
        n_of,
    )),
];

/// `op` over all arguments from `first` on.
fn over(s: &mut Scribe<'_>, a: &Given, first: usize, op: Binary) -> NodeId {
    let begin = a.x(first);
    a.arguments[first + 1..].iter().fold(begin, |so_far, (node, _)| s.binary(op, so_far, *node))
}

fn mean(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (sum, count) = (over(s, a, 0, Binary::Add), s.constant(crate::indicator::count(a.arguments.len())));
    s.divide(sum, count)
}

fn n_of(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let held = over(s, a, 1, Binary::Add);
    s.binary(Binary::LessEqual, a.x(0), held)
}
