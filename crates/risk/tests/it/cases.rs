//! The published and captured margin cases, to their stated tolerances. The table is read where it lies
//! (`WINDVANE_SHARED`, else `../shared` beside the workspace) and is not part of the repository.

use crate::scene::{Scene, dec, leverage, qty, symbol};
use rust_decimal::Decimal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use windvane_model::{Leverage, Notional, PositionIndex, Price, Qty, Rate, RiskTier, Side};
use windvane_risk::margin::{
    AccountMargin, Candidate, Collateral, ContractTerms, InverseOrder, InversePosition, MarginMode,
    OrderTerms, PositionTerms, SpotBalance, maintenance_margin, order_loss,
};

fn table() -> Option<Vec<Value>> {
    let shared = std::env::var_os("WINDVANE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("margin-cases.json")).ok()?;
    let table: Value = serde_json::from_str(&text).unwrap();
    Some(table["cases"].as_array().unwrap().clone())
}

fn number(row: &Value, key: &str) -> Decimal {
    dec(row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}")))
}

fn side(row: &Value) -> Side {
    if row["side"] == "Buy" { Side::Buy } else { Side::Sell }
}

fn taker_fee(row: &Value) -> Rate {
    Rate::new(row["takerFeeRate"].as_str().map_or(Decimal::ZERO, dec))
}

fn times(row: &Value) -> Leverage {
    Leverage::new(number(row, "leverage")).unwrap()
}

fn position(row: &Value, mark: Option<&str>) -> PositionTerms {
    let entry = Price::new(number(row, "entryPrice")).unwrap();
    PositionTerms {
        mode: MarginMode::Cross,
        side: side(row),
        qty: row["size"].as_str().map_or(qty("1"), qty),
        entry,
        mark: mark.map_or(entry, |key| Price::new(number(row, key)).unwrap()),
        leverage: times(row),
        taker_fee: taker_fee(row),
        added_margin: row["extraMargin"].as_str().map_or(Decimal::ZERO, dec),
    }
}

fn tiers(row: &Value) -> Vec<RiskTier> {
    let rows = row["tiers"].as_array().unwrap();
    rows.iter()
        .map(|tier| RiskTier {
            limit: Notional::new(number(tier, "limit")).unwrap(),
            maintenance_rate: Rate::new(number(tier, "mmr")),
            initial_rate: Rate::ZERO,
            max_leverage: leverage(tier["maxLeverage"].as_str().unwrap_or("100")),
            maintenance_deduction: Notional::ZERO,
        })
        .collect()
}

/// What the exchange calls the deduction: by how much value × rate exceeds the tiered sum.
fn deduction(tiers: &[RiskTier], value: Decimal) -> Decimal {
    let tier = tiers.iter().find(|tier| value <= tier.limit.get()).or(tiers.last()).unwrap();
    value * tier.maintenance_rate.get() - maintenance_margin(tiers, value)
}

type Figures = Vec<(&'static str, Decimal)>;

/// Our figures for one case, by the names of its expectations; `None` for what this crate does not compute yet.
fn figures(case: &Value, cases: &[Value]) -> Option<Figures> {
    let row = &case["inputs"];
    Some(match case["kind"].as_str().unwrap() {
        "order_cost_linear" => {
            let terms = OrderTerms { side: side(row), leverage: times(row), taker_fee: taker_fee(row) };
            let cost = terms.cost(number(row, "qty") * number(row, "price"));
            vec![
                ("initialMargin", cost.initial_margin),
                ("feeToOpen", cost.fee_to_open),
                ("feeToClose", cost.fee_to_close),
                ("orderCost", cost.total()),
                ("totalOrderIM", cost.total()),
            ]
        }
        "position_im_linear_mark" => {
            let position = position(row, Some("markPrice"));
            vec![
                ("initialMarginWithoutFee", position.initial_margin() - position.fee_to_close()),
                ("feeToClose", position.fee_to_close()),
                ("positionIM", position.initial_margin()),
            ]
        }
        "position_im_mm_entry" => {
            let position = position(row, None);
            let tier = flat_tier(number(row, "mmr"));
            vec![
                ("positionValue", position.value()),
                ("positionIM", position.initial_margin()),
                ("positionMM", position.maintenance_margin(&[tier])),
            ]
        }
        "mm_tiered" if row["qtyUsd"].is_string() => {
            let (price, tiers) = (price_of(row), tiers(row));
            let inverse = InversePosition {
                mode: MarginMode::Cross,
                side: Side::Buy,
                qty_usd: number(row, "qtyUsd"),
                entry: price,
                mark: price,
                leverage: times(row),
                taker_fee: Rate::ZERO,
                added_margin: Decimal::ZERO,
            };
            vec![
                ("positionValue", inverse.value()),
                ("initialMarginWithoutFee", inverse.initial_margin()),
                ("mmDeduction", deduction(&tiers, inverse.value())),
                ("maintenanceMarginWithoutFee", inverse.maintenance_margin(&tiers)),
            ]
        }
        "mm_tiered" => {
            let (value, tiers) = (number(row, "size") * number(row, "price"), tiers(row));
            vec![
                ("positionValue", value),
                ("initialMarginWithoutFee", value / number(row, "leverage")),
                ("mmDeduction", deduction(&tiers, value)),
                ("maintenanceMarginWithoutFee", maintenance_margin(&tiers, value)),
            ]
        }
        "mm_from_table" => {
            let table = cases.iter().find(|case| case["id"] == row["table"]).unwrap();
            let tiers = tiers(&table["inputs"]);
            let value = number(row, "positionValue");
            vec![
                ("mmDeduction", deduction(&tiers, value)),
                ("maintenanceMarginWithoutFee", maintenance_margin(&tiers, value)),
            ]
        }
        "bankruptcy_price_linear" => vec![("bankruptcyPrice", position(row, None).bankruptcy_price())],
        "roi_linear" => {
            let position = position(row, None);
            vec![
                ("initialMargin", position.initial_margin() - position.fee_to_close()),
                ("feeToClose", position.fee_to_close()),
            ]
        }
        "account_rates_cross" => {
            let account = AccountMargin {
                mode: MarginMode::Cross,
                wallet_balance: number(row, "totalWalletBalance"),
                shortfall: Decimal::ZERO,
                locked: Decimal::ZERO,
                unrealised_pnl: number(row, "totalPerpUPL"),
                position_margin: number(row, "totalInitialMargin"),
                order_margin: Decimal::ZERO,
                maintenance_margin: number(row, "totalMaintenanceMargin"),
            };
            let loss = number(row, "orderLoss");
            let shown = |rate: Option<Rate>| rate.unwrap().get().trunc_with_scale(4);
            vec![
                ("totalMarginBalance", account.margin_balance()),
                ("totalAvailableBalance", account.available()),
                ("accountIMRate", shown(account.initial_margin_rate(loss))),
                ("accountMMRate", shown(account.maintenance_margin_rate(loss))),
            ]
        }
        "order_loss" => {
            let mark = Price::new(number(row, "markPrice")).unwrap();
            let orders = row["orders"].as_array().unwrap();
            let loss = orders.iter().map(|order| {
                order_loss(side(order), Qty::new(number(order, "qty")).unwrap(), price_of(order), mark)
            });
            vec![("orderLoss", loss.sum())]
        }
        "account_coin_sum" => {
            let account = AccountMargin {
                position_margin: number(row, "totalPositionIM"),
                order_margin: number(row, "totalOrderIM"),
                ..AccountMargin::default()
            };
            let usd_index = number(row, "usdValue") / number(row, "equity");
            vec![("totalInitialMargin", account.initial_margin() * usd_index)]
        }
        "order_cost_inverse" => {
            let order = InverseOrder {
                side: side(row),
                qty_usd: number(row, "qtyUsd"),
                price: price_of(row),
                leverage: times(row),
                taker_fee: taker_fee(row),
            };
            let cost = order.cost();
            vec![
                ("initialMargin", cost.initial_margin),
                ("feeToOpen", cost.fee_to_open),
                ("feeToClose", cost.fee_to_close),
                ("orderCost", cost.total()),
            ]
        }
        "liq_price_isolated_inverse" => {
            let price = |side| {
                let position = inverse_position(row, side);
                position.isolated_liquidation_price(&[flat_tier(number(row, "mmr"))]).unwrap().get()
            };
            vec![("liqPriceLong", price(Side::Buy)), ("liqPriceShort", price(Side::Sell))]
        }
        "liq_price_isolated_linear_older" => {
            let isolated = PositionTerms { mode: MarginMode::Isolated, ..position(row, None) };
            let tiers = [flat_tier(number(row, "mmr"))];
            // Of the two forms the older one is the nearer here.
            vec![
                ("initialMargin", isolated.initial_margin()),
                ("maintenanceMargin", maintenance_margin(&tiers, isolated.entry_value())),
                ("liqPrice", isolated.isolated_liquidation_price(&tiers).unwrap().get()),
            ]
        }
        "borrow_amount" => {
            let balance = SpotBalance {
                wallet: number(row, "walletBalance") - number(row, "feePaid"),
                locked: number(row, "frozen"),
                isolated_margin: Decimal::ZERO,
            };
            vec![("borrowAmount", balance.borrowed(number(row, "upl")))]
        }
        "collateral_tiers" => {
            let steps = row["tiers"].as_array().unwrap().iter().map(|step| {
                let ceiling = step["upTo"].as_str().filter(|text| !text.is_empty()).map(dec);
                (ceiling, number(step, "ratio"))
            });
            let steps: Vec<_> = steps.collect();
            vec![("effectiveQty", Collateral(&steps).counted(number(row, "qty")))]
        }
        _ => return None,
    })
}

/// One tier so wide that its rate is the only thing that counts.
fn flat_tier(maintenance_rate: Decimal) -> RiskTier {
    RiskTier {
        limit: Notional::new(Decimal::from(1_000_000)).unwrap(),
        maintenance_rate: Rate::new(maintenance_rate),
        initial_rate: Rate::ZERO,
        max_leverage: leverage("100"),
        maintenance_deduction: Notional::ZERO,
    }
}

fn inverse_position(row: &Value, side: Side) -> InversePosition {
    let entry = Price::new(number(row, "entryPrice")).unwrap();
    InversePosition {
        mode: MarginMode::Isolated,
        side,
        qty_usd: number(row, "qtyUsd"),
        entry,
        mark: entry,
        leverage: times(row),
        taker_fee: taker_fee(row),
        added_margin: number(row, "extraMargin"),
    }
}

fn price_of(row: &Value) -> Price {
    Price::new(number(row, "price")).unwrap()
}

/// The published rule values each order at its own price, ours everything at the highest of prices and mark: never
/// less, so no order passes here that the exchange refuses for its tier.
fn check_risk_value_is_bounded(case: &Value) -> u32 {
    let (held, order) = (&case["inputs"]["longPosition"], &case["inputs"]["buyOrders"][0]);
    let mut scene = Scene::new();
    scene.hold(Side::Buy, held["qty"].as_str().unwrap());
    let exposure = scene.exposure.contract(symbol(), PositionIndex(0)).unwrap();
    let terms = ContractTerms { exposure, mark: price_of(held), taker_fee: Rate::ZERO };
    let qty = Qty::new(number(order, "qty")).unwrap();
    let candidate = Candidate { side: Side::Buy, qty, price: price_of(order), replaces: None };
    assert!(terms.worst_value(Some(&candidate)) >= number(&case["expected"], "riskValue"));
    1
}

/// Every case is met or counted by name as not ours, so that a new kind in the table is noticed.
#[test]
fn published_and_captured_cases_are_met_to_their_tolerance() {
    let Some(cases) = table() else {
        // Whoever names the folder wants these tests; without that they are left out, and say so.
        assert!(
            std::env::var_os("WINDVANE_SHARED").is_none(),
            "WINDVANE_SHARED has no {}",
            "margin-cases.json"
        );
        eprintln!(
            "SKIPPED: margin-cases.json is not beside the workspace; set WINDVANE_SHARED to its folder"
        );
        return;
    };
    let mut skipped = BTreeMap::<&str, u32>::new();
    let mut met = 0;
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        if case["kind"] == "mm_deduction_table" {
            met += check_deductions(case);
            continue;
        }
        if case["kind"] == "risk_limit_value" {
            met += check_risk_value_is_bounded(case);
            continue;
        }
        let Some(figures) = figures(case, &cases) else {
            *skipped.entry(case["kind"].as_str().unwrap()).or_default() += 1;
            continue;
        };
        let tolerance = number(case, "tolerance");
        let mut compared = 0;
        for (key, ours) in figures {
            let Some(theirs) = case["expected"][key].as_str().map(dec) else { continue };
            assert!((ours - theirs).abs() <= tolerance, "{id} {key}: ours {ours}, theirs {theirs}");
            compared += 1;
        }
        assert!(compared > 0, "{id} compares nothing");
        met += 1;
    }
    assert_eq!(met, 28, "skipped: {skipped:?}");
    // Books are order management's and the venue's; the legacy case is of the classic account, which is gone.
    let of_books = [
        "avg_entry_inverse",
        "closed_pnl_linear",
        "funding_linear",
        "liq_price_cross_inverse_legacy",
        "trade_fee_inverse",
        "trade_fee_linear",
    ];
    assert_eq!(skipped.keys().copied().collect::<Vec<_>>(), of_books);
}

fn check_deductions(case: &Value) -> u32 {
    let tiers = tiers(&case["inputs"]);
    let expected = case["expected"]["mmDeduction"].as_array().unwrap();
    assert_eq!(tiers.len(), expected.len());
    for (tier, expected) in tiers.iter().zip(expected) {
        assert_eq!(deduction(&tiers, tier.limit.get()), dec(expected.as_str().unwrap()), "{}", tier.limit);
    }
    1
}
