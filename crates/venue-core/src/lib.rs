//! The matching and account core of the embedded Bybit V5 venue: orders, books, balances, positions, unified margin,
//! funding, liquidation. Linear and inverse perpetuals in one-way and hedge mode, cross and isolated margin; spot for cash.
//!
//! It is pure: no network, no clock, no randomness but the seed. One input goes in with its market time, and every
//! consequence comes out in order, before the next input:
//!
//! ```
//! # use windvane_venue_core::{Category, Doubts, MarketInput, Setup, Venue};
//! let setup =
//!     Setup { instruments: vec![], coins: vec![], accounts: vec![], doubts: Doubts::default(), seed: 1 };
//! let mut venue = Venue::new(setup);
//! let mut outputs = Vec::new();
//! let refusal = venue
//!     .apply_market(
//!         0,
//!         &MarketInput::SettleFunding { category: Category::Linear, symbol: "BTCUSDT".into() },
//!         &mut outputs,
//!     )
//!     .expect_err("nothing is listed");
//! assert_eq!(refusal.code, 10001);
//! ```
//!
//! It shares no code with the engine it is traded by, not even the words of `windvane-model`: everything the exchange does
//! is written twice, from the same pages, so that one mistake cannot hide on both sides. Prices and quantities are
//! integers at 1e-8 in books and matching; money is `Decimal` and never rounded.

mod account;
mod api;
mod book;
mod coin;
mod ids;
mod margin;
mod market;
mod order;
mod payoff;
mod position;
mod record;
mod sorted;
mod units;
mod venue;

pub use api::*;
pub use venue::{ExecutionFilter, OrderFilter, PreCheck, PreCheckRefusal, RequestCounts, Venue};
