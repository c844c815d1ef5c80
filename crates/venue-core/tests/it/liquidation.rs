//! Accounts that can no longer cover their maintenance margin.

use windvane_venue_core::*;

use crate::desk::*;

#[test]
fn a_liquidation_cancels_orders_first_then_closes_at_market() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "1.5");
    let order = desk.limit(ME, Side::Sell, "0.01", "60500");
    let predicted = desk.position(ME).liq_price.expect("a leveraged long has one");
    desk.book(&[("53000", "5")], &[("54000", "5")]);
    desk.prices(Some("53700"), None);
    assert_eq!(desk.position(ME).side, Some(Side::Buy), "still covered");
    assert!(predicted < dec("53700") && predicted > dec("53400"), "{predicted}");
    desk.prices(Some("53400"), None);
    assert_eq!(desk.row(ME, &order.order_id).cancel_type, CancelType::BeforeLiquidation);
    assert_eq!(desk.position(ME).side, None);
    let fill = &desk.venue.executions(ME, ExecutionFilter::default())[0];
    assert_eq!(
        (fill.exec_type, fill.create_type),
        (ExecutionType::BustTrade, Some(CreateType::ByLiquidation))
    );
    assert_eq!(desk.venue.transactions(ME).last().unwrap().kind, TransactionType::Liquidation);
}

#[test]
fn without_a_book_the_position_stays_and_is_tried_again() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "1.5");
    desk.book(&[], &[]);
    desk.prices(Some("50000"), None);
    assert_eq!(desk.position(ME).side, Some(Side::Buy));
    desk.book(&[("49000", "9")], &[]);
    assert_eq!(desk.position(ME).side, None);
}

#[test]
fn a_coin_that_falls_takes_the_positions_with_it_that_it_was_the_margin_of() {
    let mut setup = setup();
    setup.accounts[0].balances = vec![("BTC".to_owned(), dec("0.2"))];
    let mut desk = Desk::with(setup);
    desk.reference(Category::Linear, ETH, Some(dec("3000")));
    let level = |price: &str| vec![(dec(price), dec("10"))];
    let (category, symbol) = (Category::Linear, ETH.to_owned());
    desk.market(MarketInput::Book { category, symbol, bids: level("2999"), asks: level("3001") });
    desk.create(ME, CreateOrder::market(ETH, Side::Buy, dec("3"))).expect("12,000 USD of BTC bear it");
    let held = |desk: &Desk| desk.venue.position(ME, ETH, PositionIdx::OneWay).expect("listed").size;
    desk.mark("1000");
    assert_eq!(held(&desk), dec("3"), "200 USD are more than 45 of maintenance margin");
    desk.mark("100");
    assert_eq!(held(&desk), dec("0"), "20 USD are not");
}

/// Long 42 BTC: of a value between 2 and 2.6 million as much is closed as leaves 2 million.
#[test]
fn a_position_above_the_lowest_tier_is_closed_step_by_step_until_it_is_covered() {
    let steps_of = |rate: &str| {
        let mut setup = setup();
        setup.accounts[0].balances[0].1 = dec("260000");
        setup.instruments[0].risk_tiers[1].maintenance_rate = dec(rate);
        let mut desk = Desk::with(setup);
        desk.book(&[("59999", "99")], &[("60000", "99")]);
        desk.buy_market(ME, "42");
        desk.book(&[("54900", "99")], &[("60000", "99")]);
        desk.prices(Some("55000"), None);
        let told = desk.out.iter().filter_map(|output| match output {
            Output::Liquidation(row) => Some((row.position_side, row.qty)),
            _ => None,
        });
        (told.collect::<Vec<_>>(), desk.position(ME).size)
    };
    // 42 at 55 000 are 2.31 million; 36.363 are the most within 2 million.
    let (told, left) = steps_of("0.2");
    assert_eq!((told, left), (vec![(Side::Buy, dec("5.637"))], dec("36.363")), "covered in the tier below");
    let (told, left) = steps_of("0.0056");
    assert_eq!((told, left), (vec![], dec("42")), "covered as it is");
}

#[test]
fn the_public_hears_the_price_at_which_nothing_is_left_whatever_it_traded_at() {
    let mut desk = Desk::open();
    desk.buy_market(ME, "1.5");
    let entry = desk.position(ME).avg_price;
    let margin = desk.usdt(ME).wallet_balance;
    desk.book(&[("50000", "5")], &[]);
    desk.prices(Some("50000"), None);
    let told: Vec<_> = desk
        .out
        .iter()
        .filter_map(|output| match output {
            Output::Liquidation(row) => Some(row.clone()),
            _ => None,
        })
        .collect();
    let [row] = &told[..] else { panic!("one liquidation: {told:?}") };
    assert_eq!((row.position_side, row.qty), (Side::Buy, dec("1.5")));
    let bankruptcy = entry - margin / dec("1.5");
    let on_tick = (bankruptcy / dec("0.1")).floor() * dec("0.1");
    assert_eq!(row.bankruptcy_price, on_tick);
    assert_eq!(desk.venue.executions(ME, ExecutionFilter::default())[0].exec_price, dec("50000"));
}
