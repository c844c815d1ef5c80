//! The image of `deploy/docker/Dockerfile`, made step by step in a root of Debian's own making.

use super::dockerfile::{self, Dockerfile, Step};
use crate::process::{run, target_folder, workspace_root};
use crate::tool;
use anyhow::{Context as _, bail, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Builds it, and asks the program in it as the container's user whether it works there.
///
/// # Errors
/// With the step that failed.
pub(super) fn build(binary: Option<&Path>) -> anyhow::Result<()> {
    ensure!(tool::is_root(), "only root can change into another root: run it as root, or in a container");
    let text = fs::read_to_string(workspace_root().join("deploy/docker/Dockerfile"))?;
    let file = dockerfile::read(&text)?;
    let program = match binary {
        Some(binary) => std::path::absolute(binary)?,
        None => compile(&file)?,
    };
    let root = fresh_root(&file.base)?;
    let mut user = "0".to_owned();
    for step in &file.steps {
        match step {
            Step::Run(line) => run(inside(&root, &user).args(["/bin/sh", "-c", line]))?,
            Step::CopyFrom { stage, from, to } => {
                ensure!(stage == "build" && from.ends_with("/windvane"), "no file {from} of stage {stage}");
                fs::copy(&program, place(&root, to)).with_context(|| format!("copying to {to}"))?;
            }
            Step::User(name) => user.clone_from(name),
        }
    }
    try_out(&root, &user, &file.entrypoint)
}

/// What the image's user can do, and cannot.
fn try_out(root: &Path, user: &str, program: &str) -> anyhow::Result<()> {
    ensure!(user != "0" && user != "root", "the image runs as root");
    run(inside(root, user).args([program, "--version"]))?;
    run(inside(root, user).args([program, "init", "/data/project"]))?;
    run(inside(root, user).args([program, "check", "--config", "/data/project/windvane.toml"]))?;
    let is_refused = !inside(root, user).args([program, "init", "/usr/local/project"]).status()?.success();
    ensure!(is_refused, "the image's user can write beside its data folder");
    println!("the image's program works as user {user}, and writes in /data alone");
    Ok(())
}

/// What the stage `build` runs, in this workspace and with this machine's toolchain.
fn compile(file: &Dockerfile) -> anyhow::Result<PathBuf> {
    for line in &file.build {
        run(Command::new("/bin/sh").args(["-c", line]).current_dir(workspace_root()))?;
    }
    let built = file.steps.iter().find_map(|step| match step {
        Step::CopyFrom { from, .. } => from.split_once("/target/").map(|(_, rest)| rest.to_owned()),
        Step::Run(_) | Step::User(_) => None,
    });
    Ok(target_folder()?.join(built.context("the Dockerfile copies nothing out of target/")?))
}

/// A root with nothing in it but the base, as `FROM` names it. The base is kept below the target folder.
fn fresh_root(base: &str) -> anyhow::Result<PathBuf> {
    let suite = base.strip_prefix("debian:").and_then(|tag| tag.split('-').next());
    let Some(suite) = suite else { bail!("FROM {base}: only Debian can be made here") };
    let folder = target_folder()?.join("image");
    let (made, root) = (folder.join(suite), folder.join("root"));
    if !made.join("etc/debian_version").exists() {
        let debootstrap = tool::ensure_debootstrap()?;
        let mut command = Command::new("sh");
        command.arg(debootstrap.join("usr/sbin/debootstrap")).args(["--variant=minbase", suite]);
        run(command.arg(&made).env("DEBOOTSTRAP_DIR", debootstrap.join("usr/share/debootstrap")))?;
    }
    if root.exists() {
        fs::remove_dir_all(&root).context("removing the last root")?;
    }
    run(Command::new("cp").arg("--archive").arg(&made).arg(&root))?;
    // Name service, as Docker gives it.
    fs::copy("/etc/resolv.conf", place(&root, "/etc/resolv.conf")).context("copying resolv.conf")?;
    Ok(root)
}

/// A command inside the root, as a user by its number.
fn inside(root: &Path, user: &str) -> Command {
    let mut command = Command::new("chroot");
    command.arg(format!("--userspec={user}:{user}")).arg(root);
    command.env("HOME", "/data").current_dir("/");
    command
}

fn place(root: &Path, inside: &str) -> PathBuf {
    root.join(inside.trim_start_matches('/'))
}
