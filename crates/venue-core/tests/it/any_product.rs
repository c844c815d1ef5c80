//! Random days over all products at once: linear in two settle coins, inverse and spot; one-way, hedged and isolated
//! accounts, some of them poor. What holds is looked at after every step. (Debug builds also check each verdict that is
//! given by bounds of margin against the exact one.)

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

/// Cross and one-way, cross and hedged, isolated, and cross with little.
const UIDS: [Uid; 4] = [ME, OTHER, 3, 4];
const COINS: [&str; 3] = ["USDT", "USDC", "BTC"];

/// A market of the test. Prices in steps around the middle.
#[derive(Clone, Copy, Debug)]
struct Listing {
    category: Category,
    symbol: &'static str,
    base: &'static str,
    quote: &'static str,
    middle: i64,
    lot: &'static str,
}

const fn listing(
    category: Category,
    symbol: &'static str,
    [base, quote]: [&'static str; 2],
    middle: i64,
    lot: &'static str,
) -> Listing {
    Listing { category, symbol, base, quote, middle, lot }
}

const LISTINGS: [Listing; 4] = [
    listing(Category::Linear, "BTCUSDT", ["BTC", "USDT"], 60_000, "0.001"),
    listing(Category::Linear, "ETHPERP", ["ETH", "USDC"], 3_000, "0.01"),
    listing(Category::Inverse, "BTCUSD", ["BTC", "USD"], 60_000, "10"),
    listing(Category::Spot, "BTCUSDT", ["BTC", "USDT"], 60_000, "0.001"),
];

impl Listing {
    /// A hundredth of a per cent off the middle for each step.
    fn price(self, steps: i64) -> Decimal {
        Decimal::new(self.middle * (10_000 + steps), 4).trunc_with_scale(1)
    }

    fn qty(self, lots: i64) -> Decimal {
        dec(self.lot) * Decimal::from(lots)
    }

    fn instrument(self) -> Instrument {
        let tier = |limit: &str, rate: &str, leverage: &str| RiskTier {
            limit: dec(limit),
            maintenance_rate: dec(rate),
            max_leverage: dec(leverage),
        };
        Instrument {
            category: self.category,
            symbol: self.symbol.into(),
            base_coin: self.base.to_owned(),
            quote_coin: self.quote.to_owned(),
            qty_step: dec(self.lot),
            min_order_qty: dec(self.lot),
            max_order_qty: dec("1000000"),
            max_market_order_qty: dec("1000000"),
            risk_tiers: match self.category {
                Category::Spot => vec![],
                Category::Inverse => vec![tier("150", "0.005", "100"), tier("300", "0.01", "50")],
                Category::Linear => vec![tier("50000", "0.005", "100"), tier("600000", "0.02", "20")],
            },
            ..setup().instruments[0].clone()
        }
    }
}

fn venue(doubts: Doubts) -> Desk {
    let account = |uid, balances: [&str; 3], margin_mode| AccountSetup {
        balances: COINS
            .into_iter()
            .zip(balances)
            .map(|(coin, amount)| (coin.to_owned(), dec(amount)))
            .collect(),
        margin_mode,
        ..AccountSetup { uid, ..setup().accounts[0].clone() }
    };
    let tier = |up_to: Option<&str>, ratio: &str| CollateralTier { up_to: up_to.map(dec), ratio: dec(ratio) };
    let mut desk = Desk::bare(Setup {
        instruments: LISTINGS.map(Listing::instrument).to_vec(),
        coins: vec![CoinSetup {
            coin: "BTC".to_owned(),
            collateral: vec![tier(Some("0.5"), "0.95"), tier(None, "0.8")],
        }],
        accounts: vec![
            account(UIDS[0], ["10000", "5000", "0.5"], MarginMode::Cross),
            account(UIDS[1], ["10000", "5000", "0"], MarginMode::Cross),
            account(UIDS[2], ["10000", "5000", "0.5"], MarginMode::Isolated),
            account(UIDS[3], ["900", "100", "0.01"], MarginMode::Cross),
        ],
        doubts,
        seed: 3,
    });
    for listing in LISTINGS {
        desk.reference(listing.category, listing.symbol, Some(listing.price(0)));
        for input in market_inputs(&Step::Book { listing, steps: -1, spread: 2, lots: 2_000 }) {
            desk.market(input);
        }
    }
    let hedge = SwitchMode { symbol: None, coin: Some("USDT".into()), mode: PositionMode::Hedge };
    desk.request(UIDS[1], Request::SwitchMode(hedge)).expect("flat");
    desk
}

#[derive(Clone, Debug)]
enum Step {
    Create { uid: Uid, listing: Listing, order: Sketch },
    Cancel { uid: Uid, pick: usize },
    CancelAll { uid: Uid, category: Category, kind: Option<OrderKind> },
    Amend { uid: Uid, pick: usize, lots: i64, steps: i64 },
    TradingStop { uid: Uid, listing: Listing, stop: i64, profit: i64, lots: i64, is_partial: bool },
    Leverage { uid: Uid, listing: Listing, leverage: i64 },
    Transfer { uid: Uid, coin: &'static str, cents: i64 },
    Book { listing: Listing, steps: i64, spread: i64, lots: i64 },
    Trade { listing: Listing, side: Side, steps: i64, lots: i64 },
    Prices { listing: Listing, steps: i64 },
    Funding { listing: Listing, rate: i64 },
    Event { listing: Listing, event: Event, uid: Option<Uid>, steps: i64 },
}

/// What the exchange does, if it can be done.
#[derive(Clone, Copy, Debug)]
enum Event {
    Liquidation,
    Deleveraging,
    Announcement,
    Delisting,
    TickSize,
}

/// What of an order is left to chance.
#[derive(Clone, Copy, Debug)]
struct Sketch {
    side: Side,
    lots: i64,
    steps: i64,
    is_market: bool,
    time_in_force: TimeInForce,
    reduce_only: bool,
    triggers_at: Option<i64>,
    stop_at: Option<i64>,
    profit_at: Option<i64>,
    is_partial: bool,
    /// Spot, conditional: whether it holds its funds while it waits.
    is_tpsl: bool,
    book_price: Option<BookPrice>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let time_in_force = prop_oneof![
        3 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok),
        1 => Just(TimeInForce::PostOnly)
    ];
    let now_and_then = |range: std::ops::Range<i64>| prop_oneof![5 => Just(None), 1 => range.prop_map(Some)];
    let book_side = prop_oneof![Just(BookSide::Queue), Just(BookSide::Counterparty)];
    let book_price = (book_side, 1..5_usize).prop_map(|(side, level)| BookPrice { side, level });
    let book_price = prop_oneof![9 => Just(None), 1 => book_price.prop_map(Some)];
    (
        prop_oneof![Just(Side::Buy), Just(Side::Sell)],
        1..700_i64,
        -60..60_i64,
        any::<bool>(),
        time_in_force,
        prop::bool::weighted(0.2),
        (now_and_then(-80..80), now_and_then(1..90), now_and_then(1..90)),
        (any::<bool>(), any::<bool>(), book_price),
    )
        .prop_map(|(side, lots, steps, is_market, time_in_force, reduce_only, prices, kinds)| {
            let ((triggers_at, stop_at, profit_at), (is_partial, is_tpsl, book_price)) = (prices, kinds);
            Sketch {
                side,
                lots,
                steps,
                is_market,
                time_in_force,
                reduce_only,
                triggers_at,
                stop_at,
                profit_at,
                is_partial,
                is_tpsl,
                book_price,
            }
        })
}

fn step() -> impl Strategy<Value = Step> {
    let uid = || prop::sample::select(&UIDS[..]);
    let listing = || prop::sample::select(&LISTINGS[..]);
    let side = || prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        8 => (uid(), listing(), sketch()).prop_map(|(uid, listing, order)| Step::Create { uid, listing, order }),
        2 => (uid(), 0..8_usize).prop_map(|(uid, pick)| Step::Cancel { uid, pick }),
        2 => (uid(), 0..8_usize, 1..300_i64, -60..60_i64)
            .prop_map(|(uid, pick, lots, steps)| Step::Amend { uid, pick, lots, steps }),
        1 => (uid(), prop::sample::select(&Category::ALL[..]), prop_oneof![
                Just(None), Just(Some(OrderKind::Order)), Just(Some(OrderKind::StopOrder)),
                Just(Some(OrderKind::TpslOrder)), Just(Some(OrderKind::BidirectionalTpslOrder))])
            .prop_map(|(uid, category, kind)| Step::CancelAll { uid, category, kind }),
        1 => (uid(), listing(), 1..90_i64, 1..90_i64, 1..200_i64, any::<bool>())
            .prop_map(|(uid, listing, stop, profit, lots, is_partial)| {
                Step::TradingStop { uid, listing, stop, profit, lots, is_partial }
            }),
        1 => (uid(), listing(), 1..60_i64)
            .prop_map(|(uid, listing, leverage)| Step::Leverage { uid, listing, leverage }),
        1 => (uid(), prop::sample::select(&COINS[..]), -500_000..500_000_i64)
            .prop_map(|(uid, coin, cents)| Step::Transfer { uid, coin, cents }),
        3 => (listing(), -60..60_i64, 1..10_i64, 1..900_i64)
            .prop_map(|(listing, steps, spread, lots)| Step::Book { listing, steps, spread, lots }),
        1 => (listing(), side(), -60..60_i64, 1..900_i64)
            .prop_map(|(listing, side, steps, lots)| Step::Trade { listing, side, steps, lots }),
        3 => (listing(), -90..90_i64).prop_map(|(listing, steps)| Step::Prices { listing, steps }),
        // Far enough to liquidate.
        2 => (listing(), -3_500..3_500_i64).prop_map(|(listing, steps)| Step::Prices { listing, steps }),
        1 => (listing(), -20..20_i64).prop_map(|(listing, rate)| Step::Funding { listing, rate }),
        1 => (listing(), event(), prop::option::of(uid()), -60..60_i64)
            .prop_map(|(listing, event, uid, steps)| Step::Event { listing, event, uid, steps }),
    ]
}

/// Delistings are rare, since nothing happens after them.
fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Liquidation),
        4 => Just(Event::Deleveraging),
        1 => Just(Event::Announcement),
        1 => Just(Event::Delisting),
        1 => Just(Event::TickSize),
    ]
}

fn event_input(listing: Listing, event: Event, uid: Option<Uid>, steps: i64) -> MarketInput {
    let (category, symbol) = (listing.category, listing.symbol.to_owned());
    let price = Some(listing.price(steps)).filter(|_| steps % 2 == 0);
    match event {
        Event::Liquidation => MarketInput::Liquidate { category, symbol, uid },
        Event::Deleveraging => {
            let qty = price.map(|_| listing.qty(40 + steps.abs()));
            MarketInput::Deleverage { category, symbol, uid, price, qty }
        }
        Event::Announcement => MarketInput::AnnounceDelisting { category, symbol, delivery_ms: steps },
        Event::Delisting => MarketInput::Delist { category, symbol, price },
        Event::TickSize => {
            let tick_size = listing.instrument().tick_size * Decimal::TWO;
            MarketInput::ChangeTickSize { category, symbol, tick_size }
        }
    }
}

fn order_of(uid: Uid, listing: Listing, sketch: Sketch) -> CreateOrder {
    let is_spot = listing.category == Category::Spot;
    let is_hedged = uid == UIDS[1] && listing.category == Category::Linear && listing.quote == "USDT";
    let limit = CreateOrder::limit(
        listing.symbol,
        sketch.side,
        listing.qty(sketch.lots),
        listing.price(sketch.steps),
    );
    let lossy = if sketch.side == Side::Buy { -1 } else { 1 };
    let stop = |steps: i64| {
        ProtectionPrice::market(listing.price(sketch.steps + lossy * steps), TriggerBy::MarkPrice)
    };
    let profit = |steps: i64| ProtectionPrice {
        limit_price: sketch.is_partial.then(|| listing.price(sketch.steps - lossy * (steps + 5))),
        ..ProtectionPrice::market(listing.price(sketch.steps - lossy * steps), TriggerBy::LastPrice)
    };
    // Spot takes stops with plain limit orders only, contracts with whatever may open.
    let takes_stops =
        if is_spot { !sketch.is_market && sketch.triggers_at.is_none() } else { !sketch.reduce_only };
    CreateOrder {
        category: listing.category,
        book_price: sketch.book_price.filter(|_| !sketch.is_market && sketch.triggers_at.is_none()),
        kind: sketch
            .triggers_at
            .filter(|_| is_spot)
            .map(|_| if sketch.is_tpsl { OrderKind::TpslOrder } else { OrderKind::StopOrder }),
        tpsl_mode: sketch.is_partial.then_some(TpslMode::Partial),
        order_type: if sketch.is_market { OrderType::Market } else { OrderType::Limit },
        time_in_force: sketch.time_in_force,
        reduce_only: sketch.reduce_only && !is_spot,
        market_unit: is_spot.then_some(MarketUnit::BaseCoin),
        position_idx: match (is_hedged, sketch.side) {
            (false, _) => PositionIdx::OneWay,
            (true, Side::Buy) if sketch.reduce_only => PositionIdx::Short,
            (true, Side::Sell) if sketch.reduce_only => PositionIdx::Long,
            (true, Side::Buy) => PositionIdx::Long,
            (true, Side::Sell) => PositionIdx::Short,
        },
        trigger: sketch.triggers_at.map(|steps| TriggerSpec {
            price: listing.price(steps),
            direction: None,
            by: TriggerBy::LastPrice,
        }),
        stop_loss: sketch.stop_at.filter(|_| takes_stops).map(stop),
        take_profit: sketch.profit_at.filter(|_| takes_stops).map(profit),
        ..limit
    }
}

/// Runs a step and says how many requests it made.
fn run(desk: &mut Desk, step: &Step) -> u64 {
    let request = match *step {
        Step::Create { uid, listing, order } => Some((uid, Request::Create(order_of(uid, listing, order)))),
        Step::Cancel { uid, pick } => desk.open_orders(uid).get(pick).map(|order| {
            let reference =
                OrderReference { order_id: Some(order.order_id.to_string()), order_link_id: None };
            let (category, symbol) = (order.category, order.symbol.to_string());
            (uid, Request::Cancel(CancelOrder { category, symbol, order: reference, kind: kind_of(order) }))
        }),
        Step::CancelAll { uid, category, kind } => {
            let settle_coin = match category {
                Category::Linear => Some("USDT".to_owned()),
                Category::Inverse => Some("BTC".to_owned()),
                Category::Spot => None,
            };
            Some((uid, Request::CancelAll(CancelAll { settle_coin, kind, ..CancelAll::of(category) })))
        }
        Step::TradingStop { uid, listing, stop, profit, lots, is_partial } => {
            let rows = desk.venue.positions_in(uid, listing.symbol);
            let held = rows.iter().find(|row| row.side.is_some() && row.category == listing.category);
            held.map(|row| {
                let lossy = if row.side == Some(Side::Buy) { -1 } else { 1 };
                let at = |steps| Some(ProtectionPrice::market(listing.price(steps), TriggerBy::LastPrice));
                let size = is_partial.then(|| listing.qty(lots));
                let request = TradingStop {
                    category: listing.category,
                    position_idx: row.position_idx,
                    mode: if is_partial { TpslMode::Partial } else { TpslMode::Full },
                    stop_loss: at(lossy * stop),
                    take_profit: at(-lossy * profit),
                    stop_loss_size: size,
                    take_profit_size: size,
                    trailing_stop: (!is_partial && lots % 3 == 0).then(|| Decimal::from(lots)),
                    ..TradingStop::full(listing.symbol)
                };
                (uid, Request::TradingStop(request))
            })
        }
        Step::Amend { uid, pick, lots, steps } => desk.open_orders(uid).get(pick).map(|order| {
            let reference =
                OrderReference { order_id: Some(order.order_id.to_string()), order_link_id: None };
            let listing = listing_of(order);
            let amend = AmendOrder {
                category: order.category,
                qty: Some(listing.qty(lots)),
                price: (order.order_type == OrderType::Limit).then(|| listing.price(steps)),
                ..AmendOrder::of(&order.symbol, reference)
            };
            (uid, Request::Amend(amend))
        }),
        Step::Leverage { uid, listing, leverage } => {
            let (buy_leverage, sell_leverage) = (Decimal::from(leverage), Decimal::from(leverage));
            let (category, symbol) = (listing.category, listing.symbol.to_owned());
            Some((uid, Request::SetLeverage(SetLeverage { category, symbol, buy_leverage, sell_leverage })))
        }
        Step::Transfer { uid, coin, cents } => {
            let scale = if coin == "BTC" { 7 } else { 2 };
            Some((uid, Request::Transfer { coin: coin.to_owned(), amount: Decimal::new(cents, scale) }))
        }
        Step::Book { .. }
        | Step::Trade { .. }
        | Step::Prices { .. }
        | Step::Funding { .. }
        | Step::Event { .. } => None,
    };
    if let Some((uid, request)) = request {
        drop(desk.request(uid, request));
        return 1;
    }
    for input in market_inputs(step) {
        desk.market(input);
    }
    if let Step::Event { listing, event, uid, steps } = *step {
        desk.try_market(&event_input(listing, event, uid, steps));
    }
    0
}

fn market_inputs(step: &Step) -> Vec<MarketInput> {
    let named = |listing: Listing| (listing.category, listing.symbol.to_owned());
    match *step {
        Step::Book { listing, steps, spread, lots } => {
            let levels = |from: i64, away: i64| {
                (0..3).map(|n| (listing.price(from + n * away), listing.qty(lots + n))).collect()
            };
            let (category, symbol) = named(listing);
            vec![MarketInput::Book {
                category,
                symbol,
                bids: levels(steps, -1),
                asks: levels(steps + spread, 1),
            }]
        }
        Step::Trade { listing, side, steps, lots } => {
            let (category, symbol) = named(listing);
            let (price, qty) = (listing.price(steps), listing.qty(lots));
            vec![MarketInput::Trade { category, symbol, side, price, qty }]
        }
        Step::Prices { listing, steps } => {
            let (category, symbol) = named(listing);
            let price = Some(listing.price(steps));
            let mark = price.filter(|_| category != Category::Spot);
            vec![MarketInput::Prices { category, symbol, mark, index: price, last: price }]
        }
        Step::Funding { listing, rate } if listing.category != Category::Spot => {
            let (category, symbol) = named(listing);
            let rate = Decimal::new(rate, 5);
            let announced =
                MarketInput::FundingRate { category, symbol: symbol.clone(), rate, next_funding_ms: 0 };
            vec![announced, MarketInput::SettleFunding { category, symbol }]
        }
        Step::Funding { .. }
        | Step::Event { .. }
        | Step::Create { .. }
        | Step::Cancel { .. }
        | Step::CancelAll { .. }
        | Step::Amend { .. }
        | Step::TradingStop { .. }
        | Step::Leverage { .. }
        | Step::Transfer { .. } => vec![],
    }
}

fn check_books(desk: &Desk) {
    for listing in LISTINGS {
        let book = desk.venue.book(listing.category, listing.symbol, 100).expect("listed");
        if let (Some((bid, _)), Some((ask, _))) = (book.bids.first(), book.asks.first()) {
            assert!(bid < ask, "{listing:?} crossed: {bid} and {ask}");
        }
        assert!(book.bids.iter().chain(&book.asks).all(|(_, size)| *size > Decimal::ZERO), "{book:?}");
    }
}

/// The balances are what the log says; what spot orders hold of them is there.
fn check_money(desk: &Desk, uid: Uid, started_with: &BTreeMap<(Uid, String), Decimal>) {
    let log = desk.venue.transactions(uid);
    let executions = desk.venue.executions(uid, ExecutionFilter::default());
    for coin in COINS {
        let changes = log.iter().filter(|row| &*row.currency == coin).map(|row| row.change);
        let start = started_with.get(&(uid, coin.to_owned())).copied().unwrap_or_default();
        let wallet = desk.venue.wallet(uid).expect("an account");
        let balance = wallet.coin(coin).map_or(Decimal::ZERO, |row| row.wallet_balance);
        assert_eq!(balance, start + changes.sum::<Decimal>(), "{coin} of {uid}");
        let last = log.iter().rfind(|row| &*row.currency == coin);
        assert!(last.is_none_or(|row| row.cash_balance == balance), "{coin} of {uid}");
        let paid = executions.iter().filter(|row| &*row.fee_currency == coin).map(|row| row.exec_fee);
        let logged = log.iter().filter(|row| &*row.currency == coin).map(|row| row.fee - row.funding);
        assert_eq!(paid.sum::<Decimal>(), logged.sum::<Decimal>(), "fees and funding in {coin} of {uid}");
    }
}

/// What no open order holds is not held.
fn check_holds(desk: &Desk, uid: Uid) {
    let open = desk.open_orders(uid);
    for row in desk.wallet(uid).coins {
        let coin_of = |order: &OrderRow| {
            let listing = listing_of(order);
            match (listing.category, order.side) {
                (Category::Linear, _) | (Category::Spot, Side::Buy) => listing.quote,
                (Category::Inverse, _) | (Category::Spot, Side::Sell) => listing.base,
            }
        };
        let of_coin = || open.iter().filter(|order| coin_of(order) == &*row.coin);
        let is_spot = |order: &&OrderRow| order.category == Category::Spot;
        assert!(of_coin().any(|order| is_spot(&order)) || row.locked.is_zero(), "{row:?}");
        let may_open = |order: &&OrderRow| !is_spot(order) && !order.reduce_only;
        assert!(of_coin().any(|order| may_open(&order)) || row.total_order_im.is_zero(), "{row:?}");
        let pairs = |order: &&OrderRow| is_pair(order);
        let mut paired: Vec<&OrderRow> = of_coin().filter(pairs).collect();
        paired.sort_by_key(|order| order.order_id.to_string());
        // Both of a pair are made one after the other, and end together.
        let of_pairs = paired.chunks(2).map(|pair| {
            let [one, other] = pair else { panic!("half a pair: {pair:?}") };
            assert_eq!((one.side, one.qty), (other.side, other.qty));
            held_by(one).max(held_by(other))
        });
        let alone = of_coin().filter(is_spot).filter(|order| !is_pair(order)).map(held_by);
        assert_eq!(row.locked, of_pairs.chain(alone).sum::<Decimal>(), "{} of {uid}", row.coin);
    }
}

fn is_pair(order: &OrderRow) -> bool {
    kind_of(order) == Some(OrderKind::BidirectionalTpslOrder)
}

/// The filter under which an open order is cancelled.
fn kind_of(order: &OrderRow) -> Option<OrderKind> {
    match order.stop_order_type.filter(|_| order.order_status == OrderStatus::Untriggered)? {
        StopOrderType::TpslOrder => Some(OrderKind::TpslOrder),
        StopOrderType::BidirectionalTpslOrder => Some(OrderKind::BidirectionalTpslOrder),
        _ => Some(OrderKind::StopOrder),
    }
}

/// What a spot order holds of the coin it pays with.
fn held_by(order: &OrderRow) -> Decimal {
    let price = match order.trigger {
        Some(trigger) if order.price.is_zero() => trigger.price,
        _ => order.price,
    };
    match (kind_of(order), order.side) {
        (Some(OrderKind::StopOrder), _) => Decimal::ZERO,
        (_, Side::Sell) => order.leaves_qty,
        (_, Side::Buy) => price * order.leaves_qty,
    }
}

fn listing_of(order: &OrderRow) -> Listing {
    let is_meant = |listing: &Listing| listing.category == order.category && listing.symbol == &*order.symbol;
    LISTINGS.into_iter().find(is_meant).expect("listed")
}

/// What was realised is what the rows of closed profit say and what has been paid besides.
fn check_closed(desk: &Desk, uid: Uid) {
    let log = desk.venue.transactions(uid);
    for coin in COINS {
        let of_coin = |symbol: &str, category: Category| {
            let listed = LISTINGS.iter().find(|of| of.category == category && of.symbol == symbol);
            listed.is_some_and(|of| coin == if category == Category::Linear { of.quote } else { of.base })
        };
        let rows = desk.venue.closed_pnl(uid);
        let rows = rows.iter().filter(|row| of_coin(&row.symbol, row.category));
        let told: Decimal = rows.map(|row| row.closed_pnl + row.open_fee + row.close_fee).sum();
        let held = desk.venue.positions(uid);
        // Where sessions have no rows, what they brought shows once it is closed.
        let outstanding = held.iter().filter(|row| of_coin(&row.symbol, row.category)).filter_map(|row| {
            let moved = row.session_avg_price? - row.avg_price;
            (desk.doubts.session_closed_pnl == SessionClosedPnl::AtClose).then(|| signed_row(row) * moved)
        });
        let outstanding: Decimal = outstanding.sum();
        let flows = log.iter().filter(|row| &*row.currency == coin && row.category != Some(Category::Spot));
        let flowed: Decimal = flows.filter(|row| row.category.is_some()).map(|row| row.cash_flow).sum();
        // Each increase may round an average by half of 1e-8 for what is held.
        let rounding = Decimal::new(1, 8) * Decimal::from(log.len()) * Decimal::from(1_000);
        let missing = flowed - told - outstanding;
        assert!(missing.abs() <= rounding, "{missing} {coin} of {uid} is in no row of closed profit");
    }
}

/// Orders and positions are what the fills say.
fn check_fills(desk: &Desk, uid: Uid) {
    let executions = desk.venue.executions(uid, ExecutionFilter::default());
    let is_settlement = |kind| matches!(kind, ExecutionType::Funding | ExecutionType::SessionSettlement);
    let fills = || executions.iter().filter(|row| !is_settlement(row.exec_type));
    let mut filled: BTreeMap<&str, Decimal> = BTreeMap::new();
    for row in fills() {
        *filled.entry(&row.order_id).or_default() += row.exec_qty;
    }
    let closed: Vec<_> = desk.venue.closed_orders(uid, OrderFilter::default()).collect();
    assert!(closed.iter().all(|order| order.order_status.is_closed()));
    for order in closed.iter().chain(&desk.open_orders(uid)) {
        assert_eq!(
            filled.get(&*order.order_id).copied().unwrap_or_default(),
            order.cum_exec_qty,
            "{order:?}"
        );
        assert!(order.cum_exec_qty <= order.qty, "{order:?}");
    }
    for listing in LISTINGS.into_iter().filter(|listing| listing.category != Category::Spot) {
        let of_market =
            fills().filter(|row| row.category == listing.category && &*row.symbol == listing.symbol);
        let bought: Decimal = of_market.map(signed_fill).sum();
        let rows = desk.venue.positions_in(uid, listing.symbol);
        let held: Decimal = rows.iter().map(signed_row).sum();
        assert_eq!(held, bought, "{listing:?} of {uid}");
    }
}

fn signed_fill(row: &ExecutionRow) -> Decimal {
    if row.side == Side::Sell { -row.exec_qty } else { row.exec_qty }
}

fn signed_row(row: &PositionRow) -> Decimal {
    if row.side == Some(Side::Sell) { -row.size } else { row.size }
}

fn check_open_interest(desk: &Desk) {
    for listing in LISTINGS.into_iter().filter(|listing| listing.category != Category::Spot) {
        let rows = UIDS.into_iter().flat_map(|uid| desk.venue.positions_in(uid, listing.symbol));
        let longs: Decimal = rows.filter(|row| row.side == Some(Side::Buy)).map(|row| row.size).sum();
        let ticker = desk.venue.ticker(listing.category, listing.symbol).expect("listed");
        assert_eq!(ticker.open_interest, longs, "{listing:?}");
    }
}

/// Some other answers than the defaults.
fn doubts() -> impl Strategy<Value = Doubts> {
    prop::collection::vec((0..DOUBTS.len(), any::<prop::sample::Index>()), 0..6).prop_map(|picks| {
        let mut doubts = Doubts::default();
        for (question, choice) in picks {
            let doubt = &DOUBTS[question];
            let choice = doubt.choices[choice.index(doubt.choices.len())];
            doubts.set(doubt.name, choice).expect("a listed choice");
        }
        doubts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn books_orders_positions_and_money_agree_over_all_products(
        doubts in doubts(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut desk = venue(doubts);
        let mut started_with = BTreeMap::new();
        for uid in UIDS {
            for row in desk.wallet(uid).coins {
                started_with.insert((uid, row.coin.to_string()), row.wallet_balance);
            }
        }
        // The switch to hedge mode was a request, too.
        let mut asked = 1;
        for step in &steps {
            asked += run(&mut desk, step);
            check_books(&desk);
        }
        for uid in UIDS {
            check_holds(&desk, uid);
            check_money(&desk, uid, &started_with);
            check_fills(&desk, uid);
            check_closed(&desk, uid);
        }
        check_open_interest(&desk);
        let counts = desk.venue.request_counts();
        let answers: u64 = counts.accepted.values().chain(counts.refused.values()).sum();
        prop_assert_eq!(answers, asked, "one answer to each request");
    }
}
