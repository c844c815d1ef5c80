//! Steps of a fall: which one is taken, and since when the fall has called for another. A fall must last to count, so that
//! one wick does not flatten anything.

use windvane_model::{MarketTime, Millis};

/// How far the equity, or what a narrower scope has made, has fallen, as far as it was long enough to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum DrawdownStep {
    /// Not far.
    #[default]
    Green,
    /// Nothing new is opened.
    Yellow,
    /// Entries were cancelled and positions cut to half.
    Orange,
    /// Everything is closed; latched until a person resumes.
    Red,
}

impl DrawdownStep {
    /// Every step, lowest first.
    pub const ALL: [Self; 4] = [Self::Green, Self::Yellow, Self::Orange, Self::Red];

    /// A short word for logs, metrics and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// The step of that short word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }
}

/// The step taken, and since when the fall has called for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Steps {
    pub(crate) step: DrawdownStep,
    /// Since when the fall has been at least that of yellow, orange, red.
    pub(crate) beyond_since: [Option<MarketTime>; 3],
    /// Since when it has been less than that of the step taken.
    pub(crate) within_since: Option<MarketTime>,
}

impl Steps {
    /// Whether time alone takes no step.
    pub(crate) fn is_settled(&self) -> bool {
        self.step == DrawdownStep::Green
            && self.beyond_since.iter().all(Option::is_none)
            && self.within_since.is_none()
    }

    /// Takes whether the fall is at least that of yellow, orange, red. Gives the step where a higher one is taken; yellow and
    /// orange end by themselves when the fall has been smaller for as long.
    pub(crate) fn observe(
        &mut self,
        is_beyond: [bool; 3],
        now: MarketTime,
        persists_for: Millis,
    ) -> Option<DrawdownStep> {
        for (since, is_beyond) in self.beyond_since.iter_mut().zip(is_beyond) {
            *since = is_beyond.then(|| since.unwrap_or(now));
        }
        let has_lasted =
            |since: Option<MarketTime>| since.is_some_and(|since| now.since(since) >= persists_for);
        let steps = DrawdownStep::ALL.into_iter().skip(1).zip(self.beyond_since);
        let lasting = steps.filter(|(_, since)| has_lasted(*since)).map(|(step, _)| step).max();
        let lasting = lasting.unwrap_or_default();
        if lasting > self.step {
            self.step = lasting;
            self.within_since = None;
            return Some(lasting);
        }
        let is_within = match self.step {
            DrawdownStep::Green | DrawdownStep::Red => false,
            DrawdownStep::Yellow => self.beyond_since[0].is_none(),
            DrawdownStep::Orange => self.beyond_since[1].is_none(),
        };
        self.within_since = is_within.then(|| self.within_since.unwrap_or(now));
        if has_lasted(self.within_since) {
            self.step = lasting;
            self.within_since = None;
        }
        None
    }
}
