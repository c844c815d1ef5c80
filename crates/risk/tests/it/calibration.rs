//! Our margin against what the venue reports of it.

use crate::scene::{Scene, dec, leverage, price, qty, symbol};
use rust_decimal::Decimal;
use windvane_model::{
    MarketTime, Money, OrderQuestion, PositionIndex, PositionReport, PositionStatus, PreChecked, Rate, Side,
};
use windvane_risk::Counted;

fn money(text: &str) -> Money {
    Money::new(dec(text))
}

/// One at 100, ten times leveraged, at a mark of 100: 10 and the fee to close at 90, which is 0.0495.
fn report(initial: &str, maintenance: &str) -> PositionReport {
    PositionReport {
        symbol: symbol(),
        position_index: PositionIndex(0),
        side: Some(Side::Buy),
        qty: qty("1"),
        average_price: Some(price("100")),
        mark_price: Some(price("100")),
        leverage: Some(leverage("10")),
        stop_loss: None,
        take_profit: None,
        trailing_distance: None,
        liquidation_price: None,
        initial_margin: Some(money(initial)),
        maintenance_margin: Some(money(maintenance)),
        unrealised_pnl: None,
        adl_rank: 0,
        status: PositionStatus::Normal,
        sequence: 1,
        updated: MarketTime(1),
    }
}

#[test]
fn margins_that_agree_to_the_digit_are_no_error() {
    let mut scene = Scene::new();
    for _ in 0..10 {
        assert_eq!(scene.risk.compare_position(&report("10.0495", "0.5495"), &scene.exposure), None);
    }
    assert_eq!(scene.risk.margin_error(), Some(Decimal::ZERO));
}

#[test]
fn an_error_counts_when_it_is_beyond_the_bound_three_times_in_a_row() {
    let mut scene = Scene::new();
    // The wallet holds 1,000; the bound is 1 %.
    let (right, within, wrong) =
        (report("10.0495", "0.5495"), report("20.0495", "0.5495"), report("20.0496", "0.5495"));
    for report in [&wrong, &wrong, &right, &wrong, &within, &wrong, &wrong] {
        assert_eq!(scene.risk.compare_position(report, &scene.exposure), None);
    }
    assert!(scene.risk.margin_error().unwrap() < dec("-0.01"), "ours is too low");
    let miscount = scene.risk.compare_position(&wrong, &scene.exposure).expect("three in a row");
    assert_eq!((miscount.counted, miscount.symbol), (Counted::PositionInitial, Some(symbol())));
    assert_eq!((miscount.ours, miscount.theirs), (money("10.0495"), money("20.0496")));
    let flat = PositionReport { side: None, average_price: None, ..wrong };
    assert_eq!(scene.risk.compare_position(&flat, &scene.exposure), None);
    assert_eq!(scene.risk.margin_error(), None, "what is gone is no error");
}

#[test]
fn orders_may_hold_anything_between_the_readings_of_the_rule() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.rest(1, Side::Sell, "1", "100");
    scene.rest(2, Side::Sell, "1", "103");
    // One of the two closes; whichever it is, the other holds its order cost.
    let cost = |value: &str| dec(value) * (dec("0.1") + dec("0.00055") + dec("1.1") * dec("0.00055"));
    for theirs in [cost("100"), cost("103"), cost("101")] {
        for _ in 0..3 {
            assert_eq!(scene.risk.compare_orders(Money::new(theirs), &scene.exposure), None);
        }
        assert_eq!(scene.risk.margin_error(), Some(Decimal::ZERO), "{theirs}");
    }
    let too_much = Money::new(cost("103") + dec("20"));
    assert_eq!(scene.risk.compare_orders(too_much, &scene.exposure), None);
    assert_eq!(scene.risk.compare_orders(too_much, &scene.exposure), None);
    let miscount = scene.risk.compare_orders(too_much, &scene.exposure).expect("three in a row");
    assert_eq!((miscount.counted, miscount.symbol, miscount.theirs), (Counted::Orders, None, too_much));
}

#[test]
fn what_an_order_would_add_is_compared_with_what_the_venue_says_of_it() {
    let question = OrderQuestion {
        symbol: symbol(),
        position_index: PositionIndex(0),
        side: Side::Buy,
        qty: qty("20"),
        price: price("100"),
    };
    // 2000 × (1/10 + 0.00055 + 0.9 × 0.00055) = 202.09 of 1,000, cut off after four places.
    let told = |after: &str| PreChecked {
        question,
        initial_before: Rate::ZERO,
        maintenance_before: Rate::ZERO,
        initial_after: Rate::new(dec(after)),
        maintenance_after: Rate::ZERO,
    };
    let mut scene = Scene::new();
    for _ in 0..3 {
        assert_eq!(scene.risk.compare_rates(&told("0.2020"), &scene.exposure), None);
    }
    assert_eq!(scene.risk.margin_error(), Some(Decimal::ZERO));
    let wrong: Vec<_> = (0..3).map(|_| scene.risk.compare_rates(&told("0.1000"), &scene.exposure)).collect();
    assert_eq!(wrong[..2], [None, None]);
    let miscount = wrong[2].unwrap();
    assert_eq!((miscount.counted, miscount.theirs), (Counted::Question, money("100")));
}
