//! How well each figure of the margin is known, as it is shown to people.

use super::MarginMode;

/// How well a figure is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Equal to the venue's figure to the digit.
    Exact,
    /// Never less than what the venue may hold, by any reading of a rule that is not published.
    Bounded,
    /// A figure for people and for distances, not one that decides on margin.
    Estimate,
    /// Not traded: refused before anything is sent.
    Refused,
}

impl Certainty {
    /// A word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Bounded => "bounded",
            Self::Estimate => "estimate",
            Self::Refused => "refused",
        }
    }
}

/// One kind of margin, how well it is known, and why not better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginClass {
    /// What it is about.
    pub subject: &'static str,
    /// How well it is known.
    pub certainty: Certainty,
    /// Why: one clause.
    pub why: &'static str,
}

impl MarginMode {
    /// Every kind of margin under this mode.
    ///
    /// The two decisions that are left to the venue's switches (`market-order-margin`, `isolated-liquidation`) are
    /// bounded over every setting of them.
    #[must_use]
    pub const fn classes(self) -> [MarginClass; 9] {
        let liquidation = match self {
            Self::Cross => class(
                "liquidation price",
                Certainty::Estimate,
                "at today's tier, every other contract standing still; the exchange publishes no formula",
            ),
            Self::Isolated => class(
                "liquidation price",
                Certainty::Bounded,
                "the nearer of the forms of 2026 and of before; margin that was added only moves it away",
            ),
        };
        let positions = match self {
            Self::Cross => {
                class("positions, linear", Certainty::Exact, "value by mark, fee to close by entry")
            }
            Self::Isolated => class(
                "positions, linear",
                Certainty::Exact,
                "initial margin by entry, maintenance by mark; margin that was added as the venue reports it",
            ),
        };
        [
            class("limit orders, linear", Certainty::Exact, "value / leverage + fee to open + fee to close"),
            positions,
            class(
                "orders against a position",
                Certainty::Bounded,
                "which of them count as closing is not published; the dearest are taken to open",
            ),
            class(
                "market orders",
                Certainty::Bounded,
                "the price they are charged on is not published; the inner price limit counts, or the touch beyond it",
            ),
            class("amends under way", Certainty::Bounded, "both sides count until the venue has answered"),
            liquidation,
            class("inverse contracts", Certainty::Refused, "margin is computed, but no bot trades them"),
            class("spot", Certainty::Refused, "balances are computed, but no bot trades them"),
            class("portfolio margin, options", Certainty::Refused, "no formulas are published"),
        ]
    }
}

const fn class(subject: &'static str, certainty: Certainty, why: &'static str) -> MarginClass {
    MarginClass { subject, certainty, why }
}
