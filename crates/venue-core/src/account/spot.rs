//! What spot orders hold of an account's balances, and what they would cost in collateral value.

use rust_decimal::Decimal;

use super::{Account, Context};
use crate::api::{Haircut, OrderStatus, Side, StopOrderType};
use crate::margin::AccountMargin;
use crate::market::Market;
use crate::order::Order;
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
        let holds_funds = |order: &&Order| {
            order.status != OrderStatus::Untriggered
                || order.stop_order_type == Some(StopOrderType::TpslOrder)
        };
        let keys = self.desks[slot].resting().iter().chain(self.desks[slot].waiting.iter());
        for order in keys.map(|key| &context.orders[key]).filter(holds_funds) {
            let hold = Hold::of(order, market);
            total.coins[hold.coin].locked += hold.amount;
            total.haircut += self.haircut(&hold, context);
        }
    }

    /// Collateral value in USD that is lost when a hold turns into what it brings; never negative.
    pub(crate) fn haircut(&self, hold: &Hold, context: Context<'_>) -> Decimal {
        if context.doubts.haircut == Haircut::None {
            return Decimal::ZERO;
        }
        let counted = |coin: usize, change: Decimal| {
            let wallet = self.balances[coin].wallet;
            let after = context.coins.collateral_of(coin, wallet + change);
            (after - context.coins.collateral_of(coin, wallet))
                * context.coins.usd_price(coin, context.markets)
        };
        let (brought, gain) = hold.brings;
        -(counted(hold.coin, -hold.amount) + counted(brought, gain)).min(Decimal::ZERO)
    }
}
