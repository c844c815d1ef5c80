//! The grid of an instrument's prices and quantities, and how large an order may be: its rules in units.

use rust_decimal::Decimal;

use super::Market;
use crate::api::{Category, Instrument, OrderType, Refusal, Side, TimeInForce};
use crate::units::{ONE, decimal, round_down, round_up, units};

/// How many times larger than other limit orders a post-only order may be on spot. Source: Bybit V5, "Get Instruments
/// Info".
const SPOT_POST_ONLY_FACTOR: Decimal = Decimal::from_parts(5, 0, 0, false, 0);

/// Bounds are rounded to the inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    tick: i64,
    step: i64,
    min_price: i64,
    max_price: i64,
    min_qty: i64,
    max_qty: i64,
    max_market_qty: i64,
    max_post_only_qty: i64,
    /// Smallest value in units of units (1e-16).
    min_value: i128,
    pub(super) ratio_x: i64,
    pub(super) ratio_y: i64,
}

impl Grid {
    pub(super) fn of(spec: &Instrument) -> Self {
        let most = |number| round_down(number, 1);
        let max_qty = most(spec.max_order_qty);
        Self {
            // A step that is no whole number of units cannot be traded; one unit is then the finest there is.
            tick: units(spec.tick_size).filter(|tick| *tick > 0).unwrap_or(1),
            step: units(spec.qty_step).filter(|step| *step > 0).unwrap_or(1),
            min_price: round_up(spec.min_price, 1).max(1),
            max_price: most(spec.max_price),
            min_qty: round_up(spec.min_order_qty, 1).max(1),
            max_qty,
            max_market_qty: most(spec.max_market_order_qty),
            max_post_only_qty: match spec.category {
                Category::Spot => most(spec.max_order_qty.saturating_mul(SPOT_POST_ONLY_FACTOR)),
                Category::Linear | Category::Inverse => max_qty,
            },
            min_value: i128::from(round_up(spec.min_notional, 1)) * i128::from(ONE),
            ratio_x: most(spec.price_limit_ratio_x),
            ratio_y: most(spec.price_limit_ratio_y),
        }
    }

    /// The tick at or below a value in units of units.
    pub(super) fn tick_below(&self, value: i128) -> i64 {
        let units = i64::try_from(value / i128::from(ONE)).unwrap_or(i64::MAX);
        units - units.rem_euclid(self.tick)
    }

    /// The tick at or above a value in units of units, and no price under one tick.
    pub(super) fn tick_above(&self, value: i128) -> i64 {
        let below = self.tick_below(value);
        let is_exact = i128::from(below) * i128::from(ONE) == value;
        let above = if is_exact { below } else { below.saturating_add(self.tick) };
        above.max(self.tick)
    }

    pub(super) fn tick(&self) -> i64 {
        self.tick
    }
}

impl Market {
    /// The price in units at which a position that an order of this side closes has nothing left: on the tick, no better.
    pub(crate) fn losing_tick(&self, closing: Side, price: i64) -> i64 {
        let price = i128::from(price) * i128::from(ONE);
        match closing {
            Side::Sell => self.grid.tick_below(price),
            Side::Buy => self.grid.tick_above(price),
        }
    }

    /// Changes the price step.
    pub(crate) fn set_tick_size(&mut self, tick_size: Decimal) {
        self.spec.tick_size = tick_size;
        self.grid = Grid::of(&self.spec);
    }

    /// Whether a price in units is on the tick grid.
    pub(crate) fn is_on_tick(&self, price: i64) -> bool {
        price % self.grid.tick == 0
    }

    /// A price in units, if it is positive, on the tick grid and inside the instrument's range.
    pub(crate) fn price(&self, price: Decimal) -> Result<i64, Refusal> {
        let grid = &self.grid;
        let refusal = |spot_code: i32| {
            let code = if self.is_spot() { spot_code } else { 10001 };
            Refusal::new(code, format!("price invalid: {price} (tick size {})", self.spec.tick_size))
        };
        let in_units = units(price).filter(|price| self.is_on_tick(*price)).ok_or_else(|| refusal(170134))?;
        if in_units < grid.min_price {
            return Err(refusal(170133));
        }
        if in_units > grid.max_price { Err(refusal(170132)) } else { Ok(in_units) }
    }

    /// A quantity in units, if it is on the lot grid and between the smallest and the largest order.
    pub(crate) fn qty(
        &self,
        qty: Decimal,
        order_type: OrderType,
        time_in_force: TimeInForce,
    ) -> Result<i64, Refusal> {
        let (grid, spec) = (&self.grid, &self.spec);
        let refusal = |spot_code: i32, why: String| {
            let code = if self.is_spot() { spot_code } else { 10001 };
            Err(Refusal::new(code, format!("qty invalid: {qty} ({why})")))
        };
        let Some(in_units) = units(qty).filter(|qty| qty % grid.step == 0) else {
            return refusal(170137, format!("qty step {}", spec.qty_step));
        };
        let largest = self.largest_qty(order_type, time_in_force);
        if in_units < grid.min_qty {
            return refusal(170136, format!("minimum {}", spec.min_order_qty));
        }
        if in_units > largest {
            return refusal(170124, format!("maximum {}", decimal(largest)));
        }
        Ok(in_units)
    }

    /// The largest order of a kind, in units.
    pub(crate) fn largest_qty(&self, order_type: OrderType, time_in_force: TimeInForce) -> i64 {
        match (order_type, time_in_force) {
            (OrderType::Market, _) => self.grid.max_market_qty,
            (OrderType::Limit, TimeInForce::PostOnly) => self.grid.max_post_only_qty,
            (OrderType::Limit | OrderType::Unknown, _) => self.grid.max_qty,
        }
    }

    /// Whether an order of a quantity at a price is worth less than the smallest one.
    pub(crate) fn is_too_small(&self, price: i64, qty: i64) -> bool {
        let worth = match self.spec.category {
            // An inverse quantity is its own value in quote coin.
            Category::Inverse => i128::from(qty) * i128::from(ONE),
            Category::Linear | Category::Spot => i128::from(price) * i128::from(qty),
        };
        worth < self.grid.min_value
    }

    /// The largest quantity on the lot grid that is not above `qty`, in units.
    pub(crate) fn lots(&self, qty: Decimal) -> i64 {
        round_down(qty, self.grid.step)
    }

    /// The far end of the instrument's range: the price of an order that must trade at any price.
    pub(crate) fn extreme_price(&self, side: Side) -> i64 {
        let grid = &self.grid;
        match side {
            Side::Buy => grid.max_price - grid.max_price.rem_euclid(grid.tick),
            Side::Sell => round_up(self.spec.min_price, grid.tick).max(grid.tick),
        }
    }

    /// Nearest tick below a price, as a decimal.
    pub(crate) fn on_tick(&self, price: Decimal) -> Decimal {
        decimal(round_down(price, self.grid.tick))
    }
}
