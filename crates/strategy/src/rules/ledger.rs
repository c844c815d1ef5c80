//! The why-ledger: for each look at the signals the truth of every condition and the first that stood in the way.
//!
//! Cheap enough to stay on: a look costs one byte per condition in a ring that is allocated once.

use std::collections::VecDeque;

use windvane_model::{MarketTime, Side};

use super::condition::{ConditionId, Conditions};
use crate::context::{Asked, Look};
use crate::language::Program;

/// Looks that are kept.
const LOOKS: usize = 64;

/// What stood in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocker {
    /// A named condition of the file.
    Condition(ConditionId),
    /// A reason that is no expression: a limit, a missing stop, a size.
    Reason(&'static str),
}

#[derive(Debug, Clone)]
struct Entry {
    at: MarketTime,
    asked: Asked,
    side: Side,
    has_signal: bool,
    has_fired: bool,
    cause: Option<ConditionId>,
    blocker: Option<Blocker>,
    /// By condition of the file: 0 false, 1 true, 2 not defined.
    truths: Vec<u8>,
}

/// The newest looks.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    looks: VecDeque<Entry>,
    is_off: bool,
}

impl Ledger {
    /// One that keeps nothing.
    pub(super) fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// Whether it keeps nothing.
    pub(super) const fn is_off(&self) -> bool {
        self.is_off
    }

    /// An empty one, off where this is.
    pub(super) fn emptied(&self) -> Self {
        Self { is_off: self.is_off, ..Self::default() }
    }

    /// Notes a look at one side's entry signal, with the first condition that did not hold: itself where it was not there.
    pub(super) fn note(
        &mut self,
        at: MarketTime,
        side: Side,
        signal: ConditionId,
        failed: Option<ConditionId>,
        conditions: &Conditions,
        program: &Program,
    ) {
        if self.is_off {
            return;
        }
        let truths = self.truths(conditions, program);
        self.looks.push_back(Entry {
            at,
            asked: Asked::Entry,
            side,
            has_signal: failed != Some(signal),
            has_fired: failed.is_none(),
            cause: None,
            blocker: failed.map(Blocker::Condition),
            truths,
        });
    }

    /// Notes a look at the exits of a position of `side`: whether it was to be closed, and the first condition that asked
    /// for it.
    pub(super) fn note_exit(
        &mut self,
        at: MarketTime,
        side: Side,
        has_fired: bool,
        cause: Option<ConditionId>,
        conditions: &Conditions,
        program: &Program,
    ) {
        if self.is_off {
            return;
        }
        let truths = self.truths(conditions, program);
        let asked = Asked::Exit;
        self.looks.push_back(Entry {
            at,
            asked,
            side,
            has_signal: false,
            has_fired,
            cause,
            blocker: None,
            truths,
        });
    }

    /// The truth of every condition, in the room of the oldest look where there are enough.
    fn truths(&mut self, conditions: &Conditions, program: &Program) -> Vec<u8> {
        let mut truths = match self.looks.len() {
            LOOKS => self.looks.pop_front().map_or_else(Vec::new, |oldest| oldest.truths),
            _ => Vec::new(),
        };
        truths.clear();
        truths.extend(conditions.truths(program).map(|truth| truth.map_or(2, u8::from)));
        truths
    }

    /// What stood in the way of the newest signal of `side` after it had fired.
    pub(super) fn block(&mut self, side: Side, blocker: Blocker) {
        let fired = self
            .looks
            .iter_mut()
            .rev()
            .find(|look| look.asked == Asked::Entry && look.side == side && look.has_fired);
        if let Some(look) = fired {
            look.blocker.get_or_insert(blocker);
        }
    }

    /// The looks that are kept, oldest first, in words.
    pub(super) fn show(&self, conditions: &Conditions) -> Vec<Look> {
        self.looks.iter().map(|look| look.show(conditions)).collect()
    }

    /// The newest of those that had a signal, so many at most, oldest first, in words.
    pub(super) fn show_signals(&self, most: usize, conditions: &Conditions) -> Vec<Look> {
        let newest = self.looks.iter().rev().filter(|look| look.has_signal).take(most);
        let mut shown: Vec<Look> = newest.map(|look| look.show(conditions)).collect();
        shown.reverse();
        shown
    }
}

impl Entry {
    fn show(&self, conditions: &Conditions) -> Look {
        let name = |blocker| match blocker {
            Blocker::Condition(id) => conditions.name(id).to_owned(),
            Blocker::Reason(reason) => reason.to_owned(),
        };
        let truth = |byte: &u8| match byte {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        };
        let truths = conditions.names().zip(&self.truths);
        Look {
            at: self.at,
            asked: self.asked,
            side: self.side,
            has_signal: self.has_signal,
            has_fired: self.has_fired,
            cause: self.cause.map(|id| conditions.name(id).to_owned()),
            blocker: self.blocker.map(name),
            conditions: truths.map(|(name, byte)| (name.to_owned(), truth(byte))).collect(),
        }
    }
}
