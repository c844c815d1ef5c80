//! Whether the simulation would notice: the core with one known mistake at a time, until a story fails: of a seed, or, where
//! chance does not come across it in time, one of `tests/scenarios/`.

use anyhow::{Context as _, bail};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use windvane_model::{Mutant, choose_mutant};
use windvane_simulation::{Failure, Scenario, Telling, run};

/// Mistakes that may survive; each must be explained in BENCHMARKS.md.
const SURVIVORS_MAX: usize = 2;

/// Plays seeds against each mistake until one fails or its time is over, and prints what became of it.
///
/// # Errors
/// When more survive than may, or a name is unknown.
pub(crate) fn campaign(names: &[String], seconds: u64, all_must_die: bool) -> anyhow::Result<()> {
    if let Some(name) = names.iter().find(|name| Mutant::ALL.iter().all(|mutant| mutant.as_str() != **name)) {
        bail!("no mutant is called {name}");
    }
    let is_meant = |mutant: &&Mutant| names.is_empty() || names.iter().any(|name| name == mutant.as_str());
    let scenarios = scenarios()?;
    choose_mutant(None);
    if let Some(file) = notices(&scenarios)? {
        bail!("{file} does not hold although nothing is wrong");
    }
    let (mut played, mut survivors) = (0, Vec::new());
    for mutant in Mutant::ALL.iter().filter(is_meant) {
        played += 1;
        let begun = now();
        choose_mutant(Some(*mutant));
        let killer = hunt(begun + Duration::from_secs(seconds));
        let scenario = if killer.is_break() { None } else { notices(&scenarios)? };
        choose_mutant(None);
        let (name, row, took) = (mutant.as_str(), mutant.row(), begun.elapsed().as_secs_f64());
        match killer {
            ControlFlow::Break(failure) => {
                println!(
                    "{name:24} {row}  killed in {took:4.1} s by seed {}: {}",
                    failure.seed, failure.invariant
                );
            }
            ControlFlow::Continue(seeds) => match scenario {
                Some(file) => {
                    println!("{name:24} {row}  killed by {file}, after {seeds} seeds that did not notice");
                }
                None => {
                    println!("{name:24} {row}  SURVIVED {seeds} seeds and every scenario");
                    survivors.push(name);
                }
            },
        }
    }
    println!("{} of {played} mutants killed", played - survivors.len());
    if survivors.len() > if all_must_die { 0 } else { SURVIVORS_MAX } {
        bail!("too many mutants survived: {}", survivors.join(", "));
    }
    Ok(())
}

/// Plays seeds in their order until one fails; else says how many were played.
fn hunt(until: Instant) -> ControlFlow<Failure, u64> {
    let mut seed = 0;
    while now() < until {
        seed += 1;
        if let Err(failure) = run(seed) {
            return ControlFlow::Break(failure);
        }
    }
    ControlFlow::Continue(seed)
}

/// The files of `tests/scenarios/`.
fn scenarios() -> anyhow::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    Ok(files)
}

/// The first scenario that does not hold, by its file's name.
fn notices(files: &[PathBuf]) -> anyhow::Result<Option<String>> {
    for file in files {
        if Scenario::load(file)?.play(Telling::Quiet).is_err() {
            return Ok(file.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(None)
}

#[expect(clippy::disallowed_methods, reason = "how long a mutant lives is wall time; no story sees it")]
fn now() -> Instant {
    Instant::now()
}
