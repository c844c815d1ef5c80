//! Money, price and quantity: decimals that only combine where the combination has a meaning.

use crate::{Fixed, FixedError};
use rust_decimal::Decimal;
use std::fmt;

/// Why a number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not a decimal number.
    #[error("not a decimal number")]
    Malformed,
    /// Below the smallest allowed value (a price must be above zero, a quantity must not be negative).
    #[error("{0} is below the smallest allowed value")]
    TooSmall(Decimal),
    /// Above the largest value that later arithmetic is proven to hold.
    #[error("{0} is above the largest allowed value")]
    TooLarge(Decimal),
    /// Finer than twelve decimal places.
    #[error("{0} has more than twelve decimal places")]
    TooFine(Decimal),
}

/// Largest magnitude of a price or a quantity. With at most [`MAX_SCALE`] places on each side a product stays
/// below 10²⁴, well inside a decimal's 7.9 × 10²⁸, so multiplying two of them never overflows.
const MAX: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);
const MAX_SCALE: u32 = 12;

/// There is a negative zero, and it is not below zero.
fn is_below_zero(value: Decimal) -> bool {
    value.is_sign_negative() && !value.is_zero()
}

/// Bounds a value that is not negative and takes the zeros off its end.
fn bounded(value: Decimal) -> Result<Decimal, NumberError> {
    if let Some(value) = bounded_in_one_word(value) {
        return Ok(value);
    }
    if value.abs() > MAX {
        return Err(NumberError::TooLarge(value));
    }
    let value = value.normalize();
    if value.scale() > MAX_SCALE { Err(NumberError::TooFine(value)) } else { Ok(value) }
}

/// The same for a value whose digits fit into 64 bits, as those of real prices and sizes do; `None` for the others, and for
/// what may be refused.
fn bounded_in_one_word(value: Decimal) -> Option<Decimal> {
    /// Ten to the twelfth with so many places: what is not above it is not above [`MAX`]. Beyond seven places no word is.
    const MOST: [u64; 8] = {
        let (mut most, mut places) = ([1_000_000_000_000; 8], 1);
        while places < most.len() {
            most[places] = most[places - 1] * 10;
            places += 1;
        }
        most
    };
    let parts = value.unpack();
    let mut digits = one_word(value)?;
    let mut scale = parts.scale;
    if scale > MAX_SCALE || MOST.get(usize::try_from(scale).ok()?).is_some_and(|most| digits > *most) {
        return None;
    }
    if scale == 0 || digits % 10 != 0 {
        return Some(value);
    }
    while scale > 0 && digits.is_multiple_of(10) {
        (digits, scale) = (digits / 10, scale - 1);
    }
    let [low, mid] =
        [digits & u64::from(u32::MAX), digits >> 32].map(|half| u32::try_from(half).unwrap_or(0));
    Some(Decimal::from_parts(low, mid, 0, parts.negative, scale))
}

/// The digits of a decimal as an integer, where they fit into 64 bits.
fn one_word(value: Decimal) -> Option<u64> {
    let parts = value.unpack();
    (parts.hi == 0).then(|| u64::from(parts.mid) << 32 | u64::from(parts.lo))
}

/// A decimal as a float, for indicators and display only: the float nearest to it where its digits are fewer than fifteen,
/// as they are of every price and size of a contract.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "below 2^50 every integer is a float")]
pub fn to_f64(value: Decimal) -> f64 {
    /// The powers of ten that a division by rounds once.
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let power = usize::try_from(value.scale()).ok().and_then(|scale| POWERS.get(scale));
    match (one_word(value).filter(|digits| *digits < 1 << 50), power) {
        (Some(digits), Some(power)) if digits > 0 => {
            let magnitude = digits as f64 / power;
            if value.is_sign_negative() { -magnitude } else { magnitude }
        }
        _ => rust_decimal::prelude::ToPrimitive::to_f64(&value).unwrap_or(f64::NAN),
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(Decimal);

        impl $name {
            /// The number itself.
            #[must_use]
            pub const fn get(self) -> Decimal {
                self.0
            }

            /// The number as a float, for indicators and display only.
            #[must_use]
            pub fn to_f64(self) -> f64 {
                to_f64(self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number! {
    /// A price in the quote coin per unit of the base coin; always above zero.
    Price
}
number! {
    /// A quantity in the base coin (linear contracts); never negative, the side is said apart.
    Qty
}
number! {
    /// The value of a quantity at a price, in the quote coin; never negative.
    Notional
}
number! {
    /// An amount of a coin that is paid, held, gained or lost; may be negative.
    Money
}
number! {
    /// A fraction: 0.00055 is 0.055 %. May be negative (a maker rebate, funding).
    Rate
}

impl Price {
    /// Takes a price.
    ///
    /// # Errors
    /// When it is not above zero, larger than 10¹² or finer than twelve places.
    pub fn new(value: Decimal) -> Result<Self, NumberError> {
        if value.is_zero() || value.is_sign_negative() {
            return Err(NumberError::TooSmall(value));
        }
        bounded(value).map(Self)
    }

    /// The price as an integer on the books' scale.
    ///
    /// # Errors
    /// When it is finer than 10⁻⁸ or too large for the scale.
    pub fn to_fixed(self) -> Result<Fixed, FixedError> {
        Fixed::try_from(self.0)
    }

    /// Value of `qty` at this price.
    #[must_use]
    pub fn times(self, qty: Qty) -> Notional {
        // Both factors are bounded at construction, so the product cannot overflow.
        Notional(self.0 * qty.0)
    }

    /// Distance to `other`, without sign.
    #[must_use]
    pub fn distance(self, other: Self) -> Decimal {
        (self.0 - other.0).abs()
    }
}

impl Qty {
    /// No quantity.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Takes a quantity.
    ///
    /// # Errors
    /// When it is negative, larger than 10¹² or finer than twelve places.
    pub fn new(value: Decimal) -> Result<Self, NumberError> {
        if is_below_zero(value) {
            return Err(NumberError::TooSmall(value));
        }
        bounded(value).map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Both together, at most the largest quantity there is.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self((self.0 + other.0).min(MAX))
    }

    /// What is left after taking `other` away; nothing when `other` is larger.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self((self.0 - other.0).max(Decimal::ZERO))
    }
}

impl Notional {
    /// No value.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Takes a value.
    ///
    /// # Errors
    /// When it is negative or unreasonably large.
    pub fn new(value: Decimal) -> Result<Self, NumberError> {
        if is_below_zero(value) {
            return Err(NumberError::TooSmall(value));
        }
        bounded(value).map(Self)
    }

    /// The part of this value that `rate` names, for example a fee.
    #[must_use]
    pub fn at(self, rate: Rate) -> Money {
        Money(self.0.saturating_mul(rate.0))
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Money {
    /// No money.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Takes an amount of either sign. Any decimal is an amount.
    #[must_use]
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }

    /// Both together; saturates at the ends of the decimal range.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// This without `other`; saturates at the ends of the decimal range.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Rate {
    /// No rate.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Takes a fraction of either sign. Any decimal is a rate.
    #[must_use]
    pub const fn new(value: Decimal) -> Self {
        Self(value)
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn the_largest_factors_multiply_without_panic() {
        let (price, qty) = (Price::new(MAX).unwrap(), Qty::new(MAX).unwrap());
        assert_eq!(MAX, Decimal::from(1_000_000_000_000_i64));
        assert_eq!(price.times(qty).get(), MAX * MAX);
    }

    #[test]
    fn numbers_outside_their_meaning_are_refused() {
        assert!(Price::new(Decimal::ZERO).is_err());
        assert!(Qty::new(Decimal::NEGATIVE_ONE).is_err());
        assert!(Price::new(MAX + Decimal::ONE).is_err());
        assert!(Qty::new(Decimal::new(1, 13)).is_err());
        assert_eq!(Qty::new(Decimal::ZERO).unwrap(), Qty::ZERO);
    }

    #[test]
    fn the_short_way_comes_to_what_the_long_one_does() {
        use proptest::prelude::*;
        let decimals =
            (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>(), 0..=28_u32, 0..97_u32, 0..9_u32);
        let decimals = decimals.prop_map(|(low, mid, high, is_negative, scale, bits, zeros)| {
            let digits = u128::from(high) << 64 | u128::from(mid) << 32 | u128::from(low);
            let digits = digits.checked_shr(bits).unwrap_or(0);
            let digits = digits / 10_u128.pow(zeros) * 10_u128.pow(zeros);
            let mut value = Decimal::from_i128_with_scale(i128::try_from(digits).unwrap(), scale);
            value.set_sign_negative(is_negative);
            value
        });
        proptest!(ProptestConfig::with_cases(20_000), |(value in decimals)| {
            let long = (value.abs() <= MAX && value.normalize().scale() <= MAX_SCALE).then(|| value.normalize());
            let same = |a: Decimal, b: Decimal| a == b && a.scale() == b.scale();
            prop_assert_eq!(Price::new(value).is_ok(), value > Decimal::ZERO && long.is_some());
            match Qty::new(value) {
                Ok(qty) => prop_assert!(same(qty.get(), long.unwrap()), "{} {:?}", qty, long),
                Err(_) => prop_assert!(value < Decimal::ZERO || long.is_none()),
            }
            let float = rust_decimal::prelude::ToPrimitive::to_f64(&value).unwrap();
            prop_assert_eq!(to_f64(value).to_bits(), float.to_bits(), "{} {}", value, float);
        });
    }

    #[test]
    fn taking_away_more_than_there_is_leaves_nothing() {
        let (one, two) = (Qty::new(Decimal::ONE).unwrap(), Qty::new(Decimal::TWO).unwrap());
        assert_eq!(one.less(two), Qty::ZERO);
        assert_eq!(two.less(one), one);
    }
}
