//! A person decides what the venue can no longer prove: that an order of unknown outcome does not exist.

use super::Orders;
use crate::effect::Effect;
use crate::transition::{Evidence, OrderState};
use windvane_model::{ClientOrderId, Millis, Stamp, WallTime};

/// Why an order cannot be resolved by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unresolvable {
    /// There is no such order in the books.
    NotKnown,
    /// Its state is known.
    Known(OrderState),
    /// Its request can still be admitted by the venue for so long, milliseconds.
    TooEarly(Millis),
}

impl std::fmt::Display for Unresolvable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotKnown => f.write_str("there is no such order in the books"),
            Self::Known(state) => write!(f, "nothing is open about it: it is {}", state.as_str()),
            Self::TooEarly(ms) => {
                write!(f, "its request may still arrive at the venue; ask again in {ms} ms")
            }
        }
    }
}

impl Orders {
    /// Whether an order may be resolved by hand now.
    ///
    /// # Errors
    /// With the reason against it.
    pub fn check_resolvable(&self, id: &ClientOrderId, now: WallTime) -> Result<(), Unresolvable> {
        let order = self.orders.get(id).ok_or(Unresolvable::NotKnown)?;
        match order.state {
            OrderState::Submitted | OrderState::Unknown | OrderState::Acknowledged => {}
            state => return Err(Unresolvable::Known(state)),
        }
        let admitted_until = order.admissible_until(&self.bounds);
        if now < admitted_until {
            return Err(Unresolvable::TooEarly(admitted_until.millis_since(now)));
        }
        Ok(())
    }

    /// Takes a person's word that an order does not exist. Nothing happens when it cannot be resolved; should the venue
    /// show it after all, that halts like any order that comes back.
    pub fn resolve(&mut self, id: &ClientOrderId, stamp: Stamp, out: &mut Vec<Effect>) {
        if self.check_resolvable(id, stamp.wall).is_err() {
            return;
        }
        if let Some(order) = self.orders.get_mut(id) {
            order.hear(Evidence::Absent, stamp);
            order.is_missing = false;
            order.end_requests_if_closed();
            self.counters.resolved_orders += 1;
        }
        self.tell_closed(*id, out);
        self.settle(*id, stamp.wall);
    }
}
