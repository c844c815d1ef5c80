//! Our margin against what the venue reports of it.

use crate::scene::{Scene, dec, leverage, other_symbol, price, qty, symbol};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use windvane_model::{
    Coin, CoinBalance, MarketTime, Money, OrderQuestion, PositionIndex, PositionReport, PositionStatus,
    PreChecked, Rate, Side, WalletReport,
};
use windvane_risk::margin::MarginMode;
use windvane_risk::{Counted, PositionExposure, WalletMargins};

fn money(text: &str) -> Money {
    Money::new(dec(text))
}

/// One at 100, ten times leveraged, at a mark of 100: 10 and the fee to close at 90, which is 0.0495.
pub(crate) fn report(initial: &str, maintenance: &str) -> PositionReport {
    PositionReport {
        symbol: symbol(),
        position_index: PositionIndex(0),
        side: Some(Side::Buy),
        qty: qty("1"),
        average_price: Some(price("100")),
        mark_price: Some(price("100")),
        leverage: Some(leverage("10")),
        stop_loss: None,
        take_profit: None,
        trailing_distance: None,
        liquidation_price: None,
        initial_margin: Some(money(initial)),
        maintenance_margin: Some(money(maintenance)),
        unrealised_pnl: None,
        adl_rank: 0,
        status: PositionStatus::Normal,
        sequence: 1,
        updated: MarketTime(1),
    }
}

/// A row of the settle coin in which open orders hold so much.
fn row(orders: Money) -> CoinBalance {
    CoinBalance {
        coin: Coin::new("USDT").unwrap(),
        wallet_balance: money("1000"),
        equity: None,
        order_margin: Some(orders),
        position_margin: None,
        maintenance_margin: None,
        usd_value: None,
        borrowed: None,
        locked: None,
        bonus: None,
    }
}

pub(crate) fn holding(orders: Money) -> WalletMargins {
    let wallet = WalletReport { coins: vec![row(orders)], ..WalletReport::default() };
    WalletMargins::of(&wallet, Coin::new("USDT").unwrap(), MarginMode::Cross).unwrap()
}

#[test]
fn margins_that_agree_to_the_digit_are_no_error() {
    let mut scene = Scene::new();
    for _ in 0..10 {
        assert_eq!(scene.risk.compare_position(&report("10.0495", "0.5495"), &scene.exposure), None);
    }
    assert_eq!(scene.risk.margin_error(), Some(Decimal::ZERO));
}

#[test]
fn an_error_counts_when_it_is_beyond_the_bound_three_times_in_a_row() {
    let mut scene = Scene::new();
    // The wallet holds 1,000; the bound is 1 %.
    let (right, within, wrong) =
        (report("10.0495", "0.5495"), report("20.0495", "0.5495"), report("20.0496", "0.5495"));
    for report in [&wrong, &wrong, &right, &wrong, &within, &wrong, &wrong] {
        assert_eq!(scene.risk.compare_position(report, &scene.exposure), None);
    }
    assert!(scene.risk.margin_error().unwrap() < dec("-0.01"), "ours is too low");
    let miscount = scene.risk.compare_position(&wrong, &scene.exposure).expect("three in a row");
    assert_eq!((miscount.counted, miscount.symbol), (Counted::PositionInitial, Some(symbol())));
    assert_eq!((miscount.ours, miscount.theirs), (money("10.0495"), money("20.0496")));
    let flat = PositionReport { side: None, average_price: None, ..wrong };
    assert_eq!(scene.risk.compare_position(&flat, &scene.exposure), None);
    assert_eq!(scene.risk.margin_error(), None, "what is gone is no error");
}

#[test]
fn orders_may_hold_anything_between_the_readings_of_the_rule() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.rest(1, Side::Sell, "1", "100");
    scene.rest(2, Side::Sell, "1", "103");
    // One of the two closes; whichever it is, the other holds its order cost.
    let cost = |value: &str| dec(value) * (dec("0.1") + dec("0.00055") + dec("1.1") * dec("0.00055"));
    for theirs in [cost("100"), cost("103"), cost("101")] {
        for _ in 0..3 {
            assert_eq!(scene.risk.compare_wallet(&holding(Money::new(theirs)), &[], &scene.exposure), None);
        }
        assert_eq!(scene.risk.margin_error(), Some(Decimal::ZERO), "{theirs}");
    }
    let too_much = Money::new(cost("103") + dec("20"));
    assert_eq!(scene.risk.compare_wallet(&holding(too_much), &[], &scene.exposure), None);
    assert_eq!(scene.risk.compare_wallet(&holding(too_much), &[], &scene.exposure), None);
    let miscount =
        scene.risk.compare_wallet(&holding(too_much), &[], &scene.exposure).expect("three in a row");
    assert_eq!((miscount.counted, miscount.symbol, miscount.theirs), (Counted::Orders, None, too_much));
}

#[test]
fn what_an_order_would_add_is_compared_with_what_the_venue_says_of_it() {
    let question = OrderQuestion {
        symbol: symbol(),
        position_index: PositionIndex(0),
        side: Side::Buy,
        qty: qty("20"),
        price: price("100"),
    };
    // 2000 × (1/10 + 0.00055 + 0.9 × 0.00055) = 202.09 of 1,000, cut off after four places.
    let told = |after: &str| PreChecked {
        question,
        initial_before: Rate::ZERO,
        maintenance_before: Rate::ZERO,
        initial_after: Rate::new(dec(after)),
        maintenance_after: Rate::ZERO,
    };
    let mut scene = Scene::new();
    for _ in 0..3 {
        assert_eq!(scene.risk.compare_rates(&told("0.2020"), &scene.exposure), None);
    }
    assert_eq!(scene.risk.margin_error(), Some(Decimal::ZERO));
    let wrong: Vec<_> = (0..3).map(|_| scene.risk.compare_rates(&told("0.1000"), &scene.exposure)).collect();
    assert_eq!(wrong[..2], [None, None]);
    let miscount = wrong[2].unwrap();
    assert_eq!((miscount.counted, miscount.theirs), (Counted::Question, money("100")));
}

/// A wallet of 1,000 USDT at an index of 0.999 with one held at 100, ten times leveraged, at a mark of 100.
fn wallet() -> WalletReport {
    let coin = CoinBalance {
        equity: Some(money("1000")),
        position_margin: Some(money("10.0495")),
        maintenance_margin: Some(money("0.5495")),
        usd_value: Some(money("999")),
        ..row(Money::ZERO)
    };
    let usd = |text: &str| Some(Money::new(dec(text) * dec("0.999")));
    WalletReport {
        coins: vec![coin],
        available_usd: usd("989.9505"),
        initial_margin_usd: usd("10.0495"),
        maintenance_margin_usd: usd("0.5495"),
        margin_balance_usd: usd("1000"),
        ..WalletReport::default()
    }
}

const OF_WALLET: [Counted; 6] = [
    Counted::Orders,
    Counted::Positions,
    Counted::PositionsMaintenance,
    Counted::Account,
    Counted::AccountMaintenance,
    Counted::Available,
];

fn compare(scene: &mut Scene, wallet: &WalletReport, mode: MarginMode) -> Option<Counted> {
    let told = WalletMargins::of(wallet, Coin::new("USDT").unwrap(), mode).unwrap();
    let marks = [(symbol(), price("100"))];
    scene.risk.compare_wallet(&told, &marks, &scene.exposure).map(|miscount| miscount.counted)
}

#[test]
fn every_figure_of_a_wallet_is_compared_and_each_that_is_wrong_is_named() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    for _ in 0..3 {
        assert_eq!(compare(&mut scene, &wallet(), MarginMode::Cross), None);
    }
    for counted in OF_WALLET {
        assert_eq!(scene.risk.margin_comparisons(counted), 3, "{counted:?}");
        assert_eq!(scene.risk.margin_error_of(counted), Some(Decimal::ZERO), "{counted:?}");
    }
    let more = |told: Option<Money>| told.map(|told| told.plus(money("20")));
    for counted in OF_WALLET {
        let mut scene = Scene::new();
        scene.hold(Side::Buy, "1");
        let mut wrong = wallet();
        let WalletReport { coins, available_usd, initial_margin_usd, maintenance_margin_usd, .. } =
            &mut wrong;
        let figure = match counted {
            Counted::Orders => &mut coins[0].order_margin,
            Counted::Positions => &mut coins[0].position_margin,
            Counted::PositionsMaintenance => &mut coins[0].maintenance_margin,
            Counted::Account => initial_margin_usd,
            Counted::AccountMaintenance => maintenance_margin_usd,
            _ => available_usd,
        };
        *figure = more(*figure);
        let said = [(); 3].map(|()| compare(&mut scene, &wrong, MarginMode::Cross));
        assert_eq!(said, [None, None, Some(counted)]);
        assert!(scene.risk.margin_error_of(counted).unwrap() < dec("-0.019"), "{counted:?}");
    }
}

#[test]
fn bitcoin_as_collateral_is_no_wrong_model() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.exposure.set_other_collateral(money("5000"));
    let usd = |text: &str| Some(Money::new(dec(text) * dec("0.999")));
    let richer =
        WalletReport { available_usd: usd("5989.9505"), margin_balance_usd: usd("6000"), ..wallet() };
    let question = OrderQuestion {
        symbol: symbol(),
        position_index: PositionIndex(0),
        side: Side::Buy,
        qty: qty("20"),
        price: price("100"),
    };
    // 10.0495 and 0.5495 of 6,000; with the order 212.1395 more or less.
    let told = PreChecked {
        question,
        initial_before: Rate::new(dec("0.0016")),
        maintenance_before: Rate::ZERO,
        initial_after: Rate::new(dec("0.0353")),
        maintenance_after: Rate::ZERO,
    };
    for _ in 0..4 {
        assert_eq!(compare(&mut scene, &richer, MarginMode::Cross), None);
        assert_eq!(scene.risk.compare_rates(&told, &scene.exposure), None);
    }
    assert!(scene.risk.margin_error().unwrap().abs() < dec("0.001"), "{:?}", scene.risk.margin_error());
    assert_eq!(scene.exposure.account().available(), dec("989.9505"), "no order is backed by it");
}

#[test]
fn a_wallet_of_other_marks_is_no_error_and_in_isolated_margin_only_the_coin_counts() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    let mut moved = wallet();
    moved.coins[0].equity = Some(money("1020"));
    moved.coins[0].position_margin = Some(money("12.0495"));
    for _ in 0..4 {
        assert_eq!(compare(&mut scene, &moved, MarginMode::Cross), None);
    }
    assert_eq!(scene.risk.margin_comparisons(Counted::Positions), 0);
    assert_eq!(scene.risk.margin_comparisons(Counted::Orders), 4, "which no mark moves");

    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.exposure.set_margin_mode(MarginMode::Isolated);
    let meaningless = WalletReport { available_usd: Some(money("7")), ..wallet() };
    for _ in 0..4 {
        assert_eq!(compare(&mut scene, &meaningless, MarginMode::Isolated), None);
    }
    let compared = OF_WALLET.map(|counted| scene.risk.margin_comparisons(counted));
    assert_eq!(compared, [4, 4, 4, 0, 0, 0]);
}

#[test]
fn every_figure_has_a_name_of_its_own_for_metrics_and_for_logs() {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let labels: BTreeSet<_> = Counted::ALL.iter().map(|counted| counted.label()).collect();
    assert!(labels.iter().all(|label| is_label(label)), "{labels:?}");
    let words: BTreeSet<_> = Counted::ALL.iter().map(|counted| counted.as_str()).collect();
    assert!(words.iter().all(|words| words.contains("margin")), "{words:?}");
    assert_eq!((labels.len(), words.len()), (Counted::ALL.len(), Counted::ALL.len()));
}

/// What the venue answers to a question about a buy of one at 100 when it knows no order and no position.
fn pre_checked(index: u8, after: &str) -> PreChecked {
    let question = OrderQuestion {
        symbol: symbol(),
        position_index: PositionIndex(index),
        side: Side::Buy,
        qty: qty("1"),
        price: price("100"),
    };
    PreChecked {
        question,
        initial_before: Rate::ZERO,
        maintenance_before: Rate::ZERO,
        initial_after: Rate::new(dec(after)),
        maintenance_after: Rate::ZERO,
    }
}

#[test]
fn a_position_that_is_gone_takes_only_its_own_errors_with_it() {
    let mut scene = Scene::new();
    scene.risk.compare_position(&report("11.0495", "0.5495"), &scene.exposure);
    scene.risk.compare_rates(&pre_checked(0, "0.0131"), &scene.exposure);
    let asked = scene.risk.margin_error_of(Counted::Question);
    assert!(asked.unwrap() < Decimal::ZERO, "{asked:?}");
    let flat = PositionReport { side: None, average_price: None, ..report("0", "0") };
    scene.risk.compare_position(&flat, &scene.exposure);
    assert_eq!(scene.risk.margin_error_of(Counted::PositionInitial), None);
    assert_eq!(scene.risk.margin_error_of(Counted::Question), asked, "what was asked about an order stands");

    scene.risk.compare_position(&report("11.0495", "0.5495"), &scene.exposure);
    let elsewhere = PositionReport { symbol: other_symbol(), ..flat };
    scene.risk.compare_position(&elsewhere, &scene.exposure);
    assert_eq!(scene.risk.margin_error_of(Counted::PositionInitial), Some(dec("-0.001")), "it is another's");
}

#[test]
fn an_order_beside_a_hedged_contracts_other_position_may_add_nothing_or_all_of_its_own() {
    let mut hedged = Scene::new();
    let known = hedged.exposure.contract(symbol(), PositionIndex::ONE_WAY).unwrap().position;
    hedged.exposure.set_position(PositionExposure { index: PositionIndex::LONG, ..known });
    hedged.risk.compare_rates(&pre_checked(1, "0"), &hedged.exposure);
    assert_eq!(hedged.risk.margin_error_of(Counted::Question), Some(Decimal::ZERO));
    let mut one_way = Scene::new();
    one_way.risk.compare_rates(&pre_checked(0, "0"), &one_way.exposure);
    assert!(
        one_way.risk.margin_error_of(Counted::Question).unwrap() > dec("0.0098"),
        "there its cost is exact"
    );
}

#[test]
fn a_question_is_kept_by_its_contract_and_the_account_is_not() {
    let mut scene = Scene::new();
    // Half of all is in use by the venue's account, nothing by ours.
    let wrong = PreChecked { initial_before: Rate::new(dec("0.5")), ..pre_checked(0, "0.5101") };
    let said: Vec<_> = (0..3).map(|_| scene.risk.compare_rates(&wrong, &scene.exposure)).collect();
    let miscount = said[2].expect("three in a row");
    assert_eq!((miscount.counted, miscount.symbol), (Counted::Account, None));
}

#[test]
fn a_wallet_that_tells_no_margin_of_orders_or_none_at_all_holds_none() {
    assert!(holding(Money::ZERO).holds_no_orders());
    assert!(!holding(money("0.01")).holds_no_orders());
    let silent = CoinBalance { order_margin: None, ..row(Money::ZERO) };
    let wallet = WalletReport { coins: vec![silent], ..WalletReport::default() };
    let told = WalletMargins::of(&wallet, Coin::new("USDT").unwrap(), MarginMode::Cross).unwrap();
    assert!(told.holds_no_orders());
}

#[test]
fn a_wallet_is_compared_at_the_marks_that_were_known_when_it_came() {
    let mut scene = Scene::new();
    scene.hold(Side::Buy, "1");
    scene.set_mark(symbol(), price("150"));
    let mut then = wallet();
    then.coins[0].equity = Some(money("1000"));
    let told = WalletMargins::of(&then, Coin::new("USDT").unwrap(), MarginMode::Cross).unwrap();
    let marks = [(other_symbol(), price("7")), (symbol(), price("100"))];
    scene.risk.compare_wallet(&told, &marks, &scene.exposure);
    assert_eq!(scene.risk.margin_comparisons(Counted::Positions), 1, "its profit is that of those marks");
    assert_eq!(scene.risk.margin_error_of(Counted::Positions), Some(Decimal::ZERO));
}
