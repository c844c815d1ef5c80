//! What a command costs on its way to the journal: append and commit of one record, and to the disk.
//!
//! `cargo bench -p windvane-journal`; set `TMPDIR` to a folder on the disk to be measured.

mod world;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use windvane_journal::Durability;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Event, Fixed, MarketEvent, MarketTime, Stamp, Stamped, Symbol,
};
use world::{started, submit};

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
        let mut journal = started(&folder, durability, Box::new(|_| {}));
        let command = submit();
        group.bench_function(BenchmarkId::new("append_commit", name), |bencher| {
            bencher.iter(|| {
                journal.append(black_box(&command)).expect("the disk works");
                journal.commit().expect("the disk works")
            });
        });
    }

    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = started(&folder, Durability::BeforeSend, Box::new(|_| {}));
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
