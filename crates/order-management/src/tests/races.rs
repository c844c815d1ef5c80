//! Cancels and amends against fills.

use super::world::{World, ask, closed, notices};
use crate::testing::{execution, price, qty, report, submit};
use crate::{DifferenceKind, Effect, OrderState};
use windvane_model::{AccountSnapshot, HaltCause, Notice, OrderStatus, RefusalFamily, Request, Submit};

fn working(world: &mut World, sequence: u64, amount: &str) -> Submit {
    let order = submit(sequence, amount, "100");
    world.submit(&order);
    world.acknowledged(Request::Submit, &order);
    world.report(report(&order, OrderStatus::New).at(2).build());
    order
}

#[test]
fn a_fill_that_beats_the_cancel_comes_as_two_filled_messages() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.cancel(&order);
    world.acknowledged(Request::Cancel, &order);
    world.execution(execution("a").of(&order).filled("1", "100").at(3).build());
    let first = world.report(report(&order, OrderStatus::Filled).filled("1").at(3).build());
    let second = report(&order, OrderStatus::Filled).filled("1").at(3);
    let second = world.report(second.words("CancelByUser", "EC_OrigClOrdIDDoesNotExist").build());
    assert_eq!(notices(&first), [&closed(order.client_order_id, OrderStatus::Filled, qty("1"))]);
    assert_eq!(second, [], "the second one only says that the cancel was refused");
    assert_eq!(world.deadline(), None);
    world.assert_rebuilds();
}

#[test]
fn a_partial_fill_then_a_cancel_keeps_the_fill_and_frees_the_rest() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "3");
    world.cancel(&order);
    assert!(world.orders.order(&order.client_order_id).unwrap().is_cancel_pending());
    let cancelled = report(&order, OrderStatus::Cancelled).filled("1").at(4);
    world.report(cancelled.words("CancelByUser", "EC_PerCancelRequest").build());
    let row = world.orders.exposure().order(order.client_order_id).copied().unwrap();
    assert_eq!(row.leaves_qty, qty("1"), "the reported fill is still to come, the rest is free");
    world.execution(execution("a").of(&order).filled("1", "100").at(3).build());
    assert_eq!(world.orders.exposure().open_orders(), 0);
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Cancelled);
}

#[test]
fn a_cancel_answered_with_not_found_is_looked_up_and_never_believed() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.cancel(&order);
    let effects = world.refused(Request::Cancel, &order, RefusalFamily::OrderNotFound);
    assert!(effects.contains(&ask(&order)), "{effects:?}");
    assert_eq!(world.orders.exposure().open_orders(), 1, "it still counts");
    let fill = execution("a").of(&order).filled("1", "100").at(3).build();
    let filled = report(&order, OrderStatus::Filled).filled("1").at(3).build();
    world.looked_up(&order, Some(filled), vec![fill]);
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Filled);
    assert_eq!(world.orders.exposure().open_orders(), 0);
    world.assert_rebuilds();
}

#[test]
fn a_lost_cancel_is_dropped_once_a_late_look_still_shows_the_order() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.cancel(&order);
    world.undetermined(Request::Cancel, &order);
    let shown = || report(&order, OrderStatus::New).at(2).build();
    for _ in 0..8 {
        let due = world.deadline().unwrap().millis_since(world.now());
        // The audit of the quiet account falls into it, too.
        if world.wait(due).contains(&ask(&order)) {
            world.looked_up(&order, Some(shown()), vec![]);
        }
        if !world.orders.order(&order.client_order_id).unwrap().is_cancel_pending() {
            break;
        }
    }
    assert!(!world.orders.order(&order.client_order_id).unwrap().is_cancel_pending());
    world.assert_rebuilds();
}

#[test]
fn both_sides_of_a_pending_amend_are_reserved() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "2");
    world.amend(&order, Some(price("90")), Some(qty("5")));
    let row = |world: &World| {
        world.orders.exposure().order(order.client_order_id).map(|row| (row.leaves_qty, row.price)).unwrap()
    };
    assert_eq!(row(&world), (qty("5"), price("100")), "the larger quantity at the higher price");
    world.acknowledged(Request::Amend, &order);
    assert_eq!(row(&world), (qty("5"), price("100")), "an acknowledgement is not the change");
    let effects = world.report(report(&order, OrderStatus::New).figures("5", "90").at(4).build());
    assert_eq!(row(&world), (qty("5"), price("90")));
    assert!(matches!(notices(&effects)[..], [Notice::Working { .. }]), "{effects:?}");
    assert_eq!(world.deadline(), None);
    world.assert_rebuilds();
}

#[test]
fn an_amend_that_loses_to_the_fill_ends_with_the_order() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.amend(&order, None, Some(qty("2")));
    world.execution(execution("a").of(&order).filled("1", "100").at(3).build());
    let effects = world.refused(Request::Amend, &order, RefusalFamily::OrderNotFound);
    assert!(effects.contains(&ask(&order)), "{effects:?}");
    world.report(report(&order, OrderStatus::Filled).filled("1").at(3).build());
    assert_eq!(world.orders.exposure().open_orders(), 0);
    assert!(!world.orders.order(&order.client_order_id).unwrap().is_amend_pending());
    world.assert_rebuilds();
}

#[test]
fn a_refused_amend_frees_the_new_side() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    for family in [RefusalFamily::InsufficientMargin, RefusalFamily::AlreadySo] {
        world.amend(&order, None, Some(qty("9")));
        world.refused(Request::Amend, &order, family);
        let row = world.orders.exposure().order(order.client_order_id).unwrap();
        assert_eq!(row.leaves_qty, qty("1"), "{family:?}");
    }
}

#[test]
fn a_refused_amend_leaves_the_taken_one_before_it_reserved() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.amend(&order, None, Some(qty("9")));
    world.acknowledged(Request::Amend, &order);
    world.amend(&order, None, Some(qty("2")));
    world.refused(Request::Amend, &order, RefusalFamily::InvalidParameter);
    let row = world.orders.exposure().order(order.client_order_id).unwrap();
    assert_eq!(row.leaves_qty, qty("9"), "the order may show the first amend any moment");
    world.assert_rebuilds();
}

#[test]
fn a_cancel_by_somebody_else_is_counted_and_halts() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    let by_other = report(&order, OrderStatus::Cancelled).at(5).words("CancelByUser", "EC_PerCancelRequest");
    let effects = world.report(by_other.build());
    let is_noticed = |effect: &Effect| matches!(effect, Effect::Difference(difference) if difference.kind == DifferenceKind::CancelledByOther);
    assert!(effects.iter().any(is_noticed), "{effects:?}");
    assert!(effects.contains(&Effect::Halt(HaltCause::CancelledByOther)), "{effects:?}");
}

#[test]
fn a_cancel_of_our_own_halts_nothing() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.cancel(&order);
    let ours = report(&order, OrderStatus::Cancelled).at(5).words("CancelByUser", "EC_PerCancelRequest");
    let effects = world.report(ours.build());
    assert_eq!(notices(&effects), [&closed(order.client_order_id, OrderStatus::Cancelled, qty("0"))]);
    assert_eq!(effects.len(), 1, "{effects:?}");
}

#[test]
fn an_amend_is_unanswered_until_the_order_or_the_gate_says_what_became_of_it() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "2");
    let is_settled =
        |world: &World| !world.orders.order(&order.client_order_id).unwrap().is_amend_unanswered();
    assert!(is_settled(&world));
    world.amend(&order, Some(price("98")), None);
    assert!(!is_settled(&world));
    world.undetermined(Request::Amend, &order);
    assert!(!is_settled(&world));
    world.report(report(&order, OrderStatus::New).figures("2", "98").at(4).build());
    assert!(is_settled(&world));
}

#[test]
fn the_report_of_a_later_amend_ends_the_earlier_ones_too() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "2");
    for limit in ["103", "97"] {
        world.amend(&order, Some(price(limit)), None);
    }
    let row = |world: &World| world.orders.exposure().order(order.client_order_id).unwrap().price;
    assert_eq!(row(&world), price("103"));
    world.report(report(&order, OrderStatus::New).figures("2", "97").at(4).build());
    assert_eq!(row(&world), price("97"));
    world.report(report(&order, OrderStatus::New).figures("2", "103").at(3).build());
    assert_eq!(row(&world), price("97"), "an older report says nothing of a later amend");
}

#[test]
fn an_older_message_of_the_same_millisecond_that_comes_again_is_put_right_by_the_next_look() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "3");
    for whole in ["2", "1", "2"] {
        world.report(report(&order, OrderStatus::New).figures(whole, "100").at(5).build());
    }
    assert_eq!(
        world.orders.order(&order.client_order_id).unwrap().qty(),
        qty("2"),
        "the repetition came last"
    );
    let now = report(&order, OrderStatus::New).figures("1", "100").at(5).build();
    world.reconcile_with(AccountSnapshot { open_orders: vec![now], ..AccountSnapshot::default() });
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().qty(), qty("1"));
    world.assert_rebuilds();
}

#[test]
fn the_refusal_of_a_second_cancel_does_not_undo_the_first() {
    let mut world = World::begun();
    let order = working(&mut world, 1, "1");
    world.cancel(&order);
    world.cancel(&order);
    world.acknowledged(Request::Cancel, &order);
    world.refused(Request::Cancel, &order, RefusalFamily::RateLimit);
    let cancelled = report(&order, OrderStatus::Cancelled).at(4);
    let effects = world.report(cancelled.words("CancelByUser", "EC_PerCancelRequest").build());
    let is_others = |effect: &Effect| matches!(effect, Effect::Halt(_) | Effect::Difference(_));
    assert!(!effects.iter().any(is_others), "it was our own: {effects:?}");
    world.assert_rebuilds();
}
