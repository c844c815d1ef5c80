//! The protocol of each WebSocket kind, without a socket and without a clock.
//!
//! The contract: give a session one input (the connection opened, a text arrived, a request, a deadline passed,
//! the connection closed), drain all of [`Output`], then give the next. Time comes in with each input.

#[cfg(test)]
mod chaos;
mod deadline;
mod fast;
mod keepalive;
mod private;
mod public;
mod record;
mod shard;
mod tap;
#[cfg(test)]
mod tests;
mod trade;
mod watch;

pub use private::{DisconnectProtection, PrivateSession};
pub use public::{PublicRequest, PublicSession, Topic, TopicsError};
pub(crate) use record::split_names;
pub use record::{RecordRequest, RecordSession};
pub use shard::Shards;
pub(crate) use shard::split;
pub use tap::{Drain, Ended, Taken, Tap};
pub use trade::TradeSession;

use crate::{
    clock::{ClockSample, Moment},
    codec::{Reply, Unrecognised},
    codes::{self, Channel},
    observation::{Observation, Stream},
};
use windvane_model::{
    ClientOrderId, Control, Event, HaltCause, MarketEvent, Millis, RefusalFamily, Request, WallTime,
};

/// Bounds of waiting, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Between two pings. The venue asks for 20 s and cuts after ten minutes of silence.
    pub ping_every_ms: Millis,
    /// From a ping to its answer.
    pub pong_within_ms: Millis,
    /// From the log-in to its answer.
    pub login_within_ms: Millis,
    /// From a subscription to its confirmation.
    pub confirm_within_ms: Millis,
    /// Without any data on the public stream; a 50-level book of a live contract never rests that long.
    pub silence_ms: Millis,
    /// Without any data of one book or ticker; then that topic is asked for anew.
    pub topic_silence_ms: Millis,
    /// From an order request to its answer; then its outcome is unknown.
    pub reply_within_ms: Millis,
    /// Between two looks at the contracts, their tiers and fees, when nothing asks for one sooner.
    pub contracts_every_ms: Millis,
    /// Between two looks at the key, likewise.
    pub key_every_ms: Millis,
    /// Between two looks at the venue's own state, likewise.
    pub status_every_ms: Millis,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ping_every_ms: 20_000,
            pong_within_ms: 10_000,
            login_within_ms: 10_000,
            confirm_within_ms: 10_000,
            silence_ms: 60_000,
            topic_silence_ms: 30_000,
            reply_within_ms: 5_000,
            contracts_every_ms: 3_600_000,
            key_every_ms: 3_600_000,
            status_every_ms: 60_000,
        }
    }
}

/// A text to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The frame.
    pub text: String,
    /// For an order request: what is told once it is written.
    pub order: Option<(Request, Option<ClientOrderId>)>,
}

impl From<String> for Outgoing {
    fn from(text: String) -> Self {
        Self { text, order: None }
    }
}

/// What a session wants after one input. The shell drains it and gives it back empty.
#[derive(Debug, Default, PartialEq)]
pub struct Output {
    /// Texts to send, in this order.
    pub frames: Vec<Outgoing>,
    /// Facts of the market.
    pub market: Vec<MarketEvent>,
    /// Facts of the account and of the link.
    pub events: Vec<Event>,
    /// Facts for telemetry.
    pub observations: Vec<Observation>,
    /// One exchange of time with the venue.
    pub clock_sample: Option<ClockSample>,
    /// The venue refused a stamp as outside its window.
    pub distrusts_clock: bool,
    /// The venue will end this connection soon: a [`Session::successor`] should take over on another one.
    pub hands_over: bool,
    /// The connection is of no more use.
    pub close: Option<CloseReason>,
}

/// `retCode` by which the venue announces that it will end a connection. What is in flight is still answered, what is new
/// needs a new connection. Source: Bybit V5, "Error Codes", trade socket.
const DRAINING: i32 = 10019;

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// It could not be made.
    #[error("could not connect")]
    Connect,
    /// The venue turned it away with HTTP 403: it bans our address.
    #[error("banned")]
    Banned,
    /// The other side ended it, or the network did.
    #[error("lost")]
    Lost,
    /// A write did not finish.
    #[error("stuck in a write")]
    WriteStuck,
    /// No answer to a ping.
    #[error("no pong")]
    PongLost,
    /// No data on a stream that always has some.
    #[error("silent")]
    Silent,
    /// No answer to the log-in.
    #[error("no answer to the log-in")]
    LoginLost,
    /// The log-in was refused.
    #[error("log-in refused")]
    LoginRefused,
    /// A subscription was not confirmed.
    #[error("subscription not confirmed")]
    ConfirmLost,
    /// A topic was refused that the engine cannot do without.
    #[error("topic refused")]
    TopicRefused,
    /// The venue announced that it will end this connection.
    #[error("draining")]
    Draining,
}

impl CloseReason {
    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Banned => "banned",
            Self::Lost => "lost",
            Self::WriteStuck => "write_stuck",
            Self::PongLost => "pong_lost",
            Self::Silent => "silent",
            Self::LoginLost => "login_lost",
            Self::LoginRefused => "login_refused",
            Self::ConfirmLost => "confirm_lost",
            Self::TopicRefused => "topic_refused",
            Self::Draining => "draining",
        }
    }

    /// Whether trying again at once would only hammer: the next attempt waits for the longest time.
    #[must_use]
    pub const fn is_lasting(self) -> bool {
        matches!(self, Self::LoginRefused | Self::TopicRefused)
    }
}

/// One connection's protocol over all its lives; see the module's contract.
pub trait Session {
    /// What others may ask of it.
    type Request;

    /// Which stream it is.
    fn stream(&self) -> Stream;
    /// The connection is open.
    fn open(&mut self, moment: Moment, out: &mut Output);
    /// A text arrived.
    fn text(&mut self, moment: Moment, text: &str, out: &mut Output);
    /// Somebody asks; also while there is no connection.
    fn request(&mut self, moment: Moment, request: Self::Request, out: &mut Output);
    /// [`Session::next_deadline`] has passed.
    fn deadline(&mut self, moment: Moment, out: &mut Output);
    /// A session that takes over on a new connection, after [`Output::hands_over`]; this one then only finishes what it
    /// has begun. To the engine they are one link: it hears of it again only if the new one does not come up.
    fn successor(&mut self) -> Self;
    /// Whether it has finished what it had begun.
    fn has_finished(&self) -> bool;
    /// The connection is gone.
    fn closed(&mut self, out: &mut Output);
    /// When to call [`Session::deadline`].
    fn next_deadline(&self) -> Option<WallTime>;
    /// Whether it can be used.
    fn is_ready(&self) -> bool;
}

/// The log-in was refused. A refusal of the key itself halts the engine: trying on would only hammer.
fn login_refused(reply: &Reply<'_>, out: &mut Output) {
    tracing::error!(code = reply.code, message = %reply.message, "log-in refused");
    let meaning = codes::meaning(Channel::TradeSocket, reply.code, &reply.message);
    if meaning.effect == codes::Effect::Nothing && meaning.family == RefusalFamily::Authentication {
        out.events.push(Event::Control(Control::Halt(HaltCause::Authentication)));
    }
    out.close = Some(CloseReason::LoginRefused);
}

fn quarantine(stream: Stream, rows: usize, reason: &Unrecognised, out: &mut Output) {
    tracing::warn!(stream = stream.as_str(), rows, %reason, "message not understood, put aside");
    out.observations.push(Observation::Quarantined { stream, rows, reason: reason.as_str() });
}
