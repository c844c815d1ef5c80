//! Runs a compiled program: one pass over flat steps, no allocation, no branch that depends on the text of the rule.
//!
//! Values are `f64` (indicators are estimates; money stays decimal outside). NaN means "not defined yet", and truth has
//! three values: `and`, `or`, `not` follow Kleene, so an undefined part can never make a whole true by negation.

use windvane_model::Symbol;

use super::compile::{Node, NodeId, Phase};
use super::feed::{Feed, FeedId};
use super::live::LiveWord;
use super::op::{Field, Op, defined, one, select, two};
use crate::indicator::State;

const DAY_MS: i64 = 86_400_000;

/// One confirmed bar, as rules see it. Prices in the quote currency, volume in the base coin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// When it began, milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded volume, base coin.
    pub volume: f64,
}

/// A compiled set of expressions with the state of their indicators.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(super) ops: Vec<Op>,
    pub(super) values: Vec<f64>,
    /// One per node; `None` for nodes without memory.
    pub(super) states: Vec<Option<State>>,
    /// By feed: the steps that its bars move on.
    pub(super) bar_nodes: Vec<Vec<NodeId>>,
    live_nodes: Vec<NodeId>,
    /// By step, whether it goes by a word that moves without being announced ([`LiveWord::is_announced`]).
    restless: Vec<bool>,
    /// Steps that no bar moves.
    pub(super) fixed_nodes: Vec<NodeId>,
    /// Those of them that go by the tick size.
    tick_nodes: Vec<NodeId>,
    tick_size: f64,
    feeds: Vec<Feed>,
    symbols: Vec<Symbol>,
    /// UTC day of each feed's newest bar.
    days: Vec<Option<i64>>,
    /// By feed: bars until every value can be defined, and until it has settled.
    warm_up: Vec<(usize, usize)>,
}

impl Program {
    pub(crate) fn new(nodes: &[Node], feeds: Vec<Feed>, symbols: Vec<Symbol>) -> Self {
        let mut program = Self {
            ops: nodes.iter().map(|node| node.op).collect(),
            values: vec![f64::NAN; nodes.len()],
            states: vec![None; nodes.len()],
            bar_nodes: vec![Vec::new(); feeds.len()],
            live_nodes: Vec::new(),
            restless: Vec::with_capacity(nodes.len()),
            fixed_nodes: Vec::new(),
            tick_nodes: Vec::new(),
            tick_size: f64::NAN,
            days: vec![None; feeds.len()],
            warm_up: vec![(0, 0); feeds.len()],
            feeds,
            symbols,
        };
        for (id, node) in nodes.iter().enumerate() {
            // What a step is made of stands before it.
            let is_restless = match node.op {
                Op::Live(word) => !word.is_announced(),
                op => op.operands().into_iter().flatten().any(|operand| program.restless[operand]),
            };
            program.restless.push(is_restless);
            if let Op::Memory(kernel, _) = node.op {
                program.states[id] = Some(kernel.state());
            }
            let feed = match node.phase {
                Phase::Constant => {
                    program.fixed_nodes.push(id);
                    if let Op::Constant(value) = node.op {
                        program.values[id] = value;
                    } else {
                        program.tick_nodes.push(id);
                    }
                    continue;
                }
                Phase::Bar(feed) => {
                    program.bar_nodes[feed].push(id);
                    feed
                }
                Phase::Live => {
                    program.live_nodes.push(id);
                    Feed::OWN
                }
            };
            let (warm_up, settling) = &mut program.warm_up[feed];
            (*warm_up, *settling) = ((*warm_up).max(node.warm_up), (*settling).max(node.settling));
        }
        program
    }

    pub(super) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// What a feed is.
    pub(super) fn feed(&self, feed: FeedId) -> Feed {
        self.feeds[feed]
    }

    pub(super) fn find_feed(&self, feed: Feed) -> Option<FeedId> {
        self.feeds.iter().position(|known| *known == feed)
    }

    /// Takes over what `twin`, which computes the same, has come to in `earlier`.
    pub(super) fn take_over(&mut self, node: NodeId, earlier: &Self, twin: NodeId) {
        self.values[node] = earlier.values[twin];
        self.states[node].clone_from(&earlier.states[twin]);
        if let Op::Field(feed, _) = self.ops[node] {
            self.days[feed] = earlier.find_feed(self.feeds[feed]).and_then(|twin| earlier.days[twin]);
        }
    }

    /// Bars of the own feed until every value can be defined.
    pub(crate) fn warm_up(&self) -> usize {
        self.warm_up[Feed::OWN].0
    }

    /// Every feed with its bars until every value of it can be defined.
    pub(crate) fn warm_ups(&self) -> impl Iterator<Item = (Feed, usize)> {
        self.feeds.iter().copied().zip(self.warm_up.iter().map(|(warm_up, _)| *warm_up))
    }

    /// Every feed with the bars of history that let its values settle.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = (Feed, usize)> {
        self.feeds.iter().copied().zip(self.warm_up.iter().map(|(_, settling)| *settling))
    }

    /// The other contracts that are looked at.
    pub(crate) fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// Whether a word of the moment is used; `wanted` decides which.
    pub(crate) fn uses(&self, wanted: impl Fn(LiveWord) -> bool) -> bool {
        self.live_nodes.iter().any(|node| matches!(self.ops[*node], Op::Live(word) if wanted(word)))
    }

    /// Whether a step may become another between two messages: with prices, with time or by what the bot does.
    pub(crate) fn is_restless(&self, node: NodeId) -> bool {
        self.restless[node]
    }

    /// The words of the moment that are used.
    pub(crate) fn live_words(&self) -> impl Iterator<Item = LiveWord> {
        self.live_nodes.iter().filter_map(|node| match self.ops[*node] {
            Op::Live(word) => Some(word),
            _ => None,
        })
    }

    /// Takes the contract's tick size, which may change while it trades.
    pub(crate) fn set_tick_size(&mut self, tick_size: f64) {
        if self.tick_size == tick_size {
            return;
        }
        self.tick_size = tick_size;
        for index in 0..self.tick_nodes.len() {
            let node = self.tick_nodes[index];
            self.values[node] = match self.ops[node] {
                Op::Ticks(count) => defined(count * tick_size),
                op => self.step(op),
            };
        }
    }

    /// Takes one confirmed bar of a feed: every indicator of that feed moves on by one.
    pub(crate) fn on_bar(&mut self, feed: FeedId, bar: &Bar) {
        let is_new_day = self.begins_day(feed, bar);
        for index in 0..self.bar_nodes[feed].len() {
            let node = self.bar_nodes[feed][index];
            let value = match self.ops[node] {
                Op::Field(_, field) => defined(read(bar, field, is_new_day)),
                Op::Memory(_, operands) => {
                    let operands = operands.map(|operand| self.values[operand]);
                    self.states[node].as_mut().map_or(f64::NAN, |state| defined(state.next(operands)))
                }
                op => self.step(op),
            };
            self.values[node] = value;
        }
    }

    /// Whether a feed's next bar is the first of its UTC day.
    pub(super) fn begins_day(&mut self, feed: FeedId, bar: &Bar) -> bool {
        let day = bar.start_ms.div_euclid(DAY_MS);
        let before = self.days[feed].replace(day);
        before.map_or(bar.start_ms.rem_euclid(DAY_MS) == 0, |before| before != day)
    }

    /// Whether the contract's tick size is known.
    pub(crate) fn has_tick_size(&self) -> bool {
        !self.tick_size.is_nan()
    }

    /// Brings everything that depends on quotes or on the position up to this moment. `read` says what a word is worth,
    /// NaN where it is not known.
    pub(crate) fn on_live(&mut self, read: impl Fn(LiveWord) -> f64) {
        for index in 0..self.live_nodes.len() {
            let node = self.live_nodes[index];
            self.values[node] = match self.ops[node] {
                Op::Live(word) => defined(read(word)),
                op => self.step(op),
            };
        }
    }

    /// The value of a node, unless it is not defined yet.
    pub(crate) fn value(&self, node: NodeId) -> Option<f64> {
        let value = self.values[node];
        (!value.is_nan()).then_some(value)
    }

    /// The value of a node that is the same at all times, of whatever contract.
    pub(crate) fn constant(&self, node: NodeId) -> Option<f64> {
        match self.ops[node] {
            Op::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Whether a condition holds; `None` while it is not defined.
    pub(crate) fn truth(&self, node: NodeId) -> Option<bool> {
        self.value(node).map(|value| value != 0.0)
    }

    /// A step without memory; leaves and steps with memory are computed by their own pass.
    fn step(&self, op: Op) -> f64 {
        let values = &self.values;
        match op {
            Op::Unary(unary, of) => one(unary, values[of]),
            Op::Binary(binary, left, right) => two(binary, values[left], values[right]),
            Op::Select(condition, left, right) => select(values[condition], values[left], values[right]),
            Op::Constant(value) => value,
            Op::Field(..) | Op::Live(_) | Op::Ticks(_) | Op::Memory(..) => f64::NAN,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a day and days of a week are exact in f64")]
pub(super) fn read(bar: &Bar, field: Field, is_new_day: bool) -> f64 {
    match field {
        Field::Open => bar.open,
        Field::High => bar.high,
        Field::Low => bar.low,
        Field::Close => bar.close,
        Field::Volume => bar.volume,
        Field::TimeOfDay => bar.start_ms.rem_euclid(DAY_MS) as f64,
        // 1970-01-01 was a Thursday.
        Field::Weekday => ((bar.start_ms.div_euclid(DAY_MS) + 3).rem_euclid(7) + 1) as f64,
        Field::NewDay => f64::from(u8::from(is_new_day)),
    }
}
