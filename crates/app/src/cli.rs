//! The command line as typed.

use crate::control::{Reach, Wish};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use windvane_connector::Category;
use windvane_model::Interval;
use windvane_research::Fills as FillModel;
use windvane_research::tune::Aim;

/// Runs rule-based trading bots on Bybit V5, headless.
#[derive(Debug, Parser)]
#[command(name = "windvane", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the bots of a config. With the embedded venue on a replay it ends with the data and prints a summary.
    Run(Run),
    /// Runs the bots of a config over recorded candles, at full speed, and says what came of it.
    Backtest(Backtest),
    /// Plays a bot over recorded candles with other values of its parameters, and says which did best.
    Tune(Tune),
    /// Serves a Bybit V5 exchange on loopback.
    Venue(Venue),
    /// Validates a config with its strategies, or one strategy file, without network.
    Check(Check),
    /// Prints the JSON Schema of strategy or config files, for editors.
    Schema(Schema),
    /// Asks a running engine how it is.
    Status(Target),
    /// Stops opening positions until `resume`; protection and reducing go on.
    Halt(Halt),
    /// Opens positions again after `halt`.
    Resume(Target),
    /// Cancels own orders, then closes positions reduce-only.
    Flatten(Flatten),
    /// Has a running engine read its config and strategies anew: all of the change, or none of it.
    Reload(Reload),
    /// Cancels orders that open. The bots concerned open nothing until `resume`; exits and stops stay.
    CancelAll(CancelAll),
    /// Holds one bot back, or lets it go again.
    Bot(BotCommand),
    /// Stands beside an engine, with a key of its own, and cancels its entries when it can no longer look after them.
    Guard(Guard),
    /// Looks at an API key.
    Keys(Keys),
    /// Declares an order of unknown outcome absent, where the venue can no longer prove it.
    Resolve(Resolve),
    /// Lists open orders, those of others included, out of the journal.
    Orders(Orders),
    /// Lists positions with what they brought, out of the journal.
    Positions(Past),
    /// Lists executions, out of the journal.
    Fills(Fills),
    /// Lists trades from flat to flat with profit, fees and funding, out of the journal.
    Trades(Past),
    /// Says why: each step from signal and risk to command, answer, fills and position, out of the journal.
    Explain(Explain),
    /// What happened lately; with `--follow`, what happens.
    Events(Events),
    /// The status of a running engine in the terminal, renewed once a second.
    Top(Target),
    /// Looks for what would keep an engine from trading here, and says what to do about each.
    Doctor(Doctor),
    /// Writes a commented starter project.
    Init(Init),
    /// Reads the journal off line.
    Journal(Journal),
    /// Writes messages of public streams and of the account's own into packed files, which a venue can replay.
    Record(Record),
    /// Recorded markets: downloads, takes in archive files, looks for gaps.
    Data(Data),
    /// Prints the completions of a shell.
    Completions(Completions),
    /// Writes manual pages.
    Man(Man),
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Goes on with what happens, until a signal or the end of the engine.
    #[arg(long)]
    pub(crate) follow: bool,
    /// How many of the newest to begin with.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) count: usize,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Guard {
    /// The config of the engine that is guarded; its table `[guard]` names the guard's key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The config file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Looks at this machine only.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Prints the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where; made if it is not there. Nothing in it is overwritten.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write into.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The config file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Ends in order after this long, for example `60s`.
    #[arg(long, value_name = "LENGTH", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Does everything except send: live data, real decisions, nothing at the venue. A read-only key is enough.
    #[arg(long)]
    pub(crate) shadow: bool,
    /// Replay speed instead of the config's: market seconds per second.
    #[arg(long, value_name = "FACTOR")]
    pub(crate) speed: Option<u32>,
    /// Prints the summary as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which files.
    #[arg(long, value_name = "FILES", value_enum, default_value_t = SchemaOf::Strategy)]
    pub(crate) of: SchemaOf,
}

/// Files that a schema is of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Strategy files.
    Strategy,
    /// Config files.
    Config,
}

#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// The config file. Its bots, limits and `[backtest]` count; of the venue, the account of an embedded one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Candles: a file (one contract), or a folder with one for each contract.
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,
    /// Begins there, for example 2026-03-01T00:00:00Z; what was before warms the bots up. Else with the first candle.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) from: Option<i64>,
    /// Ends there, else with the data.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) to: Option<i64>,
    /// Where orders meet the market, in place of the config's word.
    #[arg(long, value_name = "WHERE", value_parser = fills)]
    pub(crate) fills: Option<FillModel>,
    /// Writes `report.html`, `backtest.json` and the sheets as CSV into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Writes `signals.csv`, `orders.csv`, `fills.csv`, `trades.csv` and `equity.csv` into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) csv: Option<PathBuf>,
    /// Prints everything as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Tune {
    /// The config file that names the bot.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Candles: a file (one contract), or a folder with one for each contract.
    #[arg(long, value_name = "PATH")]
    pub(crate) data: PathBuf,
    /// Where `table.csv` and `best.toml` are written, and where a sweep that was broken off goes on.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The bot to tune, where the config has several. The others are not played.
    #[arg(long, value_name = "NAME")]
    pub(crate) bot: Option<String>,
    /// Only this parameter; may be given several times. Else all with a `range`.
    #[arg(long, value_name = "NAME")]
    pub(crate) param: Vec<String>,
    /// So many values of each parameter, evenly over its range, each with each.
    #[arg(long, value_name = "VALUES", default_value_t = 8, conflicts_with = "random")]
    pub(crate) grid: u32,
    /// So many candidates drawn from the ranges instead of a grid.
    #[arg(long, value_name = "COUNT")]
    pub(crate) random: Option<usize>,
    /// Which draw.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The first part of the span, by which the choice is made, in per cent; the rest no candidate has seen.
    #[arg(long, value_name = "PERCENT", default_value_t = 70, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) split: u8,
    /// What the best has most of: `net` or `net-to-drawdown`.
    #[arg(long, value_name = "WHAT", default_value = "net", value_parser = aim)]
    pub(crate) by: Aim,
    /// A candidate with fewer closed trades is not chosen.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub(crate) min_trades: usize,
    /// Begins there; what was before warms the bot up.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) from: Option<i64>,
    /// Ends there, else with the data.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) to: Option<i64>,
    /// How many candidates are played at a time; else one for each core.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<usize>,
    /// Prints the outcome as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Venue {
    /// The venue's config file.
    #[arg(long, value_name = "FILE", required_unless_present = "list_doubts")]
    pub(crate) config: Option<PathBuf>,
    /// Prints what the exchange's documentation leaves open and how the venue can be told to behave, and ends.
    #[arg(long, conflicts_with = "config")]
    pub(crate) list_doubts: bool,
    /// Where to listen instead of the config's address; loopback only.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

/// Whose venue is asked. Without a word, the exchange itself, which needs no key for what is public.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct WhichVenue {
    /// The config whose venue it is.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// `mainnet`, `testnet`, `demo`, or HOST:PORT of a venue on loopback.
    #[arg(long, value_name = "VENUE")]
    pub(crate) venue: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) venue: WhichVenue,
    /// The folder for the files; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Contracts or pairs, separated by commas: book, trades, ticker and minute candles, and of contracts liquidations.
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',')]
    pub(crate) symbol: Vec<String>,
    /// Which public stream: linear, inverse or spot.
    #[arg(long, value_name = "PRODUCT", default_value = "linear", value_parser = product)]
    pub(crate) product: Category,
    /// Topics in the exchange's spelling instead of the usual ones, such as `orderbook.200.BTCUSDT`.
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    pub(crate) topic: Vec<String>,
    /// Also what the account's own stream says; needs a config with a key, a read-only one will do.
    #[arg(long, requires = "config")]
    pub(crate) private: bool,
    /// Ends after this long, for example `1h`; else with a signal.
    #[arg(long, value_name = "LENGTH", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Begins a new file after this long.
    #[arg(long, value_name = "LENGTH", value_parser = duration, default_value = "1h")]
    pub(crate) rotate_every: Duration,
    /// Begins a new file after so many MiB on the disk.
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rotate_mib: u64,
    /// Prints the summary as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Data {
    #[command(subcommand)]
    pub(crate) action: DataAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataAction {
    /// Downloads what a folder lacks. Broken off, it goes on where it was.
    Fetch(DataFetch),
    /// Takes in files of the exchange's public archive, and candles that others wrote, packed or not.
    Import(DataImport),
    /// Looks for gaps and damage in a folder. Fails where there is any.
    Verify(DataFolder),
    /// Says what a folder holds.
    Info(DataFolder),
}

#[derive(Debug, Args)]
pub(crate) struct DataFetch {
    #[command(flatten)]
    pub(crate) venue: WhichVenue,
    /// The folder; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Contracts or pairs, separated by commas.
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',', required = true)]
    pub(crate) symbol: Vec<String>,
    /// Which product: linear, inverse or spot.
    #[arg(long, value_name = "PRODUCT", default_value = "linear", value_parser = product)]
    pub(crate) product: Category,
    /// What, separated by commas: klines, mark, index, premium, funding, open-interest, trades (the latest),
    /// instruments, tiers.
    #[arg(long, value_name = "KIND", value_delimiter = ',', default_value = "klines,mark,funding")]
    pub(crate) kind: Vec<FetchKind>,
    /// Length of the candles: 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h, 1d.
    #[arg(long, value_name = "LENGTH", default_value = "5m")]
    pub(crate) interval: Interval,
    /// Begins there, for example 2026-03-01T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) from: i64,
    /// Ends there, else with the last candle that has closed.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) to: Option<i64>,
    /// Prints the outcome as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What can be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FetchKind {
    /// Candles of trades.
    Klines,
    /// Hourly candles of the mark price.
    Mark,
    /// Hourly candles of the index price.
    Index,
    /// Hourly candles of the premium over the index.
    Premium,
    /// Settled funding.
    Funding,
    /// Open interest, hourly.
    OpenInterest,
    /// The latest trades.
    Trades,
    /// What is listed.
    Instruments,
    /// Tiers of risk.
    Tiers,
}

#[derive(Debug, Args)]
pub(crate) struct DataImport {
    /// Files, `.csv` or `.csv.gz`.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The folder to take them into; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The contract or pair, where a file's name does not begin with it.
    #[arg(long, value_name = "SYMBOL")]
    pub(crate) symbol: Option<String>,
    /// Also makes candles of this length out of trades.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) candles: Option<Interval>,
    /// Prints the outcome as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DataFolder {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Asks the venue what the key of a config may do, and says whether the engine would trade with it.
    Check(KeysCheck),
    /// Encrypts a key file with a passphrase, which is asked for at the terminal or read from a file descriptor.
    Seal(KeysSeal),
    /// Deletes the key of a config at the venue, for good. Refused while an order or a position is open.
    Revoke(KeysRevoke),
}

#[derive(Debug, Args)]
pub(crate) struct KeysSeal {
    /// The key file in the clear: two lines, `key = "…"` and `secret = "…"`; mode 0600.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// The sealed file to write; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// An open file descriptor whose first line is the passphrase, instead of the terminal.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) passphrase_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct KeysRevoke {
    /// The config that names the venue and the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The number of the account that the key must belong to (`keys check` shows it); it says that this is meant.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) account: u64,
}

#[derive(Debug, Args)]
pub(crate) struct KeysCheck {
    /// The config that names the venue and the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) what: Checked,
    /// Prints what was understood of a strategy file as one JSON object.
    #[arg(long, requires = "strategy")]
    pub(crate) json: bool,
    /// Prints every value of a config and where it came from: a file, a variable of the environment, a default.
    #[arg(long, requires = "config")]
    pub(crate) origins: bool,
    /// Prints with `--config` how well each kind of margin is known, and why.
    #[arg(long)]
    pub(crate) margin: bool,
}

/// What is checked.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Checked {
    /// A config file, checked with every strategy it names.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One strategy file alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) strategy: Option<PathBuf>,
}

/// Which running engine.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Target {
    /// The config the engine was started with.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The engine's control socket.
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

/// Whose journal, and what of it.
#[derive(Debug, Args)]
pub(crate) struct Past {
    /// The config of the engine whose journal is read; of an embedded venue, the newest run.
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder itself.
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    pub(crate) data: Option<PathBuf>,
    /// Only this bot.
    #[arg(long, value_name = "NAME")]
    pub(crate) bot: Option<String>,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Orders {
    #[command(flatten)]
    pub(crate) past: Past,
    /// Closed ones, too.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fills {
    #[command(flatten)]
    pub(crate) past: Past,
    /// How many, the newest.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// An order's client order id or venue id, a bot's name or a contract.
    #[arg(value_name = "ORDER|BOT|SYMBOL")]
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) past: Past,
    /// Only the minute before this moment of the market's clock, for example 2026-07-30T10:15:00Z, or milliseconds
    /// since 1970.
    #[arg(long, value_name = "TIME", value_parser = moment_ms)]
    pub(crate) at: Option<i64>,
    /// How many of a bot's newest looks at its signals are shown, where its engine runs.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    pub(crate) looks: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Resolve {
    /// The client order id.
    #[arg(value_name = "ORDER")]
    pub(crate) order: String,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Halt {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Also cancels own orders that would open; protection stays.
    #[arg(long, conflicts_with = "kill")]
    pub(crate) cancel_entries: bool,
    /// Also cancels orders and closes every position; stops go last.
    #[arg(long)]
    pub(crate) kill: bool,
    /// Whose orders a kill cancels.
    #[arg(long, value_name = "WHOSE", requires = "kill", default_value = "account")]
    pub(crate) scope: Reach,
}

#[derive(Debug, Args)]
pub(crate) struct CancelAll {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Only this bot.
    #[arg(long, value_name = "NAME", conflicts_with = "scope")]
    pub(crate) bot: Option<String>,
    /// Whose orders.
    #[arg(long, value_name = "WHOSE", default_value = "own")]
    pub(crate) scope: Reach,
}

#[derive(Debug, Args)]
pub(crate) struct BotCommand {
    /// The bot.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What it shall do.
    #[arg(value_name = "WISH")]
    pub(crate) wish: Wish,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Flatten {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Only this bot.
    #[arg(long, value_name = "NAME")]
    pub(crate) bot: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Reload {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Only says what would change.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Allows limits and stops that hold back less than those in force.
    #[arg(long)]
    pub(crate) loosen: bool,
    /// Lets open positions go on by the new rules, instead of those they were opened under.
    #[arg(long)]
    pub(crate) open_positions: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Journal {
    #[command(subcommand)]
    pub(crate) action: JournalAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalAction {
    /// Walks every record and says whether the journal is whole.
    Verify(JournalDir),
    /// Prints every record as a line of JSON.
    Export(JournalDir),
    /// Counts records, bytes and the span.
    Stat(JournalDir),
    /// Copies the record into a folder named by the time, also while an engine writes it, and verifies the copy.
    Copy(JournalCopy),
    /// Runs the engine again over journal and tape and compares its commands byte for byte.
    Replay(Replay),
}

#[derive(Debug, Args)]
pub(crate) struct JournalDir {
    /// The data folder of the engine.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct JournalCopy {
    /// The data folder of the engine.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Where copies go, each into a folder of its own.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// How many copies stay; older ones are removed. All of them, when left out.
    #[arg(long, value_name = "COUNT")]
    pub(crate) keep: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The config the journal was written under.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The data folder, when it is not the config's.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Reads `linear`, `inverse` or `spot`.
fn product(text: &str) -> Result<Category, String> {
    let known = Category::ALL.into_iter().find(|category| category.as_str() == text);
    known.ok_or_else(|| format!("`{text}` is not linear, inverse or spot"))
}

/// Reads `net` or `net-to-drawdown`.
fn aim(text: &str) -> Result<Aim, String> {
    match text {
        "net" => Ok(Aim::Net),
        "net-to-drawdown" => Ok(Aim::NetToDrawdown),
        _ => Err(format!("`{text}` is not net or net-to-drawdown")),
    }
}

/// Reads `close`, `next-open` or `path`.
fn fills(text: &str) -> Result<FillModel, String> {
    match text {
        "close" => Ok(FillModel::Close),
        "next-open" => Ok(FillModel::NextOpen),
        "path" => Ok(FillModel::Path),
        _ => Err(format!("`{text}` is not close, next-open or path")),
    }
}

/// Reads a moment as RFC 3339 or as milliseconds since 1970.
fn moment_ms(text: &str) -> Result<i64, String> {
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    let moment: jiff::Timestamp =
        text.parse().map_err(|_| format!("`{text}` is not a moment like 2026-07-30T10:15:00Z"))?;
    Ok(moment.as_millisecond())
}

/// Reads `90s`, `15m`, `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count: u64 =
        text[..text.len() - unit.len()].parse().map_err(|_| format!("`{text}` is not a length like 60s"))?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(format!("`{unit}` is not a unit of time; write s, m or h, as in 60s")),
    };
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| format!("`{text}` is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn lengths_of_time_need_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7_200)));
        assert!(duration("90").unwrap_err().contains("unit"));
        assert!(duration("s").is_err());
    }
}
