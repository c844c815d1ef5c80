//! Exits, sizes and protections composed freely: what the file says is what happens.

use windvane_model::{OrderKind, Role, Side, TriggerBy, Triggers};
use windvane_strategy::{Asked, Look};

use crate::rule_bot::{RuleFile, bar, roles};
use crate::world::{World, dec, price};

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
fn what_the_venue_holds_is_fired_by_the_price_that_the_rules_name() {
    let last = Triggers { stop_loss: TriggerBy::Last, take_profit: TriggerBy::Index };
    for (stop, exit, expected) in [
        ("distance = \"2%\"", "take_profit = { distance = \"5%\" }", Triggers::default()),
        (
            "distance = \"2%\", by = \"last\"",
            "take_profit = { distance = \"5%\", by = \"index\" }\ntrail = { arms_at = \"1%\", gives_back = \"1%\", every = \"1s\" }",
            last,
        ),
        (
            "level = { long = \"lowest(low, 2)\", short = \"high\" }, by = \"index\"",
            "break_even = { at = \"1%\" }",
            Triggers { stop_loss: TriggerBy::Index, take_profit: TriggerBy::Mark },
        ),
    ] {
        let mut world = RuleFile { stop, exit, ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        assert_eq!(world.tally.places[0].triggers, expected, "{stop}");
        let before = world.tally.protects.len();
        let now = world.now + 2_000;
        world.point(now, price("103"));
        let moves = exit.contains("trail") || exit.contains("break_even");
        assert_eq!(world.tally.protects.len() > before, moves, "{exit}");
        if moves {
            assert_eq!(world.tally.triggers, expected, "wherever it is moved: {stop}");
        }
    }
}

#[test]
fn a_stop_follows_its_level_and_never_steps_back() {
    let file = RuleFile {
        long: "signal = \"close > open and close < 103 USDT\"",
        exit: "follow = { level = { long = \"lowest(low, 2)\" }, every = \"1s\" }",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "102");
    assert_eq!(world.stop, Some(price("100")), "2% below the entry at 102.1");
    let mut stops = Vec::new();
    for (open, close) in [("102", "104"), ("104", "106"), ("106", "105"), ("105", "108"), ("108", "109")] {
        bar(&mut world, open, close);
        stops.push(world.stop.unwrap().get().normalize().to_string());
    }
    // The lows of the last two bars: (100, 102), (102, 104), (104, 105), (105, 105), (105, 108).
    assert_eq!(stops, ["100", "102", "104", "105", "105"]);
    assert_eq!(
        world.bot.reason(&windvane_model::Intent::Protect {
            symbol: world.instrument.symbol,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
        }),
        "exit.follow"
    );
    let now = world.now + 2_000;
    world.point(now, price("104.9"));
    assert_eq!((world.tally.stops, world.holding.side), (1, None));
}

#[test]
fn a_part_is_closed_when_its_condition_holds_and_so_often_as_it_may() {
    let file = RuleFile {
        long: "signal = \"close > open and close < 102 USDT\"",
        size: "qty = \"8\", max_leverage = \"2x\"",
        stop: "5%",
        exit: "scale_out = { long = \"close > open and pnl_percent > 1%\", close = \"50%\", times = 2 }",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    assert_eq!(world.holding.qty.get(), dec("8"));
    // A bar that falls, one that rises too little, then three that qualify.
    for (open, close, left) in [
        ("103", "102.5", "8"),
        ("101", "102", "8"),
        ("102", "103", "4"),
        ("103", "104", "2"),
        ("104", "105", "2"),
    ] {
        bar(&mut world, open, close);
        assert_eq!(world.holding.qty.get(), dec(left), "after {open} to {close}");
    }
    let exits: Vec<_> = world.tally.places.iter().filter(|place| place.role == Role::Exit).collect();
    assert!(exits.len() == 2 && exits.iter().all(|place| place.reduce_only && place.side == Side::Sell));
    // How often it has been done is remembered.
    let memory = world.memory();
    world.bot = file.definition().bot();
    world.bot.restore(&memory).unwrap();
    bar(&mut world, "105", "106");
    bar(&mut world, "106", "107");
    assert_eq!(world.holding.qty.get(), dec("2"));
}

#[test]
fn a_part_that_was_not_taken_is_closed_again() {
    let file = RuleFile {
        size: "qty = \"8\", max_leverage = \"2x\"",
        stop: "5%",
        exit: "scale_out = { long = \"pnl_percent > 1%\", close = \"50%\" }\norder = { max_slippage = \"1 ticks\" }",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    world.is_thin = true;
    bar(&mut world, "102", "103");
    assert_eq!(world.holding.qty.get(), dec("8"));
    world.is_thin = false;
    bar(&mut world, "103", "104");
    assert_eq!(world.holding.qty.get(), dec("4"));
}

#[test]
fn a_target_may_lie_at_a_level() {
    let file = RuleFile {
        stop: "5%",
        exit: "take_profit = { level = { long = \"highest(high, 3) + 2 USDT\" } }",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places[0].take_profit, Some(price("103")));
    let now = world.now + 1_000;
    world.point(now, price("103.1"));
    assert_eq!(world.holding.side, None);
    let file = RuleFile { exit: "take_profit = { level = { long = \"close / 2\" } }", ..RuleFile::default() };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places[0].take_profit, None, "a level behind the price is no target");
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

/// The caps of the closing orders that were sent, in ticks.
fn caps(world: &World) -> Vec<Option<u32>> {
    let exits = world.tally.places.iter().filter(|place| place.role == Role::Exit);
    let cap = |kind| match kind {
        OrderKind::Market { max_slippage_ticks } => max_slippage_ticks,
        OrderKind::Limit { .. } => panic!("closing orders are market orders"),
    };
    exits.map(|place| cap(place.kind)).collect()
}

#[test]
fn a_closing_order_keeps_to_its_cap_a_few_times_and_then_takes_any_price() {
    let exit = "time_limit = \"10s\"\norder = { max_slippage = \"20 ticks\" }";
    let mut world = RuleFile { exit, ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    world.is_thin = true;
    let opened = world.now;
    world.timer(opened + 10_000);
    assert_eq!(caps(&world), [Some(20)]);
    world.timer(opened + 12_000);
    assert_eq!(caps(&world).len(), 1, "a pause after one that found nobody");
    for pause in 1..=3 {
        assert!(world.holding.side.is_some());
        world.timer(opened + 10_000 + pause * 5_000);
    }
    assert_eq!(caps(&world), [Some(20), Some(20), Some(20), None]);
    assert_eq!(world.holding.side, None);
    // The next position begins with the cap again.
    world.is_thin = false;
    bar(&mut world, "100", "101");
    let now = world.now + 10_000;
    world.timer(now);
    assert_eq!(caps(&world)[4..], [Some(20)]);
}

#[test]
fn a_step_of_the_ladder_that_found_nobody_is_taken_again() {
    let exit = "ladder = [{ at = \"1%\", close = \"50%\" }]\norder = { max_slippage = \"2 ticks\" }";
    let mut world =
        RuleFile { size: "qty = \"8\", max_leverage = \"2x\"", exit, ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    world.is_thin = true;
    let now = world.now;
    world.point(now + 1_000, price("103"));
    world.is_thin = false;
    world.point(now + 2_000, price("103"));
    assert_eq!((caps(&world).len(), world.holding.qty.get()), (1, dec("8")), "after a pause");
    world.point(now + 6_000, price("103"));
    assert_eq!((caps(&world), world.holding.qty.get()), (vec![Some(2), Some(2)], dec("4")));
}

/// The newest look at the exits of a position.
fn exit_look(world: &World) -> Look {
    world.bot.looks().into_iter().rfind(|look| look.asked == Asked::Exit).unwrap()
}

#[test]
fn every_way_out_is_a_named_condition_and_the_ledger_says_which_one_was_taken() {
    let all = "take_profit = { distance = \"6%\", place = \"engine\" }\nsoft_stop = { distance = \"1.5%\" }\n\
               trail = { arms_at = \"3%\", gives_back = \"1%\", every = \"1s\" }\nbreak_even = { at = \"2%\" }\n\
               ladder = [{ at = \"2.5%\", close = \"25%\" }]\ndecay = [{ after = \"5m\", take = \"2%\" }]\n\
               signal = { long = \"close < open and volume > 2 * volume[1]\" }\nopposite = \"close\"\ntime_limit = \"10m\"";
    let world = || {
        let short = "signal = \"open - close > 1 USDT\"";
        let mut world = RuleFile { exit: all, short, ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        bar(&mut world, "101", "101");
        world
    };
    let quiet = exit_look(&world());
    assert!(!quiet.has_fired && quiet.cause.is_none() && quiet.side == Side::Buy, "{quiet:?}");
    let ways: Vec<_> =
        quiet.conditions.iter().filter(|(name, _)| name.starts_with("exit.")).cloned().collect();
    let names = ["stop", "soft_stop", "take_profit", "trail", "break_even", "ladder", "decay", "signal.long"];
    let names = names.into_iter().chain(["opposite", "time_limit"]);
    let expected: Vec<_> = names.map(|name| (format!("exit.{name}"), Some(false))).collect();
    assert_eq!(ways, expected, "nothing has happened yet");

    type Story = fn(&mut World);
    let stories: [(&str, Story); 6] = [
        ("exit.soft_stop", |world| world.point(world.now + 1_000, price("99.5"))),
        ("exit.take_profit", |world| world.point(world.now + 1_000, price("107.3"))),
        ("exit.decay", |world| world.point(world.now + 300_000, price("103.3"))),
        ("exit.opposite", |world| bar(world, "102.5", "101")),
        ("exit.time_limit", |world| world.timer(world.now + 600_000)),
        ("exit.signal.long", |world| {
            let start = world.now / 60_000 * 60_000;
            world.now = start + 60_000;
            let ohlc = ["101", "101", "100.9", "100.9"].map(price);
            world.candle(windvane_model::Interval::M1, start, ohlc, dec("6"), false);
        }),
    ];
    for (name, story) in stories {
        let mut world = world();
        story(&mut world);
        let look = exit_look(&world);
        assert!(look.has_fired && look.cause.as_deref() == Some(name), "{name}: {look:?}");
        assert!(look.conditions.contains(&(name.to_owned(), Some(true))), "{name}: {look:?}");
        assert_eq!(world.holding.side, None, "{name}");
        assert!(world.bot.newest_signals(64).iter().all(|look| look.asked == Asked::Entry));
    }
}

#[test]
fn what_the_venue_closes_is_told_by_the_rule_that_put_the_stop_there() {
    let exit = "trail = { arms_at = \"1%\", gives_back = \"1%\", every = \"1s\" }";
    for (points, name) in [(&["98"][..], "exit.stop"), (&["104", "102.5"][..], "exit.trail")] {
        let mut world = RuleFile { exit, ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        for point in points {
            let now = world.now + 2_000;
            world.point(now, price(point));
        }
        let look = exit_look(&world);
        assert_eq!((world.holding.side, look.cause.as_deref()), (None, Some(name)), "{look:?}");
    }
}
