//! The account's books out of the journal alone: for recovery after a crash, for the verdict, for replay.

use anyhow::Context;
use std::collections::BTreeMap;
use windvane_journal::{Record, Start, StopCause};
use windvane_layout::{Decode, DecodeError, Encode, Input, layout};
use windvane_model::{BotName, InstallTag, Millis, PositionIndex, Symbol, WallTime};
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
    /// Starts that have not ended in order, and when they were last heard of, the last of them last.
    crashes: Crashes,
}

/// Ends of the process that nobody asked for.
#[derive(Debug, Clone, Default)]
struct Crashes {
    /// When the engine that was started last did something, while it has not ended in order.
    running: Option<WallTime>,
    /// When the last ones were.
    ended: Vec<WallTime>,
}

layout!(Crashes { running, ended });

/// So many crashes within so long, and nothing opens until a person has looked.
const CRASHES: usize = 3;
const CRASHES_WITHIN_MS: Millis = 10 * 60 * 1_000;

impl Crashes {
    fn take(&mut self, record: &Record) {
        match record {
            Record::Start(start) => {
                self.ended.extend(self.running.replace(start.wall));
                let surplus = self.ended.len().saturating_sub(CRASHES);
                self.ended.drain(..surplus);
            }
            Record::Event(stamped) => self.running = self.running.map(|_| stamped.stamp.wall),
            Record::Stop { cause: StopCause::Failed } => {}
            Record::Stop { .. } => self.running = None,
            Record::Command { .. }
            | Record::Memory { .. }
            | Record::Denied { .. }
            | Record::Signal { .. }
            | Record::Reload(_)
            | Record::Marker { .. } => {}
        }
    }

    /// Whether an engine that starts at `now` follows upon crash after crash.
    fn are_many(&self, now: WallTime) -> bool {
        let all = self.ended.iter().chain(&self.running);
        all.filter(|at| now.millis_since(**at) <= CRASHES_WITHIN_MS).count() >= CRASHES
    }
}

impl Rebuilt {
    /// Begins with nothing.
    pub(crate) fn new(claims: Claims, install: InstallTag) -> Self {
        let (memories, crashes) = (BTreeMap::new(), Crashes::default());
        Self { books: Rebuild::new(claims, install), memories, start: None, crashes }
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
        let crashes = Decode::decode(&mut input)?;
        let books = Rebuild::read(&mut input, claims)?;
        input.finish()?;
        Ok(Self { books, memories, start, crashes })
    }

    /// Everything as bytes, for a snapshot of the journal.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.start.encode(&mut bytes);
        self.memories.encode(&mut bytes);
        self.crashes.encode(&mut bytes);
        self.books.write(&mut bytes);
        bytes
    }

    /// The same, but what is over is kept for ever: for those who ask what was, not for an engine.
    pub(crate) fn keeping_everything(self) -> Self {
        Self { books: self.books.keeping(None), ..self }
    }

    /// Takes the next record of the journal.
    pub(crate) fn take(&mut self, record: &Record) {
        self.crashes.take(record);
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
            Record::Denied { .. }
            | Record::Signal { .. }
            | Record::Reload(_)
            | Record::Marker { .. }
            | Record::Stop { .. } => {}
        }
    }

    /// Whether an engine that starts at `now` follows upon so many crashes that a person should look first.
    pub(crate) fn has_crashed_often(&self, now: WallTime) -> bool {
        self.crashes.are_many(now)
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
        AccountEvent, Coin, Command, Epoch, Event, Execution, ExecutionId, ExecutionKind, Grounds,
        MarketTime, Money, OrderId, OrderKind, Origin, Price, Qty, Role, Side, Stamp, Stamped, Submit, Text,
        Triggers, WallTime,
    };

    fn started(wall_minutes: i64) -> Record {
        let Some(Record::Start(start)) = bought_records("trend").into_iter().next() else { unreachable!() };
        let wall = WallTime(0).after(wall_minutes * 60_000);
        Record::Start(Start { epoch: Epoch(10 + wall_minutes.unsigned_abs()), wall, ..start })
    }

    #[test]
    fn three_crashes_within_ten_minutes_are_many_and_orderly_ends_are_none() {
        let at = |minutes: i64| WallTime(0).after(minutes * 60_000);
        let stop = Record::Stop { cause: StopCause::Interrupted };
        let books = |records: &[Record]| {
            let mut books = Rebuilt::new(Vec::new(), InstallTag::new("w01").unwrap());
            records.iter().for_each(|record| books.take(record));
            Rebuilt::begin(Some(&books.to_bytes()), Vec::new(), InstallTag::new("w01").unwrap()).unwrap()
        };
        let crashed = books(&[started(1), started(2), started(3)]);
        assert!(crashed.has_crashed_often(at(4)), "the third process is gone, too");
        assert!(!crashed.has_crashed_often(at(12)), "the first is long ago");
        assert!(!books(&[started(1), started(2)]).has_crashed_often(at(3)));
        let in_order = books(&[started(1), stop.clone(), started(2), stop.clone(), started(3), stop]);
        assert!(!in_order.has_crashed_often(at(4)));
    }

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
            triggers: Triggers::default(),
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
                grounds: Grounds::default(),
                command: Command::Submit(submit),
            },
            Record::Event(Stamped {
                stamp: Stamp { sequence: 2, ..stamp },
                event: Event::Account(AccountEvent::Execution(fill)),
            }),
        ]
    }
}
