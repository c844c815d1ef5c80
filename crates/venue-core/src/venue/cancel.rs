//! Cancels, and the one way in which an unfilled order ends.

use super::Venue;
use crate::api::{
    Acknowledgement, CancelAll, CancelOrder, CancelType, OrderIds, OrderKind, OrderReference, OrderStatus,
    Output, Refusal, RejectReason,
};
use crate::order::OrderKey;

impl Venue {
    pub(super) fn cancel(
        &mut self,
        account: usize,
        request: &CancelOrder,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.market_slot(&request.symbol)?;
        let key = self.find_open(account, market, &request.order)?;
        self.cancel_by_user(key);
        Ok(Acknowledgement::Order(self.ids_of(key)))
    }

    pub(super) fn cancel_all(
        &mut self,
        account: usize,
        request: &CancelAll,
    ) -> Result<Acknowledgement, Refusal> {
        let markets: Vec<usize> = match (&request.symbol, &request.settle_coin) {
            (Some(symbol), _) => vec![self.market_slot(symbol)?],
            (None, Some(coin)) => {
                let settled_in_coin = |slot: &usize| &self.markets[*slot].spec.quote_coin == coin;
                (0..self.markets.len()).filter(settled_in_coin).collect()
            }
            (None, None) => return Err(Refusal::new(10001, "symbol or settleCoin is required")),
        };
        let mut keys = Vec::new();
        for market in markets {
            if request.kind != Some(OrderKind::StopOrder) {
                keys.extend(self.accounts[account].resting[market].iter().copied());
            }
            if request.kind != Some(OrderKind::Order) {
                let spared = |key: &OrderKey| request.spare_protection && self.orders[*key].is_protection();
                keys.extend(
                    self.accounts[account].waiting[market].iter().copied().filter(|key| !spared(key)),
                );
            }
        }
        keys.sort_unstable();
        for &key in &keys {
            self.cancel_by_user(key);
        }
        Ok(Acknowledgement::Orders(keys.into_iter().map(|key| self.ids_of(key)).collect()))
    }

    fn cancel_by_user(&mut self, key: OrderKey) {
        self.end(key, CancelType::ByUser, RejectReason::PerCancelRequest);
    }

    /// The open order a request means.
    pub(super) fn find_open(
        &self,
        account: usize,
        market: usize,
        reference: &OrderReference,
    ) -> Result<OrderKey, Refusal> {
        if reference.order_id.is_none() && reference.order_link_id.is_none() {
            return Err(Refusal::new(10001, "orderId or orderLinkId is required"));
        }
        self.accounts[account]
            .find(reference.order_id.as_deref(), reference.order_link_id.as_deref())
            .filter(|key| self.orders[*key].market == market && !self.orders[*key].status.is_closed())
            .ok_or_else(|| Refusal::new(110001, "order not exists or too late to cancel"))
    }

    pub(super) fn ids_of(&self, key: OrderKey) -> OrderIds {
        let order = &self.orders[key];
        OrderIds { order_id: order.id.clone(), order_link_id: order.link_id.clone() }
    }

    /// Ends an order with something unfilled: it leaves the book or the waiting room and is reported. One that never
    /// triggered is `Deactivated`, any other `Cancelled`.
    pub(super) fn end(&mut self, key: OrderKey, cancel_type: CancelType, reject_reason: RejectReason) {
        let was_waiting = self.orders[key].status == OrderStatus::Untriggered;
        self.leave(key);
        let order = &mut self.orders[key];
        order.status = if was_waiting { OrderStatus::Deactivated } else { OrderStatus::Cancelled };
        order.cancel_type = cancel_type;
        order.reject_reason = reject_reason;
        self.close_order(key);
        self.report_order(key);
    }

    /// Takes an order from wherever it rests or waits.
    pub(super) fn leave(&mut self, key: OrderKey) {
        let order = &self.orders[key];
        let (account, market, side, price) = (order.account, order.market, order.side, order.price);
        if self.accounts[account].resting[market].remove(&key) {
            self.markets[market].book.remove(side, price, key);
        }
        if self.accounts[account].waiting[market].remove(&key) {
            self.markets[market].waiting.remove(&key);
            self.accounts[account].positions[market].protection.forget(key);
        }
    }

    /// Files an order that has reached its last status.
    pub(super) fn close_order(&mut self, key: OrderKey) {
        let order = &mut self.orders[key];
        order.updated_ms = self.now_ms;
        let (account, market) = (order.account, order.market);
        self.accounts[account].closed.push(key);
        self.touch(account, market);
    }

    pub(super) fn report_order(&mut self, key: OrderKey) {
        let order = &self.orders[key];
        let row = order.row(self.markets[order.market].symbol());
        self.out.push(Output::Order { uid: self.accounts[order.account].uid, row });
    }
}
