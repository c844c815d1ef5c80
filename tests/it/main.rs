//! End-to-end tests: the binary as a user runs it. One binary, because each would link the same things.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking, in its helpers too")]

mod account;
mod backtest;
mod bad_input;
mod calibration;
mod canary;
mod dashboard;
mod data;
mod degraded;
mod demo;
mod deployed;
mod disconnection;
mod documents;
mod explain;
mod faults;
mod flat;
mod guard;
mod hedge;
mod interrupt;
mod kill;
mod listeners;
mod maintenance;
mod notify;
mod operator;
mod page;
mod products;
mod recording;
mod refused;
mod reload;
mod resolve;
mod restart;
mod schema;
mod shadow;
mod shutdown;
mod soak;
mod streams;
mod sums;
mod taker;
mod trigger;
mod vault;
mod verbs;
mod worst_day;
