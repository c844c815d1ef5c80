//! The account's books out of the journal alone: for recovery after a crash, for the verdict, for replay.

use anyhow::Context;
use std::collections::BTreeMap;
use windvane_journal::{Record, Start};
use windvane_model::{BotName, Command, Epoch, Event, IdGrammar, InstallTag, PositionIndex, Symbol};
use windvane_order_management::{Identity, Orders, Provenance};

/// Bots with the positions they own.
pub(crate) type Claims = Vec<(BotName, Vec<(Symbol, PositionIndex)>)>;

/// What the records so far amount to.
#[derive(Debug, Clone)]
pub(crate) struct Rebuilt {
    /// Orders, fills, positions and wallet.
    pub(crate) orders: Orders,
    /// What each bot, and the engine itself, last wrote down to remember.
    pub(crate) memories: BTreeMap<BotName, Vec<u8>>,
    /// The last start, if there was one.
    pub(crate) start: Option<Start>,
    claims: Claims,
}

impl Rebuilt {
    /// Begins with nothing.
    pub(crate) fn new(claims: Claims, install: InstallTag) -> Self {
        let identity = Identity { install, epoch: Epoch::default() };
        Self { orders: Orders::new(identity, &claims), memories: BTreeMap::new(), start: None, claims }
    }

    /// Takes the next record of the journal.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::Start(start) => self.take_start(start),
            Record::Event(stamped) => self.take_event(stamped),
            Record::Command { cause, bot, tag, command, .. } => {
                let provenance = Provenance {
                    bot: bot.or_else(|| self.maker(command)),
                    tag: tag.unwrap_or_default(),
                    worst_price: None,
                };
                self.orders.record(command, provenance, *cause);
            }
            Record::Memory { memory, .. } => {
                self.memories.insert(memory.bot, memory.bytes.clone());
            }
            Record::Denied { .. } | Record::Marker { .. } | Record::Stop { .. } => {}
        }
    }

    fn take_start(&mut self, start: &Start) {
        let identity = Identity { install: start.install, epoch: start.epoch };
        if self.start.is_none() {
            self.orders = Orders::new(identity, &self.claims);
        } else {
            let orders = std::mem::replace(&mut self.orders, Orders::new(identity, &[]));
            self.orders = orders.with_epoch(start.epoch);
        }
        self.start = Some(start.clone());
    }

    /// The engine's own path for events, without strategies: what they wanted is in the journal already.
    fn take_event(&mut self, stamped: &windvane_model::Stamped) {
        // Notices and questions were carried out when they were new.
        let mut effects = Vec::new();
        match &stamped.event {
            Event::Account(event) => self.orders.apply(event, stamped.stamp, &mut effects),
            Event::Timer => self.orders.on_timer(stamped.stamp, &mut effects),
            Event::Market(_) | Event::Link(_) | Event::Reference(_) | Event::Control(_) => {}
        }
    }

    /// The bot whose tag an order's id bears.
    fn maker(&self, command: &Command) -> Option<BotName> {
        let Command::Submit(submit) = command else { return None };
        let tag = IdGrammar::parse(&submit.client_order_id)?.bot;
        self.claims.iter().map(|(bot, _)| *bot).find(|bot| windvane_model::BotTag::of(bot) == tag)
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
