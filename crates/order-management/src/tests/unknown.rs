//! Requests without an answer: what exists is adopted fast, what is absent is retired slowly.

use super::world::{World, ask, closed, notices};
use crate::testing::{execution, qty, report, submit, symbol};
use crate::{DifferenceKind, Effect, OrderState, Working};
use windvane_model::{AccountEvent, HaltCause, Notice, OrderStatus, RefusalFamily, Request, Undetermined};

#[test]
fn a_lost_reply_is_looked_up_and_what_exists_is_adopted_at_once() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    let effects = world.undetermined(Request::Submit, &order);
    assert!(matches!(notices(&effects)[..], [Notice::Undetermined { .. }]), "{effects:?}");
    assert_eq!(world.orders.exposure().open_orders(), 1, "unknown counts as live");
    assert_eq!(world.wait(199), []);
    assert_eq!(world.wait(1), [ask(&order)]);

    let fill = execution("a").of(&order).filled("1", "100").build();
    let filled = report(&order, OrderStatus::Filled).filled("1").build();
    let effects = world.looked_up(&order, Some(filled), vec![fill]);
    let told = notices(&effects);
    assert!(matches!(told[0], Notice::Filled { .. }), "{told:?}");
    assert_eq!(told[2], &closed(order.client_order_id, OrderStatus::Filled, qty("1")));
    assert_eq!(world.orders.live_orders().next(), None);
    assert_eq!(world.orders.counters().backfilled_executions, 1);
    world.assert_rebuilds();
}

#[test]
fn absence_is_proven_by_bounded_time_and_two_empty_rounds() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.undetermined(Request::Submit, &order);
    let (told, waits) = world.wait_in_silence(&order, 31_900);
    assert_eq!(notices(&told), Vec::<&Notice>::new());
    assert_eq!(&waits[..6], [200, 501, 1001, 2001, 5001, 5001], "each answer takes a millisecond");
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Unknown);
    assert_eq!(world.orders.exposure().open_orders(), 1);

    let (told, _) = world.wait_in_silence(&order, 12_000);
    assert_eq!(notices(&told), [&closed(order.client_order_id, OrderStatus::Rejected, qty("0"))]);
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Retired);
    assert_eq!(world.orders.exposure().open_orders(), 0);
    assert_eq!(world.orders.counters().retired_orders, 1);
    assert_eq!(world.orders.live_orders().next(), None);
    world.assert_rebuilds();
}

#[test]
fn silence_after_a_submit_makes_it_unknown() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    assert_eq!(world.wait(2_499), []);
    let effects = world.wait(1);
    assert!(effects.contains(&ask(&order)), "{effects:?}");
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Unknown);
    world.assert_rebuilds();
}

#[test]
fn an_order_that_turns_up_after_its_retirement_counts_again_and_halts() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.undetermined(Request::Submit, &order);
    world.wait_in_silence(&order, 60_000);
    let effects = world.report(report(&order, OrderStatus::New).at(9).build());
    assert!(effects.contains(&Effect::Halt(HaltCause::Contradiction)), "{effects:?}");
    assert_eq!(world.orders.exposure().open_orders(), 1, "an order that lives is watched");
    assert_eq!(world.orders.counters().differences[&DifferenceKind::Revived], 1);
    world.assert_rebuilds();
}

#[test]
fn a_duplicate_refusal_adopts_the_twin_only_if_it_is_the_same_order() {
    for (shown, is_same) in [("1", true), ("2", false)] {
        let mut world = World::begun();
        let order = submit(1, "1", "100");
        world.submit(&order);
        let effects = world.refused(Request::Submit, &order, RefusalFamily::Duplicate);
        assert!(effects.contains(&ask(&order)), "{effects:?}");
        let twin = report(&order, OrderStatus::New).figures(shown, "100").build();
        let effects = world.looked_up(&order, Some(twin), vec![]);
        let known = world.orders.order(&order.client_order_id).unwrap();
        assert_eq!(known.state(), OrderState::Working(Working::New));
        assert_eq!(known.qty(), qty(shown), "what is at the venue is what counts");
        assert_eq!(effects.contains(&Effect::Halt(HaltCause::Contradiction)), !is_same, "{effects:?}");
        assert_eq!(world.orders.is_in_doubt(order.symbol), !is_same);
        world.assert_rebuilds();
    }
}

#[test]
fn a_report_ahead_of_its_executions_is_looked_up_after_two_seconds() {
    let mut world = World::begun();
    let order = submit(1, "2", "100");
    world.submit(&order);
    world.report(report(&order, OrderStatus::PartiallyFilled).filled("1").build());
    assert_eq!(world.wait(1_999), []);
    assert_eq!(world.wait(1), [ask(&order)]);
    let fill = execution("a").of(&order).filled("1", "100").build();
    world.looked_up(&order, None, vec![fill]);
    assert_eq!(world.deadline(), None);
}

#[test]
fn protection_that_nobody_knows_of_is_told_to_the_owner_of_the_position() {
    let mut world = World::begun();
    let effects = world.fact(AccountEvent::Undetermined(Undetermined {
        request: Request::SetProtection,
        symbol: Some(symbol("BTCUSDT")),
        client_order_id: None,
        code: 0,
    }));
    let told = Notice::Undetermined { request: Request::SetProtection, client_order_id: None };
    assert_eq!(notices(&effects), [&told]);
}

#[test]
fn a_person_may_declare_an_unknown_order_absent_once_its_request_can_no_longer_arrive() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.undetermined(Request::Submit, &order);
    let early = world.orders.check_resolvable(&order.client_order_id, world.now());
    assert!(matches!(early, Err(crate::Unresolvable::TooEarly(_))), "{early:?}");
    world.wait_in_silence(&order, 3_000);
    let effects = world.resolve(&order);
    assert_eq!(notices(&effects), [&closed(order.client_order_id, OrderStatus::Rejected, qty("0"))]);
    assert_eq!(world.orders.exposure().open_orders(), 0);
    let again = world.orders.check_resolvable(&order.client_order_id, world.now());
    assert_eq!(again, Err(crate::Unresolvable::Known(OrderState::Retired)));
    let effects = world.report(report(&order, OrderStatus::New).build());
    assert!(effects.contains(&Effect::Halt(HaltCause::Contradiction)), "it was there after all: {effects:?}");
    world.assert_rebuilds();
}

#[test]
fn a_close_that_looking_for_does_not_find_is_not_waited_for() {
    let mut world = World::begun();
    let mut close = submit(1, "1", "100");
    close.reduce_only = true;
    world.submit(&close);
    world.undetermined(Request::Submit, &close);
    assert_eq!(world.orders.exposure().open_orders(), 1);
    world.wait_in_silence(&close, 3_000);
    assert_eq!(world.orders.exposure().open_orders(), 0, "another close may be sent");
    assert_eq!(world.orders.order(&close.client_order_id).unwrap().state(), OrderState::Unknown);
    world.report(report(&close, OrderStatus::New).build());
    assert_eq!(world.orders.exposure().open_orders(), 1, "and counts again when it shows");
    world.assert_rebuilds();
}
