//! The gateway's checks of a new order. Everything is checked before anything changes.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Venue;
use crate::account::{Account, Hypothetical};
use crate::api::{
    Acknowledgement, CancelType, CreateOrder, CreateType, EmptyMarketAction, OrderIds, OrderLinkId,
    OrderStatus, OrderType, PriceLimitAction, ProtectionPrice, Refusal, RejectReason, Side, StopOrderType,
    TimeInForce, TriggerDirection, TriggerSpec,
};
use crate::order::{Order, OrderKey, Protection, Trigger};
use crate::units::{decimal, value};

/// Longest client order id. Source: Bybit V5, "Place Order".
const LINK_ID_LENGTH_MAX: usize = 36;
/// Active orders in one symbol. Source: Bybit V5, "Open order limits".
const RESTING_ORDERS_MAX: usize = 500;
/// Conditional orders of the client in one symbol. Source: Bybit V5, "Open order limits".
const CONDITIONAL_ORDERS_MAX: usize = 10;

impl Venue {
    pub(super) fn create(
        &mut self,
        account: usize,
        request: &CreateOrder,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.market_slot(&request.symbol)?;
        let link_id = self.check_link_id(account, request.order_link_id.as_deref())?;
        let order = self.check_order(account, market, request, link_id)?;
        self.check_order_count(account, market, &order)?;
        if order.trigger.is_none() {
            self.check_liquidity(&order)?;
            self.check_margin(&order, None)?;
        }
        let ids = OrderIds { order_id: order.id.clone(), order_link_id: order.link_id.clone() };
        let key = self.enter(order);
        if self.orders[key].status == OrderStatus::Untriggered {
            self.wait_for_trigger(key);
        } else {
            self.submit(key);
        }
        Ok(Acknowledgement::Order(ids))
    }

    /// Puts an order into the store and under its names.
    pub(super) fn enter(&mut self, order: Order) -> OrderKey {
        let (account, id, link_id) = (order.account, order.id.clone(), order.link_id.clone());
        let key = self.orders.insert(order);
        let account = &mut self.accounts[account];
        account.by_id.insert(id, key);
        if !link_id.is_empty() {
            account.by_link_id.insert(link_id, key);
        }
        key
    }

    fn check_link_id(&self, account: usize, link_id: Option<&str>) -> Result<OrderLinkId, Refusal> {
        let Some(link_id) = link_id.filter(|id| !id.is_empty()) else { return Ok(Account::no_name()) };
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if link_id.len() > LINK_ID_LENGTH_MAX || !link_id.chars().all(is_allowed) {
            return Err(Refusal::new(10001, "orderLinkId invalid"));
        }
        if self.accounts[account].by_link_id.contains_key(link_id) {
            return Err(Refusal::new(110072, "orderLinkId is duplicate"));
        }
        Ok(Arc::from(link_id))
    }

    fn check_order(
        &mut self,
        account: usize,
        market: usize,
        request: &CreateOrder,
        link_id: OrderLinkId,
    ) -> Result<Order, Refusal> {
        let trigger = request.trigger.map(|trigger| self.check_trigger(market, trigger)).transpose()?;
        let price = self.check_price(market, request)?;
        let qty = self.check_qty(account, market, request, price)?;
        if request.reduce_only && (request.stop_loss.is_some() || request.take_profit.is_some()) {
            return Err(Refusal::new(
                110057,
                "stopLoss and takeProfit are not allowed on a reduce-only order",
            ));
        }
        let base = (request.order_type == OrderType::Limit).then_some(price);
        let protection = |wanted: Option<ProtectionPrice>, kind| {
            let wanted = wanted.filter(|wanted| !wanted.price.is_zero());
            wanted.map(|wanted| self.check_protection(market, request.side, kind, wanted, base)).transpose()
        };
        let stop_loss = protection(request.stop_loss, StopOrderType::StopLoss)?;
        let take_profit = protection(request.take_profit, StopOrderType::TakeProfit)?;
        Ok(Order {
            account,
            market,
            id: Arc::from(self.ids.next()),
            link_id,
            parent_link_id: Account::no_name(),
            side: request.side,
            order_type: request.order_type,
            time_in_force: match request.order_type {
                OrderType::Market | OrderType::Unknown => TimeInForce::Ioc,
                OrderType::Limit => request.time_in_force,
            },
            price,
            qty,
            filled: 0,
            filled_value: Decimal::ZERO,
            fee: Decimal::ZERO,
            closed_pnl: Decimal::ZERO,
            status: if trigger.is_some() { OrderStatus::Untriggered } else { OrderStatus::New },
            cancel_type: CancelType::Unknown,
            reject_reason: RejectReason::NoError,
            create_type: if trigger.is_some() { CreateType::ByStopOrder } else { CreateType::ByUser },
            stop_order_type: trigger.is_some().then_some(StopOrderType::Stop),
            trigger,
            trailing: None,
            take_profit,
            stop_loss,
            reduce_only: request.reduce_only,
            close_on_trigger: request.close_on_trigger,
            self_match_prevention: request.self_match_prevention,
            last_price_on_created: self.markets[market].last,
            created_ms: self.now_ms,
            updated_ms: self.now_ms,
        })
    }

    /// A trigger must lie beyond the current price, in the direction it expects.
    pub(super) fn check_trigger(&self, market: usize, wanted: TriggerSpec) -> Result<Trigger, Refusal> {
        let price = self.markets[market].price(wanted.price)?;
        let trigger = Trigger { price, direction: wanted.direction, by: wanted.by };
        let is_reached =
            self.markets[market].watched(wanted.by).is_some_and(|current| trigger.is_reached(current));
        match wanted.direction {
            TriggerDirection::Rise if is_reached => Err(Refusal::new(110092, "triggerPrice expects a rise")),
            TriggerDirection::Fall if is_reached => Err(Refusal::new(110093, "triggerPrice expects a fall")),
            TriggerDirection::Rise | TriggerDirection::Fall => Ok(trigger),
        }
    }

    /// The price the order will work at: its own inside the bounds, or the protective price of a market order (zero for
    /// one that still waits for its trigger).
    fn check_price(&self, market: usize, request: &CreateOrder) -> Result<i64, Refusal> {
        let of_market = &self.markets[market];
        match (request.order_type, request.price) {
            // A waiting order is bounded when it triggers: by then the bounds have moved with the mark.
            (OrderType::Limit, Some(price)) if request.trigger.is_some() => of_market.price(price),
            (OrderType::Limit, Some(price)) => {
                self.bound_price(market, request.side, of_market.price(price)?)
            }
            (OrderType::Limit, None) => Err(Refusal::new(10001, "price is required for a limit order")),
            (OrderType::Market, _) if request.trigger.is_some() => Ok(0),
            (OrderType::Market, _) => of_market
                .protective_price(request.side)
                .ok_or_else(|| Refusal::new(110118, "no price to protect the market order with")),
            (OrderType::Unknown, _) => Err(Refusal::new(10001, "orderType invalid")),
        }
    }

    /// Moves a price beyond the bound to the bound, or refuses it, as the switch says.
    pub(super) fn bound_price(&self, market: usize, side: Side, price: i64) -> Result<i64, Refusal> {
        let bounded = self.markets[market].bounded(side, price);
        match self.switches.price_limit {
            PriceLimitAction::Refuse if bounded != price => {
                Err(Refusal::new(110003, format!("price beyond the allowed {}", decimal(bounded))))
            }
            PriceLimitAction::Refuse | PriceLimitAction::Move => Ok(bounded),
        }
    }

    fn check_qty(
        &self,
        account: usize,
        market: usize,
        request: &CreateOrder,
        price: i64,
    ) -> Result<i64, Refusal> {
        let of_market = &self.markets[market];
        let reducible = self.accounts[account].positions[market].reducible(request.side);
        let is_waiting = request.trigger.is_some();
        if request.reduce_only && reducible == 0 && !is_waiting {
            return Err(Refusal::new(110017, "reduce-only: no position to reduce"));
        }
        if request.qty.is_zero() && request.reduce_only && request.close_on_trigger {
            return Ok(if is_waiting { 0 } else { reducible });
        }
        let qty = of_market.qty(request.qty, request.order_type)?;
        if request.reduce_only {
            return Ok(if is_waiting { qty } else { qty.min(reducible) });
        }
        let worth = if price > 0 {
            value(price, qty)
        } else {
            request.trigger.map_or(Decimal::ZERO, |t| t.price) * request.qty
        };
        if worth < of_market.spec.min_notional {
            return Err(Refusal::new(
                110094,
                format!("order value {worth} under the minimum {}", of_market.spec.min_notional),
            ));
        }
        Ok(qty)
    }

    /// A stop-loss must lie on the losing side of the base price and a take-profit on the winning side. The base is the
    /// limit price, or the watched price where there is none.
    pub(super) fn check_protection(
        &self,
        market: usize,
        position_side: Side,
        kind: StopOrderType,
        wanted: ProtectionPrice,
        base: Option<i64>,
    ) -> Result<Protection, Refusal> {
        let of_market = &self.markets[market];
        let price = of_market.price(wanted.price)?;
        let must_be_lower = (position_side == Side::Buy) == (kind == StopOrderType::StopLoss);
        if let Some(base) = base.or_else(|| of_market.watched(wanted.by)) {
            let is_right = if must_be_lower { price < base } else { price > base };
            if !is_right {
                let word = if must_be_lower { "lower" } else { "higher" };
                let text =
                    format!("{kind} {} must be {word} than the base price {}", wanted.price, decimal(base));
                return Err(Refusal::new(10001, text));
            }
        }
        Ok(Protection { price, by: wanted.by })
    }

    fn check_order_count(&self, account: usize, market: usize, order: &Order) -> Result<(), Refusal> {
        let account = &self.accounts[account];
        if order.trigger.is_none() {
            let is_full = account.resting[market].len() >= RESTING_ORDERS_MAX;
            return if is_full { Err(Refusal::new(110020, "over 500 active orders")) } else { Ok(()) };
        }
        let conditional =
            account.waiting[market].iter().filter(|key| !self.orders[**key].is_protection()).count();
        if conditional >= CONDITIONAL_ORDERS_MAX {
            Err(Refusal::new(110009, "over 10 conditional orders"))
        } else {
            Ok(())
        }
    }

    /// A market order needs something inside its protective price.
    fn check_liquidity(&self, order: &Order) -> Result<(), Refusal> {
        if order.order_type != OrderType::Market || self.switches.empty_market == EmptyMarketAction::Cancel {
            return Ok(());
        }
        let book = &self.markets[order.market].book;
        match book.size_up_to(order.side.opposite(), order.price, 1) {
            0 => Err(Refusal::new(110118, "no liquidity inside the protective price")),
            _ => Ok(()),
        }
    }

    /// Whether the account can hold the order (in place of `replaces`), by risk tier and available balance.
    pub(super) fn check_margin(&self, order: &Order, replaces: Option<OrderKey>) -> Result<(), Refusal> {
        if order.reduce_only {
            return Ok(());
        }
        let (account, slot) = (&self.accounts[order.account], order.market);
        let extra = Hypothetical { replaces, side: order.side, price: order.price, qty: order.leaves() };
        let before = account.order_im(slot, &self.orders, None);
        let cost = account.order_im(slot, &self.orders, Some(extra)) - before;
        if cost <= Decimal::ZERO {
            return Ok(());
        }
        let risk_value = account.risk_value(slot, &self.markets[slot], &self.orders, Some(extra));
        let tier = self.markets[slot].tiers.at(risk_value);
        if risk_value > tier.limit {
            return Err(Refusal::new(110089, format!("value {risk_value} over the highest risk tier")));
        }
        if account.positions[slot].leverage > tier.max_leverage {
            return Err(Refusal::new(
                110090,
                format!("leverage over {} at value {risk_value}", tier.max_leverage),
            ));
        }
        let available = account.margin(&self.markets, &self.orders).available();
        if available < cost {
            return Err(Refusal::new(
                110007,
                format!("available balance {available} under the order cost {cost}"),
            ));
        }
        Ok(())
    }
}
