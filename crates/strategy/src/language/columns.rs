//! A program over bars that are known beforehand: each step runs over all of them before the next one begins, so that what
//! it takes to choose a step is paid once and not for every bar. Each row holds what [`Program::on_bar`] would have come
//! to at that bar, to the last bit.

use super::compile::NodeId;
use super::eval::{Bar, Program, read};
use super::feed::{Feed, FeedId};
use super::live::LiveWord;
use super::op::{Binary, Op, Unary, defined, one, select, two};

/// The values of a program's steps over some bars, one column a step.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    rows: usize,
    cells: Vec<f64>,
}

/// Bars of a longer feed, each with the row of the own bar that completed it.
pub(crate) type Completed = (FeedId, Vec<(usize, Bar)>);

impl Columns {
    fn column(&self, node: NodeId) -> &[f64] {
        &self.cells[node * self.rows..(node + 1) * self.rows]
    }

    fn column_mut(&mut self, node: NodeId) -> &mut [f64] {
        &mut self.cells[node * self.rows..(node + 1) * self.rows]
    }

    /// By row, whether a condition certainly holds.
    pub(crate) fn truths(&self, node: NodeId) -> impl Iterator<Item = bool> {
        self.column(node).iter().map(|value| !value.is_nan() && *value != 0.0)
    }
}

impl Program {
    /// Whether a step is the same for all that depends on quotes and positions: it can be known beforehand.
    pub(crate) fn is_foreseeable(&self, node: NodeId) -> bool {
        self.fixed_nodes.contains(&node) || self.bar_nodes.iter().any(|nodes| nodes.contains(&node))
    }

    /// Whether a step stays what it is for as long as a position is held unchanged, whatever bars and quotes do.
    pub(crate) fn is_settled_while_held(&self, node: NodeId) -> bool {
        match self.ops[node] {
            Op::Live(word) => matches!(word, LiveWord::Risk | LiveWord::EntryPrice),
            Op::Field(..) | Op::Memory(..) => false,
            op => op.operands().into_iter().flatten().all(|operand| self.is_settled_while_held(operand)),
        }
    }

    /// Runs ahead over own bars that come next, with the bars of longer feeds that are completed meanwhile. Values stay
    /// those of the last bar that was taken; the memory of the indicators goes ahead, so every row has to be taken or
    /// passed over before another bar is.
    pub(crate) fn run_ahead(&mut self, bars: &[Bar], completed: &[Completed], columns: &mut Columns) {
        columns.rows = bars.len();
        columns.cells.resize(self.ops.len() * bars.len(), f64::NAN);
        for node in &self.fixed_nodes {
            columns.column_mut(*node).fill(self.values[*node]);
        }
        let now = self.values.clone();
        for (feed, wholes) in completed {
            self.run_longer(*feed, wholes, columns);
        }
        self.values = now;
        let new_days: Vec<bool> = bars.iter().map(|bar| self.begins_day(Feed::OWN, bar)).collect();
        for index in 0..self.bar_nodes[Feed::OWN].len() {
            let node = self.bar_nodes[Feed::OWN][index];
            self.run_step(node, bars, &new_days, columns);
        }
    }

    /// A longer feed stands still between its bars.
    fn run_longer(&mut self, feed: FeedId, wholes: &[(usize, Bar)], columns: &mut Columns) {
        let mut from = 0;
        let ends = wholes.iter().map(|(row, whole)| (*row, Some(whole)));
        for (row, whole) in ends.chain(std::iter::once((columns.rows, None))) {
            for node in &self.bar_nodes[feed] {
                columns.column_mut(*node)[from..row].fill(self.values[*node]);
            }
            if let Some(whole) = whole {
                self.on_bar(feed, whole);
            }
            from = row;
        }
    }

    fn run_step(&mut self, node: NodeId, bars: &[Bar], new_days: &[bool], columns: &mut Columns) {
        let rows = columns.rows;
        let (earlier, rest) = columns.cells.split_at_mut(node * rows);
        let out = &mut rest[..rows];
        let column = |node: NodeId| &earlier[node * rows..(node + 1) * rows];
        match self.ops[node] {
            Op::Field(_, field) => {
                for ((out, bar), is_new_day) in out.iter_mut().zip(bars).zip(new_days) {
                    *out = defined(read(bar, field, *is_new_day));
                }
            }
            Op::Memory(_, operands) => {
                if let Some(state) = &mut self.states[node] {
                    state.run(operands.map(column), out);
                }
            }
            Op::Unary(unary, of) => run_one(unary, column(of), out),
            Op::Binary(binary, left, right) => run_two(binary, column(left), column(right), out),
            Op::Select(condition, left, right) => {
                let (condition, left, right) = (column(condition), column(left), column(right));
                for (row, out) in out.iter_mut().enumerate() {
                    *out = select(condition[row], left[row], right[row]);
                }
            }
            // No bar moves these.
            Op::Constant(_) | Op::Ticks(_) | Op::Live(_) => out.fill(f64::NAN),
        }
    }

    /// The values of all steps, to be given back after a look at rows that come.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.values.clone()
    }

    /// Takes back values that were given out.
    pub(crate) fn restore_values(&mut self, values: Vec<f64>) {
        self.values = values;
    }

    /// Takes the values of a row.
    pub(crate) fn take_row(&mut self, columns: &Columns, row: usize) {
        for node in self.bar_nodes.iter().flatten() {
            self.values[*node] = columns.cells[node * columns.rows + row];
        }
    }
}

/// One loop for each kind of step: the choice is made outside of it.
fn run_one(op: Unary, of: &[f64], out: &mut [f64]) {
    match op {
        Unary::Negate => singles(of, out, |of| one(Unary::Negate, of)),
        Unary::Abs => singles(of, out, |of| one(Unary::Abs, of)),
        Unary::Not => singles(of, out, |of| one(Unary::Not, of)),
        Unary::IsKnown => singles(of, out, |of| one(Unary::IsKnown, of)),
        Unary::Ln => singles(of, out, |of| one(Unary::Ln, of)),
        Unary::Sqrt => singles(of, out, |of| one(Unary::Sqrt, of)),
        Unary::Round => singles(of, out, |of| one(Unary::Round, of)),
    }
}

#[inline]
fn singles(of: &[f64], out: &mut [f64], step: impl Fn(f64) -> f64) {
    out.iter_mut().zip(of).for_each(|(out, of)| *out = step(*of));
}

fn run_two(op: Binary, left: &[f64], right: &[f64], out: &mut [f64]) {
    match op {
        Binary::Add => pairs(left, right, out, |left, right| two(Binary::Add, left, right)),
        Binary::Subtract => pairs(left, right, out, |left, right| two(Binary::Subtract, left, right)),
        Binary::Multiply => pairs(left, right, out, |left, right| two(Binary::Multiply, left, right)),
        Binary::Divide => pairs(left, right, out, |left, right| two(Binary::Divide, left, right)),
        Binary::Min => pairs(left, right, out, |left, right| two(Binary::Min, left, right)),
        Binary::Max => pairs(left, right, out, |left, right| two(Binary::Max, left, right)),
        Binary::Less => pairs(left, right, out, |left, right| two(Binary::Less, left, right)),
        Binary::LessEqual => pairs(left, right, out, |left, right| two(Binary::LessEqual, left, right)),
        Binary::Equal => pairs(left, right, out, |left, right| two(Binary::Equal, left, right)),
        Binary::And => pairs(left, right, out, |left, right| two(Binary::And, left, right)),
        Binary::Or => pairs(left, right, out, |left, right| two(Binary::Or, left, right)),
    }
}

#[inline]
fn pairs(left: &[f64], right: &[f64], out: &mut [f64], step: impl Fn(f64, f64) -> f64) {
    for ((out, left), right) in out.iter_mut().zip(left).zip(right) {
        *out = step(*left, *right);
    }
}
