//! What each command becomes on the wire, to the byte.

use super::*;
use rust_decimal::Decimal;
use windvane_model::{ClientOrderId, Leverage, OrderId, PositionIndex, Qty, Role, Side, TriggerBy, Triggers};

fn price(text: &str) -> Price {
    Price::new(text.parse().unwrap()).unwrap()
}

fn btc() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

fn order() -> Submit {
    Submit {
        client_order_id: ClientOrderId::new("w01aaaae0000001-000001").unwrap(),
        symbol: btc(),
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new("0.0100".parse().unwrap()).unwrap(),
        kind: OrderKind::Limit { price: price("97000.50"), time_in_force: TimeInForce::PostOnly },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

#[test]
fn an_order_with_protection_is_compact_and_sorted() {
    let order = Submit { stop_loss: Some(price("95000")), take_profit: Some(price("99000")), ..order() };
    assert_eq!(
        Mutation::Submit(order).body(Category::Linear),
        r#"{"category":"linear","orderLinkId":"w01aaaae0000001-000001","orderType":"Limit","positionIdx":0,"price":"97000.5","qty":"0.01","reduceOnly":false,"side":"Buy","slTriggerBy":"MarkPrice","stopLoss":"95000","symbol":"BTCUSDT","takeProfit":"99000","timeInForce":"PostOnly","tpTriggerBy":"MarkPrice","tpslMode":"Full"}"#
    );
}

#[test]
fn a_market_order_may_bound_its_slippage() {
    let order =
        Submit { kind: OrderKind::Market { max_slippage_ticks: Some(20) }, reduce_only: true, ..order() };
    assert_eq!(
        Mutation::Submit(order).body(Category::Linear),
        r#"{"category":"linear","orderLinkId":"w01aaaae0000001-000001","orderType":"Market","positionIdx":0,"qty":"0.01","reduceOnly":true,"side":"Buy","slippageTolerance":"20","slippageToleranceType":"TickSize","symbol":"BTCUSDT","timeInForce":"IOC"}"#
    );
}

#[test]
fn the_other_requests_say_no_more_than_they_must() {
    let id = ClientOrderId::new("a-1").unwrap();
    let leverage = Leverage::new(Decimal::new(100, 1)).unwrap();
    for (mutation, body) in [
        (
            Mutation::Amend(Amend {
                client_order_id: id,
                symbol: btc(),
                price: None,
                qty: Some(order().qty),
                send_before: None,
            }),
            r#"{"category":"linear","orderLinkId":"a-1","qty":"0.01","symbol":"BTCUSDT"}"#,
        ),
        (
            Mutation::Cancel(Cancel { client_order_id: Some(id), order_id: None, symbol: btc() }),
            r#"{"category":"linear","orderLinkId":"a-1","symbol":"BTCUSDT"}"#,
        ),
        (
            Mutation::Cancel(Cancel {
                client_order_id: None,
                order_id: Some(OrderId::new("v-9").unwrap()),
                symbol: btc(),
            }),
            r#"{"category":"linear","orderId":"v-9","symbol":"BTCUSDT"}"#,
        ),
        (
            Mutation::CancelAll(CancelAll { symbol: None, spare_protection: true }),
            r#"{"category":"linear","orderFilter":"Order","settleCoin":"USDT"}"#,
        ),
        (
            Mutation::CancelAll(CancelAll { symbol: Some(btc()), spare_protection: false }),
            r#"{"category":"linear","symbol":"BTCUSDT"}"#,
        ),
        (
            Mutation::SetProtection(SetProtection {
                symbol: btc(),
                position_index: PositionIndex(0),
                stop_loss: Some(price("95000")),
                take_profit: None,
                triggers: Triggers::default(),
            }),
            r#"{"category":"linear","positionIdx":0,"slTriggerBy":"MarkPrice","stopLoss":"95000","symbol":"BTCUSDT","tpslMode":"Full"}"#,
        ),
        (
            Mutation::SetProtection(SetProtection {
                symbol: btc(),
                position_index: PositionIndex(0),
                stop_loss: Some(price("95000")),
                take_profit: Some(price("99000")),
                triggers: Triggers { stop_loss: TriggerBy::Last, take_profit: TriggerBy::Index },
            }),
            r#"{"category":"linear","positionIdx":0,"slTriggerBy":"LastPrice","stopLoss":"95000","symbol":"BTCUSDT","takeProfit":"99000","tpTriggerBy":"IndexPrice","tpslMode":"Full"}"#,
        ),
        (
            Mutation::SetLeverage(SetLeverage { symbol: btc(), leverage }),
            r#"{"buyLeverage":"10","category":"linear","sellLeverage":"10","symbol":"BTCUSDT"}"#,
        ),
    ] {
        assert_eq!(mutation.body(Category::Linear), body);
    }
}

#[test]
fn what_opens_has_a_short_window_and_what_reduces_a_long_one() {
    let closing = Submit { reduce_only: true, ..order() };
    assert_eq!(Mutation::Submit(order()).recv_window_ms(), 2_000);
    assert_eq!(Mutation::Submit(closing).recv_window_ms(), 10_000);
    let cancel = Cancel { client_order_id: Some(order().client_order_id), order_id: None, symbol: btc() };
    assert_eq!(Mutation::Cancel(cancel).recv_window_ms(), 10_000);
}

#[test]
fn a_trade_frame_carries_the_stamp_and_exactly_one_order() {
    let cancel = Mutation::Cancel(Cancel {
        client_order_id: Some(ClientOrderId::new("a-1").unwrap()),
        order_id: None,
        symbol: btc(),
    });
    assert_eq!(
        trade_frame(RequestId { prefix: 7, number: 1 }, &cancel, 1_711_001_595_207).unwrap(),
        r#"{"args":[{"category":"linear","orderLinkId":"a-1","symbol":"BTCUSDT"}],"header":{"X-BAPI-RECV-WINDOW":"10000","X-BAPI-TIMESTAMP":"1711001595207"},"op":"order.cancel","reqId":"7-1"}"#
    );
    let all = Mutation::CancelAll(CancelAll { symbol: None, spare_protection: false });
    assert_eq!(
        trade_frame(RequestId { prefix: 7, number: 2 }, &all, 0),
        None,
        "the socket does not offer it"
    );
}

#[test]
fn a_pair_gets_what_pairs_have_and_an_inverse_contract_what_contracts_have() {
    let of = |order: Submit, category| Mutation::Submit(order).body(category);
    let limit = Submit { stop_loss: None, take_profit: None, ..order() };
    let kind = OrderKind::Limit { price: price("60000.5"), time_in_force: TimeInForce::PostOnly };
    let limit = Submit { kind, ..limit };
    assert_eq!(
        of(limit, Category::Spot),
        format!(
            r#"{{"category":"spot","orderLinkId":"w01aaaae0000001-000001","orderType":"Limit","price":"60000.5","qty":"{}","side":"{}","symbol":"BTCUSDT","timeInForce":"PostOnly"}}"#,
            limit.qty.get().normalize(),
            limit.side.as_str()
        )
    );
    let market = Submit { kind: OrderKind::Market { max_slippage_ticks: None }, ..limit };
    assert!(
        of(market, Category::Spot).starts_with(r#"{"category":"spot","marketUnit":"baseCoin","orderLinkId""#)
    );
    let inverse = of(market, Category::Inverse);
    assert!(
        inverse.starts_with(r#"{"category":"inverse","orderLinkId""#)
            && inverse.contains("\"positionIdx\":0")
    );
    let stopped = Submit { stop_loss: Some(price("59000")), ..market };
    let spot = |mutation: Mutation| mutation.misfit(Category::Spot);
    assert!(spot(Mutation::Submit(stopped)).is_some() && spot(Mutation::Submit(market)).is_none());
    assert!(spot(Mutation::Submit(Submit { reduce_only: true, ..limit })).is_some());
    let all = |symbol| Mutation::CancelAll(CancelAll { symbol, spare_protection: false });
    assert!(
        all(None).misfit(Category::Inverse).is_some() && all(Some(btc())).misfit(Category::Inverse).is_none()
    );
    assert_eq!(all(None).body(Category::Spot), r#"{"category":"spot"}"#);
}
