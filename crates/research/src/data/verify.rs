//! Looks through a folder of recorded figures: what there is, where something is missing, what is damaged.

use std::ops::Range;
use std::path::{Path, PathBuf};

use windvane_venue::table::Table;

use super::sheet::{self, Kind};
use super::{DataError, csv, find, prints};

/// What is known of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What it holds, in words.
    pub what: String,
    /// Rows.
    pub rows: usize,
    /// First and last moment, milliseconds since 1970.
    pub span: Option<(i64, i64)>,
    /// Between which moments rows are missing, the end excluded.
    pub gaps: Vec<Range<i64>>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

impl Found {
    /// Whether nothing is missing and nothing wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.problem.is_none()
    }
}

/// Looks at every file of a folder that holds figures, by their names.
///
/// # Errors
/// The folder cannot be read.
pub fn folder(folder: &Path) -> Result<Vec<Found>, DataError> {
    let mut found: Vec<Found> = files(folder)?.iter().filter_map(|path| look(path)).collect();
    let trades = folder.join("trades");
    if trades.is_dir() {
        found.extend(files(&trades)?.iter().map(|path| of_trades(path)));
    }
    Ok(found)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let unreadable = |source| DataError::Unreadable { path: folder.to_owned(), source };
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).map_err(unreadable)?.collect();
    let mut files: Vec<PathBuf> = entries.map_err(unreadable)?.iter().map(std::fs::DirEntry::path).collect();
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

fn look(path: &Path) -> Option<Found> {
    let name = path.file_name()?.to_str()?;
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    if name.ends_with(".csv.part") {
        let problem = "a download was broken off; `data fetch` goes on with it".to_owned();
        return Some(Found { problem: Some(problem), ..nothing(path, "a part of a sheet") });
    }
    if let Some((symbol, kind)) = Kind::of_file_name(plain) {
        let what = match kind {
            Kind::Candles(interval) => format!("{symbol}, candles of {interval}"),
            Kind::Price(price, interval) => {
                format!("{symbol}, {price:?} price, candles of {interval}").to_lowercase()
            }
            Kind::Funding => format!("{symbol}, funding"),
            Kind::OpenInterest(interval) => format!("{symbol}, open interest each {interval}"),
        };
        return Some(of_sheet(path, kind, &what));
    }
    let is_table =
        plain.ends_with(".csv") && !plain.starts_with("instruments_") && !plain.starts_with("tiers_");
    is_table.then(|| of_table(path))
}

fn nothing(path: &Path, what: &str) -> Found {
    Found {
        path: path.to_owned(),
        what: what.to_owned(),
        rows: 0,
        span: None,
        gaps: Vec::new(),
        problem: None,
    }
}

fn of_sheet(path: &Path, kind: Kind, what: &str) -> Found {
    let rows = match sheet::rows(path) {
        Ok(rows) => rows,
        Err(error) => return Found { problem: Some(error.to_string()), ..nothing(path, what) },
    };
    let times: Vec<i64> = rows.iter().map(|(at, _)| *at).collect();
    let span = times.first().copied().zip(times.last().copied());
    let gaps = match (kind.step_ms(), span) {
        (Some(step_ms), Some((first, last))) if times.is_sorted() => {
            sheet::gaps(&times, &(first..last), step_ms)
        }
        (None, Some(_)) if times.is_sorted() => sheet::funding_gaps(&times),
        _ => Vec::new(),
    };
    let order = times
        .windows(2)
        .find(|pair| pair[0] >= pair[1])
        .map(|pair| format!("the row of {} is not after the one of {} before it", pair[1], pair[0]));
    let problem = order.or_else(|| figures(path, kind).err().map(|error| error.to_string()));
    Found { path: path.to_owned(), what: what.to_owned(), rows: rows.len(), span, gaps, problem }
}

/// Whether the figures can be what they are said to be.
fn figures(path: &Path, kind: Kind) -> Result<(), DataError> {
    match kind {
        Kind::Candles(_) => csv::bars(&super::text(path)?, path).map(drop),
        Kind::Funding => find::read_funding(path).map(drop),
        Kind::Price(..) | Kind::OpenInterest(_) => {
            for (index, line) in
                super::text(path)?.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty())
            {
                let fault = |problem| DataError::Line { path: path.to_owned(), line: index + 1, problem };
                let wanted = kind.head().split(',').count();
                let count =
                    line.split(',').map(prints::number).collect::<Result<Vec<_>, _>>().map_err(fault)?.len();
                if count != wanted {
                    return Err(fault(format!("{count} columns where {wanted} are wanted")));
                }
            }
            Ok(())
        }
    }
}

fn of_table(path: &Path) -> Found {
    let what = "a table of the replay";
    match Table::load(path) {
        Ok(table) => {
            let span = table
                .bars
                .first()
                .zip(table.bars.last())
                .map(|(first, last)| (first.start_ms, last.start_ms));
            Found {
                rows: table.bars.len() + table.marks.len() + table.funding.len(),
                span,
                ..nothing(path, what)
            }
        }
        Err(error) => Found { problem: Some(error.to_string()), ..nothing(path, what) },
    }
}

fn of_trades(path: &Path) -> Found {
    match prints::read(path) {
        Ok(trades) => {
            let span = trades.first().zip(trades.last()).map(|(first, last)| (first.at_ms, last.at_ms));
            let order = trades.windows(2).find(|pair| pair[0].at_ms > pair[1].at_ms);
            let problem =
                order.map(|pair| format!("the trade at {} is after one at {}", pair[1].at_ms, pair[0].at_ms));
            Found { rows: trades.len(), span, problem, ..nothing(path, "trades") }
        }
        Err(error) => Found { problem: Some(error.to_string()), ..nothing(path, "trades") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_damage_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let head = "start,open,high,low,close,volume,turnover\n";
        write("BTCUSDT_1m.csv", &format!("{head}0,1,1,1,1,0,0\n60000,1,1,1,1,0,0\n240000,1,1,1,1,0,0\n"));
        write("ETHUSDT_1m.csv", &format!("{head}0,9,1,1,1,0,0\n60000,1,1,1,1,0,0\n"));
        write("ETHUSDT_mark_1h.csv", "start,open,high,low,close\n0,1,1,1,1\n3600000,1,1,1,x\n");
        let funding: String =
            [0, 8, 24, 32].map(|hour| format!("{},ETHUSDT,0.0001\n", hour * 3_600_000)).concat();
        write("ETHUSDT_funding.csv", &format!("fundingRateTimestamp,symbol,fundingRate\n{funding}"));
        write("BTCUSDT_5m.csv.part", "0,1,1,1,1,0,0\n");
        write("instruments_linear.csv", "symbol\nBTCUSDT\n");
        let found = folder(dir.path()).unwrap();
        let named = |name: &str| found.iter().find(|one| one.path.ends_with(name)).unwrap();
        assert_eq!(found.len(), 5, "{found:?}");
        let paid = named("ETHUSDT_funding.csv");
        assert_eq!((paid.gaps.len(), &paid.problem), (1, &None));
        assert_eq!((paid.gaps[0].start, paid.gaps[0].end), (16 * 3_600_000, 24 * 3_600_000));
        let gap = named("BTCUSDT_1m.csv");
        assert_eq!((gap.rows, gap.span, gap.gaps.len()), (3, Some((0, 240_000)), 1));
        assert_eq!((gap.gaps[0].start, gap.gaps[0].end), (120_000, 240_000));
        for (name, word) in [
            ("ETHUSDT_1m.csv", "outside low and high"),
            ("ETHUSDT_mark_1h.csv", ":3: `x` is not a number"),
            ("BTCUSDT_5m.csv.part", "broken off"),
        ] {
            let problem = named(name).problem.clone().unwrap_or_default();
            assert!(problem.contains(word), "{name}: {problem}");
        }
    }
}
