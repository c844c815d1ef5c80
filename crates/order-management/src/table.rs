//! The orders of ours, found by their ids.
//!
//! An event looks up the order that it is about several times, and with many orders open a tree of 36-character names is
//! slow to search: that would make each event dearer the more orders there are. So they are found by a hash, which has no
//! secret and is never iterated; whoever wants all orders gets them in the order of their ids.

use crate::order::Order;
use std::collections::{BTreeSet, VecDeque};
use windvane_model::{ClientOrderId, IdHash, IdPrefix};

/// Each order in a place of its own, so that the table can grow without moving them.
#[expect(
    clippy::disallowed_types,
    reason = "asked by id, never iterated in its own order; a tree of names is slow to search"
)]
type Places = std::collections::HashMap<ClientOrderId, Box<Place>, IdHash>;

/// Orders by client order id.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderTable {
    places: Places,
    /// Orders that may still change: the only ones that a pass over orders looks at.
    live: BTreeSet<ClientOrderId>,
    changes: Changes,
}

/// Which orders may have changed of late: who keeps a list of orders brings it up to date by these.
#[derive(Debug, Clone, Default)]
struct Changes {
    /// How often an order may have changed.
    count: u64,
    /// The latest of them, each with the count that it made; the last is the newest.
    latest: VecDeque<(u64, ClientOrderId)>,
    /// The count of the newest that is no longer among them.
    dropped: u64,
}

/// Changes that are remembered. An event changes a handful.
const LATEST_MOST: usize = 64;

impl Changes {
    fn note(&mut self, id: &ClientOrderId) {
        self.count += 1;
        if let Some((count, _)) = self.latest.back_mut().filter(|(_, last)| last == id) {
            *count = self.count;
            return;
        }
        if self.latest.len() == LATEST_MOST
            && let Some((count, _)) = self.latest.pop_front()
        {
            self.dropped = count;
        }
        self.latest.push_back((self.count, *id));
    }

    fn since(&self, count: u64) -> Option<impl Iterator<Item = ClientOrderId>> {
        let start = self.latest.partition_point(|(at, _)| *at <= count);
        (count >= self.dropped).then(|| self.latest.range(start..).map(|(_, id)| *id))
    }
}

/// How the orders came to be what they are is no part of what they are.
impl PartialEq for OrderTable {
    fn eq(&self, other: &Self) -> bool {
        self.places == other.places
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Place {
    order: Order,
    /// Whether it is among the live ones, so that these are searched only when that changes.
    is_live: bool,
}

impl OrderTable {
    pub(crate) fn insert(&mut self, order: Order) {
        let id = order.id;
        self.changes.note(&id);
        let is_live = self.live.contains(&id);
        self.places.insert(id, Box::new(Place { order, is_live }));
    }

    pub(crate) fn get(&self, id: &ClientOrderId) -> Option<&Order> {
        self.places.get(id).map(|place| &place.order)
    }

    pub(crate) fn get_mut(&mut self, id: &ClientOrderId) -> Option<&mut Order> {
        self.changes.note(id);
        self.places.get_mut(id).map(|place| &mut place.order)
    }

    pub(crate) fn contains(&self, id: &ClientOrderId) -> bool {
        self.places.contains_key(id)
    }

    /// Notes whether an order may still change. Of an unknown one, nothing happens.
    pub(crate) fn set_live(&mut self, id: &ClientOrderId, is_live: bool) {
        let Some(place) = self.places.get_mut(id).filter(|place| place.is_live != is_live) else { return };
        place.is_live = is_live;
        if is_live {
            self.live.insert(*id);
        } else {
            self.live.remove(id);
        }
    }

    /// The orders that may still change, in the order of their ids.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Order> {
        self.live.iter().filter_map(|id| self.get(id))
    }

    /// Those of them whose ids begin with `prefix`.
    pub(crate) fn live_with(&self, prefix: IdPrefix) -> impl Iterator<Item = &Order> {
        self.live.range(prefix.range()).filter_map(|id| self.get(id))
    }

    /// A number that grows whenever an order may have changed.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes.count
    }

    /// The orders that may have changed since that number was `count`; `None` when nobody remembers.
    pub(crate) fn changed_since(&self, count: u64) -> Option<impl Iterator<Item = ClientOrderId>> {
        self.changes.since(count)
    }

    /// Every order, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Order> {
        let mut all: Vec<&Order> = self.places.values().map(|place| &place.order).collect();
        all.sort_unstable_by_key(|order| order.id);
        all.into_iter()
    }

    /// Forgets the orders that can no longer change and that `is_kept` does not hold for.
    pub(crate) fn forget(&mut self, is_kept: impl Fn(&Order) -> bool) {
        self.places.retain(|_, place| place.is_live || is_kept(&place.order));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Provenance;
    use crate::testing::{own_id, submit};
    use windvane_model::Stamp;

    fn table(count: u64) -> OrderTable {
        let mut table = OrderTable::default();
        for sequence in 1..=count {
            table.insert(Order::new(&submit(sequence, "1", "100"), Provenance::default(), Stamp::default()));
        }
        table
    }

    #[test]
    fn orders_come_in_the_order_of_their_ids_and_the_live_ones_apart() {
        let mut table = table(20);
        let ids: Vec<ClientOrderId> = table.iter().map(|order| order.id).collect();
        assert_eq!(ids, (1..=20).map(own_id).collect::<Vec<_>>());
        for sequence in [7, 3, 19] {
            table.set_live(&own_id(sequence), true);
        }
        table.set_live(&own_id(7), false);
        table.set_live(&own_id(99), true);
        let live: Vec<ClientOrderId> = table.live().map(|order| order.id).collect();
        assert_eq!(live, [own_id(3), own_id(19)]);
        table.forget(|order| order.id == own_id(1));
        let left: Vec<ClientOrderId> = table.iter().map(|order| order.id).collect();
        assert_eq!(left, [own_id(1), own_id(3), own_id(19)]);
    }

    #[test]
    fn what_may_have_changed_is_told_until_too_much_has() {
        let mut table = table(3);
        let seen = table.changes();
        let changed = |table: &OrderTable, since| {
            table.changed_since(since).map(|ids| ids.collect::<Vec<ClientOrderId>>())
        };
        assert_eq!(changed(&table, seen), Some(vec![]));
        for sequence in [2, 2, 1] {
            table.get_mut(&own_id(sequence));
        }
        assert_eq!(changed(&table, seen), Some(vec![own_id(2), own_id(1)]));
        let later = table.changes();
        table.get_mut(&own_id(1));
        assert_eq!(changed(&table, later), Some(vec![own_id(1)]), "once more is news");
        for sequence in (1..=3).cycle().take(LATEST_MOST) {
            table.get_mut(&own_id(sequence));
        }
        assert_eq!(changed(&table, seen), None);
        assert_eq!(changed(&table, table.changes()), Some(vec![]));
    }
}
