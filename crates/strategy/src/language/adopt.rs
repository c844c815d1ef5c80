//! One program taking over from another: what both compute alike goes on where it was, to the bit.

use super::compile::NodeId;
use super::eval::Program;
use super::feed::{Feed, FeedId};
use super::op::Op;

impl Program {
    /// Takes over the values and the memory of every node that `earlier` has, too. Programs on bars of different lengths
    /// have nothing in common.
    pub(crate) fn adopt(&mut self, earlier: &Self) {
        if self.feed(Feed::OWN) != earlier.feed(Feed::OWN) {
            return;
        }
        let twin_feed = |feed: FeedId| earlier.find_feed(self.feed(feed));
        // Operands come before what is made of them.
        let mut twins: Vec<Option<NodeId>> = Vec::with_capacity(self.ops().len());
        for op in self.ops() {
            let twin = renamed(*op, |node| twins[node], twin_feed);
            twins.push(twin.and_then(|twin| earlier.ops().iter().position(|known| *known == twin)));
        }
        for (node, twin) in twins.into_iter().enumerate() {
            if let Some(twin) = twin {
                self.take_over(node, earlier, twin);
            }
        }
    }

    /// Whether the distance `node` is certainly never wider than `other` of `earlier`: it is the same, or the same thing
    /// times a smaller constant.
    pub(crate) fn is_no_wider(&self, node: NodeId, earlier: &Self, other: NodeId) -> bool {
        match (self.ops()[node], earlier.ops()[other]) {
            (Op::Constant(now), Op::Constant(before)) | (Op::Ticks(now), Op::Ticks(before)) => now <= before,
            _ => {
                let (now, of) = self.factor(node);
                let (before, of_other) = earlier.factor(other);
                (0.0..=before).contains(&now) && self.is_same(of, earlier, of_other)
            }
        }
    }

    /// Whether a node computes the same as one of another program.
    pub(crate) fn is_same(&self, node: NodeId, other: &Self, twin: NodeId) -> bool {
        let (op, same) = (self.ops()[node], other.ops()[twin]);
        let mut operands = op.operands().into_iter().zip(same.operands());
        let alike = renamed(
            op,
            |operand| same.operands()[place(op, operand)],
            |feed| other.find_feed(self.feed(feed)),
        );
        alike == Some(same)
            && operands.all(|pair| match pair {
                (Some(operand), Some(twin)) => self.is_same(operand, other, twin),
                (None, None) => true,
                _ => false,
            })
    }

    /// A node as a constant times something; times one where it is no such product.
    fn factor(&self, node: NodeId) -> (f64, NodeId) {
        if let Op::Binary(super::op::Binary::Multiply, left, right) = self.ops()[node] {
            match (self.ops()[left], self.ops()[right]) {
                (Op::Constant(factor), _) => return (factor, right),
                (_, Op::Constant(factor)) => return (factor, left),
                _ => {}
            }
        }
        (1.0, node)
    }
}

/// Which of the operands of `op` is `operand`, the first where it is several.
fn place(op: Op, operand: NodeId) -> usize {
    op.operands().iter().position(|known| *known == Some(operand)).unwrap_or(0)
}

/// The same operation over other nodes and feeds; `None` where one of them has no counterpart.
fn renamed(
    op: Op,
    node: impl Fn(NodeId) -> Option<NodeId>,
    feed: impl Fn(FeedId) -> Option<FeedId>,
) -> Option<Op> {
    Some(match op {
        Op::Constant(_) | Op::Live(_) | Op::Ticks(_) => op,
        Op::Field(of, field) => Op::Field(feed(of)?, field),
        Op::Unary(unary, of) => Op::Unary(unary, node(of)?),
        Op::Binary(binary, left, right) => Op::Binary(binary, node(left)?, node(right)?),
        Op::Select(condition, left, right) => Op::Select(node(condition)?, node(left)?, node(right)?),
        Op::Memory(kernel, [a, b, c]) => Op::Memory(kernel, [node(a)?, node(b)?, node(c)?]),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Bar, Builder, Checker, Names};
    use super::*;
    use windvane_model::Interval;

    fn program(texts: &[&str]) -> (Program, Vec<NodeId>) {
        let (mut builder, names) = (Builder::new(Interval::M5), Names::new());
        let nodes = texts
            .iter()
            .map(|text| Checker::new(&mut builder, &names).check(text, &[]).unwrap().0.node)
            .collect();
        (builder.build(), nodes)
    }

    fn bar(minute: i64) -> Bar {
        let price = 100.0 + f64::from(u8::try_from(minute * 7 % 11).unwrap());
        Bar {
            start_ms: minute * 300_000,
            open: price,
            high: price + 1.0,
            low: price,
            close: price,
            volume: 1.0,
        }
    }

    #[test]
    fn what_both_compute_goes_on_and_the_rest_begins_anew() {
        let (mut earlier, old) = program(&["ema(close, 5) - ema(close, 9)", "rsi(close, 7)"]);
        for minute in 0..40 {
            earlier.on_bar(Feed::OWN, &bar(minute));
        }
        let (mut next, new) = program(&["rsi(close, 7)", "ema(close, 5)", "ema(close, 9) + ema(close, 6)"]);
        next.adopt(&earlier);
        assert_eq!(next.value(new[0]), earlier.value(old[1]));
        assert!(next.value(new[1]).is_some() && next.value(new[2]).is_none());
        earlier.on_bar(Feed::OWN, &bar(40));
        next.on_bar(Feed::OWN, &bar(40));
        assert_eq!(next.value(new[0]), earlier.value(old[1]), "and moves on with it");
        let difference = next.value(new[1]).unwrap() - earlier.value(old[0]).unwrap();
        assert!(difference > 0.0, "the parts of what is gone go on, too");
        assert_eq!(next.value(new[2]), None, "a sum with a new part is not defined before that part is");
    }

    #[test]
    fn a_distance_is_no_wider_only_where_that_is_certain() {
        for (before, now, expected) in [
            ("2 * atr(14)", "2 * atr(14)", true),
            ("2 * atr(14)", "1.5 * atr(14)", true),
            ("2 * atr(14)", "atr(14) * 1.5", true),
            ("2 * atr(14)", "atr(14)", true),
            ("atr(14)", "0.5 * atr(14)", true),
            ("2 * atr(14)", "2.1 * atr(14)", false),
            ("2 * atr(14)", "1 * atr(15)", false),
            ("1.5%", "1.5%", true),
            ("1.5%", "1%", true),
            ("1.5%", "2%", false),
            ("30 ticks", "20 ticks", true),
            ("30 ticks", "31 ticks", false),
            ("30 ticks", "atr(14)", false),
            ("close - lowest(low, 5)", "close - lowest(low, 5)", true),
            ("close - lowest(low, 5)", "close - lowest(low, 4)", false),
            ("close - open", "open - close", false),
        ] {
            let ((earlier, old), (next, new)) = (program(&[before]), program(&["ema(close, 3)", now]));
            assert_eq!(next.is_no_wider(new[1], &earlier, old[0]), expected, "{before} to {now}");
        }
    }
}
