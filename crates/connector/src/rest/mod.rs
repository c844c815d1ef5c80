//! Signed and unsigned REST calls, the queries made of them, and the reference data read at start.

mod answer;
mod client;
mod error;
mod instrument;
mod mutate;
mod page;
mod query;
mod reference;
mod setup;

pub use client::RestClient;
pub use error::RestError;
pub use reference::{AccountInfo, ApiKeyInfo, MarginMode, ServerTime};
