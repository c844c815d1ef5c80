//! Doubts of margin and liquidation: each answer shows. Those of orders and reports are in `account.rs`, others beside what
//! they decide.

use windvane_venue_core::*;

use crate::desk::*;

/// A setup with one doubt answered.
fn answered(name: &str, choice: &str) -> Setup {
    let mut setup = setup();
    setup.doubts.set(name, choice).expect("a doubt and its answer");
    setup
}

#[test]
fn orders_of_both_sides_in_hedge_mode_hold_margin_each_or_the_larger_side_alone() {
    let held = |choice| {
        let mut desk = Desk::with(answered("hedge-order-margin", choice));
        let switch = SwitchMode { symbol: Some(BTC.into()), coin: None, mode: PositionMode::Hedge };
        desk.request(ME, Request::SwitchMode(switch)).expect("flat, so it may switch");
        let mut place = |side, qty, price, position_idx| {
            desk.create(ME, CreateOrder { position_idx, ..limit(side, qty, price) }).expect("accepted");
            desk.usdt(ME).total_order_im
        };
        let long = place(Side::Buy, "0.2", "59900", PositionIdx::Long);
        (long, place(Side::Sell, "0.1", "60100", PositionIdx::Short))
    };
    let (long, both) = held("each-side");
    // A tenth, the fee to open, and the fee to close at 11/10 of the value.
    let short = dec("6010") * (dec("0.1") + dec("0.00055") + dec("1.1") * dec("0.00055"));
    assert_eq!(both - long, short);
    assert_eq!(held("larger-side"), (long, long));
}

#[test]
fn a_spot_order_costs_the_collateral_value_that_it_would_lose_or_none() {
    for (choice, lost) in [("collateral-difference", "250"), ("none", "0")] {
        let mut setup = answered("haircut", choice);
        setup.coins = vec![CoinSetup {
            coin: "BTC".to_owned(),
            collateral: vec![CollateralTier { up_to: None, ratio: dec("0.95") }],
        }];
        let contract = setup.instruments[0].clone();
        setup.instruments.push(Instrument { category: Category::Spot, risk_tiers: vec![], ..contract });
        let mut desk = Desk::with(setup);
        desk.reference(Category::Spot, BTC, Some(dec("50000")));
        let before = desk.wallet(ME).total_available_balance;
        let order = CreateOrder { category: Category::Spot, ..limit(Side::Buy, "0.1", "50000") };
        desk.create(ME, order).expect("10 000 USDT pay for it");
        // 5 000 USDT would become 4 750 of collateral.
        assert_eq!(before - desk.wallet(ME).total_available_balance, dec(lost), "{choice}");
    }
}

#[test]
fn a_balance_that_liquidation_leaves_below_zero_is_a_debt_or_covered() {
    for (choice, is_covered) in [("kept", false), ("covered", true)] {
        let mut desk = Desk::with(answered("bankrupt-balance", choice));
        desk.buy_market(ME, "1.5");
        desk.book(&[("50000", "5")], &[]);
        desk.prices(Some("50000"), None);
        assert_eq!(desk.position(ME).size, dec("0"));
        let left = desk.usdt(ME).wallet_balance;
        assert_eq!((left == dec("0"), left < dec("0")), (is_covered, !is_covered), "{choice}: {left}");
        let paid = desk.venue.transactions(ME).last().map(|row| row.kind);
        assert_eq!(paid == Some(TransactionType::Bonus), is_covered, "{choice}");
    }
}

#[test]
fn reduce_only_orders_that_exceed_the_position_are_cut_or_cancelled() {
    for (choice, status, qty) in [("cut", OrderStatus::New, "0.2"), ("cancel", OrderStatus::Cancelled, "0.3")]
    {
        let mut desk = Desk::with(answered("reduce-only-excess", choice));
        desk.buy_market(ME, "0.5");
        let reduce = |price: &str| CreateOrder { reduce_only: true, ..limit(Side::Sell, "0.3", price) };
        let first = desk.create(ME, reduce("60200")).unwrap();
        let second = desk.create(ME, reduce("60300")).unwrap();
        assert_eq!(desk.row(ME, &first.order_id).qty, dec("0.3"), "{choice}: the first fits");
        assert_eq!((second.order_status, second.qty), (status, dec(qty)), "{choice}");
    }
}

#[test]
fn a_market_order_that_finds_nothing_is_refused_or_accepted_and_cancelled() {
    for choice in ["refuse", "cancel"] {
        let mut desk = Desk::with(answered("empty-market", choice));
        desk.book(&[], &[]);
        let came = desk.create(ME, CreateOrder::market(BTC, Side::Buy, dec("0.1")));
        if choice == "refuse" {
            assert_eq!(code(came), 110118);
            assert!(desk.out.is_empty(), "nothing has happened");
        } else {
            let row = came.expect("accepted");
            assert_eq!(
                (row.order_status, row.reject_reason, row.cum_exec_qty),
                (OrderStatus::Cancelled, RejectReason::NoImmediateQtyToFill, dec("0"))
            );
        }
    }
}

#[test]
fn an_isolated_position_is_liquidated_by_the_maintenance_margin_of_its_mark_or_of_its_entry() {
    for choice in ["by-mark", "by-entry"] {
        let mut desk = Desk::with(answered("isolated-liquidation", choice));
        desk.request(ME, Request::SetMarginMode(MarginMode::Isolated)).expect("flat");
        desk.limit(ME, Side::Buy, "0.1", "60000.1");
        let entry = dec("60000.1");
        let expected = match choice {
            // entry − IM + MM of the price itself, and of the entry; 10x and 0.5 %.
            "by-mark" => entry * dec("0.9") / dec("0.995"),
            _ => entry * dec("0.905"),
        };
        let shown = desk.position(ME).liq_price.expect("an isolated position has one");
        assert!((shown - expected).abs() <= dec("0.1"), "{choice}: {shown} is not {expected}");
        desk.book(&[("50000", "9")], &[]);
        desk.prices(Some(&(expected + dec("1")).round_dp(1).to_string()), None);
        assert_ne!(desk.position(ME).size, dec("0"), "{choice}");
        desk.prices(Some(&(expected - dec("1")).round_dp(1).to_string()), None);
        assert_eq!(desk.position(ME).size, dec("0"), "{choice}");
    }
}

/// The book stands 300 above the mark for ten seconds of thirty, then 150 below it.
#[test]
fn the_bound_of_a_contracts_limit_prices_follows_the_mean_premium_or_not() {
    for (choice, high, low) in [
        ("without-premium", ("60600", "59400"), ("60600", "59400")),
        ("with-premium", ("60900", "59400"), ("60600", "59250")),
    ] {
        let mut desk = Desk::with(answered("price-bound", choice));
        desk.book(&[("60299.9", "1")], &[("60300.1", "1")]);
        let at = |pair: (&str, &str)| (dec(pair.0), dec(pair.1));
        assert_eq!(desk.limits(Category::Linear), at(("60600", "59400")), "{choice}: no second has passed");
        desk.pass_ms(10_000);
        assert_eq!(desk.limits(Category::Linear), at(high), "{choice}");
        let order = desk.limit(ME, Side::Buy, "0.001", "62000");
        assert_eq!(order.price, at(high).0, "{choice}: the price is moved to the bound that is told");
        desk.book(&[("59849.9", "1")], &[("59850.1", "1")]);
        desk.pass_ms(10_000);
        if choice == "with-premium" {
            // Ten of +300 and ten of −150 are 75 above.
            assert_eq!(desk.limits(Category::Linear), at(("60675", "59400")));
        }
        desk.pass_ms(20_000);
        assert_eq!(desk.limits(Category::Linear), at(low), "{choice}: the first ten have left the mean");
    }
}

/// Spot has its premium with its sign, over two minutes and around the index, whatever the doubt.
#[test]
fn the_bound_of_spot_moves_with_the_premium_of_two_minutes() {
    for choice in ["without-premium", "with-premium"] {
        let mut setup = answered("price-bound", choice);
        let contract = setup.instruments[0].clone();
        setup.instruments.push(Instrument { category: Category::Spot, risk_tiers: vec![], ..contract });
        let mut desk = Desk::with(setup);
        desk.reference(Category::Spot, BTC, Some(dec("60000")));
        let quote = |desk: &mut Desk, price: &str| {
            let price = dec(price);
            let level = |tick| vec![(price + dec(tick), dec("1"))];
            let (category, symbol) = (Category::Spot, BTC.into());
            desk.market(MarketInput::Book { category, symbol, bids: level("-0.1"), asks: level("0.1") });
        };
        quote(&mut desk, "59880");
        desk.pass_ms(60_000);
        let bounds = |desk: &Desk| desk.limits(Category::Spot);
        assert_eq!(bounds(&desk), (dec("60480"), dec("59280")), "{choice}: 120 below the index");
        quote(&mut desk, "60120");
        desk.pass_ms(60_000);
        assert_eq!(bounds(&desk), (dec("60600"), dec("59400")), "{choice}: as long above as below");
        desk.pass_ms(60_000);
        assert_eq!(bounds(&desk), (dec("60720"), dec("59520")), "{choice}");
    }
}
