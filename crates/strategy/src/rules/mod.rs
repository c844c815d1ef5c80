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
use crate::language::{Problems, Report};
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

/// Reads the strategy file `text`; `file` is its name in messages. `overrides` are parameters as a bot's configuration
/// sets them, written as in the file: `("fast", "8")`, `("gap", "0.5%")`.
///
/// # Errors
/// Everything that is wrong with the file, each with line and column.
pub fn load(file: &str, text: &str, overrides: &BTreeMap<String, String>) -> Result<Definition, Problems> {
    let report = Report::new(file, text);
    let definition = toml_file::parse(text, &report).and_then(|document| {
        let root = Table::root(&document, &report);
        if root.has("builtin") {
            root.choice("builtin", &[("maker", ())]);
            maker::read(root, overrides).map(Definition::Maker)
        } else {
            file::read(root, &report, overrides).map(|rules| Definition::Rules(Box::new(rules)))
        }
    });
    report.finish(definition)
}
