//! The same swarm with less in it, for shrinking a story that fails.

use super::{Millis, Second, Swarm};
use crate::tally::Fault;

/// A story is not made shorter than this.
const SHORTEST_MS: Millis = 1_000;

impl Swarm {
    /// The rate or the mean time between two of a fault; both in one, because zero is never in both.
    fn slots(&mut self, fault: Fault) -> (Option<&mut f64>, Option<&mut Millis>) {
        match fault {
            Fault::SlowRequest => (Some(&mut self.slow_request), None),
            Fault::NotSent => (Some(&mut self.not_sent), None),
            Fault::Refused => (Some(&mut self.refused), None),
            Fault::RequestLost => (Some(&mut self.request_lost), None),
            Fault::ReplyLost => (Some(&mut self.reply_lost), None),
            Fault::RequestTwice => (Some(&mut self.request_twice), None),
            Fault::TopicLate => (Some(&mut self.topic_late), None),
            Fault::PushTwice => (Some(&mut self.push_twice), None),
            Fault::PushAgain => (Some(&mut self.push_again_later), None),
            Fault::PushDropped => (Some(&mut self.push_dropped), None),
            Fault::QueryFailed => (Some(&mut self.query_failed), None),
            Fault::LateIndex => (Some(&mut self.late_index), None),
            Fault::BookGap => (Some(&mut self.book_gap), None),
            Fault::Jump => (Some(&mut self.jump), None),
            Fault::PrivateCut => (None, Some(&mut self.private_cut_every)),
            Fault::TradeCut => (None, Some(&mut self.trade_cut_every)),
            Fault::PublicCut => (None, Some(&mut self.public_cut_every)),
            Fault::Kill => (None, Some(&mut self.kill_every)),
            Fault::Stranger => (None, Some(&mut self.stranger_every)),
            Fault::Operator => (None, Some(&mut self.operator_every)),
            Fault::Funding => (None, Some(&mut self.funding_every)),
            Fault::NoVerdict => (Some(&mut self.no_verdict), None),
            Fault::Torn => (Some(&mut self.torn), None),
            Fault::MarketLost => (Some(&mut self.market_lost), None),
            Fault::MarketTwice => (Some(&mut self.market_twice), None),
            Fault::MarketLate => (Some(&mut self.market_late), None),
            Fault::MarketTorn => (Some(&mut self.market_torn), None),
            Fault::VenueRestart => (None, Some(&mut self.venue_restart_every)),
            Fault::ClockStep => (None, Some(&mut self.clock_step_every)),
            Fault::Successor => (None, Some(&mut self.successor_at)),
            Fault::Outage => (None, Some(&mut self.outage_every)),
            Fault::GridChange => (None, Some(&mut self.grid_change_at)),
            Fault::PushFirst
            | Fault::StopFired
            | Fault::Liquidated
            | Fault::KillBeforeSend
            | Fault::PowerCut
            | Fault::Meddling
            | Fault::CancelTooLate
            | Fault::AmendTooLate
            | Fault::StaleRead
            | Fault::PartThenCancel
            | Fault::EndedByMatching
            | Fault::CloseOfNothing
            | Fault::OverLimit
            | Fault::OverCount
            | Fault::LeverageDiffers
            | Fault::BothSides
            | Fault::Disconnected => (None, None),
        }
    }

    /// Whether a fault can happen.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        match self.clone().slots(fault) {
            (Some(rate), _) => *rate > 0.0,
            (_, Some(every)) => *every > 0,
            (None, None) => false,
        }
    }

    /// The faults that can happen.
    pub(crate) fn faults(&self) -> impl Iterator<Item = Fault> {
        Fault::ALL.iter().copied().filter(|fault| self.has(*fault))
    }

    /// The same without a fault.
    pub(crate) fn without(&self, fault: Fault) -> Self {
        let mut less = self.clone();
        match less.slots(fault) {
            (Some(rate), _) => *rate = 0.0,
            (_, Some(every)) => *every = 0,
            (None, None) => {}
        }
        less
    }

    /// The same with the random bot alone.
    pub(crate) fn with_one_bot(&self) -> Option<Self> {
        (self.second != Second::Nobody).then(|| Self { second: Second::Nobody, ..self.clone() })
    }

    /// Shorter ones, the shortest first.
    pub(crate) fn shortened(&self) -> impl Iterator<Item = Self> {
        [4, 2]
            .into_iter()
            .map(|parts| self.length_ms / parts)
            .chain([self.length_ms * 9 / 10])
            .filter(|length_ms| *length_ms >= SHORTEST_MS)
            .map(|length_ms| Self { length_ms, ..self.clone() })
    }
}
