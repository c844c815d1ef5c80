//! One instrument's book: outside liquidity and the accounts' resting orders together, in price-time order.
//!
//! Outside liquidity is one number a level. A resting order remembers how much of it is ahead; what the level loses is
//! taken from the front, so an order's place only improves. The book moves quantities; who pays whom is not its business.

mod level;

use std::collections::BTreeMap;
use std::ops::Bound;

use level::PriceLevel;

pub(crate) use level::{Front, Ticket};

use crate::api::{Level, Side};
use crate::order::OrderKey;
use crate::units::decimal;

#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    bids: Half,
    asks: Half,
    /// Tickets given to resting orders so far.
    tickets: u64,
}

#[derive(Clone, Debug, Default)]
struct Half {
    levels: BTreeMap<i64, PriceLevel>,
    /// Prices of the last outside book, rising. Some of their outside size may be gone since.
    outside: Vec<i64>,
    /// Prices whose size changed since the last [`Book::take_changes`], in any order, some more than once.
    changed: Vec<i64>,
}

impl Half {
    /// Runs `change` on a level, notes the price as changed and drops the level when nothing is left.
    fn change(&mut self, price: i64, change: impl FnOnce(&mut PriceLevel)) {
        let level = self.levels.entry(price).or_default();
        change(level);
        if level.is_empty() {
            self.levels.remove(&price);
        }
        if self.changed.last() != Some(&price) {
            self.changed.push(price);
        }
    }

    /// Changed levels by rising price; size zero means gone.
    fn take_changes(&mut self) -> Vec<Level> {
        self.changed.sort_unstable();
        self.changed.dedup();
        let levels = &self.levels;
        let size = |price| levels.get(&price).map_or(0, PriceLevel::size);
        self.changed.drain(..).map(|price| (decimal(price), decimal(size(price)))).collect()
    }
}

impl Book {
    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    fn best_of(&self, side: Side) -> Option<(i64, &PriceLevel)> {
        let levels = &self.half(side).levels;
        match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        }
        .map(|(price, level)| (*price, level))
    }

    /// Best price of a side.
    pub(crate) fn best(&self, side: Side) -> Option<i64> {
        self.best_of(side).map(|(price, _)| price)
    }

    /// Best price of a side and what stands first there.
    pub(crate) fn front(&self, side: Side) -> Option<(i64, Front)> {
        self.best_of(side).map(|(price, level)| (price, level.front()))
    }

    /// Best price and size of a side.
    pub(crate) fn best_level(&self, side: Side) -> Option<Level> {
        self.best_of(side).map(|(price, level)| (decimal(price), decimal(level.size())))
    }

    /// Levels of a side from the best, in units.
    pub(crate) fn sizes(&self, side: Side) -> Box<dyn Iterator<Item = (i64, i64)> + '_> {
        let levels = self.half(side).levels.iter().map(|(price, level)| (*price, level.size()));
        match side {
            Side::Buy => Box::new(levels.rev()),
            Side::Sell => Box::new(levels),
        }
    }

    /// Levels of a side from the best.
    pub(crate) fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        self.sizes(side).map(|(price, size)| (decimal(price), decimal(size)))
    }

    /// Size on `side` at `limit` and better, counted up to `enough`.
    pub(crate) fn size_up_to(&self, side: Side, limit: i64, enough: i64) -> i64 {
        // Mostly the first level settles it.
        let Some((best, first)) = self.best_of(side) else { return 0 };
        let is_within = match side {
            Side::Buy => best >= limit,
            Side::Sell => best <= limit,
        };
        if !is_within || first.size() >= enough {
            return if is_within { enough } else { 0 };
        }
        let levels = &self.half(side).levels;
        let mut size = 0_i64;
        let mut add = |level: &PriceLevel| {
            size = size.saturating_add(level.size());
            size < enough
        };
        match side {
            Side::Buy => levels.range(limit..).all(|(_, level)| add(level)),
            Side::Sell => levels.range(..=limit).all(|(_, level)| add(level)),
        };
        size.min(enough)
    }

    /// What an order that takes from `side` down to `limit` meets, in matching order: sizes, with the order each belongs
    /// to or none for outside liquidity.
    pub(crate) fn turns(
        &self,
        side: Side,
        limit: i64,
    ) -> Box<dyn Iterator<Item = (Option<OrderKey>, i64)> + '_> {
        let levels = &self.half(side).levels;
        match side {
            Side::Buy => Box::new(levels.range(limit..).rev().flat_map(|(_, level)| level.turns())),
            Side::Sell => Box::new(levels.range(..=limit).flat_map(|(_, level)| level.turns())),
        }
    }

    /// Appends an order behind everything at its price.
    pub(crate) fn rest(&mut self, side: Side, price: i64, key: OrderKey, leaves: i64) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.half_mut(side).change(price, |level| level.join(ticket, key, leaves));
        ticket
    }

    /// Sets what is left of an order, keeping its place; zero takes it out.
    pub(crate) fn set_leaves(&mut self, side: Side, price: i64, ticket: Ticket, leaves: i64) {
        self.half_mut(side).change(price, |level| level.set_leaves(ticket, leaves));
    }

    /// Takes outside liquidity from the front of a level.
    pub(crate) fn take_outside(&mut self, side: Side, price: i64, qty: i64) {
        self.half_mut(side).change(price, |level| level.take_outside(qty));
    }

    /// Replaces the outside liquidity of a side by levels of rising price; resting orders keep their places or gain.
    pub(crate) fn replace_outside(&mut self, side: Side, levels: &[(i64, i64)]) {
        let half = self.half_mut(side);
        let mut before = std::mem::take(&mut half.outside);
        for price in before.drain(..) {
            let is_gone = levels.binary_search_by_key(&price, |(price, _)| *price).is_err();
            if is_gone && half.levels.get(&price).is_some_and(|level| level.outside() > 0) {
                half.change(price, |level| level.set_outside(0));
            }
        }
        for &(price, size) in levels {
            if half.levels.get(&price).map_or(0, PriceLevel::outside) != size {
                half.change(price, |level| level.set_outside(size));
            }
        }
        before.extend(levels.iter().map(|(price, _)| *price));
        half.outside = before;
    }

    /// Resting orders on `side` whose price is strictly better than `price`, in matching order.
    pub(crate) fn orders_better_than(&self, side: Side, price: i64) -> Vec<OrderKey> {
        let levels = &self.half(side).levels;
        match side {
            Side::Buy => {
                let better = levels.range((Bound::Excluded(price), Bound::Unbounded)).rev();
                better.flat_map(|(_, level)| level.keys()).collect()
            }
            Side::Sell => levels.range(..price).flat_map(|(_, level)| level.keys()).collect(),
        }
    }

    /// What stands first at one price.
    pub(crate) fn front_at(&self, side: Side, price: i64) -> Option<Front> {
        self.half(side).levels.get(&price).map(PriceLevel::front)
    }

    /// Whether any level changed since the last [`Self::take_changes`].
    pub(crate) fn has_changes(&self) -> bool {
        !self.bids.changed.is_empty() || !self.asks.changed.is_empty()
    }

    /// Levels that changed since the last call, bids first, each side from its best price; size zero means gone.
    pub(crate) fn take_changes(&mut self) -> (Vec<Level>, Vec<Level>) {
        let (mut bids, asks) = (self.bids.take_changes(), self.asks.take_changes());
        bids.reverse();
        (bids, asks)
    }

    /// Forgets what changed, where nobody wants to know.
    pub(crate) fn forget_changes(&mut self) {
        self.bids.changed.clear();
        self.asks.changed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: OrderKey = OrderKey(0);

    #[test]
    fn an_order_waits_for_the_outside_size_that_was_there_first() {
        let mut book = Book::default();
        book.replace_outside(Side::Buy, &[(100, 5)]);
        book.rest(Side::Buy, 100, KEY, 3);
        assert_eq!(book.front(Side::Buy), Some((100, Front::Outside(5))));
        book.take_outside(Side::Buy, 100, 2);
        assert_eq!(book.front(Side::Buy), Some((100, Front::Outside(3))));
        book.replace_outside(Side::Buy, &[(100, 9)]);
        assert_eq!(book.front(Side::Buy), Some((100, Front::Outside(3))), "what joined later is behind");
        book.replace_outside(Side::Buy, &[]);
        assert_eq!(book.front(Side::Buy), Some((100, Front::Order(KEY))));
    }

    #[test]
    fn changes_are_reported_once_with_their_final_size() {
        let mut book = Book::default();
        book.replace_outside(Side::Sell, &[(100, 5), (101, 1)]);
        book.take_outside(Side::Sell, 100, 5);
        assert!(book.has_changes());
        let (bids, asks) = book.take_changes();
        assert!(bids.is_empty());
        assert_eq!(asks, vec![(decimal(100), decimal(0)), (decimal(101), decimal(1))]);
        assert!(!book.has_changes());
        book.take_outside(Side::Sell, 101, 1);
        book.forget_changes();
        assert!(!book.has_changes());
    }

    #[test]
    fn size_within_a_limit_stops_at_enough() {
        let mut book = Book::default();
        book.replace_outside(Side::Sell, &[(100, 5), (101, 1), (102, 9)]);
        assert_eq!(book.size_up_to(Side::Sell, 101, 50), 6);
        assert_eq!(book.size_up_to(Side::Sell, 200, 7), 7);
        assert_eq!(book.size_up_to(Side::Buy, 1, 7), 0);
    }
}
