//! `cargo xtask reproducible`: the program built twice, from two copies of the last commit in folders of different names, must
//! be the same to the bit. Whoever has the commit can then tell whether a binary is of it.

use crate::process::{cargo, run, target_folder, workspace_root};
use anyhow::{Context as _, bail};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How it is built.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The profile: `live` is what servers run.
    #[arg(long, default_value = "live")]
    profile: String,
}

/// Builds twice and compares.
///
/// # Errors
/// When a build fails, or the two differ.
pub(crate) fn check(options: &Options) -> anyhow::Result<()> {
    let folder = target_folder()?.join("reproducible");
    let first = build(&folder.join("first"), &options.profile)?;
    let second = build(&folder.join("the-second-one"), &options.profile)?;
    let (one, other) = (fs::read(&first)?, fs::read(&second)?);
    if one != other {
        let at = one.iter().zip(&other).position(|(a, b)| a != b).unwrap_or(one.len().min(other.len()));
        bail!("the two builds differ from byte {at} on: {} and {}", first.display(), second.display());
    }
    println!("── reproducible: {} bytes, twice the same; {}", one.len(), sum(&first)?);
    Ok(())
}

/// Builds the last commit in a folder of its own.
fn build(folder: &Path, profile: &str) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    let source = folder.join("source");
    fs::create_dir_all(&source).with_context(|| format!("creating {}", source.display()))?;
    let mut archive = Command::new("git")
        .args(["archive", "HEAD"])
        .current_dir(workspace_root())
        .stdout(Stdio::piped())
        .spawn()
        .context("starting git archive")?;
    let tar = archive.stdout.take().context("git archive has no output")?;
    run(Command::new("tar").args(["--extract", "--file=-"]).current_dir(&source).stdin(tar))?;
    anyhow::ensure!(archive.wait()?.success(), "git archive failed");
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"))).unwrap_or_default();
    // Paths get into panic messages and debug information; they are all that differs between two machines.
    let flags = format!(
        "--remap-path-prefix={}=/windvane --remap-path-prefix={}=/cargo",
        source.display(),
        home.display()
    );
    run(cargo(["build", "--locked", "--package", "windvane-app", "--profile", profile])
        .current_dir(&source)
        .env("RUSTFLAGS", flags)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("SOURCE_DATE_EPOCH", "0"))?;
    Ok(folder.join("target").join(profile).join("windvane"))
}

/// What `sha256sum` says of it.
fn sum(path: &Path) -> anyhow::Result<String> {
    let output = Command::new("sha256sum").arg(path).output().context("starting sha256sum")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(format!("SHA-256 {}", text.split_whitespace().next().unwrap_or_default()))
}
