//! Going on by another file: what a bot knows stays, and a position lives by the rules it was opened under.

use std::collections::BTreeMap;

use windvane_model::Role;
use windvane_strategy::{Definition, Urgency, load};

use crate::rule_bot::{RuleFile, bar, roles};
use crate::world::{World, price};

/// The tests' rule file with another stop.
fn stopped_at(stop: &'static str) -> RuleFile {
    RuleFile { stop, ..RuleFile::default() }
}

#[test]
fn a_position_lives_by_the_rules_it_was_opened_under_unless_a_person_says_otherwise() {
    let exit = RuleFile { exit: "time_limit = \"3m\"", ..RuleFile::default() };
    for (urgency, is_closed) in [(Urgency::WhenFlat, false), (Urgency::AtOnce, true)] {
        let mut world = RuleFile::default().world();
        bar(&mut world, "100", "101");
        assert_eq!(roles(&world), [Role::Entry]);
        let is_taken = world.redefine(&exit.definition(), urgency);
        assert_eq!(is_taken, urgency == Urgency::AtOnce);
        world.timer(world.now + 4 * 60_000);
        assert_eq!(world.holding.side.is_none(), is_closed, "{urgency:?}");
    }
}

#[test]
fn once_flat_the_new_rules_hold_and_what_was_counted_stays() {
    let once = "limit = { entries_per_day = 1 }";
    let mut world = RuleFile { any: once, ..stopped_at("1%") }.world();
    bar(&mut world, "100", "101");
    bar(&mut world, "101", "90");
    assert_eq!(world.tally.stops, 1);
    let next = RuleFile { any: once, ..stopped_at("5%") }.definition();
    assert!(world.redefine(&next, Urgency::WhenFlat));
    for _ in 0..3 {
        bar(&mut world, "90", "91");
    }
    assert_eq!(world.tally.places.len(), 1, "the entry of the day is spent under any rules");
}

#[test]
fn the_bar_of_the_change_fires_no_signal_and_the_next_one_does() {
    let mut world = RuleFile::default().world();
    assert!(world.redefine(&stopped_at("3%").definition(), Urgency::WhenFlat));
    bar(&mut world, "100", "101");
    assert!(world.tally.places.is_empty(), "nobody watched that bar by these rules from its beginning");
    bar(&mut world, "101", "102");
    assert_eq!(world.tally.places[0].stop_loss.map(|stop| stop < price("99.2")), Some(true), "3% below");
}

#[test]
fn indicators_of_both_files_go_on_and_others_read_the_past() {
    let head = "[let]\nquick = \"ema(close, 5)\"";
    let with = |long| RuleFile { head, long, ..RuleFile::default() };
    let old = with("signal = \"quick > 0 USDT\"\nfilter = { a = \"quick > open\" }");
    let new =
        with("signal = \"quick > 0 USDT\"\nfilter = { a = \"quick > open\", b = \"sma(close, 8) > open\" }");
    let (mut old_world, mut new_world) = (old.world(), new.world());
    for step in 0..12 {
        let (open, close) = if step % 3 == 0 { ("100", "99") } else { ("99", "100") };
        bar(&mut old_world, open, close);
        bar(&mut new_world, open, close);
    }
    old_world.flatten();
    assert!(old_world.redefine(&new.definition(), Urgency::WhenFlat));
    // Every condition of the bot that has changed stands as in the one that has always gone by the new file.
    let stand = |world: &World| -> Vec<(String, Option<bool>)> {
        let rows = world.bot.conditions().into_iter();
        rows.filter(|row| row.name.starts_with("entry.long")).map(|row| (row.name, row.holds)).collect()
    };
    bar(&mut old_world, "100", "101");
    bar(&mut new_world, "100", "101");
    assert_eq!(stand(&old_world), stand(&new_world));
    assert!(stand(&old_world).iter().all(|(_, holds)| holds.is_some()), "none begins anew");
}

#[test]
fn another_kind_is_refused_and_built_in_bots_keep_a_position_under_its_settings() {
    let preset = |name: &str| {
        let path = crate::shipped::root().join("strategies").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let definition = |text: &str| load("f", text, &BTreeMap::new()).unwrap();
    let mut world = RuleFile::default().world();
    assert!(!world.redefine(&definition(&preset("maker.toml")), Urgency::AtOnce));
    for name in ["maker", "grid", "dca", "twap", "schedule", "rebalance"] {
        let text = preset(&format!("{name}.toml"));
        let same = definition(&text);
        let mut world = World::new(same.bot(), crate::world::instrument("BTCUSDT", "0.1", "0.001"));
        world.point(0, price("100"));
        let is_flat = world.holding.side.is_none();
        assert_eq!(world.redefine(&same, Urgency::WhenFlat), is_flat, "{name}");
        assert!(world.redefine(&same, Urgency::AtOnce), "{name}");
        assert!(!world.redefine(&stopped_at("1%").definition(), Urgency::AtOnce), "{name}: another kind");
    }
}

#[test]
fn what_holds_back_less_is_named() {
    let rule = |any, stop, exit| {
        let file = RuleFile { any, stop, exit, ..RuleFile::default() };
        file.definition()
    };
    let trail = "trail = { arms_at = \"1 R\", gives_back = \"1 * atr(14)\" }";
    let limits = "limit = { entries_per_day = 2, cooldown_after_stop = \"1h\" }";
    let now = rule(limits, "2 * atr(14)", trail);
    for (next, expected) in [
        (rule(limits, "2 * atr(14)", trail), &[][..]),
        (rule(limits, "1.5 * atr(14)", trail), &[]),
        (rule(limits, "2.5 * atr(14)", trail), &["exit.stop"]),
        (rule(limits, "2 * atr(20)", trail), &["exit.stop"]),
        (rule(limits, "2 * atr(14)", ""), &["exit.trail"]),
        (
            rule("", "2 * atr(14)", trail),
            &["entry.any.limit.entries_per_day", "entry.any.limit.cooldown_after_stop"],
        ),
        (
            rule("limit = { entries_per_day = 3, cooldown_after_stop = \"2h\" }", "2 * atr(14)", trail),
            &["entry.any.limit.entries_per_day"],
        ),
    ] {
        assert_eq!(now.loosened_by(&next), expected);
    }
    let order = |order, any, exit| RuleFile { order, any, exit, ..RuleFile::default() }.definition();
    let market = "type = \"market\", max_slippage = \"5 ticks\"";
    let rest = "type = \"post-only\", from = \"same\", valid_for = \"1m\"";
    let adds = |share| format!("scale_in = {{ entries = 2, share = \"{share}\" }}").leak() as &'static str;
    let even = "break_even = { at = \"1 R\", offset = \"0.1%\" }";
    // Before, after, and what of the change holds back less.
    for ((before_order, before_any, before_exit), (after_order, after_any, after_exit), expected) in [
        ((market, "", ""), ("type = \"market\", max_slippage = \"4 ticks\"", "", ""), &[][..]),
        (
            (market, "", ""),
            ("type = \"market\", max_slippage = \"6 ticks\"", "", ""),
            &["entry.any.order.max_slippage"],
        ),
        ((market, "", ""), ("type = \"market\"", "", ""), &["entry.any.order.max_slippage"]),
        ((rest, "", ""), (market, "", ""), &["entry.any.order.max_slippage"]),
        ((market, "", ""), (rest, "", ""), &[]),
        ((market, adds("50%"), ""), (market, adds("40%"), ""), &[]),
        ((market, adds("50%"), ""), (market, adds("60%"), ""), &["entry.any.scale_in.share"]),
        ((market, "", ""), (market, adds("60%"), ""), &["entry.any.scale_in", "entry.any.scale_in.share"]),
        ((market, "", "time_limit = \"1h\""), (market, "", "time_limit = \"50m\""), &[]),
        ((market, "", "time_limit = \"1h\""), (market, "", "time_limit = \"2h\""), &["exit.time_limit"]),
        ((market, "", "time_limit = \"1h\""), (market, "", ""), &["exit.time_limit"]),
        (
            (market, "", "soft_stop = { distance = \"1%\" }"),
            (market, "", "soft_stop = { distance = \"1%\", by = \"mark\" }"),
            &["exit.soft_stop.by"],
        ),
        ((market, "", "soft_stop = { distance = \"1%\" }"), (market, "", ""), &["exit.soft_stop"]),
        (
            (market, "", "trail = { arms_at = \"1%\", gives_back = \"1%\" }"),
            (market, "", "trail = { arms_at = \"1%\", gives_back = \"1%\", by = \"last\" }"),
            &["exit.trail.by"],
        ),
        ((market, "", even), (market, "", "break_even = { at = \"1 R\", offset = \"0.2%\" }"), &[]),
        (
            (market, "", even),
            (market, "", "break_even = { at = \"1 R\", offset = \"0.05%\" }"),
            &["exit.break_even.offset"],
        ),
        ((market, "", even), (market, "", "break_even = { at = \"1 R\" }"), &["exit.break_even.offset"]),
        ((market, "", "break_even = { at = \"1 R\" }"), (market, "", even), &[]),
        ((market, "", even), (market, "", ""), &["exit.break_even"]),
        (
            (market, "", "order = { max_slippage = \"9 ticks\" }"),
            (market, "", ""),
            &["exit.order.max_slippage"],
        ),
        ((market, "", ""), (market, "", "order = { max_slippage = \"9 ticks\" }"), &[]),
    ] {
        let before = order(before_order, before_any, before_exit);
        let after = order(after_order, after_any, after_exit);
        assert_eq!(
            before.loosened_by(&after),
            expected,
            "{before_any} {before_exit} to {after_any} {after_exit}"
        );
    }
    for (name, key, raised, expected) in [
        ("grid", "size", "size = \"9999 USDT\"", "grid.size"),
        ("dca", "base", "base = \"9999 USDT\"", "safety.size"),
        ("dca", "size_scale", "size_scale = \"9x\"", "safety.size"),
        ("schedule", "most", "most = \"999999 USDT\"", "schedule.most"),
        ("rebalance", "target", "target = \"99%\"", "rebalance.target"),
        ("twap", "total", "total = \"999999 USDT\"", "twap.total"),
        ("grid", "stop", "stop = \"90%\"", "protect.stop"),
    ] {
        let path = crate::shipped::root().join(format!("strategies/{name}.toml"));
        let text = std::fs::read_to_string(path).unwrap();
        let is_it = |line: &&str| line.split('=').next().unwrap().trim() == key;
        assert_eq!(text.lines().filter(is_it).count(), 1, "{name}: {key}");
        let other = |line| if is_it(&line) { raised } else { line };
        let other: Vec<&str> = text.lines().map(other).collect();
        let definition = |text: &str| load("f", text, &BTreeMap::new()).unwrap();
        let (now, next) = (definition(&text), definition(&other.join("\n")));
        assert_eq!(now.loosened_by(&next), [expected], "{name}: {key}");
        assert!(next.loosened_by(&now).is_empty(), "{name}: {key} the other way round");
    }
    let maker = |stop: &str, max: &str| -> Definition {
        let text = format!(
            "builtin = \"maker\"\n[quote]\nhalf_spread = \"1%\"\nsize = \"10 USDT\"\nrequote = \"0.2%\"\nevery = \"5s\"\n\
             [inventory]\nmax = \"{max} USDT\"\nskew = \"1%\"\n[protect]\nstop = \"{stop}\"\ncooldown_after_stop = \"1m\"\n"
        );
        load("maker.toml", &text, &BTreeMap::new()).unwrap()
    };
    assert_eq!(maker("5%", "200").loosened_by(&maker("6%", "300")), ["inventory.max", "protect.stop"]);
    assert!(maker("5%", "200").loosened_by(&maker("4%", "100")).is_empty());
}
