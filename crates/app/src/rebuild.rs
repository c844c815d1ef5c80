//! The account's books out of the journal alone: for recovery after a crash, for the verdict, for replay.

use anyhow::Context;
use std::collections::BTreeMap;
use windvane_journal::{Record, Start};
use windvane_model::{BotName, InstallTag, PositionIndex, Symbol};
use windvane_order_management::{Identity, Orders, Provenance, Rebuild};

/// Bots with the positions they own.
pub(crate) type Claims = Vec<(BotName, Vec<(Symbol, PositionIndex)>)>;

/// What the records so far amount to.
#[derive(Debug, Clone)]
pub(crate) struct Rebuilt {
    books: Rebuild,
    /// What each bot, and the engine itself, last wrote down to remember.
    pub(crate) memories: BTreeMap<BotName, Vec<u8>>,
    /// The last start, if there was one.
    pub(crate) start: Option<Start>,
}

impl Rebuilt {
    /// Begins with nothing.
    pub(crate) fn new(claims: Claims, install: InstallTag) -> Self {
        Self { books: Rebuild::new(claims, install), memories: BTreeMap::new(), start: None }
    }

    /// Takes the next record of the journal.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::Start(start) => {
                self.books.start(Identity { install: start.install, epoch: start.epoch });
                self.start = Some(start.clone());
            }
            Record::Event(stamped) => self.books.event(stamped),
            Record::Command { cause, bot, tag, worst_price, command, .. } => {
                let (bot, tag, worst_price) = (*bot, tag.unwrap_or_default(), *worst_price);
                self.books.command(*cause, Provenance { bot, tag, worst_price }, command);
            }
            Record::Memory { memory, .. } => {
                self.memories.insert(memory.bot, memory.bytes.clone());
            }
            Record::Denied { .. } | Record::Marker { .. } | Record::Stop { .. } => {}
        }
    }

    /// Orders, fills, positions and wallet.
    pub(crate) const fn orders(&self) -> &Orders {
        self.books.orders()
    }
}

/// Reads the journal in `folder` from its beginning to its end.
///
/// # Errors
/// When it cannot be read or is damaged.
pub(crate) fn from_journal(
    folder: &std::path::Path,
    claims: Claims,
    install: InstallTag,
) -> anyhow::Result<Rebuilt> {
    let mut rebuilt = Rebuilt::new(claims, install);
    let reader = windvane_journal::read(folder).with_context(|| format!("reading {}", folder.display()))?;
    for item in reader {
        match item.with_context(|| format!("reading {}", folder.display()))? {
            windvane_journal::Item::Journal(entry) => rebuilt.take(&entry.record),
            windvane_journal::Item::Tape { .. } | windvane_journal::Item::Gap { .. } => {}
        }
    }
    Ok(rebuilt)
}
