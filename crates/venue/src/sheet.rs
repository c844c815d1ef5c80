//! The sheets of `windvane data` as a table of the replay: one file for each kind of figure, its columns named in the head.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use rust_decimal::Decimal;

use crate::packed;
use crate::table::{BAR_MS, Row, TableError};

/// Length of the shorter bars that are put together.
const MINUTE_MS: i64 = 60_000;

/// The rows of a table for one symbol, and the sheet of bars that they are of; `None` when the folder has no such sheet.
///
/// Bars of five minutes come from `<SYMBOL>_5m.csv`, or are put together from `<SYMBOL>_1m.csv`, whose incomplete first and
/// last five minutes are left out.
pub(crate) fn rows(folder: &Path, symbol: &str) -> Result<Option<(PathBuf, Vec<Row>)>, TableError> {
    let sheet = |kind: &str| {
        let file = folder.join(format!("{symbol}_{kind}.csv"));
        [file.clone(), file.with_extension("csv.gz")].into_iter().find(|path| path.is_file())
    };
    let Some(path) = sheet("5m").or_else(|| sheet("1m")) else { return Ok(None) };
    let columns = ["start", "open", "high", "low", "close", "volume"];
    let bars = Sheet::read(&path, &columns)?;
    let is_minutes = path.file_name().is_some_and(|name| name.to_string_lossy().contains("_1m."));
    let mut rows = if is_minutes { bars.five_minutes()? } else { bars.table_rows("bar") };
    if let Some(path) = sheet("mark_1h") {
        rows.extend(Sheet::read(&path, &["start", "open", "close"])?.table_rows("mark"));
    }
    if let Some(path) = sheet("funding") {
        let columns = ["fundingRateTimestamp", "fundingRate"];
        rows.extend(Sheet::read(&path, &columns)?.table_rows("funding"));
    }
    Ok(Some((path, rows)))
}

/// The columns that are wanted of one file.
struct Sheet {
    path: Rc<Path>,
    /// Each with its line, counted from 1.
    rows: Vec<(usize, Vec<String>)>,
}

impl Sheet {
    fn read(path: &Path, names: &[&str]) -> Result<Self, TableError> {
        let text = packed::read_to_string(path)
            .map_err(|source| TableError::Unreadable { path: path.to_owned(), source })?;
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (first, head) = lines.next().ok_or_else(|| TableError::Empty { path: path.to_owned() })?;
        let mut sheet = Self { path: path.into(), rows: Vec::new() };
        let head: Vec<&str> = head.split(',').map(str::trim).collect();
        let places: Vec<usize> = names
            .iter()
            .map(|name| head.iter().position(|column| column == name).ok_or(*name))
            .collect::<Result<_, _>>()
            .map_err(|name| sheet.fault(first, format!("no column `{name}`")))?;
        for (line, text) in lines {
            let fields: Vec<&str> = text.trim_end().split(',').collect();
            let row: Option<Vec<String>> =
                places.iter().map(|place| fields.get(*place).map(|field| (*field).to_owned())).collect();
            let row = row.ok_or_else(|| sheet.fault(line, "too few columns".to_owned()))?;
            sheet.rows.push((line, row));
        }
        Ok(sheet)
    }

    fn fault(&self, line: usize, problem: String) -> TableError {
        TableError::Malformed { path: self.path.to_path_buf(), line, problem }
    }

    fn table_row(&self, line: usize, text: String) -> Row {
        Row { path: self.path.clone(), line, text }
    }

    /// Its rows as those of a table, of one kind.
    fn table_rows(&self, kind: &str) -> Vec<Row> {
        let rows = self.rows.iter();
        rows.map(|(line, row)| self.table_row(*line, format!("{kind},{}", row.join(",")))).collect()
    }

    /// Puts five bars of a minute together.
    fn five_minutes(&self) -> Result<Vec<Row>, TableError> {
        let mut minutes = Vec::with_capacity(self.rows.len());
        for (line, row) in &self.rows {
            let fault = |field: &str| self.fault(*line, format!("`{field}` is not a number"));
            let start: i64 = row[0].parse().map_err(|_| fault(&row[0]))?;
            let figures: Vec<Decimal> = row[1..]
                .iter()
                .map(|field| Decimal::from_str_exact(field).map_err(|_| fault(field)))
                .collect::<Result<_, _>>()?;
            minutes.push((*line, start, figures));
        }
        let whole = usize::try_from(BAR_MS / MINUTE_MS).expect("five");
        let first = minutes.iter().position(|(_, start, _)| start % BAR_MS == 0).unwrap_or(minutes.len());
        let mut rows = Vec::with_capacity(minutes.len() / whole);
        for five in minutes[first..].chunks_exact(whole) {
            let (line, start, _) = five[0];
            if five.iter().zip(0..).any(|((_, at, _), n)| *at != start + n * MINUTE_MS) {
                let problem = format!("minutes are missing between {start} and {}", start + BAR_MS);
                return Err(self.fault(line, problem));
            }
            let figure = |column: usize| five.iter().map(move |(_, _, figures)| figures[column]);
            let (open, close) = (five[0].2[0], five[whole - 1].2[3]);
            let high = figure(1).max().expect("five bars");
            let low = figure(2).min().expect("five bars");
            let volume: Decimal = figure(4).sum();
            rows.push(self.table_row(line, format!("bar,{start},{open},{high},{low},{close},{volume}")));
        }
        Ok(rows)
    }
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
        assert!(error.ends_with("_1m.csv:3: minutes are missing between 300000 and 600000"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_own_sheet_and_line() {
        let bars =
            ("BTCUSDT_5m.csv", "start,open,high,low,close,volume\n300000,1,3,1,2,5\n600000,2,2,2,2,0\n");
        let funding = "# settled\nfundingRateTimestamp,fundingRate\n300000,0.0001\n\n600100,0.0001\n";
        let marks = "start,open,close\n3600000,1,1\n0,1,1\n";
        for (name, text, end) in [
            (
                "BTCUSDT_funding.csv",
                funding,
                "BTCUSDT_funding.csv:5: time 600100 is not a multiple of 300000 ms",
            ),
            ("BTCUSDT_mark_1h.csv", marks, "BTCUSDT_mark_1h.csv:3: mark rows are not in rising order"),
        ] {
            let error = table(&[bars, (name, text)]).unwrap_err();
            assert!(error.ends_with(end), "{error}");
        }
    }

    #[test]
    fn a_folder_without_either_names_the_table() {
        assert!(table(&[]).unwrap_err().contains("btcusdt.csv"));
    }
}
