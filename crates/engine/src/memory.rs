//! What the engine itself must remember over a restart: a latched halt, which bots are being wound down, and
//! where the day's loss is counted from. A crash forgives none of them.

use rust_decimal::Decimal;
use windvane_model::{BotName, HaltCause, Money};
use windvane_risk::TradingDay;

/// The name under which it is journalled. No bot can be called so: the loader allows no slash in a name.
#[must_use]
pub fn engine_memory_name() -> BotName {
    BotName::new("engine/state").expect("twelve printable letters")
}

/// The engine's own memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EngineMemory {
    /// The halt that is latched.
    pub(crate) halted: Option<HaltCause>,
    /// The bots whose positions a person wants closed.
    pub(crate) flattening: Vec<BotName>,
    /// The bots whose entries a person wants cancelled.
    pub(crate) cancelling: Vec<BotName>,
    /// The day that the loss is counted from.
    pub(crate) day: Option<TradingDay>,
}

impl EngineMemory {
    /// As text, `halt=journal day=20507 equity=99900.5`: a person can read it in an export.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut words = Vec::new();
        if let Some(cause) = self.halted {
            words.push(format!("halt={}", cause.as_str()));
        }
        words.extend(self.flattening.iter().map(|bot| format!("flatten={bot}")));
        words.extend(self.cancelling.iter().map(|bot| format!("cancel={bot}")));
        if let Some(day) = self.day {
            words.push(format!("day={} equity={}", day.utc_day, day.start_equity));
        }
        words.join(" ").into_bytes()
    }

    /// Reads it back. `None` when it is not of this form; then the caller must assume the worst.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (mut memory, mut utc_day) = (Self::default(), None);
        for word in text.split_whitespace() {
            match word.split_once('=')? {
                ("halt", cause) => memory.halted = Some(HaltCause::from_word(cause)?),
                ("flatten", bot) => memory.flattening.push(BotName::new(bot).ok()?),
                ("cancel", bot) => memory.cancelling.push(BotName::new(bot).ok()?),
                ("day", day) => utc_day = Some(day.parse().ok()?),
                ("equity", equity) => {
                    let start_equity = Money::new(equity.parse::<Decimal>().ok()?);
                    memory.day = Some(TradingDay { utc_day: utc_day?, start_equity });
                }
                _ => return None,
            }
        }
        Some(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_and_the_day_survive_the_round_trip() {
        let day = TradingDay { utc_day: 20_507, start_equity: Money::new(Decimal::new(999_005, 1)) };
        for memory in [
            EngineMemory::default(),
            EngineMemory { halted: Some(HaltCause::Operator), ..EngineMemory::default() },
            EngineMemory {
                halted: Some(HaltCause::DayLoss),
                flattening: vec![BotName::new("trend").unwrap(), BotName::new("maker").unwrap()],
                cancelling: vec![BotName::new("maker").unwrap()],
                day: Some(day),
            },
        ] {
            assert_eq!(EngineMemory::from_bytes(&memory.to_bytes()).as_ref(), Some(&memory));
        }
    }

    #[test]
    fn what_was_not_written_by_it_is_not_read() {
        for bytes in [&b"halt=whim"[..], b"day=x", b"equity=5", b"colour=red", b"\xff"] {
            assert_eq!(EngineMemory::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
