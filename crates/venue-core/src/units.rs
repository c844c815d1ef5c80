//! Prices and quantities inside the venue: whole numbers of 1e-8, and the exact ways in and out.

use rust_decimal::Decimal;

/// Decimal places of a unit.
const PLACES: u32 = 8;
/// Units in one whole.
pub(crate) const ONE: i64 = 100_000_000;
/// Powers of ten up to a unit.
const TENS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, ONE];

/// The number of units, if the value is a whole number of them and fits.
pub(crate) fn units(value: Decimal) -> Option<i64> {
    let missing_places = PLACES.checked_sub(value.scale());
    let factor = missing_places.and_then(|missing| TENS.get(usize::try_from(missing).ok()?));
    match (factor, i64::try_from(value.mantissa())) {
        (Some(factor), Ok(mantissa)) => mantissa.checked_mul(*factor),
        (Some(_), Err(_)) => None,
        // Digits beyond the eighth are only allowed to be zeros.
        (None, _) => {
            let divisor = 10_i128.checked_pow(value.scale() - PLACES)?;
            let mantissa = value.mantissa();
            if mantissa % divisor == 0 { i64::try_from(mantissa / divisor).ok() } else { None }
        }
    }
}

/// The units as a decimal without trailing zeros.
pub(crate) fn decimal(units: i64) -> Decimal {
    if units % ONE == 0 {
        return Decimal::new(units / ONE, 0);
    }
    let (mut mantissa, mut places) = (units, PLACES);
    for (zeros, factor) in [(4, 10_000), (2, 100), (1, 10)] {
        if mantissa % factor == 0 {
            mantissa /= factor;
            places -= zeros;
        }
    }
    Decimal::new(mantissa, places)
}

/// Decimal places of a unit of a unit, in which values are counted: price × quantity is a whole number of them.
const FINE_PLACES: u32 = 2 * PLACES;

/// A decimal in units of units, cut to the lower one; `None` when it does not fit.
pub(crate) fn fine_below(value: Decimal) -> Option<i128> {
    let (mantissa, scale) = (value.mantissa(), value.scale());
    match FINE_PLACES.checked_sub(scale) {
        Some(missing) => mantissa.checked_mul(10_i128.pow(missing)),
        None => Some(mantissa.div_euclid(10_i128.pow(scale - FINE_PLACES))),
    }
}

/// Units of units as a decimal without trailing zeros. Beyond 28 digits, where decimals end, the last ones are cut off.
pub(crate) fn from_fine(value: i128) -> Decimal {
    let (mut mantissa, mut places) = (value, FINE_PLACES);
    for (zeros, factor) in [(8, 100_000_000), (4, 10_000), (2, 100), (1, 10)] {
        if mantissa % factor == 0 {
            mantissa /= factor;
            places -= zeros;
        }
    }
    loop {
        match Decimal::try_from_i128_with_scale(mantissa, places) {
            Ok(value) => return value.normalize(),
            Err(_) if places > 0 => {
                mantissa /= 10;
                places -= 1;
            }
            Err(_) => return if mantissa < 0 { Decimal::MIN } else { Decimal::MAX },
        }
    }
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
            ("92233720368.54775807", Some(i64::MAX)),
            ("92233720368.54775808", None),
            ("0.0000000100000000000000000000", Some(1)),
            ("0.000000001", None),
        ] {
            assert_eq!(units(text.parse().unwrap()), expected, "{text}");
        }
        assert_eq!(units(Decimal::MAX), None);
        for (number, text) in
            [(ONE / 10, "0.1"), (0, "0"), (-12 * ONE, "-12"), (1_230_000, "0.0123"), (7, "0.00000007")]
        {
            assert_eq!(decimal(number).to_string(), text);
        }
    }

    #[test]
    fn units_of_units_are_exact_both_ways() {
        for text in ["0", "1", "60000.1", "-0.0000000000000001", "123456789.0123456789012345", "-25"] {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(from_fine(fine_below(number).unwrap()).to_string(), text);
        }
        let (above, below) = ("0.00000000000000019", "-0.00000000000000011");
        assert_eq!(fine_below(above.parse().unwrap()), Some(1));
        assert_eq!(fine_below(below.parse().unwrap()), Some(-2));
        assert_eq!(fine_below(Decimal::MAX), None);
        assert_eq!(from_fine(i128::MAX).to_string(), "17014118346046923173168.730371");
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
