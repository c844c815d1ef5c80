//! Exits, sizes and protections composed freely: what the file says is what happens.

use windvane_model::{Role, Side};

use crate::rule_bot::{RuleFile, bar, roles};
use crate::world::{dec, price};

#[test]
fn a_ladder_closes_in_steps_and_leaves_the_rest_to_the_stop() {
    let file = RuleFile {
        size: "qty = \"8\", max_leverage = \"2x\"",
        exit: "ladder = [{ at = \"1 R\", close = \"50%\" }, { at = \"2 R\", close = \"50%\" }]",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    assert_eq!(world.holding.qty.get(), dec("8"));
    // Bought at 101.1 with the stop 2% away: R is 2.022.
    for (point, left) in [("103", "8"), ("103.2", "4"), ("104", "4"), ("105.2", "2"), ("110", "2")] {
        let now = world.now + 1_000;
        world.point(now, price(point));
        assert_eq!(world.holding.qty.get(), dec(left), "at {point}");
    }
    let exits: Vec<_> = world.tally.places.iter().filter(|place| place.role == Role::Exit).collect();
    assert!(exits.len() == 2 && exits.iter().all(|place| place.reduce_only && place.side == Side::Sell));
    let now = world.now + 1_000;
    world.point(now, price("99"));
    assert_eq!((world.tally.stops, world.holding.side), (1, None));
}

#[test]
fn the_stop_moves_to_break_even_and_never_back() {
    let file = RuleFile { exit: "break_even = { at = \"1%\", offset = \"0.1%\" }", ..RuleFile::default() };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    let first = world.tally.protects.len();
    for point in ["101.9", "102.2", "101.6", "103"] {
        let now = world.now + 1_000;
        world.point(now, price(point));
    }
    assert_eq!(world.tally.protects[first..], [Some(price("101.3"))], "once, 0.1% beyond the entry at 101.1");
    let now = world.now + 1_000;
    world.point(now, price("101.3"));
    assert_eq!(world.tally.stops, 1);
}

#[test]
fn a_target_comes_nearer_with_time() {
    let file = RuleFile {
        exit: "decay = [{ after = \"1s\", take = \"3%\" }, { after = \"2m\", take = \"1%\" }]",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    let opened = world.now;
    world.point(opened + 60_000, price("102.5"));
    assert!(world.holding.side.is_some(), "1.4% after a minute is not enough");
    world.point(opened + 120_000, price("102.5"));
    assert_eq!(world.holding.side, None);
}

#[test]
fn sizes_are_what_their_words_say() {
    for (size, stop, expected) in [
        ("qty = \"0.25\", max_leverage = \"2x\"", "2%", "0.25"),
        // 100 USDT are lost by the stop 2.0 away and by 0.11% of fees at 101.1: 2.11121 a coin.
        ("risk = \"1%\", fees = \"0.11%\", max_leverage = \"2x\"", "4 * 5 ticks", "47.366"),
        // A quarter of 50% − 50% / 2 of 10,000 USDT at 101.1.
        (
            "kelly = { wins = \"50%\", payoff = \"2x\", fraction = \"25%\" }, max_leverage = \"2x\"",
            "2%",
            "6.181",
        ),
        (
            "volatility = { target = \"20%\", of = \"50% * close / close\" }, max_leverage = \"2x\"",
            "2%",
            "39.564",
        ),
    ] {
        let mut world = RuleFile { size, stop, ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        assert_eq!(world.tally.places[0].qty.get(), dec(expected), "{size}");
    }
}

#[test]
fn after_the_stops_of_a_day_and_after_any_exit_the_bot_pauses() {
    let file = RuleFile { any: "limit = { stops_per_day = 1 }", ..RuleFile::default() };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    let now = world.now + 1_000;
    world.point(now, price("90"));
    assert_eq!(world.tally.stops, 1);
    bar(&mut world, "90", "91");
    bar(&mut world, "91", "92");
    assert_eq!(roles(&world), [Role::Entry], "one stop was all that the day allows");

    let file = RuleFile {
        any: "limit = { cooldown_after_exit = \"3m\" }",
        exit: "time_limit = \"10s\"",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    let now = world.now + 10_000;
    world.timer(now);
    assert_eq!(roles(&world), [Role::Entry, Role::Exit]);
    bar(&mut world, "100", "101");
    assert_eq!(roles(&world).len(), 2, "it rests after an exit of its own, too");
    for _ in 0..3 {
        bar(&mut world, "100", "101");
    }
    assert_eq!(roles(&world)[2], Role::Entry);
}

#[test]
fn a_stop_at_a_level_lies_there_and_sets_the_size() {
    let file = RuleFile {
        stop: "level = { long = \"lowest(low, 2)\", short = \"highest(high, 2)\" }",
        size: "risk = \"1%\", max_leverage = \"20x\"",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "102");
    let place = world.tally.places[0];
    // The low of the signal bar is 100; bought at 102.1, so 100 USDT at risk make 47.619 coins.
    assert_eq!((place.stop_loss, place.qty.get()), (Some(price("100")), dec("47.619")));
    assert_eq!(world.stop, Some(price("100")), "and the fill does not move it");
    let level = "level = { long = \"close * 2\", short = \"close\" }";
    let mut world = RuleFile { stop: level, ..RuleFile::default() }.world();
    bar(&mut world, "100", "102");
    assert!(world.tally.places.is_empty(), "a level ahead of the price is no stop");
}

#[test]
fn the_engines_own_stop_goes_by_the_price_it_names_and_counts_as_a_stop() {
    for (by, closes) in [("mark", true), ("last", true), ("index", true), ("quote", true)] {
        let exit = format!("soft_stop = {{ distance = \"1%\", by = \"{by}\" }}");
        let file = RuleFile {
            any: "limit = { stops_per_day = 1 }",
            stop: "5%",
            exit: exit.leak(),
            ..RuleFile::default()
        };
        let mut world = file.world();
        bar(&mut world, "100", "101");
        let now = world.now + 1_000;
        world.point(now, price("100.3"));
        assert!(world.holding.side.is_some(), "{by}: 0.8% behind");
        world.point(now + 1_000, price("100"));
        assert_eq!(world.holding.side.is_none(), closes, "{by}: 1.1% behind");
        assert_eq!(world.tally.stops, 0, "the venue's stop was not touched");
        bar(&mut world, "100", "101");
        bar(&mut world, "101", "102");
        assert_eq!(roles(&world), [Role::Entry, Role::Exit], "{by}: the day is over after its one stop");
    }
}

#[test]
fn a_position_grows_by_further_signals_while_its_condition_holds() {
    let file = RuleFile {
        any: "scale_in = { entries = 3, when = \"pnl_r >= 0.5\", share = \"50%\" }",
        size: "qty = \"8\", max_leverage = \"20x\"",
        stop: "4%",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    bar(&mut world, "101", "101.5");
    assert_eq!(world.holding.qty.get(), dec("8"), "half a risk ahead is 103.1: not there yet");
    let stop = world.stop;
    bar(&mut world, "102", "104");
    assert_eq!(world.holding.qty.get(), dec("12"), "half the usual size is added");
    assert_eq!(world.tally.places[1].role, Role::Entry);
    assert_eq!(world.tally.places[1].stop_loss, stop, "under the stop of the position");
    assert!(world.stop > stop, "and the stop follows the average");
    bar(&mut world, "104", "108");
    bar(&mut world, "108", "112");
    bar(&mut world, "112", "116");
    assert_eq!(world.holding.qty.get(), dec("16"), "three entries make up a position at most");
    let memory = world.memory();
    assert!(String::from_utf8(memory).unwrap().contains("\"entries\":3"), "also after a restart");
}
