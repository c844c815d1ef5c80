//! What the account is exposed to, beyond its own books: what the venue says otherwise, and what if.

use crate::scene::{Scene, dec, other_symbol, place, price, qty, symbol};
use rust_decimal::Decimal;
use windvane_model::{DenialReason, Intent, Money, PositionIndex, Side, TriggerBy, Triggers};
use windvane_risk::margin::MarginMode;

fn money(text: &str) -> Money {
    Money::new(dec(text))
}

#[test]
fn while_the_venue_says_another_size_the_larger_one_counts() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    let told = |scene: &mut Scene, size: Option<&str>| {
        scene.exposure.set_told_size(symbol(), PositionIndex::ONE_WAY, size.map(dec));
        scene.exposure.gross_worst_value()
    };
    assert_eq!(told(&mut scene, Some("5")), dec("500"));
    assert_eq!(told(&mut scene, Some("0.5")), dec("100"), "ours is the larger one");
    assert_eq!(told(&mut scene, Some("25")), dec("2500"));
    assert!(matches!(scene.place(place()), Err(DenialReason::PositionNotional { .. })));
    assert_eq!(told(&mut scene, None), dec("100"), "both agree again");
    assert!(scene.place(place()).is_ok());
}

#[test]
fn money_that_the_venue_does_not_show_or_has_locked_is_no_margin() {
    let mut scene = Scene::new();
    assert_eq!(scene.available(), dec("1000"));
    scene.exposure.set_shortfall(money("100"));
    assert_eq!(scene.available(), dec("900"));
    scene.exposure.explain_shortfall(money("-30"));
    assert_eq!((scene.exposure.shortfall(), scene.available()), (money("70"), dec("930")));
    scene.exposure.explain_shortfall(money("50"));
    assert_eq!(scene.exposure.shortfall(), money("70"), "a gain explains nothing that is missing");
    scene.exposure.explain_shortfall(money("-100"));
    assert_eq!((scene.exposure.shortfall(), scene.available()), (Money::ZERO, dec("1000")));
    scene.exposure.set_locked(money("250"));
    assert_eq!(scene.available(), dec("750"));
}

#[test]
fn the_equity_at_another_mark_moves_by_that_contract_alone() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "2");
    scene.hold_in(other_symbol(), Some(Side::Sell), "1", "100");
    scene.set_mark(other_symbol(), price("110"));
    assert_eq!(scene.exposure.equity_at(symbol(), price("100")), money("990"));
    assert_eq!(scene.exposure.equity_at(symbol(), price("90")), money("970"));
    assert_eq!(scene.exposure.equity_at(other_symbol(), price("90")), money("1010"));
    scene.set_mark(symbol(), price("90"));
    assert_eq!(scene.exposure.account().equity(), money("970"), "and that is what it comes to then");
}

#[test]
fn a_contract_told_of_in_isolated_margin_is_no_other_than_one_known_before() {
    let margin_of = |mode_first: bool| {
        let mut scene = Scene::new();
        if mode_first {
            scene.exposure.set_margin_mode(MarginMode::Isolated);
        }
        // Held in a contract of which nothing was known.
        let unknown = windvane_model::Symbol::new("SOLUSDT").unwrap();
        scene.list(crate::scene::instrument(unknown));
        scene.hold_in(unknown, Some(Side::Buy), "1", "100");
        scene.set_mark(unknown, price("80"));
        scene.exposure.set_margin_mode(MarginMode::Isolated);
        (scene.exposure.account().position_margin, scene.available())
    };
    assert_eq!(margin_of(true), margin_of(false));
    assert!(margin_of(true).0 > Decimal::ZERO);
}

#[test]
fn a_stop_is_held_against_the_price_that_fires_it() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.quotes.set_others(symbol(), Some(price("94")), Some(price("96")));
    let by = |stop_loss| Intent::Protect {
        symbol: symbol(),
        stop_loss: Some(price("95")),
        take_profit: None,
        triggers: Triggers { stop_loss, ..Triggers::default() },
    };
    let expected = DenialReason::StopOnWrongSide { stop: price("95"), reference: price("94") };
    assert_eq!(scene.check(by(TriggerBy::Last)), Err(expected), "the last price is below it already");
    assert!(scene.check(by(TriggerBy::Index)).is_ok());
    assert!(scene.check(by(TriggerBy::Mark)).is_ok());
}

#[test]
fn the_orders_of_both_sides_count_against_a_narrower_limit() {
    let table = "[symbol.BTCUSDT]\nmax_open_orders = 3\n";
    let text = format!("{}{table}", crate::scene::limits_text(&[]));
    let mut scene = Scene::with(toml::from_str(&text).unwrap());
    scene.rest(1, Side::Buy, "1", "99");
    scene.rest(2, Side::Sell, "1", "103");
    assert!(scene.place(place()).is_ok(), "it is the third");
    scene.rest(3, Side::Sell, "1", "104");
    let denied = scene.place(place()).unwrap_err();
    assert!(matches!(denied, DenialReason::ScopeLimit { key: "max_open_orders", .. }), "{denied}");
    assert_eq!(scene.exposure.order(crate::scene::id(3)).unwrap().leaves_qty, qty("1"));
}
