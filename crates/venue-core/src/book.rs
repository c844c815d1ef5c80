//! One instrument's book: outside liquidity and the accounts' resting orders together, in price-time order.
//!
//! Outside liquidity is one number a level. A resting order remembers how much of it is ahead; what the level loses is
//! taken from the front, so an order's place only improves. The book moves quantities; who pays whom is not its business.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::api::{Level, Side};
use crate::order::OrderKey;
use crate::units::decimal;

#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    bids: Half,
    asks: Half,
}

#[derive(Clone, Debug, Default)]
struct Half {
    levels: BTreeMap<i64, PriceLevel>,
    /// Prices whose size changed since the last [`Book::take_changes`].
    changed: BTreeSet<i64>,
}

#[derive(Clone, Debug, Default)]
struct PriceLevel {
    outside: i64,
    queue: VecDeque<Resting>,
}

/// Invariant: along the queue `ahead` does not fall and never exceeds the level's outside size.
#[derive(Clone, Debug)]
struct Resting {
    key: OrderKey,
    leaves: i64,
    ahead: i64,
}

/// What stands first in the queue of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Outside(i64),
    Order(OrderKey),
}

impl PriceLevel {
    fn size(&self) -> i64 {
        self.outside + self.queue.iter().map(|resting| resting.leaves).sum::<i64>()
    }

    fn front(&self) -> Front {
        match self.queue.front() {
            Some(first) if first.ahead == 0 => Front::Order(first.key),
            Some(first) => Front::Outside(first.ahead),
            None => Front::Outside(self.outside),
        }
    }

    fn set_outside(&mut self, outside: i64) {
        self.outside = outside;
        for resting in &mut self.queue {
            resting.ahead = resting.ahead.min(outside);
        }
    }

    fn is_empty(&self) -> bool {
        self.outside == 0 && self.queue.is_empty()
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

    /// Runs `change` on a level, notes the price as changed and drops the level when nothing is left.
    fn change(&mut self, side: Side, price: i64, change: impl FnOnce(&mut PriceLevel)) {
        let half = self.half_mut(side);
        let level = half.levels.entry(price).or_default();
        change(level);
        if level.is_empty() {
            half.levels.remove(&price);
        }
        half.changed.insert(price);
    }

    /// Best price of a side.
    pub(crate) fn best(&self, side: Side) -> Option<i64> {
        let levels = &self.half(side).levels;
        match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        }
        .map(|(price, _)| *price)
    }

    /// Best price of a side and what stands first there.
    pub(crate) fn front(&self, side: Side) -> Option<(i64, Front)> {
        let price = self.best(side)?;
        Some((price, self.half(side).levels.get(&price)?.front()))
    }

    /// Best price and size of a side.
    pub(crate) fn best_level(&self, side: Side) -> Option<Level> {
        self.levels(side).next()
    }

    /// Levels of a side from the best.
    pub(crate) fn levels(&self, side: Side) -> Box<dyn Iterator<Item = Level> + '_> {
        let levels =
            self.half(side).levels.iter().map(|(price, level)| (decimal(*price), decimal(level.size())));
        match side {
            Side::Buy => Box::new(levels.rev()),
            Side::Sell => Box::new(levels),
        }
    }

    /// Size on `side` at `limit` and better, counted up to `enough`.
    pub(crate) fn size_up_to(&self, side: Side, limit: i64, enough: i64) -> i64 {
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

    /// Appends an order behind everything at its price.
    pub(crate) fn rest(&mut self, side: Side, price: i64, key: OrderKey, leaves: i64) {
        self.change(side, price, |level| {
            let ahead = level.outside;
            level.queue.push_back(Resting { key, leaves, ahead });
        });
    }

    /// Takes an order out.
    pub(crate) fn remove(&mut self, side: Side, price: i64, key: OrderKey) {
        self.change(side, price, |level| level.queue.retain(|resting| resting.key != key));
    }

    /// Sets what is left of an order, keeping its place; zero takes it out.
    pub(crate) fn set_leaves(&mut self, side: Side, price: i64, key: OrderKey, leaves: i64) {
        self.change(side, price, |level| {
            for resting in level.queue.iter_mut().filter(|resting| resting.key == key) {
                resting.leaves = leaves;
            }
            level.queue.retain(|resting| resting.leaves > 0);
        });
    }

    /// Takes outside liquidity from the front of a level.
    pub(crate) fn take_outside(&mut self, side: Side, price: i64, qty: i64) {
        self.change(side, price, |level| {
            level.outside -= qty;
            for resting in &mut level.queue {
                resting.ahead = (resting.ahead - qty).max(0);
            }
        });
    }

    /// Replaces the outside liquidity of a side; resting orders keep their places or gain.
    pub(crate) fn replace_outside(&mut self, side: Side, levels: &BTreeMap<i64, i64>) {
        let gone: Vec<i64> = self
            .half(side)
            .levels
            .iter()
            .filter(|(price, level)| level.outside > 0 && !levels.contains_key(price))
            .map(|(price, _)| *price)
            .collect();
        for price in gone {
            self.change(side, price, |level| level.set_outside(0));
        }
        for (&price, &size) in levels {
            if self.half(side).levels.get(&price).map_or(0, |level| level.outside) != size {
                self.change(side, price, |level| level.set_outside(size));
            }
        }
    }

    /// Resting orders on `side` whose price is strictly better than `price`, in matching order.
    pub(crate) fn orders_better_than(&self, side: Side, price: i64) -> Vec<OrderKey> {
        let levels = &self.half(side).levels;
        let keys = |level: &PriceLevel| level.queue.iter().map(|resting| resting.key).collect::<Vec<_>>();
        match side {
            Side::Buy => levels.range(price + 1..).rev().flat_map(|(_, level)| keys(level)).collect(),
            Side::Sell => levels.range(..price).flat_map(|(_, level)| keys(level)).collect(),
        }
    }

    /// What stands first at one price.
    pub(crate) fn front_at(&self, side: Side, price: i64) -> Option<Front> {
        self.half(side).levels.get(&price).map(PriceLevel::front)
    }

    /// Levels that changed since the last call, bids first; size zero means gone. Each side from its best price.
    pub(crate) fn take_changes(&mut self) -> Option<(Vec<Level>, Vec<Level>)> {
        let mut take = |side: Side| -> Vec<Level> {
            let half = self.half_mut(side);
            std::mem::take(&mut half.changed)
                .into_iter()
                .map(|price| (decimal(price), decimal(half.levels.get(&price).map_or(0, PriceLevel::size))))
                .collect()
        };
        let (mut bids, asks) = (take(Side::Buy), take(Side::Sell));
        bids.reverse();
        (!bids.is_empty() || !asks.is_empty()).then_some((bids, asks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: OrderKey = OrderKey(0);

    #[test]
    fn an_order_waits_for_the_outside_size_that_was_there_first() {
        let mut book = Book::default();
        book.replace_outside(Side::Buy, &BTreeMap::from([(100, 5)]));
        book.rest(Side::Buy, 100, KEY, 3);
        assert_eq!(book.front(Side::Buy), Some((100, Front::Outside(5))));
        book.take_outside(Side::Buy, 100, 2);
        assert_eq!(book.front(Side::Buy), Some((100, Front::Outside(3))));
        book.replace_outside(Side::Buy, &BTreeMap::from([(100, 9)]));
        assert_eq!(book.front(Side::Buy), Some((100, Front::Outside(3))), "what joined later is behind");
        book.replace_outside(Side::Buy, &BTreeMap::new());
        assert_eq!(book.front(Side::Buy), Some((100, Front::Order(KEY))));
    }

    #[test]
    fn changes_are_reported_once_with_their_final_size() {
        let mut book = Book::default();
        book.replace_outside(Side::Sell, &BTreeMap::from([(100, 5), (101, 1)]));
        book.take_outside(Side::Sell, 100, 5);
        let (bids, asks) = book.take_changes().expect("two levels were touched");
        assert!(bids.is_empty());
        assert_eq!(asks, vec![(decimal(100), decimal(0)), (decimal(101), decimal(1))]);
        assert_eq!(book.take_changes(), None);
    }

    #[test]
    fn size_within_a_limit_stops_at_enough() {
        let mut book = Book::default();
        book.replace_outside(Side::Sell, &BTreeMap::from([(100, 5), (101, 1), (102, 9)]));
        assert_eq!(book.size_up_to(Side::Sell, 101, 50), 6);
        assert_eq!(book.size_up_to(Side::Sell, 200, 7), 7);
        assert_eq!(book.size_up_to(Side::Buy, 1, 7), 0);
    }
}
