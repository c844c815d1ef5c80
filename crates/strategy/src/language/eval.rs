//! Runs a compiled program: one pass over flat steps, no allocation, no branch that depends on the text of the rule.
//!
//! Values are `f64` (indicators are estimates; money stays decimal outside). NaN means "not defined yet", and truth has
//! three values: `and`, `or`, `not` follow Kleene, so an undefined part can never make a whole true by negation.

use super::compile::{Field, LiveWord, NodeId, Op, Phase};
use crate::indicator::State;

/// One confirmed bar, as the program sees it. Prices in the quote currency, volume in the base coin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bar {
    /// First price.
    pub(crate) open: f64,
    /// Highest price.
    pub(crate) high: f64,
    /// Lowest price.
    pub(crate) low: f64,
    /// Last price.
    pub(crate) close: f64,
    /// Traded volume, base coin.
    pub(crate) volume: f64,
}

/// What is true at the moment of evaluation. NaN where a value is not known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Live {
    /// Best bid price.
    pub(crate) bid: f64,
    /// Best ask price.
    pub(crate) ask: f64,
    /// Last traded price.
    pub(crate) last: f64,
    /// Mark price.
    pub(crate) mark: f64,
    /// Index price.
    pub(crate) index: f64,
    /// Funding rate of the running interval, a fraction; longs pay when positive.
    pub(crate) funding_rate: f64,
    /// The instrument's smallest price step.
    pub(crate) tick_size: f64,
    /// 1 long, −1 short, 0 flat.
    pub(crate) position: f64,
    /// Average entry price of the position.
    pub(crate) entry_price: f64,
    /// Confirmed bars since the position was opened.
    pub(crate) bars_held: f64,
    /// Distance from entry to the first stop, in price.
    pub(crate) risk: f64,
}

impl Live {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        bid: f64::NAN,
        ask: f64::NAN,
        last: f64::NAN,
        mark: f64::NAN,
        index: f64::NAN,
        funding_rate: f64::NAN,
        tick_size: f64::NAN,
        position: f64::NAN,
        entry_price: f64::NAN,
        bars_held: f64::NAN,
        risk: f64::NAN,
    };
}

/// A compiled set of expressions with the state of their indicators.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    ops: Vec<Op>,
    values: Vec<f64>,
    /// One per node; `None` for nodes without memory.
    states: Vec<Option<State>>,
    bar_nodes: Vec<NodeId>,
    live_nodes: Vec<NodeId>,
    warm_up: usize,
}

impl Program {
    pub(crate) fn new(nodes: impl Iterator<Item = (Op, Phase)>, warm_up: usize) -> Self {
        let mut program = Self {
            ops: Vec::new(),
            values: Vec::new(),
            states: Vec::new(),
            bar_nodes: Vec::new(),
            live_nodes: Vec::new(),
            warm_up,
        };
        for (node, (op, phase)) in nodes.enumerate() {
            program.ops.push(op);
            program.values.push(if let Op::Constant(value) = op { value } else { f64::NAN });
            program.states.push(state_of(op));
            match phase {
                Phase::Constant => {}
                Phase::Bar => program.bar_nodes.push(node),
                Phase::Live => program.live_nodes.push(node),
            }
        }
        program
    }

    /// Bars until every value can be defined. Averages with infinite memory need more to converge: three times as many.
    pub(crate) fn warm_up(&self) -> usize {
        self.warm_up
    }

    /// Takes one confirmed bar: every indicator moves on by one.
    pub(crate) fn on_bar(&mut self, bar: &Bar, tick_size: f64) {
        for index in 0..self.bar_nodes.len() {
            let node = self.bar_nodes[index];
            let value = match (self.ops[node], &mut self.states[node]) {
                (Op::Field(field), _) => defined(match field {
                    Field::Open => bar.open,
                    Field::High => bar.high,
                    Field::Low => bar.low,
                    Field::Close => bar.close,
                    Field::Volume => bar.volume,
                }),
                (Op::Ticks(count), _) => defined(count * tick_size),
                (Op::Atr(_), Some(state)) => state.next_bar(bar),
                (
                    Op::Delay(of, _)
                    | Op::Ema(of, ..)
                    | Op::Sma(of, _)
                    | Op::Stdev(of, _)
                    | Op::Highest(of, _)
                    | Op::Lowest(of, _)
                    | Op::Rsi(of, _),
                    Some(state),
                ) => state.next(self.values[of]),
                (op, _) => step(op, &self.values),
            };
            self.values[node] = value;
        }
    }

    /// Brings everything that depends on quotes or on the position up to this moment.
    pub(crate) fn on_live(&mut self, live: &Live) {
        for index in 0..self.live_nodes.len() {
            let node = self.live_nodes[index];
            self.values[node] = match self.ops[node] {
                Op::Live(word) => defined(read(live, word)),
                op => step(op, &self.values),
            };
        }
    }

    /// The value of a node, unless it is not defined yet.
    pub(crate) fn value(&self, node: NodeId) -> Option<f64> {
        let value = self.values[node];
        (!value.is_nan()).then_some(value)
    }

    /// Whether a condition holds; `None` while it is not defined.
    pub(crate) fn truth(&self, node: NodeId) -> Option<bool> {
        self.value(node).map(|value| value != 0.0)
    }
}

fn state_of(op: Op) -> Option<State> {
    match op {
        Op::Delay(_, bars) => Some(State::delay(bars)),
        Op::Ema(_, bars, seed) => Some(State::ema(bars, seed)),
        Op::Sma(_, bars) => Some(State::sma(bars)),
        Op::Stdev(_, bars) => Some(State::stdev(bars)),
        Op::Highest(_, bars) => Some(State::highest(bars)),
        Op::Lowest(_, bars) => Some(State::lowest(bars)),
        Op::Rsi(_, bars) => Some(State::rsi(bars)),
        Op::Atr(bars) => Some(State::atr(bars)),
        _ => None,
    }
}

fn read(live: &Live, word: LiveWord) -> f64 {
    let held = live.position != 0.0;
    match word {
        LiveWord::Bid => live.bid,
        LiveWord::Ask => live.ask,
        LiveWord::Mid => (live.bid + live.ask) / 2.0,
        LiveWord::Spread => live.ask - live.bid,
        LiveWord::Last => live.last,
        LiveWord::Mark => live.mark,
        LiveWord::Index => live.index,
        LiveWord::FundingRate => live.funding_rate,
        LiveWord::IsLong => truth(live.position > 0.0),
        LiveWord::IsShort => truth(live.position < 0.0),
        LiveWord::IsFlat => truth(!held),
        LiveWord::EntryPrice if held => live.entry_price,
        LiveWord::BarsHeld if held => live.bars_held,
        LiveWord::PnlPercent if held => live.position * (live.last / live.entry_price - 1.0),
        LiveWord::EntryPrice | LiveWord::BarsHeld | LiveWord::PnlPercent => f64::NAN,
        LiveWord::Risk => live.risk,
    }
}

/// The value of `op` where all operands are constants.
pub(crate) fn fold(op: Op, constant: impl Fn(NodeId) -> Option<f64>) -> Option<f64> {
    match op {
        Op::Constant(value) => Some(value),
        Op::Negate(of) | Op::Abs(of) | Op::Not(of) => Some(unary(op, constant(of)?)),
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
        | Op::Or(left, right) => Some(binary(op, constant(left)?, constant(right)?)),
        _ => None,
    }
}

/// A step without memory.
fn step(op: Op, values: &[f64]) -> f64 {
    match op {
        Op::Negate(of) | Op::Abs(of) | Op::Not(of) => unary(op, values[of]),
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
        | Op::Or(left, right) => binary(op, values[left], values[right]),
        Op::Constant(value) => value,
        // Steps with memory and leaves are computed by their own pass.
        Op::Field(_)
        | Op::Live(_)
        | Op::Ticks(_)
        | Op::Delay(..)
        | Op::Ema(..)
        | Op::Sma(..)
        | Op::Stdev(..)
        | Op::Highest(..)
        | Op::Lowest(..)
        | Op::Rsi(..)
        | Op::Atr(_) => f64::NAN,
    }
}

fn unary(op: Op, value: f64) -> f64 {
    match op {
        Op::Negate(_) => -value,
        Op::Abs(_) => value.abs(),
        // `not` of NaN stays NaN.
        _ => 1.0 - value,
    }
}

fn binary(op: Op, left: f64, right: f64) -> f64 {
    let known = !left.is_nan() && !right.is_nan();
    match op {
        Op::Add(..) => defined(left + right),
        Op::Subtract(..) => defined(left - right),
        Op::Multiply(..) => defined(left * right),
        Op::Divide(..) => defined(left / right),
        // Kleene: one false settles `and`, one true settles `or`, whatever the other is.
        Op::And(..) if left == 0.0 || right == 0.0 => 0.0,
        Op::Or(..) if left == 1.0 || right == 1.0 => 1.0,
        // `f64::min` would ignore a NaN.
        _ if !known => f64::NAN,
        Op::Min(..) => left.min(right),
        Op::Max(..) => left.max(right),
        Op::Less(..) => truth(left < right),
        Op::LessEqual(..) => truth(left <= right),
        Op::Equal(..) => truth(left == right),
        Op::And(..) => 1.0,
        _ => 0.0,
    }
}

fn truth(value: bool) -> f64 {
    f64::from(u8::from(value))
}

/// Overflow and division by zero are "not defined", not infinity.
fn defined(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}
