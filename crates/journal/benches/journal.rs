//! What a command costs on its way to the journal: append and commit of one record, and to the disk.
//!
//! `cargo bench -p windvane-journal`; set `TMPDIR` to a folder on the disk to be measured.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use windvane_journal::{Config, Durability, Journal, Record, Start};
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, BotName, ClientOrderId, Command, Epoch, Event, Fixed, InstallTag,
    MarketEvent, MarketTime, OrderKind, PositionIndex, Price, Qty, Role, Side, Stamp, Stamped, Submit,
    Symbol, Tag, Text, TimeInForce, WallTime,
};

fn started(folder: &tempfile::TempDir, durability: Durability) -> Journal {
    let config = Config { durability, ..Config::default() };
    let opened = Journal::open(folder.path(), &config, Box::new(|_| {}));
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

fn submit() -> Record {
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
        send_before: Some(WallTime(5)),
    };
    let bot = BotName::new("trend").ok();
    Record::Command {
        worst_price: None,
        cause: Stamp::default(),
        index: 0,
        bot,
        tag: Some(Tag(1)),
        command: Command::Submit(submit),
    }
}

fn book() -> Stamped {
    let level = BookLevel { price: Fixed::from_raw(9_710_050_000_000).expect("positive"), size: Fixed::ZERO };
    let update = BookUpdate {
        symbol: Symbol::new("BTCUSDT").expect("a symbol"),
        at: MarketTime(1),
        kind: BookUpdateKind::Delta,
        update_id: 1,
        sequence: 1,
        bids: vec![level; 5],
        asks: vec![level; 5],
    };
    Stamped { stamp: Stamp::default(), event: Event::Market(MarketEvent::Book(update)) }
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("journal");
    for (name, durability) in [("before_send", Durability::BeforeSend), ("group", Durability::Group)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = started(&folder, durability);
        let command = submit();
        group.bench_function(BenchmarkId::new("append_commit", name), |bencher| {
            bencher.iter(|| {
                journal.append(black_box(&command)).expect("the disk works");
                journal.commit().expect("the disk works")
            });
        });
    }

    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = started(&folder, Durability::BeforeSend);
    let command = submit();
    group.bench_function("append_commit_durable", |bencher| {
        bencher.iter(|| {
            journal.append(black_box(&command)).expect("the disk works");
            journal.make_durable().expect("the disk works");
        });
    });

    let event = book();
    group.bench_function("tape_append", |bencher| {
        bencher.iter(|| journal.append_event(black_box(&event)).expect("the disk works"));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
