//! Cancels, and the one way in which an unfilled order ends.

use super::Venue;
use crate::api::{
    Acknowledgement, CancelAll, CancelOrder, CancelType, Category, DisconnectScope, LateCancel, OrderIds,
    OrderKind, OrderReference, OrderRow, OrderStatus, Output, Refusal, RejectReason, SpotStops,
    StopOrderType,
};
use crate::order::{OrderKey, Surroundings};

/// Orders for contracts that one cancel-all takes; which ones, beyond that number, is chance. Source: Bybit V5, "Cancel All
/// Orders".
const CANCEL_ALL_MAX: usize = 500;

impl Venue {
    pub(super) fn cancel(
        &mut self,
        account: usize,
        request: &CancelOrder,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.market_slot(request.category, &request.symbol)?;
        if let Some(key) = self.filled_order(account, market, &request.order)
            && self.doubts.late_cancel == LateCancel::SecondFilled
        {
            self.report_late_cancel(key);
            return Ok(Acknowledgement::Order(self.ids_of(key)));
        }
        let key = self.find_open(account, market, &request.order)?;
        let is_meant = match (self.kind_of(key), request.kind.unwrap_or(OrderKind::Order)) {
            // The page lists no filter for one order of a pair, only for the stops of spot.
            (OrderKind::BidirectionalTpslOrder, OrderKind::TpslOrder) => true,
            (kind, asked) => kind == asked,
        };
        if request.category == Category::Spot && !is_meant {
            return Err(Refusal::new(170213, "order does not exist under this orderFilter"));
        }
        self.cancel_by_user(key);
        Ok(Acknowledgement::Order(self.ids_of(key)))
    }

    pub(super) fn cancel_all(
        &mut self,
        account: usize,
        request: &CancelAll,
    ) -> Result<Acknowledgement, Refusal> {
        let markets = self.markets_of(request)?;
        let kind = match request.category {
            Category::Spot => Some(request.kind.unwrap_or(OrderKind::Order)),
            Category::Linear | Category::Inverse => request.kind,
        };
        let is_meant = |key: &OrderKey| {
            let is_spared = request.spare_protection && self.orders[*key].is_protection();
            kind.is_none_or(|kind| kind == self.kind_of(*key)) && !is_spared
        };
        let of_account = &self.accounts[account];
        let mut keys: Vec<OrderKey> = markets
            .iter()
            .map(|market| &of_account.desks[*market])
            .flat_map(|desk| desk.resting().iter().chain(desk.waiting.iter()))
            .filter(is_meant)
            .collect();
        if request.category != Category::Spot {
            self.draw(&mut keys, CANCEL_ALL_MAX);
        }
        keys.sort_unstable();
        for &key in &keys {
            self.cancel_by_user(key);
        }
        Ok(Acknowledgement::Orders(keys.into_iter().map(|key| self.ids_of(key)).collect()))
    }

    /// Ends the active orders of a product group, and those that wait for their trigger where the doubt says so. Stops
    /// that belong to a position stay with it.
    pub(super) fn disconnect(&mut self, account: usize, category: Category) -> Acknowledgement {
        let of_account = &self.accounts[account];
        let markets = (0..self.markets.len()).filter(|slot| self.markets[*slot].spec.category == category);
        let mut keys: Vec<OrderKey> = Vec::new();
        for market in markets {
            let desk = &of_account.desks[market];
            keys.extend(desk.resting().iter());
            if self.doubts.disconnect_scope == DisconnectScope::AndConditional {
                let waiting = desk.waiting.iter();
                keys.extend(waiting.filter(|key| !self.orders[*key].is_protection()));
            }
        }
        keys.sort_unstable();
        for &key in &keys {
            self.end(key, CancelType::ByDisconnection, RejectReason::NoError);
        }
        Acknowledgement::Orders(keys.into_iter().map(|key| self.ids_of(key)).collect())
    }

    /// The markets that a cancel-all means.
    fn markets_of(&self, request: &CancelAll) -> Result<Vec<usize>, Refusal> {
        let of_category =
            (0..self.markets.len()).filter(|slot| self.markets[*slot].spec.category == request.category);
        Ok(match (&request.symbol, &request.base_coin, &request.settle_coin) {
            (Some(symbol), _, _) => vec![self.market_slot(request.category, symbol)?],
            (None, Some(coin), _) => {
                of_category.filter(|slot| &self.markets[*slot].spec.base_coin == coin).collect()
            }
            (None, None, Some(coin)) => {
                of_category.filter(|slot| self.markets[*slot].spec.settle_coin() == Some(coin)).collect()
            }
            (None, None, None) if request.category == Category::Spot => of_category.collect(),
            (None, None, None) => {
                return Err(Refusal::new(10001, "symbol, baseCoin or settleCoin is required"));
            }
        })
    }

    /// Keeps a random choice of `count` of the keys.
    fn draw(&mut self, keys: &mut Vec<OrderKey>, count: usize) {
        if keys.len() <= count {
            return;
        }
        for drawn in 0..count {
            let other = drawn + self.ids.below(keys.len() - drawn);
            keys.swap(drawn, other);
        }
        keys.truncate(count);
    }

    /// How an open order is listed: on the book, or waiting, and then whether it holds its funds.
    pub(super) fn kind_of(&self, key: OrderKey) -> OrderKind {
        let order = &self.orders[key];
        match (order.status, order.stop_order_type) {
            (OrderStatus::Untriggered, Some(StopOrderType::TpslOrder)) => OrderKind::TpslOrder,
            (OrderStatus::Untriggered, Some(StopOrderType::BidirectionalTpslOrder)) => {
                OrderKind::BidirectionalTpslOrder
            }
            (OrderStatus::Untriggered, _) => OrderKind::StopOrder,
            _ => OrderKind::Order,
        }
    }

    /// Ends an order, and with one stop of a pair the other: bound together, they are cancelled together. Source: Bybit V5,
    /// "Set Trading Stop", on what editing one of them undoes.
    fn cancel_by_user(&mut self, key: OrderKey) {
        if self.orders[key].status.is_closed() {
            return;
        }
        let sibling = self.orders[key].sibling.take();
        self.end(key, CancelType::ByUser, RejectReason::PerCancelRequest);
        if let Some(sibling) = sibling {
            self.orders[sibling].sibling = None;
            self.cancel_by_user(sibling);
        }
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
        self.find(account, reference)
            .filter(|key| self.orders[*key].market == market && !self.orders[*key].status.is_closed())
            .ok_or_else(|| {
                let code = if self.markets[market].is_spot() { 170213 } else { 110001 };
                Refusal::new(code, "order not exists or too late to cancel")
            })
    }

    /// The order of an account by either id, open or closed; the venue's own wins.
    pub(super) fn find(&self, account: usize, reference: &OrderReference) -> Option<OrderKey> {
        let id = reference.order_id.as_deref().filter(|id| !id.is_empty());
        let link_id = reference.order_link_id.as_deref().filter(|id| !id.is_empty());
        match (id, link_id) {
            (Some(id), _) => self.order_with_id(id).filter(|key| self.orders[*key].account == account),
            (None, Some(id)) => self.accounts[account].by_link_id.get(id).copied(),
            (None, None) => None,
        }
    }

    /// The filled order a request means, if it means one.
    fn filled_order(&self, account: usize, market: usize, reference: &OrderReference) -> Option<OrderKey> {
        self.find(account, reference).filter(|key| {
            let order = &self.orders[*key];
            order.market == market && order.status == OrderStatus::Filled
        })
    }

    /// The second `Filled` row of a cancel that came too late; the order itself stays as it was. Source: Bybit V5,
    /// "Order" (private topic).
    fn report_late_cancel(&mut self, key: OrderKey) {
        if !self.accounts[self.orders[key].account].audience.orders {
            return;
        }
        let row = OrderRow {
            cancel_type: CancelType::ByUser,
            reject_reason: RejectReason::OrigClOrdIdDoesNotExist,
            ..self.order_row(key)
        };
        self.out.push(Output::Order { uid: self.accounts[self.orders[key].account].uid, row });
    }

    pub(super) fn ids_of(&self, key: OrderKey) -> OrderIds {
        let order = &self.orders[key];
        OrderIds { order_id: self.order_id(key), order_link_id: order.link_id.clone() }
    }

    /// Ends an order with something unfilled: it leaves the book or the waiting room and is reported. One that never
    /// triggered is `Deactivated`, any other `Cancelled`, of spot with a part filled `PartiallyFilledCanceled`.
    pub(super) fn end(&mut self, key: OrderKey, cancel_type: CancelType, reject_reason: RejectReason) {
        let order = &self.orders[key];
        let status = if order.status == OrderStatus::Untriggered {
            OrderStatus::Deactivated
        } else if order.filled > 0 && self.markets[order.market].is_spot() {
            OrderStatus::PartiallyFilledCanceled
        } else {
            OrderStatus::Cancelled
        };
        self.end_as(key, status, cancel_type, reject_reason);
    }

    /// Ends an order in a given last status.
    pub(super) fn end_as(
        &mut self,
        key: OrderKey,
        status: OrderStatus,
        cancel_type: CancelType,
        reject_reason: RejectReason,
    ) {
        self.leave(key);
        let order = &mut self.orders[key];
        order.status = status;
        order.cancel_type = cancel_type;
        order.reject_reason = reject_reason;
        self.close_order(key);
        self.report_order(key);
    }

    /// Takes an order from wherever it rests or waits.
    pub(super) fn leave(&mut self, key: OrderKey) {
        let order = &self.orders[key];
        let (place, market, side, price) = (order.place(), order.market, order.side, order.price);
        let ticket = order.ticket;
        let payoff = self.markets[market].payoff;
        if self.accounts[place.account].desks[market].unrest(payoff, key, order) {
            self.book_mut(market).set_leaves(side, price, ticket, 0);
        }
        let account = &mut self.accounts[place.account];
        if account.desks[market].waiting.remove(key) {
            self.markets[market].watch.leave(key, &self.orders[key]);
            let position = account.position_mut(place);
            if position.protection.forget(key) {
                position.updated_ms = self.now_ms;
            }
        }
    }

    /// Files an order that has reached its last status.
    pub(super) fn close_order(&mut self, key: OrderKey) {
        let order = &mut self.orders[key];
        order.updated_ms = self.now_ms;
        let place = order.place();
        self.accounts[place.account].closed.push(key);
        self.touch(place);
        if self.doubts.spot_stops == SpotStops::WhenItEnds && self.orders[key].filled > 0 {
            self.note_spot_stops(key);
        }
    }

    pub(super) fn report_order(&mut self, key: OrderKey) {
        if !self.accounts[self.orders[key].account].audience.orders {
            return;
        }
        let row = self.order_row(key);
        self.out.push(Output::Order { uid: self.accounts[self.orders[key].account].uid, row });
    }

    pub(super) fn order_row(&self, key: OrderKey) -> OrderRow {
        let order = &self.orders[key];
        let other = order.self_match.map(|other| self.order_id(other));
        order.row(Surroundings {
            market: &self.markets[order.market],
            coins: &self.coins,
            smp_group: self.accounts[order.account].smp_group,
            order_id: self.order_id(key),
            smp_order_id: other.unwrap_or_else(|| self.no_name.clone()),
        })
    }
}
