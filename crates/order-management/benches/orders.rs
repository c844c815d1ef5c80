//! What one fact of the account costs: by its kind, and as open orders grow from ten to ten thousand.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rust_decimal::Decimal;
use std::hint::black_box;
use std::time::{Duration, Instant};
use windvane_model::{
    AccountEvent, AccountSnapshot, BotName, BotTag, ClientOrderId, Coin, CoinBalance, Command, Epoch,
    Execution, ExecutionId, ExecutionKind, IdGrammar, InstallTag, MarketTime, Money, OrderId, OrderKind,
    OrderReport, OrderStatus, Origin, PositionIndex, Price, Qty, QueryAnswer, Role, Side, Stamp, Submit,
    Symbol, Text, TimeInForce, WallTime, WalletReport,
};
use windvane_order_management::{Identity, Orders, Provenance};

const OPEN_ORDERS: [u64; 4] = [10, 100, 1_000, 10_000];
/// Open orders whose memory is weighed.
const MANY: u64 = 10_000;
/// Fills that one copy of the books takes in; more would measure the growing of the ledger.
const FILLS: u64 = 20_000;
/// Fills before the clock starts.
const WARM_UP: u64 = 10_000;
const EPOCH: Epoch = Epoch(10);

fn bot() -> BotName {
    BotName::new("trend").expect("five letters")
}

fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").expect("seven letters")
}

fn install() -> InstallTag {
    InstallTag::new("w01").expect("three letters of base 36")
}

fn price(hundredths: i64) -> Price {
    Price::new(Decimal::new(hundredths, 2)).expect("above zero")
}

fn stamp(sequence: u64) -> Stamp {
    let ms = i64::try_from(sequence).expect("a small number");
    Stamp { sequence, wall: WallTime(0).after(ms), market: MarketTime(ms) }
}

fn id(sequence: u64) -> ClientOrderId {
    IdGrammar { install: install(), bot: BotTag::of(&bot()), role: Role::Level, epoch: EPOCH, sequence }
        .mint()
}

fn order_id(sequence: u64) -> OrderId {
    OrderId::new(&format!("00000000-0000-0000-0000-{sequence:012}")).expect("36 characters")
}

fn submit(sequence: u64) -> Submit {
    Submit {
        client_order_id: id(sequence),
        symbol: symbol(),
        position_index: PositionIndex(0),
        role: Role::Level,
        side: Side::Buy,
        qty: Qty::new(Decimal::ONE).expect("one"),
        kind: OrderKind::Limit { price: price(10_000), time_in_force: TimeInForce::PostOnly },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        send_before: None,
    }
}

fn report(sequence: u64, limit: Price, updated: i64) -> AccountEvent {
    AccountEvent::Order(OrderReport {
        symbol: symbol(),
        order_id: order_id(sequence),
        client_order_id: Some(id(sequence)),
        parent: None,
        position_index: PositionIndex(0),
        side: Side::Buy,
        is_market: false,
        time_in_force: TimeInForce::PostOnly,
        price: Some(limit),
        qty: Qty::new(Decimal::ONE).expect("one"),
        cumulative_qty: Qty::ZERO,
        average_price: None,
        status: OrderStatus::New,
        stop_kind: None,
        trigger_price: None,
        reduce_only: false,
        origin: Origin::User,
        reject_reason: Text::EMPTY,
        cancel_type: Text::EMPTY,
        created: MarketTime(1),
        updated: MarketTime(updated),
    })
}

/// The `number`th fill of all, so small that no order is ever full.
fn fill(number: u64, order: u64) -> AccountEvent {
    let ms = 2_000_000 + i64::try_from(number).expect("a small number");
    AccountEvent::Execution(Execution {
        symbol: symbol(),
        execution_id: ExecutionId::new(&format!("e-{number}")).expect("a few letters"),
        order_id: order_id(order),
        client_order_id: Some(id(order)),
        kind: ExecutionKind::Trade,
        side: Side::Buy,
        price: price(10_000),
        qty: Qty::new(Decimal::new(1, 6)).expect("a millionth"),
        fee: Money::new(Decimal::new(2, 3)),
        fee_coin: Coin::new("USDT").expect("four letters"),
        is_maker: true,
        stop_kind: None,
        origin: Origin::User,
        closed_qty: Qty::ZERO,
        venue_pnl: None,
        at: MarketTime(ms),
        sequence: ms,
    })
}

/// Reconciled, with `count` orders on the venue's book.
fn books(count: u64) -> Orders {
    let identity = Identity { install: install(), epoch: EPOCH };
    let mut orders = Orders::new(identity, &[(bot(), vec![(symbol(), PositionIndex(0))])]);
    let coin = CoinBalance {
        coin: Coin::new("USDT").expect("four letters"),
        wallet_balance: Money::new(Decimal::from(1_000_000)),
        equity: None,
        order_margin: None,
        position_margin: None,
    };
    let wallet = WalletReport { coins: vec![coin], ..WalletReport::default() };
    let snapshot = AccountSnapshot { wallet, ..AccountSnapshot::default() };
    let answer = AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot)));
    orders.apply(&answer, stamp(0), &mut Vec::new());
    let provenance = Provenance { bot: Some(bot()), ..Provenance::default() };
    for sequence in 1..=count {
        orders.record(&Command::Submit(submit(sequence)), provenance, stamp(sequence));
        orders.apply(&report(sequence, price(10_000), 1), stamp(sequence), &mut Vec::new());
    }
    orders
}

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

/// Prints how much memory open orders take, and what a fill of each adds; nothing where the system does not say.
fn memory(_: &mut Criterion) {
    let Some(empty) = resident_kib() else { return };
    let mut orders = books(MANY);
    let with_orders = resident_kib().unwrap_or(empty);
    let mut effects = Vec::new();
    for number in 1..=MANY {
        orders.apply(&fill(number, number), stamp(2_000_000), &mut effects);
        effects.clear();
    }
    let with_fills = resident_kib().unwrap_or(with_orders);
    black_box(&orders);
    println!(
        "memory of {MANY} open orders: {} KiB, of a fill of each: {} KiB more",
        with_orders - empty,
        with_fills - with_orders
    );
}

/// Resident memory of this process, KiB. Source: proc(5), `VmRSS`.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

// Memory first: what a process gives back stays with it.
criterion_group!(benches, memory, apply);
criterion_main!(benches);
