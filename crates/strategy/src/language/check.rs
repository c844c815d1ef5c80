//! Gives names and units a meaning: turns a tree into nodes of the program, or says where it is wrong.

use std::collections::BTreeMap;

use super::ast::{Expr, Kind, Named, Operator};
use super::compile::{Builder, LiveWord, NodeId, Op, Phase, as_bars};
use super::error::{Fault, Span};
use super::lexer::Literal;
use super::parser::parse;
use super::suggest::nearest;
use super::types::Type;
use super::words::{self, Function, Word};
use crate::indicator::{MAX_BARS, Seed};

/// A checked expression: where its value will be, and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lowered {
    pub(crate) node: NodeId,
    pub(crate) unit: Type,
}

/// What the names of a file stand for. `None`: the definition was wrong and has been reported; uses of it are not.
pub(crate) type Names = BTreeMap<String, Option<Lowered>>;

/// Checks expressions of one file into one program.
pub(crate) struct Checker<'a> {
    pub(crate) builder: &'a mut Builder,
    pub(crate) names: &'a Names,
    /// 1 where the expression speaks for a long, −1 for a short, `None` where it speaks for neither.
    pub(crate) side: Option<f64>,
    /// Whether `2 R` has a meaning: only after the stop is known.
    pub(crate) knows_risk: bool,
    faults: Vec<Fault>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(builder: &'a mut Builder, names: &'a Names) -> Self {
        Self { builder, names, side: None, knows_risk: false, faults: Vec::new() }
    }

    /// The value of `text`, which must have one of the `wanted` units (any, if empty).
    ///
    /// # Errors
    /// Everything wrong with it. An empty list means: it uses a name whose own definition is wrong.
    pub(crate) fn check(mut self, text: &str, wanted: &[Type]) -> Result<Lowered, Vec<Fault>> {
        let expression = parse(text).map_err(|fault| vec![fault])?;
        match self.lower(&expression) {
            Some(found) if wanted.is_empty() || wanted.contains(&found.unit) => {
                if self.faults.is_empty() {
                    Ok(found)
                } else {
                    Err(self.faults)
                }
            }
            Some(found) => {
                let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
                self.fault(
                    &expression.span,
                    format!("this is {}, wanted is {}", found.unit, wanted.join(" or ")),
                );
                Err(self.faults)
            }
            None => Err(self.faults),
        }
    }

    fn fault(&mut self, span: &Span, message: impl Into<String>) -> Option<Lowered> {
        self.faults.push(Fault::new(span.clone(), message));
        None
    }

    fn emit(&mut self, op: Op, unit: Type) -> Option<Lowered> {
        Some(Lowered { node: self.builder.node(op), unit })
    }

    fn lower(&mut self, expression: &Expr) -> Option<Lowered> {
        let span = &expression.span;
        match &expression.kind {
            Kind::Literal(literal) => self.literal(*literal, span),
            Kind::Word(name) => self.word(name, span),
            Kind::Call { name, name_span, arguments, named } => match words::function(name) {
                Some((function, shape)) => self.call(function, shape, span, arguments, named),
                None => self.unknown_function(name, name_span),
            },
            Kind::Offset { of, bars } => self.offset(of, bars),
            Kind::Negate(of) => {
                let of = self.lower(of)?;
                if of.unit == Type::Bool {
                    return self.fault(span, "a minus sign before true or false; write `not`");
                }
                self.emit(Op::Negate(of.node), of.unit)
            }
            Kind::Not(of) => {
                let of = self.condition(of)?;
                self.emit(Op::Not(of), Type::Bool)
            }
            Kind::Binary { operator, left, right } => self.binary(*operator, left, right, span),
            Kind::Between { value, low, high } => {
                let (value, low, high) = (self.lower(value), self.lower(low), self.lower(high));
                let above = self.comparison(Operator::GreaterEqual, value?, low?, span);
                let below = self.comparison(Operator::LessEqual, value?, high?, span);
                self.emit(Op::And(above?.node, below?.node), Type::Bool)
            }
        }
    }

    fn literal(&mut self, literal: Literal, span: &Span) -> Option<Lowered> {
        match literal {
            Literal::Ticks(count) => self.emit(Op::Ticks(count), Type::Ticks),
            Literal::Risk(multiple) if self.knows_risk => {
                let risk = self.builder.node(Op::Live(LiveWord::Risk));
                let multiple = self.builder.node(Op::Constant(multiple));
                self.emit(Op::Multiply(multiple, risk), Type::Price)
            }
            Literal::Risk(_) => {
                self.fault(span, "`R` is the distance to the stop: it is known in take_profit and trail only")
            }
            Literal::Number(value)
            | Literal::Ratio(value)
            | Literal::Price(value)
            | Literal::Duration(value) => self.emit(Op::Constant(value), literal.kind()),
        }
    }

    fn word(&mut self, name: &str, span: &Span) -> Option<Lowered> {
        if let Some(defined) = self.names.get(name) {
            return *defined;
        }
        match words::word(name) {
            Some(Word::Bar(field, unit)) => self.emit(Op::Field(field), unit),
            Some(Word::Live(word, unit)) => self.emit(Op::Live(word), unit),
            Some(Word::Truth(value)) => self.emit(Op::Constant(f64::from(u8::from(value))), Type::Bool),
            Some(Word::FundingCost) => {
                let rate = self.builder.node(Op::Live(LiveWord::FundingRate));
                match self.side {
                    Some(side) if side < 0.0 => self.emit(Op::Negate(rate), Type::Ratio),
                    Some(_) => self.emit(Op::Live(LiveWord::FundingRate), Type::Ratio),
                    None => self.fault(
                        span,
                        "`funding_cost` needs a side: use it in [entry.*], or write `funding_rate`",
                    ),
                }
            }
            None => self.unknown_word(name, span),
        }
    }

    fn unknown_word(&mut self, name: &str, span: &Span) -> Option<Lowered> {
        if let Some((_, shape)) = words::function(name) {
            return self.fault(span, format!("`{name}` is a function: write `{shape}`"));
        }
        let own = self.names.keys().map(String::as_str);
        let known = own.chain(words::WORDS.iter().map(|(word, _)| *word));
        let meant = nearest(name, known.chain(words::FUNCTIONS.iter().map(|(function, ..)| *function)));
        let advice = match meant {
            Some(word) => format!("; did you mean `{word}`?"),
            None => "; a name of [params] or of an earlier line of [let] would do".to_owned(),
        };
        self.fault(span, format!("unknown name `{name}`{advice}"))
    }

    fn unknown_function(&mut self, name: &str, span: &Span) -> Option<Lowered> {
        let known = words::FUNCTIONS.iter().map(|(function, ..)| *function);
        let advice = match nearest(name, known.clone()) {
            Some(function) => format!("; did you mean `{function}`?"),
            None => format!("; there are {}", known.collect::<Vec<_>>().join(", ")),
        };
        self.fault(span, format!("unknown function `{name}`{advice}"))
    }

    fn condition(&mut self, expression: &Expr) -> Option<NodeId> {
        let lowered = self.lower(expression)?;
        if lowered.unit != Type::Bool {
            self.fault(&expression.span, format!("a condition is wanted, this is {}", lowered.unit));
            return None;
        }
        Some(lowered.node)
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, span: &Span) -> Option<Lowered> {
        if let Operator::And | Operator::Or = operator {
            // Both sides first, so that both are reported.
            let (left, right) = (self.condition(left), self.condition(right));
            let op = if operator == Operator::And { Op::And(left?, right?) } else { Op::Or(left?, right?) };
            return self.emit(op, Type::Bool);
        }
        let (left, right) = (self.lower(left), self.lower(right));
        let (left, right) = (left?, right?);
        match operator {
            Operator::Add | Operator::Subtract => self.sum(operator, left, right, span),
            Operator::Multiply => match left.unit.times(right.unit) {
                Some(unit) => self.emit(Op::Multiply(left.node, right.node), unit),
                None => self.mismatch("cannot be multiplied", left, right, span),
            },
            Operator::Divide => match left.unit.over(right.unit) {
                Some(_) if self.builder.constant(right.node) == Some(0.0) => {
                    self.fault(span, "a division by zero")
                }
                Some(unit) => self.emit(Op::Divide(left.node, right.node), unit),
                None => self.mismatch("cannot be divided", left, right, span),
            },
            _ => self.comparison(operator, left, right, span),
        }
    }

    fn sum(&mut self, operator: Operator, left: Lowered, right: Lowered, span: &Span) -> Option<Lowered> {
        // `1 + 0.5%` is the one place where a number stands for 100 %.
        let one = |side: &Lowered| side.unit == Type::Number && self.builder.constant(side.node) == Some(1.0);
        let unit = match (left.unit, right.unit) {
            (Type::Bool, _) | (_, Type::Bool) => None,
            (_, Type::Ratio) if one(&left) => Some(Type::Quotient),
            (Type::Ratio, _) if one(&right) => Some(Type::Quotient),
            (left, right) => left.common(right),
        };
        match unit {
            Some(unit) if operator == Operator::Add => self.emit(Op::Add(left.node, right.node), unit),
            Some(unit) => self.emit(Op::Subtract(left.node, right.node), unit),
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
        match left.unit.common(right.unit) {
            None => return self.mismatch("cannot be compared", left, right, span),
            Some(Type::Bool) if !equality => {
                return self
                    .fault(span, format!("conditions have no order: `{}` is for numbers", operator.sign()));
            }
            Some(_) => {}
        }
        let (left, right) = (left.node, right.node);
        let op = match operator {
            Operator::Less => Op::Less(left, right),
            Operator::LessEqual => Op::LessEqual(left, right),
            Operator::Greater => Op::Less(right, left),
            Operator::GreaterEqual => Op::LessEqual(right, left),
            Operator::NotEqual => Op::Not(self.builder.node(Op::Equal(left, right))),
            _ => Op::Equal(left, right),
        };
        self.emit(op, Type::Bool)
    }

    fn mismatch(&mut self, what: &str, left: Lowered, right: Lowered, span: &Span) -> Option<Lowered> {
        let advice = left.unit.advice(right.unit);
        self.fault(span, format!("{} and {} {what}{advice}", left.unit, right.unit))
    }

    fn offset(&mut self, of: &Expr, bars: &Expr) -> Option<Lowered> {
        let (of, bars) = (self.series(of, "[n]"), self.bars(bars, 0));
        let (of, bars) = (of?, bars?);
        if bars == 0 {
            return Some(of);
        }
        self.emit(Op::Delay(of.node, bars), of.unit)
    }

    /// A value with a past: one that changes once per bar.
    fn series(&mut self, expression: &Expr, user: &str) -> Option<Lowered> {
        let lowered = self.lower(expression)?;
        if self.builder.phase(lowered.node) == Phase::Live {
            let message = format!("{user} looks back over bars; quotes and position words have no bars");
            return self.fault(&expression.span, message);
        }
        Some(lowered)
    }

    /// A count of bars, known when the file is read.
    fn bars(&mut self, expression: &Expr, least: usize) -> Option<usize> {
        let lowered = self.lower(expression)?;
        let value = self.builder.constant(lowered.node).filter(|_| lowered.unit == Type::Number);
        let bars = value.and_then(|value| as_bars(value, least));
        if bars.is_none() {
            let found = value.map_or(String::new(), |value| format!(", not {value}"));
            self.fault(
                &expression.span,
                format!("a count of bars is a whole number from {least} to {MAX_BARS}{found}"),
            );
        }
        bars
    }

    fn call(
        &mut self,
        function: Function,
        shape: &str,
        span: &Span,
        arguments: &[Expr],
        named: &[Named],
    ) -> Option<Lowered> {
        let seed = self.options(function, named);
        let (least, most) = function.arity();
        if !(least..=most).contains(&arguments.len()) {
            let count = arguments.len();
            return self.fault(
                span,
                format!("write `{shape}`; {count} argument{} given", if count == 1 { "" } else { "s" }),
            );
        }
        let name = &shape[..shape.find('(').unwrap_or(shape.len())];
        match function {
            Function::Abs => {
                let of = self.measure(&arguments[0])?;
                self.emit(Op::Abs(of.node), of.unit)
            }
            Function::Atr => {
                let bars = self.bars(&arguments[0], 1)?;
                self.emit(Op::Atr(bars), Type::Price)
            }
            Function::Min | Function::Max => self.extreme(function, arguments, span),
            Function::CrossesAbove | Function::CrossesBelow => self.cross(function, name, arguments, span),
            _ => self.indicator(function, name, arguments, seed?),
        }
    }

    /// The options of a call: only `seed` of `ema` exists.
    fn options(&mut self, function: Function, named: &[Named]) -> Option<Seed> {
        let mut seed = Some(Seed::Sma);
        for option in named {
            if function != Function::Ema || option.name != "seed" {
                self.fault(
                    &option.name_span,
                    format!("unknown option `{}`; `seed` of `ema` is the only one", option.name),
                );
                continue;
            }
            seed = match &option.value.kind {
                Kind::Word(word) if word == "sma" => Some(Seed::Sma),
                Kind::Word(word) if word == "first" => Some(Seed::First),
                _ => {
                    self.fault(&option.value.span, "seed is `sma` (as TA-Lib) or `first` (the first value)");
                    None
                }
            };
        }
        seed
    }

    /// Anything that can be measured: not true or false.
    fn measure(&mut self, expression: &Expr) -> Option<Lowered> {
        let lowered = self.lower(expression)?;
        if lowered.unit == Type::Bool {
            return self.fault(&expression.span, "a value is wanted, this is true or false");
        }
        Some(lowered)
    }

    fn extreme(&mut self, function: Function, arguments: &[Expr], span: &Span) -> Option<Lowered> {
        let lowered: Vec<_> = arguments.iter().map(|argument| self.measure(argument)).collect();
        let mut best = lowered[0]?;
        for next in &lowered[1..] {
            let next = (*next)?;
            let Some(unit) = best.unit.common(next.unit) else {
                return self.mismatch("cannot be compared", best, next, span);
            };
            let op = if function == Function::Min {
                Op::Min(best.node, next.node)
            } else {
                Op::Max(best.node, next.node)
            };
            best = self.emit(op, unit)?;
        }
        Some(best)
    }

    /// Above now, and not above one bar ago.
    fn cross(&mut self, function: Function, name: &str, arguments: &[Expr], span: &Span) -> Option<Lowered> {
        let (left, right) = (self.series(&arguments[0], name), self.series(&arguments[1], name));
        let (left, right) = (left?, right?);
        if left.unit.common(right.unit).is_none_or(|unit| unit == Type::Bool) {
            return self.mismatch("cannot cross", left, right, span);
        }
        let (upper, lower) = match function {
            Function::CrossesAbove => (left.node, right.node),
            _ => (right.node, left.node),
        };
        let above = self.builder.node(Op::Less(lower, upper));
        let (upper_before, lower_before) =
            (self.builder.node(Op::Delay(upper, 1)), self.builder.node(Op::Delay(lower, 1)));
        let below_before = self.builder.node(Op::LessEqual(upper_before, lower_before));
        self.emit(Op::And(above, below_before), Type::Bool)
    }

    fn indicator(
        &mut self,
        function: Function,
        name: &str,
        arguments: &[Expr],
        seed: Seed,
    ) -> Option<Lowered> {
        let of = self.measure(&arguments[0]).and_then(|_| self.series(&arguments[0], name));
        let bars = self.bars(&arguments[1], if function == Function::Rsi { 2 } else { 1 });
        let (Lowered { node, unit }, bars) = (of?, bars?);
        match function {
            Function::Ema => self.emit(Op::Ema(node, bars, seed), unit),
            Function::Stdev => self.emit(Op::Stdev(node, bars), unit),
            Function::Highest => self.emit(Op::Highest(node, bars), unit),
            Function::Lowest => self.emit(Op::Lowest(node, bars), unit),
            Function::Rsi => self.emit(Op::Rsi(node, bars), Type::Number),
            Function::BollingerUpper | Function::BollingerMid | Function::BollingerLower => {
                self.band(function, &arguments[2], node, bars, unit)
            }
            Function::Rising | Function::Falling => {
                let before = self.builder.node(Op::Delay(node, 1));
                let op = if function == Function::Rising {
                    Op::Less(self.builder.node(Op::Highest(before, bars)), node)
                } else {
                    Op::Less(node, self.builder.node(Op::Lowest(before, bars)))
                };
                self.emit(op, Type::Bool)
            }
            _ => self.emit(Op::Sma(node, bars), unit),
        }
    }

    fn band(
        &mut self,
        function: Function,
        factor: &Expr,
        node: NodeId,
        bars: usize,
        unit: Type,
    ) -> Option<Lowered> {
        let deviations = self.lower(factor)?;
        if deviations.unit != Type::Number {
            return self.fault(
                &factor.span,
                format!("the count of deviations is a number, this is {}", deviations.unit),
            );
        }
        let mid = self.builder.node(Op::Sma(node, bars));
        let stdev = self.builder.node(Op::Stdev(node, bars));
        let width = self.builder.node(Op::Multiply(deviations.node, stdev));
        match function {
            Function::BollingerUpper => self.emit(Op::Add(mid, width), unit),
            Function::BollingerLower => self.emit(Op::Subtract(mid, width), unit),
            _ => Some(Lowered { node: mid, unit }),
        }
    }
}
