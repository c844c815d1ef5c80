//! An order from submit to its end, when nothing goes wrong but the order of messages.

use super::world::{World, closed, notices};
use crate::testing::{execution, number, price, qty, report, submit};
use crate::{OrderState, Working};
use windvane_model::{Notice, OrderStatus, RefusalFamily, Request, Side};
use windvane_risk::OrderKey;

fn leaves(world: &World, sequence: u64) -> Option<(String, String)> {
    let key = OrderKey::Client(submit(sequence, "1", "100").client_order_id);
    world.orders.exposure().order(key).map(|row| (row.leaves_qty.to_string(), row.price.to_string()))
}

fn pair(qty: &str, price: &str) -> Option<(String, String)> {
    Some((qty.to_owned(), price.to_owned()))
}

#[test]
fn an_order_counts_from_its_submit_until_its_last_fill() {
    let mut world = World::begun();
    let order = submit(1, "3", "100");
    let id = order.client_order_id;
    world.submit(&order);
    assert_eq!(leaves(&world, 1), pair("3", "100"), "reserved before it is answered");

    world.acknowledged(Request::Submit, &order);
    assert_eq!(world.orders.order(&id).unwrap().state(), OrderState::Acknowledged);
    let effects = world.report(report(&order, OrderStatus::New).at(2).build());
    assert_eq!(
        notices(&effects),
        [&Notice::Working { client_order_id: id, price: Some(price("100")), qty: qty("3") }]
    );

    world.execution(execution("a").of(&order).filled("1", "100").at(3).build());
    assert_eq!(leaves(&world, 1), pair("2", "100"));
    world.report(report(&order, OrderStatus::PartiallyFilled).filled("1").at(3).build());
    let effects = world.execution(execution("b").of(&order).filled("2", "99").at(4).build());
    let told = notices(&effects);
    assert!(matches!(told[0], Notice::Filled { side: Side::Buy, .. }), "{told:?}");
    assert!(matches!(told[1], Notice::PositionChanged { .. }), "{told:?}");
    assert_eq!(leaves(&world, 1), None);
    let effects = world.report(report(&order, OrderStatus::Filled).filled("3").at(4).build());
    assert_eq!(notices(&effects), [&closed(id, OrderStatus::Filled, qty("3"))]);

    let order = world.orders.order(&id).unwrap();
    assert_eq!((order.filled_qty(), order.filled_value()), (qty("3"), number("298")));
    assert_eq!(world.deadline(), None, "nothing is waited for any more");
    world.assert_rebuilds();
}

#[test]
fn closed_is_told_only_after_the_last_fill() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    let effects = world.report(report(&order, OrderStatus::Filled).filled("1").build());
    assert_eq!(notices(&effects), Vec::<&Notice>::new());
    assert_eq!(leaves(&world, 1), pair("1", "100"), "the reported fill is on its way");

    let effects = world.execution(execution("a").of(&order).filled("1", "100").build());
    assert_eq!(notices(&effects)[1], &closed(order.client_order_id, OrderStatus::Filled, qty("1")));
    assert_eq!(leaves(&world, 1), None);
}

#[test]
fn an_acknowledgement_after_the_fill_changes_nothing() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.execution(execution("a").of(&order).filled("1", "100").build());
    world.report(report(&order, OrderStatus::Filled).filled("1").build());
    world.acknowledged(Request::Submit, &order);
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Filled);
    world.assert_rebuilds();
}

#[test]
fn a_refused_order_holds_nothing_and_a_rejected_one_keeps_its_fills() {
    let mut world = World::begun();
    let refused = submit(1, "1", "100");
    world.submit(&refused);
    let effects = world.refused(Request::Submit, &refused, RefusalFamily::InsufficientMargin);
    assert!(matches!(notices(&effects)[..], [Notice::Refused(_)]), "{effects:?}");
    assert_eq!(leaves(&world, 1), None);

    let rejected = submit(2, "2", "100");
    world.submit(&rejected);
    world.execution(execution("a").of(&rejected).filled("1", "100").build());
    let effects = world.report(report(&rejected, OrderStatus::Rejected).filled("1").build());
    assert_eq!(notices(&effects), [&closed(rejected.client_order_id, OrderStatus::Rejected, qty("1"))]);
    assert_eq!(world.orders.truth().orders.len(), 1, "a refused order never was");
}

#[test]
fn an_older_report_never_overwrites_a_newer_one() {
    let mut world = World::begun();
    let order = submit(1, "3", "100");
    world.submit(&order);
    world.report(report(&order, OrderStatus::PartiallyFilled).filled("1").figures("2", "101").at(9).build());
    world.report(report(&order, OrderStatus::New).at(2).build());
    let known = world.orders.order(&order.client_order_id).unwrap();
    assert_eq!(known.state(), OrderState::Working(Working::PartiallyFilled));
    assert_eq!((known.price(), known.qty()), (Some(price("101")), qty("2")));
}

#[test]
fn what_comes_again_after_the_end_says_nothing_of_the_end() {
    let mut world = World::begun();
    let order = submit(1, "2", "100");
    world.submit(&order);
    let before = report(&order, OrderStatus::New).figures("1", "100").at(5);
    world.report(report(&order, OrderStatus::Cancelled).figures("3", "100").at(5).build());
    world.report(before.build());
    let known = world.orders.order(&order.client_order_id).unwrap();
    assert_eq!((known.qty(), known.state()), (qty("3"), OrderState::Cancelled));
}

#[test]
fn fills_without_our_id_find_their_order_by_the_venues() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    let mut fill = execution("a").of(&order).filled("1", "100").build();
    fill.client_order_id = None;
    world.execution(fill);
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().filled_qty(), qty("0"));
    world.report(report(&order, OrderStatus::Filled).filled("1").build());
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().filled_qty(), qty("1"));
    assert_eq!(leaves(&world, 1), None);
    world.assert_rebuilds();
}

#[test]
fn one_execution_with_both_ids_is_enough_to_find_the_others() {
    let mut world = World::begun();
    let order = submit(1, "2", "100");
    world.submit(&order);
    let mut nameless = execution("a").of(&order).filled("1", "100").at(3).build();
    nameless.client_order_id = None;
    world.execution(nameless);
    world.execution(execution("b").of(&order).filled("1", "100").at(4).build());
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().filled_qty(), qty("2"));
    assert_eq!(leaves(&world, 1), None);
    world.assert_rebuilds();
}
