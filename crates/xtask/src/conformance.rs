//! `cargo xtask conformance`: other people's clients, unmodified, against our venue. The scripts are in `tests/conformance`.
//!
//! Not part of `cargo xtask test`: fetching the clients the first time takes longer than all of its other steps.

use crate::{
    process::{cargo, run, succeeds, target_folder, workspace_root},
    report::Report,
};
use anyhow::{Context as _, bail};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Scripts by client, in the order they run.
const PYTHON_SCRIPTS: [(&str, &str); 6] = [
    ("pybit market", "pybit_market.py"),
    ("pybit trading", "pybit_trading.py"),
    ("pybit products", "pybit_products.py"),
    ("pybit sockets", "pybit_sockets.py"),
    ("ccxt", "ccxt_sync.py"),
    ("ccxt pro", "ccxt_pro.py"),
];
const NODE_SCRIPT: (&str, &str) = ("bybit-api", "bybit_api.cjs");

/// Installs the clients, starts a venue and runs every script against it, also after one has failed.
///
/// # Errors
/// When anything could not be set up or a script failed; the account of the run has been printed.
pub(crate) fn run_all() -> anyhow::Result<()> {
    let mut report = Report::start();
    let mut figures = Vec::new();
    let python = report.step("python clients", install_python_clients);
    let venue = report.step("venue", start_venue);
    if let (Some(python), Some(venue)) = (&python, &venue) {
        for (name, script) in PYTHON_SCRIPTS {
            figures.extend(
                report.step(name, || run_script(Command::new(python).arg(script_path(script)), venue)),
            );
        }
    }
    if let Some(venue) = &venue {
        let (name, script) = NODE_SCRIPT;
        match install_node_client() {
            Ok(modules) => {
                let mut command = Command::new("node");
                command.arg(script_path(script)).env("NODE_PATH", modules);
                figures.extend(report.step(name, || run_script(&mut command, venue)));
            }
            Err(error) => report.skip(name, &format!("{error:#}")),
        }
    }
    for line in figures {
        println!("── {line}");
    }
    report.finish()
}

/// Makes a virtual environment with the pinned clients and gives its interpreter.
fn install_python_clients() -> anyhow::Result<PathBuf> {
    let folder = clients_folder()?.join("venv");
    let python = folder.join("bin/python");
    if !succeeds(Command::new(&python).arg("--version")) {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .context("install Python 3 with its module venv")?;
    }
    let requirements = script_path("requirements.txt");
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements))?;
    Ok(python)
}

/// Installs the Node client and gives the folder its package lies in.
fn install_node_client() -> anyhow::Result<PathBuf> {
    if !succeeds(Command::new("node").arg("--version")) {
        bail!("install Node.js with npm");
    }
    let folder = clients_folder()?.join("node");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    fs::copy(script_path("package.json"), folder.join("package.json")).context("copying package.json")?;
    run(Command::new("npm").args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    Ok(folder.join("node_modules"))
}

/// A venue process; it ends with this value.
struct Venue {
    process: Child,
    /// `host:port`.
    address: String,
}

impl Drop for Venue {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end or to wait for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds the program and starts the shipped venue on a free port.
fn start_venue() -> anyhow::Result<Venue> {
    run(&mut cargo(["build", "--locked", "--package", "windvane-app", "--bin", "windvane"]))?;
    let program = target_folder()?.join("debug/windvane");
    let mut process = Command::new(&program)
        .args(["venue", "--config", "config/venue.toml", "--listen", "127.0.0.1:0"])
        .current_dir(workspace_root())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    let output = process.stdout.take().context("the venue's output is not a pipe")?;
    let mut venue = Venue { process, address: String::new() };
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).context("reading the venue's address")?;
    let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    address
        .with_context(|| format!("the venue said no address but {line:?}"))?
        .clone_into(&mut venue.address);
    Ok(venue)
}

/// Runs one script, shows what it says and gives its closing line.
fn run_script(command: &mut Command, venue: &Venue) -> anyhow::Result<String> {
    let mut script = command
        .args(["--venue", &venue.address])
        // What Python compiles of the scripts would lie between them.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the script")?;
    let output = script.stdout.take().context("the script's output is not a pipe")?;
    let mut last = String::new();
    for line in BufReader::new(output).lines() {
        last = line.context("reading what the script says")?;
        println!("{last}");
    }
    let status = script.wait().context("waiting for the script")?;
    if !status.success() {
        bail!("{last}");
    }
    Ok(last)
}

fn script_path(name: &str) -> PathBuf {
    workspace_root().join(Path::new("tests/conformance")).join(name)
}

fn clients_folder() -> anyhow::Result<PathBuf> {
    let folder = target_folder()?.join("conformance");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    Ok(folder)
}
