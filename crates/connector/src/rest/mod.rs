//! Signed and unsigned REST calls, the queries made of them, and the reference data read at start.

mod account;
mod answer;
mod business;
#[cfg(test)]
mod chaos;
mod client;
mod error;
mod inquiry;
mod instrument;
mod ledger;
pub(crate) mod market;
mod mutate;
mod page;
mod past;
mod position_mode;
mod pre_check;
mod product;
mod query;
mod reference;
mod setup;
mod sweep;

pub(crate) use answer::read_envelope;
pub(crate) use mutate::outcome;
pub(crate) use query::told;

pub use account::{AccountInfo, ApiKeyInfo, MarginMode};
pub use business::{BusinessKind, OpenBusiness};
pub use client::RestClient;
pub use error::RestError;
pub use inquiry::{Ask, Inquiry, Turn, inquire};
pub use ledger::{ClosedPnl, LedgerEntry};
pub use past::{PastExecution, PastOrder, PreCheck};
pub use position_mode::PositionMode;
pub use product::OpenPosition;
pub(crate) use reference::History;
pub use reference::ServerTime;
pub use setup::{DcpWindow, LimitPriceAction, TradingProduct};
