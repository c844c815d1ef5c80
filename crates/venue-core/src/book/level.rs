//! One price of a book: outside liquidity, and a queue of resting orders behind or in the midst of it.

use std::collections::VecDeque;

use crate::order::OrderKey;

/// When an order came to rest, counted by its book: along a queue tickets rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(pub(super) u64);

/// What stands first in the queue of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    Outside(i64),
    Order(OrderKey),
}

#[derive(Clone, Debug, Default)]
pub(super) struct PriceLevel {
    outside: i64,
    /// Sum of what is left of the orders.
    resting: i64,
    /// Orders with nothing left stay in the queue until they come to the front or are too many: an order is found by its
    /// ticket and taken out without moving the others. The first in the queue always has something left.
    queue: VecDeque<Resting>,
    /// How many of the queue have nothing left.
    dead: usize,
}

/// Invariant: along the queue `ahead` does not fall and never exceeds the level's outside size.
#[derive(Clone, Debug)]
struct Resting {
    ticket: Ticket,
    key: OrderKey,
    leaves: i64,
    ahead: i64,
}

impl PriceLevel {
    pub(super) fn outside(&self) -> i64 {
        self.outside
    }

    pub(super) fn size(&self) -> i64 {
        self.outside.saturating_add(self.resting)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.outside == 0 && self.queue.is_empty()
    }

    pub(super) fn front(&self) -> Front {
        match self.queue.front() {
            Some(first) if first.ahead == 0 => Front::Order(first.key),
            Some(first) => Front::Outside(first.ahead),
            None => Front::Outside(self.outside),
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = OrderKey> + '_ {
        self.queue.iter().filter(|resting| resting.leaves > 0).map(|resting| resting.key)
    }

    /// Sizes in matching order: each order's, and outside liquidity (without a key) where it stands between them.
    pub(super) fn turns(&self) -> impl Iterator<Item = (Option<OrderKey>, i64)> + '_ {
        let mut passed = 0;
        let orders = self.queue.iter().filter(|resting| resting.leaves > 0).flat_map(move |resting| {
            let outside = resting.ahead - passed;
            passed = resting.ahead;
            [(None, outside), (Some(resting.key), resting.leaves)]
        });
        let last =
            self.queue.iter().rev().find(|resting| resting.leaves > 0).map_or(0, |resting| resting.ahead);
        orders.chain([(None, self.outside - last)])
    }

    pub(super) fn join(&mut self, ticket: Ticket, key: OrderKey, leaves: i64) {
        self.resting += leaves;
        self.queue.push_back(Resting { ticket, key, leaves, ahead: self.outside });
    }

    pub(super) fn set_leaves(&mut self, ticket: Ticket, leaves: i64) {
        let Ok(place) = self.queue.binary_search_by_key(&ticket, |resting| resting.ticket) else { return };
        let Some(resting) = self.queue.get_mut(place) else { return };
        self.resting += leaves - resting.leaves;
        if resting.leaves > 0 && leaves == 0 {
            self.dead += 1;
        }
        resting.leaves = leaves;
        self.bury();
    }

    fn bury(&mut self) {
        while self.queue.front().is_some_and(|first| first.leaves == 0) {
            self.queue.pop_front();
            self.dead -= 1;
        }
        if self.dead > self.queue.len() / 2 {
            self.queue.retain(|resting| resting.leaves > 0);
            self.dead = 0;
        }
    }

    pub(super) fn set_outside(&mut self, outside: i64) {
        self.outside = outside;
        // Only the end of the queue can have more ahead than there is.
        for resting in self.queue.iter_mut().rev().take_while(|resting| resting.ahead > outside) {
            resting.ahead = outside;
        }
    }

    pub(super) fn take_outside(&mut self, qty: i64) {
        self.outside -= qty;
        for resting in self.queue.iter_mut().rev().take_while(|resting| resting.ahead > 0) {
            resting.ahead = (resting.ahead - qty).max(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_leave_from_the_midst_of_a_queue_and_the_rest_keep_their_turn() {
        let mut level = PriceLevel::default();
        for number in 0..10 {
            level.join(Ticket(number), OrderKey(usize::try_from(number).unwrap()), 1);
        }
        for gone in [3, 0, 1, 8, 5, 6] {
            level.set_leaves(Ticket(gone), 0);
        }
        level.set_leaves(Ticket(4), 5);
        assert_eq!(level.keys().collect::<Vec<_>>(), [2, 4, 7, 9].map(OrderKey));
        assert_eq!((level.size(), level.front()), (8, Front::Order(OrderKey(2))));
        assert_eq!(level.turns().map(|(_, size)| size).sum::<i64>(), level.size());
        for gone in [2, 4, 7, 9] {
            level.set_leaves(Ticket(gone), 0);
        }
        assert!(level.is_empty());
    }
}
