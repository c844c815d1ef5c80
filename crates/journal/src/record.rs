//! What is written down.

use windvane_model::{
    BotMemory, BotName, Command, Epoch, Event, Grounds, HaltCause, InstallTag, Intent, MarketTime, Price,
    Signal, SignalName, Stamp, Stamped, Symbol, Tag, Text, WallTime,
};

/// Version of every record's layout. A reader refuses what it does not know; it never guesses.
pub(crate) const VERSION: u8 = 5;

/// The version before it, by the second edition of the model's tables.
pub(crate) const VERSION_OF_SECOND_EDITION: u8 = 4;

/// And before that, by the first.
pub(crate) const VERSION_OF_FIRST_EDITION: u8 = 3;

/// And before that: commands came without grounds, denials without the wish.
pub(crate) const VERSION_WITHOUT_GROUNDS: u8 = 2;

/// The kind of an event's frame. The hot path writes events without moving them into a [`Record`].
pub(crate) const EVENT: u8 = 2;

/// One entry of the journal or the tape.
///
/// Events carry their own sequence, which counts over both files together; the other records say after which
/// event they came, or stand where they were written.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// An engine came up. First record of each epoch; nothing may be written before it.
    Start(Start),
    /// An input of the engine. Market events go to the tape, all others to the journal.
    Event(Stamped),
    /// A request to the venue, written before it leaves.
    Command {
        /// Stamp of the event that caused it: rebuilding the orders needs its times, and market events are not in
        /// the journal.
        cause: Stamp,
        /// Its place among the commands of that event, from 0.
        index: u32,
        /// The bot that wanted it; `None` for the engine's own (flatten, reconcile).
        bot: Option<BotName>,
        /// The strategy's mark, where the command came from a placed intent.
        tag: Option<Tag>,
        /// The price that risk reserved for it, where it has no limit price: recovery must count it as the engine
        /// did.
        worst_price: Option<Price>,
        /// What made its bot want it, and how much of the wish risk let pass.
        grounds: Grounds,
        /// The request.
        command: Command,
    },
    /// What a strategy must remember over a restart.
    Memory {
        /// Sequence of the event after which it changed.
        after: u64,
        /// What and whose.
        memory: BotMemory,
    },
    /// Risk said no.
    Denied {
        /// Sequence of the event that led to the wish.
        after: u64,
        /// Whose wish.
        bot: BotName,
        /// The short word of the reason.
        reason: Text<32>,
        /// The reason with its figures, for people.
        detail: String,
        /// When, by the market's clock; `None` in a record of an earlier version, as what follows.
        at: Option<MarketTime>,
        /// The contract.
        symbol: Option<Symbol>,
        /// What made the bot want it.
        signal: Option<SignalName>,
        /// The wish.
        wish: Option<Intent>,
    },
    /// A bot saw an entry signal. Not every one is written down: one that comes again and again, with the same thing in
    /// its way, once a minute.
    Signal {
        /// Stamp of the event that brought it.
        cause: Stamp,
        /// Whose.
        bot: BotName,
        /// The contract that it trades.
        symbol: Symbol,
        /// What it saw.
        signal: Signal,
    },
    /// The engine goes on under another configuration. What follows from it comes after it.
    Reload(Reload),
    /// A group commit: every journal record up to this number is on the disk. Written by the journal itself.
    Marker {
        /// The last durable record number.
        durable: u64,
    },
    /// The engine went down in order.
    Stop {
        /// Why.
        cause: StopCause,
    },
}

/// An engine came up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// Its number, above all earlier ones of this journal.
    pub epoch: Epoch,
    /// Whose orders are ours.
    pub install: InstallTag,
    /// The binary's version; a replay is bound to it.
    pub version: Text<48>,
    /// SHA-256 of the configuration as used; a replay is bound to it.
    pub config: [u8; 32],
    /// The venue's number of the account.
    pub account: u64,
    /// When, by the engine's clock.
    pub wall: WallTime,
    /// Anything a person should know: the environment, a reason given on the command line.
    pub note: String,
}

/// A configuration that came into force while the engine ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reload {
    /// Sequence of the event after which it came into force.
    pub after: u64,
    /// SHA-256 of the configuration from here on.
    pub config: [u8; 32],
    /// Whether open positions go on by its rules, too, instead of those that they were opened under.
    pub open_positions: bool,
    /// What is another value than before.
    pub changes: Vec<Change>,
}

/// One value that a reload changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where it stands in the configuration: `bot.trend.budget`.
    pub path: String,
    /// What it was; `None` where it was not there.
    pub old: Option<String>,
    /// What it is; `None` where it is gone.
    pub new: Option<String>,
}

/// Why an engine went down in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// The data or the time asked for came to its end.
    Finished,
    /// A person or the system asked.
    Interrupted,
    /// Trading was halted for good.
    Halted(HaltCause),
    /// A fault of ours.
    Failed,
}

impl Record {
    /// Whether it belongs on the tape.
    #[must_use]
    pub const fn is_market(&self) -> bool {
        matches!(self, Self::Event(Stamped { event: Event::Market(_), .. }))
    }

    /// The sequence of an event, or of the event that caused this record, where it is known.
    #[must_use]
    pub const fn sequence(&self) -> Option<u64> {
        match self {
            Self::Event(stamped) => Some(stamped.stamp.sequence),
            Self::Command { cause, .. } | Self::Signal { cause, .. } => Some(cause.sequence),
            Self::Denied { after, .. } | Self::Memory { after, .. } => Some(*after),
            Self::Reload(reload) => Some(reload.after),
            Self::Start(_) | Self::Marker { .. } | Self::Stop { .. } => None,
        }
    }

    /// A short word for statistics and labels.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Start(_) => "start",
            Self::Event(_) => "event",
            Self::Command { .. } => "command",
            Self::Memory { .. } => "memory",
            Self::Denied { .. } => "denied",
            Self::Signal { .. } => "signal",
            Self::Reload(_) => "reload",
            Self::Marker { .. } => "marker",
            Self::Stop { .. } => "stop",
        }
    }
}
