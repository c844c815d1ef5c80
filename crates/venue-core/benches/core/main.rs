//! Operations a second through the venue's core, in time of the processor, so that a busy machine slows them less: orders
//! of one account with 10, 1,000 and 100,000 orders of others on the book, with all rows made and with none; bars of a
//! backtest; and, printed first, what accounts and their history take of memory.

mod clock;
mod memory;
mod world;

use std::time::Duration;

use clock::ProcessorTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use rust_decimal::Decimal;
use windvane_venue_core::{CreateOrder, Output, Request, Side, Venue};
use world::{SYMBOL, UID};

/// Operations between two looks at the clock.
const BATCH: u64 = 1_000;
/// Batches on one venue; then a fresh one begins, so that history does not grow without end.
const BATCHES: u64 = 200;
/// Orders of others on the book.
const RESTING: [u64; 3] = [10, 1_000, 100_000];
/// A bot that turns its position this often takes part in a bar of a minute as often as most.
const BARS_PER_ORDER: u64 = 45;

/// Runs batches of `run`, each with the number of its first operation.
fn measure(
    group: &mut BenchmarkGroup<'_, ProcessorTime>,
    name: &str,
    fresh: impl Fn() -> Venue,
    run: impl Fn(&mut Venue, u64, &mut Vec<Output>),
) {
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut took = Duration::ZERO;
            let (mut venue, mut out) = (fresh(), Vec::new());
            for batch in 0..iterations {
                if batch > 0 && batch % BATCHES == 0 {
                    venue = fresh();
                }
                let first = batch % BATCHES * BATCH;
                let start = clock::now();
                for number in first..first + BATCH {
                    out.clear();
                    run(&mut venue, number, &mut out);
                }
                took += clock::now() - start;
            }
            took
        });
    });
}

/// Buys and sells in turn, each filled by the outside book.
fn matched(venue: &mut Venue, number: u64, out: &mut Vec<Output>) {
    let side = if number.is_multiple_of(2) { Side::Buy } else { Side::Sell };
    let order = CreateOrder::market(SYMBOL, side, Decimal::new(1, 3));
    venue.apply_request(1, UID, &Request::Create(order), out).expect("the account is rich");
}

/// An order that rests, and its cancel, in turn: two operations.
fn cancelled(venue: &mut Venue, number: u64, out: &mut Vec<Output>) {
    let name = (number / 2).to_string();
    let request = if number.is_multiple_of(2) {
        let order = CreateOrder::limit(SYMBOL, Side::Buy, Decimal::new(1, 3), Decimal::new(599_000, 1));
        Request::Create(CreateOrder { order_link_id: Some(name), ..order })
    } else {
        world::cancel(name)
    };
    venue.apply_request(1, UID, &request, out).expect("the account is rich and the order rests");
}

/// A bar of a backtest.
fn bar(venue: &mut Venue, number: u64, out: &mut Vec<Output>) {
    for input in world::bar(number) {
        venue.apply_market(world::bar_ms(number), &input, out).expect("a sensible market");
    }
}

/// A bar, and now and then an order.
fn traded_bar(venue: &mut Venue, number: u64, out: &mut Vec<Output>) {
    bar(venue, number, out);
    if number.is_multiple_of(BARS_PER_ORDER) {
        matched(venue, number / BARS_PER_ORDER, out);
    }
}

fn main() {
    // As criterion has it: cargo says when figures are wanted.
    if std::env::args().any(|argument| argument == "--bench") {
        memory::report();
    }
    let mut criterion = Criterion::default()
        .with_measurement(ProcessorTime)
        .configure_from_args()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    let mut group = criterion.benchmark_group("core");
    for (audience, is_heard) in [("unheard", false), ("heard", true)] {
        for resting in RESTING {
            let fresh = || world::venue(resting, is_heard);
            measure(&mut group, &format!("match/{audience}/{resting}"), fresh, matched);
            measure(&mut group, &format!("rest_and_cancel/{audience}/{resting}"), fresh, cancelled);
        }
        let fresh = || world::venue(0, is_heard);
        measure(&mut group, &format!("bar/{audience}"), fresh, bar);
        measure(&mut group, &format!("bar_with_order_each_{BARS_PER_ORDER}/{audience}"), fresh, traded_bar);
    }
    group.finish();
    criterion.final_summary();
}
