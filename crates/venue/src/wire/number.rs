//! How decimals look on the wire: always strings, never with an exponent.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use windvane_venue_core::{Instrument, Level};

/// Room for the longest decimal: a sign, a zero, the point and 29 digits.
const LONGEST: usize = 32;

/// A number as the wire has it: a string, spelled only where it is written down, so that a row costs no text of its own.
/// Empty where a field applies to nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figure(Option<Decimal>);

impl Figure {
    /// Without trailing zeros.
    pub(crate) fn amount(value: Decimal) -> Self {
        Self(Some(at_least(value, 0)))
    }

    /// The same, where there is one.
    pub(crate) fn amount_or_empty(value: Option<Decimal>) -> Self {
        value.map(Self::amount).unwrap_or_default()
    }

    /// The digits, written from behind into `room`.
    fn spell(self, room: &mut [u8; LONGEST]) -> &str {
        let Some(value) = self.0 else { return "" };
        let (mut rest, mut at) = (value.mantissa().unsigned_abs(), LONGEST);
        let mut put = |byte: u8, at: &mut usize| {
            *at -= 1;
            room[*at] = byte;
        };
        let mut digits = 0;
        while rest > 0 || digits <= value.scale() {
            if digits == value.scale() && digits > 0 {
                put(b'.', &mut at);
            }
            // Nearly all numbers fit the machine's word, whose division is many times faster.
            let digit = match u64::try_from(rest) {
                Ok(word) => {
                    rest = (word / 10).into();
                    (word % 10).to_le_bytes()[0]
                }
                Err(_) => {
                    let digit = (rest % 10).to_le_bytes()[0];
                    rest /= 10;
                    digit
                }
            };
            put(b'0' + digit, &mut at);
            digits += 1;
        }
        if value.is_sign_negative() && !value.is_zero() {
            put(b'-', &mut at);
        }
        std::str::from_utf8(&room[at..]).expect("digits, a point and a sign are ASCII")
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spell(&mut [0; LONGEST]))
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.spell(&mut [0; LONGEST]))
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
        self.price_figure(price).to_string()
    }

    /// A quantity with the digits of the lot size.
    pub(crate) fn qty(self, qty: Decimal) -> String {
        self.qty_figure(qty).to_string()
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
    Figure::amount(value).to_string()
}

/// Without trailing zeros beyond so many digits after the point, and with that many.
fn at_least(value: Decimal, digits: u32) -> Decimal {
    let (Ok(mut units), mut scale) = (i64::try_from(value.mantissa()), value.scale()) else {
        let mut value = value.normalize();
        value.rescale(digits.max(value.scale()));
        return value;
    };
    while scale > digits && units % 10 == 0 {
        units /= 10;
        scale -= 1;
    }
    let mut value = Decimal::new(units, scale);
    if scale < digits {
        value.rescale(digits);
    }
    value
}

/// Levels as `[price, size]`; a size of zero deletes and is written `"0"`.
pub(crate) fn levels(levels: &[Level], scales: Scales) -> Vec<[Figure; 2]> {
    let size = |qty: Decimal| if qty.is_zero() { Figure::amount(qty) } else { scales.qty_figure(qty) };
    levels.iter().map(|(price, qty)| [scales.price_figure(*price), size(*qty)]).collect()
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

    #[test]
    fn every_number_is_spelled_as_it_is() {
        let units = [0, 1, 9, 10, 100, 1_200, 123_456_789, i64::MAX as i128, 1 << 70, (1 << 96) - 1];
        for (units, scale) in units.into_iter().flat_map(|units| (0..=28).map(move |scale| (units, scale))) {
            for value in [units, -units].map(|units| Decimal::from_i128_with_scale(units, scale)) {
                let plain = value.normalize();
                let expected = if plain.is_zero() { "0".to_owned() } else { plain.to_string() };
                assert_eq!(amount(value), expected);
                let scales = Scales { price: 4, qty: 0 };
                let told: Decimal = scales.price(value).parse().expect("a number");
                assert_eq!(
                    (told, told.scale() >= 4 || told.mantissa().abs() > 1 << 80),
                    (value, true),
                    "{units} {scale}"
                );
            }
        }
    }
}
