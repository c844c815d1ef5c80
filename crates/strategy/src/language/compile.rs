//! Builds the graph of a program: one node per distinct value, in an order in which operands come first.
//!
//! Two expressions that both need `ema(close, 20)` share one node, and constants are folded while building.

use windvane_model::{Interval, Symbol};

use super::bounds::{Foregone, foregone};
use super::eval::Program;
use super::feed::{Feed, FeedId};
use super::live::LiveWord;
use super::op::{Op, fold};
use crate::indicator::MAX_BARS;

/// Index of a node in its program.
pub(crate) type NodeId = usize;

/// When a node's value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Never, or with the contract's tick size.
    Constant,
    /// With each confirmed bar of a feed.
    Bar(FeedId),
    /// With every book update and every change of the position.
    Live,
}

impl Phase {
    /// When a value made of two others changes. Where the bars of two feeds meet, it is worked out with the file's own.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant, phase) | (phase, Self::Constant) => phase,
            (Self::Live, _) | (_, Self::Live) => Self::Live,
            (Self::Bar(left), Self::Bar(right)) if left == right => self,
            (Self::Bar(_), Self::Bar(_)) => Self::Bar(Feed::OWN),
        }
    }
}

/// One value of the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) phase: Phase,
    /// Bars of its feed until the value can be defined.
    pub(crate) warm_up: usize,
    /// Bars of its feed until the value hardly depends on where history began.
    pub(crate) settling: usize,
}

/// Collects the nodes of one program.
#[derive(Debug)]
pub(crate) struct Builder {
    nodes: Vec<Node>,
    feeds: Vec<Feed>,
}

impl Builder {
    /// A program whose own bars are so long.
    pub(crate) fn new(timeframe: Interval) -> Self {
        Self { nodes: Vec::new(), feeds: vec![Feed { symbol: None, interval: timeframe }] }
    }

    /// The node of `op`: an existing one where the same value is computed already.
    pub(crate) fn node(&mut self, op: Op) -> NodeId {
        let op = match fold(op, |operand| self.constant(operand)) {
            Some(value) => Op::Constant(value),
            None => op,
        };
        if let Some(existing) = self.nodes.iter().position(|node| node.op == op) {
            return existing;
        }
        let operands: Vec<Node> = op.operands().into_iter().flatten().map(|id| self.nodes[id]).collect();
        let phase = match op {
            Op::Constant(_) | Op::Ticks(_) => Phase::Constant,
            Op::Field(feed, _) => Phase::Bar(feed),
            Op::Live(_) => Phase::Live,
            _ => operands.iter().fold(Phase::Constant, |phase, operand| phase.with(operand.phase)),
        };
        let phase = match (op, phase) {
            // What has a memory moves on with bars, even over a constant.
            (Op::Memory(..), Phase::Constant) => Phase::Bar(Feed::OWN),
            _ => phase,
        };
        // Bars of another feed are loaded for themselves; here only those of the same feed add up.
        let same = |operand: &&Node| {
            operand.phase == phase || (phase == Phase::Live && operand.phase == Phase::Bar(Feed::OWN))
        };
        let longest = |bars: fn(&Node) -> usize| operands.iter().filter(same).map(bars).max().unwrap_or(0);
        let (warm_up, settling) = op.own_bars();
        let (warm_up, settling) =
            (longest(|node| node.warm_up) + warm_up, longest(|node| node.settling) + settling);
        self.nodes.push(Node { op, phase, warm_up, settling });
        self.nodes.len() - 1
    }

    /// The value of a node that is the same at all times.
    pub(crate) fn constant(&self, node: NodeId) -> Option<f64> {
        match self.nodes[node].op {
            Op::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Whether a condition is settled by its text alone.
    pub(crate) fn foregone(&self, node: NodeId) -> Option<Foregone> {
        foregone(&self.nodes, node)
    }

    pub(crate) fn phase(&self, node: NodeId) -> Phase {
        self.nodes[node].phase
    }

    /// Length of the file's own bars.
    pub(crate) fn timeframe(&self) -> Interval {
        self.feeds[Feed::OWN].interval
    }

    /// The feed of that contract and bar length, made where it is new.
    pub(crate) fn feed(&mut self, feed: Feed) -> FeedId {
        match self.feeds.iter().position(|known| *known == feed) {
            Some(known) => known,
            None => {
                self.feeds.push(feed);
                self.feeds.len() - 1
            }
        }
    }

    /// What a feed is.
    pub(crate) fn feed_of(&self, feed: FeedId) -> Feed {
        self.feeds[feed]
    }

    /// Every other contract whose quotes or bars are looked at.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let quoted = self.nodes.iter().filter_map(|node| match node.op {
            Op::Live(LiveWord::Quote(_, symbol)) => symbol,
            _ => None,
        });
        let mut symbols: Vec<_> = quoted.chain(self.feeds.iter().filter_map(|feed| feed.symbol)).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// The finished program.
    pub(crate) fn build(&self) -> Program {
        Program::new(&self.nodes, self.feeds.clone(), self.symbols())
    }
}

/// `value` as a count of bars, if it is one.
pub(crate) fn as_bars(value: f64, least: usize) -> Option<usize> {
    (least..=MAX_BARS).find(|bars| crate::indicator::count(*bars) == value)
}
