//! Signed and unsigned REST calls, the queries made of them, and the reference data read at start.

mod client;
mod instrument;
mod page;
mod query;
mod reference;

pub use client::{RestClient, RestError};
pub use reference::{AccountInfo, ApiKeyInfo, MarginMode, ServerTime};
