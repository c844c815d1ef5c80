//! What operators see: metrics, health and logs.
//!
//! Telemetry observes; it never decides. The pure core does not know the metrics library: counters are
//! derived from the events and commands that pass through the loop ([`Observer`]), gauges from a
//! [`Picture`] that the loop hands over once a second. Live and replay therefore show the same numbers.

mod catalogue;
mod health;
mod log;
mod observer;
mod picture;
mod server;

pub use catalogue::{Kind, METRICS, Metric};
pub use health::{Health, Readiness};
pub use log::{LogFormat, start_logging};
pub use observer::Observer;
pub use picture::{BotPicture, Picture, PositionPicture, SymbolPicture, show};
pub use server::{Server, ServerError};
