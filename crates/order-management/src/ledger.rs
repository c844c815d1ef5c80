//! The fill ledger: every execution once, for ever, keyed by (symbol, execution id).
//!
//! Ids are kept for as long as the venue's queries reach, and are forgotten after that. What is forgotten is sealed:
//! the ledger keeps, for each symbol, the time of the latest execution that it forgot, and takes nothing in from then
//! or before. So an execution can be booked twice neither before nor after its id is gone. Source: reliability, 5.3.

use std::collections::BTreeMap;
use windvane_layout::layout;
use windvane_model::{ClientOrderId, Execution, ExecutionId, MarketTime, Mutant, OrderId, Symbol, mutant};

/// What is unique of an execution.
pub(crate) type FillKey = (Symbol, ExecutionId);

/// Executions, and which of them wait for their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ledger {
    executions: BTreeMap<FillKey, Entry>,
    /// Executions without a known order, by the names under which it may turn up.
    waiting_by_client: BTreeMap<ClientOrderId, Vec<FillKey>>,
    waiting_by_venue: BTreeMap<OrderId, Vec<FillKey>>,
    /// Executions taken in so far, those forgotten included.
    entered: u64,
    /// By symbol: when the latest execution happened that is forgotten.
    sealed: BTreeMap<Symbol, MarketTime>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    execution: Execution,
    /// The order of ours that it belongs to, once known.
    order: Option<ClientOrderId>,
}

/// What taking an execution in found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It is new; this many were known before.
    New(u64),
    /// It is known already.
    Duplicate,
    /// One with this id but other figures is known already.
    Contradiction,
    /// It is from before the ids that are kept, so nobody can say whether it is new.
    Sealed,
}

impl Ledger {
    /// Takes an execution in, with its order if that is known.
    pub(crate) fn enter(&mut self, execution: &Execution, order: Option<ClientOrderId>) -> Entered {
        let key = (execution.symbol, execution.execution_id);
        if let Some(known) = self.executions.get(&key).filter(|_| !mutant(Mutant::FillsRepeat)) {
            let figures = |e: &Execution| (e.kind, e.side, e.price, e.qty, e.fee);
            let is_same = figures(&known.execution) == figures(execution);
            return if is_same { Entered::Duplicate } else { Entered::Contradiction };
        }
        if self.sealed.get(&execution.symbol).is_some_and(|sealed| execution.at <= *sealed) {
            return Entered::Sealed;
        }
        let arrival = self.entered;
        self.entered += 1;
        self.executions.insert(key, Entry { execution: *execution, order });
        if order.is_none() && execution.kind.moves_position() {
            match execution.client_order_id {
                Some(id) => self.waiting_by_client.entry(id).or_default().push(key),
                None => self.waiting_by_venue.entry(execution.order_id).or_default().push(key),
            }
        }
        Entered::New(arrival)
    }

    /// Gives the waiting executions of an order to it, now that it is known under these names, and returns
    /// them.
    pub(crate) fn attach(&mut self, id: ClientOrderId, order_id: Option<OrderId>) -> Vec<Execution> {
        let by_client = self.waiting_by_client.remove(&id).unwrap_or_default();
        let by_venue =
            order_id.and_then(|order_id| self.waiting_by_venue.remove(&order_id)).unwrap_or_default();
        let keys = by_client.into_iter().chain(by_venue);
        keys.filter_map(|key| {
            let entry = self.executions.get_mut(&key)?;
            entry.order = Some(id);
            Some(entry.execution)
        })
        .collect()
    }

    /// Forgets what happened by `until`, and takes nothing in from then on that did.
    pub(crate) fn seal(&mut self, until: MarketTime) {
        let Self { executions, waiting_by_client, waiting_by_venue, sealed, .. } = self;
        executions.retain(|(symbol, _), entry| {
            let is_kept = entry.execution.at > until;
            if !is_kept {
                let latest = sealed.entry(*symbol).or_default();
                *latest = entry.execution.at.max(*latest);
            }
            is_kept
        });
        let is_known = |keys: &mut Vec<FillKey>| {
            keys.retain(|key| executions.contains_key(key));
            !keys.is_empty()
        };
        waiting_by_client.retain(|_, keys| is_known(keys));
        waiting_by_venue.retain(|_, keys| is_known(keys));
    }

    /// Every execution with its order, in the order of symbol and id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Execution, Option<ClientOrderId>)> {
        self.executions.values().map(|entry| (&entry.execution, entry.order))
    }

    /// How many executions are known by their ids.
    pub(crate) fn len(&self) -> usize {
        self.executions.len()
    }
}

layout!(Ledger { executions, waiting_by_client, waiting_by_venue, entered, sealed });

layout!(Entry { execution, order });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{execution, submit, symbol};

    #[test]
    fn each_new_execution_knows_how_many_came_before_it() {
        let mut ledger = Ledger::default();
        for (arrival, id) in [(0, "a"), (1, "b"), (2, "c")] {
            assert_eq!(ledger.enter(&execution(id).build(), None), Entered::New(arrival));
        }
        assert_eq!(ledger.enter(&execution("b").build(), None), Entered::Duplicate);
        assert_eq!(ledger.enter(&execution("b").fee("1").build(), None), Entered::Contradiction);
        assert_eq!(
            ledger.enter(&execution("d").build(), None),
            Entered::New(3),
            "a duplicate counts for nothing"
        );
    }

    #[test]
    fn what_happened_by_the_seal_is_forgotten_and_never_taken_in_again() {
        let mut ledger = Ledger::default();
        for (id, at) in [("before", 4), ("then", 5), ("after", 6)] {
            ledger.enter(&execution(id).at(at).build(), None);
        }
        ledger.seal(MarketTime(5));
        let ids: Vec<_> = ledger.iter().map(|(kept, _)| kept.execution_id.to_string()).collect();
        assert_eq!(ids, ["after"]);
        for (id, at) in [("before", 4), ("then", 5), ("unheard of", 5)] {
            assert_eq!(ledger.enter(&execution(id).at(at).build(), None), Entered::Sealed, "{id}");
        }
        assert_eq!(ledger.enter(&execution("next").at(6).build(), None), Entered::New(3));
    }

    #[test]
    fn what_waits_for_its_order_waits_on_beyond_a_seal_that_leaves_it() {
        let order = submit(1, "1", "100");
        let (by_client, by_venue) = (execution("a").of(&order).at(7).build(), execution("b").at(7).build());
        let mut ledger = Ledger::default();
        ledger.enter(&execution("old").of(&order).at(2).build(), None);
        ledger.enter(&by_client, None);
        ledger.enter(&by_venue, None);
        ledger.seal(MarketTime(5));
        assert_eq!(ledger.attach(order.client_order_id, Some(by_venue.order_id)), [by_client, by_venue]);
        assert!(
            ledger
                .iter()
                .all(|(kept, of)| kept.symbol == symbol("BTCUSDT") && of == Some(order.client_order_id))
        );
    }
}
