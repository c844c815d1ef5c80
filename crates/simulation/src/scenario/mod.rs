//! Scenarios: one story each, told in a file, with what must come of it.
//!
//! A file (`tests/scenarios/*.toml`) holds rows of what the market, bots, strangers and people do and when, which
//! messages go wrong, and what is expected on the way. There is no chance in it. At its end both worlds are compared
//! to the last digit as after every other story. A fault that meets no message fails: then it is another story.
//!
//! One kind of file is left to chance: what shrinking makes of a failing seed holds the seed and everything that was drawn before the story began.

mod expect;
mod file;
mod hand;
mod load;
mod script;
mod value;

pub(crate) use expect::Seen;
pub(crate) use hand::{Desk, Hand};
pub(crate) use script::{Occasion, Script, Settings, Step, Strike};

use crate::report::{Failure, Report};
use std::path::{Path, PathBuf};

/// Why a scenario did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What it says is not a scenario; with line and column.
    #[error("{0}")]
    Malformed(String),
    /// An invariant did not hold, or something expected was otherwise.
    #[error("{}: at {} ms: {}: {}", path.display(), failure.at_ms, failure.invariant, failure.detail)]
    Failed {
        /// The file.
        path: PathBuf,
        /// What was seen.
        failure: Failure,
    },
}

/// Whether every event and command is printed on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// Only what comes of it.
    Quiet,
    /// Everything.
    Aloud,
}

/// A scenario out of a file.
#[derive(Debug)]
pub struct Scenario {
    path: PathBuf,
    script: Script,
}

impl Scenario {
    /// Reads it.
    ///
    /// # Errors
    /// When the file cannot be read, or something in it is wrong; then with line and column.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let path = path.to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(path, &text),
            Err(source) => Err(ScenarioError::Unreadable { path, source }),
        }
    }

    /// Reads it out of the text of the file with that name.
    ///
    /// # Errors
    /// When something in it is wrong; with line and column.
    pub fn parse(path: PathBuf, text: &str) -> Result<Self, ScenarioError> {
        let script = load::load(&path.display().to_string(), text).map_err(ScenarioError::Malformed)?;
        Ok(Self { path, script })
    }

    /// What it tells, in one sentence.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.script.title
    }

    /// Plays it to its end.
    ///
    /// # Errors
    /// The first thing that was not as it must be.
    pub fn play(self, telling: Telling) -> Result<Report, ScenarioError> {
        let Self { path, script } = self;
        let played = match &script.chance {
            Some((seed, swarm)) => crate::world::run_in(*seed, swarm),
            None => crate::world::play_script(script, telling),
        };
        played.map_err(|failure| ScenarioError::Failed { path, failure })
    }
}
