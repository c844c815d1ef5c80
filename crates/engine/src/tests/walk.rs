//! From a price to a request: what is no price, and what does not leave twice.

use super::*;

#[test]
fn a_touch_from_before_a_cut_is_no_price() {
    let (mut world, _) = World::reconciled("10");
    world.quote();
    assert!(world.engine.quotes.get(symbol()).bid.is_some());
    world.take(Event::Link(Link::Public(LinkState::Down)));
    world.take(Event::Link(Link::Public(LinkState::Up)));
    assert_eq!(world.engine.quotes.get(symbol()).bid, None);
}

#[test]
fn while_an_amend_is_unanswered_no_second_one_leaves() {
    let (mut world, _) = World::reconciled("10");
    let amends = |outputs: &[Output]| {
        let is_amend = |out: &&Output| matches!(out, Output::Command { command: Command::Amend(_), .. });
        outputs.iter().filter(is_amend).count()
    };
    world.quote();
    let id = world.engine.orders().live_orders().next().expect("the maker quotes").id();
    let amend = |world: &mut World, to: &str| {
        let mut outputs = Vec::new();
        let intent = windvane_model::Intent::Amend { client_order_id: id, price: Some(price(to)), qty: None };
        world.engine.take(0, &intent, windvane_model::SignalName::EMPTY, world.stamp, &mut outputs);
        outputs
    };
    assert_eq!(amends(&amend(&mut world, "98.5")), 1);
    let second = amend(&mut world, "98");
    assert_eq!(amends(&second), 0);
    assert!(
        matches!(second[..], [Output::Denied { denial, .. }] if denial.reason == DenialReason::NotAmendable)
    );
}

#[test]
fn a_size_that_the_venue_tells_before_its_execution_counts_against_the_limit_at_once() {
    let more = windvane_model::Intent::Place(windvane_model::Place {
        tag: windvane_model::Tag(7),
        symbol: symbol(),
        role: Role::Entry,
        side: Side::Buy,
        qty: qty("1"),
        kind: windvane_model::OrderKind::Limit { price: price("99"), time_in_force: TimeInForce::Gtc },
        reduce_only: false,
        stop_loss: Some(price("95")),
        take_profit: None,
        triggers: windvane_model::Triggers::default(),
        send_before: None,
    });
    // The limit is 2000 USDT; by our executions 100 of them are held.
    for (told, is_denied) in [("1", false), ("19.5", true)] {
        let (mut world, _) = World::reconciled("10");
        world.quote();
        let told = PositionReport { sequence: 2, updated: MarketTime(2), ..position(told, "10") };
        world.take(Event::Account(AccountEvent::Position(told)));
        let mut outputs = Vec::new();
        world.engine.take(0, &more, windvane_model::SignalName::EMPTY, world.stamp, &mut outputs);
        let is_limit = |out: &Output| match out {
            Output::Denied { denial, .. } => matches!(denial.reason, DenialReason::PositionNotional { .. }),
            _ => false,
        };
        assert_eq!(outputs.iter().any(is_limit), is_denied, "{told:?}: {outputs:?}");
    }
}

#[test]
fn a_bot_counts_the_positions_of_the_account_and_those_that_an_order_is_about_to_open() {
    use windvane_strategy::Means;
    let count = |world: &World| world.engine.bots[0].share(&world.engine.orders).open_positions();
    let mut world = World::connected();
    world.show_held("0", "10");
    assert_eq!(count(&world), 0);
    assert_eq!(submits(&world.quote()).len(), 2, "both sides of one contract");
    assert_eq!(count(&world), 1);
    let (world, _) = World::reconciled("10");
    assert_eq!(count(&world), 1);
}
