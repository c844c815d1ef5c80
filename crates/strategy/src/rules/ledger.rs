//! The why-ledger: for each look at the signals the truth of every condition and the first that stood in the way.
//!
//! Cheap enough to stay on: a look costs one byte per condition in a ring that is allocated once.

use std::collections::VecDeque;
use std::sync::Arc;

use windvane_model::{MarketTime, Side, Signal};

use super::condition::{ConditionId, Conditions};
use super::file::slot;
use crate::context::{Asked, Look};
use crate::language::Program;

/// Looks that are kept.
const LOOKS: usize = 64;
/// A signal that comes again with the same thing in its way, or that nothing comes of, is told so seldom; milliseconds of
/// market time.
const TELL_AGAIN_MS: i64 = 60_000;

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
    /// By side: whether its newest signal, or what stands in its way, has not been told.
    is_fresh: [bool; 2],
    /// By side: what stood in the way of the signal that was told last, and when that was.
    told: [Option<(MarketTime, Option<Blocker>)>; 2],
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
        if failed != Some(signal) {
            self.is_fresh[slot(side)] = true;
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
            self.is_fresh[slot(side)] |= look.blocker.is_none();
            look.blocker.get_or_insert(blocker);
        }
    }

    /// The newest signal of a side that has not been told: every one that something was asked for because of, of the others
    /// those that are news.
    pub(super) fn take_signal(&mut self, has_acted: bool, conditions: &Conditions) -> Option<Signal> {
        let side = [Side::Buy, Side::Sell]
            .into_iter()
            .find(|side| std::mem::take(&mut self.is_fresh[slot(*side)]))?;
        let look = self.looks.iter().rev().find(|look| look.side == side && look.has_signal)?;
        let told = &mut self.told[slot(side)];
        let is_known =
            told.is_some_and(|(at, blocker)| blocker == look.blocker && look.at.since(at) < TELL_AGAIN_MS);
        if is_known && !(has_acted && look.blocker.is_none()) {
            return None;
        }
        *told = Some((look.at, look.blocker));
        let truths = conditions.names().zip(&look.truths);
        Some(Signal {
            side,
            blocker: look.blocker.map(|blocker| match blocker {
                Blocker::Condition(id) => Arc::clone(conditions.name(id)),
                Blocker::Reason(reason) => reason.into(),
            }),
            conditions: truths.map(|(name, byte)| (Arc::clone(name), truth(*byte))).collect(),
        })
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

const fn truth(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

impl Entry {
    fn show(&self, conditions: &Conditions) -> Look {
        let name = |blocker| match blocker {
            Blocker::Condition(id) => (**conditions.name(id)).to_owned(),
            Blocker::Reason(reason) => reason.to_owned(),
        };
        let truths = conditions.names().zip(&self.truths);
        Look {
            at: self.at,
            asked: self.asked,
            side: self.side,
            has_signal: self.has_signal,
            has_fired: self.has_fired,
            cause: self.cause.map(|id| (**conditions.name(id)).to_owned()),
            blocker: self.blocker.map(name),
            conditions: truths.map(|(name, byte)| ((**name).to_owned(), truth(*byte))).collect(),
        }
    }
}
