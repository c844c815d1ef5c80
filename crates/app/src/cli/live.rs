//! What runs: an engine, a venue, a guard beside an engine.

use super::value::duration;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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

#[derive(Debug, Args)]
pub(crate) struct Guard {
    /// The config of the engine that is guarded; its table `[guard]` names the guard's key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}
