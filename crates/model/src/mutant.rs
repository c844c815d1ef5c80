//! Deliberate faults of the core, to prove that the simulation would notice them.
//!
//! A place where a known mistake could be made asks [`mutant`]. In every normal build the answer is a constant no, and
//! the compiler removes the question. With the feature `mutants` one mistake at a time can be chosen at run time:
//! `cargo xtask campaign mutants` plays the simulation against each and counts which it kills.

/// Declares the mistakes with the row of the failure catalogue that each stands for.
macro_rules! mutants {
    ($($(#[$doc:meta])* $name:ident = $row:literal;)+) => {
        /// One mistake that the core could make.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant { $($(#[$doc])* $name,)+ }

        impl Mutant {
            /// Every mistake.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The row of the failure catalogue that it stands for.
            #[must_use]
            pub const fn row(self) -> &'static str {
                match self { $(Self::$name => $row,)+ }
            }
        }
    };
}

mutants! {
    /// A lost reply counts as a refusal.
    LostReplyIsRefusal = "A01";
    /// A submit without any answer is never looked up.
    SilenceIsForgotten = "A01";
    /// "This id is taken" counts as a refusal.
    DuplicateIsRefusal = "A03";
    /// An empty look proves absence however early it was asked.
    AbsenceWithoutBound = "A04";
    /// The index is trusted as soon as the request's window has passed.
    IndexIsNeverLate = "A04";
    /// "No such order" in answer to a cancel counts as cancelled.
    NotFoundIsCancelled = "A05";
    /// No answer for a while counts as a refusal.
    SilenceIsRefusal = "A06";
    /// A cancel or an amend of unknown outcome is never looked up.
    LostChangeIsForgotten = "A07";
    /// What a look shows does not end a cancel or an amend without effect.
    ChangeWaitsForEver = "A07";
    /// An acknowledgement takes a confirmed order back.
    LateAckReopens = "B05";
    /// A fill of an order that is over is dropped.
    FillAfterEndIsDropped = "A10";
    /// The rest of a cancelled order counts as filled.
    CancelFillsTheRest = "A10";
    /// An amended quantity is not reserved while it is under way.
    AmendIsNotReserved = "A11";
    /// An acknowledged order counts as filled.
    AckIsFill = "A13";
    /// A restart mints the ids of the run before.
    IdsRepeat = "A16";
    /// An order that is not confirmed does not count in risk.
    UnconfirmedIsFree = "A17";
    /// The limit on a position is not checked.
    NoPositionLimit = "A18";
    /// The number of open orders is not counted.
    NoOrderCount = "A19";
    /// A protective close may open.
    CloseIsNotReduceOnly = "A22";
    /// After a restart or a reconnect the executions of the gap are not read.
    GapIsNotBackfilled = "B01";
    /// A private stream that comes back is taken for one that was never gone.
    ReconnectIsNoGap = "B01";
    /// An account that seems quiet is never audited.
    NoAudit = "B03";
    /// An open order that the venue does not show is not looked up.
    MissingIsIgnored = "B03";
    /// The same execution is booked as often as it is told.
    FillsRepeat = "B06";
    /// Fills are booked in the order of their arrival.
    ArrivalIsOrder = "B06";
    /// An older report takes back what a newer one said.
    OldReportWins = "B06";
    /// The memory of executions does not survive a restart.
    DedupeForgets = "B07";
    /// A query's older picture of an order overwrites the stream's.
    OldPictureWins = "B08";
    /// The state of an order falls back to that of the last message.
    TerminalReverts = "B08";
    /// A rebuild forgets the cancels that were under way.
    RebuildForgetsCancels = "B09";
    /// A rebuild forgets deadlines that have passed.
    RebuildForgetsTimers = "B09";
    /// Funding moves the position like a trade.
    FundingIsTrade = "B11";
    /// Funding is not paid out of the wallet.
    FundingIsFree = "B11";
    /// Books begin with a picture in which something filled while it was taken.
    TornBeginning = "B15";
    /// Open orders that only the venue knows are not taken in.
    NothingIsAdopted = "B17";
    /// A fill is made up out of an order report.
    FillsAreInferred = "B18";
    /// Books begin with nothing, whatever is held.
    FoundIsNothing = "B21";
    /// An older position report overwrites a newer one.
    OldPositionWins = "B22";
    /// Whatever the run state, orders may open.
    HaltedMayOpen = "D07";
    /// A person's halt does not reach the orders.
    HaltIsNotHeard = "D07";
    /// Winding down does not close.
    FlattenDoesNotClose = "D11";
    /// The leverage that is wanted is never asked for.
    LeverageIsNotSet = "E02";
    /// The engine opens before the account was read.
    OpensUnreconciled = "F01";
    /// A fill that closes moves the average price.
    DecreaseMovesAverage = "B06";
    /// Fees count as paid twice.
    FeesTwice = "B09";
}

#[cfg(feature = "mutants")]
mod choice {
    use super::Mutant;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The place of the chosen mistake in [`Mutant::ALL`]; past its end: none.
    static CHOSEN: AtomicUsize = AtomicUsize::new(usize::MAX);

    /// Makes the core make this mistake from now on, in the whole process; `None`: none any more.
    pub fn choose_mutant(mutant: Option<Mutant>) {
        CHOSEN.store(mutant.map_or(usize::MAX, |mutant| mutant as usize), Ordering::Relaxed);
    }

    /// Whether this mistake is to be made.
    #[must_use]
    #[inline]
    pub fn mutant(mutant: Mutant) -> bool {
        CHOSEN.load(Ordering::Relaxed) == mutant as usize
    }
}

#[cfg(feature = "mutants")]
pub use choice::{choose_mutant, mutant};

/// Whether this mistake is to be made: never in this build.
#[cfg(not(feature = "mutants"))]
#[must_use]
#[inline]
pub const fn mutant(_: Mutant) -> bool {
    false
}
