//! The replay of what others have recorded: trade rows in the columns of the exchange's public archive, or the frames
//! of a V5 public socket, one a line.
//!
//! Of an archive the prints are real, and the book around them is made up ([`super::grid`]); of frames the books are
//! real as well. A mark that was not recorded is the last price.

use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use windvane_venue_core::{MarketInput, Side};

use super::grid::Grid;
use super::line::Lines;
use super::recorded::Recorded;
use super::{SourceError, Step};
use crate::catalogue::Listing;
use crate::packed;

/// How many market milliseconds before its first step a tape begins: time to connect and subscribe.
const LEAD_MS: i64 = 1;
/// Lots that the invented book around an archived print has, as a multiple of the print.
const BOOK_SHARE: i64 = 100;

/// Steps in the order of their times.
#[derive(Debug)]
pub(crate) struct Tape {
    steps: Steps,
    start_ms: i64,
}

/// Where the steps come from.
#[derive(Debug)]
enum Steps {
    /// Out of memory: those of several files have to be put in order.
    Sorted(std::vec::IntoIter<Step>),
    /// Read as they are played: recordings grow large.
    Recorded(Box<Recorded>),
}

impl Tape {
    /// Reads `<SYMBOL in lower case>.csv` of each listing, or `.csv.gz`, in the columns of the public archive:
    /// `timestamp` (seconds with a fraction), `symbol`, `side`, `size`, `price`, and more that are not needed.
    ///
    /// # Errors
    /// A file is missing, malformed or empty.
    pub(crate) fn of_trades(dir: &Path, listings: &[&Listing]) -> Result<Self, SourceError> {
        let mut steps = Vec::new();
        for Listing { instrument, .. } in listings {
            let mut path = dir.join(format!("{}.csv", instrument.symbol.to_lowercase()));
            if !path.exists() && path.with_extension("csv.gz").exists() {
                path.set_extension("csv.gz");
            }
            let grid = Grid::new(instrument);
            for (index, line) in read(&path)?.lines().enumerate().skip(1) {
                let problem = |problem| SourceError::Line { path: path.clone(), line: index + 1, problem };
                steps.push(trade(line, &grid).map_err(problem)?);
            }
        }
        Self::new(steps, dir)
    }

    /// Reads frames from files, the files one after the other; of a folder, those in it in the order of their names.
    ///
    /// # Errors
    /// A file cannot be read, or nothing in them moves a listed instrument.
    pub(crate) fn of_frames(files: &[PathBuf], lines: Lines) -> Result<Self, SourceError> {
        let mut recorded = Recorded::open(files, lines)?;
        let first = files.first().map_or(Path::new(""), PathBuf::as_path);
        let Some(step) = recorded.read()? else { return Err(SourceError::Empty { path: first.to_owned() }) };
        let start_ms = step.at_ms - LEAD_MS;
        recorded.next = Some(step);
        Ok(Self { start_ms, steps: Steps::Recorded(Box::new(recorded)) })
    }

    fn new(mut steps: Vec<Step>, path: &Path) -> Result<Self, SourceError> {
        // Stable: what came first at one moment stays first.
        steps.sort_by_key(|step| step.at_ms);
        let Some(first) = steps.first() else { return Err(SourceError::Empty { path: path.to_owned() }) };
        Ok(Self { start_ms: first.at_ms - LEAD_MS, steps: Steps::Sorted(steps.into_iter()) })
    }

    /// When it begins, in market ms.
    pub(crate) fn start_ms(&self) -> i64 {
        self.start_ms
    }

    pub(super) fn next_step(&mut self) -> Option<Step> {
        match &mut self.steps {
            Steps::Sorted(steps) => steps.next(),
            Steps::Recorded(recorded) => recorded.next_step(),
        }
    }
}

fn read(path: &Path) -> Result<String, SourceError> {
    packed::read_to_string(path).map_err(|source| SourceError::Unreadable { path: path.to_owned(), source })
}

/// One archived print, with the book that is left around it.
pub(crate) fn trade(line: &str, grid: &Grid) -> Result<Step, String> {
    let columns: Vec<&str> = line.split(',').collect();
    let [timestamp, _, side, size, price, ..] = columns[..] else {
        return Err("a row has at least five columns".to_owned());
    };
    let number = |text: &str| Decimal::from_str_exact(text).map_err(|_| format!("{text:?} is not a number"));
    let at_ms = number(timestamp)? * Decimal::ONE_THOUSAND;
    let at_ms = at_ms.trunc().to_i64().ok_or("the timestamp is out of range")?;
    let side = Side::parse(side).ok_or_else(|| format!("{side:?} is no side"))?;
    let (price, size) = (number(price)?, number(size)?);
    let off_grid = |step| format!("not a multiple of {step}");
    let (ticks, lots) = (grid.ticks(price).map_err(off_grid)?, grid.lots(size).map_err(off_grid)?);
    let mark = MarketInput::Prices {
        category: grid.category(),
        symbol: grid.symbol().to_owned(),
        mark: Some(price),
        index: Some(price),
        last: None,
    };
    let book = grid.book(ticks, side, lots.saturating_mul(BOOK_SHARE));
    Ok(Step { at_ms, inputs: vec![mark, grid.trade(ticks, lots, side), book] })
}

#[cfg(test)]
mod tests {
    use windvane_venue_core::Category;

    use super::*;
    use crate::catalogue;

    #[test]
    fn archived_rows_become_prints_in_the_order_of_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n\
                    1723161256.3440,BTCUSDT,Sell,0.199,61800.30,ZeroPlusTick,b,1,0.199,1\n\
                    1723161256.3220,BTCUSDT,Buy,0.006,61800.30,PlusTick,a,1,0.006,370\n";
        std::fs::write(folder.path().join("btcusdt.csv"), rows).unwrap();
        let listings = [catalogue::listing(Category::Linear, "BTCUSDT").unwrap()];
        let mut tape = Tape::of_trades(folder.path(), &listings).unwrap();
        assert_eq!(tape.start_ms(), 1_723_161_256_321);
        let times: Vec<i64> = std::iter::from_fn(|| tape.next_step()).map(|step| step.at_ms).collect();
        assert_eq!(times, [1_723_161_256_322, 1_723_161_256_344]);

        std::fs::write(folder.path().join("btcusdt.csv"), "timestamp\n1,BTCUSDT,Buy,0.0005,61800.30\n")
            .unwrap();
        let error = Tape::of_trades(folder.path(), &listings).unwrap_err().to_string();
        assert!(error.ends_with("btcusdt.csv:2: not a multiple of 0.001"), "{error}");
    }
}
