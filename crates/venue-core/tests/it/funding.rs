//! Funding settlements.

use windvane_venue_core::*;

use crate::desk::*;

#[test]
fn longs_pay_shorts_when_the_rate_is_positive_and_every_record_agrees() {
    let mut desk = Desk::open();
    desk.limit(OTHER, Side::Sell, "0.5", "60000");
    desk.buy_market(ME, "0.5");
    let before = desk.wallet(ME).total_wallet_balance;
    desk.market(MarketInput::FundingRate {
        category: Category::Linear,
        symbol: BTC.into(),
        rate: dec("0.0001"),
        next_funding_ms: 9,
    });
    desk.mark("60123.4");
    desk.market(MarketInput::SettleFunding { category: Category::Linear, symbol: BTC.into() });
    let paid = dec("0.5") * dec("60123.4") * dec("0.0001");
    assert_eq!(desk.wallet(ME).total_wallet_balance, before - paid);
    let row = &desk.venue.executions(ME, ExecutionFilter::default())[0];
    assert_eq!(
        (row.exec_type, row.order_type, row.exec_fee),
        (ExecutionType::Funding, OrderType::Unknown, paid)
    );
    assert_eq!(desk.venue.executions(OTHER, ExecutionFilter::default())[0].exec_fee, -paid);
    let log = desk.venue.transactions(ME).pop().unwrap();
    assert_eq!((log.kind, log.funding, log.change), (TransactionType::Settlement, -paid, -paid));
    assert_eq!(log.fee_rate, dec("0.0001"));
    assert_eq!(desk.venue.transactions(OTHER).pop().unwrap().fee_rate, dec("-0.0001"), "the side's own rate");
    assert!(desk.out.iter().any(|output| matches!(output, Output::Wallet { uid: ME, .. })));
}
