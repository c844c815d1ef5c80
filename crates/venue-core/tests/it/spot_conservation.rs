//! Accounts that trade a pair among themselves alone, with orders of every kind: coins are only moved and paid as fees,
//! nobody holds more than they have, better and earlier orders trade first, and a pair of stops is whole or gone.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;
use crate::spot::{PAIR, on_spot};

const UIDS: [Uid; 3] = [ME, OTHER, 3];
const COINS: [&str; 2] = ["USDT", "BTC"];

#[derive(Clone, Debug)]
enum Step {
    Create { uid: Uid, order: Box<CreateOrder> },
    Cancel { uid: Uid, pick: usize },
    Amend { uid: Uid, pick: usize, lots: i64, ticks: i64 },
}

fn price(ticks: i64) -> Decimal {
    dec("60000") + Decimal::new(ticks, 0)
}

fn order() -> impl Strategy<Value = CreateOrder> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let now_and_then = |range: std::ops::Range<i64>| prop_oneof![2 => Just(None), 1 => range.prop_map(Some)];
    let kind = prop_oneof![Just(OrderKind::TpslOrder), Just(OrderKind::StopOrder)];
    let trigger = prop_oneof![5 => Just(None), 1 => (-40..40_i64, kind).prop_map(Some)];
    let time_in_force = prop_oneof![
        5 => Just(TimeInForce::Gtc), 1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok), 1 => Just(TimeInForce::PostOnly)
    ];
    let stops = (now_and_then(1..40), now_and_then(1..40), any::<bool>());
    (side, -20..20_i64, 1..300_i64, prop::bool::weighted(0.2), time_in_force, stops, trigger).prop_map(
        |(side, ticks, lots, is_market, time_in_force, (profit, loss, is_limit), trigger)| {
            let lossy = if side == Side::Buy { -1 } else { 1 };
            let takes_stops = !is_market && trigger.is_none();
            let stop = |off: i64| ProtectionPrice {
                limit_price: is_limit.then(|| price(ticks + off + 1)),
                ..ProtectionPrice::market(price(ticks + off), TriggerBy::LastPrice)
            };
            CreateOrder {
                order_type: if is_market { OrderType::Market } else { OrderType::Limit },
                time_in_force,
                market_unit: Some(MarketUnit::BaseCoin),
                take_profit: profit.filter(|_| takes_stops).map(|off| stop(-lossy * off)),
                stop_loss: loss.filter(|_| takes_stops).map(|off| stop(lossy * off)),
                kind: trigger.map(|(_, kind)| kind),
                trigger: trigger.map(|(ticks, _)| TriggerSpec {
                    price: price(ticks),
                    direction: None,
                    by: TriggerBy::LastPrice,
                }),
                ..on_spot(CreateOrder::limit(PAIR, side, Decimal::new(lots, 4), price(ticks)))
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let uid = || prop::sample::select(&UIDS[..]);
    prop_oneof![
        8 => (uid(), order()).prop_map(|(uid, order)| Step::Create { uid, order: Box::new(order) }),
        1 => (uid(), 0..6_usize).prop_map(|(uid, pick)| Step::Cancel { uid, pick }),
        1 => (uid(), 0..6_usize, 1..300_i64, -20..20_i64)
            .prop_map(|(uid, pick, lots, ticks)| Step::Amend { uid, pick, lots, ticks }),
    ]
}

fn market(doubts: Doubts) -> Desk {
    let mut setup = setup();
    setup.doubts = doubts;
    let contract = setup.instruments.remove(0);
    setup.instruments = vec![Instrument {
        category: Category::Spot,
        qty_step: dec("0.0001"),
        min_order_qty: dec("0.0001"),
        risk_tiers: vec![],
        ..contract
    }];
    setup.accounts.push(AccountSetup { uid: UIDS[2], ..setup.accounts[0].clone() });
    for account in &mut setup.accounts {
        account.balances = vec![("USDT".to_owned(), dec("1000")), ("BTC".to_owned(), dec("0.05"))];
    }
    let mut desk = Desk::bare(setup);
    desk.reference(Category::Spot, PAIR, Some(dec("60000")));
    desk
}

fn run(desk: &mut Desk, step: &Step) {
    let open = |desk: &Desk, uid: Uid, pick: usize| desk.open_orders(uid).into_iter().nth(pick);
    let named =
        |row: &OrderRow| OrderReference { order_id: Some(row.order_id.to_string()), order_link_id: None };
    match step {
        Step::Create { uid, order } => drop(desk.request(*uid, Request::Create((**order).clone()))),
        Step::Cancel { uid, pick } => {
            let Some(row) = open(desk, *uid, *pick) else { return };
            let kind = match row.stop_order_type.filter(|_| row.order_status == OrderStatus::Untriggered) {
                None => OrderKind::Order,
                Some(StopOrderType::Stop) => OrderKind::StopOrder,
                Some(_) => OrderKind::TpslOrder,
            };
            let order = CancelOrder {
                category: Category::Spot,
                symbol: PAIR.to_owned(),
                order: named(&row),
                kind: Some(kind),
            };
            desk.request(*uid, Request::Cancel(order)).expect("an open order can be cancelled");
        }
        Step::Amend { uid, pick, lots, ticks } => {
            let Some(row) = open(desk, *uid, *pick) else { return };
            let amend = AmendOrder {
                category: Category::Spot,
                qty: Some(Decimal::new(*lots, 4)),
                price: (row.order_type == OrderType::Limit).then(|| price(*ticks)),
                ..AmendOrder::of(PAIR, named(&row))
            };
            drop(desk.request(*uid, Request::Amend(amend)));
        }
    }
}

/// Nobody holds more of a coin than they have, and what is there is what was there less the fees.
fn check_coins(desk: &Desk) {
    let (mut held, mut paid): (BTreeMap<&str, Decimal>, BTreeMap<String, Decimal>) = Default::default();
    for uid in UIDS {
        for coin in COINS {
            let row = desk.coin(uid, coin);
            assert!(row.locked >= Decimal::ZERO, "{row:?}");
            assert!(row.locked <= row.wallet_balance, "{uid} holds more {coin} than there is: {row:?}");
            *held.entry(coin).or_default() += row.wallet_balance;
        }
        for row in desk.venue.executions(uid, ExecutionFilter::default()) {
            *paid.entry(row.fee_currency.to_string()).or_default() += row.exec_fee;
        }
    }
    for (coin, start) in [("USDT", dec("3000")), ("BTC", dec("0.15"))] {
        let fees = paid.get(coin).copied().unwrap_or_default();
        assert_eq!(held[coin] + fees, start, "{coin}");
    }
}

/// The two stops of a pair wait together.
fn check_pairs(desk: &Desk) {
    for uid in UIDS {
        let filter = OrderFilter { kind: Some(OrderKind::BidirectionalTpslOrder), ..OrderFilter::default() };
        let pairs = desk.venue.open_orders(uid, filter);
        assert!(pairs.len().is_multiple_of(2), "half a pair: {pairs:?}");
        assert!(
            pairs.iter().all(|row| row.order_status == OrderStatus::Untriggered && row.oco_trigger.is_none())
        );
    }
}

/// No order that stayed on the book was better than one that traded as maker.
fn check_priority(desk: &Desk) {
    let resting: Vec<OrderRow> = UIDS
        .into_iter()
        .flat_map(|uid| {
            let filter = OrderFilter { kind: Some(OrderKind::Order), ..OrderFilter::default() };
            desk.venue.open_orders(uid, filter)
        })
        .collect();
    // Once something has fired, orders come and go within one input; the first fills are those of the request.
    let has_fired = desk
        .out
        .iter()
        .any(|output| matches!(output, Output::Order { row, .. } if row.stop_order_type.is_some()));
    for output in desk.out.iter().filter(|_| !has_fired) {
        let Output::Execution { row, .. } = output else { continue };
        for order in resting.iter().filter(|order| row.is_maker && order.side == row.side) {
            let is_better = match row.side {
                Side::Buy => order.price > row.exec_price,
                Side::Sell => order.price < row.exec_price,
            };
            assert!(!is_better, "{order:?} before {row:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_pair_among_accounts_only_moves_coins(
        waits in any::<bool>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let spot_stops = if waits { SpotStops::WhenItEnds } else { SpotStops::AsItFills };
        let mut desk = market(Doubts { spot_stops, empty_market: EmptyMarket::Cancel, ..Doubts::default() });
        for step in &steps {
            desk.out.clear();
            run(&mut desk, step);
            check_coins(&desk);
            check_pairs(&desk);
            check_priority(&desk);
            let book = desk.venue.book(Category::Spot, PAIR, 1).expect("listed");
            if let (Some((bid, _)), Some((ask, _))) = (book.bids.first(), book.asks.first()) {
                prop_assert!(bid < ask);
            }
        }
        let counts = desk.venue.request_counts();
        let answers: u64 = counts.accepted.values().chain(counts.refused.values()).sum();
        prop_assert!(answers <= u64::try_from(steps.len()).expect("few"), "one answer to each request");
    }
}
