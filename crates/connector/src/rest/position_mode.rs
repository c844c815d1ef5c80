//! How many positions a contract may have, as a config names it.

use serde::Deserialize;

/// How many positions a contract may have. Source: Bybit V5, "Switch Position Mode".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PositionMode {
    /// One, long or short, of one bot.
    #[default]
    OneWay,
    /// A long and a short one side by side, each of a bot with that `direction`.
    Hedge,
}

impl PositionMode {
    /// The word for it, as in the config.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneWay => "one-way",
            Self::Hedge => "hedge",
        }
    }
}
