//! Breakers seen from outside: surprises at the venue, narrower limits, memory over a restart.

use crate::scene::{Scene, bot, dec, kept, limits_text, other_symbol, place, price, qty, symbol};
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
fn every_narrower_limit_denies_in_its_scope_alone_and_names_whose_it_is() {
    // What the order with what is there comes to: 1 at 100 beside 2 at 99 that rest, long by nothing; short by 1 in the other.
    // Prices are a second old, and the queue stands at 3 in both.
    let scopes = [
        ("[symbol.BTCUSDT]", LimitScope::Symbol(symbol())),
        ("[bot.trend]", LimitScope::Bot(bot())),
        (
            "[group.majors]\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]",
            LimitScope::Group(Text::new("majors").unwrap()),
        ),
    ];
    let far = || Place { kind: crate::scene::at("102"), ..place() };
    // In the other contract: large enough to meet every limit that counts it, too; as small for those that ask for more.
    let (large, small) = ("4", "1");
    let rows = [
        ("max_order_qty", "\"0.9 BTC\"", "1", [true, true, false], place(), large),
        ("max_order_notional", "\"99 USDT\"", "100", [true, true, true], place(), large),
        ("min_order_notional", "\"101 USDT\"", "100", [true, true, true], place(), small),
        ("max_position_notional", "\"250 USDT\"", "300", [true, false, true], place(), large),
        ("max_gross_exposure", "\"399 USDT\"", "400", [false, true, true], place(), large),
        ("max_leverage", "\"9x\"", "10", [true, true, true], place(), large),
        ("max_open_orders", "1", "2", [true, true, true], place(), large),
        ("price_collar", "\"1.9%\"", "0.02", [true, true, true], far(), large),
        ("book_collar", "\"1.9%\"", "0.02", [true, true, true], far(), large),
        ("stale_after", "\"999ms\"", "1000", [true, true, true], place(), large),
        ("max_adl_rank", "2", "3", [true, true, true], place(), large),
    ];
    for (key, limit, value, is_known, order, elsewhere) in rows {
        for ((head, scope), is_known) in scopes.into_iter().zip(is_known) {
            let is_group = matches!(scope, LimitScope::Group(_));
            let wide = if is_group && key != "max_gross_exposure" {
                "max_gross_exposure = \"3000 USDT\""
            } else {
                ""
            };
            let table = format!("{head}\n{wide}\n{key} = {limit}");
            if !is_known {
                let refused = toml::from_str::<RiskLimits>(&format!("{}{table}", limits_text(&[])));
                assert!(refused.is_err_and(|error| error.message().contains("unknown field")), "{table}");
                continue;
            }
            let mut scene = with_tables(&table);
            scene.queue(symbol(), None, 3);
            scene.queue(other_symbol(), Some(Side::Sell), 3);
            scene.rest(1, Side::Buy, "2", "99");
            for of in [symbol(), other_symbol()] {
                scene.quotes.set_touch(of, Some(price("99.9")), Some(price("100")), scene.stamp.wall);
            }
            scene.wait(1_000);
            match scene.place(order) {
                Err(DenialReason::ScopeLimit { scope: of, key: named, value: came_to, .. }) => {
                    assert_eq!((of, named, came_to), (scope, key, dec(value)), "{table}");
                }
                other => panic!("{table}: {other:?}"),
            }
            let elsewhere = Place { symbol: other_symbol(), qty: qty(elsewhere), ..order };
            let is_narrow = matches!(scope, LimitScope::Symbol(_));
            assert_eq!(scene.place(elsewhere).is_ok(), is_narrow, "{table}: it holds for its scope alone");
        }
    }
}

#[test]
fn a_narrower_distance_to_liquidation_holds_in_its_scope_alone() {
    for (head, is_narrow) in [
        ("[symbol.BTCUSDT]", true),
        ("[bot.trend]", false),
        ("[group.majors]\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]\nmax_gross_exposure = \"3000 USDT\"", false),
    ] {
        let mut scene = with_tables(&format!("{head}\nmin_liquidation_distance = \"20%\""));
        scene.exposure.set_wallet(Money::new(dec("25")));
        assert!(scene.place(place()).is_ok(), "25 carry 1 at 100 down to some 75");
        scene.exposure.set_wallet(Money::new(dec("20")));
        let reason = scene.place(place()).unwrap_err();
        assert!(
            matches!(reason, DenialReason::ScopeLimit { key: "min_liquidation_distance", .. }),
            "{head}: {reason}"
        );
        let elsewhere = Place { symbol: other_symbol(), ..place() };
        assert_eq!(scene.place(elsewhere).is_ok(), is_narrow, "{head}");
    }
}

#[test]
fn an_order_leaves_within_the_shortest_time_that_prices_may_be_old() {
    let mut scene = with_tables("[symbol.BTCUSDT]\nstale_after = \"3s\"\n[bot.trend]\nstale_after = \"4s\"");
    let at = scene.stamp.wall;
    for (symbol, millis) in [(symbol(), 3_000), (other_symbol(), 4_000)] {
        let approved = scene.place(Place { symbol, ..place() }).unwrap();
        assert_eq!(approved.send_before(), Some(at.after(millis)), "{symbol}");
    }
}

#[test]
fn who_asks_too_often_is_held_back_alone() {
    for (table, holds_other) in [
        ("[bot.trend]", true),
        ("[symbol.BTCUSDT]", false),
        ("[group.majors]\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]\nmax_gross_exposure = \"3000 USDT\"", true),
    ] {
        let mut scene = with_tables(&format!("{table}\nmax_order_rate = \"2 per 1m\""));
        scene.hold_in(other_symbol(), None, "0", "100");
        scene.place(place()).unwrap();
        scene.place(place()).unwrap();
        let reason = scene.place(place()).unwrap_err();
        assert!(matches!(reason, DenialReason::ScopeLimit { key: "max_order_rate", .. }), "{reason}");
        let elsewhere = Place { symbol: other_symbol(), ..place() };
        assert_eq!(scene.place(elsewhere).is_err(), holds_other, "{table}");
        scene.wait(60_000);
        scene.set_mark(symbol(), price("100"));
        scene.quotes.set_touch(symbol(), Some(price("99.9")), Some(price("100.1")), scene.stamp.wall);
        assert!(scene.place(place()).is_ok());
    }
}

#[test]
fn a_contract_that_a_group_names_twice_counts_once() {
    let table = "[group.majors]\nsymbols = [\"ETHUSDT\", \"BTCUSDT\", \"ETHUSDT\", \"BTCUSDT\"]";
    let mut scene =
        with_tables(&format!("{table}\nmax_gross_exposure = \"200 USDT\"\nmax_order_rate = \"2 per 1m\""));
    scene.hold_in(other_symbol(), Some(Side::Sell), "1", "100");
    scene.place(place()).unwrap();
    scene.place(place()).unwrap();
    let reason = scene.place(place()).unwrap_err();
    assert!(matches!(reason, DenialReason::ScopeLimit { key: "max_order_rate", .. }), "{reason}");
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

    let memory = kept(&scene.risk);
    let mut later = Risk::new(crate::scene::limits(&[]), Ownership::default());
    later.restore(&memory);
    assert_eq!(later.drawdown_step(), DrawdownStep::Orange);
    assert_eq!(later.memory(), scene.risk.memory());

    scene.risk.resume();
    assert_eq!(scene.worth("60"), None);
    assert!(scene.place(place()).is_ok(), "{memory:?}");
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
    let memory = kept(&scene.risk);
    scene.risk = Risk::new(crate::scene::limits(&[]), Ownership::default());
    scene.risk.restore(&memory);
    scene.stamp.market = scene.stamp.market.after(3_999);
    assert_eq!(scene.worth("60"), None);
    scene.stamp.market = scene.stamp.market.after(1);
    assert_eq!(scene.worth("60"), Some(Breach::CutToHalf), "{memory:?}");
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
