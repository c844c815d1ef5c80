//! What a campaign came to: refusals that could have been foreseen, and orders held back that the venue would have taken.

use std::fmt;

/// Examples kept of each kind.
const EXAMPLES: usize = 5;

/// How well the margin of an order is known. What is not exact is an upper bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Limit orders of an account where no order works against a position.
    Exact,
    /// The same where positions are margined in isolation.
    ExactIsolated,
    /// Spot: limit orders, and sells at market.
    Spot,
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
    pub(crate) const ALL: [Self; 7] = [
        Self::Exact,
        Self::ExactIsolated,
        Self::Spot,
        Self::AgainstPosition,
        Self::Market,
        Self::Amend,
        Self::Reserved,
    ];

    pub(crate) const fn is_exact(self) -> bool {
        match self {
            Self::Exact | Self::ExactIsolated | Self::Spot => true,
            Self::AgainstPosition | Self::Market | Self::Amend | Self::Reserved => false,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact, cross",
            Self::ExactIsolated => "exact, isolated",
            Self::Spot => "exact, spot",
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
    counts: [Count; 7],
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
    pub(crate) fn false_rate(&self, class: Class) -> f64 {
        let count = self.counts[class as usize];
        part(count.falsely, count.taken + count.falsely)
    }

    /// The same of all exact classes together.
    fn exact_false_rate(&self) -> f64 {
        let exact = || Class::ALL.into_iter().filter(|class| class.is_exact());
        let counts = exact().map(|class| self.counts[class as usize]);
        let (falsely, taken) =
            counts.fold((0, 0), |(falsely, taken), count| (falsely + count.falsely, taken + count.taken));
        part(falsely, taken + falsely)
    }

    pub(crate) fn foresee(&mut self, example: impl FnOnce() -> String) {
        self.foreseeable += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(example());
        }
    }

    pub(crate) fn hold_back(&mut self, class: Class, example: impl FnOnce() -> String) {
        self.count(class).falsely += 1;
        if class.is_exact() && self.false_examples.len() < EXAMPLES {
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

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn part(some: u64, all: u64) -> f64 {
    some as f64 / all.max(1) as f64
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
             false refusals in the exact classes (cross {:.4} %, isolated {:.4} %, spot {:.4} %); {} decided by something else",
            self.orders(),
            self.accounts,
            self.foreseeable,
            self.unforeseeable,
            self.exact_false_rate() * 100.0,
            self.false_rate(Class::Exact) * 100.0,
            self.false_rate(Class::ExactIsolated) * 100.0,
            self.false_rate(Class::Spot) * 100.0,
            self.other
        )
    }
}
