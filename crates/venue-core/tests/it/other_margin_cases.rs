//! The published figures of inverse contracts, isolated margin and coins, and that no case is left out unsaid.

use rust_decimal::Decimal;
use serde_json::Value;
use windvane_venue_core::*;

use crate::desk::*;
use crate::margin_cases::{cases, check, number, text, tier};

const SYMBOL: &str = "BTCUSD";

/// Kinds that are proven elsewhere, or why they are not.
const ELSEWHERE: [(&str, &str); 14] = [
    ("order_cost_linear", "margin_cases"),
    ("position_im_linear_mark", "margin_cases"),
    ("position_im_mm_entry", "margin_cases"),
    ("mm_from_table", "margin_cases"),
    ("trade_fee_linear", "margin_cases"),
    ("funding_linear", "margin_cases"),
    ("closed_pnl_linear", "margin_cases"),
    ("risk_limit_value", "margin_cases"),
    ("mm_deduction_table", "unit test of margin"),
    ("bankruptcy_price_linear", "unit test of margin"),
    ("account_rates_cross", "unit test of margin"),
    ("account_coin_sum", "unit test of margin"),
    ("order_loss", "unit test of margin"),
    ("liq_price_cross_inverse_legacy", "the classic account, which the unified one replaced"),
];

fn field(inputs: &Value, key: &str) -> Decimal {
    inputs.get(key).map_or(Decimal::ZERO, number)
}

/// An inverse contract (or with `category` a linear one) as the case wants it, and an account rich in its coin.
fn venue_of(inputs: &Value, category: Category, mode: MarginMode) -> Desk {
    let mut setup = setup();
    let spec = &mut setup.instruments[0];
    spec.category = category;
    spec.symbol = SYMBOL.into();
    spec.tick_size = dec("0.0001");
    spec.min_price = dec("0.0001");
    spec.max_price = dec("100000000");
    spec.qty_step = dec("0.1");
    spec.min_order_qty = dec("0.1");
    spec.max_order_qty = dec("100000000");
    spec.min_notional = Decimal::ZERO;
    spec.price_limit_ratio_x = dec("0.9");
    spec.price_limit_ratio_y = dec("0.9");
    spec.risk_tiers = match inputs.get("tiers").and_then(Value::as_array) {
        Some(tiers) => tiers.iter().map(tier).collect(),
        None => vec![RiskTier {
            limit: dec("100000000"),
            maintenance_rate: field(inputs, "mmr"),
            max_leverage: dec("100"),
        }],
    };
    let account = &mut setup.accounts[0];
    account.balances = vec![("BTC".to_owned(), dec("1000000")), ("USDT".to_owned(), dec("1000000"))];
    account.leverage = inputs.get("leverage").map_or(Decimal::ONE, number);
    account.fees.taker = inputs.get("takerFeeRate").or(inputs.get("feeRate")).map_or(Decimal::ZERO, number);
    account.margin_mode = mode;
    setup.doubts.isolated_liquidation = match category {
        Category::Linear => IsolatedLiquidation::ByEntry,
        Category::Inverse | Category::Spot => IsolatedLiquidation::ByMark,
    };
    Desk::bare(setup)
}

fn open(desk: &mut Desk, category: Category, side: Side, qty: &str, price: &str) -> PositionRow {
    desk.reference(category, SYMBOL, Some(dec(price)));
    let level = vec![(dec(price), dec(qty))];
    let (bids, asks) = if side == Side::Buy { (vec![], level) } else { (level, vec![]) };
    desk.market(MarketInput::Book { category, symbol: SYMBOL.into(), bids, asks });
    let order = CreateOrder::limit(SYMBOL, side, dec(qty), dec(price));
    desk.create(ME, CreateOrder { category, ..order }).expect("the account is rich");
    desk.venue.position(ME, SYMBOL, PositionIdx::OneWay).expect("listed")
}

fn inverse(inputs: &Value, mode: MarginMode) -> Desk {
    venue_of(inputs, Category::Inverse, mode)
}

fn prove(case: &Value) -> bool {
    let inputs = &case["inputs"];
    let shown: Vec<(&str, Decimal)> = match text(case, "kind") {
        "order_cost_inverse" => {
            let mut desk = inverse(inputs, MarginMode::Cross);
            desk.reference(Category::Inverse, SYMBOL, Some(number(&inputs["price"])));
            let order =
                CreateOrder::limit(SYMBOL, Side::Buy, number(&inputs["qtyUsd"]), number(&inputs["price"]));
            desk.create(ME, CreateOrder { category: Category::Inverse, ..order })
                .expect("the account is rich");
            vec![("orderCost", desk.coin(ME, "BTC").total_order_im)]
        }
        "mm_tiered" if inputs.get("qtyUsd").is_some() => {
            let mut desk = inverse(inputs, MarginMode::Cross);
            let (qty, price) = (text(inputs, "qtyUsd"), text(inputs, "price"));
            let row = open(&mut desk, Category::Inverse, Side::Buy, qty, price);
            vec![
                ("positionValue", row.position_value),
                ("initialMarginWithoutFee", row.position_im),
                ("maintenanceMarginWithoutFee", row.position_mm),
            ]
        }
        "liq_price_isolated_linear_older" => {
            let mut desk = venue_of(inputs, Category::Linear, MarginMode::Isolated);
            let (size, entry) = (text(inputs, "size"), text(inputs, "entryPrice"));
            let row = open(&mut desk, Category::Linear, Side::Buy, size, entry);
            vec![("liqPrice", row.liq_price.expect("isolated")), ("initialMargin", row.position_im)]
        }
        "liq_price_isolated_inverse" => [(Side::Buy, "liqPriceLong"), (Side::Sell, "liqPriceShort")]
            .into_iter()
            .map(|(side, name)| {
                let mut desk = inverse(inputs, MarginMode::Isolated);
                let (qty, entry) = (text(inputs, "qtyUsd"), text(inputs, "entryPrice"));
                (name, open(&mut desk, Category::Inverse, side, qty, entry).liq_price.expect("isolated"))
            })
            .collect(),
        "roi_linear" => {
            let mut desk = venue_of(inputs, Category::Linear, MarginMode::Isolated);
            let (size, entry) = (text(inputs, "size"), text(inputs, "entryPrice"));
            let row = open(&mut desk, Category::Linear, Side::Buy, size, entry);
            vec![("roiPercent", field(inputs, "unrealisedPnl") / row.position_im * Decimal::ONE_HUNDRED)]
        }
        "avg_entry_inverse" => {
            let mut desk = inverse(inputs, MarginMode::Cross);
            let fills = inputs["fills"].as_array().expect("fills");
            let rows = fills.iter().map(|fill| {
                let (qty, price) = (text(fill, "qtyUsd"), text(fill, "price"));
                open(&mut desk, Category::Inverse, Side::Buy, qty, price)
            });
            vec![("avgPrice", rows.last().expect("fills").avg_price)]
        }
        "trade_fee_inverse" => {
            let mut desk = inverse(inputs, MarginMode::Cross);
            open(&mut desk, Category::Inverse, Side::Buy, text(inputs, "qtyUsd"), text(inputs, "price"));
            vec![("fee", desk.venue.executions(ME, ExecutionFilter::default())[0].exec_fee)]
        }
        "borrow_amount" => {
            let coin = text(inputs, "coin");
            let left = field(inputs, "walletBalance") + field(inputs, "upl")
                - field(inputs, "feePaid")
                - field(inputs, "frozen");
            let mut setup = setup();
            setup.accounts[0].balances = vec![(coin.to_owned(), left)];
            vec![("borrowAmount", Desk::bare(setup).coin(ME, coin).borrow_amount)]
        }
        "collateral_tiers" => {
            let step = |row: &Value| CollateralTier {
                up_to: row["upTo"].as_str().filter(|text| !text.is_empty()).map(dec),
                ratio: number(&row["ratio"]),
            };
            let collateral = inputs["tiers"].as_array().expect("tiers").iter().map(step).collect();
            let mut setup = setup();
            setup.coins = vec![CoinSetup { coin: "BTC".to_owned(), collateral }];
            setup.accounts[0].balances = vec![("BTC".to_owned(), field(inputs, "qty"))];
            let mut desk = Desk::bare(setup);
            desk.mark("1");
            vec![("effectiveQty", desk.wallet(ME).total_wallet_balance)]
        }
        _ => return false,
    };
    check(case, &shown);
    true
}

#[test]
fn every_case_is_proven_or_has_a_reason() {
    let Some(cases) = cases() else { return };
    let mut proven = 0;
    for case in &cases {
        let kind = text(case, "kind");
        if prove(case) {
            proven += 1;
        } else {
            let is_listed = kind == "mm_tiered" || ELSEWHERE.iter().any(|(listed, _)| *listed == kind);
            assert!(is_listed, "{} of kind {kind} is proven nowhere", case["id"]);
        }
    }
    assert!(proven >= 11, "only {proven} cases applied");
}
