//! Which files of a folder belong to a contract.

use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use windvane_model::{Interval, Symbol};

use super::{DataError, History, read};

/// Reads what a folder holds of one contract: `<SYMBOL>.csv`, or of several `<SYMBOL>_<interval>.csv` the shortest bars,
/// in capital or small letters; and `<SYMBOL>_funding.csv` where there is one.
pub(super) fn in_folder(folder: &Path, symbol: Symbol) -> Result<History, DataError> {
    let names = [symbol.to_string(), symbol.to_string().to_lowercase()];
    let endings = Interval::ALL.into_iter().flat_map(endings);
    let endings = std::iter::once(String::new()).chain(endings);
    let candidates = endings.flat_map(|ending| names.each_ref().map(|name| format!("{name}{ending}.csv")));
    let found = candidates.map(|name| folder.join(name)).find(|path| path.is_file());
    let Some(path) = found else {
        return Err(DataError::Missing { folder: folder.to_owned(), symbol });
    };
    let mut history = read(&path, symbol)?;
    let funding = names.map(|name| folder.join(format!("{name}_funding.csv")));
    if let Some(path) = funding.into_iter().find(|path| path.is_file()) {
        history.funding = read_funding(&path)?;
    }
    Ok(history)
}

/// As people write lengths in file names: `_15m`, `_1h`, `_60m`, `_60`.
fn endings(interval: Interval) -> [String; 3] {
    [format!("_{interval}"), format!("_{}m", interval.minutes()), format!("_{}", interval.minutes())]
}

/// Rows of `fundingRateTimestamp,symbol,fundingRate`, as the exchange's history of funding names them.
fn read_funding(path: &PathBuf) -> Result<Vec<(i64, Decimal)>, DataError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| DataError::Unreadable { path: path.clone(), source })?;
    let mut points: Vec<(i64, Decimal)> = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty()) {
        let fault = |problem: String| DataError::Line { path: path.clone(), line: index + 1, problem };
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
