//! How decimals look on the wire: always strings, never with an exponent.

use rust_decimal::Decimal;
use windvane_venue_core::Instrument;

/// Digits after the point of an instrument's prices and quantities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales {
    price: u32,
    qty: u32,
}

impl Scales {
    pub(crate) fn of(instrument: &Instrument) -> Self {
        Self { price: instrument.tick_size.scale(), qty: instrument.qty_step.scale() }
    }

    /// A price with the digits of the tick size; more where it has more (averages, marks).
    pub(crate) fn price(self, price: Decimal) -> String {
        at_least(price, self.price)
    }

    /// A quantity with the digits of the lot size.
    pub(crate) fn qty(self, qty: Decimal) -> String {
        at_least(qty, self.qty)
    }

    /// Digits of prices.
    pub(crate) fn price_digits(self) -> u32 {
        self.price
    }
}

/// An amount without trailing zeros.
pub(crate) fn amount(value: Decimal) -> String {
    value.normalize().to_string()
}

/// An amount, or empty text where none applies.
pub(crate) fn amount_or_empty(value: Option<Decimal>) -> String {
    value.map(amount).unwrap_or_default()
}

fn at_least(value: Decimal, digits: u32) -> String {
    let mut value = value.normalize();
    if value.scale() < digits {
        value.rescale(digits);
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_grid_and_nothing_is_lost() {
        let scales = Scales { price: 2, qty: 3 };
        assert_eq!(scales.price(Decimal::new(302472, 1)), "30247.20");
        assert_eq!(scales.price(Decimal::new(30247123456, 6)), "30247.123456");
        assert_eq!(scales.qty(Decimal::ZERO), "0.000");
        assert_eq!(amount(Decimal::new(1600, 2)), "16");
        assert_eq!(amount(Decimal::from(100)), "100");
    }
}
