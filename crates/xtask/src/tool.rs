//! The programs that the tests need and that do not come with Rust: found, or fetched, without asking for root.

use crate::process::{cargo, run, succeeds, target_folder};
use anyhow::Context as _;
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The test runner. It is built from source, so its version is fixed to one that the pinned toolchain compiles.
const NEXTEST: CargoTool =
    CargoTool { name: "cargo-nextest", version: "0.9.143", features: "default-no-update" };

/// The reader of licences and of the dependency graph.
const DENY: CargoTool = CargoTool { name: "cargo-deny", version: "0.20.2", features: "" };

/// A cargo subcommand from crates.io.
struct CargoTool {
    name: &'static str,
    /// Installed when no version is there; any version that is there will do.
    version: &'static str,
    /// Features to build with, in place of the default ones.
    features: &'static str,
}

impl CargoTool {
    /// Builds the tool into cargo's own folder unless it is there, so that it outlives `cargo clean`.
    fn ensure(&self) -> anyhow::Result<()> {
        if succeeds(Command::new(self.name).arg("--version")) {
            return Ok(());
        }
        println!("{} is missing; building {}", self.name, self.version);
        let version = ["--version", self.version];
        let features = ["--no-default-features", "--features", self.features];
        // Unoptimised it is there in half the time, and quick enough for a workspace of this size.
        run(cargo(["install", "--locked", "--debug", self.name]).args(version).args(features))
    }
}

/// Makes `cargo nextest` available.
pub(crate) fn ensure_nextest() -> anyhow::Result<()> {
    NEXTEST.ensure()
}

/// Makes `cargo deny` available.
pub(crate) fn ensure_deny() -> anyhow::Result<()> {
    DENY.ensure()
}

/// Makes `prometheus` and `promtool` available on the path that [`path_with_tools`] gives.
///
/// The Debian package is unpacked below the target folder rather than installed: that needs no root, and the installed package
/// would start a server on a public port of the developer's machine.
///
/// # Errors
/// In one sentence, what the reader can do about it.
pub(crate) fn ensure_prometheus() -> anyhow::Result<()> {
    let found = |name: &str| path_folders().any(|folder| folder.join(name).is_file());
    if found("prometheus") && found("promtool") {
        return Ok(());
    }
    unpack_debian_package("prometheus").context(
        "install Debian's package `prometheus`, or put the programs prometheus and promtool on the PATH",
    )
}

/// Makes `chromium` available, for the test that looks at the status page.
///
/// It needs a hundred packages beside itself, so it is installed rather than unpacked, and only root can do that.
///
/// # Errors
/// In one sentence, what the reader can do about it.
pub(crate) fn ensure_chromium() -> anyhow::Result<()> {
    if path_folders().any(|folder| folder.join("chromium").is_file()) {
        return Ok(());
    }
    let remedy = "install Debian's package `chromium` (apt-get install chromium)";
    let install = || {
        let mut command = Command::new("apt-get");
        command.args(["install", "--yes", "--quiet", "--no-install-recommends", "chromium"]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    if !is_root() {
        anyhow::bail!("{remedy}");
    }
    // A fresh container has no package lists.
    if !succeeds(&mut install()) {
        run(Command::new("apt-get").args(["update", "-qq"])).context(remedy)?;
        run(&mut install()).context(remedy)?;
    }
    Ok(())
}

/// Makes `debootstrap` available, which needs no installing: the folder it was unpacked in.
///
/// # Errors
/// The package cannot be had.
pub(crate) fn ensure_debootstrap() -> anyhow::Result<PathBuf> {
    let folder = tools_folder()?;
    if !folder.join("usr/sbin/debootstrap").is_file() {
        unpack_debian_package("debootstrap").context("install Debian's package `debootstrap`")?;
    }
    Ok(folder)
}

pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn unpack_debian_package(package: &str) -> anyhow::Result<()> {
    let folder = tools_folder()?;
    let downloads = folder.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| format!("creating {}", downloads.display()))?;
    let mut download = Command::new("apt-get");
    download.args(["download", package]).current_dir(&downloads);
    // A fresh container has no package lists; only root can fetch them.
    if !succeeds(&mut download) {
        run(Command::new("apt-get").args(["update", "-qq"]))?;
        run(Command::new("apt-get").args(["download", package]).current_dir(&downloads))?;
    }
    for entry in fs::read_dir(&downloads).with_context(|| format!("listing {}", downloads.display()))? {
        run(Command::new("dpkg-deb").arg("--extract").arg(entry?.path()).arg(&folder))?;
    }
    fs::remove_dir_all(&downloads).with_context(|| format!("removing {}", downloads.display()))
}

/// The `PATH` for programs that we start: the unpacked tools come last, so that what the machine brings wins.
///
/// # Errors
/// When the target folder's path contains the separator of path lists.
pub(crate) fn path_with_tools() -> anyhow::Result<OsString> {
    env::join_paths(path_folders()).context("the path of the target folder contains a `:`")
}

fn path_folders() -> impl Iterator<Item = PathBuf> {
    let own = tools_folder().map(|folder| folder.join(Path::new("usr/bin"))).ok();
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).chain(own).collect::<Vec<_>>().into_iter()
}

fn tools_folder() -> anyhow::Result<PathBuf> {
    Ok(target_folder()?.join("tools"))
}
