//! Playing the candidates, on all cores.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::row::{Figures, Row};
use super::space::Candidate;
use crate::data::History;
use crate::run::{Backtest, RunError, Setup};

/// What is played.
pub struct Plan<'a> {
    /// Every candidate; its place is its number.
    pub candidates: &'a [Candidate],
    /// The data of the contracts.
    pub data: &'a [History],
    /// The part that the choice is made by, market milliseconds.
    pub inside: Range<i64>,
    /// The part that no candidate has seen, market milliseconds.
    pub outside: Option<Range<i64>>,
    /// How many run at a time.
    pub threads: usize,
}

/// A candidate whose values the strategy refuses: each lies within its range, and some only go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its number.
    pub number: usize,
    /// The strategy's words.
    pub problem: String,
}

/// Plays every candidate that `is_done` does not know. `setup` makes the backtest of a candidate; `on_played` hears of each
/// row and each refusal as it comes, and says whether to go on. They are the same however many threads there are; only their
/// order is not.
///
/// # Errors
/// The first backtest that cannot be run; those under way end first.
pub fn sweep(
    plan: &Plan<'_>,
    is_done: impl Fn(usize) -> bool,
    setup: &(impl Fn(&Candidate) -> Result<Setup, String> + Sync),
    mut on_played: impl FnMut(Result<Row, Refused>) -> bool,
) -> Result<(), RunError> {
    let open: Vec<usize> = (0..plan.candidates.len()).filter(|number| !is_done(*number)).collect();
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        // From every player to the one who asked. Bounded: a slow listener holds the players up, and nothing is lost.
        // It closes when the last of them is through.
        let (results, rows) = mpsc::sync_channel(plan.threads.max(1) * 4);
        for _ in 0..plan.threads.max(1) {
            let (results, open, next, is_over) = (results.clone(), &open, &next, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed)
                    && let Some(number) = open.get(next.fetch_add(1, Ordering::Relaxed)).copied()
                {
                    if results.send(play(plan, number, setup)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        let mut first_fault = None;
        for result in rows {
            let goes_on = match result {
                Ok(played) => first_fault.is_none() && on_played(played),
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                    false
                }
            };
            if !goes_on {
                is_over.store(true, Ordering::Relaxed);
            }
        }
        first_fault.map_or(Ok(()), Err)
    })
}

fn play(
    plan: &Plan<'_>,
    number: usize,
    setup: &impl Fn(&Candidate) -> Result<Setup, String>,
) -> Result<Result<Row, Refused>, RunError> {
    let candidate = &plan.candidates[number];
    let figures = |span: &Range<i64>| -> Result<Result<Figures, Refused>, RunError> {
        let setup = match setup(candidate) {
            Ok(setup) => setup,
            Err(problem) => return Ok(Err(Refused { number, problem })),
        };
        let outcome = Backtest::new(setup, plan.data, span)?.without_curve().run(|_| {})?;
        Ok(Ok(Figures::of(&outcome)))
    };
    let inside = figures(&plan.inside)?;
    let outside = plan.outside.as_ref().map(figures).transpose()?.transpose();
    Ok(inside.and_then(|inside| Ok(Row { number, candidate: candidate.clone(), inside, outside: outside? })))
}
