//! The budget as the tasks of one connector share it.

use super::{Budget, Call, Carrier, LimitNotice, RateLimits};
use crate::clock::VenueClock;
use std::sync::{Arc, Mutex, PoisonError};
use windvane_model::WallTime;

/// One budget for all who send. The lock is held for a look at a few counters and never over a wait; on the one
/// thread of the sockets it is never contended.
#[derive(Debug, Clone)]
pub(crate) struct SharedBudget(Arc<Mutex<Budget>>);

/// A request that was allowed to leave. Its places are settled when this is dropped, also when whoever waited for
/// the answer has given up.
#[derive(Debug)]
pub(crate) struct Turn {
    budget: SharedBudget,
    clock: Arc<VenueClock>,
    call: Call,
}

impl SharedBudget {
    pub(crate) fn new(limits: RateLimits, random: fastrand::Rng) -> Self {
        Self(Arc::new(Mutex::new(Budget::new(limits, random))))
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Budget) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The turn of a call whose places are taken already.
    pub(crate) fn granted(&self, clock: &Arc<VenueClock>, call: Call) -> Turn {
        Turn { budget: self.clone(), clock: Arc::clone(clock), call }
    }

    /// Takes in everything that an answer on `carrier` says of limits. `code` is the venue's, or the HTTP status
    /// when that was not 200. Returns whether it was refused as one too many.
    pub(crate) fn answered(&self, now: WallTime, call: &Call, code: i32, notice: LimitNotice) -> bool {
        self.with(|budget| {
            budget.learn(now, call, notice);
            match (call.carrier, code) {
                (_, 10006) => budget.refused(now, call, notice.reset),
                (Carrier::Rest, 403) => budget.banned(now),
                (Carrier::Rest, 429) | (Carrier::TradeSocket, 10403 | 10429 | 20003) => {
                    budget.overloaded(now, call.carrier);
                }
                _ => {
                    budget.at_ease(call.carrier);
                    return false;
                }
            }
            true
        })
    }
}

impl Turn {
    pub(crate) const fn call(&self) -> &Call {
        &self.call
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let now = self.clock.now();
        self.budget.with(|budget| budget.settle(now, &self.call));
    }
}
