//! The machine: folder, disk, limits, port, leftovers of an earlier engine.

use super::Finding;
use crate::config::Settings;
use crate::control::{self, Ask, SOCKET_NAME};
use std::net::TcpListener;
use std::path::Path;

/// A day of a busy account and its tape.
const ROOM_WANTED: u64 = 2 << 30;
/// Below it the next days are not sure.
const ROOM_NEEDED: u64 = 256 << 20;
/// Sockets, journal segments and a few dozen readers of metrics.
const FILES_WANTED: u64 = 1_024;

/// Looks at everything on this machine.
pub(crate) fn look(settings: &Settings) -> Vec<Finding> {
    let is_running = control::ask(&settings.data_dir.join(SOCKET_NAME), &Ask::Status {}).is_ok();
    vec![
        folder(&settings.data_dir),
        disk(crate::disk::space(nearest(&settings.data_dir))),
        engine(&settings.data_dir, is_running),
        port(settings, is_running),
        open_files(&limits()),
        core_dumps(&limits()),
        clock(Path::new("/run/systemd")),
    ]
}

/// The nearest folder that is there: the data folder is made at the first start.
fn nearest(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"))
}

fn folder(data: &Path) -> Finding {
    let what = "data folder";
    let place = nearest(data);
    match rustix::fs::access(place, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        Ok(()) if place == data => Finding::good(what, format!("{} can be written", data.display())),
        Ok(()) => Finding::good(what, format!("{} is made at the first start", data.display())),
        Err(error) => Finding::bad(
            what,
            format!("{} cannot be written: {error}", place.display()),
            "give this user the folder (chown), or name another `data_dir`",
        ),
    }
}

/// By bytes free and in all; `None` where the system does not tell.
fn disk(space: Option<(u64, u64)>) -> Finding {
    let what = "disk";
    let Some((free, size)) = space else {
        return Finding::skipped(what, "the system does not tell how full it is");
    };
    let found = format!("{} MiB free of {} MiB", free >> 20, size >> 20);
    match free {
        0..ROOM_NEEDED => Finding::bad(what, found, "make room: without a journal nothing may be opened"),
        ROOM_NEEDED..ROOM_WANTED => {
            Finding::warning(what, found, "make room, or lower `tape_mib` in [journal]")
        }
        _ => Finding::good(what, found),
    }
}

fn engine(data: &Path, is_running: bool) -> Finding {
    let what = "engine";
    if is_running {
        return Finding::good(what, format!("one is running on {}", data.display()));
    }
    if data.join(SOCKET_NAME).exists() {
        return Finding::warning(
            what,
            format!("an earlier one left its control socket in {}", data.display()),
            "nothing: it was killed; the next start takes over and recovers from the journal",
        );
    }
    Finding::good(what, "none is running, and none has left anything behind")
}

fn port(settings: &Settings, is_running: bool) -> Finding {
    let what = "metrics port";
    match settings.metrics {
        None => Finding::skipped(what, "telemetry is off"),
        Some(address) if is_running => Finding::good(what, format!("{address} is the running engine's")),
        Some(address) => match TcpListener::bind(address) {
            Ok(_) => Finding::good(what, format!("{address} is free")),
            Err(error) => Finding::bad(
                what,
                format!("{address}: {error}"),
                "choose another `listen` in [telemetry], or stop what listens there (`ss -ltnp`)",
            ),
        },
    }
}

/// The limits of this process, as the kernel lists them.
fn limits() -> String {
    std::fs::read_to_string("/proc/self/limits").unwrap_or_default()
}

/// The soft limit of a row; `None` for unlimited or a system that does not tell.
fn limit(limits: &str, row: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(row))?;
    line.split_whitespace().next()?.parse().ok()
}

fn open_files(limits: &str) -> Finding {
    let what = "open files";
    match limit(limits, "Max open files") {
        Some(most) if most < FILES_WANTED => Finding::warning(
            what,
            format!("at most {most}"),
            "raise it: `ulimit -n 4096`, or LimitNOFILE=4096 in the unit",
        ),
        Some(most) => Finding::good(what, format!("at most {most}")),
        None => Finding::good(what, "not limited"),
    }
}

fn core_dumps(limits: &str) -> Finding {
    let what = "core dumps";
    match limit(limits, "Max core file size") {
        Some(0) => Finding::good(what, "off"),
        _ => Finding::warning(
            what,
            "on: a crash would write this process's memory to a file, and what it signs with",
            "`ulimit -c 0` before the start; the shipped unit has LimitCORE=0",
        ),
    }
}

fn clock(systemd: &Path) -> Finding {
    let what = "clock service";
    let timesync = systemd.join("timesync");
    if timesync.join("synchronized").exists() {
        return Finding::good(what, "synchronised");
    }
    if timesync.exists() {
        let remedy = "see `timedatectl`; from a second off the venue refuses requests";
        return Finding::warning(what, "not synchronised yet", remedy);
    }
    Finding::skipped(what, "systemd's is not used here; the distance to the venue's clock is measured below")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn limits_are_read_as_the_kernel_writes_them() {
        let rows = "Limit                     Soft Limit           Hard Limit           Units\n\
                    Max core file size        0                    unlimited            bytes\n\
                    Max open files            256                  4096                 files\n";
        assert_eq!(open_files(rows).verdict, Verdict::Warning);
        assert_eq!(core_dumps(rows).verdict, Verdict::Good);
        let unlimited = "Max core file size        unlimited            unlimited            bytes\n";
        assert_eq!(core_dumps(unlimited).verdict, Verdict::Warning);
        assert_eq!(open_files(unlimited).verdict, Verdict::Good);
    }

    #[test]
    fn a_disk_is_judged_by_what_is_free() {
        for (free, expected) in [
            (Some(8 << 30), Verdict::Good),
            (Some(1 << 30), Verdict::Warning),
            (Some(100 << 20), Verdict::Bad),
            (None, Verdict::Skipped),
        ] {
            assert_eq!(disk(free.map(|free| (free, 100 << 30))).verdict, expected, "{free:?}");
        }
    }

    #[test]
    fn a_socket_that_nobody_answers_on_is_a_leftover() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(engine(folder.path(), false).verdict, Verdict::Good);
        std::fs::write(folder.path().join(SOCKET_NAME), "").unwrap();
        let finding = engine(folder.path(), false);
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(!finding.remedy.is_empty());
    }

    #[test]
    fn a_clock_that_is_not_synchronised_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(clock(folder.path()).verdict, Verdict::Skipped);
        std::fs::create_dir(folder.path().join("timesync")).unwrap();
        assert_eq!(clock(folder.path()).verdict, Verdict::Warning);
        std::fs::write(folder.path().join("timesync/synchronized"), "").unwrap();
        assert_eq!(clock(folder.path()).verdict, Verdict::Good);
    }
}
