//! What the outside does to resting orders.

use windvane_venue_core::*;

use crate::desk::*;

#[test]
fn an_outside_book_that_crosses_fills_the_order_as_maker_at_its_own_price() {
    let mut desk = Desk::open();
    let order = desk.limit(ME, Side::Buy, "0.5", "59990");
    desk.book(&[("59980", "1")], &[("59985", "0.2"), ("59995", "1")]);
    let row = desk.row(ME, &order.order_id);
    assert_eq!((row.order_status, row.cum_exec_qty), (OrderStatus::PartiallyFilled, dec("0.2")));
    assert_eq!(row.avg_price, Some(dec("59990")), "the maker's price, not the outside's");
    assert!(desk.venue.executions(ME, ExecutionFilter::default())[0].is_maker);
    let book = desk.venue.book(Category::Linear, BTC, 5).unwrap();
    assert_eq!((book.bids[0].0, book.asks[0].0), (dec("59990"), dec("59995")), "no longer crossed");
}

#[test]
fn a_print_fills_better_orders_fully_and_its_own_price_after_the_queue() {
    let mut desk = Desk::open();
    let better = desk.limit(ME, Side::Buy, "0.2", "60000");
    let behind = desk.limit(ME, Side::Buy, "0.2", "59999.9");
    desk.trade(Side::Sell, "59999.9", "1.1");
    assert_eq!(desk.row(ME, &better.order_id).order_status, OrderStatus::Filled);
    assert_eq!(desk.row(ME, &behind.order_id).cum_exec_qty, dec("0"), "0.9 of 1 ahead were used up");
    desk.trade(Side::Sell, "59999.9", "0.15");
    assert_eq!(desk.row(ME, &behind.order_id).cum_exec_qty, dec("0.05"));
    desk.trade(Side::Buy, "59999.9", "5");
    assert_eq!(desk.row(ME, &behind.order_id).cum_exec_qty, dec("0.05"), "a buyer's print hits asks");
}

#[test]
fn outside_size_that_leaves_a_level_lets_the_order_advance() {
    let mut desk = Desk::open();
    let order = desk.limit(ME, Side::Buy, "0.2", "59999.9");
    desk.book(&[("59999.9", "0.3")], &[("60000.1", "1")]);
    desk.book(&[("59999.9", "5")], &[("60000.1", "1")]);
    desk.trade(Side::Sell, "59999.9", "0.4");
    assert_eq!(desk.row(ME, &order.order_id).cum_exec_qty, dec("0.1"));
}

#[test]
fn a_senseless_market_input_is_refused() {
    let mut desk = Desk::open();
    let mut out = Vec::new();
    let level = |price: &str| vec![(dec(price), dec("1"))];
    for input in [
        MarketInput::Book {
            category: Category::Linear,
            symbol: BTC.into(),
            bids: level("2"),
            asks: level("1"),
        },
        MarketInput::Book {
            category: Category::Linear,
            symbol: BTC.into(),
            bids: level("-2"),
            asks: level("1"),
        },
        MarketInput::Trade {
            category: Category::Linear,
            symbol: "NOPE".into(),
            side: Side::Buy,
            price: dec("1"),
            qty: dec("1"),
        },
        MarketInput::Trade {
            category: Category::Linear,
            symbol: BTC.into(),
            side: Side::Buy,
            price: dec("1"),
            qty: dec("0"),
        },
        MarketInput::SettleFunding { category: Category::Linear, symbol: ETH.into() },
    ] {
        assert_eq!(code(desk.venue.apply_market(1, &input, &mut out)), 10001, "{input:?}");
    }
    assert!(out.is_empty());
}

#[test]
fn book_deltas_add_up_to_the_book() {
    let mut desk = Desk::open();
    let before = desk.venue.book(Category::Linear, BTC, 50).unwrap();
    desk.book(&[("59990", "2"), ("59999.9", "1")], &[("60000.3", "4")]);
    let delta = desk.out.iter().find_map(|output| match output {
        Output::Book(delta) => Some(delta.clone()),
        _ => None,
    });
    let delta = delta.expect("the book changed");
    assert_eq!(delta.update_id, before.update_id + 1);
    assert_eq!(
        delta.bids,
        vec![(dec("59999.8"), dec("0")), (dec("59990"), dec("2"))],
        "unchanged levels are left out"
    );
    let after = desk.venue.book(Category::Linear, BTC, 50).unwrap();
    assert_eq!(after.asks, vec![(dec("60000.3"), dec("4"))]);
    assert_eq!((after.update_id, after.seq), (delta.update_id, delta.seq));
}

#[test]
fn the_ticker_shows_what_was_set() {
    let mut desk = Desk::open();
    desk.market(MarketInput::FundingRate {
        category: Category::Linear,
        symbol: BTC.into(),
        rate: dec("0.0001"),
        next_funding_ms: 5,
    });
    let ticker = desk.venue.ticker(Category::Linear, BTC).unwrap();
    assert_eq!((ticker.mark_price, ticker.funding_rate), (Some(dec("60000")), dec("0.0001")));
    assert_eq!(ticker.bid1, Some((dec("59999.9"), dec("1"))));
    assert_eq!(desk.limits(Category::Linear), (dec("60600"), dec("59400")));
}

#[test]
fn the_tick_direction_goes_by_the_trade_before_and_by_the_last_other_price() {
    use TickDirection::*;
    let mut desk = Desk::open();
    for (price, direction) in [
        ("60000", ZeroPlusTick),
        ("60000.1", PlusTick),
        ("60000.1", ZeroPlusTick),
        ("59999.9", MinusTick),
        ("59999.9", ZeroMinusTick),
        ("59999.9", ZeroMinusTick),
        ("60000", PlusTick),
    ] {
        desk.trade(Side::Buy, price, "0.001");
        let told = desk.out.iter().find_map(|output| match output {
            Output::Trade(trade) => Some(trade.tick_direction),
            _ => None,
        });
        assert_eq!(told, Some(direction), "{price}");
        let ticker = desk.venue.ticker(Category::Linear, BTC).unwrap();
        assert_eq!(ticker.tick_direction, direction, "{price}");
    }
}
