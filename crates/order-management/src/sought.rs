//! Ids of ours that an execution named and no record knows: asked for until the venue shows the order.
//!
//! That happens after a power cut has taken the record of a submit. The question must outlive a restart, too: the
//! execution is in the books by then and will not raise it a second time.

use crate::inquiry::Inquiry;
use std::collections::BTreeMap;
use windvane_layout::layout;
use windvane_model::{ClientOrderId, Query, Symbol, WallTime};

/// Looks that find nothing before the search is given up; their waits outlast the venue's late index. The fill is
/// in the books either way, and the position is compared as a whole.
const LOOKS_MAX: u32 = 12;

/// The searches under way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sought {
    searches: BTreeMap<ClientOrderId, Search>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Search {
    symbol: Symbol,
    inquiry: Inquiry,
}

impl Sought {
    /// Begins a search, due at once. Nothing changes when it is under way.
    pub(crate) fn begin(&mut self, id: ClientOrderId, symbol: Symbol, now: WallTime) {
        self.searches.entry(id).or_insert_with(|| Search { symbol, inquiry: Inquiry::due(now) });
    }

    /// When the next question is due.
    pub(crate) fn next_deadline(&self) -> Option<WallTime> {
        self.searches.values().map(|search| search.inquiry.next()).min()
    }

    /// The questions that are due by `now`, which count as asked from here on.
    pub(crate) fn ask(&mut self, now: WallTime) -> Vec<Query> {
        let due = self.searches.iter_mut().filter(|(_, search)| search.inquiry.next() <= now);
        due.map(|(id, search)| {
            search.inquiry.ask(now);
            Query::Order { symbol: search.symbol, client_order_id: *id }
        })
        .collect()
    }

    /// Ends a search: the order is known.
    pub(crate) fn find(&mut self, id: &ClientOrderId) {
        self.searches.remove(id);
    }

    /// A look has shown nothing.
    pub(crate) fn find_nothing(&mut self, id: &ClientOrderId, now: WallTime) {
        let Some(search) = self.searches.get_mut(id) else { return };
        let asked = search.inquiry.close_round(now);
        // No bound: nothing is concluded from absence here.
        search.inquiry.is_absence_proven(asked, now);
        if search.inquiry.empty_looks() >= LOOKS_MAX {
            self.searches.remove(id);
        }
    }

    /// A look has failed; that says nothing.
    pub(crate) fn fail(&mut self, id: &ClientOrderId, now: WallTime) {
        if let Some(search) = self.searches.get_mut(id) {
            search.inquiry.close_round(now);
        }
    }
}

layout!(Sought { searches });

layout!(Search { symbol, inquiry });
