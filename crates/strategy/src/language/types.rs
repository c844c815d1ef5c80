//! The units of the language and what may be done with them. `spread < 2` is refused here; `spread < 2 ticks` is not.

use std::fmt;

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// A plain number: a count, an RSI.
    Number,
    /// A price or a difference of prices, in the quote currency.
    Price,
    /// A fraction, written as a per cent.
    Ratio,
    /// One value divided by another of its kind: stands in for a number and for a ratio.
    Quotient,
    /// A distance in steps of the instrument's tick size; goes with prices.
    Ticks,
    /// An amount of the base coin.
    Volume,
    /// What an amount of the base coin is worth: a sum of the quote coin.
    Value,
    /// A span of time.
    Duration,
    /// True, false or not yet known.
    Bool,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Price => "a price",
            Self::Ratio => "a ratio (%)",
            Self::Quotient => "a quotient",
            Self::Ticks => "ticks",
            Self::Volume => "a volume",
            Self::Value => "a sum of money",
            Self::Duration => "a duration",
            Self::Bool => "true or false",
        })
    }
}

impl Type {
    /// The unit in which two values can be compared, added or passed to `min`.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        match (self, other) {
            (left, right) if left == right => Some(left),
            (Self::Price, Self::Ticks) | (Self::Ticks, Self::Price) => Some(Self::Price),
            (Self::Quotient, Self::Number) | (Self::Number, Self::Quotient) => Some(Self::Quotient),
            (Self::Quotient, Self::Ratio) | (Self::Ratio, Self::Quotient) => Some(Self::Ratio),
            _ => None,
        }
    }

    /// The unit of `self * other`.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Bool, _) | (_, Self::Bool) => None,
            (Self::Number | Self::Quotient, unit) | (unit, Self::Number | Self::Quotient) => Some(unit),
            (Self::Ratio, unit) | (unit, Self::Ratio) => Some(unit),
            (Self::Price, Self::Volume) | (Self::Volume, Self::Price) => Some(Self::Value),
            _ => None,
        }
    }

    /// The unit of `self / other`.
    pub(crate) fn over(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Bool, _) | (_, Self::Bool) => None,
            (Self::Number, Self::Number) => Some(Self::Number),
            (left, right) if left.common(right).is_some() => Some(Self::Quotient),
            (Self::Value, Self::Price) => Some(Self::Volume),
            (Self::Value, Self::Volume) => Some(Self::Price),
            (unit, Self::Number | Self::Quotient | Self::Ratio) => Some(unit),
            _ => None,
        }
    }

    /// What to write where `self` met `other`, when there is a usual slip.
    pub(crate) fn advice(self, other: Self) -> &'static str {
        match (self, other) {
            (Self::Price, Self::Number) => "; give the number its unit: `2 ticks` or `2 USDT`",
            (Self::Ratio, Self::Number) => "; write the number as a per cent: `0.5%`",
            (Self::Number, Self::Ratio) => "; write the number without `%`",
            (Self::Volume, Self::Number | Self::Price) => {
                "; a volume times a price is a sum of money: `volume * close`"
            }
            (Self::Price, Self::Ratio) | (Self::Ratio, Self::Price) => {
                "; a per cent of a price is `0.5% * close`"
            }
            _ => "",
        }
    }
}
