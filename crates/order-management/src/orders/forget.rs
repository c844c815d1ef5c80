//! What is kept, and for how long: what is over is forgotten once the venue's own queries reach it no more.
//!
//! An engine that runs for months must not grow with every order it ever had. Open orders, positions, sums and money
//! stay exact; gone are the rows of orders that ended, of strangers' orders that ended, and of executions, which
//! positions and the ledger have summed up by then. Nothing is forgotten while anything about the account is open.

use super::Orders;
use windvane_model::{MarketTime, Millis, OrderReport, Stamp};

/// How far back the venue's queries of orders and executions reach. Source: Bybit V5, Get Trade History.
pub(super) const VENUE_REACH_MS: Millis = 7 * 24 * 60 * 60 * 1_000;
/// It is looked for something to forget so many times within the span.
const LOOKS_IN_SPAN: Millis = 28;

impl Orders {
    /// The same, but what is over is kept for `span`, market time; `None` keeps everything for ever, which is for those
    /// who ask what was and not for an engine that runs.
    #[must_use]
    pub const fn keeping(mut self, span: Option<Millis>) -> Self {
        self.keeps_ms = span;
        self
    }

    /// For how long what is over is kept, market time; `None`: for ever.
    pub(crate) const fn keeps(&self) -> Option<Millis> {
        self.keeps_ms
    }

    /// Forgets what has been over for long enough, if it is time and both sides agree about the account.
    pub(super) fn forget_old(&mut self, stamp: Stamp) {
        let Some(span) = self.keeps_ms.filter(|_| stamp.market >= self.next_look_back) else { return };
        if !self.is_reconciled() || !self.is_in_agreement() {
            return;
        }
        self.next_look_back = stamp.market.after(span / LOOKS_IN_SPAN);
        let until = stamp.market.after(-span);
        self.forgotten_until = self.forgotten_until.max(until);
        self.ledger.seal(until);
        for position in self.positions.values_mut() {
            position.seal(until);
        }
        let Self { orders, by_order_id, others, reconcile, .. } = self;
        orders.forget(|order| order.last_heard.market > until);
        by_order_id.retain(|_, id| orders.contains(id));
        others.forget(until);
        // Both sides agree now, so nothing from before then is unknown, and nothing is read from there again.
        reconcile.forget(until);
    }

    /// Whether this is the end of an order that has been forgotten, told once more.
    pub(super) fn is_forgotten(&self, report: &OrderReport) -> bool {
        report.status.is_terminal()
            && report.updated <= self.forgotten_until
            && !self.by_order_id.contains_key(&report.order_id)
            && report.client_order_id.is_none_or(|id| !self.orders.contains(&id))
            && !self.others.knows(report.order_id)
    }

    /// What is over and happened by then is forgotten.
    #[must_use]
    pub const fn forgotten_until(&self) -> MarketTime {
        self.forgotten_until
    }
}
