//! What an approval takes: nobody can spend the same margin or the same room twice.

use crate::scene::{Scene, at, dec, id, limits, market, other_symbol, place, price, qty};
use windvane_model::{DenialReason, Money, Place, Side, WallTime};
use windvane_risk::{Action, OrderExposure};

#[test]
fn two_bots_and_an_amend_share_a_balance_for_three_orders() {
    let mut scene = Scene::with(limits(&[("max_order_notional", "\"2000 USDT\"")]));
    // One order of 1 at 100 costs 10.1045; the amend of another doubles it.
    scene.exposure.set_wallet(Money::new(dec("30.3135")));
    let first = scene.place(place()).unwrap();
    scene.exposure.set_order(first.exposure(id(1)).unwrap());
    let elsewhere = Place { symbol: other_symbol(), ..place() };
    let second = scene.place(elsewhere).unwrap();
    scene.exposure.set_order(second.exposure(id(2)).unwrap());
    assert_eq!(scene.available(), dec("10.1045"), "the acknowledgements are still under way");

    let row = scene.rest(1, Side::Buy, "1", "100");
    assert_eq!(Some(OrderExposure { is_confirmed: false, ..row }), first.exposure(id(1)));
    let amend = scene.amend(None, Some("2")).unwrap();
    scene.exposure.set_order(amend.exposure(id(1)).unwrap());
    assert_eq!(scene.available(), dec("0"), "all of it is used");
    assert!(matches!(scene.place(place()), Err(DenialReason::Margin { .. })));
}

#[test]
fn a_pending_amend_counts_by_its_larger_side() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, "2", "99");
    let approved = scene.amend(Some("101"), Some("1")).unwrap();
    assert_eq!(approved.action(), Action::AmendUp);
    let row = approved.exposure(id(1)).unwrap();
    assert_eq!((row.leaves_qty, row.price), (qty("2"), price("101")));

    let smaller = scene.amend(Some("98"), None).unwrap();
    assert_eq!(smaller.action(), Action::AmendDown);
    let row = smaller.exposure(id(1)).unwrap();
    assert_eq!(
        (row.leaves_qty, row.price),
        (qty("2"), price("99")),
        "until it is answered the old one may fill"
    );
}

#[test]
fn a_sell_that_moves_its_price_is_never_plainly_safer() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, "1", "101");
    for limit in ["100.5", "102"] {
        assert_eq!(scene.amend(Some(limit), None).unwrap().action(), Action::AmendUp, "{limit}");
    }
    assert_eq!(scene.amend(Some("101"), Some("0.5")).unwrap().action(), Action::AmendDown);
}

#[test]
fn a_market_order_reserves_its_dearest_fill() {
    let mut scene = Scene::new();
    let buy = scene.place(Place { kind: market(), ..place() }).unwrap();
    assert_eq!(buy.worst_price(), Some(price("101")), "mark and one per cent");
    let sell = Place { side: Side::Sell, kind: market(), stop_loss: Some(price("105")), ..place() };
    assert_eq!(scene.place(sell).unwrap().worst_price(), Some(price("100")));
    let all = Place { qty: qty("4.9"), kind: market(), ..place() };
    assert!(scene.place(all).is_ok(), "the limit on an order goes by the touch, 4.9 at 100.1");
}

#[test]
fn an_order_that_opens_leaves_while_its_prices_are_fresh() {
    let mut scene = Scene::new();
    let now = scene.stamp.wall;
    assert_eq!(scene.place(place()).unwrap().send_before(), Some(now.after(5_000)));
    let sooner = Some(now.after(100));
    assert_eq!(scene.place(Place { send_before: sooner, ..place() }).unwrap().send_before(), sooner);
    let never = Some(WallTime(i64::MAX));
    let approved = scene.place(Place { send_before: never, ..place() }).unwrap();
    assert_eq!(approved.send_before(), Some(now.after(5_000)));
}

#[test]
fn orders_of_both_sides_share_the_margin_of_the_dearer() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, "1", "100");
    let before = scene.available();
    scene.rest(2, Side::Sell, "0.9", "100");
    assert_eq!(scene.available(), before);
    scene.exposure.set_wallet(Money::new(dec("5")));
    let sell = Place {
        side: Side::Sell,
        qty: qty("0.05"),
        kind: at("101"),
        stop_loss: Some(price("105")),
        ..place()
    };
    assert!(scene.place(sell).is_ok(), "it reserves nothing more, even on an overdrawn account");
}
