//! A sheet: a CSV file of one kind of figure of one contract, a row for each moment, rising.
//!
//! New rows go into a second file, `<name>.part`, in any order, and into the sheet when all are there. So a download that
//! is broken off leaves the sheet as it was, and goes on with what the part holds.

use std::fs::File;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use windvane_model::{Interval, Symbol};

use super::DataError;

/// Which price a sheet of candles is of that nobody trades at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PriceKind {
    /// Mark price.
    Mark,
    /// Index price.
    Index,
    /// Premium over the index, a fraction.
    Premium,
}

/// What a sheet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Candles of trades.
    Candles(Interval),
    /// Candles of another price.
    Price(PriceKind, Interval),
    /// Funding that was settled.
    Funding,
    /// Contracts open at a moment.
    OpenInterest(Interval),
}

impl PriceKind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Mark, Self::Index, Self::Premium];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Index => "index",
            Self::Premium => "premium",
        }
    }
}

impl Kind {
    /// The name of the file.
    #[must_use]
    pub fn file_name(self, symbol: Symbol) -> String {
        match self {
            Self::Candles(interval) => format!("{symbol}_{interval}.csv"),
            Self::Price(price, interval) => format!("{symbol}_{}_{interval}.csv", price.as_str()),
            Self::Funding => format!("{symbol}_funding.csv"),
            Self::OpenInterest(interval) => format!("{symbol}_open_interest_{interval}.csv"),
        }
    }

    /// What a file of that name holds, and of which contract; `None` for names of others' making.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<(Symbol, Self)> {
        let (symbol, rest) = name.strip_suffix(".csv")?.split_once('_')?;
        let symbol = Symbol::new(symbol).ok()?;
        let (what, length) = rest.rsplit_once('_').unwrap_or(("", rest));
        let kind = match (what, length.parse::<Interval>()) {
            ("", Ok(interval)) => Self::Candles(interval),
            ("", Err(_)) if length == "funding" => Self::Funding,
            ("open_interest", Ok(interval)) => Self::OpenInterest(interval),
            (what, Ok(interval)) => {
                Self::Price(PriceKind::ALL.into_iter().find(|price| price.as_str() == what)?, interval)
            }
            _ => return None,
        };
        Some((symbol, kind))
    }

    /// The names of its columns; the first is the time in milliseconds since 1970.
    #[must_use]
    pub const fn head(self) -> &'static str {
        match self {
            Self::Candles(_) => "start,open,high,low,close,volume,turnover",
            Self::Price(..) => "start,open,high,low,close",
            Self::Funding => "fundingRateTimestamp,symbol,fundingRate",
            Self::OpenInterest(_) => "timestamp,openInterest",
        }
    }

    /// From one row to the next, milliseconds; funding comes when the venue likes.
    #[must_use]
    pub const fn step_ms(self) -> Option<i64> {
        match self {
            Self::Candles(interval) | Self::Price(_, interval) | Self::OpenInterest(interval) => {
                Some(interval.millis())
            }
            Self::Funding => None,
        }
    }
}

/// A sheet that is being filled.
#[derive(Debug)]
pub struct Sheet {
    path: PathBuf,
    part: PathBuf,
    kind: Kind,
    /// Times of its rows, rising.
    times: Vec<i64>,
    out: Option<File>,
    added: u64,
}

impl Sheet {
    /// Opens a sheet in a folder, both made if they are not there, and takes up what an earlier download left.
    ///
    /// # Errors
    /// A file cannot be read, or a row has no time.
    pub fn open(folder: &Path, symbol: Symbol, kind: Kind) -> Result<Self, DataError> {
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |source| DataError::Unwritable { path, source }
        };
        std::fs::create_dir_all(folder).map_err(unwritable(folder))?;
        let path = folder.join(kind.file_name(symbol));
        let part = PathBuf::from(format!("{}.part", path.display()));
        if let Some(length) = torn(&part)? {
            let file = File::options().write(true).open(&part).map_err(unwritable(&part))?;
            file.set_len(length).map_err(unwritable(&part))?;
        }
        let mut times = Vec::new();
        for file in [&path, &part] {
            times.extend(rows(file)?.into_iter().map(|(at, _)| at));
        }
        times.sort_unstable();
        times.dedup();
        Ok(Self { path, part, kind, times, out: None, added: 0 })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// How many rows came since it was opened.
    #[must_use]
    pub const fn added(&self) -> u64 {
        self.added
    }

    /// What it lacks of a span of times, the end excluded: before its first row, between rows, after its last.
    #[must_use]
    pub fn missing(&self, span: &Range<i64>) -> Vec<Range<i64>> {
        match self.kind.step_ms() {
            Some(step_ms) => gaps(&self.times, span, step_ms),
            None => self.outside(span),
        }
    }

    /// What should be there of a span of times and is not. Of funding nobody knows when the first and the last were due, so
    /// before and after it only what is longer than any step counts.
    #[must_use]
    pub fn gaps(&self, span: &Range<i64>) -> Vec<Range<i64>> {
        let mut missing = self.missing(span);
        if self.kind.step_ms().is_none() {
            missing.retain(|gap| {
                let is_inside = self.times.first().is_some_and(|first| *first < gap.start)
                    && self.times.last().is_some_and(|last| *last >= gap.end);
                is_inside || gap.end - gap.start > FUNDING_STEP_MS
            });
        }
        missing
    }

    /// Rows without a rhythm: before the first, after the last, and where a step between two is too long.
    fn outside(&self, span: &Range<i64>) -> Vec<Range<i64>> {
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else {
            return if span.is_empty() { Vec::new() } else { vec![span.clone()] };
        };
        let inside = funding_gaps(&self.times).into_iter();
        let inside = inside.map(|gap| span.start.max(gap.start)..span.end.min(gap.end));
        let before = span.start..span.end.min(*first);
        let after = span.start.max(last + 1)..span.end;
        [before].into_iter().chain(inside).chain([after]).filter(|part| !part.is_empty()).collect()
    }

    /// Adds rows, each with its time in the first column; those that are known already are passed over.
    ///
    /// # Errors
    /// The part cannot be written.
    pub fn add(&mut self, rows: &[(i64, String)]) -> Result<(), DataError> {
        let new: Vec<_> = rows.iter().filter(|(at, _)| self.times.binary_search(at).is_err()).collect();
        if new.is_empty() {
            return Ok(());
        }
        let unwritable = |source| DataError::Unwritable { path: self.part.clone(), source };
        let out = match &mut self.out {
            Some(out) => out,
            closed => {
                closed.insert(File::options().create(true).append(true).open(&self.part).map_err(unwritable)?)
            }
        };
        let text: String = new.iter().map(|(_, row)| format!("{row}\n")).collect();
        out.write_all(text.as_bytes()).map_err(unwritable)?;
        self.added += new.len() as u64;
        self.times.extend(new.iter().map(|(at, _)| *at));
        self.times.sort_unstable();
        self.times.dedup();
        Ok(())
    }

    /// Puts everything into the sheet, in order, durably and at once.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn finish(mut self) -> Result<(), DataError> {
        self.out = None;
        if !self.part.exists() {
            return Ok(());
        }
        let mut all = rows(&self.path)?;
        all.extend(rows(&self.part)?);
        // Stable, so that of two rows of one moment the older stays.
        all.sort_by_key(|(at, _)| *at);
        all.dedup_by_key(|(at, _)| *at);
        let mut text = format!("{}\n", self.kind.head());
        for (_, row) in &all {
            text.push_str(row);
            text.push('\n');
        }
        replace(&self.path, &text)?;
        std::fs::remove_file(&self.part)
            .map_err(|source| DataError::Unwritable { path: self.part.clone(), source })
    }
}

/// What a rising list of times lacks of a span, at so many milliseconds from one to the next.
#[must_use]
pub fn gaps(times: &[i64], span: &Range<i64>, step_ms: i64) -> Vec<Range<i64>> {
    let mut missing = Vec::new();
    let mut next = (span.start + step_ms - 1).div_euclid(step_ms) * step_ms;
    let from = times.partition_point(|at| *at < next);
    for at in times[from..].iter().take_while(|at| **at < span.end) {
        if *at > next {
            missing.push(next..*at);
        }
        next = at + step_ms;
    }
    if next < span.end {
        missing.push(next..span.end);
    }
    missing
}

/// The longest time from one funding to the next that the exchange has. Source: Bybit V5, "Get Instruments Info",
/// `fundingInterval`.
const FUNDING_STEP_MS: i64 = 8 * 3_600_000;

/// What is missing in a rising list of fundings. How often a contract pays has changed in the course of time, so a step is
/// too long when it is longer than any is, or longer than those on both sides of it.
#[must_use]
pub fn funding_gaps(times: &[i64]) -> Vec<Range<i64>> {
    let steps: Vec<(i64, i64)> = times.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).collect();
    let step_at = |index: Option<usize>| index.and_then(|index| steps.get(index)).map(|step| step.1);
    let usual = |index: usize| {
        let sides = [step_at(index.checked_sub(1)), step_at(Some(index + 1))];
        match sides {
            [Some(before), Some(after)] => before.max(after).min(FUNDING_STEP_MS),
            _ => FUNDING_STEP_MS,
        }
    };
    let is_long = |(index, (at, step)): (usize, &(i64, i64))| {
        (*step > usual(index)).then(|| at + usual(index)..at + step)
    };
    steps.iter().enumerate().filter_map(is_long).collect()
}

/// Writes a file anew, so that it is the old one or the new one whatever happens.
///
/// # Errors
/// It cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<(), DataError> {
    let new = PathBuf::from(format!("{}.new", path.display()));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    };
    write().map_err(|source| DataError::Unwritable { path: path.to_owned(), source })
}

/// The rows of a file with their times; none when there is no file. A head and comments are passed over.
pub(super) fn rows(path: &Path) -> Result<Vec<(i64, String)>, DataError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = super::text(path)?;
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let starts_with_figure = line.starts_with(|c: char| c.is_ascii_digit());
        if line.is_empty() || line.starts_with('#') || (index == 0 && !starts_with_figure) {
            continue;
        }
        let time = line.split(',').next().unwrap_or_default();
        let at = time.parse().map_err(|_| DataError::Line {
            path: path.to_owned(),
            line: index + 1,
            problem: format!("`{time}` is no time in milliseconds"),
        })?;
        rows.push((at, line.to_owned()));
    }
    Ok(rows)
}

/// Where the last whole line of a file ends, if more comes after it.
fn torn(path: &Path) -> Result<Option<u64>, DataError> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes =
        std::fs::read(path).map_err(|source| DataError::Unreadable { path: path.to_owned(), source })?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    Ok((whole < bytes.len()).then_some(whole as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind::Candles(Interval::M1);

    fn symbol() -> Symbol {
        Symbol::new("BTCUSDT").unwrap()
    }

    /// One gap, and no other.
    fn only(gap: Range<i64>) -> Vec<Range<i64>> {
        vec![gap]
    }

    fn row(minute: i64) -> (i64, String) {
        (minute * 60_000, format!("{},1,1,1,1,0,0", minute * 60_000))
    }

    #[test]
    fn a_download_that_is_broken_off_goes_on_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let span = 0..600_000;
        let mut sheet = Sheet::open(folder.path(), symbol(), KIND).unwrap();
        assert_eq!(sheet.missing(&span), only(span.clone()));
        sheet.add(&[row(8), row(9), row(3)]).unwrap();
        drop(sheet);
        let part = folder.path().join("BTCUSDT_1m.csv.part");
        let mut torn = std::fs::read(&part).unwrap();
        torn.extend_from_slice(b"240000,1,");
        std::fs::write(&part, torn).unwrap();

        let mut sheet = Sheet::open(folder.path(), symbol(), KIND).unwrap();
        assert_eq!(sheet.missing(&span), [0..180_000, 240_000..480_000], "a torn row is none");
        sheet.add(&[row(0), row(1), row(2), row(3)]).unwrap();
        assert_eq!((sheet.added(), sheet.len()), (3, 6));
        sheet.finish().unwrap();
        assert!(!part.exists());
        let text = std::fs::read_to_string(folder.path().join("BTCUSDT_1m.csv")).unwrap();
        let times: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(times, ["start", "0", "60000", "120000", "180000", "480000", "540000"]);
        let sheet = Sheet::open(folder.path(), symbol(), KIND).unwrap();
        assert_eq!(sheet.missing(&span), only(240_000..480_000));
    }

    #[test]
    fn funding_is_whole_between_its_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut sheet = Sheet::open(folder.path(), symbol(), Kind::Funding).unwrap();
        assert_eq!(sheet.missing(&(5..9)), only(5..9));
        assert!(sheet.missing(&(9..9)).is_empty());
        sheet.add(&[(6, "6,BTCUSDT,0".to_owned()), (8, "8,BTCUSDT,0".to_owned())]).unwrap();
        assert_eq!(sheet.missing(&(5..20)), [5..6, 9..20]);
        assert!(sheet.missing(&(6..9)).is_empty());
    }

    #[test]
    fn a_funding_that_is_missing_is_found_and_a_change_of_the_rhythm_is_none() {
        let times = |hours: &[i64]| hours.iter().map(|hour| hour * 3_600_000).collect::<Vec<_>>();
        for (hours, gaps) in [
            (&[0, 8, 16, 24][..], &[][..]),
            (&[0, 8, 12, 16, 24, 32], &[]),
            (&[0, 8, 24, 32], &[(16, 24)]),
            (&[0, 4, 12, 16, 20], &[(8, 12)]),
            (&[0, 1, 2, 4, 5], &[(3, 4)]),
            (&[0, 16], &[(8, 16)]),
            (&[0], &[]),
            (&[], &[]),
        ] {
            let found = funding_gaps(&times(hours));
            let wanted: Vec<_> = gaps.iter().map(|(from, to)| from * 3_600_000..to * 3_600_000).collect();
            assert_eq!(found, wanted, "{hours:?}");
        }
    }

    #[test]
    fn a_download_of_funding_that_was_broken_off_before_older_rows_is_filled_up() {
        let folder = tempfile::tempdir().unwrap();
        let hour = |hour: i64| (hour * 3_600_000, format!("{},BTCUSDT,0", hour * 3_600_000));
        let mut sheet = Sheet::open(folder.path(), symbol(), Kind::Funding).unwrap();
        sheet.add(&[hour(80), hour(88)]).unwrap();
        sheet.finish().unwrap();
        // A further download, from earlier on, came as far as this.
        let mut sheet = Sheet::open(folder.path(), symbol(), Kind::Funding).unwrap();
        sheet.add(&[hour(0), hour(8)]).unwrap();
        drop(sheet);
        let sheet = Sheet::open(folder.path(), symbol(), Kind::Funding).unwrap();
        let ms = |hour: i64| hour * 3_600_000;
        assert_eq!(sheet.missing(&(0..ms(88))), only(ms(16)..ms(80)));
        assert_eq!(sheet.gaps(&(0..ms(88))), only(ms(16)..ms(80)));
        assert_eq!(sheet.gaps(&(0..ms(200))), [ms(16)..ms(80), ms(88) + 1..ms(200)]);
    }

    #[test]
    fn names_say_what_is_inside() {
        for kind in [
            KIND,
            Kind::Price(PriceKind::Mark, Interval::H1),
            Kind::Funding,
            Kind::OpenInterest(Interval::H1),
        ] {
            assert_eq!(Kind::of_file_name(&kind.file_name(symbol())), Some((symbol(), kind)));
        }
        for other in ["btcusdt.csv", "BTCUSDT_7m.csv", "BTCUSDT_x_1h.csv", "BTCUSDT_5m.txt"] {
            assert_eq!(Kind::of_file_name(other), None, "{other}");
        }
    }
}
