//! How decimals look on the wire: always strings, never with an exponent.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use windvane_venue_core::{Instrument, Level};

/// A number as the wire has it: a string, spelled only where it is written down, so that a row costs no text of its own.
/// Empty where a field applies to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figure(Option<Decimal>);

impl Figure {
    /// Without trailing zeros.
    pub(crate) fn amount(value: Decimal) -> Self {
        Self(Some(value.normalize()))
    }

    /// The same, where there is one.
    pub(crate) fn amount_or_empty(value: Option<Decimal>) -> Self {
        value.map(Self::amount).unwrap_or_default()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |value| value.fmt(f))
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes a whole number as the string that the wire has for it.
pub(crate) fn as_text<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

/// Digits after the point of an instrument's prices and quantities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales {
    price: u32,
    qty: u32,
}

impl Scales {
    /// Those of its grid.
    pub(crate) fn of(instrument: &Instrument) -> Self {
        Self { price: instrument.tick_size.scale(), qty: instrument.qty_step.scale() }
    }

    /// A price with the digits of the tick size; more where it has more (averages, marks).
    pub(crate) fn price(self, price: Decimal) -> String {
        at_least(price, self.price).to_string()
    }

    /// A quantity with the digits of the lot size.
    pub(crate) fn qty(self, qty: Decimal) -> String {
        at_least(qty, self.qty).to_string()
    }

    /// The price in a row.
    pub(crate) fn price_figure(self, price: Decimal) -> Figure {
        Figure(Some(at_least(price, self.price)))
    }

    /// The same, where there is one.
    pub(crate) fn price_or_empty(self, price: Option<Decimal>) -> Figure {
        price.map(|price| self.price_figure(price)).unwrap_or_default()
    }

    /// The quantity in a row.
    pub(crate) fn qty_figure(self, qty: Decimal) -> Figure {
        Figure(Some(at_least(qty, self.qty)))
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

fn at_least(value: Decimal, digits: u32) -> Decimal {
    let mut value = value.normalize();
    if value.scale() < digits {
        value.rescale(digits);
    }
    value
}

/// Levels as `[price, size]`; a size of zero deletes and is written `"0"`.
pub(crate) fn levels(levels: &[Level], scales: Scales) -> Vec<[String; 2]> {
    let size = |qty: Decimal| if qty.is_zero() { "0".to_owned() } else { scales.qty(qty) };
    levels.iter().map(|(price, qty)| [scales.price(*price), size(*qty)]).collect()
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

    #[test]
    fn a_row_spells_a_figure_as_text() {
        let scales = Scales { price: 2, qty: 3 };
        for (figure, text) in [
            (scales.price_figure(Decimal::new(302472, 1)), r#""30247.20""#),
            (scales.qty_figure(Decimal::ZERO), r#""0.000""#),
            (Figure::amount(Decimal::new(-1600, 2)), r#""-16""#),
            (Figure::amount_or_empty(None), r#""""#),
        ] {
            assert_eq!(serde_json::to_string(&figure).expect("a figure is text"), text);
        }
    }
}
