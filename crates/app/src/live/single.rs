//! One writer per account on a host, whatever data folder each has: two engines on one account would cancel, double and
//! fence each other.
//!
//! A lock file per account in the host's runtime folder; the kernel drops the lock with the process. Which folder that is
//! differs by who starts the engine (systemd, root, a user), so every one of them is looked at and the first that can be
//! written is where ours is taken. Engines on other hosts are told by their epoch instead (`Orders`, fenced).

use crate::config::{Settings, VenueSettings};
use crate::exit::Failure;
use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use windvane_journal::{Lock, LockError};

/// Names another folder for the locks, and that one alone.
const VARIABLE: &str = "WINDVANE_RUNTIME_DIR";

/// Takes the account for this process. `None` where the venue and its accounts are this process's own.
///
/// # Errors
/// [`Failure::Refused`] when another engine on this host trades the account, or no runtime folder can be written.
pub(super) fn take(settings: &Settings, uid: u64) -> Result<Option<Lock>, Failure> {
    let VenueSettings::Remote(remote) = &settings.venue else { return Ok(None) };
    let address = remote.endpoints.rest();
    let name = file_name(settings.environment.as_str(), address.as_str(), uid);
    take_in(&places(), &name, uid).map(Some)
}

/// The folders in which a lock may lie, the one to be preferred first.
fn places() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return vec![PathBuf::from(named)];
    }
    let of_user = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    [Some(PathBuf::from("/run")), of_user, Some(std::env::temp_dir())]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("windvane"))
        .collect()
}

/// An account's number means something at its venue only: custom ones are told apart by their address.
fn file_name(environment: &str, address: &str, uid: u64) -> String {
    let host = address.split("://").last().unwrap_or(address);
    let plain: String = host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{environment}-{plain}-{uid}.lock")
}

/// Takes the lock in the first place that can be written, and only then looks at the others: a look locks for a moment, and
/// of many engines that start at once one must get through.
fn take_in(places: &[PathBuf], name: &str, uid: u64) -> Result<Lock, Failure> {
    let mut why = String::new();
    for (index, place) in places.iter().enumerate() {
        if let Err(error) = make(place) {
            why = format!("{}: {error}", place.display());
            continue;
        }
        match Lock::take_file(place.join(name)) {
            Ok(lock) => {
                let others = places.iter().enumerate().filter(|(other, _)| *other != index);
                let holder = others.filter_map(|(_, place)| holder_of(&place.join(name))).next();
                return holder.map_or(Ok(lock), |holder| Err(held(uid, &holder)));
            }
            Err(LockError::Held { holder, .. }) => return Err(held(uid, &holder)),
            Err(LockError::Io { source, .. }) => why = format!("{}: {source}", place.display()),
        }
    }
    Err(Failure::Refused(format!(
        "no runtime folder for the account's lock ({why}); name one that this user can write in {VARIABLE}"
    )))
}

/// Who holds a lock file, by its own words; `None` when it is free, not there or not ours to look at.
fn holder_of(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => std::fs::read_to_string(path).ok().or_else(|| Some(String::new())),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn held(uid: u64, holder: &str) -> Failure {
    let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
    Failure::Refused(format!(
        "account {uid} is traded by an engine on this host already ({holder}); stop that one first: two engines on one \
         account would work against each other"
    ))
}

fn make(folder: &Path) -> std::io::Result<()> {
    match DirBuilder::new().mode(0o755).create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_writer_wherever_the_other_put_its_lock() {
        let base = tempfile::tempdir().unwrap();
        let [first, second] = ["run", "tmp"].map(|name| base.path().join(name));
        let name = file_name("testnet", "https://api-testnet.bybit.com", 7);
        let held = take_in(std::slice::from_ref(&second), &name, 7).unwrap();
        let both = [first, second];
        let refused = take_in(&both, &name, 7).unwrap_err().to_string();
        assert!(
            refused.contains("account 7") && refused.contains(&std::process::id().to_string()),
            "{refused}"
        );
        let other = file_name("testnet", "https://api-testnet.bybit.com", 8);
        take_in(&both, &other, 8).expect("another account is another lock");
        drop(held);
        take_in(&both, &name, 7).expect("the lock ends with its holder");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_passed_over_and_none_at_all_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let file = base.path().join("file");
        std::fs::write(&file, "").unwrap();
        let blocked = file.join("windvane");
        let name = file_name("custom", "http://127.0.0.1:8080", 7);
        assert_eq!(name, "custom-127-0-0-1-8080-7.lock");
        take_in(&[blocked.clone(), base.path().join("tmp")], &name, 7).expect("the next one will do");
        let refused = take_in(&[blocked], &name, 7).unwrap_err().to_string();
        assert!(refused.contains(VARIABLE), "{refused}");
    }
}
