//! Reduce-only orders never grow or flip a position.

use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

fn reduce(side: Side, qty: &str, price: &str) -> CreateOrder {
    CreateOrder { reduce_only: true, ..limit(side, qty, price) }
}

#[test]
fn more_than_the_position_is_cut_to_it() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    let market = CreateOrder { reduce_only: true, ..CreateOrder::market(BTC, Side::Sell, dec("0.9")) };
    let row = desk.create(ME, market).unwrap();
    assert_eq!((row.order_status, row.cum_exec_qty), (OrderStatus::Filled, dec("0.5")));
    assert_eq!(desk.position(ME).side, None);
    assert_eq!(code(desk.create(ME, reduce(Side::Sell, "0.1", "60000"))), 110017);
}

#[test]
fn later_orders_are_cut_or_cancelled_when_earlier_ones_cover_the_position() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    desk.create(ME, reduce(Side::Sell, "0.3", "60300")).unwrap();
    assert_eq!(desk.create(ME, reduce(Side::Sell, "0.3", "60200")).unwrap().qty, dec("0.2"));
    let third = desk.create(ME, reduce(Side::Sell, "0.3", "60100")).unwrap();
    assert_eq!((third.order_status, third.cancel_type), (OrderStatus::Cancelled, CancelType::ByReduceOnly));
}

#[test]
fn a_market_close_goes_before_resting_ones_which_then_end() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    let resting = desk.create(ME, reduce(Side::Sell, "0.5", "60300")).unwrap();
    let close = CreateOrder {
        reduce_only: true,
        close_on_trigger: true,
        ..CreateOrder::market(BTC, Side::Sell, dec("0"))
    };
    assert_eq!(desk.create(ME, close).unwrap().cum_exec_qty, dec("0.5"), "zero means the whole position");
    assert_eq!(desk.row(ME, &resting.order_id).cancel_type, CancelType::ByReduceOnly);
    assert_eq!(desk.position(ME).size, dec("0"));
}

#[test]
fn one_sweep_through_closing_and_reduce_only_orders_does_not_flip() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    desk.limit(ME, Side::Sell, "0.4", "60000.2");
    let second = desk.create(ME, reduce(Side::Sell, "0.5", "60000.3")).unwrap();
    desk.trade(Side::Buy, "60001", "9");
    assert_eq!(desk.position(ME).side, None);
    assert_eq!(desk.row(ME, &second.order_id).cum_exec_qty, dec("0.1"));
}

#[test]
fn a_reduce_only_order_holds_no_margin() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    desk.create(ME, reduce(Side::Sell, "0.5", "60300")).unwrap();
    assert_eq!(desk.usdt(ME).total_order_im, dec("0"));
}

#[test]
fn an_amend_cannot_grow_one_past_the_position() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    let order = desk.create(ME, reduce(Side::Sell, "0.2", "60300")).unwrap();
    assert_eq!(desk.amend(&order, Some("0.9"), Some("59999.8")).unwrap().cum_exec_qty, dec("0.5"));
    assert_eq!(desk.position(ME).side, None);
}

/// Orders of at most 0.05 BTC, and a position of 0.12.
fn larger_than_an_order() -> Desk {
    let mut setup = setup();
    setup.instruments[0].max_order_qty = dec("0.05");
    setup.instruments[0].max_market_order_qty = dec("0.05");
    let mut desk = Desk::with(setup);
    for qty in ["0.05", "0.05", "0.02"] {
        desk.buy_market(ME, qty);
    }
    desk
}

#[test]
fn one_that_is_larger_than_orders_may_be_becomes_several() {
    let mut desk = larger_than_an_order();
    let close = CreateOrder { reduce_only: true, ..CreateOrder::market(BTC, Side::Sell, dec("3")) };
    let first = desk.create(ME, CreateOrder { order_link_id: Some("all".into()), ..close.clone() }).unwrap();
    assert_eq!((first.qty, &*first.order_link_id), (dec("0.05"), "all"));
    let sold: Vec<Decimal> = desk
        .venue
        .executions(ME, ExecutionFilter::default())
        .iter()
        .take(3)
        .map(|row| row.exec_qty)
        .collect();
    assert_eq!(sold, [dec("0.02"), dec("0.05"), dec("0.05")], "newest first");
    assert!(desk.position(ME).size.is_zero());
    assert_eq!(code(desk.create(ME, CreateOrder { reduce_only: false, ..close })), 10001);
}

#[test]
fn closing_all_goes_as_far_as_one_order_may() {
    let mut desk = larger_than_an_order();
    let close = CreateOrder {
        reduce_only: true,
        close_on_trigger: true,
        ..CreateOrder::market(BTC, Side::Sell, Decimal::ZERO)
    };
    assert_eq!(desk.create(ME, close).unwrap().qty, dec("0.05"));
    assert_eq!(desk.position(ME).size, dec("0.07"));
}
