//! What a campaign came to: refusals that could have been foreseen, and orders held back that the venue would have taken.

use std::fmt;

/// Examples kept of each kind.
const EXAMPLES: usize = 5;

/// How well the margin of an order is known. What is not exact is an upper bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Limit orders of an account where no order works against a position.
    Exact,
    /// An order, here or in another contract, works against a position: which part of it closes is not published.
    AgainstPosition,
    /// What the venue charges a market order is not published.
    Market,
    /// Both sides of an amend count until it is answered.
    Amend,
    /// Something of ours was still under way.
    Reserved,
}

impl Class {
    const ALL: [Self; 5] = [Self::Exact, Self::AgainstPosition, Self::Market, Self::Amend, Self::Reserved];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::AgainstPosition => "bounded, against a position",
            Self::Market => "bounded, market orders",
            Self::Amend => "bounded, amends",
            Self::Reserved => "reserved for what was under way",
        }
    }
}

/// Counts of one class.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    /// Let pass, and taken by the venue.
    pub(crate) taken: u64,
    /// Denied, and the venue would have refused.
    pub(crate) rightly: u64,
    /// Denied, and the venue would have taken it.
    pub(crate) falsely: u64,
}

/// The whole campaign.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    counts: [Count; 5],
    pub(crate) accounts: u64,
    /// Refused by the venue for margin although all that decided it was known.
    pub(crate) foreseeable: u64,
    /// Refused for margin after the mark had moved, or an order had filled, while it was under way.
    pub(crate) unforeseeable: u64,
    /// Denied or refused for another reason than margin.
    pub(crate) other: u64,
    examples: Vec<String>,
    false_examples: Vec<String>,
}

impl Tally {
    pub(crate) const fn count(&mut self, class: Class) -> &mut Count {
        &mut self.counts[class as usize]
    }

    /// Orders that margin alone decided.
    pub(crate) fn orders(&self) -> u64 {
        let decided = self.counts.iter().map(|count| count.taken + count.rightly + count.falsely);
        decided.sum::<u64>() + self.foreseeable + self.unforeseeable
    }

    /// Orders of a class held back without need, as a part of all that the venue would have taken; a fraction.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(crate) fn false_rate(&self, class: Class) -> f64 {
        let count = self.counts[class as usize];
        count.falsely as f64 / (count.taken + count.falsely).max(1) as f64
    }

    pub(crate) fn foresee(&mut self, example: impl FnOnce() -> String) {
        self.foreseeable += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    pub(crate) fn hold_back(&mut self, class: Class, example: impl FnOnce() -> String) {
        self.count(class).falsely += 1;
        if class == Class::Exact && self.false_examples.len() < EXAMPLES {
            self.false_examples.push(example());
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            mine.taken += theirs.taken;
            mine.rightly += theirs.rightly;
            mine.falsely += theirs.falsely;
        }
        self.accounts += other.accounts;
        self.foreseeable += other.foreseeable;
        self.unforeseeable += other.unforeseeable;
        self.other += other.other;
        self.examples.extend(other.examples);
        self.examples.truncate(EXAMPLES);
        self.false_examples.extend(other.false_examples);
        self.false_examples.truncate(EXAMPLES);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, examples) in [
            ("refused, and foreseeable", &self.examples),
            ("held back without need, exact", &self.false_examples),
        ] {
            for example in examples {
                writeln!(f, "{title}: {example}")?;
            }
        }
        for class in Class::ALL {
            let count = self.counts[class as usize];
            writeln!(
                f,
                "{}: taken {}, rightly denied {}, falsely denied {} ({:.4} %)",
                class.as_str(),
                count.taken,
                count.rightly,
                count.falsely,
                self.false_rate(class) * 100.0
            )?;
        }
        write!(
            f,
            "margin figures: {} orders on {} accounts, {} foreseeable refusals, {} after an unheard move or fill, {:.4} % \
             false refusals in the exact class; {} decided by something else",
            self.orders(),
            self.accounts,
            self.foreseeable,
            self.unforeseeable,
            self.false_rate(Class::Exact) * 100.0,
            self.other
        )
    }
}
