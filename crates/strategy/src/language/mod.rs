//! The rule language: from the text of an expression to a flat program that allocates nothing while it runs.
//!
//! `lexer` → `parser` → `check` (types, names, `library` of functions) → `compile` (a graph without duplicates) → `eval`.
//! The language has no loops and no user-defined functions: every expression ends, in a time known when it is read.

mod adopt;
mod arithmetic;
mod ast;
mod bounds;
mod call;
mod check;
mod columns;
mod compile;
mod error;
mod eval;
mod feed;
mod lexer;
pub(crate) mod library;
mod live;
mod op;
mod parser;
mod series;
mod show;
mod suggest;
mod types;
mod vocabulary;
mod words;

pub(crate) use ast::Expr;
pub(crate) use bounds::Foregone;
pub(crate) use check::{Checker, Lowered, Name, Names};
pub(crate) use columns::Columns;
pub(crate) use compile::{Builder, NodeId};
pub(crate) use error::Report;
pub use error::{Problem, Problems, Related, set_in_comment};
pub use eval::Bar;
pub(crate) use eval::Program;
pub(crate) use feed::{Aggregator, Feed, FeedId};
pub(crate) use lexer::{Literal, literal};
pub(crate) use live::{LiveWord, Quote};
pub use series::{Ohlcv, Series};
pub use suggest::nearest;
pub(crate) use types::Type;
pub use vocabulary::{Entry, vocabulary};

/// `text` in its canonical form where it is an expression, else as it is.
pub(crate) fn canonical(text: &str) -> String {
    parser::parse(text).map_or_else(|_| text.to_owned(), |expression| expression.to_string())
}

/// Whether `name` is taken by the language itself.
pub(crate) fn is_built_in(name: &str) -> bool {
    words::word(name).is_some() || library::find(name).is_some() || parser::is_reserved(name)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod whole;
