//! Stops that belong to a position (mode Full): one stop-loss, one take-profit, one trailing stop. The venue makes them as
//! orders that wait; they follow the position's size and die with it. Reduce-only orders follow the position as well.

use std::sync::Arc;

use super::Venue;
use crate::account::Account;
use crate::api::{
    Acknowledgement, CancelType, CreateType, OrderLinkId, OrderStatus, ProtectionPrice, Refusal,
    RejectReason, Side, StopOrderType, TradingStop, TriggerBy, TriggerDirection,
};
use crate::order::{Order, OrderKey, Protection, Trailing, Trigger};

/// A stop to be made.
struct Wanted {
    kind: StopOrderType,
    trigger: Protection,
    trailing: Option<Trailing>,
    parent_link_id: OrderLinkId,
}

/// What a request says about one stop, once checked.
enum Change {
    Keep,
    Remove,
    /// A trailing stop brings its distance, and has its activation price as trigger (zero: at once).
    Set(Protection, Option<Trailing>),
}

impl Venue {
    pub(super) fn trading_stop(
        &mut self,
        account: usize,
        request: &TradingStop,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.market_slot(&request.symbol)?;
        let position = &self.accounts[account].positions[market];
        let Some(side) = position.side() else {
            return Err(Refusal::new(10001, "can not set tp/sl/ts for zero position"));
        };
        let stop_loss = self.check_stop(account, market, side, StopOrderType::StopLoss, request.stop_loss)?;
        let take_profit =
            self.check_stop(account, market, side, StopOrderType::TakeProfit, request.take_profit)?;
        let trailing = self.check_trailing(account, market, side, request)?;
        if matches!((&stop_loss, &take_profit, &trailing), (Change::Keep, Change::Keep, Change::Keep)) {
            return Err(Refusal::new(34040, "not modified"));
        }
        self.change_stop(account, market, StopOrderType::StopLoss, stop_loss);
        self.change_stop(account, market, StopOrderType::TakeProfit, take_profit);
        self.change_stop(account, market, StopOrderType::TrailingStop, trailing);
        self.touch(account, market);
        Ok(Acknowledgement::Done)
    }

    fn check_stop(
        &self,
        account: usize,
        market: usize,
        side: Side,
        kind: StopOrderType,
        wanted: Option<ProtectionPrice>,
    ) -> Result<Change, Refusal> {
        let Some(wanted) = wanted else { return Ok(Change::Keep) };
        let current = self.current_stop(account, market, kind);
        if wanted.price.is_zero() {
            return Ok(if current.is_some() { Change::Remove } else { Change::Keep });
        }
        let wanted = self.check_protection(market, side, kind, wanted, None)?;
        Ok(if current == Some(wanted) { Change::Keep } else { Change::Set(wanted, None) })
    }

    fn check_trailing(
        &self,
        account: usize,
        market: usize,
        side: Side,
        request: &TradingStop,
    ) -> Result<Change, Refusal> {
        let Some(distance) = request.trailing_stop else { return Ok(Change::Keep) };
        let key = self.accounts[account].positions[market].protection.trailing;
        let current = key.and_then(|key| self.orders[key].trailing.zip(self.orders[key].trigger));
        if distance.is_zero() {
            return Ok(if current.is_some() { Change::Remove } else { Change::Keep });
        }
        let distance = self.markets[market].price(distance)?;
        let by = TriggerBy::LastPrice;
        let activation = match request.active_price.filter(|price| !price.is_zero()) {
            // The activation price lies on the winning side, as a take-profit does.
            Some(price) => {
                let wanted = ProtectionPrice { price, by };
                self.check_protection(market, side, StopOrderType::TakeProfit, wanted, None)?
            }
            None => Protection { price: 0, by },
        };
        let is_same = current
            .is_some_and(|(now, trigger)| now.distance == distance && trigger.price == activation.price);
        let wanted = Change::Set(activation, Some(Trailing { distance, extreme: None }));
        Ok(if is_same { Change::Keep } else { wanted })
    }

    fn change_stop(&mut self, account: usize, market: usize, kind: StopOrderType, change: Change) {
        match change {
            Change::Keep => {}
            Change::Remove => self.clear_stop(account, market, kind),
            Change::Set(trigger, trailing) => {
                self.clear_stop(account, market, kind);
                let parent_link_id = Account::no_name();
                self.make_stop(account, market, Wanted { kind, trigger, trailing, parent_link_id });
            }
        }
    }

    fn current_stop(&self, account: usize, market: usize, kind: StopOrderType) -> Option<Protection> {
        let mut protection = self.accounts[account].positions[market].protection;
        let key = (*protection.slot(kind))?;
        self.orders[key].trigger.map(|trigger| Protection { price: trigger.price, by: trigger.by })
    }

    fn clear_stop(&mut self, account: usize, market: usize, kind: StopOrderType) {
        if let Some(key) = *self.accounts[account].positions[market].protection.slot(kind) {
            self.end(key, CancelType::ByProtectionCleared, RejectReason::NoError);
        }
    }

    /// Makes the order behind a stop of an open position.
    fn make_stop(&mut self, account: usize, market: usize, wanted: Wanted) {
        let position = &self.accounts[account].positions[market];
        let Some(position_side) = position.side() else { return };
        let qty = position.size.abs();
        // A stop-loss of a long fires on a fall, its take-profit on a rise; an activation price is reached like a profit.
        let fires_on_fall = (position_side == Side::Buy) == (wanted.kind == StopOrderType::StopLoss);
        let direction = if fires_on_fall { TriggerDirection::Fall } else { TriggerDirection::Rise };
        let create_type = match wanted.kind {
            StopOrderType::StopLoss => CreateType::ByStopLoss,
            StopOrderType::TakeProfit => CreateType::ByTakeProfit,
            StopOrderType::TrailingStop => CreateType::ByTrailingStop,
            StopOrderType::Stop => CreateType::ByStopOrder,
        };
        let id = Arc::from(self.ids.next());
        let order = Order {
            parent_link_id: wanted.parent_link_id,
            qty,
            status: OrderStatus::Untriggered,
            stop_order_type: Some(wanted.kind),
            trigger: Some(Trigger { price: wanted.trigger.price, direction, by: wanted.trigger.by }),
            trailing: wanted.trailing,
            close_on_trigger: true,
            last_price_on_created: self.markets[market].last,
            ..Order::closing(account, market, id, position_side.opposite(), create_type, self.now_ms)
        };
        let key = self.enter(order);
        *self.accounts[account].positions[market].protection.slot(wanted.kind) = Some(key);
        self.wait_for_trigger(key);
    }

    /// Brings stops and reduce-only orders in line with the positions that changed.
    pub(super) fn follow_positions(&mut self) {
        let resized = std::mem::take(&mut self.touched.resized);
        for &(account, market) in &resized {
            self.clear_orphaned_stops(account, market);
        }
        for key in std::mem::take(&mut self.touched.protected_fills) {
            self.attach_stops(key);
        }
        for (account, market) in resized {
            self.resize_stops(account, market);
            self.cut_reduce_only(account, market);
        }
    }

    /// Stops whose position is gone or has flipped.
    fn clear_orphaned_stops(&mut self, account: usize, market: usize) {
        let position = &self.accounts[account].positions[market];
        let closing_side = position.side().map(Side::opposite);
        for key in position.protection.iter() {
            if Some(self.orders[key].side) != closing_side {
                self.end(key, CancelType::ByProtectionCleared, RejectReason::NoError);
            }
        }
    }

    /// Gives the position the stops of an order that opened it. They replace what was there, unless that came from the
    /// same order and stands at the same price.
    fn attach_stops(&mut self, key: OrderKey) {
        let order = &self.orders[key];
        let (account, market, parent_link_id) = (order.account, order.market, order.link_id.clone());
        if self.accounts[account].positions[market].side() != Some(order.side) {
            return;
        }
        let stops =
            [(StopOrderType::StopLoss, order.stop_loss), (StopOrderType::TakeProfit, order.take_profit)];
        for (kind, trigger) in stops {
            let Some(trigger) = trigger else { continue };
            if self.current_stop(account, market, kind) == Some(trigger) {
                continue;
            }
            self.clear_stop(account, market, kind);
            let parent_link_id = parent_link_id.clone();
            self.make_stop(account, market, Wanted { kind, trigger, trailing: None, parent_link_id });
        }
    }

    fn resize_stops(&mut self, account: usize, market: usize) {
        let position = &self.accounts[account].positions[market];
        let size = position.size.abs();
        for key in position.protection.iter() {
            if self.orders[key].qty != size {
                self.orders[key].qty = size;
                self.orders[key].updated_ms = self.now_ms;
                self.report_order(key);
            }
        }
    }

    /// Reduce-only orders on the book may together close no more than the position: the oldest keep their size, later ones
    /// are cut or cancelled.
    fn cut_reduce_only(&mut self, account: usize, market: usize) {
        let position = &self.accounts[account].positions[market];
        let mut coverable = position.size.abs();
        let closing_side = position.side().map(Side::opposite);
        let reduce_only: Vec<OrderKey> = self.accounts[account].resting[market]
            .iter()
            .copied()
            .filter(|key| self.orders[*key].reduce_only)
            .collect();
        for key in reduce_only {
            let is_closing = Some(self.orders[key].side) == closing_side;
            if !is_closing || coverable == 0 {
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
