//! What the check of one order costs as the account fills: by open orders, and by contracts held.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rust_decimal::Decimal;
use std::hint::black_box;
use windvane_model::{
    BotName, BotTag, Coin, Epoch, FeeRates, IdGrammar, InstallTag, Instrument, InstrumentStatus, Intent,
    Leverage, MarketTime, Money, Notional, OrderKind, Place, PositionIndex, Price, Qty, Rate, Reference,
    RiskTier, Role, RunState, Side, Stamp, Symbol, Tag, TimeInForce, Triggers, WallTime,
};
use windvane_risk::{
    Ask, Context, Exposure, OrderExposure, Ownership, PositionExposure, Quotes, Risk, RiskLimits,
};

const INDEX: PositionIndex = PositionIndex(0);
const NOW: Stamp = Stamp { sequence: 1, wall: WallTime(1_000_000_000), market: MarketTime(1_000) };

const LIMITS: &str = r#"
margin_mode = "cross"
max_order_notional = "1000000 USDT"
min_order_notional = "1 USDT"
max_position_notional = "1000000000 USDT"
max_gross_exposure = "1000000000 USDT"
max_leverage = "100x"
max_open_orders = 1000000
max_order_rate_short = "100000 per 1ms"
max_order_rate_long = "100000 per 2ms"
price_collar = "10%"
book_collar = "10%"
max_loss_per_day = "1000000 USDT"
max_loss_per_week = "10000000 USDT"
require_stop_on_entry = false
stale_after = "1h"
min_liquidation_distance = "1%"
max_adl_rank = 4
max_margin_error = "1%"
max_clock_uncertainty = "500ms"
max_clock_step = "100ms"
max_journal_lag = "250ms"
crossed_book_pause = "2s"
max_error_rate = "1000 per 1m"
cool_down_after_stop = "1ms"
max_losing_streak = 1000000
losing_streak_pause = "1ms"
drawdown = { yellow = "80%", orange = "90%", red = "100%", persists_for = "1m" }
"#;

fn dec(text: &str) -> Decimal {
    text.parse().expect("a number in a constant of this file")
}

fn price(text: &str) -> Price {
    Price::new(dec(text)).expect("a price in a constant of this file")
}

fn qty(text: &str) -> Qty {
    Qty::new(dec(text)).expect("a quantity in a constant of this file")
}

fn bot() -> BotName {
    BotName::new("trend").expect("five letters")
}

fn symbol(number: usize) -> Symbol {
    Symbol::new(&format!("C{number}USDT")).expect("a short name")
}

fn leverage(times: &str) -> Leverage {
    Leverage::new(dec(times)).expect("a leverage in a constant of this file")
}

/// As many tiers as the exchange has for its largest contract.
fn instrument(symbol: Symbol) -> Instrument {
    let tiers = (1..=20)
        .map(|number| RiskTier {
            limit: Notional::new(Decimal::from(number * 2_000_000)).expect("an amount"),
            maintenance_rate: Rate::new(Decimal::new(4 + number, 3)),
            initial_rate: Rate::new(Decimal::new(1, 2)),
            max_leverage: leverage("100"),
            maintenance_deduction: Notional::ZERO,
        })
        .collect();
    Instrument {
        symbol,
        settle_coin: Coin::new("USDT").expect("four letters"),
        status: InstrumentStatus::Trading,
        tick_size: price("0.1"),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("100"),
        min_notional: Notional::new(dec("5")).expect("an amount"),
        max_leverage: leverage("100"),
        price_limit_ratio_x: Rate::new(dec("0.01")),
        price_limit_ratio_y: Rate::new(dec("0.02")),
        funding_interval_minutes: 480,
        tiers,
    }
}

/// An account with a position in each of its contracts and its orders spread over them.
struct Account {
    risk: Risk,
    exposure: Exposure,
    quotes: Quotes,
    /// Moves on by a microsecond with each check, so that the limits on the rate of orders are met like any other.
    now: Stamp,
}

impl Account {
    fn new(contracts: usize, orders: usize) -> Self {
        let limits: RiskLimits = toml::from_str(LIMITS).expect("the limits above");
        let claims = (0..contracts).map(|number| (symbol(number), INDEX, bot()));
        let mut risk = Risk::new(limits, Ownership::new(claims).expect("one bot"));
        risk.set_run_state(RunState::Active);
        let (mut exposure, mut quotes) = (Exposure::default(), Quotes::default());
        exposure.set_wallet(Money::new(dec("100000000")));
        let fees = FeeRates { taker: Rate::new(dec("0.00055")), maker: Rate::new(dec("0.0002")) };
        for symbol in (0..contracts).map(symbol) {
            exposure.set_reference(&Reference {
                instruments: vec![instrument(symbol)],
                fees: vec![(symbol, fees)],
            });
            exposure.set_mark(symbol, price("30000.1"));
            quotes.set_mark(symbol, price("30000.1"), NOW.wall);
            quotes.set_touch(symbol, Some(price("30000")), Some(price("30000.1")), NOW.wall);
            exposure.set_position(PositionExposure {
                symbol,
                index: INDEX,
                side: Some(Side::Buy),
                qty: qty("0.5"),
                average_price: Some(price("29871.3")),
                leverage: Some(leverage("10")),
                added_margin: Money::ZERO,
                adl_rank: 0,
            });
        }
        for number in 0..orders {
            exposure.set_order(resting(symbol(number % contracts), number));
        }
        Self { risk, exposure, quotes, now: NOW }
    }

    fn check(&mut self, intent: &Intent) {
        let ask = Ask { bot: bot(), intent, existing: None };
        let context = Context {
            exposure: &self.exposure,
            quotes: &self.quotes,
            stamp: self.now,
            symbol_in_doubt: false,
        };
        black_box(self.risk.check(&ask, &context)).expect("the account is rich");
        self.now.wall.0 += 1_000;
    }
}

fn resting(symbol: Symbol, number: usize) -> OrderExposure {
    let (install, sequence) = (InstallTag::from_seed(1), u64::try_from(number).expect("a small number"));
    let id = IdGrammar { install, bot: BotTag::of(&bot()), role: Role::Level, epoch: Epoch(1), sequence };
    let away = Decimal::new(i64::try_from(number % 500).expect("below 500"), 1);
    // On its own side of the book: an order that met one of these would be denied as a trade with oneself.
    let (side, price) = match number.is_multiple_of(2) {
        true => (Side::Buy, dec("30000") - away),
        false => (Side::Sell, dec("30000.1") + away),
    };
    OrderExposure {
        key: id.mint().into(),
        symbol,
        index: INDEX,
        side,
        leaves_qty: qty("0.01"),
        price: Price::new(price).expect("a price"),
        reduce_only: false,
        is_market: false,
        is_confirmed: true,
    }
}

fn entry() -> Intent {
    Intent::Place(Place {
        tag: Tag(1),
        symbol: symbol(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: qty("0.123"),
        kind: OrderKind::Limit { price: price("29999.9"), time_in_force: TimeInForce::Gtc },
        reduce_only: false,
        stop_loss: Some(price("29000")),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    })
}

fn checks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("risk_check");
    let intent = entry();
    for (contracts, orders) in [(1, 10), (10, 10), (100, 10), (100, 1_000), (100, 10_000)] {
        let mut account = Account::new(contracts, orders);
        let id = BenchmarkId::from_parameter(format!("{contracts}_contracts_{orders}_orders"));
        group.bench_function(id, |bencher| bencher.iter(|| account.check(&intent)));
    }
    group.finish();
}

/// The other half of the price: what keeps the sums when an order, a position or a mark changes.
fn changes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("risk_change");
    let mut account = Account::new(100, 10_000);
    let rows = [resting(symbol(0), 10_000), resting(symbol(0), 10_000)]
        .map(|row| OrderExposure { price: price("29000"), ..row });
    let rows = [rows[0], OrderExposure { leaves_qty: qty("0.02"), ..rows[1] }];
    let mut turn = 0;
    group.bench_function("order", |bencher| {
        bencher.iter(|| {
            turn += 1;
            account.exposure.set_order(rows[turn % 2]);
        });
    });
    let marks = [price("30000.1"), price("30000.2")];
    group.bench_function("mark", |bencher| {
        bencher.iter(|| {
            turn += 1;
            account.exposure.set_mark(symbol(0), marks[turn % 2]);
        });
    });
    group.finish();
}

criterion_group!(benches, checks, changes);
criterion_main!(benches);
