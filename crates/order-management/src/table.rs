//! The orders of ours, found by their ids.
//!
//! An event looks up the order that it is about several times, and with many orders open a tree of 36-character names is
//! slow to search: that would make each event dearer the more orders there are. So they are found by a hash, which has no
//! secret and is never iterated; whoever wants all orders gets them in the order of their ids.

use crate::order::Order;
use std::collections::BTreeSet;
use std::hash::{BuildHasherDefault, DefaultHasher};
use windvane_model::{ClientOrderId, IdPrefix};

/// Each order in a place of its own, so that the table can grow without moving them.
#[expect(
    clippy::disallowed_types,
    reason = "asked by id, never iterated in its own order; a tree of names is slow to search"
)]
type Places = std::collections::HashMap<ClientOrderId, Box<Place>, BuildHasherDefault<DefaultHasher>>;

/// Orders by client order id.
#[derive(Debug, Clone, Default)]
pub(crate) struct OrderTable {
    places: Places,
    /// Orders that may still change: the only ones that a pass over orders looks at.
    live: BTreeSet<ClientOrderId>,
    /// How often an order may have changed.
    changes: u64,
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
        self.changes += 1;
        let is_live = self.live.contains(&id);
        self.places.insert(id, Box::new(Place { order, is_live }));
    }

    pub(crate) fn get(&self, id: &ClientOrderId) -> Option<&Order> {
        self.places.get(id).map(|place| &place.order)
    }

    pub(crate) fn get_mut(&mut self, id: &ClientOrderId) -> Option<&mut Order> {
        self.changes += 1;
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
        self.changes
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
