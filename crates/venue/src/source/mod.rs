//! Where the market comes from: steps of inputs for the core, each at its market time.

pub(crate) mod basis;
pub(crate) mod grid;
pub(crate) mod replay;
pub(crate) mod synthetic;

use std::path::PathBuf;

use rust_decimal::Decimal;
use windvane_venue_core::MarketInput;

use crate::catalogue::Listing;
use crate::config::MarketConfig;
use crate::table::{Table, TableError};
use replay::Replay;
use synthetic::Synthetic;

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
    Synthetic(Synthetic),
    Manual,
}

/// A market source that cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A table is unreadable or malformed.
    #[error(transparent)]
    Table(#[from] TableError),
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
                    let path = replay.dir.join(format!("{}.csv", instrument.symbol.to_lowercase()));
                    let table = Table::load(&path)?;
                    tables.push((instrument.clone(), path, table));
                }
                Ok(Self::Replay(Replay::new(tables, replay.history_bars)?))
            }
            MarketConfig::Synthetic(config) => Ok(Self::Synthetic(Synthetic::new(config, listings, wall_ms))),
            MarketConfig::Manual(_) => Ok(Self::Manual),
        }
    }

    /// Takes the steps before the start: they make candles, but no one could trade on them.
    pub(crate) fn take_history(&mut self) -> Vec<Step> {
        match self {
            Self::Replay(replay) => replay.history(),
            Self::Synthetic(synthetic) => synthetic.history(),
            Self::Manual => Vec::new(),
        }
    }

    /// The state of the market at the start: prices and books, no prints.
    pub(crate) fn opening(&mut self) -> Option<Step> {
        match self {
            Self::Replay(replay) => Some(replay.opening()),
            Self::Synthetic(synthetic) => Some(synthetic.step()),
            Self::Manual => None,
        }
    }

    /// The next step; `None` when the data are over or only the control surface moves the market.
    pub(crate) fn next_step(&mut self) -> Option<Step> {
        match self {
            Self::Replay(replay) => replay.next_step(),
            Self::Synthetic(synthetic) => Some(synthetic.step()),
            Self::Manual => None,
        }
    }
}
