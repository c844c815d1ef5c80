//! What an account may ask about itself, inverse contracts, deleveraging, and the doubts that change an answer.

use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

const BTCUSD: &str = "BTCUSD";

/// BTCUSD at 50 000, settled in BTC of which the account has two.
fn inverse() -> Desk {
    let mut setup = setup();
    let spec = setup.instruments[0].clone();
    setup.instruments.push(Instrument {
        category: Category::Inverse,
        symbol: BTCUSD.into(),
        quote_coin: "USD".into(),
        qty_step: dec("1"),
        min_order_qty: dec("1"),
        max_order_qty: dec("1000000"),
        max_market_order_qty: dec("1000000"),
        ..spec
    });
    setup.accounts[0].balances = vec![("BTC".to_owned(), dec("2"))];
    setup.accounts[1].balances = vec![("BTC".to_owned(), dec("2"))];
    let mut desk = Desk::bare(setup);
    desk.reference(Category::Inverse, BTCUSD, Some(dec("50000")));
    desk
}

fn dollars(side: Side, qty: &str, price: &str) -> CreateOrder {
    CreateOrder { category: Category::Inverse, symbol: BTCUSD.into(), ..limit(side, qty, price) }
}

#[test]
fn an_inverse_contract_is_margined_and_paid_in_its_coin() {
    let mut desk = inverse();
    desk.create(ME, dollars(Side::Buy, "10000", "50000")).unwrap();
    let cost = dec("0.2") / dec("10") + dec("0.2") * dec("0.00055") + dec("0.22") * dec("0.00055");
    assert_eq!(desk.coin(ME, "BTC").total_order_im, cost);
    desk.create(OTHER, dollars(Side::Sell, "10000", "50000")).unwrap();
    let row = desk.venue.position(ME, BTCUSD, PositionIdx::OneWay).unwrap();
    assert_eq!((row.category, row.size, row.avg_price), (Category::Inverse, dec("10000"), dec("50000")));
    desk.reference(Category::Inverse, BTCUSD, Some(dec("51000")));
    let row = desk.venue.position(ME, BTCUSD, PositionIdx::OneWay).unwrap();
    assert_eq!(row.unrealised_pnl.round_dp(8), (dec("0.2") - dec("10000") / dec("51000")).round_dp(8));
    desk.create(OTHER, dollars(Side::Buy, "10000", "51000")).unwrap();
    desk.create(ME, dollars(Side::Sell, "10000", "51000")).unwrap();
    let fees: Decimal =
        desk.venue.executions(ME, ExecutionFilter::default()).iter().map(|row| row.exec_fee).sum();
    let gain = desk.coin(ME, "BTC").wallet_balance - dec("2") + fees;
    assert_eq!(gain, row.unrealised_pnl);
    assert_eq!(desk.venue.executions(ME, ExecutionFilter::default())[0].fee_currency, "BTC".into());
}

#[test]
fn a_liquidation_without_a_book_reduces_the_opposite_position() {
    let deleveraged = |answer| {
        let mut setup = setup();
        setup.doubts.deleveraging = answer;
        setup.accounts[1].balances[0].1 = dec("1000000");
        let mut desk = Desk::with(setup);
        desk.book(&[], &[]);
        desk.limit(ME, Side::Buy, "1", "60000");
        desk.create(OTHER, limit(Side::Sell, "1", "60000")).unwrap();
        desk.mark("50000");
        desk
    };
    let desk = deleveraged(Deleveraging::On);
    assert_eq!((desk.position(ME).size, desk.position(OTHER).size), (dec("0"), dec("0")));
    let fill = &desk.venue.executions(OTHER, ExecutionFilter::default())[0];
    assert_eq!((fill.exec_type, fill.create_type), (ExecutionType::AdlTrade, Some(CreateType::ByAdl)));
    let desk = deleveraged(Deleveraging::Off);
    assert_eq!((desk.position(ME).size, desk.position(OTHER).size), (dec("1"), dec("1")));
}

#[test]
fn accounts_of_one_group_do_not_trade_with_each_other() {
    for (group, status) in [(7, OrderStatus::Cancelled), (0, OrderStatus::Filled)] {
        let mut setup = setup();
        setup.accounts.iter_mut().for_each(|account| account.smp_group = group);
        let mut desk = Desk::with(setup);
        let resting = desk.limit(OTHER, Side::Sell, "0.1", "60000");
        let order = CreateOrder {
            self_match_prevention: SelfMatchPrevention::CancelBoth,
            ..limit(Side::Buy, "0.1", "60000")
        };
        let row = desk.create(ME, order).unwrap();
        assert_eq!((row.order_status, row.smp_group), (status, group));
        let kept_from = if group == 0 { "" } else { &*resting.order_id };
        assert_eq!(&*row.smp_order_id, kept_from);
    }
}

#[test]
fn a_slippage_tolerance_bounds_the_market_price() {
    let tolerance = |unit, value: &str| Some(SlippageTolerance { unit, value: dec(value) });
    let order = |slippage| CreateOrder { slippage, ..CreateOrder::market(BTC, Side::Buy, dec("1.5")) };
    let cases = [
        (tolerance(SlippageUnit::TickSize, "1"), "60000.2", "1.5"),
        (tolerance(SlippageUnit::Percent, "0.01"), "60006.1", "1.5"),
        (None, "60600", "1.5"),
    ];
    for (slippage, price, filled) in cases {
        let row = Desk::open().create(ME, order(slippage)).unwrap();
        assert_eq!((row.price, row.cum_exec_qty), (dec(price), dec(filled)), "{slippage:?}");
    }
    for (unit, value, expected) in [
        (SlippageUnit::TickSize, "0", 110108),
        (SlippageUnit::TickSize, "10001", 110108),
        (SlippageUnit::TickSize, "1.5", 110108),
        (SlippageUnit::Percent, "0.001", 110109),
        (SlippageUnit::Percent, "10.01", 110109),
    ] {
        assert_eq!(code(Desk::open().create(ME, order(tolerance(unit, value)))), expected, "{value}");
    }
}

#[test]
fn a_pre_check_tells_the_rates_and_changes_nothing() {
    let desk = Desk::open();
    let check = desk.venue.pre_check(ME, &limit(Side::Buy, "0.1", "60000")).unwrap();
    // 606.27 of order cost by 10 000 is 6.06 %.
    assert_eq!((check.pre_imr_e4, check.post_imr_e4), (0, 606));
    assert_eq!((check.pre_mmr_e4, check.post_mmr_e4), (0, 0));
    let too_much = desk.venue.pre_check(ME, &limit(Side::Buy, "5", "59000")).unwrap_err();
    assert_eq!(too_much.refusal.code, 110007);
    assert!(too_much.rates.expect("the rates come with 110007").post_imr_e4 > 10_000);
    let unknown = CreateOrder { symbol: "NOPE".into(), ..limit(Side::Buy, "5", "59000") };
    assert_eq!(desk.venue.pre_check(ME, &unknown).unwrap_err().rates, None);
    assert!(desk.open_orders(ME).is_empty());
}

#[test]
fn cancel_all_takes_five_hundred_at_most() {
    let mut setup = setup();
    setup.accounts[0].balances[0].1 = dec("1000000");
    let mut desk = Desk::with(setup);
    desk.reference(Category::Linear, ETH, Some(dec("3000")));
    for _ in 0..260 {
        desk.limit(ME, Side::Buy, "0.001", "59900");
        desk.create(ME, CreateOrder::limit(ETH, Side::Buy, dec("0.01"), dec("2990"))).unwrap();
    }
    let all = CancelAll { settle_coin: Some("USDT".into()), ..CancelAll::of(Category::Linear) };
    desk.request(ME, Request::CancelAll(all.clone())).unwrap();
    assert_eq!(desk.open_orders(ME).len(), 20);
    desk.request(ME, Request::CancelAll(all)).unwrap();
    assert!(desk.open_orders(ME).is_empty());
}

/// A venue with one doubt answered.
fn doubting(name: &str, choice: &str) -> Desk {
    let mut setup = setup();
    setup.doubts.set(name, choice).expect("a doubt and its answer");
    Desk::with(setup)
}

#[test]
fn each_answer_to_a_doubt_shows() {
    let small =
        |reduce_only| CreateOrder { reduce_only, ..CreateOrder::market(BTC, Side::Sell, dec("0.001")) };
    for (choice, expected) in [("spared", None), ("applies", Some(110094))] {
        let mut setup = setup();
        setup.doubts.set("min-notional-reduce-only", choice).expect("a doubt and its answer");
        setup.instruments[0].min_notional = dec("100");
        let mut desk = Desk::with(setup);
        desk.buy_market(ME, "0.1");
        assert_eq!(code(desk.create(ME, small(false))), 110094);
        let came = desk.create(ME, small(true)).err().map(|refusal| refusal.code);
        assert_eq!(came, expected, "{choice}");
    }
    for (choice, is_free) in [("for-ever", false), ("while-open", true)] {
        let mut desk = doubting("order-link-id", choice);
        let named =
            || CreateOrder { order_link_id: Some("once".into()), ..limit(Side::Buy, "0.01", "59900") };
        let row = desk.create(ME, named()).unwrap();
        assert_eq!(code(desk.create(ME, named())), 110072);
        desk.cancel(ME, &row).unwrap();
        assert_eq!(desk.create(ME, named()).is_ok(), is_free, "{choice}");
    }
    for (choice, status) in [("cancelled", OrderStatus::Cancelled), ("rejected", OrderStatus::Rejected)] {
        let order =
            CreateOrder { time_in_force: TimeInForce::PostOnly, ..limit(Side::Buy, "0.1", "60000.1") };
        assert_eq!(doubting("matching-refusal", choice).create(ME, order).unwrap().order_status, status);
    }
    for (choice, execution_first) in [("execution-first", true), ("order-first", false)] {
        let mut desk = doubting("fill-report", choice);
        desk.buy_market(ME, "1.5");
        let first = desk.out.iter().position(|output| matches!(output, Output::Execution { .. })).unwrap();
        let order = desk.out.iter().position(|output| matches!(output, Output::Order { .. })).unwrap();
        assert_eq!(first < order, execution_first, "{choice}");
    }
    for (choice, acknowledged) in [("refuse", false), ("second-filled", true)] {
        let mut desk = doubting("late-cancel", choice);
        let row = desk.buy_market(ME, "0.1");
        assert_eq!(desk.cancel(ME, &row).is_ok(), acknowledged, "{choice}");
        let second = desk.order_rows(ME).first().map(|row| (row.order_status, row.reject_reason));
        let filled = (OrderStatus::Filled, RejectReason::OrigClOrdIdDoesNotExist);
        assert_eq!(second, acknowledged.then_some(filled));
        assert_eq!(desk.row(ME, &row.order_id).reject_reason, RejectReason::NoError);
    }
    for (choice, is_accepted) in [("protective", false), ("best-opposite", true), ("mark", true)] {
        // 1.63 BTC need some 9 975 USDT at the protective price and 9 877 at the ask.
        let mut desk = doubting("market-order-margin", choice);
        let order = CreateOrder::market(BTC, Side::Buy, dec("1.64"));
        assert_eq!(desk.create(ME, order).is_ok(), is_accepted, "{choice}");
    }
    for (choice, is_zero) in [("none", true), ("tier-rate", false)] {
        let mut desk = doubting("order-maintenance", choice);
        desk.limit(ME, Side::Buy, "0.1", "59900");
        assert_eq!(desk.wallet(ME).total_maintenance_margin.is_zero(), is_zero, "{choice}");
    }
    for (choice, rows) in [("shown", 2), ("skipped", 1)] {
        let mut desk = doubting("triggered-row", choice);
        let trigger = TriggerSpec {
            price: dec("60100"),
            direction: Some(TriggerDirection::Rise),
            by: TriggerBy::MarkPrice,
        };
        let order = CreateOrder { trigger: Some(trigger), ..CreateOrder::market(BTC, Side::Buy, dec("0.1")) };
        desk.create(ME, order).unwrap();
        desk.prices(Some("60100"), None);
        assert_eq!(desk.order_rows(ME).len(), rows, "{choice}");
    }
}

#[test]
fn the_queue_of_deleveraging_has_five_steps_among_few_and_among_many() {
    for holders in [2_u64, 10, 40] {
        let mut setup = setup();
        let account = |uid| AccountSetup { uid, ..setup.accounts[0].clone() };
        setup.accounts = (1..=holders).map(account).collect();
        let mut desk = Desk::with(setup);
        for uid in 1..=holders {
            // Each bought a little higher than the one before, so that the first gains most.
            let price = format!("{}", 59_000 + uid * 10);
            desk.book(&[("58000", "9")], &[(&price, "9")]);
            desk.buy_market(uid, "0.1");
        }
        desk.mark("60000");
        // Among many the bounds of the steps are as of the last second in which anybody was told a position.
        desk.pass_ms(1_000);
        desk.buy_market(1, "0.001");
        let rank = |uid| desk.venue.position(uid, BTC, PositionIdx::OneWay).unwrap().adl_rank;
        let ranks: Vec<u8> = (1..=holders).map(rank).collect();
        assert!(ranks.is_sorted_by(|first, second| first >= second), "{ranks:?}");
        let of_step = |step: u8| ranks.iter().filter(|rank| **rank == step).count();
        match holders {
            2 => assert_eq!(ranks, [3, 1]),
            10 => assert_eq!([1, 2, 3, 4, 5].map(of_step), [2; 5]),
            _ => assert_eq!([1, 2, 3, 4, 5].map(of_step), [8; 5]),
        }
    }
}
