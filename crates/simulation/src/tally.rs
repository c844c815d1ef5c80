//! What happened in a story: faults that took effect, what they met, and how much work there was.

use crate::catalogue::{CATALOGUE, Seen};
use std::fmt;
use std::ops::AddAssign;
use windvane_order_management::{Order, OrderState};

/// Declares the faults.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
        /// One kind of trouble. It is counted only when it changed what the engine saw, or when.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $name,)+ }

        impl Fault {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// A short word for reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Whether it is about single messages, and not about connections, processes, people or what comes of all that.
            pub(crate) const fn strikes_messages(self) -> bool {
                matches!(
                    self,
                    Self::SlowRequest | Self::NotSent | Self::Refused | Self::RequestLost | Self::ReplyLost
                        | Self::RequestTwice | Self::PushTwice | Self::PushAgain | Self::PushDropped
                        | Self::Torn | Self::TopicLate | Self::QueryFailed | Self::LateIndex | Self::BookGap | Self::NoVerdict
                        | Self::MarketLost | Self::MarketTwice | Self::MarketLate | Self::MarketTorn
                )
            }
        }
    };
}

faults! {
    /// A request arrived much later than usual, maybe outside its window.
    SlowRequest = "slow request";
    /// A request never left.
    NotSent = "request not sent";
    /// The venue refused a good request for a reason of its own.
    Refused = "request refused";
    /// A request was lost and never done.
    RequestLost = "request lost";
    /// A request was done and its answer lost.
    ReplyLost = "reply lost";
    /// A request reached the venue twice, and only the second answer came back.
    RequestTwice = "request twice";
    /// The answer came after the push about the same order.
    PushFirst = "push before answer";
    /// A push came twice in a row.
    PushTwice = "push twice";
    /// A push came again later, behind newer ones.
    PushAgain = "push again later";
    /// A push was lost while the stream seemed well.
    PushDropped = "push dropped";
    /// A push came behind pushes of other topics that left after it.
    TopicLate = "topic late";
    /// A query was not answered.
    QueryFailed = "query failed";
    /// A query, an amend or a cancel did not know a new order yet.
    LateIndex = "late index";
    /// A book update was lost.
    BookGap = "book gap";
    /// A message of prices, trades or candles was lost.
    MarketLost = "market data lost";
    /// A message of the public stream came twice in a row.
    MarketTwice = "market data twice";
    /// A message of the public stream came late, behind others that left after it.
    MarketLate = "market data late";
    /// A message of the public stream ended in its midst: nobody can read it.
    MarketTorn = "market data torn";
    /// The price jumped.
    Jump = "price jump";
    /// A stop of a position fired.
    StopFired = "stop fired";
    /// A position was liquidated.
    Liquidated = "liquidation";
    /// Funding was paid.
    Funding = "funding";
    /// The private stream was cut; its pushes are lost.
    PrivateCut = "private stream cut";
    /// The trade socket was cut; requests under way are undetermined.
    TradeCut = "trade socket cut";
    /// The public stream was cut.
    PublicCut = "public stream cut";
    /// The engine was killed.
    Kill = "kill";
    /// The engine was killed before the commands of its last turn had all left.
    KillBeforeSend = "kill before send";
    /// The last lines of the record were lost with the power.
    PowerCut = "power cut";
    /// Somebody else traded on the account.
    Stranger = "foreign order";
    /// Somebody else cancelled an order of ours.
    Meddling = "foreign cancel";
    /// A person gave an order.
    Operator = "operator";
    /// A cancel came when the order was over already.
    CancelTooLate = "cancel too late";
    /// An amend came when the order was over, or no longer what it was.
    AmendTooLate = "amend too late";
    /// What a query showed was no longer so when it arrived.
    StaleRead = "stale read";
    /// An order was cancelled with a part of it filled.
    PartThenCancel = "part filled, then cancelled";
    /// An order that was taken was ended by matching.
    EndedByMatching = "ended by matching";
    /// A close came when there was nothing left to close.
    CloseOfNothing = "close of nothing";
    /// A wish over a limit was turned down.
    OverLimit = "over a limit";
    /// A wish over the number of orders, or of orders in a time, was turned down.
    OverCount = "over a count";
    /// A request was refused because the clock of the engine's host was off.
    ClockStep = "clock step";
    /// An answer said neither yes nor no, and the request was done or not.
    NoVerdict = "no verdict";
    /// The venue restarted: all connections broke at once.
    VenueRestart = "venue restart";
    /// A contract had another leverage than the bots want.
    LeverageDiffers = "leverage differs";
    /// A later engine of the same installation traded the account.
    Successor = "successor";
    /// A long and a short position of one contract were held at once.
    BothSides = "both sides held";
    /// The venue had halted trading: requests got an answer that says neither yes nor no, and nothing was done.
    Outage = "trading halted";
    /// The venue's disconnection protection cancelled orders of ours.
    Disconnected = "cancelled on disconnect";
    /// A message ended in its midst: nobody can read it.
    Torn = "text torn";
    /// A contract's tick had grown, and an order off the new grid was refused.
    GridChange = "grid change";
}

impl Fault {
    /// The rows of the failure catalogue that it stands for.
    pub fn rows(self) -> impl Iterator<Item = &'static str> {
        let stands_for = move |seen: &Seen| matches!(seen, Seen::Here(faults) if faults.contains(&self));
        CATALOGUE.iter().filter(move |(_, seen)| stands_for(seen)).map(|(row, _)| *row)
    }
}

/// How an order of ours stood when a fault struck: its state, or the request about it that was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Submitted,
    Unknown,
    Acknowledged,
    Working,
    PartFilled,
    Amending,
    Cancelling,
    Ended,
}

impl Standing {
    const WORDS: [&str; 8] =
        ["sent", "unknown", "taken", "working", "part", "amending", "cancelling", "over"];

    pub(crate) fn of(order: &Order) -> Self {
        use windvane_order_management::Working;
        match order.state() {
            _ if order.is_cancel_pending() => Self::Cancelling,
            _ if order.is_amend_pending() => Self::Amending,
            OrderState::Submitted => Self::Submitted,
            OrderState::Unknown => Self::Unknown,
            OrderState::Acknowledged => Self::Acknowledged,
            OrderState::Working(Working::PartiallyFilled) => Self::PartFilled,
            OrderState::Working(_) => Self::Working,
            _ => Self::Ended,
        }
    }
}

/// What one kind of fault came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Hits {
    count: u64,
    /// Orders that it met, by how they stood.
    met: [u64; Standing::WORDS.len()],
}

/// The hits of every kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Faults(Vec<Hits>);

impl Default for Faults {
    fn default() -> Self {
        Self(vec![Hits::default(); Fault::ALL.len()])
    }
}

/// Counts of one story or of many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub(crate) faults: Faults,
    /// Stories.
    pub stories: u64,
    /// Events that an engine took.
    pub events: u64,
    /// Facts that the venue told.
    pub venue_events: u64,
    /// Requests that changed something.
    pub commands: u64,
    /// Requests of risk's that were turned down.
    pub denials: u64,
    /// Executions on the account.
    pub executions: u64,
    /// Orders of ours at the venue.
    pub orders: u64,
    /// Orders that were unknown for a while.
    pub unknown_orders: u64,
    /// Orders proven absent.
    pub retired_orders: u64,
    /// Time that a position spent without a stop although its entry had one, virtual milliseconds.
    pub unprotected_ms: u64,
}

impl Tally {
    pub(crate) fn hit(&mut self, fault: Fault) {
        self.faults.0[fault as usize].count += 1;
    }

    /// A fault has met an order that stood so.
    pub(crate) fn meet(&mut self, fault: Fault, standing: Standing) {
        self.faults.0[fault as usize].met[standing as usize] += 1;
    }

    /// Faults of all kinds that took effect.
    #[must_use]
    pub fn all_hits(&self) -> u64 {
        self.faults.0.iter().map(|hits| hits.count).sum()
    }

    /// How often a fault took effect.
    #[must_use]
    pub fn hits(&self, fault: Fault) -> u64 {
        self.faults.0[fault as usize].count
    }
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        for (mine, theirs) in self.faults.0.iter_mut().zip(&other.faults.0) {
            mine.count += theirs.count;
            for (mine, theirs) in mine.met.iter_mut().zip(theirs.met) {
                *mine += theirs;
            }
        }
        self.stories += other.stories;
        self.events += other.events;
        self.venue_events += other.venue_events;
        self.commands += other.commands;
        self.denials += other.denials;
        self.executions += other.executions;
        self.orders += other.orders;
        self.unknown_orders += other.unknown_orders;
        self.retired_orders += other.retired_orders;
        self.unprotected_ms += other.unprotected_ms;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} stories, {} engine events, {} venue events, {} commands, {} denials, {} orders, {} executions, \
             {} unknown, {} retired, {} ms unprotected",
            self.stories,
            self.events,
            self.venue_events,
            self.commands,
            self.denials,
            self.orders,
            self.executions,
            self.unknown_orders,
            self.retired_orders,
            self.unprotected_ms,
        )?;
        write!(f, "  {:27} {:>9}", "fault", "hits")?;
        for word in Standing::WORDS {
            write!(f, " {word:>10}")?;
        }
        writeln!(f, "  rows of the catalogue")?;
        let mut pairs = 0;
        for (fault, hits) in Fault::ALL.iter().zip(&self.faults.0) {
            write!(f, "  {:27} {:>9}", fault.as_str(), hits.count)?;
            for met in hits.met {
                pairs += usize::from(met > 0);
                write!(f, " {met:>10}")?;
            }
            writeln!(f, "  {}", fault.rows().collect::<Vec<_>>().join(" "))?;
        }
        let all = Fault::ALL.len() * Standing::WORDS.len();
        writeln!(f, "{pairs} of {all} pairs of a fault and how an order stood were met")
    }
}
