//! Bars as the embedded venue replays them: its path, its book and its prints, step by step, shown to both sides.

use windvane_bridge as bridge;
use windvane_model::{BookLevel, BookUpdate, BookUpdateKind, Event, Fixed, MarketEvent, MarketTime};
use windvane_venue::invented::{Grid, GridBar, PathPoint, STEPS, path};
use windvane_venue_core::{Category, Instrument, MarketInput};

use super::lane::decimal;
use super::{Backtest, RunError};
use crate::data::Bar;

/// What is made up around the figures of one contract.
pub(super) struct Invented {
    grid: Grid,
    /// The bar that is played, on the grid.
    bar: Option<GridBar>,
    /// The book as last shown, and when.
    shown: Option<(MarketInput, i64)>,
}

impl Invented {
    pub(super) fn new(instrument: &Instrument) -> Self {
        Self { grid: Grid::new(instrument), bar: None, shown: None }
    }

    /// Puts a bar on the contract's grid.
    ///
    /// # Errors
    /// The figure that does not lie on it.
    fn set_bar(&mut self, bar: &Bar) -> Result<(), String> {
        let ticks = |price: Fixed| {
            let price = decimal(price.raw());
            self.grid.ticks(price).map_err(|tick| format!("{price} is no multiple of the tick size {tick}"))
        };
        let volume = decimal(bar.volume.raw());
        let volume = self
            .grid
            .lots(volume)
            .map_err(|lot| format!("volume {volume} is no multiple of the lot {lot}"))?;
        self.bar = Some(GridBar {
            open: ticks(bar.open)?,
            high: ticks(bar.high)?,
            low: ticks(bar.low)?,
            close: ticks(bar.close)?,
            volume,
        });
        Ok(())
    }
}

impl Backtest<'_> {
    /// Walks the steps of the bars.
    pub(super) fn invent(&mut self, start_ms: i64, bars: &[Option<Bar>]) -> Result<(), RunError> {
        for (slot, bar) in bars.iter().enumerate() {
            self.invented[slot].bar = None;
            if let Some(bar) = bar {
                self.invented[slot].set_bar(bar).map_err(|problem| self.refusal(slot, problem))?;
            }
        }
        for (step, at_step) in (0..).zip(0..STEPS) {
            let whole = i64::try_from(STEPS).unwrap_or(1);
            self.pass_until(start_ms + self.bar_ms * step / whole)?;
            for slot in 0..bars.len() {
                if let Some(bar) = self.invented[slot].bar {
                    self.show(slot, &bar, path(&bar)[at_step])?;
                }
            }
            self.work_off()?;
        }
        Ok(())
    }

    /// One step: the venue's market moves, and the engine is told what the public stream would tell.
    fn show(&mut self, slot: usize, bar: &GridBar, point: PathPoint) -> Result<(), RunError> {
        let grid = &self.invented[slot].grid;
        let (price, category) = (grid.price(point.price), Category::Linear);
        let symbol = self.lanes[slot].name.clone();
        // The last price comes with the print; before the first one, it stands where the bar opens.
        let last = Some(price).filter(|_| point.volume == 0 || self.invented[slot].shown.is_none());
        let prices = MarketInput::Prices { category, symbol, mark: Some(price), index: Some(price), last };
        let book = grid.book(point.price, point.side, bar.volume);
        let print = (point.volume > 0).then(|| grid.trade(point.price, point.volume, point.side));
        self.lanes[slot].jump(Fixed::try_from(price).map_or(0, Fixed::raw));
        self.invented[slot].shown = Some((book.clone(), i64::MIN));
        // The book first: a stop that the prices fire must meet the book of its moment.
        for input in [Some(book), Some(prices), print].into_iter().flatten() {
            self.desk.move_market(&input).map_err(|problem| self.refusal(slot, problem))?;
            // As they come out: those of our own resting orders are among them.
            for trade in std::mem::take(&mut self.desk.prints) {
                self.take(Event::Market(bridge::print(&trade)));
            }
        }
        self.quote();
        Ok(())
    }

    /// The book and the ticker as last shown, if the engine has not heard of them at this moment.
    pub(super) fn shown(&mut self, slot: usize) -> Option<[MarketEvent; 2]> {
        let now_ms = self.desk.now_ms;
        let (book, told_ms) = self.invented.get_mut(slot)?.shown.as_mut()?;
        if *told_ms == now_ms {
            return None;
        }
        *told_ms = now_ms;
        let MarketInput::Book { bids, asks, .. } = book else { return None };
        let levels = |side: &[(rust_decimal::Decimal, rust_decimal::Decimal)]| {
            let fixed = |number| Fixed::try_from(number).unwrap_or_default();
            side.iter().map(|(price, size)| BookLevel { price: fixed(*price), size: fixed(*size) }).collect()
        };
        let update = BookUpdate {
            symbol: self.lanes[slot].symbol,
            at: MarketTime(now_ms),
            kind: BookUpdateKind::Snapshot,
            update_id: 1,
            sequence: 0,
            bids: levels(bids),
            asks: levels(asks),
        };
        Some([MarketEvent::Ticker(self.lanes[slot].ticker(now_ms)), MarketEvent::Book(update)])
    }
}
