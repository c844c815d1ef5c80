//! What was recorded from the exchange and is no part of the repository: the folder that `WINDVANE_SHARED` names, else `shared`
//! beside the workspace.

use std::path::PathBuf;

/// A file or folder of it; `None`, said aloud, where there is no such folder at all.
///
/// # Panics
/// The folder is named or there, and this is not in it.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let named = std::env::var_os("WINDVANE_SHARED").map(PathBuf::from);
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let (is_named, folder) = (named.is_some(), named.unwrap_or_else(beside));
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(!is_named && !folder.is_dir(), "{} is not there", path.display());
    eprintln!("SKIPPED: no {} (set WINDVANE_SHARED)", path.display());
    None
}
