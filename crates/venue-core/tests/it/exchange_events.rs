//! What the exchange does to an instrument and to those who hold it: liquidation, deleveraging, delisting, a new price step.

use windvane_venue_core::*;

use crate::desk::*;

fn btc() -> (Category, String) {
    (Category::Linear, BTC.to_owned())
}

fn refused(desk: &mut Desk, input: &MarketInput) -> i32 {
    desk.try_market(input).expect("refused").code
}

fn newest_fill(desk: &Desk, uid: Uid) -> ExecutionRow {
    desk.venue.executions(uid, ExecutionFilter::default()).remove(0)
}

/// Statuses of an account's position during the last input, in their order.
fn told(desk: &Desk, uid: Uid) -> Vec<PositionStatus> {
    let of_uid = |output: &Output| match output {
        Output::Position { uid: owner, row } if *owner == uid => Some(row.position_status),
        _ => None,
    };
    desk.out.iter().filter_map(of_uid).collect()
}

#[test]
fn a_liquidation_on_demand_takes_the_position_of_an_account_that_is_covered() {
    for margin_mode in [MarginMode::Cross, MarginMode::Isolated] {
        let mut setup = setup();
        setup.accounts[0].margin_mode = margin_mode;
        let mut desk = Desk::with(setup);
        desk.buy_market(ME, "0.5");
        desk.buy_market(OTHER, "0.1");
        let resting = desk.limit(ME, Side::Sell, "0.01", "60500");
        let (category, symbol) = btc();
        desk.market(MarketInput::Liquidate { category, symbol, uid: Some(ME) });
        assert_eq!(desk.row(ME, &resting.order_id).cancel_type, CancelType::BeforeLiquidation);
        assert_eq!((desk.position(ME).side, desk.position(OTHER).side), (None, Some(Side::Buy)));
        assert_eq!(newest_fill(&desk, ME).exec_type, ExecutionType::BustTrade);
        assert_eq!(told(&desk, ME), [PositionStatus::Liquidation, PositionStatus::Normal], "{margin_mode:?}");
    }
    let mut desk = Desk::open();
    let (category, symbol) = btc();
    assert_eq!(refused(&mut desk, &MarketInput::Liquidate { category, symbol, uid: None }), 10001);
}

#[test]
fn deleveraging_on_demand_cancels_the_orders_of_the_symbol_and_closes_at_its_price() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    let resting = desk.limit(ME, Side::Sell, "0.01", "60500");
    let (category, symbol) = btc();
    let (price, qty) = (Some(dec("60100")), Some(dec("0.2")));
    desk.market(MarketInput::Deleverage { category, symbol, uid: Some(ME), price, qty });
    assert_eq!(desk.row(ME, &resting.order_id).cancel_type, CancelType::BeforeDeleveraging);
    let fill = newest_fill(&desk, ME);
    assert_eq!(
        (fill.exec_type, fill.create_type, fill.exec_price, fill.exec_qty),
        (ExecutionType::AdlTrade, Some(CreateType::ByAdl), dec("60100"), dec("0.2"))
    );
    assert_eq!(told(&desk, ME), [PositionStatus::Adl, PositionStatus::Normal]);
    assert_eq!(desk.venue.transactions(ME).last().unwrap().kind, TransactionType::Adl);
    let (category, symbol) = btc();
    desk.market(MarketInput::Deleverage { category, symbol, uid: None, price: None, qty: None });
    assert_eq!((desk.position(ME).side, newest_fill(&desk, ME).exec_price), (None, dec("60000")));
}

#[test]
fn an_announced_delisting_lets_positions_be_reduced_and_nothing_else() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.5");
    let (category, symbol) = btc();
    desk.market(MarketInput::AnnounceDelisting { category, symbol, delivery_ms: 9 });
    let listing = desk.venue.listing(Category::Linear, BTC).expect("listed");
    assert_eq!((listing.status, listing.delivery_ms), (InstrumentStatus::Trading, Some(9)));
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "0.1", "59000"))), 30228);
    assert_eq!(code(desk.create(ME, limit(Side::Sell, "0.6", "61000"))), 30228, "it would turn the position");
    desk.limit(ME, Side::Sell, "0.5", "60500");
    desk.create(ME, CreateOrder { reduce_only: true, ..limit(Side::Sell, "0.5", "60400") })
        .expect("it reduces");
}

#[test]
fn a_delisting_cancels_every_order_settles_every_position_at_the_index_and_costs_nothing() {
    let mut desk = Desk::open();
    desk.limit(OTHER, Side::Sell, "0.3", "60000");
    let bought = desk.buy_market(ME, "0.3");
    let (resting, fees) = (desk.limit(ME, Side::Buy, "0.01", "59500"), desk.wallet(ME));
    let index = Some(dec("60400"));
    let (category, symbol) = btc();
    desk.market(MarketInput::Prices { category, symbol, mark: None, index, last: None });
    let (category, symbol) = btc();
    desk.market(MarketInput::Delist { category, symbol, price: None });
    let cancelled = desk.row(ME, &resting.order_id);
    assert_eq!(
        (cancelled.cancel_type, cancelled.reject_reason),
        (CancelType::BySettlement, RejectReason::InvalidSymbolStatus)
    );
    let fill = newest_fill(&desk, ME);
    assert_eq!(
        (fill.exec_type, fill.create_type, fill.exec_price, fill.exec_fee),
        (ExecutionType::Settle, Some(CreateType::BySettlement), dec("60400"), dec("0"))
    );
    assert_eq!((desk.position(ME).side, desk.position(OTHER).side), (None, None));
    let gained = desk.wallet(ME).total_wallet_balance - fees.total_wallet_balance;
    assert_eq!(gained, (dec("60400") - bought.avg_price.unwrap()) * dec("0.3"));
    assert_eq!(desk.venue.transactions(ME).last().unwrap().kind, TransactionType::Delivery);
    let closed = &desk.venue.closed_pnl(ME)[0];
    assert_eq!(closed.exec_type, ExecutionType::Settle);

    assert_eq!(code(desk.create(ME, limit(Side::Buy, "0.1", "59000"))), 110074);
    desk.book(&[("59999", "1")], &[("60001", "1")]);
    assert!(desk.venue.book(Category::Linear, BTC, 5).unwrap().bids.is_empty(), "its market is gone");
    let (category, symbol) = btc();
    assert_eq!(refused(&mut desk, &MarketInput::Delist { category, symbol, price: None }), 10001);
}

#[test]
fn after_a_new_price_step_new_prices_have_to_fit_and_old_ones_stay_or_go_as_the_doubt_says() {
    for (tick_change, survivors) in [(TickChange::Kept, 2), (TickChange::Cancelled, 1)] {
        let mut setup = setup();
        setup.doubts.tick_change = tick_change;
        let mut desk = Desk::with(setup);
        desk.limit(ME, Side::Buy, "0.01", "59000");
        let odd = desk.limit(ME, Side::Buy, "0.01", "59000.3");
        let (category, symbol) = btc();
        desk.market(MarketInput::ChangeTickSize { category, symbol, tick_size: dec("0.5") });
        assert_eq!(desk.open_orders(ME).len(), survivors, "{tick_change:?}");
        if tick_change == TickChange::Cancelled {
            let odd = desk.row(ME, &odd.order_id);
            assert_eq!(
                (odd.cancel_type, odd.reject_reason),
                (CancelType::ByExchange, RejectReason::InvalidPriceScale)
            );
        }
        assert_eq!(code(desk.create(ME, limit(Side::Buy, "0.01", "59000.1"))), 10001);
        desk.limit(ME, Side::Buy, "0.01", "59000.5");
        let spec = desk.venue.instruments().next().unwrap();
        assert_eq!(spec.tick_size, dec("0.5"));
    }
}
