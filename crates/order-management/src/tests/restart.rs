//! Starts, kills and gaps.

use super::world::{World, ask, notices};
use crate::testing::{
    execution, money, own_id_of, position_report, qty, report, submit, symbol, wallet_report,
};
use crate::{DifferenceKind, OrderState, Orders, Working};
use windvane_model::{
    AccountEvent, AccountSnapshot, Command, MarketTime, Notice, OrderStatus, PositionIndex, Query,
    QueryAnswer, Request,
};

#[test]
fn nothing_is_known_before_the_first_reconciliation() {
    let mut world = World::fresh();
    assert!(!world.orders.is_reconciled());
    world.reconcile_with(AccountSnapshot::default());
    assert!(world.orders.is_reconciled());
    assert_eq!(world.orders.wallet().balance(), money("1000"));
}

#[test]
fn the_books_begin_at_what_the_venue_holds() {
    let mut world = World::fresh();
    let old = execution("old").filled("1", "90").at(-1_000).build();
    let effects = world.reconcile_with(AccountSnapshot {
        executions: vec![old],
        positions: vec![position_report("BTCUSDT", "3", "95").at(-1_000).build()],
        ..AccountSnapshot::default()
    });
    assert!(!effects.iter().any(|effect| matches!(effect, crate::Effect::Difference(_))), "{effects:?}");
    let symbol = submit(1, "1", "1").symbol;
    let held = |world: &World| world.orders.position(symbol, PositionIndex(0)).unwrap().holding().qty();
    assert_eq!(held(&world), qty("3"), "the old fill is part of it");
    world.execution(old);
    assert_eq!(held(&world), qty("3"), "and is never booked again");
    world.execution(execution("new").filled("1", "99").at(5).build());
    assert_eq!(held(&world), qty("4"));
    assert_eq!(world.orders.wallet().balance(), money("1000"));
    world.assert_rebuilds();
}

#[test]
fn the_books_do_not_begin_with_a_picture_that_was_torn_by_a_fill() {
    let mut world = World::fresh();
    let fill = execution("during").filled("1", "90").fee("0.05").at(4).build();
    let torn = AccountSnapshot {
        executions: vec![fill],
        positions: vec![position_report("BTCUSDT", "0", "0").at(-1).build()],
        ..AccountSnapshot::default()
    };
    world.reconcile_with(torn);
    assert!(
        !world.orders.is_reconciled(),
        "the wallet may be of before the fill, the executions of after it"
    );
    assert!(world.deadline().is_some(), "it is asked again");
}

#[test]
fn a_row_read_before_a_fill_is_what_the_fill_came_on_top_of() {
    let mut world = World::fresh();
    // The row of before, the executions of after: as in the answer to a question before the last one.
    world.reconcile_with(AccountSnapshot {
        executions: vec![execution("later").filled("1", "90").fee("0.05").at(-1_000).build()],
        positions: vec![position_report("BTCUSDT", "3", "95").at(-2_000).build()],
        wallet: wallet_report("999.95"),
        ..AccountSnapshot::default()
    });
    let held = world.orders.position(symbol("BTCUSDT"), PositionIndex(0)).unwrap().holding().qty();
    assert_eq!((held, world.orders.wallet().balance()), (qty("4"), money("999.95")));
    world.assert_rebuilds();
}

#[test]
fn a_wallet_that_began_torn_begins_anew_with_the_first_picture_that_is_whole() {
    let mut world = World::fresh();
    let fill = execution("during").filled("1", "90").fee("0.05").at(4).build();
    let picture = |position, balance| AccountSnapshot {
        executions: vec![fill],
        positions: vec![position],
        wallet: wallet_report(balance),
        ..AccountSnapshot::default()
    };
    let torn = picture(position_report("BTCUSDT", "0", "0").at(-1).build(), "1000");
    world.reconcile_with(torn.clone());
    for _ in 0..5 {
        assert!(!world.orders.is_reconciled());
        world.fact(AccountEvent::Answer(QueryAnswer::Account(Box::new(torn.clone()))));
    }
    assert!(world.orders.is_reconciled(), "an account that never rests must begin, too");
    world.assert_rebuilds();

    world.days_pass(1, picture(position_report("BTCUSDT", "1", "90").at(4).build(), "999.95"));
    let wallet = world.orders.wallet();
    assert_eq!((wallet.balance(), wallet.transfers()), (money("999.95"), money("0")));
    world.assert_rebuilds();
}

#[test]
fn a_fill_after_the_wallet_was_read_tears_the_picture_although_another_question_was_put_since() {
    let mut world = World::fresh();
    let mut wallet = wallet_report("1000");
    wallet.at = MarketTime(-3_000);
    world.reconcile_with(AccountSnapshot {
        executions: vec![execution("between").filled("1", "90").fee("0.05").at(-2_000).build()],
        wallet,
        ..AccountSnapshot::default()
    });
    assert!(!world.orders.is_reconciled());
}

#[test]
fn the_answer_to_a_question_from_before_a_gap_does_not_close_it() {
    let mut world = World::begun();
    let ask = |world: &mut World| {
        world.command(Command::Query(Query::Account { executions_since: MarketTime(0) }));
    };
    let fill = execution("in the gap").filled("1", "90").fee("0.05").at(4).build();
    let before = AccountSnapshot {
        positions: vec![position_report("BTCUSDT", "0", "0").at(-1).build()],
        wallet: wallet_report("1000"),
        ..AccountSnapshot::default()
    };
    let after = AccountSnapshot {
        executions: vec![fill],
        positions: vec![position_report("BTCUSDT", "1", "90").at(4).build()],
        wallet: wallet_report("999.95"),
        ..AccountSnapshot::default()
    };
    ask(&mut world);
    ask(&mut world);
    world.fact(AccountEvent::Answer(QueryAnswer::Account(Box::new(before))));
    assert!(!world.orders.is_reconciled(), "the fill is not known yet");
    world.fact(AccountEvent::Answer(QueryAnswer::Account(Box::new(after))));
    assert!(world.orders.is_reconciled());
    assert_eq!(world.orders.fill_count(), 1);
    world.assert_rebuilds();
}

#[test]
fn books_of_earlier_versions_are_read() {
    let world = World::begun();
    let mut bytes = Vec::new();
    world.orders.write(&mut bytes);
    // Of the movements: no row, since when, nothing without a name, and when that was.
    let movements = 4 + 8 + 4 + 8;
    for (version, without) in [(4, movements), (3, movements + 5)] {
        let mut bytes = bytes.clone();
        bytes[0] = version;
        bytes.truncate(bytes.len() - without);
        let mut input = windvane_layout::Input::new(&bytes);
        let read = Orders::read(&mut input, &[]).unwrap();
        input.finish().unwrap();
        assert_eq!(read.wallet(), world.orders.wallet(), "version {version}");
    }
}

#[test]
fn a_restart_books_no_execution_twice() {
    let mut world = World::begun();
    let order = submit(1, "2", "100");
    let fill = execution("a").of(&order).filled("1", "100").fee("0.02").at(5).build();
    world.submit(&order);
    world.report(report(&order, OrderStatus::PartiallyFilled).filled("1").at(5).build());
    world.execution(fill);
    world.killed_and_restarted();
    let effects = world.reconcile_with(AccountSnapshot {
        open_orders: vec![report(&order, OrderStatus::PartiallyFilled).filled("1").at(5).build()],
        executions: vec![fill],
        positions: vec![position_report("BTCUSDT", "1", "100").at(5).build()],
        wallet: wallet_report("999.98"),
    });
    assert_eq!(effects, []);
    assert!(world.orders.is_reconciled());
    assert_eq!(world.orders.counters().duplicate_executions, 1);
    world.assert_rebuilds();
}

#[test]
fn an_order_cut_off_by_the_kill_is_found_in_the_account() {
    let mut world = World::begun();
    let order = submit(1, "2", "100");
    world.submit(&order);
    world.killed_and_restarted();
    world.reconcile_with(AccountSnapshot {
        open_orders: vec![report(&order, OrderStatus::New).at(5).build()],
        ..AccountSnapshot::default()
    });
    let known = world.orders.order(&order.client_order_id).unwrap();
    assert_eq!(known.state(), OrderState::Working(Working::New));
    assert_eq!(world.deadline(), None);
}

#[test]
fn a_fill_during_the_gap_is_found_by_the_executions_and_a_look_at_the_order() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.acknowledged(Request::Submit, &order);
    world.report(report(&order, OrderStatus::New).at(2).build());
    let fill = execution("a").of(&order).filled("1", "100").fee("0.02").at(5).build();
    let filled = report(&order, OrderStatus::Filled).filled("1").at(5).build();
    let effects = world.reconcile_with(AccountSnapshot {
        executions: vec![fill],
        positions: vec![position_report("BTCUSDT", "1", "100").at(5).build()],
        wallet: wallet_report("999.98"),
        ..AccountSnapshot::default()
    });
    // The fill is booked. How the order ended only a look at it says, and the gap is not closed before.
    assert!(effects.contains(&ask(&order)), "{effects:?}");
    assert!(!world.orders.is_reconciled());
    assert!(!world.orders.order(&order.client_order_id).unwrap().is_settled());
    world.looked_up(&order, Some(filled), vec![fill]);
    assert_eq!(world.orders.order(&order.client_order_id).unwrap().state(), OrderState::Filled);
    assert!(world.orders.is_reconciled());
    // The difference is the fill that nobody told; that the order is gone is its consequence.
    assert!(!world.orders.counters().differences.contains_key(&DifferenceKind::MissingOrder));
    world.assert_rebuilds();
}

#[test]
fn an_open_order_that_the_account_does_not_show_is_asked_for_before_the_gap_is_closed() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.report(report(&order, OrderStatus::New).at(2).build());
    let effects = world.reconcile_with(AccountSnapshot::default());
    assert!(effects.contains(&ask(&order)), "{effects:?}");
    assert!(!world.orders.is_reconciled());
    let gone =
        report(&order, OrderStatus::Cancelled).at(3).words("CancelByUser", "EC_PerCancelRequest").build();
    world.looked_up(&order, Some(gone), vec![]);
    assert!(world.orders.is_reconciled());
    assert_eq!(world.orders.exposure().open_orders(), 0);
    assert_eq!(world.orders.counters().differences[&DifferenceKind::MissingOrder], 1);
    world.assert_rebuilds();
}

#[test]
fn an_order_of_ours_that_the_journal_lost_is_adopted_by_its_id() {
    let mut world = World::fresh();
    let mut order = submit(7, "2", "100");
    order.client_order_id = own_id_of(9, 7);
    let fill = execution("a").of(&order).filled("1", "100").at(3).build();
    let effects = world.execution(fill);
    assert!(effects.contains(&ask(&order)), "{effects:?}");
    let effects = world.looked_up(
        &order,
        Some(report(&order, OrderStatus::PartiallyFilled).filled("1").build()),
        vec![fill],
    );
    let known = world.orders.order(&order.client_order_id).unwrap();
    assert_eq!((known.bot(), known.filled_qty()), (Some(crate::testing::bot()), qty("1")));
    assert!(notices(&effects).iter().any(|notice| matches!(notice, Notice::Working { .. })), "{effects:?}");
    assert_eq!(world.orders.exposure().order(order.client_order_id).unwrap().leaves_qty, qty("1"));
    assert_eq!(world.orders.counters().adopted_orders, 1);
    assert_eq!(world.deadline(), None);
    world.assert_rebuilds();
}
