//! Money that the venue no longer shows may not be used, before it is known where it went.

use super::world::World;
use crate::testing::{execution, money, number, report, submit, wallet_report};
use windvane_model::{AccountEvent, Money, OrderStatus};

/// What may be used, and what the account is worth.
fn figures(world: &World) -> (Money, Money) {
    let account = world.orders.exposure().account();
    (Money::new(account.available()), account.equity())
}

#[test]
fn what_was_taken_out_is_not_used_as_margin_and_counts_as_a_loss_for_nobody() {
    let mut world = World::begun();
    assert_eq!(figures(&world), (money("1000"), money("1000")));
    world.fact(AccountEvent::Wallet(wallet_report("400")));
    assert_eq!(figures(&world), (money("400"), money("1000")), "before it is known where it went");
    world.fact(AccountEvent::Wallet(wallet_report("1500")));
    assert_eq!(figures(&world), (money("1000"), money("1000")), "what came in waits until it is understood");
}

#[test]
fn a_fee_that_the_wallet_shows_before_its_execution_counts_once() {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.report(report(&order, OrderStatus::Filled).filled("1").at(5).build());
    world.fact(AccountEvent::Wallet(wallet_report("999.945")));
    let account = world.orders.exposure().account();
    assert_eq!((account.shortfall, account.equity()), (number("0.055"), money("1000")));
    world.execution(execution("a").of(&order).filled("1", "100").fee("0.055").at(5).build());
    let account = world.orders.exposure().account();
    assert_eq!((account.shortfall, account.equity()), (number("0"), money("999.945")));
}

#[test]
fn what_spot_orders_hold_is_not_used_as_margin() {
    let mut world = World::begun();
    let mut wallet = wallet_report("1000");
    wallet.coins[0].locked = Some(money("250"));
    world.fact(AccountEvent::Wallet(wallet));
    assert_eq!(figures(&world), (money("750"), money("1000")));
    world.fact(AccountEvent::Wallet(wallet_report("1000")));
    assert_eq!(figures(&world), (money("1000"), money("1000")));
}
