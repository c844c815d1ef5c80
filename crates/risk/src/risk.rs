//! The state that the check decides with: limits, owners, run state, send times, the day.

use crate::day::DayLoss;
use crate::rate::SendTimes;
use crate::{Ownership, RiskLimits, TradingDay};
use windvane_model::{HaltCause, Money, RunState, Stamp};

/// The only way from a wish to an order.
#[derive(Debug, Clone)]
pub struct Risk {
    pub(crate) limits: RiskLimits,
    pub(crate) ownership: Ownership,
    pub(crate) run_state: RunState,
    pub(crate) sent_short: SendTimes,
    pub(crate) sent_long: SendTimes,
    pub(crate) day: DayLoss,
}

impl Risk {
    /// Starts with nothing allowed that opens until the engine says so.
    ///
    /// The limits should have no [`RiskLimits::problems`]; the loader reports them all before it comes here.
    #[must_use]
    pub fn new(limits: RiskLimits, ownership: Ownership) -> Self {
        Self {
            limits,
            ownership,
            run_state: RunState::Reducing,
            sent_short: SendTimes::new(limits.max_order_rate_short),
            sent_long: SendTimes::new(limits.max_order_rate_long),
            day: DayLoss::default(),
        }
    }

    /// Takes the run state that holds from now on.
    pub const fn set_run_state(&mut self, state: RunState) {
        self.run_state = state;
    }

    /// The run state that holds now.
    #[must_use]
    pub const fn run_state(&self) -> RunState {
        self.run_state
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &RiskLimits {
        &self.limits
    }

    /// Whose position is whose.
    #[must_use]
    pub const fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    /// Takes the account's equity by mark; the day is the market clock's. Returns the cause to halt for when the
    /// loss of the day has reached its limit.
    pub fn observe_equity(&mut self, equity: Money, stamp: Stamp) -> Option<HaltCause> {
        self.day.observe(equity, stamp.market);
        (self.day.loss() >= self.limits.max_loss_per_day.value).then_some(HaltCause::DayLoss)
    }

    /// The day that the loss is counted from, to be kept over a restart.
    #[must_use]
    pub const fn trading_day(&self) -> Option<TradingDay> {
        self.day.day()
    }

    /// Takes back the day that an earlier start of the engine kept.
    pub fn restore_trading_day(&mut self, day: TradingDay) {
        self.day.restore(day);
    }
}
