//! Strategies over history: backtest and tuning.
//!
//! A backtest is the engine that trades live and the venue's core that paper trading runs on, joined in one loop without
//! clock, socket or thread: every order passes risk, order management and matching as it would there. What differs is
//! the market. A candle says where the price was and not when, so the loop walks a path through it ([`Fills`]), and only
//! where somebody waits: between the prices at which an order would fill or fire nothing is to be done.
//!
//! Time is the data's. Both clocks of the engine show it, so nothing is ever late or stale that would not be.

pub mod data;
pub mod report;
mod run;
mod settings;
pub mod tune;

pub use run::{Account, Backtest, Equity, Outcome, RunError, Setup, Signal, replay};
pub use settings::{Fills, Settings};
