//! Margin against the venue: random accounts near the edge of what they can hold, every order checked by risk and then
//! put to the venue's core, every denial put to a copy of it at the moment the order would have arrived.
//!
//! Three of eight accounts margin their positions in isolation, one trades spot with what it owns; a third of the others
//! holds both sides of each contract. What the documentation leaves open about margin is answered anew for each account.
//!
//! `WINDVANE_MARGIN_ORDERS` sets how many; `cargo xtask campaign margin` is the long run.

mod account;
mod listing;
mod spot;
mod tally;

use crate::scene::{at, dec, market, place};
use account::{Account, UID, price};
use fastrand::Rng;
use listing::{LEVERAGES, word};
use rust_decimal::Decimal;
use tally::{Class, Tally};
use windvane_model::{ClientOrderId, DenialReason, Intent, Place, PositionIndex, Qty, Role, Side};
use windvane_risk::OpenOrder;
use windvane_venue_core as venue;

/// Orders of the run that is part of the tests.
const SHORT_RUN: u64 = 4_000;
/// What happens to one account before the next is taken.
const STEPS: usize = 120;
/// Largest part of falsely denied orders in each exact class.
const FALSE_MOST: f64 = 0.001;
/// The venue's codes that say "not enough": margin, balance, risk limit. Source: Bybit V5, error codes.
const MARGIN_CODES: [i32; 12] =
    [30087, 110004, 110006, 110007, 110012, 110044, 110045, 110051, 110052, 110053, 110089, 110090];

/// An order that was decided and is on its way, or would be.
struct Trip {
    request: venue::Request,
    class: Class,
    verdict: Result<(), DenialReason>,
}

#[test]
fn no_order_that_could_be_foreseen_is_refused_for_margin_and_none_is_held_back_without_need() {
    let orders = std::env::var("WINDVANE_MARGIN_ORDERS").ok().and_then(|text| text.parse().ok());
    let orders = orders.unwrap_or(SHORT_RUN);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = orders / u64::try_from(workers).unwrap() + 1;
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let runs: Vec<_> =
            (0..workers).map(|worker| scope.spawn(move || run(worker, workers, share))).collect();
        for run in runs {
            tally.add(run.join().unwrap());
        }
    });
    println!("{tally}");
    assert_eq!(tally.foreseeable, 0, "{tally}");
    for class in Class::ALL.into_iter().filter(|class| class.is_exact()) {
        assert!(tally.false_rate(class) <= FALSE_MOST, "{tally}");
        assert!(tally.count(class).taken > orders / 100, "{} is hardly met: {tally}", class.as_str());
    }
}

/// Plays every `workers`th account until so many orders are decided.
fn run(worker: usize, workers: usize, orders: u64) -> Tally {
    let mut tally = Tally::default();
    let mut seed = u64::try_from(worker).unwrap();
    while tally.orders() < orders {
        let mut rng = Rng::with_seed(seed);
        tally.accounts += 1;
        if rng.u32(0..8) == 0 {
            spot::play(STEPS, &mut rng, &mut tally);
        } else {
            let mut account = Account::random(&mut rng);
            for _ in 0..STEPS {
                step(&mut account, &mut rng, &mut tally);
            }
        }
        seed += u64::try_from(workers).unwrap();
    }
    tally
}

fn step(account: &mut Account, rng: &mut Rng, tally: &mut Tally) {
    let number = rng.usize(0..account.listings.len());
    match rng.u32(0..100) {
        0..12 => {
            let change = Decimal::new(rng.i64(-80..=80), 4);
            account.move_market(number, account.marks[number] * (Decimal::ONE + change));
            account.learn_mark(number);
        }
        12..20 => {
            if let Some(order) = rng.choice(account.open.clone()) {
                let order = reference(order.client_order_id, &order);
                let _ = account.request(&venue::Request::Cancel(order));
            }
        }
        20..23 => {
            let amount = Decimal::new(rng.i64(-50_000..100_000), 2);
            let _ = account.request(&venue::Request::Transfer { coin: "USDT".to_owned(), amount });
        }
        23..25 => account.add_margin(number, Decimal::new(rng.i64(-20_000..60_000), 2)),
        25..28 => account.set_leverage(number, dec(rng.choice(LEVERAGES).unwrap())),
        28..30 => account.wait_for_a_price(number, rng),
        30..32 => account.hang_up(),
        _ => burst(account, rng, tally),
    }
    account.learn();
}

/// Some orders decided one after the other before the venue has seen the first, then their arrivals.
fn burst(account: &mut Account, rng: &mut Rng, tally: &mut Tally) {
    let size = if rng.u32(0..4) > 0 { 1 } else { rng.usize(2..=4) };
    let mut trips = Vec::new();
    for _ in 0..size {
        let number = rng.usize(0..account.listings.len());
        let is_first = trips.is_empty();
        let trip = match rng.u32(0..12) {
            0..2 => amend(account, rng),
            2 => reduction(account, number, rng),
            _ => new_order(account, number, rng),
        };
        trips.extend(
            trip.map(|trip| Trip { class: if is_first { trip.class } else { Class::Reserved }, ..trip }),
        );
    }
    let known = account.venue.transaction_count(UID);
    let has_moved = rng.u32(0..12) == 0;
    if has_moved {
        let number = rng.usize(0..account.listings.len());
        let change = Decimal::new(rng.i64(-80..=80), 4);
        account.move_market(number, account.marks[number] * (Decimal::ONE + change));
    }
    for trip in trips {
        // A fill that we had not heard of when it left decides as much as a move of the mark.
        let has_changed = has_moved || account.venue.transaction_count(UID) > known;
        arrive(account, &trip, has_changed, tally);
    }
    for number in 0..account.listings.len() {
        account.learn_mark(number);
    }
}

fn arrive(account: &mut Account, trip: &Trip, has_changed: bool, tally: &mut Tally) {
    match &trip.verdict {
        Ok(()) => match account.request(&trip.request) {
            Ok(()) => tally.count(trip.class).taken += 1,
            Err(code) if !MARGIN_CODES.contains(&code) => tally.other += 1,
            Err(_) if has_changed => tally.unforeseeable += 1,
            Err(code) => tally.foresee(account.surplus(), || {
                format!("{code} {:?}: {:?} with {:?}", trip.class, trip.request, account.exposure.account())
            }),
        },
        Err(DenialReason::Margin { .. } | DenialReason::PositionNotional { .. }) => {
            match account.would_take(&trip.request) {
                Ok(()) if has_changed => tally.other += 1,
                Ok(()) => tally.hold_back(trip.class, missing(&trip.verdict), || {
                    format!("{:?}: {:?} with {:?}", trip.verdict, trip.request, account.exposure.account())
                }),
                Err(_) => tally.count(trip.class).rightly += 1,
            }
        }
        Err(_) => tally.other += 1,
    }
}

/// By what part of what was needed a denied order failed, a fraction: the larger, the worse where it was denied falsely.
fn missing(verdict: &Result<(), DenialReason>) -> Decimal {
    let (needed, there) = match verdict {
        Err(DenialReason::Margin { needed, available }) => (needed.get(), available.get()),
        Err(DenialReason::PositionNotional { value, limit }) => (*value, *limit),
        _ => return Decimal::ZERO,
    };
    (needed - there).checked_div(needed).unwrap_or_default()
}

/// An order that only takes off what is held.
fn reduction(account: &mut Account, number: usize, rng: &mut Rng) -> Option<Trip> {
    let listing = account.listings[number].clone();
    let held = account.held(number, rng)?;
    let side = held.side?.opposite();
    let is_market = rng.bool();
    let limit = near(account, number, side, rng);
    let part = held.qty.get() * Decimal::new(rng.i64(1..=100), 2);
    let qty = Qty::new((part / listing.lot).floor() * listing.lot).ok().filter(|qty| !qty.is_zero())?;
    let wish = Place {
        symbol: listing.symbol,
        role: Role::Exit,
        side,
        qty,
        kind: if is_market { market() } else { at(&limit.to_string()) },
        reduce_only: true,
        stop_loss: None,
        ..place()
    };
    let id = account.mint();
    let verdict = account.check(held.index, &Intent::Place(wish), None).map(|approved| {
        account.exposure.set_order(approved.exposure(id).unwrap());
    });
    let name = listing.symbol.as_str();
    let create = if is_market {
        venue::CreateOrder::market(name, word(side), qty.get())
    } else {
        venue::CreateOrder::limit(name, word(side), qty.get(), limit)
    };
    let create = venue::CreateOrder {
        order_link_id: Some(id.to_string()),
        reduce_only: true,
        position_idx: account::idx(held.index),
        ..create
    };
    Some(Trip { request: venue::Request::Create(create), class: Class::Reduce, verdict })
}

fn new_order(account: &mut Account, number: usize, rng: &mut Rng) -> Option<Trip> {
    let listing = account.listings[number].clone();
    let any_side = if rng.bool() { Side::Buy } else { Side::Sell };
    let side = account.only_sides.map_or(any_side, |sides| sides[number]);
    let index = account.opened_by(side);
    let is_market = rng.u32(0..5) == 0;
    let limit = near(account, number, side, rng);
    let lots = near_the_edge(account, number, (index, side), limit, rng);
    let qty = Qty::new(lots * listing.lot).ok().filter(|qty| !qty.is_zero())?;
    let stop = account.brings_stops.then(|| stop(account, number, side, limit));
    let wish = Place {
        symbol: listing.symbol,
        role: Role::Entry,
        side,
        qty,
        kind: if is_market { market() } else { at(&limit.to_string()) },
        reduce_only: false,
        stop_loss: stop.map(price),
        ..place()
    };
    let held = account.exposure.contract(listing.symbol, index)?;
    let is_against = held.position.side == Some(side.opposite()) || account.has_order_against_position();
    let class = if account.has_waiting() {
        Class::Conditional
    } else if is_market {
        Class::Market
    } else if is_against {
        Class::AgainstPosition
    } else {
        account.exact_class()
    };
    let id = account.mint();
    let verdict = account.check(index, &Intent::Place(wish), None).map(|approved| {
        account.exposure.set_order(approved.exposure(id).unwrap());
    });
    let name = listing.symbol.as_str();
    let create = if is_market {
        venue::CreateOrder::market(name, word(side), qty.get())
    } else {
        venue::CreateOrder::limit(name, word(side), qty.get(), limit)
    };
    let stop_loss = stop.map(|price| venue::ProtectionPrice {
        price,
        by: venue::TriggerBy::MarkPrice,
        limit_price: None,
    });
    let position_idx = account::idx(index);
    let create =
        venue::CreateOrder { order_link_id: Some(id.to_string()), stop_loss, position_idx, ..create };
    Some(Trip { request: venue::Request::Create(create), class, verdict })
}

/// A stop three per cent beyond the price or the mark, whichever is farther; a later move fires it.
fn stop(account: &Account, number: usize, side: Side, limit: Decimal) -> Decimal {
    let (mark, tick) = (account.marks[number], account.listings[number].tick);
    let at = match side {
        Side::Buy => mark.min(limit) * dec("0.97"),
        Side::Sell => mark.max(limit) * dec("1.03"),
    };
    (at / tick).round() * tick
}

fn amend(account: &mut Account, rng: &mut Rng) -> Option<Trip> {
    let order = rng.choice(account.open.clone())?;
    let number = account.listings.iter().position(|listing| listing.symbol == order.symbol)?;
    let lot = account.listings[number].lot;
    let limit = near(account, number, order.side, rng);
    let lots = near_the_edge(account, number, (order.position_index, order.side), limit, rng);
    let qty = Qty::new(order.qty.get() + (lots - Decimal::from(rng.i64(0..3))) * lot).ok()?;
    let intent =
        Intent::Amend { client_order_id: order.client_order_id, price: Some(price(limit)), qty: Some(qty) };
    let verdict = account.check(order.position_index, &intent, Some(&order)).map(|approved| {
        account.exposure.set_order(approved.exposure(order.client_order_id).unwrap());
    });
    let named = reference(order.client_order_id, &order);
    let request = venue::AmendOrder {
        qty: Some(qty.get()),
        price: Some(limit),
        ..venue::AmendOrder::of(&named.symbol, named.order)
    };
    Some(Trip { request: venue::Request::Amend(request), class: Class::Amend, verdict })
}

/// A price on the tick within two per cent of the mark, mostly on the passive side.
fn near(account: &Account, number: usize, side: Side, rng: &mut Rng) -> Decimal {
    let (mark, tick) = (account.marks[number], account.listings[number].tick);
    let away = Decimal::new(rng.i64(-20..=200), 4);
    let away = if side == Side::Buy { -away } else { away };
    ((mark * (Decimal::ONE + away)) / tick).round() * tick
}

/// How many lots: what fits, one more, one less, or some part of it.
fn near_the_edge(
    account: &Account,
    number: usize,
    (index, side): (PositionIndex, Side),
    limit: Decimal,
    rng: &mut Rng,
) -> Decimal {
    let listing = &account.listings[number];
    let most =
        account.exposure.max_affordable_qty(listing.symbol, index, side, price(limit)).get() / listing.lot;
    let lots = match rng.u32(0..10) {
        0..2 => most,
        2..4 => most + Decimal::ONE,
        4 => most - Decimal::ONE,
        5..7 => most * Decimal::new(rng.i64(80..120), 2),
        _ => most * Decimal::new(rng.i64(1..40), 2),
    };
    lots.floor().clamp(Decimal::ZERO, dec("100000000") / listing.lot)
}

fn reference(id: ClientOrderId, order: &OpenOrder) -> venue::CancelOrder {
    let order_link_id = Some(id.to_string());
    venue::CancelOrder {
        category: venue::Category::Linear,
        kind: None,
        symbol: order.symbol.as_str().to_owned(),
        order: venue::OrderReference { order_id: None, order_link_id },
    }
}
