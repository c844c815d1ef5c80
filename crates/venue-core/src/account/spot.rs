//! What spot orders hold of an account's balances, and what they would cost in collateral value.

use rust_decimal::Decimal;

use super::{Account, Context};
use crate::api::{Haircut, OrderStatus, Side};
use crate::margin::AccountMargin;
use crate::market::Market;
use crate::order::{Order, OrderKey};
use crate::units::{decimal, value};

/// An amount of a coin (slot) that an order holds, and of the coin it would bring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) coin: usize,
    pub(crate) amount: Decimal,
    pub(crate) brings: (usize, Decimal),
}

impl Hold {
    /// A buy holds quote coin at its price, a sell base coin.
    pub(crate) fn of(order: &Order, market: &Market) -> Self {
        let waits_without_price = order.price == 0;
        let price =
            if waits_without_price { order.trigger.map_or(0, |trigger| trigger.price) } else { order.price };
        let base = decimal(order.leaves());
        let quote = match order.quote_amount {
            Some(amount) if order.side == Side::Buy => decimal(amount) - order.filled_value,
            _ => value(price, order.leaves()),
        };
        match order.side {
            Side::Buy => Self { coin: market.quote, amount: quote, brings: (market.base, base) },
            Side::Sell => Self { coin: market.base, amount: base, brings: (market.quote, quote) },
        }
    }
}

impl Account {
    /// Adds what the orders of a spot market lock, and their haircut.
    pub(super) fn add_spot(&self, slot: usize, context: Context<'_>, total: &mut AccountMargin) {
        let market = &context.markets[slot];
        let keys = self.desks[slot].resting().iter().chain(self.desks[slot].waiting.iter());
        for key in keys {
            let order = &context.orders[key];
            let holds_funds = order.status != OrderStatus::Untriggered || order.holds_waiting();
            if !holds_funds || Self::is_held_by_the_other(key, market, context) {
                continue;
            }
            let hold = Hold::of(order, market);
            total.coins[hold.coin].locked += hold.amount;
            total.haircut += self.haircut(&hold, context);
        }
    }

    /// Whether the other stop of an order's pair holds what both need: only one of them can come to trade.
    /// Source: Bybit help centre, "Take Profit and Stop Loss (Spot Trading)".
    fn is_held_by_the_other(key: OrderKey, market: &Market, context: Context<'_>) -> bool {
        let order = &context.orders[key];
        order.sibling.is_some_and(|other| {
            let [own, of_other] = [order, &context.orders[other]].map(|order| Hold::of(order, market).amount);
            own < of_other || own == of_other && other < key
        })
    }

    /// Collateral value in USD that is lost when a hold turns into what it brings; never negative.
    pub(crate) fn haircut(&self, hold: &Hold, context: Context<'_>) -> Decimal {
        if context.doubts.haircut == Haircut::None {
            return Decimal::ZERO;
        }
        let counted = |coin: usize, change: Decimal| {
            let wallet = self.balances[coin].wallet;
            let after = self.collateral(coin, wallet + change, context);
            (after - self.collateral(coin, wallet, context)) * context.coins.usd_price(coin, context.markets)
        };
        let (brought, gain) = hold.brings;
        -(counted(hold.coin, -hold.amount) + counted(brought, gain)).min(Decimal::ZERO)
    }
}
