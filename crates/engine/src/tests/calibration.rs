//! Our margin beside the venue's.

use super::*;

#[test]
fn with_each_audit_the_venue_is_asked_what_an_order_would_hold_and_a_lasting_difference_is_told() {
    let (mut world, _) = World::reconciled("10");
    // Nothing of ours must be under way.
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    world.quote();
    for round in 1..=3 {
        world.wait(1_000);
        world.quote();
        let outputs = world.show(&[position("0", "10")], "1000");
        let question = outputs.iter().find_map(|output| match output {
            Output::Command { command: Command::Query(Query::PreCheck(question)), .. } => Some(*question),
            _ => None,
        });
        let question = question.expect("a quarter of what can be afforded");
        assert_eq!((question.side, question.price), (Side::Buy, price("100")));
        // The venue says that it would hold nothing.
        let nothing = Rate::ZERO;
        let answer = QueryAnswer::PreCheck(PreChecked {
            question,
            initial_before: nothing,
            maintenance_before: nothing,
            initial_after: nothing,
            maintenance_after: nothing,
        });
        let outputs = world.take(Event::Account(AccountEvent::Answer(answer)));
        let is_told = outputs.iter().any(|output| matches!(output, Output::Miscount(_)));
        assert_eq!(is_told, round == 3, "round {round}");
    }
}

/// How often an order is asked about in so many audits when every question fails.
fn questions(audits: u32, is_unsupported: bool) -> u32 {
    let (mut world, _) = World::reconciled("10");
    // Nothing of ours must be under way.
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    world.quote();
    let mut asked = 0;
    for _ in 0..audits {
        world.wait(1_000);
        world.quote();
        for output in world.show(&[position("0", "10")], "1000") {
            let Output::Command { command: Command::Query(query @ Query::PreCheck(_)), .. } = output else {
                continue;
            };
            asked += 1;
            let failed = QueryFailed { query, code: 10001, is_unsupported };
            world.take(Event::Account(AccountEvent::QueryFailed(failed)));
        }
    }
    asked
}

#[test]
fn a_venue_that_has_no_such_call_is_asked_three_times_and_no_more() {
    assert_eq!(questions(40, true), 3);
}

#[test]
fn after_three_failures_of_another_kind_every_tenth_audit_asks_again() {
    assert_eq!(questions(3, false), 3);
    assert_eq!(questions(12, false), 3);
    assert_eq!(questions(13, false), 4);
    assert_eq!(questions(33, false), 6);
}

#[test]
fn a_debt_that_the_wallet_shows_halts_and_a_resume_while_it_lasts_halts_again() {
    let (mut world, _) = World::reconciled("10");
    let told = |outputs: &[Output]| outputs.iter().any(|output| matches!(output, Output::Elsewhere(_)));
    let wallet = |borrowed: &str| {
        let ether = CoinBalance { borrowed: Some(Money::new(number(borrowed))), ..coin("ETH", "2") };
        let coins = vec![coin("USDT", "1000"), ether];
        Event::Account(AccountEvent::Wallet(WalletReport { coins, ..WalletReport::default() }))
    };
    assert!(!told(&world.take(wallet("0"))), "collateral is no debt");
    assert_eq!(world.engine.gate.latched(), None);
    assert!(told(&world.take(wallet("0.5"))));
    assert_eq!(world.engine.run_state(), RunState::Halted(HaltCause::OtherMargin));
    assert!(!told(&world.take(wallet("0.5"))), "it is told once");
    world.take(Event::Control(Control::Resume));
    assert!(told(&world.take(wallet("0.5"))));
    assert_eq!(world.engine.run_state(), RunState::Halted(HaltCause::OtherMargin));
    world.take(wallet("0"));
    world.take(Event::Control(Control::Resume));
    assert_eq!(world.engine.gate.latched(), None);
}

#[test]
fn contracts_that_settle_in_another_coin_halt_when_an_audit_shows_them() {
    let (mut world, _) = World::reconciled("10");
    let bitcoin = CoinBalance { position_margin: Some(Money::new(number("0.1"))), ..coin("BTC", "1") };
    world.show_coins(&[position("1", "10")], vec![coin("USDT", "1000"), bitcoin]);
    assert_eq!(world.engine.run_state(), RunState::Halted(HaltCause::OtherMargin));
}
