//! Everything that can wake the engine: a closed set.

use crate::{
    AccountEvent, BotName, ClientOrderId, FeeRates, Instrument, MarketEvent, MarketTime, Symbol, WallTime,
};
use std::fmt;

/// One input of the engine.
#[expect(
    clippy::large_enum_variant,
    reason = "moving 400 bytes costs less than a heap allocation per report"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A fact of the market; goes to the tape.
    Market(MarketEvent),
    /// A fact of the account; goes to the journal, like all below.
    Account(AccountEvent),
    /// A connection came or went.
    Link(Link),
    /// What the venue says of the contracts.
    Reference(Reference),
    /// A deadline that the engine asked for has passed.
    Timer,
    /// A person or the supervision wants something.
    Control(Control),
}

/// When an event was taken in, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Stamp {
    /// Rises by one with each event of the journal and the tape together.
    pub sequence: u64,
    /// The engine's own clock.
    pub wall: WallTime,
    /// The market's clock.
    pub market: MarketTime,
}

/// An event with its stamp.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    /// When and in which order.
    pub stamp: Stamp,
    /// What.
    pub event: Event,
}

/// Which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// The public stream.
    Public(LinkState),
    /// The private stream; up means authenticated and every topic confirmed.
    Private(LinkState),
    /// The trade socket; up means authenticated.
    Trade(LinkState),
}

/// Whether a connection can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkState {
    /// It can.
    Up,
    /// It cannot.
    Down,
}

/// What the venue says of the contracts and the account's fees, read at start and refreshed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// The contracts that bots of this engine trade.
    pub instruments: Vec<Instrument>,
    /// Fee rates by contract.
    pub fees: Vec<(Symbol, FeeRates)>,
}

/// What a person or the supervision wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Stop opening; latched until [`Control::Resume`], or until [`Control::Lift`] where the cause ends by itself.
    Halt(HaltCause),
    /// That cause has ended by itself; other causes of a halt stay. [`HaltCause::Clock`] and
    /// [`HaltCause::Maintenance`] end so.
    Lift(HaltCause),
    /// Open again.
    Resume,
    /// Cancel own orders, then close positions reduce-only.
    Flatten(Scope),
    /// Cancel own orders that open; protection stays.
    CancelEntries(Scope),
    /// Open nothing; orders that rest stay.
    Pause(Scope),
    /// Ends what was asked of one bot by [`Control::Pause`], [`Control::CancelEntries`] or [`Control::Flatten`].
    Release(BotName),
    /// What a bot's contract holds is the bot's own from now on, whoever opened it.
    Adopt(BotName),
    /// Cancel every order of the account, whosever it is, until none is left; protection stays. Kill at the scope of
    /// the account.
    CancelAccount,
    /// Start over with one reconciliation of the account.
    Reconcile,
    /// A person says that an order of unknown outcome does not exist.
    Resolve(ClientOrderId),
}

/// Whom a control is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every bot.
    All,
    /// One bot.
    Bot(BotName),
}

/// Why the engine halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HaltCause {
    /// A person.
    Operator,
    /// Orderly end of the process.
    Shutdown,
    /// The journal cannot be written or synced.
    Journal,
    /// The clock is out of bounds.
    Clock,
    /// The key is refused.
    Authentication,
    /// An assertion of ours failed.
    Invariant,
    /// The loss of the day reached its limit.
    DayLoss,
    /// The venue answered in a way that cannot be (a client order id met a different order).
    Contradiction,
    /// An order of ours was cancelled by a request that is not ours: the guard, another engine, or a person.
    CancelledByOther,
    /// The loss of the week reached its limit.
    WeekLoss,
    /// The last step of the drawdown was reached.
    Drawdown,
    /// The venue refuses too much of what is asked.
    ErrorRate,
    /// Our margin and the venue's differ by more than the bound.
    MarginModel,
    /// A contract is in another position mode than the config says, since the start.
    PositionMode,
    /// Margin of the account is held by what is not counted: a debt, or contracts that settle in another coin.
    OtherMargin,
    /// The venue says that it is under maintenance.
    Maintenance,
}

impl HaltCause {
    /// Every cause.
    pub const ALL: [Self; 16] = [
        Self::Operator,
        Self::Shutdown,
        Self::Journal,
        Self::Clock,
        Self::Authentication,
        Self::Invariant,
        Self::DayLoss,
        Self::Contradiction,
        Self::CancelledByOther,
        Self::WeekLoss,
        Self::Drawdown,
        Self::ErrorRate,
        Self::MarginModel,
        Self::PositionMode,
        Self::OtherMargin,
        Self::Maintenance,
    ];

    /// The cause of that short word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }

    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Shutdown => "shutdown",
            Self::Journal => "journal",
            Self::Clock => "clock",
            Self::Authentication => "authentication",
            Self::Invariant => "invariant",
            Self::DayLoss => "day_loss",
            Self::Contradiction => "contradiction",
            Self::CancelledByOther => "cancelled_by_other",
            Self::WeekLoss => "week_loss",
            Self::Drawdown => "drawdown",
            Self::ErrorRate => "error_rate",
            Self::MarginModel => "margin_model",
            Self::PositionMode => "position_mode",
            Self::OtherMargin => "other_margin",
            Self::Maintenance => "maintenance",
        }
    }
}

/// What the engine allows at all; the matrix is in the risk crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunState {
    /// Everything.
    Active,
    /// Nothing that opens; ends by itself when its cause ends (start-up, a link down, a symbol in doubt).
    Reducing,
    /// Nothing that opens; latched, ends by a person.
    Halted(HaltCause),
    /// Nothing at all: another engine owns the account.
    Fenced,
}

impl RunState {
    /// The label of the one-hot metric.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Reducing => "reducing",
            Self::Halted(_) => "halted",
            Self::Fenced => "fenced",
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halted(cause) => write!(f, "halted ({})", cause.as_str()),
            other => f.write_str(other.as_str()),
        }
    }
}
