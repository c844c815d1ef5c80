//! What the engine itself must remember over a restart: a latched halt, which bots are being wound down, and
//! where the day's loss is counted from. A crash forgives none of them.

use crate::bot::Hold;
use crate::engine::ConfigId;
use windvane_model::{BotName, HaltCause, Qty};
use windvane_risk::RiskMemory;

/// The name under which it is journalled. No bot can be called so: the loader allows no slash in a name.
#[must_use]
pub fn engine_memory_name() -> BotName {
    BotName::new("engine/state").expect("twelve printable letters")
}

/// The word for a kill at the scope of the account.
const KILL: &str = "kill=account";

/// The word for what is kept of a position that is being cut.
const KEEPS: &str = "keeps";

/// The engine's own memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EngineMemory {
    /// The halt that is latched.
    pub(crate) halted: Option<HaltCause>,
    /// Whether every order of the account is to be cancelled.
    pub(crate) kills_account: bool,
    /// The bots that are held back, removal and the orderly end apart.
    pub(crate) holds: Vec<(BotName, Hold)>,
    /// What the bots keep of positions that are being cut, base coin.
    pub(crate) keeps: Vec<(BotName, Qty)>,
    /// Which configuration the last position of each bot was opened under.
    pub(crate) opened_under: Vec<(BotName, ConfigId)>,
    /// What the breakers count from.
    pub(crate) risk: RiskMemory,
}

impl EngineMemory {
    /// As text, `halt=journal day=20507:99900.5`: a person can read it in an export.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut words = Vec::new();
        if let Some(cause) = self.halted {
            words.push(format!("halt={}", cause.as_str()));
        }
        if self.kills_account {
            words.push(KILL.to_owned());
        }
        words.extend(self.holds.iter().map(|(bot, hold)| format!("{}={bot}", hold.as_str())));
        words.extend(self.keeps.iter().map(|(bot, qty)| format!("{KEEPS}={bot}:{qty}")));
        words.extend(self.opened_under.iter().map(|(bot, config)| format!("under={bot}:{}", hex(*config))));
        self.risk.write(&mut words);
        words.join(" ").into_bytes()
    }

    /// Reads it back. `None` when it is not of this form; then the caller must assume the worst.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut memory = Self::default();
        for word in text.split_whitespace() {
            if word == KILL {
                memory.kills_account = true;
                continue;
            }
            let (name, value) = word.split_once('=')?;
            let hold = Hold::ALL.into_iter().find(|hold| hold.as_str() == name);
            match (name, hold) {
                (_, Some(hold)) => memory.holds.push((BotName::new(value).ok()?, hold)),
                (KEEPS, None) => {
                    let (bot, qty) = value.split_once(':')?;
                    memory.keeps.push((BotName::new(bot).ok()?, Qty::new(qty.parse().ok()?).ok()?));
                }
                ("halt", None) => memory.halted = Some(HaltCause::from_word(value)?),
                ("under", None) => {
                    let (bot, config) = value.split_once(':')?;
                    memory.opened_under.push((BotName::new(bot).ok()?, from_hex(config)?));
                }
                (name, None) => memory.risk.read(name, value)?,
            }
        }
        Some(memory)
    }

    /// How far a bot is held back.
    pub(crate) fn hold_of(&self, bot: BotName) -> Option<Hold> {
        self.holds.iter().find(|(name, _)| *name == bot).map(|(_, hold)| *hold)
    }
}

/// Which configuration each bot's last position was opened under, out of what an engine wrote down to remember; nothing
/// where that cannot be read.
#[must_use]
pub fn opened_under(memory: &[u8]) -> Vec<(BotName, ConfigId)> {
    EngineMemory::from_bytes(memory).map_or_else(Vec::new, |memory| memory.opened_under)
}

fn hex(config: ConfigId) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = config.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn from_hex(text: &str) -> Option<ConfigId> {
    let mut config = ConfigId::default();
    if text.len() != 2 * config.len() {
        return None;
    }
    for (byte, digits) in config.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_and_the_day_survive_the_round_trip() {
        let mut risk = RiskMemory::default();
        risk.read("day", "20507:99900.5").unwrap();
        for memory in [
            EngineMemory::default(),
            EngineMemory { halted: Some(HaltCause::Operator), ..EngineMemory::default() },
            EngineMemory {
                halted: Some(HaltCause::DayLoss),
                kills_account: true,
                holds: vec![
                    (BotName::new("trend").unwrap(), Hold::Close),
                    (BotName::new("maker").unwrap(), Hold::ExitOnly),
                    (BotName::new("grid").unwrap(), Hold::Pause),
                ],
                keeps: vec![(BotName::new("grid").unwrap(), Qty::new("0.25".parse().unwrap()).unwrap())],
                opened_under: vec![(BotName::new("trend").unwrap(), [0x5a; 32])],
                risk,
            },
        ] {
            assert_eq!(EngineMemory::from_bytes(&memory.to_bytes()).as_ref(), Some(&memory));
        }
    }

    #[test]
    fn what_was_not_written_by_it_is_not_read() {
        for bytes in [&b"halt=whim"[..], b"day=x", b"colour=red", b"under=trend:5", b"\xff"] {
            assert_eq!(EngineMemory::from_bytes(bytes), None, "{bytes:?}");
        }
    }
}
