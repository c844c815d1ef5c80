//! How far a price may lie from the reference price: the bounds of limit prices and the protection of market orders.

use rust_decimal::Decimal;

use super::Market;
use crate::api::{Category, PriceBound, Side, SlippageTolerance, SlippageUnit};
use crate::units::{ONE, decimal, round_down, round_up};

/// Highest buy and lowest sell price, in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceBounds {
    pub(crate) highest_buy: i64,
    pub(crate) lowest_sell: i64,
}

/// Seconds over which the premium is averaged. Source: Bybit help centre, "Price Limit".
pub(super) fn premium_seconds(category: Category) -> i64 {
    match category {
        Category::Linear | Category::Inverse => 30,
        Category::Spot => 120,
    }
}

/// A price in units at one factor, in units of units (1e-16) so that nothing is rounded.
fn at(price: i64, factor: i64) -> i128 {
    i128::from(price) * i128::from(factor)
}

impl Market {
    /// Contracts: min(mark(1+Y), max(index, mark(1+X) + max(0, premium))) for buys, mirrored for sells, or the same without
    /// the premium. Spot: the index in the mark's place, and the premium of two minutes with its sign whatever the rule, as
    /// both pages have it. Source: Bybit help centre, "Price Limit".
    pub(crate) fn price_bounds(&self, rule: PriceBound, now_ms: i64) -> Option<PriceBounds> {
        let reference = self.reference()?;
        let index = at(self.index.unwrap_or(reference), ONE);
        let (x, y) = (self.grid.ratio_x, self.grid.ratio_y);
        let mean = || self.premium.mean(now_ms, self.standing_premium());
        let (above, below) = match (self.is_spot(), rule) {
            (true, _) => (mean(), mean()),
            (false, PriceBound::WithPremium) => (mean().max(0), mean().min(0)),
            (false, PriceBound::WithoutPremium) => (0, 0),
        };
        let rise = at(reference, ONE.saturating_add(x)) + above;
        let fall = at(reference, ONE.saturating_sub(x)) + below;
        let highest = rise.max(index).min(at(reference, ONE.saturating_add(y)));
        let lowest = fall.min(index).max(at(reference, ONE.saturating_sub(y)));
        Some(PriceBounds {
            highest_buy: self.grid.tick_below(highest),
            lowest_sell: self.grid.tick_above(lowest),
        })
    }

    /// Notes the premium of the seconds that have passed. What it is reckoned from must not have changed since they did.
    pub(crate) fn sample_premium(&mut self, now_ms: i64) {
        if self.premium.is_due(now_ms) {
            let standing = self.standing_premium();
            self.premium.sample(now_ms, standing);
        }
    }

    /// The price that bounds go by.
    fn reference(&self) -> Option<i64> {
        if self.is_spot() { self.index } else { self.mark }
    }

    /// Middle of the book less the reference price, in units of units; `None` with a side missing.
    fn standing_premium(&self) -> Option<i128> {
        let (bid, ask) = (self.book.best(Side::Buy)?, self.book.best(Side::Sell)?);
        Some(at(bid, ONE / 2) + at(ask, ONE / 2) - at(self.reference()?, ONE))
    }

    /// A limit price, moved to the bound when it lies beyond.
    pub(crate) fn bounded(&self, (rule, now_ms): (PriceBound, i64), side: Side, price: i64) -> i64 {
        match (self.price_bounds(rule, now_ms), side) {
            (None, _) => price,
            (Some(bounds), Side::Buy) => price.min(bounds.highest_buy),
            (Some(bounds), Side::Sell) => price.max(bounds.lowest_sell),
        }
    }

    /// The worst price a market order may take: mark × (1 ± X) (spot: index), on the tick inside the band, and inside the
    /// client's own tolerance from the best opposite price. Source: Bybit V5, "Place Order", `slippageTolerance`.
    pub(crate) fn protective_price(&self, side: Side, slippage: Option<SlippageTolerance>) -> Option<i64> {
        let reference = if self.is_spot() { self.coin_price() } else { self.valuation_price() }?;
        let (grid, x) = (&self.grid, self.grid.ratio_x);
        let protective = match side {
            Side::Buy => grid.tick_below(at(reference, ONE.saturating_add(x))),
            Side::Sell => grid.tick_above(at(reference, ONE.saturating_sub(x))),
        };
        let Some((tolerance, best)) = slippage.zip(self.book.best(side.opposite())) else {
            return Some(protective);
        };
        let best = decimal(best);
        let distance = match tolerance.unit {
            SlippageUnit::TickSize => decimal(grid.tick()) * tolerance.value,
            SlippageUnit::Percent => best * tolerance.value / Decimal::ONE_HUNDRED,
        };
        Some(match side {
            Side::Buy => protective.min(round_down(best + distance, grid.tick())),
            Side::Sell => protective.max(round_up(best - distance, grid.tick()).max(grid.tick())),
        })
    }
}
