//! What a value can be at most and at least, from the text alone: finds conditions that can never be true, and filters
//! that never stand in the way.

use std::collections::BTreeMap;

use super::compile::{Node, NodeId};
use super::live::{LiveWord, Quote};
use super::op::{Binary, Field, Op, Unary};
use crate::indicator::{Gathered, Kernel, Order, Statistic, SupertrendSide, count};

/// Least and largest value.
type Bounds = (f64, f64);

const ANY: Bounds = (f64::NEG_INFINITY, f64::INFINITY);
const POSITIVE: Bounds = (0.0, f64::INFINITY);
const TRUTH: Bounds = (0.0, 1.0);

/// What is known of a condition before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foregone {
    Never,
    Always,
}

/// Whether the condition at `node` is settled by its text.
pub(crate) fn foregone(nodes: &[Node], node: NodeId) -> Option<Foregone> {
    let mut all: Vec<Bounds> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let bounds = bounds(node.op, &all);
        all.push(if bounds.0.is_nan() || bounds.1.is_nan() { ANY } else { bounds });
    }
    match all[node] {
        (_, most) if most <= 0.0 => Some(Foregone::Never),
        (least, _) if least >= 1.0 => Some(Foregone::Always),
        _ => contradicts(nodes, node, &all).then_some(Foregone::Never),
    }
}

/// Whether two parts of an `and` leave nothing for one value: `x > 70 and x < 30`.
fn contradicts(nodes: &[Node], node: NodeId, all: &[Bounds]) -> bool {
    let (mut open, mut left): (Vec<NodeId>, BTreeMap<NodeId, Bounds>) = (vec![node], BTreeMap::new());
    while let Some(part) = open.pop() {
        match nodes[part].op {
            Op::Binary(Binary::And, first, second) => open.extend([first, second]),
            Op::Binary(Binary::Less | Binary::LessEqual, low, high) => {
                let (least, most) = (all[low].0, all[high].1);
                let below = left.entry(low).or_insert(all[low]);
                below.1 = below.1.min(most);
                let above = left.entry(high).or_insert(all[high]);
                above.0 = above.0.max(least);
            }
            _ => {}
        }
    }
    left.values().any(|(least, most)| least > most)
}

fn bounds(op: Op, all: &[Bounds]) -> Bounds {
    match op {
        Op::Constant(value) => (value, value),
        Op::Field(_, Field::TimeOfDay) => (0.0, 86_399_999.0),
        Op::Field(_, Field::Weekday) => (1.0, 7.0),
        Op::Field(_, Field::NewDay) => TRUTH,
        Op::Field(..) => POSITIVE,
        Op::Live(word) => live(word),
        Op::Ticks(count) if count >= 0.0 => POSITIVE,
        Op::Ticks(_) => (f64::NEG_INFINITY, 0.0),
        Op::Unary(unary, of) => one(unary, all[of]),
        Op::Binary(Binary::Less, left, right) if left == right => (0.0, 0.0),
        Op::Binary(Binary::LessEqual | Binary::Equal, left, right) if left == right => (1.0, 1.0),
        Op::Binary(binary, left, right) => two(binary, all[left], all[right]),
        Op::Select(_, left, right) => (all[left].0.min(all[right].0), all[left].1.max(all[right].1)),
        Op::Memory(kernel, [of, ..]) => memory(kernel, all[of]),
    }
}

fn live(word: LiveWord) -> Bounds {
    match word {
        LiveWord::Quote(Quote::Imbalance(_) | Quote::TradeFlow(_), _) => (-1.0, 1.0),
        LiveWord::Quote(
            Quote::Basis | Quote::FundingRate | Quote::TradeDelta(_) | Quote::BasisChange(_),
            _,
        ) => ANY,
        LiveWord::Quote(Quote::OpenInterestChange(_), _) => (-1.0, f64::INFINITY),
        LiveWord::Quote(..) => POSITIVE,
        LiveWord::IsLong | LiveWord::IsShort | LiveWord::IsFlat => TRUTH,
        LiveWord::EntryPrice
        | LiveWord::BarsHeld
        | LiveWord::Age
        | LiveWord::PositionSize
        | LiveWord::EntriesToday
        | LiveWord::StopsToday
        | LiveWord::LosingStreak
        | LiveWord::OpenPositions
        | LiveWord::Risk => POSITIVE,
        LiveWord::Entries => (1.0, f64::INFINITY),
        LiveWord::Drawdown => (0.0, f64::INFINITY),
        LiveWord::PnlPercent
        | LiveWord::PnlR
        | LiveWord::DayReturn
        | LiveWord::Equity
        | LiveWord::FreeMargin => ANY,
    }
}

fn one(op: Unary, (least, most): Bounds) -> Bounds {
    match op {
        Unary::Negate => (-most, -least),
        Unary::Abs if least >= 0.0 => (least, most),
        Unary::Abs => (0.0, least.abs().max(most.abs())),
        Unary::Not => (1.0 - most, 1.0 - least),
        Unary::IsKnown => TRUTH,
        Unary::Ln => ANY,
        Unary::Sqrt => POSITIVE,
        Unary::Round => (least.round(), most.round()),
    }
}

fn two(op: Binary, left: Bounds, right: Bounds) -> Bounds {
    let settled = |is_true: bool, is_false: bool| match (is_true, is_false) {
        (true, _) => (1.0, 1.0),
        (_, true) => (0.0, 0.0),
        _ => TRUTH,
    };
    match op {
        Binary::Add => (left.0 + right.0, left.1 + right.1),
        Binary::Subtract => (left.0 - right.1, left.1 - right.0),
        Binary::Multiply => corners(left, right),
        Binary::Divide if right.0 > 0.0 => corners(left, (1.0 / right.1, 1.0 / right.0)),
        Binary::Divide if left.0 >= 0.0 && right.0 >= 0.0 => POSITIVE,
        Binary::Divide => ANY,
        Binary::Min => (left.0.min(right.0), left.1.min(right.1)),
        Binary::Max => (left.0.max(right.0), left.1.max(right.1)),
        Binary::Less => settled(left.1 < right.0, left.0 >= right.1),
        Binary::LessEqual => settled(left.1 <= right.0, left.0 > right.1),
        Binary::Equal => settled(false, left.1 < right.0 || right.1 < left.0),
        Binary::And => (left.0.min(right.0), left.1.min(right.1)),
        Binary::Or => (left.0.max(right.0), left.1.max(right.1)),
    }
}

/// Bounds of a product.
fn corners(left: Bounds, right: Bounds) -> Bounds {
    let products = [left.0 * right.0, left.0 * right.1, left.1 * right.0, left.1 * right.1];
    // Zero times infinity: the other corners do not say enough.
    if products.iter().any(|product| product.is_nan()) {
        return if left.0 >= 0.0 && right.0 >= 0.0 { POSITIVE } else { ANY };
    }
    products.into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), product| {
        (least.min(product), most.max(product))
    })
}

fn memory(kernel: Kernel, of: Bounds) -> Bounds {
    match kernel {
        Kernel::Delay { .. }
        | Kernel::Ema { .. }
        | Kernel::WilderMean { .. }
        | Kernel::Extreme { .. }
        | Kernel::Adaptive
        | Kernel::Sorted { order: Order::Median, .. }
        | Kernel::Since { gathered: Gathered::Highest | Gathered::Lowest | Gathered::Value }
        | Kernel::Rolling { statistic: Statistic::Mean | Statistic::WeightedMean, .. } => of,
        Kernel::WilderSum { bars } | Kernel::Rolling { bars, statistic: Statistic::Sum } => {
            corners(of, (count(bars), count(bars)))
        }
        Kernel::Rolling { statistic: Statistic::Deviation | Statistic::MeanDeviation, .. } => POSITIVE,
        Kernel::ExtremeAge { bars, .. } => (0.0, count(bars - 1)),
        Kernel::Sorted { order: Order::Rank, .. } | Kernel::Supertrend { side: SupertrendSide::IsUp } => {
            TRUTH
        }
        Kernel::Rsi { .. } => (0.0, 100.0),
        Kernel::Since { gathered: Gathered::Bars } => POSITIVE,
        Kernel::Since { gathered: Gathered::Sum } | Kernel::Cumulative | Kernel::OnBalance => ANY,
        Kernel::Rolling { statistic: Statistic::FitValue | Statistic::FitSlope, .. }
        | Kernel::Sar { .. }
        | Kernel::Supertrend { side: SupertrendSide::Line }
        | Kernel::Fisher
        | Kernel::HeikinOpen => ANY,
    }
}
