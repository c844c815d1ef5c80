//! `cargo xtask conformance`: other people's clients, unmodified, against our venue. The scripts are in `tests/conformance`.

pub(crate) mod install;

use crate::{
    process::{cargo, run, target_folder, workspace_root},
    report::Report,
};
use anyhow::{Context as _, bail};
use install::Python;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A Python environment of clients, with the scripts that use it.
struct Environment {
    /// Name of its folder and of its requirements (`requirements-NAME.txt`).
    name: &'static str,
    /// Scripts by client, in the order they run.
    scripts: &'static [(&'static str, &'static str)],
}

/// The clients that are quickly fetched.
const LIGHT: Environment = Environment {
    name: "clients",
    scripts: &[
        ("pybit market", "pybit_market.py"),
        ("pybit trading", "pybit_trading.py"),
        ("pybit products", "pybit_products.py"),
        ("pybit sockets", "pybit_sockets.py"),
        ("ccxt", "ccxt_sync.py"),
        ("ccxt pro", "ccxt_pro.py"),
    ],
};
/// Whole trading systems, up to a gigabyte each on the disk.
const SYSTEMS: [Environment; 2] = [
    Environment { name: "freqtrade", scripts: &[("freqtrade", "freqtrade_bot.py")] },
    Environment { name: "nautilus", scripts: &[("nautilus", "nautilus_node.py")] },
];
/// The Python that they need.
const SYSTEMS_FROM: (u32, u32) = (3, 12);
const NODE_SCRIPT: (&str, &str) = ("bybit-api", "bybit_api.cjs");

/// Runs every client that this machine can run.
///
/// # Errors
/// When anything could not be set up or a script failed; the account of the run has been printed.
pub(crate) fn run_all() -> anyhow::Result<()> {
    let mut report = Report::start();
    let package = ["build", "--locked", "--package", "windvane-app", "--bin", "windvane"];
    report.step("build", || run(&mut cargo(package)));
    run_steps(&mut report);
    report.finish()
}

/// Installs the clients, starts a venue and runs every script against it, also after one has failed. The test command does so
/// when it has built the program.
pub(crate) fn run_steps(report: &mut Report) {
    let Some(venue) = report.step("venue", start_venue) else { return };
    let mut figures = Vec::new();
    match install::python(install::ANY) {
        Ok(python) => run_environment(report, &LIGHT, &python, &venue, &mut figures),
        Err(error) => report.skip(LIGHT.name, &format!("{error:#}")),
    }
    for system in &SYSTEMS {
        match install::python(SYSTEMS_FROM) {
            // On an account of its own, as its user would have it: it reads the history that it finds, and sets the account up.
            Ok(python) => {
                if let Some(venue) = report.step("another venue", start_venue) {
                    run_environment(report, system, &python, &venue, &mut figures);
                }
            }
            Err(_) => {
                let (major, minor) = SYSTEMS_FROM;
                report.leave_out(system.name, &format!("where there is a Python {major}.{minor} or newer"));
            }
        }
    }
    let (name, script) = NODE_SCRIPT;
    match install::node() {
        Ok(modules) => {
            let mut command = Command::new("node");
            command.arg(script_path(script)).env("NODE_PATH", modules);
            figures.extend(report.step(name, || run_script(&mut command, &venue)));
        }
        Err(error) => report.skip(name, &format!("{error:#}")),
    }
    for line in figures {
        println!("── {line}");
    }
}

fn run_environment(
    report: &mut Report,
    environment: &Environment,
    python: &Python,
    venue: &Venue,
    figures: &mut Vec<String>,
) {
    match install::environment(environment.name, python) {
        Ok(interpreter) => {
            for (name, script) in environment.scripts {
                let mut command = Command::new(&interpreter);
                command.arg(script_path(script));
                figures.extend(report.step(name, || run_script(&mut command, venue)));
            }
        }
        Err(error) => report.skip(environment.name, &format!("{error:#}")),
    }
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

/// Starts the shipped venue on a free port.
fn start_venue() -> anyhow::Result<Venue> {
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
