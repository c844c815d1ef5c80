//! Builds the graph of a program: one node per distinct value, in an order in which operands come first.
//!
//! Two expressions that both need `ema(close, 20)` share one node, and constants are folded while building.

use super::eval::{Program, fold};
use crate::indicator::{MAX_BARS, Seed};

/// Index of a node in its program.
pub(crate) type NodeId = usize;

/// A value of a confirmed bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Open,
    High,
    Low,
    Close,
    Volume,
}

/// A value of the moment of evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiveWord {
    Bid,
    Ask,
    Mid,
    Spread,
    Last,
    Mark,
    Index,
    FundingRate,
    IsLong,
    IsShort,
    IsFlat,
    EntryPrice,
    BarsHeld,
    PnlPercent,
    /// Distance from entry to the first stop, in price.
    Risk,
}

/// One step of a program. Truth is a number too: 1 true, 0 false, NaN not yet known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op {
    Constant(f64),
    Field(Field),
    Live(LiveWord),
    /// So many tick sizes of the instrument, as a price.
    Ticks(f64),
    Negate(NodeId),
    Abs(NodeId),
    Not(NodeId),
    Add(NodeId, NodeId),
    Subtract(NodeId, NodeId),
    Multiply(NodeId, NodeId),
    Divide(NodeId, NodeId),
    Min(NodeId, NodeId),
    Max(NodeId, NodeId),
    Less(NodeId, NodeId),
    LessEqual(NodeId, NodeId),
    Equal(NodeId, NodeId),
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
    /// The operand's value this many bars ago.
    Delay(NodeId, usize),
    Ema(NodeId, usize, Seed),
    Sma(NodeId, usize),
    Stdev(NodeId, usize),
    Highest(NodeId, usize),
    Lowest(NodeId, usize),
    Rsi(NodeId, usize),
    Atr(usize),
}

/// How often a node's value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Constant,
    /// Once per confirmed bar.
    Bar,
    /// With every book update and every change of the position.
    Live,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    op: Op,
    phase: Phase,
    /// Bars until the value can be defined.
    warm_up: usize,
}

/// Collects the nodes of one program.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    nodes: Vec<Node>,
}

impl Builder {
    /// The node of `op`: an existing one where the same value is computed already.
    pub(crate) fn node(&mut self, op: Op) -> NodeId {
        let op = match fold(op, |operand| self.constant(operand)) {
            Some(value) => Op::Constant(value),
            None => op,
        };
        if let Some(existing) = self.nodes.iter().position(|node| node.op == op) {
            return existing;
        }
        let (operands, own) = shape(op);
        let operands = operands.into_iter().flatten();
        let phase = operands.clone().map(|operand| self.nodes[operand].phase).max();
        let warm_up = operands.map(|operand| self.nodes[operand].warm_up).max().unwrap_or(0);
        let phase = match op {
            Op::Constant(_) => Phase::Constant,
            Op::Live(_) => Phase::Live,
            _ => phase.unwrap_or(Phase::Bar).max(Phase::Bar),
        };
        self.nodes.push(Node { op, phase, warm_up: warm_up + own });
        self.nodes.len() - 1
    }

    /// The value of a node that is the same at all times.
    pub(crate) fn constant(&self, node: NodeId) -> Option<f64> {
        match self.nodes[node].op {
            Op::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn phase(&self, node: NodeId) -> Phase {
        self.nodes[node].phase
    }

    /// The finished program.
    pub(crate) fn build(&self) -> Program {
        let warm_up = self.nodes.iter().map(|node| node.warm_up).max().unwrap_or(0);
        Program::new(self.nodes.iter().map(|node| (node.op, node.phase)), warm_up)
    }
}

/// The operands of a step, and how many bars the step itself needs before it is defined.
fn shape(op: Op) -> ([Option<NodeId>; 2], usize) {
    match op {
        Op::Constant(_) | Op::Live(_) | Op::Ticks(_) => ([None, None], 0),
        Op::Field(_) => ([None, None], 1),
        Op::Negate(of) | Op::Abs(of) | Op::Not(of) => ([Some(of), None], 0),
        Op::Add(left, right)
        | Op::Subtract(left, right)
        | Op::Multiply(left, right)
        | Op::Divide(left, right)
        | Op::Min(left, right)
        | Op::Max(left, right)
        | Op::Less(left, right)
        | Op::LessEqual(left, right)
        | Op::Equal(left, right)
        | Op::And(left, right)
        | Op::Or(left, right) => ([Some(left), Some(right)], 0),
        Op::Delay(of, bars) | Op::Rsi(of, bars) => ([Some(of), None], bars),
        Op::Ema(of, bars, _)
        | Op::Sma(of, bars)
        | Op::Stdev(of, bars)
        | Op::Highest(of, bars)
        | Op::Lowest(of, bars) => ([Some(of), None], bars - 1),
        Op::Atr(bars) => ([None, None], bars + 1),
    }
}

/// `value` as a count of bars, if it is one.
pub(crate) fn as_bars(value: f64, least: usize) -> Option<usize> {
    (least..=MAX_BARS).find(|bars| {
        #[expect(clippy::cast_precision_loss, reason = "counts up to MAX_BARS are exact in f64")]
        let exact = *bars as f64;
        exact == value
    })
}
