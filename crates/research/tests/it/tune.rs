//! A sweep against single runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use windvane_model::{BotName, Symbol};
use windvane_research::data::{self, History};
use windvane_research::tune::{Candidate, Figures, Plan, Row, Search, Space, log_line, read_log, sweep};
use windvane_research::{Backtest, Fills, Setup};

use crate::desk::setup;

const TREND: &str = include_str!("../../../../strategies/trend.toml");
const DAY_MS: i64 = 86_400_000;

fn load() -> Vec<History> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/market");
    data::load(&folder, &[Symbol::new("BTCUSDT").unwrap()]).unwrap()
}

fn of(candidate: &Candidate) -> Result<Setup, String> {
    let definition = windvane_strategy::load("trend.toml", TREND, candidate);
    let mut setup = setup(TREND, Fills::NextOpen);
    setup.bots[0].strategy = definition.map_err(|problems| problems.to_string())?.bot();
    setup.bots[0].name = BotName::new("trend").unwrap();
    Ok(setup)
}

#[test]
fn rows_are_those_of_single_runs_however_many_threads_and_a_broken_sweep_goes_on() {
    let data = load();
    let space = Space::of(TREND, &["fast".to_owned(), "stop_k".to_owned()]).unwrap();
    let candidates = space.candidates(Search::Grid { values: 2 }).unwrap();
    let from = data[0].bars[0].start_ms + 2 * DAY_MS;
    let (inside, outside) = (from..from + 3 * DAY_MS, from + 3 * DAY_MS..from + 5 * DAY_MS);
    let plan = |threads| Plan {
        candidates: &candidates,
        data: &data,
        inside: inside.clone(),
        outside: Some(outside.clone()),
        threads,
    };
    let play = |threads, done: &[Row], stop_after: usize| {
        let mut rows = Vec::new();
        let is_done = |number| done.iter().any(|row| row.number == number);
        sweep(&plan(threads), is_done, &of, |row| {
            rows.push(row.unwrap());
            rows.len() < stop_after
        })
        .unwrap();
        rows.sort_by_key(|row| row.number);
        rows
    };
    let rows = play(2, &[], usize::MAX);
    assert_eq!(rows.len(), 4);
    assert_ne!(rows[0].inside, rows[1].inside, "the values change something");
    for row in &rows {
        for (span, figures) in [(&inside, row.inside), (&outside, row.outside.unwrap())] {
            let single =
                Backtest::new(of(&row.candidate).unwrap(), &data, span).unwrap().run(|_| {}).unwrap();
            assert_eq!(figures, Figures::of(&single), "{:?} over {span:?}", row.candidate);
        }
    }
    // Broken off after the first row, taken up again from what was written down.
    let first = play(1, &[], 1);
    let log: String = first.iter().map(|row| log_line(row) + "\n").collect();
    let done = read_log(&log, &candidates);
    let rest = play(1, &done, usize::MAX);
    assert_eq!(done.len() + rest.len(), 4);
    let together: BTreeMap<usize, Row> = done.into_iter().chain(rest).map(|row| (row.number, row)).collect();
    assert_eq!(together.into_values().collect::<Vec<_>>(), rows);
}

#[test]
fn as_many_candidates_are_played_at_a_time_as_there_are_threads() {
    const THREADS: usize = 3;
    let data = load();
    let candidates = vec![Candidate::new(); THREADS];
    let from = data[0].bars[0].start_ms;
    let plan = Plan {
        candidates: &candidates,
        data: &data,
        inside: from..from + DAY_MS,
        outside: None,
        threads: THREADS,
    };
    // Each waits at its beginning until all have begun; one after the other they would wait in vain.
    let (begun, all) = (Mutex::new(0), Condvar::new());
    let wait = |candidate: &Candidate| {
        let mut count = begun.lock().unwrap();
        *count += 1;
        all.notify_all();
        let (count, _) =
            all.wait_timeout_while(count, Duration::from_secs(30), |count| *count < THREADS).unwrap();
        if *count < THREADS { Err("the others have not begun".to_owned()) } else { of(candidate) }
    };
    let mut played = 0;
    sweep(
        &plan,
        |_| false,
        &wait,
        |row| {
            played += usize::from(row.is_ok());
            true
        },
    )
    .unwrap();
    assert_eq!(played, THREADS);
}

#[test]
fn values_that_the_strategy_refuses_are_named_and_the_others_are_played() {
    let data = load();
    let candidates = ["1000", "10", "11"].map(|fast| Candidate::from([("fast".to_owned(), fast.to_owned())]));
    let from = data[0].bars[0].start_ms;
    let plan =
        Plan { candidates: &candidates, data: &data, inside: from..from + DAY_MS, outside: None, threads: 1 };
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    sweep(
        &plan,
        |_| false,
        &of,
        |played| {
            match played {
                Ok(row) => rows.push(row.number),
                Err(problem) => refused.push(problem),
            }
            true
        },
    )
    .unwrap();
    assert_eq!(rows, [1, 2]);
    let [only] = refused.as_slice() else { panic!("{refused:?}") };
    assert!(only.number == 0 && only.problem.contains("outside its range"), "{only:?}");
}
