//! The published and captured margin figures, read in place: `margin-cases.json` in the folder that `WINDVANE_SHARED` names,
//! by default `../shared` beside the workspace. Those of inverse contracts, isolated margin and coins are in
//! `other_margin_cases.rs`, those that no door shows in the core's own unit tests.

use std::path::PathBuf;

use rust_decimal::Decimal;
use serde_json::Value;
use windvane_venue_core::*;

use crate::desk::*;

/// Kinds of cases about linear contracts in cross margin.
const APPLICABLE: [&str; 9] = [
    "order_cost_linear",
    "position_im_linear_mark",
    "position_im_mm_entry",
    "mm_tiered",
    "mm_from_table",
    "trade_fee_linear",
    "funding_linear",
    "closed_pnl_linear",
    "risk_limit_value",
];

pub(crate) fn cases() -> Option<Vec<Value>> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let path =
        std::env::var_os("WINDVANE_SHARED").map_or_else(beside, PathBuf::from).join("margin-cases.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        let is_named = std::env::var_os("WINDVANE_SHARED").is_some();
        assert!(!is_named, "{} is not there", path.display());
        eprintln!("SKIPPED: no margin cases at {}; set WINDVANE_SHARED", path.display());
        return None;
    };
    let file: Value = serde_json::from_str(&text).expect("the file is JSON");
    Some(file["cases"].as_array().expect("it holds cases").clone())
}

pub(crate) fn number(value: &Value) -> Decimal {
    dec(value.as_str().unwrap_or_else(|| panic!("a decimal as text, not {value}")))
}

/// A venue whose one account and instrument are those of the case.
fn venue_of(inputs: &Value) -> Desk {
    let mut setup = setup();
    let account = &mut setup.accounts[0];
    account.balances[0].1 = dec("100000000");
    account.fees.taker = inputs.get("takerFeeRate").map_or(Decimal::ZERO, number);
    account.leverage = inputs.get("leverage").map_or(Decimal::ONE, number);
    let instrument = &mut setup.instruments[0];
    instrument.tick_size = dec("0.0001");
    instrument.min_price = dec("0.0001");
    instrument.max_price = dec("100000000");
    instrument.max_order_qty = dec("100000000");
    instrument.max_market_order_qty = dec("100000000");
    instrument.min_notional = Decimal::ZERO;
    instrument.price_limit_ratio_x = dec("0.9");
    instrument.price_limit_ratio_y = dec("0.9");
    if let Some(tiers) = inputs.get("tiers").and_then(Value::as_array) {
        instrument.risk_tiers = tiers.iter().map(tier).collect();
    }
    Desk::bare(setup)
}

pub(crate) fn tier(row: &Value) -> RiskTier {
    RiskTier {
        limit: number(&row["limit"]),
        maintenance_rate: number(&row["mmr"]),
        max_leverage: row.get("maxLeverage").map_or(dec("100"), number),
    }
}

fn side(inputs: &Value) -> Side {
    inputs.get("side").and_then(Value::as_str).and_then(Side::parse).unwrap_or(Side::Buy)
}

/// Opens the case's position at its entry price and moves the mark.
fn open(desk: &mut Desk, side: Side, size: &str, entry: &str, mark: &str) {
    desk.mark(entry);
    match side {
        Side::Buy => desk.book(&[], &[(entry, size)]),
        Side::Sell => desk.book(&[(entry, size)], &[]),
    }
    desk.create(ME, limit(side, size, entry)).expect("the account is rich");
    desk.prices(Some(mark), None);
    assert_eq!(desk.position(ME).size, dec(size));
}

pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().expect("a text")
}

pub(crate) fn check(case: &Value, shown: &[(&str, Decimal)]) {
    let tolerance = number(&case["tolerance"]);
    for (field, value) in shown {
        let Some(expected) = case["expected"].get(*field).map(number) else { continue };
        assert!(
            (value - expected).abs() <= tolerance,
            "{}: {field} is {value}, published {expected}",
            case["id"]
        );
    }
}

#[test]
fn the_venue_shows_the_published_figures() {
    let Some(cases) = cases() else { return };
    let table = cases.iter().find(|case| case["kind"] == "mm_deduction_table").expect("the tier table");
    let mut proven = 0;
    let is_linear = |case: &&Value| case["inputs"].get("qtyUsd").is_none();
    for case in cases.iter().filter(|case| APPLICABLE.contains(&text(case, "kind"))).filter(is_linear) {
        let inputs = &case["inputs"];
        let mut desk = venue_of(inputs);
        match text(case, "kind") {
            "order_cost_linear" => {
                desk.mark(text(inputs, "price"));
                desk.create(ME, limit(side(inputs), text(inputs, "qty"), text(inputs, "price"))).unwrap();
                let cost = desk.usdt(ME).total_order_im;
                check(case, &[("orderCost", cost), ("totalOrderIM", cost)]);
            }
            "position_im_linear_mark" => {
                let mark = text(inputs, "markPrice");
                open(&mut desk, side(inputs), text(inputs, "size"), text(inputs, "entryPrice"), mark);
                check(case, &[("positionIM", desk.position(ME).position_im)]);
            }
            "position_im_mm_entry" => {
                let entry = text(inputs, "entryPrice");
                open(&mut desk, side(inputs), text(inputs, "size"), entry, entry);
                let row = desk.position(ME);
                let figures = [
                    ("positionValue", row.position_value),
                    ("positionIM", row.position_im),
                    ("positionMM", row.position_mm),
                ];
                check(case, &figures);
            }
            "mm_tiered" => {
                open(
                    &mut desk,
                    Side::Buy,
                    text(inputs, "size"),
                    text(inputs, "price"),
                    text(inputs, "price"),
                );
                let row = desk.position(ME);
                let figures = [
                    ("positionValue", row.position_value),
                    ("initialMarginWithoutFee", row.position_im),
                    ("maintenanceMarginWithoutFee", row.position_mm),
                ];
                check(case, &figures);
            }
            "mm_from_table" => {
                let mut desk = venue_of(&table["inputs"]);
                open(&mut desk, Side::Buy, "1", text(inputs, "positionValue"), text(inputs, "positionValue"));
                check(case, &[("maintenanceMarginWithoutFee", desk.position(ME).position_mm)]);
            }
            "trade_fee_linear" => {
                let mut desk = venue_of(&serde_json::json!({ "takerFeeRate": inputs["feeRate"] }));
                let price = text(inputs, "execPrice");
                open(&mut desk, Side::Buy, text(inputs, "execQty"), price, price);
                let row = &desk.venue.executions(ME, ExecutionFilter::default())[0];
                check(case, &[("execValue", row.exec_value), ("execFee", row.exec_fee)]);
            }
            "funding_linear" => {
                let mark = text(inputs, "markPrice");
                open(&mut desk, side(inputs), text(inputs, "size"), mark, mark);
                let rate = number(&inputs["fundingRate"]);
                desk.market(MarketInput::FundingRate {
                    category: Category::Linear,
                    symbol: BTC.into(),
                    rate,
                    next_funding_ms: 0,
                });
                desk.market(MarketInput::SettleFunding { category: Category::Linear, symbol: BTC.into() });
                let row = &desk.venue.executions(ME, ExecutionFilter::default())[0];
                check(case, &[("positionValue", row.exec_value), ("fundingPaid", row.exec_fee)]);
            }
            "closed_pnl_linear" => {
                let (entry, exit) = (text(inputs, "cumEntryValue"), text(inputs, "cumExitValue"));
                open(&mut desk, Side::Buy, "1", entry, entry);
                desk.mark(exit);
                desk.book(&[(exit, "1")], &[]);
                desk.create(ME, limit(Side::Sell, "1", exit)).unwrap();
                check(case, &[("closedPnl", desk.venue.closed_pnl(ME)[0].closed_pnl)]);
            }
            "risk_limit_value" => {
                let (held, order) = (&inputs["longPosition"], &inputs["buyOrders"][0]);
                let value = number(&case["expected"]["riskValue"]);
                // The value itself is not shown: the order passes when the last tier reaches that far, and not below.
                for (limit_value, is_accepted) in [(value, true), (value - Decimal::ONE, false)] {
                    let tier = serde_json::json!({ "limit": limit_value.to_string(), "mmr": "0.005" });
                    let mut desk = venue_of(&serde_json::json!({ "tiers": [tier] }));
                    open(&mut desk, Side::Buy, text(held, "qty"), text(held, "price"), text(held, "price"));
                    let order = limit(Side::Buy, text(order, "qty"), text(order, "price"));
                    assert_eq!(
                        desk.create(ME, order).is_ok(),
                        is_accepted,
                        "{} at {limit_value}",
                        case["id"]
                    );
                }
            }
            other => unreachable!("{other} is listed as applicable"),
        }
        proven += 1;
    }
    assert!(proven >= 14, "only {proven} cases applied");
}
