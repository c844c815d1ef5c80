//! Spot for cash: balances, what orders lock, fees in the coin received, and the codes of refusals.

use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

pub(crate) const PAIR: &str = "BTCUSDT";

/// BTCUSDT as spot at 60 000 beside the contract of the same name; 10 000 USDT and 1 BTC.
pub(crate) fn spot() -> Desk {
    spot_with(|_| {})
}

pub(crate) fn spot_with(doubt: impl FnOnce(&mut Doubts)) -> Desk {
    let mut setup = setup();
    doubt(&mut setup.doubts);
    let contract = setup.instruments[0].clone();
    setup.instruments.push(Instrument {
        category: Category::Spot,
        qty_step: dec("0.000001"),
        min_order_qty: dec("0.000011"),
        max_order_qty: dec("80"),
        risk_tiers: vec![],
        ..contract
    });
    setup.accounts[0].balances.push(("BTC".to_owned(), dec("1")));
    let mut desk = Desk::with(setup);
    at(&mut desk, "60000");
    outside(&mut desk, &[("59990", "0.05"), ("59980", "1")], &[("60010", "0.05"), ("60020", "1")]);
    desk
}

/// Moves the pair's prices.
pub(crate) fn at(desk: &mut Desk, price: &str) {
    desk.reference(Category::Spot, PAIR, Some(dec(price)));
}

/// Replaces the pair's outside book.
pub(crate) fn outside(desk: &mut Desk, bids: &[(&str, &str)], asks: &[(&str, &str)]) {
    let levels = |levels: &[(&str, &str)]| levels.iter().map(|(price, qty)| (dec(price), dec(qty))).collect();
    let (category, symbol) = (Category::Spot, PAIR.into());
    desk.market(MarketInput::Book { category, symbol, bids: levels(bids), asks: levels(asks) });
}

pub(crate) fn on_spot(order: CreateOrder) -> CreateOrder {
    CreateOrder { category: Category::Spot, ..order }
}

fn buy(qty: &str, price: &str) -> CreateOrder {
    on_spot(limit(Side::Buy, qty, price))
}

#[test]
fn a_buy_pays_quote_coin_and_its_fee_in_base_coin() {
    let mut desk = spot();
    let row = desk.create(ME, buy("0.05", "60010")).unwrap();
    assert_eq!((row.category, row.order_status), (Category::Spot, OrderStatus::Filled));
    let paid = dec("60010") * dec("0.05");
    assert_eq!(desk.usdt(ME).wallet_balance, dec("10000") - paid);
    assert_eq!(desk.coin(ME, "BTC").wallet_balance, dec("1.05") - dec("0.00005"));
    assert_eq!(row.cum_fee_detail, [("BTC".into(), dec("0.00005"))]);
    let row = desk.create(ME, on_spot(limit(Side::Sell, "0.05", "59990"))).unwrap();
    assert_eq!(row.cum_fee_detail, [("USDT".into(), dec("59990") * dec("0.05") * dec("0.001"))]);
    assert!(desk.venue.positions(ME).is_empty(), "spot holds coins, not positions");
    let log = desk.venue.transactions(ME);
    assert_eq!(log.iter().map(|row| &*row.currency).collect::<Vec<_>>(), ["BTC", "USDT", "BTC", "USDT"]);
    let moved: Decimal = log.iter().filter(|row| &*row.currency == "USDT").map(|row| row.change).sum();
    assert_eq!(desk.usdt(ME).wallet_balance, dec("10000") + moved);
}

#[test]
fn a_rebate_comes_in_the_other_coin() {
    let mut desk = spot();
    let mut setup_with_rebate = setup();
    setup_with_rebate.accounts[0].spot_fees.maker = dec("-0.0001");
    let mut spec = setup_with_rebate.instruments[0].clone();
    spec.category = Category::Spot;
    setup_with_rebate.instruments = vec![spec];
    desk = {
        drop(desk);
        Desk::bare(setup_with_rebate)
    };
    desk.reference(Category::Spot, PAIR, Some(dec("60000")));
    desk.create(ME, buy("0.01", "60000")).unwrap();
    let (category, symbol) = (Category::Spot, PAIR.into());
    desk.market(MarketInput::Trade {
        category,
        symbol,
        side: Side::Sell,
        price: dec("60000"),
        qty: dec("1"),
    });
    assert_eq!(desk.coin(ME, "BTC").wallet_balance, dec("0.01"));
    assert_eq!(desk.usdt(ME).wallet_balance, dec("10000") - dec("600") + dec("0.06"));
}

#[test]
fn orders_lock_what_they_would_pay_until_they_end() {
    let mut desk = spot();
    let bid = desk.create(ME, buy("0.1", "59900")).unwrap();
    let ask = desk.create(ME, on_spot(limit(Side::Sell, "0.7", "60100"))).unwrap();
    assert_eq!((desk.usdt(ME).locked, desk.coin(ME, "BTC").locked), (dec("5990"), dec("0.7")));
    assert_eq!(code(desk.create(ME, buy("0.1", "59900"))), 170131);
    assert_eq!(code(desk.create(ME, on_spot(limit(Side::Sell, "0.31", "60100")))), 170131);
    desk.amend(&bid, Some("0.15"), None).expect("9 000 of 10 000 are enough");
    assert_eq!(desk.usdt(ME).locked, dec("8985"));
    for order in [&bid, &ask] {
        desk.cancel(ME, order).unwrap();
    }
    assert_eq!((desk.usdt(ME).locked, desk.coin(ME, "BTC").locked), (dec("0"), dec("0")));
}

#[test]
fn a_market_order_counts_in_the_coin_that_it_names() {
    let cases = [
        (Side::Buy, None, "3000.5", "0.05"),
        (Side::Buy, None, "6002.5", "0.100016"),
        (Side::Buy, Some(MarketUnit::BaseCoin), "0.06", "0.06"),
        (Side::Sell, None, "0.06", "0.06"),
        (Side::Sell, Some(MarketUnit::QuoteCoin), "2999.5", "0.05"),
    ];
    for (side, market_unit, qty, filled) in cases {
        let mut desk = spot();
        let order = CreateOrder { market_unit, ..on_spot(CreateOrder::market(PAIR, side, dec(qty))) };
        let row = desk.create(ME, order).unwrap();
        assert_eq!((row.order_status, row.qty), (OrderStatus::Filled, dec(qty)), "{side} {qty}");
        assert_eq!(row.cum_exec_qty, dec(filled), "{side} {market_unit:?} {qty}");
        assert!(desk.usdt(ME).wallet_balance >= Decimal::ZERO);
    }
    let mut desk = spot();
    desk.market(MarketInput::Book {
        category: Category::Spot,
        symbol: PAIR.into(),
        bids: vec![],
        asks: vec![(dec("60010"), dec("0.05"))],
    });
    let row = desk.create(ME, on_spot(CreateOrder::market(PAIR, Side::Buy, dec("6000")))).unwrap();
    assert_eq!((row.order_status, row.cum_exec_qty), (OrderStatus::PartiallyFilledCanceled, dec("0.05")));
}

#[test]
fn refusals_carry_the_codes_of_spot() {
    let named = || CreateOrder { order_link_id: Some("once".into()), ..buy("0.001", "59000") };
    let cases = [
        (170121, CreateOrder { symbol: "NOPE".into(), ..buy("0.001", "59900") }),
        (170134, buy("0.001", "59900.05")),
        (170137, buy("0.0010005", "59900")),
        (170136, buy("0.00001", "59900")),
        (170124, buy("81", "59900")),
        (170140, buy("0.000011", "59900")),
        (170131, buy("1", "59900")),
        (170193, buy("0.001", "61000")),
        (170194, on_spot(limit(Side::Sell, "0.001", "59000"))),
        (170036, CreateOrder { is_leverage: true, ..buy("0.001", "59900") }),
        (170130, CreateOrder { reduce_only: true, ..buy("0.001", "59900") }),
    ];
    for (expected, order) in cases {
        let text = format!("{order:?}");
        assert_eq!(code(spot().create(ME, order)), expected, "{text}");
    }
    let mut desk = spot();
    let row = desk.create(ME, CreateOrder { price: Some(dec("59900")), ..named() }).unwrap();
    assert_eq!(code(desk.create(ME, CreateOrder { price: Some(dec("59900")), ..named() })), 170141);
    desk.cancel(ME, &row).unwrap();
    assert_eq!(code(desk.cancel(ME, &row)), 170213);
    desk.request(ME, Request::SetLimitPriceAction { category: Category::Spot, modify: true }).unwrap();
    let moved = desk.create(ME, buy("0.001", "70000")).unwrap();
    assert_eq!(moved.price, dec("60600"), "moved to the bound once the account has said so");
}

#[test]
fn a_tpsl_order_holds_its_funds_while_it_waits_and_a_stop_order_does_not() {
    let trigger = TriggerSpec { price: dec("59000"), direction: None, by: TriggerBy::LastPrice };
    for (kind, locked) in [(OrderKind::TpslOrder, "0.2"), (OrderKind::StopOrder, "0")] {
        let mut desk = spot();
        let order = CreateOrder {
            trigger: Some(trigger),
            kind: Some(kind),
            ..on_spot(CreateOrder::market(PAIR, Side::Sell, dec("0.2")))
        };
        let row = desk.create(ME, order).unwrap();
        assert_eq!(desk.coin(ME, "BTC").locked, dec(locked), "{kind}");
        assert_eq!(code(desk.cancel(ME, &row)), 170213, "a waiting order is cancelled under its orderFilter");
        desk.reference(Category::Spot, PAIR, Some(dec("59000")));
        desk.market(MarketInput::Book {
            category: Category::Spot,
            symbol: PAIR.into(),
            bids: vec![(dec("59000"), dec("1"))],
            asks: vec![],
        });
        assert!(desk.row(ME, &row.order_id).order_status.is_closed());
    }
}

#[test]
fn coins_count_as_margin_by_their_collateral_value() {
    let mut desk = spot();
    assert_eq!(desk.wallet(ME).total_equity, dec("70000"));
    let mut setup = setup();
    setup.accounts[0].balances.push(("BTC".to_owned(), dec("1")));
    let collateral = vec![CollateralTier { up_to: None, ratio: dec("0.9") }];
    setup.coins = vec![CoinSetup { coin: "BTC".to_owned(), collateral }];
    desk = Desk::with(setup);
    let wallet = desk.wallet(ME);
    assert_eq!((wallet.total_equity, wallet.total_margin_balance), (dec("70000"), dec("64000")));
}

#[test]
fn a_waiting_market_order_by_base_coin_holds_by_its_trigger_and_is_refused_beyond_the_balance() {
    let trigger = Some(TriggerSpec { price: dec("61000"), direction: None, by: TriggerBy::LastPrice });
    let order = |qty: &str| CreateOrder {
        trigger,
        kind: Some(OrderKind::TpslOrder),
        market_unit: Some(MarketUnit::BaseCoin),
        ..on_spot(CreateOrder::market(PAIR, Side::Buy, dec(qty)))
    };
    let mut desk = spot();
    assert_eq!(code(desk.create(ME, order("0.2"))), 170131, "12 200 of 10 000");
    desk.create(ME, order("0.1")).unwrap();
    assert_eq!(desk.usdt(ME).locked, dec("6100"));
}
