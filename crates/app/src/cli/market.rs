//! Recorded markets: how they are written, downloaded and taken in.

use super::value::{duration, moment_ms, product};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;
use windvane_connector::Category;
use windvane_model::Interval;

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
    /// Topics of the account's own stream instead of order, execution, position and wallet, such as `execution.fast`. Listening
    /// to `dcp.future` arms the protection against disconnection where the account has it.
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', requires = "config")]
    pub(crate) private_topic: Vec<String>,
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
    /// Length of the candles, of trades and of mark, index and premium: 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h, 1d. Without
    /// it 5m for trades and 1h for the others, which is what backtests and replays read of them.
    #[arg(long, value_name = "LENGTH")]
    pub(crate) interval: Option<Interval>,
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
    /// Candles of the mark price.
    Mark,
    /// Candles of the index price.
    Index,
    /// Candles of the premium over the index.
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
