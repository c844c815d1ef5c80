//! Rule bots: a strategy as a TOML file. This module reads the file; `bot` trades by it.

mod ahead;
mod bot;
mod chase;
mod condition;
mod course;
mod entry;
mod exit;
mod file;
mod gauge;
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
mod redefine;
mod size;
mod stop;
mod tape;
mod way;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::Side;

use crate::context::Strategy;
use crate::dca::{self, Dca, DcaSettings};
use crate::describe::describe;
use crate::grid::{self, Grid, GridSettings};
use crate::language::{Problem, Problems, Report};
use crate::maker::{self, Maker, MakerSettings};
use crate::timed::{self, Timed, TimedSettings, Work};
use crate::toml_file::{self, Table};

pub use bot::RuleBot;
pub use file::{Rules, WarmUp};
pub use parameter::Parameter;
pub(crate) use parameter::types as parameter_types;

/// A strategy file that was understood.
#[derive(Debug, Clone)]
pub enum Definition {
    /// A rule file.
    Rules(Box<Rules>),
    /// Settings of the built-in market maker.
    Maker(MakerSettings),
    /// Settings of the built-in grid.
    Grid(GridSettings),
    /// Settings of the built-in DCA bot.
    Dca(DcaSettings),
    /// Settings of a built-in bot that goes by the clock: TWAP, schedule, rebalance.
    Timed(TimedSettings),
}

impl Definition {
    /// A bot that trades by this definition, with nothing remembered yet.
    #[must_use]
    pub fn bot(&self) -> Box<dyn Strategy> {
        match self {
            Self::Rules(rules) => Box::new(RuleBot::new(rules.as_ref().clone())),
            Self::Maker(settings) => Box::new(Maker::new(settings.clone())),
            Self::Grid(settings) => Box::new(Grid::new(settings.clone())),
            Self::Dca(settings) => Box::new(Dca::new(settings.clone())),
            Self::Timed(settings) => Box::new(Timed::new(settings.clone())),
        }
    }
}

impl Definition {
    /// Whether a bot by this definition could go on by `other`: it is of the same kind.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The same for a bot that has one side of a contract in hedge mode and may only open that.
    ///
    /// # Errors
    /// When it never opens that side, or needs one position for both.
    pub fn on_side(self, side: Side) -> Result<Self, WrongSide> {
        let opens = match &self {
            Self::Rules(_) | Self::Maker(_) => None,
            Self::Grid(settings) => settings.direction.only_side(),
            Self::Dca(settings) => Some(settings.side),
            Self::Timed(settings) => Some(settings.side),
        };
        match self {
            Self::Rules(rules) => {
                rules.only(side).map(|rules| Self::Rules(Box::new(rules))).ok_or(WrongSide::Never { side })
            }
            one_sided if opens == Some(side) => Ok(one_sided),
            _ if opens.is_some() => Err(WrongSide::Never { side }),
            _ => Err(WrongSide::NeedsBoth),
        }
    }

    /// The value of the smallest order that opens, for a bot whose equity is `equity`, where that is known beforehand;
    /// settle coin. `price` is one of its contract, where one is known.
    #[must_use]
    pub fn smallest_order(&self, equity: Decimal, price: Option<Decimal>) -> Option<Decimal> {
        match self {
            Self::Rules(rules) => rules.smallest_order(equity, price),
            Self::Maker(settings) => Some(settings.size),
            Self::Grid(settings) => Some(settings.size),
            Self::Dca(settings) => settings.sizes.iter().copied().chain([settings.base]).min(),
            Self::Timed(settings) => match settings.work {
                Work::Twap { each, .. } | Work::Schedule { each, .. } => Some(each),
                // The smallest correction: less than the band is left alone.
                Work::Rebalance { band, .. } => equity.checked_mul(band),
            },
        }
    }

    /// The keys of what holds back less in `next`: stops, caps, limits. Everything, where the kind is another.
    #[must_use]
    pub fn loosened_by(&self, next: &Self) -> Vec<String> {
        let cap = |key: &str, is_looser: bool| is_looser.then(|| key.to_owned());
        let wider = |before, now| cap("protect.stop", now > before);
        let pause = |before, now| cap("protect.cooldown_after_stop", now < before);
        match (self, next) {
            (Self::Rules(old), Self::Rules(new)) => old.loosened_by(new),
            (Self::Maker(old), Self::Maker(new)) => {
                let most = cap("inventory.max", new.max_inventory > old.max_inventory);
                let pause = pause(old.cooldown_after_stop_ms, new.cooldown_after_stop_ms);
                [most, wider(old.stop, new.stop), pause].into_iter().flatten().collect()
            }
            (Self::Grid(old), Self::Grid(new)) => {
                let worth = cap("grid.size", new.value_max() > old.value_max());
                let pause = pause(old.cooldown_after_stop_ms, new.cooldown_after_stop_ms);
                [worth, wider(old.stop, new.stop), pause].into_iter().flatten().collect()
            }
            (Self::Dca(old), Self::Dca(new)) => {
                let most = cap("safety.orders", new.steps.len() > old.steps.len());
                let worth = cap("safety.size", new.value_max() > old.value_max());
                let pause = pause(old.cooldown_after_stop_ms, new.cooldown_after_stop_ms);
                [most, worth, wider(old.stop, new.stop), pause].into_iter().flatten().collect()
            }
            (Self::Timed(old), Self::Timed(new)) => {
                let most = match (&old.work, &new.work) {
                    (Work::Schedule { most: before, .. }, Work::Schedule { most, .. }) => {
                        cap("schedule.most", most > before)
                    }
                    (Work::Rebalance { target: before, .. }, Work::Rebalance { target, .. }) => {
                        cap("rebalance.target", target > before)
                    }
                    (before @ Work::Twap { .. }, now @ Work::Twap { .. }) => {
                        cap("twap.total", now.total() > before.total())
                    }
                    _ => cap("builtin", true),
                };
                most.into_iter().chain(wider(old.stop, new.stop)).collect()
            }
            _ => vec!["builtin".to_owned()],
        }
    }
}

/// A strategy cannot trade one side of a hedged contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongSide {
    /// It has no way to open it.
    #[error("its strategy never opens a {word} position", word = match side { Side::Buy => "long", Side::Sell => "short" })]
    Never {
        /// The side.
        side: Side,
    },
    /// It buys and sells around one position.
    #[error("its strategy works on both sides of one position, so it needs one-way mode")]
    NeedsBoth,
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
            built_in(root, overrides)
        } else {
            file::read(root, &report, overrides).map(|rules| Definition::Rules(Box::new(rules)))
        }?;
        let description = describe(&definition, &document);
        Some((definition, description))
    });
    let ((definition, description), warnings) = report.finish(read)?;
    Ok(Checked { definition, warnings, description })
}

/// Reads the preset of a built-in bot.
fn built_in(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<Definition> {
    type Reader = fn(Table<'_>, &BTreeMap<String, String>) -> Option<Definition>;
    const BOTS: [(&str, Reader); 6] = [
        ("maker", |root, set| maker::read(root, set).map(Definition::Maker)),
        ("grid", |root, set| grid::read(root, set).map(Definition::Grid)),
        ("dca", |root, set| dca::read(root, set).map(Definition::Dca)),
        ("twap", |root, set| timed::read_twap(root, set).map(Definition::Timed)),
        ("schedule", |root, set| timed::read_schedule(root, set).map(Definition::Timed)),
        ("rebalance", |root, set| timed::read_rebalance(root, set).map(Definition::Timed)),
    ];
    root.choice("builtin", &BOTS).and_then(|read| read(root, overrides))
}

/// [`check`] for who only wants to run it.
///
/// # Errors
/// Everything that is wrong with the file, each with line and column.
pub fn load(file: &str, text: &str, overrides: &BTreeMap<String, String>) -> Result<Definition, Problems> {
    check(file, text, overrides).map(|checked| checked.definition)
}
