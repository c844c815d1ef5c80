//! An instrument's grid, and the invented order book around a price on it.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use windvane_venue_core::{Category, Instrument, Level, MarketInput, Side};

/// Distance of each book level from the best one, in ticks: dense at the touch, thin further out.
const LEVEL_TICKS: [i64; 10] = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55];
/// A level holds this share of the volume it is made from, times its number: 1 % at the touch, 10 % at the end.
const LEVEL_SHARE: i64 = 100;

/// The steps of an instrument: prices count in ticks, quantities in lots.
#[derive(Debug, Clone)]
pub struct Grid {
    category: Category,
    symbol: String,
    tick: Decimal,
    lot: Decimal,
}

impl Grid {
    /// The steps of an instrument.
    #[must_use]
    pub fn new(instrument: &Instrument) -> Self {
        Self {
            category: instrument.category,
            symbol: instrument.symbol.to_string(),
            tick: instrument.tick_size,
            lot: instrument.qty_step,
        }
    }

    pub(crate) fn category(&self) -> Category {
        self.category
    }

    pub(crate) fn symbol(&self) -> &str {
        &self.symbol
    }

    /// A price in ticks.
    ///
    /// # Errors
    /// The tick size, when the price is no multiple of it.
    pub fn ticks(&self, price: Decimal) -> Result<i64, Decimal> {
        multiples(price, self.tick)
    }

    /// A quantity in lots.
    ///
    /// # Errors
    /// The lot size, when the quantity is no multiple of it.
    pub fn lots(&self, qty: Decimal) -> Result<i64, Decimal> {
        multiples(qty, self.lot)
    }

    /// The price of so many ticks.
    #[must_use]
    pub fn price(&self, ticks: i64) -> Decimal {
        self.tick * Decimal::from(ticks)
    }

    /// The quantity of so many lots.
    #[must_use]
    pub fn qty(&self, lots: i64) -> Decimal {
        self.lot * Decimal::from(lots)
    }

    /// A print.
    #[must_use]
    pub fn trade(&self, ticks: i64, lots: i64, side: Side) -> MarketInput {
        MarketInput::Trade {
            category: self.category,
            symbol: self.symbol.clone(),
            side,
            price: self.price(ticks),
            qty: self.qty(lots),
        }
    }

    /// A book one tick wide around a last price: a buyer has just paid the ask, a seller has just hit the bid.
    /// `volume` in lots sets the sizes.
    #[must_use]
    pub fn book(&self, last_ticks: i64, side: Side, volume: i64) -> MarketInput {
        let best_bid = match side {
            Side::Buy => last_ticks - 1,
            Side::Sell => last_ticks,
        };
        let level = |number: i64, ticks: i64| -> Level {
            (self.price(ticks), self.qty(1 + volume * number / LEVEL_SHARE))
        };
        let numbered = || LEVEL_TICKS.into_iter().zip(1..);
        let bids = numbered()
            .map(|(distance, number)| (best_bid - distance, number))
            .filter(|(ticks, _)| *ticks > 0)
            .map(|(ticks, number)| level(number, ticks));
        let asks = numbered().map(|(distance, number)| level(number, best_bid + 1 + distance));
        MarketInput::Book {
            category: self.category,
            symbol: self.symbol.clone(),
            bids: bids.collect(),
            asks: asks.collect(),
        }
    }
}

fn multiples(value: Decimal, step: Decimal) -> Result<i64, Decimal> {
    let exact = value.checked_div(step).filter(Decimal::is_integer).ok_or(step)?;
    exact.to_i64().ok_or(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn the_book_is_two_sided_and_one_tick_wide() {
        let grid = Grid::new(&catalogue::listing(Category::Linear, "BTCUSDT").unwrap().instrument);
        let last = grid.ticks(Decimal::new(60_000, 0)).unwrap();
        for (side, bid, ask) in [(Side::Buy, 599_999, 600_000), (Side::Sell, 600_000, 600_001)] {
            let MarketInput::Book { bids, asks, .. } = grid.book(last, side, 10_000) else {
                panic!("a book")
            };
            assert_eq!((bids[0].0, asks[0].0), (grid.price(bid), grid.price(ask)));
            assert_eq!((bids.len(), asks.len()), (10, 10));
            assert_eq!(bids[0].1, Decimal::new(101, 3));
        }
        assert_eq!(grid.ticks(Decimal::new(5, 2)), Err(Decimal::new(10, 2)));
    }
}
