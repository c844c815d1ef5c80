//! A thousand bots on two hundred contracts, on one core: events a second, and memory.
//!
//! `cargo bench -p windvane-strategy --bench fleet`
//!
//! Five bots of the shipped rule files look at each contract, with history for their warm-up behind them; an event wakes
//! those of its contract, as in the engine. Nothing is open, which is how bots spend most of their time. What risk and
//! order management cost is measured elsewhere.

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::collections::BTreeMap;
use std::time::Instant;

use rust_decimal::Decimal;
use windvane_market::Market;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, Coin, Fixed, Instrument, InstrumentStatus, Interval,
    Leverage, MarketEvent, MarketTime, Money, Notional, Price, Qty, Rate, Stamp, Symbol, WallTime,
};
use windvane_strategy::{Context, Holding, Means, Strategy, Wake};

const CONTRACTS: usize = 200;
const BOTS: usize = 1_000;
const HISTORY: i64 = 900;
const FILES: [&str; 10] = [
    include_str!("../../../strategies/golden-cross.toml"),
    include_str!("../../../strategies/macd-trend.toml"),
    include_str!("../../../strategies/rsi-reversion.toml"),
    include_str!("../../../strategies/bollinger-squeeze.toml"),
    include_str!("../../../strategies/donchian-turtle.toml"),
    include_str!("../../../strategies/supertrend.toml"),
    include_str!("../../../strategies/ichimoku.toml"),
    include_str!("../../../strategies/vwap-reversion.toml"),
    include_str!("../../../strategies/pullback.toml"),
    include_str!("../../../strategies/book-imbalance.toml"),
];

#[derive(Debug)]
struct Purse;

impl Means for Purse {
    fn equity(&self) -> Money {
        Money::new(Decimal::from(10_000))
    }

    fn available(&self) -> Money {
        self.equity()
    }

    fn open_positions(&self) -> u32 {
        0
    }
}

/// A contract with its bots.
struct Desk {
    instrument: Instrument,
    bots: Vec<Box<dyn Strategy>>,
}

struct Fleet {
    market: Market,
    desks: Vec<Desk>,
    now: i64,
    wishes: usize,
}

fn price(value: i64) -> Price {
    Price::new(Decimal::new(value, 1)).unwrap()
}

fn instrument(contract: usize) -> Instrument {
    let qty = |text: &str| Qty::new(text.parse().unwrap()).unwrap();
    Instrument {
        symbol: Symbol::new(&format!("C{contract:03}USDT")).unwrap(),
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price(1),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("1000"),
        min_notional: Notional::new(5.into()).unwrap(),
        max_leverage: Leverage::new(100.into()).unwrap(),
        price_limit_ratio_x: Rate::new("0.05".parse().unwrap()),
        price_limit_ratio_y: Rate::new("0.1".parse().unwrap()),
        funding_interval_minutes: 480,
        tiers: Vec::new(),
    }
}

/// A walk that goes nowhere in particular, the same in every run.
fn walk(contract: usize, step: i64) -> i64 {
    let phase = step + i64::try_from(contract).unwrap() * 37;
    100_000 + (phase * 7_919 % 401) - 200 + (phase / 50 * 104_729 % 1_009)
}

impl Fleet {
    fn new() -> Self {
        let definitions =
            FILES.map(|text| windvane_strategy::load("rules.toml", text, &BTreeMap::new()).unwrap());
        let desk = |contract: usize| Desk {
            instrument: instrument(contract),
            bots: (0..BOTS / CONTRACTS)
                .map(|bot| definitions[(contract + 2 * bot) % definitions.len()].bot())
                .collect(),
        };
        Self { market: Market::new(1_000), desks: (0..CONTRACTS).map(desk).collect(), now: 0, wishes: 0 }
    }

    /// One event: the market takes it, and the bots of its contract are woken.
    fn take(&mut self, contract: usize, event: &MarketEvent) {
        let stamp = Stamp { sequence: 0, wall: WallTime(self.now * 1_000_000), market: MarketTime(self.now) };
        self.market.apply(event, stamp);
        let Self { market, desks, now, wishes } = self;
        let desk = &mut desks[contract];
        let context = Context {
            instrument: &desk.instrument,
            market: market.contract(desk.instrument.symbol).unwrap(),
            markets: market,
            holding: Holding::default(),
            orders: &[],
            adopted: &[],
            means: &Purse,
            now: MarketTime(*now),
            wall: WallTime(*now * 1_000_000),
        };
        let mut out = Vec::new();
        for bot in &mut desk.bots {
            let wake = match event {
                MarketEvent::Candle(candle) => Wake::Candle(candle),
                _ => Wake::Book,
            };
            bot.handle(wake, &context, &mut out);
            *wishes += out.len();
            out.clear();
        }
    }

    fn candle(&mut self, contract: usize, interval: Interval, step: i64, is_warm_up: bool) {
        let (open, close) = (walk(contract, step), walk(contract, step + 1));
        let candle = Candle {
            symbol: self.desks[contract].instrument.symbol,
            at: MarketTime(self.now),
            interval,
            start: MarketTime(step * interval.millis()),
            open: price(open),
            high: price(open.max(close) + 9),
            low: price(open.min(close) - 9),
            close: price(close),
            volume: Decimal::from(10 + step % 7),
            is_confirmed: true,
            is_warm_up,
        };
        self.take(contract, &MarketEvent::Candle(candle));
    }

    fn book(&mut self, contract: usize, step: i64) {
        let mid = walk(contract, step);
        let side = |sign: i64| {
            let level = |depth: i64| BookLevel {
                price: price(mid + sign * depth).to_fixed().unwrap(),
                size: Fixed::parse("5").unwrap(),
            };
            (1..=5).map(level).collect()
        };
        let update = BookUpdate {
            symbol: self.desks[contract].instrument.symbol,
            at: MarketTime(self.now),
            kind: BookUpdateKind::Snapshot,
            update_id: u64::try_from(step).unwrap() + 1,
            sequence: 0,
            bids: side(-1),
            asks: side(1),
        };
        self.take(contract, &MarketEvent::Book(update));
    }
}

/// Resident memory of this process, MiB; 0 where the system does not say.
fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let row = status.lines().find_map(|row| row.strip_prefix("VmRSS:")).unwrap_or("0");
    row.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) / 1024
}

fn timed(what: &str, rounds: i64, mut round: impl FnMut(i64)) {
    let began = Instant::now();
    (0..rounds).for_each(&mut round);
    let (seconds, contracts) = (began.elapsed().as_secs_f64(), f64::from(u16::try_from(CONTRACTS).unwrap()));
    let events = f64::from(i32::try_from(rounds).unwrap()) * contracts;
    let wakes = 5.0;
    println!(
        "{what}: {:.0} events/s, {:.0} ns per bot woken",
        events / seconds,
        seconds * 1e9 / events / wakes
    );
}

fn main() {
    let empty = resident_mib();
    let mut fleet = Fleet::new();
    let made = resident_mib();
    for contract in 0..CONTRACTS {
        for interval in [Interval::M5, Interval::M15] {
            (0..HISTORY).for_each(|step| fleet.candle(contract, interval, step, true));
        }
    }
    println!(
        "{BOTS} bots on {CONTRACTS} contracts: {} MiB for the bots, {} MiB with {HISTORY} bars of two lengths each",
        made - empty,
        resident_mib() - empty
    );
    fleet.now = HISTORY * Interval::M15.millis();
    timed("book updates of ten levels", 400, |step| {
        fleet.now += 20;
        (0..CONTRACTS).for_each(|contract| fleet.book(contract, step));
    });
    timed("closed bars of 5 and 15 minutes", 200, |step| {
        let interval = if step % 4 == 3 { Interval::M15 } else { Interval::M5 };
        let nth = HISTORY + if step % 4 == 3 { step / 4 } else { step - step / 4 };
        fleet.now += 1_000;
        (0..CONTRACTS).for_each(|contract| fleet.candle(contract, interval, nth, false));
    });
    println!("{} wishes", fleet.wishes);
}
