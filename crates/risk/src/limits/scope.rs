//! Limits narrower than the account's. Each may be left out; then the account's alone holds.

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
}

/// `[risk.group.NAME]`: limits on several contracts together, whoever trades them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupLimits {
    /// The contracts.
    pub symbols: Vec<String>,
    /// Largest sum of the values of their positions with everything that may still grow them, settle coin.
    pub max_gross_exposure: Amount,
}
