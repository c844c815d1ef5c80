//! Which cores the harness and its client run on.

use anyhow::Context as _;
use std::{fmt, fs, path::Path, process::Command};

/// Where the venue's side and the client's side run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Placement {
    /// Each on a core of its own, as an exchange and its customers are: what either does leaves the other's caches alone.
    Apart,
    /// Where the system puts them: with little to do it puts both on one core, and neither has to wake another.
    Together,
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apart => "on cores of their own",
            Self::Together => "placed by the system",
        })
    }
}

/// The first two cores that this process may use.
#[derive(Clone, Copy)]
pub(super) struct Cores {
    venue: u32,
    client: u32,
}

impl Cores {
    /// # Errors
    /// When there is only one: venue and client could not be told apart.
    pub(super) fn find() -> anyhow::Result<Self> {
        let status = fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
        let allowed =
            status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
        match cores(allowed).as_slice() {
            [venue, client, ..] => Ok(Self { venue: *venue, client: *client }),
            _ => anyhow::bail!("the wire benchmark needs two cores, and may use `{}`", allowed.trim()),
        }
    }

    /// The harness's program.
    pub(super) fn venue(self, placement: Placement, program: &Path) -> Command {
        match placement {
            Placement::Together => Command::new(program),
            Placement::Apart => {
                let mut command = pinned(self.venue);
                command.arg(program);
                command
            }
        }
    }

    /// What comes before the client's program in the harness's arguments.
    pub(super) fn client(self, placement: Placement) -> Vec<String> {
        match placement {
            Placement::Together => vec![],
            Placement::Apart => vec!["taskset".to_owned(), "--cpu-list".to_owned(), self.client.to_string()],
        }
    }
}

/// `taskset` is part of util-linux, which every Debian has.
fn pinned(core: u32) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]);
    command
}

/// The cores of a list in the kernel's form: `0-2,5`.
fn cores(list: &str) -> Vec<u32> {
    let ranges = list.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?)
    });
    ranges.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::cores;

    #[test]
    fn the_kernel_names_cores_one_by_one_and_in_ranges() {
        assert_eq!(cores("\t0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(cores("3"), [3]);
        assert!(cores("").is_empty());
    }
}
