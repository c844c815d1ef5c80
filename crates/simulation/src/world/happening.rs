//! What is to happen, in the order of virtual time.

use super::link::Stream;
use crate::swarm::Millis;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use windvane_connector::wire::{Ask, Inquiry};
use windvane_model::{Command, Control, Event, Query};

/// One happening.
#[derive(Debug)]
pub(super) enum Happening {
    /// The outside market moves.
    Market,
    /// A request reaches the venue.
    Arrive { life: u32, number: u64, command: Command, message: Message },
    /// A request has waited for its answer long enough.
    TimeOut { life: u32, number: u64 },
    /// Something reaches the engine.
    Deliver(Delivery),
    /// A push comes again.
    PushAgain { generation: u32, frame: Text },
    /// A query reads its next part.
    Read { life: u32, reading: Reading },
    /// What our end of the public stream says reaches the venue.
    Said { generation: u32, text: String },
    /// A stream breaks.
    Cut(Stream),
    /// A step of the script.
    Step(usize),
    /// The connector notices that a stream is broken.
    Notice { stream: Stream, generation: u32 },
    /// A stream is up again.
    Restore { life: u32, stream: Stream },
    /// All connections break at once.
    VenueRestart,
    /// The clock of the engine's host is off by so much from now on.
    Clock(Millis),
    /// A later engine of the same installation trades the account.
    Successor,
    /// Trading is halted until then.
    Outage { until: Millis },
    /// The venue sees that the private stream is gone.
    Protect { generation: u32 },
    /// The tick of the first contract grows.
    GridChange,
    /// The engine reads the contracts anew, as it does each hour and after a refusal.
    Contracts { life: u32 },
    /// Somebody else does something on the account.
    Stranger,
    /// Funding is paid.
    Funding,
    /// A person gives an order.
    Operator,
    /// A person gives this order.
    Control(Control),
    /// The engine is killed.
    Kill,
    /// An engine starts.
    Start,
    /// Faults cease.
    Calm,
    /// The market stands still.
    Still,
    /// Both worlds are compared.
    Finish,
}

/// Something on its way to the engine.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The engine's start that it is meant for.
    pub(super) life: u32,
    /// The stream that it comes by, and which connection of it; nothing for a call of its own.
    pub(super) by: Option<(Stream, u32)>,
    /// The request that it answers.
    pub(super) answers: Option<u64>,
    pub(super) parcel: Parcel,
}

/// What is under way.
#[derive(Debug)]
pub(super) enum Parcel {
    /// What our side of the link says by itself.
    Own(Box<Event>),
    /// A frame of the public stream.
    Public(Text),
    /// A frame of the private stream.
    Private(Text),
    /// A reply on the trade socket; it names the request that it answers.
    Reply(Text),
    /// The body of the answer to a REST call.
    Body(Text),
}

/// What the venue wrote, as it arrives.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: String,
    /// Whether it ends in its midst.
    pub(super) is_torn: bool,
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text, is_torn: false }
    }
}

impl Text {
    /// Only its beginning, up to that byte.
    pub(super) fn torn_at(mut text: String, end: usize) -> Self {
        text.truncate(text.floor_char_boundary(end));
        Self { text, is_torn: true }
    }
}

/// A request as the connector wrote it.
#[derive(Debug)]
pub(super) enum Message {
    /// A frame of the trade socket.
    Frame(String),
    /// A REST call that changes something. Nothing is signed here, so the headers are just these two.
    Post { path: &'static str, timestamp: String, recv_window: String, body: String },
}

impl From<Event> for Parcel {
    fn from(event: Event) -> Self {
        Self::Own(Box::new(event))
    }
}

/// A query on its way, with the call that it makes next.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) query: Query,
    pub(super) inquiry: Box<Inquiry>,
    pub(super) ask: Ask,
}

/// Happenings by time; those of one moment in the order in which they were planned.
///
/// The heap holds only when and where, because what happens is large and a heap moves what it holds.
#[derive(Debug, Default)]
pub(super) struct Queue {
    planned: BinaryHeap<Reverse<(Millis, u64, usize)>>,
    happenings: Vec<Option<Happening>>,
    free: Vec<usize>,
    count: u64,
}

impl Queue {
    pub(super) fn at(&mut self, at: Millis, happening: Happening) {
        self.count += 1;
        let place = self.free.pop().unwrap_or_else(|| {
            self.happenings.push(None);
            self.happenings.len() - 1
        });
        self.happenings[place] = Some(happening);
        self.planned.push(Reverse((at, self.count, place)));
    }

    pub(super) fn next_at(&self) -> Option<Millis> {
        self.planned.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn pop(&mut self) -> Option<Happening> {
        let Reverse((_, _, place)) = self.planned.pop()?;
        self.free.push(place);
        self.happenings[place].take()
    }
}
