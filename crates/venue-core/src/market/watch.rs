//! The orders of all accounts that wait for a price of a market, by the price that fires them: a price that moves past none
//! of them costs a look at six ends of lists.

use std::collections::BTreeSet;

use crate::api::{TriggerBy, TriggerDirection};
use crate::order::{Order, OrderKey, Trigger};
use crate::sorted::SortedSet;

#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    by_last: Ladder,
    by_index: Ladder,
    by_mark: Ladder,
    /// Trailing stops, which move with the price and are looked at each time.
    pub(crate) trailing: SortedSet<OrderKey>,
}

#[derive(Clone, Debug, Default)]
struct Ladder {
    rises: BTreeSet<(i64, OrderKey)>,
    falls: BTreeSet<(i64, OrderKey)>,
}

impl Ladder {
    fn of(&mut self, direction: TriggerDirection) -> &mut BTreeSet<(i64, OrderKey)> {
        match direction {
            TriggerDirection::Rise => &mut self.rises,
            TriggerDirection::Fall => &mut self.falls,
        }
    }

    /// The oldest order that a price has reached.
    fn reached(&self, price: i64) -> Option<OrderKey> {
        let rises = self.rises.range(..=(price, OrderKey(usize::MAX)));
        let falls = self.falls.range((price, OrderKey(0))..);
        rises.chain(falls).map(|(_, key)| *key).min()
    }
}

impl Watch {
    fn ladder(&mut self, trigger: Trigger) -> &mut BTreeSet<(i64, OrderKey)> {
        let ladder = match trigger.by {
            TriggerBy::LastPrice => &mut self.by_last,
            TriggerBy::IndexPrice => &mut self.by_index,
            TriggerBy::MarkPrice => &mut self.by_mark,
        };
        ladder.of(trigger.direction)
    }

    pub(crate) fn enter(&mut self, key: OrderKey, order: &Order) {
        if order.trailing.is_some() {
            self.trailing.insert(key);
        } else if let Some(trigger) = order.trigger {
            self.ladder(trigger).insert((trigger.price, key));
        }
    }

    pub(crate) fn leave(&mut self, key: OrderKey, order: &Order) {
        if order.trailing.is_some() {
            self.trailing.remove(key);
        } else if let Some(trigger) = order.trigger {
            self.ladder(trigger).remove(&(trigger.price, key));
        }
    }

    /// The oldest order, trailing stops apart, that the watched prices have reached.
    pub(crate) fn reached(&self, price: impl Fn(TriggerBy) -> Option<i64>) -> Option<OrderKey> {
        let ladders = [
            (TriggerBy::LastPrice, &self.by_last),
            (TriggerBy::IndexPrice, &self.by_index),
            (TriggerBy::MarkPrice, &self.by_mark),
        ];
        ladders.into_iter().filter_map(|(by, ladder)| ladder.reached(price(by)?)).min()
    }
}
