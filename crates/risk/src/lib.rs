//! What is allowed: limits, run states and the margin arithmetic of the Unified Trading Account.
//!
//! A strategy's [`Intent`](windvane_model::Intent) becomes an [`Approved`] or a
//! [`Denial`](windvane_model::Denial), and nothing else in the workspace can make an [`Approved`]: an order
//! that risk has not seen cannot be written. The check is pure and runs to completion on what is known at
//! that moment: [`Exposure`], kept by order management, counts the worst case (every working, unknown or
//! half-amended order as if it were filled), and [`Quotes`], kept by the engine, carries the prices with
//! their age.
//!
//! Two rules stand above all limits. What reduces is never held back by a limit on what opens, and what
//! cannot be computed (missing price, overflow) is denied when it opens.

mod approved;
mod breaker;
mod calibration;
mod check;
mod contract;
mod exposure;
mod limits;
pub mod margin;
mod ownership;
mod protective;
mod quote;
mod rate;
mod risk;
mod scope;
mod state;
mod value;

pub use approved::Approved;
pub use breaker::{Breach, DrawdownStep, LossStart, PositionResult, RiskMemory, Worth};
pub use calibration::{Counted, Miscount, WalletMargins};
pub use check::{Ask, Context, OpenOrder};
pub use contract::{Contract, Contracts};
pub use exposure::{ContractExposure, Exposure, OrderExposure, OrderKey, PositionExposure, SideExposure};
pub use limits::{
    BotLimits, DrawdownLimits, GroupLimits, LimitProblem, NarrowDrawdown, RiskLimits, SymbolLimits,
    leverage_problem,
};
pub use ownership::{Ownership, OwnershipError};
pub use protective::{Share, kept_half};
pub use quote::{Quote, Quotes};
pub use risk::Risk;
pub use state::{Action, allows};
pub use value::{Amount, Multiple, OrderRate, Percent, TimeSpan, ValueError};
