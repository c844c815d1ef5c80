//! The fill ledger: every execution once, for ever, keyed by (symbol, execution id).
//!
//! This version keeps all of them. The bounded form (ids for the venue's reach and a sealed watermark per
//! symbol) belongs behind the same methods.

use std::collections::BTreeMap;
use windvane_model::{ClientOrderId, Execution, ExecutionId, Mutant, OrderId, Symbol, mutant};

/// What is unique of an execution.
pub(crate) type FillKey = (Symbol, ExecutionId);

/// Executions, and which of them wait for their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ledger {
    executions: BTreeMap<FillKey, Entry>,
    /// Executions without a known order, by the names under which it may turn up.
    waiting_by_client: BTreeMap<ClientOrderId, Vec<FillKey>>,
    waiting_by_venue: BTreeMap<OrderId, Vec<FillKey>>,
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
        let arrival = self.executions.len() as u64;
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

    /// Every execution with its order, in the order of symbol and id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Execution, Option<ClientOrderId>)> {
        self.executions.values().map(|entry| (&entry.execution, entry.order))
    }

    /// How many executions are known.
    pub(crate) fn len(&self) -> usize {
        self.executions.len()
    }
}
