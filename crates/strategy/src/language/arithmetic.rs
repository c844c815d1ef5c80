//! Operators between values: which units go together, and what comes out.

use super::ast::{Expr, Operator};
use super::check::{Checker, Lowered};
use super::error::Span;
use super::op::{Binary, Op, Unary};
use super::types::Type;

impl Checker<'_> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        span: &Span,
    ) -> Option<Lowered> {
        if let Operator::And | Operator::Or = operator {
            // Both sides first, so that both are reported.
            let (left, right) = (self.condition(left), self.condition(right));
            let op = if operator == Operator::And { Binary::And } else { Binary::Or };
            return self.emit(Op::Binary(op, left?, right?), Type::Bool);
        }
        let (left, right) = (self.lower(left), self.lower(right));
        let (left, right) = (left?, right?);
        match operator {
            Operator::Add | Operator::Subtract => self.sum(operator, left, right, span),
            Operator::Multiply => match left.unit.times(right.unit) {
                Some(unit) => self.emit(Op::Binary(Binary::Multiply, left.node, right.node), unit),
                None => self.mismatch("cannot be multiplied", left, right, span),
            },
            Operator::Divide => match left.unit.over(right.unit) {
                Some(_) if self.builder.constant(right.node) == Some(0.0) => {
                    self.fault(span, "a division by zero")
                }
                Some(unit) => self.emit(Op::Binary(Binary::Divide, left.node, right.node), unit),
                None => self.mismatch("cannot be divided", left, right, span),
            },
            _ => self.comparison(operator, left, right, span),
        }
    }

    pub(super) fn between(&mut self, value: &Expr, low: &Expr, high: &Expr, span: &Span) -> Option<Lowered> {
        let (value, low, high) = (self.lower(value), self.lower(low), self.lower(high));
        let (value, low, high) = (value?, low?, high?);
        if let (Some(least), Some(most)) = (self.builder.constant(low.node), self.builder.constant(high.node))
            && least > most
        {
            return self.fault(
                span,
                format!("nothing lies between {least} and {most}: the smaller one comes first"),
            );
        }
        let above = self.comparison(Operator::GreaterEqual, value, low, span);
        let below = self.comparison(Operator::LessEqual, value, high, span);
        self.emit(Op::Binary(Binary::And, above?.node, below?.node), Type::Bool)
    }

    fn sum(&mut self, operator: Operator, left: Lowered, right: Lowered, span: &Span) -> Option<Lowered> {
        // `1 + 0.5%` is the one place where a number stands for 100 %.
        let one = |side: &Lowered| side.unit == Type::Number && self.builder.constant(side.node) == Some(1.0);
        let unit = match (left.unit, right.unit) {
            (Type::Bool, _) | (_, Type::Bool) => None,
            (_, Type::Ratio) if one(&left) => Some(Type::Quotient),
            (Type::Ratio, _) if one(&right) => Some(Type::Quotient),
            _ => self.common(left, right),
        };
        let op = if operator == Operator::Add { Binary::Add } else { Binary::Subtract };
        match unit {
            Some(unit) => self.emit(Op::Binary(op, left.node, right.node), unit),
            None => self.mismatch("cannot be added or subtracted", left, right, span),
        }
    }

    fn comparison(
        &mut self,
        operator: Operator,
        left: Lowered,
        right: Lowered,
        span: &Span,
    ) -> Option<Lowered> {
        let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        match self.common(left, right) {
            None => return self.mismatch("cannot be compared", left, right, span),
            Some(Type::Bool) if !equality => {
                return self
                    .fault(span, format!("conditions have no order: `{}` is for numbers", operator.sign()));
            }
            Some(_) => {}
        }
        let (left, right) = (left.node, right.node);
        let op = match operator {
            Operator::Less => Op::Binary(Binary::Less, left, right),
            Operator::LessEqual => Op::Binary(Binary::LessEqual, left, right),
            Operator::Greater => Op::Binary(Binary::Less, right, left),
            Operator::GreaterEqual => Op::Binary(Binary::LessEqual, right, left),
            Operator::NotEqual => {
                Op::Unary(Unary::Not, self.builder.node(Op::Binary(Binary::Equal, left, right)))
            }
            _ => Op::Binary(Binary::Equal, left, right),
        };
        self.emit(op, Type::Bool)
    }

    /// The unit in which two values can be compared or added. A figure with the name of a coin is a price or a sum of money,
    /// whichever it meets.
    fn common(&self, left: Lowered, right: Lowered) -> Option<Type> {
        let is_figure = |side: Lowered| self.builder.constant(side.node).is_some();
        match (left.unit, right.unit) {
            (Type::Value, Type::Price) if is_figure(right) => Some(Type::Value),
            (Type::Price, Type::Value) if is_figure(left) => Some(Type::Value),
            (left, right) => left.common(right),
        }
    }

    pub(super) fn mismatch(
        &mut self,
        what: &str,
        left: Lowered,
        right: Lowered,
        span: &Span,
    ) -> Option<Lowered> {
        let advice = left.unit.advice(right.unit);
        self.fault(span, format!("{} and {} {what}{advice}", left.unit, right.unit))
    }
}
