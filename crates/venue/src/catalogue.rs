//! The instruments this venue can list, with the exchange's figures.
//!
//! Sizes and steps are those of the contracts at the time of the recorded figures. BTCUSDT's risk tiers are
//! the exchange's published table (2025); those of the others are shorter tables of the same shape.

use rust_decimal::Decimal;
use windvane_venue_core::{Instrument, RiskTier};

/// Symbols in the catalogue.
pub(crate) const SYMBOLS: [&str; 3] = ["BTCUSDT", "ETHUSDT", "DOGEUSDT"];

/// Limit in thousand USDT, maintenance margin rate in 1e-4, largest leverage.
type Tier = (i64, i64, i64);

const BTC_TIERS: [Tier; 20] = [
    (2_000, 50, 100),
    (2_600, 56, 90),
    (3_200, 63, 80),
    (3_800, 67, 75),
    (4_400, 71, 70),
    (5_000, 77, 65),
    (5_600, 91, 55),
    (8_500, 100, 50),
    (10_000, 130, 45),
    (14_000, 150, 40),
    (20_000, 160, 35),
    (28_000, 200, 30),
    (38_000, 250, 25),
    (50_000, 290, 20),
    (55_000, 300, 19),
    (60_000, 350, 18),
    (65_000, 360, 17),
    (70_000, 380, 16),
    (75_000, 400, 15),
    (80_000, 450, 14),
];
const ETH_TIERS: [Tier; 7] = [
    (1_500, 50, 100),
    (3_000, 75, 66),
    (6_000, 100, 50),
    (12_000, 150, 33),
    (20_000, 200, 25),
    (35_000, 300, 16),
    (50_000, 500, 10),
];
const DOGE_TIERS: [Tier; 6] = [
    (500, 67, 75),
    (1_000, 100, 50),
    (2_000, 200, 25),
    (4_000, 300, 16),
    (8_000, 500, 10),
    (12_000, 1_000, 5),
];

/// The instrument with this symbol, if the catalogue has it.
pub(crate) fn instrument(symbol: &str) -> Option<Instrument> {
    match symbol {
        "BTCUSDT" => Some(Instrument {
            base_coin: "BTC".to_owned(),
            launch_time_ms: 1_584_230_400_000,
            tick_size: Decimal::new(10, 2),
            min_price: Decimal::new(10, 2),
            max_price: Decimal::new(199_999_980, 2),
            qty_step: Decimal::new(1, 3),
            min_order_qty: Decimal::new(1, 3),
            max_order_qty: Decimal::new(1_190_000, 3),
            max_market_order_qty: Decimal::new(500_000, 3),
            risk_tiers: tiers(&BTC_TIERS),
            ..common(symbol)
        }),
        "ETHUSDT" => Some(Instrument {
            base_coin: "ETH".to_owned(),
            launch_time_ms: 1_615_766_400_000,
            tick_size: Decimal::new(1, 2),
            min_price: Decimal::new(1, 2),
            max_price: Decimal::new(19_999_998, 2),
            qty_step: Decimal::new(1, 2),
            min_order_qty: Decimal::new(1, 2),
            max_order_qty: Decimal::new(724_000, 2),
            max_market_order_qty: Decimal::new(130_000, 2),
            risk_tiers: tiers(&ETH_TIERS),
            ..common(symbol)
        }),
        "DOGEUSDT" => Some(Instrument {
            base_coin: "DOGE".to_owned(),
            launch_time_ms: 1_622_592_000_000,
            tick_size: Decimal::new(1, 5),
            min_price: Decimal::new(1, 5),
            max_price: Decimal::new(199_998, 5),
            qty_step: Decimal::ONE,
            min_order_qty: Decimal::ONE,
            max_order_qty: Decimal::from(17_000_000),
            max_market_order_qty: Decimal::from(3_700_000),
            price_limit_ratio_x: Decimal::new(3, 2),
            price_limit_ratio_y: Decimal::new(6, 2),
            max_leverage: Decimal::from(75),
            risk_tiers: tiers(&DOGE_TIERS),
            ..common(symbol)
        }),
        _ => None,
    }
}

/// What the contracts have in common; each one sets its own steps and sizes over it.
fn common(symbol: &str) -> Instrument {
    Instrument {
        symbol: symbol.into(),
        base_coin: String::new(),
        quote_coin: "USDT".to_owned(),
        launch_time_ms: 0,
        tick_size: Decimal::ONE,
        min_price: Decimal::ONE,
        max_price: Decimal::ONE,
        qty_step: Decimal::ONE,
        min_order_qty: Decimal::ONE,
        max_order_qty: Decimal::ONE,
        max_market_order_qty: Decimal::ONE,
        min_notional: Decimal::from(5),
        price_limit_ratio_x: Decimal::new(1, 2),
        price_limit_ratio_y: Decimal::new(2, 2),
        max_leverage: Decimal::ONE_HUNDRED,
        leverage_step: Decimal::new(1, 2),
        funding_interval_min: 480,
        funding_rate_cap: Decimal::new(375, 5),
        risk_tiers: Vec::new(),
    }
}

fn tiers(rows: &[Tier]) -> Vec<RiskTier> {
    let tier = |&(limit_thousands, rate_e4, leverage): &Tier| RiskTier {
        limit: Decimal::from(limit_thousands * 1_000),
        maintenance_rate: Decimal::new(rate_e4, 4),
        max_leverage: Decimal::from(leverage),
    };
    rows.iter().map(tier).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_has_steps_and_rising_tiers() {
        for symbol in SYMBOLS {
            let instrument = instrument(symbol).unwrap();
            assert!(!instrument.base_coin.is_empty() && symbol.starts_with(&instrument.base_coin));
            assert!((instrument.max_price % instrument.tick_size).is_zero(), "{symbol}");
            assert_eq!(instrument.risk_tiers[0].max_leverage, instrument.max_leverage, "{symbol}");
            for pair in instrument.risk_tiers.windows(2) {
                assert!(pair[0].limit < pair[1].limit && pair[0].maintenance_rate < pair[1].maintenance_rate);
            }
        }
    }
}
