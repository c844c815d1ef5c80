//! A new order: everything is checked before anything changes, then it goes to matching or waits for its trigger.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{
    Acknowledgement, CancelType, CreateOrder, CreateType, OrderKind, OrderStatus, OrderType, PositionIdx,
    Refusal, RejectReason, StopOrderType, TimeInForce, TpslMode, TriggerDirection,
};
use crate::book::Ticket;
use crate::order::{Children, Order, OrderKey, Place, Trigger};
use crate::units::decimal;

impl Venue {
    pub(super) fn create(
        &mut self,
        account: usize,
        request: &CreateOrder,
    ) -> Result<Acknowledgement, Refusal> {
        let Some((whole, largest)) = self.to_be_split(account, request) else {
            return self.create_one(account, request);
        };
        let part = |qty: i64, order_link_id: Option<String>| CreateOrder {
            qty: decimal(qty),
            order_link_id,
            ..request.clone()
        };
        let first = self.create_one(account, &part(largest, request.order_link_id.clone()))?;
        let mut left = whole - largest;
        while left > 0 {
            let qty = left.min(largest);
            // What of it there is no room for is not needed to answer for the first.
            if self.create_one(account, &part(qty, None)).is_err() {
                break;
            }
            left -= qty;
        }
        Ok(first)
    }

    /// How much of the position a reduce-only order larger than orders may be closes, and how large they may be, in units:
    /// it becomes several orders, of which the first has the client's name. Source: Bybit V5, "Place Order", `reduceOnly`.
    fn to_be_split(&self, account: usize, request: &CreateOrder) -> Option<(i64, i64)> {
        if !request.reduce_only || request.trigger.is_some() {
            return None;
        }
        let market = self.slot_of(request.category, &request.symbol)?;
        let place = self.check_place(account, market, request).ok()?;
        let largest = self.markets[market].largest_qty(request.order_type, request.time_in_force);
        let reducible = self.accounts[account].position(place).reducible(request.side);
        let lots = self.markets[market].lots(request.qty);
        let whole = lots.min(reducible);
        (decimal(lots) == request.qty && largest > 0 && whole > largest).then_some((whole, largest))
    }

    fn create_one(&mut self, account: usize, request: &CreateOrder) -> Result<Acknowledgement, Refusal> {
        let order = self.draft(account, request)?;
        if order.trigger.is_none() {
            self.check_liquidity(&order)?;
        }
        self.check_affordable(&order, None)?;
        let key = self.enter(order);
        let ids = self.ids_of(key);
        self.newest_id = (key, ids.order_id.clone());
        if self.orders[key].status == OrderStatus::Untriggered {
            self.wait_for_trigger(key);
        } else {
            self.submit(key);
        }
        Ok(Acknowledgement::Order(ids))
    }

    /// Puts an order into the store and under its names.
    pub(super) fn enter(&mut self, order: Order) -> OrderKey {
        let (account, link_id) = (order.account, order.link_id.clone());
        let key = self.orders.insert(order);
        if !link_id.is_empty() {
            self.accounts[account].by_link_id.insert(link_id, key);
        }
        key
    }

    /// The order that a request makes, checked in everything but what it costs and what it would meet.
    pub(super) fn draft(&self, account: usize, request: &CreateOrder) -> Result<Order, Refusal> {
        let market = self.market_slot(request.category, &request.symbol)?;
        let link_id = self.check_link_id(account, market, request.order_link_id.as_deref())?;
        let place = self.check_place(account, market, request)?;
        let reduce_only = self.is_reduce_only(place, request)?;
        self.check_listed(place, request)?;
        if !reduce_only {
            self.check_collateral(place)?;
        }
        let trigger = request.trigger.map(|trigger| self.check_trigger(market, trigger)).transpose()?;
        let price = self.check_price(account, market, request)?;
        let size = self.check_size(place, request, price, reduce_only)?;
        if trigger.is_none() && request.order_type == OrderType::Limit {
            self.check_beyond_liquidation(place, request.side, price)?;
        }
        let [take_profit, stop_loss] = self.check_attached(market, request, price)?;
        let is_spot = self.markets[market].is_spot();
        let order = Order {
            account,
            market,
            link_id,
            parent_link_id: self.no_name.clone(),
            position_idx: place.position_idx,
            side: request.side,
            order_type: request.order_type,
            time_in_force: match request.order_type {
                OrderType::Market | OrderType::Unknown => TimeInForce::Ioc,
                OrderType::Limit => request.time_in_force,
            },
            price,
            qty: size.qty,
            filled: 0,
            filled_value: Decimal::ZERO,
            fill_price: None,
            fees: [None; 2],
            closed_pnl: Decimal::ZERO,
            closed_record: None,
            status: if trigger.is_some() { OrderStatus::Untriggered } else { OrderStatus::New },
            cancel_type: CancelType::Unknown,
            reject_reason: RejectReason::NoError,
            create_type: match (trigger, request.book_price) {
                (Some(_), _) => CreateType::ByStopOrder,
                (None, Some(_)) => CreateType::ByBbo,
                (None, None) => CreateType::ByUser,
            },
            stop_order_type: trigger.map(|_| stop_order_type(request)),
            trigger,
            trailing: None,
            // The stops of a spot order have the size of what it fills, and no mode.
            tpsl_mode: (!is_spot && (take_profit.is_some() || stop_loss.is_some()))
                .then(|| request.tpsl_mode.unwrap_or(TpslMode::Full)),
            take_profit,
            stop_loss,
            children: Children::default(),
            sibling: None,
            quote_amount: size.quote_amount,
            slippage: request.slippage,
            reduce_only,
            close_on_trigger: request.close_on_trigger,
            self_match_prevention: request.self_match_prevention,
            self_match: None,
            last_price_on_created: self.markets[market].last,
            ticket: Ticket::default(),
            created_ms: self.now_ms,
            updated_ms: self.now_ms,
        };
        self.check_order_count(&order)?;
        Ok(order)
    }

    fn check_place(&self, account: usize, market: usize, request: &CreateOrder) -> Result<Place, Refusal> {
        let place = Place { account, market, position_idx: request.position_idx };
        if self.markets[market].is_spot() {
            check_spot_words(request)?;
            return Ok(Place { position_idx: PositionIdx::OneWay, ..place });
        }
        self.check_position_idx(place)
    }

    /// The place, if the position mode of the symbol has such a position.
    pub(super) fn check_position_idx(&self, place: Place) -> Result<Place, Refusal> {
        let mode = self.accounts[place.account].desks[place.market].holdings.mode;
        if mode.positions().contains(&place.position_idx) {
            Ok(place)
        } else {
            Err(Refusal::new(10001, "position idx not match position mode"))
        }
    }
}

/// Spot takes neither the words of positions nor, without borrowing, leverage.
fn check_spot_words(request: &CreateOrder) -> Result<(), Refusal> {
    if request.is_leverage {
        return Err(Refusal::new(170036, "spot margin trading is not enabled"));
    }
    if request.reduce_only || request.close_on_trigger {
        return Err(Refusal::new(170130, "reduceOnly and closeOnTrigger are of contracts"));
    }
    let is_plain_limit = request.order_type == OrderType::Limit && request.trigger.is_none();
    if (request.take_profit.is_some() || request.stop_loss.is_some()) && !is_plain_limit {
        return Err(Refusal::new(170130, "takeProfit and stopLoss are for limit orders without a trigger"));
    }
    if request.kind == Some(OrderKind::BidirectionalTpslOrder) {
        return Err(Refusal::new(170201, "Invalid orderFilter parameter"));
    }
    if request.trigger.is_none() && matches!(request.kind, Some(OrderKind::StopOrder | OrderKind::TpslOrder))
    {
        return Err(Refusal::new(170202, "triggerPrice is required"));
    }
    Ok(())
}

fn stop_order_type(request: &CreateOrder) -> StopOrderType {
    match request.kind {
        Some(OrderKind::TpslOrder) => StopOrderType::TpslOrder,
        Some(OrderKind::Order | OrderKind::StopOrder | OrderKind::BidirectionalTpslOrder) | None => {
            StopOrderType::Stop
        }
    }
}

/// The refusal of a trigger that the current price has already reached.
pub(super) fn refuse_reached(trigger: Trigger) -> Refusal {
    match trigger.direction {
        TriggerDirection::Rise => Refusal::new(110092, "triggerPrice expects a rise"),
        TriggerDirection::Fall => Refusal::new(110093, "triggerPrice expects a fall"),
    }
}
