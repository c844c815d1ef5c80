//! The engine as a client of the harness: its settings written out for one run, then the engine in this program's place.

use anyhow::Context as _;
use std::{
    env, fmt, fs,
    io::Write as _,
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::Command,
};

/// Settings of the run. Names in braces stand for what the harness's environment says.
///
/// The limits are wide enough for a trigger every few milliseconds and narrow enough to be real: every order passes all of them.
const CONFIG: &str = r#"
data_dir = "data"

[venue]
environment = "custom"
key_file = "key.toml"

[venue.endpoints]
rest = "{VENUE_REST}"
public = "{VENUE_WS_PUBLIC}"
private = "{VENUE_WS_PRIVATE}"
trade = "{VENUE_WS_TRADE}"

[risk]
margin_mode = "cross"
max_order_notional = "100 USDT"
min_order_notional = "1 USDT"
max_position_notional = "200 USDT"
max_gross_exposure = "200 USDT"
max_leverage = "10x"
max_open_orders = 10
max_order_rate_short = "1000 per 1s"
max_order_rate_long = "60000 per 1m"
price_collar = "5%"
book_collar = "10%"
max_loss_per_day = "1000 USDT"
max_loss_per_week = "10000 USDT"
require_stop_on_entry = true
stale_after = "2s"
min_liquidation_distance = "1%"
max_adl_rank = 4
max_margin_error = "1%"
max_clock_uncertainty = "500ms"
max_clock_step = "100ms"
max_journal_lag = "250ms"
crossed_book_pause = "2s"
max_error_rate = "1000 per 1m"
cool_down_after_stop = "1ms"
max_losing_streak = 1000000
losing_streak_pause = "1ms"
drawdown = { yellow = "80%", orange = "90%", red = "100%", persists_for = "1m" }

[journal]
durability = "{DURABILITY}"

[engine]
when_idle = "{WHEN_IDLE}"

[telemetry]
listen = "127.0.0.1:0"

[bot.touch]
symbol = "{VENUE_SYMBOL}"
strategy = "touch.toml"
budget = "1000 USDT"
leverage = "10x"
on_shutdown = "keep"
"#;

/// Buys 0.001 BTC when the best ask falls below the trigger, sells it when the best bid rises above.
const RULES: &str = r#"
language = 1
timeframe = "1m"
evaluate = "tick"

[entry.long]
signal = "ask < {VENUE_TRIGGER} USDT"

[entry.any]
order = { type = "market" }
size  = { quote = "60 USDT", max_leverage = "2x" }

[exit]
stop   = { distance = "2%" }
signal = { long = "bid > {VENUE_TRIGGER} USDT" }
"#;

/// The harness's own credentials.
const KEY: &str = r#"
key = "{VENUE_KEY}"
secret = "{VENUE_SECRET}"
"#;

/// When a command may leave: the two settings of the journal that are measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Durability {
    /// Commands leave at once, their record is synced within milliseconds.
    Group,
    /// Orders that open exposure wait for the sync of their record.
    BeforeSend,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "group",
            Self::BeforeSend => "before-send",
        })
    }
}

/// What the engine's thread does while there is nothing to do: the two settings that are measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum WhenIdle {
    /// The system wakes it.
    Sleep,
    /// It asks over and over, on a core of its own.
    Spin,
}

impl fmt::Display for WhenIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sleep => "sleep",
            Self::Spin => "spin",
        })
    }
}

/// What the wire benchmark tells the client that it has the harness start. The rest comes from the harness's environment.
#[derive(clap::Args)]
pub(crate) struct Client {
    /// The program of the engine.
    #[arg(long)]
    engine: PathBuf,
    /// An empty folder for the settings and the journal of this run.
    #[arg(long)]
    folder: PathBuf,
    /// Durability of the journal.
    #[arg(long)]
    durability: Durability,
    /// What its thread does while there is nothing to do.
    #[arg(long)]
    when_idle: WhenIdle,
}

impl Client {
    /// Becomes the engine. It returns only if that fails: the harness reads memory and CPU time of the process it has started.
    ///
    /// # Errors
    /// When the environment is not that of the harness, or the settings cannot be written.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        for (name, template) in [("config.toml", CONFIG), ("touch.toml", RULES), ("key.toml", KEY)] {
            let path = self.folder.join(name);
            let text = self.filled(template)?;
            // The engine refuses a key that others on the machine could read.
            let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
            written.with_context(|| format!("creating {}", path.display()))?;
        }
        let mut engine = Command::new(&self.engine);
        let failure = engine.arg("run").arg("--config").arg(self.folder.join("config.toml")).exec();
        Err(failure).with_context(|| format!("starting {}", self.engine.display()))
    }

    fn filled(&self, template: &str) -> anyhow::Result<String> {
        let mut text = template.replace("{DURABILITY}", &self.durability.to_string());
        text = text.replace("{WHEN_IDLE}", &self.when_idle.to_string());
        let endpoints = ["VENUE_REST", "VENUE_WS_PUBLIC", "VENUE_WS_PRIVATE", "VENUE_WS_TRADE"];
        for name in
            endpoints.into_iter().chain(["VENUE_SYMBOL", "VENUE_TRIGGER", "VENUE_KEY", "VENUE_SECRET"])
        {
            let given =
                env::var(name).with_context(|| format!("{name} is not set: only the harness starts this"))?;
            text = text.replace(&format!("{{{name}}}"), &given);
        }
        Ok(text)
    }
}
