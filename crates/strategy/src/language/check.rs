//! Gives names and units a meaning: turns a tree into nodes of the program, or says where it is wrong.
//!
//! Arithmetic and comparisons are in `arithmetic`, calls in `call`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use windvane_model::{Interval, Symbol};

use super::ast::{Expr, Kind};
use super::compile::{Builder, NodeId, Phase};
use super::error::{Fault, Span, Unknown};
use super::feed::{Feed, FeedId};
use super::lexer::Literal;
use super::library::{self, Scribe};
use super::live::{LiveWord, Quote};
use super::op::{Binary, Op, Unary};
use super::parser::parse;
use super::suggest::{allowed_slips, nearest, slips};
use super::types::Type;
use super::words::{self, Word};

/// A checked expression: where its value will be, and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lowered {
    pub(crate) node: NodeId,
    pub(crate) unit: Type,
}

/// What a name of the file stands for.
#[derive(Debug, Default)]
pub(crate) struct Name {
    /// `None`: the definition was wrong and has been reported; uses of it are not.
    pub(crate) lowered: Option<Lowered>,
    /// Its definition, for uses on another timeframe or contract; a parameter has none.
    pub(crate) expression: Option<Rc<Expr>>,
    /// Whether anything speaks of it.
    pub(crate) is_used: Cell<bool>,
    /// Byte of the file where it is defined.
    pub(crate) start: usize,
}

/// The names of a file.
pub(crate) type Names = BTreeMap<String, Name>;

/// Checks expressions of one file into one program.
pub(crate) struct Checker<'a> {
    pub(crate) builder: &'a mut Builder,
    pub(crate) names: &'a Names,
    /// 1 where the expression speaks for a long, −1 for a short, `None` where it speaks for neither.
    pub(crate) side: Option<f64>,
    /// Whether `2 R` has a meaning: only after the stop is known.
    pub(crate) knows_risk: bool,
    /// The bars and the contract that words mean here.
    feed: FeedId,
    faults: Vec<Fault>,
}

impl<'a> Checker<'a> {
    pub(crate) fn new(builder: &'a mut Builder, names: &'a Names) -> Self {
        Self { builder, names, side: None, knows_risk: false, feed: Feed::OWN, faults: Vec::new() }
    }

    /// The value of `text`, which must have one of the `wanted` units (any, if empty), and its tree.
    ///
    /// # Errors
    /// Everything wrong with it. An empty list means: it uses a name whose own definition is wrong.
    pub(crate) fn check(mut self, text: &str, wanted: &[Type]) -> Result<(Lowered, Expr), Vec<Fault>> {
        let expression = parse(text).map_err(|fault| vec![fault])?;
        match self.lower(&expression) {
            Some(found) if wanted.is_empty() || wanted.contains(&found.unit) => {
                if self.faults.is_empty() {
                    Ok((found, expression))
                } else {
                    Err(self.faults)
                }
            }
            Some(found) => {
                let wanted: Vec<_> = wanted.iter().map(ToString::to_string).collect();
                self.fault::<()>(
                    &expression.span,
                    format!("this is {}, wanted is {}", found.unit, wanted.join(" or ")),
                );
                Err(self.faults)
            }
            None => Err(self.faults),
        }
    }

    pub(super) fn fault<T>(&mut self, span: &Span, message: impl Into<String>) -> Option<T> {
        self.faults.push(Fault::new(span.clone(), message));
        None
    }

    pub(super) fn emit(&mut self, op: Op, unit: Type) -> Option<Lowered> {
        Some(Lowered { node: self.builder.node(op), unit })
    }

    pub(super) fn scribe(&mut self) -> Scribe<'_> {
        let symbol = self.builder.feed_of(self.feed).symbol;
        Scribe { builder: self.builder, feed: self.feed, symbol }
    }

    pub(super) fn lower(&mut self, expression: &Expr) -> Option<Lowered> {
        let span = &expression.span;
        match &expression.kind {
            Kind::Literal(literal) => self.literal(*literal, span),
            Kind::Word(name) => self.word(name, span),
            Kind::Call { name, name_span, arguments, named } => match library::find(name) {
                Some(function) => self.call(function, span, arguments, named),
                None => self.unknown_function(name, name_span),
            },
            Kind::Offset { of, bars } => self.offset(of, bars),
            Kind::At { of, place, place_span } => self.at(of, place, place_span),
            Kind::Negate(of) => {
                let of = self.lower(of)?;
                if of.unit == Type::Bool {
                    return self.fault(span, "a minus sign before true or false; write `not`");
                }
                self.emit(Op::Unary(Unary::Negate, of.node), of.unit)
            }
            Kind::Not(of) => {
                let of = self.condition(of)?;
                self.emit(Op::Unary(Unary::Not, of), Type::Bool)
            }
            Kind::Binary { operator, left, right } => self.binary(*operator, left, right, span),
            Kind::Between { value, low, high } => self.between(value, low, high, span),
        }
    }

    fn literal(&mut self, literal: Literal, span: &Span) -> Option<Lowered> {
        match literal {
            Literal::Ticks(count) => self.emit(Op::Ticks(count), Type::Ticks),
            Literal::Risk(multiple) if self.knows_risk => {
                let risk = self.builder.node(Op::Live(LiveWord::Risk));
                let multiple = self.builder.node(Op::Constant(multiple));
                self.emit(Op::Binary(Binary::Multiply, multiple, risk), Type::Price)
            }
            Literal::Risk(_) => self
                .fault(span, "`R` is the distance to the stop: it is known in the exits beside `stop` only"),
            Literal::Number(value)
            | Literal::Ratio(value)
            | Literal::Price(value)
            | Literal::Duration(value) => self.emit(Op::Constant(value), literal.kind()),
            Literal::Truth(_) => self.emit(literal.op(), Type::Bool),
        }
    }

    fn word(&mut self, name: &str, span: &Span) -> Option<Lowered> {
        if let Some(defined) = self.names.get(name) {
            defined.is_used.set(true);
            return match &defined.expression {
                Some(expression) if self.feed != Feed::OWN => self.elsewhere(&Rc::clone(expression), span),
                _ => defined.lowered,
            };
        }
        match words::word(name) {
            Some(Word::Bar(build, unit)) => {
                let node = build(&mut self.scribe());
                Some(Lowered { node, unit })
            }
            Some(Word::Quote(quote, unit)) => {
                self.of_the_moment(name, span)?;
                let node = self.scribe().quote(quote);
                Some(Lowered { node, unit })
            }
            Some(Word::Live(word, unit)) => {
                self.of_the_moment(name, span)?;
                self.emit(Op::Live(word), unit)
            }
            Some(Word::Truth(value)) => self.emit(Op::Constant(f64::from(u8::from(value))), Type::Bool),
            Some(Word::FundingCost) => {
                self.of_the_moment(name, span)?;
                self.funding_cost(span)
            }
            None => self.unknown_word(name, span),
        }
    }

    fn funding_cost(&mut self, span: &Span) -> Option<Lowered> {
        let rate = self.scribe().quote(Quote::FundingRate);
        match self.side {
            Some(side) if side < 0.0 => self.emit(Op::Unary(Unary::Negate, rate), Type::Ratio),
            Some(_) => Some(Lowered { node: rate, unit: Type::Ratio }),
            None => {
                self.fault(span, "`funding_cost` needs a side: use it in [entry.*], or write `funding_rate`")
            }
        }
    }

    /// A quote has no timeframe.
    pub(super) fn of_the_moment(&mut self, name: &str, span: &Span) -> Option<()> {
        let interval = self.builder.feed_of(self.feed).interval;
        if interval == self.builder.timeframe() {
            return Some(());
        }
        self.fault(
            span,
            format!("`{name}` is a figure of the moment: it has no bars of {}", interval.as_str()),
        )
    }

    /// A name used on another timeframe or contract: its definition, read there.
    fn elsewhere(&mut self, expression: &Expr, span: &Span) -> Option<Lowered> {
        let before = self.faults.len();
        let lowered = self.lower(expression);
        // Their places are in another line's text; the reader looks at this one.
        for fault in &mut self.faults[before..] {
            fault.span = span.clone();
        }
        lowered
    }

    /// `of @1h`, `of @ETHUSDT`: the expression on other bars.
    fn at(&mut self, of: &Expr, place: &str, span: &Span) -> Option<Lowered> {
        let here = self.builder.feed_of(self.feed);
        let there = if let Ok(interval) = place.parse::<Interval>() {
            let base = self.builder.timeframe();
            if interval < base || interval.millis() % base.millis() != 0 {
                let base = base.as_str();
                return self.fault(
                    span,
                    format!("bars of {place} are not made of whole bars of {base}, the file's timeframe"),
                );
            }
            Feed { interval, ..here }
        } else if let Some(symbol) = as_symbol(place) {
            Feed { symbol: Some(symbol), ..here }
        } else {
            let meant = nearest(place, Interval::ALL.iter().map(|interval| interval.as_str()));
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean `@{meant}`?"));
            return self.fault(
                span,
                format!("after `@` comes a bar length such as `@1h` or a contract such as `@ETHUSDT`{meant}"),
            );
        };
        let outside = std::mem::replace(&mut self.feed, self.builder.feed(there));
        let lowered = self.lower(of);
        self.feed = outside;
        lowered
    }

    fn unknown_word(&mut self, name: &str, span: &Span) -> Option<Lowered> {
        if let Some(function) = library::find(name) {
            return self.fault(span, format!("`{name}` is a function: write `{}`", function.call));
        }
        let own = self.names.keys().map(String::as_str);
        let known = own.chain(words::WORDS.iter().map(|(word, ..)| *word));
        let meant = nearest(name, known.chain(library::functions().map(|function| function.name)));
        let advice = match meant {
            Some(word) => format!("; did you mean `{word}`?"),
            None => "; a name of [params] or of an earlier line of [let] would do".to_owned(),
        };
        let unknown = Unknown { name: name.to_owned(), alike: self.alike(name) };
        let fault = Fault::new(span.clone(), format!("unknown name `{name}`{advice}"));
        self.faults.push(Fault { unknown: Some(unknown), ..fault });
        None
    }

    /// The names of the file that are most like `name`, and where they are defined. Only places to look at, so two short
    /// names may be alike of which none is suggested in the place of the other.
    fn alike(&self, name: &str) -> Vec<(usize, String)> {
        let longest = |word: &str| name.chars().count().max(word.chars().count());
        let names = self.names.iter().map(|(word, meaning)| (slips(name, word), meaning.start, word));
        let near = |(slips, _, word): &(usize, usize, &String)| {
            *slips <= allowed_slips(name) && *slips < longest(word)
        };
        let mut alike: Vec<_> = names.filter(near).collect();
        alike.sort_unstable();
        let least = alike.first().map(|(slips, ..)| *slips);
        alike.retain(|(slips, ..)| Some(*slips) == least);
        alike.into_iter().map(|(_, start, word)| (start, word.clone())).collect()
    }

    fn unknown_function(&mut self, name: &str, span: &Span) -> Option<Lowered> {
        if words::word(name).is_some() || self.names.contains_key(name) {
            return self.fault(span, format!("`{name}` is no function; write it without brackets"));
        }
        let advice = match nearest(name, library::functions().map(|function| function.name)) {
            Some(function) => format!("; did you mean `{function}`?"),
            None => "; all functions are listed in strategies/README.md".to_owned(),
        };
        self.fault(span, format!("unknown function `{name}`{advice}"))
    }

    /// A condition.
    pub(super) fn condition(&mut self, expression: &Expr) -> Option<NodeId> {
        let lowered = self.lower(expression)?;
        if lowered.unit != Type::Bool {
            return self.fault(&expression.span, format!("a condition is wanted, this is {}", lowered.unit));
        }
        Some(lowered.node)
    }

    fn offset(&mut self, of: &Expr, bars: &Expr) -> Option<Lowered> {
        let (of, bars) = (self.series(of, "[n]"), self.bars(bars, 0));
        let (of, bars) = (of?, bars?);
        let node = self.scribe().delay(of.node, bars);
        Some(Lowered { node, ..of })
    }

    /// A value with a past: one that changes once per bar.
    pub(super) fn series(&mut self, expression: &Expr, user: &str) -> Option<Lowered> {
        let lowered = self.lower(expression)?;
        if self.builder.phase(lowered.node) == Phase::Live {
            let message = format!("{user} looks back over bars; quotes and position words have no bars");
            return self.fault(&expression.span, message);
        }
        Some(lowered)
    }
}

/// A contract's name, if `text` looks like one.
fn as_symbol(text: &str) -> Option<Symbol> {
    let is_plain = text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let has_letters = text.chars().filter(char::is_ascii_uppercase).count() >= 4;
    Symbol::new(text).ok().filter(|_| is_plain && has_letters)
}
