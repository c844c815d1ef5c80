//! The guard's own sign of life, for the engine that it stands beside: a small file with a number that rises with each look.
//!
//! As with the heartbeat, changes count and not what is written, so that a clock that is set wakes nobody.

use std::io;
use std::path::{Path, PathBuf};
use windvane_model::WallTime;

/// Name of the file in the data folder.
const FILE_NAME: &str = "guard";

/// Writes the signs of one guard.
pub(super) struct Sign {
    path: PathBuf,
    looks: u64,
}

impl Sign {
    pub(super) fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE_NAME), looks: 0 }
    }

    /// Says that the guard has looked. One that cannot be written is logged: the engine then misses its guard, which is for a
    /// person to see to.
    pub(super) fn show(&mut self) {
        self.looks += 1;
        if let Err(error) = self.write() {
            tracing::warn!(%error, path = %self.path.display(), "the guard's sign of life could not be written");
        }
    }

    /// In one step, so that no reader ever sees half of it. The process is part of it: a new guard begins to count anew.
    fn write(&self) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, format!("{} {}\n", std::process::id(), self.looks))?;
        std::fs::rename(&fresh, &self.path)
    }
}

/// Watches the signs of a guard from the engine's side.
#[derive(Debug)]
pub(crate) struct Presence {
    path: PathBuf,
    last: Option<String>,
    changed: WallTime,
    is_expected: bool,
}

impl Presence {
    /// Nothing seen since `began`. `is_expected`: whether the config names a guard's key.
    pub(crate) fn new(folder: &Path, is_expected: bool, began: WallTime) -> Self {
        let path = folder.join(FILE_NAME);
        // What an earlier guard has left is no sign of one that lives.
        let last = std::fs::read_to_string(&path).ok();
        Self { path, last, changed: began, is_expected }
    }

    /// Looks once: whether a guard is expected, because the config says so or one was seen, and how long ago it last looked,
    /// seconds on the monotonic wall clock.
    pub(crate) fn look(&mut self, now: WallTime) -> (bool, f64) {
        let seen = std::fs::read_to_string(&self.path).ok();
        if seen.is_some() && seen != self.last {
            (self.last, self.changed, self.is_expected) = (seen, now, true);
        }
        let age = std::time::Duration::from_millis(now.millis_since(self.changed).unsigned_abs());
        (self.is_expected, age.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_is_there_while_its_sign_changes_and_what_an_earlier_one_left_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let at = |seconds: i64| WallTime(seconds * 1_000_000_000);
        let mut sign = Sign::new(folder.path());
        sign.show();
        let mut presence = Presence::new(folder.path(), false, at(100));
        assert_eq!(presence.look(at(107)), (false, 7.0), "nobody said that there should be one");
        sign.show();
        assert_eq!(presence.look(at(108)), (true, 0.0));
        assert_eq!(presence.look(at(140)), (true, 32.0), "and now it is missed");
        assert_eq!(Presence::new(folder.path(), true, at(0)).look(at(5)), (true, 5.0));
    }
}
