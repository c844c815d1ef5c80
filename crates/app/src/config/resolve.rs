//! From the config as typed to the settings as used: every check across fields, every problem reported.

use super::elsewhere::{of_missing, of_venue};
use super::file::{
    AccountModes, BotSection, ConfigFile, Direction, Environment, ForeignPosition, GuardSection, MarginShort,
    MarketClock, RateLimits, Removed, TelemetrySection, VenueSection,
};
use super::source::{Texts, Whole};
use super::{
    BotSettings, GuardSettings, NotifySettings, RemoteVenue, Settings, StrategySource, VenueSettings,
};
use crate::exit::Failure;
use crate::live::setup::Setup;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use toml::de::DeTable;
use windvane_connector::{PositionMode, VenueEndpoints};
use windvane_engine::{Foreign, Removal, WhenShort};
use windvane_model::{BotName, BotTag, Leverage, Millis, PositionIndex, Side, Symbol};
use windvane_risk::{Ownership, TimeSpan};
use windvane_strategy::Definition;
use windvane_venue::{MarketConfig, VenueConfig};

/// What the exchange takes. Source: Bybit V5, "Set DCP".
/// Topics of one public connection in the introductory article.
const INTRODUCTORY_TOPICS: usize = 100;
const DISCONNECT_WINDOW_S: RangeInclusive<Millis> = 3..=300;
/// The variable that overrides the data folder.
const DATA_DIR: &str = "WINDVANE__DATA_DIR";
/// Shorter, and a stop would be called missing while it is on its way; longer is no protection.
const WITHOUT_STOP_MS: RangeInclusive<Millis> = 1_000..=300_000;
/// Shorter, and a slow disk would be taken for a dead engine.
const SILENT_MS: RangeInclusive<Millis> = 5_000..=600_000;
/// Shorter, and an engine between two pings would be taken for one that is cut off.
const CUT_MS: RangeInclusive<Millis> = 45_000..=600_000;

/// Reads and checks a config with every strategy it names.
///
/// # Errors
/// [`Failure::Config`] with one line per problem, each with file, line and column.
pub(crate) fn load(path: &Path) -> Result<Settings, Failure> {
    load_from(path, Texts::of_now())
}

/// Reads and checks the config at `path` out of texts that were kept, whatever the files say now.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_from(path: &Path, mut texts: Texts) -> Result<Settings, Failure> {
    let whole = Whole::read(path, &mut texts).map_err(|problems| Failure::Config(problems.join("\n")))?;
    let file: ConfigFile = toml::from_str(whole.text()).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let mut told = format!("{}: {}", whole.place(span.clone()), error.message());
        if let Some((at, note)) = of_missing(whole.text(), span.start, error.message()) {
            told.push_str(&format!("\n    {}: {note}", whole.place(at..at)));
        }
        Failure::Config(told)
    })?;
    let mut resolver = Resolver::new(path, &whole, texts);
    let settings = resolver.resolve(file);
    match settings {
        Some(settings) if resolver.problems.is_empty() => Ok(settings),
        _ => Err(Failure::Config(resolver.problems.join("\n"))),
    }
}

/// The data folder of the engine whose config is at `path`, whatever else is wrong with the config: an engine must be
/// reached while its config is being edited.
///
/// # Errors
/// [`Failure::Config`] when the file cannot be read or names none.
pub(crate) fn data_dir(path: &Path) -> Result<PathBuf, Failure> {
    let text = read(path)?;
    let document = DeTable::parse_recoverable(&text).0;
    let overridden = std::env::var(DATA_DIR).ok();
    let written = document.get_ref().get("data_dir").and_then(|value| value.get_ref().as_str());
    let written = overridden.as_deref().or(written);
    let written =
        written.ok_or_else(|| Failure::Config(format!("{}: `data_dir` is not there", path.display())))?;
    Ok(path.parent().map(Path::to_path_buf).unwrap_or_default().join(written))
}

/// Checks one strategy file alone, with its parameters at their defaults.
///
/// # Errors
/// [`Failure::Config`] with one line per problem.
pub(crate) fn check_strategy_file(path: &Path) -> Result<windvane_strategy::Checked, Failure> {
    let text = read(path)?;
    windvane_strategy::check(&path.display().to_string(), &text, &BTreeMap::new())
        .map_err(|problems| Failure::Config(problems.to_string()))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Config(format!("{}: cannot be read: {error}", path.display())))
}

/// `FILE:LINE:COL` of a span.
pub(crate) fn place(path: &Path, text: &str, span: Range<usize>) -> String {
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{}:{line}:{column}", path.display())
}

/// Where the value of a key inside `[risk]` stands.
fn risk_key(text: &str, path: &str) -> Option<Range<usize>> {
    key(text, &format!("risk.{path}"))
}

/// Where the value of a key stands.
fn key(text: &str, path: &str) -> Option<Range<usize>> {
    let mut table = DeTable::parse(text).ok()?.into_inner();
    let mut span = None;
    for name in path.split('.') {
        let value = table.remove(name)?;
        span = Some(value.span());
        table = match value.into_inner() {
            toml::de::DeValue::Table(inner) => inner,
            _ => DeTable::new(),
        };
    }
    span
}

/// Every value of a TOML text by its path.
fn values(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        table.into_iter().for_each(|(key, value)| flatten(&value, key, &mut found));
    }
    found
}

fn flatten(value: &toml::Value, path: String, found: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(key, inner)| flatten(inner, format!("{path}.{key}"), found));
        }
        toml::Value::String(_) if path.ends_with(".secret") => drop(found.insert(path, "***".to_owned())),
        toml::Value::String(text) => drop(found.insert(path, text.clone())),
        other => drop(found.insert(path, masked(other).to_string())),
    }
}

/// The value with the secrets of play accounts left out: it is shown, and journalled when it changes.
fn masked(value: &toml::Value) -> toml::Value {
    match value {
        toml::Value::Array(list) => list.iter().map(masked).collect::<Vec<_>>().into(),
        toml::Value::Table(table) => {
            let rows = table.iter().map(|(key, inner)| {
                let shown = if key == "secret" { "***".into() } else { masked(inner) };
                (key.clone(), shown)
            });
            toml::Value::Table(rows.collect())
        }
        other => other.clone(),
    }
}

/// Every value of a strategy's description by its path.
fn describe(value: &serde_json::Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().for_each(|(key, inner)| describe(inner, &format!("{path}.{key}"), found));
        }
        serde_json::Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        other => drop(found.insert(path.to_owned(), other.to_string())),
    }
}

struct Resolver<'t> {
    path: &'t Path,
    whole: &'t Whole,
    folder: PathBuf,
    texts: Texts,
    /// What was understood of each strategy, by the path of its values.
    values: BTreeMap<String, String>,
    problems: Vec<String>,
}

impl<'t> Resolver<'t> {
    fn new(path: &'t Path, whole: &'t Whole, texts: Texts) -> Self {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self { path, whole, folder, texts, values: values(whole.text()), problems: Vec::new() }
    }

    fn problem(&mut self, span: Range<usize>, what: impl Display) {
        self.problems.push(format!("{}: {what}", self.whole.place(span)));
    }

    fn resolve(&mut self, file: ConfigFile) -> Option<Settings> {
        self.limits(&file);
        if file.bot.is_empty() {
            self.problem(0..0, "there is no bot: add a table `[bot.NAME]`");
        }
        let risk = file.risk.get_ref().clone();
        let environment = file.venue.get_ref().environment;
        self.check_listener(&file.telemetry);
        let without_stop = file.protection.without_stop_max;
        if !WITHOUT_STOP_MS.contains(&without_stop.get_ref().millis()) {
            self.problem(without_stop.span(), "`without_stop_max` must be between 1s and 5m");
        }
        let guard = self.guard(file.guard);
        let position_mode = file.venue.get_ref().position_mode;
        let venue = self.venue(file.venue.span(), file.venue.into_inner());
        let (left, kept): (Vec<_>, Vec<_>) =
            file.bot.into_iter().partition(|(_, section)| section.removed == Some(Removed::Leave));
        let left = left.iter().filter_map(|(name, _)| self.bot_name(name.span(), name.get_ref())).collect();
        let bots: Vec<BotSettings> = kept
            .into_iter()
            .filter_map(|(name, section)| {
                self.bot(name.span(), name.get_ref(), section, position_mode, &risk)
            })
            .collect();
        self.check_together(&bots);
        Some(Settings {
            data_dir: self.folder.join(file.data_dir),
            environment,
            venue: venue?,
            position_mode,
            is_shadow: false,
            risk,
            unprotected_ms_max: without_stop.get_ref().millis(),
            guard,
            durability: file.journal.durability,
            journal_bytes: u64::from(file.journal.keep_mib) << 20,
            tape_bytes: u64::from(file.journal.tape_mib) << 20,
            when_idle: file.engine.when_idle,
            metrics: file.telemetry.enabled.then_some(file.telemetry.listen),
            otlp: file.telemetry.otlp,
            notify: file.notify.map(|notify| NotifySettings {
                file: notify.file.map(|file| self.folder.join(file)),
                tell: notify.tell,
            }),
            log_filter: file.log.filter,
            log_style: file.log.style,
            backtest: file.backtest,
            bots,
            left,
            fingerprint: self.texts.fingerprint(),
            path: self.path.to_owned(),
            origins: self.origins(),
            values: std::mem::take(&mut self.values),
            texts: std::mem::take(&mut self.texts),
        })
    }

    /// Every problem between the limits, at the key that makes it.
    fn limits(&mut self, file: &ConfigFile) {
        let limits = file.risk.get_ref();
        for problem in limits.problems() {
            let span = risk_key(self.whole.text(), &problem.key()).unwrap_or(file.risk.span());
            let other = problem.other_key();
            let place = other.as_deref().and_then(|key| risk_key(self.whole.text(), key));
            match place.zip(other) {
                Some((other_span, key)) => {
                    let at = self.whole.place(other_span);
                    self.problem(span, format!("{problem}\n    {at}: `{key}`"));
                }
                None => self.problem(span, problem),
            }
        }
        let trades = |name: &str| file.bot.values().any(|bot| bot.symbol.get_ref().as_str() == name);
        for name in limits.symbol.keys().filter(|name| !trades(name)) {
            let span = risk_key(self.whole.text(), &format!("symbol.{name}")).unwrap_or(file.risk.span());
            self.problem(span, format!("`[risk.symbol.{name}]`: no bot trades `{name}`"));
        }
        for (group, limits) in &limits.group {
            for symbol in limits.symbols.iter().filter(|symbol| !trades(symbol)) {
                let key = format!("group.{group}.symbols");
                let span = risk_key(self.whole.text(), &key).unwrap_or(file.risk.span());
                self.problem(span, format!("`[risk.group.{group}]`: no bot trades `{symbol}`"));
            }
        }
        for (name, limits) in &limits.bot {
            let Some((_, bot)) = file.bot.iter().find(|(bot, _)| bot.get_ref() == name) else {
                let span = risk_key(self.whole.text(), &format!("bot.{name}")).unwrap_or(file.risk.span());
                self.problem(span, format!("`[risk.bot.{name}]`: there is no bot `{name}`"));
                continue;
            };
            let symbol = bot.symbol.get_ref().as_str();
            if let Some(qty) = limits.max_order_qty.filter(|qty| !symbol.starts_with(qty.coin.as_str())) {
                let key = format!("bot.{name}.max_order_qty");
                let span = risk_key(self.whole.text(), &key).unwrap_or(file.risk.span());
                self.problem(span, format!("`{key}`: {} is not the base coin of {symbol}", qty.coin));
            }
        }
    }

    fn guard(&mut self, section: GuardSection) -> GuardSettings {
        for (key, length, allowed, words) in [
            ("silent_after", &section.silent_after, SILENT_MS, "5s and 10m"),
            ("cut_after", &section.cut_after, CUT_MS, "45s and 10m"),
        ] {
            if !allowed.contains(&length.get_ref().millis()) {
                self.problem(length.span(), format!("`{key}` must be between {words}"));
            }
        }
        GuardSettings {
            key_file: section.key_file.map(|file| self.folder.join(file)),
            patience: crate::guard::Patience {
                silent: section.silent_after.get_ref().millis(),
                cut: section.cut_after.get_ref().millis(),
            },
        }
    }

    fn venue(&mut self, span: Range<usize>, section: VenueSection) -> Option<VenueSettings> {
        match section.environment {
            Environment::Embedded => {
                if section.endpoints.is_some() || section.key_file.is_some() || section.expected_uid.is_some()
                {
                    let what =
                        "`endpoints`, `key_file` and `expected_uid` do not belong to the embedded venue";
                    self.problem(span.clone(), what);
                }
                let Some(embedded) = section.embedded else {
                    self.problem(span, "`environment = \"embedded\"` needs a table `[venue.embedded]`");
                    return None;
                };
                Some(VenueSettings::Embedded(Box::new(self.embedded(span, embedded))))
            }
            environment => {
                if section.embedded.is_some() {
                    self.problem(
                        span.clone(),
                        "`[venue.embedded]` belongs to `environment = \"embedded\"` alone",
                    );
                }
                self.remote(span, environment, section).map(VenueSettings::Remote)
            }
        }
    }

    fn embedded(&mut self, span: Range<usize>, mut config: VenueConfig) -> VenueConfig {
        let text = self.whole.text().get(span.start..).unwrap_or_default();
        for (at, problem) in of_venue(text, &config) {
            let at = span.start + at;
            self.problem(at..at, problem);
        }
        config.market.resolve_paths(&self.folder);
        if let MarketConfig::Replay(replay) = &config.market
            && !replay.dir.is_dir()
        {
            let span = key(self.whole.text(), "venue.embedded.market.replay.dir").unwrap_or(span);
            self.problem(span, format!("the replay's folder {} does not exist", replay.dir.display()));
        }
        config
    }

    fn remote(
        &mut self,
        span: Range<usize>,
        environment: Environment,
        section: VenueSection,
    ) -> Option<RemoteVenue> {
        if section.region.is_some() && environment != Environment::Mainnet {
            self.problem(span.clone(), "`region` belongs to `environment = \"mainnet\"` alone");
        }
        let topics_per_connection =
            self.topics_per_connection(section.topics_per_connection.as_ref(), section.rate_limits);
        let disconnect_window_s = section.dcp_window.and_then(|window| self.disconnect_window(&window));
        let endpoints = match (environment, section.endpoints) {
            (Environment::Custom, Some(given)) => {
                VenueEndpoints::custom(&given.rest, &given.public, &given.private, given.trade.as_deref())
                    .map_err(|error| self.problem(span, error))
                    .ok()?
            }
            (Environment::Custom, None) => {
                self.problem(span, "`environment = \"custom\"` needs a table `[venue.endpoints]`");
                return None;
            }
            (_, Some(_)) => {
                self.problem(span, "`[venue.endpoints]` belongs to `environment = \"custom\"` alone");
                return None;
            }
            (Environment::Demo, None) => VenueEndpoints::demo(),
            (Environment::Testnet, None) => VenueEndpoints::testnet(),
            (Environment::Mainnet | Environment::Embedded, None) => {
                section.region.map_or_else(VenueEndpoints::mainnet, VenueEndpoints::regional)
            }
        };
        Some(RemoteVenue {
            environment,
            endpoints,
            allows_key_from_environment: environment != Environment::Mainnet,
            key_file: section.key_file.map(|file| self.folder.join(file)),
            expected_uid: section.expected_uid,
            market_clock_from_messages: section.market_clock == Some(MarketClock::Messages),
            topics_per_connection,
            rate_limits: match (section.market_clock, section.rate_limits) {
                // A second of the replay holds hours of work; such a venue counts nothing.
                (Some(MarketClock::Messages), _) => windvane_connector::RateLimits::Off,
                (_, RateLimits::Published) => windvane_connector::RateLimits::Published,
                (_, RateLimits::Introductory) => windvane_connector::RateLimits::Introductory,
            },
            setup: Setup {
                sets_modes: section.account == AccountModes::Set,
                position_mode: section.position_mode,
                disconnect_window_s,
                fast_executions: section.fast_executions,
            },
        })
    }

    /// Most topics of a public connection, where somebody has said how many.
    fn topics_per_connection(
        &mut self,
        wanted: Option<&toml::Spanned<u32>>,
        limits: RateLimits,
    ) -> Option<usize> {
        match (wanted, limits) {
            (Some(wanted), _) if *wanted.get_ref() == 0 => {
                self.problem(wanted.span(), "`topics_per_connection` must be at least 1");
                None
            }
            (Some(wanted), _) => usize::try_from(*wanted.get_ref()).ok(),
            (None, RateLimits::Introductory) => Some(INTRODUCTORY_TOPICS),
            (None, RateLimits::Published) => None,
        }
    }

    /// Whole seconds, as the venue counts them.
    fn disconnect_window(&mut self, window: &toml::Spanned<TimeSpan>) -> Option<u32> {
        let seconds = window.get_ref().millis() / 1_000;
        if DISCONNECT_WINDOW_S.contains(&seconds) {
            return u32::try_from(seconds).ok();
        }
        self.problem(window.span(), "`dcp_window` must be between 3s and 300s");
        None
    }

    fn bot(
        &mut self,
        span: Range<usize>,
        name: &str,
        section: BotSection,
        mode: PositionMode,
        risk: &windvane_risk::RiskLimits,
    ) -> Option<BotSettings> {
        let strategy = self.strategy(name, &section);
        let side = self.side(span.clone(), &section, mode);
        let name = self.bot_name(span, name);
        let symbol = Symbol::new(section.symbol.get_ref())
            .map_err(|error| self.problem(section.symbol.span(), format!("symbol: {error}")))
            .ok();
        let budget = *section.budget.get_ref();
        if budget.coin != risk.coin() {
            let what = format!("the budget is in {}, the limits are in {}", budget.coin, risk.coin());
            self.problem(section.budget.span(), what);
        }
        let leverage = section.leverage.get_ref().get();
        if leverage > risk.max_leverage.get() {
            let limit = risk.max_leverage.get();
            let mut what = format!("leverage {leverage}x is above `risk.max_leverage` ({limit}x)");
            if let Some(other) = risk_key(self.whole.text(), "max_leverage") {
                what.push_str(&format!("\n    {}: `max_leverage`", self.whole.place(other)));
            }
            self.problem(section.leverage.span(), what);
        }
        let (definition, source) = strategy?;
        let definition = match side? {
            None => definition,
            Some(side) => definition
                .on_side(side)
                .map_err(|error| self.problem(section.strategy.span(), format!("`direction`: {error}")))
                .ok()?,
        };
        Some(BotSettings {
            name: name?,
            symbol: symbol?,
            position_index: side?.map_or(PositionIndex::ONE_WAY, PositionIndex::of_side),
            definition,
            source,
            budget,
            leverage: Leverage::new(leverage)?,
            on_shutdown: section.on_shutdown,
            when_short: match section.margin_short {
                MarginShort::Refuse => WhenShort::Refuse,
                MarginShort::Shrink => WhenShort::Shrink,
                MarginShort::Wait => WhenShort::Wait,
                MarginShort::MakeRoom => WhenShort::MakeRoom,
            },
            priority: section.priority,
            removal: match section.removed {
                Some(Removed::Close) => Some(Removal::Close),
                Some(Removed::ExitOnly) => Some(Removal::ExitOnly),
                Some(Removed::Leave) | None => None,
            },
            foreign: match section.foreign_position {
                ForeignPosition::Leave => Foreign::Leave,
                ForeignPosition::Adopt => Foreign::Adopt,
            },
        })
    }

    /// The side of its contract that a bot has: one in hedge mode, either (`Some(None)`) in one-way mode.
    fn side(&mut self, span: Range<usize>, section: &BotSection, mode: PositionMode) -> Option<Option<Side>> {
        match (mode, &section.direction) {
            (PositionMode::OneWay, None) => Some(None),
            (PositionMode::Hedge, Some(direction)) => Some(Some(match direction.get_ref() {
                Direction::Long => Side::Buy,
                Direction::Short => Side::Sell,
            })),
            (PositionMode::OneWay, Some(direction)) => {
                let what = "`direction` belongs to hedge mode: `position_mode = \"hedge\"` in `[venue]`";
                self.problem(direction.span(), what);
                None
            }
            (PositionMode::Hedge, None) => {
                let what = "in hedge mode a bot has one side of its contract: add `direction = \"long\"` or `\"short\"`";
                self.problem(span, what);
                None
            }
        }
    }

    /// A name is a metric label and part of messages; anything but letters, digits, `-` and `_` is refused.
    fn bot_name(&mut self, span: Range<usize>, name: &str) -> Option<BotName> {
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        match BotName::new(name) {
            Ok(name) if is_plain => return Some(name),
            Ok(_) => self.problem(span, format!("bot name `{name}`: letters, digits, `-` and `_` only")),
            Err(error) => self.problem(span, format!("bot name `{name}`: {error}")),
        }
        None
    }

    fn strategy(&mut self, bot: &str, section: &BotSection) -> Option<(Definition, StrategySource)> {
        let written = section.strategy.get_ref().display().to_string();
        let text = match self.texts.text(&self.folder, &written) {
            Ok(text) => text,
            Err(error) => {
                let path = self.folder.join(&written);
                let what = format!("strategy {} cannot be read: {error}", path.display());
                self.problem(section.strategy.span(), what);
                return None;
            }
        };
        let overrides = section.params.iter().map(|(name, value)| {
            let text = match value.get_ref() {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.clone(), text)
        });
        let name = self.folder.join(&written).display().to_string();
        let params = overrides.collect();
        match windvane_strategy::check(&name, &text, &params) {
            Ok(checked) => {
                describe(&checked.description["file"], &format!("bot.{bot}.rules"), &mut self.values);
                let warnings = checked.warnings.iter().map(|warning| warning.shown(&name)).collect();
                Some((checked.definition, StrategySource { path: name.into(), text, params, warnings }))
            }
            Err(problems) => {
                self.problems.push(problems.to_string());
                None
            }
        }
    }

    /// Each value that a file or a variable gives, and which one.
    fn origins(&self) -> Vec<(String, String)> {
        self.whole.leaves().into_iter().map(|(path, span)| (path, self.whole.place(span))).collect()
    }

    /// Figures of an account are nobody else's business unless its owner says so.
    fn check_listener(&mut self, telemetry: &TelemetrySection) {
        if let Some(address) = telemetry.otlp.as_ref().filter(|address| !windvane_telemetry::is_safe(address))
        {
            let span = key(self.whole.text(), "telemetry.otlp").unwrap_or(0..0);
            let what = format!("`otlp = \"{address}\"`: https://, or http:// on this machine");
            self.problem(span, what);
        }
        if telemetry.enabled && !telemetry.remote && !telemetry.listen.ip().is_loopback() {
            let span = key(self.whole.text(), "telemetry.listen").unwrap_or(0..0);
            let what = format!(
                "others can reach `listen = \"{}\"`: use a loopback address, or add `remote = true` (metrics without \
                 the status page, to whoever asks)",
                telemetry.listen
            );
            self.problem(span, what);
        }
    }

    /// What no bot can see alone: one owner per position, ids that tell the bots apart.
    fn check_together(&mut self, bots: &[BotSettings]) {
        let claims = bots.iter().map(|bot| (bot.symbol, bot.position_index, bot.name));
        if let Err(conflicts) = Ownership::new(claims) {
            for conflict in conflicts {
                self.problem(self.mention(&conflict.second), conflict);
            }
        }
        // Cross margin knows one leverage of a contract.
        for (place, bot) in bots.iter().enumerate() {
            let differs = |first: &&BotSettings| first.symbol == bot.symbol && first.leverage != bot.leverage;
            if let Some(first) = bots[..place].iter().find(differs) {
                let what = format!(
                    "bots `{}` and `{}` share {} and must have the same leverage",
                    first.name, bot.name, bot.symbol
                );
                self.problem(self.mention(&bot.name), what);
            }
        }
        let mut tags = BTreeSet::new();
        for bot in bots {
            if !tags.insert(BotTag::of(&bot.name)) {
                let what =
                    format!("the name `{}` gives the same order-id tag as another bot; rename one", bot.name);
                self.problem(self.mention(&bot.name), what);
            }
        }
    }

    /// Where the table of a bot begins.
    fn mention(&self, bot: &BotName) -> Range<usize> {
        let start = self.whole.text().find(&format!("[bot.{bot}]")).unwrap_or(0);
        start..start
    }
}
