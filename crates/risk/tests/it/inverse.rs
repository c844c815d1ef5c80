//! Contracts that settle in their own coin, worked by hand: 10,000 US dollars opened at 40,000, the mark at 50,000, ten times
//! leveraged, a fee of 0.055 %. A quarter of a coin went in, a fifth is what it is worth.

use crate::scene::{dec, leverage, price};
use rust_decimal::Decimal;
use windvane_model::{Notional, Rate, RiskTier, Side};
use windvane_risk::margin::{InversePosition, MarginMode};

fn position(mode: MarginMode, side: Side) -> InversePosition {
    InversePosition {
        mode,
        side,
        qty_usd: dec("10000"),
        entry: price("40000"),
        mark: price("50000"),
        leverage: leverage("10"),
        taker_fee: Rate::new(dec("0.00055")),
        added_margin: Decimal::ZERO,
    }
}

/// Up to `limit` coins at half a per cent, then one per cent with what makes the step even.
fn tiers(limit: &str) -> [RiskTier; 2] {
    let tier = |limit: &str, rate: &str, deduction: Decimal| RiskTier {
        limit: Notional::new(dec(limit)).unwrap(),
        maintenance_rate: Rate::new(dec(rate)),
        initial_rate: Rate::new(dec("0.02")),
        max_leverage: leverage("50"),
        maintenance_deduction: Notional::new(deduction).unwrap(),
    };
    [tier(limit, "0.005", Decimal::ZERO), tier("1000", "0.01", dec(limit) * dec("0.005"))]
}

#[test]
fn value_and_profit_are_in_the_coin() {
    let [long, short] = [Side::Buy, Side::Sell].map(|side| position(MarginMode::Cross, side));
    assert_eq!((long.entry_value(), long.value()), (dec("0.25"), dec("0.2")));
    assert_eq!((long.unrealised_pnl(), short.unrealised_pnl()), (dec("0.05"), dec("-0.05")));
}

#[test]
fn margin_goes_by_the_mark_in_cross_and_by_the_entry_in_isolated_margin() {
    // Closing at bankruptcy costs 0.275 or 0.225 coins times the fee.
    for (side, fee) in [(Side::Buy, "0.00015125"), (Side::Sell, "0.00012375")] {
        let cross = position(MarginMode::Cross, side);
        assert_eq!(cross.initial_margin(), dec("0.02") + dec(fee), "{side:?}");
        assert_eq!(cross.maintenance_margin(&tiers("10")), dec("0.001") + dec(fee), "{side:?}");
        let isolated = InversePosition { added_margin: dec("0.01"), ..position(MarginMode::Isolated, side) };
        assert_eq!(isolated.initial_margin(), dec("0.035") + dec(fee), "{side:?}");
    }
}

#[test]
fn an_isolated_position_is_liquidated_where_the_published_formula_says() {
    // The tier is that of the value at entry, 1.2 coins; one that ends there still holds it.
    let at = |side, added: &str, limit: &str| {
        let position = InversePosition {
            qty_usd: dec("60000"),
            entry: price("50000"),
            added_margin: dec(added),
            ..position(MarginMode::Isolated, side)
        };
        position.isolated_liquidation_price(&tiers(limit)).map(|price| price.get().round_dp(2))
    };
    // 60,000 × 1.005 / 1.32 and 60,000 × 0.995 / 1.08.
    assert_eq!(at(Side::Buy, "0", "1.2"), Some(dec("45681.82")));
    assert_eq!(at(Side::Sell, "0", "1.2"), Some(dec("55277.78")));
    // One per cent on all, less a half of one coin: 60,000 × 1.01 / (1.32 + 0.005).
    assert_eq!(at(Side::Buy, "0", "1"), Some(dec("45735.85")));
    // What was added counts without the fee: 60,000 × 1.005 / (1.32 + 0.012 / 1.00055), 60,000 × 0.995 / (1.08 − 0.012 / 0.99945).
    assert_eq!(at(Side::Buy, "0.012", "1.2"), Some(dec("45270.49")));
    assert_eq!(at(Side::Sell, "0.012", "1.2"), Some(dec("55899.22")));
    let unleveraged =
        InversePosition { leverage: leverage("1"), ..position(MarginMode::Isolated, Side::Sell) };
    assert_eq!(unleveraged.isolated_liquidation_price(&tiers("10")), None, "all that it can lose is there");
}
