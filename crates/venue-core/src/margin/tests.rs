//! Account figures against captured wallets, and the tier table against the published one. The cases are read in place;
//! `tests/it/margin_cases.rs` proves those that can be shown through the venue's doors.

use std::path::PathBuf;

use rust_decimal::Decimal;
use serde_json::Value;

use super::*;

fn cases(kind: &str) -> Vec<Value> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let path =
        std::env::var_os("WINDVANE_SHARED").map_or_else(beside, PathBuf::from).join("margin-cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let is_named = std::env::var_os("WINDVANE_SHARED").is_some();
        assert!(!is_named, "{} is not there", path.display());
        eprintln!("SKIPPED: no margin cases at {}; set WINDVANE_SHARED", path.display());
        return Vec::new();
    };
    let file: Value = serde_json::from_str(&text).expect("the file is JSON");
    let cases = file["cases"].as_array().expect("it holds cases");
    let of_kind: Vec<Value> = cases.iter().filter(|case| case["kind"] == kind).cloned().collect();
    assert!(!of_kind.is_empty(), "no case of kind {kind}");
    of_kind
}

fn number(value: &Value) -> Decimal {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("a decimal as text, not {value}"))
}

#[test]
fn account_rates_match_captured_wallets() {
    for case in cases("account_rates_cross") {
        let (inputs, expected) = (&case["inputs"], &case["expected"]);
        let margin = AccountMargin {
            wallet_balance: number(&inputs["totalWalletBalance"]),
            unrealised: number(&inputs["totalPerpUPL"]),
            position_im: number(&inputs["totalInitialMargin"]),
            position_mm: number(&inputs["totalMaintenanceMargin"]),
            order_im: Decimal::ZERO,
            order_loss: number(&inputs["orderLoss"]),
            ..AccountMargin::default()
        };
        // The captured wallet is in USD by an index with more digits than it shows.
        let is_close = |ours: Decimal, field: &str| {
            (ours - number(&expected[field])).abs() <= number(&case["tolerance"])
        };
        assert!(is_close(margin.margin_balance(), "totalMarginBalance"), "{}", case["id"]);
        assert!(is_close(margin.available(), "totalAvailableBalance"), "{}", case["id"]);
        assert_eq!(margin.im_rate(), Some(number(&expected["accountIMRate"])), "{}", case["id"]);
        assert_eq!(margin.mm_rate(), Some(number(&expected["accountMMRate"])), "{}", case["id"]);
    }
}

#[test]
fn the_coin_s_margin_is_that_of_positions_and_orders() {
    for case in cases("account_coin_sum") {
        let inputs = &case["inputs"];
        let margin = AccountMargin {
            position_im: number(&inputs["totalPositionIM"]),
            order_im: number(&inputs["totalOrderIM"]),
            ..AccountMargin::default()
        };
        let usd_index = number(&inputs["usdValue"]) / number(&inputs["equity"]);
        let difference =
            margin.initial_margin() * usd_index - number(&case["expected"]["totalInitialMargin"]);
        assert!(difference.abs() <= number(&case["tolerance"]), "{}: off by {difference}", case["id"]);
    }
}

#[test]
fn order_loss_counts_only_orders_through_the_mark() {
    for case in cases("order_loss") {
        let mark = number(&case["inputs"]["markPrice"]);
        let orders = case["inputs"]["orders"].as_array().expect("orders");
        let loss: Decimal = orders
            .iter()
            .map(|order| {
                let side = order["side"].as_str().and_then(Side::parse).expect("a side");
                order_loss(Payoff::Linear, side, number(&order["price"]), number(&order["qty"]), mark)
            })
            .sum();
        assert_eq!(loss, number(&case["expected"]["orderLoss"]), "{}", case["id"]);
    }
}

#[test]
fn deductions_match_the_published_table() {
    for case in cases("mm_deduction_table") {
        let rows = case["inputs"]["tiers"].as_array().expect("tiers").iter();
        let table: Vec<RiskTier> = rows
            .map(|row| RiskTier {
                limit: number(&row["limit"]),
                maintenance_rate: number(&row["mmr"]),
                max_leverage: number(&row["maxLeverage"]),
            })
            .collect();
        let tiers = Tiers::new(&table);
        let published = case["expected"]["mmDeduction"].as_array().expect("deductions").iter().map(number);
        let ours: Vec<Decimal> = table.iter().map(|row| tiers.at(row.limit).deduction).collect();
        assert_eq!(ours, published.collect::<Vec<_>>(), "{}", case["id"]);
    }
}

#[test]
fn the_closing_fee_is_reckoned_at_the_bankruptcy_price() {
    for case in cases("bankruptcy_price_linear") {
        let (entry, leverage) = (number(&case["inputs"]["entryPrice"]), number(&case["inputs"]["leverage"]));
        // At a fee rate of one the fee for one coin is the price itself.
        let fee = fee_to_close(Payoff::Linear, Side::Buy, entry, leverage, Decimal::ONE);
        assert_eq!(fee, number(&case["expected"]["bankruptcyPrice"]), "{}", case["id"]);
    }
}

#[test]
fn an_account_without_balance_has_no_rate_and_is_liquidated_only_with_a_position() {
    let ruined = AccountMargin { wallet_balance: Decimal::NEGATIVE_ONE, ..AccountMargin::default() };
    assert_eq!((ruined.mm_rate(), ruined.is_liquidated()), (Some(Decimal::ZERO), false));
    let holding = AccountMargin { position_mm: Decimal::ONE, ..ruined.clone() };
    assert_eq!((holding.mm_rate(), holding.is_liquidated()), (None, true));
}
