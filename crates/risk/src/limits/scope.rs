//! Limits narrower than the account's. Each may be left out; then the account's alone holds.

use crate::breaker::NarrowLimits;
use crate::{Amount, OrderRate};
use serde::Deserialize;

/// `[risk.symbol.NAME]`: limits on one contract, all its positions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SymbolLimits {
    /// Largest order, in the base coin: `"0.5 BTC"`.
    pub max_order_qty: Option<Amount>,
    /// Largest value of one order, settle coin.
    pub max_order_notional: Option<Amount>,
    /// Largest value of the position with everything that may still grow it, settle coin.
    pub max_position_notional: Option<Amount>,
    /// Most orders that may be open at once.
    pub max_open_orders: Option<u32>,
    /// Largest loss of one UTC day of the market's clock, settle coin: what its positions made by mark, after fees and
    /// funding. Beyond it nothing opens in the contract that day.
    pub max_loss_per_day: Option<Amount>,
    /// The same of one week, from Monday 00:00 UTC.
    pub max_loss_per_week: Option<Amount>,
    /// Largest fall of what its positions made from its highest, settle coin, once it has lasted as long as
    /// `drawdown.persists_for`. Then nothing opens in the contract until a person resumes.
    pub max_drawdown: Option<Amount>,
    /// How many refusals of the venue within a window let nothing open in the contract until that window has passed, wall
    /// clock.
    pub max_error_rate: Option<OrderRate>,
}

/// `[risk.bot.NAME]`: limits on one bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BotLimits {
    /// Largest value of one order, settle coin.
    pub max_order_notional: Option<Amount>,
    /// Largest sum of the values of its positions with everything that may still grow them, settle coin.
    pub max_gross_exposure: Option<Amount>,
    /// Most orders that may be open at once.
    pub max_open_orders: Option<u32>,
    /// Most orders and amends in a window, wall clock.
    pub max_order_rate: Option<OrderRate>,
    /// Largest loss of one UTC day of the market's clock, settle coin: what its positions made by mark, after fees and
    /// funding. Beyond it nothing opens in the bot that day.
    pub max_loss_per_day: Option<Amount>,
    /// The same of one week, from Monday 00:00 UTC.
    pub max_loss_per_week: Option<Amount>,
    /// Largest fall of what its positions made from its highest, settle coin, once it has lasted as long as
    /// `drawdown.persists_for`. Then nothing opens in the bot until a person resumes it.
    pub max_drawdown: Option<Amount>,
    /// How many refusals of the venue within a window let nothing open in the bot until that window has passed, wall
    /// clock.
    pub max_error_rate: Option<OrderRate>,
    /// How many losing holdings in a row make this bot pause, in place of the account's figure.
    pub max_losing_streak: Option<u32>,
}

/// `[risk.group.NAME]`: limits on several contracts together, whoever trades them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupLimits {
    /// The contracts.
    pub symbols: Vec<String>,
    /// Largest sum of the values of their positions with everything that may still grow them, settle coin.
    pub max_gross_exposure: Amount,
    /// Largest loss of one UTC day of the market's clock, settle coin: what its positions made by mark, after fees and
    /// funding. Beyond it nothing opens in them that day.
    #[serde(default)]
    pub max_loss_per_day: Option<Amount>,
    /// The same of one week, from Monday 00:00 UTC.
    #[serde(default)]
    pub max_loss_per_week: Option<Amount>,
    /// Largest fall of what its positions made from its highest, settle coin, once it has lasted as long as
    /// `drawdown.persists_for`. Then nothing opens in them until a person resumes.
    #[serde(default)]
    pub max_drawdown: Option<Amount>,
    /// How many refusals of the venue within a window let nothing open in them until that window has passed, wall
    /// clock.
    #[serde(default)]
    pub max_error_rate: Option<OrderRate>,
}

impl SymbolLimits {
    pub(crate) const fn narrow(&self) -> NarrowLimits {
        NarrowLimits {
            day: self.max_loss_per_day,
            week: self.max_loss_per_week,
            drawdown: self.max_drawdown,
            errors: self.max_error_rate,
        }
    }
}

impl BotLimits {
    pub(crate) const fn narrow(&self) -> NarrowLimits {
        NarrowLimits {
            day: self.max_loss_per_day,
            week: self.max_loss_per_week,
            drawdown: self.max_drawdown,
            errors: self.max_error_rate,
        }
    }
}

impl GroupLimits {
    pub(crate) const fn narrow(&self) -> NarrowLimits {
        NarrowLimits {
            day: self.max_loss_per_day,
            week: self.max_loss_per_week,
            drawdown: self.max_drawdown,
            errors: self.max_error_rate,
        }
    }
}
