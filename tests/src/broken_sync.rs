//! A disk that loses what it was given: every sync fails, and everything else goes on.

use crate::process::{Running, start};
use std::path::Path;
use std::process::Command;

/// From now until the answer is dropped, each sync of a file by the program ends with an input/output error, as one does
/// whose pages the disk could not write. `None`, with a line that says so, where no program may be traced or strace is not
/// installed: it answers in the kernel's place.
#[must_use]
pub fn break_syncs(running: &Running, folder: &Path) -> Option<Running> {
    let trial = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if !trial.is_ok_and(|trial| trial.status.success()) {
        eprintln!("skipped: making a sync fail needs strace, and the right to trace a program");
        return None;
    }
    let pid = running.id().to_string();
    let syncs =
        ["-f", "-qq", "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO", "-p", &pid];
    Some(start("strace", Path::new("strace"), &syncs, folder))
}
