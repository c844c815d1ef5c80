//! Margin beyond the published table: orders against a position, affordability, liquidation, forgotten orders.

use crate::scene::{Scene, dec, id, instrument, leverage, place, price, qty, symbol};
use windvane_model::{Money, Place, PositionIndex, Side};
use windvane_risk::PositionExposure;
use windvane_risk::margin::{MarginMode, highest_value_at, maintenance_margin, order_loss};

#[test]
fn what_closes_the_position_holds_no_margin_and_the_rest_is_taken_as_the_dearest() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "2");
    let order_margin = |scene: &Scene| scene.exposure.account().order_margin;
    scene.rest(1, Side::Sell, "2", "101");
    assert_eq!(order_margin(&scene), dec("0"));
    scene.rest(2, Side::Sell, "1", "110");
    // Of 2 at 101 and 1 at 110 the last is open: 110 × (1/10 + 0.00055 + 1.1 × 0.00055).
    assert_eq!(order_margin(&scene), dec("11.12705"));
    scene.rest(3, Side::Buy, "2", "99");
    // The other side adds to the position: 198 × (1/10 + 0.00055 + 0.9 × 0.00055) is dearer.
    assert_eq!(order_margin(&scene), dec("20.00691"));
}

#[test]
fn an_order_proven_gone_leaves_no_trace() {
    let mut scene = Scene::new();
    let before = scene.exposure.clone();
    scene.rest(1, Side::Buy, "1", "99");
    scene.rest(2, Side::Buy, "0.5", "101");
    assert_eq!(
        scene.exposure.contract(symbol(), PositionIndex(0)).unwrap().buys.highest_opening_price(),
        Some(price("101"))
    );
    scene.exposure.remove_order(id(2));
    let buys = &scene.exposure.contract(symbol(), PositionIndex(0)).unwrap().buys;
    assert_eq!((buys.opening_value(), buys.highest_opening_price()), (dec("99"), Some(price("99"))));
    assert_eq!(buys.first_resting_price(Side::Buy), Some(price("99")), "nothing of ours is met at 101");
    scene.exposure.remove_order(id(1));
    scene.exposure.remove_order(id(1));
    assert_eq!(scene.exposure, before);
}

#[test]
fn an_unknown_leverage_counts_as_the_dearest() {
    let mut scene = Scene::new();
    scene.exposure.set_position(PositionExposure {
        leverage: None,
        ..scene.exposure.contract(symbol(), PositionIndex(0)).unwrap().position
    });
    scene.rest(1, Side::Buy, "1", "100");
    assert_eq!(
        scene.available(),
        dec("899.945"),
        "the whole value and one fee; there is nothing left to close"
    );
}

#[test]
fn the_largest_affordable_order_passes_and_one_lot_more_does_not() {
    for (wallet, held) in
        [("10.2", None), ("333.333", None), ("77", Some(Side::Buy)), ("77", Some(Side::Sell))]
    {
        let mut scene = Scene::new();
        scene.exposure.set_wallet(Money::new(dec(wallet)));
        if let Some(side) = held {
            scene.hold(side, "3");
        }
        let most = scene.exposure.max_affordable_qty(symbol(), PositionIndex(0), Side::Buy, price("100"));
        let row = scene.rest(1, Side::Buy, "0.001", "100");
        for (size, fits) in [(most, true), (most.plus(qty("0.001")), false)] {
            scene.exposure.set_order(windvane_risk::OrderExposure { leaves_qty: size, ..row });
            assert_eq!(scene.available() >= dec("0"), fits, "wallet {wallet}, {held:?}, {size}");
        }
    }
}

#[test]
fn in_isolated_margin_profit_by_mark_opens_nothing_and_what_was_added_counts() {
    let mut scene = Scene::new();
    scene.exposure.set_margin_mode(MarginMode::Isolated);
    scene.hold(Side::Buy, "2");
    // 200 by entry at ten times leverage, and the fee to close at 90.
    assert_eq!(scene.available(), dec("979.901"));
    scene.set_mark(symbol(), price("150"));
    assert_eq!(scene.available(), dec("979.901"), "a higher mark is worth nothing to other orders");
    let held = scene.exposure.contract(symbol(), PositionIndex(0)).unwrap().position;
    scene.exposure.set_position(PositionExposure { added_margin: Money::new(dec("30")), ..held });
    assert_eq!(scene.available(), dec("949.901"));
    scene.exposure.set_margin_mode(MarginMode::Cross);
    assert_eq!(
        scene.available(),
        dec("1069.901"),
        "100 of profit, 30 by mark, the fee by entry; nothing is added"
    );
}

#[test]
fn an_isolated_position_is_liquidated_at_the_nearer_of_two_forms_whatever_else_the_account_holds() {
    let mut scene = Scene::new();
    scene.exposure.set_margin_mode(MarginMode::Isolated);
    let at = |scene: &Scene| scene.exposure.liquidation_price(symbol(), PositionIndex(0)).unwrap();
    scene.hold(Side::Buy, "2");
    // By entry: 100 − (20 − 1) / 2 = 90.5. By that price: (200 − 20) / (2 × 0.995) = 90.45226131.
    assert_eq!(at(&scene), price("90.5"));
    scene.exposure.set_wallet(Money::new(dec("1000000")));
    assert_eq!(at(&scene), price("90.5"));
    scene.hold(Side::Sell, "2");
    // By entry: 109.5. By that price: (200 + 20) / (2 × 1.005) = 109.45273632.
    assert_eq!(at(&scene), price("109.45273632"));
}

#[test]
fn an_overdrawn_account_affords_exactly_what_closes() {
    let mut scene = Scene::new();
    scene.exposure.set_wallet(Money::new(dec("-50")));
    scene.hold(Side::Sell, "3");
    assert_eq!(
        scene.exposure.max_affordable_qty(symbol(), PositionIndex(0), Side::Buy, price("100")),
        qty("3")
    );
    assert_eq!(
        scene.exposure.max_affordable_qty(symbol(), PositionIndex(0), Side::Sell, price("100")),
        qty("0")
    );
}

#[test]
fn at_the_liquidation_price_balance_and_maintenance_meet() {
    for side in [Side::Buy, Side::Sell] {
        let mut scene = Scene::new();
        scene.exposure.set_wallet(Money::new(dec("100")));
        scene.hold(side, "10");
        let at = scene.exposure.liquidation_price(symbol(), PositionIndex(0)).unwrap();
        scene.set_mark(symbol(), at);
        let account = scene.exposure.account();
        let gap = (account.margin_balance() - account.maintenance_margin).abs();
        assert!(gap < dec("0.000001"), "{side:?} at {at}: {gap}");
        let rate = account.maintenance_margin_rate(dec("0")).unwrap().get();
        assert!((rate - dec("1")).abs() < dec("0.000001"), "{side:?}: {rate}");
    }
}

#[test]
fn a_long_that_the_wallet_covers_whole_has_no_liquidation_price() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    let at = scene.exposure.liquidation_price(symbol(), PositionIndex(0));
    assert_eq!(at, None);
}

#[test]
fn order_loss_lowers_the_base_of_the_rates() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, "2", "103");
    scene.rest(2, Side::Buy, "5", "95");
    let loss = scene.exposure.order_loss();
    assert_eq!(loss, dec("-6"));
    let account = scene.exposure.account();
    assert!(account.initial_margin_rate(loss) > account.initial_margin_rate(dec("0")));
    assert_eq!(account.initial_margin_rate(dec("-1000")), None);
}

#[test]
fn tiers_bound_the_value_by_leverage() {
    let tiers = instrument(symbol()).tiers;
    for (times, expected) in
        [("100", Some("100000")), ("50", Some("200000")), ("51", Some("100000")), ("101", None)]
    {
        assert_eq!(highest_value_at(&tiers, leverage(times)), expected.map(dec), "{times}x");
    }
}

#[test]
fn the_same_order_costs_more_as_a_sell() {
    let mut scene = Scene::new();
    scene.place(Place { qty: qty("5"), ..place() }).unwrap();
    scene.exposure.set_wallet(Money::new(dec("50.5225")));
    assert!(scene.place(Place { qty: qty("5"), ..place() }).is_ok(), "50 + 0.275 + 0.2475");
    let sell = Place { side: Side::Sell, qty: qty("5"), stop_loss: Some(price("105")), ..place() };
    assert!(scene.place(sell).is_err(), "50 + 0.275 + 0.3025");
}

#[test]
fn an_order_far_from_the_mark_loses_at_once_what_it_gives_away() {
    let loss = |side, limit: &str| order_loss(side, qty("2"), price(limit), price("100"));
    assert_eq!([loss(Side::Buy, "103"), loss(Side::Sell, "97")], [dec("-6"); 2]);
    assert_eq!(
        [loss(Side::Buy, "97"), loss(Side::Sell, "103")],
        [dec("0"); 2],
        "a gain is none before it fills"
    );
}

#[test]
fn every_kind_of_margin_says_by_a_word_of_its_own_how_well_it_is_known() {
    let words = |mode: MarginMode| mode.classes().map(|class| class.certainty.as_str());
    for mode in [MarginMode::Cross, MarginMode::Isolated] {
        for word in ["exact", "bounded", "refused"] {
            assert!(words(mode).contains(&word), "{word} of {}", mode.as_str());
        }
    }
    assert!(words(MarginMode::Cross).contains(&"estimate"));
    assert_eq!([MarginMode::Cross, MarginMode::Isolated].map(MarginMode::as_str), ["cross", "isolated"]);
}

#[test]
fn each_slice_of_a_value_is_maintained_at_the_rate_of_its_tier() {
    // Half a per cent up to 100,000, one per cent beyond; what lies above the last tier counts at its rate.
    let tiers = instrument(symbol()).tiers;
    for (value, margin) in [("-5", "0"), ("0", "0"), ("99999", "499.995"), ("100000", "500")] {
        assert_eq!(maintenance_margin(&tiers, dec(value)), dec(margin), "{value}");
    }
    for (value, margin) in [("150000", "1000"), ("200000", "1500"), ("300000", "2500")] {
        assert_eq!(maintenance_margin(&tiers, dec(value)), dec(margin), "{value}");
    }
}
