//! Where prices come from.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use windvane_venue_core::Category;

/// Where prices come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketConfig {
    /// Recorded figures, replayed from its own start time at a multiple of the wall clock.
    Replay(ReplayConfig),
    /// Trade rows in the columns of the exchange's public archive, replayed from their own time.
    Trades(TradesConfig),
    /// Frames of a V5 public socket, recorded one a line, replayed from their own time.
    Recording(RecordingConfig),
    /// Another V5 public stream as it comes: the real exchange's, or a second venue's.
    Relay(RelayConfig),
    /// A made-up market on the wall clock, the same for the same seed.
    Synthetic(SyntheticConfig),
    /// Only the control surface moves the market. On the wall clock.
    Manual(ManualConfig),
}

/// Recorded figures. See [`crate::table`] for the format of the files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayConfig {
    /// Folder with one `<symbol in lower case>.csv` for each listed instrument, or with what `windvane data` put there.
    pub dir: PathBuf,
    /// How many 5-minute bars before the start are served as history only.
    #[serde(default = "history_bars")]
    pub history_bars: usize,
    /// Market milliseconds for each wall millisecond, at least 1.
    pub speed: u32,
}

/// Archived trade rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradesConfig {
    /// Folder with one `<symbol in lower case>.csv` for each listed contract.
    pub dir: PathBuf,
    /// Market milliseconds for each wall millisecond, at least 1.
    pub speed: u32,
}

/// Recorded frames of a public stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingConfig {
    /// Files with a frame on each line, plain or packed with gzip, or folders of such (`*.jsonl`, `*.jsonl.gz`), read one
    /// after the other; what is no frame of a listed instrument is passed over.
    pub files: Vec<PathBuf>,
    /// Which stream they are of.
    #[serde(default)]
    pub stream: Stream,
    /// Market milliseconds for each wall millisecond, at least 1.
    pub speed: u32,
}

/// A live stream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayConfig {
    /// Address of a public stream, such as `wss://stream.bybit.com/v5/public/linear`.
    pub url: String,
    /// Which stream that is.
    #[serde(default)]
    pub stream: Stream,
}

/// A public stream, by its product group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Contracts settled in USDT or USDC.
    #[default]
    Linear,
    /// Contracts settled in their base coin.
    Inverse,
    /// Pairs.
    Spot,
}

impl Stream {
    pub(crate) fn category(self) -> Category {
        match self {
            Self::Linear => Category::Linear,
            Self::Inverse => Category::Inverse,
            Self::Spot => Category::Spot,
        }
    }
}

/// A made-up market: see the head of `source/synthetic.rs`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyntheticConfig {
    /// Seed of all that happens in it.
    pub seed: u64,
    /// How many 5-minute bars of invented history precede the start.
    #[serde(default = "history_bars")]
    pub history_bars: usize,
}

/// A market that stands still until told to move.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualConfig {}

impl MarketConfig {
    /// Takes paths that are not absolute as meant from `folder`: that of the file they were typed in.
    pub fn resolve_paths(&mut self, folder: &Path) {
        match self {
            Self::Replay(ReplayConfig { dir, .. }) | Self::Trades(TradesConfig { dir, .. }) => {
                *dir = folder.join(&*dir)
            }
            Self::Recording(recording) => {
                for file in &mut recording.files {
                    *file = folder.join(&*file);
                }
            }
            Self::Relay(_) | Self::Synthetic(_) | Self::Manual(_) => {}
        }
    }

    /// Market milliseconds for each wall millisecond of what is replayed; `None` on the wall clock.
    #[must_use]
    pub fn speed(&self) -> Option<u32> {
        match self {
            Self::Replay(ReplayConfig { speed, .. })
            | Self::Trades(TradesConfig { speed, .. })
            | Self::Recording(RecordingConfig { speed, .. }) => Some(*speed),
            Self::Relay(_) | Self::Synthetic(_) | Self::Manual(_) => None,
        }
    }
}

fn history_bars() -> usize {
    500
}
