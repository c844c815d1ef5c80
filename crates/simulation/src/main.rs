//! A campaign: many seeds, two at a time, and what they came to.
//!
//! `windvane-simulate --seeds N [--from K]`, or `--tell SEED` for one story with every event. Exit code 1 when an invariant did not hold; the seeds are printed.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use windvane_simulation::{Failure, Fault, Tally, run};

/// Failures that are printed; the rest is counted.
const SHOWN: usize = 20;

fn main() -> ExitCode {
    let (mut seeds, mut from) = (1_000, 1);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next().and_then(|text| text.parse::<u64>().ok());
        match (word.as_str(), number) {
            ("--seeds", Some(number)) => seeds = number,
            ("--from", Some(number)) => from = number,
            ("--tell", Some(seed)) => return tell(seed),
            _ => {
                eprintln!("usage: windvane-simulate [--seeds N] [--from K] | --tell SEED");
                return ExitCode::from(2);
            }
        }
    }
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
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(seed: u64) -> ExitCode {
    match windvane_simulation::run_aloud(seed) {
        Ok(report) => {
            print!("{}", report.tally);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
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
