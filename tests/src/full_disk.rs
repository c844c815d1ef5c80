//! A disk that is full, as one running program sees it.
//!
//! A small file system to fill takes rights to mount, which a container on CI lacks. The kernel's limit on the size of a
//! program's files takes none, and can be set while the program runs: from then on every write to a file fails (with EFBIG,
//! where a full disk says ENOSPC), and sockets, pipes and reads go on. What it does not show is the journal's reserve, which
//! frees room on a disk that is full and lifts no limit: `crates/journal/tests/it/disk.rs` does.

use crate::process::{Running, program, start};
use std::path::Path;
use std::process::Command;

/// Starts a program whose disk [`fill_disk`] can fill. The signal that comes with the limit would end it, as a full disk does
/// not: a shell that ignores the signal becomes the program.
#[must_use]
pub fn start_fillable(name: &str, program: &Path, arguments: &[&str], folder: &Path) -> Running {
    let program = program.to_str().expect("a path that is text");
    let whole = [&["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", program], arguments].concat();
    start(name, Path::new("/bin/sh"), &whole, folder)
}

/// Whether [`fill_disk`] works here: says so, and fails on CI, where it does not.
#[must_use]
pub fn can_fill_disk() -> bool {
    program("prlimit", "install util-linux").is_some()
}

/// From now on nothing that the program writes to a file is taken, its log included.
///
/// # Panics
/// When the limit cannot be set.
pub fn fill_disk(running: &Running) {
    let pid = running.id().to_string();
    let status = Command::new("prlimit").args(["--pid", &pid, "--fsize=1"]).status();
    assert!(status.expect("prlimit is there").success(), "no limit on {pid}");
}
