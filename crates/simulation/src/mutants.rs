//! Whether the simulation would notice: the core with one known mistake at a time, until a seed fails.

use anyhow::bail;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use windvane_model::{Mutant, choose_mutant};
use windvane_simulation::{Failure, run};

/// Mistakes that may survive; each must be explained in BENCHMARKS.md.
const SURVIVORS_MAX: usize = 2;

/// Plays seeds against each mistake until one fails or its time is over, and prints what became of it.
///
/// # Errors
/// When more survive than may, or a name is unknown.
pub(crate) fn campaign(names: &[String], seconds: u64) -> anyhow::Result<()> {
    if let Some(name) = names.iter().find(|name| Mutant::ALL.iter().all(|mutant| mutant.as_str() != **name)) {
        bail!("no mutant is called {name}");
    }
    let is_meant = |mutant: &&Mutant| names.is_empty() || names.iter().any(|name| name == mutant.as_str());
    let (mut played, mut survivors) = (0, Vec::new());
    for mutant in Mutant::ALL.iter().filter(is_meant) {
        played += 1;
        let begun = now();
        choose_mutant(Some(*mutant));
        let killer = hunt(begun + Duration::from_secs(seconds));
        choose_mutant(None);
        let (name, row, took) = (mutant.as_str(), mutant.row(), begun.elapsed().as_secs_f64());
        match killer {
            ControlFlow::Break(failure) => {
                println!(
                    "{name:24} {row}  killed in {took:4.1} s by seed {}: {}",
                    failure.seed, failure.invariant
                );
            }
            ControlFlow::Continue(seeds) => {
                println!("{name:24} {row}  SURVIVED {seeds} seeds");
                survivors.push(name);
            }
        }
    }
    println!("{} of {played} mutants killed", played - survivors.len());
    if survivors.len() > SURVIVORS_MAX {
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

#[expect(clippy::disallowed_methods, reason = "how long a mutant lives is wall time; no story sees it")]
fn now() -> Instant {
    Instant::now()
}
