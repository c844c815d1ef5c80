//! What one fact of the account costs: by its kind, and as open orders grow from ten to ten thousand.

mod world;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::{Duration, Instant};
use windvane_model::AccountEvent;
use windvane_order_management::Orders;
use world::{books, fill, price, report, stamp};

const OPEN_ORDERS: [u64; 4] = [10, 100, 1_000, 10_000];
/// Fills that one copy of the books takes in; more would measure the growing of the ledger.
const FILLS: u64 = 20_000;
/// Fills before the clock starts.
const WARM_UP: u64 = 10_000;

/// Applies so many fills, spread over all orders, to books that have taken in a round of them before: copies are cold, and
/// what is asked is what a fill costs an engine that runs.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn time_fills(mut orders: Orders, count: u64, fills: u64) -> Duration {
    let mut effects = Vec::new();
    let order_of = |number: u64| number.wrapping_mul(7_919) % count + 1;
    let facts: Vec<AccountEvent> =
        (0..WARM_UP + fills).map(|number| fill(number, order_of(number))).collect();
    let (before, timed) = facts.split_at(usize::try_from(WARM_UP).expect("a small number"));
    for fact in before {
        orders.apply(fact, stamp(2_000_000), &mut effects);
        effects.clear();
    }
    let begun = Instant::now();
    for fact in timed {
        orders.apply(black_box(fact), stamp(2_000_000), &mut effects);
        effects.clear();
    }
    begun.elapsed()
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply");
    for count in OPEN_ORDERS {
        let mut orders = books(count);
        let (mut effects, mut turn) = (Vec::new(), 0_u64);
        let facts: Vec<[AccountEvent; 2]> = (1..=64)
            .map(|slot| slot * count / 64)
            .map(|order| [report(order.max(1), price(10_001), 2), report(order.max(1), price(10_000), 2)])
            .collect();
        group.bench_function(BenchmarkId::new("order report, open orders", count), |bencher| {
            bencher.iter(|| {
                turn += 1;
                let pair = &facts[usize::try_from(turn / 2 % 64).expect("below 64")];
                let fact = &pair[usize::from(turn % 2 == 0)];
                orders.apply(black_box(fact), stamp(count + turn), &mut effects);
                effects.clear();
            });
        });
        let base = books(count);
        group.bench_function(BenchmarkId::new("fill, open orders", count), |bencher| {
            bencher.iter_custom(|iterations| {
                let mut took = Duration::ZERO;
                let mut left = iterations;
                while left > 0 {
                    let part = left.min(FILLS);
                    took += time_fills(base.clone(), count, part);
                    left -= part;
                }
                took
            });
        });
    }
    group.finish();
}

criterion_group!(benches, apply);
criterion_main!(benches);
