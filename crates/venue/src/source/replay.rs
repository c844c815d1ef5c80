//! The replay of recorded figures: which of them are real and what is made up between them.
//!
//! Real: open, high, low, close and volume of each 5-minute bar; the mark price at each full hour; time and
//! rate of each funding settlement. Made up: the path inside a bar ([`crate::path`]), the book around it
//! ([`super::grid`]), the mark price inside the hour ([`super::basis`]), and the index, which is taken to be the
//! mark.

use std::path::PathBuf;

use rust_decimal::Decimal;
use windvane_venue_core::{Instrument, MarketInput};

use super::basis::Basis;
use super::grid::Grid;
use super::{SourceError, Step};
use crate::path::{GridBar, PathPoint, STEPS, path};
use crate::table::{BAR_MS, FundingPoint, HOUR_MS, Table};

/// Market ms between two steps.
const STEP_MS: i64 = 25_000;
/// Funding of a table without funding rows: the interest-rate baseline, every eight hours.
const BASELINE_INTERVAL_MS: i64 = 8 * HOUR_MS;

/// A running replay of one or more symbols.
#[derive(Debug)]
pub(crate) struct Replay {
    tapes: Vec<Tape>,
    history_bars: usize,
    bars: usize,
    /// Start of the first bar of the history, market ms.
    first_ms: i64,
    /// Bar and step within it that come next.
    position: (usize, usize),
    ended: bool,
}

/// The figures of one symbol over the common time.
#[derive(Debug)]
struct Tape {
    grid: Grid,
    bars: Vec<GridBar>,
    basis: Basis,
    funding: Vec<FundingPoint>,
}

impl Replay {
    /// # Errors
    /// A figure is off the instrument's grid, or the tables share too little time.
    pub(crate) fn new(
        tables: Vec<(Instrument, PathBuf, Table)>,
        history_bars: usize,
    ) -> Result<Self, SourceError> {
        let first_ms = tables.iter().filter_map(|(_, _, table)| Some(table.bars.first()?.start_ms)).max();
        let last_ms = tables.iter().filter_map(|(_, _, table)| Some(table.bars.last()?.start_ms)).min();
        let (first_ms, last_ms) = first_ms.zip(last_ms).unwrap_or((0, -BAR_MS));
        let bars = usize::try_from((last_ms - first_ms) / BAR_MS + 1).unwrap_or(0);
        if bars <= history_bars {
            return Err(SourceError::NothingToReplay { shared_bars: bars, history_bars });
        }
        let tapes = tables
            .into_iter()
            .map(|(instrument, path, table)| Tape::new(&instrument, &path, table, first_ms..=last_ms))
            .collect::<Result<_, _>>()?;
        Ok(Self { tapes, history_bars, bars, first_ms, position: (history_bars, 0), ended: false })
    }

    /// When the replay begins, in market ms.
    pub(crate) fn start_ms(&self) -> i64 {
        self.bar_start_ms(self.history_bars)
    }

    /// When it ends, in market ms.
    pub(crate) fn end_ms(&self) -> i64 {
        self.bar_start_ms(self.bars)
    }

    pub(super) fn history(&self) -> Vec<Step> {
        let positions = (0..self.history_bars).flat_map(|bar| (0..STEPS).map(move |step| (bar, step)));
        positions.map(|(bar, step)| self.step_at(bar, step, Detail::PrintsOnly)).collect()
    }

    /// Prices, announced funding and books at the start, before anything trades.
    pub(super) fn opening(&self) -> Step {
        let at_ms = self.start_ms();
        let mut inputs = Vec::new();
        for tape in &self.tapes {
            let bar = &tape.bars[self.history_bars];
            let point = path(bar)[0];
            inputs.push(tape.prices(at_ms, &point, Some(point.price)));
            inputs.push(tape.announce_funding(at_ms - 1));
            inputs.push(tape.grid.book(point.price, point.side, bar.volume));
        }
        Step { at_ms, inputs }
    }

    /// The next step; the last one is empty and stands at the end of the last bar.
    pub(super) fn next_step(&mut self) -> Option<Step> {
        let (bar, step) = self.position;
        if bar == self.bars {
            let last = (!self.ended).then(|| Step { at_ms: self.end_ms(), inputs: Vec::new() });
            self.ended = true;
            return last;
        }
        self.position = if step + 1 == STEPS { (bar + 1, 0) } else { (bar, step + 1) };
        Some(self.step_at(bar, step, Detail::Full))
    }

    fn step_at(&self, bar: usize, step: usize, detail: Detail) -> Step {
        let at_ms = self.bar_start_ms(bar) + index_ms(step, STEP_MS);
        let mut inputs = Vec::new();
        for tape in &self.tapes {
            let grid_bar = &tape.bars[bar];
            let point = path(grid_bar)[step];
            // The book first: a stop that the mark fires trades with the liquidity of its own moment, not with what stood
            // there a step ago.
            if detail == Detail::Full {
                inputs.push(tape.grid.book(point.price, point.side, grid_bar.volume));
            }
            inputs.push(tape.prices(at_ms, &point, None));
            if tape.funding.binary_search_by_key(&at_ms, |point| point.at_ms).is_ok() {
                inputs.push(tape.announce_funding(at_ms - 1));
                inputs.push(MarketInput::SettleFunding {
                    category: tape.grid.category(),
                    symbol: tape.grid.symbol().to_owned(),
                });
                inputs.push(tape.announce_funding(at_ms));
            }
            if point.volume > 0 {
                inputs.push(tape.grid.trade(point.price, point.volume, point.side));
            }
        }
        Step { at_ms, inputs }
    }

    fn bar_start_ms(&self, bar: usize) -> i64 {
        self.first_ms + index_ms(bar, BAR_MS)
    }
}

/// How much of a step is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Full,
    /// Without books, which history does not need.
    PrintsOnly,
}

impl Tape {
    fn new(
        instrument: &Instrument,
        path: &std::path::Path,
        table: Table,
        span_ms: std::ops::RangeInclusive<i64>,
    ) -> Result<Self, SourceError> {
        let grid = Grid::new(instrument);
        let mut bars = Vec::new();
        for bar in table.bars.iter().filter(|bar| span_ms.contains(&bar.start_ms)) {
            let off_grid = |value: Decimal| {
                move |step: Decimal| SourceError::OffGrid {
                    path: path.to_owned(),
                    start_ms: bar.start_ms,
                    value,
                    step,
                }
            };
            bars.push(GridBar {
                open: grid.ticks(bar.open).map_err(off_grid(bar.open))?,
                high: grid.ticks(bar.high).map_err(off_grid(bar.high))?,
                low: grid.ticks(bar.low).map_err(off_grid(bar.low))?,
                close: grid.ticks(bar.close).map_err(off_grid(bar.close))?,
                volume: grid.lots(bar.volume).map_err(off_grid(bar.volume))?,
            });
        }
        let mut funding = table.funding;
        if funding.is_empty() {
            let (first, last) = (*span_ms.start(), *span_ms.end());
            let mut at_ms = baseline_at_or_after(first);
            while at_ms <= last + BAR_MS {
                funding.push(FundingPoint { at_ms, rate: baseline_rate() });
                at_ms += BASELINE_INTERVAL_MS;
            }
        }
        let basis = Basis::new(&table.marks, &table.bars);
        Ok(Self { grid, bars, basis, funding })
    }

    /// Mark and index at a moment; `last` in ticks where it must be set without a print.
    fn prices(&self, at_ms: i64, point: &PathPoint, last: Option<i64>) -> MarketInput {
        let mark = self.basis.mark(at_ms, self.grid.price(point.price));
        MarketInput::Prices {
            category: self.grid.category(),
            symbol: self.grid.symbol().to_owned(),
            mark: Some(mark),
            index: Some(mark),
            last: last.map(|ticks| self.grid.price(ticks)),
        }
    }

    /// Announces the first settlement after `after_ms`; beyond the record, the baseline.
    fn announce_funding(&self, after_ms: i64) -> MarketInput {
        let next = self.funding.partition_point(|point| point.at_ms <= after_ms);
        let point = self.funding.get(next).copied().unwrap_or_else(|| FundingPoint {
            at_ms: baseline_at_or_after(after_ms + 1),
            rate: baseline_rate(),
        });
        MarketInput::FundingRate {
            category: self.grid.category(),
            symbol: self.grid.symbol().to_owned(),
            rate: point.rate,
            next_funding_ms: point.at_ms,
        }
    }
}

/// The rate when nothing is recorded: the interest-rate component alone, 0.01 % for eight hours.
fn baseline_rate() -> Decimal {
    Decimal::new(1, 4)
}

/// The first settlement of the baseline at or after a moment.
fn baseline_at_or_after(at_ms: i64) -> i64 {
    (at_ms + BASELINE_INTERVAL_MS - 1).div_euclid(BASELINE_INTERVAL_MS) * BASELINE_INTERVAL_MS
}

fn index_ms(index: usize, each_ms: i64) -> i64 {
    i64::try_from(index).expect("a count of bars fits") * each_ms
}

#[cfg(test)]
mod tests {
    use windvane_venue_core::Category;

    use super::*;
    use crate::catalogue;

    fn replay(text: &str, history_bars: usize) -> Result<Replay, SourceError> {
        let path = PathBuf::from("btcusdt.csv");
        let table = Table::parse(text, &path).unwrap();
        Replay::new(
            vec![(catalogue::listing(Category::Linear, "BTCUSDT").unwrap().instrument.clone(), path, table)],
            history_bars,
        )
    }

    #[test]
    fn steps_cover_the_bars_and_settle_funding_at_its_time() {
        let text = "bar,3300000,100,101,99,100,1\nbar,3600000,100,103,100,102,6\nbar,3900000,102,102,102,102,0\n\
                    mark,3600000,101,112\nfunding,3600000,0.0003\n";
        let mut replay = replay(text, 1).unwrap();
        assert_eq!((replay.start_ms(), replay.end_ms()), (3_600_000, 4_200_000));
        assert_eq!(replay.history().len(), STEPS);
        let steps: Vec<Step> = std::iter::from_fn(|| replay.next_step()).collect();
        assert_eq!(steps.len(), 2 * STEPS + 1);
        assert_eq!(steps.last().map(|step| step.at_ms), Some(4_200_000));
        let settled =
            |step: &Step| step.inputs.iter().any(|i| matches!(i, MarketInput::SettleFunding { .. }));
        assert_eq!(steps.iter().filter(|step| settled(step)).count(), 1);
        assert!(settled(&steps[0]));
        let [MarketInput::Book { .. }, MarketInput::Prices { mark, .. }, ..] = &steps[STEPS].inputs[..]
        else {
            panic!("a book comes first, then prices")
        };
        assert_eq!(*mark, Some(Decimal::from(103)), "a basis of 1 and a last price of 102");
    }

    #[test]
    fn the_shipped_tables_fit_their_instruments_and_leave_two_weeks_to_replay() {
        let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/market"));
        let table = |symbol: &&str| {
            let path = folder.join(format!("{}.csv", symbol.to_lowercase()));
            let table = Table::load(&path).unwrap();
            (catalogue::listing(Category::Linear, symbol).unwrap().instrument.clone(), path, table)
        };
        let replay = Replay::new(catalogue::RECORDED.iter().map(table).collect(), 500).unwrap();
        assert!(replay.end_ms() - replay.start_ms() >= 14 * 24 * HOUR_MS);
        assert!(replay.tapes.iter().all(|tape| tape.bars.len() == replay.bars));
    }

    #[test]
    fn a_table_that_does_not_fit_is_refused() {
        let off_grid = replay("bar,0,100.05,101,99,100,1", 0).unwrap_err();
        assert_eq!(off_grid.to_string(), "btcusdt.csv: bar at 0: 100.05 is not a multiple of 0.10");
        assert!(matches!(replay("bar,0,100,101,99,100,1", 1), Err(SourceError::NothingToReplay { .. })));
    }
}
