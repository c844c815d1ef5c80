//! What has happened lately, in words: for the status page, `windvane events` and notifications.
//!
//! The journal is the record; this is the newest part of it, told to people, and it is forgotten with the process.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Entries that are kept. A busy account fills it in minutes, and a person reads the last dozen.
const ENTRIES_MAX: usize = 1_000;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The engine's run state changed, to one that lets it trade.
    State,
    /// The engine halted, or was fenced.
    Halt,
    /// An order was sent.
    Order,
    /// An order was filled, in part or whole.
    Fill,
    /// A position went flat by a decision of its bot.
    Exit,
    /// A position went flat by its stop, a liquidation, or somebody outside.
    Stop,
    /// Our own risk denied a wish.
    Denial,
    /// The venue refused a request.
    Refusal,
    /// The outcome of a request is not known, or our picture and the venue's differed.
    Doubt,
    /// A link came up or was lost, or a book had a gap.
    Link,
    /// The figures of a day that has ended.
    Day,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::State,
        Self::Halt,
        Self::Order,
        Self::Fill,
        Self::Exit,
        Self::Stop,
        Self::Denial,
        Self::Refusal,
        Self::Doubt,
        Self::Link,
        Self::Day,
    ];

    /// The word for it, as it is written in configs and shown in columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Halt => "halt",
            Self::Order => "order",
            Self::Fill => "fill",
            Self::Exit => "exit",
            Self::Stop => "stop",
            Self::Denial => "denial",
            Self::Refusal => "refusal",
            Self::Doubt => "doubt",
            Self::Link => "link",
            Self::Day => "day",
        }
    }
}

/// What is told, before it has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// What kind of thing happened.
    pub kind: Kind,
    /// The bot it is about.
    pub bot: Option<String>,
    /// The contract it is about.
    pub symbol: Option<String>,
    /// The order it is about, by our own id: the word to search the log and the journal for.
    pub client_order_id: Option<String>,
    /// One line for a person.
    pub text: String,
}

impl Story {
    /// A story that is about no bot and no order.
    #[must_use]
    pub fn of(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, bot: None, symbol: None, client_order_id: None, text: text.into() }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts up from 1 since the start of the process.
    pub number: u64,
    /// When, milliseconds since 1970 UTC by this machine's clock.
    pub wall_ms: i64,
    /// When by the market's clock, milliseconds since 1970 UTC.
    pub market_ms: i64,
    /// What kind of thing happened.
    pub kind: Kind,
    /// The bot it is about.
    pub bot: Option<String>,
    /// The contract it is about.
    pub symbol: Option<String>,
    /// The order it is about, by our own id.
    pub client_order_id: Option<String>,
    /// One line for a person.
    pub text: String,
}

/// The newest entries, oldest first. Beyond the bound the oldest are forgotten.
#[derive(Debug, Default)]
pub struct Chronicle {
    entries: VecDeque<Entry>,
    told: u64,
}

impl Chronicle {
    /// Takes down what happened, and gives it with its number.
    pub fn note(&mut self, story: Story, wall_ms: i64, market_ms: i64) -> &Entry {
        self.told += 1;
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.pop_front();
        }
        let Story { kind, bot, symbol, client_order_id, text } = story;
        let number = self.told;
        self.entries.push_back(Entry {
            number,
            wall_ms,
            market_ms,
            kind,
            bot,
            symbol,
            client_order_id,
            text,
        });
        &self.entries[self.entries.len() - 1]
    }

    /// What came after that number; without one, the newest `count`. Oldest first.
    #[must_use]
    pub fn told(&self, after: Option<u64>, count: usize) -> Vec<Entry> {
        let first = match after {
            Some(number) => self.entries.partition_point(|entry| entry.number <= number),
            None => self.entries.len().saturating_sub(count),
        };
        self.entries.iter().skip(first).cloned().collect()
    }

    /// The newest `count`, newest first.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev().take(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_a_reader_sees_by_the_numbers_what_was_lost() {
        let mut chronicle = Chronicle::default();
        for round in 1..=ENTRIES_MAX + 5 {
            chronicle.note(Story::of(Kind::Link, format!("round {round}")), 0, 0);
        }
        assert_eq!(chronicle.newest(1).next().unwrap().text, format!("round {}", ENTRIES_MAX + 5));
        let all = chronicle.told(Some(0), 0);
        assert_eq!(
            (all.len(), all[0].number),
            (ENTRIES_MAX, 6),
            "five are forgotten, and the numbers say so"
        );
        assert_eq!(chronicle.told(Some(1_003), 0).len(), 2);
        let newest = chronicle.told(None, 3);
        assert_eq!(newest.iter().map(|entry| entry.number).collect::<Vec<_>>(), [1_003, 1_004, 1_005]);
    }

    #[test]
    fn a_kind_is_written_as_it_is_shown() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.as_str()));
        }
    }
}
