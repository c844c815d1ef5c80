//! A limit-order book that is kept by traders of three kinds: patient ones add size around what the coin is worth,
//! nervous ones take size away, and takers pay whatever stands between the book and that worth. The price comes out of
//! their dealings: it follows the worth level by level, and where takers run out of time the book gaps.

use std::collections::BTreeMap;

use windvane_venue_core::{Level, MarketInput, Side};

use super::grid::Grid;

/// Distance of the levels that patient traders fill, in ticks from the worth: dense at the touch, thin further out.
const DISTANCES: [i64; 16] = [0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113];
/// Levels further away are withdrawn.
const REACH: i64 = 160;
/// A level holds at most this share of the volume, times its number.
const LEVEL_SHARE: i64 = 100;
/// Chance that a level is filled up, and that a part of it is withdrawn, in a step.
const ADDED: f64 = 0.5;
const WITHDRAWN: f64 = 0.2;
/// Levels that takers can clear in one step; beyond it the rest is withdrawn, and the book has a gap.
const CLEARED_MAX: usize = 6;
/// The largest print inside the book is the touch divided by this.
const TOUCH_SHARE: i64 = 8;

/// The book of one instrument, in ticks and lots.
#[derive(Debug)]
pub(super) struct Queue {
    grid: Grid,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    /// Lots that set the sizes.
    volume: i64,
}

impl Queue {
    pub(super) fn new(grid: Grid, volume: i64) -> Self {
        Self { grid, bids: BTreeMap::new(), asks: BTreeMap::new(), volume }
    }

    pub(super) fn grid(&self) -> &Grid {
        &self.grid
    }

    /// One step of trading around a worth in ticks: the prints, then the book that they leave.
    pub(super) fn step(&mut self, worth: i64, random: &mut fastrand::Rng) -> Vec<MarketInput> {
        let mut prints = self.take(worth, random);
        self.withdraw(worth, random);
        self.add(worth, random);
        prints.push(self.book());
        prints
    }

    /// A print at the worth, without a book around it.
    pub(super) fn print(&self, worth: i64, random: &mut fastrand::Rng) -> MarketInput {
        let side = if random.bool() { Side::Buy } else { Side::Sell };
        self.grid.trade(worth, random.i64(1..=(self.volume / LEVEL_SHARE).max(1)), side)
    }

    /// Takers clear what stands beyond the worth, or else nibble at the touch.
    fn take(&mut self, worth: i64, random: &mut fastrand::Rng) -> Vec<MarketInput> {
        let mut prints = Vec::new();
        while prints.len() < CLEARED_MAX
            && let Some((&price, _)) = self.asks.first_key_value().filter(|(price, _)| **price < worth)
            && let Some(size) = self.asks.remove(&price)
        {
            prints.push(self.grid.trade(price, size, Side::Buy));
        }
        while prints.len() < CLEARED_MAX
            && let Some((&price, _)) = self.bids.last_key_value().filter(|(price, _)| **price >= worth)
            && let Some(size) = self.bids.remove(&price)
        {
            prints.push(self.grid.trade(price, size, Side::Sell));
        }
        if prints.is_empty() {
            let (side, touch) = if random.bool() {
                (Side::Buy, self.asks.first_entry())
            } else {
                (Side::Sell, self.bids.last_entry())
            };
            if let Some(mut touch) = touch {
                let taken = random.i64(1..=(*touch.get() / TOUCH_SHARE).max(1));
                prints.push(self.grid.trade(*touch.key(), taken, side));
                *touch.get_mut() -= taken;
                if *touch.get() <= 0 {
                    touch.remove();
                }
            }
        }
        prints
    }

    /// What is left on the wrong side of the worth or far from it goes, and some of the rest shrinks.
    fn withdraw(&mut self, worth: i64, random: &mut fastrand::Rng) {
        self.bids.retain(|price, _| (worth - REACH..worth).contains(price));
        self.asks.retain(|price, _| (worth..worth + REACH).contains(price));
        for size in self.bids.values_mut().chain(self.asks.values_mut()) {
            if random.f64() < WITHDRAWN {
                *size = (*size - *size / 4).max(1);
            }
        }
    }

    /// Patient traders fill levels up; the touch of both sides is always kept.
    fn add(&mut self, worth: i64, random: &mut fastrand::Rng) {
        for (distance, number) in DISTANCES.into_iter().zip(1..) {
            let most = 1 + self.volume * number / LEVEL_SHARE;
            for (side, price) in [(&mut self.bids, worth - 1 - distance), (&mut self.asks, worth + distance)]
            {
                if price > 0 && (distance == 0 || random.f64() < ADDED) {
                    let size = side.entry(price).or_insert(0);
                    *size = (*size).max(random.i64(most / 2..=most).max(1));
                }
            }
        }
    }

    fn book(&self) -> MarketInput {
        let level =
            |(ticks, lots): (&i64, &i64)| -> Level { (self.grid.price(*ticks), self.grid.qty(*lots)) };
        MarketInput::Book {
            category: self.grid.category(),
            symbol: self.grid.symbol().to_owned(),
            bids: self.bids.iter().rev().map(level).collect(),
            asks: self.asks.iter().map(level).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use windvane_venue_core::Category;

    use super::*;
    use crate::catalogue;

    #[test]
    fn the_book_follows_the_worth_and_never_crosses() {
        let listing = catalogue::listing(Category::Linear, "BTCUSDT").unwrap();
        let mut queue = Queue::new(Grid::new(&listing.instrument), 10_000);
        let mut random = fastrand::Rng::with_seed(3);
        let mut worth = 650_000;
        for step in 0..2_000 {
            worth += random.i64(-12..=12) + if step % 500 == 0 { 900 } else { 0 };
            let inputs = queue.step(worth, &mut random);
            let (bid, ask) = (queue.bids.last_key_value().unwrap(), queue.asks.first_key_value().unwrap());
            assert!(
                bid.0 < &worth && ask.0 >= &worth && bid.0 < ask.0,
                "{step}: {bid:?} {ask:?} around {worth}"
            );
            assert!(matches!(inputs.last(), Some(MarketInput::Book { .. })));
            assert!(inputs.len() <= CLEARED_MAX + 1);
            assert!(queue.bids.len() >= 3 && queue.asks.len() >= 3);
        }
    }

    #[test]
    fn a_leap_of_the_worth_leaves_a_gap_in_which_nothing_has_traded() {
        let listing = catalogue::listing(Category::Linear, "BTCUSDT").unwrap();
        let mut random = fastrand::Rng::with_seed(5);
        for leap in [900, -900] {
            let mut queue = Queue::new(Grid::new(&listing.instrument), 10_000);
            let before = 650_000;
            for _ in 0..20 {
                queue.step(before, &mut random);
            }
            let worth = before + leap;
            let mut ticks = Vec::new();
            for _ in 0..3 {
                for input in queue.step(worth, &mut random) {
                    if let MarketInput::Trade { price, .. } = input {
                        ticks.push(queue.grid.ticks(price).unwrap());
                    }
                }
            }
            let near = |to: i64| ticks.iter().filter(|tick| (*tick - to).abs() <= REACH).count();
            assert_eq!(near(before), CLEARED_MAX, "takers clear as much as they can in a step: {ticks:?}");
            assert!(near(worth) >= 1, "and then they trade around the new worth: {ticks:?}");
            assert_eq!(
                near(before) + near(worth),
                ticks.len(),
                "between the two nothing has traded: {ticks:?}"
            );
        }
    }
}
