//! Where a run keeps its journal.

use crate::config::{Settings, VenueSettings};
use crate::exit::Failure;
use anyhow::Context;
use std::path::{Path, PathBuf};
use windvane_connector::WallClock;
use windvane_journal::Lock;

/// Where the journal goes: the data folder, or for a venue that forgets a folder of its own inside it.
///
/// The journal locks its own folder. With a folder for each run that leaves the data folder open, where the control
/// socket lies; so two runs on one data folder are kept apart by the lock that comes with the path.
///
/// # Errors
/// When it cannot be made or tidied, or another engine runs on it.
pub(super) fn journal_folder(
    settings: &Settings,
    wall: WallClock,
) -> Result<(PathBuf, Option<Lock>), Failure> {
    let base = &settings.data_dir;
    std::fs::create_dir_all(base).map_err(|error| {
        let what = format!("the data folder {} cannot be made: {error}", base.display());
        // Starting again does not help: a person has to.
        Failure::Refused(format!("{what}; give this user the folder (chown), or name another `data_dir`"))
    })?;
    match settings.venue {
        VenueSettings::Remote(_) => Ok((base.clone(), None)),
        VenueSettings::Embedded(_) => {
            let lock = Lock::take(base).map_err(|error| Failure::Refused(error.to_string()))?;
            prune_runs(base).with_context(|| format!("tidying {}", base.display()))?;
            Ok((base.join(format!("{RUN_PREFIX}{}", wall.now().as_millis())), Some(lock)))
        }
    }
}

const RUN_PREFIX: &str = "run-";
/// Folders of earlier runs on an embedded venue that are kept beside the new one.
const RUNS_KEPT: usize = 2;

/// Removes all but the newest folders of earlier runs on an embedded venue, whose accounts are gone.
fn prune_runs(base: &Path) -> std::io::Result<()> {
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(base)? {
        let entry = entry?;
        let started =
            entry.file_name().to_str().and_then(|name| name.strip_prefix(RUN_PREFIX)?.parse::<u64>().ok());
        if let Some(started) = started.filter(|_| entry.path().is_dir()) {
            runs.push((started, entry.path()));
        }
    }
    runs.sort();
    let surplus = runs.len().saturating_sub(RUNS_KEPT);
    runs.into_iter().take(surplus).try_for_each(|(_, path)| std::fs::remove_dir_all(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_runs_are_kept_and_nothing_else_is_touched() {
        let base = tempfile::tempdir().unwrap();
        for name in ["run-1", "run-20", "run-3", "run-x", "other"] {
            std::fs::create_dir(base.path().join(name)).unwrap();
        }
        prune_runs(base.path()).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(base.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["other", "run-20", "run-3", "run-x"]);
    }
}
