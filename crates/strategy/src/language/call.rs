//! Calls of functions: counts arguments, checks each against what the function takes, and lets it write its nodes.

use super::ast::{Expr, Kind, Named};
use super::check::{Checker, Lowered};
use super::compile::{NodeId, as_bars};
use super::error::Span;
use super::library::{Argument, Function, Given, Gives};
use super::types::Type;
use crate::indicator::{MAX_BARS, Seed};

/// Longest window over trades, milliseconds.
const WINDOW_MS_MAX: f64 = 3_600_000.0;

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        function: &'static Function,
        span: &Span,
        arguments: &[Expr],
        named: &[Named],
    ) -> Option<Lowered> {
        let seed = self.options(function, named);
        let count = arguments.len();
        if !(function.arguments.len()..=function.at_most).contains(&count) {
            return self.fault(
                span,
                format!(
                    "write `{}`; {count} argument{} given",
                    function.call,
                    if count == 1 { "" } else { "s" }
                ),
            );
        }
        if function.arguments.iter().any(|argument| matches!(argument, Argument::Levels | Argument::Window)) {
            self.of_the_moment(function.name, span)?;
        }
        let (mut given, mut units, mut is_whole) = (Given::default(), Vec::new(), true);
        for (index, expression) in arguments.iter().enumerate() {
            let wanted = function.arguments[index.min(function.arguments.len() - 1)];
            match self.argument(function.name, wanted, expression) {
                Some((lowered, value)) => {
                    if matches!(wanted, Argument::Series | Argument::Measure) {
                        units.push(lowered);
                    }
                    given.arguments.push((lowered.node, value));
                }
                None => is_whole = false,
            }
        }
        given.seed = seed?;
        if !is_whole {
            return None;
        }
        let unit = self.unit(function, &units, span)?;
        let node = (function.build)(&mut self.scribe(), &given);
        Some(Lowered { node, unit })
    }

    /// The unit of the answer. Arguments that are measured have to go together where there are several.
    fn unit(&mut self, function: &Function, units: &[Lowered], span: &Span) -> Option<Type> {
        let Some((first, rest)) = units.split_first() else {
            return Some(given_unit(function, Type::Number));
        };
        let mut common = *first;
        for next in rest {
            match common.unit.common(next.unit) {
                Some(unit) => common.unit = unit,
                None => {
                    self.mismatch(&format!("do not go together in `{}`", function.name), common, *next, span);
                    return None;
                }
            }
        }
        Some(given_unit(function, common.unit))
    }

    fn argument(&mut self, user: &str, wanted: Argument, expression: &Expr) -> Option<(Lowered, f64)> {
        let plain = |lowered: Lowered| (lowered, f64::NAN);
        match wanted {
            Argument::Series => {
                self.measure(expression).and_then(|_| self.series(expression, user)).map(plain)
            }
            Argument::Measure => self.measure(expression).map(plain),
            Argument::Condition => self.condition(expression).map(truth).map(plain),
            Argument::BarCondition => {
                self.condition(expression)?;
                self.series(expression, user).map(plain)
            }
            Argument::Bars(least) => {
                let bars = self.bars(expression, least)?;
                let value = crate::indicator::count(bars);
                Some((Lowered { node: self.constant_node(value), unit: Type::Number }, value))
            }
            Argument::Figure => self.number(expression).map(plain),
            Argument::Setting => {
                let lowered = self.number(expression)?;
                let value = self.builder.constant(lowered.node).filter(|value| *value > 0.0);
                match value {
                    Some(value) => Some((lowered, value)),
                    None => self
                        .fault(&expression.span, "a number above zero that is known when the file is read"),
                }
            }
            Argument::Levels => self.known(
                expression,
                Type::Number,
                200.0,
                "a count of book levels is a whole number from 1 to 200",
            ),
            Argument::Window => self.known(
                expression,
                Type::Duration,
                WINDOW_MS_MAX,
                "a time from 1s to 1h is wanted here, such as `1m`",
            ),
        }
    }

    /// A value of that unit from 1 to `most`, known when the file is read.
    fn known(&mut self, expression: &Expr, unit: Type, most: f64, wanted: &str) -> Option<(Lowered, f64)> {
        let lowered = self.lower(expression)?;
        let value = self
            .builder
            .constant(lowered.node)
            .filter(|value| lowered.unit == unit && (1.0..=most).contains(value) && value.fract() == 0.0);
        match value {
            Some(value) => Some((lowered, value)),
            None => self.fault(&expression.span, wanted),
        }
    }

    fn constant_node(&mut self, value: f64) -> NodeId {
        self.builder.node(super::op::Op::Constant(value))
    }

    /// The options of a call: only `seed` of `ema` exists.
    #[expect(clippy::option_option, reason = "absent and wrong are told apart; the wrong is in the report")]
    fn options(&mut self, function: &Function, named: &[Named]) -> Option<Option<Seed>> {
        let mut seed = Some(None);
        for option in named {
            if function.name != "ema" || option.name != "seed" {
                self.fault::<()>(
                    &option.name_span,
                    format!("unknown option `{}`; `seed` of `ema` is the only one", option.name),
                );
                seed = None;
                continue;
            }
            seed = match &option.value.kind {
                Kind::Word(word) if word == "sma" => Some(Some(Seed::Sma)),
                Kind::Word(word) if word == "first" => Some(Some(Seed::First)),
                _ => self.fault(&option.value.span, "seed is `sma` (as TA-Lib) or `first` (the first value)"),
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

    fn number(&mut self, expression: &Expr) -> Option<Lowered> {
        let lowered = self.lower(expression)?;
        if !matches!(lowered.unit, Type::Number | Type::Quotient) {
            return self
                .fault(&expression.span, format!("a plain number is wanted, this is {}", lowered.unit));
        }
        Some(lowered)
    }

    /// A count of bars, known when the file is read.
    pub(super) fn bars(&mut self, expression: &Expr, least: usize) -> Option<usize> {
        let lowered = self.lower(expression)?;
        let value = self.builder.constant(lowered.node).filter(|_| lowered.unit == Type::Number);
        let bars = value.and_then(|value| as_bars(value, least));
        if bars.is_none() {
            let found = value.map_or(String::new(), |value| format!(", not {value}"));
            self.fault::<()>(
                &expression.span,
                format!("a count of bars is a whole number from {least} to {MAX_BARS}{found}"),
            );
        }
        bars
    }
}

fn truth(node: NodeId) -> Lowered {
    Lowered { node, unit: Type::Bool }
}

fn given_unit(function: &Function, measured: Type) -> Type {
    match function.gives {
        Gives::First | Gives::Common => measured,
        Gives::Number => Type::Number,
        Gives::Price => Type::Price,
        Gives::Ratio => Type::Ratio,
        Gives::Volume => Type::Volume,
        Gives::Bool => Type::Bool,
    }
}
