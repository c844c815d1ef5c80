//! Along the story: one intent one order, nothing opens before the account is known, no guessed outcome, no
//! terminal state that is not.

use crate::listing::{UID, named};
use crate::report::Outcome;
use crate::world::Broken;
use std::collections::{BTreeMap, BTreeSet};
use windvane_engine::Engine;
use windvane_model::{
    AccountEvent, ClientOrderId, Command, Control, Event, Link, LinkState, Qty, QueryAnswer, Submit, WallTime,
};
use windvane_order_management::OrderState;
use windvane_venue_core::Venue;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// Every order that ever left.
    submitted: BTreeMap<ClientOrderId, Submit>,
    /// Orders that may still change, as they were last seen.
    watched: BTreeMap<ClientOrderId, (OrderState, Qty)>,
    /// Orders that have ended.
    ended: BTreeMap<ClientOrderId, OrderState>,
    private_is_up: bool,
    /// Whether a person has halted the engine and not resumed it.
    is_halted: bool,
    /// Whether the account was read since the private stream came up.
    has_account: bool,
    /// What became of orders, in the order in which it was known.
    pub(crate) outcomes: Vec<Outcome>,
}

impl Oracle {
    pub(crate) fn begin_life(&mut self) {
        self.private_is_up = false;
        self.has_account = false;
        self.watched.clear();
    }

    /// A record that lost its tail may have lost the end of an order, too.
    pub(crate) fn forgive_lost_record(&mut self) {
        self.ended.clear();
        self.is_halted = false;
    }

    pub(crate) fn order(&self, id: &ClientOrderId) -> Option<&Submit> {
        self.submitted.get(id)
    }

    /// Something reaches the engine.
    pub(crate) fn hear(&mut self, event: &Event) {
        match event {
            Event::Control(Control::Halt(_)) => self.is_halted = true,
            Event::Control(Control::Resume) => self.is_halted = false,
            Event::Link(Link::Private(state)) => {
                self.private_is_up = *state == LinkState::Up;
                self.has_account = false;
            }
            Event::Account(AccountEvent::Answer(QueryAnswer::Account(_))) => {
                self.has_account = self.private_is_up;
            }
            _ => {}
        }
    }

    /// A command leaves. Gives back an order that opens.
    pub(crate) fn judge(
        &mut self,
        command: &Command,
        may_open: bool,
        is_fenced: bool,
    ) -> Result<Option<Submit>, Broken> {
        if is_fenced && !matches!(command, Command::Query(_)) {
            return Err(("I15 a stale epoch never sends", format!("{command:?}")));
        }
        match command {
            Command::Submit(submit) => {
                if self.submitted.insert(submit.client_order_id, *submit).is_some() {
                    return Err(("I1 one intent, one order", format!("{} again", submit.client_order_id)));
                }
                let opens = !submit.reduce_only;
                if opens && self.is_halted {
                    return Err(("I22 a halt is heard", format!("{submit:?}")));
                }
                if opens && !(self.has_account && may_open) {
                    return Err(("I14 nothing opens before the account is known", format!("{submit:?}")));
                }
                Ok(opens.then_some(*submit))
            }
            Command::CancelAll(_) => Err(("I16 foreign orders are not touched", format!("{command:?}"))),
            Command::Cancel(cancel) if cancel.client_order_id.is_none() => {
                Err(("I16 foreign orders are not touched", format!("{command:?}")))
            }
            Command::Amend(_)
            | Command::Cancel(_)
            | Command::SetProtection(_)
            | Command::SetLeverage(_)
            | Command::Query(_) => Ok(None),
        }
    }

    /// Looks at every order that may have changed.
    pub(crate) fn watch(
        &mut self,
        engine: &Engine,
        venue: &Venue,
        travelling: &BTreeSet<ClientOrderId>,
        now: WallTime,
    ) -> Result<(), Broken> {
        let orders = engine.orders();
        for order in orders.live_orders() {
            let ended = self.ended.get(&order.id()).filter(|state| state.is_confirmed());
            if let (Some(state), true) = (ended, order.state().is_open()) {
                let (id, now) = (order.id(), order.state());
                return Err(("I6 terminal never reverts", format!("{id} is {now:?} after {state:?}")));
            }
            self.watched.entry(order.id()).or_insert((order.state(), order.filled_qty()));
        }
        let mut over = Vec::new();
        for (id, seen) in &mut self.watched {
            let Some(order) = orders.order(id) else {
                return Err(("B17 no order is forgotten", id.to_string()));
            };
            let state = (order.state(), order.filled_qty());
            if state.1 < seen.1 {
                return Err(("I6 fills only grow", format!("{id}: {} after {}", state.1, seen.1)));
            }
            let after = now.millis_since(order.submitted().wall);
            if state.0 == OrderState::Retired {
                self.outcomes.push(Outcome::Retired(after));
            } else if state.0.is_confirmed() && !seen.0.is_confirmed() {
                self.outcomes.push(Outcome::Adopted(after));
            }
            *seen = state;
            if !order.state().is_open() {
                over.push((*id, order.state()));
            }
        }
        for (id, state) in over {
            self.watched.remove(&id);
            if state.is_concluded() {
                is_absent(&id, state, venue, travelling)?;
            }
            if let Some(before) = self.ended.insert(id, state)
                && before != state
            {
                return Err(("I6 terminal never reverts", format!("{id} is {state:?} after {before:?}")));
            }
        }
        Ok(())
    }
}

/// An order that was concluded not to exist must not exist, and must not come into being.
fn is_absent(
    id: &ClientOrderId,
    state: OrderState,
    venue: &Venue,
    travelling: &BTreeSet<ClientOrderId>,
) -> Result<(), Broken> {
    let name = "I3 no guessed outcomes";
    if let Some(row) = venue.order(UID, &named(id.as_str())) {
        return Err((name, format!("{id} is {state:?} here and {} at the venue", row.order_status)));
    }
    if travelling.contains(id) && state == OrderState::Retired {
        return Err((name, format!("{id} is {state:?} and still under way")));
    }
    Ok(())
}
