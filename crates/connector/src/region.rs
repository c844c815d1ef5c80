//! Regional sites of the exchange, as a config names them.

use serde::Deserialize;

/// A regional site of the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    /// The Netherlands.
    Netherlands,
    /// Turkey.
    Turkey,
    /// Kazakhstan.
    Kazakhstan,
    /// Georgia.
    Georgia,
    /// The United Arab Emirates.
    Emirates,
    /// The European Economic Area.
    Europe,
    /// Indonesia.
    Indonesia,
    /// Japan.
    Japan,
}

impl Region {
    /// Every region.
    pub const ALL: [Self; 8] = [
        Self::Netherlands,
        Self::Turkey,
        Self::Kazakhstan,
        Self::Georgia,
        Self::Emirates,
        Self::Europe,
        Self::Indonesia,
        Self::Japan,
    ];
}
