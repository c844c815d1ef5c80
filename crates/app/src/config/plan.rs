//! What another config would change in a running engine: the difference, what becomes of it, and what forbids it.

use super::{BotSettings, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use windvane_engine::BotSetup;
use windvane_journal::Change;
use windvane_model::{BotName, Money};
use windvane_strategy::{Definition, Urgency};

/// What a running engine can go on under another value of; `backtest` concerns none. Everything else is read once, at the
/// start.
const LIVE: [&str; 4] = ["risk", "bot", "protection", "backtest"];

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
        if new.symbol == old.symbol && new.position_index != old.position_index {
            problems.push(format!(
                "bot `{name}` cannot change its direction while it runs: give the bot on the other side another name"
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
    // How the account margins its positions is asked of the venue once.
    let is_live = |path: &str| LIVE.contains(&table(path).as_str()) && path != "risk.margin_mode";
    let needs = changes.iter().filter(|change| !is_live(&change.path));
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
            position_index: self.position_index,
            strategy: opened_by.unwrap_or(&self.definition).bot(),
            next: opened_by.map(|_| self.definition.clone()),
            budget: Money::new(self.budget.value),
            leverage: self.leverage,
            removal: self.removal,
            when_short: self.when_short,
            priority: self.priority,
            foreign: self.foreign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_from;
    use crate::config::source::tests::kept;
    use std::path::Path;

    const SHIPPED: &str = include_str!("../../../../config/testnet.toml");
    const RULES: &str = r#"language = 1
timeframe = "15m"
[params]
fast = { default = 12, range = [5, 30] }
gap = { default = "0.5%", live = true }
[entry.long]
signal = "crosses_above(ema(close, fast), ema(close, 26))"
[entry.any]
order = { type = "market" }
size = { quote = "100 USDT", max_leverage = "1x" }
[exit]
stop = { distance = "2%" }
trail = { arms_at = "1 R", gives_back = "gap" }
"#;
    const BOT: &str = "[bot.one]\nsymbol = \"BTCUSDT\"\nstrategy = \"one.toml\"\nbudget = \"100 USDT\"\nleverage = \"2x\"\n\
                       on_shutdown = \"cancel\"\n";

    /// The settings of the shipped limits with these bots and this rule file.
    fn settings(bots: &str, rules: &str) -> Settings {
        let head = SHIPPED.split("[bot.").next().unwrap_or_default();
        let texts = kept(&[("", &format!("{head}{bots}")), ("one.toml", rules)]);
        load_from(Path::new("config.toml"), texts).unwrap()
    }

    fn plan(bots: &str, rules: &str, consent: Consent, held: Held) -> Result<Plan, Vec<String>> {
        Plan::of(&settings(BOT, RULES), &settings(bots, rules), consent, |_| held, &BTreeSet::new())
    }

    const ALL: Consent = Consent { loosens: true, open_positions: true };
    const NONE: Consent = Consent { loosens: false, open_positions: false };

    #[test]
    fn only_what_may_change_under_an_open_position_changes_at_once() {
        let with = |line: &str| format!("{BOT}params = {{ {line} }}\n");
        let urgency = |bots: &str, rules: &str, consent| {
            let plan = plan(bots, rules, consent, Held::Position).unwrap();
            plan.redefined.into_values().map(|(_, urgency)| urgency).collect::<Vec<_>>()
        };
        let live = with("gap = \"0.4%\"");
        assert_eq!(urgency(&live, RULES, NONE), [Urgency::AtOnce]);
        assert_eq!(urgency(&with("fast = 9"), RULES, NONE), [Urgency::WhenFlat]);
        assert_eq!(urgency(&with("fast = 9"), RULES, ALL), [Urgency::AtOnce], "a person says so");
        assert_eq!(urgency(&with("fast = 9, gap = \"0.4%\""), RULES, NONE), [Urgency::WhenFlat]);
        assert_eq!(urgency(BOT, &RULES.replace("= \"0.5%\"", "= \"0.4%\""), NONE), [Urgency::AtOnce]);
        assert_eq!(urgency(BOT, &RULES.replace("26", "30"), NONE), [Urgency::WhenFlat]);
        assert!(
            urgency(&BOT.replace("100 USDT", "90 USDT"), RULES, NONE).is_empty(),
            "its rules are the same"
        );
        assert!(plan(BOT, &format!("# a comment\n{RULES}"), NONE, Held::Position).unwrap().is_empty());
    }

    #[test]
    fn what_holds_back_less_needs_consent() {
        for (bots, rules, key) in [
            (BOT.replace("100 USDT", "200 USDT"), RULES.to_owned(), "bot.one.budget"),
            (BOT.replace("2x", "3x"), RULES.to_owned(), "bot.one.leverage"),
            (BOT.to_owned(), RULES.replace("\"2%\"", "\"3%\""), "bot.one.rules.exit.stop"),
            (format!("{BOT}params = {{ gap = \"0.6%\" }}\n"), RULES.to_owned(), "bot.one.rules.exit.trail"),
        ] {
            let refused = plan(&bots, &rules, NONE, Held::Nothing).unwrap_err();
            assert!(refused.len() == 1 && refused[0].contains(key), "{refused:?}");
            let planned = plan(&bots, &rules, ALL, Held::Nothing).unwrap();
            assert_eq!(planned.loosened, [key]);
        }
    }

    #[test]
    fn bots_come_and_go_and_none_leaves_something_behind() {
        let two = format!("{BOT}{}", BOT.replace("one]", "two]").replace("BTCUSDT", "ETHUSDT"));
        let name = |name: &str| BotName::new(name).unwrap();
        assert_eq!(plan(&two, RULES, NONE, Held::Position).unwrap().added, [name("two")]);
        let other = BOT.replace("one]", "two]");
        let planned = plan(&other, RULES, NONE, Held::Nothing).unwrap();
        assert_eq!((planned.added, planned.gone), (vec![name("two")], vec![name("one")]));
        for held in [Held::Orders, Held::Position] {
            let refused = plan(&other, RULES, NONE, held).unwrap_err();
            assert!(refused[0].contains("`one` is gone from the config"), "{refused:?}");
        }
        let left = format!("{BOT}removed = \"leave\"\n\n{}", other.replace("BTCUSDT", "ETHUSDT"));
        assert_eq!(plan(&left, RULES, NONE, Held::Position).unwrap().gone, [name("one")], "its owner has it");
    }

    #[test]
    fn what_is_read_at_the_start_and_what_a_bot_cannot_become_is_refused() {
        let head = SHIPPED.split("[bot.").next().unwrap_or_default();
        let louder = head.replace("filter = \"info\"", "filter = \"debug\"");
        assert_ne!(head, louder);
        let texts = kept(&[("", &format!("{louder}{BOT}")), ("one.toml", RULES)]);
        let (old, other) = (settings(BOT, RULES), load_from(Path::new("config.toml"), texts).unwrap());
        let isolated = head.replace("margin_mode = \"cross\"", "margin_mode = \"isolated\"");
        let texts = kept(&[("", &format!("{isolated}{BOT}")), ("one.toml", RULES)]);
        let isolated = load_from(Path::new("config.toml"), texts).unwrap();
        let refused = Plan::of(&old, &isolated, ALL, |_| Held::Nothing, &BTreeSet::new()).unwrap_err();
        assert!(refused[0].contains("risk.margin_mode") && refused[0].contains("start only"), "{refused:?}");
        let refused = Plan::of(&old, &other, ALL, |_| Held::Nothing, &BTreeSet::new()).unwrap_err();
        assert!(refused[0].contains("log.filter") && refused[0].contains("start only"), "{refused:?}");
        let moved = BOT.replace("BTCUSDT", "ETHUSDT");
        assert!(plan(&moved, RULES, ALL, Held::Nothing).unwrap_err()[0].contains("another name"));
        let maker = include_str!("../../../../strategies/maker.toml");
        assert!(plan(BOT, maker, ALL, Held::Nothing).unwrap_err()[0].contains("another kind"));
    }
}
