//! `pre-check`: what an order would do to the account's margin rates. Source: Bybit V5, "Pre Check Order".

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Venue;
use crate::account::Hypothetical;
use crate::api::{Category, CreateOrder, MarginMode, OrderId, Refusal, Uid};
use crate::ids::IdKind;
use crate::margin::{AccountMargin, order_loss};
use crate::order::Order;
use crate::units::decimal;

/// One in the fourth decimal of a rate.
const E4: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// Margin rates of the account as whole numbers of 1/10 000 (30 is 0.30 %), cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreCheck {
    /// Initial margin rate before the order.
    pub pre_imr_e4: i64,
    /// Maintenance margin rate before the order.
    pub pre_mmr_e4: i64,
    /// Initial margin rate with the order placed.
    pub post_imr_e4: i64,
    /// Maintenance margin rate with the order placed.
    pub post_mmr_e4: i64,
}

/// The order would be refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct PreCheckRefusal {
    /// With which code and text.
    pub refusal: Refusal,
    /// The rates, where it is the margin that does not suffice (110007).
    pub rates: Option<PreCheck>,
}

impl From<Refusal> for PreCheckRefusal {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, rates: None }
    }
}

impl Venue {
    /// What an order would do to the margin rates of an account. Nothing changes.
    ///
    /// # Errors
    /// The refusal that the order would meet, or 10001 for what is not offered: spot, conditional orders, isolated margin.
    pub fn pre_check(&self, uid: Uid, request: &CreateOrder) -> Result<PreCheck, PreCheckRefusal> {
        let account = self.account_slot(uid)?;
        let is_cross = self.accounts[account].margin_mode == MarginMode::Cross;
        if request.category != Category::Linear || request.trigger.is_some() || !is_cross {
            let text = "pre-check takes unconditional linear orders in cross margin";
            return Err(Refusal::new(10001, text).into());
        }
        let order = self.draft(account, request)?;
        self.check_liquidity(&order)?;
        let rates = self.rates_with(&order);
        match self.check_margin(&order, None) {
            Ok(()) => Ok(rates),
            Err(refusal) => {
                let rates = (refusal.code == 110007).then_some(rates);
                Err(PreCheckRefusal { refusal, rates })
            }
        }
    }

    /// A name for the order that a pre-check speaks of, which no order ever has.
    pub fn name_pre_check(&mut self) -> OrderId {
        self.pre_checks += 1;
        self.ids.shared(IdKind::PreCheck, self.pre_checks)
    }

    fn rates_with(&self, order: &Order) -> PreCheck {
        let (account, context) = (&self.accounts[order.account], self.context());
        let before = account.margin(context);
        let mut after = before.clone();
        if !order.reduce_only {
            let extra =
                Hypothetical { replaces: None, side: order.side, price: order.price, qty: order.leaves() };
            let market = &self.markets[order.market];
            let usd = self.coins.usd_price(market.settle, &self.markets);
            let cost = account.order_im(order.market, context, Some(extra))
                - account.order_im(order.market, context, None);
            after.order_im += cost * usd;
            if let Some(mark) = market.valuation_price() {
                let (price, qty) = (decimal(order.price), decimal(order.leaves()));
                after.order_loss += order_loss(market.payoff, order.side, price, qty, decimal(mark)) * usd;
            }
        }
        PreCheck {
            pre_imr_e4: e4(&before, AccountMargin::initial_margin),
            pre_mmr_e4: e4(&before, AccountMargin::maintenance_margin),
            post_imr_e4: e4(&after, AccountMargin::initial_margin),
            post_mmr_e4: e4(&after, AccountMargin::maintenance_margin),
        }
    }
}

/// A margin by the account's base in 1/10 000; the largest number where there is nothing to set it against.
fn e4(of: &AccountMargin, margin: impl Fn(&AccountMargin) -> Decimal) -> i64 {
    let (margin, base) = (margin(of), of.base());
    if margin.is_zero() {
        return 0;
    }
    if base <= Decimal::ZERO {
        return i64::MAX;
    }
    (margin / base).checked_mul(E4).and_then(|rate| rate.trunc().to_i64()).unwrap_or(i64::MAX)
}
