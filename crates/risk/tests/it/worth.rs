//! What the account is worth by mark: what is shown of its losses, and how far it may move before a breaker does anything.

use crate::scene::{Scene, bot, dec, limits, limits_text, place, symbol};
use rust_decimal::Decimal;
use windvane_model::{DenialReason, MarketTime, Money, PositionIndex};
use windvane_risk::{Ownership, RiskLimits, Worth};

fn money(text: &str) -> Money {
    Money::new(dec(text))
}

fn worth(equity: &str) -> Worth {
    Worth { equity: money(equity), transfers: Money::ZERO }
}

#[test]
fn losses_and_the_fall_are_told_as_they_are() {
    let mut scene = Scene::new();
    scene.worth("1000");
    scene.worth("900");
    let told = |scene: &Scene| (scene.risk.loss_of_day(), scene.risk.loss_of_week(), scene.risk.drawdown());
    assert_eq!(told(&scene), (money("100"), money("100"), dec("0.1")));
    scene.stamp.market = scene.stamp.market.after(86_400_000);
    scene.worth("850");
    assert_eq!(
        told(&scene),
        (Money::ZERO, money("150"), dec("0.15")),
        "it was worth that when the day began"
    );
    scene.worth("1100");
    assert_eq!(told(&scene), (Money::ZERO, Money::ZERO, Decimal::ZERO));
}

#[test]
fn a_span_is_borne_as_long_as_no_breaker_would_stir_in_it() {
    let bears = |limits: RiskLimits, low: &str, high: &str, now: i64| {
        let mut scene = Scene::with(limits);
        scene.worth("1000");
        scene.risk.bears(worth(low), worth(high), MarketTime(now))
    };
    let wide = [("max_loss_per_day", "\"900 USDT\""), ("max_loss_per_week", "\"900 USDT\"")];
    let of_day = [("max_loss_per_day", "\"200 USDT\""), wide[1]];
    assert!(bears(limits(&of_day), "801", "1000", 1_000));
    assert!(!bears(limits(&of_day), "800", "1000", 1_000), "the day's limit is reached");
    let of_week = [wide[0], ("max_loss_per_week", "\"200 USDT\"")];
    assert!(bears(limits(&of_week), "801", "1000", 1_000));
    assert!(!bears(limits(&of_week), "800", "1000", 1_000), "the week's is");
    assert!(bears(limits(&wide), "701", "1000", 1_000));
    assert!(!bears(limits(&wide), "700", "1000", 1_000), "yellow is at 30 %");
    assert!(!bears(limits(&wide), "780", "1200", 1_000), "420 of 1,200 on the way: the peak may come first");
    assert!(!bears(limits(&of_day), "1000", "1000", 86_400_001), "another day begins otherwise");
}

#[test]
fn what_single_positions_make_is_not_foreseen() {
    let table = "[bot.trend]\nmax_loss_per_day = \"10 USDT\"\n";
    let text = format!("{}{table}", limits_text(&[]));
    let mut scene = Scene::with(toml::from_str(&text).unwrap());
    scene.worth("1000");
    assert!(scene.risk.counts_results());
    assert!(!scene.risk.bears(worth("1000"), worth("1000"), MarketTime(1_000)));
    assert!(!Scene::new().risk.counts_results());
}

#[test]
fn a_fall_that_has_begun_to_count_is_unsettled_until_it_has_passed() {
    let mut scene = Scene::new();
    scene.worth("1000");
    assert!(scene.risk.is_settled());
    // Beyond yellow; a loss of the day halts before, which is another matter.
    scene.worth("690");
    assert!(!scene.risk.is_settled());
    assert!(!scene.risk.bears(worth("690"), worth("690"), MarketTime(1_000)));
    scene.worth("1000");
    assert!(scene.risk.is_settled());
}

#[test]
fn a_person_who_lets_the_account_go_on_forgives_a_step_and_not_a_slight_fall() {
    let mut scene = Scene::new();
    scene.worth("1000");
    scene.worth("900");
    scene.risk.resume();
    assert_eq!(scene.risk.drawdown(), dec("0.1"), "no step had been taken");
}

#[test]
fn a_rising_peak_is_remembered_in_steps_of_a_thousandth() {
    let mut scene = Scene::new();
    let mut remembered = |equity: &str| {
        scene.worth(equity);
        scene.risk.memory().peak
    };
    assert_eq!(remembered("1000"), Some(money("1000")));
    assert_eq!(remembered("1001"), Some(money("1000")));
    assert_eq!(remembered("1001.01"), Some(money("1001.01")));
    assert_eq!(remembered("1002"), Some(money("1001.01")));
    assert_eq!(remembered("500"), Some(money("1001.01")));
}

#[test]
fn limits_that_are_loaded_anew_forget_no_order_of_the_last_minute() {
    let table = "[bot.trend]\nmax_order_rate = \"2 per 1m\"\n";
    let text = format!("{}{table}", limits_text(&[]));
    let read = || toml::from_str::<RiskLimits>(&text).unwrap();
    let mut scene = Scene::with(read());
    scene.place(place()).unwrap();
    scene.place(place()).unwrap();
    let claims = [(symbol(), PositionIndex::ONE_WAY, bot())];
    scene.risk.reconfigure(read(), Ownership::new(claims).unwrap());
    let denied = scene.place(place()).unwrap_err();
    assert!(matches!(denied, DenialReason::ScopeLimit { key: "max_order_rate", .. }), "{denied}");
}
