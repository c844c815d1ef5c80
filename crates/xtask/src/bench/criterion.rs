//! Running criterion benches and reading back the medians they leave behind.

use super::Bench;
use crate::process::{cargo, run as run_program, target_folder};
use anyhow::Context as _;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Runs the benches one after the other and prints each median.
///
/// # Errors
/// When one cannot be built or run.
pub(super) fn run(benches: &[Bench]) -> anyhow::Result<()> {
    let started = SystemTime::now();
    let folder = target_folder()?.join("criterion");
    for bench in benches {
        let mut command = cargo(["bench", "--package", &bench.package, "--bench", &bench.target]);
        run_program(command.env("CRITERION_HOME", &folder))?;
    }
    for file in files_named("estimates.json", &folder)? {
        // `new` holds the last run; beside it lie the run before and the change between the two.
        let is_last_run = file.parent().is_some_and(|parent| parent.ends_with("new"));
        if is_last_run && file.metadata()?.modified()? >= started {
            let estimates: Estimates = read(&file)?;
            let benchmark: Benchmark = read(&file.with_file_name("benchmark.json"))?;
            let median = estimates.median.point_estimate;
            println!("── {}: median {}{}", benchmark.full_id, shown(median), benchmark.rate(median));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    /// Nanoseconds for one iteration.
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
    throughput: Option<Throughput>,
}

#[derive(Deserialize)]
struct Throughput {
    /// What one iteration works through, where the bench says so.
    #[serde(rename = "Elements")]
    elements: Option<f64>,
}

impl Benchmark {
    fn rate(&self, nanoseconds: f64) -> String {
        let elements = self.throughput.as_ref().and_then(|throughput| throughput.elements);
        elements.map_or_else(String::new, |count| format!(", {:.0} per second", count / nanoseconds * 1e9))
    }
}

fn read<T: DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let text = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("reading {}", file.display()))
}

fn files_named(name: &str, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_named(name, &path)?);
        } else if path.ends_with(name) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A duration in the unit in which it has one to three digits before the point.
fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}
