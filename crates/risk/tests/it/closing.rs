//! Closing is never held back by a limit on opening, and never grows or flips a position.

use crate::scene::{Scene, at, bot, dec, exit, id_of, place, price, qty, symbol};
use windvane_model::{
    BotName, DenialReason, HaltCause, Intent, Money, Place, Role, RunState, Scope, Side, Triggers,
};
use windvane_risk::{Action, OrderExposure, Share};

/// A long of 25 with every opening limit passed, stale prices, no margin, in doubt and halted.
fn cornered() -> Scene {
    let mut scene = Scene::new();
    for _ in 0..10 {
        scene.place(place()).unwrap();
    }
    scene.hold(Side::Buy, "25");
    for n in 1..=6 {
        scene.rest(n, Side::Buy, "5", "100");
    }
    scene.exposure.set_wallet(Money::new(dec("-100")));
    scene.worth("1000");
    scene.worth("1");
    scene.wait(60_000);
    scene.symbol_in_doubt = true;
    scene.risk.set_run_state(RunState::Halted(HaltCause::DayLoss));
    scene
}

#[test]
fn no_opening_limit_blocks_a_close_a_cancel_or_a_stop() {
    let mut scene = cornered();
    let exit = scene.place(exit("10")).unwrap();
    assert_eq!((exit.action(), exit.send_before()), (Action::Reduce, None), "a close is never too late");
    let protect = Intent::Protect {
        symbol: symbol(),
        stop_loss: Some(price("90")),
        take_profit: None,
        triggers: Triggers::default(),
    };
    assert_eq!(scene.check(protect).unwrap().action(), Action::Protect);
    let client_order_id = scene.existing.unwrap().client_order_id;
    assert_eq!(scene.check(Intent::Cancel { client_order_id }).unwrap().action(), Action::Cancel);
    assert_eq!(scene.amend(None, Some("4")).unwrap().action(), Action::AmendDown);
    assert!(scene.amend(Some("101"), None).is_err());
}

#[test]
fn an_exit_at_market_does_not_wait_for_the_resting_take_profit() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "2");
    scene.rest_exit(1, Side::Sell, "2", "105");
    let approved = scene.place(exit("2")).unwrap();
    scene.exposure.set_order(approved.exposure(id_of(Role::Exit, 2)).unwrap());
    assert_eq!(scene.place(exit("0.001")), Err(DenialReason::NothingToReduce), "but not twice");
}

#[test]
fn an_exit_that_is_moved_stays_within_the_position() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "2");
    scene.rest_exit(1, Side::Sell, "1", "105");
    assert_eq!(scene.amend(Some("104"), Some("2")).unwrap().action(), Action::Reduce);
    assert_eq!(scene.amend(None, Some("2.001")), Err(DenialReason::NothingToReduce));
    scene.hold(Side::Buy, "0.5");
    assert!(scene.amend(Some("103"), None).is_ok(), "the position shrank; chasing the price is still right");
}

#[test]
fn protection_must_lie_on_its_side_of_a_fresh_mark_only() {
    let wrong = Intent::Protect {
        symbol: symbol(),
        stop_loss: Some(price("101")),
        take_profit: None,
        triggers: Triggers::default(),
    };
    let mut scene = Scene::new();
    assert_eq!(scene.check(wrong), Err(DenialReason::NothingToReduce), "there is no position");
    scene.hold(Side::Buy, "1");
    let expected = DenialReason::StopOnWrongSide { stop: price("101"), reference: price("100") };
    assert_eq!(scene.check(wrong), Err(expected));
    scene.wait(60_000);
    assert!(scene.check(wrong).is_ok(), "with a stale mark the venue decides");
}

#[test]
fn flatten_closes_in_slices_of_the_largest_market_order() {
    let mut scene = cornered();
    let closes = scene.risk.protective(Scope::All, Share::All, &scene.exposure);
    let sizes: Vec<_> = closes
        .iter()
        .map(|approved| match approved.intent() {
            Intent::Place(Place {
                side: Side::Sell, reduce_only: true, role: Role::Protect, qty, ..
            }) => *qty,
            other => panic!("not a protective close: {other:?}"),
        })
        .collect();
    assert_eq!(sizes, [qty("10"), qty("10"), qty("5")]);
    assert!(closes.iter().all(|approved| approved.bot() == bot() && !approved.opens()));

    for (approved, sequence) in closes.iter().zip(50..) {
        scene.exposure.set_order(approved.exposure(id_of(Role::Protect, sequence)).unwrap());
    }
    let again = scene.risk.protective(Scope::All, Share::All, &scene.exposure);
    assert_eq!(again, [], "what is closing is not asked for twice");
}

#[test]
fn flatten_does_not_count_on_exits_that_rest() {
    let mut scene = Scene::new();
    scene.hold(Side::Sell, "3");
    scene.rest_exit(1, Side::Buy, "3", "95");
    let closes = scene.risk.protective(Scope::Bot(bot()), Share::All, &scene.exposure);
    assert_eq!(closes.len(), 1);
    assert_eq!(closes[0].worst_price(), Some(price("100")));
}

#[test]
fn flatten_keeps_to_its_scope_and_behind_the_fence() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "3");
    let other = Scope::Bot(BotName::new("grid").unwrap());
    assert_eq!(scene.risk.protective(other, Share::All, &scene.exposure), []);
    scene.risk.set_run_state(RunState::Fenced);
    assert_eq!(scene.risk.protective(Scope::All, Share::All, &scene.exposure), []);
}

#[test]
fn a_last_slice_too_small_to_send_is_made_up_from_the_one_before() {
    coarse_sizes("11", "2", &["9", "2"]);
    coarse_sizes("13", "6", &["7", "6"]);
    coarse_sizes("13", "8", &["10", "3"]);
}

/// The slices in which `held` is closed where orders of `smallest` to 10 are taken.
fn coarse_sizes(held: &str, smallest: &str, expected: &[&str]) {
    let mut scene = Scene::new();
    let mut coarse = crate::scene::instrument(symbol());
    coarse.min_qty = qty(smallest);
    scene.list(coarse);
    scene.hold(Side::Buy, held);
    let closes = scene.risk.protective(Scope::All, Share::All, &scene.exposure);
    let sizes: Vec<_> =
        closes.iter().map(|a| a.exposure(id_of(Role::Protect, 1)).unwrap().leaves_qty).collect();
    let expected: Vec<_> = expected.iter().map(|size| qty(size)).collect();
    assert_eq!(sizes, expected, "{held} in orders of at least {smallest}");
}

#[test]
fn only_what_closes_at_market_is_closing_already() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "3");
    let all = scene.risk.protective(Scope::All, Share::All, &scene.exposure);
    let closing = all[0].exposure(id_of(Role::Protect, 50)).unwrap();
    scene.exposure.set_order(OrderExposure { leaves_qty: qty("1"), ..closing });
    let at_a_price = OrderExposure { key: id_of(Role::Protect, 51).into(), is_market: false, ..closing };
    scene.exposure.set_order(OrderExposure { leaves_qty: qty("1.5"), ..at_a_price });
    let closes = scene.risk.protective(Scope::All, Share::All, &scene.exposure);
    assert_eq!(closes[0].exposure(id_of(Role::Protect, 52)).unwrap().leaves_qty, qty("2"));
}

#[test]
fn an_order_that_is_not_reduce_only_is_judged_as_opening_even_against_a_position() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.risk.set_run_state(RunState::Reducing);
    let sell = Place { side: Side::Sell, kind: at("101"), stop_loss: Some(price("106")), ..place() };
    assert!(matches!(scene.place(sell), Err(DenialReason::RunState { .. })));
}
