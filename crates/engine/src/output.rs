//! What the engine answers to an event.

use crate::protection::Naked;
use windvane_market::BookGap;
use windvane_model::{
    BotMemory, BotName, Command, Denial, Grounds, Intent, LimitScope, NoticeTo, PositionStatus, Price,
    RunState, Signal, SignalName, Symbol, Tag,
};
use windvane_order_management::Difference;
use windvane_risk::margin::Elsewhere;
use windvane_risk::{DrawdownStep, Miscount};

/// One answer. The shell carries them out in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// To the journal, then to the venue.
    Command {
        /// The bot that wanted it; `None` for the engine's own.
        bot: Option<BotName>,
        /// The strategy's mark, for a placed order.
        tag: Option<Tag>,
        /// The price that risk reserved, for a placed or amended order.
        worst_price: Option<Price>,
        /// What made the bot want it, and how much of its wish risk let pass.
        grounds: Grounds,
        /// The request.
        command: Command,
    },
    /// To the journal: what a strategy must remember over a restart.
    Memory(BotMemory),
    /// To the journal and the metrics: risk said no.
    Denied {
        /// The bot that asked.
        bot: BotName,
        /// Why not.
        denial: Denial,
        /// What made the bot want it.
        signal: SignalName,
        /// The wish.
        wish: Intent,
    },
    /// To the journal: an entry signal that a bot saw.
    Signal {
        /// The bot.
        bot: BotName,
        /// The contract that it trades.
        symbol: Symbol,
        /// What it saw.
        signal: Signal,
    },
    /// To the log: what a bot was told.
    Notice(NoticeTo),
    /// To the connector: a book can no longer be trusted, and why.
    Resubscribe(Symbol, BookGap),
    /// To the log and the metrics: what the engine allows has changed.
    RunState(RunState),
    /// To the log: our picture and the venue's differed.
    Difference(Difference),
    /// An alarm, or its end: whether nothing opens in a contract, because both sides do not agree about its position.
    Doubt {
        /// The contract.
        symbol: Symbol,
        /// Whether the doubt begins or ends.
        on: bool,
    },
    /// An alarm, or its end: what the venue is doing to a position, where nothing opens meanwhile.
    Undergoing {
        /// The contract.
        symbol: Symbol,
        /// What it does now.
        status: PositionStatus,
    },
    /// An alarm: what a contract, a bot or a group has made has fallen so far that its positions are cut to half, or closed.
    Fall {
        /// Where.
        scope: LimitScope,
        /// The step that was taken.
        step: DrawdownStep,
    },
    /// An alarm: our margin and the venue's differ by more than the bound, again and again.
    Miscount(Miscount),
    /// An alarm: margin of the account is held by what is not counted.
    Elsewhere(Elsewhere),
    /// To the metrics: it was decided to close a position, or that no longer holds before it is flat.
    Closing {
        /// The contract.
        symbol: Symbol,
        /// Whether it is to be closed.
        on: bool,
    },
    /// An alarm: a position has had no stop at the venue for longer than is allowed.
    Naked(Naked),
    /// An alarm: the venue has taken off a position by itself, by liquidation or deleveraging. Its bot opens nothing until a
    /// person resumes it.
    Forced {
        /// The bot that owns the position, if any does.
        bot: Option<BotName>,
        /// The contract.
        symbol: Symbol,
    },
}

impl Output {
    /// A command of the engine's own; `reason` is its word for why.
    pub(crate) fn of_engine(reason: &str, command: Command) -> Self {
        Self::Command { bot: None, tag: None, worst_price: None, grounds: Grounds::of(reason), command }
    }
}
