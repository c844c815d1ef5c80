//! How figures of the ticker stood a while ago: open interest and basis. Kept only where a rule asks for their change.
//!
//! The figures are noted whenever the bot is woken, so seldom that a window holds a few hundred of them. How one stood at a
//! moment is the newest note of before it; a moment from before the first note is not known.

use std::collections::VecDeque;

use windvane_market::TickerState;
use windvane_model::{MarketTime, Millis, Symbol};

use super::reading::{basis, open_interest};
use crate::context::Context;
use crate::language::{LiveWord, Program, Quote};

/// Into how many parts the longest window of a contract is divided by its notes.
const NOTES: Millis = 240;

/// The courses that a program looks back on, by contract as its rules name it: `None` is the bot's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Courses {
    kept: Vec<(Option<Symbol>, Course)>,
}

/// The newest figures of one contract.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    /// Longest window asked for.
    window_ms: Millis,
    /// Oldest first; the first may be older than the window, for it is how the figures stood when that began.
    notes: VecDeque<Note>,
}

#[derive(Debug, Clone, Copy)]
struct Note {
    at: MarketTime,
    open_interest: Option<f64>,
    basis: Option<f64>,
}

impl Courses {
    /// A course for each contract that `program` looks back on, as long as the longest of its windows.
    pub(super) fn new(program: &Program) -> Self {
        let mut courses = Self::default();
        for word in program.live_words() {
            if let LiveWord::Quote(Quote::OpenInterestChange(window) | Quote::BasisChange(window), symbol) =
                word
            {
                let window_ms = Millis::from(window);
                match courses.kept.iter_mut().find(|(known, _)| *known == symbol) {
                    Some((_, course)) => course.window_ms = course.window_ms.max(window_ms),
                    None => courses.kept.push((symbol, Course { window_ms, ..Course::default() })),
                }
            }
        }
        courses
    }

    /// Whether there is anything to note.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// These with what `earlier` hold of the same contracts.
    pub(super) fn take_over(mut self, earlier: &Self) -> Self {
        for (symbol, course) in &mut self.kept {
            if let Some(known) = earlier.of(*symbol) {
                course.notes.clone_from(&known.notes);
            }
        }
        self
    }

    /// Notes how the figures stand.
    pub(super) fn note(&mut self, context: &Context<'_>) {
        for (symbol, course) in &mut self.kept {
            let contract = match symbol {
                None => Some(context.market),
                Some(symbol) => context.markets.contract(*symbol),
            };
            if let Some(contract) = contract {
                course.note(contract.ticker(), context.now);
            }
        }
    }

    /// The course of a contract, if it is kept.
    pub(super) fn of(&self, symbol: Option<Symbol>) -> Option<&Course> {
        self.kept.iter().find(|(known, _)| *known == symbol).map(|(_, course)| course)
    }
}

impl Course {
    fn note(&mut self, ticker: &TickerState, now: MarketTime) {
        let note = Note { at: now, open_interest: open_interest(ticker), basis: basis(ticker) };
        match self.notes.back_mut() {
            Some(newest) if newest.at == now => *newest = note,
            Some(newest) if now.since(newest.at) * NOTES < self.window_ms => return,
            _ => self.notes.push_back(note),
        }
        while self.notes.get(1).is_some_and(|second| now.since(second.at) >= self.window_ms) {
            self.notes.pop_front();
        }
    }

    /// How the figures stood `window_ms` before `now`; `None` while that was not seen.
    fn before(&self, window_ms: u32, now: MarketTime) -> Option<&Note> {
        self.notes.iter().rev().find(|note| now.since(note.at) >= Millis::from(window_ms))
    }

    /// Open interest `window_ms` before `now`, base coin.
    pub(super) fn open_interest(&self, window_ms: u32, now: MarketTime) -> Option<f64> {
        self.before(window_ms, now)?.open_interest
    }

    /// Basis `window_ms` before `now`, a fraction.
    pub(super) fn basis(&self, window_ms: u32, now: MarketTime) -> Option<f64> {
        self.before(window_ms, now)?.basis
    }
}
