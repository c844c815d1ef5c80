//! What the venue refuses: too much of it halts, and a refusal for margin that we had not foreseen makes us wait.

use super::Breach;
use crate::OrderRate;
use crate::rate::SendTimes;
use windvane_model::{AccountEvent, DenialReason, HaltCause, Millis, RefusalFamily, Request, WallTime};

/// How long opening waits after the first refusal for margin; twice as long after each further one.
const FIRST_WAIT_MS: Millis = 2_000;
/// Longest such wait.
const LONGEST_WAIT_MS: Millis = 300_000;

/// The refusals of late.
#[derive(Debug, Clone)]
pub(crate) struct Refusals {
    times: SendTimes,
    /// Refusals for margin since an order was last taken.
    surprises: u32,
    waits_until: Option<WallTime>,
}

impl Refusals {
    pub(crate) fn new(limit: OrderRate) -> Self {
        Self { times: SendTimes::new(limit), surprises: 0, waits_until: None }
    }

    /// Counts on under another limit.
    pub(crate) fn set_limit(&mut self, limit: OrderRate) {
        self.times = self.times.under(limit);
    }

    /// Takes what the venue answered.
    pub(crate) fn observe(&mut self, event: &AccountEvent, now: WallTime) -> Option<Breach> {
        match event {
            AccountEvent::Acknowledged(done) if done.request == Request::Submit => {
                self.surprises = 0;
                None
            }
            AccountEvent::Refused(refused) => self.take(refused.request, refused.family, now),
            AccountEvent::Acknowledged(_)
            | AccountEvent::Undetermined(_)
            | AccountEvent::Order(_)
            | AccountEvent::Execution(_)
            | AccountEvent::Position(_)
            | AccountEvent::Wallet(_)
            | AccountEvent::Answer(_)
            | AccountEvent::QueryFailed(_) => None,
        }
    }

    fn take(&mut self, request: Request, family: RefusalFamily, now: WallTime) -> Option<Breach> {
        if !is_fault(family) {
            return None;
        }
        self.times.record(now);
        if self.times.check(now).is_err() {
            return Some(Breach::Halt(HaltCause::ErrorRate));
        }
        let is_order = matches!(request, Request::Submit | Request::Amend);
        if family != RefusalFamily::InsufficientMargin || !is_order {
            return None;
        }
        let is_first = self.waits_until.is_none_or(|until| until <= now);
        if is_first {
            let wait = FIRST_WAIT_MS << self.surprises.min(16);
            self.surprises = self.surprises.saturating_add(1);
            self.waits_until = Some(now.after(wait.min(LONGEST_WAIT_MS)));
        }
        // Several orders that were under way together are one surprise, and one look at the account answers them all.
        is_first.then_some(Breach::ReadAccount)
    }

    /// Whether opening may be tried.
    pub(crate) fn check(&self, now: WallTime) -> Result<(), DenialReason> {
        match self.waits_until.filter(|until| now < *until) {
            Some(until) => Err(DenialReason::MarginInDoubt { until }),
            None => Ok(()),
        }
    }
}

/// Whether a refusal says that something is wrong with what we ask. A cancel that came too late, or a close that a stop
/// has forestalled, is the normal course of things; what never left was not refused by the venue.
pub(crate) const fn is_fault(family: RefusalFamily) -> bool {
    match family {
        RefusalFamily::InsufficientMargin
        | RefusalFamily::RateLimit
        | RefusalFamily::Timestamp
        | RefusalFamily::Authentication
        | RefusalFamily::PriceLimit
        | RefusalFamily::InvalidParameter
        | RefusalFamily::OrderCount
        | RefusalFamily::NotTrading
        | RefusalFamily::PositionMode
        | RefusalFamily::Other => true,
        RefusalFamily::OrderNotFound
        | RefusalFamily::Duplicate
        | RefusalFamily::AlreadySo
        | RefusalFamily::ReduceOnly
        | RefusalFamily::NotSent => false,
    }
}
