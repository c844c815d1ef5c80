//! Candles as CSV: a head line that names the columns, then one bar a line.
//!
//! Wanted are the time of the opening (`start`, `ts_ms`, `timestamp`, `open_time`, `date` or `time`; milliseconds or
//! seconds since 1970, or `2025-04-03 17:05:00+00:00`), `open`, `high`, `low`, `close` and `volume`, in any order; other
//! columns are passed over.

use std::path::Path;

use windvane_model::Fixed;

use super::{Bar, DataError};

const TIME_NAMES: [&str; 6] = ["start", "ts_ms", "timestamp", "open_time", "date", "time"];
const FIGURES: [&str; 5] = ["open", "high", "low", "close", "volume"];
/// Times below this are in seconds: in milliseconds they would be of the year 1973.
const SECONDS_BELOW: i64 = 100_000_000_000;

/// Where the columns stand.
struct Columns {
    time: usize,
    figures: [usize; FIGURES.len()],
    last: usize,
}

impl Columns {
    fn of(head: &str) -> Result<Self, String> {
        let names: Vec<String> = head.split(',').map(|name| name.trim().to_lowercase()).collect();
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        let time = TIME_NAMES.iter().find_map(|name| find(name));
        let time = time.ok_or_else(|| format!("no column of times ({})", TIME_NAMES.join(", ")))?;
        let mut figures = [0; FIGURES.len()];
        for (slot, name) in figures.iter_mut().zip(FIGURES) {
            *slot = find(name).ok_or_else(|| format!("no column `{name}`"))?;
        }
        let last = figures.into_iter().fold(time, usize::max);
        Ok(Self { time, figures, last })
    }
}

/// Reads the bars of a file.
pub(super) fn bars(text: &str, path: &Path) -> Result<Vec<Bar>, DataError> {
    let fault = |index: usize, problem| DataError::Line { path: path.to_owned(), line: index + 1, problem };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (index, head) = lines.next().ok_or_else(|| fault(0, "the file is empty".to_owned()))?;
    let columns = Columns::of(head).map_err(|problem| fault(index, problem))?;
    let width = text.len() / text.lines().nth(index + 1).map_or(64, str::len).max(1);
    let mut bars: Vec<Bar> = Vec::with_capacity(width);
    let mut fields = vec![""; columns.last + 1];
    for (index, line) in lines {
        let bar = bar(line, &columns, &mut fields).map_err(|problem| fault(index, problem))?;
        if bars.last().is_some_and(|last| last.start_ms >= bar.start_ms) {
            return Err(fault(index, "the bar is not after the one before it".to_owned()));
        }
        bars.push(bar);
    }
    Ok(bars)
}

fn bar<'t>(line: &'t str, columns: &Columns, fields: &mut [&'t str]) -> Result<Bar, String> {
    let line = line.trim_end();
    // Fields are short: a search made for long texts would take longer than reading them.
    let commas = line.bytes().enumerate().filter(|(_, byte)| *byte == b',').map(|(at, _)| at);
    let (mut ends, mut from) = (commas.chain(std::iter::once(line.len())), 0);
    for field in fields.iter_mut() {
        let end = ends.next().ok_or("too few columns")?;
        *field = &line[from..end];
        from = end + 1;
    }
    let figure = |slot: usize| {
        let text = fields[columns.figures[slot]];
        Fixed::parse(text).map_err(|error| format!("{} `{text}`: {error}", FIGURES[slot]))
    };
    let time = fields[columns.time];
    let bar = Bar {
        start_ms: moment(time).ok_or_else(|| format!("`{time}` is no time"))?,
        open: figure(0)?,
        high: figure(1)?,
        low: figure(2)?,
        close: figure(3)?,
        volume: figure(4)?,
    };
    if bar.low.is_zero() {
        return Err("a price is zero".to_owned());
    }
    if bar.high < bar.open.max(bar.close) || bar.low > bar.open.min(bar.close) {
        return Err("open or close outside low and high".to_owned());
    }
    Ok(bar)
}

fn moment(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(if number < SECONDS_BELOW { number.checked_mul(1_000)? } else { number });
    }
    let moment: jiff::Timestamp = text.trim_matches('"').replacen(' ', "T", 1).parse().ok()?;
    Some(moment.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Bar>, String> {
        bars(text, Path::new("b.csv")).map_err(|error| error.to_string())
    }

    #[test]
    fn columns_are_found_by_name_and_times_are_read_as_people_write_them() {
        let expected = read("ts_ms,open,high,low,close,volume\n1743699900000,10,12,9.5,11,3\n").unwrap();
        for text in [
            "timestamp,open,high,low,close,volume\n2025-04-03 17:05:00+00:00,10,12,9.5,11,3\n",
            "volume,close,x,low,high,open,start\n3,11,?,9.5,12,10,1743699900\n",
            "# a comment\nTime,Open,High,Low,Close,Volume,Turnover\r\n2025-04-03T17:05:00Z,10,12,9.5,11,3,77\r\n",
        ] {
            assert_eq!(read(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_a_bar_is_named() {
        let head = "start,open,high,low,close,volume\n";
        for (row, message) in [
            ("300000000000,10,9,9,9,1", "b.csv:2: open or close outside low and high"),
            ("300000000000,10,10,10,10", "b.csv:2: too few columns"),
            ("300000000000,1e1,10,10,10,1", "b.csv:2: open `1e1`: not a plain decimal number"),
            ("noon,10,10,10,10,1", "b.csv:2: `noon` is no time"),
            (
                "300000000000,10,10,10,10,1\n300000000000,10,10,10,10,1",
                "b.csv:3: the bar is not after the one before it",
            ),
        ] {
            assert_eq!(read(&format!("{head}{row}")).unwrap_err(), message);
        }
        assert_eq!(read("start,open,high,low,close\n").unwrap_err(), "b.csv:1: no column `volume`");
    }
}
