//! Deadlines: when to be woken, and what is done then.

use super::Orders;
use crate::effect::Effect;
use crate::transition::{Evidence, OrderState};
use windvane_model::{ClientOrderId, Mutant, Query, Stamp, WallTime, mutant};

impl Orders {
    /// When [`Orders::on_timer`] is next to be called; `None` when nothing is waited for.
    #[must_use]
    pub fn next_deadline(&self) -> Option<WallTime> {
        let order = self.agenda.first().map(|(due, _)| *due);
        let others = [self.sought.next_deadline(), self.next_difference(), self.reconcile.next_deadline()];
        others.into_iter().chain([order]).flatten().min()
    }

    /// Does what is due by now and appends what follows to `out`.
    pub fn on_timer(&mut self, stamp: Stamp, out: &mut Vec<Effect>) {
        self.forget_old(stamp);
        while let Some((_, id)) = self.agenda.first().copied().filter(|(due, _)| *due <= stamp.wall) {
            self.look_up_if_open(id, stamp, out);
        }
        self.ask_sought(stamp, out);
        self.raise_differences(stamp, out);
        if let Some(query) = self.reconcile.retry(stamp) {
            self.questions.put_again();
            out.push(Effect::Ask(query));
        }
        if self.reconcile.is_audit_due(stamp.wall) && !mutant(Mutant::NoAudit) {
            self.audit(stamp, out);
        }
    }

    /// Asks for the orders that an execution named and no record knows.
    pub(super) fn ask_sought(&mut self, stamp: Stamp, out: &mut Vec<Effect>) {
        out.extend(self.sought.ask(stamp.wall).into_iter().map(Effect::Ask));
    }

    /// Asks for an order now, if anything about it is open. Silence after a submit makes it unknown.
    pub(super) fn look_up_if_open(&mut self, id: ClientOrderId, stamp: Stamp, out: &mut Vec<Effect>) {
        if mutant(Mutant::SilenceIsRefusal)
            && let Some(order) = self.orders.get_mut(&id)
        {
            order.hear(Evidence::Refused, stamp);
        }
        if self.orders.get(&id).is_some_and(|order| order.state == OrderState::Submitted) {
            self.doubt_order(id, stamp, out);
        }
        self.settle(id, stamp.wall);
        if let Some(order) = self.orders.get_mut(&id)
            && let Some(inquiry) = &mut order.inquiry
        {
            inquiry.ask(stamp.wall);
            out.push(Effect::Ask(Query::Order { symbol: order.symbol, client_order_id: id }));
        }
        self.settle(id, stamp.wall);
    }
}
