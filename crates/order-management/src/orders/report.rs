//! What the venue shows of an order, pushed or looked up.

use super::{Orders, notify};
use crate::effect::{DifferenceKind, Effect};
use crate::identity::Maker;
use crate::inquiry::Inquiry;
use crate::order::{Order, Source};
use crate::other::{OtherOrder, parent_of_order};
use crate::transition::{Evidence, OrderState};
use windvane_model::{
    ClientOrderId, HaltCause, Mutant, Notice, OrderLookup, OrderReport, OrderStatus, Price, Qty, Stamp,
    WallTime, mutant,
};

/// `cancelType` and `rejectReason` of an order that somebody's request cancelled. Source: Bybit V5, enums.
const CANCELLED_BY_REQUEST: (&str, &str) = ("CancelByUser", "EC_PerCancelRequest");

impl Orders {
    pub(super) fn take_order_report(
        &mut self,
        report: &OrderReport,
        source: Source,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        if self.is_forgotten(report) {
            return;
        }
        let by_venue = || self.by_order_id.get(&report.order_id).copied();
        match report.client_order_id.or_else(by_venue) {
            Some(id) if self.orders.contains(&id) => self.merge_report(id, report, source, stamp, out),
            Some(id) => match self.identity.maker(&id) {
                Maker::Ours(_) if mutant(Mutant::NothingIsAdopted) => self.take_other(report, stamp, out),
                Maker::Ours(_) => {
                    self.adopt(id, report, stamp, out);
                    self.merge_report(id, report, source, stamp, out);
                }
                Maker::Successor(epoch) => out.push(Effect::Fenced { epoch }),
                Maker::Foreign => self.take_other(report, stamp, out),
            },
            None => self.take_other(report, stamp, out),
        }
    }

    fn take_other(&mut self, report: &OrderReport, stamp: Stamp, out: &mut Vec<Effect>) {
        let child_of = parent_of_order(report, &self.owners);
        let before = self.others.get(report.order_id).map(OtherOrder::shown);
        let is_new = self.others.merge(report, child_of, stamp.sequence);
        if is_new && child_of.is_none() {
            self.counters.foreign_orders += 1;
        }
        let shown = self.others.get(report.order_id).map(OtherOrder::shown);
        // One that had ended before we heard of it is history: its fills are told where they are booked.
        let is_news = shown != before && (before.is_some() || !report.status.is_terminal());
        if let Some(shown) = shown.filter(|_| is_news && child_of.is_none()) {
            let owner = self.owners.owner((report.symbol, report.position_index));
            notify(owner, Notice::ForeignOrder(shown), out);
        }
        self.expose_other(report.order_id);
    }

    /// Takes an order of ours in that only the venue knew; its id tells the bot and the role.
    fn adopt(&mut self, id: ClientOrderId, report: &OrderReport, stamp: Stamp, out: &mut Vec<Effect>) {
        let Maker::Ours(grammar) = self.identity.maker(&id) else { return };
        let bot = self.owners.bot(grammar.bot);
        self.orders.insert(Order::adopt(id, bot, grammar.role, report, stamp));
        self.sought.find(&id);
        self.counters.adopted_orders += 1;
        self.differ(DifferenceKind::UnknownOrder, Some(report.symbol), out);
        if grammar.epoch == self.identity.epoch {
            // Every order of this start is recorded before it leaves: somebody else mints our ids.
            out.push(Effect::Halt(HaltCause::Contradiction));
        }
        for execution in self.ledger.attach(id, None) {
            self.fill_order(id, &execution, stamp, out);
        }
    }

    fn merge_report(
        &mut self,
        id: ClientOrderId,
        report: &OrderReport,
        source: Source,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let is_contradiction =
            !order.is_same_contract(report) || (order.expects_twin && !order.is_twin(report));
        order.expects_twin = false;
        if is_contradiction {
            out.push(Effect::Halt(HaltCause::Contradiction));
            self.set_doubt(report.symbol, out);
        }
        self.revive(id, out);
        self.link(id, report.order_id, stamp, out);
        let Some(order) = self.orders.get_mut(&id) else { return };
        let shown = (order.price, order.qty);
        let is_others_cancel = report.status == OrderStatus::Cancelled
            && (report.cancel_type.as_str(), report.reject_reason.as_str()) == CANCELLED_BY_REQUEST
            && order.state.is_open()
            && order.cancellations.is_empty();
        order.merge(report, source, stamp);
        if is_others_cancel {
            // Whoever it was (the guard, another engine, a person), placing the order again would be to fight them.
            self.differ(DifferenceKind::CancelledByOther, Some(report.symbol), out);
            out.push(Effect::Halt(HaltCause::CancelledByOther));
        }
        self.tell_working(id, shown, out);
        self.tell_closed(id, out);
        self.settle(id, stamp.wall);
    }

    /// An order that we had concluded to be gone exists. Nothing may rest on that conclusion any more.
    pub(super) fn revive(&mut self, id: ClientOrderId, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if order.state.is_concluded() {
            order.was_told_closed = false;
            let symbol = order.symbol;
            self.differ(DifferenceKind::Revived, Some(symbol), out);
            out.push(Effect::Halt(HaltCause::Contradiction));
        }
    }

    fn tell_working(&mut self, id: ClientOrderId, shown: (Option<Price>, Qty), out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let is_news = !order.was_told_working || shown != (order.price, order.qty);
        if order.state.is_open() && order.state.is_confirmed() && is_news {
            order.was_told_working = true;
            notify(order.bot, order.working_notice(), out);
        }
    }

    /// Says that an order is closed, once, and only when its last fill has been told.
    pub(super) fn tell_closed(&mut self, id: ClientOrderId, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let status = match order.state {
            OrderState::Filled => OrderStatus::Filled,
            OrderState::Cancelled => OrderStatus::Cancelled,
            OrderState::Rejected | OrderState::Refused => OrderStatus::Rejected,
            OrderState::Retired if order.was_told_working => OrderStatus::Cancelled,
            OrderState::Retired => OrderStatus::Rejected,
            OrderState::Submitted
            | OrderState::Unknown
            | OrderState::Acknowledged
            | OrderState::Working(_) => return,
        };
        if !order.was_told_closed && order.has_all_fills() {
            order.was_told_closed = true;
            let cumulative_qty = order.filled_qty;
            notify(order.bot, Notice::Closed { client_order_id: id, status, cumulative_qty }, out);
        }
    }

    pub(super) fn take_lookup(&mut self, lookup: &OrderLookup, stamp: Stamp, out: &mut Vec<Effect>) {
        let id = lookup.client_order_id;
        let inquiry = self.orders.get(&id).and_then(|order| order.inquiry.as_ref());
        // An answer that nobody waits for any more is of any age.
        let asked = inquiry.and_then(Inquiry::asked).unwrap_or(WallTime(i64::MIN));
        let source = Source::Query { asked };
        for execution in &lookup.executions {
            self.take_execution(execution, source, stamp, out);
        }
        if let Some(report) = &lookup.order {
            self.take_order_report(report, source, stamp, out);
        }
        self.sought.find_nothing(&id, stamp.wall);
        self.missing.remove(&id);
        let is_in_doubt = self.is_in_doubt(lookup.symbol);
        let Some(order) = self.orders.get_mut(&id) else { return };
        let provable = order.provably_absent_from(&self.bounds);
        // Without an inquiry the stream was faster than the answer, and there is nothing left to settle.
        let Some(inquiry) = &mut order.inquiry else { return };
        let asked = inquiry.close_round(stamp.wall);
        if lookup.order.is_some() || !lookup.executions.is_empty() {
            inquiry.forget_empty_rounds();
            let had_requests = order.is_amend_pending() || order.is_cancel_pending();
            order.settle_requests(asked, &self.bounds);
            if had_requests
                && !order.is_amend_pending()
                && !order.is_cancel_pending()
                && order.state.is_open()
            {
                // The request had no effect: the order works on as it is.
                notify(order.bot, order.working_notice(), out);
            }
        } else if inquiry.is_absence_proven(asked, provable) && !is_in_doubt {
            order.hear(Evidence::Absent, stamp);
            order.is_missing = false;
            order.end_requests_if_closed();
            self.counters.retired_orders += 1;
            self.tell_closed(id, out);
        }
        self.settle(id, stamp.wall);
    }

    pub(super) fn take_failed_lookup(&mut self, id: ClientOrderId, stamp: Stamp) {
        self.sought.fail(&id, stamp.wall);
        if let Some(inquiry) = self.orders.get_mut(&id).and_then(|order| order.inquiry.as_mut()) {
            inquiry.close_round(stamp.wall);
        }
        self.settle(id, stamp.wall);
    }
}
