//! Breakers seen from outside: surprises at the venue, narrower limits, memory over a restart.

use crate::scene::{Scene, bot, dec, limits_text, other_symbol, place, qty, symbol};
use windvane_model::{
    DenialReason, ExitCause, HaltCause, LimitScope, Money, Place, PositionIndex, RefusalFamily, Side, Text,
    WallTime,
};
use windvane_risk::{Breach, DrawdownStep, Ownership, Risk, RiskLimits};

fn with_tables(tables: &str) -> Scene {
    let text = format!("{}{tables}", limits_text(&[]));
    Scene::with(toml::from_str::<RiskLimits>(&text).unwrap())
}

#[test]
fn a_refusal_for_margin_is_looked_into_once_and_waited_out_ever_longer() {
    let mut scene = Scene::new();
    assert_eq!(scene.refuse(RefusalFamily::InsufficientMargin), Some(Breach::ReadAccount));
    assert_eq!(
        scene.refuse(RefusalFamily::InsufficientMargin),
        None,
        "what was under way with it is no second surprise"
    );
    let until = |wait: i64| WallTime(1_000_000_000).after(wait);
    assert_eq!(scene.place(place()), Err(DenialReason::MarginInDoubt { until: until(2_000) }));
    scene.wait(2_000);
    assert!(scene.place(place()).is_ok());
    assert_eq!(scene.refuse(RefusalFamily::InsufficientMargin), Some(Breach::ReadAccount));
    assert_eq!(scene.place(place()), Err(DenialReason::MarginInDoubt { until: until(6_000) }));
}

#[test]
fn too_many_refusals_halt_and_what_had_just_gone_is_no_refusal() {
    let mut scene = Scene::new();
    for family in [RefusalFamily::OrderNotFound, RefusalFamily::ReduceOnly, RefusalFamily::NotSent] {
        for _ in 0..10 {
            assert_eq!(scene.refuse(family), None);
        }
    }
    for n in 1..=5 {
        let expected = (n == 5).then_some(Breach::Halt(HaltCause::ErrorRate));
        assert_eq!(scene.refuse(RefusalFamily::PriceLimit), expected, "refusal {n}");
        scene.wait(11_000);
    }
    scene.wait(60_000);
    assert_eq!(scene.refuse(RefusalFamily::PriceLimit), None, "the window has passed");
}

#[test]
fn narrower_limits_name_whose_they_are() {
    let bot_scope = LimitScope::Bot(bot());
    let rows = [
        ("[symbol.BTCUSDT]\nmax_order_qty = \"0.9 BTC\"", LimitScope::Symbol(symbol()), "max_order_qty", "1"),
        (
            "[symbol.BTCUSDT]\nmax_order_notional = \"99 USDT\"",
            LimitScope::Symbol(symbol()),
            "max_order_notional",
            "100",
        ),
        (
            "[symbol.BTCUSDT]\nmax_position_notional = \"250 USDT\"",
            LimitScope::Symbol(symbol()),
            "max_position_notional",
            "300",
        ),
        ("[symbol.BTCUSDT]\nmax_open_orders = 1", LimitScope::Symbol(symbol()), "max_open_orders", "2"),
        ("[bot.trend]\nmax_order_notional = \"99 USDT\"", bot_scope, "max_order_notional", "100"),
        ("[bot.trend]\nmax_gross_exposure = \"399 USDT\"", bot_scope, "max_gross_exposure", "400"),
        ("[bot.trend]\nmax_open_orders = 1", bot_scope, "max_open_orders", "2"),
        (
            "[group.majors]\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]\nmax_gross_exposure = \"399 USDT\"",
            LimitScope::Group(Text::new("majors").unwrap()),
            "max_gross_exposure",
            "400",
        ),
    ];
    for (table, scope, key, value) in rows {
        let mut scene = with_tables(table);
        scene.hold_in(other_symbol(), Some(Side::Sell), "1", "100");
        scene.rest(1, Side::Buy, "2", "99");
        match scene.place(place()) {
            Err(DenialReason::ScopeLimit { scope: of, key: named, value: came_to, .. }) => {
                assert_eq!((of, named, came_to), (scope, key, dec(value)), "{table}");
            }
            other => panic!("{table}: {other:?}"),
        }
        let elsewhere = Place { symbol: other_symbol(), qty: qty("2.5"), ..place() };
        let is_narrow = matches!(scope, LimitScope::Symbol(_));
        assert_eq!(scene.place(elsewhere).is_ok(), is_narrow, "{table}: it holds for its scope alone");
    }
}

#[test]
fn a_bot_that_asks_too_often_is_held_back_alone() {
    let mut scene = with_tables("[bot.trend]\nmax_order_rate = \"2 per 1m\"");
    scene.place(place()).unwrap();
    scene.place(place()).unwrap();
    let reason = scene.place(place()).unwrap_err();
    assert!(matches!(reason, DenialReason::ScopeLimit { key: "max_order_rate", .. }), "{reason}");
    scene.wait(60_000);
    scene.set_mark(symbol(), crate::scene::price("100"));
    scene.quotes.set_touch(
        symbol(),
        Some(crate::scene::price("99.9")),
        Some(crate::scene::price("100.1")),
        scene.stamp.wall,
    );
    assert!(scene.place(place()).is_ok());
}

#[test]
fn a_restart_forgives_nothing_and_a_person_may() {
    let mut scene = Scene::new();
    scene.worth("100");
    scene.stamp.market = scene.stamp.market.after(1_000);
    scene.worth("60");
    scene.stamp.market = scene.stamp.market.after(10_000);
    assert_eq!(scene.worth("60"), Some(Breach::CutToHalf));
    scene.risk.observe_close(bot(), ExitCause::StopLoss, Money::new(dec("-1")), scene.stamp);

    let mut words = Vec::new();
    scene.risk.memory().write(&mut words);
    let mut memory = windvane_risk::RiskMemory::default();
    for word in &words {
        let (name, value) = word.split_once('=').unwrap();
        memory.read(name, value).unwrap();
    }
    let mut later = Risk::new(crate::scene::limits(&[]), Ownership::default());
    later.restore(&memory);
    assert_eq!(later.drawdown_step(), DrawdownStep::Orange);
    assert_eq!(later.memory(), scene.risk.memory());

    scene.risk.resume();
    assert_eq!(scene.worth("60"), None);
    assert!(scene.place(place()).is_ok(), "{words:?}");
}

#[test]
fn a_restart_within_the_time_that_a_fall_must_last_does_not_forget_when_it_began() {
    let mut scene = Scene::new();
    scene.worth("100");
    scene.stamp.market = scene.stamp.market.after(1_000);
    // Beyond orange, of ten seconds that it must last; the restart comes after six.
    assert_eq!(scene.worth("60"), None);
    scene.stamp.market = scene.stamp.market.after(6_000);
    assert_eq!(scene.worth("60"), None);
    let mut words = Vec::new();
    scene.risk.memory().write(&mut words);
    let mut memory = windvane_risk::RiskMemory::default();
    for word in &words {
        let (name, value) = word.split_once('=').unwrap();
        memory.read(name, value).unwrap();
    }
    scene.risk = Risk::new(crate::scene::limits(&[]), Ownership::default());
    scene.risk.restore(&memory);
    scene.stamp.market = scene.stamp.market.after(3_999);
    assert_eq!(scene.worth("60"), None);
    scene.stamp.market = scene.stamp.market.after(1);
    assert_eq!(scene.worth("60"), Some(Breach::CutToHalf), "{words:?}");
}

#[test]
fn nothing_opens_that_brings_liquidation_too_near() {
    let limits = crate::scene::limits(&[("min_liquidation_distance", "\"20%\"")]);
    let mut scene = Scene::with(limits);
    scene.exposure.set_wallet(Money::new(dec("25")));
    assert!(scene.place(place()).is_ok(), "25 carry 1 at 100 down to some 75");
    scene.exposure.set_wallet(Money::new(dec("20")));
    let reason = scene.place(place()).unwrap_err();
    assert!(matches!(reason, DenialReason::LiquidationDistance { .. }), "{reason}");
    scene.hold(Side::Sell, "1");
    assert!(scene.place(place()).is_ok(), "what closes comes no nearer to anything");
    // Once an exit is out that may have closed the short already, the same order may open a long of its own.
    scene.rest_exit(1, Side::Buy, "1", "100");
    let reason = scene.place(place()).unwrap_err();
    assert!(matches!(reason, DenialReason::LiquidationDistance { .. }), "{reason}");
}

#[test]
fn a_cut_to_half_leaves_no_more_than_half() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "0.005");
    let kept = windvane_risk::kept_half(&scene.exposure, symbol(), PositionIndex::ONE_WAY);
    let beyond = windvane_risk::Share::Beyond(kept);
    let closes = scene.risk.protective(windvane_model::Scope::All, beyond, &scene.exposure);
    let row = closes[0].exposure(crate::scene::id(1)).unwrap();
    assert_eq!((closes.len(), row.leaves_qty, row.reduce_only), (1, qty("0.003"), true));
    scene.hold(Side::Buy, "0.002");
    assert_eq!(scene.risk.protective(windvane_model::Scope::All, beyond, &scene.exposure), [], "done");
}
