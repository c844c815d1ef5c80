//! What a rule bot does with its rules: events in, wishes out.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::{
    DenialReason, ForeignOrder, Interval, OrderId, OrderKind, Price, Qty, RefusalFamily, Role, Side,
    TimeInForce,
};
use windvane_strategy::{Definition, load};

use crate::world::{World, dec, instrument, price};

const MINUTE: i64 = 60_000;

/// A rule file of which each test says only what matters to it.
pub(crate) struct RuleFile {
    pub(crate) head: &'static str,
    pub(crate) long: &'static str,
    pub(crate) short: &'static str,
    pub(crate) any: &'static str,
    pub(crate) order: &'static str,
    pub(crate) size: &'static str,
    pub(crate) stop: &'static str,
    pub(crate) exit: &'static str,
}

impl Default for RuleFile {
    fn default() -> Self {
        Self {
            head: "",
            long: "signal = \"close > open\"",
            short: "signal = \"false\"",
            any: "",
            order: "type = \"market\"",
            size: "quote = \"1000 USDT\", max_leverage = \"2x\"",
            stop: "2%",
            exit: "",
        }
    }
}

impl RuleFile {
    pub(crate) fn definition(&self) -> Definition {
        let Self { head, long, short, any, order, size, stop, exit } = self;
        // A distance, or what else `stop` may say.
        let stop = if stop.contains('=') { (*stop).to_owned() } else { format!("distance = \"{stop}\"") };
        let text = format!(
            "language = 1\ntimeframe = \"1m\"\n{head}\n[entry.long]\n{long}\n[entry.short]\n{short}\n[entry.any]\n{any}\n\
             order = {{ {order} }}\nsize = {{ {size} }}\n[exit]\nstop = {{ {stop} }}\n{exit}\n"
        );
        load("rules.toml", &text, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    /// A world around this bot in which a first live bar has passed, so that signals count from now on.
    pub(crate) fn world(&self) -> World {
        let mut world = World::new(self.definition().bot(), instrument("BTCUSDT", "0.1", "0.001"));
        bar(&mut world, "100", "100");
        bar(&mut world, "100", "100");
        world
    }
}

/// One more minute that opens and closes at these prices.
pub(crate) fn bar(world: &mut World, open: &str, close: &str) {
    let start = (world.now / MINUTE) * MINUTE;
    minute(world, start, open, close, false);
}

fn minute(world: &mut World, start: i64, open: &str, close: &str, is_warm_up: bool) {
    let (open, close) = (price(open), price(close));
    if !is_warm_up {
        world.point(start + MINUTE / 2, close);
    }
    world.now = start + MINUTE;
    world.candle(
        Interval::M1,
        start,
        [open, open.max(close), open.min(close), close],
        Decimal::ONE,
        is_warm_up,
    );
}

pub(crate) fn roles(world: &World) -> Vec<Role> {
    world.tally.places.iter().map(|place| place.role).collect()
}

fn blocked(world: &World, name: &str) -> u64 {
    world.bot.conditions().iter().filter(|row| row.name == name).map(|row| row.blocked).sum()
}

#[test]
fn no_signal_fires_on_history_on_the_first_bar_or_after_a_gap() {
    let mut world = World::new(RuleFile::default().definition().bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.point(0, price("100"));
    for start in 0..5 {
        minute(&mut world, start * MINUTE, "100", "101", true);
    }
    minute(&mut world, 5 * MINUTE, "100", "101", false);
    assert!(world.tally.places.is_empty(), "neither history nor the first live bar");
    minute(&mut world, 9 * MINUTE, "100", "101", false);
    assert!(world.tally.places.is_empty(), "nor the bar after a gap");
    minute(&mut world, 10 * MINUTE, "100", "101", false);
    assert_eq!(roles(&world), [Role::Entry]);
}

#[test]
fn the_stop_is_attached_and_sets_the_size() {
    let file =
        RuleFile { size: "risk = \"1%\", max_leverage = \"2x\"", stop: "4 * 5 ticks", ..RuleFile::default() };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    let place = world.tally.places[0];
    // Bought at the ask of 101.1 with the stop 2.0 below; 100 USDT at risk make 50 coins, the cap of 2 × equity 197.8.
    assert_eq!(place.stop_loss, Some(price("99.1")));
    assert_eq!(place.qty.get(), dec("50"));
    assert!(!place.reduce_only && place.send_before.is_some());
}

#[test]
fn leverage_caps_the_size_and_what_is_too_small_is_skipped_or_raised() {
    let risky = "risk = \"50%\", max_leverage = \"0.5x\"";
    for (size, expected) in [
        (risky, Some("49.455")),
        ("quote = \"2 USDT\", max_leverage = \"1x\"", None),
        ("quote = \"2 USDT\", max_leverage = \"1x\", below_minimum = \"round_up\"", Some("0.05")),
        ("equity = \"10%\", max_leverage = \"1x\"", Some("9.891")),
    ] {
        let mut world = RuleFile { size, ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        assert_eq!(world.tally.places.first().map(|place| place.qty.get()), expected.map(dec), "{size}");
        assert_eq!(blocked(&world, "size"), u64::from(expected.is_none()), "{size}");
    }
}

#[test]
fn a_filter_that_does_not_hold_is_counted_by_name() {
    let file =
        RuleFile { any: "filter = { lively = \"volume > 2 * sma(volume, 2)\" }", ..RuleFile::default() };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    assert!(world.tally.places.is_empty());
    assert_eq!((world.bot.signals(), blocked(&world, "entry.long.filter.lively")), (1, 1));
}

#[test]
fn a_signal_waits_for_at_send_until_its_time_is_up() {
    let file = RuleFile {
        any: "at_send = { cheap = \"ask < 101 USDT\" }",
        order: "type = \"market\", valid_for = \"20s\"",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "102");
    assert!(world.tally.places.is_empty());
    world.point(world.now + 10_000, price("100.5"));
    assert_eq!(roles(&world), [Role::Entry]);

    let mut late = file.world();
    bar(&mut late, "100", "102");
    late.point(late.now + 21_000, price("100.5"));
    assert!(late.tally.places.is_empty());
}

#[test]
fn a_signal_that_waits_is_looked_at_between_messages_only_where_its_conditions_move_there() {
    for (any, next) in [
        ("at_send = { cheap = \"ask < 101 USDT\" }", 10_000),
        ("at_send = { cheap = \"funding_cost < 0.01%\" }", 20_000),
        ("at_send = { cheap = \"funding_cost < 0.01% and time_to_funding > 1m\" }", 10_000),
    ] {
        let order = "type = \"market\", valid_for = \"20s\"";
        let mut world = RuleFile { any, order, ..RuleFile::default() }.world();
        bar(&mut world, "100", "102");
        assert!(world.tally.places.is_empty());
        assert_eq!(world.bot.wake_at().unwrap().0 - world.now, next, "{any}");
    }
}

#[test]
fn a_resting_entry_is_cancelled_in_time_and_may_fall_back() {
    for (fallback, expected) in [("none", 1), ("market", 2)] {
        let order = match fallback {
            "none" => "type = \"post-only\", from = \"same\", offset = \"1%\", valid_for = \"5m\"",
            _ => {
                "type = \"post-only\", from = \"same\", offset = \"1%\", valid_for = \"5m\", fallback = \"market\""
            }
        };
        let mut world = RuleFile { order, ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        let kind = OrderKind::Limit { price: price("99.9"), time_in_force: TimeInForce::PostOnly };
        assert_eq!(world.tally.places[0].kind, kind, "1 % below the bid of 101, rounded down");
        let placed = world.now;
        world.timer(placed + 4 * MINUTE);
        assert_eq!(world.orders.len(), 1);
        assert_eq!(world.bot.wake_at().unwrap().0, placed + 5 * MINUTE);
        world.timer(placed + 5 * MINUTE);
        assert_eq!((world.orders.len(), world.tally.places.len()), (0, expected), "{fallback}");
    }
}

#[test]
fn a_resting_entry_follows_its_price_in_time_and_in_reach_and_never_back() {
    let order = "type = \"post-only\", from = \"same\", chase = { every = \"5s\", up_to = \"1%\" }, valid_for = \"5m\"";
    let mut world = RuleFile { order, ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    let placed = world.now;
    let held = |world: &World| world.orders[0].0.price.unwrap();
    let (ours, others) = (("101", "5"), ("110", "5"));
    assert_eq!(held(&world), price("101"));
    for (seconds, bids, expected) in [
        (4, &[("101.4", "1"), ours][..], "101"),
        (6, &[("101.4", "1"), ours], "101.4"),
        // At the front it would follow itself.
        (12, &[("101.4", "5")], "101.4"),
        (18, &[("100.9", "1")], "101.4"),
        (24, &[("103", "1"), ("101.4", "5")], "102"),
        (30, &[("104", "1"), ("102", "5")], "102"),
    ] {
        world.book(placed + seconds * 1_000, bids, &[others]);
        assert_eq!(held(&world), price(expected), "after {seconds} s");
    }
    assert_eq!(world.tally.places.len(), 1, "moved, not placed anew");
    // One that an earlier run placed: where it began is not known.
    world.bot = RuleFile { order, ..RuleFile::default() }.definition().bot();
    world.book(placed + 40_000, &[("105", "1")], &[others]);
    assert_eq!(held(&world), price("102"));
}

#[test]
fn an_entry_that_would_have_taken_is_priced_again_within_the_reach_of_its_chase() {
    let order = "type = \"post-only\", from = \"other\", chase = { every = \"5s\", up_to = \"1%\" }, valid_for = \"5m\"";
    let mut world = RuleFile { order, ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    let (placed, limits) = (world.now, |world: &World| {
        world.tally.places.iter().map(|place| place.kind.limit_price().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!((limits(&world), world.orders.len()), (vec![price("101.1")], 0), "it would have taken");
    world.book(placed + 2_000, &[("103", "1")], &[("103.1", "1")]);
    assert_eq!(limits(&world), [price("101.1"), price("102.1")], "one per cent beyond the first price");
    assert_eq!(world.orders.len(), 1);
}

#[test]
fn an_entry_may_rest_at_a_deeper_level_of_the_book() {
    let order = "type = \"limit\", from = \"same\", level = 3, valid_for = \"5m\"";
    let mut world = RuleFile { order, ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    assert!(world.tally.places.is_empty(), "the book has one level yet");
    let now = world.now;
    let bids = [("101", "1"), ("100.9", "1"), ("100.4", "1"), ("100.3", "1")];
    world.book(now + 1_000, &bids, &[("101.1", "1")]);
    assert_eq!(world.orders[0].0.price, Some(price("100.4")));
}

#[test]
fn the_trailing_stop_arms_follows_and_never_steps_back() {
    let exit = "trail = { arms_at = \"1 R\", gives_back = \"1\", every = \"30s\" }";
    let exit = exit.replace("\"1\"", "\"10 ticks\"");
    let mut world =
        RuleFile { stop: "20 ticks", exit: Box::leak(exit.into_boxed_str()), ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    let start = world.now;
    let mut stop_at = |second: i64, at: &str| {
        world.point(start + second * 1_000, price(at));
        world.stop.map(Price::get)
    };
    assert_eq!(stop_at(1, "102"), Some(dec("99.1")), "not armed: ahead by less than R = 2.0");
    assert_eq!(stop_at(2, "104"), Some(dec("103")));
    assert_eq!(stop_at(10, "106"), Some(dec("103")), "not more often than every 30 s");
    assert_eq!(stop_at(33, "105.8"), Some(dec("105")), "from the best price, which was 106");
    assert_eq!(stop_at(70, "105.3"), Some(dec("105")));
    assert_eq!(stop_at(71, "104.9"), None, "stopped out");
}

#[test]
fn take_profit_rests_at_the_venue_or_is_watched_by_the_engine() {
    let venue =
        RuleFile { stop: "20 ticks", exit: "take_profit = { distance = \"2 R\" }", ..RuleFile::default() };
    let mut world = venue.world();
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places[0].take_profit, Some(price("105.1")));
    assert!(world.tally.protects.is_empty(), "the fill was at the price that both were measured from");

    let engine = RuleFile {
        exit: "take_profit = { distance = \"2 R\", place = \"engine\" }",
        ..RuleFile { stop: "20 ticks", ..venue }
    };
    let mut world = engine.world();
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places[0].take_profit, None);
    world.point(world.now + 1_000, price("105.0"));
    assert_eq!(roles(&world), [Role::Entry]);
    world.point(world.now + 1_000, price("105.1"));
    assert_eq!(roles(&world), [Role::Entry, Role::Exit]);
    assert!(world.holding.side.is_none());
}

#[test]
fn an_opposite_signal_is_ignored_closes_or_reverses() {
    for (opposite, expected) in [
        ("opposite = \"ignore\"", vec![Role::Entry]),
        ("opposite = \"close\"", vec![Role::Entry, Role::Exit]),
        ("opposite = \"reverse\"", vec![Role::Entry, Role::Exit, Role::Entry]),
    ] {
        let file = RuleFile { short: "signal = \"close < open\"", exit: opposite, ..RuleFile::default() };
        let mut world = file.world();
        bar(&mut world, "100", "101");
        bar(&mut world, "101", "100.5");
        assert_eq!(roles(&world), expected, "{opposite}");
        let side = match expected.len() {
            1 => Some(Side::Buy),
            2 => None,
            _ => Some(Side::Sell),
        };
        assert_eq!(world.holding.side, side, "{opposite}");
    }
}

#[test]
fn a_close_that_did_not_leave_is_sent_again_at_once_and_not_for_ever() {
    let exits = |world: &World| world.tally.places.iter().filter(|place| place.role == Role::Exit).count();
    let mut world = RuleFile { exit: "signal = { long = \"close < open\" }", ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    world.unsent = 2;
    bar(&mut world, "101", "100");
    assert_eq!((exits(&world), world.holding.side), (3, None), "the third one left");

    let mut world = RuleFile { exit: "signal = { long = \"close < open\" }", ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    world.unsent = 100;
    bar(&mut world, "101", "100");
    assert_eq!(exits(&world), 4, "then it waits");
    world.timer(world.now + 5_000);
    assert_eq!(exits(&world), 5);
}

#[test]
fn a_close_is_sent_again_at_once_when_only_its_stamp_was_wrong() {
    let exits = |world: &World| world.tally.places.iter().filter(|place| place.role == Role::Exit).count();
    for (family, sent, held) in
        [(RefusalFamily::Timestamp, 2, None), (RefusalFamily::PriceLimit, 1, Some(Side::Buy))]
    {
        let mut world =
            RuleFile { exit: "signal = { long = \"close < open\" }", ..RuleFile::default() }.world();
        bar(&mut world, "100", "101");
        (world.unsent, world.unsent_as) = (1, family);
        bar(&mut world, "101", "100");
        assert_eq!((exits(&world), world.holding.side), (sent, held), "{family:?}");
    }
}

#[test]
fn a_time_limit_closes_on_the_timer() {
    let mut world = RuleFile { exit: "time_limit = \"3m\"", ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    let due = world.bot.wake_at().unwrap().0;
    assert_eq!(due, world.now + 3 * MINUTE);
    world.timer(due);
    assert!(world.holding.side.is_none());
}

#[test]
fn limits_hold_and_are_remembered_over_a_restart() {
    let file = RuleFile {
        any: "limit = { entries_per_day = 2, cooldown_after_stop = \"10m\" }",
        stop: "10 ticks",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    world.point(world.now + 1_000, price("99"));
    assert_eq!((world.tally.stops, world.holding.side), (1, None));
    bar(&mut world, "100", "101");
    assert_eq!(blocked(&world, "cooldown"), 1);

    let memory = world.bot.changed_memory().unwrap();
    assert_eq!(world.bot.changed_memory(), None, "handed out once");
    let mut bot = file.definition().bot();
    bot.restore(&memory).unwrap();
    world.bot = bot;
    bar(&mut world, "100", "100");
    bar(&mut world, "100", "101");
    assert_eq!((world.tally.places.len(), blocked(&world, "cooldown")), (1, 1), "still cooling down");

    world.now += 10 * MINUTE;
    bar(&mut world, "100", "100");
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places.len(), 2);
    world.point(world.now + 1_000, price("98"));
    world.now += 20 * MINUTE;
    bar(&mut world, "100", "100");
    bar(&mut world, "100", "101");
    assert_eq!(
        (world.tally.places.len(), blocked(&world, "entries_per_day")),
        (2, 1),
        "two entries were today's"
    );
    world.now += 24 * 60 * MINUTE;
    bar(&mut world, "100", "100");
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places.len(), 3, "a new day");
}

#[test]
fn a_losing_streak_ends_the_day() {
    let file = RuleFile { any: "limit = { losses_in_a_row = 2 }", stop: "10 ticks", ..RuleFile::default() };
    let mut world = file.world();
    for _ in 0..3 {
        bar(&mut world, "100", "101");
        world.point(world.now + 1_000, price("99"));
    }
    assert_eq!((world.tally.stops, blocked(&world, "losses_in_a_row")), (2, 1));
    world.now += 24 * 60 * MINUTE;
    bar(&mut world, "100", "100");
    bar(&mut world, "100", "101");
    assert_eq!(world.tally.places.len(), 3);
}

#[test]
fn a_position_is_known_again_after_a_restart() {
    let file = RuleFile {
        stop: "20 ticks",
        exit: "take_profit = { distance = \"1 R\", place = \"engine\" }",
        ..RuleFile::default()
    };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    let memory = world.bot.changed_memory().unwrap();
    world.bot = file.definition().bot();
    world.bot.restore(&memory).unwrap();
    world.point(world.now + 1_000, price("102"));
    assert!(world.holding.side.is_some() && world.tally.protects.is_empty(), "nothing is asked twice");
    world.point(world.now + 2_000, price("103.1"));
    assert!(world.holding.side.is_none(), "R is still the first distance to the stop");
}

#[test]
fn a_position_without_memory_gets_a_stop_as_soon_as_one_is_defined() {
    let file = RuleFile { stop: "2 * atr(2)", ..RuleFile::default() };
    let mut world = file.world();
    bar(&mut world, "100", "101");
    bar(&mut world, "100", "101");
    world.bot = file.definition().bot();
    world.tally.protects.clear();
    for _ in 0..4 {
        bar(&mut world, "101", "102");
    }
    assert_eq!(world.tally.protects.len(), 1);
}

#[test]
fn memory_of_another_make_is_refused() {
    let mut bot = RuleFile::default().definition().bot();
    for bytes in [&b""[..], b"{}", b"{\"version\":2}", b"\xff"] {
        assert!(bot.restore(bytes).is_err());
    }
}

#[test]
fn a_denied_entry_does_not_silence_the_bot() {
    let mut world = RuleFile::default().world();
    world.denies = Some(DenialReason::StaleData);
    bar(&mut world, "100", "101");
    assert_eq!((world.tally.places.len(), world.holding.side), (1, None));
    world.denies = None;
    bar(&mut world, "100", "101");
    assert_eq!((world.tally.places.len(), world.holding.side), (2, Some(Side::Buy)));
}

#[test]
fn a_denied_exit_is_asked_for_again() {
    let mut world = RuleFile { exit: "signal = { long = \"close < open\" }", ..RuleFile::default() }.world();
    bar(&mut world, "100", "101");
    world.denies = Some(DenialReason::StaleData);
    bar(&mut world, "101", "100.5");
    assert!(world.holding.side.is_some());
    world.denies = None;
    let due = world.bot.wake_at().unwrap().0;
    assert!(due > world.now);
    world.timer(due);
    assert!(world.holding.side.is_none());
}

#[test]
fn a_tick_signal_fires_when_it_turns_true() {
    let file =
        RuleFile { head: "evaluate = \"tick\"", long: "signal = \"mid > 105 USDT\"", ..RuleFile::default() };
    let mut world = World::new(file.definition().bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.point(MINUTE + 1, price("106"));
    assert!(world.tally.places.is_empty(), "the first look never fires");
    world.point(MINUTE + 2, price("104"));
    world.point(MINUTE + 3, price("106"));
    assert_eq!(roles(&world), [Role::Entry]);
    world.point(MINUTE + 4, price("107"));
    assert_eq!(world.bot.signals(), 1, "true for long is one signal");
}

#[test]
fn the_pause_after_an_exit_does_not_hold_up_the_exit_of_the_next_position() {
    let file = RuleFile {
        head: "evaluate = \"tick\"",
        long: "signal = \"mid > 105 USDT\"",
        stop: "20%",
        exit: "signal = { long = \"mid < 100 USDT\" }",
        ..RuleFile::default()
    };
    let mut world = World::new(file.definition().bot(), instrument("BTCUSDT", "0.1", "0.001"));
    for (ms, mid) in [(1, "99"), (2, "106"), (3, "99"), (4, "106"), (5, "99")] {
        world.point(MINUTE + ms, price(mid));
    }
    assert_eq!(roles(&world), [Role::Entry, Role::Exit, Role::Entry, Role::Exit]);
}

#[test]
fn nothing_is_sent_twice_while_fills_are_on_their_way() {
    let mut world = RuleFile { exit: "signal = { long = \"close < open\" }", ..RuleFile::default() }.world();
    world.lags = true;
    bar(&mut world, "100", "101");
    bar(&mut world, "100", "101");
    assert_eq!((roles(&world), world.holding.side), (vec![Role::Entry], None));
    world.settle();
    assert_eq!(world.holding.side, Some(Side::Buy));
    bar(&mut world, "101", "100");
    bar(&mut world, "101", "100");
    assert_eq!(roles(&world), [Role::Entry, Role::Exit]);
    world.settle();
    assert_eq!((world.tally.taker_fills, world.holding.side), (2, None));
}

proptest::proptest! {
    /// Whatever the market and risk do: no panic, and the world's own assertions hold (what opens carries its stop,
    /// what closes only reduces, prices and quantities lie on their grids).
    #[test]
    fn no_course_of_events_breaks_the_bot(
        steps in proptest::collection::vec((900_i64..1100, 0_u8..8), 1..80),
        opposite in proptest::sample::select(vec!["ignore", "close", "reverse"]),
    ) {
        let exit = format!(
            "opposite = \"{opposite}\"\ntime_limit = \"9m\"\ntake_profit = {{ distance = \"3 R\", place = \"engine\" }}\n\
             trail = {{ arms_at = \"1 R\", gives_back = \"1 * atr(3)\", every = \"1s\" }}"
        );
        let file = RuleFile {
            short: "signal = \"close < open\"",
            order: "type = \"post-only\", from = \"same\", valid_for = \"2m\", fallback = \"market\"",
            stop: "2 * atr(3)",
            exit: Box::leak(exit.into_boxed_str()),
            ..RuleFile::default()
        };
        let mut world = file.world();
        let mut before = "100".to_owned();
        for (tenths, event) in steps {
            let now = format!("{}.{}", tenths / 10, tenths % 10);
            match event {
                0 => {
                    let denies = world.denies.is_none();
                    world.denies = denies.then_some(DenialReason::StaleData);
                }
                1 => world.lags = !world.lags,
                2 => world.settle(),
                3 => world.timer(world.now + 30_000),
                4 => {
                    let memory = world.bot.changed_memory();
                    let mut bot = file.definition().bot();
                    if let Some(memory) = memory {
                        bot.restore(&memory).unwrap();
                    }
                    world.bot = bot;
                }
                _ => {
                    bar(&mut world, &before, &now);
                    before = now;
                }
            }
        }
    }
}

#[test]
fn an_adopted_order_that_opens_is_an_entry_under_way_and_one_that_reduces_is_not() {
    for (reduce_only, entries) in [(false, 0), (true, 1)] {
        let mut world = RuleFile::default().world();
        world.adopted = vec![ForeignOrder {
            order_id: OrderId::new("v-phone").unwrap(),
            symbol: world.instrument.symbol,
            side: Side::Sell,
            price: Some(price("120")),
            leaves_qty: Qty::new(dec("1")).unwrap(),
            reduce_only,
        }];
        bar(&mut world, "100", "101");
        assert_eq!(world.tally.places.len(), entries, "reduce-only: {reduce_only}");
        // Once it is gone, the next signal is taken.
        world.adopted.clear();
        bar(&mut world, "101", "102");
        assert_eq!(world.tally.places.len(), 1);
    }
}
