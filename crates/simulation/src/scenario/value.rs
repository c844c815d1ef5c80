//! Values as a scenario writes them: `"2.5s"`, `"60000"`, `"reply lost"`, each refused where it stands.

use crate::swarm::Millis;
use crate::tally::Fault;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use windvane_model::Side;

/// Milliseconds, written with their unit: `"250ms"`, `"2.5s"`, `"-4s"`, `"1m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span(pub(super) Millis);

/// A number, written as text, so that no digit is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(pub(super) Decimal);

/// A limit order in the book with what is left of it, written like `"buy 0.04 at 2985"` or `"sell 0.04 at 3000 reduce-only"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RestingOrder {
    pub(super) side: Side,
    pub(super) left: Decimal,
    pub(super) price: Decimal,
    pub(super) reduce_only: bool,
}

/// A moment of the story, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// So long after the beginning.
    At(Millis),
    /// When both worlds are compared.
    End,
}

impl RestingOrder {
    fn parse(text: &str) -> Option<Self> {
        let (text, reduce_only) = match text.strip_suffix(" reduce-only") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (side, text) = text.split_once(' ')?;
        let (left, price) = text.split_once(" at ")?;
        let side = [Side::Buy, Side::Sell].into_iter().find(|known| side_word(*known) == side)?;
        Some(Self { side, left: left.parse().ok()?, price: price.parse().ok()?, reduce_only })
    }
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

impl Display for RestingOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { side, left, price, reduce_only } = self;
        write!(f, "{} {} at {}", side_word(*side), left.normalize(), price.normalize())?;
        if *reduce_only { f.write_str(" reduce-only") } else { Ok(()) }
    }
}

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000)];
        let (count, unit) =
            units.into_iter().find_map(|(word, unit)| Some((text.strip_suffix(word)?, unit)))?;
        let count: Decimal = count.trim().parse().ok()?;
        let millis = count.checked_mul(Decimal::from(unit))?;
        millis.is_integer().then(|| millis.to_i64())?.map(Self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = "a length of time with its unit, like \"250ms\", \"2.5s\" or \"1m\"";
        Self::parse(&text).ok_or_else(|| Error::invalid_value(Unexpected::Str(&text), &wanted))
    }
}

impl<'de> Deserialize<'de> for RestingOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = "an order like \"buy 0.04 at 2985\" or \"sell 0.04 at 3000 reduce-only\"";
        Self::parse(&text).ok_or_else(|| Error::invalid_value(Unexpected::Str(&text), &wanted))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = "a moment like \"2.5s\", or \"end\"";
        match (text.as_str(), Span::parse(&text)) {
            ("end", _) => Ok(Self::End),
            (_, Some(Span(at))) => Ok(Self::At(at)),
            (_, None) => Err(Error::invalid_value(Unexpected::Str(&text), &wanted)),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = "a number in quotes, like \"0.01\"";
        text.parse().map(Self).map_err(|_| Error::invalid_value(Unexpected::Str(&text), &wanted))
    }
}

/// Reads one of several words; the error names them all.
pub(super) fn word<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    words: BTreeMap<&'static str, T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = words.keys().copied().collect::<Vec<_>>().join("`, `");
    let mut words = words;
    words.remove(text.as_str()).ok_or_else(|| D::Error::custom(format!("`{text}` is none of `{known}`")))
}

/// A fault that strikes single messages, by its word.
pub(super) fn fault<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fault, D::Error> {
    word(deserializer, Fault::ALL.iter().filter(|f| f.strikes_messages()).map(|f| (f.as_str(), *f)).collect())
}
