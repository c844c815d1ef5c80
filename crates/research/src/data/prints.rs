//! Trades in the columns of the exchange's public archive, a file for each contract: `trades/<symbol in lower case>.csv`,
//! which the venue replays (`[market.trades]`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use windvane_model::{Interval, Symbol};

use super::{DataError, sheet};

/// The archive's columns.
pub const HEAD: &str =
    "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional";

/// One trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The taker's side, in the exchange's spelling.
    pub side: Side,
    /// At which price.
    pub price: Decimal,
    /// How much.
    pub size: Decimal,
    /// The exchange's id of it.
    pub id: String,
}

/// Who took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The buyer.
    Buy,
    /// The seller.
    Sell,
}

impl Side {
    /// Reads `Buy` or `sell`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "Buy" | "buy" => Some(Self::Buy),
            "Sell" | "sell" => Some(Self::Sell),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "Buy",
            Self::Sell => "Sell",
        }
    }
}

impl Trade {
    fn row(&self, symbol: Symbol) -> String {
        let (seconds, millis) = (self.at_ms.div_euclid(1_000), self.at_ms.rem_euclid(1_000));
        let (side, size, price, id) = (self.side.as_str(), self.size, self.price, &self.id);
        format!("{seconds}.{millis:03},{symbol},{side},{size},{price},,{id},,,")
    }

    /// Reads a row in the archive's columns.
    pub(super) fn parse(row: &str) -> Result<Self, String> {
        let columns: Vec<&str> = row.trim_end().split(',').collect();
        let [at, _, side, size, price, _, id, ..] = columns[..] else {
            return Err("a row has at least seven columns".to_owned());
        };
        let at_ms = number(at)?
            .checked_mul(Decimal::ONE_THOUSAND)
            .and_then(|ms| ms.trunc().to_i64())
            .ok_or_else(|| format!("`{at}` is no time in seconds"))?;
        Ok(Self {
            at_ms,
            side: Side::parse(side).ok_or_else(|| format!("`{side}` is no side"))?,
            price: number(price)?,
            size: number(size)?,
            id: id.to_owned(),
        })
    }
}

pub(super) fn number(text: &str) -> Result<Decimal, String> {
    // Old archive files have sizes and prices in the short form of floats, which may be scientific.
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|_| format!("`{text}` is not a number"))
}

/// Where the trades of a contract are.
#[must_use]
pub fn path(folder: &Path, symbol: Symbol) -> PathBuf {
    folder.join("trades").join(format!("{}.csv", symbol.to_string().to_lowercase()))
}

/// Reads the trades of a file.
///
/// # Errors
/// It cannot be read, or a row is malformed.
pub fn read(path: &Path) -> Result<Vec<Trade>, DataError> {
    let text = super::text(path)?;
    let rows = text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty());
    let fault = |index: usize, problem| DataError::Line { path: path.to_owned(), line: index + 1, problem };
    rows.map(|(index, line)| Trade::parse(line).map_err(|problem| fault(index, problem))).collect()
}

/// Adds trades to those of a folder, in the order of their times; one that is there already stays once. Returns how many
/// are new.
///
/// # Errors
/// A file cannot be read or written.
pub fn add(folder: &Path, symbol: Symbol, trades: Vec<Trade>) -> Result<usize, DataError> {
    let path = path(folder, symbol);
    let mut all = if path.exists() { read(&path)? } else { Vec::new() };
    let before = all.len();
    let mut known: BTreeSet<(i64, String)> =
        all.iter().map(|trade| (trade.at_ms, trade.id.clone())).collect();
    all.extend(
        trades
            .into_iter()
            .filter(|trade| trade.id.is_empty() || known.insert((trade.at_ms, trade.id.clone()))),
    );
    if all.len() == before {
        return Ok(0);
    }
    // Stable: of one moment, the order of the files.
    all.sort_by_key(|trade| trade.at_ms);
    let mut text = format!("{HEAD}\n");
    for trade in &all {
        text.push_str(&trade.row(symbol));
        text.push('\n');
    }
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)
        .map_err(|source| DataError::Unwritable { path: parent.to_owned(), source })?;
    sheet::replace(&path, &text)?;
    Ok(all.len() - before)
}

/// Candles made of trades, as rows of a sheet. The first and the last one are left out unless the trades reach to the day's
/// edge there, as the archive's files do: of others nobody knows whether they are whole. A candle without trades stands
/// at the close before it.
#[must_use]
pub fn candles(trades: &[Trade], interval: Interval) -> Vec<(i64, String)> {
    let length = interval.millis();
    let mut bars: BTreeMap<i64, [Decimal; 6]> = BTreeMap::new();
    for trade in trades {
        let start = trade.at_ms.div_euclid(length) * length;
        let (price, size) = (trade.price, trade.size);
        let turnover = price.checked_mul(size).unwrap_or_default();
        bars.entry(start)
            .and_modify(|[_, high, low, close, volume, value]| {
                *high = (*high).max(price);
                *low = (*low).min(price);
                *close = price;
                *volume += size;
                *value += turnover;
            })
            .or_insert([price, price, price, price, size, turnover]);
    }
    const DAY_MS: i64 = 86_400_000;
    let (Some(first), Some(last)) = (bars.keys().next().copied(), bars.keys().next_back().copied()) else {
        return Vec::new();
    };
    let from = if first % DAY_MS == 0 { first } else { first + length };
    let to = if (last + length) % DAY_MS == 0 { last + length } else { last };
    let mut rows = Vec::new();
    let mut close = bars[&first][3];
    let mut start = from;
    while start < to {
        let [open, high, low, end, volume, turnover] =
            bars.get(&start).copied().unwrap_or([close, close, close, close, Decimal::ZERO, Decimal::ZERO]);
        let figures = [open, high, low, end, volume, turnover].map(|figure| figure.normalize().to_string());
        rows.push((start, format!("{start},{}", figures.join(","))));
        close = end;
        start += length;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trade(at_ms: i64, price: i64, size: i64) -> Trade {
        Trade { at_ms, side: Side::Buy, price: price.into(), size: size.into(), id: at_ms.to_string() }
    }

    #[test]
    fn trades_are_kept_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let add = |trades: &[Trade]| add(folder.path(), symbol, trades.to_vec()).unwrap();
        assert_eq!(add(&[trade(1_723_161_256_322, 5, 1), trade(7, 4, 1)]), 2);
        assert_eq!(add(&[trade(7, 4, 1), trade(8, 4, 1)]), 1);
        let text = std::fs::read_to_string(path(folder.path(), symbol)).unwrap();
        let expected = [
            HEAD,
            "0.007,BTCUSDT,Buy,1,4,,7,,,",
            "0.008,BTCUSDT,Buy,1,4,,8,,,",
            "1723161256.322,BTCUSDT,Buy,1,5,,1723161256322,,,",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert_eq!(read(&path(folder.path(), symbol)).unwrap()[2], trade(1_723_161_256_322, 5, 1));
    }

    #[test]
    fn candles_are_made_of_whole_spans() {
        let rows = candles(
            &[
                trade(30_000, 9, 1),
                trade(61_000, 5, 1),
                trade(70_000, 7, 2),
                trade(119_999, 6, 1),
                trade(240_000, 8, 1),
            ],
            Interval::M1,
        );
        let rows: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
        assert_eq!(
            rows,
            ["0,9,9,9,9,1,9", "60000,5,7,5,6,4,25", "120000,6,6,6,6,0,0", "180000,6,6,6,6,0,0"],
            "the day begins at zero; the last candle may go on"
        );
        assert!(candles(&[], Interval::M1).is_empty());
        assert!(candles(&[trade(90_000, 1, 1)], Interval::M1).is_empty());
    }
}
