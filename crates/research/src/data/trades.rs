//! The exchange's archive of public trades (`public.bybit.com/trading/SYMBOL/SYMBOLyyyy-mm-dd.csv`), made into bars of a
//! minute. A minute without a trade is a flat bar without volume, as the exchange's own candles have it.
//!
//! Wanted are the columns `timestamp` (seconds since 1970 with a fraction), `price` and `size` (base coin), in any order;
//! where there is a `symbol`, it has to be the contract's. Newest first, as some archives are, is turned round.

use std::path::Path;

use windvane_model::{Fixed, Interval, Symbol};

use super::{Bar, DataError};

/// Length of the bars that are made.
pub(super) const MADE: Interval = Interval::M1;

/// Whether a head line names the columns of the archive.
pub(super) fn is_head(line: &str) -> bool {
    let names: Vec<&str> = line.split(',').map(str::trim).collect();
    ["timestamp", "price", "size"].iter().all(|name| names.contains(name))
}

/// One trade.
struct Print {
    at_ms: i64,
    price: Fixed,
    size: Fixed,
}

/// Reads the trades of one file and appends the bars that they make to `bars`, which hold what was before.
pub(super) fn append(text: &str, path: &Path, symbol: Symbol, bars: &mut Vec<Bar>) -> Result<(), DataError> {
    let fault = |index: usize, problem| DataError::Line { path: path.to_owned(), line: index + 1, problem };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let head = lines.next().map_or("", |(_, head)| head);
    let names: Vec<&str> = head.split(',').map(str::trim).collect();
    let place = |wanted: &str| names.iter().position(|name| *name == wanted);
    let (Some(time), Some(price), Some(size)) = (place("timestamp"), place("price"), place("size")) else {
        return Err(fault(0, "wanted are the columns timestamp, price and size".to_owned()));
    };
    let mut prints = Vec::new();
    for (index, line) in lines {
        let cells: Vec<&str> = line.trim_end().split(',').collect();
        let cell =
            |at: usize| cells.get(at).copied().ok_or_else(|| fault(index, "too few columns".to_owned()));
        if let Some(other) =
            place("symbol").and_then(|at| cells.get(at)).filter(|name| **name != symbol.as_str())
        {
            return Err(fault(index, format!("a trade of {other} among those of {symbol}")));
        }
        let figure = |text: &str| {
            let figure = Fixed::parse(text).map_err(|error| fault(index, format!("`{text}`: {error}")))?;
            if figure.is_zero() { Err(fault(index, format!("`{text}` is zero"))) } else { Ok(figure) }
        };
        let at = cell(time)?;
        let at_ms = millis(at).ok_or_else(|| fault(index, format!("`{at}` is no time in seconds")))?;
        prints.push((index, Print { at_ms, price: figure(cell(price)?)?, size: figure(cell(size)?)? }));
    }
    let is_newest_first = matches!(
        (prints.first(), prints.last()), (Some((_, first)), Some((_, last))) if first.at_ms > last.at_ms
    );
    if is_newest_first {
        prints.reverse();
    }
    let mut before = bars.last().map_or(i64::MIN, |bar| bar.start_ms);
    for (index, print) in prints {
        if print.at_ms < before {
            return Err(fault(index, "the trade is before the one that came first".to_owned()));
        }
        before = print.at_ms;
        add(bars, &print);
    }
    Ok(())
}

fn add(bars: &mut Vec<Bar>, print: &Print) {
    let start_ms = print.at_ms.div_euclid(MADE.millis()) * MADE.millis();
    while let Some(last) = bars.last_mut() {
        if last.start_ms == start_ms {
            last.high = last.high.max(print.price);
            last.low = last.low.min(print.price);
            last.close = print.price;
            let volume = last.volume.raw().saturating_add(print.size.raw());
            last.volume = Fixed::from_raw(volume).unwrap_or_default();
            return;
        }
        let (next_ms, close) = (last.start_ms + MADE.millis(), last.close);
        if next_ms == start_ms {
            break;
        }
        bars.push(Bar {
            start_ms: next_ms,
            open: close,
            high: close,
            low: close,
            close,
            volume: Fixed::ZERO,
        });
    }
    let price = print.price;
    bars.push(Bar { start_ms, open: price, high: price, low: price, close: price, volume: print.size });
}

/// Seconds with a fraction, as milliseconds; digits beyond those are dropped.
fn millis(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let seconds: i64 = seconds.parse().ok().filter(|seconds| *seconds >= 0)?;
    seconds.checked_mul(1_000)?.checked_add(digits.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<[String; 6]>, String> {
        let mut bars = Vec::new();
        let symbol = Symbol::new("BTCUSDT").unwrap();
        append(text, Path::new("t.csv"), symbol, &mut bars).map_err(|error| error.to_string())?;
        let figures =
            |bar: &Bar| [bar.open, bar.high, bar.low, bar.close, bar.volume].map(|it| it.to_string());
        let row = |bar: &Bar| {
            let [open, high, low, close, volume] = figures(bar);
            [(bar.start_ms / 60_000).to_string(), open, high, low, close, volume]
        };
        Ok(bars.iter().map(row).collect())
    }

    #[test]
    fn trades_make_bars_and_a_minute_without_one_is_flat() {
        let trades = [
            "59.9999,BTCUSDT,Sell,0.5,99",
            "60.0000,BTCUSDT,Buy,0.006,100.5",
            "61.3220,BTCUSDT,Buy,1,101",
            "119.9,BTCUSDT,Sell,2,100",
            "240,BTCUSDT,Sell,3,102",
        ];
        let expected: Vec<[String; 6]> = [
            ["0", "99", "99", "99", "99", "0.5"],
            ["1", "100.5", "101", "100", "100", "3.006"],
            ["2", "100", "100", "100", "100", "0"],
            ["3", "100", "100", "100", "100", "0"],
            ["4", "102", "102", "102", "102", "3"],
        ]
        .map(|row| row.map(str::to_owned))
        .into();
        let head = "timestamp,symbol,side,size,price\n";
        assert_eq!(read(&format!("{head}{}", trades.join("\n"))).unwrap(), expected);
        let newest_first: Vec<&str> = trades.into_iter().rev().collect();
        assert_eq!(read(&format!("{head}{}", newest_first.join("\n"))).unwrap(), expected);
    }

    #[test]
    fn a_line_that_cannot_be_a_trade_is_named() {
        let head = "timestamp,symbol,side,size,price\n";
        for (rows, message) in [
            ("1,ETHUSDT,Buy,1,1", "t.csv:2: a trade of ETHUSDT among those of BTCUSDT"),
            ("1,BTCUSDT,Buy,1", "t.csv:2: too few columns"),
            ("noon,BTCUSDT,Buy,1,1", "t.csv:2: `noon` is no time in seconds"),
            ("1.5x,BTCUSDT,Buy,1,1", "t.csv:2: `1.5x` is no time in seconds"),
            ("1,BTCUSDT,Buy,0,1", "t.csv:2: `0` is zero"),
            (
                "1,BTCUSDT,Buy,1,1\n9,BTCUSDT,Buy,1,1\n5,BTCUSDT,Buy,1,1",
                "t.csv:4: the trade is before the one that came first",
            ),
        ] {
            assert_eq!(read(&format!("{head}{rows}")).unwrap_err(), message);
        }
    }
}
