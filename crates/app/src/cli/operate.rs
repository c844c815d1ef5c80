//! What is asked of a running engine, and told it.

use crate::control::{Reach, Wish};
use clap::Args;
use std::path::PathBuf;

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
pub(crate) struct Resolve {
    /// The client order id.
    #[arg(value_name = "ORDER")]
    pub(crate) order: String,
    #[command(flatten)]
    pub(crate) target: Target,
}
