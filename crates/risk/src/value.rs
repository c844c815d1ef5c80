//! Values with units as a person writes them in the configuration: `"500 USDT"`, `"0.5%"`, `"10x"`,
//! `"10 per 1s"`, `"1500ms"`.
//!
//! Every one is read from text, never from a bare number: a number without a unit is how a limit ends up a
//! hundred times too large, and a number that passed through a float has lost digits.

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::{fmt, marker::PhantomData, str::FromStr};
use windvane_model::{Coin, Millis};

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It does not have the form of such a value.
    #[error("`{text}` is not {form}")]
    Form {
        /// What was given.
        text: String,
        /// What it must look like.
        form: &'static str,
    },
    /// It has the form, but lies outside what makes sense.
    #[error("`{text}` is out of range: {range}")]
    Range {
        /// What was given.
        text: String,
        /// What makes sense.
        range: &'static str,
    },
}

/// An amount of a coin above zero: `"500 USDT"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// How much, in `coin`.
    pub value: Decimal,
    /// Of which coin.
    pub coin: Coin,
}

/// A part of a hundred, above zero and at most all of it, held as a fraction: `"0.5%"` is 0.005.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(Decimal);

/// A multiple of at least one: `"10x"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Multiple(Decimal);

/// A length of time above zero: `"1500ms"`, `"2s"`, `"1m"`, `"1h"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(Millis);

/// How many orders fit into any window of a length: `"10 per 1s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderRate {
    /// How many.
    pub count: u32,
    /// Within which length.
    pub window: TimeSpan,
}

/// Largest count of an [`OrderRate`]: one send time is remembered for each.
const MAX_RATE_COUNT: u32 = 100_000;
/// Largest [`TimeSpan`]: a day.
const MAX_SPAN_MS: Millis = 86_400_000;
/// Largest [`Amount`]; what limits are compared with stays far below the end of the decimal range.
const MAX_AMOUNT: i64 = 1_000_000_000_000;

impl Percent {
    /// The same as a fraction of one.
    #[must_use]
    pub const fn fraction(self) -> Decimal {
        self.0
    }
}

impl Multiple {
    /// The multiple.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl TimeSpan {
    /// The length in milliseconds.
    #[must_use]
    pub const fn millis(self) -> Millis {
        self.0
    }
}

fn number(text: &str) -> Option<Decimal> {
    // `from_str_exact` refuses what does not fit; the plain parser would round it.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_plain && text.bytes().any(|byte| byte.is_ascii_digit()))
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten()
}

/// A parser of one kind of value, with the words its errors need.
trait Value: FromStr<Err = ValueError> {
    const FORM: &'static str;

    fn malformed(text: &str) -> ValueError {
        ValueError::Form { text: text.to_owned(), form: Self::FORM }
    }
}

impl Value for Amount {
    const FORM: &'static str = "an amount with its coin, like \"500 USDT\"";
}

impl FromStr for Amount {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (value, coin) = text.trim().split_once(' ').ok_or_else(|| Self::malformed(text))?;
        let value = number(value).ok_or_else(|| Self::malformed(text))?;
        let coin = coin.trim();
        let is_coin = coin.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) && !coin.is_empty();
        let coin = Coin::new(coin).ok().filter(|_| is_coin).ok_or_else(|| Self::malformed(text))?;
        if value <= Decimal::ZERO || value > Decimal::from(MAX_AMOUNT) {
            return Err(ValueError::Range { text: text.to_owned(), range: "above 0, at most 10^12" });
        }
        Ok(Self { value, coin })
    }
}

impl Value for Percent {
    const FORM: &'static str = "a percentage, like \"0.5%\"";
}

impl FromStr for Percent {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let percent = text.trim().strip_suffix('%').and_then(number).ok_or_else(|| Self::malformed(text))?;
        if percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED {
            return Err(ValueError::Range { text: text.to_owned(), range: "above 0%, at most 100%" });
        }
        Ok(Self(percent / Decimal::ONE_HUNDRED))
    }
}

impl Value for Multiple {
    const FORM: &'static str = "a multiple, like \"10x\"";
}

impl FromStr for Multiple {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let times = text.trim().strip_suffix('x').and_then(number).ok_or_else(|| Self::malformed(text))?;
        if times < Decimal::ONE || times > Decimal::ONE_THOUSAND {
            return Err(ValueError::Range { text: text.to_owned(), range: "1x to 1000x" });
        }
        Ok(Self(times))
    }
}

impl Value for TimeSpan {
    const FORM: &'static str = "a length of time, like \"1500ms\", \"2s\", \"1m\" or \"1h\"";
}

impl FromStr for TimeSpan {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let trimmed = text.trim();
        let units = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(|| Self::malformed(text))?;
        let (count, unit) = trimmed.split_at(units);
        let unit_ms: Millis = match unit.trim_start() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(Self::malformed(text)),
        };
        let count: Millis = count.parse().map_err(|_| Self::malformed(text))?;
        count
            .checked_mul(unit_ms)
            .filter(|millis| (1..=MAX_SPAN_MS).contains(millis))
            .map(Self)
            .ok_or_else(|| ValueError::Range { text: text.to_owned(), range: "1ms to 24h" })
    }
}

impl Value for OrderRate {
    const FORM: &'static str = "a rate, like \"10 per 1s\"";
}

impl FromStr for OrderRate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let (count, window) = text.split_once(" per ").ok_or_else(|| Self::malformed(text))?;
        let window: TimeSpan = window.parse().map_err(|_| Self::malformed(text))?;
        let count: u32 = count.trim().parse().map_err(|_| Self::malformed(text))?;
        if !(1..=MAX_RATE_COUNT).contains(&count) {
            return Err(ValueError::Range { text: text.to_owned(), range: "1 to 100000 per window" });
        }
        Ok(Self { count, window })
    }
}

/// Reads a value from a string and from nothing else.
struct FromText<T>(PhantomData<T>);

impl<T: Value> Visitor<'_> for FromText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::FORM)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! deserialize_from_text {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FromText(PhantomData))
            }
        }
    )*};
}

deserialize_from_text!(Amount, Percent, Multiple, TimeSpan, OrderRate);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", (self.0 * Decimal::ONE_HUNDRED).normalize())
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let (unit_ms, unit) =
            units.into_iter().find(|(unit_ms, _)| self.0 % unit_ms == 0).unwrap_or((1, "ms"));
        write!(f, "{}{unit}", self.0 / unit_ms)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value.normalize(), self.coin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn values_are_read_with_their_units() {
        let amount: Amount = "500.5 USDT".parse().unwrap();
        assert_eq!((amount.value, amount.coin.as_str()), (decimal("500.5"), "USDT"));
        assert_eq!("0.5%".parse::<Percent>().unwrap().fraction(), decimal("0.005"));
        assert_eq!("0.50%".parse::<Percent>().unwrap().to_string(), "0.5%");
        for (text, times) in [("1x", "1"), ("12.5x", "12.5"), ("1000x", "1000")] {
            assert_eq!(text.parse::<Multiple>().unwrap().get(), decimal(times));
        }
        for (text, millis) in [("1500ms", 1500), ("2s", 2000), ("15m", 900_000), ("24h", 86_400_000)] {
            let span: TimeSpan = text.parse().unwrap();
            assert_eq!((span.millis(), span.to_string().as_str()), (millis, text));
        }
        let rate: OrderRate = "10 per 1s".parse().unwrap();
        assert_eq!((rate.count, rate.window.millis()), (10, 1000));
    }

    #[test]
    fn what_lacks_its_unit_or_makes_no_sense_is_refused() {
        for text in
            ["500", "500USDT", "five USDT", "500 usdt", "NaN USDT", "-5 USDT", "0 USDT", "1e3 USDT", "5 "]
        {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
        for text in ["0.5", "0%", "101%", "%", "-1%", "inf%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
        for text in ["10", "0.5x", "1001x", "x"] {
            assert!(text.parse::<Multiple>().is_err(), "{text}");
        }
        for text in ["5", "0s", "25h", "1.5s", "1d", "", "99999999999999999h"] {
            assert!(text.parse::<TimeSpan>().is_err(), "{text}");
        }
        for text in ["10", "10/s", "0 per 1s", "100001 per 1s", "10 per 1", "ten per 1s"] {
            assert!(text.parse::<OrderRate>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_with_more_digits_than_can_be_kept_is_refused_and_not_rounded() {
        assert!("0.12345678901234567890123456789012 USDT".parse::<Amount>().is_err());
    }
}
