//! The server half of the embedded Bybit V5 exchange: REST and WebSocket in Bybit's wire form, the `/sim`
//! control surface and the market sources. Orders, matching and margin are in `windvane-venue-core`.
//!
//! All state belongs to one task (`exchange`). Connection tasks (`server`) send it messages over one bounded
//! channel and receive frames over a bounded channel each; they decide nothing. Endpoints are in `rest`,
//! the control surface in `sim`, the JSON in `wire`; candles and day figures in `market`.
//!
//! Two clocks: market time stamps orders, executions, candles and pushes; wall time stamps signatures, REST
//! envelopes, trade-socket headers and `market/time`. They differ in a replay.
//!
//! See [`Embedded`] for a venue inside another program and [`serve`] for a process of its own.

mod catalogue;
mod config;
mod embedded;
mod exchange;
mod fault;
pub mod feed;
mod listed;
mod market;
#[cfg(test)]
mod mutated;
mod packed;
mod path;
mod rest;
mod server;
mod sheet;
mod sim;
mod source;
pub mod table;
pub mod wire;

/// What a replay makes up between recorded figures, for others that replay them.
pub mod invented {
    pub use crate::path::{GridBar, PathPoint, STEPS, path};
    pub use crate::source::grid::Grid;
}

pub use catalogue::linear;
pub use config::*;
pub use embedded::{Embedded, StartError, serve};
pub use packed::read_to_string;
pub use server::listen;
pub use source::SourceError;
pub use windvane_venue_core::MarginMode;
