//! `cargo xtask campaign`: a test that is repeated until chance has had its say, too long for every change.

use crate::process::{cargo, run};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The line of the test's output that holds its figures.
const FIGURES: &str = "kill9 figures:";

/// Which campaign.
#[derive(Debug, Subcommand)]
pub(crate) enum Campaign {
    /// Kills an engine at random moments, while orders rest and fill, and starts it again: nothing may be lost or doubled.
    Kill9(Kill9),
    /// Plays engine and venue against each other over a link that fails, in virtual time: every invariant must hold.
    Simulate(Simulate),
    /// Plays random schedules on the connector's sessions, with damaged messages: every request is answered once,
    /// nothing is sent over the rate limit, nothing crashes or hangs.
    Fuzz(Fuzz),
    /// Plays scenarios out of files (`tests/scenarios/`); one alone is told event by event.
    Scenario(Scenario),
}

/// Which scenarios.
#[derive(Debug, Args)]
pub(crate) struct Scenario {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Which stories are told.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Seeds.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    from: u64,
}

/// How long schedules are played.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Seconds for each of the three kinds of session, side by side.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// How long it goes on.
#[derive(Debug, Args)]
pub(crate) struct Kill9 {
    /// Kills.
    #[arg(long, default_value_t = 50)]
    cycles: u32,
    /// With the optimised binary, which takes longer to build and finds other moments.
    #[arg(long)]
    release: bool,
}

impl Campaign {
    /// Runs it; its figures are the last line.
    ///
    /// # Errors
    /// When the test could not be run or did not hold.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Kill9(kill9) => kill9.run(),
            Self::Simulate(simulate) => simulate.run(),
            Self::Fuzz(fuzz) => fuzz.run(),
            Self::Scenario(scenario) => scenario.run(),
        }
    }
}

/// The simulator's own program. Always optimised: debug builds tell a tenth of the stories.
fn simulator() -> Command {
    cargo(["run", "--release", "--package", "windvane-simulation", "--quiet", "--"])
}

impl Scenario {
    fn run(&self) -> anyhow::Result<()> {
        // Cargo runs the program in the workspace's root, wherever the command was typed.
        let files = self.files.iter().map(std::path::absolute).collect::<Result<Vec<_>, _>>()?;
        run(simulator().arg("scenario").args(files))
    }
}

impl Fuzz {
    /// Always optimised: a debug build plays a tenth of the schedules.
    fn run(&self) -> anyhow::Result<()> {
        let arguments = ["test", "--release", "--package", "windvane-connector", "--lib", "--"];
        let mut test = cargo(arguments);
        run(test
            .args(["--nocapture", "session::chaos"])
            .env("WINDVANE_FUZZ_SECONDS", self.seconds.to_string()))
    }
}

impl Simulate {
    fn run(&self) -> anyhow::Result<()> {
        let (seeds, from) = (self.seeds.to_string(), self.from.to_string());
        run(simulator().args(["simulate", "--seeds", &seeds, "--from", &from]))
    }
}

impl Kill9 {
    fn run(&self) -> anyhow::Result<()> {
        let profile = self.release.then_some("--release");
        let packages = ["--package", "windvane-app", "--package", "windvane-tests", "--bins", "--tests"];
        run(cargo(["build"]).args(profile).args(packages))?;
        let mut test = cargo(["test", "--package", "windvane-tests", "--test", "it"]);
        let mut test = test
            .args(profile)
            .args(["--", "--nocapture", "restart::killed_at_random_moments"])
            .env("WINDVANE_KILL9_CYCLES", self.cycles.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting cargo test")?;
        let output = test.stdout.take().context("the output of cargo test is not a pipe")?;
        let mut figures = None;
        for line in BufReader::new(output).lines() {
            let line = line.context("reading what cargo test says")?;
            if let Some((_, found)) = line.split_once(FIGURES) {
                figures = Some(found.trim().to_owned());
            }
            println!("{line}");
        }
        let status = test.wait().context("waiting for cargo test")?;
        let figures = figures.unwrap_or_else(|| "it did not come to its figures".to_owned());
        if !status.success() {
            bail!("kill9: FAILED: {figures}");
        }
        println!("── kill9: {figures}");
        Ok(())
    }
}
