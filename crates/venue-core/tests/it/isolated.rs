//! Isolated margin: a position stands by its own margin, can be given more, and is liquidated alone.

use windvane_venue_core::*;

use crate::desk::*;

fn isolated() -> Desk {
    let mut desk = Desk::open();
    desk.request(ME, Request::SetMarginMode(MarginMode::Isolated)).expect("flat");
    desk
}

fn add(margin: &str) -> Request {
    Request::AddMargin(AddMargin {
        category: Category::Linear,
        symbol: BTC.into(),
        position_idx: PositionIdx::OneWay,
        margin: dec(margin),
    })
}

#[test]
fn margin_goes_by_the_entry_price_and_profit_is_not_spent() {
    let mut desk = isolated();
    desk.limit(ME, Side::Buy, "0.1", "60000.1");
    let entry = dec("6000.01");
    let margin = entry / dec("10") + entry * dec("0.9") * dec("0.00055");
    assert_eq!(desk.position(ME).position_im, margin);
    desk.mark("90000");
    assert_eq!(desk.position(ME).position_im, margin);
    assert_eq!(desk.wallet(ME).margin_mode, MarginMode::Isolated);
    assert_eq!(code(desk.create(ME, limit(Side::Buy, "1.2", "89000"))), 110007);
}

#[test]
fn a_position_is_liquidated_alone_and_costs_no_more_than_its_margin() {
    let mut desk = isolated();
    desk.buy_market(ME, "0.5");
    let before = desk.usdt(ME).wallet_balance;
    let row = desk.position(ME);
    let liq_price = row.liq_price.expect("an isolated position has one");
    assert!(liq_price > dec("54000") && liq_price < dec("54400"), "{liq_price}");
    desk.book(&[], &[("60000", "1")]);
    desk.prices(Some("54400"), None);
    assert_eq!(desk.position(ME).size, dec("0.5"), "the mark has not reached it");
    desk.prices(Some("53000"), None);
    assert_eq!(desk.position(ME).size, dec("0"));
    assert!(before - desk.usdt(ME).wallet_balance <= row.position_im, "no more than its margin is lost");
    let fill = &desk.venue.executions(ME, ExecutionFilter::default())[0];
    assert_eq!((fill.exec_type, fill.create_type), (ExecutionType::BustTrade, Some(CreateType::ByTakeOver)));
}

#[test]
fn more_margin_moves_the_liquidation_price_and_can_be_taken_back() {
    let mut desk = isolated();
    assert_eq!(code(desk.request(ME, add("10"))), 110033);
    desk.buy_market(ME, "0.5");
    let before = desk.position(ME);
    desk.request(ME, add("1000")).unwrap();
    let after = desk.position(ME);
    assert_eq!(after.position_im, before.position_im + dec("1000"));
    assert!(after.liq_price < before.liq_price);
    assert_eq!(code(desk.request(ME, add("100000"))), 110014);
    assert_eq!(code(desk.request(ME, add("-1000.5"))), 110078);
    assert_eq!(code(desk.request(ME, add("0.00001"))), 10001);
    desk.request(ME, add("-1000")).unwrap();
    assert_eq!(desk.position(ME).liq_price, before.liq_price);
    assert_eq!(code(Desk::open().request(ME, add("1"))), 110015);
}

#[test]
fn auto_add_margin_keeps_a_position_as_long_as_there_is_balance() {
    let mut desk = isolated();
    desk.buy_market(ME, "0.5");
    let auto = SetAutoAddMargin {
        category: Category::Linear,
        symbol: BTC.into(),
        position_idx: PositionIdx::OneWay,
        auto_add: true,
    };
    desk.request(ME, Request::SetAutoAddMargin(auto)).unwrap();
    desk.prices(Some("53000"), None);
    let row = desk.position(ME);
    assert_eq!((row.size, row.auto_add_margin), (dec("0.5"), true));
    assert!(row.liq_price < Some(dec("53000")));
    desk.prices(Some("30000"), None);
    assert_eq!(desk.position(ME).size, dec("0"));
    assert!(desk.usdt(ME).wallet_balance >= dec("0"));
}

#[test]
fn the_margin_mode_is_of_the_whole_account_and_needs_the_balance() {
    let mut desk = Desk::open();
    assert_eq!(code(desk.request(ME, Request::SetMarginMode(MarginMode::Cross))), 110026);
    desk.buy_market(ME, "1");
    desk.book(&[("119999", "1")], &[("120001", "1")]);
    desk.mark("120000");
    desk.limit(ME, Side::Buy, "0.4", "118900");
    let refused = desk.request(ME, Request::SetMarginMode(MarginMode::Isolated));
    assert_eq!(code(refused), 3400045);
    assert_eq!(desk.venue.margin_mode(ME), Some(MarginMode::Cross));
}

#[test]
fn only_isolated_hedges_have_a_leverage_for_each_side() {
    let set = || {
        Request::SetLeverage(SetLeverage {
            category: Category::Linear,
            symbol: BTC.into(),
            buy_leverage: dec("20"),
            sell_leverage: dec("5"),
        })
    };
    let mut desk = isolated();
    assert_eq!(code(desk.request(ME, set())), 10001);
    let hedge = SwitchMode { symbol: Some(BTC.into()), coin: None, mode: PositionMode::Hedge };
    desk.request(ME, Request::SwitchMode(hedge)).unwrap();
    desk.request(ME, set()).unwrap();
    let leverage: Vec<_> = desk.venue.positions_in(ME, BTC).iter().map(|row| row.leverage).collect();
    assert_eq!(leverage, [dec("20"), dec("5")]);
    assert_eq!(code(desk.request(ME, set())), 110043);
}

#[test]
fn a_limit_price_at_which_the_position_would_be_gone_is_refused_where_that_price_is_known() {
    let long = |margin_mode, choice: &str| {
        let mut setup = setup();
        setup.doubts.set("price-beyond-liquidation", choice).unwrap();
        // A price bound wide enough for the liquidation price to lie inside.
        setup.instruments[0].price_limit_ratio_x = dec("0.2");
        setup.instruments[0].price_limit_ratio_y = dec("0.3");
        let mut desk = Desk::with(setup);
        if margin_mode == MarginMode::Isolated {
            desk.request(ME, Request::SetMarginMode(margin_mode)).unwrap();
        }
        desk.buy_market(ME, "1");
        desk
    };
    for (margin_mode, choice, expected) in [
        (MarginMode::Isolated, "refused-isolated", Some(110040)),
        (MarginMode::Isolated, "refused", Some(110040)),
        (MarginMode::Isolated, "accepted", None),
        (MarginMode::Cross, "refused-isolated", None),
        (MarginMode::Cross, "refused", Some(110040)),
        (MarginMode::Cross, "accepted", None),
    ] {
        let mut desk = long(margin_mode, choice);
        let liquidation = desk.position(ME).liq_price.expect("one is shown");
        let buy = |price| CreateOrder { price: Some(price), ..limit(Side::Buy, "0.001", "1") };
        let came = desk.create(ME, buy(liquidation)).err().map(|refusal| refusal.code);
        assert_eq!(came, expected, "{margin_mode} {choice}");
        let better = desk.create(ME, buy(liquidation + dec("0.1"))).expect("a tick better");
        let down = desk.amend(&better, None, Some(&(liquidation - dec("1")).to_string()));
        assert_eq!(down.err().map(|refusal| refusal.code), expected, "{margin_mode} {choice}: an amend");
        // A sell at any price trades at that of the book, which is better.
        let close = CreateOrder { reduce_only: true, ..limit(Side::Sell, "0.1", "50000") };
        assert_eq!(desk.create(ME, close).unwrap().order_status, OrderStatus::Filled);
    }
}
