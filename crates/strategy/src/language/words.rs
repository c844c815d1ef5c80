//! Every name the language knows: values of the bar, live values, and functions with their arguments.

use super::compile::{Field, LiveWord};
use super::types::Type;

/// What a bare word stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// A value of the confirmed bar.
    Bar(Field, Type),
    /// A value of the moment of evaluation.
    Live(LiveWord, Type),
    /// What our side pays at the next funding: the funding rate for a long, its negative for a short.
    FundingCost,
    Truth(bool),
}

pub(crate) const WORDS: [(&str, Word); 22] = [
    ("open", Word::Bar(Field::Open, Type::Price)),
    ("high", Word::Bar(Field::High, Type::Price)),
    ("low", Word::Bar(Field::Low, Type::Price)),
    ("close", Word::Bar(Field::Close, Type::Price)),
    ("volume", Word::Bar(Field::Volume, Type::Volume)),
    ("bid", Word::Live(LiveWord::Bid, Type::Price)),
    ("ask", Word::Live(LiveWord::Ask, Type::Price)),
    ("mid", Word::Live(LiveWord::Mid, Type::Price)),
    ("spread", Word::Live(LiveWord::Spread, Type::Price)),
    ("last", Word::Live(LiveWord::Last, Type::Price)),
    ("mark", Word::Live(LiveWord::Mark, Type::Price)),
    ("index", Word::Live(LiveWord::Index, Type::Price)),
    ("funding_rate", Word::Live(LiveWord::FundingRate, Type::Ratio)),
    ("funding_cost", Word::FundingCost),
    ("is_long", Word::Live(LiveWord::IsLong, Type::Bool)),
    ("is_short", Word::Live(LiveWord::IsShort, Type::Bool)),
    ("is_flat", Word::Live(LiveWord::IsFlat, Type::Bool)),
    ("entry_price", Word::Live(LiveWord::EntryPrice, Type::Price)),
    ("bars_held", Word::Live(LiveWord::BarsHeld, Type::Number)),
    ("pnl_percent", Word::Live(LiveWord::PnlPercent, Type::Ratio)),
    ("true", Word::Truth(true)),
    ("false", Word::Truth(false)),
];

/// A function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Ema,
    Sma,
    Stdev,
    Highest,
    Lowest,
    Rsi,
    Atr,
    BollingerUpper,
    BollingerMid,
    BollingerLower,
    CrossesAbove,
    CrossesBelow,
    Rising,
    Falling,
    Abs,
    Min,
    Max,
}

/// Name, function, and the call as it is shown to who gets it wrong.
pub(crate) const FUNCTIONS: [(&str, Function, &str); 17] = [
    ("ema", Function::Ema, "ema(x, bars)"),
    ("sma", Function::Sma, "sma(x, bars)"),
    ("stdev", Function::Stdev, "stdev(x, bars)"),
    ("highest", Function::Highest, "highest(x, bars)"),
    ("lowest", Function::Lowest, "lowest(x, bars)"),
    ("rsi", Function::Rsi, "rsi(x, bars)"),
    ("atr", Function::Atr, "atr(bars)"),
    ("bb_upper", Function::BollingerUpper, "bb_upper(x, bars, deviations)"),
    ("bb_mid", Function::BollingerMid, "bb_mid(x, bars, deviations)"),
    ("bb_lower", Function::BollingerLower, "bb_lower(x, bars, deviations)"),
    ("crosses_above", Function::CrossesAbove, "crosses_above(x, y)"),
    ("crosses_below", Function::CrossesBelow, "crosses_below(x, y)"),
    ("rising", Function::Rising, "rising(x, bars)"),
    ("falling", Function::Falling, "falling(x, bars)"),
    ("abs", Function::Abs, "abs(x)"),
    ("min", Function::Min, "min(x, y, …)"),
    ("max", Function::Max, "max(x, y, …)"),
];

/// The function called `name`, with its shape.
pub(crate) fn function(name: &str) -> Option<(Function, &'static str)> {
    FUNCTIONS.iter().find(|(known, ..)| *known == name).map(|(_, function, shape)| (*function, *shape))
}

/// The built-in word called `name`.
pub(crate) fn word(name: &str) -> Option<Word> {
    WORDS.iter().find(|(known, _)| *known == name).map(|(_, word)| *word)
}

impl Function {
    /// How many arguments it takes, at least and at most.
    pub(crate) fn arity(self) -> (usize, usize) {
        match self {
            Self::Atr | Self::Abs => (1, 1),
            Self::Ema
            | Self::Sma
            | Self::Stdev
            | Self::Highest
            | Self::Lowest
            | Self::Rsi
            | Self::CrossesAbove
            | Self::CrossesBelow
            | Self::Rising
            | Self::Falling => (2, 2),
            Self::BollingerUpper | Self::BollingerMid | Self::BollingerLower => (3, 3),
            Self::Min | Self::Max => (2, 8),
        }
    }
}
