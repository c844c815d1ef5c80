//! What operators see: metrics, health, the status page, logs, notifications.
//!
//! Telemetry observes; it never decides. The pure core does not know the metrics library: counters are
//! derived from the events and commands that pass through the loop ([`Observer`]), gauges from a
//! [`Picture`] that the loop hands over once a second. Live and replay therefore show the same numbers.

mod background;
mod board;
#[cfg(test)]
mod cardinality;
mod catalogue;
mod chronicle;
mod health;
mod log;
mod notify;
mod observer;
mod otlp;
mod page;
mod picture;
mod post;
mod routes;
mod server;
mod show;

pub use board::Board;
pub use catalogue::{METRICS, Metric, MetricKind};
pub use chronicle::{Chronicle, Entry, Kind, Story};
pub use health::{Health, Readiness};
pub use log::{LogFormat, start_logging};
pub use notify::{EndpointError, Endpoints, Notifier, is_safe};
pub use observer::{Build, Observer};
pub use otlp::{Tracer, TracerError};
pub use picture::{BotPicture, Picture, PositionPicture, RiskPicture, SymbolPicture};
pub use server::{Server, ServerError};
pub use show::show;
