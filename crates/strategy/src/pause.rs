//! Waits after a wish that came to nothing: denied by risk or refused by the venue. The first wait is short, for what was in
//! the way may be gone at once; each further one is twice as long, for what is in the way to stay must not be asked over and
//! over.

use windvane_model::{MarketTime, Millis};

const FIRST_MS: Millis = 1_000;
const LONGEST_MS: Millis = 30_000;

/// The wait of one wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pause {
    until: MarketTime,
    /// Length of the last wait in a row; 0 where there was none.
    length_ms: Millis,
}

impl Pause {
    /// The wish came to nothing, once more.
    pub(crate) fn begin(&mut self, now: MarketTime) {
        self.length_ms = (2 * self.length_ms).clamp(FIRST_MS, LONGEST_MS);
        self.until = now.after(self.length_ms);
    }

    /// The wish came to nothing for a reason that goes by itself: no wait before it was a reason to wait longer.
    pub(crate) fn begin_short(&mut self, now: MarketTime) {
        self.until = now.after(FIRST_MS);
    }

    /// It was taken: the next wait is a first one.
    pub(crate) fn end(&mut self) {
        *self = Self::default();
    }

    /// What was in the way may have gone: the wish is worth another try. Where that fails, the next wait is longer.
    pub(crate) fn cut_short(&mut self) {
        self.until = MarketTime::default();
    }

    /// When it is over.
    pub(crate) fn until(&self) -> MarketTime {
        self.until
    }

    /// Whether the wish may be made again.
    pub(crate) fn is_over(&self, now: MarketTime) -> bool {
        now >= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew_with_what_was_taken() {
        let mut pause = Pause::default();
        let mut waits = |count: usize| -> Vec<Millis> {
            let mut now = MarketTime(1_000_000);
            (0..count)
                .map(|_| {
                    pause.begin(now);
                    let wait = pause.until().since(now);
                    now = pause.until();
                    wait
                })
                .collect()
        };
        assert_eq!(waits(7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        pause.cut_short();
        assert!(pause.is_over(MarketTime(0)));
        pause.begin(MarketTime(0));
        assert_eq!(pause.until(), MarketTime(LONGEST_MS), "cut short is not ended");
        pause.end();
        pause.begin(MarketTime(0));
        assert_eq!(pause.until(), MarketTime(FIRST_MS));
    }
}
