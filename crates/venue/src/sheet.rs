//! The sheets of `windvane data` as a table of the replay: one file for each kind of figure, its columns named in the head.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;

use crate::packed;
use crate::table::{BAR_MS, TableError};

/// Length of the shorter bars that are put together.
const MINUTE_MS: i64 = 60_000;

/// The rows of a table for one symbol, and the sheet of bars that they are of; `None` when the folder has no such sheet.
///
/// Bars of five minutes come from `<SYMBOL>_5m.csv`, or are put together from `<SYMBOL>_1m.csv`, whose incomplete first and
/// last five minutes are left out.
pub(crate) fn rows(folder: &Path, symbol: &str) -> Result<Option<(PathBuf, String)>, TableError> {
    let sheet = |kind: &str| {
        let file = folder.join(format!("{symbol}_{kind}.csv"));
        [file.clone(), file.with_extension("csv.gz")].into_iter().find(|path| path.is_file())
    };
    let Some(path) = sheet("5m").or_else(|| sheet("1m")) else { return Ok(None) };
    let columns = ["start", "open", "high", "low", "close", "volume"];
    let bars = read(&path, &columns)?;
    let mut text = String::new();
    if path.file_name().is_some_and(|name| name.to_string_lossy().contains("_1m.")) {
        join(&bars, &path, &mut text)?;
    } else {
        write_rows(&mut text, "bar", &bars);
    }
    if let Some(path) = sheet("mark_1h") {
        write_rows(&mut text, "mark", &read(&path, &["start", "open", "close"])?);
    }
    if let Some(path) = sheet("funding") {
        write_rows(&mut text, "funding", &read(&path, &["fundingRateTimestamp", "fundingRate"])?);
    }
    Ok(Some((path, text)))
}

fn write_rows(text: &mut String, kind: &str, rows: &[Vec<String>]) {
    for row in rows {
        writeln!(text, "{kind},{}", row.join(",")).expect("writing to a string cannot fail");
    }
}

/// The named columns of every row.
fn read(path: &Path, names: &[&str]) -> Result<Vec<Vec<String>>, TableError> {
    let text = packed::read_to_string(path)
        .map_err(|source| TableError::Unreadable { path: path.to_owned(), source })?;
    let fault = |index: usize, problem: String| malformed(path, index, problem);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (index, head) = lines.next().ok_or_else(|| TableError::Empty { path: path.to_owned() })?;
    let head: Vec<&str> = head.split(',').map(str::trim).collect();
    let places: Vec<usize> = names
        .iter()
        .map(|name| head.iter().position(|column| column == name).ok_or(*name))
        .collect::<Result<_, _>>()
        .map_err(|name| fault(index, format!("no column `{name}`")))?;
    lines
        .map(|(index, line)| {
            let fields: Vec<&str> = line.trim_end().split(',').collect();
            let row: Option<Vec<String>> =
                places.iter().map(|place| fields.get(*place).map(|field| (*field).to_owned())).collect();
            row.ok_or_else(|| fault(index, "too few columns".to_owned()))
        })
        .collect()
}

fn malformed(path: &Path, index: usize, problem: String) -> TableError {
    TableError::Malformed { path: path.to_owned(), line: index + 1, problem }
}

/// Puts five bars of a minute together.
fn join(minutes: &[Vec<String>], path: &Path, text: &mut String) -> Result<(), TableError> {
    let mut parsed = Vec::with_capacity(minutes.len());
    for (index, row) in minutes.iter().enumerate() {
        let fault = |field: &str| malformed(path, index + 1, format!("`{field}` is not a number"));
        let start: i64 = row[0].parse().map_err(|_| fault(&row[0]))?;
        let figures: Vec<Decimal> = row[1..]
            .iter()
            .map(|field| Decimal::from_str_exact(field).map_err(|_| fault(field)))
            .collect::<Result<_, _>>()?;
        parsed.push((start, figures));
    }
    let whole = usize::try_from(BAR_MS / MINUTE_MS).expect("five");
    let first = parsed.iter().position(|(start, _)| start % BAR_MS == 0).unwrap_or(parsed.len());
    for five in parsed[first..].chunks_exact(whole) {
        let start = five[0].0;
        if five.iter().zip(0..).any(|((at, _), n)| *at != start + n * MINUTE_MS) {
            return Err(malformed(
                path,
                0,
                format!("minutes are missing between {start} and {}", start + BAR_MS),
            ));
        }
        let figure = |column: usize| five.iter().map(move |(_, figures)| figures[column]);
        let (open, close) = (five[0].1[0], five[whole - 1].1[3]);
        let high = figure(1).max().expect("five bars");
        let low = figure(2).min().expect("five bars");
        let volume: Decimal = figure(4).sum();
        writeln!(text, "bar,{start},{open},{high},{low},{close},{volume}")
            .expect("writing to a string cannot fail");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn table(files: &[(&str, &str)]) -> Result<Table, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Table::of_folder(folder.path(), "BTCUSDT").map(|(_, table)| table).map_err(|error| error.to_string())
    }

    #[test]
    fn sheets_make_a_table() {
        let table = table(&[
            (
                "BTCUSDT_5m.csv",
                "start,open,high,low,close,volume,turnover\n300000,1,3,1,2,5,9\n600000,2,2,2,2,0,0\n",
            ),
            ("BTCUSDT_mark_1h.csv", "start,open,high,low,close\n0,1,9,1,4\n"),
            ("BTCUSDT_funding.csv", "fundingRateTimestamp,symbol,fundingRate\n600000,BTCUSDT,0.0001\n"),
        ])
        .unwrap();
        assert_eq!((table.bars.len(), table.marks[0].close, table.funding[0].at_ms), (2, 4.into(), 600_000));
    }

    #[test]
    fn minutes_are_put_together_and_a_missing_one_is_named() {
        let minutes = |skip: i64| {
            let rows = (4..=10).filter(|n| *n != skip);
            let rows: String = rows.map(|n| format!("{},{n},{},1,{n},2\n", n * 60_000, 10 + n)).collect();
            format!("start,open,high,low,close,volume\n{rows}")
        };
        let whole = table(&[("BTCUSDT_1m.csv", &minutes(0))]).unwrap();
        let bar = whole.bars[0];
        assert_eq!(whole.bars.len(), 1);
        assert_eq!((bar.start_ms, bar.open, bar.high, bar.low), (300_000, 5.into(), 19.into(), 1.into()));
        assert_eq!((bar.close, bar.volume), (9.into(), 10.into()));
        let error = table(&[("BTCUSDT_1m.csv", &minutes(7))]).unwrap_err();
        assert!(error.ends_with("minutes are missing between 300000 and 600000"), "{error}");
    }

    #[test]
    fn a_folder_without_either_names_the_table() {
        assert!(table(&[]).unwrap_err().contains("btcusdt.csv"));
    }
}
