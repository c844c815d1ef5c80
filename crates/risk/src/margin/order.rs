//! What an open order holds back.

use super::ratio;
use rust_decimal::Decimal;
use windvane_model::{Leverage, Price, Qty, Rate, Side};

/// What the cost of an order depends on, beside its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTerms {
    /// Direction of the order.
    pub side: Side,
    /// Leverage of the position it would open.
    pub leverage: Leverage,
    /// Fee of a fill that takes, a fraction. The exchange reserves both fees at it, also for resting orders.
    pub taker_fee: Rate,
}

/// What an order holds back, in the settle coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderCost {
    /// Value / leverage.
    pub initial_margin: Decimal,
    /// Value × taker fee.
    pub fee_to_open: Decimal,
    /// Fee of closing at the bankruptcy price: value × (1 ∓ 1/leverage) × taker fee, − for a buy.
    pub fee_to_close: Decimal,
}

impl OrderTerms {
    /// The cost of orders with these terms and a value of Σ quantity × price in the quote coin.
    ///
    /// Source: Bybit help centre, "Order Cost"; captured wallets match it in `totalOrderIM`.
    #[must_use]
    pub fn cost(&self, value: Decimal) -> OrderCost {
        let initial_margin = self.leverage.share_of(value);
        let at_bankruptcy = match self.side {
            Side::Buy => value.saturating_sub(initial_margin),
            Side::Sell => value.saturating_add(initial_margin),
        };
        OrderCost {
            initial_margin,
            fee_to_open: value.saturating_mul(self.taker_fee.get()),
            fee_to_close: at_bankruptcy.saturating_mul(self.taker_fee.get()),
        }
    }

    /// The largest value whose cost is covered by `margin` (settle coin); nothing when that is negative.
    #[must_use]
    pub fn affordable_value(&self, margin: Decimal) -> Decimal {
        let cost_of_one = self.cost(Decimal::ONE).total();
        ratio(margin.max(Decimal::ZERO), cost_of_one)
    }
}

impl OrderCost {
    /// All of it: what `totalOrderIM` rises by, settle coin.
    ///
    /// Source: Bybit V5, Get Wallet Balance, `totalOrderIM`.
    #[must_use]
    pub fn total(&self) -> Decimal {
        self.initial_margin.saturating_add(self.fee_to_open).saturating_add(self.fee_to_close)
    }
}

/// What an order would lose at once if it filled now, never positive, settle coin: it lowers the base of the
/// account's rates.
///
/// Source: Bybit help centre, UTA glossary, "order loss".
#[must_use]
pub fn order_loss(side: Side, qty: Qty, price: Price, mark: Price) -> Decimal {
    let gain_each = match side {
        Side::Buy => mark.get() - price.get(),
        Side::Sell => price.get() - mark.get(),
    };
    gain_each.saturating_mul(qty.get()).min(Decimal::ZERO)
}
