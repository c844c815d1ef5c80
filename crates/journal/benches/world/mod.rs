//! What the benches of the journal write, and where.

use windvane_journal::{Config, Durability, Journal, OnSync, Record, Start};
use windvane_model::{
    BotName, ClientOrderId, Command, Epoch, Grounds, InstallTag, OrderKind, PositionIndex, Price, Qty, Role,
    Side, SignalName, Stamp, Submit, Symbol, Tag, Text, TimeInForce, Triggers, WallTime,
};

/// A journal on the disk that has begun its epoch.
pub(crate) fn started(folder: &tempfile::TempDir, durability: Durability, on_sync: OnSync) -> Journal {
    let config = Config { durability, ..Config::default() };
    let opened = Journal::open(folder.path(), &config, on_sync);
    let (mut journal, _) = opened.expect("the folder is new");
    let start = Start {
        epoch: Epoch(1),
        install: InstallTag::new("w01").expect("base 36"),
        version: Text::EMPTY,
        config: [0; 32],
        account: 1,
        wall: WallTime(0),
        note: String::new(),
    };
    journal.start(start).expect("the disk works");
    journal
}

/// The record of an order that is about to leave.
pub(crate) fn submit() -> Record {
    let number = |text: &str| text.parse().expect("a number");
    let symbol = Symbol::new("BTCUSDT").expect("a symbol");
    let submit = Submit {
        client_order_id: ClientOrderId::new("w01abcde0000001-000001").expect("an id"),
        symbol,
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new(number("0.013")).expect("a quantity"),
        kind: OrderKind::Limit {
            price: Price::new(number("97100.5")).expect("a price"),
            time_in_force: TimeInForce::PostOnly,
        },
        reduce_only: false,
        stop_loss: Price::new(number("96000")).ok(),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: Some(WallTime(5)),
    };
    let bot = BotName::new("trend").ok();
    Record::Command {
        worst_price: None,
        grounds: Grounds {
            signal: SignalName::new("entry.long.signal").ok(),
            asked: Some(submit.qty),
            granted: Some(submit.qty),
        },
        cause: Stamp::default(),
        index: 0,
        bot,
        tag: Some(Tag(1)),
        command: Command::Submit(submit),
    }
}
