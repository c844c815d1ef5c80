//! Amending an open order: it keeps its id, and its place in the queue only when nothing but the quantity falls.

use super::Venue;
use super::gate::check_limit_mode;
use crate::api::{
    Acknowledgement, AmendOrder, OrderStatus, OrderType, ProtectionChange, ProtectionPrice, Refusal,
    StopOrderType, TpslMode, TriggerBy, TriggerSpec,
};
use crate::order::{Order, OrderKey, Protection};
use crate::units::decimal;

impl Venue {
    pub(super) fn amend(&mut self, account: usize, request: &AmendOrder) -> Result<Acknowledgement, Refusal> {
        let market = self.market_slot(request.category, &request.symbol)?;
        let key = self.find_open(account, market, &request.order)?;
        let amended = self.check_amend(key, request)?;
        if !is_changed(&self.orders[key], &amended) {
            return Err(Refusal::new(10001, "order not modified"));
        }
        self.check_affordable(&amended, Some(key))?;
        self.replace(key, amended);
        Ok(Acknowledgement::Order(self.ids_of(key)))
    }

    /// The order as it would be after the amend.
    fn check_amend(&self, key: OrderKey, request: &AmendOrder) -> Result<Order, Refusal> {
        let order = &self.orders[key];
        let mut amended = order.clone();
        let of_market = &self.markets[order.market];
        if let Some(qty) = request.qty {
            if order.is_full_protection() {
                return Err(Refusal::new(110060, "the size of a stop in mode Full is that of the position"));
            }
            if order.stop_order_type == Some(StopOrderType::BidirectionalTpslOrder) {
                return Err(Refusal::new(170312, "a pair has the size of what its order has filled"));
            }
            let qty = of_market.qty(qty, order.order_type, order.time_in_force)?;
            if qty <= order.filled {
                let code = if of_market.is_spot() { 170313 } else { 110064 };
                return Err(Refusal::new(code, "the new quantity is not above the filled quantity"));
            }
            let reducible = self.accounts[order.account].position(order.place()).reducible(order.side);
            let is_capped = order.reduce_only && order.status != OrderStatus::Untriggered;
            amended.qty = if is_capped { qty.min(order.filled + reducible) } else { qty };
        }
        if let Some(price) = request.price {
            if order.order_type != OrderType::Limit {
                return Err(Refusal::new(10001, "a market order has no price to amend"));
            }
            let price = of_market.price(price)?;
            let is_waiting = order.status == OrderStatus::Untriggered;
            amended.price = if is_waiting {
                price
            } else {
                let price = self.bound_price(order.account, order.market, order.side, price)?;
                self.check_beyond_liquidation(order.place(), order.side, price)?;
                price
            };
        }
        if request.trigger_price.is_some() || request.trigger_by.is_some() {
            let trigger = amended.trigger.as_mut().filter(|_| order.status == OrderStatus::Untriggered);
            let trigger = trigger.ok_or_else(|| Refusal::new(10001, "the order has no trigger to amend"))?;
            let wanted = TriggerSpec {
                price: request.trigger_price.unwrap_or(decimal(trigger.price)),
                // A spot order of its own fires whichever way its price lies; one of a pair keeps its side.
                direction: (!of_market.is_spot() || order.sibling.is_some()).then_some(trigger.direction),
                by: request.trigger_by.unwrap_or(trigger.by),
            };
            *trigger = self.check_trigger(order.market, wanted)?;
        }
        if (request.stop_loss.is_asked() || request.take_profit.is_asked()) && order.filled > 0 {
            let code = if of_market.is_spot() { 170312 } else { 110059 };
            return Err(Refusal::new(code, "stops of a partly filled order cannot be amended"));
        }
        if !of_market.is_spot() {
            amended.tpsl_mode = request.tpsl_mode.or(order.tpsl_mode);
        }
        amended.stop_loss =
            self.amended_protection(&mut amended, StopOrderType::StopLoss, request.stop_loss)?;
        amended.take_profit =
            self.amended_protection(&mut amended, StopOrderType::TakeProfit, request.take_profit)?;
        Ok(amended)
    }

    fn amended_protection(
        &self,
        order: &mut Order,
        kind: StopOrderType,
        change: ProtectionChange,
    ) -> Result<Option<Protection>, Refusal> {
        let before = if kind == StopOrderType::StopLoss { order.stop_loss } else { order.take_profit };
        if !change.is_asked() {
            return Ok(before);
        }
        let is_spot = self.markets[order.market].is_spot();
        let Some(price) = change.price.or_else(|| before.map(|before| decimal(before.price))) else {
            return Err(Refusal::new(10001, "the order has no such stop to amend"));
        };
        if price.is_zero() {
            return Ok(None);
        }
        if is_spot && before.is_none() {
            // Only what a spot order came with can be amended. Source: Bybit V5, changelog of 2024-01-15.
            return Err(Refusal::new(170312, "the order came without this stop"));
        }
        let limit_before = before.and_then(|before| before.limit);
        let wanted = ProtectionPrice {
            price,
            by: change.by.or(before.map(|before| before.by)).unwrap_or(TriggerBy::LastPrice),
            limit_price: change.limit_price.or(limit_before.map(decimal)),
        };
        if !is_spot {
            check_limit_mode(wanted, *order.tpsl_mode.get_or_insert(TpslMode::Full))?;
        }
        let base = (order.order_type == OrderType::Limit).then_some(order.price);
        self.check_protection(order.market, order.side, kind, wanted, base).map(Some)
    }

    /// Puts the amended order in the old one's place. A new price or a larger quantity sends it to matching again, behind
    /// everything at its price.
    fn replace(&mut self, key: OrderKey, mut amended: Order) {
        amended.updated_ms = self.now_ms;
        let market = amended.market;
        self.touch(amended.place());
        let before = &self.orders[key];
        if before.status == OrderStatus::Untriggered {
            // Editing one stop of a pair leaves two that know nothing of each other; those of spot are one order to its
            // owner and stay a pair.
            if !self.markets[market].is_spot()
                && let Some(sibling) = amended.sibling.take()
            {
                self.orders[sibling].sibling = None;
            }
            let watch = &mut self.markets[market].watch;
            watch.leave(key, &self.orders[key]);
            watch.enter(key, &amended);
            self.orders[key] = amended;
            self.touched.priced.insert(market);
            self.report_order(key);
            return;
        }
        let keeps_place = amended.price == before.price && amended.qty <= before.qty;
        if keeps_place {
            let leaves = amended.leaves();
            self.book_mut(market).set_leaves(amended.side, amended.price, amended.ticket, leaves);
            let payoff = self.markets[market].payoff;
            self.accounts[amended.account].desks[market].resize(payoff, key, &amended);
            self.orders[key] = amended;
            self.report_order(key);
        } else {
            self.leave(key);
            self.orders[key] = amended;
            self.submit(key);
        }
    }
}

fn is_changed(before: &Order, after: &Order) -> bool {
    before.price != after.price
        || before.qty != after.qty
        || before.trigger != after.trigger
        || before.stop_loss != after.stop_loss
        || before.take_profit != after.take_profit
        || before.tpsl_mode != after.tpsl_mode
}
