//! Which price a rule of the engine goes by.

use windvane_model::{Side, TriggerBy};

use super::reading::known;
use crate::context::Context;
use crate::toml_file::Table;

/// A price of the bot's contract at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gauge {
    /// The quote at which the position could be closed.
    Quote,
    /// The last traded price.
    Last,
    /// The mark price.
    Mark,
    /// The index price.
    Index,
}

/// `by = "last"`; what holds where nothing is said is the caller's. `None` was reported.
pub(super) fn read(table: &Table<'_>, usual: Gauge) -> Option<Gauge> {
    if !table.has("by") {
        return Some(usual);
    }
    let words =
        [("quote", Gauge::Quote), ("last", Gauge::Last), ("mark", Gauge::Mark), ("index", Gauge::Index)];
    table.choice("by", &words)
}

/// `by` of what the venue holds: it watches the last, the mark or the index price. `None` was reported.
pub(super) fn trigger(table: &Table<'_>) -> Option<TriggerBy> {
    if !table.has("by") {
        return Some(TriggerBy::Mark);
    }
    let words = [("last", TriggerBy::Last), ("mark", TriggerBy::Mark), ("index", TriggerBy::Index)];
    table.choice("by", &words)
}

impl From<TriggerBy> for Gauge {
    fn from(by: TriggerBy) -> Self {
        match by {
            TriggerBy::Last => Self::Last,
            TriggerBy::Mark => Self::Mark,
            TriggerBy::Index => Self::Index,
        }
    }
}

impl Gauge {
    /// The price for a position of `side`; `None` while it is not known.
    pub(super) fn price(self, side: Side, context: &Context<'_>) -> Option<f64> {
        let ticker = context.market.ticker();
        known(match self {
            Self::Quote => context.market.book().best(side),
            Self::Last => context.market.last_price(),
            Self::Mark => ticker.mark,
            Self::Index => ticker.index,
        })
    }
}
