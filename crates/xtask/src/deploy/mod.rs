//! `cargo xtask deploy`: what lies under `deploy/` is read as its programs would read it, and the image's steps are carried
//! out in a clean root, without Docker.

mod dockerfile;
mod image;

use crate::{
    conformance::install,
    process::{run, workspace_root},
    report::Report,
};
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take this program for the image instead of building it as the Dockerfile says, which takes minutes.
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Reads Compose's file by the specification's own types.
const COMPOSE: &str = "import compose_spec, sys; compose_spec.PyCompose.from_yaml(open(sys.argv[1]).read())";

/// Lints, and builds the image in a clean root.
///
/// # Errors
/// When something is not as it should be; the account of the run has been printed.
pub(crate) fn run_all(options: &Options) -> anyhow::Result<()> {
    let mut report = Report::start();
    match install::python(install::ANY).and_then(|python| install::environment("deploy", &python)) {
        Ok(interpreter) => lint(&mut report, &interpreter),
        Err(error) => report.skip("lints of deploy", &format!("{error:#}")),
    }
    report.step("image in a clean root", || image::build(options.binary.as_deref()));
    report.finish()
}

fn lint(report: &mut Report, interpreter: &Path) {
    let deploy = workspace_root().join("deploy");
    let program = |name: &str| Command::new(interpreter.with_file_name(name));
    report.step("Dockerfile", || run(program("hadolint").arg(deploy.join("docker/Dockerfile"))));
    report.step("compose", || {
        run(Command::new(interpreter).args(["-c", COMPOSE]).arg(deploy.join("docker/compose.yml")))
    });
    report.step("kubernetes", || {
        let folder = deploy.join("kubernetes").read_dir().context("listing deploy/kubernetes")?;
        let files = folder.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        run(program("kubernetes-validate").arg("--strict").args(files))
    });
}
