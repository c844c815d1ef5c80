//! Looking one order up until it is known: the rounds, and what proves that there is no such order.
//!
//! What exists is adopted as soon as it is seen. Absence is concluded only when the signed request can no
//! longer be admitted (its window has passed), the venue's index can no longer be late, and two rounds asked
//! after that came back empty. Source: reliability rows A01 to A07.

use windvane_layout::layout;
use windvane_model::{Millis, Mutant, WallTime, mutant};

/// Waits between the rounds of an inquiry; the last one repeats.
const DELAYS_MS: [Millis; 5] = [200, 500, 1000, 2000, 5000];
/// Empty rounds, asked after the bound, that prove absence.
const EMPTY_ROUNDS: u32 = 2;
/// A question without any answer is asked again after this.
const ANSWER_WITHIN_MS: Millis = 10_000;

/// How long a request may still have an effect after it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbsenceBounds {
    /// `recv_window` of orders that open.
    pub recv_window_open_ms: Millis,
    /// `recv_window` of everything that reduces or cancels.
    pub recv_window_reduce_ms: Millis,
    /// How long an order that exists may be missing from the venue's queries: 10 to 15 s were seen, worst in
    /// fast markets.
    pub late_index_ms: Millis,
}

impl Default for AbsenceBounds {
    fn default() -> Self {
        Self { recv_window_open_ms: 2_000, recv_window_reduce_ms: 10_000, late_index_ms: 30_000 }
    }
}

/// The rounds of looking one order up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inquiry {
    next: WallTime,
    rounds: usize,
    asked: Option<WallTime>,
    /// Empty rounds that count towards absence.
    empty_rounds: u32,
    /// Empty rounds since it was last seen or asked for anew, whenever they were asked.
    empty_looks: u32,
}

impl Inquiry {
    /// An inquiry whose first round is due at `first`.
    pub(crate) const fn due(first: WallTime) -> Self {
        Self { next: first, rounds: 0, asked: None, empty_rounds: 0, empty_looks: 0 }
    }

    /// When something is to be done.
    pub(crate) const fn next(&self) -> WallTime {
        self.next
    }

    /// When the round under way was asked; `None` when none is.
    pub(crate) const fn asked(&self) -> Option<WallTime> {
        self.asked
    }

    /// Brings the first round forward; later rounds keep their pace, so that no flood of reports becomes a
    /// flood of questions.
    pub(crate) fn hurry(&mut self, first: WallTime) {
        if self.rounds == 0 {
            self.next = self.next.min(first);
        }
    }

    /// Notes that a round is asked now.
    pub(crate) const fn ask(&mut self, now: WallTime) {
        self.asked = Some(now);
        self.rounds += 1;
        self.next = now.after(ANSWER_WITHIN_MS);
    }

    /// Notes that the round was answered, or failed, and plans the next. Returns when it was asked.
    pub(crate) fn close_round(&mut self, now: WallTime) -> WallTime {
        let asked = self.asked.take().unwrap_or(now);
        let delay = DELAYS_MS[self.rounds.min(DELAYS_MS.len() - 1)];
        self.next = now.after(delay);
        asked
    }

    /// Counts an empty round and says whether absence is proven by it. A round asked before `provable` proves
    /// nothing.
    pub(crate) fn is_absence_proven(&mut self, asked: WallTime, provable: WallTime) -> bool {
        self.empty_looks += 1;
        if asked >= provable || mutant(Mutant::AbsenceWithoutBound) {
            self.empty_rounds += 1;
        }
        self.empty_rounds >= EMPTY_ROUNDS
    }

    /// Starts the count of empty rounds over: the order was seen, or the venue restarted.
    pub(crate) const fn forget_empty_rounds(&mut self) {
        self.empty_rounds = 0;
        self.empty_looks = 0;
    }

    /// Rounds in a row that found nothing.
    pub(crate) const fn empty_looks(&self) -> u32 {
        self.empty_looks
    }
}

layout!(Inquiry { next, rounds, asked, empty_rounds, empty_looks });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_come_at_their_pace() {
        let start = WallTime(0);
        let mut inquiry = Inquiry::due(start.after(DELAYS_MS[0]));
        let mut waits = Vec::new();
        let mut now = start;
        for _ in 0..7 {
            waits.push(inquiry.next().millis_since(now));
            now = inquiry.next();
            inquiry.ask(now);
            inquiry.close_round(now);
        }
        assert_eq!(waits, [200, 500, 1000, 2000, 5000, 5000, 5000]);
    }

    #[test]
    fn only_rounds_asked_after_the_bound_prove_absence() {
        let provable = WallTime(100);
        let mut inquiry = Inquiry::due(WallTime(0));
        let proven: Vec<bool> =
            [98, 99, 100, 101].map(|at| inquiry.is_absence_proven(WallTime(at), provable)).into();
        assert_eq!(proven, [false, false, false, true]);
    }
}
