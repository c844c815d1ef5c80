//! Identifiers, and the grammar of the client order ids that we mint.

use crate::{Text, TextError};
use std::fmt;
use std::ops::Range;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Text<$len>);

        impl $name {
            /// Takes a non-empty identifier as it is.
            ///
            /// # Errors
            /// When it is empty, too long, or not printable ASCII.
            pub fn new(text: &str) -> Result<Self, TextError> {
                if text.is_empty() {
                    return Err(TextError::TooLong { len: 0, max: $len });
                }
                Text::new(text).map(Self)
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id! {
    /// An instrument's name, `BTCUSDT`.
    Symbol, 24
}
id! {
    /// A coin, `USDT`.
    Coin, 12
}
id! {
    /// A bot's name as the configuration gives it; also a metric label.
    BotName, 24
}
id! {
    /// The id we give an order, at most 36 characters. Bybit: `orderLinkId`.
    ClientOrderId, 36
}
id! {
    /// The venue's id of an order; opaque.
    OrderId, 40
}
id! {
    /// The venue's id of one execution; unique with its symbol.
    ExecutionId, 40
}

/// Three base-36 characters that mark the orders of one installation: what starts with them is ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstallTag([u8; 3]);

/// Four base-36 characters that name a bot inside a client order id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BotTag([u8; 4]);

/// Start number of an engine, in seconds or above; it rises with every start, so ids never repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// What an order is for. It is part of its id, so that it can be told from the id alone after a total loss
/// of our own records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Opens or grows a position.
    Entry,
    /// Reduces a position by a strategy's decision.
    Exit,
    /// Reduces a position by order of risk or a person: flatten, kill.
    Protect,
    /// Rests as one of a set of quotes or levels; may open or reduce.
    Level,
}

impl Role {
    const fn letter(self) -> u8 {
        match self {
            Self::Entry => b'e',
            Self::Exit => b'x',
            Self::Protect => b'p',
            Self::Level => b'l',
        }
    }

    const fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'e' => Some(Self::Entry),
            b'x' => Some(Self::Exit),
            b'p' => Some(Self::Protect),
            b'l' => Some(Self::Level),
            _ => None,
        }
    }

    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::Exit => "exit",
            Self::Protect => "protect",
            Self::Level => "level",
        }
    }
}

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Writes `value` in base 36 over the whole of `out`, padded with zeros; the high part is cut.
fn base36(mut value: u64, out: &mut [u8]) {
    for slot in out.iter_mut().rev() {
        *slot = DIGITS[usize::try_from(value % 36).unwrap_or(0)];
        value /= 36;
    }
}

fn from_base36(text: &str) -> Option<u64> {
    if text.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii_alphanumeric()) {
        return None;
    }
    u64::from_str_radix(text, 36).ok()
}

/// FNV-1a over the name: a tag must not change when bots are listed in another order.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

impl InstallTag {
    /// Takes three base-36 characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        from_base36(text)?;
        text.as_bytes().try_into().ok().map(Self)
    }

    /// A tag derived from a seed, for a first start.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut tag = [0; 3];
        base36(seed, &mut tag);
        Self(tag)
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base 36 is ascii")
    }
}

impl BotTag {
    /// The tag of a bot, derived from its name alone. Two bots of one configuration may not share it; the
    /// loader checks.
    #[must_use]
    pub fn of(name: &BotName) -> Self {
        let mut tag = [0; 4];
        base36(hash(name.as_str()), &mut tag);
        Self(tag)
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base 36 is ascii")
    }
}

/// What the ids of one bot's orders begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdPrefix {
    /// The installation.
    pub install: InstallTag,
    /// The bot.
    pub bot: BotTag,
}

impl IdPrefix {
    /// Where the ids that begin so lie in the order of all ids.
    #[must_use]
    pub fn range(self) -> Range<ClientOrderId> {
        // A tilde sorts after every character of an id.
        let bound = |end: &str| format!("{}{}{end}", self.install.as_str(), self.bot.as_str());
        let id = |text: String| ClientOrderId::new(&text).expect("eight printable characters at most");
        id(bound(""))..id(bound("~"))
    }
}

impl fmt::Debug for InstallTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BotTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The parts of a client order id of ours: `<install:3><bot:4><role:1><epoch:7>-<seq:6>` in base 36.
///
/// 23 of the 36 characters that the exchange allows. The epoch holds seconds until the year 4453, the
/// sequence 2.1 × 10⁹ orders of one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdGrammar {
    /// Whose orders these are.
    pub install: InstallTag,
    /// Which bot asked.
    pub bot: BotTag,
    /// What the order is for.
    pub role: Role,
    /// Which start of the engine.
    pub epoch: Epoch,
    /// Which order of that start, from 1.
    pub sequence: u64,
}

impl IdGrammar {
    const LEN: usize = 22;

    /// Writes the id.
    #[must_use]
    pub fn mint(&self) -> ClientOrderId {
        let mut id = [b'-'; Self::LEN];
        id[..3].copy_from_slice(&self.install.0);
        id[3..7].copy_from_slice(&self.bot.0);
        id[7] = self.role.letter();
        base36(self.epoch.0, &mut id[8..15]);
        base36(self.sequence, &mut id[16..22]);
        let text = std::str::from_utf8(&id).expect("base 36 is ascii");
        ClientOrderId::new(text).expect("22 characters fit into 36")
    }

    /// Reads an id back; `None` when it is not of our grammar (somebody else's order).
    #[must_use]
    pub fn parse(id: &ClientOrderId) -> Option<Self> {
        let text = id.as_str();
        if text.len() != Self::LEN || text.as_bytes()[15] != b'-' {
            return None;
        }
        from_base36(&text[..7])?;
        Some(Self {
            install: InstallTag::new(&text[..3])?,
            bot: BotTag(text.as_bytes()[3..7].try_into().ok()?),
            role: Role::from_letter(text.as_bytes()[7])?,
            epoch: Epoch(from_base36(&text[8..15])?),
            sequence: from_base36(&text[16..22])?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> IdGrammar {
        IdGrammar {
            install: InstallTag::new("w01").unwrap(),
            bot: BotTag::of(&BotName::new("trend").unwrap()),
            role: Role::Entry,
            epoch: Epoch(1_780_000_000),
            sequence: 42,
        }
    }

    #[test]
    fn an_id_tells_its_story_back() {
        let id = parts().mint();
        assert_eq!(IdGrammar::parse(&id), Some(parts()));
        assert!(id.as_str().starts_with("w01"), "{id}");
        assert!(id.as_str().ends_with("-000016"), "{id}");
    }

    #[test]
    fn foreign_ids_are_not_ours() {
        for text in ["b-1", "pb-999043c631174d0e", "w01trenE0000000-000001", "w01trene000000-0000001x"] {
            assert_eq!(IdGrammar::parse(&ClientOrderId::new(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn a_later_start_never_repeats_an_id() {
        let later = IdGrammar { epoch: Epoch(parts().epoch.0 + 1), ..parts() };
        assert_ne!(parts().mint(), later.mint());
        assert!(parts().mint().as_str() < later.mint().as_str());
    }

    #[test]
    fn empty_identifiers_are_refused() {
        assert!(Symbol::new("").is_err());
        assert!(ClientOrderId::new(&"x".repeat(37)).is_err());
    }
}
