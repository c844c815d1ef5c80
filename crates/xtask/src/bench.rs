//! `cargo xtask bench`: the criterion benches of the crates, tick-to-order over the wire, and from a person's wish to flat.

mod criterion;
mod flat;
pub(crate) mod wire;

use crate::process::{cargo, run as run_program};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use std::path::PathBuf;

/// The name under which the backtest is asked for.
const BACKTEST: &str = "backtest";
/// The name under which the wire benchmark is asked for.
const WIRE: &str = "wire";
/// The name under which the time from a wish to flat is asked for.
const FLAT: &str = "flat";

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A bench target of one of the crates, `wire` or `flat`; everything when left out.
    name: Option<String>,
    /// With `backtest`: candles and reference trades of the bar benchmark, for one line of JSON in its form.
    #[arg(value_names = ["BARS.csv", "REF.csv"], num_args = 2)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    wire: wire::Length,
    #[command(flatten)]
    flat: flat::Repetitions,
}

/// Measures, and prints the figures last.
///
/// # Errors
/// When there is no bench of that name, one cannot be built or run, or the wire benchmark misses its bound.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if let (Some(BACKTEST), [_, _]) = (options.name.as_deref(), options.files.as_slice()) {
        // As an engine is built that has to be fast; it takes several times as long to build.
        let whole = ["bench", "--quiet", "--profile", "live", "--package", "windvane-research"];
        let arguments = whole.into_iter().chain(["--bench", BACKTEST, "--"]);
        return run_program(cargo(arguments).args(&options.files));
    }
    if !options.files.is_empty() {
        bail!("files belong to `bench {BACKTEST}`");
    }
    let all = criterion_benches()?;
    let Some(name) = &options.name else {
        criterion::run(&all)?;
        flat::run(&options.flat)?;
        return wire::run(&options.wire);
    };
    if name == FLAT {
        return flat::run(&options.flat);
    }
    if name == WIRE {
        return wire::run(&options.wire);
    }
    let chosen: Vec<_> = all.iter().filter(|bench| bench.target == *name).cloned().collect();
    if chosen.is_empty() {
        let known: Vec<_> = all.iter().map(|bench| bench.target.as_str()).chain([WIRE, FLAT]).collect();
        bail!("there is no bench `{name}`; there are: {}", known.join(", "));
    }
    criterion::run(&chosen)
}

/// A bench target of a crate of ours.
#[derive(Clone)]
struct Bench {
    package: String,
    target: String,
}

fn criterion_benches() -> anyhow::Result<Vec<Bench>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
    }
    let output = cargo(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("starting cargo metadata")?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    let benches = metadata.packages.into_iter().flat_map(|package| {
        let targets =
            package.targets.into_iter().filter(|target| target.kind.iter().any(|kind| kind == "bench"));
        targets.map(move |target| Bench { package: package.name.clone(), target: target.name })
    });
    Ok(benches.collect())
}
