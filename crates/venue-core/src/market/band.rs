//! How far a price may lie from the reference price: the bounds of limit prices and the protection of market orders.

use rust_decimal::Decimal;

use super::Market;
use crate::api::{PriceBound, Side, SlippageTolerance, SlippageUnit};
use crate::units::{decimal, round_down, round_up};

/// Highest buy and lowest sell price, in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceBounds {
    pub(crate) highest_buy: i64,
    pub(crate) lowest_sell: i64,
}

impl Market {
    /// Contracts: min(max(index, mark(1+X)), mark(1+Y)) for buys, mirrored for sells; spot the same with the index in the
    /// mark's place and without the premium. Source: Bybit help centre, "Price Limit".
    pub(crate) fn price_bounds(&self, rule: PriceBound) -> Option<PriceBounds> {
        let reference = decimal(if self.is_spot() { self.index } else { self.mark }?);
        let index = self.index.map_or(reference, decimal);
        let (x, y) = (self.spec.price_limit_ratio_x, self.spec.price_limit_ratio_y);
        let one = Decimal::ONE;
        let premium = match rule {
            PriceBound::WithoutPremium => Decimal::ZERO,
            PriceBound::WithPremium => self.premium(reference),
        };
        let rise = reference * (one + x) + premium.max(Decimal::ZERO);
        let fall = reference * (one - x) + premium.min(Decimal::ZERO);
        let highest = rise.max(index).min(reference * (one + y));
        let lowest = fall.min(index).max(reference * (one - y));
        Some(PriceBounds {
            highest_buy: round_down(highest, self.tick),
            lowest_sell: round_up(lowest, self.tick).max(self.tick),
        })
    }

    /// Middle of the book less the reference price; zero with a side missing.
    fn premium(&self, reference: Decimal) -> Decimal {
        match (self.book.best(Side::Buy), self.book.best(Side::Sell)) {
            (Some(bid), Some(ask)) => (decimal(bid) + decimal(ask)) / Decimal::TWO - reference,
            _ => Decimal::ZERO,
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
        let reference = decimal(if self.is_spot() { self.coin_price() } else { self.valuation_price() }?);
        let x = self.spec.price_limit_ratio_x;
        let protective = match side {
            Side::Buy => round_down(reference * (Decimal::ONE + x), self.tick),
            Side::Sell => round_up(reference * (Decimal::ONE - x), self.tick).max(self.tick),
        };
        let Some((tolerance, best)) = slippage.zip(self.book.best(side.opposite())) else {
            return Some(protective);
        };
        let best = decimal(best);
        let distance = match tolerance.unit {
            SlippageUnit::TickSize => decimal(self.tick) * tolerance.value,
            SlippageUnit::Percent => best * tolerance.value / Decimal::ONE_HUNDRED,
        };
        Some(match side {
            Side::Buy => protective.min(round_down(best + distance, self.tick)),
            Side::Sell => protective.max(round_up(best - distance, self.tick).max(self.tick)),
        })
    }
}
