//! Balances of spot orders, and how much of a coin counts as margin, worked by hand.

use crate::scene::{dec, price, qty};
use rust_decimal::Decimal;
use windvane_model::Side;
use windvane_risk::margin::{Collateral, SpotBalance, SpotOrder};

#[test]
fn a_buy_locks_what_it_pays_and_a_sell_what_it_gives() {
    let order = |side| SpotOrder { side, qty: qty("0.5"), price: price("30000") };
    let [buy, sell] = [Side::Buy, Side::Sell].map(order);
    assert_eq!((buy.holds(), buy.brings()), (dec("15000"), dec("0.5")));
    assert_eq!((sell.holds(), sell.brings()), (dec("0.5"), dec("15000")));
}

#[test]
fn an_order_is_covered_up_to_the_last_unit_that_is_free() {
    let balance = SpotBalance { wallet: dec("100"), locked: dec("30"), isolated_margin: dec("20") };
    assert_eq!(balance.free(), dec("50"));
    assert!(balance.covers(dec("50"), Decimal::ZERO));
    assert!(!balance.covers(dec("50.01"), Decimal::ZERO));
    assert!(balance.covers(dec("60"), dec("10")), "what it replaces is free again");
    assert!(!balance.covers(dec("60.01"), dec("10")));
}

#[test]
fn a_coin_is_borrowed_once_losses_reach_into_what_is_locked() {
    let balance = SpotBalance { wallet: dec("100"), locked: dec("30"), ..SpotBalance::default() };
    for (pnl, borrowed) in [("0", "0"), ("-70", "0"), ("-75", "5"), ("50", "0")] {
        assert_eq!(balance.borrowed(dec(pnl)), dec(borrowed), "{pnl}");
    }
}

#[test]
fn a_coin_counts_step_by_step_and_a_debt_in_full() {
    // 95 % of the first ten, 90 % of the next ten, nothing of the rest.
    let steps = [(Some(dec("10")), dec("0.95")), (Some(dec("20")), dec("0.9")), (None, Decimal::ZERO)];
    for (balance, counted) in
        [("-3", "-3"), ("0", "0"), ("4", "3.8"), ("10", "9.5"), ("15", "14"), ("100", "18.5")]
    {
        assert_eq!(Collateral(&steps).counted(dec(balance)), dec(counted), "{balance}");
    }
    assert_eq!(Collateral(&[]).counted(dec("7")), dec("7"), "a coin without a table");
}
