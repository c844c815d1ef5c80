//! Stops: attached, set on the position, trailing; and conditional orders.

use windvane_venue_core::*;

use crate::desk::*;

fn opened_with_stops(desk: &mut Desk) -> OrderRow {
    let order = CreateOrder {
        order_link_id: Some("parent".into()),
        stop_loss: stop("59000"),
        take_profit: stop("61000"),
        ..CreateOrder::market(BTC, Side::Buy, dec("0.5"))
    };
    desk.create(ME, order).expect("accepted")
}

fn trading_stop(change: impl FnOnce(&mut TradingStop)) -> Request {
    let mut request = TradingStop::full(BTC);
    change(&mut request);
    Request::TradingStop(request)
}

#[test]
fn attached_stops_become_orders_of_the_position() {
    let mut desk = Desk::open();
    opened_with_stops(&mut desk);
    let position = desk.position(ME);
    assert_eq!((position.stop_loss, position.take_profit), (dec("59000"), dec("61000")));
    let children = desk.open_orders(ME);
    assert_eq!(children.len(), 2);
    let stop_loss = children.iter().find(|row| row.stop_order_type == Some(StopOrderType::StopLoss)).unwrap();
    assert_eq!((&*stop_loss.order_link_id, &*stop_loss.parent_order_link_id), ("", "parent"));
    assert_eq!(stop_loss.create_type, CreateType::ByStopLoss);
    assert_eq!((stop_loss.order_status, stop_loss.qty), (OrderStatus::Untriggered, dec("0.5")));
    assert!(stop_loss.reduce_only && stop_loss.close_on_trigger);
    assert_eq!(desk.usdt(ME).total_order_im, dec("0"));
}

#[test]
fn an_edit_keeps_the_sequence_of_the_last_trade_and_is_told_with_its_own_time() {
    let mut desk = Desk::open();
    opened_with_stops(&mut desk);
    let mut before = desk.position(ME);
    let leverage = SetLeverage {
        category: Category::Linear,
        symbol: BTC.into(),
        buy_leverage: dec("7"),
        sell_leverage: dec("7"),
    };
    for edit in [
        trading_stop(|request| request.stop_loss = stop("59500")),
        trading_stop(|request| request.take_profit = stop("0")),
        Request::SetLeverage(leverage),
    ] {
        desk.pass_ms(40);
        desk.request(ME, edit).unwrap();
        let after = desk.position(ME);
        assert_eq!(after.seq, before.seq);
        assert!(after.updated_time_ms >= before.updated_time_ms + 40);
        before = after;
    }
}

#[test]
fn the_mark_price_triggers_the_stop_and_the_pair_dies_with_the_position() {
    let mut desk = Desk::open();
    opened_with_stops(&mut desk);
    desk.book(&[("58990", "5")], &[("59010", "5")]);
    desk.prices(None, Some("58000"));
    assert_eq!(desk.position(ME).size, dec("0.5"), "the last price is not watched");
    desk.prices(Some("59000"), None);
    assert_eq!(desk.position(ME).size, dec("0"));
    let told: Vec<_> = desk.order_rows(ME).iter().map(|row| (row.create_type, row.order_status)).collect();
    assert_eq!(
        told,
        vec![
            (CreateType::ByStopLoss, OrderStatus::Triggered),
            (CreateType::ByStopLoss, OrderStatus::Filled),
            (CreateType::ByTakeProfit, OrderStatus::Deactivated),
        ]
    );
    let take_profit = desk.order_rows(ME)[2];
    assert_eq!(take_profit.cancel_type, CancelType::ByProtectionCleared);
    assert!(desk.open_orders(ME).is_empty());
}

#[test]
fn stops_follow_the_size_and_go_when_the_position_is_closed_or_flipped() {
    let mut desk = Desk::open();
    opened_with_stops(&mut desk);
    desk.buy_market(ME, "0.25");
    assert!(desk.open_orders(ME).iter().all(|row| row.qty == dec("0.75")));
    desk.create(ME, CreateOrder::market(BTC, Side::Sell, dec("1"))).unwrap();
    assert_eq!((desk.position(ME).side, desk.position(ME).stop_loss), (Some(Side::Sell), dec("0")));
    assert!(desk.open_orders(ME).is_empty());
}

#[test]
fn a_resting_entry_brings_its_stop_with_the_first_fill() {
    let mut desk = Desk::open();
    let entry = CreateOrder { stop_loss: stop("59000"), ..limit(Side::Buy, "0.5", "60000") };
    desk.create(ME, entry).unwrap();
    assert_eq!(desk.open_orders(ME).len(), 1);
    desk.trade(Side::Sell, "60000", "0.2");
    assert_eq!((desk.position(ME).stop_loss, desk.open_orders(ME)[0].qty), (dec("59000"), dec("0.2")));
    desk.trade(Side::Sell, "60000", "0.3");
    assert_eq!(desk.open_orders(ME).len(), 1, "the same stop, grown");
    assert_eq!(desk.open_orders(ME)[0].qty, dec("0.5"));
}

#[test]
fn trading_stop_sets_replaces_and_removes() {
    let mut desk = Desk::open();
    assert_eq!(
        code(desk.request(ME, trading_stop(|request| request.stop_loss = stop("59000")))),
        10001,
        "no position"
    );
    desk.buy_market(ME, "0.5");
    desk.request(ME, trading_stop(|request| request.stop_loss = stop("59000"))).unwrap();
    assert_eq!(code(desk.request(ME, trading_stop(|request| request.stop_loss = stop("59000")))), 34040);
    desk.request(ME, trading_stop(|request| request.stop_loss = stop("59500"))).unwrap();
    assert_eq!(desk.position(ME).stop_loss, dec("59500"));
    assert_eq!(desk.open_orders(ME).len(), 1);
    assert_eq!(
        code(desk.request(ME, trading_stop(|request| request.stop_loss = stop("60500")))),
        10001,
        "wrong side"
    );
    desk.request(ME, trading_stop(|request| request.stop_loss = stop("0"))).unwrap();
    assert_eq!((desk.position(ME).stop_loss, desk.open_orders(ME).len()), (dec("0"), 0));
}

#[test]
fn a_trailing_stop_follows_the_last_price_and_fires_at_its_distance() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    let request = trading_stop(|request| {
        request.trailing_stop = Some(dec("100"));
        request.active_price = Some(dec("60200"));
    });
    desk.request(ME, request).unwrap();
    assert_eq!(desk.position(ME).trailing_stop, dec("100"));
    for (last, size) in [
        ("60000", "0.5"),
        ("59800", "0.5"),
        ("60200", "0.5"),
        ("60500", "0.5"),
        ("60400.1", "0.5"),
        ("60400", "0"),
    ] {
        desk.prices(None, Some(last));
        assert_eq!(desk.position(ME).size, dec(size), "last {last}");
    }
    let fill = &desk.venue.executions(ME, ExecutionFilter::default())[0];
    assert_eq!(fill.create_type, Some(CreateType::ByTrailingStop));
}

#[test]
fn a_conditional_order_holds_nothing_until_its_price_comes() {
    let mut desk = Desk::open();
    let trigger = TriggerSpec {
        price: dec("60100"),
        direction: Some(TriggerDirection::Rise),
        by: TriggerBy::LastPrice,
    };
    let conditional =
        |qty: &str| CreateOrder { trigger: Some(trigger), ..CreateOrder::market(BTC, Side::Buy, dec(qty)) };
    let unaffordable = desk.create(ME, conditional("5")).unwrap();
    let row = desk.create(ME, conditional("0.5")).unwrap();
    assert_eq!(
        (row.order_status, row.stop_order_type),
        (OrderStatus::Untriggered, Some(StopOrderType::Stop))
    );
    assert_eq!(desk.usdt(ME).total_order_im, dec("0"));
    desk.prices(None, Some("60100"));
    assert_eq!(desk.row(ME, &row.order_id).order_status, OrderStatus::Filled);
    assert_eq!(desk.row(ME, &unaffordable.order_id).cancel_type, CancelType::ByCost);
    desk.prices(None, Some("60100"));
    assert_eq!(code(desk.create(ME, conditional("0.5"))), 110092);
}

#[test]
fn an_untriggered_order_that_is_cancelled_is_deactivated() {
    let mut desk = Desk::open();
    opened_with_stops(&mut desk);
    let stop_loss = desk.open_orders(ME).pop().unwrap();
    desk.cancel(ME, &stop_loss).unwrap();
    assert_eq!(desk.row(ME, &stop_loss.order_id).order_status, OrderStatus::Deactivated);
    assert_eq!(desk.position(ME).stop_loss, dec("0"));
}

#[test]
fn stops_on_the_wrong_side_are_refused() {
    let mut desk = Desk::open();
    let wrong = [
        CreateOrder { stop_loss: stop("60000"), ..limit(Side::Buy, "0.5", "60000") },
        CreateOrder { take_profit: stop("59000"), ..limit(Side::Buy, "0.5", "60000") },
        CreateOrder { stop_loss: stop("59000"), ..CreateOrder::market(BTC, Side::Sell, dec("0.5")) },
    ];
    for order in wrong {
        assert_eq!(code(desk.create(ME, order)), 10001);
    }
}

#[test]
fn a_trigger_is_amended_but_not_past_the_price_and_a_stop_keeps_the_position_s_size() {
    let mut desk = Desk::open();
    opened_with_stops(&mut desk);
    let children = desk.open_orders(ME);
    let of_kind = |row: &&OrderRow| row.stop_order_type == Some(StopOrderType::StopLoss);
    let stop_loss = children.iter().find(of_kind).unwrap();
    let amend = |trigger_price: Option<&str>, qty: Option<&str>| {
        let order = OrderReference { order_id: Some(stop_loss.order_id.to_string()), order_link_id: None };
        Request::Amend(AmendOrder {
            qty: qty.map(dec),
            trigger_price: trigger_price.map(dec),
            ..AmendOrder::of(BTC, order)
        })
    };
    desk.request(ME, amend(Some("59500"), None)).unwrap();
    assert_eq!(desk.position(ME).stop_loss, dec("59500"));
    assert_eq!(code(desk.request(ME, amend(Some("60500"), None))), 110093);
    assert_eq!(code(desk.request(ME, amend(None, Some("0.1")))), 110060);
}

#[test]
fn a_trailing_stop_is_unchanged_only_with_the_same_distance_and_is_removed_by_zero() {
    let mut desk = Desk::open();
    desk.create(ME, CreateOrder::market(BTC, Side::Sell, dec("0.5"))).unwrap();
    let trailing = |distance: &str| {
        let distance = Some(dec(distance));
        trading_stop(|request| request.trailing_stop = distance)
    };
    desk.request(ME, trailing("100")).unwrap();
    assert_eq!(code(desk.request(ME, trailing("100"))), 34040);
    desk.request(ME, trailing("50")).unwrap();
    assert_eq!((desk.position(ME).trailing_stop, desk.open_orders(ME).len()), (dec("50"), 1));
    desk.request(ME, trailing("0")).unwrap();
    assert_eq!((desk.position(ME).trailing_stop, desk.open_orders(ME).len()), (dec("0"), 0));
    desk.request(ME, trailing("50")).unwrap();
    for (last, size) in [("59900", "0.5"), ("59949.9", "0.5"), ("59950", "0")] {
        desk.prices(None, Some(last));
        assert_eq!(desk.position(ME).size, dec(size), "last {last}");
    }
}

#[test]
fn a_conditional_limit_order_is_bounded_only_when_it_triggers() {
    let mut desk = Desk::open();
    let trigger = TriggerSpec {
        price: dec("70000"),
        direction: Some(TriggerDirection::Rise),
        by: TriggerBy::LastPrice,
    };
    let order = CreateOrder { trigger: Some(trigger), ..limit(Side::Buy, "0.01", "72000") };
    let row = desk.create(ME, order).unwrap();
    assert_eq!(row.price, dec("72000"));
    desk.mark("70000");
    assert_eq!(desk.row(ME, &row.order_id).price, dec("70700"));
}

#[test]
fn an_attached_stop_keeps_its_parent_when_the_position_s_stops_are_edited() {
    let mut desk = Desk::open();
    let entry = CreateOrder {
        stop_loss: stop("59000"),
        order_link_id: Some("entry".into()),
        ..limit(Side::Buy, "0.1", "60000.1")
    };
    desk.create(ME, entry).unwrap();
    let moved = trading_stop(|request| {
        request.stop_loss = stop("59500");
        request.take_profit = stop("61000");
    });
    desk.request(ME, moved).unwrap();
    let parent_of = |desk: &Desk, kind| {
        let open = desk.open_orders(ME);
        let row = open.into_iter().find(|row| row.stop_order_type == Some(kind)).unwrap();
        (row.trigger.unwrap().price, row.parent_order_link_id.to_string())
    };
    assert_eq!(parent_of(&desk, StopOrderType::StopLoss), (dec("59500"), "entry".to_owned()));
    assert_eq!(parent_of(&desk, StopOrderType::TakeProfit), (dec("61000"), String::new()));
}
