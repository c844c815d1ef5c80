//! Every bare word of the language: values of the bar, figures of the moment, and the position. Functions are in `library`.

use super::compile::NodeId;
use super::library::Scribe;
use super::live::{LiveWord, Quote};
use super::op::Field;
use super::types::Type;

/// What a bare word stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    /// A value of the confirmed bar.
    Bar(fn(&mut Scribe<'_>) -> NodeId, Type),
    /// A figure of a contract's market at this moment.
    Quote(Quote, Type),
    /// The position or the account at this moment.
    Live(LiveWord, Type),
    /// What our side pays at the next funding: the funding rate for a long, its negative for a short.
    FundingCost,
    Truth(bool),
}

/// Name, meaning, and what it is in one line.
pub(crate) const WORDS: &[(&str, Word, &str)] = &[
    ("open", Word::Bar(|s| s.field(Field::Open), Type::Price), "first price of the bar"),
    ("high", Word::Bar(|s| s.field(Field::High), Type::Price), "highest price of the bar"),
    ("low", Word::Bar(|s| s.field(Field::Low), Type::Price), "lowest price of the bar"),
    ("close", Word::Bar(|s| s.field(Field::Close), Type::Price), "last price of the bar"),
    ("volume", Word::Bar(|s| s.field(Field::Volume), Type::Volume), "quantity traded in the bar, base coin"),
    ("hl2", Word::Bar(|s| s.hl2(), Type::Price), "(high + low) / 2"),
    ("hlc3", Word::Bar(|s| s.hlc3(), Type::Price), "(high + low + close) / 3, the typical price"),
    ("ohlc4", Word::Bar(|s| s.ohlc4(), Type::Price), "mean of the four prices"),
    ("true_range", Word::Bar(|s| s.true_range(), Type::Price), "range of the bar with the gap before it"),
    ("ha_open", Word::Bar(|s| s.heikin_open(), Type::Price), "Heikin-Ashi open"),
    ("ha_high", Word::Bar(|s| s.heikin_high(), Type::Price), "Heikin-Ashi high"),
    ("ha_low", Word::Bar(|s| s.heikin_low(), Type::Price), "Heikin-Ashi low"),
    ("ha_close", Word::Bar(|s| s.ohlc4(), Type::Price), "Heikin-Ashi close"),
    (
        "bar_time",
        Word::Bar(|s| s.field(Field::TimeOfDay), Type::Duration),
        "start of the bar since 00:00 UTC",
    ),
    (
        "weekday",
        Word::Bar(|s| s.field(Field::Weekday), Type::Number),
        "day of the bar's start, 1 Monday to 7 Sunday",
    ),
    ("new_day", Word::Bar(|s| s.field(Field::NewDay), Type::Bool), "the bar is the first of its UTC day"),
    ("bid", Word::Quote(Quote::Bid, Type::Price), "best bid"),
    ("ask", Word::Quote(Quote::Ask, Type::Price), "best ask"),
    ("mid", Word::Quote(Quote::Mid, Type::Price), "middle between bid and ask"),
    ("spread", Word::Quote(Quote::Spread, Type::Price), "ask less bid"),
    ("microprice", Word::Quote(Quote::Microprice, Type::Price), "mid weighted by the size on the other side"),
    ("bid_size", Word::Quote(Quote::BidSize, Type::Volume), "quantity at the best bid"),
    ("ask_size", Word::Quote(Quote::AskSize, Type::Volume), "quantity at the best ask"),
    ("last", Word::Quote(Quote::Last, Type::Price), "last traded price"),
    ("mark", Word::Quote(Quote::Mark, Type::Price), "mark price"),
    ("index", Word::Quote(Quote::Index, Type::Price), "index price"),
    ("basis", Word::Quote(Quote::Basis, Type::Ratio), "(mark − index) / index"),
    (
        "funding_rate",
        Word::Quote(Quote::FundingRate, Type::Ratio),
        "rate of the next funding; longs pay when positive",
    ),
    ("funding_cost", Word::FundingCost, "what our side pays at the next funding"),
    ("time_to_funding", Word::Quote(Quote::TimeToFunding, Type::Duration), "until the next funding"),
    (
        "open_interest",
        Word::Quote(Quote::OpenInterest, Type::Volume),
        "contracts that are open, in base coin",
    ),
    ("is_long", Word::Live(LiveWord::IsLong, Type::Bool), "a long is open"),
    ("is_short", Word::Live(LiveWord::IsShort, Type::Bool), "a short is open"),
    ("is_flat", Word::Live(LiveWord::IsFlat, Type::Bool), "no position is open"),
    ("entry_price", Word::Live(LiveWord::EntryPrice, Type::Price), "average entry price"),
    ("entries", Word::Live(LiveWord::Entries, Type::Number), "entries that make up the position"),
    ("position_size", Word::Live(LiveWord::PositionSize, Type::Volume), "size of the position, base coin"),
    ("bars_held", Word::Live(LiveWord::BarsHeld, Type::Number), "bars since the position was opened"),
    ("position_age", Word::Live(LiveWord::Age, Type::Duration), "time since the position was opened"),
    (
        "pnl_percent",
        Word::Live(LiveWord::PnlPercent, Type::Ratio),
        "move of the last price in our favour, of the entry price",
    ),
    (
        "pnl_r",
        Word::Live(LiveWord::PnlR, Type::Number),
        "the same in multiples of the distance to the first stop",
    ),
    ("drawdown", Word::Live(LiveWord::Drawdown, Type::Ratio), "loss since the bot's best equity"),
    ("day_return", Word::Live(LiveWord::DayReturn, Type::Ratio), "what the bot made since 00:00 UTC"),
    ("entries_today", Word::Live(LiveWord::EntriesToday, Type::Number), "positions opened since 00:00 UTC"),
    ("stops_today", Word::Live(LiveWord::StopsToday, Type::Number), "positions stopped out since 00:00 UTC"),
    (
        "losing_streak",
        Word::Live(LiveWord::LosingStreak, Type::Number),
        "positions in a row that lost, since 00:00 UTC",
    ),
    (
        "equity",
        Word::Live(LiveWord::Equity, Type::Value),
        "budget of the bot with what it has made of it, settle coin",
    ),
    (
        "free_margin",
        Word::Live(LiveWord::FreeMargin, Type::Value),
        "margin of the account that is free for new orders, settle coin",
    ),
    (
        "open_positions",
        Word::Live(LiveWord::OpenPositions, Type::Number),
        "positions of the account, with those that an order is about to open",
    ),
    ("true", Word::Truth(true), "always"),
    ("false", Word::Truth(false), "never"),
];

/// The built-in word called `name`.
pub(crate) fn word(name: &str) -> Option<Word> {
    WORDS.iter().find(|(known, ..)| *known == name).map(|(_, word, _)| *word)
}
