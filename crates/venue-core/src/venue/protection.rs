//! Stops that belong to a position: in mode Full one stop-loss, one take-profit and one trailing stop that follow its
//! size, in mode Partial up to twenty of fixed sizes. The venue makes them as orders that wait; they die with the
//! position. Reduce-only orders follow the position as well.

use super::Venue;
use crate::api::{
    CancelType, CreateType, OrderLinkId, OrderStatus, OrderType, ReduceOnlyExcess, RejectReason, Side,
    StopOrderType, TimeInForce, TpslMode, TriggerDirection,
};
use crate::order::{Children, Order, OrderKey, Place, Protection, Trailing, Trigger};

/// Partial stops of one position. Source: Bybit V5, "Open order limits" (110061).
pub(super) const PARTIAL_STOPS_MAX: usize = 20;

/// A stop to be made.
pub(super) struct Wanted {
    pub(super) kind: StopOrderType,
    pub(super) trigger: Protection,
    pub(super) trailing: Option<Trailing>,
    pub(super) parent_link_id: OrderLinkId,
    /// Its own size in units; `None` for that of the position.
    pub(super) size: Option<i64>,
}

impl Venue {
    pub(super) fn current_stop(&self, place: Place, kind: StopOrderType) -> Option<Protection> {
        let key = self.accounts[place.account].position(place).protection.of(kind)?;
        let order = &self.orders[key];
        order.trigger.map(|trigger| Protection { price: trigger.price, by: trigger.by, limit: None })
    }

    pub(super) fn clear_stop(&mut self, place: Place, kind: StopOrderType) {
        if let Some(key) = self.accounts[place.account].position(place).protection.of(kind) {
            self.end(key, CancelType::ByProtectionCleared, RejectReason::NoError);
        }
    }

    /// Makes the order behind a stop of an open position.
    pub(super) fn make_stop(&mut self, place: Place, wanted: Wanted) -> Option<OrderKey> {
        let position = self.accounts[place.account].position(place);
        let position_side = position.side()?;
        let qty = wanted.size.unwrap_or(position.size.abs());
        // A stop-loss of a long fires on a fall, its take-profit on a rise; an activation price is reached like a profit.
        let fires_on_fall = (position_side == Side::Buy) == is_loss(wanted.kind);
        let direction = if fires_on_fall { TriggerDirection::Fall } else { TriggerDirection::Rise };
        let limit = wanted.trigger.limit;
        let order = Order {
            parent_link_id: wanted.parent_link_id,
            order_type: if limit.is_some() { OrderType::Limit } else { OrderType::Market },
            time_in_force: if limit.is_some() { TimeInForce::Gtc } else { TimeInForce::Ioc },
            price: limit.unwrap_or(0),
            qty,
            status: OrderStatus::Untriggered,
            stop_order_type: Some(wanted.kind),
            tpsl_mode: Some(if wanted.size.is_some() { TpslMode::Partial } else { TpslMode::Full }),
            trigger: Some(Trigger { price: wanted.trigger.price, direction, by: wanted.trigger.by }),
            trailing: wanted.trailing,
            close_on_trigger: true,
            last_price_on_created: self.markets[place.market].last,
            ..Order::closing(
                place,
                &self.no_name,
                position_side.opposite(),
                create_type(wanted.kind),
                self.now_ms,
            )
        };
        let key = self.enter(order);
        let position = self.accounts[place.account].position_mut(place);
        position.protection.file(wanted.kind, key);
        position.updated_ms = self.now_ms;
        self.wait_for_trigger(key);
        Some(key)
    }

    /// Makes two stops a pair: when one fires, the other ends.
    pub(super) fn pair(&mut self, children: Children) {
        if let (Some(take_profit), Some(stop_loss)) = (children.take_profit, children.stop_loss) {
            self.orders[take_profit].sibling = Some(stop_loss);
            self.orders[stop_loss].sibling = Some(take_profit);
        }
    }

    /// Brings stops and reduce-only orders in line with the positions that changed.
    pub(super) fn follow_positions(&mut self) {
        let mut resized = std::mem::take(&mut self.touched.resized);
        for place in resized.iter() {
            self.clear_orphaned_stops(place);
        }
        for key in std::mem::take(&mut self.touched.spot_fills) {
            self.attach_spot_stops(key);
        }
        for (key, opened) in std::mem::take(&mut self.touched.protected_fills) {
            match self.orders[key].tpsl_mode {
                Some(TpslMode::Partial) => self.attach_partial_stops(key, opened),
                Some(TpslMode::Full) | None => self.attach_stops(key),
            }
        }
        while let Some(place) = resized.pop_first() {
            self.resize_stops(place);
            self.cut_reduce_only(place);
        }
        // Nothing of this resizes a position: the empty set goes back with its memory.
        debug_assert!(self.touched.resized.is_empty());
        self.touched.resized = resized;
    }

    /// Stops whose position is gone or has flipped.
    fn clear_orphaned_stops(&mut self, place: Place) {
        let position = self.accounts[place.account].position(place);
        let closing_side = position.side().map(Side::opposite);
        for key in position.protection.all() {
            if Some(self.orders[key].side) != closing_side {
                self.end(key, CancelType::ByProtectionCleared, RejectReason::NoError);
            }
        }
    }

    /// Gives the position the stops of an order that opened it. They replace what was there, unless that came from the
    /// same order and stands at the same price.
    fn attach_stops(&mut self, key: OrderKey) {
        let order = &self.orders[key];
        let (place, parent_link_id) = (order.place(), order.link_id.clone());
        if self.accounts[place.account].position(place).side() != Some(order.side) {
            return;
        }
        let stops =
            [(StopOrderType::StopLoss, order.stop_loss), (StopOrderType::TakeProfit, order.take_profit)];
        for (kind, trigger) in stops {
            let Some(trigger) = trigger else { continue };
            if self.current_stop(place, kind) == Some(trigger) {
                continue;
            }
            self.clear_stop(place, kind);
            let parent_link_id = parent_link_id.clone();
            self.make_stop(place, Wanted { kind, trigger, trailing: None, parent_link_id, size: None });
        }
    }

    /// Stops of the size that an order has opened: made at its first fill, larger with each further one.
    fn attach_partial_stops(&mut self, key: OrderKey, opened: i64) {
        let order = &self.orders[key];
        let (place, parent_link_id, before) = (order.place(), order.link_id.clone(), order.children);
        if opened == 0 || self.accounts[place.account].position(place).side() != Some(order.side) {
            return;
        }
        let stops = [
            (StopOrderType::PartialTakeProfit, order.take_profit, before.take_profit),
            (StopOrderType::PartialStopLoss, order.stop_loss, before.stop_loss),
        ];
        let made = stops.map(|(kind, trigger, child)| {
            let trigger = trigger?;
            if let Some(child) = child.filter(|child| self.orders[*child].status == OrderStatus::Untriggered)
            {
                self.orders[child].qty += opened;
                self.orders[child].updated_ms = self.now_ms;
                self.report_order(child);
                return Some(child);
            }
            let filed = self.accounts[place.account].position(place).protection.partial.len();
            if filed >= PARTIAL_STOPS_MAX {
                return None;
            }
            let parent_link_id = parent_link_id.clone();
            self.make_stop(
                place,
                Wanted { kind, trigger, trailing: None, parent_link_id, size: Some(opened) },
            )
        });
        let children = Children { take_profit: made[0], stop_loss: made[1], ..before };
        if children != before {
            self.orders[key].children = children;
            self.pair(children);
        }
    }

    fn resize_stops(&mut self, place: Place) {
        let position = self.accounts[place.account].position(place);
        let size = position.size.abs();
        for key in position.protection.full() {
            if self.orders[key].qty != size {
                self.orders[key].qty = size;
                self.orders[key].updated_ms = self.now_ms;
                self.report_order(key);
            }
        }
    }

    /// Reduce-only orders on the book may together close no more than the position: the oldest keep their size, later ones
    /// are cut or cancelled.
    fn cut_reduce_only(&mut self, place: Place) {
        let account = &self.accounts[place.account];
        if !account.desks[place.market].has_reducing() {
            return;
        }
        let position = account.position(place);
        let mut coverable = position.size.abs();
        let closing_side = position.side().map(Side::opposite);
        let is_meant = |key: &OrderKey| {
            let order = &self.orders[*key];
            order.reduce_only && order.position_idx == place.position_idx
        };
        let reduce_only: Vec<OrderKey> =
            account.desks[place.market].resting().iter().filter(is_meant).collect();
        for key in reduce_only {
            let is_closing = Some(self.orders[key].side) == closing_side;
            let is_excess = self.orders[key].leaves() > coverable
                && self.doubts.reduce_only_excess == ReduceOnlyExcess::Cancel;
            if !is_closing || coverable == 0 || is_excess {
                self.end(key, CancelType::ByReduceOnly, RejectReason::NoError);
                continue;
            }
            if self.cut(key, coverable) {
                self.report_order(key);
            }
            coverable -= self.orders[key].leaves();
        }
    }
}

/// Whether a stop fires on the losing side.
fn is_loss(kind: StopOrderType) -> bool {
    matches!(kind, StopOrderType::StopLoss | StopOrderType::PartialStopLoss)
}

fn create_type(kind: StopOrderType) -> CreateType {
    match kind {
        StopOrderType::StopLoss => CreateType::ByStopLoss,
        StopOrderType::TakeProfit => CreateType::ByTakeProfit,
        StopOrderType::TrailingStop => CreateType::ByTrailingStop,
        StopOrderType::PartialTakeProfit => CreateType::ByPartialTakeProfit,
        StopOrderType::PartialStopLoss => CreateType::ByPartialStopLoss,
        StopOrderType::Stop | StopOrderType::TpslOrder | StopOrderType::BidirectionalTpslOrder => {
            CreateType::ByStopOrder
        }
    }
}
