//! A position without a stop at the venue.

use super::*;

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
fn a_stop_that_the_price_has_passed_is_not_asked_for_the_position_is_closed() {
    let (mut world, stop) = bare();
    let stop = stop.expect("the maker protects its entries");
    let at = world.stamp.market;
    let mark = Some(stop);
    let (last, index, funding_rate, next_funding) = (None, None, None, None);
    let ticker = Ticker { symbol: symbol(), at, last, mark, index, funding_rate, next_funding };
    world.take(Event::Market(MarketEvent::Ticker(ticker)));
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Flatten]);
}
