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
        world.engine.take(0, &intent, world.stamp, &mut outputs);
        outputs
    };
    assert_eq!(amends(&amend(&mut world, "98.5")), 1);
    let second = amend(&mut world, "98");
    assert_eq!(amends(&second), 0);
    assert!(
        matches!(second[..], [Output::Denied { denial, .. }] if denial.reason == DenialReason::NotAmendable)
    );
}
