//! One input, then all of its outputs, then the next input: the engine as a pure state machine.
//!
//! ```text
//! event ─► market / orders ─► notices ─► strategies ─► intents ─► risk ─► orders ─► commands
//!                               ▲                                           │
//!                               └───────────────────────────────────────────┘
//! ```
//!
//! [`Engine::handle`] takes one [`Stamped`](windvane_model::Stamped) event and works off everything it leads
//! to before it returns, so no decision is made on state that is one message old. It reads no clock, draws no
//! random number and touches no file: the same events give the same outputs, byte for byte, which is what
//! `windvane journal replay` proves.

mod ahead;
mod bot;
mod breaker;
mod calibration;
mod child;
mod engine;
mod figures;
mod flatten;
mod gate;
mod kill;
mod listeners;
mod memory;
mod meter;
mod output;
mod protection;
mod reconfigure;
mod short;
#[cfg(test)]
mod tests;
mod turn;
mod view;

pub use ahead::Traces;
pub use bot::{BotSetup, Foreign, Hold, Removal};
pub use child::Child;
pub use engine::{ConfigId, Engine, EngineSetup, HISTORY_BARS, RestoreError};
pub use figures::RiskFigures;
pub use gate::Waiting;
pub use memory::{engine_memory_name, opened_under};
pub use meter::Meter;
pub use output::Output;
pub use protection::{Naked, Remedy};
pub use reconfigure::Reconfiguration;
pub use short::WhenShort;
pub use view::BotView;
