//! Why a command was given, and what a bot saw when it wanted it: kept so that it can be told afterwards.

use crate::{Qty, Side, Text};
use std::sync::Arc;

/// A strategy's word for what made it want something, as it stands in its rules: `entry.long.signal`, `exit.time_limit`.
/// Where the engine acts by itself, its word for that: `flatten`.
pub type SignalName = Text<32>;

/// Why a command was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grounds {
    /// What made the bot want it; `None` for what was written down before this was kept.
    pub signal: Option<SignalName>,
    /// The quantity that the bot wished, base coin; `None` for a wish without one.
    pub asked: Option<Qty>,
    /// The quantity that risk let pass, base coin.
    pub granted: Option<Qty>,
}

impl Grounds {
    /// Those of something that has no quantity.
    #[must_use]
    pub fn of(signal: &str) -> Self {
        Self { signal: Some(SignalName::lossy(signal)), asked: None, granted: None }
    }
}

/// An entry signal that a bot saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// The side that it would open.
    pub side: Side,
    /// What stood in the way, if anything did.
    pub blocker: Option<Arc<str>>,
    /// Every named condition of the bot and whether it held then; `None` where it was not defined.
    pub conditions: Vec<(Arc<str>, Option<bool>)>,
}
