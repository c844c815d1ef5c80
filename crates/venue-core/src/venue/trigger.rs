//! Orders that wait for a price: conditional orders of the client and the stops of positions.

use super::Venue;
use crate::api::{CancelType, OrderStatus, OrderType, RejectReason, Side, TriggeredRow};
use crate::order::OrderKey;

impl Venue {
    /// Files a new order among the waiting ones.
    pub(super) fn wait_for_trigger(&mut self, key: OrderKey) {
        let place = self.orders[key].place();
        self.accounts[place.account].desks[place.market].waiting.insert(key);
        self.markets[place.market].watch.enter(key, &self.orders[key]);
        self.touched.priced.insert(place.market);
        self.touch(place);
        self.report_order(key);
    }

    /// Fires the oldest waiting order whose price has come; says whether there was one. Only markets where a price moved or
    /// an order came are looked at.
    pub(super) fn fire_next_trigger(&mut self) -> bool {
        while let Some(market) = self.touched.priced.first() {
            let of_market = &self.markets[market];
            let reached = of_market.watch.reached(|by| of_market.watched(by));
            if let Some(key) = self.follow_trailing(market, reached).or(reached) {
                self.fire(key);
                return true;
            }
            self.touched.priced.remove(market);
        }
        false
    }

    /// Moves the trailing stops of a market that are older than `before`, up to the first that fires.
    fn follow_trailing(&mut self, market: usize, before: Option<OrderKey>) -> Option<OrderKey> {
        let of_market = &self.markets[market];
        let older =
            of_market.watch.trailing.iter().take_while(|key| before.is_none_or(|before| *key < before));
        for key in older {
            let order = &mut self.orders[key];
            let Some((trigger, trailing)) = order.trigger.zip(order.trailing.as_mut()) else { continue };
            let Some(price) = of_market.watched(trigger.by) else { continue };
            if trailing.extreme.is_none() && trigger.price > 0 && !trigger.is_reached(price) {
                continue;
            }
            // The stop sells a long at a distance under the highest price, and mirrored.
            let extreme = trailing.extreme.unwrap_or(price);
            let (extreme, has_fired) = match order.side {
                Side::Sell => (extreme.max(price), price <= extreme - trailing.distance),
                Side::Buy => (extreme.min(price), price >= extreme + trailing.distance),
            };
            trailing.extreme = Some(extreme);
            if has_fired {
                return Some(key);
            }
        }
        None
    }

    /// Turns a waiting order into a working one. What was not held while it waited is checked now.
    fn fire(&mut self, key: OrderKey) {
        self.leave(key);
        self.end_sibling(key);
        let (place, side) = (self.orders[key].place(), self.orders[key].side);
        self.touch(place);
        let reducible = self.accounts[place.account].position(place).reducible(side);
        let of_market = &self.markets[place.market];
        let price = match self.orders[key].order_type {
            // Nobody is there to be refused, so the price is moved whatever the switch says.
            OrderType::Limit => {
                of_market.bounded((self.doubts.price_bound, self.now_ms), side, self.orders[key].price)
            }
            // Without any price nothing can have triggered.
            OrderType::Market | OrderType::Unknown => of_market.protective_price(side, None).unwrap_or(0),
        };
        let order = &mut self.orders[key];
        order.status = OrderStatus::Triggered;
        order.price = price;
        order.updated_ms = self.now_ms;
        if order.close_on_trigger && order.qty == 0 {
            order.qty = reducible.min(of_market.largest_qty(order.order_type, order.time_in_force));
        }
        if self.doubts.triggered_row == TriggeredRow::Shown && !self.markets[place.market].is_spot() {
            self.report_order(key);
        }
        if let Some(amount) = self.orders[key].quote_amount {
            self.orders[key].qty = self.qty_for_amount(place.market, side, price, amount);
        }
        if self.orders[key].reduce_only {
            if reducible == 0 {
                self.end(key, CancelType::ByReduceOnly, RejectReason::QtyCannotBeZero);
                return;
            }
            self.cut(key, reducible);
        } else if !self.can_pay(key) {
            self.end(key, CancelType::ByCost, RejectReason::NoError);
            return;
        }
        self.orders[key].status = OrderStatus::New;
        self.submit(key);
    }

    /// Whether a fired order can be paid for. One that closes on its trigger may take the margin of the account's other
    /// opening orders in the symbol, the newest first.
    fn can_pay(&mut self, key: OrderKey) -> bool {
        loop {
            if self.check_affordable(&self.orders[key], None).is_ok() {
                return true;
            }
            let order = &self.orders[key];
            let working = self.accounts[order.account].desks[order.market].resting();
            let other = working.iter().rev().find(|other| !self.orders[*other].reduce_only);
            match other.filter(|_| order.close_on_trigger) {
                Some(other) => self.end(other, CancelType::ByUser, RejectReason::NoError),
                None => return false,
            }
        }
    }

    /// Of a pair of stops the one that fires ends the other.
    fn end_sibling(&mut self, key: OrderKey) {
        let Some(sibling) = self.orders[key].sibling.take() else { return };
        self.orders[sibling].sibling = None;
        if self.orders[sibling].status != OrderStatus::Untriggered {
            return;
        }
        let cancel_type = if self.orders[key].is_stop_loss() {
            CancelType::ByPairedStopLoss
        } else {
            CancelType::ByPairedTakeProfit
        };
        self.end(sibling, cancel_type, RejectReason::NoError);
    }
}
