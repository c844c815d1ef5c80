//! Tuning: the same backtest with other values of a file's `[params]`, many times, on all cores.
//!
//! Each candidate is played twice, on the part of the data that the choice is made by and on the part that it has never
//! seen. A row of the table is what `windvane backtest` gives with those values and that span, to the last digit.

mod row;
mod space;
mod sweep;

pub use row::{Aim, Figures, Row, best, log_line, read_log, table};
pub use space::{Candidate, Search, Space, SpaceError};
pub use sweep::{Plan, Refused, sweep};
