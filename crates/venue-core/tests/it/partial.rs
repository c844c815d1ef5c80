//! Stops of a part of a position: attached, added, in pairs, as limit orders; and closing on a trigger.

use windvane_venue_core::*;

use crate::desk::*;

fn partial(take_profit: Option<&str>, stop_loss: Option<&str>, size: &str) -> TradingStop {
    TradingStop {
        mode: TpslMode::Partial,
        take_profit: take_profit.and_then(stop),
        stop_loss: stop_loss.and_then(stop),
        take_profit_size: take_profit.map(|_| dec(size)),
        stop_loss_size: stop_loss.map(|_| dec(size)),
        ..TradingStop::full(BTC)
    }
}

fn long(qty: &str) -> Desk {
    let mut desk = Desk::open();
    desk.buy_market(ME, qty);
    desk
}

#[test]
fn a_pair_closes_its_size_and_the_other_one_ends() {
    let mut desk = long("0.5");
    desk.request(ME, Request::TradingStop(partial(Some("61000"), Some("59000"), "0.2"))).unwrap();
    desk.request(ME, Request::TradingStop(partial(None, Some("58000"), "0.1"))).unwrap();
    let kinds = |desk: &Desk| {
        let mut kinds: Vec<_> = desk.open_orders(ME).iter().filter_map(|row| row.stop_order_type).collect();
        kinds.sort();
        kinds
    };
    use StopOrderType::{PartialStopLoss, PartialTakeProfit};
    assert_eq!(kinds(&desk), [PartialTakeProfit, PartialStopLoss, PartialStopLoss]);
    desk.book(&[("61010", "5")], &[("61020", "5")]);
    desk.prices(Some("61000"), None);
    assert_eq!(desk.position(ME).size, dec("0.3"));
    assert_eq!(kinds(&desk), [PartialStopLoss], "only the stop-loss that has no pair is left");
    let ended: Vec<_> = desk.venue.closed_orders(ME, OrderFilter::default()).collect();
    let pair = ended.iter().find(|row| row.stop_order_type == Some(PartialStopLoss)).unwrap();
    assert_eq!(pair.cancel_type, CancelType::ByPairedTakeProfit);
    desk.prices(Some("57000"), None);
    assert_eq!(desk.position(ME).size, dec("0.2"));
}

#[test]
fn attached_partial_stops_grow_with_the_fills_of_their_order() {
    let mut desk = Desk::open();
    let take_profit = ProtectionPrice { limit_price: Some(dec("61500")), ..stop("61000").unwrap() };
    let entry = CreateOrder {
        order_link_id: Some("entry".into()),
        tpsl_mode: Some(TpslMode::Partial),
        take_profit: Some(take_profit),
        ..limit(Side::Buy, "0.5", "60000")
    };
    desk.create(ME, entry.clone()).unwrap();
    desk.trade(Side::Sell, "60000", "0.2");
    desk.trade(Side::Sell, "60000", "0.3");
    let [child] = &desk.open_orders(ME)[..] else { panic!("one stop for the whole order") };
    assert_eq!((child.qty, child.price), (dec("0.5"), dec("61500")));
    assert_eq!((child.order_type, &*child.parent_order_link_id), (OrderType::Limit, "entry"));
    assert_eq!(child.create_type, CreateType::ByPartialTakeProfit);
    desk.book(&[("60990", "5")], &[("61010", "5")]);
    desk.prices(Some("61000"), None);
    let resting = desk.row(ME, &child.order_id);
    assert_eq!((resting.order_status, resting.leaves_qty), (OrderStatus::New, dec("0.5")));
    desk.trade(Side::Buy, "61600", "1");
    assert_eq!(desk.position(ME).size, dec("0"));
    let full = CreateOrder { tpsl_mode: Some(TpslMode::Full), order_link_id: None, ..entry };
    assert_eq!(code(desk.create(ME, full)), 10001);
}

#[test]
fn partial_stops_are_refused_where_the_documentation_says() {
    let mut desk = long("0.5");
    let mut ask = |request: TradingStop| code(desk.request(ME, Request::TradingStop(request)));
    assert_eq!(ask(partial(Some("61000"), None, "0.6")), 110058);
    let unequal =
        TradingStop { stop_loss_size: Some(dec("0.1")), ..partial(Some("61000"), Some("59000"), "0.2") };
    assert_eq!(ask(unequal), 10001);
    assert_eq!(ask(partial(None, None, "0.1")), 34040);
    for _ in 0..20 {
        desk.request(ME, Request::TradingStop(partial(Some("61000"), None, "0.01"))).unwrap();
    }
    assert_eq!(code(desk.request(ME, Request::TradingStop(partial(Some("61000"), None, "0.01")))), 110061);
}

#[test]
fn an_edited_stop_of_a_pair_stands_alone() {
    let mut desk = long("0.5");
    desk.request(ME, Request::TradingStop(partial(Some("61000"), Some("59000"), "0.2"))).unwrap();
    let open = desk.open_orders(ME);
    let of = |kind| open.iter().find(|row| row.stop_order_type == Some(kind)).unwrap();
    let stop_loss = of(StopOrderType::PartialStopLoss);
    let order = OrderReference { order_id: Some(stop_loss.order_id.to_string()), order_link_id: None };
    let amend = AmendOrder {
        qty: Some(dec("0.3")),
        trigger_price: Some(dec("58500")),
        trigger_by: Some(TriggerBy::LastPrice),
        ..AmendOrder::of(BTC, order)
    };
    desk.request(ME, Request::Amend(amend)).unwrap();
    desk.book(&[("61010", "5")], &[("61020", "5")]);
    desk.prices(Some("61000"), None);
    let left = desk.row(ME, &stop_loss.order_id);
    assert_eq!((left.order_status, left.qty), (OrderStatus::Untriggered, dec("0.3")));
    assert_eq!(left.trigger.unwrap().by, TriggerBy::LastPrice);
}

#[test]
fn triggers_watch_the_price_they_name() {
    for by in [TriggerBy::LastPrice, TriggerBy::MarkPrice, TriggerBy::IndexPrice] {
        let mut desk = Desk::open();
        let trigger = TriggerSpec { price: dec("60100"), direction: Some(TriggerDirection::Rise), by };
        let order = CreateOrder { trigger: Some(trigger), ..CreateOrder::market(BTC, Side::Buy, dec("0.1")) };
        let row = desk.create(ME, order).unwrap();
        for watched in [TriggerBy::LastPrice, TriggerBy::MarkPrice, TriggerBy::IndexPrice] {
            if watched == by {
                continue;
            }
            let price = |of| (watched == of).then(|| dec("60200"));
            desk.market(MarketInput::Prices {
                category: Category::Linear,
                symbol: BTC.into(),
                mark: price(TriggerBy::MarkPrice),
                index: price(TriggerBy::IndexPrice),
                last: price(TriggerBy::LastPrice),
            });
        }
        assert_eq!(desk.row(ME, &row.order_id).order_status, OrderStatus::Untriggered, "{by}");
        desk.mark("60200");
        assert_eq!(desk.row(ME, &row.order_id).order_status, OrderStatus::Filled, "{by}");
    }
}

#[test]
fn closing_on_a_trigger_takes_the_margin_of_other_orders() {
    for (close_on_trigger, expected) in [(true, OrderStatus::New), (false, OrderStatus::Cancelled)] {
        let mut desk = Desk::open();
        let trigger = TriggerSpec {
            price: dec("59950"),
            direction: Some(TriggerDirection::Fall),
            by: TriggerBy::MarkPrice,
        };
        let order =
            CreateOrder { trigger: Some(trigger), close_on_trigger, ..limit(Side::Buy, "1", "59500") };
        let row = desk.create(ME, order).unwrap();
        desk.limit(ME, Side::Buy, "1.5", "59600");
        desk.prices(Some("59950"), None);
        assert_eq!(desk.row(ME, &row.order_id).order_status, expected);
    }
}

#[test]
fn a_bound_pair_is_cancelled_together_and_an_unbound_one_alone() {
    for (is_bound, left) in [(true, 0), (false, 1)] {
        let mut desk = long("0.5");
        desk.request(ME, Request::TradingStop(partial(Some("61000"), Some("59000"), "0.2"))).unwrap();
        let open = desk.open_orders(ME);
        let stop_loss =
            open.iter().find(|row| row.stop_order_type == Some(StopOrderType::PartialStopLoss)).unwrap();
        if !is_bound {
            desk.amend(stop_loss, Some("0.1"), None).unwrap();
        }
        desk.cancel(ME, stop_loss).unwrap();
        assert_eq!(desk.open_orders(ME).len(), left, "bound: {is_bound}");
    }
}

#[test]
fn an_amend_of_an_attached_limit_stop_keeps_what_it_does_not_name() {
    let mut desk = Desk::open();
    let take_profit =
        ProtectionPrice { price: dec("61000"), by: TriggerBy::MarkPrice, limit_price: Some(dec("60900")) };
    let order = CreateOrder {
        take_profit: Some(take_profit),
        tpsl_mode: Some(TpslMode::Partial),
        ..limit(Side::Buy, "0.1", "59900")
    };
    let row = desk.create(ME, order).unwrap();
    let none = ProtectionChange::default();
    for (change, expected) in [
        (
            ProtectionChange { price: Some(dec("61500")), ..none },
            ProtectionPrice { price: dec("61500"), ..take_profit },
        ),
        (
            ProtectionChange { limit_price: Some(dec("61400")), by: Some(TriggerBy::LastPrice), ..none },
            ProtectionPrice {
                price: dec("61500"),
                by: TriggerBy::LastPrice,
                limit_price: Some(dec("61400")),
            },
        ),
    ] {
        let order = OrderReference { order_id: Some(row.order_id.to_string()), order_link_id: None };
        let amend = AmendOrder { take_profit: change, ..AmendOrder::of(BTC, order) };
        desk.request(ME, Request::Amend(amend)).unwrap();
        assert_eq!(desk.row(ME, &row.order_id).take_profit, Some(expected));
    }
}
