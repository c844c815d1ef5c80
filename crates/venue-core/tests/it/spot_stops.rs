//! The stops that a spot order brings, and what they hold.

use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;
use crate::spot::{PAIR, at, on_spot, outside, spot, spot_with};

fn entry(side: Side, qty: &str, price: &str, [take_profit, stop_loss]: [Option<&str>; 2]) -> CreateOrder {
    let market = |price: &str| ProtectionPrice::market(dec(price), TriggerBy::LastPrice);
    CreateOrder {
        take_profit: take_profit.map(market),
        stop_loss: stop_loss.map(market),
        ..on_spot(limit(side, qty, price))
    }
}

fn stops(desk: &Desk) -> Vec<OrderRow> {
    let kinds = [StopOrderType::TpslOrder, StopOrderType::BidirectionalTpslOrder];
    let mut open = desk.open_orders(ME);
    open.retain(|row| row.stop_order_type.is_some_and(|kind| kinds.contains(&kind)));
    open.sort_by_key(|row| row.trigger.map(|trigger| trigger.price));
    open
}

#[test]
fn what_a_buy_has_bought_less_its_fee_waits_to_be_sold_at_a_profit_or_a_loss() {
    let mut desk = spot();
    let before = desk.coin(ME, "BTC");
    let row = desk.create(ME, entry(Side::Buy, "0.05", "60010", [Some("61000"), Some("59000")])).unwrap();
    assert_eq!((row.order_status, row.tpsl_mode), (OrderStatus::Filled, None));
    let waiting = stops(&desk);
    let kept = dec("0.05") - dec("0.00005");
    for (stop, price, direction) in
        [(&waiting[0], "59000", TriggerDirection::Fall), (&waiting[1], "61000", TriggerDirection::Rise)]
    {
        let trigger = stop.trigger.unwrap();
        assert_eq!((trigger.price, trigger.direction), (dec(price), Some(direction)));
        assert_eq!((stop.side, stop.qty, stop.order_type), (Side::Sell, kept, OrderType::Market));
        assert_eq!(stop.order_status, OrderStatus::Untriggered);
        assert_eq!(stop.stop_order_type, Some(StopOrderType::BidirectionalTpslOrder));
        assert_eq!((&*stop.parent_order_link_id, stop.oco_trigger), ("", None));
    }
    assert_eq!(desk.coin(ME, "BTC").locked, kept, "the pair holds once what one of them would sell");
    assert_eq!(desk.coin(ME, "BTC").wallet_balance, before.wallet_balance + kept);
}

#[test]
fn one_that_fires_ends_the_other() {
    for (price, fired, cancel_type, oco) in [
        ("61000", 1, CancelType::ByPairedTakeProfit, OcoTrigger::TakeProfit),
        ("59000", 0, CancelType::ByPairedStopLoss, OcoTrigger::StopLoss),
    ] {
        let mut desk = spot();
        desk.create(ME, entry(Side::Buy, "0.05", "60010", [Some("61000"), Some("59000")])).unwrap();
        let pair = stops(&desk);
        outside(&mut desk, &[(price, "1")], &[]);
        at(&mut desk, price);
        let [won, lost] = [fired, 1 - fired].map(|n: usize| desk.row(ME, &pair[n].order_id));
        assert_eq!((won.order_status, won.oco_trigger), (OrderStatus::Filled, Some(oco)), "{price}");
        assert_eq!((lost.order_status, lost.cancel_type), (OrderStatus::Deactivated, cancel_type));
        assert_eq!(lost.oco_trigger, Some(oco));
        assert_eq!(desk.coin(ME, "BTC").wallet_balance, dec("1"), "what was bought is sold again");
        assert_eq!(desk.coin(ME, "BTC").locked, Decimal::ZERO);
    }
}

#[test]
fn a_stop_alone_is_a_spot_stop_and_a_limit_one_rests_once_it_has_fired() {
    let mut desk = spot();
    let take_profit =
        ProtectionPrice { price: dec("60200"), by: TriggerBy::LastPrice, limit_price: Some(dec("60300")) };
    let order = CreateOrder { take_profit: Some(take_profit), ..on_spot(limit(Side::Buy, "0.05", "60010")) };
    desk.create(ME, order).unwrap();
    let [waiting] = &stops(&desk)[..] else { panic!("one stop") };
    assert_eq!(waiting.stop_order_type, Some(StopOrderType::TpslOrder));
    assert_eq!((waiting.order_type, waiting.price), (OrderType::Limit, dec("60300")));
    at(&mut desk, "60200");
    let resting = desk.row(ME, &waiting.order_id);
    assert_eq!((resting.order_status, resting.price), (OrderStatus::New, dec("60300")));
    assert_eq!(desk.coin(ME, "BTC").locked, resting.qty);
}

#[test]
fn the_stops_of_a_sell_buy_back_and_hold_the_dearer_of_the_two() {
    let mut desk = spot();
    desk.create(ME, entry(Side::Sell, "0.05", "59990", [Some("59000"), Some("61000")])).unwrap();
    let pair = stops(&desk);
    assert!(pair.iter().all(|row| row.side == Side::Buy && row.qty == dec("0.05")));
    assert_eq!(desk.usdt(ME).locked, dec("61000") * dec("0.05"));
    outside(&mut desk, &[], &[("59000", "1")]);
    at(&mut desk, "59000");
    assert_eq!(desk.row(ME, &pair[0].order_id).oco_trigger, Some(OcoTrigger::TakeProfit));
    assert_eq!(desk.usdt(ME).locked, Decimal::ZERO);
}

#[test]
fn stops_grow_with_the_fills_or_come_when_the_order_has_ended() {
    for (choice, after_first) in [("as-it-fills", Some("0.04995")), ("when-it-ends", None)] {
        let mut desk = spot_with(|doubts| doubts.set("spot-stops", choice).unwrap());
        let row = desk.create(ME, entry(Side::Buy, "0.08", "60010", [None, Some("59000")])).unwrap();
        assert_eq!(row.order_status, OrderStatus::PartiallyFilled);
        assert_eq!(stops(&desk).first().map(|row| row.qty), after_first.map(dec), "{choice}");
        desk.market(MarketInput::Trade {
            category: Category::Spot,
            symbol: PAIR.into(),
            side: Side::Sell,
            price: dec("60010"),
            qty: dec("0.02"),
        });
        // 0.07 less a thousandth of it.
        let so_far = after_first.map(|_| dec("0.06993"));
        assert_eq!(stops(&desk).first().map(|row| row.qty), so_far, "{choice}");
        desk.cancel(ME, &row).unwrap();
        let [whole] = &stops(&desk)[..] else { panic!("one stop") };
        assert_eq!(whole.qty, dec("0.06993"), "{choice}");
    }
    let mut desk = spot();
    let row = desk.create(ME, entry(Side::Buy, "0.05", "59900", [Some("61000"), Some("59000")])).unwrap();
    desk.cancel(ME, &row).unwrap();
    assert_eq!(stops(&desk), [], "what never filled leaves nothing behind");
}

#[test]
fn cancelling_one_of_a_pair_cancels_both_and_cancel_all_finds_them_under_their_filter() {
    let paired = |kind| {
        let mut desk = spot();
        desk.create(ME, entry(Side::Buy, "0.05", "60010", [Some("61000"), Some("59000")])).unwrap();
        let one = stops(&desk)[0].clone();
        let order = OrderReference { order_id: Some(one.order_id.to_string()), order_link_id: None };
        let symbol = PAIR.to_owned();
        let cancel = CancelOrder { category: Category::Spot, symbol, order, kind };
        (desk, Request::Cancel(cancel))
    };
    for kind in [OrderKind::TpslOrder, OrderKind::BidirectionalTpslOrder] {
        let (mut desk, cancel) = paired(Some(kind));
        desk.request(ME, cancel).unwrap();
        assert_eq!((stops(&desk).len(), desk.coin(ME, "BTC").locked), (0, Decimal::ZERO), "{kind}");
    }
    let (mut desk, cancel) = paired(None);
    assert_eq!(code(desk.request(ME, cancel)), 170213);
    for (kind, left) in
        [(None, 2), (Some(OrderKind::TpslOrder), 2), (Some(OrderKind::BidirectionalTpslOrder), 0)]
    {
        let all = CancelAll { kind, ..CancelAll::of(Category::Spot) };
        desk.request(ME, Request::CancelAll(all)).unwrap();
        assert_eq!(stops(&desk).len(), left, "{kind:?}");
    }
}

#[test]
fn a_pair_can_be_moved_and_stays_a_pair_of_its_size() {
    let mut desk = spot();
    desk.create(ME, entry(Side::Buy, "0.05", "60010", [Some("61000"), Some("59000")])).unwrap();
    let pair = stops(&desk);
    let amend = |trigger: Option<&str>, qty: Option<&str>| {
        let order = OrderReference { order_id: Some(pair[0].order_id.to_string()), order_link_id: None };
        let base = AmendOrder { category: Category::Spot, ..AmendOrder::of(PAIR, order) };
        Request::Amend(AmendOrder { trigger_price: trigger.map(dec), qty: qty.map(dec), ..base })
    };
    desk.request(ME, amend(Some("59500"), None)).unwrap();
    assert_eq!(code(desk.request(ME, amend(Some("60500"), None))), 170130, "a stop-loss stays below");
    assert_eq!(code(desk.request(ME, amend(None, Some("0.01")))), 170312);
    outside(&mut desk, &[("59500", "1")], &[]);
    at(&mut desk, "59500");
    assert_eq!(desk.row(ME, &pair[1].order_id).cancel_type, CancelType::ByPairedStopLoss);
}

#[test]
fn stops_are_amended_while_nothing_is_filled_and_only_those_that_the_order_came_with() {
    let mut desk = spot();
    let take_profit = Some(ProtectionPrice {
        price: dec("61000"),
        by: TriggerBy::LastPrice,
        limit_price: Some(dec("61100")),
    });
    let row =
        desk.create(ME, CreateOrder { take_profit, ..on_spot(limit(Side::Buy, "0.05", "59900")) }).unwrap();
    let change = |take_profit: ProtectionChange, stop_loss: ProtectionChange| {
        let order = OrderReference { order_id: Some(row.order_id.to_string()), order_link_id: None };
        let base = AmendOrder { category: Category::Spot, ..AmendOrder::of(PAIR, order) };
        Request::Amend(AmendOrder { take_profit, stop_loss, ..base })
    };
    let none = ProtectionChange::default();
    let price = |price: &str| ProtectionChange { price: Some(dec(price)), ..none };
    desk.request(ME, change(price("61500"), none)).unwrap();
    let shown = desk.row(ME, &row.order_id).take_profit.unwrap();
    assert_eq!((shown.price, shown.limit_price), (dec("61500"), Some(dec("61100"))), "the limit price stays");
    let limit_price = ProtectionChange { limit_price: Some(dec("61600")), ..none };
    desk.request(ME, change(limit_price, none)).unwrap();
    let shown = desk.row(ME, &row.order_id).take_profit.unwrap();
    assert_eq!((shown.price, shown.limit_price), (dec("61500"), Some(dec("61600"))));
    assert_eq!(code(desk.request(ME, change(none, price("59000")))), 170312);
    desk.request(ME, change(price("0"), none)).unwrap();
    assert_eq!(desk.row(ME, &row.order_id).take_profit, None);
}

#[test]
fn stops_come_with_plain_limit_orders_on_the_right_side_of_their_price() {
    let market = CreateOrder::market(PAIR, Side::Buy, dec("600"));
    let stop_loss = stop("59000");
    let trigger = Some(TriggerSpec { price: dec("59950"), direction: None, by: TriggerBy::LastPrice });
    for (expected, order) in [
        (170130, CreateOrder { stop_loss, ..on_spot(market) }),
        (170130, CreateOrder { trigger, ..entry(Side::Buy, "0.01", "59900", [None, Some("59000")]) }),
        (10001, entry(Side::Buy, "0.01", "59900", [None, Some("60000")])),
        (10001, entry(Side::Buy, "0.01", "59900", [Some("59900"), None])),
        (170134, entry(Side::Buy, "0.01", "59900", [Some("61000.05"), None])),
        (
            170201,
            CreateOrder {
                kind: Some(OrderKind::BidirectionalTpslOrder),
                ..on_spot(limit(Side::Buy, "0.01", "59900"))
            },
        ),
    ] {
        let text = format!("{order:?}");
        assert_eq!(code(spot().create(ME, order)), expected, "{text}");
    }
}

#[test]
fn stops_that_cannot_be_held_end_at_once() {
    let mut desk = spot();
    // The 10 000 USDT are all but spent: what the sale brings does not pay for buying back at 70 000.
    desk.create(ME, on_spot(limit(Side::Buy, "0.16", "59900"))).unwrap();
    desk.create(ME, entry(Side::Sell, "0.05", "59990", [None, Some("70000")])).unwrap();
    let closed: Vec<_> = desk.venue.closed_orders(ME, OrderFilter::default()).collect();
    let ended: Vec<_> = closed.iter().map(|row| (row.order_status, row.cancel_type)).collect();
    assert!(ended.contains(&(OrderStatus::Deactivated, CancelType::ByCost)), "{ended:?}");
    assert_eq!(desk.usdt(ME).locked, dec("0.16") * dec("59900"));
}
