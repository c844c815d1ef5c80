//! The engine's sign of life: a small file, written anew once a second and once more at an orderly end.
//!
//! `windvane guard` reads it. It goes by changes of the file on its own clock, never by the stamps inside, so that a
//! clock that is set wakes nobody.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use windvane_model::{InstallTag, Millis, WallTime};

/// Name of the file in the data folder.
pub(crate) const FILE_NAME: &str = "heartbeat";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beat {
    /// Rises by one with each beat of one run.
    pub(crate) sequence: u64,
    /// When it was written, milliseconds since 1970 on the engine's wall clock.
    pub(crate) wall_ms: i64,
    /// How long ago the venue was last heard on the private stream or the trade socket, milliseconds; since the start
    /// before that.
    pub(crate) venue_age_ms: Millis,
    /// What the engine's client order ids begin with.
    pub(crate) install: String,
    /// The venue's number of the account.
    pub(crate) account: u64,
    /// What the engine allows.
    pub(crate) run_state: String,
    /// Whether it was the last one: the engine has ended in order and left what its bots' policies leave.
    pub(crate) ended: bool,
}

/// Reads a heartbeat; `None` when there is none, or none that can be read.
pub(crate) fn read(folder: &Path) -> Option<Beat> {
    serde_json::from_slice(&std::fs::read(folder.join(FILE_NAME)).ok()?).ok()
}

/// Writes the heartbeats of one run.
#[derive(Debug)]
pub(crate) struct Heart {
    path: PathBuf,
    install: InstallTag,
    account: u64,
    began: WallTime,
    sequence: u64,
}

impl Heart {
    /// The heart of a run that begins now.
    pub(crate) fn new(folder: &Path, install: InstallTag, account: u64, began: WallTime) -> Self {
        Self { path: folder.join(FILE_NAME), install, account, began, sequence: 0 }
    }

    /// Writes the next beat. `heard` is when the venue was last heard. One that cannot be written is logged: a guard then
    /// takes the engine for silent, which errs to the safe side.
    pub(crate) fn beat(&mut self, run_state: String, heard: Option<WallTime>, now: WallTime, ended: bool) {
        self.sequence += 1;
        let beat = Beat {
            sequence: self.sequence,
            wall_ms: now.as_millis(),
            venue_age_ms: now.millis_since(heard.unwrap_or(self.began)),
            install: self.install.as_str().to_owned(),
            account: self.account,
            run_state,
            ended,
        };
        if let Err(error) = self.write(&beat) {
            tracing::warn!(%error, path = %self.path.display(), "the heartbeat could not be written");
        }
    }

    /// In one step, so that no reader ever sees half of it.
    fn write(&self, beat: &Beat) -> io::Result<()> {
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, serde_json::to_vec(beat)?)?;
        std::fs::rename(&fresh, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_is_read_back_and_what_is_none_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()), None);
        let at = |ms: i64| WallTime(ms * 1_000_000);
        let mut heart = Heart::new(folder.path(), InstallTag::new("w01").unwrap(), 7, at(1_000));
        heart.beat("reducing".to_owned(), None, at(3_000), false);
        let first = read(folder.path()).unwrap();
        assert_eq!((first.sequence, first.venue_age_ms, first.install.as_str()), (1, 2_000, "w01"));
        heart.beat("active".to_owned(), Some(at(3_900)), at(4_000), true);
        let last = read(folder.path()).unwrap();
        assert_eq!((last.sequence, last.venue_age_ms, last.ended), (2, 100, true));
        std::fs::write(folder.path().join(FILE_NAME), "{").unwrap();
        assert_eq!(read(folder.path()), None);
    }
}
