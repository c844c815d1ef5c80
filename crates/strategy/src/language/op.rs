//! The steps of a program and what each is worth. Truth is a number too: 1 true, 0 false, NaN not yet known.

use super::compile::NodeId;
use super::feed::FeedId;
use super::live::LiveWord;
use crate::indicator::Kernel;
pub(crate) use crate::indicator::defined;

/// A value of a confirmed bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Open,
    High,
    Low,
    Close,
    Volume,
    /// Start of the bar since 00:00 UTC, milliseconds.
    TimeOfDay,
    /// Day of the bar's start: 1 Monday to 7 Sunday, UTC.
    Weekday,
    /// Whether the bar is the first of its UTC day.
    NewDay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    Abs,
    Not,
    /// Whether the operand is defined; never undefined itself.
    IsKnown,
    /// Natural logarithm.
    Ln,
    Sqrt,
    /// To the nearest whole number, halves away from zero.
    Round,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
    Less,
    LessEqual,
    Equal,
    And,
    Or,
}

/// One step of a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    Constant(f64),
    Field(FeedId, Field),
    Live(LiveWord),
    /// So many tick sizes of the bot's contract, as a price.
    Ticks(f64),
    Unary(Unary, NodeId),
    Binary(Binary, NodeId, NodeId),
    /// The second where the first holds, else the third.
    Select(NodeId, NodeId, NodeId),
    /// A kernel over one to three operands; unused places repeat the first.
    Memory(Kernel, [NodeId; 3]),
}

/// History that words anchored at a condition need: a whole UTC day of bars reaches the last session's beginning. In
/// bars of five minutes; shorter bars reach less far back, longer ones further.
const SINCE_BARS: usize = 288;

impl Op {
    /// The nodes it is made of.
    pub(crate) fn operands(self) -> [Option<NodeId>; 3] {
        match self {
            Self::Constant(_) | Self::Field(..) | Self::Live(_) | Self::Ticks(_) => [None; 3],
            Self::Unary(_, of) => [Some(of), None, None],
            Self::Binary(_, left, right) => [Some(left), Some(right), None],
            Self::Select(condition, left, right) => [Some(condition), Some(left), Some(right)],
            Self::Memory(_, operands) => operands.map(Some),
        }
    }

    /// Bars beyond those of its operands until it is defined, and until it has settled.
    pub(crate) fn own_bars(self) -> (usize, usize) {
        match self {
            Self::Field(..) => (1, 1),
            Self::Memory(kernel @ Kernel::Since { .. }, _) => (kernel.warm_up(), SINCE_BARS),
            Self::Memory(kernel, _) => (kernel.warm_up(), kernel.settling()),
            _ => (0, 0),
        }
    }
}

/// The value of `op` where all operands are constants.
pub(crate) fn fold(op: Op, constant: impl Fn(NodeId) -> Option<f64>) -> Option<f64> {
    match op {
        Op::Constant(value) => Some(value),
        Op::Unary(unary, of) => Some(one(unary, constant(of)?)),
        Op::Binary(binary, left, right) => Some(two(binary, constant(left)?, constant(right)?)),
        Op::Select(condition, left, right) => {
            Some(select(constant(condition)?, constant(left)?, constant(right)?))
        }
        Op::Field(..) | Op::Live(_) | Op::Ticks(_) | Op::Memory(..) => None,
    }
}

/// A step of one operand.
#[inline]
pub(crate) fn one(op: Unary, value: f64) -> f64 {
    match op {
        Unary::Negate => -value,
        Unary::Abs => value.abs(),
        // `not` of NaN stays NaN.
        Unary::Not => 1.0 - value,
        Unary::IsKnown => truth(!value.is_nan()),
        Unary::Ln => defined(value.ln()),
        Unary::Sqrt => defined(value.sqrt()),
        Unary::Round => value.round(),
    }
}

/// A step of two operands.
#[inline]
pub(crate) fn two(op: Binary, left: f64, right: f64) -> f64 {
    let known = !left.is_nan() && !right.is_nan();
    match op {
        Binary::Add => defined(left + right),
        Binary::Subtract => defined(left - right),
        Binary::Multiply => defined(left * right),
        Binary::Divide => defined(left / right),
        // Kleene: one false settles `and`, one true settles `or`, whatever the other is.
        Binary::And if left == 0.0 || right == 0.0 => 0.0,
        Binary::Or if left == 1.0 || right == 1.0 => 1.0,
        // `f64::min` would ignore a NaN.
        _ if !known => f64::NAN,
        Binary::Min => left.min(right),
        Binary::Max => left.max(right),
        Binary::Less => truth(left < right),
        Binary::LessEqual => truth(left <= right),
        Binary::Equal => truth(left == right),
        Binary::And => 1.0,
        Binary::Or => 0.0,
    }
}

/// The choice between two values; undefined while the condition is.
#[inline]
pub(crate) fn select(condition: f64, left: f64, right: f64) -> f64 {
    if condition.is_nan() {
        f64::NAN
    } else if condition != 0.0 {
        left
    } else {
        right
    }
}

#[inline]
fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}
