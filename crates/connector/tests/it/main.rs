//! The connector from outside: recorded and invented messages, the exchange's code list, arbitrary bytes, and
//! the tasks against a scripted peer on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking, in its helpers too")]

mod allocations;
mod codes;
mod entry;
mod fixtures;
mod golden;
mod hosts;
mod hourly;
mod http;
mod links;
mod numbers;
mod peer;
mod properties;
mod reading;
mod replies;
mod rig;
mod signing;
mod tls;
