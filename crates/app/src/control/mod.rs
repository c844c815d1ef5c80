//! The control socket: how the command line asks a running engine, and tells it.
//!
//! A Unix socket of mode 0600 in the data folder. One request, one answer, one line of JSON each, then the
//! connection ends. Nothing here decides; the engine's loop answers.

mod client;
mod server;

pub(crate) use client::{ask, ask_patiently};
pub(crate) use server::{Listener, Pending};

use serde::{Deserialize, Serialize};
use windvane_telemetry::Entry;

/// Name of the socket in the data folder.
pub(crate) const SOCKET_NAME: &str = "control.sock";

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Ask {
    /// How are you?
    Status {},
    /// What happened?
    Events {
        /// Only what comes after this number, at most as much as is kept; `None` for the newest `count`.
        after: Option<u64>,
        /// How many of the newest, when there is no number.
        count: usize,
    },
    /// Which conditions held when a bot looked at its signals?
    Looks {
        /// The bot.
        bot: String,
        /// How many of the newest.
        count: usize,
    },
    /// Stop opening.
    Halt {
        /// Also cancel own orders that would open.
        cancel_entries: bool,
    },
    /// Stop opening, cancel and close everything.
    Kill {
        /// Whose orders are cancelled.
        scope: Reach,
    },
    /// Cancel orders that open.
    CancelAll {
        /// Only this bot.
        bot: Option<String>,
        /// Whose orders.
        scope: Reach,
    },
    /// Hold one bot back, or let it go again.
    Bot {
        /// Which.
        name: String,
        /// What it shall do.
        wish: Wish,
    },
    /// Open again.
    Resume {},
    /// Cancel own orders, then close positions reduce-only.
    Flatten {
        /// Only this bot.
        bot: Option<String>,
    },
    /// Read the config anew and go on under it, or change nothing.
    Reload {
        /// Only say what would change.
        dry_run: bool,
        /// Limits and stops may hold back less.
        loosen: bool,
        /// Open positions go on by the new rules, too.
        open_positions: bool,
    },
    /// Take an order of unknown outcome for absent.
    Resolve {
        /// Its client order id.
        order: String,
    },
}

/// Whose orders are cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    /// Every order of the account, those of people and other programs included, by the venue's own cancel-all.
    Account,
    /// Those of this engine, one by one within the venue's limit on cancels.
    Own,
}

/// What one bot shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wish {
    /// Open nothing; its resting orders stay.
    Pause,
    /// Open nothing and cancel what would open; exits go on by its rules.
    ExitOnly,
    /// Cancel its orders and close its position.
    Close,
    /// Take what its contract holds for its own, whoever opened it.
    Adopt,
    /// Trade again.
    Resume,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Done, or on its way; the text says what.
    Done(String),
    /// The state of the engine.
    Status(serde_json::Value),
    /// What happened, oldest first.
    Events(Vec<Entry>),
    /// Looks of a bot at its signals, oldest first.
    Looks(serde_json::Value),
    /// It cannot be done; the text says why.
    Refused(String),
}
