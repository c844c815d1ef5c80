//! What matching and the gateway do with orders.

use windvane_venue_core::*;

use crate::desk::*;

#[test]
fn a_limit_order_rests_is_acknowledged_and_shows_in_the_book() {
    let mut desk = Desk::open();
    let order = desk.limit(ME, Side::Buy, "0.5", "59990");
    assert_eq!((order.order_status, order.leaves_qty), (OrderStatus::New, dec("0.5")));
    let book = desk.venue.book(Category::Linear, BTC, 10).unwrap();
    assert_eq!(book.bids.last(), Some(&(dec("59990"), dec("0.5"))));
    let changed = desk.out.iter().find_map(|output| match output {
        Output::Book(delta) => Some(delta.bids.clone()),
        _ => None,
    });
    assert_eq!(changed, Some(vec![(dec("59990"), dec("0.5"))]));
}

#[test]
fn a_market_order_walks_the_book_and_pays_the_taker_fee() {
    let mut desk = Desk::open();
    let order = desk.buy_market(ME, "1.5");
    assert_eq!((order.order_status, order.price), (OrderStatus::Filled, dec("60600")));
    let fills = desk.venue.executions(ME, ExecutionFilter::default());
    let prices: Vec<_> =
        fills.iter().rev().map(|fill| (fill.exec_price, fill.exec_qty, fill.is_maker)).collect();
    assert_eq!(prices, vec![(dec("60000.1"), dec("1"), false), (dec("60000.2"), dec("0.5"), false)]);
    let fee = dec("60000.1") * dec("0.00055") + dec("30000.1") * dec("0.00055");
    assert_eq!(desk.wallet(ME).total_wallet_balance, dec("10000") - fee);
    assert_eq!(desk.position(ME).avg_price, dec("60000.13333333"));
}

#[test]
fn a_resting_order_fills_as_maker_against_another_account() {
    let mut desk = Desk::open();
    let resting = desk.limit(ME, Side::Sell, "0.4", "60000");
    desk.buy_market(OTHER, "0.4");
    let row = desk.row(ME, &resting.order_id);
    assert_eq!((row.order_status, row.avg_price), (OrderStatus::Filled, Some(dec("60000"))));
    assert_eq!(row.cum_fee_detail[0].1, dec("24000") * dec("0.0002"));
    assert_eq!((desk.position(ME).side, desk.position(OTHER).side), (Some(Side::Sell), Some(Side::Buy)));
}

#[test]
fn times_in_force_end_as_documented() {
    use RejectReason::*;
    let cases = [
        (TimeInForce::PostOnly, "60000.1", "0.5", OrderStatus::Cancelled, PostOnlyWillTakeLiquidity, "0"),
        (TimeInForce::PostOnly, "60000", "0.5", OrderStatus::New, NoError, "0"),
        (TimeInForce::Ioc, "60000", "0.5", OrderStatus::Cancelled, NoImmediateQtyToFill, "0"),
        (TimeInForce::Ioc, "60000.1", "1.5", OrderStatus::Cancelled, NoEnoughQtyToFill, "1"),
        (TimeInForce::Fok, "60000.1", "1.5", OrderStatus::Cancelled, CancelForNoFullFill, "0"),
        (TimeInForce::Fok, "60000.2", "1.5", OrderStatus::Filled, NoError, "1.5"),
        (TimeInForce::Gtc, "60000.1", "1.5", OrderStatus::PartiallyFilled, NoError, "1"),
    ];
    for (time_in_force, price, qty, status, reason, filled) in cases {
        let mut desk = Desk::open();
        let order = CreateOrder { time_in_force, ..limit(Side::Buy, qty, price) };
        let row = desk.create(ME, order).unwrap();
        let came_out = (row.order_status, row.reject_reason, row.cum_exec_qty);
        assert_eq!(came_out, (status, reason, dec(filled)), "{time_in_force} {qty} at {price}");
    }
}

#[test]
fn the_gateway_refuses_with_the_documented_codes() {
    let with_link =
        |id: &str| CreateOrder { order_link_id: Some(id.into()), ..limit(Side::Buy, "0.01", "59000") };
    let unknown = CreateOrder { symbol: "NOPEUSDT".into(), ..limit(Side::Buy, "0.01", "59000") };
    let cases = [
        (10001, unknown),
        (10001, limit(Side::Buy, "0.01", "59000.05")),
        (10001, limit(Side::Buy, "0.0105", "59000")),
        (10001, limit(Side::Buy, "0", "59000")),
        (10001, limit(Side::Buy, "1001", "59000")),
        (10001, with_link("no spaces")),
        (10001, with_link("a-very-long-client-order-id-of-37-let")),
        (110094, CreateOrder::limit(ETH, Side::Buy, dec("0.01"), dec("100"))),
        (110007, limit(Side::Buy, "2", "59999")),
        (110017, CreateOrder { reduce_only: true, ..limit(Side::Buy, "0.01", "59000") }),
        (110118, CreateOrder::market(ETH, Side::Buy, dec("1"))),
    ];
    for (expected, order) in cases {
        let mut desk = Desk::open();
        let text = format!("{order:?}");
        assert_eq!(code(desk.create(ME, order)), expected, "{text}");
        assert!(desk.out.is_empty() && desk.open_orders(ME).is_empty(), "a refusal changes nothing");
        assert_eq!(desk.venue.request_counts().refused.get(&("order.create", expected)), Some(&1));
    }
    assert_eq!(code(Desk::open().request(99, Request::Create(limit(Side::Buy, "1", "1")))), 110018);
}

#[test]
fn a_client_id_is_never_free_again() {
    let mut desk = Desk::open();
    let order = || CreateOrder { order_link_id: Some("once".into()), ..limit(Side::Buy, "0.01", "59900") };
    let row = desk.create(ME, order()).unwrap();
    desk.cancel(ME, &row).unwrap();
    assert_eq!(code(desk.create(ME, order())), 110072);
    desk.create(OTHER, order()).expect("another account has its own names");
}

#[test]
fn a_price_beyond_the_bound_is_moved_or_refused_as_the_switch_says() {
    let mut desk = Desk::open();
    assert_eq!(desk.limit(ME, Side::Buy, "0.01", "70000").price, dec("60600"));
    assert_eq!(desk.limit(ME, Side::Sell, "0.01", "50000").price, dec("59400"));
    let mut setup = setup();
    setup.doubts.price_limit = PriceLimit::Refuse;
    let mut desk = Desk::with(setup);
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "0.01", "70000"))), 110003);
}

#[test]
fn a_cancel_ends_the_order_and_a_second_one_is_refused() {
    let mut desk = Desk::open();
    let order = desk.limit(ME, Side::Buy, "0.5", "59990");
    desk.cancel(ME, &order).unwrap();
    let row = desk.row(ME, &order.order_id);
    assert_eq!((row.order_status, row.cancel_type), (OrderStatus::Cancelled, CancelType::ByUser));
    assert_eq!(row.leaves_qty, dec("0"));
    assert_eq!(code(desk.cancel(ME, &order)), 110001);
    assert_eq!(code(desk.amend(&order, Some("0.1"), None)), 110001);
    assert_eq!(desk.usdt(ME).total_order_im, dec("0"));
}

#[test]
fn cancel_all_takes_what_its_filter_names() {
    let mut desk = Desk::open();
    desk.limit(ME, Side::Buy, "0.01", "59900");
    desk.limit(ME, Side::Buy, "0.01", "59800");
    desk.limit(OTHER, Side::Buy, "0.01", "59800");
    let trigger = TriggerSpec {
        price: dec("61000"),
        direction: Some(TriggerDirection::Rise),
        by: TriggerBy::LastPrice,
    };
    desk.create(
        ME,
        CreateOrder { trigger: Some(trigger), ..CreateOrder::market(BTC, Side::Buy, dec("0.01")) },
    )
    .unwrap();
    let only = |kind| {
        Request::CancelAll(CancelAll { symbol: Some(BTC.into()), kind, ..CancelAll::of(Category::Linear) })
    };
    let cancelled = |acknowledgement| match acknowledgement {
        Acknowledgement::Orders(ids) => ids.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(cancelled(desk.request(ME, only(Some(OrderKind::Order))).unwrap()), 2);
    assert_eq!(cancelled(desk.request(ME, only(None)).unwrap()), 1);
    assert_eq!(desk.open_orders(OTHER).len(), 1);
    assert_eq!(code(desk.request(ME, Request::CancelAll(CancelAll::of(Category::Linear)))), 10001);
}

#[test]
fn an_amend_keeps_the_id_and_loses_the_place_only_for_price_or_more() {
    let mut desk = Desk::open();
    let mine = desk.limit(ME, Side::Buy, "0.3", "60000");
    desk.limit(OTHER, Side::Buy, "0.3", "60000");
    desk.amend(&mine, Some("0.2"), None).unwrap();
    desk.trade(Side::Sell, "60000", "0.1");
    assert_eq!(desk.row(ME, &mine.order_id).cum_exec_qty, dec("0.1"), "less quantity keeps the place");
    desk.amend(&mine, Some("0.4"), None).unwrap();
    desk.trade(Side::Sell, "60000", "0.3");
    assert_eq!(desk.row(ME, &mine.order_id).cum_exec_qty, dec("0.1"), "more quantity goes to the back");
    assert_eq!(code(desk.amend(&mine, Some("0.1"), None)), 110064);
    assert_eq!(code(desk.amend(&mine, Some("0.4"), None)), 10001);
    let taken = desk.amend(&mine, None, Some("60000.1")).unwrap();
    assert_eq!((taken.order_id.clone(), taken.order_status), (mine.order_id, OrderStatus::Filled));
}

#[test]
fn an_account_meets_itself_as_its_taker_says() {
    use SelfMatchPrevention::*;
    for (word, maker, taker) in [
        (None, OrderStatus::Filled, OrderStatus::Filled),
        (CancelMaker, OrderStatus::Cancelled, OrderStatus::New),
        (CancelTaker, OrderStatus::New, OrderStatus::Cancelled),
        (CancelBoth, OrderStatus::Cancelled, OrderStatus::Cancelled),
    ] {
        let mut desk = Desk::open();
        let resting = desk.limit(ME, Side::Sell, "0.1", "60000");
        let order = CreateOrder { self_match_prevention: word, ..limit(Side::Buy, "0.1", "60000") };
        let row = desk.create(ME, order).unwrap();
        assert_eq!(
            (desk.row(ME, &resting.order_id).order_status, row.order_status),
            (maker, taker),
            "{word}"
        );
    }
}

/// Another's 0.1, then one's own 0.1 at 60 000, then 1 of the outside a tick higher.
#[test]
fn a_fill_or_kill_order_does_not_count_on_what_self_match_prevention_keeps_from_it() {
    use SelfMatchPrevention::*;
    for (word, qty, filled, own) in [
        (None, "1.2", "1.2", OrderStatus::Filled),
        (CancelMaker, "1.1", "1.1", OrderStatus::Cancelled),
        (CancelMaker, "1.2", "0", OrderStatus::New),
        (CancelTaker, "0.1", "0.1", OrderStatus::New),
        (CancelTaker, "0.2", "0", OrderStatus::New),
        (CancelBoth, "0.1", "0.1", OrderStatus::New),
        (CancelBoth, "1.1", "0", OrderStatus::New),
    ] {
        let mut desk = Desk::open();
        let others = desk.create(OTHER, limit(Side::Sell, "0.1", "60000")).unwrap();
        let resting = desk.limit(ME, Side::Sell, "0.1", "60000");
        let order = CreateOrder {
            self_match_prevention: word,
            time_in_force: TimeInForce::Fok,
            ..limit(Side::Buy, qty, "60000.1")
        };
        let row = desk.create(ME, order).unwrap();
        assert_eq!((row.cum_exec_qty, row.leaves_qty), (dec(filled), dec("0")), "{word} {qty}");
        assert_eq!(desk.row(ME, &resting.order_id).order_status, own, "{word} {qty}");
        let is_filled = filled != "0";
        let (status, reason) = if is_filled {
            (OrderStatus::Filled, RejectReason::NoError)
        } else {
            (OrderStatus::Cancelled, RejectReason::CancelForNoFullFill)
        };
        assert_eq!((row.order_status, row.reject_reason), (status, reason), "{word} {qty}");
        assert_eq!(desk.row(OTHER, &others.order_id).order_status == OrderStatus::Filled, is_filled);
    }
}

#[test]
fn the_five_hundred_and_first_order_is_one_too_many() {
    let mut desk = Desk::open();
    for _ in 0..500 {
        desk.limit(ME, Side::Buy, "0.001", "59900");
    }
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "0.001", "59900"))), 110020);
}

#[test]
fn a_closing_order_has_a_closed_pnl_row_with_both_fees() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    desk.book(&[("61000", "1")], &[("61000.1", "1")]);
    desk.mark("61000");
    desk.create(ME, CreateOrder { reduce_only: true, ..CreateOrder::market(BTC, Side::Sell, dec("0.5")) })
        .unwrap();
    let [row] = &desk.venue.closed_pnl(ME)[..] else { panic!("one closing order") };
    let (entry, exit) = (dec("30000.05"), dec("30500"));
    let fees = (entry + exit) * dec("0.00055");
    assert_eq!((row.cum_entry_value, row.cum_exit_value, row.closed_pnl), (entry, exit, exit - entry - fees));
    assert_eq!(desk.wallet(ME).total_wallet_balance, dec("10000") + row.closed_pnl);
    assert_eq!(desk.usdt(ME).cum_realised_pnl, row.closed_pnl);
}

#[test]
fn a_disconnected_account_keeps_its_stops_and_loses_what_is_active() {
    for (scope, conditional) in [
        (DisconnectScope::Active, OrderStatus::Untriggered),
        (DisconnectScope::AndConditional, OrderStatus::Deactivated),
    ] {
        let mut setup = setup();
        setup.doubts.disconnect_scope = scope;
        let mut desk = Desk::with(setup);
        let stop = ProtectionPrice { price: dec("50000"), by: TriggerBy::MarkPrice, limit_price: None };
        let entry = CreateOrder::market(BTC, Side::Buy, dec("0.1"));
        desk.create(ME, CreateOrder { stop_loss: Some(stop), ..entry }).unwrap();
        let resting = desk.limit(ME, Side::Buy, "0.01", "59900");
        let trigger = TriggerSpec {
            price: dec("61000"),
            direction: Some(TriggerDirection::Rise),
            by: TriggerBy::MarkPrice,
        };
        let waiting =
            CreateOrder { trigger: Some(trigger), ..CreateOrder::market(BTC, Side::Buy, dec("0.01")) };
        let waiting = desk.create(ME, waiting).unwrap();
        desk.request(ME, Request::Disconnected(Category::Spot)).unwrap();
        assert_eq!(desk.row(ME, &resting.order_id).order_status, OrderStatus::New, "another product");
        desk.request(ME, Request::Disconnected(Category::Linear)).unwrap();
        let ended = desk.row(ME, &resting.order_id);
        assert_eq!(
            (ended.order_status, ended.cancel_type),
            (OrderStatus::Cancelled, CancelType::ByDisconnection)
        );
        assert_eq!(desk.row(ME, &waiting.order_id).order_status, conditional);
        let stops = desk.venue.open_orders(ME, OrderFilter::default());
        assert!(stops.iter().any(|row| row.stop_order_type == Some(StopOrderType::StopLoss)), "{stops:?}");
    }
}
