//! How long each bot takes to work out what it wants.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use windvane_engine::Meter;
use windvane_model::BotName;

/// What was measured and not told yet: as many as one turn wakes bots.
#[derive(Debug, Clone, Default)]
pub(super) struct Thinking(Arc<Mutex<Vec<(BotName, Duration)>>>);

impl Thinking {
    /// What the engine tells of its bots.
    pub(super) fn meter(&self) -> Box<dyn Meter> {
        Box::new(Stopwatch { began: Instant::now(), told: self.clone() })
    }

    /// Hands over what was measured since the last time.
    pub(super) fn tell(&self, mut to: impl FnMut(BotName, Duration)) {
        for (bot, took) in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            to(bot, took);
        }
    }
}

struct Stopwatch {
    began: Instant,
    told: Thinking,
}

impl Meter for Stopwatch {
    fn begins(&mut self) {
        self.began = Instant::now();
    }

    fn ended(&mut self, bot: BotName) {
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).push((bot, self.began.elapsed()));
    }
}
