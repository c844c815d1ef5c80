//! `cargo xtask campaign`: a test that is repeated until chance has had its say, too long for every change.

use crate::process::{cargo, run};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A campaign that is a test of some crate with larger numbers.
pub(crate) struct Enlarged<'a> {
    /// The campaign's name; its figures are on the line that begins with it.
    pub(crate) name: &'a str,
    pub(crate) package: &'a str,
    /// Where in the package, as cargo is told.
    pub(crate) target: &'a [&'a str],
    pub(crate) test: &'a str,
    pub(crate) is_optimised: bool,
    pub(crate) environment: Vec<(&'a str, String)>,
}

impl Enlarged<'_> {
    /// Runs the test and shows its figures last.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let profile = self.is_optimised.then_some("--release");
        let mut test = cargo(["test", "--package", self.package])
            .args(self.target)
            .args(profile)
            .args(["--", "--nocapture", self.test])
            .envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdout(Stdio::piped())
            .spawn()
            .context("starting cargo test")?;
        let output = test.stdout.take().context("the output of cargo test is not a pipe")?;
        let (label, mut figures) = (format!("{} figures:", self.name), None);
        for line in BufReader::new(output).lines() {
            let line = line.context("reading what cargo test says")?;
            if let Some((_, found)) = line.split_once(&label) {
                figures = Some(found.trim().to_owned());
            }
            println!("{line}");
        }
        let (name, status) = (self.name, test.wait().context("waiting for cargo test")?);
        let figures = figures.unwrap_or_else(|| "it did not come to its figures".to_owned());
        if !status.success() {
            bail!("{name}: FAILED: {figures}");
        }
        println!("── {name}: {figures}");
        Ok(())
    }
}

/// Which campaign.
#[derive(Debug, Subcommand)]
pub(crate) enum Campaign {
    /// Kills an engine at random moments, while orders rest and fill, and starts it again: nothing may be lost or doubled.
    Kill9(Kill9),
    /// Reloads an engine with random configs, good and bad, while orders fly: none is lost, no connection is cut, and what is
    /// refused leaves no trace.
    Reload(Reload),
    /// Types every slip of a finger at every place of every shipped strategy file: each is refused, or changes what stands
    /// there.
    Slips,
    /// Floods an engine with market data for a long time: memory, files and queues stay where they are.
    Soak(Soak),
    /// Kills an account full of orders, in both scopes, and the engine half way: flat, never without a stop, latched.
    Kill(Kill),
    /// Puts orders near the edge of random accounts to risk and to the venue: none that could be foreseen is refused.
    Margin(Margin),
    /// Plays random sequences of commands, answers and fills on risk: no limit may be passed at any point of any of them.
    Limits(Limits),
    /// Plays engine and venue against each other over a link that fails, in virtual time: every invariant must hold.
    Simulate(Simulate),
    /// Loses half of the requests and all of the replies: nothing is doubled, nothing that lives is called refused, and
    /// what exists is known soon.
    LostReplies(LostReplies),
    /// Plays random schedules on the connector's sessions and damaged messages on its decoders: every request is answered
    /// once, nothing is sent over the rate limit, nothing crashes, hangs or grows.
    Fuzz(Fuzz),
    /// Makes the core make known mistakes, one at a time, and counts which the simulation notices.
    Mutants(Mutants),
    /// Makes a failing seed small and writes it as a scenario file.
    Shrink(Shrink),
    /// Plays scenarios out of files (`tests/scenarios/`); one alone is told event by event.
    Scenario(Scenario),
    /// Truncates a journal of 256 KiB segments at every byte and flips every bit of 64 KiB: recovered or refused.
    CrashBytes,
    /// Starts on a long journal, from all of its records and from a snapshot: the same books, and how long each takes.
    StartUp(StartUp),
    /// Plays random faults on the connector's streams: afterwards every book is the venue's level by level, and orders,
    /// executions, positions and wallet are the venue's to the last digit.
    Streams(Streams),
    /// Books fills that come twice, out of order and late: the sums are exact to the last digit.
    Fills(Fills),
}

/// How many reloads.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// Reloads.
    #[arg(long, default_value_t = 1_000)]
    count: u64,
}

/// How long the journal is.
#[derive(Debug, Args)]
pub(crate) struct StartUp {
    /// Records.
    #[arg(long, default_value_t = 10_000_000)]
    records: u64,
}

/// How many schedules of faults are played.
#[derive(Debug, Args)]
pub(crate) struct Streams {
    /// Schedules.
    #[arg(long, default_value_t = 1_000)]
    schedules: u64,
    /// Venues on which they are played side by side.
    #[arg(long, default_value_t = 4)]
    jobs: u64,
}

/// How many fills are booked.
#[derive(Debug, Args)]
pub(crate) struct Fills {
    /// Fills.
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
}

/// Which mistakes.
#[derive(Debug, Args)]
pub(crate) struct Mutants {
    /// Only these, by their names in `crates/model/src/mutant.rs`.
    names: Vec<String>,
    /// Seconds that each may live.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Which seed.
#[derive(Debug, Args)]
pub(crate) struct Shrink {
    /// The seed.
    seed: u64,
    /// The file that is written.
    #[arg(long)]
    out: PathBuf,
}

/// Which scenarios.
#[derive(Debug, Args)]
pub(crate) struct Scenario {
    /// The files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// How long it goes on.
#[derive(Debug, Args)]
pub(crate) struct Margin {
    /// Orders that margin decides.
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
}

/// How many are played.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// Sequences.
    #[arg(long, default_value_t = 10_000_000)]
    sequences: u64,
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

/// How many replies are lost.
#[derive(Debug, Args)]
pub(crate) struct LostReplies {
    /// Orders without a reply, of each kind of world.
    #[arg(long, default_value_t = 10_000)]
    count: u64,
}

/// How long schedules are played.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Seconds for each target, side by side: frames, REST answers, and the three kinds of session.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Inputs that each target must have taken, however long that takes.
    #[arg(long, default_value_t = 0)]
    inputs: u64,
}

/// How full the account is.
#[derive(Debug, Args)]
pub(crate) struct Kill {
    /// Orders over three contracts.
    #[arg(long, default_value_t = 1_200)]
    orders: u32,
}

/// How long it goes on.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// Minutes.
    #[arg(long, default_value_t = 60)]
    minutes: u32,
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
            Self::Reload(reload) => reload.run(),
            Self::Slips => slips(),
            Self::Soak(soak) => soak.run(),
            Self::Kill(kill) => kill.run(),
            Self::Margin(margin) => margin.run(),
            Self::Limits(limits) => limits.run(),
            Self::Simulate(simulate) => simulate.run(),
            Self::LostReplies(lost) => lost.run(),
            Self::Fuzz(fuzz) => fuzz.run(),
            Self::Mutants(mutants) => mutants.run(),
            Self::Shrink(shrink) => shrink.run(),
            Self::Scenario(scenario) => scenario.run(),
            Self::CrashBytes => crash_bytes(),
            Self::Fills(fills) => fills.run(),
            Self::Streams(streams) => streams.run(),
            Self::StartUp(start_up) => start_up.run(),
        }
    }
}

fn crash_bytes() -> anyhow::Result<()> {
    Enlarged {
        name: "crash-bytes",
        package: "windvane-journal",
        target: &["--test", "it"],
        test: "campaign::a_journal_damaged_anywhere",
        is_optimised: true,
        environment: vec![
            ("WINDVANE_CRASH_SEGMENT", (256 << 10).to_string()),
            ("WINDVANE_CRASH_FLIPPED", (64 << 10).to_string()),
            ("WINDVANE_CRASH_TAIL", (8 << 10).to_string()),
        ],
    }
    .run()
}

fn slips() -> anyhow::Result<()> {
    Enlarged {
        name: "slips",
        package: "windvane-strategy",
        target: &["--test", "it"],
        test: "mutation::a_slip_anywhere",
        is_optimised: true,
        environment: vec![("WINDVANE_EVERY_SLIP", "1".to_owned())],
    }
    .run()?;
    Enlarged {
        name: "slips",
        package: "windvane-app",
        target: &["--bin", "windvane"],
        test: "slips::a_slip_anywhere",
        is_optimised: true,
        environment: vec![("WINDVANE_EVERY_SLIP", "1".to_owned())],
    }
    .run()
}

impl StartUp {
    fn run(&self) -> anyhow::Result<()> {
        Enlarged {
            name: "start-up",
            package: "windvane-app",
            target: &["--bin", "windvane"],
            test: "startup::a_start_from_a_snapshot",
            is_optimised: true,
            environment: vec![("WINDVANE_JOURNAL_RECORDS", self.records.to_string())],
        }
        .run()
    }
}

impl Streams {
    fn run(&self) -> anyhow::Result<()> {
        run(cargo(["build"]).args(["--package", "windvane-app", "--bins"]))?;
        Enlarged {
            name: "streams",
            package: "windvane-tests",
            target: &["--test", "it"],
            test: "streams::books_orders_and_positions_equal",
            is_optimised: false,
            environment: vec![
                ("WINDVANE_SCHEDULES", self.schedules.to_string()),
                ("WINDVANE_STREAMS_JOBS", self.jobs.to_string()),
            ],
        }
        .run()
    }
}

impl Fills {
    fn run(&self) -> anyhow::Result<()> {
        Enlarged {
            name: "fills",
            package: "windvane-order-management",
            target: &["--lib"],
            test: "fill_audit::sums_are_exact",
            is_optimised: true,
            environment: vec![("WINDVANE_FILLS", self.count.to_string())],
        }
        .run()
    }
}

/// The simulator's own program. Always optimised: debug builds tell a tenth of the stories.
fn simulator() -> Command {
    simulator_with(&[])
}

fn simulator_with(features: &[&str]) -> Command {
    let mut command = cargo(["run", "--release", "--package", "windvane-simulation", "--quiet"]);
    command.args(features).arg("--");
    command
}

impl Mutants {
    fn run(&self) -> anyhow::Result<()> {
        let seconds = self.seconds.to_string();
        let mut simulator = simulator_with(&["--features", "mutants"]);
        run(simulator.args(["mutants", "--seconds", &seconds]).args(&self.names))
    }
}

impl Shrink {
    fn run(&self) -> anyhow::Result<()> {
        let out = std::path::absolute(&self.out)?;
        run(simulator().args(["shrink", &self.seed.to_string(), "--out"]).arg(out))
    }
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
            .args(["--nocapture", "chaos::"])
            .env("WINDVANE_FUZZ_SECONDS", self.seconds.to_string())
            .env("WINDVANE_FUZZ_INPUTS", self.inputs.to_string()))?;
        // The venue's: requests, queries, control requests, frames, relayed frames, and the files it reads.
        let arguments = ["test", "--release", "--package", "windvane-venue", "--lib", "--"];
        let mut test = cargo(arguments);
        run(test.args(["mutation::", "mutated::"]).env("WINDVANE_FUZZ_SECONDS", self.seconds.to_string()))
    }
}

impl Margin {
    /// The test of the same name, longer and optimised. Its figures are the last lines that the test prints.
    fn run(&self) -> anyhow::Result<()> {
        let test = ["test", "--release", "--quiet", "--package", "windvane-risk", "--test", "it", "--"];
        let mut test = cargo(test);
        let test = test.args(["--nocapture", "campaign::"]);
        run(test.env("WINDVANE_MARGIN_ORDERS", self.orders.to_string()))
    }
}

impl Limits {
    fn run(&self) -> anyhow::Result<()> {
        Enlarged {
            name: "limits",
            package: "windvane-risk",
            target: &["--test", "it"],
            test: "sequences::",
            is_optimised: true,
            environment: vec![("WINDVANE_LIMIT_SEQUENCES", self.sequences.to_string())],
        }
        .run()
    }
}

impl Simulate {
    fn run(&self) -> anyhow::Result<()> {
        let (seeds, from) = (self.seeds.to_string(), self.from.to_string());
        run(simulator().args(["simulate", "--seeds", &seeds, "--from", &from]))
    }
}

impl LostReplies {
    fn run(&self) -> anyhow::Result<()> {
        run(simulator().args(["lost-replies", "--count", &self.count.to_string()]))
    }
}

/// Builds the binary with the tests that start it.
pub(crate) fn build_end_to_end(profile: Option<&str>) -> anyhow::Result<()> {
    let packages = ["--package", "windvane-app", "--package", "windvane-tests", "--bins", "--tests"];
    run(cargo(["build"]).args(profile).args(packages))
}

impl Reload {
    fn run(&self) -> anyhow::Result<()> {
        build_end_to_end(None)?;
        Enlarged {
            name: "reload",
            package: "windvane-tests",
            target: &["--test", "it"],
            test: "reload::random_reloads",
            is_optimised: false,
            environment: vec![("WINDVANE_RELOADS", self.count.to_string())],
        }
        .run()
    }
}

impl Soak {
    /// Always optimised: a debug build does not keep up with the flood.
    fn run(&self) -> anyhow::Result<()> {
        build_end_to_end(Some("--release"))?;
        Enlarged {
            name: "soak",
            package: "windvane-tests",
            target: &["--test", "it"],
            test: "soak::under_a_flood",
            is_optimised: true,
            environment: vec![("WINDVANE_SOAK_MINUTES", self.minutes.to_string())],
        }
        .run()
    }
}

impl Kill {
    /// Always optimised: a debug build of the venue is slow to tell of a thousand orders.
    fn run(&self) -> anyhow::Result<()> {
        build_end_to_end(Some("--release"))?;
        Enlarged {
            name: "kill",
            package: "windvane-tests",
            target: &["--test", "it"],
            test: "kill::",
            is_optimised: true,
            environment: vec![("WINDVANE_KILL_ORDERS", self.orders.to_string())],
        }
        .run()
    }
}

impl Kill9 {
    fn run(&self) -> anyhow::Result<()> {
        build_end_to_end(self.release.then_some("--release"))?;
        Enlarged {
            name: "kill9",
            package: "windvane-tests",
            target: &["--test", "it"],
            test: "restart::killed_at_random_moments",
            is_optimised: self.release,
            environment: vec![("WINDVANE_KILL9_CYCLES", self.cycles.to_string())],
        }
        .run()
    }
}
