//! What a campaign came to: refusals that could have been foreseen, and orders held back that the venue would have taken.

use rust_decimal::Decimal;
use std::fmt;

/// Examples kept of each kind, the worst.
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
    /// Limit orders in hedge mode: what the two sides of a contract hold together is not published.
    Hedge,
    /// What only reduces; it holds nothing.
    Reduce,
    /// An order of somebody else's waits for a price: it counts as if it had fired.
    Conditional,
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
    pub(crate) const ALL: [Self; 10] = [
        Self::Exact,
        Self::ExactIsolated,
        Self::Spot,
        Self::Hedge,
        Self::Reduce,
        Self::Conditional,
        Self::AgainstPosition,
        Self::Market,
        Self::Amend,
        Self::Reserved,
    ];

    pub(crate) const fn is_exact(self) -> bool {
        match self {
            Self::Exact | Self::ExactIsolated | Self::Spot => true,
            Self::Hedge
            | Self::Reduce
            | Self::Conditional
            | Self::AgainstPosition
            | Self::Market
            | Self::Amend
            | Self::Reserved => false,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact, cross",
            Self::ExactIsolated => "exact, isolated",
            Self::Spot => "exact, spot",
            Self::Hedge => "bounded, hedge mode",
            Self::Reduce => "reduce-only",
            Self::Conditional => "bounded, beside a conditional order",
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
    counts: [Count; Class::ALL.len()],
    pub(crate) accounts: u64,
    /// Refused by the venue for margin although all that decided it was known.
    pub(crate) foreseeable: u64,
    /// Refused for margin after the mark had moved, or an order had filled, while it was under way.
    pub(crate) unforeseeable: u64,
    /// Denied or refused for another reason than margin.
    pub(crate) other: u64,
    examples: Worst,
    false_examples: Worst,
}

/// The worst examples with how bad each is, worst first.
#[derive(Debug, Clone, Default)]
struct Worst(Vec<(Decimal, String)>);

impl Worst {
    fn offer(&mut self, badness: Decimal, example: impl FnOnce() -> String) {
        let is_among = self.0.len() < EXAMPLES || self.0.last().is_some_and(|(least, _)| badness > *least);
        if is_among {
            let at = self.0.partition_point(|(known, _)| *known >= badness);
            self.0.insert(at, (badness, example()));
            self.0.truncate(EXAMPLES);
        }
    }
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

    /// A refusal that could have been foreseen; the more we held for free beyond the venue, the worse.
    pub(crate) fn foresee(&mut self, surplus: Decimal, example: impl FnOnce() -> String) {
        self.foreseeable += 1;
        self.examples.offer(surplus, example);
    }

    /// An order held back without need; the larger the part that seemed to be missing, the worse.
    pub(crate) fn hold_back(&mut self, class: Class, missing: Decimal, example: impl FnOnce() -> String) {
        self.count(class).falsely += 1;
        if class.is_exact() {
            self.false_examples.offer(missing, example);
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
        for (mine, theirs) in
            [(&mut self.examples, other.examples), (&mut self.false_examples, other.false_examples)]
        {
            theirs.0.into_iter().for_each(|(badness, example)| mine.offer(badness, || example));
        }
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
            for (badness, example) in &examples.0 {
                writeln!(f, "{title} (by {badness}): {example}")?;
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
