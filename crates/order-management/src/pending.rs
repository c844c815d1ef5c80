//! The small machine of a cancel or an amend: asked, then acknowledged or of unknown outcome, until the order
//! itself shows what became of it.

use crate::AbsenceBounds;
use windvane_layout::{choices, layout};
use windvane_model::{OrderReport, Price, Qty, WallTime};

/// How far a cancel or an amend has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Sent, not answered.
    Sent,
    /// Taken by the gate; the order does not show it yet.
    Acknowledged,
    /// Answered in a way that leaves it open: timeout, or "no such order".
    Undetermined,
}

/// A request about an order whose outcome is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) phase: Phase,
    /// When it was sent.
    pub(crate) sent: WallTime,
}

impl Pending {
    pub(crate) const fn sent(at: WallTime) -> Self {
        Self { phase: Phase::Sent, sent: at }
    }

    /// Whether a look at the order that was asked for at `asked` shows the final outcome.
    ///
    /// Until the request's window has passed it can still be admitted, and after an acknowledgement the
    /// venue's queries may lag behind it, by as much as they lag behind a new order.
    pub(crate) const fn is_settled_by(&self, asked: WallTime, bounds: &AbsenceBounds) -> bool {
        let wait = match self.phase {
            Phase::Sent | Phase::Undetermined => bounds.recv_window_reduce_ms,
            Phase::Acknowledged => bounds.late_index_ms,
        };
        asked.millis_since(self.sent) >= wait
    }
}

/// A pending amend. As long as it is pending, old and new figures are both reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amendment {
    /// New limit price, if it changes.
    pub(crate) price: Option<Price>,
    /// New whole quantity, if it changes.
    pub(crate) qty: Option<Qty>,
    pub(crate) pending: Pending,
}

impl Amendment {
    /// Whether the order shows the figures that were asked.
    pub(crate) fn is_shown_by(&self, report: &OrderReport) -> bool {
        self.price.is_none_or(|price| report.price == Some(price))
            && self.qty.is_none_or(|qty| report.qty == qty)
    }
}

choices!(Phase { 1 => Sent, 2 => Acknowledged, 3 => Undetermined });

layout!(Pending { phase, sent });

layout!(Amendment { price, qty, pending });
