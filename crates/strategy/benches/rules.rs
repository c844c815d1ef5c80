//! What a rule bot costs: per confirmed bar, and per book update with and without a position.
//!
//! `cargo bench -p windvane-strategy`

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rust_decimal::Decimal;
use windvane_market::Market;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, Coin, Fixed, Instrument, InstrumentStatus, Interval,
    Leverage, MarketEvent, MarketTime, Money, Notional, Price, Qty, Rate, Side, Stamp, Symbol, Ticker,
    WallTime,
};
use windvane_strategy::{Context, Definition, Holding, Means, RuleBot, Strategy, Wake, load};

const RULES: &str = include_str!("../../../strategies/trend.toml");

/// Means that do not change.
#[derive(Debug)]
struct Purse(Money);

impl Means for Purse {
    fn equity(&self) -> Money {
        self.0
    }

    fn available(&self) -> Money {
        self.0
    }

    fn open_positions(&self) -> u32 {
        0
    }
}

static PURSE: Purse = Purse(Money::new(Decimal::ONE_THOUSAND));

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    Price::new(decimal(text)).unwrap()
}

fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

fn instrument() -> Instrument {
    let qty = |text: &str| Qty::new(decimal(text)).unwrap();
    Instrument {
        symbol: symbol(),
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price("0.1"),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("100"),
        min_notional: Notional::new(decimal("5")).unwrap(),
        max_leverage: Leverage::new(decimal("100")).unwrap(),
        price_limit_ratio_x: Rate::new(decimal("0.01")),
        price_limit_ratio_y: Rate::new(decimal("0.02")),
        funding_interval_minutes: 480,
        tiers: vec![],
    }
}

fn market() -> Market {
    let mut market = Market::new(10);
    let level = |price: &str| {
        vec![BookLevel { price: Fixed::parse(price).unwrap(), size: Fixed::parse("1").unwrap() }]
    };
    let (symbol, at) = (symbol(), MarketTime(0));
    let book = BookUpdate {
        symbol,
        at,
        kind: BookUpdateKind::Snapshot,
        update_id: 1,
        sequence: 1,
        bids: level("100000"),
        asks: level("100000.1"),
    };
    let ticker = Ticker {
        symbol,
        at,
        last: Some(price("100000")),
        mark: Some(price("100000")),
        index: Some(price("100000")),
        funding_rate: Some(Rate::new(decimal("0.0001"))),
        next_funding: None,
        open_interest: None,
    };
    market.apply(&MarketEvent::Book(book), Stamp::default());
    market.apply(&MarketEvent::Ticker(ticker), Stamp::default());
    market
}

/// Bars of a price that wanders up and down, so that averages cross now and then.
fn bars() -> Vec<Candle> {
    (0..4_000_i64)
        .map(|bar| {
            let close = price(&(100_000 + (bar * 37) % 900 - (bar * 11) % 700).to_string());
            Candle {
                symbol: symbol(),
                at: MarketTime(0),
                interval: Interval::M5,
                start: MarketTime(bar * Interval::M5.millis()),
                open: close,
                high: Price::new(close.get() + Decimal::TEN).unwrap(),
                low: Price::new(close.get() - Decimal::TEN).unwrap(),
                close,
                volume: Decimal::TEN,
                is_confirmed: true,
                is_warm_up: false,
            }
        })
        .collect()
}

fn context<'a>(instrument: &'a Instrument, markets: &'a Market, holding: Holding) -> Context<'a> {
    Context {
        instrument,
        market: markets.contract(symbol()).unwrap(),
        markets,
        holding,
        orders: &[],
        adopted: &[],
        means: &PURSE,
        now: MarketTime(0),
        wall: WallTime(0),
    }
}

fn bot() -> Box<dyn Strategy> {
    load("trend.toml", RULES, &BTreeMap::new()).unwrap().bot()
}

/// The same without the why-ledger.
fn silent() -> Box<dyn Strategy> {
    match load("trend.toml", RULES, &BTreeMap::new()).unwrap() {
        Definition::Rules(rules) => Box::new(RuleBot::new(*rules).without_ledger()),
        other => other.bot(),
    }
}

/// A bar after the other, for a bot that has seen all of them.
fn each_bar(
    criterion: &mut Criterion,
    name: &str,
    mut warm: Box<dyn Strategy>,
    context: &Context<'_>,
    bars: &[Candle],
) {
    let mut out = Vec::new();
    for bar in bars {
        warm.handle(Wake::Candle(&Candle { is_warm_up: true, ..*bar }), context, &mut out);
    }
    let mut now = bars.len();
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let bar = bars[now % bars.len()];
            let start = MarketTime(bar.interval.millis() * i64::try_from(now).unwrap());
            now += 1;
            warm.handle(Wake::Candle(black_box(&Candle { start, ..bar })), context, &mut out);
            out.clear();
        });
    });
}

fn rules(criterion: &mut Criterion) {
    let (instrument, market, bars) = (instrument(), market(), bars());
    let flat = context(&instrument, &market, Holding::default());
    let long = Holding {
        side: Some(Side::Buy),
        qty: Qty::new(Decimal::ONE).unwrap(),
        average_price: Some(price("100000")),
    };
    let long = context(&instrument, &market, long);
    let mut out = Vec::new();

    each_bar(criterion, "rules/bar", bot(), &flat, &bars);
    each_bar(criterion, "rules/bar_without_ledger", silent(), &flat, &bars);
    each_bar(criterion, "rules/bar_in_position", bot(), &long, &bars);
    each_bar(criterion, "rules/bar_in_position_without_ledger", silent(), &long, &bars);
    for (name, context) in [("rules/book_flat", flat), ("rules/book_in_position", long)] {
        let mut bot = bot();
        for bar in &bars {
            bot.handle(Wake::Candle(&Candle { is_warm_up: true, ..*bar }), &context, &mut out);
        }
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                bot.handle(Wake::Book, black_box(&context), &mut out);
                out.clear();
            });
        });
    }
    criterion.bench_function("rules/load", |bencher| {
        bencher.iter(|| load("trend.toml", black_box(RULES), &BTreeMap::new()).unwrap());
    });
}

criterion_group!(benches, rules);
criterion_main!(benches);
