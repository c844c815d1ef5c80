//! Many seeds, as many at a time as there are cores, and what they came to.

use anyhow::bail;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use windvane_simulation::{
    CATALOGUE, DoubtCoverage, Failure, INVARIANTS, Report, Seen, Tally, Watched, place_words, run, unseen,
};

/// What makes a story a full one.
const VENUE_EVENTS: u64 = 500;
const FAULTS: u64 = 10;
/// With so many seeds each row of the catalogue that shows here must have shown.
const ENOUGH_SEEDS: u64 = 1_000;

/// Failures that are printed; the rest is counted.
const SHOWN: usize = 20;

/// Plays `seeds` seeds from `from` on and prints what happened in them.
///
/// # Errors
/// When an invariant did not hold.
pub(crate) fn simulate(from: u64, seeds: u64) -> anyhow::Result<()> {
    let begun = now();
    let (sum, failures) = play(from, seeds);
    let took = begun.elapsed();
    print!("{}", sum.tally);
    for (row, seen) in CATALOGUE {
        match seen {
            Seen::Here(_) => {}
            Seen::Elsewhere(places) => println!("  {row} is seen elsewhere: {}", place_words(places)),
            Seen::Nowhere(why) => println!("  {row} is seen NOWHERE: {why}"),
        }
    }
    for (name, watched) in INVARIANTS {
        if let Watched::Elsewhere(places) = watched {
            println!("  {name} is watched elsewhere: {}", place_words(places));
        }
    }
    print!("{}", sum.doubts);
    println!("trace of all stories: {:016x}", sum.trace);
    println!(
        "{} of {seeds} seeds have {VENUE_EVENTS} venue events and {FAULTS} faults at least; {:.0} seeds a minute",
        sum.full,
        seeds as f64 / took.as_secs_f64() * 60.0
    );
    println!("{} of {seeds} seeds failed", failures.len());
    for failure in failures.iter().take(SHOWN) {
        println!("  {failure}");
    }
    if !failures.is_empty() {
        bail!("tell one with: windvane-simulate tell {}", failures[0].seed);
    }
    let unseen = unseen(&sum.tally);
    if !unseen.is_empty() && seeds >= ENOUGH_SEEDS {
        bail!("rows of the catalogue without a hit: {}", unseen.join(", "));
    }
    let ungiven = [sum.doubts.missing(), sum.doubts.missing_pairs()].concat();
    if !ungiven.is_empty() && seeds >= ENOUGH_SEEDS {
        bail!("answers to doubts under which no story was played: {}", ungiven.join(", "));
    }
    Ok(())
}

/// What many stories came to.
#[derive(Default)]
struct Sum {
    tally: Tally,
    doubts: DoubtCoverage,
    /// Of all traces, whatever the order in which the stories were played.
    trace: u64,
    /// Stories in which enough happened.
    full: u64,
}

impl Sum {
    fn take(&mut self, report: &Report) {
        self.tally += &report.tally;
        self.doubts.take(&report.doubts);
        self.trace ^= report.trace.rotate_left((report.seed % 64) as u32);
        let Tally { venue_events, .. } = report.tally;
        self.full += u64::from(venue_events >= VENUE_EVENTS && report.tally.all_hits() >= FAULTS);
    }
}

/// Plays the seeds on all cores; order makes no difference to what they come to.
fn play(from: u64, seeds: u64) -> (Sum, Vec<Failure>) {
    let (mut sum, mut failures) = (Sum::default(), Vec::new());
    for result in on_all_cores(from, seeds, run) {
        match result {
            Ok(report) => sum.take(&report),
            Err(failure) => failures.push(failure),
        }
    }
    failures.sort_by_key(|failure| failure.seed);
    (sum, failures)
}

/// What `play` makes of each seed, on as many threads as there are cores, in any order.
pub(crate) fn on_all_cores<T: Send>(from: u64, seeds: u64, play: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(from);
    let results = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let result = play(seed);
                    results.lock().expect("no worker panics while it holds the lock").push(result);
                }
            });
        }
    });
    results.into_inner().expect("no worker panics while it holds the lock")
}

#[expect(clippy::disallowed_methods, reason = "seeds a minute are wall time; no story sees it")]
fn now() -> Instant {
    Instant::now()
}
