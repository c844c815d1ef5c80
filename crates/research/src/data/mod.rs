//! Recorded markets: candles and funding, read from the files that people have.
//!
//! A file is one contract, a folder holds one file for each. What is read: the venue's own tables ([`windvane_venue::table`]),
//! candles as CSV with a head line ([`csv`]) and the exchange's archive of trades ([`trades`]), plain or packed.
//!
//! A folder that `windvane data` fills has a [`sheet`] for each kind of figure, and [`prints`] in a folder of their own.
//! [`archive`] takes in what others wrote, [`verify`] looks for gaps.

pub mod archive;
mod csv;
mod find;
pub mod prints;
pub mod sheet;
pub(crate) mod tape;
mod trades;
pub mod verify;

pub use tape::{Tape, TapeError};

use std::ops::Range;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use windvane_model::{Fixed, Interval, Symbol};
use windvane_venue::table::{Table, TableError};

/// One candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// When it opened, milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// First price.
    pub open: Fixed,
    /// Highest price.
    pub high: Fixed,
    /// Lowest price.
    pub low: Fixed,
    /// Last price.
    pub close: Fixed,
    /// Traded quantity, base coin.
    pub volume: Fixed,
}

/// What is recorded of one contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The contract.
    pub symbol: Symbol,
    /// Length of its bars.
    pub interval: Interval,
    /// Rising by start; where the venue sent none, one is missing.
    pub bars: Vec<Bar>,
    /// Settlements, rising: when, and the rate as a fraction.
    pub funding: Vec<(i64, Decimal)>,
}

/// Data that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what the format says.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// One of the venue's tables is malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A folder without a file for a contract.
    #[error("{}: there is no candle file of {symbol}; wanted is {symbol}.csv or {symbol}_<interval>.csv", folder.display())]
    Missing {
        /// Which folder.
        folder: PathBuf,
        /// Which contract.
        symbol: Symbol,
    },
    /// One file for several contracts.
    #[error("{}: one file holds one contract, the bots trade {count}; name a folder", path.display())]
    OneFile {
        /// Which file.
        path: PathBuf,
        /// How many contracts are wanted.
        count: usize,
    },
    /// A file or folder cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of none of the kinds that are known.
    #[error("{}: {problem}", path.display())]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// What is missing.
        problem: String,
    },
    /// Bars whose distance is no interval that is offered.
    #[error("{}: bars {distance_ms} ms apart; that is no length of candle", path.display())]
    Interval {
        /// Which file.
        path: PathBuf,
        /// The smallest distance of two bars.
        distance_ms: i64,
    },
    /// Too few bars.
    #[error("{}: at least two bars are needed", path.display())]
    TooShort {
        /// Which file.
        path: PathBuf,
    },
}

/// Reads the history of `symbols` from a file or a folder, in their order.
///
/// # Errors
/// The first thing that is wrong, with file and line.
pub fn load(path: &Path, symbols: &[Symbol]) -> Result<Vec<History>, DataError> {
    let unreadable = |source| DataError::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return symbols.iter().map(|symbol| find::in_folder(path, *symbol)).collect();
    }
    match symbols {
        [symbol] => Ok(vec![read(path, *symbol)?]),
        _ => Err(DataError::OneFile { path: path.to_owned(), count: symbols.len() }),
    }
}

/// Reads one file, whichever of the formats it is in.
fn read(path: &Path, symbol: Symbol) -> Result<History, DataError> {
    let text = text(path)?;
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    if first.is_some_and(|line| line.starts_with("bar,")) {
        return of_table(&Table::parse(&text, path)?, path, symbol);
    }
    if first.is_some_and(trades::is_head) {
        let mut bars = Vec::new();
        trades::append(&text, path, symbol, &mut bars)?;
        return of_trades(bars, path, symbol);
    }
    let bars = csv::bars(&text, path)?;
    Ok(History { symbol, interval: interval(&bars, path)?, bars, funding: Vec::new() })
}

fn of_trades(bars: Vec<Bar>, path: &Path, symbol: Symbol) -> Result<History, DataError> {
    if bars.len() < 2 {
        return Err(DataError::TooShort { path: path.to_owned() });
    }
    Ok(History { symbol, interval: trades::MADE, bars, funding: Vec::new() })
}

/// The text of a file, unpacked where its name ends with `.gz`.
fn text(path: &Path) -> Result<String, DataError> {
    windvane_venue::read_to_string(path)
        .map_err(|source| DataError::Unreadable { path: path.to_owned(), source })
}

fn of_table(table: &Table, path: &Path, symbol: Symbol) -> Result<History, DataError> {
    let fixed = |value: Decimal| {
        Fixed::try_from(value).map_err(|error| DataError::Line {
            path: path.to_owned(),
            line: 0,
            problem: format!("{value}: {error}"),
        })
    };
    let bar = |bar: &windvane_venue::table::Bar| {
        Ok(Bar {
            start_ms: bar.start_ms,
            open: fixed(bar.open)?,
            high: fixed(bar.high)?,
            low: fixed(bar.low)?,
            close: fixed(bar.close)?,
            volume: fixed(bar.volume)?,
        })
    };
    let bars: Vec<Bar> = table.bars.iter().map(bar).collect::<Result<_, DataError>>()?;
    let funding = table.funding.iter().map(|point| (point.at_ms, point.rate)).collect();
    Ok(History { symbol, interval: interval(&bars, path)?, bars, funding })
}

/// The length of bars: their smallest distance.
fn interval(bars: &[Bar], path: &Path) -> Result<Interval, DataError> {
    let distances = bars.windows(2).map(|pair| pair[1].start_ms - pair[0].start_ms);
    let distance_ms = distances.min().ok_or_else(|| DataError::TooShort { path: path.to_owned() })?;
    let known = Interval::ALL.into_iter().find(|interval| interval.millis() == distance_ms);
    known.ok_or_else(|| DataError::Interval { path: path.to_owned(), distance_ms })
}

impl History {
    /// The bars that lie within the span, market milliseconds.
    #[must_use]
    pub fn within(&self, span: &Range<i64>) -> Range<usize> {
        let from = self.bars.partition_point(|bar| bar.start_ms < span.start);
        let to = self.bars.partition_point(|bar| bar.start_ms + self.interval.millis() <= span.end);
        from..to.max(from)
    }

    /// When its last bar ends, market milliseconds.
    #[must_use]
    pub fn end_ms(&self) -> i64 {
        self.bars.last().map_or(0, |bar| bar.start_ms + self.interval.millis())
    }
}
