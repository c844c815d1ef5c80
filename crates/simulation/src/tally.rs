//! What happened in a story: faults that took effect, and how much work there was.

use std::fmt;
use std::ops::AddAssign;

/// Declares the faults with the rows of the failure catalogue that they stand for.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $rows:literal;)+) => {
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

            /// Whether it is about single messages, and not about connections, processes or people.
            pub(crate) const fn strikes_messages(self) -> bool {
                match self {
                    Self::SlowRequest | Self::NotSent | Self::Refused | Self::RequestLost | Self::ReplyLost
                    | Self::RequestTwice
                    | Self::PushTwice | Self::PushAgain | Self::PushDropped | Self::TopicLate
                    | Self::QueryFailed | Self::LateIndex | Self::BookGap => true,
                    Self::PushFirst | Self::Jump | Self::StopFired | Self::Liquidated | Self::Funding
                    | Self::PrivateCut | Self::TradeCut | Self::PublicCut | Self::Kill
                    | Self::KillBeforeSend | Self::PowerCut | Self::Stranger | Self::Meddling
                    | Self::Operator => false,
                }
            }

            /// The rows of the failure catalogue that it stands for.
            #[must_use]
            pub const fn rows(self) -> &'static str {
                match self { $(Self::$name => $rows,)+ }
            }
        }
    };
}

faults! {
    /// A request arrived much later than usual, maybe outside its window.
    SlowRequest = "slow request", "A01 A06";
    /// A request never left.
    NotSent = "request not sent", "A14";
    /// The venue refused a good request for a reason of its own.
    Refused = "request refused", "A20 D";
    /// A request was lost and never done.
    RequestLost = "request lost", "A01 A06 A07";
    /// A request was done and its answer lost.
    ReplyLost = "reply lost", "A01 A02 A07";
    /// A request reached the venue twice, and only the second answer came back.
    RequestTwice = "request twice", "A03";
    /// The answer came after the push about the same order.
    PushFirst = "push before answer", "B05 A09";
    /// A push came twice in a row.
    PushTwice = "push twice", "B06 B22";
    /// A push came again later, behind newer ones.
    PushAgain = "push again later", "B06 B07";
    /// A push was lost while the stream seemed well.
    PushDropped = "push dropped", "B03";
    /// A push came behind pushes of other topics that left after it.
    TopicLate = "topic late", "B05 B06";
    /// A query was not answered.
    QueryFailed = "query failed", "A07 B15";
    /// A query, an amend or a cancel did not know a new order yet.
    LateIndex = "late index", "A04 A08";
    /// A book update was lost.
    BookGap = "book gap", "C";
    /// The price jumped.
    Jump = "price jump", "A05 A13";
    /// A stop of a position fired.
    StopFired = "stop fired", "A23";
    /// A position was liquidated.
    Liquidated = "liquidation", "B12";
    /// Funding was paid.
    Funding = "funding", "B11";
    /// The private stream was cut; its pushes are lost.
    PrivateCut = "private stream cut", "B01 B02";
    /// The trade socket was cut; requests under way are undetermined.
    TradeCut = "trade socket cut", "A01 A14";
    /// The public stream was cut.
    PublicCut = "public stream cut", "C";
    /// The engine was killed.
    Kill = "kill", "A16 B09 B17 F";
    /// The engine was killed before the commands of its last turn had all left.
    KillBeforeSend = "kill before send", "F";
    /// The last lines of the record were lost with the power.
    PowerCut = "power cut", "F B17";
    /// Somebody else traded on the account.
    Stranger = "foreign order", "B21";
    /// Somebody else cancelled an order of ours.
    Meddling = "foreign cancel", "B21";
    /// A person gave an order.
    Operator = "operator", "I22";
}

/// Counts of one story or of many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    pub(crate) faults: [u64; Fault::ALL.len()],
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
        self.faults[fault as usize] += 1;
    }

    /// How often a fault took effect.
    #[must_use]
    pub const fn hits(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        for (mine, theirs) in self.faults.iter_mut().zip(other.faults) {
            *mine += theirs;
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
        for fault in Fault::ALL {
            writeln!(f, "  {:20} {:>9}  {}", fault.as_str(), self.hits(*fault), fault.rows())?;
        }
        Ok(())
    }
}
