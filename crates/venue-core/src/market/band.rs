//! How far a price may lie from the reference price: the bounds of limit prices and the protection of market orders.

use rust_decimal::Decimal;

use super::Market;
use crate::api::{PriceBound, Side, SlippageTolerance, SlippageUnit};
use crate::units::{ONE, decimal, round_down, round_up};

/// Highest buy and lowest sell price, in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceBounds {
    pub(crate) highest_buy: i64,
    pub(crate) lowest_sell: i64,
}

/// A price in units at one factor, in units of units (1e-16) so that nothing is rounded.
fn at(price: i64, factor: i64) -> i128 {
    i128::from(price) * i128::from(factor)
}

impl Market {
    /// Contracts: min(max(index, mark(1+X)), mark(1+Y)) for buys, mirrored for sells; spot the same with the index in the
    /// mark's place and without the premium. Source: Bybit help centre, "Price Limit".
    pub(crate) fn price_bounds(&self, rule: PriceBound) -> Option<PriceBounds> {
        let reference = if self.is_spot() { self.index } else { self.mark }?;
        let index = at(self.index.unwrap_or(reference), ONE);
        let (x, y) = (self.grid.ratio_x, self.grid.ratio_y);
        let premium = match rule {
            PriceBound::WithoutPremium => 0,
            PriceBound::WithPremium => self.premium(reference),
        };
        let rise = at(reference, ONE.saturating_add(x)) + premium.max(0);
        let fall = at(reference, ONE.saturating_sub(x)) + premium.min(0);
        let highest = rise.max(index).min(at(reference, ONE.saturating_add(y)));
        let lowest = fall.min(index).max(at(reference, ONE.saturating_sub(y)));
        Some(PriceBounds {
            highest_buy: self.grid.tick_below(highest),
            lowest_sell: self.grid.tick_above(lowest),
        })
    }

    /// Middle of the book less the reference price, in units of units; zero with a side missing.
    fn premium(&self, reference: i64) -> i128 {
        match (self.book.best(Side::Buy), self.book.best(Side::Sell)) {
            (Some(bid), Some(ask)) => at(bid, ONE / 2) + at(ask, ONE / 2) - at(reference, ONE),
            _ => 0,
        }
    }

    /// A limit price, moved to the bound when it lies beyond.
    pub(crate) fn bounded(&self, rule: PriceBound, side: Side, price: i64) -> i64 {
        match (self.price_bounds(rule), side) {
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
