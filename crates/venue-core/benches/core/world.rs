//! The venue that is measured: one contract at 60 000, an outside book of 50 levels, and accounts that are rich.

use rust_decimal::Decimal;
use windvane_venue_core::{
    AccountSetup, Audience, CancelOrder, Category, CreateOrder, Doubts, Fees, Instrument, MarketInput,
    OrderReference, PublicAudience, Request, RiskTier, Setup, Side, Uid, Venue,
};

pub(super) const SYMBOL: &str = "BTCUSDT";
/// The account that is measured.
pub(super) const UID: Uid = 1;
/// How many of the resting orders one account has.
const RESTING_EACH: u64 = 50;
/// A bar lasts a minute.
const BAR_MS: i64 = 60_000;

fn instrument() -> Instrument {
    Instrument {
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
    }
}

/// A market and accounts from [`UID`] on.
pub(super) fn with_accounts(accounts: u64) -> Venue {
    let fees = Fees { taker: Decimal::new(55, 5), maker: Decimal::new(2, 4) };
    let account = |uid| AccountSetup::usdt(uid, Decimal::new(1_000_000, 0), Decimal::TEN, fees);
    let mut venue = Venue::new(Setup {
        instruments: vec![instrument()],
        coins: vec![],
        accounts: (UID..UID + accounts).map(account).collect(),
        doubts: Doubts::default(),
        seed: 1,
    });
    for input in [prices(600_000), book(600_000, 50)] {
        venue.apply_market(0, &input, &mut Vec::new()).expect("a sensible market");
    }
    venue
}

/// The same with `resting` bids of others below the outside book, and rows made for nobody or for all.
pub(super) fn venue(resting: u64, is_heard: bool) -> Venue {
    let others = resting.div_ceil(RESTING_EACH);
    let mut venue = with_accounts(1 + others);
    if !is_heard {
        venue.listen_public(PublicAudience::NOTHING);
        for uid in UID..=UID + others {
            venue.listen(uid, Audience::NOTHING).expect("an account of the venue");
        }
    }
    let mut out = Vec::new();
    for number in 0..resting {
        let request = Request::Create(bid(Side::Buy, number));
        let uid = UID + 1 + number / RESTING_EACH;
        venue.apply_request(1, uid, &request, &mut out).expect("the accounts are rich");
        out.clear();
    }
    venue
}

/// An order that rests, on one of 15,000 prices.
pub(super) fn bid(side: Side, number: u64) -> CreateOrder {
    let ticks = 580_000 + i64::try_from(number % 15_000).expect("few");
    CreateOrder::limit(SYMBOL, side, Decimal::new(1, 3), Decimal::new(ticks, 1))
}

pub(super) fn cancel(order_link_id: String) -> Request {
    Request::Cancel(CancelOrder {
        category: Category::Linear,
        symbol: SYMBOL.to_owned(),
        order: OrderReference { order_id: None, order_link_id: Some(order_link_id) },
        kind: None,
    })
}

/// All three prices at a tick.
fn prices(tick: i64) -> MarketInput {
    let price = Some(Decimal::new(tick, 1));
    MarketInput::Prices {
        category: Category::Linear,
        symbol: SYMBOL.to_owned(),
        mark: price,
        index: price,
        last: price,
    }
}

/// Levels of 100 BTC a tick apart on both sides of a price.
fn book(tick: i64, depth: i64) -> MarketInput {
    let levels = |from: i64, step: i64| {
        (0..depth).map(|level| (Decimal::new(from + step * level, 1), Decimal::new(100, 0))).collect()
    };
    MarketInput::Book {
        category: Category::Linear,
        symbol: SYMBOL.to_owned(),
        bids: levels(tick - 1, -1),
        asks: levels(tick + 1, 1),
    }
}

/// What a bar of a backtest brings: a book of one level and the three prices.
pub(super) fn bar(number: u64) -> [MarketInput; 2] {
    let tick = 600_000 + i64::try_from(number % 100).expect("few");
    [book(tick, 1), prices(tick)]
}

pub(super) fn bar_ms(number: u64) -> i64 {
    i64::try_from(number).expect("few") * BAR_MS
}
