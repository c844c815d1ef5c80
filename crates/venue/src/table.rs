//! The file format of recorded figures: one CSV table for each symbol.
//!
//! Lines starting with `#` are comments; the first column names the kind of row:
//! - `bar,<start_ms>,<open>,<high>,<low>,<close>,<volume>`: a 5-minute candle, volume in base coin;
//! - `mark,<hour_start_ms>,<open>,<close>`: mark price at the start and the end of an hour;
//! - `funding,<ts_ms>,<rate>`: a settlement and its rate as a fraction.
//!
//! Rows of one kind are in rising order of time; bars follow each other without a gap. A table without
//! `mark` rows uses the last price as mark; one without `funding` rows settles the interest-rate baseline
//! of 0.0001 every 8 hours.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use rust_decimal::Decimal;

/// Length of a bar in milliseconds.
pub const BAR_MS: i64 = 300_000;
/// Length of a mark row in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;

/// A 5-minute candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Start in market ms.
    pub start_ms: i64,
    /// First price in USDT.
    pub open: Decimal,
    /// Highest price in USDT.
    pub high: Decimal,
    /// Lowest price in USDT.
    pub low: Decimal,
    /// Last price in USDT.
    pub close: Decimal,
    /// Traded quantity in base coin.
    pub volume: Decimal,
}

/// Mark price over an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkHour {
    /// Start in market ms.
    pub start_ms: i64,
    /// Mark price at the start in USDT.
    pub open: Decimal,
    /// Mark price at the end in USDT.
    pub close: Decimal,
}

/// A funding settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FundingPoint {
    /// When it is settled, in market ms.
    pub at_ms: i64,
    /// Rate as a fraction; positive means that longs pay.
    pub rate: Decimal,
}

/// The recorded figures of one symbol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Candles without a gap, at least one.
    pub bars: Vec<Bar>,
    /// Mark prices, may be empty.
    pub marks: Vec<MarkHour>,
    /// Settlements, may be empty.
    pub funding: Vec<FundingPoint>,
}

/// A row as a table has it, and where it was read.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) path: Rc<Path>,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// A table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not what the format says.
    #[error("{}:{line}: {problem}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no candle at all.
    #[error("{}: no bar rows", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

impl Table {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or a line of it is malformed.
    pub fn load(path: &Path) -> Result<Self, TableError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TableError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads what a folder holds of one symbol, and says which file that was: `<symbol in lower case>.csv`, or else the
    /// sheets that `windvane data` writes, `<SYMBOL>_5m.csv` or `<SYMBOL>_1m.csv`, `<SYMBOL>_mark_1h.csv` and
    /// `<SYMBOL>_funding.csv`.
    ///
    /// # Errors
    /// There is neither, or a line is malformed.
    pub fn of_folder(folder: &Path, symbol: &str) -> Result<(PathBuf, Self), TableError> {
        let path = folder.join(format!("{}.csv", symbol.to_lowercase()));
        if !path.exists()
            && let Some((path, rows)) = crate::sheet::rows(folder, symbol)?
        {
            let table = Self::of_rows(rows.iter().map(|row| (&*row.path, row.line, &*row.text)), &path)?;
            return Ok((path, table));
        }
        let table = Self::load(&path)?;
        Ok((path, table))
    }

    /// Parses a table; `path` is for messages only.
    ///
    /// # Errors
    /// A line is malformed, or there is no candle.
    pub fn parse(text: &str, path: &Path) -> Result<Self, TableError> {
        let lines = text.lines().enumerate().map(|(index, line)| (path, index + 1, line.trim_end()));
        Self::of_rows(lines.filter(|(_, _, line)| !line.is_empty() && !line.starts_with('#')), path)
    }

    /// Makes a table of rows, each with the file and the line that it comes from; `path` is the file of its candles.
    fn of_rows<'a>(
        rows: impl Iterator<Item = (&'a Path, usize, &'a str)>,
        path: &Path,
    ) -> Result<Self, TableError> {
        let mut table = Self::default();
        for (path, line, text) in rows {
            let malformed = |problem| TableError::Malformed { path: path.to_owned(), line, problem };
            table.push(text).map_err(malformed)?;
        }
        if table.bars.is_empty() {
            return Err(TableError::Empty { path: path.to_owned() });
        }
        Ok(table)
    }

    fn push(&mut self, line: &str) -> Result<(), String> {
        let columns: Vec<&str> = line.split(',').collect();
        match columns.as_slice() {
            ["bar", start, open, high, low, close, volume] => {
                let bar = Bar {
                    start_ms: time(start, BAR_MS)?,
                    open: price(open)?,
                    high: price(high)?,
                    low: price(low)?,
                    close: price(close)?,
                    volume: decimal(volume)?,
                };
                if bar.high < bar.open.max(bar.close) || bar.low > bar.open.min(bar.close) {
                    return Err("open or close outside low and high".to_owned());
                }
                if bar.volume < Decimal::ZERO {
                    return Err("negative volume".to_owned());
                }
                if self.bars.last().is_some_and(|last| last.start_ms + BAR_MS != bar.start_ms) {
                    return Err("bar does not follow the one before it".to_owned());
                }
                self.bars.push(bar);
            }
            ["mark", start, open, close] => {
                let mark =
                    MarkHour { start_ms: time(start, HOUR_MS)?, open: price(open)?, close: price(close)? };
                if self.marks.last().is_some_and(|last| last.start_ms >= mark.start_ms) {
                    return Err("mark rows are not in rising order".to_owned());
                }
                self.marks.push(mark);
            }
            ["funding", at, rate] => {
                let point = FundingPoint { at_ms: time(at, BAR_MS)?, rate: decimal(rate)? };
                if self.funding.last().is_some_and(|last| last.at_ms >= point.at_ms) {
                    return Err("funding rows are not in rising order".to_owned());
                }
                self.funding.push(point);
            }
            ["bar" | "mark" | "funding", ..] => {
                return Err(format!("{} columns do not make a {} row", columns.len(), columns[0]));
            }
            _ => return Err(format!("unknown kind of row: {}", columns[0])),
        }
        Ok(())
    }
}

fn decimal(text: &str) -> Result<Decimal, String> {
    Decimal::from_str_exact(text).map_err(|_| format!("{text:?} is not a decimal number"))
}

fn price(text: &str) -> Result<Decimal, String> {
    let price = decimal(text)?;
    if price > Decimal::ZERO { Ok(price) } else { Err(format!("price {text} is not positive")) }
}

fn time(text: &str, multiple_of_ms: i64) -> Result<i64, String> {
    let ms: i64 = text.parse().map_err(|_| format!("{text:?} is not a time in milliseconds"))?;
    if ms % multiple_of_ms == 0 {
        Ok(ms)
    } else {
        Err(format!("time {ms} is not a multiple of {multiple_of_ms} ms"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_table_is_read() {
        let text = "# comment\nbar,300000,10,12,9,11,5\nbar,600000,11,11,11,11,0\nmark,0,10,11\nfunding,600000,-0.0001\n";
        let table = Table::parse(text, Path::new("t.csv")).unwrap();
        assert_eq!((table.bars.len(), table.marks.len(), table.funding.len()), (2, 1, 1));
        assert_eq!(table.funding[0].rate, Decimal::new(-1, 4));
    }

    #[test]
    fn a_malformed_line_is_named() {
        for (text, message) in [
            ("bar,300000,10,9,9,9,1", "t.csv:1: open or close outside low and high"),
            ("# x\nbar,300001,10,10,10,10,1", "t.csv:2: time 300001 is not a multiple of 300000 ms"),
            (
                "bar,300000,10,10,10,10,1\nbar,900000,10,10,10,10,1",
                "t.csv:2: bar does not follow the one before it",
            ),
            ("bar,300000,10,10,10,10", "t.csv:1: 6 columns do not make a bar row"),
            ("candle,1", "t.csv:1: unknown kind of row: candle"),
            ("bar,300000,1e1,10,10,10,1", "t.csv:1: \"1e1\" is not a decimal number"),
            ("# nothing", "t.csv: no bar rows"),
        ] {
            let error = Table::parse(text, Path::new("t.csv")).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
