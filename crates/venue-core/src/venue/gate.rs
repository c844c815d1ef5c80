//! The gateway's checks of a new order, apart from what it costs: names, prices, sizes, stops, counts.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Venue;
use super::create::refuse_reached;
use crate::api::{
    BookPrice, BookSide, Category, CreateOrder, HedgeClose, MarginMode, MarketUnit, MinNotionalReduceOnly,
    OrderLinkId, OrderLinkIdLife, OrderType, PositionMode, PriceBeyondLiquidation, PriceLimit,
    ProtectionPrice, Refusal, Side, SlippageTolerance, SlippageUnit, StopOrderType, TpslMode,
    TriggerDirection, TriggerSpec,
};
use crate::order::{Order, OrderKey, Place, Protection, Trigger};
use crate::units::{decimal, units, value};

/// Longest client order id. Source: Bybit V5, "Place Order".
const LINK_ID_LENGTH_MAX: usize = 36;
/// Active orders for contracts in one symbol. Source: Bybit V5, "Open order limits".
const RESTING_ORDERS_MAX: usize = 500;
/// Conditional orders of the client for contracts in one symbol. Source: the same.
const CONDITIONAL_ORDERS_MAX: usize = 10;
/// All spot orders together. Source: the same.
const SPOT_ORDERS_MAX: usize = 500;
/// Spot take-profits and stop-losses, and likewise conditional orders, in one symbol. Source: the same.
const SPOT_WAITING_MAX: usize = 30;

/// Deepest level of the book that an order may take its price from. Source: Bybit V5, "Place Order", `bboLevel`.
const BOOK_LEVEL_MAX: usize = 5;

/// The size of a new order, in units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Zero while it is not known: a closing order that waits, a market order by amount that waits.
    pub(super) qty: i64,
    pub(super) quote_amount: Option<i64>,
}

impl Venue {
    pub(super) fn check_link_id(
        &self,
        account: usize,
        market: usize,
        link_id: Option<&str>,
    ) -> Result<OrderLinkId, Refusal> {
        let Some(link_id) = link_id.filter(|id| !id.is_empty()) else { return Ok(self.no_name.clone()) };
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if link_id.len() > LINK_ID_LENGTH_MAX || !link_id.chars().all(is_allowed) {
            return Err(Refusal::new(10001, "orderLinkId invalid"));
        }
        let is_taken = self.accounts[account].by_link_id.get(link_id).is_some_and(|key| {
            self.doubts.order_link_id == OrderLinkIdLife::ForEver || !self.orders[*key].status.is_closed()
        });
        if is_taken {
            let code = if self.markets[market].is_spot() { 170141 } else { 110072 };
            return Err(Refusal::new(code, "orderLinkId is duplicate"));
        }
        Ok(Arc::from(link_id))
    }

    /// Whether the order may only reduce: it says so, or in hedge mode it goes against its side.
    pub(super) fn is_reduce_only(&self, place: Place, request: &CreateOrder) -> Result<bool, Refusal> {
        let holdings = &self.accounts[place.account].desks[place.market].holdings;
        let closes_hedge =
            holdings.mode == PositionMode::Hedge && holdings.opened_by(request.side) != place.position_idx;
        if closes_hedge && !request.reduce_only && self.doubts.hedge_close == HedgeClose::Refused {
            return Err(Refusal::new(10001, "position idx not match position mode"));
        }
        Ok(request.reduce_only || closes_hedge)
    }

    /// A trigger must lie beyond the current price, in the direction it expects. Without one (spot) the direction is where
    /// the price lies.
    pub(super) fn check_trigger(&self, market: usize, wanted: TriggerSpec) -> Result<Trigger, Refusal> {
        let price = self.markets[market].price(wanted.price)?;
        let current = self.markets[market].watched(wanted.by);
        let by_price = || match current {
            Some(current) if price < current => TriggerDirection::Fall,
            Some(_) | None => TriggerDirection::Rise,
        };
        let direction = wanted.direction.unwrap_or_else(by_price);
        let trigger = Trigger { price, direction, by: wanted.by };
        if current.is_some_and(|current| trigger.is_reached(current)) {
            return Err(if self.markets[market].is_spot() {
                Refusal::new(170130, "triggerPrice is where the price is already")
            } else {
                refuse_reached(trigger)
            });
        }
        Ok(trigger)
    }

    /// The price the order will work at: its own inside the bounds, or the protective price of a market order (zero for
    /// one that still waits for its trigger).
    pub(super) fn check_price(
        &self,
        account: usize,
        market: usize,
        request: &CreateOrder,
    ) -> Result<i64, Refusal> {
        let of_market = &self.markets[market];
        if let Some(slippage) = request.slippage {
            check_slippage(slippage, request)?;
        }
        let book_price = request.book_price.filter(|_| !of_market.is_spot());
        let price = match book_price {
            Some(book_price) => Some(self.price_in_book(market, request, book_price)?),
            None => request.price,
        };
        match (request.order_type, price) {
            // A waiting order is bounded when it triggers: by then the bounds have moved with the mark.
            (OrderType::Limit, Some(price)) if request.trigger.is_some() => of_market.price(price),
            (OrderType::Limit, Some(price)) => {
                self.bound_price(account, market, request.side, of_market.price(price)?)
            }
            (OrderType::Limit, None) => Err(Refusal::new(10001, "price is required for a limit order")),
            (OrderType::Market, _) if request.trigger.is_some() => Ok(0),
            (OrderType::Market, _) => of_market
                .protective_price(request.side, request.slippage)
                .ok_or_else(|| Refusal::new(110118, "no price to protect the market order with")),
            (OrderType::Unknown, _) => Err(Refusal::new(10001, "orderType invalid")),
        }
    }

    /// The price at a place in the book as it stands. An order that waits, or has no limit price, has no such place.
    fn price_in_book(
        &self,
        market: usize,
        request: &CreateOrder,
        wanted: BookPrice,
    ) -> Result<Decimal, Refusal> {
        if request.order_type != OrderType::Limit || request.trigger.is_some() {
            return Err(Refusal::new(10001, "bboSideType is for limit orders without a trigger"));
        }
        let side = match wanted.side {
            BookSide::Queue => request.side,
            BookSide::Counterparty => request.side.opposite(),
        };
        let place = wanted.level.checked_sub(1).filter(|place| *place < BOOK_LEVEL_MAX);
        let place = place.ok_or_else(|| Refusal::new(10001, "bboLevel must be 1 to 5"))?;
        let level = self.markets[market].book.levels(side).nth(place);
        level
            .map(|(price, _)| price)
            .ok_or_else(|| Refusal::new(110118, "the book has no price at this bboLevel"))
    }

    /// Refuses a limit price at which the position would have been liquidated: nothing could trade there. What would trade
    /// at once does so at the price of the book. Source: Bybit V5, "Place Order", `price`.
    pub(super) fn check_beyond_liquidation(
        &self,
        place: Place,
        side: Side,
        price: i64,
    ) -> Result<(), Refusal> {
        let (account, of_market) = (&self.accounts[place.account], &self.markets[place.market]);
        let Some(held) = account.position(place).side() else { return Ok(()) };
        let is_exact = account.margin_mode == MarginMode::Isolated;
        match self.doubts.price_beyond_liquidation {
            PriceBeyondLiquidation::Accepted => return Ok(()),
            PriceBeyondLiquidation::RefusedIsolated if !is_exact => return Ok(()),
            PriceBeyondLiquidation::RefusedIsolated | PriceBeyondLiquidation::Refused => {}
        }
        let Some(liquidation) = self.liquidation_price(place) else { return Ok(()) };
        let best = of_market.book.best(side.opposite());
        let trades_at = decimal(match side {
            Side::Buy => best.map_or(price, |ask| price.min(ask)),
            Side::Sell => best.map_or(price, |bid| price.max(bid)),
        });
        let is_beyond = match held {
            Side::Buy => trades_at <= liquidation,
            Side::Sell => trades_at >= liquidation,
        };
        if is_beyond {
            let text = format!("price {trades_at} is no better than the liquidation price {liquidation}");
            return Err(Refusal::new(110040, text));
        }
        Ok(())
    }

    /// Moves a price beyond the bound to the bound, or refuses it, as the account or the switch says.
    pub(super) fn bound_price(
        &self,
        account: usize,
        market: usize,
        side: Side,
        price: i64,
    ) -> Result<i64, Refusal> {
        let of_market = &self.markets[market];
        let bounded = of_market.bounded((self.doubts.price_bound, self.now_ms), side, price);
        let action = self.accounts[account].price_limit.of(of_market.spec.category, self.doubts);
        if action == PriceLimit::Refuse && bounded != price {
            let code = match (of_market.is_spot(), side) {
                (false, _) => 110003,
                (true, Side::Buy) => 170193,
                (true, Side::Sell) => 170194,
            };
            return Err(Refusal::new(code, format!("price beyond the allowed {}", decimal(bounded))));
        }
        Ok(bounded)
    }

    pub(super) fn check_size(
        &self,
        place: Place,
        request: &CreateOrder,
        price: i64,
        reduce_only: bool,
    ) -> Result<Size, Refusal> {
        let of_market = &self.markets[place.market];
        let is_waiting = request.trigger.is_some();
        let of_qty = |qty| Size { qty, quote_amount: None };
        if is_by_amount(of_market.is_spot(), request) {
            return self.check_amount(place.market, request, price);
        }
        let reducible = self.accounts[place.account].position(place).reducible(request.side);
        if reduce_only && reducible == 0 && !is_waiting {
            return Err(Refusal::new(110017, "reduce-only: no position to reduce"));
        }
        if request.qty.is_zero() && reduce_only && request.close_on_trigger {
            let largest = of_market.largest_qty(request.order_type, request.time_in_force);
            return Ok(of_qty(if is_waiting { 0 } else { reducible.min(largest) }));
        }
        let qty = of_market.qty(request.qty, request.order_type, request.time_in_force)?;
        let is_spared = self.doubts.min_notional_reduce_only == MinNotionalReduceOnly::Spared;
        if reduce_only && is_spared {
            return Ok(of_qty(if is_waiting { qty } else { qty.min(reducible) }));
        }
        let trigger_price = || request.trigger.and_then(|trigger| units(trigger.price)).unwrap_or(0);
        let at = if price > 0 { price } else { trigger_price() };
        if of_market.is_too_small(at, qty) {
            let worth = match of_market.spec.category {
                Category::Inverse => request.qty,
                Category::Linear | Category::Spot => value(at, qty),
            };
            return Err(self.under_minimum(place.market, worth));
        }
        Ok(of_qty(if reduce_only && !is_waiting { qty.min(reducible) } else { qty }))
    }

    /// A spot market order by amount: how much base coin it comes to on the book as it stands.
    fn check_amount(&self, market: usize, request: &CreateOrder, price: i64) -> Result<Size, Refusal> {
        let of_market = &self.markets[market];
        let amount = units(request.qty).filter(|amount| *amount > 0);
        let amount = amount.ok_or_else(|| Refusal::new(170148, "market order amount decimal too long"))?;
        if request.qty < of_market.spec.min_notional {
            return Err(self.under_minimum(market, request.qty));
        }
        if request.trigger.is_some() {
            return Ok(Size { qty: 0, quote_amount: Some(amount) });
        }
        match self.qty_for_amount(market, request.side, price, amount) {
            0 => Err(self.under_minimum(market, request.qty)),
            qty => Ok(Size { qty, quote_amount: Some(amount) }),
        }
    }

    fn under_minimum(&self, market: usize, worth: Decimal) -> Refusal {
        let of_market = &self.markets[market];
        let code = if of_market.is_spot() { 170140 } else { 110094 };
        Refusal::new(code, format!("order value {worth} under the minimum {}", of_market.spec.min_notional))
    }

    /// The stops that an order brings, take-profit first. They are of the position that it opens.
    pub(super) fn check_attached(
        &self,
        market: usize,
        request: &CreateOrder,
        price: i64,
    ) -> Result<[Option<Protection>; 2], Refusal> {
        let wanted =
            [(StopOrderType::TakeProfit, request.take_profit), (StopOrderType::StopLoss, request.stop_loss)];
        if request.reduce_only && wanted.iter().any(|(_, stop)| stop.is_some()) {
            let text = "stopLoss and takeProfit are not allowed on a reduce-only order";
            return Err(Refusal::new(110057, text));
        }
        let base = (request.order_type == OrderType::Limit).then_some(price);
        let mode = if self.markets[market].is_spot() {
            TpslMode::Partial
        } else {
            request.tpsl_mode.unwrap_or(TpslMode::Full)
        };
        let mut checked = [None; 2];
        for ((kind, stop), place) in wanted.into_iter().zip(&mut checked) {
            if let Some(stop) = stop.filter(|stop| !stop.price.is_zero()) {
                check_limit_mode(stop, mode)?;
                *place = Some(self.check_protection(market, request.side, kind, stop, base)?);
            }
        }
        Ok(checked)
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
        let limit = wanted.limit_price.map(|limit| of_market.price(limit)).transpose()?;
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
        Ok(Protection { price, by: wanted.by, limit })
    }

    pub(super) fn check_order_count(&self, order: &Order) -> Result<(), Refusal> {
        let account = &self.accounts[order.account];
        let desk = &account.desks[order.market];
        if self.markets[order.market].is_spot() {
            let spot = account.desks.iter().filter(|(slot, _)| self.markets[*slot].is_spot());
            let all: usize = spot.map(|(_, desk)| desk.resting().len() + desk.waiting.len()).sum();
            let of_kind = |key: &OrderKey| self.orders[*key].holds_waiting() == order.holds_waiting();
            let is_full = all >= SPOT_ORDERS_MAX
                || order.trigger.is_some() && desk.waiting.iter().filter(of_kind).count() >= SPOT_WAITING_MAX;
            return if is_full { Err(Refusal::new(170810, "too many spot orders")) } else { Ok(()) };
        }
        if order.trigger.is_none() {
            let is_full = desk.resting().len() >= RESTING_ORDERS_MAX;
            return if is_full { Err(Refusal::new(110020, "over 500 active orders")) } else { Ok(()) };
        }
        if desk.waiting.iter().filter(|key| !self.orders[*key].is_protection()).count()
            >= CONDITIONAL_ORDERS_MAX
        {
            return Err(Refusal::new(110009, "over 10 conditional orders"));
        }
        Ok(())
    }
}

/// Limit stops need a size of their own.
///
/// # Errors
/// 10001 in mode Full.
pub(super) fn check_limit_mode(stop: ProtectionPrice, mode: TpslMode) -> Result<(), Refusal> {
    if mode == TpslMode::Full && stop.limit_price.is_some() {
        return Err(Refusal::new(10001, "tpslMode Full takes market orders only"));
    }
    Ok(())
}

/// Whether the quantity of a spot market order counts quote coin.
fn is_by_amount(is_spot: bool, request: &CreateOrder) -> bool {
    is_spot
        && request.order_type == OrderType::Market
        && match request.market_unit {
            Some(unit) => unit == MarketUnit::QuoteCoin,
            None => request.side == Side::Buy,
        }
}

/// Source: Bybit V5, "Place Order", `slippageTolerance`; not for conditional orders.
fn check_slippage(slippage: SlippageTolerance, request: &CreateOrder) -> Result<(), Refusal> {
    let value = slippage.value;
    let fits = request.order_type == OrderType::Market && request.trigger.is_none();
    match slippage.unit {
        SlippageUnit::TickSize => {
            let in_range = value >= Decimal::ONE && value <= Decimal::from(10_000) && value.fract().is_zero();
            let text = "slippageTolerance in ticks must be 1 to 10000 on a market order";
            if fits && in_range { Ok(()) } else { Err(Refusal::new(110108, text)) }
        }
        SlippageUnit::Percent => {
            let in_range = value >= Decimal::new(1, 2) && value <= Decimal::TEN;
            let in_places = value.normalize().scale() <= 2;
            let text = "slippageTolerance in per cent must be 0.01 to 10 on a market order";
            if fits && in_range && in_places { Ok(()) } else { Err(Refusal::new(110109, text)) }
        }
    }
}
