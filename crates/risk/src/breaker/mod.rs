//! What stops opening by itself when things go wrong: losses, drawdown, streaks, refusals.

mod drawdown;
mod loss;
mod memory;
mod narrow;
mod refusal;
mod step;
mod streak;

pub use loss::LossStart;
pub use memory::RiskMemory;
pub use narrow::PositionResult;
pub use step::DrawdownStep;

pub(crate) use drawdown::Drawdown;
pub(crate) use loss::Losses;
pub(crate) use narrow::{NarrowBreaker, NarrowLimits, NarrowMemory};
pub(crate) use refusal::{Refusals, is_fault};
pub(crate) use step::Steps;
pub(crate) use streak::Streaks;

use windvane_model::{HaltCause, LimitScope, Money};

/// What the account is worth at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// Equity by mark, settle coin.
    pub equity: Money,
    /// What came in from outside so far less what went out, settle coin: no profit and no loss.
    pub transfers: Money,
}

impl Worth {
    /// The equity as if no money had ever come or gone: what profit and loss are measured on, settle coin.
    pub(crate) fn earned(self) -> Money {
        self.equity.less(self.transfers)
    }
}

/// What a breaker asks the engine to do. That nothing opens meanwhile is seen to by the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// Latch, and open nothing.
    Halt(HaltCause),
    /// Cancel entries and close half of each position.
    CutToHalf,
    /// Latch, cancel entries and close everything.
    Flatten(HaltCause),
    /// Cancel entries and close half of each position of one contract, bot or group.
    CutScope(LimitScope),
    /// Cancel entries there and close everything; that nothing opens until a person resumes is latched.
    FlattenScope(LimitScope),
    /// Read the account anew, once: the venue refused for margin what seemed covered.
    ReadAccount,
}
