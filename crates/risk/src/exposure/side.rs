//! The orders of one direction on one position, as sums.

use super::OrderExposure;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{Price, Side};

/// The orders of one direction on one position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SideExposure {
    opening_qty: Decimal,
    opening_value: Decimal,
    reducing_qty: Decimal,
    reducing_market_qty: Decimal,
    order_count: u32,
    unconfirmed_count: u32,
    /// How many opening orders work at each price; its last key is the highest.
    opening_prices: BTreeMap<Price, u32>,
    /// How many orders rest at each price, reduce-only ones included.
    resting_prices: BTreeMap<Price, u32>,
}

impl SideExposure {
    /// What may still fill of orders that are not reduce-only, base coin.
    #[must_use]
    pub const fn opening_qty(&self) -> Decimal {
        self.opening_qty
    }

    /// The same at the orders' own prices, quote coin.
    #[must_use]
    pub const fn opening_value(&self) -> Decimal {
        self.opening_value
    }

    /// What may still fill of reduce-only orders, base coin.
    #[must_use]
    pub const fn reducing_qty(&self) -> Decimal {
        self.reducing_qty
    }

    /// The part of [`SideExposure::reducing_qty`] that takes at once, base coin.
    #[must_use]
    pub const fn reducing_market_qty(&self) -> Decimal {
        self.reducing_market_qty
    }

    /// Orders of this direction, reduce-only ones included.
    #[must_use]
    pub const fn order_count(&self) -> u32 {
        self.order_count
    }

    /// Whether the venue is sure to hold margin for all of them as they stand here.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        self.unconfirmed_count == 0
    }

    /// The highest price among the orders that are not reduce-only, quote coin.
    #[must_use]
    pub fn highest_opening_price(&self) -> Option<Price> {
        self.opening_prices.last_key_value().map(|(price, _)| *price)
    }

    /// The price of the resting order that would trade first, quote coin: the highest of buys, the lowest of sells.
    /// Of an order that is being amended the higher price counts.
    #[must_use]
    pub fn first_resting_price(&self, side: Side) -> Option<Price> {
        let first = match side {
            Side::Buy => self.resting_prices.last_key_value(),
            Side::Sell => self.resting_prices.first_key_value(),
        };
        first.map(|(price, _)| *price)
    }

    pub(super) fn add(&mut self, order: &OrderExposure) {
        self.order_count += 1;
        self.unconfirmed_count += u32::from(!order.is_confirmed);
        if !order.is_market {
            *self.resting_prices.entry(order.price).or_default() += 1;
        }
        let qty = order.leaves_qty.get();
        if order.reduce_only {
            self.reducing_qty = self.reducing_qty.saturating_add(qty);
            if order.is_market {
                self.reducing_market_qty = self.reducing_market_qty.saturating_add(qty);
            }
        } else {
            self.opening_qty = self.opening_qty.saturating_add(qty);
            self.opening_value = self.opening_value.saturating_add(order.price.times(order.leaves_qty).get());
            *self.opening_prices.entry(order.price).or_default() += 1;
        }
    }

    /// Takes that an order of this side is confirmed now, or no longer.
    pub(super) fn confirm(&mut self, before: &OrderExposure, now: &OrderExposure) {
        self.unconfirmed_count += u32::from(!now.is_confirmed);
        self.unconfirmed_count -= u32::from(!before.is_confirmed);
    }

    pub(super) fn take(&mut self, order: &OrderExposure) {
        self.order_count -= 1;
        if self.order_count == 0 {
            // Sums of absurd magnitudes can round; an empty side is exactly nothing.
            *self = Self::default();
            return;
        }
        self.unconfirmed_count -= u32::from(!order.is_confirmed);
        if !order.is_market {
            remove_one(&mut self.resting_prices, order.price);
        }
        let qty = order.leaves_qty.get();
        if order.reduce_only {
            self.reducing_qty = self.reducing_qty.saturating_sub(qty);
            if order.is_market {
                self.reducing_market_qty = self.reducing_market_qty.saturating_sub(qty);
            }
        } else {
            self.opening_qty = self.opening_qty.saturating_sub(qty);
            self.opening_value = self.opening_value.saturating_sub(order.price.times(order.leaves_qty).get());
            remove_one(&mut self.opening_prices, order.price);
        }
    }
}

fn remove_one(counts: &mut BTreeMap<Price, u32>, price: Price) {
    if let Some(count) = counts.get_mut(&price) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&price);
        }
    }
}
