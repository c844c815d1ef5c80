//! What is over is forgotten after the venue's reach; what it came to is not.

use super::world::World;
use crate::testing::{execution, money, number, position_report, qty, report, submit, symbol, wallet_report};
use crate::{Difference, DifferenceKind, Effect, OrderState, Working};
use windvane_model::{AccountSnapshot, Execution, OrderStatus, PositionIndex, Query, Side, Submit};

/// One order filled, one cancelled, one open; 1 held at 100, 0.1 paid.
fn with_a_past() -> (World, [Submit; 3], Execution) {
    let mut world = World::begun();
    let orders = [submit(1, "1", "100"), submit(2, "1", "90"), submit(3, "1", "80")];
    let fill = execution("old").of(&orders[0]).filled("1", "100").fee("0.1").at(5).build();
    for order in &orders {
        world.submit(order);
        world.report(report(order, OrderStatus::New).at(4).build());
    }
    world.cancel(&orders[1]);
    world.execution(fill);
    world.report(report(&orders[0], OrderStatus::Filled).filled("1").at(5).build());
    world.report(report(&orders[1], OrderStatus::Cancelled).at(6).build());
    (world, orders, fill)
}

/// What the venue shows of that account.
fn held(orders: &[Submit; 3]) -> AccountSnapshot {
    AccountSnapshot {
        open_orders: vec![report(&orders[2], OrderStatus::New).at(4).build()],
        positions: vec![position_report("BTCUSDT", "1", "100").at(5).build()],
        wallet: wallet_report("999.9"),
        ..AccountSnapshot::default()
    }
}

#[test]
fn rows_of_what_is_over_go_and_their_sums_stay() {
    let (mut world, orders, _) = with_a_past();
    world.days_pass(6, held(&orders));
    assert_eq!(
        (world.orders.orders().count(), world.orders.fill_count()),
        (3, 1),
        "the venue still shows it"
    );

    world.days_pass(2, held(&orders));
    let left: Vec<_> = world.orders.orders().map(|order| (order.id(), order.state())).collect();
    assert_eq!(left, [(orders[2].client_order_id, OrderState::Working(Working::New))], "what is open stays");
    assert_eq!(world.orders.fill_count(), 0);
    let position = world.orders.position(symbol("BTCUSDT"), PositionIndex(0)).unwrap();
    assert_eq!((position.holding().qty(), position.executions().count()), (qty("1"), 0));
    assert_eq!(position.holding().totals().net(), money("-0.1"));
    assert_eq!(world.orders.wallet().balance(), money("999.9"));

    // Books that know the past as a sum go on by the same rules.
    let close = execution("new").side(Side::Sell).filled("1", "103").fee("0.1").at(9 * 86_400_000).build();
    world.execution(close);
    let position = world.orders.position(symbol("BTCUSDT"), PositionIndex(0)).unwrap();
    assert_eq!(position.holding().totals().realised_pnl, number("3"));
    assert_eq!(position.holding().last_net(), money("2.8"));
    world.assert_rebuilds();
}

#[test]
fn what_is_told_again_of_the_forgotten_changes_nothing_and_is_raised() {
    let (mut world, orders, fill) = with_a_past();
    world.days_pass(8, held(&orders));
    world.reconcile_with(held(&orders));
    let before = world.orders.truth();

    let effects = world.execution(fill);
    let raised = Difference { kind: DifferenceKind::SealedFill, symbol: Some(fill.symbol) };
    assert_eq!(effects.first(), Some(&Effect::Difference(raised)));
    assert!(
        matches!(effects[1..], [Effect::Ask(Query::Account { .. })]),
        "both sides are compared: {effects:?}"
    );
    let effects = world.report(report(&orders[0], OrderStatus::Filled).filled("1").at(5).build());
    assert_eq!(effects, [], "no order is adopted, nothing halts");
    assert_eq!(world.orders.truth(), before);
    world.assert_rebuilds();
}

#[test]
fn a_fill_from_sealed_days_that_the_venue_alone_counts_stops_opening_and_is_not_booked_on_its_word() {
    let (mut world, orders, _) = with_a_past();
    world.days_pass(8, held(&orders));
    let stranger = execution("never told").filled("1", "100").at(3).build();
    let audit = world.execution(stranger);
    world.questions_fail(&audit);
    // The venue holds as much as we do: the fill is in that sum.
    world.reconcile_with(held(&orders));
    assert!(!world.orders.is_in_doubt(stranger.symbol));
    let holds =
        |world: &World| world.orders.position(stranger.symbol, PositionIndex(0)).unwrap().holding().qty();
    assert_eq!(holds(&world), qty("1"));

    // It holds more: nobody knows by what, and nothing opens there until somebody does.
    let audit = world.execution(stranger);
    world.questions_fail(&audit);
    let more = AccountSnapshot {
        positions: vec![position_report("BTCUSDT", "2", "100").at(8 * 86_400_000).build()],
        ..held(&orders)
    };
    world.reconcile_with(more);
    world.wait(2_000);
    assert!(world.orders.is_in_doubt(stranger.symbol));
    assert_eq!(holds(&world), qty("1"));
    world.assert_rebuilds();
}

#[test]
fn nothing_is_forgotten_while_both_sides_differ() {
    let (mut world, orders, _) = with_a_past();
    let other = AccountSnapshot {
        positions: vec![position_report("BTCUSDT", "2", "100").at(7).build()],
        ..held(&orders)
    };
    world.days_pass(8, other);
    assert_eq!(world.orders.fill_count(), 1);
}

#[test]
fn who_asks_the_past_may_keep_it() {
    let (mut world, orders, _) = with_a_past();
    world.orders = world.orders.clone().keeping(None);
    world.days_pass(400, held(&orders));
    assert_eq!((world.orders.orders().count(), world.orders.fill_count()), (3, 1));
}
