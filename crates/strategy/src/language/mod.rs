//! The rule language: from the text of an expression to a flat program that allocates nothing while it runs.
//!
//! `lexer` → `parser` → `check` (types, names) → `compile` (a graph without duplicates) → `eval`.
//! The language has no loops and no user-defined functions: every expression ends, in a time known when it is read.

mod ast;
mod check;
mod compile;
mod error;
mod eval;
mod lexer;
mod parser;
mod suggest;
mod types;
mod words;

pub use error::{Problem, Problems};
pub(crate) use eval::{Bar, Live, Program};

pub(crate) use check::{Checker, Lowered, Names};
pub(crate) use compile::{Builder, NodeId};
pub(crate) use error::Report;
pub(crate) use lexer::{Literal, literal};
pub(crate) use suggest::nearest;
pub(crate) use types::Type;

/// Whether `name` is taken by the language itself.
pub(crate) fn is_built_in(name: &str) -> bool {
    words::word(name).is_some() || words::function(name).is_some() || parser::is_reserved(name)
}

#[cfg(test)]
mod tests;
