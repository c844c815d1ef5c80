//! Amending an open order: it keeps its id, and its place in the queue only when nothing but the quantity falls.

use super::Venue;
use super::gate::check_limit_mode;
use crate::api::{
    Acknowledgement, AmendOrder, OrderStatus, OrderType, ProtectionPrice, Refusal, StopOrderType, TpslMode,
    TriggerSpec,
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
                self.bound_price(order.account, order.market, order.side, price)?
            };
        }
        if request.trigger_price.is_some() || request.trigger_by.is_some() {
            let trigger = amended.trigger.as_mut().filter(|_| order.status == OrderStatus::Untriggered);
            let trigger = trigger.ok_or_else(|| Refusal::new(10001, "the order has no trigger to amend"))?;
            let wanted = TriggerSpec {
                price: request.trigger_price.unwrap_or(decimal(trigger.price)),
                direction: Some(trigger.direction),
                by: request.trigger_by.unwrap_or(trigger.by),
            };
            *trigger = self.check_trigger(order.market, wanted)?;
        }
        if (request.stop_loss.is_some() || request.take_profit.is_some()) && order.filled > 0 {
            return Err(Refusal::new(110059, "stops of a partly filled order cannot be amended"));
        }
        amended.tpsl_mode = request.tpsl_mode.or(order.tpsl_mode);
        if let Some(wanted) = request.stop_loss {
            amended.stop_loss = self.amended_protection(&mut amended, StopOrderType::StopLoss, wanted)?;
        }
        if let Some(wanted) = request.take_profit {
            amended.take_profit = self.amended_protection(&mut amended, StopOrderType::TakeProfit, wanted)?;
        }
        Ok(amended)
    }

    fn amended_protection(
        &self,
        order: &mut Order,
        kind: StopOrderType,
        wanted: ProtectionPrice,
    ) -> Result<Option<Protection>, Refusal> {
        if wanted.price.is_zero() {
            return Ok(None);
        }
        let mode = *order.tpsl_mode.get_or_insert(TpslMode::Full);
        check_limit_mode(wanted, mode)?;
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
            // Editing one stop of a pair leaves two that know nothing of each other.
            if let Some(sibling) = amended.sibling.take() {
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
