//! A position without a stop at the venue.

use super::*;
use windvane_model::{Intent, OrderKind, Tag, Triggers};

/// The stops that are asked for.
fn stops(outputs: &[Output]) -> Vec<Price> {
    let stop = |output: &Output| match output {
        Output::Command { command: Command::SetProtection(set), .. } => set.stop_loss,
        _ => None,
    };
    outputs.iter().filter_map(stop).collect()
}

/// A fill of one of the maker's own orders, whose stop never shows at the venue. Also what that order carried.
fn bare() -> (World, Option<Price>) {
    let mut world = World::connected();
    world.show_held("0", "10");
    let entry =
        *submits(&world.quote()).iter().find(|order| order.side == Side::Buy).expect("the maker bids");
    world.take(Event::Account(AccountEvent::Execution(fill_of(&entry))));
    world.take(Event::Account(AccountEvent::Order(filled(&entry))));
    (world, entry.stop_loss)
}

#[test]
fn a_position_without_its_stop_gets_it_again_and_is_flattened_when_that_does_not_help() {
    let (mut world, stop) = bare();
    let stop = stop.expect("the maker protects its entries");
    let early = world.wait(4_999);
    assert_eq!((alarms(&early), stops(&early)), (vec![], vec![]));
    let late = world.wait(1);
    assert_eq!((alarms(&late), stops(&late).last()), (vec![crate::Remedy::Attach], Some(&stop)));
    let is_read =
        |out: &Output| matches!(out, Output::Command { command: Command::Query(Query::Account { .. }), .. });
    assert!(late.iter().any(is_read), "it may only be our picture that lacks it: {late:?}");

    world.show_held("0", "10");
    let last = world.wait(5_000);
    assert_eq!(alarms(&last), [crate::Remedy::Flatten]);
    let closes = submits(&last);
    assert!(closes.iter().any(|close| close.role == Role::Protect && close.reduce_only), "{closes:?}");
    assert!(alarms(&world.wait(60_000)).is_empty(), "one spell is one alarm for each step");
}

#[test]
fn nothing_opens_beside_a_position_that_has_been_without_its_stop_for_too_long() {
    let (mut world, stop) = bare();
    let report = |stop_loss, sequence| PositionReport {
        sequence,
        average_price: Some(price("99")),
        stop_loss,
        updated: MarketTime(sequence),
        ..position("1.01", "10")
    };
    let refusal = |world: &mut World| {
        world.quote();
        let place = windvane_model::Place {
            tag: Tag(7),
            symbol: symbol(),
            role: Role::Entry,
            side: Side::Buy,
            qty: qty("0.1"),
            kind: OrderKind::Limit { price: price("99"), time_in_force: TimeInForce::Gtc },
            reduce_only: false,
            stop_loss: stop,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        };
        let stamp = world.stamp;
        world.engine.judge(0, &Intent::Place(place), stamp).err().map(|denial| denial.reason)
    };
    world.take(Event::Account(AccountEvent::Position(report(None, 3))));
    assert_eq!(refusal(&mut world), None, "it has its time");
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Attach]);
    world.show(&[report(None, 3)], "1000");
    assert_eq!(world.engine.run_state(), RunState::Active);
    let found = refusal(&mut world);
    assert!(matches!(found, Some(DenialReason::StopMissing { .. })), "{found:?}");
    world.take(Event::Account(AccountEvent::Position(report(stop, 4))));
    assert_eq!(refusal(&mut world), None, "it is protected");
}

#[test]
fn a_stop_that_the_price_has_passed_is_not_asked_for_the_position_is_closed() {
    let (mut world, stop) = bare();
    let stop = stop.expect("the maker protects its entries");
    let at = world.stamp.market;
    let mark = Some(stop);
    let (last, index, funding_rate, next_funding, open_interest) = (None, None, None, None, None);
    let ticker =
        Ticker { symbol: symbol(), at, last, mark, index, funding_rate, next_funding, open_interest };
    world.take(Event::Market(MarketEvent::Ticker(ticker)));
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Flatten]);
}

#[test]
fn the_stop_of_an_entry_is_not_asked_for_beside_it() {
    let mut world = World::connected();
    world.show_held("0", "10");
    let entry =
        *submits(&world.quote()).iter().find(|order| order.side == Side::Buy).expect("the maker bids");
    let outputs = world.take(Event::Account(AccountEvent::Execution(fill_of(&entry))));
    assert_eq!((entry.stop_loss, stops(&outputs)), (Some(price("94.0")), vec![]), "it comes with the fill");
    // The venue's word is there, and it lacks the stop.
    let bare = PositionReport { sequence: 3, average_price: Some(price("99")), ..position("1.01", "10") };
    world.take(Event::Account(AccountEvent::Position(bare)));
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Attach]);
}

#[test]
fn protection_that_stands_already_is_not_asked_for_again() {
    let (mut world, _) = World::reconciled("10");
    world.quote();
    let told = |stop: &str, profit: &str, sequence| {
        let (stop_loss, take_profit) = (Some(price(stop)), Some(price(profit)));
        let updated = MarketTime(sequence);
        Event::Account(AccountEvent::Position(PositionReport {
            stop_loss,
            take_profit,
            sequence,
            updated,
            ..position("1", "10")
        }))
    };
    let asks = |world: &mut World, stop: Option<&str>, profit: Option<&str>| {
        let intent = Intent::Protect {
            symbol: symbol(),
            stop_loss: stop.map(price),
            take_profit: profit.map(price),
            triggers: Triggers::default(),
        };
        let mut outputs = Vec::new();
        world.engine.take(0, &intent, windvane_model::SignalName::EMPTY, world.stamp, &mut outputs);
        !outputs.is_empty()
    };
    world.take(told("90", "120", 2));
    assert!(asks(&mut world, Some("90"), None), "which price fires it is only known of what was asked for");
    assert!(!asks(&mut world, Some("90"), None));
    assert!(!asks(&mut world, None, Some("120")) && !asks(&mut world, Some("90"), Some("120")));
    assert!(asks(&mut world, Some("90"), Some("121")), "one of them is another");
    assert!(asks(&mut world, Some("90"), Some("120")), "121 may be on its way");
    assert!(!asks(&mut world, Some("90"), Some("120")));
    assert!(asks(&mut world, Some("91"), None));
    assert!(asks(&mut world, Some("90"), None), "91 may be on its way");
    world.take(told("89", "120", 3));
    assert!(asks(&mut world, Some("90"), None), "somebody has moved it");
}
