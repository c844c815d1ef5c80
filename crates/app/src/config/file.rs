//! The config as typed. Unknown keys, bare numbers and missing limits are refused by reading alone.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use toml::Spanned;
use windvane_connector::{PositionMode, Region};
use windvane_risk::{Amount, Multiple, RiskLimits, TimeSpan};
use windvane_venue::VenueConfig;

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// Further files, relative to this one. They have been put together with it by now.
    #[serde(default, rename = "include")]
    pub(crate) _include: Vec<PathBuf>,
    /// Data folder, relative to the file.
    pub(crate) data_dir: PathBuf,
    /// Which venue.
    pub(crate) venue: Spanned<VenueSection>,
    /// What is allowed. All of it is required.
    pub(crate) risk: Spanned<RiskLimits>,
    /// What is done about a position without a stop.
    #[serde(default)]
    pub(crate) protection: ProtectionSection,
    /// When `windvane guard` acts, and with which key.
    #[serde(default)]
    pub(crate) guard: GuardSection,
    /// How the journal is kept.
    #[serde(default)]
    pub(crate) journal: JournalSection,
    /// How the engine's thread waits.
    #[serde(default)]
    pub(crate) engine: EngineSection,
    /// Metrics and health.
    #[serde(default)]
    pub(crate) telemetry: TelemetrySection,
    /// Who is told of what; nobody without it.
    pub(crate) notify: Option<NotifySection>,
    /// Logs.
    #[serde(default)]
    pub(crate) log: LogSection,
    /// What a backtest takes for granted.
    #[serde(default)]
    pub(crate) backtest: windvane_research::Settings,
    /// Bots by name.
    #[serde(default)]
    pub(crate) bot: BTreeMap<Spanned<String>, BotSection>,
}

/// `[venue]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VenueSection {
    /// Which kind.
    pub(crate) environment: Environment,
    /// Settings of the embedded venue.
    pub(crate) embedded: Option<VenueConfig>,
    /// Addresses of a custom venue.
    pub(crate) endpoints: Option<EndpointSection>,
    /// File with the API key: two lines, `key = "…"` and `secret = "…"`, mode 0600.
    pub(crate) key_file: Option<PathBuf>,
    /// The account that the key must belong to.
    pub(crate) expected_uid: Option<u64>,
    /// Where market time comes from on a custom venue. Default: `wall`.
    pub(crate) market_clock: Option<MarketClock>,
    /// Which limits the engine keeps to until the venue's answers say otherwise.
    #[serde(default)]
    pub(crate) rate_limits: RateLimits,
    /// Most topics of one public connection, at least 1. The exchange's own limit, 21,000 characters of topics, holds in any
    /// case. Default: no other limit; `100` with `rate_limits = "introductory"`, as the introductory article has it.
    pub(crate) topics_per_connection: Option<Spanned<u32>>,
    /// The regional site whose customer the account is, on mainnet. Default: the main one.
    pub(crate) region: Option<Region>,
    /// What is done about an account whose modes are not those that the bots need.
    #[serde(default)]
    pub(crate) account: AccountModes,
    /// How many positions a contract may have.
    #[serde(default)]
    pub(crate) position_mode: PositionMode,
    /// After how long without any connection the venue cancels open orders, 3s to 300s; only for accounts on which the
    /// exchange has switched that on. Not asked for without it.
    pub(crate) dcp_window: Option<Spanned<TimeSpan>>,
    /// Whether fills are also heard by the exchange's fast topic: nothing is booked by it, but a fill that only it told was
    /// lost on the way, and the account is then read anew at once.
    #[serde(default)]
    pub(crate) fast_executions: bool,
}

/// Kinds of venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Environment {
    /// Inside this process.
    Embedded,
    /// At the addresses given.
    Custom,
    /// Bybit's demo accounts.
    Demo,
    /// Bybit's testnet.
    Testnet,
    /// The real thing.
    Mainnet,
}

impl Environment {
    /// The word for it, as in the config.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Custom => "custom",
            Self::Demo => "demo",
            Self::Testnet => "testnet",
            Self::Mainnet => "mainnet",
        }
    }
}

/// The side of a contract that a bot has in hedge mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// The long position.
    Long,
    /// The short position.
    Short,
}

/// What is done about an account whose margin mode or position mode is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AccountModes {
    /// The engine does not start.
    #[default]
    Verify,
    /// The margin mode of `[risk]` and the `position_mode` are set.
    Set,
}

/// Which request limits the engine keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RateLimits {
    /// What the exchange publishes.
    #[default]
    Published,
    /// Besides, 120 public and 60 signed requests a minute.
    Introductory,
}

/// Where market time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MarketClock {
    /// The wall.
    Wall,
    /// The stamps of market messages: for a venue process that replays.
    Messages,
}

/// Addresses of a custom venue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointSection {
    /// Base of REST paths.
    pub(crate) rest: String,
    /// Public stream of linear contracts.
    pub(crate) public: String,
    /// Private stream.
    pub(crate) private: String,
    /// Trade socket.
    pub(crate) trade: Option<String>,
}

/// `[protection]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProtectionSection {
    /// How long a position may be without a stop at the venue. After it: an alarm, and the stop is asked for again;
    /// after as long again the bot is flattened. Without this table: `5s`.
    pub(crate) without_stop_max: Spanned<TimeSpan>,
}

/// `[guard]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GuardSection {
    /// File with the guard's own API key, like the engine's `key_file`.
    pub(crate) key_file: Option<PathBuf>,
    /// How long the engine may be without a heartbeat. Default: `15s`.
    pub(crate) silent_after: Spanned<TimeSpan>,
    /// How long the engine may be without a word of the venue. It pings every 20 s, so less than 45 s cannot be asked for.
    /// Default: `60s`.
    pub(crate) cut_after: Spanned<TimeSpan>,
}

/// `[journal]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct JournalSection {
    /// When an order that opens may leave. Default: `before-send`.
    pub(crate) durability: Durability,
    /// How much of the journal is kept, in MiB. What is older is summed up; the engine needs no more than that.
    /// Default: `4096`.
    pub(crate) keep_mib: u32,
    /// How much tape of market events is kept, in MiB. Default: `512`.
    pub(crate) tape_mib: u32,
}

/// When an order that opens may leave. Everything else leaves with its record in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Durability {
    /// With its record in the kernel; on the disk within 10 ms. A killed process loses nothing.
    Group,
    /// With its record on the disk: a power cut loses nothing either.
    BeforeSend,
}

/// `[engine]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EngineSection {
    /// What its thread does while there is nothing to do.
    pub(crate) when_idle: WhenIdle,
}

/// What the engine's thread does while there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WhenIdle {
    /// The system wakes it when there is something. Costs nothing.
    #[default]
    Sleep,
    /// It asks the sockets over and over. Takes a core of its own, all of it; on a machine without one to spare it
    /// is far slower than sleep.
    Spin,
}

impl Durability {
    /// The word for it, as in the config.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::BeforeSend => "before-send",
        }
    }
}

/// `[telemetry]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TelemetrySection {
    /// Whether `/metrics`, `/health`, `/ready` and the status page are served. Default: `true`.
    pub(crate) enabled: bool,
    /// Where. Others than this machine can reach it only if `remote` says so. Default: `127.0.0.1:9464`.
    pub(crate) listen: SocketAddr,
    /// Whether `listen` may be an address that others can reach. Then the status page is not served, because it
    /// shows orders and positions; metrics, health and readiness are, to whoever asks. Default: `false`.
    pub(crate) remote: bool,
    /// Where one span for each order's life goes by OTLP over HTTP, such as `http://127.0.0.1:4318/v1/traces`. Nowhere
    /// without it.
    pub(crate) otlp: Option<String>,
}

/// `[notify]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotifySection {
    /// File with the endpoints and their secrets, relative to the config, mode 0600; where the systemd credential
    /// `windvane-notify` is loaded, that is read instead.
    pub(crate) file: Option<PathBuf>,
    /// What is told. Default: `halt`, `stop`, `day`.
    #[serde(default = "worth_a_message")]
    pub(crate) tell: Vec<windvane_telemetry::Kind>,
}

/// What a person wants to hear of without having asked.
fn worth_a_message() -> Vec<windvane_telemetry::Kind> {
    use windvane_telemetry::Kind;
    vec![Kind::Halt, Kind::Stop, Kind::Day]
}

/// `[log]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    /// Levels, as in `info,windvane_connector=debug`. Default: `info`.
    pub(crate) filter: String,
    /// How lines look. Default: `text`.
    pub(crate) style: LogStyle,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogStyle {
    /// For people.
    Text,
    /// For collectors.
    Json,
}

impl LogStyle {
    /// The word for it, as in the config.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// `[bot.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BotSection {
    /// Its contract.
    pub(crate) symbol: Spanned<String>,
    /// The side of the contract that is its own: needed in hedge mode, where another bot may have the other.
    pub(crate) direction: Option<Spanned<Direction>>,
    /// Its strategy file, relative to the config.
    pub(crate) strategy: Spanned<PathBuf>,
    /// Its share of the account.
    pub(crate) budget: Spanned<Amount>,
    /// Leverage of its contract.
    pub(crate) leverage: Spanned<Multiple>,
    /// What becomes of its orders and position when the engine ends.
    pub(crate) on_shutdown: OnShutdown,
    /// What becomes of what it holds, for a bot that is to be taken out of the config. A bot
    /// stays without it.
    pub(crate) removed: Option<Removed>,
    /// What becomes of an order of its own that does not fit into the account's margin; without it, the order is refused.
    #[serde(default)]
    pub(crate) margin_short: MarginShort,
    /// How important it is beside the others, 0 to 255, where one has to make room for another; without it 0.
    #[serde(default)]
    pub(crate) priority: u8,
    /// What is done about a position that somebody else opened in its contract.
    #[serde(default)]
    pub(crate) foreign_position: ForeignPosition,
    /// Values for the strategy's parameters, in place of their defaults.
    #[serde(default)]
    pub(crate) params: BTreeMap<String, Spanned<toml::Value>>,
}

/// What becomes of an order that does not fit into the account's margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MarginShort {
    /// It is refused, and the bot is told.
    #[default]
    Refuse,
    /// As much of it as fits is placed.
    Shrink,
    /// It waits up to ten seconds for margin to come free.
    Wait,
    /// Resting entries of bots with a lower priority are cancelled until it fits.
    MakeRoom,
}

/// What becomes of a bot's orders and position when the engine ends in order. Stops at the venue stay until
/// the position is flat, whatever is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnShutdown {
    /// Orders that open are cancelled; the position stays, with its stop.
    Cancel,
    /// Nothing is touched.
    Keep,
    /// Orders are cancelled and the position is closed.
    Flatten,
}

/// What is done about a position that somebody else opened in a bot's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ForeignPosition {
    /// It is shown, and left to whoever opened it.
    #[default]
    Leave,
    /// It is the bot's from then on: protected, or closed where that is not possible; foreign orders that open are cancelled
    /// when the bot is wound down.
    Adopt,
}

/// What becomes of what a bot holds that is to be taken out of the config. Its table may go once it is flat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Removed {
    /// Its orders are cancelled and its position is closed.
    Close,
    /// Its exits go on by its own rules; it opens nothing.
    ExitOnly,
    /// It is not started, and its position and orders are their owner's from now on.
    Leave,
}

impl Default for ProtectionSection {
    fn default() -> Self {
        let usual = "5s".parse().expect("five seconds are a length of time");
        Self { without_stop_max: Spanned::new(0..0, usual) }
    }
}

impl Default for GuardSection {
    fn default() -> Self {
        let usual = |length: &str| Spanned::new(0..0, length.parse().expect("a length of time"));
        Self { key_file: None, silent_after: usual("15s"), cut_after: usual("60s") }
    }
}

impl Default for JournalSection {
    fn default() -> Self {
        Self { durability: Durability::BeforeSend, keep_mib: 4096, tape_mib: 512 }
    }
}

impl Default for TelemetrySection {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            remote: false,
            otlp: None,
        }
    }
}

impl Default for LogSection {
    fn default() -> Self {
        Self { filter: "info".to_owned(), style: LogStyle::Text }
    }
}
