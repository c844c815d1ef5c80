//! Time as a value: the exchange is told when something happens and never looks at a clock itself.

use tokio::time::Instant;

use crate::server::wall_ms;

/// The moment of an input: what the whole exchange takes for now until the next one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Wall clock in ms since the Unix epoch: signatures, envelopes, budgets, and market time where nothing is replayed.
    pub(crate) wall_ms: i64,
    /// A clock that only goes forward: timers.
    pub(crate) instant: Instant,
}

impl Moment {
    /// The machine's clocks. For the shell around the exchange alone.
    pub(crate) fn now() -> Self {
        Self { wall_ms: wall_ms(), instant: Instant::now() }
    }
}
