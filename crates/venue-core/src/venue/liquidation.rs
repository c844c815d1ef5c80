//! Liquidation: an account whose maintenance margin is no longer covered loses its orders first, then its positions, the
//! largest first, until it is covered again.
//!
//! Liquidation takes what the book holds at any price. What the book cannot take stays open and is tried again at the next
//! input; there is no insurance fund, so a balance may end below zero.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{CancelType, CreateType, RejectReason, Side};
use crate::order::{Order, OrderKey};
use crate::units::decimal;

impl Venue {
    /// Does one step of one liquidation; says whether there was anything to do.
    pub(super) fn liquidate_next(&mut self) -> bool {
        (0..self.accounts.len()).any(|account| self.is_liquidated(account) && self.liquidate(account))
    }

    fn is_liquidated(&self, account: usize) -> bool {
        let account = &self.accounts[account];
        account.positions.iter().any(|position| position.size != 0)
            && account.margin(&self.markets, &self.orders).is_liquidated()
    }

    fn liquidate(&mut self, account: usize) -> bool {
        let orders: Vec<OrderKey> = self.accounts[account].resting.iter().flatten().copied().collect();
        for &key in &orders {
            self.end(key, CancelType::BeforeLiquidation, RejectReason::NoError);
        }
        if !orders.is_empty() {
            return true;
        }
        let Some((market, side)) = self.largest_closable(account) else { return false };
        let order = self.liquidation_order(account, market, side);
        let key = self.enter(order);
        self.submit(key);
        true
    }

    /// The position of the largest value for which the book has anything at all, and the side that closes it.
    fn largest_closable(&self, account: usize) -> Option<(usize, Side)> {
        let value_of = |market: usize| {
            let size = decimal(self.accounts[account].positions[market].size.abs());
            self.markets[market].valuation_price().map_or(Decimal::ZERO, |price| decimal(price) * size)
        };
        (0..self.markets.len())
            .filter_map(|market| Some((market, self.accounts[account].positions[market].side()?.opposite())))
            .filter(|(market, side)| self.can_trade(*market, *side))
            .max_by_key(|(market, _)| value_of(*market))
    }

    /// Whether a liquidation of this side would trade: without this a step could repeat for ever.
    fn can_trade(&self, market: usize, side: Side) -> bool {
        let of_market = &self.markets[market];
        of_market.book.size_up_to(side.opposite(), of_market.extreme_price(side), 1) > 0
    }

    fn liquidation_order(&mut self, account: usize, market: usize, side: Side) -> Order {
        let of_market = &self.markets[market];
        Order {
            price: of_market.extreme_price(side),
            qty: self.accounts[account].positions[market].reducible(side),
            last_price_on_created: of_market.last,
            ..Order::closing(
                account,
                market,
                Arc::from(self.ids.next()),
                side,
                CreateType::ByLiquidation,
                self.now_ms,
            )
        }
    }
}
