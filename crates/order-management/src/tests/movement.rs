//! Money that moves without an execution: named by the venue's log, named too late, or never.

use super::world::World;
use crate::Effect;
use crate::testing::{money, wallet_report};
use windvane_model::{
    AccountEvent, AccountSnapshot, Coin, MarketTime, Money, Movement, MovementKind, Query, QueryAnswer, Text,
};

fn row(id: &str, at: i64, change: &str, kind: MovementKind) -> Movement {
    let coin = Coin::new("USDT").unwrap();
    Movement { id: Text::lossy(id), at: MarketTime(at), coin, change: money(change), kind }
}

/// The venue shows that much from now on, and nothing says why: until its log is asked.
fn differs(world: &mut World, balance: &str) -> Vec<Effect> {
    world.fact(AccountEvent::Wallet(wallet_report(balance)));
    let effects = world.wait(2_000);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Query::Account { .. }))), "{effects:?}");
    shown(world, balance)
}

fn shown(world: &mut World, balance: &str) -> Vec<Effect> {
    let snapshot = AccountSnapshot { wallet: wallet_report(balance), ..AccountSnapshot::default() };
    world.fact(AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot))))
}

fn asks_log(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Ask(Query::Movements { .. })))
}

fn log(world: &mut World, rows: &[Movement]) {
    world.fact(AccountEvent::Answer(QueryAnswer::Movements(rows.to_vec())));
}

/// The balance, and what of it came from outside.
fn money_of(world: &World) -> (Money, Money) {
    (world.orders.wallet().balance(), world.orders.wallet().transfers())
}

#[test]
fn money_that_the_log_names_is_a_transfer_at_once_and_once() {
    let mut world = World::begun();
    assert!(asks_log(&differs(&mut world, "1500")), "the log is asked what the money is");
    assert_eq!(money_of(&world), (money("1000"), money("0")), "not before it is known");
    let deposit = row("d", 10, "500", MovementKind::Moved);
    log(&mut world, &[row("old", 0, "1000", MovementKind::Moved), deposit]);
    assert_eq!(money_of(&world), (money("1500"), money("500")), "what was before is in the beginning");
    world.wait(500);
    assert!(!asks_log(&shown(&mut world, "1500")), "everything agrees");
    assert!(asks_log(&differs(&mut world, "1200")));
    log(&mut world, &[row("w", 3_000, "-300", MovementKind::Moved), deposit]);
    assert_eq!(money_of(&world), (money("1200"), money("200")));
    world.assert_rebuilds();
}

#[test]
fn interest_is_a_loss_and_no_transfer() {
    let mut world = World::begun();
    differs(&mut world, "997");
    log(&mut world, &[row("i", 10, "-3", MovementKind::Earned)]);
    assert_eq!(money_of(&world), (money("997"), money("0")));
    world.assert_rebuilds();
}

#[test]
fn what_the_log_names_too_late_is_booked_once_and_as_what_it_is() {
    let mut world = World::begun();
    differs(&mut world, "1497");
    for _ in 0..20 {
        let effects = world.wait(10_000);
        if !effects.iter().any(|effect| matches!(effect, Effect::Ask(Query::Account { .. }))) {
            break;
        }
        assert!(asks_log(&shown(&mut world, "1497")));
        log(&mut world, &[]);
    }
    assert_eq!(money_of(&world), (money("1497"), money("497")), "booked without a name");
    // The next look at the account asks for it again.
    world.wait(30_000);
    assert!(asks_log(&shown(&mut world, "1497")));
    let fee = row("f", 11, "-3", MovementKind::Earned);
    log(&mut world, &[row("d", 10, "490", MovementKind::Moved)]);
    assert_eq!(money_of(&world), (money("1497"), money("497")), "it was booked already");
    log(&mut world, &[fee, row("r", 12, "7", MovementKind::Earned)]);
    // The fee is of another sign than what is left, so it is news; the rest is what the fee given back was.
    assert_eq!(money_of(&world), (money("1494"), money("490")));
    log(&mut world, &[fee]);
    assert_eq!(money_of(&world), (money("1494"), money("490")), "once");
    world.assert_rebuilds();
}
