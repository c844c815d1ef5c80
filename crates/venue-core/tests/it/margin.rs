//! Margin as the wallet shows it. Figures are worked by hand from the help centre's formulas.

use windvane_venue_core::*;

use crate::desk::*;

#[test]
fn an_order_holds_its_cost_and_gives_it_back() {
    let mut desk = Desk::open();
    let order = desk.limit(ME, Side::Buy, "0.1", "59000");
    // 5900 / 10 + 5900 × 0.055 % + 5900 × 0.9 × 0.055 %
    let cost = dec("590") + dec("3.245") + dec("2.9205");
    let wallet = desk.wallet(ME);
    assert_eq!((desk.usdt(ME).total_order_im, wallet.total_initial_margin), (cost, cost));
    assert_eq!(wallet.total_available_balance, dec("10000") - cost);
    assert_eq!(wallet.account_im_rate, Some(dec("0.0596")), "truncated, not rounded");
    assert_eq!(wallet.total_wallet_balance, dec("10000"));
    desk.cancel(ME, &order).unwrap();
    assert_eq!(desk.wallet(ME).total_available_balance, dec("10000"));
}

#[test]
fn the_larger_side_counts_and_what_closes_the_position_holds_nothing() {
    let mut desk = Desk::open();
    desk.limit(ME, Side::Buy, "0.1", "59000");
    let buy = desk.usdt(ME).total_order_im;
    desk.limit(ME, Side::Sell, "0.05", "60500");
    assert_eq!(desk.usdt(ME).total_order_im, buy);
    desk.buy_market(ME, "0.5");
    desk.limit(ME, Side::Sell, "0.45", "60400");
    assert_eq!(desk.usdt(ME).total_order_im, buy, "0.5 of sells close 0.5 long");
    desk.limit(ME, Side::Sell, "0.2", "60600");
    // 0.05 × 60500 and 0.15 × 60600 open short? The cheapest sells close first: 0.45 at 60400, 0.05 at 60500; 0.2 open.
    let value = dec("0.2") * dec("60600");
    let cost = value / dec("10") + value * dec("0.00055") + value * dec("1.1") * dec("0.00055");
    assert_eq!(desk.usdt(ME).total_order_im, cost);
}

#[test]
fn a_position_holds_margin_by_mark_with_the_closing_fee_from_entry() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    desk.mark("60500");
    let position = desk.position(ME);
    let fee_to_close = dec("0.5") * dec("60000.1") * dec("0.9") * dec("0.00055");
    assert_eq!(position.position_im, dec("3025") + fee_to_close);
    assert_eq!(position.position_mm, dec("151.25") + fee_to_close);
    assert_eq!(position.unrealised_pnl, dec("249.95"));
    let wallet = desk.wallet(ME);
    assert_eq!(wallet.total_margin_balance, wallet.total_wallet_balance + dec("249.95"));
    assert_eq!(wallet.total_maintenance_margin, position.position_mm);
}

#[test]
fn margin_refuses_what_the_balance_cannot_hold_on_create_and_amend() {
    let mut desk = Desk::open();
    let order = desk.limit(ME, Side::Buy, "1", "60000");
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "0.7", "60000"))), 110007);
    assert_eq!(code(desk.amend(&order, Some("1.7"), None)), 110007);
    desk.amend(&order, Some("1.6"), None).expect("the amended order replaces its own margin");
}

#[test]
fn leverage_changes_once_and_only_inside_its_limits() {
    let mut desk = Desk::open();
    let leverage = |value: &str| {
        let value = dec(value);
        Request::SetLeverage(SetLeverage {
            category: Category::Linear,
            symbol: BTC.into(),
            buy_leverage: value,
            sell_leverage: value,
        })
    };
    assert_eq!(code(desk.request(ME, leverage("10"))), 110043);
    assert_eq!(code(desk.request(ME, leverage("101"))), 10001);
    assert_eq!(code(desk.request(ME, leverage("0.5"))), 10001);
    desk.request(ME, leverage("25")).unwrap();
    assert_eq!(desk.position(ME).leverage, dec("25"));
    desk.limit(ME, Side::Buy, "3", "60000");
    assert_eq!(code(desk.request(ME, leverage("2"))), 110044, "the balance cannot hold it");
    assert_eq!(desk.position(ME).leverage, dec("25"));
}

#[test]
fn an_overdrawn_account_may_still_lower_a_leverage_that_nothing_is_held_at() {
    let mut desk = Desk::open();
    let five = |symbol: &str| {
        Request::SetLeverage(SetLeverage {
            category: Category::Linear,
            symbol: symbol.into(),
            buy_leverage: dec("5"),
            sell_leverage: dec("5"),
        })
    };
    desk.buy_market(ME, "1.5");
    desk.mark("59000");
    assert!(desk.wallet(ME).total_available_balance < dec("0"));
    assert_eq!(code(desk.request(ME, five(BTC))), 110044, "the position would hold twice as much");
    desk.request(ME, five(ETH)).unwrap();
}

#[test]
fn a_leverage_above_the_tier_refuses_the_order() {
    let mut setup = setup();
    setup.accounts[0].balances[0].1 = dec("1000000");
    setup.accounts[0].leverage = dec("100");
    let mut desk = Desk::with(setup);
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "40", "60000"))), 110090);
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "50", "60000"))), 110089);
}

#[test]
fn a_transfer_moves_the_balance_and_a_debit_needs_it_free() {
    let mut desk = Desk::open();
    desk.request(ME, Request::Transfer { coin: "USDT".into(), amount: dec("5") }).unwrap();
    assert_eq!(desk.wallet(ME).total_wallet_balance, dec("10005"));
    assert_eq!(
        code(desk.request(ME, Request::Transfer { coin: "USDT".into(), amount: dec("-10006") })),
        110012
    );
    assert_eq!(desk.venue.transactions(ME).len(), 1);
}
