//! The tape of a session: the market events that its engine took in, in their order and with their stamps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use windvane_journal::Item;
use windvane_model::{Candle, Event, Fixed, Interval, MarketEvent, Price, Stamp, Symbol};

use super::{Bar, History};

/// A tape that cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum TapeError {
    /// Journal or tape cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: windvane_journal::ReadError,
    },
    /// Part of it is gone.
    #[error("{}: events {from} to {to} are no longer on the tape; a run over it would not be the session", path.display())]
    Gap {
        /// Which folder.
        path: PathBuf,
        /// First event that is missing.
        from: u64,
        /// Last event that is missing.
        to: u64,
    },
    /// Nothing is on it.
    #[error("{}: there is no market event on the tape", path.display())]
    Empty {
        /// Which folder.
        path: PathBuf,
    },
}

/// What an engine heard of the market.
#[derive(Debug, Clone, PartialEq)]
pub struct Tape {
    pub(crate) events: Vec<(Stamp, MarketEvent)>,
}

impl Tape {
    /// Whether a folder holds the tape of a session.
    #[must_use]
    pub fn is_at(folder: &Path) -> bool {
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
        names.map(|entry| entry.file_name()).any(|name| {
            let name = name.to_string_lossy();
            name.starts_with("tape-") && name.ends_with(".wvt")
        })
    }

    /// Reads the tape in the data folder of a session.
    ///
    /// # Errors
    /// When it cannot be read, or is not whole.
    pub fn load(folder: &Path) -> Result<Self, TapeError> {
        let path = || folder.to_owned();
        let unreadable = |source| TapeError::Unreadable { path: path(), source };
        let mut events = Vec::new();
        for item in windvane_journal::read(folder).map_err(unreadable)? {
            match item.map_err(unreadable)? {
                Item::Tape { stamped, .. } => {
                    if let Event::Market(event) = stamped.event {
                        events.push((stamped.stamp, event));
                    }
                }
                Item::Gap { from, to } => return Err(TapeError::Gap { path: path(), from, to }),
                Item::Journal(_) => {}
            }
        }
        if events.is_empty() { Err(TapeError::Empty { path: path() }) } else { Ok(Self { events }) }
    }

    /// How many events there are to play.
    #[must_use]
    pub const fn steps(&self) -> usize {
        self.events.len()
    }

    /// The candles that closed while the session was live, the shortest of each contract: what its price did, for a chart.
    #[must_use]
    pub fn histories(&self) -> Vec<History> {
        let mut series: BTreeMap<(Symbol, Interval), Vec<Bar>> = BTreeMap::new();
        for (_, event) in &self.events {
            if let MarketEvent::Candle(candle) = event
                && candle.is_confirmed
                && !candle.is_warm_up
                && let Some(bar) = bar(candle)
            {
                let bars = series.entry((candle.symbol, candle.interval)).or_default();
                if bars.last().is_none_or(|last| last.start_ms < bar.start_ms) {
                    bars.push(bar);
                }
            }
        }
        let mut histories: Vec<History> = series
            .into_iter()
            .map(|((symbol, interval), bars)| History { symbol, interval, bars, funding: Vec::new() })
            .collect();
        // Shorter ones come first.
        histories.dedup_by_key(|history| history.symbol);
        histories
    }

    /// The contracts that are on it.
    pub(crate) fn symbols(&self) -> Vec<Symbol> {
        let mut symbols: Vec<Symbol> = self.events.iter().map(|(_, event)| event.symbol()).collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// First and last moment, market milliseconds; candles of the history apart.
    pub(crate) fn span_ms(&self) -> (i64, i64) {
        let mut live =
            self.events.iter().filter(|(_, event)| !is_history(event)).map(|(stamp, _)| stamp.market.0);
        let first = live.next().unwrap_or(0);
        (first, live.next_back().unwrap_or(first))
    }
}

/// A candle as a bar of the data; `None` for figures that are finer than those.
fn bar(candle: &Candle) -> Option<Bar> {
    let fixed = |price: Price| price.to_fixed().ok();
    Some(Bar {
        start_ms: candle.start.0,
        open: fixed(candle.open)?,
        high: fixed(candle.high)?,
        low: fixed(candle.low)?,
        close: fixed(candle.close)?,
        volume: Fixed::try_from(candle.volume).ok()?,
    })
}

/// Whether an event was read before the session went live.
pub(crate) const fn is_history(event: &MarketEvent) -> bool {
    matches!(event, MarketEvent::Candle(candle) if candle.is_warm_up)
}
