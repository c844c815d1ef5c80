//! Short journals to write and break.

use std::path::Path;
use std::time::Duration;
use windvane_journal::{Config, Entry, Item, Journal, Record, Recovered, Start, TapeConfig, read};
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, BotMemory, BotName, Cancel, ClientOrderId, Command, Control,
    Epoch, Event, Fixed, Grounds, HaltCause, InstallTag, Link, LinkState, MarketEvent, MarketTime, Stamp,
    Stamped, Symbol, Tag, Text, WallTime,
};

/// Small files, so that a few records fill them; a busy machine is no fault.
pub(crate) fn small() -> Config {
    Config {
        segment_bytes: 1024,
        fill_bytes: 256,
        reserve_bytes: 512,
        tape: Some(TapeConfig { segment_bytes: 1024, retain_bytes: 1 << 20, buffer_bytes: 256 }),
        stall_after: Duration::from_secs(3600),
        ..Config::default()
    }
}

pub(crate) fn open(folder: &Path, config: &Config) -> (Journal, Recovered) {
    Journal::open(folder, config, Box::new(|_| {})).unwrap()
}

pub(crate) fn start(epoch: u64) -> Start {
    Start {
        epoch: Epoch(epoch),
        install: InstallTag::new("w01").unwrap(),
        version: Text::new("0.0.0").unwrap(),
        config: [7; 32],
        account: 1_001,
        wall: WallTime(1_000),
        note: "test".to_owned(),
    }
}

fn stamped(sequence: u64, event: Event) -> Record {
    let time = i64::try_from(sequence).unwrap();
    let stamp = Stamp { sequence, wall: WallTime(time * 1_000_000), market: MarketTime(time) };
    Record::Event(Stamped { stamp, event })
}

pub(crate) fn timer(sequence: u64) -> Record {
    stamped(sequence, Event::Timer)
}

pub(crate) fn link(sequence: u64) -> Record {
    stamped(sequence, Event::Link(Link::Private(LinkState::Up)))
}

pub(crate) fn halt(sequence: u64) -> Record {
    stamped(sequence, Event::Control(Control::Halt(HaltCause::Operator)))
}

pub(crate) fn book(sequence: u64) -> Record {
    let level = BookLevel { price: Fixed::parse("97100.5").unwrap(), size: Fixed::parse("0.003").unwrap() };
    let update = BookUpdate {
        symbol: Symbol::new("BTCUSDT").unwrap(),
        at: MarketTime(5),
        kind: BookUpdateKind::Delta,
        update_id: sequence,
        sequence,
        bids: vec![level],
        asks: vec![],
    };
    stamped(sequence, Event::Market(MarketEvent::Book(update)))
}

pub(crate) fn cancel(after: u64, index: u32) -> Record {
    let client_order_id = Some(ClientOrderId::new("w01abcde0000001-000001").unwrap());
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let command = Command::Cancel(Cancel { client_order_id, order_id: None, symbol });
    let cause = Stamp { sequence: after, ..Stamp::default() };
    let (bot, tag, worst_price) = (Some(bot()), Some(Tag(3)), None);
    Record::Command { cause, index, bot, tag, worst_price, grounds: Grounds::default(), command }
}

pub(crate) fn denied(after: u64) -> Record {
    let (reason, detail) = (Text::new("stale_data").unwrap(), "market data is missing or stale".to_owned());
    Record::Denied { after, bot: bot(), reason, detail, at: None, symbol: None, signal: None, wish: None }
}

pub(crate) fn memory(after: u64) -> Record {
    Record::Memory { after, memory: BotMemory { bot: bot(), bytes: vec![1, 2, 3] } }
}

fn bot() -> BotName {
    BotName::new("trend").unwrap()
}

/// What recovery kept, without the journal's own markers.
pub(crate) fn kept(recovered: &Recovered) -> Vec<Record> {
    without_markers(recovered.records().unwrap().map(Result::unwrap))
}

pub(crate) fn without_markers(entries: impl Iterator<Item = Entry>) -> Vec<Record> {
    entries.map(|entry| entry.record).filter(|record| !matches!(record, Record::Marker { .. })).collect()
}

/// The merged story without markers; gaps are shown as they are.
pub(crate) fn story(folder: &Path) -> Vec<Item> {
    read(folder)
        .unwrap()
        .map(Result::unwrap)
        .filter(|item| !matches!(item, Item::Journal(Entry { record: Record::Marker { .. }, .. })))
        .collect()
}
