//! What the connector tells telemetry: facts about links and requests, never about the market or the account.
//!
//! This crate calls no metrics library. Observations travel through a bounded channel; when telemetry does not
//! keep up they are dropped and counted, because trading never waits for a measurement.

use crate::clock::ClockOffset;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;
use windvane_model::{ClientOrderId, Request, WallTime};

/// One of the venue's three WebSocket kinds; the label `stream` of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Market data.
    Public,
    /// Account data.
    Private,
    /// Order entry.
    Trade,
}

impl Stream {
    /// The label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Trade => "trade",
        }
    }
}

/// One measurable fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// A REST request ended.
    RestDone {
        /// Path without the version: `order/create`.
        endpoint: &'static str,
        /// The venue's code; the HTTP status when that was not 200; -1 when there was no answer.
        code: i32,
        /// From before the send to the last byte.
        seconds: f64,
    },
    /// A WebSocket can be used: logged in and every topic confirmed.
    Connected {
        /// Which.
        stream: Stream,
        /// Confirmed topics.
        subscriptions: usize,
    },
    /// A WebSocket was lost, or could not be had, and is tried again.
    Reconnecting {
        /// Which.
        stream: Stream,
        /// Why.
        reason: &'static str,
        /// After how long.
        delay_ms: i64,
    },
    /// A frame was read.
    FrameIn {
        /// On which stream.
        stream: Stream,
        /// When.
        at: WallTime,
    },
    /// A request about an order was handed to the kernel: the end of tick-to-order.
    Sent {
        /// What it asks.
        request: Request,
        /// Which order.
        client_order_id: Option<ClientOrderId>,
        /// When the write had returned.
        at: WallTime,
    },
    /// An answer to an order request came back over the trade socket.
    RoundTrip {
        /// What it answered.
        request: Request,
        /// From the hand-over to the answer.
        seconds: f64,
    },
    /// Something could not be read.
    Quarantined {
        /// On which stream.
        stream: Stream,
        /// How many rows; 1 for a whole frame.
        rows: usize,
        /// What kind of trouble.
        reason: &'static str,
    },
    /// A topic was refused.
    TopicRefused {
        /// On which stream.
        stream: Stream,
        /// The venue's code, or -1.
        code: i32,
    },
    /// The distance to the venue's clock was measured anew.
    ClockOffset(ClockOffset),
    /// What the key may do was read.
    KeyRead {
        /// Days until it expires; `None` when it does not.
        expires_in_days: Option<i64>,
    },
    /// What is left of a rate limit.
    RateLimit {
        /// The endpoint: `order/create`.
        endpoint: &'static str,
        /// Requests left in its window.
        remaining: u32,
    },
    /// The venue said that requests come too fast.
    RateLimited {
        /// The endpoint.
        endpoint: &'static str,
    },
}

/// Sends observations and counts the ones that found no room.
///
/// Sender: every task of the connector. Receiver: telemetry. Capacity: the caller's; a second of frames is
/// plenty. When full: dropped and counted. Closed: everything is dropped, trading goes on.
#[derive(Debug, Clone)]
pub struct Observer {
    out: mpsc::Sender<Observation>,
    dropped: Arc<AtomicU64>,
}

impl Observer {
    /// An observer on this channel.
    #[must_use]
    pub fn new(out: mpsc::Sender<Observation>) -> Self {
        Self { out, dropped: Arc::default() }
    }

    /// Tells, or drops.
    pub fn observe(&self, observation: Observation) {
        if self.out.try_send(observation).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many found no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
