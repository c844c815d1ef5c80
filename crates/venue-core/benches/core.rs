//! Requests per second through the venue's core with 10, 1,000 and 100,000 orders of others on the book: an order that
//! trades at once, and one that rests and is cancelled.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rust_decimal::Decimal;
use windvane_venue_core::{
    AccountSetup, CancelOrder, Category, CreateOrder, Doubts, Fees, Instrument, MarketInput, OrderReference,
    Output, Request, RiskTier, Setup, Side, Venue,
};

const SYMBOL: &str = "BTCUSDT";
const UID: u64 = 1;
/// Orders in one measured batch; each batch starts from a fresh venue, so history does not grow without end.
const ORDERS: u64 = 1_000;
/// Orders of others on the book.
const RESTING: [u64; 3] = [10, 1_000, 100_000];
/// How many of them one account has.
const RESTING_EACH: u64 = 50;

/// A venue with `resting` bids of other accounts, below the outside book.
fn venue(resting: u64) -> Venue {
    let instrument = Instrument {
        category: Category::Linear,
        symbol: SYMBOL.into(),
        base_coin: "BTC".to_owned(),
        quote_coin: "USDT".to_owned(),
        launch_time_ms: 0,
        tick_size: Decimal::new(1, 1),
        min_price: Decimal::new(1, 1),
        max_price: Decimal::new(1_999_999, 0),
        qty_step: Decimal::new(1, 3),
        min_order_qty: Decimal::new(1, 3),
        max_order_qty: Decimal::new(1_000, 0),
        max_market_order_qty: Decimal::new(500, 0),
        min_notional: Decimal::new(5, 0),
        price_limit_ratio_x: Decimal::new(1, 2),
        price_limit_ratio_y: Decimal::new(2, 2),
        max_leverage: Decimal::new(100, 0),
        leverage_step: Decimal::new(1, 2),
        funding_interval_min: 480,
        funding_rate_cap: Decimal::new(5, 3),
        risk_tiers: vec![RiskTier {
            limit: Decimal::new(2_000_000, 0),
            maintenance_rate: Decimal::new(5, 3),
            max_leverage: Decimal::new(100, 0),
        }],
    };
    let fees = Fees { taker: Decimal::new(55, 5), maker: Decimal::new(2, 4) };
    let account = |uid| AccountSetup::usdt(uid, Decimal::new(1_000_000, 0), Decimal::TEN, fees);
    let others = resting.div_ceil(RESTING_EACH);
    let setup = Setup {
        instruments: vec![instrument],
        coins: vec![],
        accounts: (UID..=UID + others).map(account).collect(),
        doubts: Doubts::default(),
        seed: 1,
    };
    let mut venue = Venue::new(setup);
    let mut out = Vec::new();
    let mark = Some(Decimal::new(60_000, 0));
    let prices = MarketInput::Prices {
        category: Category::Linear,
        symbol: SYMBOL.to_owned(),
        mark,
        index: mark,
        last: mark,
    };
    let levels = |from: i64, step: i64| {
        (0..50).map(|level| (Decimal::new(from + step * level, 1), Decimal::new(100, 0))).collect()
    };
    let book = MarketInput::Book {
        category: Category::Linear,
        symbol: SYMBOL.to_owned(),
        bids: levels(599_999, -1),
        asks: levels(600_001, 1),
    };
    for input in [prices, book] {
        venue.apply_market(0, &input, &mut out).expect("a sensible market");
    }
    for number in 0..resting {
        let ticks = 580_000 + i64::try_from(number % 15_000).expect("few");
        let order = CreateOrder::limit(SYMBOL, Side::Buy, Decimal::new(1, 3), Decimal::new(ticks, 1));
        let uid = UID + 1 + number / RESTING_EACH;
        venue.apply_request(1, uid, &Request::Create(order), &mut out).expect("the accounts are rich");
        out.clear();
    }
    venue
}

fn send(venue: &mut Venue, request: &Request, out: &mut Vec<Output>) {
    out.clear();
    venue.apply_request(1, UID, request, out).expect("the account is rich");
}

fn matched(venue: &mut Venue) {
    let order = |side| Request::Create(CreateOrder::market(SYMBOL, side, Decimal::new(1, 3)));
    let (buy, sell) = (order(Side::Buy), order(Side::Sell));
    let mut out = Vec::new();
    for number in 0..ORDERS {
        send(venue, if number % 2 == 0 { &buy } else { &sell }, &mut out);
    }
}

fn cancelled(venue: &mut Venue) {
    let order = CreateOrder::limit(SYMBOL, Side::Buy, Decimal::new(1, 3), Decimal::new(599_000, 1));
    let mut out = Vec::new();
    for number in 0..ORDERS {
        let name = Some(number.to_string());
        let create = CreateOrder { order_link_id: name.clone(), ..order.clone() };
        send(venue, &Request::Create(create), &mut out);
        let cancel = CancelOrder {
            category: Category::Linear,
            symbol: SYMBOL.to_owned(),
            order: OrderReference { order_id: None, order_link_id: name },
            kind: None,
        };
        send(venue, &Request::Cancel(cancel), &mut out);
    }
}

fn orders(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core");
    group.sample_size(10);
    for resting in RESTING {
        group.throughput(Throughput::Elements(ORDERS));
        group.bench_function(format!("place_and_match/{resting}"), |bencher| {
            bencher.iter_batched_ref(|| venue(resting), matched, BatchSize::PerIteration);
        });
        group.throughput(Throughput::Elements(2 * ORDERS));
        group.bench_function(format!("place_and_cancel/{resting}"), |bencher| {
            bencher.iter_batched_ref(|| venue(resting), cancelled, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, orders);
criterion_main!(benches);
