//! What a fact of the account makes others do.

use std::fmt;
use windvane_layout::choices;
use windvane_model::{BotName, Epoch, HaltCause, NoticeTo, PositionStatus, Query, Symbol};

/// One consequence of an event, in the order in which it is to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell a bot.
    Notice(NoticeTo),
    /// Ask the venue.
    Ask(Query),
    /// Our picture and the venue's differed; for counters and logs.
    Difference(Difference),
    /// Whether nothing may open in a contract until both sides agree again.
    Doubt {
        /// The contract.
        symbol: Symbol,
        /// Whether the doubt begins or ends.
        on: bool,
    },
    /// The venue has taken off a position by itself, by liquidation or deleveraging.
    Forced {
        /// The bot that owns it, if any does.
        bot: Option<BotName>,
        /// The contract.
        symbol: Symbol,
    },
    /// What the venue is doing to a position has changed. While it does something nothing opens there.
    Undergoing {
        /// The contract.
        symbol: Symbol,
        /// What it does now.
        status: PositionStatus,
    },
    /// Stop opening, latched.
    Halt(HaltCause),
    /// A later start of this installation trades the account: send nothing any more.
    Fenced {
        /// Its epoch.
        epoch: Epoch,
    },
}

/// A difference between our picture and the venue's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What differed.
    pub kind: DifferenceKind,
    /// The contract, where it is about one.
    pub symbol: Option<Symbol>,
}

/// What differed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// An order with our prefix that we had no record of; it is adopted.
    UnknownOrder,
    /// An order that we held open and the venue's open orders did not show.
    MissingOrder,
    /// An execution that only a query told; it is booked.
    MissedFill,
    /// An execution of a kind we do not know.
    UnknownExecution,
    /// The size of a position.
    PositionSize,
    /// The average entry price of a position whose size agrees.
    AveragePrice,
    /// The wallet balance.
    Wallet,
    /// An order of ours was cancelled by a request that is not ours.
    CancelledByOther,
    /// An order that we had concluded to be gone exists.
    Revived,
    /// An execution from before the ids that are kept; it is not booked.
    SealedFill,
}

impl DifferenceKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::UnknownOrder,
        Self::MissingOrder,
        Self::MissedFill,
        Self::UnknownExecution,
        Self::PositionSize,
        Self::AveragePrice,
        Self::Wallet,
        Self::CancelledByOther,
        Self::Revived,
        Self::SealedFill,
    ];

    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownOrder => "unknown_order",
            Self::MissingOrder => "missing_order",
            Self::MissedFill => "missed_fill",
            Self::UnknownExecution => "unknown_execution",
            Self::PositionSize => "position_size",
            Self::AveragePrice => "average_price",
            Self::Wallet => "wallet",
            Self::CancelledByOther => "cancelled_by_other",
            Self::Revived => "revived",
            Self::SealedFill => "sealed_fill",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.symbol {
            Some(symbol) => write!(f, "{} in {symbol}", self.kind.as_str()),
            None => f.write_str(self.kind.as_str()),
        }
    }
}

choices!(DifferenceKind {
    1 => UnknownOrder,
    2 => MissingOrder,
    3 => MissedFill,
    4 => UnknownExecution,
    5 => PositionSize,
    6 => AveragePrice,
    7 => Wallet,
    8 => CancelledByOther,
    9 => Revived,
    10 => SealedFill,
});
