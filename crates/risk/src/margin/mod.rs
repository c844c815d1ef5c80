//! The margin of Bybit's Unified Trading Account in cross and in isolated mode, for linear contracts settled in one
//! coin, with the arithmetic of inverse contracts and of spot balances beside it.
//!
//! Written from the exchange's pages and from nothing of the venue's; the two are compared with the same table
//! of published and captured cases. Amounts are in the settle coin, rates are fractions. Source: Bybit help
//! centre, "The New Margin Calculation" (2025-09), "Order Cost", "Initial Margin", "Maintenance Margin", "UTA
//! glossary".
//!
//! How well each figure is known is in [`MarginMode::classes`], which `windvane check` and `windvane status` show.
//!
//! Arithmetic never panics. What leaves the decimal range stops at its end, which no account can cover.

mod account;
mod class;
mod contract;
mod elsewhere;
mod figures;
mod inverse;
mod mode;
mod order;
mod position;
mod spot;
mod tier;

pub use account::AccountMargin;
pub use class::{Certainty, MarginClass};
pub use contract::{Candidate, ContractTerms};
pub(crate) use elsewhere::in_settle_coin;
pub use elsewhere::{Elsewhere, other_collateral};
pub use figures::ContractFigures;
pub use inverse::{InverseOrder, InversePosition};
pub use mode::MarginMode;
pub use order::{OrderCost, OrderTerms, order_loss};
pub use position::PositionTerms;
pub use spot::{Collateral, SpotBalance, SpotOrder};
pub use tier::{highest_value_at, maintenance_margin};

use rust_decimal::Decimal;

/// `a / b`; the largest decimal when that has no value, which reads as "more than anybody has".
fn ratio(a: Decimal, b: Decimal) -> Decimal {
    a.checked_div(b).unwrap_or(Decimal::MAX)
}
