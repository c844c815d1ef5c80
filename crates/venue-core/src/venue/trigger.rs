//! Orders that wait for a price: conditional orders of the client and the stops of positions.

use super::Venue;
use crate::api::{CancelType, OrderStatus, OrderType, RejectReason, Side};
use crate::order::OrderKey;

impl Venue {
    /// Files a new order among the waiting ones.
    pub(super) fn wait_for_trigger(&mut self, key: OrderKey) {
        let (account, market) = (self.orders[key].account, self.orders[key].market);
        self.accounts[account].waiting[market].insert(key);
        self.markets[market].waiting.insert(key);
        self.touch(account, market);
        self.report_order(key);
    }

    /// Fires the oldest waiting order whose price has come; says whether there was one.
    pub(super) fn fire_next_trigger(&mut self) -> bool {
        for market in 0..self.markets.len() {
            let waiting: Vec<OrderKey> = self.markets[market].waiting.iter().copied().collect();
            for key in waiting {
                if self.is_triggered(key) {
                    self.fire(key);
                    return true;
                }
            }
        }
        false
    }

    fn is_triggered(&mut self, key: OrderKey) -> bool {
        let order = &mut self.orders[key];
        let Some(trigger) = order.trigger else { return false };
        let Some(price) = self.markets[order.market].watched(trigger.by) else { return false };
        let Some(trailing) = order.trailing.as_mut() else { return trigger.is_reached(price) };
        if trailing.extreme.is_none() && trigger.price > 0 && !trigger.is_reached(price) {
            return false;
        }
        // The stop sells a long at a distance under the highest price, and mirrored.
        let extreme = trailing.extreme.unwrap_or(price);
        match order.side {
            Side::Sell => {
                trailing.extreme = Some(extreme.max(price));
                price <= extreme - trailing.distance
            }
            Side::Buy => {
                trailing.extreme = Some(extreme.min(price));
                price >= extreme + trailing.distance
            }
        }
    }

    /// Turns a waiting order into a working one. What was not held while it waited is checked now.
    fn fire(&mut self, key: OrderKey) {
        self.leave(key);
        let (account, market, side) =
            (self.orders[key].account, self.orders[key].market, self.orders[key].side);
        self.touch(account, market);
        let reducible = self.accounts[account].positions[market].reducible(side);
        let of_market = &self.markets[market];
        let price = match self.orders[key].order_type {
            // Nobody is there to be refused, so the price is moved whatever the switch says.
            OrderType::Limit => of_market.bounded(side, self.orders[key].price),
            // Without any price nothing can have triggered.
            OrderType::Market | OrderType::Unknown => of_market.protective_price(side).unwrap_or(0),
        };
        let order = &mut self.orders[key];
        order.status = OrderStatus::Triggered;
        order.price = price;
        order.updated_ms = self.now_ms;
        if order.close_on_trigger && order.qty == 0 {
            order.qty = reducible;
        }
        self.report_order(key);
        if self.orders[key].reduce_only {
            if reducible == 0 {
                self.end(key, CancelType::ByReduceOnly, RejectReason::QtyCannotBeZero);
                return;
            }
            self.cut(key, reducible);
        } else if self.check_margin(&self.orders[key], None).is_err() {
            self.end(key, CancelType::ByCost, RejectReason::NoError);
            return;
        }
        self.orders[key].status = OrderStatus::New;
        self.submit(key);
    }
}
