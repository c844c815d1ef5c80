//! What an account has in one market: its positions, its open orders, and the sums of them that margin asks for.

use std::collections::VecDeque;
use std::ops::{Index, IndexMut};

use rust_decimal::Decimal;

use super::Hypothetical;
use crate::api::Side;
use crate::order::{Order, OrderKey};
use crate::payoff::Payoff;
use crate::position::Holdings;
use crate::sorted::SortedSet;

#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) holdings: Holdings,
    /// Orders on the book.
    resting: SortedSet<OrderKey>,
    /// Orders that wait for a trigger.
    pub(crate) waiting: SortedSet<OrderKey>,
    /// How many of those on the book only reduce.
    reducing: usize,
    /// The others on the book.
    buys: Opening,
    sells: Opening,
}

/// Orders of one side on the book that may open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    /// Those that would fill first come first; among equals the older.
    orders: VecDeque<Working>,
    /// Sum of their values, in units of units.
    value: i128,
}

/// Price and quantity in units, value in units of units.
#[derive(Clone, Copy, Debug)]
struct Working {
    rank: i64,
    key: OrderKey,
    price: i64,
    qty: i64,
    value: i128,
}

impl Working {
    fn new(payoff: Payoff, side: Side, key: OrderKey, price: i64, qty: i64) -> Self {
        Self { rank: -side.sign() * price, key, price, qty, value: payoff.fine_value(price, qty) }
    }
}

impl Opening {
    fn place(&self, rank: i64, key: OrderKey) -> Result<usize, usize> {
        self.orders.binary_search_by_key(&(rank, key), |working| (working.rank, working.key))
    }

    /// Enters an order, changes it to what is left of it, or takes it out when that is nothing.
    fn set(&mut self, working: Working) {
        match self.place(working.rank, working.key) {
            Ok(place) if working.qty == 0 => {
                self.value -= self.orders.remove(place).map_or(0, |gone| gone.value);
            }
            Ok(place) => {
                self.value += working.value - self.orders[place].value;
                self.orders[place] = working;
            }
            Err(_) if working.qty == 0 => {}
            Err(place) => {
                self.orders.insert(place, working);
                self.value = self.value.saturating_add(working.value);
            }
        }
    }

    /// Orders from the front as (price, quantity left), in units.
    pub(crate) fn orders(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.orders.iter().map(|working| (working.price, working.qty))
    }
}

impl Desk {
    fn new(leverage: Decimal) -> Self {
        Self {
            holdings: Holdings::new(leverage),
            resting: SortedSet::default(),
            waiting: SortedSet::default(),
            reducing: 0,
            buys: Opening::default(),
            sells: Opening::default(),
        }
    }

    pub(crate) fn resting(&self) -> &SortedSet<OrderKey> {
        &self.resting
    }

    pub(crate) fn opening(&self, side: Side) -> &Opening {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    fn opening_mut(&mut self, side: Side) -> &mut Opening {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }

    /// Whether any order on the book only reduces.
    pub(crate) fn has_reducing(&self) -> bool {
        self.reducing > 0
    }

    /// Whether it holds neither a position nor an order.
    pub(crate) fn is_idle(&self) -> bool {
        self.resting.is_empty() && self.waiting.is_empty() && self.holdings.is_flat()
    }

    /// Files an order that has come onto the book.
    pub(crate) fn rest(&mut self, payoff: Payoff, key: OrderKey, order: &Order) {
        self.resting.insert(key);
        if order.reduce_only {
            self.reducing += 1;
        }
        self.resize(payoff, key, order);
    }

    /// Takes note of what is left of an order on the book; its price is the same as before.
    pub(crate) fn resize(&mut self, payoff: Payoff, key: OrderKey, order: &Order) {
        if !order.reduce_only {
            let working = Working::new(payoff, order.side, key, order.price, order.leaves());
            self.opening_mut(order.side).set(working);
        }
    }

    /// Takes an order off the book; says whether it was there.
    pub(crate) fn unrest(&mut self, payoff: Payoff, key: OrderKey, order: &Order) -> bool {
        if !self.resting.remove(key) {
            return false;
        }
        if order.reduce_only {
            self.reducing -= 1;
        } else {
            self.opening_mut(order.side).set(Working::new(payoff, order.side, key, order.price, 0));
        }
        true
    }

    /// Value of a side's orders that may open, in units of units, with what a new order would change. `replaced` is the
    /// order that it would replace.
    pub(crate) fn working_value(
        &self,
        payoff: Payoff,
        side: Side,
        extra: Option<Hypothetical>,
        replaced: Option<&Order>,
    ) -> i128 {
        let extra = extra.filter(|extra| extra.side == side);
        let gone = self.replaced(side, extra, replaced).map_or(0, |working| working.value);
        let added = extra.map_or(0, |extra| payoff.fine_value(extra.price, extra.qty));
        (self.opening(side).value - gone).saturating_add(added)
    }

    fn replaced(
        &self,
        side: Side,
        extra: Option<Hypothetical>,
        replaced: Option<&Order>,
    ) -> Option<&Working> {
        let (key, order) = extra?.replaces.zip(replaced)?;
        let opening = self.opening(side);
        let place = opening.place(-side.sign() * order.price, key).ok()?;
        opening.orders.get(place)
    }

    /// The same without what would only close the position: the orders that would fill first are taken to be the closing
    /// ones. In hedge mode an order that closes says so, and is none of these.
    pub(crate) fn opening_value(
        &self,
        payoff: Payoff,
        side: Side,
        extra: Option<Hypothetical>,
        replaced: Option<&Order>,
    ) -> i128 {
        let mut value = self.working_value(payoff, side, extra, replaced);
        let mut closing = self.holdings.get(self.holdings.opened_by(side)).reducible(side);
        let extra = extra.filter(|extra| extra.side == side);
        let gone = self.replaced(side, extra, replaced).map(|working| working.key);
        let mut added = extra.map(|extra| (-side.sign() * extra.price, extra.price, extra.qty));
        let mut orders =
            self.opening(side).orders.iter().filter(|working| Some(working.key) != gone).peekable();
        while closing > 0 {
            let is_next =
                |(rank, _, _): &mut (i64, i64, i64)| orders.peek().is_none_or(|working| *rank < working.rank);
            let first = added.take_if(is_next).map(|(_, price, qty)| (price, qty));
            let Some((price, qty)) = first.or_else(|| orders.next().map(|next| (next.price, next.qty)))
            else {
                break;
            };
            let closed = qty.min(closing);
            closing -= closed;
            value -= payoff.fine_value(price, qty) - payoff.fine_value(price, qty - closed);
        }
        value
    }
}

/// The desks of an account by market; one that was never used is like any other and takes no room.
#[derive(Clone, Debug)]
pub(crate) struct Desks {
    unused: Box<Desk>,
    used: Vec<Option<Box<Desk>>>,
}

impl Desks {
    pub(crate) fn new(markets: usize, leverage: Decimal) -> Self {
        Self { unused: Box::new(Desk::new(leverage)), used: vec![None; markets] }
    }

    /// Those that were ever used, with their markets.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Desk)> {
        self.used.iter().enumerate().filter_map(|(slot, desk)| Some((slot, desk.as_deref()?)))
    }

    pub(crate) fn is_used(&self, slot: usize) -> bool {
        self.used.get(slot).is_some_and(Option::is_some)
    }
}

impl Index<usize> for Desks {
    type Output = Desk;
    fn index(&self, slot: usize) -> &Desk {
        self.used[slot].as_deref().unwrap_or(&self.unused)
    }
}

impl IndexMut<usize> for Desks {
    fn index_mut(&mut self, slot: usize) -> &mut Desk {
        self.used[slot].get_or_insert_with(|| self.unused.clone())
    }
}
