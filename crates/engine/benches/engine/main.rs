//! What one event costs inside the engine, with three bots on one account: a price that changes nothing, a price that
//! becomes an order, the fill of that order, a mark price; an event among a thousand bots. And the same walk from the text of a frame to a signed order.
//!
//! `cargo bench -p windvane-engine`

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time; the crate itself is given it")]

mod fleet;
mod world;

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::{Duration, Instant};
use windvane_connector::{
    Category, Credentials, Mutation, Secret,
    codec::{Spares, decode_public},
};
use windvane_model::{AccountEvent, Command, Event, Symbol};
use world::{Step, World, resting, ticker};

/// The four prices of a cycle: buy, nothing, sell, nothing.
const CYCLE: [Step; 4] = [Step::AskBelow, Step::Quiet, Step::BidAbove, Step::Quiet];

/// Times `measured` over as many prices as asked that end in an order (`wants` true) or in none.
fn over_prices(count: u64, wants: bool, mut measured: impl FnMut(&mut World, Step) -> Duration) -> Duration {
    let mut world = World::ready();
    let (mut spent, mut counted) = (Duration::ZERO, 0);
    while counted < count {
        for step in CYCLE {
            let took = measured(&mut world, step);
            let is_order = world.fill_what_was_asked();
            assert_eq!(
                is_order,
                step != Step::Quiet,
                "every trigger becomes an order, and nothing else does"
            );
            if is_order == wants {
                spent += took;
                counted += 1;
            }
        }
    }
    spent * u32::try_from(count).unwrap() / u32::try_from(counted).unwrap()
}

fn timed_price(world: &mut World, step: Step) -> Duration {
    let event = world.price(step);
    let stamped = world.stamp(event);
    let began = Instant::now();
    world.engine.handle(black_box(&stamped), &mut world.outputs);
    began.elapsed()
}

/// Open orders of the account.
const OPEN_ORDERS: [u64; 4] = [10, 100, 1_000, 10_000];
/// How long nothing happens before a price, in the benches of pauses.
const PAUSE: Duration = Duration::from_millis(2);

/// The thread gives its core away, and finds strange things in the processor's caches when it comes back.
fn sleep_a_while() {
    std::thread::sleep(PAUSE);
}

/// The thread keeps its core, as with `when_idle = "spin"`.
fn spin_a_while() {
    let began = Instant::now();
    while began.elapsed() < PAUSE {
        std::hint::spin_loop();
    }
}

/// Goal G4 of the performance paper: frame bytes in, signed order bytes out.
fn timed_frame(world: &mut World, step: Step, credentials: &Credentials, spares: &Spares) -> Duration {
    let frame = world.frame(step);
    let mut events = Vec::with_capacity(1);
    let began = Instant::now();
    decode_public(black_box(&frame), spares, &mut events);
    let stamped = world.stamp(Event::Market(events.remove(0)));
    world.engine.handle(&stamped, &mut world.outputs);
    for output in &world.outputs {
        if let windvane_engine::Output::Command { command: Command::Submit(submit), .. } = output {
            let body = Mutation::Submit(*submit).body(Category::Linear);
            black_box(credentials.sign_rest("1700000000000", "2000", &body));
        }
    }
    let elapsed = began.elapsed();
    if let Event::Market(event) = stamped.event {
        spares.give_back(event);
    }
    elapsed
}

fn engine(criterion: &mut Criterion) {
    criterion.bench_function("engine/book delta, no order", |bencher| {
        bencher.iter_custom(|count| over_prices(count, false, timed_price));
    });
    criterion.bench_function("engine/book delta to order", |bencher| {
        bencher.iter_custom(|count| over_prices(count, true, timed_price));
    });
    let secret = Secret::new("benchSecret".to_owned());
    let credentials = Credentials::new("benchKey".to_owned(), secret).unwrap();
    criterion.bench_function("engine/frame to signed order", |bencher| {
        bencher.iter_custom(|count| {
            let spares = Spares::default();
            over_prices(count, true, |world, step| timed_frame(world, step, &credentials, &spares))
        });
    });
    criterion.bench_function("engine/execution report", |bencher| {
        bencher.iter_custom(|count| {
            let mut world = World::ready();
            for step in CYCLE.into_iter().cycle().take(usize::try_from(count).unwrap() * 2) {
                timed_price(&mut world, step);
                world.fill_what_was_asked();
            }
            world.reports
        });
    });
    criterion.bench_function("engine/mark price", |bencher| {
        let mut world = World::ready();
        bencher.iter(|| {
            let stamped = world.stamp(ticker(world.touch, "50000"));
            world.engine.handle(black_box(&stamped), &mut world.outputs);
            world.outputs.clear();
        });
    });
}

/// What an event costs as open orders grow: a price in a contract that has none of them, a price in the contract that has
/// them all, and the venue's word about one of them.
fn open_orders(criterion: &mut Criterion) {
    for count in OPEN_ORDERS {
        for (whose, bot, symbol) in [("another's", "trend", "ETHUSDT"), ("own", "touch", "BTCUSDT")] {
            let name = format!("engine/book delta, no order, {whose} open orders/{count}");
            criterion.bench_function(&name, |bencher| {
                let mut world = World::with_open_orders(bot, symbol, count);
                bencher.iter_custom(|count| (0..count).map(|_| timed_price(&mut world, Step::Quiet)).sum());
            });
        }
        criterion.bench_function(&format!("engine/order report, open orders/{count}"), |bencher| {
            let mut world = World::with_open_orders("trend", "ETHUSDT", count);
            let (symbol, mut turn) = (Symbol::new("ETHUSDT").unwrap(), 0);
            bencher.iter_custom(|reports| {
                let mut took = Duration::ZERO;
                for _ in 0..reports {
                    turn += 1;
                    let limit = if turn / count % 2 == 0 { "40001" } else { "40000" };
                    let report =
                        resting("trend", symbol, turn * 7_919 % count + 1, limit, turn.cast_signed() + 1);
                    let stamped = world.stamp(Event::Account(AccountEvent::Order(report)));
                    let began = Instant::now();
                    world.engine.handle(black_box(&stamped), &mut world.outputs);
                    took += began.elapsed();
                    world.outputs.clear();
                }
                took
            });
        });
    }
}

/// The same price, whatever it becomes, after a pause.
fn after_pauses(criterion: &mut Criterion) {
    let pauses: [(&str, fn()); 2] = [("sleep", sleep_a_while), ("spinning", spin_a_while)];
    for (pause, wait) in pauses {
        criterion.bench_function(&format!("engine/book delta to order, after 2 ms of {pause}"), |bencher| {
            bencher.iter_custom(|count| {
                over_prices(count, true, |world, step| {
                    wait();
                    timed_price(world, step)
                })
            });
        });
    }
}

criterion_group! {
    name = pauses;
    // The time that counts is a hundredth of the time that passes.
    config = Criterion::default()
        .measurement_time(Duration::from_millis(30))
        .warm_up_time(Duration::from_millis(2))
        .sample_size(10);
    targets = after_pauses
}
criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = engine, open_orders, fleet::fleet
}
criterion_main!(benches, pauses);
