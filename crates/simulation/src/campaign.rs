//! Many seeds, as many at a time as there are cores, and what they came to.

use anyhow::bail;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use windvane_simulation::{Failure, Fault, Tally, run};

/// Failures that are printed; the rest is counted.
const SHOWN: usize = 20;

/// Plays `seeds` seeds from `from` on and prints what happened in them.
///
/// # Errors
/// When an invariant did not hold.
pub(crate) fn simulate(from: u64, seeds: u64) -> anyhow::Result<()> {
    let (sum, failures) = play(from, seeds);
    print!("{sum}");
    let silent: Vec<&str> =
        Fault::ALL.iter().filter(|fault| sum.hits(**fault) == 0).map(|fault| fault.as_str()).collect();
    if !silent.is_empty() {
        println!("without effect: {}", silent.join(", "));
    }
    println!("{} of {seeds} seeds failed", failures.len());
    for failure in failures.iter().take(SHOWN) {
        println!("  {failure}");
    }
    if !failures.is_empty() {
        bail!("tell one with: windvane-simulate tell {}", failures[0].seed);
    }
    Ok(())
}

/// Plays the seeds on all cores; order makes no difference to what they come to.
fn play(from: u64, seeds: u64) -> (Tally, Vec<Failure>) {
    let next = AtomicU64::new(from);
    let results = Mutex::new((Tally::default(), Vec::new()));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let outcome = run(seed);
                    let mut results = results.lock().expect("no worker panics while it holds the lock");
                    match outcome {
                        Ok(report) => results.0 += &report.tally,
                        Err(failure) => results.1.push(failure),
                    }
                }
            });
        }
    });
    let (sum, mut failures) = results.into_inner().expect("no worker panics while it holds the lock");
    failures.sort_by_key(|failure| failure.seed);
    (sum, failures)
}
