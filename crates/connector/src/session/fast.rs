//! Executions that the fast topic has told and the full one has not.
//!
//! A fast row lacks the fee and, of makers, our id, so nothing is booked by it: the fill ledger has one source. But it tells
//! of a fill, and a fill of which the full row does not come was lost on the way; then the account is read anew, which
//! would otherwise wait for the next audit. Source: Bybit V5, "Fast Execution" topic.

use std::collections::{BTreeMap, VecDeque};
use windvane_model::{ExecutionId, Millis, Symbol, WallTime};

/// How long the full row may take after the fast one: they leave the venue within milliseconds of each other.
const PATIENCE_MS: Millis = 2_000;
/// Keys that are kept on either side; a busy account fills some hundred times in [`PATIENCE_MS`].
const KEPT: usize = 4_096;

/// Which execution.
pub(super) type Key = (Symbol, ExecutionId);

/// What each of the two topics has told.
#[derive(Debug, Default)]
pub(super) struct FastFills {
    /// Told fast and not in full, and until when that is nothing unusual.
    waiting: BTreeMap<Key, WallTime>,
    /// Told in full lately, oldest first: the fast row may come second.
    full: VecDeque<Key>,
}

impl FastFills {
    /// The fast topic tells of it.
    pub(super) fn told_fast(&mut self, key: Key, now: WallTime) {
        if !self.full.contains(&key) && self.waiting.len() < KEPT {
            self.waiting.entry(key).or_insert(now.after(PATIENCE_MS));
        }
    }

    /// The full topic tells of it.
    pub(super) fn told_in_full(&mut self, key: Key) {
        self.waiting.remove(&key);
        if self.full.len() == KEPT {
            self.full.pop_front();
        }
        self.full.push_back(key);
    }

    /// Takes those that were told fast and whose full row is overdue.
    pub(super) fn take_overdue(&mut self, now: WallTime) -> Vec<Key> {
        self.waiting.extract_if(.., |_, due| *due <= now).map(|(key, _)| key).collect()
    }

    /// When the next one is overdue.
    pub(super) fn next(&self) -> Option<WallTime> {
        self.waiting.values().min().copied()
    }

    /// The connection is gone: what it told is read anew anyway.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}
