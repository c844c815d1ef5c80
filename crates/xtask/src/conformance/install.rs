//! The clients as their users install them: with pip and npm, below the target folder, once for each list of versions.

use super::script_path;
use crate::process::{run, succeeds, target_folder};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Interpreters that are looked for, first those that every client supports; what the machine calls its own comes last.
const INTERPRETERS: [&str; 3] = ["python3.13", "python3.12", "python3"];

/// A Python that can make environments.
pub(crate) struct Python {
    program: &'static str,
    /// Major and minor.
    pub(crate) version: (u32, u32),
}

/// The first of these that the machine has.
///
/// # Errors
/// In one sentence, what the reader can do about it.
pub(crate) fn python() -> anyhow::Result<Python> {
    let mut found = INTERPRETERS.into_iter().filter_map(|program| {
        let question = "import sys, venv, ensurepip; print(*sys.version_info[:2])";
        let output = Command::new(program).args(["-c", question]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (major, minor) = text.trim().split_once(' ')?;
        Some(Python { program, version: (major.parse().ok()?, minor.parse().ok()?) })
    });
    found.next().context("install Python 3 with its module venv")
}

/// Makes the environment of this name and gives its interpreter.
///
/// # Errors
/// Its packages cannot be had.
pub(crate) fn environment(name: &str, python: &Python) -> anyhow::Result<PathBuf> {
    let folder = clients_folder()?.join(name);
    let interpreter = folder.join("bin/python");
    let requirements = script_path(&format!("requirements-{name}.txt"));
    once(&folder, &requirements, || {
        if !succeeds(Command::new(&interpreter).arg("--version")) {
            run(Command::new(python.program).args(["-m", "venv"]).arg(&folder))?;
        }
        run(Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&requirements))
    })?;
    Ok(interpreter)
}

/// Installs the Node client and gives the folder its package lies in.
///
/// # Errors
/// There is no Node, or its packages cannot be had.
pub(crate) fn node() -> anyhow::Result<PathBuf> {
    if !succeeds(Command::new("node").arg("--version")) || !succeeds(Command::new("npm").arg("--version")) {
        bail!("install Node.js with npm");
    }
    let folder = clients_folder()?.join("node");
    let package = script_path("package.json");
    once(&folder, &package, || {
        fs::copy(&package, folder.join("package.json")).context("copying package.json")?;
        run(Command::new("npm").args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder))
    })?;
    Ok(folder.join("node_modules"))
}

/// Installs into a folder unless that was done by this very list of versions.
fn once(folder: &Path, list: &Path, install: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let wanted = fs::read_to_string(list).with_context(|| format!("reading {}", list.display()))?;
    let done = folder.join("installed");
    if fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    println!("installing what {} lists", list.display());
    install()?;
    fs::write(&done, wanted).with_context(|| format!("writing {}", done.display()))
}

fn clients_folder() -> anyhow::Result<PathBuf> {
    Ok(target_folder()?.join("conformance"))
}
