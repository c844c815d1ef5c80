//! The stops that a spot order brings: once it has filled, orders wait that sell what it bought (or buy back what it sold) at
//! a profit or at a loss. Two of them are a pair: they hold their funds once, and the one that fires ends the other.
//!
//! Spot has no positions, so nothing but their trigger and the client ends them. Source: Bybit V5, "Place Order",
//! `takeProfit`; changelog of 2024-01-15; help centre, "Take Profit and Stop Loss (Spot Trading)".

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{
    CancelType, CreateType, MarginMode, OrderStatus, OrderType, RejectReason, Side, StopOrderType,
    TimeInForce, TriggerDirection,
};
use crate::order::{Children, Order, OrderKey, Protection, Trigger};
use crate::units::decimal;

/// Which side of the market a stop lies on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    TakeProfit,
    StopLoss,
}

impl Venue {
    /// Takes note that a spot order has to be looked at for its stops.
    pub(super) fn note_spot_stops(&mut self, key: OrderKey) {
        if self.orders[key].brings_stops() && self.markets[self.orders[key].market].is_spot() {
            self.touched.spot_fills.push(key);
        }
    }

    /// Gives what a spot order has filled its stops: the waiting ones grow, or there are new ones.
    pub(super) fn attach_spot_stops(&mut self, key: OrderKey) {
        let size = self.uncovered(key);
        let order = &self.orders[key];
        let of_market = &self.markets[order.market];
        // Too little to be an order waits for the next fill.
        if of_market.qty(decimal(size), OrderType::Limit, TimeInForce::Gtc).is_err() {
            return;
        }
        let before = order.children;
        let wanted = [(Kind::TakeProfit, order.take_profit), (Kind::StopLoss, order.stop_loss)];
        let waiting = [before.take_profit, before.stop_loss].into_iter().flatten();
        let grown: Vec<OrderKey> =
            waiting.filter(|child| self.orders[*child].status == OrderStatus::Untriggered).collect();
        for child in &grown {
            self.orders[*child].qty += size;
            self.orders[*child].updated_ms = self.now_ms;
        }
        let children = if grown.is_empty() {
            let is_pair = wanted.iter().all(|(_, stop)| stop.is_some());
            let [take_profit, stop_loss] =
                wanted.map(|(kind, stop)| Some(self.enter_spot_stop(key, kind, stop?, (size, is_pair))));
            let children = Children { take_profit, stop_loss, covered: before.covered };
            self.pair(children);
            children
        } else {
            before
        };
        self.orders[key].children = Children { covered: before.covered + size, ..children };
        let stops: Vec<OrderKey> = [children.take_profit, children.stop_loss].into_iter().flatten().collect();
        for stop in &stops {
            if grown.is_empty() {
                self.wait_for_trigger(*stop);
            } else {
                self.report_order(*stop);
            }
        }
        self.touch(self.orders[key].place());
        if !self.can_hold(key) {
            for stop in stops {
                self.orders[stop].sibling = None;
                self.end(stop, CancelType::ByCost, RejectReason::NoError);
            }
        }
    }

    /// How much of what a spot order has filled has no stop yet, in units: what was bought less the fee that was taken out
    /// of it, as that is all that can be sold again.
    fn uncovered(&self, key: OrderKey) -> i64 {
        let order = &self.orders[key];
        let of_market = &self.markets[order.market];
        let is_in_base = |(coin, _): &&(usize, Decimal)| *coin == of_market.base;
        let fee: Decimal = order.fees.iter().flatten().filter(is_in_base).map(|(_, fee)| *fee).sum();
        let kept = match order.side {
            Side::Buy => decimal(order.filled) - fee.max(Decimal::ZERO),
            Side::Sell => decimal(order.filled),
        };
        of_market.lots(kept) - order.children.covered
    }

    /// Puts one stop into the store; it does not wait yet.
    fn enter_spot_stop(
        &mut self,
        parent: OrderKey,
        kind: Kind,
        stop: Protection,
        (qty, is_pair): (i64, bool),
    ) -> OrderKey {
        let (place, bought) = (self.orders[parent].place(), self.orders[parent].side == Side::Buy);
        let falls = bought == (kind == Kind::StopLoss);
        let direction = if falls { TriggerDirection::Fall } else { TriggerDirection::Rise };
        let stop_order_type =
            if is_pair { StopOrderType::BidirectionalTpslOrder } else { StopOrderType::TpslOrder };
        let side = self.orders[parent].side.opposite();
        let order = Order {
            order_type: if stop.limit.is_some() { OrderType::Limit } else { OrderType::Market },
            time_in_force: if stop.limit.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc },
            price: stop.limit.unwrap_or(0),
            qty,
            status: OrderStatus::Untriggered,
            stop_order_type: Some(stop_order_type),
            trigger: Some(Trigger { price: stop.price, direction, by: stop.by }),
            reduce_only: false,
            last_price_on_created: self.markets[place.market].last,
            ..Order::closing(place, &self.no_name, side, CreateType::ByStopOrder, self.now_ms)
        };
        self.enter(order)
    }

    /// Whether the balance bears what the stops of a spot order hold.
    fn can_hold(&self, parent: OrderKey) -> bool {
        let order = &self.orders[parent];
        let of_market = &self.markets[order.market];
        // The stops sell what was bought, and pay for what was sold.
        let coin = if order.side == Side::Buy { of_market.base } else { of_market.quote };
        let account = &self.accounts[order.account];
        let margin = account.margin(self.context());
        let wallet = account.balances[coin].wallet;
        let free = match account.margin_mode {
            MarginMode::Isolated => margin.coins[coin].free_of(wallet),
            MarginMode::Cross => wallet - margin.coins[coin].locked,
        };
        free >= Decimal::ZERO
    }
}
