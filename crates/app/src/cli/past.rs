//! What is read out of a journal.

use super::value::moment_ms;
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
