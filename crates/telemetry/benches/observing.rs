//! What it costs to be seen, per event: the counters and distributions of a price and of an order, with a recorder and
//! without one; a log line that is written and one that is filtered out; and, once a second, the gauges of an account of 50
//! bots on 200 contracts. What the tape costs is in the journal's bench.
//!
//! `cargo bench -p windvane-telemetry`

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, BotName, ClientOrderId, Coin, Command, Event, Fixed, MarketEvent,
    MarketTime, Money, OrderKind, PositionIndex, Price, Qty, Role, RunState, Side, Stamp, Stamped, Submit,
    Symbol, Triggers, WallTime,
};
use windvane_telemetry::{
    Board, BotPicture, Health, LogFormat, Observer, Picture, PositionPicture, Server, SymbolPicture, show,
    start_logging,
};

/// Twice as many orders as the observer remembers.
const ORDERS: u32 = 8_192;
const SYMBOLS: usize = 200;
const BOTS: usize = 50;

fn symbol(index: usize) -> Symbol {
    Symbol::new(&format!("S{index:03}USDT")).unwrap()
}

fn book() -> Stamped {
    let level = BookLevel { price: Fixed::from_raw(9_710_050_000_000).unwrap(), size: Fixed::ZERO };
    let update = BookUpdate {
        symbol: symbol(0),
        at: MarketTime(1),
        kind: BookUpdateKind::Delta,
        update_id: 1,
        sequence: 1,
        bids: vec![level; 5],
        asks: vec![level; 5],
    };
    Stamped { stamp: Stamp::default(), event: Event::Market(MarketEvent::Book(update)) }
}

fn orders() -> Vec<Command> {
    let submit = |number| Submit {
        client_order_id: ClientOrderId::new(&format!("w01abcde0000001-{number:06}")).unwrap(),
        symbol: symbol(0),
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new(1.into()).unwrap(),
        kind: OrderKind::Market { max_slippage_ticks: None },
        reduce_only: false,
        stop_loss: Price::new(96_000.into()).ok(),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    };
    (0..ORDERS).map(submit).map(Command::Submit).collect()
}

fn picture() -> Picture {
    let price = Price::new(100.into()).unwrap();
    let symbols = (0..SYMBOLS).map(|index| SymbolPicture {
        symbol: symbol(index),
        mid: Some(100.0),
        spread: Some(0.001),
        mark: Some(price),
        funding_rate: None,
        age: Some(0.1),
    });
    let positions = (0..SYMBOLS).map(|index| PositionPicture {
        symbol: symbol(index),
        side: Some(Side::Buy),
        qty: Qty::new(1.into()).unwrap(),
        average_price: Some(price),
        notional: 100.0,
        unrealised: Money::ZERO,
        liquidation_distance: Some(0.5),
        unprotected_seconds: 0.0,
        adl_rank: 1,
    });
    let bots = (0..BOTS).map(|index| BotPicture {
        bot: BotName::new(&format!("bot-{index}")).unwrap(),
        symbol: symbol(index),
        open_orders: 3,
        realised: Money::ZERO,
        maker_fees: Money::ZERO,
        taker_fees: Money::ZERO,
        funding: Money::ZERO,
        equity: Money::ZERO,
        exposure: 100.0,
        signals: 1,
        blocked: (0..12).map(|rule| (format!("entry.long.filter.{rule}"), 1)).collect(),
        is_up: true,
    });
    Picture {
        run_state: Some(RunState::Active),
        symbols: symbols.collect(),
        positions: positions.collect(),
        bots: bots.collect(),
        coin: Some(Coin::new("USDT").unwrap()),
        ..Picture::default()
    }
}

/// The same twice: `with` says whether anybody records what is counted.
fn counted(criterion: &mut Criterion, with: &str) {
    let (event, commands, bot) = (book(), orders(), BotName::new("trend").ok());
    let (read, done) = (WallTime(1_000), WallTime(6_000));
    let mut observer = Observer::default();
    criterion.bench_function(&format!("observing/book update, {with}"), |bencher| {
        bencher.iter(|| observer.event(black_box(&event), read, done));
    });
    let mut next = commands.iter().cycle();
    criterion.bench_function(&format!("observing/order sent, {with}"), |bencher| {
        bencher.iter(|| observer.command(bot, black_box(next.next().unwrap()), &event, read, done));
    });
    let account = picture();
    criterion.bench_function(
        &format!("observing/200 contracts and 50 bots once a second, {with}"),
        |bencher| {
            bencher.iter(|| show(black_box(&account)));
        },
    );
}

fn logged(criterion: &mut Criterion) {
    start_logging("info", LogFormat::Json, std::io::sink).unwrap();
    let (bot, id, price) = ("trend", "w01abcde0000001-000001", Price::new(96_000.into()).unwrap());
    criterion.bench_function("observing/log line of a fill, JSON", |bencher| {
        bencher.iter(|| tracing::info!(bot, order = id, side = "Buy", %price, is_maker = true, "filled"));
    });
    criterion.bench_function("observing/log line that is filtered out", |bencher| {
        bencher.iter(|| tracing::debug!(bot, order = id, side = "Buy", %price, is_maker = true, "filled"));
    });
}

fn observing(criterion: &mut Criterion) {
    counted(criterion, "no recorder");
    // It installs the recorder, for the whole process and for good.
    let server = Server::start(([127, 0, 0, 1], 0).into(), Health::default(), Board::default()).unwrap();
    counted(criterion, "recorder");
    drop(server);
    logged(criterion);
}

criterion_group!(benches, observing);
criterion_main!(benches);
