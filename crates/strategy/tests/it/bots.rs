//! The built-in bots on a market of points: what they place, what they hold, and what a restart does not change.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::{DenialReason, Role, Side};
use windvane_strategy::load;

use crate::shipped::definition;
use crate::world::{World, dec, instrument, price};

const MINUTE: i64 = 60_000;

fn world(text: &str) -> World {
    let definition = load("bot.toml", text, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}"));
    World::new(definition.bot(), instrument("BTCUSDT", "0.1", "0.001"))
}

fn grid(direction: &str) -> String {
    format!(
        "builtin = \"grid\"\n[grid]\nlower = \"90 USDT\"\nupper = \"110 USDT\"\ncells = 4\nspacing = \"arithmetic\"\n\
         direction = \"{direction}\"\nsize = \"100 USDT\"\nactive = 4\nfees = \"0.04%\"\n[protect]\nstop = \"30%\"\ncooldown_after_stop = \"1h\"\n"
    )
}

/// Moves the price there over some points, long enough apart for every pause to end.
fn walk(world: &mut World, prices: &[&str]) {
    for point in prices {
        let now = world.now + MINUTE;
        world.point(now, price(point));
        world.point(now + 10_000, price(point));
    }
}

/// The process ends, and begins again with what it had written down.
fn restart(world: &mut World, text: &str) {
    let memory = world.memory();
    world.bot = load("bot.toml", text, &BTreeMap::new()).unwrap().bot();
    world.bot.restore(&memory).unwrap();
}

/// Resting orders as (side, price), lowest first.
fn resting(world: &World) -> Vec<(Side, String)> {
    let mut orders: Vec<_> =
        world.orders.iter().map(|(order, _)| (order.price.unwrap(), order.side)).collect();
    orders.sort();
    orders.into_iter().map(|(price, side)| (side, price.get().normalize().to_string())).collect()
}

fn lines(buys: &[&str], sells: &[&str]) -> Vec<(Side, String)> {
    let side = |side: Side, prices: &[&str]| -> Vec<_> {
        prices.iter().map(|price| (side, (*price).to_owned())).collect()
    };
    [side(Side::Buy, buys), side(Side::Sell, sells)].concat()
}

#[test]
fn a_long_grid_buys_down_and_sells_each_cell_one_line_higher() {
    let mut world = world(&grid("long"));
    walk(&mut world, &["102"]);
    assert_eq!(resting(&world), lines(&["90", "95", "100"], &[]));
    walk(&mut world, &["99", "94"]);
    assert_eq!(resting(&world), lines(&["90"], &["100", "105"]));
    let held = world.holding.qty.get();
    assert_eq!(held, dec("1") + dec("1.052"));
    walk(&mut world, &["101"]);
    assert_eq!(resting(&world), lines(&["90", "95"], &["105"]));
    walk(&mut world, &["106"]);
    assert_eq!(world.holding.side, None);
    assert_eq!(world.bot.signals(), 2, "two rounds");
    assert!(world.tally.net > dec("8"), "each round earned a line: {}", world.tally.net);
}

#[test]
fn a_grid_with_a_trigger_waits_until_the_price_has_come_to_it_from_either_side() {
    for (start, before, at) in [("102", "98.1", "98"), ("90", "97.9", "98")] {
        let text = grid("long").replace("cells = 4", "cells = 4\ntrigger = \"98.05 USDT\"");
        let mut world = world(&text);
        walk(&mut world, &[start, before]);
        assert_eq!(resting(&world), lines(&[], &[]), "from {start}");
        let condition = world.bot.conditions().into_iter().find(|one| one.name == "grid.trigger").unwrap();
        assert_eq!(condition.holds, Some(false));
        restart(&mut world, &text);
        // The middle is half a tick above the bid.
        walk(&mut world, &[if at > before { "98.1" } else { at }]);
        assert_eq!(resting(&world), lines(&["90", "95"], &[]), "from {start}");
        // Begun is begun, also after a restart.
        restart(&mut world, &text);
        walk(&mut world, &["102"]);
        assert_eq!(resting(&world), lines(&["90", "95", "100"], &[]));
    }
}

#[test]
fn a_neutral_grid_is_long_below_its_start_and_short_above() {
    let mut world = world(&grid("neutral"));
    walk(&mut world, &["101"]);
    assert_eq!(resting(&world), lines(&["90", "95"], &["105", "110"]));
    walk(&mut world, &["106"]);
    assert_eq!(world.holding.side, Some(Side::Sell));
    walk(&mut world, &["99"]);
    assert_eq!(world.holding.side, None);
    walk(&mut world, &["94"]);
    assert_eq!(world.holding.side, Some(Side::Buy));
}

#[test]
fn a_grid_goes_on_after_a_restart_and_puts_right_what_is_missing_or_mispriced() {
    let text = grid("long");
    let mut world = world(&text);
    walk(&mut world, &["102", "99"]);
    assert_eq!(resting(&world), lines(&["90", "95"], &["105"]));
    let memory = world.memory();
    // Somebody cancels one order and moves another while the bot is down.
    world.lose_order(|order| order.side == Side::Sell);
    world.move_order(|order| order.price == Some(price("90")), price("91.3"));
    world.bot = load("bot.toml", &text, &BTreeMap::new()).unwrap().bot();
    world.bot.restore(&memory).unwrap();
    walk(&mut world, &["99", "99"]);
    walk(&mut world, &["99"]);
    assert_eq!(resting(&world), lines(&["90", "95"], &["105"]));
    walk(&mut world, &["106"]);
    assert_eq!(world.holding.side, None, "what was bought before the restart is sold after it");
}

#[test]
fn a_grid_that_cannot_earn_its_fees_and_one_that_is_upside_down_are_refused() {
    for (part, other, expected) in [
        ("cells = 4", "cells = 200", "every round would lose"),
        ("lower = \"90 USDT\"", "lower = \"190 USDT\"", "is not below `upper`"),
        ("direction = \"long\"", "direction = \"logn\"", "did you mean `long`?"),
    ] {
        let text = grid("long").replace("fees = \"0.04%\"", "fees = \"0.2%\"").replace(part, other);
        let problems = load("bot.toml", &text, &BTreeMap::new()).unwrap_err().to_string();
        assert!(problems.contains(expected), "{problems}");
    }
}

#[test]
fn what_is_too_small_for_the_venue_is_said() {
    let small = grid("long").replace("100 USDT", "1 USDT");
    let maker = "builtin = \"maker\"\n[quote]\nhalf_spread = \"1%\"\nsize = \"1 USDT\"\nrequote = \"0.2%\"\nevery = \"5s\"\n\
                 [inventory]\nmax = \"2000 USDT\"\nskew = \"1%\"\n[protect]\nstop = \"5%\"\ncooldown_after_stop = \"10m\"\n";
    for text in [small.as_str(), maker] {
        let mut world = world(text);
        walk(&mut world, &["102"]);
        assert!(world.tally.places.is_empty());
        let conditions = world.bot.conditions();
        let row = conditions.iter().find(|row| row.name.contains("meets the venue's minimum")).unwrap();
        assert!(row.holds == Some(false) && row.blocked > 0, "{row:?}");
    }
}

const DCA: &str = "builtin = \"dca\"\n[deal]\nside = \"long\"\nbase = \"100 USDT\"\ntake_profit = \"2%\"\npause = \"5m\"\n\
    [safety]\norders = 2\nsize = \"100 USDT\"\nsize_scale = \"2x\"\nstep = \"5%\"\nstep_scale = \"1x\"\n\
    [protect]\nstop = \"30%\"\ncooldown_after_stop = \"1h\"\n";

#[test]
fn a_dca_deal_buys_more_below_and_sells_all_at_its_target() {
    let mut world = world(DCA);
    walk(&mut world, &["99.9"]);
    assert_eq!(world.holding.average_price, Some(price("100")), "bought at the ask");
    assert_eq!(resting(&world), lines(&["90", "95"], &["102"]));
    walk(&mut world, &["94.9"]);
    let average = world.holding.average_price.unwrap().get();
    assert!(average < dec("97.5") && average > dec("97"));
    let target = (average * dec("1.02") / dec("0.1")).ceil() * dec("0.1");
    assert_eq!(resting(&world), lines(&["90"], &[&target.normalize().to_string()]));
    // A restart in the middle of the deal changes nothing.
    restart(&mut world, DCA);
    walk(&mut world, &["95", "99.9"]);
    assert_eq!(world.holding.side, None);
    assert!(world.tally.net > dec("3"), "{}", world.tally.net);
    let deals = |world: &World| world.tally.places.iter().filter(|place| place.role == Role::Entry).count();
    assert_eq!(deals(&world), 1, "the pause");
    for _ in 0..5 {
        walk(&mut world, &["99.9"]);
    }
    assert_eq!(deals(&world), 2);
    assert_eq!(resting(&world).len(), 3, "no order of the first deal is left");
}

#[test]
fn a_twap_sends_its_slices_in_time_and_none_twice_over_a_restart() {
    let text = "builtin = \"twap\"\n[twap]\nside = \"long\"\ntotal = \"400 USDT\"\nover = \"40m\"\nslices = 4\n[protect]\nstop = \"10%\"\n";
    let mut world = world(text);
    let mut sent = Vec::new();
    for minute in 0..60 {
        if minute == 15 {
            restart(&mut world, text);
        }
        world.point(1_000_000 + minute * MINUTE, price("100"));
        sent.push(world.tally.places.len());
    }
    assert_eq!([sent[0], sent[9], sent[10], sent[29], sent[30], sent[59]], [1, 1, 2, 3, 4, 4]);
    assert!(world.tally.places.iter().all(|place| place.stop_loss.is_some() && place.side == Side::Buy));
    assert_eq!(world.holding.qty.get(), Decimal::from(4) * world.tally.places[0].qty.get());
    let parent = world.bot.parent().unwrap();
    assert_eq!(
        (parent.total.get(), parent.done.get()),
        (dec("400"), dec("200")),
        "two slices before the restart"
    );
}

#[test]
fn scheduled_buys_keep_their_times_and_their_limit() {
    let text = "builtin = \"schedule\"\n[schedule]\nside = \"long\"\neach = \"100 USDT\"\nevery = \"1h\"\nmost = \"250 USDT\"\n[protect]\nstop = \"30%\"\n";
    let mut world = world(text);
    let mut times = Vec::new();
    for minute in 30..400 {
        // Neither a buy that was due nor the limit is forgotten.
        if [90, 130].contains(&minute) {
            restart(&mut world, text);
        }
        let before = world.tally.places.len();
        world.point(minute * MINUTE, price("100"));
        times.extend((world.tally.places.len() > before).then_some(minute));
    }
    assert_eq!(times, [60, 120], "at the full hour, never at the start, and no more than `most`");
}

#[test]
fn a_scheduled_buy_that_could_not_leave_in_time_is_not_made_up() {
    let text = "builtin = \"schedule\"\n[schedule]\nside = \"long\"\neach = \"100 USDT\"\nevery = \"1h\"\nmost = \"9000 USDT\"\n[protect]\nstop = \"30%\"\n";
    // Denied for so many minutes from the full hour on; a tenth of an hour is six.
    for (minutes, buys) in [(5, vec![65, 120]), (7, vec![120])] {
        let mut world = world(text);
        let mut bought = Vec::new();
        for minute in 30..130 {
            world.denies = (60..60 + minutes).contains(&minute).then_some(DenialReason::StaleData);
            let before = world.holding.qty;
            world.point(minute * MINUTE, price("100"));
            bought.extend((world.holding.qty > before).then_some(minute));
        }
        assert_eq!(bought, buys, "denied for {minutes} minutes");
    }
}

#[test]
fn rebalancing_sells_what_has_grown_and_buys_what_has_shrunk() {
    let text = "builtin = \"rebalance\"\n[rebalance]\nside = \"long\"\ntarget = \"50%\"\nband = \"5%\"\nevery = \"1h\"\n[protect]\nstop = \"50%\"\n";
    let mut world = world(text);
    world.point(30 * MINUTE, price("100"));
    world.point(60 * MINUTE, price("100"));
    let value = |world: &World, at: &str| world.holding.qty.get() * dec(at);
    assert!((value(&world, "100") - dec("5000")).abs() < dec("10"));
    restart(&mut world, text);
    world.point(90 * MINUTE, price("120"));
    assert_eq!(world.tally.places.len(), 1, "the hour is not over, restart or not");
    world.point(120 * MINUTE, price("105"));
    assert_eq!(world.tally.places.len(), 1, "2.5% of the equity is inside the band");
    world.point(180 * MINUTE, price("120"));
    assert!((value(&world, "120") - dec("5000")).abs() < dec("10"), "sold");
    assert!(world.tally.places[1].reduce_only);
    world.point(240 * MINUTE, price("100"));
    assert!((value(&world, "100") - dec("5000")).abs() < dec("10"), "bought back");
}

#[test]
fn every_preset_is_understood_and_trades() {
    for name in ["grid.toml", "dca.toml", "twap.toml", "schedule.toml", "rebalance.toml"] {
        let mut world = World::new(definition(name).bot(), instrument("BTCUSDT", "0.1", "0.001"));
        for hour in 0..60 {
            let swing = if hour % 2 == 0 { "69000" } else { "71500" };
            world.point(hour * 60 * MINUTE + 30 * MINUTE, price("70000"));
            world.point(hour * 60 * MINUTE + 60 * MINUTE, price(swing));
        }
        assert!(!world.tally.places.is_empty(), "{name}");
    }
}
