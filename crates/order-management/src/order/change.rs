//! What facts do to an order: evidence, reports, executions, and the requests and inquiries they end.

use super::Order;
use crate::holding::fee_in;
use crate::inquiry::{AbsenceBounds, Inquiry};
use crate::pending::Phase;
use crate::transition::{Evidence, OrderState};
use crate::wallet::settle_coin;
use windvane_model::{Execution, Millis, Money, Mutant, OrderKind, OrderReport, Stamp, WallTime, mutant};

/// A request without an answer for so long counts as undetermined, and one that was taken without the order
/// showing it is looked up.
const SILENCE_MS: Millis = 2_500;
/// An execution is expected to follow its order report, or the other way round, within this.
const TWIN_MESSAGE_MS: Millis = 2_000;
/// An unknown order is looked up this soon.
const UNKNOWN_MS: Millis = 200;

/// By which way a report came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Pushed; the order topic keeps the order of one order's states.
    Stream,
    /// Read by a query that was put at that moment; it may lag behind the stream.
    Query { asked: WallTime },
}

impl Order {
    /// Plans or drops the inquiry as the state demands, and says when the next step is due.
    pub(crate) fn plan(&mut self, now: WallTime) -> Option<WallTime> {
        match (self.unrest(), &mut self.inquiry) {
            (None, inquiry) => *inquiry = None,
            (Some(delay), Some(inquiry)) => inquiry.hurry(now.after(delay)),
            (Some(delay), inquiry) => *inquiry = Some(Inquiry::due(now.after(delay))),
        }
        self.inquiry.as_ref().map(Inquiry::next)
    }

    /// Whether every fill that the venue reported has come.
    pub(crate) fn has_all_fills(&self) -> bool {
        self.filled_qty >= self.reported_qty
    }

    /// How soon it is to be looked up if nothing more is heard; `None` when nothing about it is open.
    fn unrest(&self) -> Option<Millis> {
        let is_open = self.state.is_open();
        if self.is_missing {
            Some(0)
        } else if self.state == OrderState::Submitted && mutant(Mutant::SilenceIsForgotten) {
            None
        } else if self.state == OrderState::Unknown {
            Some(UNKNOWN_MS)
        } else if !self.has_all_fills() || (is_open && self.filled_qty >= self.qty) {
            Some(TWIN_MESSAGE_MS)
        } else if matches!(self.state, OrderState::Submitted | OrderState::Acknowledged)
            || (is_open && (self.is_amend_pending() || self.is_cancel_pending()))
        {
            Some(self.request_unrest())
        } else {
            None
        }
    }

    fn request_unrest(&self) -> Millis {
        let requests = self.amendments.iter().map(|amendment| &amendment.pending).chain(&self.cancellations);
        if self.state.is_confirmed() && mutant(Mutant::LostChangeIsForgotten) {
            return Millis::from(i32::MAX);
        }
        let is_undetermined = requests.into_iter().any(|pending| pending.phase == Phase::Undetermined);
        if is_undetermined { UNKNOWN_MS } else { SILENCE_MS }
    }

    /// Until when the venue may still take the request in that made it.
    pub(crate) fn admissible_until(&self, bounds: &AbsenceBounds) -> WallTime {
        let window = if self.reduce_only { bounds.recv_window_reduce_ms } else { bounds.recv_window_open_ms };
        self.last_heard.wall.after(window)
    }

    /// From when on an empty round counts towards absence.
    pub(crate) fn provably_absent_from(&self, bounds: &AbsenceBounds) -> WallTime {
        let late_index_ms = if mutant(Mutant::IndexIsNeverLate) { 0 } else { bounds.late_index_ms };
        self.admissible_until(bounds).after(late_index_ms)
    }

    /// Notes that the venue, or the way to it, said something of this order.
    pub(crate) fn hear(&mut self, evidence: Evidence, stamp: Stamp) {
        self.state =
            if mutant(Mutant::TerminalReverts) { evidence.claim() } else { self.state.after(evidence) };
        self.last_heard = Stamp { wall: self.last_heard.wall.max(stamp.wall), ..stamp };
    }

    /// Merges a report. Order and repetition make no difference: the state only rises, the cumulative
    /// quantity only grows, and the figures are those of the latest report by the venue's clock. At equal
    /// times the stream wins, in the order of its arrival, over all but a query put after it was last heard: what was
    /// read then is at least as late. That is how the repetition of an older message of the same millisecond ends.
    pub(crate) fn merge(&mut self, report: &OrderReport, source: Source, stamp: Stamp) {
        // A message that comes again after the end, in the same millisecond, says how it was before the end.
        let is_behind = !self.state.is_open() && self.state.is_confirmed() && !report.status.is_terminal();
        // Of two pictures of one millisecond, the one that is further on is the later.
        let is_further = (report.status.is_terminal() && self.state.is_open())
            || report.cumulative_qty > self.reported_qty;
        let heard = self.last_heard.wall;
        self.hear(Evidence::Reported(report.status), stamp);
        self.reported_qty = self.reported_qty.max(report.cumulative_qty);
        self.is_missing = false;
        let is_later = self.version.is_none_or(|version| match source {
            Source::Stream => report.updated >= version,
            Source::Query { asked } => {
                report.updated > version || (report.updated == version && (is_further || heard <= asked))
            }
        });
        let is_current = (is_later && !is_behind)
            || (source == Source::Stream && mutant(Mutant::OldReportWins))
            || (source != Source::Stream && mutant(Mutant::OldPictureWins));
        if mutant(Mutant::FillsAreInferred) || (!self.state.is_open() && mutant(Mutant::CancelFillsTheRest)) {
            self.filled_qty = self.filled_qty.max(report.cumulative_qty);
        }
        if is_current {
            self.version = Some(report.updated);
            self.qty = report.qty;
            if !report.is_market {
                self.price = report.price.or(self.price);
            }
        }
        if is_current {
            self.end_shown_amendments(report);
        }
        self.end_requests_if_closed();
    }

    /// Ends the amends up to the last one whose figures the order shows: requests are carried out in their
    /// order, and the report of an earlier one may have been lost.
    fn end_shown_amendments(&mut self, report: &OrderReport) {
        if let Some(last) = self.amendments.iter().rposition(|amendment| amendment.is_shown_by(report)) {
            self.amendments.drain(..=last);
        }
    }

    /// Books an execution of it.
    pub(crate) fn fill(&mut self, execution: &Execution, stamp: Stamp) {
        self.hear(Evidence::Executed, stamp);
        self.filled_qty = self.filled_qty.plus(execution.qty);
        self.filled_value = self.filled_value.saturating_add(execution.price.times(execution.qty).get());
        self.fees = self.fees.plus(Money::new(fee_in(settle_coin(), execution)));
        self.is_missing = false;
    }

    /// Forgets requests that a closed order has made pointless.
    pub(crate) fn end_requests_if_closed(&mut self) {
        if !self.state.is_open() {
            self.amendments.clear();
            self.cancellations.clear();
        }
    }

    /// Drops the requests whose outcome a look asked for at `asked` has shown to be: no effect.
    pub(crate) fn settle_requests(&mut self, asked: WallTime, bounds: &AbsenceBounds) {
        if mutant(Mutant::ChangeWaitsForEver) {
            return;
        }
        self.amendments.retain(|amendment| !amendment.pending.is_settled_by(asked, bounds));
        self.cancellations.retain(|pending| !pending.is_settled_by(asked, bounds));
    }

    /// Whether a report under our id is the very order that we asked for.
    pub(crate) fn is_twin(&self, report: &OrderReport) -> bool {
        let is_kind = match self.kind {
            OrderKind::Market { .. } => report.is_market,
            OrderKind::Limit { price, time_in_force } => {
                !report.is_market && report.price == Some(price) && report.time_in_force == time_in_force
            }
        };
        is_kind
            && self.is_same_contract(report)
            && report.qty == self.qty
            && report.reduce_only == self.reduce_only
    }

    /// Whether a report under our id can be this order at all.
    pub(crate) fn is_same_contract(&self, report: &OrderReport) -> bool {
        (report.symbol, report.side) == (self.symbol, self.side)
    }
}
