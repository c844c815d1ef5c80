//! What an order costs and meets: liquidity for market orders, margin for contracts, balances for spot.

use rust_decimal::Decimal;

use super::Venue;
use super::matching::accepts;
use crate::account::{Hold, Hypothetical};
use crate::api::{EmptyMarket, MarginMode, MarketOrderMargin, OrderStatus, OrderType, Refusal, Side};
use crate::order::{Order, OrderKey};
use crate::units::{decimal, value};

impl Venue {
    /// A market order needs something inside its protective price.
    pub(super) fn check_liquidity(&self, order: &Order) -> Result<(), Refusal> {
        if order.order_type != OrderType::Market || self.doubts.empty_market == EmptyMarket::Cancel {
            return Ok(());
        }
        let book = &self.markets[order.market].book;
        match book.size_up_to(order.side.opposite(), order.price, 1) {
            0 => Err(Refusal::new(110118, "no liquidity inside the protective price")),
            _ => Ok(()),
        }
    }

    /// Whether the account can pay for the order, in place of `replaces`. What waits for a trigger is paid for then, save
    /// a spot take-profit or stop-loss.
    pub(super) fn check_affordable(&self, order: &Order, replaces: Option<OrderKey>) -> Result<(), Refusal> {
        let is_waiting = order.status == OrderStatus::Untriggered;
        if self.markets[order.market].is_spot() {
            return if !is_waiting || order.holds_waiting() {
                self.check_funds(order, replaces)
            } else {
                Ok(())
            };
        }
        if is_waiting { Ok(()) } else { self.check_margin(order, replaces) }
    }

    /// Whether the account can hold the order by risk tier and available balance.
    pub(super) fn check_margin(&self, order: &Order, replaces: Option<OrderKey>) -> Result<(), Refusal> {
        if order.reduce_only {
            return Ok(());
        }
        let (account, slot, context) = (&self.accounts[order.account], order.market, self.context());
        let price = self.margin_price(order);
        let extra = Hypothetical { replaces, side: order.side, price, qty: order.leaves() };
        if account.surely_bears(slot, context, extra) {
            debug_assert_eq!(self.weigh(order, extra), Ok(()), "bounds of margin and margin itself disagree");
            return Ok(());
        }
        self.weigh(order, extra)
    }

    /// The exact verdict.
    fn weigh(&self, order: &Order, extra: Hypothetical) -> Result<(), Refusal> {
        let (account, slot, context) = (&self.accounts[order.account], order.market, self.context());
        let before = account.order_im(slot, context, None);
        let cost = account.order_im(slot, context, Some(extra)) - before;
        if cost <= Decimal::ZERO {
            return Ok(());
        }
        let risk_value = account.risk_value(slot, context, Some(extra));
        let tier = self.markets[slot].tiers.at(risk_value);
        if risk_value > tier.limit {
            return Err(Refusal::new(110089, format!("value {risk_value} over the highest risk tier")));
        }
        if account.desks[slot].holdings.leverage(order.side) > tier.max_leverage {
            return Err(Refusal::new(
                110090,
                format!("leverage over {} at value {risk_value}", tier.max_leverage),
            ));
        }
        let available = account.available(self.markets[slot].settle, &account.margin(context), context);
        if available < cost {
            return Err(Refusal::new(
                110007,
                format!("available balance {available} under the order cost {cost}"),
            ));
        }
        Ok(())
    }

    /// The price by which an order's margin is reckoned, in units.
    fn margin_price(&self, order: &Order) -> i64 {
        let market = &self.markets[order.market];
        let other = match (order.order_type, self.doubts.market_order_margin) {
            (OrderType::Market, MarketOrderMargin::BestOpposite) => market.book.best(order.side.opposite()),
            (OrderType::Market, MarketOrderMargin::Mark) => market.valuation_price(),
            (OrderType::Market, MarketOrderMargin::Protective)
            | (OrderType::Limit | OrderType::Unknown, _) => None,
        };
        other.unwrap_or(order.price)
    }

    /// Whether the balances cover a spot order, and the margin its haircut.
    fn check_funds(&self, order: &Order, replaces: Option<OrderKey>) -> Result<(), Refusal> {
        let (account, context) = (&self.accounts[order.account], self.context());
        let market = &self.markets[order.market];
        let mut hold = Hold::of(order, market);
        // One that waits has no price yet, and holds by that of its trigger.
        let is_working = order.status != OrderStatus::Untriggered;
        let buys_base = order.side == Side::Buy && order.quote_amount.is_none();
        if order.order_type == OrderType::Market && buys_base && is_working {
            hold.amount = self.cost_of(order);
        }
        let margin = account.margin(context);
        let of_other = order.sibling.map_or(Decimal::ZERO, |key| Hold::of(&self.orders[key], market).amount);
        hold.amount = hold.amount.max(of_other);
        let held_before =
            replaces.map_or(Decimal::ZERO, |key| Hold::of(&self.orders[key], market).amount.max(of_other));
        let wallet = account.balances[hold.coin].wallet;
        let free = match account.margin_mode {
            MarginMode::Isolated => margin.coins[hold.coin].free_of(wallet),
            MarginMode::Cross => wallet - margin.coins[hold.coin].locked,
        };
        if free + held_before < hold.amount {
            return Err(Refusal::new(170131, format!("balance {free} under the needed {}", hold.amount)));
        }
        let haircut = account.haircut(&hold, context);
        let is_covered = account.margin_mode == MarginMode::Isolated || haircut <= margin.available();
        if replaces.is_none() && haircut > Decimal::ZERO && !is_covered {
            return Err(Refusal::new(170131, format!("the margin does not cover the haircut {haircut}")));
        }
        Ok(())
    }

    /// What a spot market order by base coin would pay on the book as it stands; what it would not find counts at its
    /// protective price.
    fn cost_of(&self, order: &Order) -> Decimal {
        let (mut left, mut cost) = (order.leaves(), Decimal::ZERO);
        for (price, size) in self.opposite_levels(order.market, order.side, order.price) {
            let taken = size.min(left);
            cost += value(price, taken);
            left -= taken;
        }
        cost + value(order.price, left)
    }

    /// How much base coin an amount of quote coin comes to on the book as it stands, down to `limit`. Where the book is too
    /// thin the rest counts at the limit, so that the order ends with something unfilled.
    pub(super) fn qty_for_amount(&self, market: usize, side: Side, limit: i64, amount: i64) -> i64 {
        let of_market = &self.markets[market];
        let (mut left, mut qty) = (decimal(amount), 0_i64);
        for (price, size) in self.opposite_levels(market, side, limit) {
            let affordable = of_market.lots(left / decimal(price));
            let taken = size.min(affordable);
            qty = qty.saturating_add(taken);
            left -= value(price, taken);
            if taken < size {
                return qty;
            }
        }
        let at_limit = left.checked_div(decimal(limit)).map_or(0, |rest| of_market.lots(rest));
        qty.saturating_add(at_limit)
    }

    /// Levels that an order of `side` may trade with, best first, in units.
    fn opposite_levels(&self, market: usize, side: Side, limit: i64) -> impl Iterator<Item = (i64, i64)> {
        self.markets[market]
            .book
            .sizes(side.opposite())
            .take_while(move |(price, _)| accepts(side, limit, *price))
    }
}
