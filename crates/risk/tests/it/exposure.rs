//! What the account is exposed to, beyond its own books: what the venue says otherwise, and what if.

use crate::scene::{Scene, dec, other_symbol, place, price, qty, symbol};
use rust_decimal::Decimal;
use windvane_model::{
    DenialReason, Instrument, Intent, Money, Place, PositionIndex, Qty, Side, TriggerBy, Triggers,
};
use windvane_risk::margin::MarginMode;
use windvane_risk::{Context, OrderExposure};

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
    assert_eq!(told(&mut scene, Some("-5")), dec("500"), "it may be short, too");
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

#[test]
fn a_side_is_confirmed_when_every_order_of_it_is() {
    let mut scene = Scene::new();
    let buys = |scene: &Scene| {
        let contract = scene.exposure.contract(symbol(), PositionIndex::ONE_WAY).unwrap();
        (contract.buys.order_count(), contract.buys.is_confirmed())
    };
    let first = scene.rest(1, Side::Buy, "1", "99");
    let second = scene.rest(2, Side::Buy, "1", "98");
    assert_eq!(buys(&scene), (2, true));
    let set = |scene: &mut Scene, row: OrderExposure, is_confirmed| {
        scene.exposure.set_order(OrderExposure { is_confirmed, ..row });
        buys(scene)
    };
    assert_eq!(set(&mut scene, first, false), (2, false));
    assert_eq!(set(&mut scene, second, false), (2, false));
    assert_eq!(set(&mut scene, first, true), (2, false), "one of two");
    assert_eq!(set(&mut scene, second, true), (2, true));
    assert_eq!(set(&mut scene, second, false), (2, false));
    scene.exposure.remove_order(second.key);
    assert_eq!(buys(&scene), (1, true), "its doubt is gone with it");
    let third = scene.rest(3, Side::Buy, "1", "97");
    set(&mut scene, first, false);
    scene.exposure.remove_order(third.key);
    assert_eq!(buys(&scene), (1, false), "another's is not");
}

#[test]
fn a_bot_that_takes_less_gets_what_the_margin_covers_and_the_venue_takes() {
    let shrunk = |scene: &Scene, wish: &Place| -> Option<Qty> {
        let context = Context {
            exposure: &scene.exposure,
            quotes: &scene.quotes,
            stamp: scene.stamp,
            symbol_in_doubt: false,
        };
        scene.risk.shrunk(scene.asking, wish, &context).map(|less| less.qty)
    };
    let mut scene = Scene::new();
    scene.exposure.set_wallet(money("10"));
    // One at 100 needs 10.1045.
    let fits = shrunk(&scene, &place()).unwrap();
    assert_eq!(fits, qty("0.989"));
    assert!(scene.place(Place { qty: fits, ..place() }).is_ok());
    let more = Place { qty: fits.plus(qty("0.001")), ..place() };
    assert!(matches!(scene.clone().place(more), Err(DenialReason::Margin { .. })));
    scene.exposure.set_wallet(money("1000"));
    assert_eq!(shrunk(&scene, &place()), Some(qty("1")), "never more than was wanted");
    // What is left of a wallet of 10 once one of two minima is higher than it.
    for (minimum, value) in [("0.99", "5"), ("0.001", "99")] {
        let mut scene = Scene::new();
        scene.exposure.set_wallet(money("10"));
        let min_notional = windvane_model::Notional::new(dec(value)).unwrap();
        let min_qty = qty(minimum);
        scene.list(Instrument { min_qty, min_notional, ..crate::scene::instrument(symbol()) });
        assert_eq!(shrunk(&scene, &place()), None, "{minimum} and {value} USDT");
    }
}

#[test]
fn margin_that_was_added_is_what_the_venue_holds_beyond_the_positions_own() {
    let mut scene = Scene::new();
    let report = crate::calibration::report("15.0495", "0.5495");
    assert_eq!(scene.exposure.added_margin(&report), Money::ZERO, "in cross margin nothing is");
    scene.exposure.set_margin_mode(MarginMode::Isolated);
    // One at 100, ten times leveraged, has 10 and its fee to close of its own.
    for (told, added) in [("15.0495", "5"), ("10.0495", "0"), ("9", "0")] {
        let report = crate::calibration::report(told, "0.5495");
        assert_eq!(scene.exposure.added_margin(&report), money(added), "{told}");
    }
}

#[test]
fn what_rests_is_worth_the_same_whether_the_mark_moved_before_or_after() {
    let scene = |moves_first: bool, held: bool| {
        let mut scene = Scene::new();
        if held {
            scene.hold(Side::Buy, "1");
        }
        if moves_first {
            scene.set_mark(symbol(), price("120"));
        }
        scene.rest(1, Side::Buy, "2", "99");
        scene.set_mark(symbol(), price("120"));
        scene.exposure
    };
    for held in [false, true] {
        let (before, after) = (scene(true, held), scene(false, held));
        assert_eq!(after.gross_worst_value(), before.gross_worst_value());
        assert_eq!(after.account(), before.account());
        assert!(after.gross_worst_value() >= dec("198"), "{}", after.gross_worst_value());
    }
}
