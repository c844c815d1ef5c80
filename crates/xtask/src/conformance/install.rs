//! The clients as their users install them: with pip and npm, below the target folder, once for each list of versions.

use super::script_path;
use crate::process::{run, succeeds, target_folder};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Interpreters that are looked for on the path: first those that every client supports, then what the machine calls its own.
const INTERPRETERS: [&str; 4] = ["python3.12", "python3.13", "python3.14", "python3"];

/// The oldest Python that what we install runs on.
pub(crate) const ANY: (u32, u32) = (3, 10);

/// A Python that can make environments.
#[derive(Debug)]
pub(crate) struct Python {
    program: PathBuf,
    /// Major and minor.
    pub(crate) version: (u32, u32),
}

/// The first Python that runs and is of this version or newer; of the path, else of those that pyenv keeps beside it.
///
/// # Errors
/// In one sentence, what the reader can do about it.
pub(crate) fn python(from: (u32, u32)) -> anyhow::Result<Python> {
    let on_path = INTERPRETERS.into_iter().map(PathBuf::from);
    let mut found = on_path.chain(pyenv_interpreters()).filter_map(python_of);
    let (major, minor) = from;
    found
        .find(|python| python.version >= from)
        .with_context(|| format!("install Python {major}.{minor} or newer with its module venv"))
}

/// What is behind this name, if it runs. A name alone says little: pyenv puts one on the path for each version that it has,
/// and it fails unless that version is chosen.
fn python_of(program: PathBuf) -> Option<Python> {
    let question = "import sys, venv, ensurepip, ssl, sqlite3; print(*sys.version_info[:2])";
    let text = said_by(Command::new(&program).args(["-c", question]))?;
    let (major, minor) = text.split_once(' ')?;
    Some(Python { version: (major.parse().ok()?, minor.parse().ok()?), program })
}

/// The interpreters that pyenv has installed, oldest first; none where there is no pyenv.
fn pyenv_interpreters() -> impl Iterator<Item = PathBuf> {
    let root = said_by(Command::new("pyenv").arg("root")).map(PathBuf::from);
    let names = said_by(Command::new("pyenv").args(["versions", "--bare"])).unwrap_or_default();
    let programs = root.map(|root| {
        let of = |name: &str| root.join("versions").join(name).join("bin/python3");
        names.lines().map(str::trim).map(of).collect::<Vec<_>>()
    });
    programs.into_iter().flatten()
}

/// What a program prints, if it ends with success.
fn said_by(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Makes the environment of this name and gives its interpreter.
///
/// # Errors
/// Its packages cannot be had.
pub(crate) fn environment(name: &str, python: &Python) -> anyhow::Result<PathBuf> {
    // Of each Python its own, so that another one does not find packages that were built for the first.
    let (major, minor) = python.version;
    let folder = clients_folder()?.join(format!("{name}-python{major}.{minor}"));
    let interpreter = folder.join("bin/python");
    let requirements = script_path(&format!("requirements-{name}.txt"));
    once(&folder, &requirements, || {
        if !succeeds(Command::new(&interpreter).arg("--version")) {
            run(Command::new(&python.program).args(["-m", "venv"]).arg(&folder))?;
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
