//! Orders that take their price from the book.

use windvane_venue_core::*;

use crate::desk::*;

fn from_book(side: Side, of: BookSide, level: usize) -> CreateOrder {
    let book_price = Some(BookPrice { side: of, level });
    // The price of the request does not count.
    CreateOrder { book_price, ..limit(side, "0.1", "59000") }
}

fn desk() -> Desk {
    let mut desk = Desk::open();
    desk.book(
        &[("59999", "1"), ("59998", "1"), ("59990", "1")],
        &[("60001", "1"), ("60002", "1"), ("60010", "1")],
    );
    desk
}

#[test]
fn a_level_of_either_side_gives_the_price_and_the_order_keeps_it() {
    for (side, of, level, price, status) in [
        (Side::Buy, BookSide::Queue, 1, "59999", OrderStatus::New),
        (Side::Buy, BookSide::Queue, 3, "59990", OrderStatus::New),
        (Side::Sell, BookSide::Queue, 2, "60002", OrderStatus::New),
        (Side::Buy, BookSide::Counterparty, 1, "60001", OrderStatus::Filled),
        (Side::Sell, BookSide::Counterparty, 3, "59990", OrderStatus::Filled),
    ] {
        let mut desk = desk();
        let row = desk.create(ME, from_book(side, of, level)).unwrap();
        assert_eq!((row.price, row.order_status), (dec(price), status), "{side} {of} {level}");
        assert_eq!((row.create_type, row.order_type), (CreateType::ByBbo, OrderType::Limit));
        desk.book(&[("59900", "1")], &[("60100", "1")]);
        assert_eq!(desk.row(ME, &row.order_id).price, dec(price), "it does not follow the book");
    }
}

#[test]
fn it_is_amended_like_any_other_and_meets_the_same_rules() {
    let mut desk = desk();
    let row = desk.create(ME, from_book(Side::Buy, BookSide::Queue, 1)).unwrap();
    let amended = desk.amend(&row, Some("0.2"), Some("59950")).unwrap();
    assert_eq!((amended.price, amended.create_type), (dec("59950"), CreateType::ByBbo));
    let post_only = CreateOrder {
        time_in_force: TimeInForce::PostOnly,
        ..from_book(Side::Buy, BookSide::Counterparty, 1)
    };
    let refused = desk.create(ME, post_only).unwrap();
    assert_eq!(refused.reject_reason, RejectReason::PostOnlyWillTakeLiquidity);
    desk.book(&[("59000", "1")], &[("66000", "1")]);
    let bounded = desk.create(ME, from_book(Side::Buy, BookSide::Counterparty, 1)).unwrap();
    assert_eq!(bounded.price, dec("60600"), "the price of the book is bounded, too");
}

#[test]
fn a_level_that_is_not_there_and_orders_without_a_price_now_are_refused() {
    let trigger = TriggerSpec {
        price: dec("61000"),
        direction: Some(TriggerDirection::Rise),
        by: TriggerBy::LastPrice,
    };
    let queue = |level| from_book(Side::Buy, BookSide::Queue, level);
    for (expected, order) in [
        (110118, queue(4)),
        (10001, queue(0)),
        (10001, queue(6)),
        (10001, CreateOrder { order_type: OrderType::Market, ..queue(1) }),
        (10001, CreateOrder { trigger: Some(trigger), ..queue(1) }),
    ] {
        let text = format!("{order:?}");
        assert_eq!(code(desk().create(ME, order)), expected, "{text}");
    }
}
