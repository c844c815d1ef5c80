//! Tick-to-order over loopback: the whole engine beside a bare WebSocket loop, in turns, on the same machine in the same run.
//!
//! The harness is not part of this repository. It plays the venue, starts the client, and takes the time from the moment the
//! triggering book update is written to the moment the order request has been read. A loaded machine moves both clients alike, so
//! only the ratio of neighbouring runs is worth quoting.

mod client;
mod outcome;
mod placement;

pub(crate) use client::Client;

use crate::process::{cargo, run as run_program, target_folder, workspace_root};
use anyhow::{Context as _, bail};
use client::{Durability, WhenIdle};
use outcome::{Outcome, measure};
use placement::{Cores, Placement};
use std::{collections::BTreeMap, env, fs, net::TcpListener, path::PathBuf, process::Command};

/// The bound on the median ratio of p50 with group commit: the first milestone on the way to the bare loop's own time.
const P50_RATIO_MAX: f64 = 1.5;

/// What is measured: where the two sides run, when a command may leave, and what the engine's thread does while there is
/// nothing to do.
const MEASURED: [(Placement, Durability, WhenIdle); 4] = [
    (Placement::Apart, Durability::Group, WhenIdle::Sleep),
    (Placement::Apart, Durability::Group, WhenIdle::Spin),
    (Placement::Apart, Durability::BeforeSend, WhenIdle::Sleep),
    (Placement::Together, Durability::Group, WhenIdle::Sleep),
];

/// What the bound is for. The exchange is on another machine, so its side of the benchmark is kept off the engine's core; and the
/// engine is set up as `docs/operations.md` says for whoever wants speed. What it takes when it sleeps is printed and not bound.
const BOUNDED: (Placement, Durability, WhenIdle) = (Placement::Apart, Durability::Group, WhenIdle::Spin);

/// When the bare loop's first and last p50 differ by more than this share, the machine was too busy to quote figures.
const DRIFT_MAX: f64 = 0.2;

/// How long to measure.
#[derive(clap::Args)]
pub(crate) struct Length {
    /// Wire benchmark: rounds of bare loop and engine in turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Wire benchmark: triggers in each run, after 200 that warm up.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    triggers: u32,
}

/// Builds the harness and the engine (as it should trade: with the profile `live`), runs them in turns and prints the
/// ratios last.
///
/// # Errors
/// When the harness is not there, a run leaves triggers without an order, or the bound is missed.
pub(crate) fn run(length: &Length) -> anyhow::Result<()> {
    let bench = Bench::build()?;
    let mut bare = BTreeMap::<Placement, Vec<Outcome>>::new();
    let mut pairs = BTreeMap::<_, Vec<Ratio>>::new();
    for round in 1..=length.rounds {
        for settings in MEASURED {
            let (placement, durability, when_idle) = settings;
            let anchor = bench.bare_loop(length.triggers, placement)?;
            let ours = bench.engine(length.triggers, settings)?;
            let ratio = Ratio { p50: ours.p50_us / anchor.p50_us, p99: ours.p99_us / anchor.p99_us };
            println!("── round {round}: bare loop, {placement}: {anchor}");
            println!(
                "── round {round}: windvane, {placement}, {durability}, {when_idle}: {ours}: {:.2}x p50, {:.2}x p99",
                ratio.p50, ratio.p99
            );
            pairs.entry(settings).or_default().push(ratio);
            bare.entry(placement).or_default().push(anchor);
        }
    }
    for (placement, anchors) in &bare {
        let last = bench.bare_loop(length.triggers, *placement)?;
        println!("── bare loop at the end, {placement}: {last}");
        let drift = anchors.first().map_or(0.0, |first| (last.p50_us / first.p50_us - 1.0).abs());
        if drift > DRIFT_MAX {
            println!(
                "── the bare loop moved by {:.0} % during the run: repeat before quoting",
                drift * 100.0
            );
        }
    }
    for (settings, ratios) in &pairs {
        let (placement, durability, when_idle) = settings;
        let p50 = Spread::of(ratios.iter().map(|ratio| ratio.p50));
        let p99 = Spread::of(ratios.iter().map(|ratio| ratio.p99));
        println!(
            "── windvane, {placement}, {durability}, {when_idle}: p50 {p50} of the bare loop, p99 {p99}"
        );
        if *settings == BOUNDED && p50.median > P50_RATIO_MAX {
            bail!(
                "{placement}, with {durability} commit and {when_idle}, p50 is {:.2}x the bare loop; the bound is {P50_RATIO_MAX}x",
                p50.median
            );
        }
    }
    Ok(())
}

/// The programs that take part.
struct Bench {
    harness: PathBuf,
    bare_client: PathBuf,
    engine: PathBuf,
    cores: Cores,
    /// Where each run of the engine keeps its journal: on the disk of the target folder, as a memory disk would flatter it.
    scratch: PathBuf,
}

impl Bench {
    fn build() -> anyhow::Result<Self> {
        let shared =
            env::var_os("WINDVANE_SHARED").map_or_else(|| workspace_root().join("../shared"), PathBuf::from);
        let manifest = shared.join("bench/wire-venue/Cargo.toml");
        if !manifest.is_file() {
            bail!(
                "the harness is not at {}; set WINDVANE_SHARED to the folder that has bench/wire-venue",
                manifest.display()
            );
        }
        let target = target_folder()?;
        let harness_target = target.join("wire-venue");
        let mut harness = cargo(["build", "--release", "--locked", "--manifest-path"]);
        run_program(harness.arg(&manifest).arg("--target-dir").arg(&harness_target))?;
        let mut engine = cargo(["build", "--profile", "live", "--locked", "--package", "windvane-app"]);
        run_program(engine.arg("--target-dir").arg(&target))?;
        Ok(Self {
            harness: harness_target.join("release/wire-venue"),
            bare_client: harness_target.join("release/bare-client"),
            engine: target.join("live/windvane"),
            cores: Cores::find()?,
            scratch: target.join("wire-bench"),
        })
    }

    fn bare_loop(&self, triggers: u32, placement: Placement) -> anyhow::Result<Outcome> {
        let mut command = self.harness(triggers, placement)?;
        command.args(["--tag", "bare", "--"]).args(self.cores.client(placement));
        command.arg(&self.bare_client).arg("ws");
        measure(&mut command)
    }

    fn engine(
        &self,
        triggers: u32,
        (placement, durability, when_idle): (Placement, Durability, WhenIdle),
    ) -> anyhow::Result<Outcome> {
        if self.scratch.exists() {
            fs::remove_dir_all(&self.scratch).context("removing the folder of the run before")?;
        }
        fs::create_dir_all(&self.scratch).with_context(|| format!("creating {}", self.scratch.display()))?;
        let mut command = self.harness(triggers, placement)?;
        command.args(["--tag", "windvane", "--alternate", "--verify-signatures", "--"]);
        command.args(self.cores.client(placement));
        command.arg(env::current_exe().context("finding the path of this program")?).arg("wire-client");
        command.arg("--durability").arg(durability.to_string());
        command.arg("--when-idle").arg(when_idle.to_string());
        command.arg("--engine").arg(&self.engine).arg("--folder").arg(&self.scratch);
        measure(&mut command)
    }

    fn harness(&self, triggers: u32, placement: Placement) -> anyhow::Result<Command> {
        let mut command = self.cores.venue(placement, &self.harness);
        command.args(["--port", &free_port_pair()?.to_string(), "--triggers", &triggers.to_string()]);
        Ok(command)
    }
}

/// The harness listens on a port and the one after it.
fn free_port_pair() -> anyhow::Result<u16> {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if first.checked_add(1).is_some_and(|second| TcpListener::bind(("127.0.0.1", second)).is_ok()) {
            return Ok(first);
        }
    }
    bail!("found no two neighbouring free ports on loopback")
}

/// The engine's time in units of the bare loop's time in the run just before it.
struct Ratio {
    p50: f64,
    p99: f64,
}

/// Median and range of the ratios of all rounds.
struct Spread {
    median: f64,
    smallest: f64,
    largest: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let upper = at(sorted.len() / 2);
        let lower = at(sorted.len().saturating_sub(1) / 2);
        Self {
            median: f64::midpoint(lower, upper),
            smallest: at(0),
            largest: at(sorted.len().saturating_sub(1)),
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2}x ({:.2} to {:.2})", self.median, self.smallest, self.largest)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn a_spread_has_its_median_in_the_middle() {
        for (values, shown) in [
            (vec![1.5], "1.50x (1.50 to 1.50)"),
            (vec![2.0, 1.0], "1.50x (1.00 to 2.00)"),
            (vec![9.0, 1.0, 2.0], "2.00x (1.00 to 9.00)"),
        ] {
            assert_eq!(Spread::of(values.into_iter()).to_string(), shown);
        }
    }
}
