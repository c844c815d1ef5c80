//! Prices and quantities inside the venue: whole numbers of 1e-8, and the exact ways in and out.

use rust_decimal::Decimal;

/// Decimal places of a unit.
const PLACES: u32 = 8;
/// Units in one whole.
#[cfg(test)]
pub(crate) const ONE: i64 = 100_000_000;

/// The number of units, if the value is a whole number of them and fits.
pub(crate) fn units(value: Decimal) -> Option<i64> {
    let value = value.normalize();
    let missing_places = PLACES.checked_sub(value.scale())?;
    let scaled = value.mantissa().checked_mul(10_i128.pow(missing_places))?;
    i64::try_from(scaled).ok()
}

/// The units as a decimal without trailing zeros.
pub(crate) fn decimal(units: i64) -> Decimal {
    Decimal::new(units, PLACES).normalize()
}

/// Price × quantity as an exact decimal, in USDT.
pub(crate) fn value(price: i64, qty: i64) -> Decimal {
    decimal(price) * decimal(qty)
}

/// The largest multiple of `step` that is not above `value`; the value is cut to units first, towards zero.
pub(crate) fn round_down(value: Decimal, step: i64) -> i64 {
    let units = units(value.trunc_with_scale(PLACES)).unwrap_or(i64::MAX);
    units - units.rem_euclid(step)
}

/// The smallest multiple of `step` that is not below `value`.
pub(crate) fn round_up(value: Decimal, step: i64) -> i64 {
    let down = round_down(value, step);
    if decimal(down) == value { down } else { down.saturating_add(step) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_exact_or_refused() {
        for (text, expected) in [
            ("1", Some(ONE)),
            ("0.00000001", Some(1)),
            ("0.10000000000", Some(ONE / 10)),
            ("0.000000001", None),
        ] {
            assert_eq!(units(text.parse().unwrap()), expected, "{text}");
        }
        assert_eq!(units(Decimal::MAX), None);
        assert_eq!(decimal(ONE / 10).to_string(), "0.1");
    }

    #[test]
    fn rounding_is_directed() {
        let tick = ONE / 10;
        let price: Decimal = "100.16".parse().unwrap();
        assert_eq!(decimal(round_down(price, tick)).to_string(), "100.1");
        assert_eq!(decimal(round_up(price, tick)).to_string(), "100.2");
        assert_eq!(round_up("100.1".parse().unwrap(), tick), round_down("100.1".parse().unwrap(), tick));
    }
}
