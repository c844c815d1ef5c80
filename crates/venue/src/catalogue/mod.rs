//! The instruments this venue can list, from tables in the source tree: `linear.csv`, `inverse.csv` and `spot.csv`, one
//! instrument a line, and `risk_tiers.csv`, the ladders that contracts refer to. Whoever wants another adds a line.

use std::sync::LazyLock;

use rust_decimal::Decimal;
use windvane_venue_core::{Category, CoinSetup, CollateralTier, Instrument, RiskTier};

/// Symbols with recorded figures in `config/market`; what a venue lists when it is not told.
pub(crate) const RECORDED: [&str; 3] = ["BTCUSDT", "ETHUSDT", "DOGEUSDT"];

/// An instrument and what a made-up market needs to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) instrument: Instrument,
    /// Price at which a made-up market begins, in quote coin.
    pub(crate) start_price: Decimal,
    /// Value that a made-up market trades in five minutes, in quote coin.
    pub(crate) turnover_5m: Decimal,
}

static LISTINGS: LazyLock<Vec<Listing>> = LazyLock::new(|| {
    let linear = rows(include_str!("linear.csv")).map(|row| perpetual(Category::Linear, &row));
    let inverse = rows(include_str!("inverse.csv")).map(|row| perpetual(Category::Inverse, &row));
    let spot = rows(include_str!("spot.csv")).map(|row| pair(&row));
    let all: Option<Vec<_>> = linear.chain(inverse).chain(spot).collect();
    all.expect("a test reads every line of the built-in tables")
});

static COLLATERAL: LazyLock<Vec<CoinSetup>> = LazyLock::new(|| {
    let mut coins: Vec<CoinSetup> = Vec::new();
    for row in rows(include_str!("collateral.csv")) {
        let (coin, tier) = collateral_tier(&row).expect("a test reads every line of the built-in tables");
        match coins.last_mut().filter(|last| last.coin == coin) {
            Some(last) => last.collateral.push(tier),
            None => coins.push(CoinSetup { coin: coin.to_owned(), collateral: vec![tier] }),
        }
    }
    coins
});

/// Everything there is to list.
pub(crate) fn all() -> &'static [Listing] {
    &LISTINGS
}

/// The listing of this symbol, if the catalogue has it.
pub(crate) fn listing(category: Category, symbol: &str) -> Option<&'static Listing> {
    of(category).find(|listing| *listing.instrument.symbol == *symbol)
}

/// The linear contract of this symbol, as the catalogue has it.
#[must_use]
pub fn linear(symbol: &str) -> Option<&'static Instrument> {
    listing(Category::Linear, symbol).map(|listing| &listing.instrument)
}

/// Every symbol of a product group, for messages.
pub(crate) fn symbols(category: Category) -> Vec<&'static str> {
    of(category).map(|listing| &*listing.instrument.symbol).collect()
}

fn of(category: Category) -> impl Iterator<Item = &'static Listing> {
    all().iter().filter(move |listing| listing.instrument.category == category)
}

/// How much of each coin counts as margin; one without a row counts in full.
pub(crate) fn collateral() -> &'static [CoinSetup] {
    &COLLATERAL
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split(',').collect())
}

/// A line of `linear.csv` or `inverse.csv`; `None` when a column is missing or malformed.
fn perpetual(category: Category, row: &[&str]) -> Option<Listing> {
    let [symbol, base, quote, launch, figures @ .., ladder, funding_min, funding_cap, start, turnover] = row
    else {
        return None;
    };
    let risk_tiers = rows(include_str!("risk_tiers.csv"))
        .filter(|tier| tier.first() == Some(ladder))
        .map(|tier| risk_tier(&tier))
        .collect::<Option<Vec<_>>>()?;
    let instrument = Instrument {
        launch_time_ms: launch.parse().ok()?,
        max_leverage: risk_tiers.first()?.max_leverage,
        leverage_step: Decimal::new(1, 2),
        funding_interval_min: funding_min.parse().ok()?,
        funding_rate_cap: decimal(funding_cap)?,
        risk_tiers,
        ..instrument(category, [symbol, base, quote], figures)?
    };
    Some(Listing { instrument, start_price: decimal(start)?, turnover_5m: decimal(turnover)? })
}

/// A line of `collateral.csv`; `None` when a column is missing or malformed.
fn collateral_tier(row: &[&'static str]) -> Option<(&'static str, CollateralTier)> {
    let [coin, up_to, ratio] = row else { return None };
    let up_to = if up_to.is_empty() { None } else { Some(decimal(up_to)?) };
    Some((coin, CollateralTier { up_to, ratio: decimal(ratio)? }))
}

/// A line of `spot.csv`; `None` when a column is missing or malformed.
fn pair(row: &[&str]) -> Option<Listing> {
    let [symbol, base, quote, figures @ .., start, turnover] = row else { return None };
    let instrument = instrument(Category::Spot, [symbol, base, quote], figures)?;
    Some(Listing { instrument, start_price: decimal(start)?, turnover_5m: decimal(turnover)? })
}

/// What every product has; the rest as a pair has it. `None` when a column is missing or malformed.
fn instrument(category: Category, [symbol, base, quote]: [&str; 3], figures: &[&str]) -> Option<Instrument> {
    let [tick, max_price, lot, min_qty, max_qty, max_market_qty, min_notional, ratio_x, ratio_y] = figures
    else {
        return None;
    };
    Some(Instrument {
        category,
        symbol: symbol.into(),
        base_coin: base.to_owned(),
        quote_coin: quote.to_owned(),
        launch_time_ms: 0,
        tick_size: decimal(tick)?,
        min_price: decimal(tick)?,
        max_price: decimal(max_price)?,
        qty_step: decimal(lot)?,
        min_order_qty: decimal(min_qty)?,
        max_order_qty: decimal(max_qty)?,
        max_market_order_qty: decimal(max_market_qty)?,
        min_notional: decimal(min_notional)?,
        price_limit_ratio_x: decimal(ratio_x)?,
        price_limit_ratio_y: decimal(ratio_y)?,
        max_leverage: Decimal::ONE,
        leverage_step: Decimal::ZERO,
        funding_interval_min: 0,
        funding_rate_cap: Decimal::ZERO,
        risk_tiers: Vec::new(),
    })
}

fn risk_tier(row: &[&str]) -> Option<RiskTier> {
    let [_, limit, rate, leverage] = row else { return None };
    Some(RiskTier {
        limit: decimal(limit)?,
        maintenance_rate: decimal(rate)?,
        max_leverage: decimal(leverage)?,
    })
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collateral_falls_with_the_quantity_and_its_last_step_has_no_end() {
        assert!(collateral().len() >= 5);
        for CoinSetup { coin, collateral } in collateral() {
            let ends: Vec<_> = collateral.iter().map_while(|tier| tier.up_to).collect();
            assert_eq!(ends.len() + 1, collateral.len(), "{coin}: only the last step has no end");
            assert!(
                ends.is_sorted() && collateral.is_sorted_by(|one, next| one.ratio > next.ratio),
                "{coin}"
            );
            assert!(
                collateral.iter().all(|tier| (Decimal::ZERO..Decimal::ONE).contains(&tier.ratio)),
                "{coin}"
            );
        }
    }

    #[test]
    fn every_line_is_read_and_stands_on_its_own_grid() {
        assert!(of(Category::Linear).count() >= 20);
        for Listing { instrument, start_price, turnover_5m } in all() {
            let symbol = &instrument.symbol;
            assert!(
                symbol.starts_with(&instrument.base_coin) && !instrument.base_coin.is_empty(),
                "{symbol}"
            );
            for price in [instrument.max_price, *start_price] {
                assert!(
                    (price % instrument.tick_size).is_zero() && price > Decimal::ZERO,
                    "{symbol}: {price}"
                );
            }
            for qty in [instrument.min_order_qty, instrument.max_order_qty, instrument.max_market_order_qty] {
                assert!((qty % instrument.qty_step).is_zero() && qty > Decimal::ZERO, "{symbol}: {qty}");
            }
            assert!(instrument.max_market_order_qty <= instrument.max_order_qty, "{symbol}");
            assert!(instrument.price_limit_ratio_x < instrument.price_limit_ratio_y, "{symbol}");
            assert!(*turnover_5m > instrument.min_order_qty, "{symbol}");
        }
    }

    #[test]
    fn tiers_rise_in_limit_and_rate_and_fall_in_leverage() {
        let contracts = all().iter().filter(|listing| listing.instrument.category != Category::Spot);
        for instrument in contracts.map(|listing| &listing.instrument) {
            assert!(instrument.risk_tiers.len() >= 6, "{}", instrument.symbol);
            for pair in instrument.risk_tiers.windows(2) {
                assert!(pair[0].limit < pair[1].limit && pair[0].maintenance_rate < pair[1].maintenance_rate);
                assert!(pair[0].max_leverage > pair[1].max_leverage, "{}", instrument.symbol);
            }
        }
    }

    #[test]
    fn no_symbol_is_listed_twice_and_the_recorded_ones_are_there() {
        for category in Category::ALL {
            let mut known = symbols(category);
            known.sort_unstable();
            known.dedup();
            assert_eq!(known.len(), of(category).count());
        }
        assert!(RECORDED.iter().all(|symbol| listing(Category::Linear, symbol).is_some()));
    }
}
