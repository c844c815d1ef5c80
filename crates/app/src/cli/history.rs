//! What plays recorded markets.

use super::value::{aim, fills, moment_ms};
use clap::Args;
use std::path::PathBuf;
use windvane_research::Fills as FillModel;
use windvane_research::tune::Aim;

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
    /// Which draw of `--random`; else the first.
    #[arg(long, value_name = "NUMBER", requires = "random")]
    pub(crate) seed: Option<u64>,
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
