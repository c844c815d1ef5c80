//! The margin of Bybit's Unified Trading Account in cross mode, for linear contracts settled in one coin.
//!
//! Written from the exchange's pages and from nothing of the venue's; the two are compared with the same table
//! of published and captured cases. Amounts are in the settle coin, rates are fractions. Source: Bybit help
//! centre, "The New Margin Calculation" (2025-09), "Order Cost", "Initial Margin", "Maintenance Margin", "UTA
//! glossary".
//!
//! | figure | class |
//! |---|---|
//! | order cost, position margin, account rates | exact: equal to the digit |
//! | orders of both sides, orders against a position | bounded: an upper bound, the rule is unpublished |
//! | a market order's price | bounded: the venue's inner price limit for a buy |
//! | liquidation price | estimate: at today's tier, every other contract standing still |
//!
//! Arithmetic never panics. What leaves the decimal range stops at its end, which no account can cover.

mod account;
mod contract;
mod figures;
mod order;
mod position;
mod tier;

pub use account::AccountMargin;
pub use contract::{Candidate, ContractTerms};
pub use figures::ContractFigures;
pub use order::{OrderCost, OrderTerms, order_loss};
pub use position::PositionTerms;
pub use tier::{highest_value_at, maintenance_margin};

use rust_decimal::Decimal;

/// `a / b`; the largest decimal when that has no value, which reads as "more than anybody has".
fn ratio(a: Decimal, b: Decimal) -> Decimal {
    a.checked_div(b).unwrap_or(Decimal::MAX)
}
