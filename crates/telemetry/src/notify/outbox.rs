//! What waits to be told at one place: gathered, paced, tried again. Pure; time comes in as a value.

use crate::Entry;
use std::collections::VecDeque;
use std::time::Duration;

/// Entries that may wait. While an endpoint is dead the oldest make room: what is news counts.
const WAITING_MAX: usize = 200;
/// The first entry waits so long for those that follow from the same cause, so that they make one message.
const GATHER: Duration = Duration::from_secs(1);
/// Between two messages: Telegram takes 20 a minute in a group, Discord 30. Source: Telegram Bot API, FAQ "My bot is
/// hitting limits"; Discord developer documentation, "Rate Limits".
const PACE: Duration = Duration::from_secs(3);
/// The wait after a failure; it doubles up to the longest.
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_LONGEST: Duration = Duration::from_secs(300);

/// The entries of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Entry>,
    /// Entries that were forgotten since the last message.
    lost: u64,
    failures: u32,
    /// Before it nothing is sent.
    not_before: Duration,
    /// From when on the first entry has waited long enough.
    gathered: Duration,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The endpoint took it.
    Taken,
    /// It may take it later; the endpoint may have said when.
    Later(Option<Duration>),
    /// It will not take it, however often it is asked.
    Refused,
}

impl Outbox {
    /// Takes an entry in at `now`. Says whether an older one had to go for it.
    pub(super) fn put(&mut self, entry: Entry, now: Duration) -> bool {
        let is_full = self.waiting.len() >= WAITING_MAX;
        if is_full {
            self.waiting.pop_front();
            self.lost += 1;
        }
        if self.waiting.is_empty() {
            self.gathered = now + GATHER;
        }
        self.waiting.push_back(entry);
        is_full
    }

    /// When the next message is due; `None` while there is nothing to tell.
    pub(super) fn due(&self) -> Option<Duration> {
        (!self.waiting.is_empty()).then_some(self.not_before.max(self.gathered))
    }

    /// The process ends: what waits goes out without gathering. A pause that an endpoint asked for is kept.
    pub(super) const fn hurry(&mut self) {
        self.gathered = Duration::ZERO;
    }

    /// What waits, oldest first, and how many were forgotten before it.
    pub(super) fn letter(&mut self) -> (&[Entry], u64) {
        (self.waiting.make_contiguous(), self.lost)
    }

    /// The message with the first `count` entries was tried, and ended so at `now`.
    pub(super) fn tried(&mut self, count: usize, outcome: Outcome, now: Duration) {
        if let Outcome::Later(pause) = outcome {
            let doubled = RETRY_FIRST * 2_u32.saturating_pow(self.failures.min(16));
            self.not_before = now + pause.unwrap_or(doubled).min(RETRY_LONGEST);
            self.failures += 1;
            return;
        }
        // One that is refused would stand in the way of all that follow.
        self.waiting.drain(..count.min(self.waiting.len()));
        self.lost = 0;
        self.failures = 0;
        self.not_before = now + PACE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chronicle, Kind, Story};

    fn entry(text: &str) -> Entry {
        Chronicle::default().note(Story::of(Kind::Halt, text), 0, 0).clone()
    }

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_comes_together_goes_together_and_the_next_keeps_its_distance() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.due(), None);
        outbox.put(entry("a"), at(10));
        outbox.put(entry("b"), at(10));
        assert_eq!(outbox.due(), Some(at(11)));
        assert_eq!(outbox.letter().0.len(), 2);
        outbox.tried(2, Outcome::Taken, at(11));
        assert_eq!(outbox.due(), None);
        outbox.put(entry("c"), at(11));
        assert_eq!(outbox.due(), Some(at(14)));
    }

    #[test]
    fn a_dead_endpoint_is_asked_ever_more_rarely_and_a_pause_that_it_names_is_kept() {
        let mut outbox = Outbox::default();
        outbox.put(entry("a"), at(0));
        let mut waits = Vec::new();
        for _ in 0..10 {
            let now = outbox.due().unwrap();
            outbox.tried(1, Outcome::Later(None), now);
            waits.push((outbox.due().unwrap() - now).as_secs());
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        let now = outbox.due().unwrap();
        outbox.tried(1, Outcome::Later(Some(at(17))), now);
        assert_eq!(outbox.due(), Some(now + at(17)));
        outbox.tried(1, Outcome::Taken, at(5_000));
        outbox.put(entry("b"), at(5_000));
        outbox.tried(1, Outcome::Later(None), at(5_003));
        assert_eq!(outbox.due(), Some(at(5_005)), "a success begins the count anew");
    }

    #[test]
    fn a_full_box_forgets_the_oldest_and_says_how_many() {
        let mut outbox = Outbox::default();
        let forgotten = (0..WAITING_MAX + 3).filter(|round| outbox.put(entry(&round.to_string()), at(0)));
        assert_eq!(forgotten.count(), 3);
        let (entries, lost) = outbox.letter();
        assert_eq!((entries.len(), entries[0].text.as_str(), lost), (WAITING_MAX, "3", 3));
        outbox.tried(WAITING_MAX, Outcome::Refused, at(1));
        assert_eq!(
            (outbox.due(), outbox.letter().1),
            (None, 0),
            "a refused message does not stand in the way"
        );
    }
}
