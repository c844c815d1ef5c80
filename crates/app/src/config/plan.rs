//! What another config would change in a running engine: the difference, what becomes of it, and what forbids it.

use super::{BotSettings, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use windvane_engine::BotSetup;
use windvane_journal::Change;
use windvane_model::{BotName, Money, PositionIndex};
use windvane_strategy::{Definition, Urgency};

/// Tables that are read once, at the start.
const AT_START: [&str; 8] = ["data_dir", "venue", "guard", "journal", "engine", "telemetry", "log", "notify"];

/// What a person allows of a reload beyond the harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Consent {
    /// Limits and stops may hold back less.
    pub(crate) loosens: bool,
    /// Open positions go on by the new rules, instead of those they were opened under.
    pub(crate) open_positions: bool,
}

/// What the running engine holds of a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Neither position nor order.
    Nothing,
    /// Orders, and no position.
    Orders,
    /// A position.
    Position,
}

/// A change that can be made.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Every value that differs.
    pub(crate) changes: Vec<Change>,
    /// Keys that hold back less than before.
    pub(crate) loosened: Vec<String>,
    /// Bots that go on by other rules, and when.
    pub(crate) redefined: BTreeMap<BotName, (Definition, Urgency)>,
    /// Bots that come.
    pub(crate) added: Vec<BotName>,
    /// Bots that go, or are left to their owner.
    pub(crate) gone: Vec<BotName>,
}

impl Plan {
    /// From `old` to `new`, where `held` says what the engine holds of each bot and `waiting` which ones have rules that
    /// wait for the end of a position.
    ///
    /// # Errors
    /// Everything that forbids it.
    pub(crate) fn of(
        old: &Settings,
        new: &Settings,
        consent: Consent,
        held: impl Fn(BotName) -> Held,
        waiting: &BTreeSet<BotName>,
    ) -> Result<Self, Vec<String>> {
        let changes = differences(&old.values, &new.values);
        let mut problems = at_start(&changes);
        let mut plan = Self {
            loosened: old.risk.loosened_by(&new.risk).into_iter().map(|key| format!("risk.{key}")).collect(),
            changes,
            redefined: BTreeMap::new(),
            added: Vec::new(),
            gone: Vec::new(),
        };
        if new.unprotected_ms_max > old.unprotected_ms_max {
            plan.loosened.push("protection.without_stop_max".to_owned());
        }
        for bot in &new.bots {
            match old.bots.iter().find(|known| known.name == bot.name) {
                Some(before) => plan.stays(before, bot, consent, waiting, &mut problems),
                None => plan.added.push(bot.name),
            }
        }
        for bot in &old.bots {
            if new.bots.iter().any(|kept| kept.name == bot.name) {
                continue;
            }
            let is_left = new.left.contains(&bot.name);
            match held(bot.name) {
                Held::Nothing => {}
                _ if is_left => {}
                Held::Orders => problems.push(format!(
                    "bot `{}` is gone from the config and has open orders: give it `removed = \"close\"` or \
                     `\"leave\"` first, and take it out when they are gone",
                    bot.name
                )),
                Held::Position => problems.push(format!(
                    "bot `{}` is gone from the config and holds a position: give it `removed = \"close\"`, \
                     `\"exit-only\"` or `\"leave\"` first, and take it out when it is flat",
                    bot.name
                )),
            }
            plan.gone.push(bot.name);
        }
        if !consent.loosens && !plan.loosened.is_empty() {
            problems.push(format!(
                "this holds back less than what is in force: {}; `windvane reload --loosen` if that is meant",
                plan.loosened.join(", ")
            ));
        }
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// Whether nothing would be another than it is.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.redefined.is_empty()
    }

    /// A bot that there is before and after.
    fn stays(
        &mut self,
        old: &BotSettings,
        new: &BotSettings,
        consent: Consent,
        waiting: &BTreeSet<BotName>,
        problems: &mut Vec<String>,
    ) {
        let name = new.name;
        if new.symbol != old.symbol {
            problems.push(format!(
                "bot `{name}` cannot go from {} to {} while it runs: give the bot on {} another name",
                old.symbol, new.symbol, new.symbol
            ));
        }
        if !old.definition.is_same_kind(&new.definition) {
            problems.push(format!(
                "bot `{name}` cannot become one of another kind while it runs: give that one another name"
            ));
        }
        if new.budget.value > old.budget.value {
            self.loosened.push(format!("bot.{name}.budget"));
        }
        if new.leverage > old.leverage {
            self.loosened.push(format!("bot.{name}.leverage"));
        }
        let weaker = old.definition.loosened_by(&new.definition);
        self.loosened.extend(weaker.into_iter().map(|key| format!("bot.{name}.rules.{key}")));
        let own = format!("bot.{name}.");
        let mut rules = self
            .changes
            .iter()
            .filter_map(|change| change.path.strip_prefix(&own))
            .filter(|key| key.starts_with("rules.") || key.starts_with("params."))
            .peekable();
        let urgency = if consent.open_positions { Urgency::AtOnce } else { Urgency::WhenFlat };
        if rules.peek().is_some() {
            // What a parameter of the file says of itself changes with its default or its value.
            let is_live = rules.all(|key| is_live(&old.definition, key) && is_live(&new.definition, key));
            let urgency = if is_live && !waiting.contains(&name) { Urgency::AtOnce } else { urgency };
            self.redefined.insert(name, (new.definition.clone(), urgency));
        } else if consent.open_positions && waiting.contains(&name) {
            self.redefined.insert(name, (new.definition.clone(), urgency));
        }
    }
}

/// Whether `key`, `params.gap` or `rules.params.gap.default`, is about a parameter that may change under an open position.
fn is_live(definition: &Definition, key: &str) -> bool {
    let Definition::Rules(rules) = definition else { return false };
    let key = key.strip_prefix("rules.").unwrap_or(key);
    let Some(name) = key.strip_prefix("params.").and_then(|key| key.split('.').next()) else { return false };
    rules.parameters().iter().any(|parameter| parameter.name == name && parameter.is_live)
}

fn at_start(changes: &[Change]) -> Vec<String> {
    let table = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let needs = changes.iter().filter(|change| AT_START.contains(&table(&change.path).as_str()));
    needs.map(|change| format!("{change}: this is read at the start only", change = Shown(change))).collect()
}

/// Every value that is not the same in both, by its path. How a config is split into files is no value of it.
pub(crate) fn differences(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Change> {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).filter(|path| *path != "include").collect();
    paths
        .into_iter()
        .filter(|path| old.get(*path) != new.get(*path))
        .map(|path| Change { path: path.clone(), old: old.get(path).cloned(), new: new.get(path).cloned() })
        .collect()
}

/// A change as a line for people.
pub(crate) struct Shown<'c>(pub(crate) &'c Change);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.old, &self.0.new) {
            (Some(old), Some(new)) => write!(f, "{}: {old} → {new}", self.0.path),
            (Some(old), None) => write!(f, "{}: {old} → gone", self.0.path),
            (None, new) => write!(f, "{}: {} (new)", self.0.path, new.as_deref().unwrap_or_default()),
        }
    }
}

impl BotSettings {
    /// The bot as an engine is given it. `opened_by` are the rules that its open position was opened under, where they are
    /// others than these: it goes on by them until it is flat.
    pub(crate) fn setup(&self, opened_by: Option<&Definition>) -> BotSetup {
        BotSetup {
            name: self.name,
            symbol: self.symbol,
            position_index: PositionIndex::default(),
            strategy: opened_by.unwrap_or(&self.definition).bot(),
            next: opened_by.map(|_| self.definition.clone()),
            budget: Money::new(self.budget.value),
            leverage: self.leverage,
            removal: self.removal,
            when_short: self.when_short,
            priority: self.priority,
        }
    }
}
