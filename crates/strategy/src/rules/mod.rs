//! Rule bots: a strategy as a TOML file. This module reads the file; `bot` trades by it.

mod bot;
mod condition;
mod entry;
mod exit;
mod file;
mod holding;
mod intake;
mod ledger;
mod memory;
mod order;
mod parameter;
mod profit;
mod pursuit;
mod ratchet;
mod reading;
mod size;
mod tape;

use std::collections::BTreeMap;

use crate::context::Strategy;
use crate::describe::describe;
use crate::language::{Problem, Problems, Report};
use crate::maker::{self, Maker, MakerSettings};
use crate::toml_file::{self, Table};

pub use bot::RuleBot;
pub use file::Rules;
pub use parameter::Parameter;

/// A strategy file that was understood.
#[derive(Debug, Clone)]
pub enum Definition {
    /// A rule file.
    Rules(Box<Rules>),
    /// Settings of the built-in market maker.
    Maker(MakerSettings),
}

impl Definition {
    /// A bot that trades by this definition, with nothing remembered yet.
    #[must_use]
    pub fn bot(&self) -> Box<dyn Strategy> {
        match self {
            Self::Rules(rules) => Box::new(RuleBot::new(rules.as_ref().clone())),
            Self::Maker(settings) => Box::new(Maker::new(settings.clone())),
        }
    }
}

/// A strategy file that was understood, and what is to be said about it.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What it says.
    pub definition: Definition,
    /// What is allowed and hardly meant: conditions that can never be true, names that nothing uses.
    pub warnings: Vec<Problem>,
    /// Every value as it was understood, in one canonical form.
    pub description: serde_json::Value,
}

/// Reads the strategy file `text`; `file` is its name in messages. `overrides` are parameters as a bot's configuration
/// sets them, written as in the file: `("fast", "8")`, `("gap", "0.5%")`.
///
/// # Errors
/// Everything that is wrong with the file, each with line and column.
pub fn check(file: &str, text: &str, overrides: &BTreeMap<String, String>) -> Result<Checked, Problems> {
    let report = Report::new(file, text);
    let read = toml_file::parse(text, &report).and_then(|document| {
        let root = Table::root(&document, &report);
        let definition = if root.has("builtin") {
            root.choice("builtin", &[("maker", ())]);
            maker::read(root, overrides).map(Definition::Maker)
        } else {
            file::read(root, &report, overrides).map(|rules| Definition::Rules(Box::new(rules)))
        }?;
        let description = describe(&definition, &document);
        Some((definition, description))
    });
    let ((definition, description), warnings) = report.finish(read)?;
    Ok(Checked { definition, warnings, description })
}

/// [`check`] for who only wants to run it.
///
/// # Errors
/// Everything that is wrong with the file, each with line and column.
pub fn load(file: &str, text: &str, overrides: &BTreeMap<String, String>) -> Result<Definition, Problems> {
    check(file, text, overrides).map(|checked| checked.definition)
}
