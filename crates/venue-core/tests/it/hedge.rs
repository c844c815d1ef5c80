//! Hedge mode: two positions a symbol, each with its own stops and reduce-only orders.

use windvane_venue_core::*;

use crate::desk::*;

fn switch(symbol: Option<&str>, coin: Option<&str>, mode: PositionMode) -> Request {
    Request::SwitchMode(SwitchMode { symbol: symbol.map(str::to_owned), coin: coin.map(str::to_owned), mode })
}

fn hedged() -> Desk {
    let mut desk = Desk::open();
    desk.request(ME, switch(Some(BTC), None, PositionMode::Hedge)).expect("flat, so it may switch");
    desk
}

fn market(side: Side, qty: &str, position_idx: PositionIdx) -> CreateOrder {
    CreateOrder { position_idx, ..CreateOrder::market(BTC, side, dec(qty)) }
}

fn size(desk: &Desk, idx: PositionIdx) -> rust_decimal::Decimal {
    desk.venue.position(ME, BTC, idx).expect("listed").size
}

#[test]
fn a_long_and_a_short_stand_side_by_side() {
    let mut desk = hedged();
    desk.create(ME, market(Side::Buy, "0.1", PositionIdx::Long)).unwrap();
    desk.create(ME, market(Side::Sell, "0.05", PositionIdx::Short)).unwrap();
    let rows = desk.venue.positions_in(ME, BTC);
    let shown: Vec<_> = rows.iter().map(|row| (row.position_idx, row.side, row.size)).collect();
    assert_eq!(
        shown,
        [
            (PositionIdx::Long, Some(Side::Buy), dec("0.1")),
            (PositionIdx::Short, Some(Side::Sell), dec("0.05"))
        ]
    );
    assert_eq!(desk.venue.positions(ME).len(), 2);
    // A sell for the long side closes it, with or without the word, and never more than it.
    let close = desk.create(ME, market(Side::Sell, "0.3", PositionIdx::Long)).unwrap();
    assert_eq!((close.reduce_only, close.cum_exec_qty), (true, dec("0.1")));
    assert_eq!((size(&desk, PositionIdx::Long), size(&desk, PositionIdx::Short)), (dec("0"), dec("0.05")));
    assert_eq!(code(desk.create(ME, market(Side::Sell, "0.1", PositionIdx::Long))), 110017);
}

#[test]
fn the_position_index_must_fit_the_mode() {
    let mut desk = hedged();
    let refused = desk.create(ME, market(Side::Buy, "0.1", PositionIdx::OneWay)).unwrap_err();
    assert_eq!((refused.code, &*refused.message), (10001, "position idx not match position mode"));
    let mut one_way = Desk::open();
    assert_eq!(code(one_way.create(ME, market(Side::Buy, "0.1", PositionIdx::Long))), 10001);
    let mut setup = setup();
    setup.doubts.hedge_close = HedgeClose::Refused;
    let mut strict = Desk::with(setup);
    strict.request(ME, switch(Some(BTC), None, PositionMode::Hedge)).unwrap();
    strict.create(ME, market(Side::Buy, "0.1", PositionIdx::Long)).unwrap();
    assert_eq!(code(strict.create(ME, market(Side::Sell, "0.1", PositionIdx::Long))), 10001);
}

#[test]
fn a_mode_is_kept_by_positions_and_orders() {
    let mut desk = Desk::open();
    assert_eq!(code(desk.request(ME, switch(Some(BTC), None, PositionMode::OneWay))), 110025);
    let order = desk.limit(ME, Side::Buy, "0.1", "59900");
    assert_eq!(code(desk.request(ME, switch(Some(BTC), None, PositionMode::Hedge))), 110028);
    // By coin what cannot switch is passed over.
    desk.request(ME, switch(None, Some("USDT"), PositionMode::Hedge)).unwrap();
    assert_eq!(desk.venue.position_mode(ME, BTC), Some(PositionMode::OneWay));
    assert_eq!(desk.venue.position_mode(ME, ETH), Some(PositionMode::Hedge));
    desk.cancel(ME, &order).unwrap();
    desk.buy_market(ME, "0.1");
    assert_eq!(code(desk.request(ME, switch(Some(BTC), None, PositionMode::Hedge))), 110024);
    assert_eq!(code(desk.request(ME, switch(None, Some("USDC"), PositionMode::Hedge))), 110029);
}

#[test]
fn each_side_has_its_own_stops() {
    let mut desk = hedged();
    desk.create(ME, market(Side::Buy, "0.1", PositionIdx::Long)).unwrap();
    desk.create(ME, market(Side::Sell, "0.1", PositionIdx::Short)).unwrap();
    for (position_idx, price) in [(PositionIdx::Long, "59000"), (PositionIdx::Short, "61000")] {
        let stop = TradingStop { position_idx, stop_loss: stop(price), ..TradingStop::full(BTC) };
        desk.request(ME, Request::TradingStop(stop)).unwrap();
    }
    desk.book(&[("58990", "5")], &[("59010", "5")]);
    desk.prices(Some("58999"), None);
    assert_eq!((size(&desk, PositionIdx::Long), size(&desk, PositionIdx::Short)), (dec("0"), dec("0.1")));
    let left = desk.open_orders(ME);
    assert_eq!(left.iter().map(|row| row.position_idx).collect::<Vec<_>>(), [PositionIdx::Short]);
}

#[test]
fn both_sides_pay_funding_on_their_own_size() {
    let mut desk = hedged();
    desk.create(ME, market(Side::Buy, "0.3", PositionIdx::Long)).unwrap();
    desk.create(ME, market(Side::Sell, "0.1", PositionIdx::Short)).unwrap();
    let before = desk.usdt(ME).wallet_balance;
    let (category, symbol) = (Category::Linear, || BTC.to_owned());
    desk.market(MarketInput::FundingRate {
        category,
        symbol: symbol(),
        rate: dec("0.001"),
        next_funding_ms: 0,
    });
    desk.market(MarketInput::SettleFunding { category, symbol: symbol() });
    assert_eq!(before - desk.usdt(ME).wallet_balance, dec("60000") * dec("0.2") * dec("0.001"));
}
