//! Where the market comes from: steps of inputs for the core, each at its market time.

pub(crate) mod basis;
pub(crate) mod grid;
pub(crate) mod line;
mod queue;
mod recorded;
pub(crate) mod relay;
pub(crate) mod replay;
pub(crate) mod synthetic;
pub(crate) mod tape;
mod walk;

use std::path::PathBuf;

use rust_decimal::Decimal;
use windvane_venue_core::MarketInput;

use crate::catalogue::Listing;
use crate::config::{MarketConfig, Stream};
use crate::table::{Table, TableError};
use line::Lines;
use replay::Replay;
use synthetic::Synthetic;
use tape::Tape;

/// What happens in the market at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Market ms.
    pub(crate) at_ms: i64,
    /// In the order of their happening.
    pub(crate) inputs: Vec<MarketInput>,
}

/// A market source.
#[derive(Debug)]
pub(crate) enum Source {
    Replay(Replay),
    Tape(Tape),
    /// Frames come through the exchange's task.
    Relay(Lines),
    Synthetic(Synthetic),
    Manual,
}

/// A market source that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A table is unreadable or malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A recording cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of a recording is not what the format says.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A recording in which nothing happens.
    #[error("{}: nothing is recorded of what is listed", path.display())]
    Empty {
        /// Which file or folder.
        path: PathBuf,
    },
    /// A recorded figure does not fit the instrument.
    #[error("{}: bar at {start_ms}: {value} is not a multiple of {step}", path.display())]
    OffGrid {
        /// Which file.
        path: PathBuf,
        /// Start of the bar in market ms.
        start_ms: i64,
        /// The figure.
        value: Decimal,
        /// Tick size or lot size.
        step: Decimal,
    },
    /// The tables have no common time left after the history.
    #[error(
        "the tables share {shared_bars} bars, which leaves nothing to replay after {history_bars} bars of history"
    )]
    NothingToReplay {
        /// Bars that every table has.
        shared_bars: usize,
        /// Bars asked for as history.
        history_bars: usize,
    },
}

impl Source {
    /// # Errors
    /// A replay's tables are missing or malformed.
    pub(crate) fn new(
        config: &MarketConfig,
        listings: &[&Listing],
        wall_ms: i64,
    ) -> Result<Self, SourceError> {
        match config {
            MarketConfig::Replay(replay) => {
                let mut tables = Vec::new();
                for Listing { instrument, .. } in listings {
                    let (path, table) = Table::of_folder(&replay.dir, &instrument.symbol)?;
                    tables.push((instrument.clone(), path, table));
                }
                Ok(Self::Replay(Replay::new(tables, replay.history_bars)?))
            }
            MarketConfig::Synthetic(config) => Ok(Self::Synthetic(Synthetic::new(config, listings, wall_ms))),
            MarketConfig::Trades(trades) => Ok(Self::Tape(Tape::of_trades(&trades.dir, listings)?)),
            MarketConfig::Recording(recording) => {
                Ok(Self::Tape(Tape::of_frames(&recording.files, lines(listings, recording.stream))?))
            }
            MarketConfig::Relay(relay) => Ok(Self::Relay(lines(listings, relay.stream))),
            MarketConfig::Manual(_) => Ok(Self::Manual),
        }
    }

    /// Takes the steps before the start: they make candles, but no one could trade on them.
    pub(crate) fn take_history(&mut self) -> Vec<Step> {
        match self {
            Self::Replay(replay) => replay.history(),
            Self::Synthetic(synthetic) => synthetic.history(),
            Self::Tape(_) | Self::Relay(_) | Self::Manual => Vec::new(),
        }
    }

    /// The state of the market at the start: prices and books, no prints.
    pub(crate) fn opening(&mut self, wall_ms: i64) -> Option<Step> {
        match self {
            Self::Replay(replay) => Some(replay.opening()),
            Self::Synthetic(synthetic) => Some(synthetic.step(wall_ms)),
            Self::Tape(_) | Self::Relay(_) | Self::Manual => None,
        }
    }

    /// The next step; `None` when the data are over or only the control surface moves the market.
    pub(crate) fn next_step(&mut self, wall_ms: i64) -> Option<Step> {
        match self {
            Self::Replay(replay) => replay.next_step(),
            Self::Synthetic(synthetic) => Some(synthetic.step(wall_ms)),
            Self::Tape(tape) => tape.next_step(),
            Self::Relay(_) | Self::Manual => None,
        }
    }
}

/// A reader of frames for the listings of one stream.
fn lines(listings: &[&Listing], stream: Stream) -> Lines {
    let category = stream.category();
    let of_stream = listings.iter().filter(|listing| listing.instrument.category == category);
    Lines::new(category, of_stream.map(|listing| listing.instrument.symbol.to_string()))
}
