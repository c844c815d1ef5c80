//! Figures as they stand on the wire: decimal text, sometimes a JSON number, sometimes empty.
//!
//! The exchange writes prices as strings and times as either; `""` means "not applicable", and `"0"`, `"0.00"`
//! mean zero, which for a price is the same as none. Source: Bybit V5, "Common" parameters and recorded messages.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};
use std::{borrow::Cow, fmt};
use windvane_model::{Fixed, MarketTime, Money, Price, Qty, Rate};

/// A scalar in the text it came in, whether it was a string, a number, a boolean or null (empty).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Lexeme<'a>(Cow<'a, str>);

/// Why a field could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {problem}")]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

pub(crate) const fn bad(field: &'static str, problem: &'static str) -> FieldError {
    FieldError { field, problem }
}

impl<'a> Lexeme<'a> {
    /// A text of the frame.
    pub(crate) const fn borrowed(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// This text, or the other one when this is empty: for fields with two spellings.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.is_empty() { other } else { self }
    }

    /// The text itself, borrowed from the frame where it can be.
    pub(crate) fn into_text(self) -> Cow<'a, str> {
        self.0
    }

    /// Whether it says "not applicable".
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A decimal, exactly; `None` when empty.
    pub(crate) fn decimal(&self, field: &'static str) -> Result<Option<Decimal>, FieldError> {
        if self.is_empty() {
            return Ok(None);
        }
        Decimal::from_str_exact(&self.0)
            .or_else(|_| Decimal::from_scientific(&self.0))
            .map(Some)
            .map_err(|_| bad(field, "not a decimal number"))
    }

    /// A price; `None` when empty or zero.
    pub(crate) fn price(&self, field: &'static str) -> Result<Option<Price>, FieldError> {
        match self.decimal(field)? {
            Some(value) if !value.is_zero() => {
                Price::new(value).map(Some).map_err(|_| bad(field, "not a price"))
            }
            _ => Ok(None),
        }
    }

    /// A price that must be there.
    pub(crate) fn required_price(&self, field: &'static str) -> Result<Price, FieldError> {
        self.price(field)?.ok_or(bad(field, "missing"))
    }

    /// A quantity; empty is none.
    pub(crate) fn qty(&self, field: &'static str) -> Result<Qty, FieldError> {
        self.decimal(field)?
            .map_or(Ok(Qty::ZERO), |value| Qty::new(value).map_err(|_| bad(field, "not a quantity")))
    }

    /// A quantity that must be there.
    pub(crate) fn required_qty(&self, field: &'static str) -> Result<Qty, FieldError> {
        if self.is_empty() { Err(bad(field, "missing")) } else { self.qty(field) }
    }

    /// An amount; `None` when empty.
    pub(crate) fn money(&self, field: &'static str) -> Result<Option<Money>, FieldError> {
        Ok(self.decimal(field)?.map(Money::new))
    }

    /// A fraction; `None` when empty.
    pub(crate) fn rate(&self, field: &'static str) -> Result<Option<Rate>, FieldError> {
        Ok(self.decimal(field)?.map(Rate::new))
    }

    /// A whole number; empty counts as zero.
    pub(crate) fn integer<T>(&self, field: &'static str) -> Result<T, FieldError>
    where
        T: std::str::FromStr + Default,
    {
        if self.is_empty() {
            return Ok(T::default());
        }
        self.0.parse().map_err(|_| bad(field, "not a whole number"))
    }

    /// Milliseconds since 1970; `None` when empty or zero.
    pub(crate) fn time(&self, field: &'static str) -> Result<Option<MarketTime>, FieldError> {
        Ok(match self.integer::<i64>(field)? {
            0 => None,
            millis => Some(MarketTime(millis)),
        })
    }

    /// Whether it says yes. `1` is a yes as well: `isLeverage` and `readOnly` are written that way.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self.0.as_ref(), "true" | "1")
    }

    /// The text, or `None` for the two ways of saying that there is none.
    pub(crate) fn known(&self) -> Option<&str> {
        match self.0.as_ref() {
            "" | "UNKNOWN" => None,
            text => Some(text),
        }
    }

    fn owned(value: impl fmt::Display) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Lexeme<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;

        impl<'de> de::Visitor<'de> for Scalar {
            type Value = Lexeme<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, number, boolean or null")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Lexeme(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Lexeme::owned(text))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Lexeme::owned(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Lexeme::owned(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                // The shortest text that reads back as the same float; only figures that the documentation
                // gives as strings but a reply writes bare come this way.
                Ok(Lexeme::owned(value))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Lexeme(Cow::Borrowed(if value { "true" } else { "false" })))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Lexeme::default())
            }
        }

        deserializer.deserialize_any(Scalar)
    }
}

/// A book figure, straight from the text to the books' integer scale.
pub(crate) struct BookFigure(pub(crate) Fixed);

impl<'de> Deserialize<'de> for BookFigure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lexeme = Lexeme::deserialize(deserializer)?;
        Fixed::parse(lexeme.as_str()).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Lexeme<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn strings_numbers_booleans_and_null_are_read_alike() {
        for (json, text) in [
            ("\"0.10\"", "0.10"),
            ("0.1", "0.1"),
            ("42", "42"),
            ("-1", "-1"),
            ("true", "true"),
            ("null", ""),
            (r#""a\"b""#, "a\"b"),
        ] {
            assert_eq!(read(json).as_str(), text, "{json}");
        }
    }

    #[test]
    fn empty_and_zero_prices_are_none_and_garbage_is_an_error() {
        for json in ["\"\"", "\"0\"", "\"0.00\"", "0", "null"] {
            assert_eq!(read(json).price("p"), Ok(None), "{json}");
        }
        for json in ["\"x\"", "\"-1\"", "\"1e99\"", "\"0.0000000000001\""] {
            assert!(read(json).price("p").is_err(), "{json}");
        }
    }

    #[test]
    fn small_floats_keep_their_digits() {
        let value = read("0.0000001").decimal("x").unwrap().unwrap();
        assert_eq!(value, Decimal::new(1, 7));
    }
}
