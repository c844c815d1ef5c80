//! The one transition table of an order's life: state × evidence → state.
//!
//! The states are ordered by how much the venue's own record says of the order, and evidence lifts a state or
//! leaves it. The table is therefore a join: what came first, and how often, makes no difference. That is how
//! an acknowledgement after the fill, a report older than the last and a duplicate all become harmless.
//!
//! | evidence ↓ / state → | Submitted | Unknown | Acknowledged | Refused, Retired | Working | venue-terminal |
//! |---|---|---|---|---|---|---|
//! | undetermined | Unknown | · | · | · | · | · |
//! | acknowledged | Acknowledged | Acknowledged | · | · | · | · |
//! | refused | Refused | Refused | Refused | · | · | · |
//! | absent | Retired | Retired | Retired | · | Retired | · |
//! | executed | PartiallyFilled | PartiallyFilled | PartiallyFilled | PartiallyFilled | PartiallyFilled | · |
//! | report, open | Working | Working | Working | Working | the further one | · |
//! | report, terminal | terminal | terminal | terminal | terminal | terminal | the further one |
//!
//! A dot means: stays. Refused and Retired are *our* conclusions from an answer or from silence; if the venue
//! nevertheless shows the order, it exists, and counting it as gone would leave an order alive that nobody
//! watches. So only they can be lifted again, only by the venue's own record, and the aggregate halts on it.

use windvane_layout::choices;
use windvane_model::OrderStatus;

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderState {
    /// Sent, not answered.
    Submitted,
    /// May or may not exist; counts as live and as filled until proven.
    Unknown,
    /// Taken by the venue's gate; matching has not spoken yet.
    Acknowledged,
    /// Refused for certain before it became an order. Terminal.
    Refused,
    /// Proven absent by the absence protocol. Terminal.
    Retired,
    /// At the venue and open.
    Working(Working),
    /// Rejected by matching; fills it had count. Terminal.
    Rejected,
    /// Cancelled; fills it had count. Terminal.
    Cancelled,
    /// All filled. Terminal.
    Filled,
}

/// How an open order works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Working {
    /// A conditional order that waits for its trigger.
    Untriggered,
    /// On the book, nothing filled.
    New,
    /// On the book, part filled.
    PartiallyFilled,
}

/// What was learnt of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// No answer, or none that says what happened.
    Undetermined,
    /// `retCode` 0.
    Acknowledged,
    /// A certain refusal.
    Refused,
    /// The absence protocol came to its end.
    Absent,
    /// An execution of it.
    Executed,
    /// The venue shows it in this status.
    Reported(OrderStatus),
}

impl OrderState {
    /// Whether it may still fill, as far as is known.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Submitted | Self::Unknown | Self::Acknowledged | Self::Working(_) => true,
            Self::Refused | Self::Retired | Self::Rejected | Self::Cancelled | Self::Filled => false,
        }
    }

    /// Whether we concluded that there is no such order, without the venue having shown it.
    #[must_use]
    pub const fn is_concluded(self) -> bool {
        matches!(self, Self::Refused | Self::Retired)
    }

    /// Whether the venue has shown the order.
    #[must_use]
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Working(_) | Self::Rejected | Self::Cancelled | Self::Filled)
    }

    /// The state after `evidence`.
    #[must_use]
    pub fn after(self, evidence: Evidence) -> Self {
        // The only step down in rank: an open order that the venue shows nowhere any more is gone.
        if matches!((self, evidence), (Self::Working(_), Evidence::Absent)) {
            return Self::Retired;
        }
        self.max(evidence.claim())
    }

    /// A short word for logs, metric labels and comparison with the venue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "Submitted",
            Self::Unknown => "Unknown",
            Self::Acknowledged => "Acknowledged",
            Self::Refused => "Refused",
            Self::Retired => "Retired",
            Self::Working(Working::Untriggered) => "Untriggered",
            Self::Working(Working::New) => "New",
            Self::Working(Working::PartiallyFilled) => "PartiallyFilled",
            Self::Rejected => "Rejected",
            Self::Cancelled => "Cancelled",
            Self::Filled => "Filled",
        }
    }
}

impl Evidence {
    /// The state that this evidence alone supports.
    pub(crate) const fn claim(self) -> OrderState {
        match self {
            Self::Undetermined => OrderState::Unknown,
            Self::Acknowledged => OrderState::Acknowledged,
            Self::Refused => OrderState::Refused,
            Self::Absent => OrderState::Retired,
            Self::Executed => OrderState::Working(Working::PartiallyFilled),
            Self::Reported(status) => match status {
                OrderStatus::Untriggered => OrderState::Working(Working::Untriggered),
                // Between trigger and book: an instant, and from here on it can fill.
                OrderStatus::Triggered | OrderStatus::New => OrderState::Working(Working::New),
                OrderStatus::PartiallyFilled => OrderState::Working(Working::PartiallyFilled),
                OrderStatus::Rejected => OrderState::Rejected,
                OrderStatus::Cancelled | OrderStatus::Deactivated => OrderState::Cancelled,
                OrderStatus::Filled => OrderState::Filled,
            },
        }
    }
}

choices!(OrderState {
    1 => Submitted,
    2 => Unknown,
    3 => Acknowledged,
    4 => Refused,
    5 => Retired,
    6 => Working(working),
    7 => Rejected,
    8 => Cancelled,
    9 => Filled,
});

choices!(Working { 1 => Untriggered, 2 => New, 3 => PartiallyFilled });

#[cfg(test)]
mod tests {
    use super::*;
    use OrderState as S;

    const STATES: [S; 11] = [
        S::Submitted,
        S::Unknown,
        S::Acknowledged,
        S::Refused,
        S::Retired,
        S::Working(Working::Untriggered),
        S::Working(Working::New),
        S::Working(Working::PartiallyFilled),
        S::Rejected,
        S::Cancelled,
        S::Filled,
    ];

    const EVIDENCE: [Evidence; 13] = [
        Evidence::Undetermined,
        Evidence::Acknowledged,
        Evidence::Refused,
        Evidence::Absent,
        Evidence::Executed,
        Evidence::Reported(OrderStatus::Untriggered),
        Evidence::Reported(OrderStatus::Triggered),
        Evidence::Reported(OrderStatus::New),
        Evidence::Reported(OrderStatus::PartiallyFilled),
        Evidence::Reported(OrderStatus::Rejected),
        Evidence::Reported(OrderStatus::Cancelled),
        Evidence::Reported(OrderStatus::Deactivated),
        Evidence::Reported(OrderStatus::Filled),
    ];

    /// One row per state, one letter per evidence in the order of `EVIDENCE`; a dot stays.
    /// U unknown, A acknowledged, X refused, R retired, w untriggered, n new, p part filled, j rejected,
    /// c cancelled, f filled.
    #[rustfmt::skip]
    const TABLE: [&str; 11] = [
        // UAXREwtnpjcdf
        "UAXRpwnnpjccf", // Submitted
        ".AXRpwnnpjccf", // Unknown
        "..XRpwnnpjccf", // Acknowledged
        "...Rpwnnpjccf", // Refused
        "....pwnnpjccf", // Retired
        "...Rp.nnpjccf", // Untriggered
        "...Rp...pjccf", // New
        "...R.....jccf", // PartiallyFilled
        "..........ccf", // Rejected
        "............f", // Cancelled
        ".............", // Filled
    ];

    fn named(letter: u8, from: S) -> S {
        match letter {
            b'.' => from,
            b'U' => S::Unknown,
            b'A' => S::Acknowledged,
            b'X' => S::Refused,
            b'R' => S::Retired,
            b'w' => S::Working(Working::Untriggered),
            b'n' => S::Working(Working::New),
            b'p' => S::Working(Working::PartiallyFilled),
            b'j' => S::Rejected,
            b'c' => S::Cancelled,
            _ => S::Filled,
        }
    }

    #[test]
    fn every_cell_of_the_table_is_as_written() {
        for (state, row) in STATES.into_iter().zip(TABLE) {
            for (evidence, letter) in EVIDENCE.into_iter().zip(row.bytes()) {
                assert_eq!(state.after(evidence), named(letter, state), "{state:?} after {evidence:?}");
            }
        }
    }

    #[test]
    fn what_the_venue_ended_stays_ended() {
        for state in [S::Rejected, S::Cancelled, S::Filled] {
            for evidence in EVIDENCE {
                assert!(!state.after(evidence).is_open(), "{state:?} after {evidence:?}");
            }
        }
    }

    #[test]
    fn order_and_repetition_of_the_venues_words_make_no_difference() {
        let words = EVIDENCE.into_iter().filter(|e| *e != Evidence::Absent);
        for first in words.clone() {
            for second in words.clone() {
                for state in STATES {
                    let one = state.after(first).after(second);
                    assert_eq!(one, state.after(second).after(first), "{state:?} {first:?} {second:?}");
                    assert_eq!(one, one.after(first).after(second), "{state:?} {first:?} {second:?}");
                }
            }
        }
    }

    #[test]
    fn each_state_has_a_word_of_its_own_and_the_venues_where_it_is_the_venues() {
        let words: std::collections::BTreeSet<_> = STATES.into_iter().map(S::as_str).collect();
        assert_eq!(words.len(), STATES.len());
        for status in
            [OrderStatus::Untriggered, OrderStatus::New, OrderStatus::PartiallyFilled, OrderStatus::Filled]
        {
            assert_eq!(Evidence::Reported(status).claim().as_str(), format!("{status:?}"));
        }
    }
}
