//! The functions of the language: what each takes, what unit it gives, and how it is put together from kernels.
//!
//! Everything is composed of shared nodes: `macd(close, 12, 26, 9)` and `macd_signal(close, 12, 26, 9)` of one file run
//! the same two averages once.

mod average;
mod band;
mod book;
mod choice;
mod momentum;
mod oscillator;
mod past;
mod pivot;
mod scribe;
mod trend;
mod volume;

pub(crate) use scribe::{Given, Scribe};

use super::compile::NodeId;

/// What an argument has to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Argument {
    /// A value with a past: one that changes with bars.
    Series,
    /// Any value that can be measured.
    Measure,
    /// A condition.
    Condition,
    /// A condition with a past.
    BarCondition,
    /// A count of bars, at least this many, known when the file is read.
    Bars(usize),
    /// A number.
    Figure,
    /// A number above zero, known when the file is read.
    Setting,
    /// A count of book levels, 1 to 200.
    Levels,
    /// A length of time of at most an hour, known when the file is read.
    Window,
}

/// The unit of what a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// That of its first argument that is measured.
    First,
    /// The one that all its measured arguments share.
    Common,
    Number,
    Price,
    Ratio,
    Volume,
    Bool,
}

/// A function of the language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: &'static str,
    /// The call as it is shown to who gets it wrong.
    pub(crate) call: &'static str,
    /// What it is, in one line.
    pub(crate) says: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// How many arguments there may be at most, where the last one may be repeated.
    pub(crate) at_most: usize,
    pub(crate) gives: Gives,
    pub(crate) build: fn(&mut Scribe<'_>, &Given) -> NodeId,
}

/// A function with a fixed count of arguments.
const fn function(
    name: &'static str,
    call: &'static str,
    says: &'static str,
    arguments: &'static [Argument],
    gives: Gives,
    build: fn(&mut Scribe<'_>, &Given) -> NodeId,
) -> Function {
    Function { name, call, says, arguments, at_most: arguments.len(), gives, build }
}

/// Every function with the title of its group.
pub(crate) fn groups() -> impl Iterator<Item = (&'static str, &'static [Function])> {
    [
        ("averages", average::FUNCTIONS),
        ("bands and ranges", band::FUNCTIONS),
        ("oscillators", oscillator::FUNCTIONS),
        ("momentum", momentum::FUNCTIONS),
        ("trend", trend::FUNCTIONS),
        ("pivot points", pivot::FUNCTIONS),
        ("volume and volatility", volume::FUNCTIONS),
        ("the past", past::FUNCTIONS),
        ("choices", choice::FUNCTIONS),
        ("book and trades", book::FUNCTIONS),
    ]
    .into_iter()
}

/// Every function.
pub(crate) fn functions() -> impl Iterator<Item = &'static Function> + Clone {
    let all: Vec<_> = groups().flat_map(|(_, functions)| functions).collect();
    all.into_iter()
}

/// The function called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    functions().find(|function| function.name == name)
}
