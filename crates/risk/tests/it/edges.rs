//! Each limit at its edge: what reaches it passes, the next step beyond does not.

use crate::scene::{Scene, at, dec, instrument, leverage, limits, other_symbol, place, price, qty, symbol};
use windvane_model::{Money, Notional, Place, PositionIndex, Side};
use windvane_risk::PositionExposure;
use windvane_risk::margin::MarginMode;

fn buy(size: &str, limit: &str) -> Place {
    Place { qty: qty(size), kind: at(limit), stop_loss: Some(price("80")), ..place() }
}

fn sell(size: &str, limit: &str) -> Place {
    Place { side: Side::Sell, stop_loss: Some(price("120")), ..buy(size, limit) }
}

fn rich() -> Scene {
    let mut scene = Scene::new();
    scene.exposure.set_wallet(Money::new(dec("10000")));
    scene
}

/// The reason for which `wish` is denied; `None` when it passes.
fn denied(scene: &Scene, wish: Place) -> Option<&'static str> {
    scene.clone().place(wish).err().map(|reason| reason.as_str())
}

/// `reached` passes, and `beyond` is denied for `reason`.
fn holds(scene: &Scene, reached: Place, beyond: Place, reason: &str) {
    assert_eq!(denied(scene, reached), None, "{reason}: {reached:?}");
    assert_eq!(denied(scene, beyond), Some(reason), "{beyond:?}");
}

#[test]
fn values_may_come_to_their_limit() {
    holds(&rich(), buy("5", "100"), buy("5.001", "100"), "order_notional");
    let mut scene = rich();
    scene.hold(Side::Buy, "16");
    holds(&scene, buy("4", "100"), buy("4.001", "100"), "position_notional");
    let mut scene = rich();
    scene.hold_in(other_symbol(), Some(Side::Sell), "29", "100");
    holds(&scene, buy("1", "100"), buy("1.001", "100"), "gross_exposure");
    let mut scene = rich();
    let mut narrow = instrument(symbol());
    narrow.tiers.truncate(1);
    narrow.tiers[0].limit = Notional::new(dec("99")).unwrap();
    scene.list(narrow);
    holds(&scene, buy("0.99", "100"), buy("0.991", "100"), "position_notional");
}

#[test]
fn the_venues_own_bounds_may_be_met() {
    holds(&rich(), buy("0.05", "100"), buy("0.049", "100"), "below_minimum");
    let mut scene = rich();
    scene.list(windvane_model::Instrument { min_qty: qty("1"), ..instrument(symbol()) });
    holds(&scene, buy("1", "100"), buy("0.999", "100"), "below_minimum");
    let mut scene = rich();
    scene.quotes.set_limits(symbol(), Some((price("99.8"), price("100.2"))));
    holds(&scene, buy("1", "100.2"), buy("1", "100.3"), "price_limit");
    holds(&scene, sell("1", "99.8"), sell("1", "99.7"), "price_limit");
}

#[test]
fn prices_may_lie_on_their_collar() {
    holds(&rich(), buy("1", "110"), buy("1", "110.1"), "price_collar");
    holds(&rich(), sell("1", "90"), sell("1", "89.9"), "price_collar");
    let mut scene = rich();
    scene.quotes.set_touch(symbol(), Some(price("90")), Some(price("91")), scene.stamp.wall);
    holds(&scene, buy("1", "100.1"), buy("1", "100.2"), "book_collar");
    scene.quotes.set_touch(symbol(), Some(price("110")), Some(price("111")), scene.stamp.wall);
    holds(&scene, sell("1", "99"), sell("1", "98.9"), "book_collar");
    assert_eq!(denied(&scene, sell("1", "109")), None, "it rests near the bid, well away from the mark");
}

#[test]
fn a_stop_and_a_target_lie_strictly_on_their_side() {
    let stop = |side: Place, stop: &str| Place { stop_loss: Some(price(stop)), ..side };
    holds(&rich(), stop(buy("1", "100"), "99.9"), stop(buy("1", "100"), "100"), "stop_on_wrong_side");
    holds(&rich(), stop(sell("1", "100"), "100.1"), stop(sell("1", "100"), "100"), "stop_on_wrong_side");
    let target = |side: Place, target: &str| Place { take_profit: Some(price(target)), ..side };
    let wrong = "take_profit_on_wrong_side";
    holds(&rich(), target(buy("1", "100"), "100.1"), target(buy("1", "100"), "100"), wrong);
    holds(&rich(), target(sell("1", "100"), "99.9"), target(sell("1", "100"), "100"), wrong);
    assert_eq!(denied(&rich(), target(sell("1", "100"), "101")), Some(wrong));
}

#[test]
fn leverage_and_the_place_in_the_queue_may_come_to_theirs() {
    let with = |times: &str, adl_rank: u8| {
        let mut scene = rich();
        scene.hold(Side::Buy, "1");
        let position = scene.exposure.contract(symbol(), PositionIndex::ONE_WAY).unwrap().position;
        let leverage = Some(leverage(times));
        scene.exposure.set_position(PositionExposure { leverage, adl_rank, ..position });
        denied(&scene, buy("1", "100"))
    };
    assert_eq!([with("20", 4), with("20.01", 4), with("20", 5)], [None, Some("leverage"), Some("adl_rank")]);
}

#[test]
fn what_an_order_loses_at_once_brings_liquidation_nearer() {
    let with = |wallet: &str, wish: Place| {
        let mut scene = Scene::with(limits(&[("min_liquidation_distance", "\"20%\"")]));
        scene.exposure.set_wallet(Money::new(dec(wallet)));
        denied(&scene, wish)
    };
    // 25 carry one at 100 over a fifth; bought at 105 five of them are gone with the fill.
    for dear in [buy("1", "105"), sell("1", "95")] {
        assert_eq!(with("25", dear), Some("liquidation_distance"), "{dear:?}");
        assert_eq!(with("32", dear), None, "{dear:?}");
    }
    for cheap in [buy("1", "99"), sell("1", "101")] {
        assert_eq!(with("25", cheap), None, "a gain is not counted, and nothing is lost: {cheap:?}");
    }
}

#[test]
fn in_isolated_margin_liquidation_goes_by_the_average_entry() {
    let with = |limit: &str, held: &str, wish: Place| {
        let mut scene =
            Scene::with(limits(&[("margin_mode", "\"isolated\""), ("min_liquidation_distance", limit)]));
        scene.exposure.set_margin_mode(MarginMode::Isolated);
        scene.exposure.set_wallet(Money::new(dec("10000")));
        scene.hold_in(symbol(), Some(wish.side), held, "100");
        denied(&scene, wish)
    };
    // Nine at 100 and one at 91 are ten at 99.1, which ten times leveraged end at some 89.7; the one alone at 82.4.
    assert_eq!(with("\"12%\"", "9", buy("1", "91")), Some("liquidation_distance"));
    assert_eq!(with("\"10%\"", "9", buy("1", "91")), None);
    // One that is bought far above the mark, twenty times leveraged, would be liquidated with its fill.
    let at_once = |wish: Place| {
        let mut scene = Scene::with(limits(&[("margin_mode", "\"isolated\"")]));
        scene.exposure.set_margin_mode(MarginMode::Isolated);
        scene.exposure.set_wallet(Money::new(dec("10000")));
        let position = scene.exposure.contract(symbol(), PositionIndex::ONE_WAY).unwrap().position;
        scene.exposure.set_position(PositionExposure { leverage: Some(leverage("20")), ..position });
        denied(&scene, wish)
    };
    for wish in [buy("1", "109"), sell("1", "91")] {
        assert_eq!(at_once(wish), Some("liquidation_distance"), "{wish:?}");
    }
    for wish in [buy("1", "100"), sell("1", "100")] {
        assert_eq!(at_once(wish), None, "{wish:?}");
    }
}
