//! Money that moves for another reason than an execution, as the venue's log of the wallet names it.
//!
//! The log may be late. What it has not named when a reconciliation gives up is booked all the same, without a name, and a row
//! that comes later is then about that: it may say that what was taken for a transfer was interest.

use std::collections::BTreeMap;
use windvane_layout::layout;
use windvane_model::{Coin, MarketTime, Millis, Money, Movement, Query, Text};

/// How far behind the moment of agreement rows are read again: the log shows them late.
const OVERLAP_MS: Millis = 60_000;
/// For how long a name is looked for; market time.
const SOUGHT_MS: Millis = 3_600_000;

/// What of the log is booked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Movements {
    /// Rows that are booked, as long as an answer may show them again.
    known: BTreeMap<Text<64>, MarketTime>,
    /// What was before is in the books, or was there when they began.
    since: MarketTime,
    /// What was booked without a name, by coin.
    unnamed: BTreeMap<Coin, Money>,
    /// When that was last more.
    unnamed_at: MarketTime,
}

impl Movements {
    /// The books begin with what is there at that moment.
    pub(crate) fn begin(&mut self, at: MarketTime) {
        *self = Self { since: at, ..Self::default() };
    }

    /// The question for rows that may be new.
    pub(crate) const fn query(&self) -> Query {
        Query::Movements { since: self.since }
    }

    /// Whether a name is looked for.
    pub(crate) fn seeks(&self, now: MarketTime) -> bool {
        !self.unnamed.is_empty() && now.since(self.unnamed_at) < SOUGHT_MS
    }

    /// Takes a row. Says whether its money was booked without a name before; `None` where the row is not news.
    pub(crate) fn take(&mut self, row: &Movement) -> Option<bool> {
        if row.at < self.since || self.known.insert(row.id, row.at).is_some() {
            return None;
        }
        let Some(unnamed) = self.unnamed.get_mut(&row.coin) else { return Some(false) };
        let rest = unnamed.less(row.change);
        // As much and no more: what is left has the sign that it had, or is nothing.
        let is_about_it = unnamed.get().is_sign_negative() == row.change.get().is_sign_negative()
            && rest.get().abs() <= unnamed.get().abs()
            && (rest == Money::ZERO || rest.get().is_sign_negative() == unnamed.get().is_sign_negative());
        if is_about_it {
            *unnamed = rest;
            self.unnamed.retain(|_, money| *money != Money::ZERO);
        }
        Some(is_about_it)
    }

    /// Money is booked that no row names so far.
    pub(crate) fn note_unnamed(&mut self, coin: Coin, money: Money, now: MarketTime) {
        let unnamed = self.unnamed.entry(coin).or_insert(Money::ZERO);
        *unnamed = unnamed.plus(money);
        self.unnamed.retain(|_, money| *money != Money::ZERO);
        self.unnamed_at = now;
    }

    /// Everything agreed at that moment: what was before is booked.
    pub(crate) fn settle(&mut self, now: MarketTime) {
        if self.seeks(now) {
            return;
        }
        self.unnamed.clear();
        self.since = self.since.max(now.after(-OVERLAP_MS));
        let since = self.since;
        self.known.retain(|_, at| *at >= since);
    }
}

layout!(Movements { known, since, unnamed, unnamed_at });
