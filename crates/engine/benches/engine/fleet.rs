//! A thousand bots on a thousand contracts through the whole engine: an event of one contract, and memory.
//!
//! The engine lets one bot own a position, so there are as many contracts as bots. Nothing is open, which is how bots spend
//! most of their time; the bots are those of ten shipped rule files, with bars behind them.

use crate::world::{World, ticker};
use criterion::Criterion;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::hint::black_box;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, BotName, Candle, Event, Fixed, Interval, MarketEvent, MarketTime,
    Price, Symbol,
};

/// A build without optimisation measures nothing: there it is enough that this runs.
const BOTS: usize = if cfg!(debug_assertions) { 20 } else { 1_000 };
const BARS: i64 = 200;
const FILES: [&str; 10] = [
    include_str!("../../../../strategies/golden-cross.toml"),
    include_str!("../../../../strategies/macd-trend.toml"),
    include_str!("../../../../strategies/rsi-reversion.toml"),
    include_str!("../../../../strategies/bollinger-squeeze.toml"),
    include_str!("../../../../strategies/donchian-turtle.toml"),
    include_str!("../../../../strategies/supertrend.toml"),
    include_str!("../../../../strategies/ichimoku.toml"),
    include_str!("../../../../strategies/vwap-reversion.toml"),
    include_str!("../../../../strategies/pullback.toml"),
    include_str!("../../../../strategies/book-imbalance.toml"),
];

fn price(tenths: i64) -> Price {
    Price::new(Decimal::new(tenths, 1)).unwrap()
}

/// A walk that goes nowhere in particular, the same in every run.
fn walk(contract: usize, step: i64) -> i64 {
    let phase = step + i64::try_from(contract).unwrap() * 37;
    100_000 + (phase * 7_919 % 401) - 200
}

fn symbol(contract: usize) -> Symbol {
    Symbol::new(&format!("C{contract:03}USDT")).unwrap()
}

fn candle(contract: usize, interval: Interval, step: i64, is_warm_up: bool) -> Event {
    let (open, close) = (walk(contract, step), walk(contract, step + 1));
    Event::Market(MarketEvent::Candle(Candle {
        symbol: symbol(contract),
        at: MarketTime((step + 1) * interval.millis()),
        interval,
        start: MarketTime(step * interval.millis()),
        open: price(open),
        high: price(open.max(close) + 9),
        low: price(open.min(close) - 9),
        close: price(close),
        volume: Decimal::from(10 + step % 7),
        is_confirmed: true,
        is_warm_up,
    }))
}

fn book(contract: usize, step: i64) -> Event {
    let mid = walk(contract, step);
    let side = |sign: i64| {
        let level = |depth: i64| BookLevel {
            price: price(mid + sign * depth).to_fixed().unwrap(),
            size: Fixed::parse("5").unwrap(),
        };
        (1..=5).map(level).collect()
    };
    Event::Market(MarketEvent::Book(BookUpdate {
        symbol: symbol(contract),
        at: MarketTime(step),
        kind: BookUpdateKind::Snapshot,
        update_id: u64::try_from(step).unwrap() + 1,
        sequence: 0,
        bids: side(-1),
        asks: side(1),
    }))
}

/// Resident memory of this process, MiB; 0 where the system does not say.
fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let row = status.lines().find_map(|row| row.strip_prefix("VmRSS:")).unwrap_or("0");
    row.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) / 1_024
}

pub(crate) fn fleet(criterion: &mut Criterion) {
    let before = resident_mib();
    let definitions =
        FILES.map(|text| windvane_strategy::load("rules.toml", text, &BTreeMap::new()).unwrap());
    let bots = (0..BOTS).map(|bot| {
        let name = BotName::new(&format!("bot{bot}")).unwrap();
        (name, symbol(bot), definitions[bot % definitions.len()].bot())
    });
    let mut world = World::of(bots.collect());
    let made = resident_mib();
    for contract in 0..BOTS {
        for interval in [Interval::M5, Interval::M15] {
            (0..BARS).for_each(|step| world.take(candle(contract, interval, step, true)));
        }
        world.take(ticker(symbol(contract), "10000"));
        world.take(book(contract, 0));
    }
    println!(
        "{BOTS} bots on {BOTS} contracts: {} MiB without a past, {} MiB with {BARS} bars of two lengths each",
        made - before,
        resident_mib() - before
    );
    let mut step = 0;
    criterion.bench_function(
        &format!("engine/book of ten levels, {BOTS} bots on as many contracts"),
        |bencher| {
            bencher.iter(|| {
                step += 1;
                world.take(black_box(book(usize::try_from(step).unwrap() % BOTS, step)));
            });
        },
    );
    let mut turn = 0;
    criterion.bench_function(&format!("engine/closed bar, {BOTS} bots on as many contracts"), |bencher| {
        bencher.iter(|| {
            let (contract, nth) =
                (usize::try_from(turn).unwrap() % BOTS, turn / i64::try_from(BOTS).unwrap());
            turn += 1;
            world.take(black_box(candle(contract, Interval::M5, BARS + nth, false)));
        });
    });
}
