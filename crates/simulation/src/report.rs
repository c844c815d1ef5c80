//! What a story comes to.

use crate::tally::Tally;
use std::fmt;
use windvane_venue_core::Doubts;

/// A story in which every invariant held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// A hash over all that went into engines and came out of them: equal for equal stories.
    pub trace: u64,
    /// What happened.
    pub tally: Tally,
    /// How the venue answered what the exchange's documentation leaves open.
    pub doubts: Doubts,
    /// What became of the orders, as far as they have become known or were proven absent.
    pub outcomes: Vec<Outcome>,
}

/// What became of an order, and how long after it was sent that was known, virtual milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The venue has shown it.
    Adopted(i64),
    /// It was proven not to exist.
    Retired(i64),
}

/// The first invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The seed: with it the story can be told again.
    pub seed: u64,
    /// When, virtual milliseconds from the beginning.
    pub at_ms: i64,
    /// The invariant's name.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, at_ms, invariant, detail } = self;
        write!(f, "seed {seed} at {at_ms} ms: {invariant}: {detail}")
    }
}

impl std::error::Error for Failure {}
