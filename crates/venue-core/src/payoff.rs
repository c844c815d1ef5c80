//! How a contract turns prices and quantities into money of its settle coin.
//!
//! Linear contracts are exact. Inverse ones divide, so a value is rounded half to even at sixteen decimals, far below the
//! eight that the exchange shows. Source: Bybit help centre, "P&L Calculations (Inverse Contracts)".

use rust_decimal::{Decimal, RoundingStrategy};

use crate::api::Category;
use crate::units::{decimal, fine_below};

/// Decimal places of an inverse value.
const INVERSE_PLACES: u32 = 16;
/// Decimal places of an average entry price.
const AVERAGE_PLACES: u32 = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payoff {
    /// Value = price × quantity. Spot counts alike.
    Linear,
    /// Value = quantity / price.
    Inverse,
}

impl Payoff {
    pub(crate) const fn of(category: Category) -> Self {
        match category {
            Category::Linear | Category::Spot => Self::Linear,
            Category::Inverse => Self::Inverse,
        }
    }

    /// Value of a quantity at a price; zero for an inverse contract without a price.
    pub(crate) fn value(self, price: Decimal, qty: Decimal) -> Decimal {
        match self {
            Self::Linear => price * qty,
            Self::Inverse => qty.checked_div(price).map_or(Decimal::ZERO, |value| {
                value
                    .round_dp_with_strategy(INVERSE_PLACES, RoundingStrategy::MidpointNearestEven)
                    .normalize()
            }),
        }
    }

    /// The same with both in units.
    pub(crate) fn value_of(self, price: i64, qty: i64) -> Decimal {
        self.value(decimal(price), decimal(qty))
    }

    /// The same in units of units (1e-16), which are as fine as values are.
    pub(crate) fn fine_value(self, price: i64, qty: i64) -> i128 {
        match self {
            Self::Linear => i128::from(price) * i128::from(qty),
            Self::Inverse => fine_below(self.value_of(price, qty)).unwrap_or(i128::MAX),
        }
    }

    /// The price at which a positive quantity has a value, at eight decimals.
    pub(crate) fn price_of(self, qty: Decimal, value: Decimal) -> Decimal {
        let price = match self {
            Self::Linear => value.checked_div(qty),
            Self::Inverse => qty.checked_div(value),
        };
        price.unwrap_or_default().round_dp(8).normalize()
    }

    /// What a position of a signed size gains between two prices.
    pub(crate) fn profit(self, size: Decimal, entry: Decimal, exit: Decimal) -> Decimal {
        match self {
            Self::Linear => (exit - entry) * size,
            Self::Inverse => self.value(entry, size) - self.value(exit, size),
        }
    }

    /// Average entry price of `held` at `average` and `qty` more at `price`, half to even at eight decimals.
    pub(crate) fn average(self, held: Decimal, average: Decimal, qty: Decimal, price: Decimal) -> Decimal {
        let exact = match self {
            Self::Linear => (average * held + price * qty) / (held + qty),
            Self::Inverse => (held + qty).checked_div(held / average + qty / price).unwrap_or(average),
        };
        exact.round_dp_with_strategy(AVERAGE_PLACES, RoundingStrategy::MidpointNearestEven).normalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn an_inverse_contract_gains_in_its_coin() {
        let inverse = Payoff::Inverse;
        assert_eq!(inverse.average(dec("1000"), dec("5000"), dec("2000"), dec("6000")), dec("5625"));
        assert_eq!(inverse.value(dec("400"), dec("10000")), dec("25"));
        assert_eq!(inverse.profit(dec("10000"), dec("5000"), dec("10000")), dec("1"));
        assert_eq!(inverse.profit(dec("-10000"), dec("5000"), dec("10000")), dec("-1"));
        assert_eq!(inverse.value(Decimal::ZERO, dec("1")), Decimal::ZERO);
    }
}
