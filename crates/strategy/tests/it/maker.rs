//! The market maker: where it quotes, and how it gets rid of what it holds.

use std::collections::BTreeMap;

use windvane_model::{DenialReason, MarketTime, Money, Price, RefusalFamily, Role, Side};
use windvane_strategy::load;

use crate::world::{World, instrument, price};

const FILE: &str = r#"
builtin = "maker"
[quote]
half_spread = "1%"
size = "1000 USDT"
requote = "0.2%"
every = "5s"
[inventory]
max = "2000 USDT"
skew = "1%"
[protect]
stop = "5%"
cooldown_after_stop = "10m"
"#;

fn world() -> World {
    let definition = load("maker.toml", FILE, &BTreeMap::new()).unwrap();
    let mut world = World::new(definition.bot(), instrument("BTCUSDT", "0.1", "0.001"));
    // Bid 100.0, ask 100.1: the mid is 100.05.
    world.point(1_000_000, price("100"));
    world
}

fn quotes(world: &World) -> (Option<Price>, Option<Price>) {
    let quote =
        |side| world.orders.iter().find(|(order, _)| order.side == side).and_then(|(order, _)| order.price);
    (quote(Side::Buy), quote(Side::Sell))
}

#[test]
fn it_quotes_both_sides_post_only_with_a_stop() {
    let world = world();
    assert_eq!(quotes(&world), (Some(price("99")), Some(price("101.1"))));
    for place in &world.tally.places {
        assert_eq!((place.role, place.reduce_only), (Role::Level, false));
    }
    assert_eq!(world.tally.places[0].stop_loss, Some(price("94")), "5 % below 99, rounded down");
}

#[test]
fn quotes_move_when_they_are_off_and_not_too_often() {
    let mut world = world();
    world.point(1_001_000, price("103"));
    assert_eq!(quotes(&world).0, Some(price("99")), "only every five seconds; the ask was taken");
    let mut world = self::world();
    world.point(1_006_000, price("100.1"));
    assert_eq!(quotes(&world).0, Some(price("99")), "off by less than `requote`");
    world.point(1_007_000, price("100.9"));
    assert_eq!(quotes(&world), (Some(price("99.9")), Some(price("102"))));
    assert_eq!(world.tally.places.len(), 2, "amended, not placed anew");
}

#[test]
fn inventory_leans_the_quotes_and_stops_at_its_bound() {
    let mut world = world();
    world.point(1_010_000, price("98.9"));
    assert_eq!(world.holding.side, Some(Side::Buy));
    world.point(1_020_000, price("98.9"));
    // Half full, so the reservation price is half a per cent below the mid of 98.95.
    assert_eq!(quotes(&world), (Some(price("97.4")), Some(price("99.5"))));
    world.point(1_030_000, price("97"));
    world.point(1_040_000, price("97"));
    assert_eq!(quotes(&world).0, None, "a third lot would pass the bound");
    assert!(quotes(&world).1.is_some());
}

#[test]
fn the_stop_follows_the_average_and_a_stop_out_pauses_the_quotes() {
    let mut world = world();
    world.point(1_010_000, price("98.9"));
    assert_eq!(world.tally.protects, [Some(price("94"))], "5 % below the entry at 99");
    world.point(1_020_000, price("93"));
    assert_eq!((world.tally.stops, world.holding.side), (1, None));
    world.point(1_100_000, price("93"));
    assert_eq!(quotes(&world), (None, None));
    let memory = world.bot.changed_memory().unwrap();
    let mut bot = load("maker.toml", FILE, &BTreeMap::new()).unwrap().bot();
    bot.restore(&memory).unwrap();
    world.bot = bot;
    world.point(1_200_000, price("93"));
    assert_eq!(quotes(&world), (None, None), "also after a restart");
    world.point(1_700_000, price("93"));
    assert!(quotes(&world).0.is_some());
}

#[test]
fn a_refused_stop_is_asked_for_again_and_one_that_is_there_already_is_not() {
    for (family, asked) in [(RefusalFamily::InvalidParameter, 2), (RefusalFamily::AlreadySo, 1)] {
        let mut world = world();
        world.point(1_010_000, price("98.9"));
        world.refuse_protection(family);
        world.point(1_020_000, price("98.9"));
        assert_eq!(world.tally.protects.len(), asked, "{family:?}");
    }
}

#[test]
fn resting_quotes_are_taken_over_after_a_restart() {
    let mut world = world();
    world.bot = load("maker.toml", FILE, &BTreeMap::new()).unwrap().bot();
    world.point(1_010_000, price("100"));
    world.point(1_020_000, price("100"));
    assert_eq!((world.orders.len(), world.tally.places.len()), (2, 2));
}

#[test]
fn a_maker_goes_on_after_a_restart_with_its_inventory_its_stop_and_one_quote_a_side() {
    // The same story twice: once the maker is killed in the middle and somebody moves one quote and cancels the other.
    let story = |is_killed: bool| {
        let mut world = world();
        world.point(1_010_000, price("98.9"));
        assert_eq!(world.holding.side, Some(Side::Buy));
        world.point(1_020_000, price("98.9"));
        if is_killed {
            let memory = world.bot.changed_memory();
            world.move_order(|order| order.side == Side::Buy, price("96"));
            world.lose_order(|order| order.side == Side::Sell);
            world.bot = load("maker.toml", FILE, &BTreeMap::new()).unwrap().bot();
            memory.iter().for_each(|memory| world.bot.restore(memory).unwrap());
        }
        for now in [1_030_000, 1_040_000, 1_050_000] {
            world.point(now, price("98.9"));
        }
        (quotes(&world), world.orders.len(), world.stop, world.holding)
    };
    assert_eq!(story(true), story(false));
}

#[test]
fn a_denied_quote_is_asked_for_again() {
    let definition = load("maker.toml", FILE, &BTreeMap::new()).unwrap();
    let mut world = World::new(definition.bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.denies = Some(DenialReason::StaleData);
    world.point(1_000_000, price("100"));
    assert!(world.orders.is_empty());
    world.denies = None;
    world.point(1_006_000, price("100"));
    assert_eq!(world.orders.len(), 2);
}

/// When the maker wants to be woken.
fn wakes(world: &World) -> Option<i64> {
    world.bot.wake_at().map(|MarketTime(at)| at)
}

#[test]
fn a_quote_that_was_filled_comes_back_as_soon_as_it_may_though_the_book_stands_still() {
    let mut world = world();
    world.point(1_001_000, price("98.9"));
    assert_eq!((world.holding.side, quotes(&world).0), (Some(Side::Buy), None), "filled a second ago");
    assert_eq!(world.tally.protects.len(), 1, "its stop does not wait for `every`");
    while let Some(at) = wakes(&world).filter(|at| *at < 1_005_000) {
        world.timer(at);
    }
    assert_eq!((quotes(&world).0, wakes(&world)), (None, Some(1_005_000)), "not more often than `every`");
    world.timer(1_005_000);
    assert!(quotes(&world).0.is_some());
}

#[test]
fn what_was_denied_is_asked_for_again_soon_and_ever_more_seldom_and_the_other_side_does_not_wait() {
    let definition = load("maker.toml", FILE, &BTreeMap::new()).unwrap();
    let mut world = World::new(definition.bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.denies = Some(DenialReason::Margin { needed: Money::ZERO, available: Money::ZERO });
    world.point(1_000_000, price("100"));
    let mut asked = Vec::new();
    while let Some(at) = wakes(&world).filter(|at| *at < 1_060_000) {
        let before = world.tally.places.len();
        world.timer(at);
        if world.tally.places.len() > before {
            assert_eq!(world.tally.places.len() - before, 2, "both sides are denied");
            asked.push(at - 1_000_000);
        }
    }
    assert_eq!(asked, [1_000, 3_000, 7_000, 15_000, 31_000], "twice as long each time");
    world.denies = None;
    world.point(1_061_000, price("100"));
    assert_eq!(world.orders.len(), 2);
}

#[test]
fn what_was_denied_for_the_markets_figures_waits_for_others() {
    let definition = load("maker.toml", FILE, &BTreeMap::new()).unwrap();
    let mut world = World::new(definition.bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.denies = Some(DenialReason::StaleData);
    world.point(1_000_000, price("100"));
    for second in 1..60 {
        world.timer(1_000_000 + 1_000 * second);
    }
    assert_eq!(world.tally.places.len(), 2);
    world.point(1_060_000, price("100"));
    assert_eq!(world.tally.places.len(), 4);
}

#[test]
fn what_was_denied_before_there_was_a_mark_is_asked_for_soon_after_it_came() {
    let definition = load("maker.toml", FILE, &BTreeMap::new()).unwrap();
    let mut world = World::new(definition.bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.denies = Some(DenialReason::StaleData);
    world.point(1_000_000, price("100"));
    world.denies = None;
    world.ticker("100");
    assert_eq!((world.tally.places.len(), wakes(&world)), (2, Some(1_001_000)), "not at once");
    world.timer(1_001_000);
    assert_eq!(world.orders.len(), 2);
    world.ticker("101");
    assert_eq!(world.tally.places.len(), 4, "else a ticker is nothing to it");
}
