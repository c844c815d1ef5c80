//! The account's books out of the journal alone: for recovery after a crash, for the verdict, for replay.

use anyhow::Context;
use std::collections::BTreeMap;
use windvane_journal::{Record, Start};
use windvane_layout::{Decode, DecodeError, Encode, Input};
use windvane_model::{BotName, InstallTag, PositionIndex, Symbol};
use windvane_order_management::{Identity, Orders, PositionKey, Provenance, Rebuild};

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

    /// Begins with what a snapshot of the journal holds; with nothing where there is none.
    ///
    /// # Errors
    /// When the snapshot is of another version.
    pub(crate) fn begin(
        snapshot: Option<&[u8]>,
        claims: Claims,
        install: InstallTag,
    ) -> Result<Self, DecodeError> {
        let Some(bytes) = snapshot else { return Ok(Self::new(claims, install)) };
        let mut input = Input::new(bytes);
        let (start, memories) = (Decode::decode(&mut input)?, Decode::decode(&mut input)?);
        let books = Rebuild::read(&mut input, claims)?;
        input.finish()?;
        Ok(Self { books, memories, start })
    }

    /// Everything as bytes, for a snapshot of the journal.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.start.encode(&mut bytes);
        self.memories.encode(&mut bytes);
        self.books.write(&mut bytes);
        bytes
    }

    /// The same, but what is over is kept for ever: for those who ask what was, not for an engine.
    pub(crate) fn keeping_everything(self) -> Self {
        Self { books: self.books.keeping(None), ..self }
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
            Record::Denied { .. } | Record::Reload(_) | Record::Marker { .. } | Record::Stop { .. } => {}
        }
    }

    /// The bot that last opened in a position, whatever the config says now.
    pub(crate) fn opener(&self, key: PositionKey) -> Option<BotName> {
        self.books.opener(key)
    }

    /// The bots that last opened in a position.
    pub(crate) fn openers(&self) -> impl Iterator<Item = (PositionKey, BotName)> {
        self.books.openers()
    }

    /// Orders, fills, positions and wallet.
    pub(crate) const fn orders(&self) -> &Orders {
        self.books.orders()
    }
}

/// Reads the journal in `folder` from the first record that is still there to the last, and forgets nothing from there
/// on.
///
/// # Errors
/// When it cannot be read or is damaged.
pub(crate) fn from_journal(
    folder: &std::path::Path,
    claims: Claims,
    install: InstallTag,
) -> anyhow::Result<Rebuilt> {
    let reader = windvane_journal::read(folder).with_context(|| format!("reading {}", folder.display()))?;
    let beginning = Rebuilt::begin(reader.snapshot(), claims, install);
    let mut rebuilt = beginning
        .with_context(|| format!("reading the snapshot in {}", folder.display()))?
        .keeping_everything();
    for item in reader {
        match item.with_context(|| format!("reading {}", folder.display()))? {
            windvane_journal::Item::Journal(entry) => rebuilt.take(&entry.record),
            windvane_journal::Item::Tape { .. } | windvane_journal::Item::Gap { .. } => {}
        }
    }
    Ok(rebuilt)
}

#[cfg(test)]
mod startup;
#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use windvane_model::{
        AccountEvent, Coin, Command, Epoch, Event, Execution, ExecutionId, ExecutionKind, MarketTime, Money,
        OrderId, OrderKind, Origin, Price, Qty, Role, Side, Stamp, Stamped, Submit, Text, WallTime,
    };

    pub(crate) fn symbol() -> Symbol {
        Symbol::new("BTCUSDT").unwrap()
    }

    /// The books of a journal in which `bot` bought one bitcoin at 100.
    pub(crate) fn bought(bot: &str) -> Rebuilt {
        let mut books = Rebuilt::new(Vec::new(), InstallTag::new("w01").unwrap());
        bought_records(bot).iter().for_each(|record| books.take(record));
        books
    }

    /// The records of that journal.
    pub(crate) fn bought_records(bot: &str) -> Vec<Record> {
        let stamp = Stamp { sequence: 1, wall: WallTime(1), market: MarketTime(1) };
        let client_order_id = windvane_model::ClientOrderId::new("w01trnde000000a-000001").unwrap();
        let submit = Submit {
            client_order_id,
            symbol: symbol(),
            position_index: PositionIndex::default(),
            role: Role::Entry,
            side: Side::Buy,
            qty: Qty::new(1.into()).unwrap(),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            send_before: None,
        };
        let fill = Execution {
            symbol: symbol(),
            execution_id: ExecutionId::new("e-1").unwrap(),
            order_id: OrderId::new("v-1").unwrap(),
            client_order_id: Some(client_order_id),
            kind: ExecutionKind::Trade,
            side: Side::Buy,
            price: Price::new(100.into()).unwrap(),
            qty: Qty::new(1.into()).unwrap(),
            fee: Money::ZERO,
            fee_coin: Coin::new("USDT").unwrap(),
            is_maker: false,
            stop_kind: None,
            origin: Origin::User,
            closed_qty: Qty::ZERO,
            venue_pnl: None,
            at: MarketTime(2),
            sequence: 2,
        };
        vec![
            Record::Start(Start {
                epoch: Epoch(10),
                install: InstallTag::new("w01").unwrap(),
                version: Text::lossy("test"),
                config: [0; 32],
                account: 1,
                wall: WallTime(0),
                note: String::new(),
            }),
            Record::Command {
                cause: stamp,
                index: 0,
                bot: Some(BotName::new(bot).unwrap()),
                tag: None,
                worst_price: Some(Price::new(101.into()).unwrap()),
                command: Command::Submit(submit),
            },
            Record::Event(Stamped {
                stamp: Stamp { sequence: 2, ..stamp },
                event: Event::Account(AccountEvent::Execution(fill)),
            }),
        ]
    }
}
