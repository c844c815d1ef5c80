//! Integers on a fixed scale for order books: exact, ordered, and fast to parse and compare.

use rust_decimal::Decimal;
use std::fmt;

/// A non-negative price or size as an integer count of 10⁻⁸.
///
/// The scale is fixed and not the instrument's tick, because a tick size can change while the engine runs.
/// The largest value is about 9.2 × 10¹⁰.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fixed(i64);

/// Why a number does not fit the fixed scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FixedError {
    /// Not of the form `digits[.digits]`.
    #[error("not a plain decimal number")]
    Malformed,
    /// Too large, negative, or finer than 10⁻⁸.
    #[error("outside 0 to 92233720368 in steps of 0.00000001")]
    OutOfRange,
}

impl Fixed {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// Decimal places kept.
    pub const PLACES: u32 = 8;
    const ONE: i64 = 100_000_000;
    /// Powers of ten up to one.
    const TENS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, Self::ONE];

    /// From a count of 10⁻⁸.
    ///
    /// # Errors
    /// When the count is negative.
    pub const fn from_raw(raw: i64) -> Result<Self, FixedError> {
        if raw < 0 { Err(FixedError::OutOfRange) } else { Ok(Self(raw)) }
    }

    /// The count of 10⁻⁸.
    #[must_use]
    pub const fn raw(self) -> i64 {
        self.0
    }

    /// Whether it is zero; a zero size deletes a book level.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads `"97100.5"` without going through a float or the heap.
    ///
    /// # Errors
    /// When the text is not a plain decimal number or does not fit the scale exactly.
    pub fn parse(text: &str) -> Result<Self, FixedError> {
        let bytes = text.as_bytes();
        // A search that is made for long texts would take longer than all the rest.
        let point = bytes.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(point) => (&bytes[..point], &bytes[point + 1..]),
            None => (bytes, &[][..]),
        };
        if whole.is_empty() || (fraction.is_empty() && point.is_some()) {
            return Err(FixedError::Malformed);
        }
        let value = whole.iter().try_fold(0, |value, byte| push_digit(value, *byte))?;
        let (kept, beyond) = fraction.split_at_checked(Self::TENS.len() - 1).unwrap_or((fraction, &[]));
        let part = kept.iter().try_fold(0, |part, byte| push_digit(part, *byte))?;
        if beyond.iter().try_fold(0, |rest, byte| Ok(rest | push_digit(0, *byte)?))? != 0 {
            return Err(FixedError::OutOfRange);
        }
        let part = part * Self::TENS[Self::TENS.len() - 1 - kept.len()];
        let value = value.checked_mul(Self::ONE).and_then(|whole| whole.checked_add(part));
        value.map(Self).ok_or(FixedError::OutOfRange)
    }

    /// The same number as a decimal.
    #[must_use]
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, Self::PLACES)
    }

    /// The same number as a float, for indicators and display only.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "indicators are f64 by decision; money never takes this way"
    )]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::ONE as f64
    }
}

fn push_digit(value: i64, byte: u8) -> Result<i64, FixedError> {
    if !byte.is_ascii_digit() {
        return Err(FixedError::Malformed);
    }
    value.checked_mul(10).and_then(|v| v.checked_add(i64::from(byte - b'0'))).ok_or(FixedError::OutOfRange)
}

impl TryFrom<Decimal> for Fixed {
    type Error = FixedError;

    fn try_from(value: Decimal) -> Result<Self, FixedError> {
        let scaled = value.checked_mul(Decimal::from(Self::ONE)).ok_or(FixedError::OutOfRange)?;
        if !scaled.fract().is_zero() {
            return Err(FixedError::OutOfRange);
        }
        i64::try_from(scaled).map_err(|_| FixedError::OutOfRange).and_then(Self::from_raw)
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_decimal().normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_becomes_an_exact_count() {
        for (text, raw) in [
            ("0", 0),
            ("1", 100_000_000),
            ("97100.50", 9_710_050_000_000),
            ("0.00000001", 1),
            ("92233720368.54775807", i64::MAX),
            ("0012.0340", 1_203_400_000),
            ("1.000000000", 100_000_000),
        ] {
            assert_eq!(Fixed::parse(text).unwrap().raw(), raw, "{text}");
        }
    }

    #[test]
    fn text_that_is_no_number_or_does_not_fit_is_refused() {
        for text in ["", ".5", "5.", "1e5", "-1", "1,0", "NaN"] {
            assert_eq!(Fixed::parse(text), Err(FixedError::Malformed), "{text}");
        }
        for text in ["92233720369", "92233720368.54775808", "99999999999999999999", "0.000000001"] {
            assert_eq!(Fixed::parse(text), Err(FixedError::OutOfRange), "{text}");
        }
        for text in ["1.2.3", "1..2", "1.00000000x", "1.0000000x", "."] {
            assert_eq!(Fixed::parse(text), Err(FixedError::Malformed), "{text}");
        }
    }

    #[test]
    fn fixed_and_decimal_agree() {
        let fixed = Fixed::parse("1234.56789").unwrap();
        assert_eq!(Fixed::try_from(fixed.to_decimal()), Ok(fixed));
        assert_eq!(fixed.to_string(), "1234.56789");
    }
}
