//! How an account margins its positions, and what is done about each way.

use serde::Deserialize;

/// How the account margins its positions. Portfolio margin is refused at the start: its formulas are not published.
///
/// Source: Bybit V5, Get Account Info, `marginMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarginMode {
    /// All positions stand together on the whole margin balance (`REGULAR_MARGIN`).
    #[default]
    Cross,
    /// Each position stands on its own margin, taken from the wallet of its settle coin (`ISOLATED_MARGIN`).
    Isolated,
}

impl MarginMode {
    /// As it is written in a config.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cross => "cross",
            Self::Isolated => "isolated",
        }
    }
}
