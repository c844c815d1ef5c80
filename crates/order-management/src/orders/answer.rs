//! What the gate says of a request: taken, refused, or nothing certain.

use super::{Orders, notify};
use crate::effect::Effect;
use crate::order::Order;
use crate::pending::{Amendment, Pending, Phase};
use crate::transition::{Evidence, OrderState};
use windvane_model::{
    Acknowledged, BotName, ClientOrderId, Mutant, Notice, OrderId, OrderStatus, PositionIndex, RefusalFamily,
    Refused, Request, Stamp, Symbol, Undetermined, mutant,
};

impl Orders {
    pub(super) fn take_acknowledged(&mut self, ack: &Acknowledged, stamp: Stamp, out: &mut Vec<Effect>) {
        let Some(id) = ack.client_order_id else { return };
        let Some(order) = self.orders.get_mut(&id) else { return };
        match ack.request {
            Request::Submit if mutant(Mutant::AckIsFill) => {
                order.hear(Evidence::Reported(OrderStatus::Filled), stamp);
            }
            Request::Submit if mutant(Mutant::LateAckReopens) => order.state = OrderState::Acknowledged,
            Request::Submit => order.hear(Evidence::Acknowledged, stamp),
            Request::Amend | Request::Cancel => advance(order, ack.request, Phase::Acknowledged),
            Request::CancelAll | Request::SetProtection | Request::SetLeverage => {}
        }
        if let Some(order_id) = ack.order_id {
            self.link(id, order_id, stamp, out);
        }
        self.settle(id, stamp.wall);
    }

    pub(super) fn take_refused(&mut self, refused: &Refused, stamp: Stamp, out: &mut Vec<Effect>) {
        let Some(id) = refused.client_order_id else {
            for bot in self.bots_on(refused.symbol) {
                notify(Some(bot), Notice::Refused(refused.clone()), out);
            }
            return;
        };
        let Some(order) = self.orders.get_mut(&id) else { return };
        let bot = order.bot;
        let is_told = match refused.request {
            Request::Submit
                if refused.family == RefusalFamily::Duplicate && !mutant(Mutant::DuplicateIsRefusal) =>
            {
                // Proof that an order under this id exists. Whether it is this one, its figures must show.
                order.expects_twin = !order.state.is_confirmed();
                order.hear(Evidence::Undetermined, stamp);
                self.look_up_if_open(id, stamp, out);
                false
            }
            Request::Submit => {
                order.hear(Evidence::Refused, stamp);
                let is_refused = order.state == OrderState::Refused;
                order.was_told_closed |= is_refused;
                order.end_requests_if_closed();
                is_refused
            }
            Request::Amend | Request::Cancel => self.take_refused_change(id, refused, stamp, out),
            Request::CancelAll | Request::SetProtection | Request::SetLeverage => true,
        };
        if is_told {
            notify(bot, Notice::Refused(refused.clone()), out);
        }
        self.settle(id, stamp.wall);
    }

    /// An amend or a cancel did nothing. Says whether the bot is to hear of it.
    ///
    /// "No such order" does not say that it was cancelled: it may just have been filled. So it is looked up, as is
    /// one that is said to be cancelled already; an amend to what is in force already is simply over.
    fn take_refused_change(
        &mut self,
        id: ClientOrderId,
        refused: &Refused,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(order) = self.orders.get_mut(&id) else { return false };
        let (request, family) = (refused.request, refused.family);
        let is_cancel = request == Request::Cancel;
        let is_gone =
            family == RefusalFamily::OrderNotFound || (is_cancel && family == RefusalFamily::AlreadySo);
        if is_gone && is_cancel && mutant(Mutant::NotFoundIsCancelled) {
            order.hear(Evidence::Reported(OrderStatus::Cancelled), stamp);
        } else if is_gone {
            advance(order, request, Phase::Undetermined);
            self.look_up_if_open(id, stamp, out);
        } else if is_cancel {
            drop_refused_cancellation(order);
        } else {
            drop_refused_amendment(order);
        }
        family != RefusalFamily::AlreadySo
    }

    pub(super) fn take_undetermined(&mut self, open: &Undetermined, stamp: Stamp, out: &mut Vec<Effect>) {
        let Some(id) = open.client_order_id else {
            for bot in self.bots_on(open.symbol) {
                let notice = Notice::Undetermined { request: open.request, client_order_id: None };
                notify(Some(bot), notice, out);
            }
            return;
        };
        let Some(order) = self.orders.get_mut(&id) else { return };
        match open.request {
            Request::Submit if mutant(Mutant::LostReplyIsRefusal) => order.hear(Evidence::Refused, stamp),
            Request::Submit => self.doubt_order(id, stamp, out),
            Request::Amend | Request::Cancel => {
                advance(order, open.request, Phase::Undetermined);
                let notice = Notice::Undetermined { request: open.request, client_order_id: Some(id) };
                notify(order.bot, notice, out);
            }
            Request::CancelAll | Request::SetProtection | Request::SetLeverage => {}
        }
        self.settle(id, stamp.wall);
    }

    /// Notes that nobody knows whether an order exists.
    pub(super) fn doubt_order(&mut self, id: ClientOrderId, stamp: Stamp, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let before = order.state;
        order.hear(Evidence::Undetermined, stamp);
        if let Some(inquiry) = &mut order.inquiry {
            inquiry.forget_empty_rounds();
        }
        if order.state == OrderState::Unknown && before != OrderState::Unknown {
            self.counters.unknown_orders += 1;
            let notice = Notice::Undetermined { request: Request::Submit, client_order_id: Some(id) };
            notify(order.bot, notice, out);
        }
    }

    /// Learns the venue's name of an order; executions that came under it find their order now.
    pub(super) fn link(&mut self, id: ClientOrderId, order_id: OrderId, stamp: Stamp, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        if order.order_id == Some(order_id) {
            return;
        }
        order.order_id = Some(order_id);
        if self.by_order_id.insert(order_id, id).is_none() {
            for execution in self.ledger.attach(id, Some(order_id)) {
                self.fill_order(id, &execution, stamp, out);
            }
        }
    }

    /// The bots whose positions an answer without an order is about.
    fn bots_on(&self, symbol: Option<Symbol>) -> Vec<BotName> {
        let Some(symbol) = symbol else { return Vec::new() };
        let mut bots: Vec<BotName> =
            PositionIndex::ALL.into_iter().filter_map(|index| self.owners.owner((symbol, index))).collect();
        bots.dedup();
        bots
    }
}

/// Moves the oldest request of a kind that is not acknowledged yet to `phase`: answers come in the order of
/// the requests and name only the order.
fn advance(order: &mut Order, request: Request, phase: Phase) {
    let is_waiting = |pending: &&mut Pending| pending.phase != Phase::Acknowledged;
    let pending = match request {
        Request::Amend => {
            order.amendments.iter_mut().map(|amendment| &mut amendment.pending).find(is_waiting)
        }
        _ => order.cancellations.iter_mut().find(is_waiting),
    };
    if let Some(pending) = pending {
        pending.phase = phase;
    }
}

/// Drops the oldest amend without an answer; one that was taken stays reserved until the order shows it.
fn drop_refused_amendment(order: &mut Order) {
    let is_waiting = |amendment: &Amendment| amendment.pending.phase != Phase::Acknowledged;
    if let Some(refused) = order.amendments.iter().position(is_waiting) {
        order.amendments.remove(refused);
    }
}

/// The same of a cancel: one that was taken is not undone by the refusal of another.
fn drop_refused_cancellation(order: &mut Order) {
    if let Some(refused) = order.cancellations.iter().position(|pending| pending.phase != Phase::Acknowledged)
    {
        order.cancellations.remove(refused);
    }
}
