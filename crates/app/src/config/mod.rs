//! The config of `windvane run`: as typed ([`file`]), then as used ([`Settings`]).

pub(crate) mod archive;
mod elsewhere;
mod file;
mod hint;
mod origin;
pub(crate) mod plan;
mod resolve;
#[cfg(test)]
mod slips;
mod source;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use elsewhere::{check_venue, malformed};
pub(crate) use file::{Durability, Environment, LogStyle, OnShutdown, WhenIdle};
pub(crate) use resolve::{check_strategy_file, data_dir, load, load_from, place};
pub(crate) use source::Texts;

use crate::live::setup::Setup;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use windvane_connector::PositionMode;
use windvane_engine::{Foreign, Removal, WhenShort};
use windvane_model::{BotName, Leverage, Millis, PositionIndex, Symbol};
use windvane_risk::{Amount, Ownership, OwnershipError, RiskLimits};
use windvane_strategy::Definition;
use windvane_venue::VenueConfig;

/// Everything that a run needs, checked as a whole.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where the journal, the tape and the control socket live.
    pub(crate) data_dir: PathBuf,
    /// Which kind of venue.
    pub(crate) environment: Environment,
    /// Which venue.
    pub(crate) venue: VenueSettings,
    /// How many positions a contract may have.
    pub(crate) position_mode: PositionMode,
    /// Whether everything is done except send.
    pub(crate) is_shadow: bool,
    /// What is allowed.
    pub(crate) risk: RiskLimits,
    /// How long a position may be without a stop at the venue before something is done, in milliseconds.
    pub(crate) unprotected_ms_max: Millis,
    /// When `windvane guard` acts, and with which key.
    pub(crate) guard: GuardSettings,
    /// When an order that opens may leave: with its record in the kernel, or on the disk.
    pub(crate) durability: Durability,
    /// How much of the journal is kept, in bytes.
    pub(crate) journal_bytes: u64,
    /// How much tape is kept, in bytes.
    pub(crate) tape_bytes: u64,
    /// What the engine's thread does while there is nothing to do.
    pub(crate) when_idle: WhenIdle,
    /// Where `/metrics` is served; `None` when it is not.
    pub(crate) metrics: Option<SocketAddr>,
    /// Where spans of orders go; `None` when they go nowhere.
    pub(crate) otlp: Option<String>,
    /// Who is told of what; `None` when nobody is.
    pub(crate) notify: Option<NotifySettings>,
    /// Which log lines are written.
    pub(crate) log_filter: String,
    /// How they look.
    pub(crate) log_style: LogStyle,
    /// What a backtest takes for granted.
    pub(crate) backtest: windvane_research::Settings,
    /// The bots, in the order of their names.
    pub(crate) bots: Vec<BotSettings>,
    /// Bots that are not started and whose positions are left to their owner.
    pub(crate) left: Vec<BotName>,
    /// SHA-256 over the config and every strategy file: a replay needs the same.
    pub(crate) fingerprint: [u8; 32],
    /// The config file.
    pub(crate) path: PathBuf,
    /// Everything that was read.
    pub(crate) texts: Texts,
    /// Every value by its path; what the strategies say under `bot.NAME.rules`, in their canonical form.
    pub(crate) values: BTreeMap<String, String>,
    /// Each value of the config by its path, in the order of the files, and where it came from.
    pub(crate) origins: Vec<(String, String)>,
}

/// Who is told of what.
#[derive(Debug)]
pub(crate) struct NotifySettings {
    /// The file with the endpoints, when it does not come from systemd.
    pub(crate) file: Option<PathBuf>,
    /// What is told.
    pub(crate) tell: Vec<windvane_telemetry::Kind>,
}

/// The guard beside the engine.
#[derive(Debug)]
pub(crate) struct GuardSettings {
    /// File with its key, when it does not come from systemd or the environment.
    pub(crate) key_file: Option<PathBuf>,
    /// How long it waits.
    pub(crate) patience: crate::guard::Patience,
}

/// Which venue the engine trades on.
#[derive(Debug)]
pub(crate) enum VenueSettings {
    /// The one that runs inside this process.
    Embedded(Box<VenueConfig>),
    /// One that is reached over the network, or a venue process on loopback.
    Remote(RemoteVenue),
}

/// A venue outside this process.
#[derive(Debug)]
pub(crate) struct RemoteVenue {
    /// Which kind, which a key file may repeat: keys of one do not work on another.
    pub(crate) environment: Environment,
    /// Where its interfaces are.
    pub(crate) endpoints: windvane_connector::VenueEndpoints,
    /// Whether a key may come from environment variables: never where money is real.
    pub(crate) allows_key_from_environment: bool,
    /// File with the key, when it does not come from systemd or the environment.
    pub(crate) key_file: Option<PathBuf>,
    /// The account that the key must belong to.
    pub(crate) expected_uid: Option<u64>,
    /// Whether the market's clock is the one stamped on its messages (a venue process that replays) rather
    /// than the wall.
    pub(crate) market_clock_from_messages: bool,
    /// Which request limits the engine keeps to.
    pub(crate) rate_limits: windvane_connector::RateLimits,
    /// Most topics of one public connection, beside the exchange's own limit of characters.
    pub(crate) topics_per_connection: Option<usize>,
    /// What is done about the account at start.
    pub(crate) setup: Setup,
}

impl Settings {
    /// Which bot owns which position.
    ///
    /// # Errors
    /// When two bots want the same one.
    pub(crate) fn ownership(&self) -> Result<Ownership, Vec<OwnershipError>> {
        Ownership::new(self.bots.iter().map(|bot| (bot.symbol, bot.position_index, bot.name)))
    }

    /// The beginning of the fingerprint, hexadecimal: enough to tell configs apart.
    pub(crate) fn short_fingerprint(&self) -> String {
        self.fingerprint[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl RemoteVenue {
    /// What its key is held to.
    pub(crate) const fn key_policy(&self) -> windvane_connector::KeyPolicy {
        windvane_connector::KeyPolicy {
            expected_uid: self.expected_uid,
            reads_only: false,
            is_embedded: false,
        }
    }
}

/// A strategy as it was typed.
#[derive(Debug)]
pub(crate) struct StrategySource {
    /// Which file.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) text: String,
    /// What the bot sets of its parameters.
    pub(crate) params: BTreeMap<String, String>,
    /// What is allowed in it and hardly meant, each with its place.
    pub(crate) warnings: Vec<String>,
}

impl StrategySource {
    /// The strategy with some parameters set otherwise.
    ///
    /// # Errors
    /// What is wrong with it then, in its own words.
    pub(crate) fn with(&self, params: &BTreeMap<String, String>) -> Result<Definition, String> {
        let mut all = self.params.clone();
        all.extend(params.clone());
        windvane_strategy::load(&self.path.display().to_string(), &self.text, &all)
            .map_err(|problems| problems.to_string())
    }
}

/// One bot.
#[derive(Debug)]
pub(crate) struct BotSettings {
    /// Its name.
    pub(crate) name: BotName,
    /// Its contract.
    pub(crate) symbol: Symbol,
    /// Which of the contract's positions is its own.
    pub(crate) position_index: PositionIndex,
    /// Its strategy, read and checked.
    pub(crate) definition: Definition,
    /// The file that it was read from.
    pub(crate) source: StrategySource,
    /// Its share of the account.
    pub(crate) budget: Amount,
    /// Leverage of its contract.
    pub(crate) leverage: Leverage,
    /// What becomes of its orders and position when the engine ends.
    pub(crate) on_shutdown: OnShutdown,
    /// Whether it is on its way out of the config, and how.
    pub(crate) removal: Option<Removal>,
    /// What becomes of an order of its own that does not fit into the account's margin.
    pub(crate) when_short: WhenShort,
    /// How important it is beside the others.
    pub(crate) priority: u8,
    /// What is done about a position that somebody else opened in its contract.
    pub(crate) foreign: Foreign,
}
