//! Where prices come from.

use std::path::PathBuf;

use serde::Deserialize;

/// Where prices come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketConfig {
    /// Recorded figures, replayed from its own start time at a multiple of the wall clock.
    Replay(ReplayConfig),
    /// A seeded random walk on the wall clock.
    Synthetic(SyntheticConfig),
    /// Only the control surface moves the market. On the wall clock.
    Manual(ManualConfig),
}

/// Recorded figures. See [`crate::table`] for the format of the files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayConfig {
    /// Folder with one `<symbol in lower case>.csv` for each listed instrument.
    pub dir: PathBuf,
    /// How many 5-minute bars before the start are served as history only.
    #[serde(default = "history_bars")]
    pub history_bars: usize,
    /// Market milliseconds for each wall millisecond, at least 1.
    pub speed: u32,
}

/// A seeded random walk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticConfig {
    /// Seed of the walk.
    pub seed: u64,
    /// How many 5-minute bars of invented history precede the start.
    #[serde(default = "history_bars")]
    pub history_bars: usize,
}

/// A market that stands still until told to move.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualConfig {}

fn history_bars() -> usize {
    500
}
