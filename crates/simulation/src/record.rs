//! The record of a run of engines, in memory: the same lines as the journal's, in the same order.

use std::collections::BTreeMap;
use windvane_engine::Output;
use windvane_model::{BotMemory, BotName, Command, InstallTag, Stamp, Stamped};
use windvane_order_management::{Identity, PositionKey, Provenance, Rebuild};

/// One line.
#[derive(Debug, Clone)]
pub(crate) enum Line {
    /// An engine came up.
    Start(Identity),
    /// An event that is not of the market.
    Event(Stamped),
    /// A command, before it leaves.
    Command { cause: Stamp, provenance: Provenance, command: Command },
    /// What a bot must remember.
    Memory(BotMemory),
}

/// What the lines amount to.
pub(crate) struct Recovered {
    pub(crate) books: Rebuild,
    pub(crate) memories: BTreeMap<BotName, Vec<u8>>,
}

/// The lines of an engine's answers, in order.
pub(crate) fn lines(cause: Stamp, outputs: &[Output]) -> impl Iterator<Item = Line> {
    outputs.iter().filter_map(move |output| match output {
        Output::Command { bot, tag, worst_price, command, .. } => {
            let (bot, tag, worst_price) = (*bot, tag.unwrap_or_default(), *worst_price);
            let provenance = Provenance { bot, tag, worst_price };
            Some(Line::Command { cause, provenance, command: *command })
        }
        Output::Memory(memory) => Some(Line::Memory(memory.clone())),
        Output::Denied { .. }
        | Output::Signal { .. }
        | Output::Notice(_)
        | Output::Resubscribe(..)
        | Output::RunState(_)
        | Output::Difference(_)
        | Output::Doubt { .. }
        | Output::Undergoing { .. }
        | Output::Fall { .. }
        | Output::Miscount(_)
        | Output::Elsewhere(_)
        | Output::Closing { .. }
        | Output::Naked(_)
        | Output::Forced { .. } => None,
    })
}

/// Rebuilds the books from the record alone.
pub(crate) fn recover<'a>(
    lines: impl IntoIterator<Item = &'a Line>,
    claims: Vec<(BotName, Vec<PositionKey>)>,
    install: InstallTag,
) -> Recovered {
    let mut books = Rebuild::new(claims, install);
    let mut memories = BTreeMap::new();
    for line in lines {
        match line {
            Line::Start(identity) => books.start(*identity),
            Line::Event(stamped) => books.event(stamped),
            Line::Command { cause, provenance, command } => books.command(*cause, *provenance, command),
            Line::Memory(memory) => {
                memories.insert(memory.bot, memory.bytes.clone());
            }
        }
    }
    Recovered { books, memories }
}
