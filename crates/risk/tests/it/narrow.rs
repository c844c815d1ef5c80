//! Losses, falls, streaks and refusals of one contract, one bot or a group: what opens there is denied, and nothing else.

use crate::scene::{Scene, bot, dec, exit, kept, limits_text, other_symbol, place, symbol};
use windvane_model::{
    DenialReason, ExitCause, LimitScope, Money, Place, PositionIndex, RefusalFamily, Side, Text,
};
use windvane_risk::{Breach, DrawdownStep, Ownership, Risk, RiskLimits};

fn limits(table: &str) -> RiskLimits {
    toml::from_str(&format!("{}{table}", limits_text(&[]))).unwrap()
}

/// What the two contracts have made so far.
fn results(scene: &mut Scene, first: &str, second: &str) -> Vec<Breach> {
    let money = |text: &str| Money::new(dec(text));
    let rows =
        [(symbol(), PositionIndex(0), money(first)), (other_symbol(), PositionIndex(0), money(second))];
    scene.risk.observe_results(&rows, scene.stamp)
}

fn denied(scene: &mut Scene, place: Place) -> Option<(LimitScope, &'static str)> {
    match scene.place(place) {
        Ok(_) => None,
        Err(DenialReason::ScopeLimit { scope, key, .. }) => Some((scope, key)),
        Err(other) => panic!("{other}"),
    }
}

fn elsewhere() -> Place {
    Place { symbol: other_symbol(), ..place() }
}

/// The scopes with their table, and whether the other contract is in it.
fn scopes() -> [(LimitScope, String, bool); 3] {
    [
        (LimitScope::Symbol(symbol()), format!("symbol.{}", symbol()), false),
        (LimitScope::Bot(bot()), format!("bot.{}", bot()), true),
        (LimitScope::Group(Text::new("my two").unwrap()), "group.\"my two\"".to_owned(), true),
    ]
}

fn table(name: &str, key: &str, value: &str) -> String {
    let members = match name.starts_with("group") {
        true => format!(
            "symbols = [\"{}\", \"{}\"]\nmax_gross_exposure = \"3000 USDT\"\n",
            symbol(),
            other_symbol()
        ),
        false => String::new(),
    };
    format!("[{name}]\n{members}{key} = {value}\n")
}

#[test]
fn a_loss_of_the_day_or_the_week_denies_in_its_scope_until_that_is_over() {
    const DAY_MS: i64 = 86_400_000;
    for (key, over_ms) in [("max_loss_per_day", DAY_MS), ("max_loss_per_week", 7 * DAY_MS)] {
        for (scope, name, holds_other) in scopes() {
            let mut scene = Scene::with(limits(&table(&name, key, "\"50 USDT\"")));
            results(&mut scene, "0", "0");
            results(&mut scene, "-49", "0");
            assert_eq!(denied(&mut scene, place()), None, "{name} {key}");
            results(&mut scene, "-50", "0");
            assert_eq!(denied(&mut scene, place()), Some((scope, key)));
            assert_eq!(denied(&mut scene, elsewhere()).is_some(), holds_other, "{name} {key}");
            scene.hold(Side::Buy, "1");
            assert!(scene.place(exit("1")).is_ok(), "an exit is never held back");
            scene.risk.resume();
            assert_eq!(denied(&mut scene, place()), Some((scope, key)), "a person does not undo a loss");
            scene.stamp.market = scene.stamp.market.after(over_ms);
            results(&mut scene, "-50", "0");
            assert_eq!(denied(&mut scene, place()), None, "{name} {key}: another period");
        }
    }
}

#[test]
fn what_the_other_contract_wins_covers_a_loss_where_both_are_counted() {
    for (scope, name, holds_other) in scopes() {
        let mut scene = Scene::with(limits(&table(&name, "max_loss_per_day", "\"50 USDT\"")));
        results(&mut scene, "0", "0");
        results(&mut scene, "-60", "20");
        let expected = (!holds_other).then_some((scope, "max_loss_per_day"));
        assert_eq!(denied(&mut scene, place()), expected, "{name}");
    }
}

/// Steps of a fall at 20, 35 and 50, each once it has lasted ten seconds.
const STEPS: &str =
    "{ yellow = \"20 USDT\", orange = \"35 USDT\", red = \"50 USDT\", persists_for = \"10s\" }";

/// What is observed after so many milliseconds more.
fn later(scene: &mut Scene, millis: i64, first: &str) -> Vec<Breach> {
    scene.stamp.market = scene.stamp.market.after(millis);
    results(scene, first, "0")
}

#[test]
fn a_fall_that_lasts_takes_each_step_in_its_scope_alone() {
    for (scope, name, holds_other) in scopes() {
        let mut scene = Scene::with(limits(&table(&name, "drawdown", STEPS)));
        assert_eq!(later(&mut scene, 0, "30"), []);
        // A wick goes through all of them.
        assert_eq!(later(&mut scene, 1_000, "-70"), [], "{name}");
        assert_eq!(later(&mut scene, 9_999, "30"), []);
        assert_eq!(denied(&mut scene, place()), None, "{name}: a wick is no fall");
        for (made, key, breach) in [
            ("10", "drawdown.yellow", None),
            ("-5", "drawdown.orange", Some(Breach::CutScope(scope))),
            ("-20", "drawdown.red", Some(Breach::FlattenScope(scope))),
        ] {
            assert_eq!(later(&mut scene, 1, made), [], "{name} {key}");
            assert_eq!(later(&mut scene, 10_000, made), breach.into_iter().collect::<Vec<_>>(), "{name}");
            assert_eq!(later(&mut scene, 10_000, made), [], "{name} {key}: once");
            assert_eq!(denied(&mut scene, place()), Some((scope, key)), "{name}");
            assert_eq!(denied(&mut scene, elsewhere()).is_some(), holds_other, "{name} {key}");
            let (step, fall) = (scene.risk.drawdown_step_of(bot(), symbol()), dec("30") - dec(made));
            let falls: Vec<_> = scene.risk.falls().collect();
            assert_eq!(falls, [(scope, step, Money::new(fall))], "{name}");
            assert_eq!(scene.risk.drawdown_step_of(bot(), other_symbol()) == step, holds_other, "{name}");
            assert_eq!(scene.risk.drawdown_step(), DrawdownStep::Green, "the account has none");
        }
        scene.hold(Side::Buy, "1");
        assert!(scene.place(exit("1")).is_ok(), "an exit is never held back");
        assert!(scene.risk.is_within(scope, symbol(), PositionIndex(0)));
        assert_eq!(scene.risk.is_within(scope, other_symbol(), PositionIndex(0)), holds_other, "{name}");
    }
}

#[test]
fn the_first_two_steps_end_by_themselves_and_the_last_by_a_person() {
    for (scope, name, _) in scopes() {
        let mut scene = Scene::with(limits(&table(&name, "drawdown", STEPS)));
        later(&mut scene, 0, "30");
        for (made, keys) in [
            ("-5", [Some("drawdown.orange"), Some("drawdown.yellow"), None]),
            ("-20", [Some("drawdown.red"); 3]),
        ] {
            later(&mut scene, 1, made);
            later(&mut scene, 10_000, made);
            // To a fall beyond yellow and to none: each must last.
            for (made, key) in [(made, keys[0]), ("5", keys[1]), ("30", keys[2])] {
                later(&mut scene, 1, made);
                later(&mut scene, 10_000, made);
                assert_eq!(denied(&mut scene, place()), key.map(|key| (scope, key)), "{name} at {made}");
            }
        }
        match scope {
            LimitScope::Bot(bot) => scene.risk.resume_bot(bot),
            _ => scene.risk.resume(),
        }
        later(&mut scene, 0, "-20");
        assert_eq!(denied(&mut scene, place()), None, "{name}: it begins again from what is there");
    }
}

#[test]
fn a_restart_forgives_no_step_of_a_fall_and_no_moment_of_it() {
    for (scope, name, _) in scopes() {
        let table = table(&name, "drawdown", STEPS);
        let mut scene = Scene::with(limits(&table));
        later(&mut scene, 0, "30");
        later(&mut scene, 1, "-20");
        // Ten seconds it must last; the engine starts anew after six.
        assert_eq!(later(&mut scene, 6_000, "-20"), []);
        restart(&mut scene, &table);
        assert_eq!(later(&mut scene, 3_999, "-20"), [], "{name}");
        assert_eq!(later(&mut scene, 1, "-20"), [Breach::FlattenScope(scope)], "{name}");
        restart(&mut scene, &table);
        later(&mut scene, 100_000, "30");
        assert_eq!(
            denied(&mut scene, place()),
            Some((scope, "drawdown.red")),
            "{name}: it does not end by itself"
        );
    }
}

/// Another start of the engine, with what the one before wrote down.
fn restart(scene: &mut Scene, table: &str) {
    let memory = kept(&scene.risk);
    let claims = [symbol(), other_symbol()].map(|symbol| (symbol, PositionIndex(0), bot()));
    let mut risk = Risk::new(limits(table), Ownership::new(claims).unwrap());
    risk.set_run_state(scene.risk.run_state());
    risk.restore(&memory);
    scene.risk = risk;
}

#[test]
fn refusals_in_a_scope_deny_there_until_their_window_has_passed() {
    for (scope, name, holds_other) in scopes() {
        let mut scene = Scene::with(limits(&table(&name, "max_error_rate", "\"2 per 10s\"")));
        scene.refuse(RefusalFamily::InvalidParameter);
        scene.refuse(RefusalFamily::OrderNotFound);
        assert_eq!(denied(&mut scene, place()), None, "{name}: what had just gone is no refusal");
        scene.refuse(RefusalFamily::InvalidParameter);
        assert_eq!(denied(&mut scene, place()), Some((scope, "max_error_rate")));
        assert_eq!(denied(&mut scene, elsewhere()).is_some(), holds_other, "{name}");
        scene.wait(10_000);
        for of in [symbol(), other_symbol()] {
            scene.set_mark(of, crate::scene::price("100"));
            scene.quotes.set_touch(
                of,
                Some(crate::scene::price("99.9")),
                Some(crate::scene::price("100.1")),
                scene.stamp.wall,
            );
        }
        assert_eq!(denied(&mut scene, place()), None, "{name}: the window has passed");
    }
}

#[test]
fn a_bot_may_pause_after_a_shorter_streak_than_the_others() {
    let mut scene = Scene::with(limits(&table("bot.trend", "max_losing_streak", "1")));
    scene.risk.observe_close(bot(), ExitCause::Strategy, Money::new(dec("-1")), scene.stamp);
    let reason = scene.place(place()).unwrap_err();
    assert!(matches!(reason, DenialReason::LosingStreak { losses: 1, .. }), "{reason}");
}

#[test]
fn a_narrower_limit_above_the_accounts_or_looser_than_before_is_named() {
    for (_, name, _) in scopes() {
        let wide = limits(&table(&name, "max_loss_per_day", "\"201 USDT\""));
        let problems: Vec<String> = wide.problems().iter().map(ToString::to_string).collect();
        let key = format!("{}.max_loss_per_day", name.replace('"', ""));
        assert!(problems.iter().any(|problem| problem.contains(&key)), "{problems:?}");
        let (tight, loose) = (
            limits(&table(&name, "max_loss_per_week", "\"10 USDT\"")),
            limits(&table(&name, "max_loss_per_week", "\"11 USDT\"")),
        );
        assert_eq!(tight.loosened_by(&loose).len(), 1, "{name}");
        assert!(loose.loosened_by(&tight).is_empty(), "{name}");
    }
    let said = |key: &str, value: &str| -> Vec<String> {
        limits(&table("bot.trend", key, value)).problems().iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        said("max_leverage", "\"21x\""),
        ["`bot.trend.max_leverage` (21x) is larger than `max_leverage` (20x)"]
    );
    assert_eq!(
        said("drawdown", &STEPS.replace("35", "19")),
        ["`bot.trend.drawdown.yellow` (20) is not below `bot.trend.drawdown.orange` (19)"]
    );
    assert_eq!(
        said("drawdown", &STEPS.replace("50 USDT", "50 USDC")),
        ["`bot.trend.drawdown.red` is in USDC, but `max_order_notional` is in USDT; all limits use one coin"]
    );
    // (key, wider than the account's, the same as the account's)
    for (key, wider, same) in [
        ("min_order_notional", "\"0.009 USDT\"", "\"0.01 USDT\""),
        ("price_collar", "\"11%\"", "\"10%\""),
        ("book_collar", "\"11%\"", "\"10%\""),
        ("stale_after", "\"6s\"", "\"5s\""),
        ("min_liquidation_distance", "\"0.9%\"", "\"1%\""),
        ("max_adl_rank", "5", "4"),
    ] {
        let (text, account) = (wider.replace('"', ""), same.replace('"', ""));
        assert_eq!(
            said(key, wider),
            [format!(
                "`bot.trend.{key}` ({text}) holds back less than the account's own `{key}` ({account})"
            )]
        );
        assert!(said(key, same).is_empty(), "{key}");
    }
    assert_eq!(
        said("min_order_notional", "\"501 USDT\""),
        ["`bot.trend.min_order_notional` (501 USDT) is larger than `max_order_notional` (500 USDT)"]
    );
}

/// Loads other limits while it runs.
fn reload(scene: &mut Scene, tables: &str) {
    let claims = [symbol(), other_symbol()].map(|symbol| (symbol, PositionIndex(0), bot()));
    scene.risk.reconfigure(limits(tables), Ownership::new(claims).unwrap());
}

#[test]
fn another_limit_counts_on_from_what_was_lost_and_refused_under_the_last_one() {
    for (scope, name, _) in scopes() {
        let mut scene = Scene::with(limits(&table(&name, "max_loss_per_day", "\"50 USDT\"")));
        results(&mut scene, "0", "0");
        results(&mut scene, "-40", "0");
        reload(&mut scene, &table(&name, "max_loss_per_day", "\"60 USDT\""));
        results(&mut scene, "-59", "0");
        assert_eq!(denied(&mut scene, place()), None, "{name}");
        results(&mut scene, "-60", "0");
        assert_eq!(denied(&mut scene, place()), Some((scope, "max_loss_per_day")));

        let mut scene = Scene::with(limits(&table(&name, "max_error_rate", "\"4 per 1m\"")));
        assert!(!scene.risk.counts_results(), "results are of no use to it");
        scene.refuse(RefusalFamily::PriceLimit);
        scene.refuse(RefusalFamily::PriceLimit);
        reload(&mut scene, &table(&name, "max_error_rate", "\"3 per 1m\""));
        assert_eq!(denied(&mut scene, place()), None, "{name}");
        scene.refuse(RefusalFamily::PriceLimit);
        assert_eq!(denied(&mut scene, place()), Some((scope, "max_error_rate")));
    }
}

#[test]
fn a_restart_gives_each_scope_its_own_highest_back() {
    let tables = [symbol(), other_symbol()]
        .map(|symbol| table(&format!("symbol.{symbol}"), "drawdown", STEPS))
        .concat();
    let mut scene = Scene::with(limits(&tables));
    results(&mut scene, "0", "0");
    results(&mut scene, "100", "10");
    let memory = kept(&scene.risk);
    let mut after = Scene::with(limits(&tables));
    after.risk.restore(&memory);
    for _ in 0..2 {
        results(&mut after, "79", "-11");
        after.stamp.market = after.stamp.market.after(10_000);
    }
    let yellow = |symbol| (LimitScope::Symbol(symbol), DrawdownStep::Yellow, Money::new(dec("21")));
    assert_eq!(after.risk.falls().collect::<Vec<_>>(), [symbol(), other_symbol()].map(yellow));
}
