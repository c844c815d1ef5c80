//! Whether the process lives and whether it may trade, for `/health` and `/ready`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A loop that has not beaten for this long is reported as dead.
const DEAD_AFTER_MS: i64 = 5_000;

/// Whether the engine may open positions, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Readiness {
    /// Nothing wrong: it is ready.
    Ready = 0,
    /// Still connecting and reconciling.
    Starting = 1,
    /// Allowed to reduce only.
    Reducing = 2,
    /// Halted until a person resumes.
    Halted = 3,
    /// On its way out.
    Stopping = 4,
}

impl Readiness {
    const fn word(code: u8) -> &'static str {
        match code {
            0 => "ready",
            1 => "starting",
            2 => "reducing",
            3 => "halted",
            _ => "stopping",
        }
    }
}

/// Written by the engine's loop, read by the HTTP server.
#[derive(Debug, Clone)]
pub struct Health {
    beat_ms: Arc<AtomicI64>,
    state: Arc<AtomicU8>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            beat_ms: Arc::new(AtomicI64::new(now_ms())),
            state: Arc::new(AtomicU8::new(Readiness::Starting as u8)),
        }
    }
}

impl Health {
    /// The loop is alive and in this state.
    pub fn beat(&self, state: Readiness) {
        self.beat_ms.store(now_ms(), Ordering::Relaxed);
        self.state.store(state as u8, Ordering::Relaxed);
    }

    /// `Ok` while the loop beats; otherwise for how many milliseconds it has not.
    pub(crate) fn alive(&self) -> Result<(), i64> {
        let silent = now_ms() - self.beat_ms.load(Ordering::Relaxed);
        if silent > DEAD_AFTER_MS { Err(silent) } else { Ok(()) }
    }

    /// `Ok` when ready to open; otherwise a word that says why not.
    pub(crate) fn ready(&self) -> Result<(), &'static str> {
        match self.state.load(Ordering::Relaxed) {
            0 => Ok(()),
            code => Err(Readiness::word(code)),
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_engine_is_alive_and_not_ready() {
        let health = Health::default();
        assert_eq!(health.alive(), Ok(()));
        assert_eq!(health.ready(), Err("starting"));
        health.beat(Readiness::Ready);
        assert_eq!(health.ready(), Ok(()));
    }

    #[test]
    fn a_silent_loop_is_dead() {
        let health = Health::default();
        health.beat_ms.store(now_ms() - DEAD_AFTER_MS - 1_000, Ordering::Relaxed);
        assert!(health.alive().is_err());
    }
}
