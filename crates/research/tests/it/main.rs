//! Backtests of whole strategies.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod desk;
mod ema_cross;
mod passing;
mod shipped;
mod tune;
