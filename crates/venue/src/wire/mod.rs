//! Bybit's JSON: how requests are read and how rows are written.
//!
//! Rows are written by hand from the core's rows, field by field. They carry what clients were seen to need,
//! deprecated constants included.

pub(crate) mod account;
pub(crate) mod envelope;
pub(crate) mod execution;
pub(crate) mod fields;
pub(crate) mod instrument;
pub(crate) mod narrow;
pub(crate) mod number;
pub(crate) mod order;
pub(crate) mod position;
pub(crate) mod wallet;
