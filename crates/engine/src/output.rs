//! What the engine answers to an event.

use windvane_model::{BotMemory, BotName, Command, Denial, NoticeTo, RunState, Symbol, Tag};
use windvane_order_management::Difference;

/// One answer. The shell carries them out in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// To the journal, then to the venue.
    Command {
        /// The bot that wanted it; `None` for the engine's own.
        bot: Option<BotName>,
        /// The strategy's mark, for a placed order.
        tag: Option<Tag>,
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
    },
    /// To the log: what a bot was told.
    Notice(NoticeTo),
    /// To the connector: a book can no longer be trusted.
    Resubscribe(Symbol),
    /// To the log and the metrics: what the engine allows has changed.
    RunState(RunState),
    /// To the log: our picture and the venue's differed.
    Difference(Difference),
}
