//! Which files of a folder belong to a contract.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rust_decimal::Decimal;
use windvane_model::{Interval, Symbol};

use super::{DataError, History, of_trades, read, trades};

/// Reads what a folder holds of one contract: `<SYMBOL>.csv`, or of several `<SYMBOL>_<interval>.csv` the shortest bars,
/// in capital or small letters, else all `<SYMBOL>yyyy-mm-dd.csv` of the archive of trades; and `<SYMBOL>_funding.csv`
/// where there is one.
pub(super) fn in_folder(folder: &Path, symbol: Symbol) -> Result<History, DataError> {
    let names = [symbol.to_string(), symbol.to_string().to_lowercase()];
    let endings = Interval::ALL.into_iter().flat_map(endings);
    let endings = std::iter::once(String::new()).chain(endings);
    let candidates = endings.flat_map(|ending| names.each_ref().map(|name| format!("{name}{ending}.csv")));
    let found = candidates.map(|name| folder.join(name)).find_map(plain_or_packed);
    let mut history = match found {
        Some(path) => read(&path, symbol)?,
        None => archived(folder, symbol)?,
    };
    let funding = names.map(|name| folder.join(format!("{name}_funding.csv")));
    if let Some(path) = funding.into_iter().find_map(plain_or_packed) {
        history.funding = read_funding(&path)?;
    }
    Ok(history)
}

/// The days of the archive that the folder holds, one after the other.
fn archived(folder: &Path, symbol: Symbol) -> Result<History, DataError> {
    let missing = || DataError::Missing { folder: folder.to_owned(), symbol };
    let unreadable = |path: &Path, source| DataError::Unreadable { path: path.to_owned(), source };
    let listed = std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    let name = symbol.as_str();
    let is_day = |path: &PathBuf| {
        let file = path.file_name().and_then(|file| file.to_str()).unwrap_or_default();
        let stem = file.strip_suffix(".gz").unwrap_or(file).strip_suffix(".csv");
        stem.and_then(|stem| stem.strip_prefix(name)).is_some_and(|day| day.parse::<Date>().is_ok())
    };
    let mut days: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).filter(is_day).collect();
    // The name of a day sorts as the day does.
    days.sort();
    let mut bars = Vec::new();
    for day in &days {
        let text = super::text(day)?;
        trades::append(&text, day, symbol, &mut bars)?;
    }
    of_trades(bars, days.last().ok_or_else(missing)?, symbol)
}

/// The file, or the packed one of the same name.
fn plain_or_packed(path: PathBuf) -> Option<PathBuf> {
    let packed = path.with_extension("csv.gz");
    [path, packed].into_iter().find(|path| path.is_file())
}

/// As people write lengths in file names: `_15m`, `_1h`, `_60m`, `_60`.
fn endings(interval: Interval) -> [String; 3] {
    [format!("_{interval}"), format!("_{}m", interval.minutes()), format!("_{}", interval.minutes())]
}

/// Rows of `fundingRateTimestamp,symbol,fundingRate`, as the exchange's history of funding names them.
pub(super) fn read_funding(path: &Path) -> Result<Vec<(i64, Decimal)>, DataError> {
    let text = super::text(path)?;
    let mut points: Vec<(i64, Decimal)> = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty()) {
        let fault = |problem: String| DataError::Line { path: path.to_owned(), line: index + 1, problem };
        let (Some((at, _)), Some((_, rate))) = (line.split_once(','), line.rsplit_once(',')) else {
            return Err(fault("wanted are fundingRateTimestamp, symbol and fundingRate".to_owned()));
        };
        let at_ms = at.parse().map_err(|_| fault(format!("`{at}` is no time in milliseconds")))?;
        let rate = Decimal::from_str_exact(rate).map_err(|_| fault(format!("`{rate}` is no rate")))?;
        if points.last().is_some_and(|(last, _)| *last >= at_ms) {
            return Err(fault("settlements are not in rising order".to_owned()));
        }
        points.push((at_ms, rate));
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol() -> Symbol {
        Symbol::new("BTCUSDT").unwrap()
    }

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn the_shortest_bars_are_read_and_the_settlements_beside_them() {
        let bars = |minutes: i64| {
            let bar = |at: i64| {
                format!("{},10,11,9,10,1\n", at * minutes * 60_000 + 1_700_000_000_000 / 60_000 * 60_000)
            };
            format!("start,open,high,low,close,volume\n{}{}", bar(0), bar(1))
        };
        let folder = folder(&[
            ("BTCUSDT_1h.csv", &bars(60)),
            ("btcusdt_5m.csv", &bars(5)),
            (
                "BTCUSDT_funding.csv",
                "fundingRateTimestamp,symbol,fundingRate\n1000,BTCUSDT,0.0001\n2000,BTCUSDT,-0.00025\n",
            ),
        ]);
        let history = in_folder(folder.path(), symbol()).unwrap();
        assert_eq!(history.interval, Interval::M5);
        assert_eq!(history.funding, [(1000, Decimal::new(1, 4)), (2000, Decimal::new(-25, 5))]);
    }

    #[test]
    fn settlements_that_cannot_be_read_are_named_with_their_line() {
        for (rows, problem) in [
            ("1000", "2: wanted are fundingRateTimestamp, symbol and fundingRate"),
            ("noon,BTCUSDT,0.1", "2: `noon` is no time in milliseconds"),
            ("1000,BTCUSDT,much", "2: `much` is no rate"),
            ("1000,BTCUSDT,0.1\n1000,BTCUSDT,0.1", "3: settlements are not in rising order"),
        ] {
            let text = format!("fundingRateTimestamp,symbol,fundingRate\n{rows}\n");
            let folder = folder(&[("f.csv", &text)]);
            let error = read_funding(&folder.path().join("f.csv")).unwrap_err().to_string();
            assert!(error.ends_with(problem), "{error}");
        }
    }

    #[test]
    fn days_of_archived_trades_follow_each_other() {
        let head = "timestamp,symbol,side,size,price\n";
        let day = |rows: &str| format!("{head}{rows}\n");
        let folder = folder(&[
            ("BTCUSDT2024-08-09.csv", &day("86400.5,BTCUSDT,Buy,1,12\n86470,BTCUSDT,Buy,1,13")),
            ("BTCUSDT2024-08-08.csv", &day("86399,BTCUSDT,Buy,1,10")),
            ("BTCUSDTnotes.csv", "nothing"),
        ]);
        let history = in_folder(folder.path(), symbol()).unwrap();
        let closes: Vec<String> = history.bars.iter().map(|bar| bar.close.to_string()).collect();
        assert_eq!((history.interval, closes.join(" ")), (Interval::M1, "10 12 13".to_owned()));
    }

    #[test]
    fn a_folder_without_a_contract_says_what_is_wanted() {
        let folder = folder(&[("ETHUSDT.csv", "")]);
        let error = in_folder(folder.path(), symbol()).unwrap_err().to_string();
        assert!(error.contains("there is no candle file of BTCUSDT"), "{error}");
    }
}
