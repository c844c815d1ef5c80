//! What the end-to-end tests share: the binary as a user runs it, on configs in folders of their own.

mod broken_sync;
mod cut;
mod dashboard;
mod disk;
mod feeder;
mod full_disk;
mod ground;
mod hook;
mod http;
mod meddler;
mod metric;
mod process;
mod record;
mod secret;

pub use broken_sync::break_syncs;
pub use cut::Line;
pub use dashboard::{Dashboard, ask, dashboards, queries};
pub use disk::SmallDisk;
pub use feeder::{Feeder, Flood, watched};
pub use full_disk::{can_fill_disk, fill_disk, start_fillable};
pub use ground::{ABSENCE_SECONDS, Ground, Market};
pub use hook::{Hook, Letter};
pub use http::{delete, free_port, get, post, signed_rows};
pub use meddler::{MALFORMED, meddle};
pub use metric::{Counts, came_between, counts, metric, quantile};
pub use process::{PATIENCE, Running, finish, program, start, wait_until, windvane};
pub use record::Recorded;
pub use secret::{SECRETS, told};

use std::path::{Path, PathBuf};

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the root").to_owned()
}

/// The `windvane` binary of the profile that the tests were built with.
///
/// # Panics
/// When it was not built; `cargo xtask test` builds it first.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
    let binary = folder.join("windvane");
    assert!(binary.exists(), "{} is missing: run `cargo build -p windvane-app` first", binary.display());
    binary
}

/// The text of a shipped config with `changes` made to it, each of which must apply; paths that are relative to
/// `config/` still work from anywhere.
///
/// # Panics
/// When the file is not there or a change finds nothing to change.
#[must_use]
pub fn config(name: &str, data: &Path, changes: &[(&str, &str)]) -> String {
    let folder = root().join("config");
    let mut text = std::fs::read_to_string(folder.join(name)).expect("a shipped config");
    let strategies = format!("{}/strategies/", root().display());
    let market = format!("dir = \"{}/market\"", folder.display());
    let data = format!("data_dir = \"{}\"", data.display());
    let paths = [
        ("\"../strategies/", format!("\"{strategies}")),
        ("dir = \"market\"", market),
        ("data_dir = \"../data/paper\"", data),
    ];
    for (from, to) in &paths {
        text = text.replace(from, to);
    }
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has no `{from}` to change");
        text = text.replace(from, to);
    }
    text
}
