//! Files that others wrote: trades and candles of the exchange's public archive, and candles, marks and funding as CSV.
//!
//! | what | how it is known |
//! |---|---|
//! | trades of contracts (`trading/`) | `timestamp,symbol,side,size,price,…` in the head; seconds with a fraction |
//! | trades of pairs (`spot/`) | `id,timestamp,price,volume,side` in the head; milliseconds |
//! | candles (`kline_for_metatrader4/`) | no head; `2022.01.01 00:00,open,high,low,close,volume`, taken as UTC; the length in minutes stands in the name, `BTCUSDT_15_…` |
//! | candles | columns named as [`super::csv`] says |
//! | candles of another price | the same without a volume, and `_mark_`, `_index_` or `_premium_` in the name |
//! | funding | `fundingRateTimestamp,…,fundingRate` |

use std::path::{Path, PathBuf};

use windvane_model::{Interval, Symbol};

use super::prints::{self, Trade};
use super::sheet::{Kind, PriceKind, Sheet};
use super::{DataError, csv, find};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The file that was read.
    pub file: PathBuf,
    /// The file that it went into.
    pub into: PathBuf,
    /// Its rows.
    pub rows: usize,
    /// Those that were not there before.
    pub new: usize,
}

/// Rows of one kind.
enum Found {
    Trades(Symbol, Vec<Trade>),
    Rows(Symbol, Kind, Vec<(i64, String)>),
}

/// Takes a file into a folder. `symbol` is for names that do not begin with one; `candles` makes candles of trades, too.
///
/// # Errors
/// The file is of no known kind, a row of it is malformed, or something cannot be written.
pub fn take(
    file: &Path,
    folder: &Path,
    symbol: Option<Symbol>,
    candles: Option<Interval>,
) -> Result<Vec<Taken>, DataError> {
    let taken = |into: PathBuf, rows, new| Taken { file: file.to_owned(), into, rows, new };
    let found = match read(file, symbol)? {
        Found::Rows(symbol, kind, rows) => {
            let (into, new) = put(folder, symbol, kind, &rows)?;
            return Ok(vec![taken(into, rows.len(), new)]);
        }
        Found::Trades(symbol, trades) => (symbol, trades),
    };
    let (symbol, trades) = found;
    let count = trades.len();
    let new = prints::add(folder, symbol, trades)?;
    let path = prints::path(folder, symbol);
    let mut all = vec![taken(path.clone(), count, new)];
    if let Some(interval) = candles {
        // Of all that the folder has, so that a candle at the seam of two files is whole.
        let rows = prints::candles(&prints::read(&path)?, interval);
        let (into, new) = put(folder, symbol, Kind::Candles(interval), &rows)?;
        all.push(taken(into, rows.len(), new));
    }
    Ok(all)
}

fn put(
    folder: &Path,
    symbol: Symbol,
    kind: Kind,
    rows: &[(i64, String)],
) -> Result<(PathBuf, usize), DataError> {
    let mut sheet = Sheet::open(folder, symbol, kind)?;
    sheet.add(rows)?;
    let (path, new) = (sheet.path().to_owned(), usize::try_from(sheet.added()).unwrap_or(usize::MAX));
    sheet.finish()?;
    Ok((path, new))
}

fn read(file: &Path, given: Option<Symbol>) -> Result<Found, DataError> {
    let text = super::text(file)?;
    let head = text.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let columns: Vec<&str> = head.split(',').map(str::trim).collect();
    let unknown = |problem: &str| DataError::Unknown { path: file.to_owned(), problem: problem.to_owned() };
    let named = || {
        given
            .or_else(|| symbol_of(file))
            .ok_or_else(|| unknown("its name does not begin with a symbol; name one by --symbol"))
    };
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    match columns.as_slice() {
        ["timestamp", "symbol", "side", "size", "price", ..] => {
            let row = text.lines().nth(1).and_then(|line| line.split(',').nth(1)).unwrap_or_default();
            let symbol = Symbol::new(row).or_else(|_| named())?;
            Ok(Found::Trades(symbol, each(file, &text, 1, Trade::parse)?))
        }
        ["id", "timestamp", "price", "volume", "side", ..] => {
            Ok(Found::Trades(named()?, each(file, &text, 1, pair_trade)?))
        }
        ["fundingRateTimestamp", ..] if has("fundingRate") => {
            let symbol = named()?;
            let rates = find::read_funding(file)?;
            let rows = rates.iter().map(|(at, rate)| (*at, format!("{at},{symbol},{rate}"))).collect();
            Ok(Found::Rows(symbol, Kind::Funding, rows))
        }
        [first, ..] if is_metatrader_time(first) => {
            let interval = interval_of(file).ok_or_else(|| {
                unknown("its name does not say how many minutes a candle has, as in BTCUSDT_15_…")
            })?;
            let rows = each(file, &text, 0, metatrader_candle)?;
            Ok(Found::Rows(named()?, Kind::Candles(interval), rows))
        }
        _ if has("open") && has("close") && has("volume") => {
            let bars = csv::bars(&text, file)?;
            let interval = super::interval(&bars, file)?;
            let row = |bar: &super::Bar| {
                let super::Bar { start_ms, open, high, low, close, volume } = bar;
                (*start_ms, format!("{start_ms},{open},{high},{low},{close},{volume},"))
            };
            Ok(Found::Rows(named()?, Kind::Candles(interval), bars.iter().map(row).collect()))
        }
        _ if has("open") && has("close") => {
            let name = file.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
            let price =
                [("mark", PriceKind::Mark), ("index", PriceKind::Index), ("premium", PriceKind::Premium)]
                    .into_iter()
                    .find(|(word, _)| name.contains(&format!("_{word}_")));
            let (_, price) = price.ok_or_else(|| {
                unknown("candles without a volume, and no _mark_, _index_ or _premium_ in the name")
            })?;
            // The reader of candles wants a volume.
            let with_volume: String = text
                .lines()
                .enumerate()
                .map(|(n, line)| format!("{line},{}\n", if n == 0 { "volume" } else { "0" }))
                .collect();
            let bars = csv::bars(&with_volume, file)?;
            let interval = super::interval(&bars, file)?;
            let row = |bar: &super::Bar| {
                let super::Bar { start_ms, open, high, low, close, .. } = bar;
                (*start_ms, format!("{start_ms},{open},{high},{low},{close}"))
            };
            Ok(Found::Rows(named()?, Kind::Price(price, interval), bars.iter().map(row).collect()))
        }
        _ => Err(unknown(
            "neither trades, candles nor funding: its first line names no columns that are known",
        )),
    }
}

/// Every line after the head, read.
fn each<T>(
    file: &Path,
    text: &str,
    head: usize,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, DataError> {
    let lines = text.lines().enumerate().skip(head).filter(|(_, line)| !line.is_empty());
    let fault = |index: usize, problem| DataError::Line { path: file.to_owned(), line: index + 1, problem };
    lines.map(|(index, line)| read(line).map_err(|problem| fault(index, problem))).collect()
}

/// A row of the archive of pairs.
fn pair_trade(row: &str) -> Result<Trade, String> {
    let columns: Vec<&str> = row.trim_end().split(',').collect();
    let [id, at, price, size, side, ..] = columns[..] else {
        return Err("a row has at least five columns".to_owned());
    };
    Ok(Trade {
        at_ms: at.parse().map_err(|_| format!("`{at}` is no time in milliseconds"))?,
        side: prints::Side::parse(side).ok_or_else(|| format!("`{side}` is no side"))?,
        price: prints::number(price)?,
        size: prints::number(size)?,
        id: id.to_owned(),
    })
}

/// A row of the archive of candles.
fn metatrader_candle(row: &str) -> Result<(i64, String), String> {
    let columns: Vec<&str> = row.trim_end().split(',').collect();
    let [time, open, high, low, close, volume, ..] = columns[..] else {
        return Err("a row has at least six columns".to_owned());
    };
    let at = metatrader_time(time).ok_or_else(|| format!("`{time}` is no time like 2022.01.01 00:00"))?;
    let figures = [open, high, low, close, volume].map(prints::number);
    let [open, high, low, close, volume] = figures;
    let (open, high, low, close, volume) = (open?, high?, low?, close?, volume?);
    if high < open.max(close) || low > open.min(close) {
        return Err("open or close outside low and high".to_owned());
    }
    Ok((at, format!("{at},{open},{high},{low},{close},{volume},")))
}

fn is_metatrader_time(text: &str) -> bool {
    metatrader_time(text).is_some()
}

fn metatrader_time(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ')?;
    let moment: jiff::Timestamp = format!("{}T{time}:00Z", date.replace('.', "-")).parse().ok()?;
    Some(moment.as_millisecond())
}

/// What a file's name begins with: capital letters and digits, up to the first other character or a date.
fn symbol_of(file: &Path) -> Option<Symbol> {
    let name = file.file_name()?.to_str()?;
    let end = name.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit()).unwrap_or(name.len());
    // `BTCUSDT2024-08-08`: the year belongs to the date.
    let word = match name.get(end..end + 1) {
        Some("-") => name[..end].trim_end_matches(|c: char| c.is_ascii_digit()),
        _ => &name[..end],
    };
    Symbol::new(word).ok().filter(|_| word.len() > 3)
}

/// The minutes in a name such as `BTCUSDT_15_2022-01-01_2022-01-31.csv.gz`.
fn interval_of(file: &Path) -> Option<Interval> {
    let minutes: i64 = file.file_name()?.to_str()?.split('_').nth(1)?.parse().ok()?;
    Interval::ALL.into_iter().find(|interval| interval.minutes() == minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(name: &str, text: &str) -> Result<(Vec<Taken>, String), String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let taken = take(&file, folder.path(), None, None).map_err(|error| error.to_string())?;
        let written = std::fs::read_to_string(&taken[0].into).unwrap();
        Ok((taken, written))
    }

    #[test]
    fn every_kind_of_file_finds_its_place() {
        let trades = "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n\
                      1585180700.0647,BTCUSDT,Buy,0.042,6698.5,PlusTick,79af,2.8e10,0.042,281.3\n";
        let spot = "id,timestamp,price,volume,side\n1,1668038400047,18556.65,0.022,sell\n";
        let candles = "2020.03.25 10:30,6500.0,6745.5,6500.0,6698.5,16.9\n2020.03.25 10:45,6698.5,6766.0,6698.5,6708.5,9.7\n";
        let marks = "start,open,high,low,close\n1772323200000,1,2,1,2\n1772326800000,2,2,2,2\n";
        let funding = "fundingRateTimestamp,symbol,fundingRate\n28800000,BTCUSDT,0.00010000\n";
        for (name, text, into, row) in [
            (
                "BTCUSDT2020-03-25.csv",
                trades,
                "trades/btcusdt.csv",
                "1585180700.064,BTCUSDT,Buy,0.042,6698.5,,79af,,,",
            ),
            (
                "ETHUSDT_2022-11-10.csv",
                spot,
                "trades/ethusdt.csv",
                "1668038400.047,ETHUSDT,Sell,0.022,18556.65,,1,,,",
            ),
            (
                "BTCUSDT_15_2020-03-25_2020-03-31.csv",
                candles,
                "BTCUSDT_15m.csv",
                "1585132200000,6500.0,6745.5,6500.0,6698.5,16.9,",
            ),
            ("BTCUSDT_mark_1h.csv", marks, "BTCUSDT_mark_1h.csv", "1772326800000,2,2,2,2"),
            ("BTCUSDT_funding.csv", funding, "BTCUSDT_funding.csv", "28800000,BTCUSDT,0.00010000"),
        ] {
            let (taken, written) = taken(name, text).unwrap();
            assert!(taken[0].into.ends_with(into), "{name}: {:?}", taken[0].into);
            assert!(written.lines().any(|line| line == row), "{name}: {written}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (name, text, message) in [
            ("BTCUSDT_x.csv", "a,b,c\n1,2,3\n", "names no columns that are known"),
            ("x.csv", "id,timestamp,price,volume,side\n", "name one by --symbol"),
            ("BTCUSDT_2022.csv", "id,timestamp,price,volume,side\n1,2,3,4,up\n", ":2: `up` is no side"),
            ("BTCUSDT_7_x.csv", "2020.03.25 10:30,1,1,1,1,1\n", "how many minutes"),
        ] {
            let error = taken(name, text).unwrap_err();
            assert!(error.contains(message), "{name}: {error}");
        }
    }
}
