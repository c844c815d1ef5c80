//! What must hold after any sequence of wishes, fills and answers.

use crate::scene::{Scene, dec, exit, id, limits, market, other_symbol, place, qty, symbol};
use crate::world::{GROSS_LIMIT, ORDER_COUNT_LIMIT, POSITION_LIMIT, Step, World, owner, side, step, tenths};
use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_model::{
    FeeRates, HaltCause, Intent, Money, OrderKind, Place, PositionIndex, Price, Qty, Rate, Reference, Role,
    RunState, Scope, Side, TimeInForce,
};
use windvane_risk::margin::{Candidate, ContractTerms};
use windvane_risk::{Exposure, OpenOrder, OrderExposure, OrderKey, PositionExposure, Quotes, Share};

proptest! {
    #[test]
    fn worst_case_exposure_stays_within_every_limit(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            let values = [symbol(), other_symbol()].map(|symbol| world.true_worst_value(symbol));
            for value in values {
                prop_assert!(value <= dec(POSITION_LIMIT), "{value} after {step:?}");
            }
            prop_assert!(values.into_iter().sum::<Decimal>() <= dec(GROSS_LIMIT));
            let opening = world.scene.exposure.orders().filter(|order| !order.reduce_only).count();
            prop_assert!(u32::try_from(opening).unwrap() <= ORDER_COUNT_LIMIT);
            prop_assert_eq!(world.scene.exposure.orders().count(), world.working.len());
        }
    }

    #[test]
    fn incremental_sums_equal_a_fresh_count(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        let kept = &world.scene.exposure;
        let mut fresh = Exposure::default();
        fresh.set_wallet(kept.wallet_balance());
        for symbol in [symbol(), other_symbol()] {
            fresh.set_mark(symbol, Price::new(dec("100")).unwrap());
            let listed = kept.listed(symbol).unwrap();
            fresh.set_reference(&Reference {
                instruments: vec![listed.instrument.clone()],
                fees: vec![(symbol, listed.fees)],
            });
        }
        kept.contracts().for_each(|contract| fresh.set_position(contract.position));
        kept.orders().for_each(|order| fresh.set_order(*order));
        prop_assert_eq!(kept, &fresh);
    }

    #[test]
    fn an_exit_within_the_position_always_passes(
        steps in prop::collection::vec(step(), 0..60),
        wallet in -1000..1000_i64,
        state in prop_oneof![
            Just(RunState::Active), Just(RunState::Reducing), Just(RunState::Halted(HaltCause::Journal))
        ],
        (lost, waited) in (0..2000_i64, 0..100_000_i64),
        in_doubt in any::<bool>(),
    ) {
        let mut world = World::new();
        for step in steps.iter().filter(|step| !matches!(step, Step::Place { reduce_only: true, .. })) {
            world.take(step);
        }
        let scene = &mut world.scene;
        scene.exposure.set_wallet(Money::new(Decimal::from(wallet)));
        scene.worth(&Decimal::from(2000).to_string());
        scene.worth(&Decimal::from(2000 - lost).to_string());
        scene.risk.set_run_state(state);
        scene.symbol_in_doubt = in_doubt;
        scene.wait(waited);
        for symbol in [symbol(), other_symbol()] {
            let position = scene.exposure.contract(symbol, PositionIndex(0)).unwrap().position;
            if let Some(side) = position.side {
                scene.asking = owner(symbol);
                let close = Place { symbol, side: side.opposite(), qty: position.qty, ..exit("1") };
                prop_assert!(scene.place(close).is_ok());
            }
        }
    }

    #[test]
    fn more_or_dearer_never_needs_less_margin_and_an_order_never_adds_to_what_is_available(
        steps in prop::collection::vec(step(), 0..40),
        (side, lots, more) in (side(), 1..40_u32, 0..40_u32),
        (ticks, dearer) in (950..1050_u32, 0..50_u32),
    ) {
        let mut world = World::new();
        steps.iter().for_each(|step| world.take(step));
        let exposure = world.scene.exposure.contract(symbol(), PositionIndex(0)).unwrap();
        let mark = Price::new(dec("100")).unwrap();
        let terms = ContractTerms { exposure, mark, taker_fee: Rate::new(dec("0.00055")) };
        let candidate = |lots, ticks| Candidate {
            side,
            qty: Qty::new(tenths(lots)).unwrap(),
            price: Price::new(tenths(ticks)).unwrap(),
            replaces: None,
        };
        let (small, large) = (candidate(lots, ticks), candidate(lots + more, ticks + dearer));
        prop_assert!(terms.order_margin(Some(&large)) >= terms.order_margin(Some(&small)));
        prop_assert!(terms.order_margin(Some(&small)) >= terms.order_margin(None));
        prop_assert!(terms.worst_value(Some(&large)) >= terms.worst_value(Some(&small)));
    }

    /// Whichever orders the exchange takes to be the closing ones, ours is at least as much.
    #[test]
    fn margin_against_a_position_bounds_every_reading(
        held in 1..50_u32,
        orders in prop::collection::vec((1..20_u32, 950..1050_u32), 1..8),
        rotate in any::<prop::sample::Index>(),
    ) {
        let mut scene = Scene::new();
        scene.hold(Side::Buy, &tenths(held).to_string());
        for ((lots, ticks), n) in orders.iter().zip(1..) {
            scene.rest(n, Side::Sell, &tenths(*lots).to_string(), &tenths(*ticks).to_string());
        }
        let mut sequence = orders.clone();
        sequence.rotate_left(rotate.index(orders.len()));
        let mut closing = tenths(held);
        let mut open_value = Decimal::ZERO;
        for (lots, ticks) in sequence {
            let closed = closing.min(tenths(lots));
            closing -= closed;
            open_value += (tenths(lots) - closed) * tenths(ticks);
        }
        let theirs = open_value * (dec("0.1") + dec("0.00055") + dec("1.1") * dec("0.00055"));
        let ours = scene.exposure.account().order_margin;
        prop_assert!(ours >= theirs, "ours {ours}, theirs {theirs}");
    }

    #[test]
    fn what_is_affordable_is_what_passes(
        steps in prop::collection::vec(step(), 0..40),
        wallet in 0..200_i64,
        (side, ticks) in (side(), 950..1050_u32),
    ) {
        let mut world = World::new();
        steps.iter().for_each(|step| world.take(step));
        let scene = &mut world.scene;
        scene.exposure.set_wallet(Money::new(Decimal::from(wallet)));
        let price = Price::new(tenths(ticks)).unwrap();
        let most = scene.exposure.max_affordable_qty(symbol(), PositionIndex(0), side, price);
        let account = scene.exposure.account();
        let held = scene.exposure.contract(symbol(), PositionIndex(0)).unwrap();
        let mark = Price::new(dec("100")).unwrap();
        let terms = ContractTerms { exposure: held, mark, taker_fee: Rate::new(dec("0.00055")) };
        let needed = |qty| {
            let candidate = Candidate { side, qty, price, replaces: None };
            terms.order_margin(Some(&candidate)) - terms.order_margin(None)
        };
        let available = account.available().max(Decimal::ZERO);
        prop_assert!(most.is_zero() || needed(most) <= available);
        prop_assert!(most == qty("1000") || needed(most.plus(qty("0.001"))) > available);
    }

    /// Absurd figures end in an answer.
    #[test]
    fn no_figure_makes_the_check_panic(
        prices in prop::array::uniform5(extreme()),
        sizes in prop::array::uniform3(extreme()),
        wallet in any_decimal(),
        rate in any_decimal(),
        (side, held_side, reduce_only, is_market) in (side(), side(), any::<bool>(), any::<bool>()),
    ) {
        let mut scene = Scene::with(limits(&[
            ("max_order_notional", "\"1000000000000 USDT\""),
            ("max_position_notional", "\"1000000000000 USDT\""),
            ("max_gross_exposure", "\"1000000000000 USDT\""),
            ("price_collar", "\"100%\""),
            ("require_stop_on_entry", "false"),
        ]));
        let [limit, mark, entry, touch, resting] = prices.map(|value| Price::new(value).unwrap());
        let [size, held, leaves_qty] = sizes.map(|value| Qty::new(value).unwrap());
        let mut instrument = crate::scene::instrument(symbol());
        (instrument.tick_size, instrument.lot_size) = (limit, size);
        (instrument.max_limit_qty, instrument.max_market_qty) = (size, size);
        instrument.price_limit_ratio_x = Rate::new(rate);
        instrument.tiers[0].maintenance_rate = Rate::new(rate);
        let fees = vec![(symbol(), FeeRates { taker: Rate::new(rate), maker: Rate::new(rate) })];
        scene.exposure.set_reference(&Reference { instruments: vec![instrument], fees });
        scene.quotes = Quotes::default();
        scene.set_mark(symbol(), mark);
        scene.quotes.set_touch(symbol(), Some(touch), Some(touch), scene.stamp.wall);
        scene.exposure.set_wallet(Money::new(wallet));
        let row = OrderExposure { leaves_qty, price: resting, ..scene.rest(1, side, "1", "1") };
        scene.exposure.set_order(row);
        scene.exposure.set_position(PositionExposure {
            side: Some(held_side),
            qty: held,
            average_price: Some(entry),
            ..scene.exposure.contract(symbol(), PositionIndex(0)).unwrap().position
        });
        let kind = if is_market {
            market()
        } else {
            OrderKind::Limit { price: limit, time_in_force: TimeInForce::Gtc }
        };
        let wish = Place { side, qty: size, kind, reduce_only, stop_loss: Some(entry), role: Role::Level, ..place() };
        let _ = scene.place(wish);
        let _ = scene.place(Place { stop_loss: None, ..wish });
        scene.existing = Some(OpenOrder { qty: leaves_qty, price: Some(resting), ..scene.existing.unwrap() });
        let _ = scene.check(Intent::Amend {
            client_order_id: id(1), price: Some(limit), qty: Some(size)
        });
        let _ = scene.exposure.max_affordable_qty(symbol(), PositionIndex(0), side, limit);
        let _ = scene.exposure.liquidation_price(symbol(), PositionIndex(0));
        let account = scene.exposure.account();
        let _ = (account.initial_margin_rate(wallet), account.maintenance_margin_rate(rate));
        let _ = scene.exposure.order_loss();
        let slices = scene.risk.protective(Scope::All, Share::All, &scene.exposure).len();
        prop_assert!(slices <= 100, "{slices}");
        scene.exposure.remove_order(OrderKey::Client(id(1)));
        scene.worth(&wallet.to_string());
        scene.worth(&rate.to_string());
    }
}

/// A price or quantity at the ends of its range or between.
fn extreme() -> impl Strategy<Value = Decimal> {
    let finest = Decimal::new(1, 12);
    let largest = Decimal::from(1_000_000_000_000_i64);
    prop_oneof![
        Just(finest),
        Just(largest),
        Just(largest - Decimal::ONE / Decimal::from(3_000)).prop_map(|value| value.round_dp(12)),
        (1..i64::MAX, 0..12_u32).prop_map(move |(digits, scale)| Decimal::new(digits, scale).min(largest)),
    ]
}

/// Any decimal at all.
fn any_decimal() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        Just(Decimal::MAX),
        Just(Decimal::MIN),
        Just(Decimal::ZERO),
        Just(Decimal::ONE),
        (any::<i64>(), 0..28_u32).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
    ]
}
