//! The link: three streams that keep their order and can break, and calls of their own that keep none.

use super::happening::{Delivery, Happening, Message, Parcel, Text};
use super::venue::requested;
use super::{Broken, EPOCH_MS, World};
use crate::listing::{UID, install};
use crate::scenario::Occasion;
use crate::swarm::Millis;
use crate::tally::Fault;
use std::collections::{BTreeMap, VecDeque};
use windvane_connector::Category as Product;
use windvane_connector::wire::{Asked, Mutation, RequestId, trade_frame};
use windvane_model::{Command, Event, Link, LinkState, Query};
use windvane_venue::wire::{Frame, Rows, Writer};
use windvane_venue_core::{Category, OrderFilter, Request};

/// After how long without a private stream the venue cancels: the shortest window there is.
const PROTECTED_AFTER_MS: Millis = 3_000;

/// A connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Public,
    Private,
    Trade,
}

impl Stream {
    pub(crate) const ALL: [Self; 3] = [Self::Public, Self::Private, Self::Trade];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Trade => "trade",
        }
    }

    pub(super) const fn link(self, state: LinkState) -> Event {
        Event::Link(match self {
            Self::Public => Link::Public(state),
            Self::Private => Link::Private(state),
            Self::Trade => Link::Trade(state),
        })
    }

    const fn fault(self) -> Fault {
        match self {
            Self::Public => Fault::PublicCut,
            Self::Private => Fault::PrivateCut,
            Self::Trade => Fault::TradeCut,
        }
    }
}

/// A topic of the private stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Order,
    Execution,
    Position,
    Wallet,
}

impl Topic {
    pub(crate) const ALL: [Self; 4] = [Self::Order, Self::Execution, Self::Position, Self::Wallet];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Execution => "execution",
            Self::Position => "position",
            Self::Wallet => "wallet",
        }
    }
}

/// What becomes of a message. One message carries all rows of its topic that one input caused, so they share it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Arrives,
    Lost,
    /// Only its beginning arrives.
    Torn,
    Twice,
    /// It arrives, and again at that moment.
    Again(Millis),
    /// It arrives at that moment, behind other topics that left after it.
    Late(Millis),
}

/// One stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wire {
    /// Whether bytes still pass.
    pub(super) is_up: bool,
    /// Whether our side takes it for up.
    pub(super) seems_up: bool,
    /// Which connection; what an earlier one carried is lost.
    pub(super) generation: u32,
    /// When the last of what is under way arrives here: nothing overtakes.
    last_down: Millis,
    /// When the last of each topic that was held back arrives: a topic keeps its order.
    topic_down: [Millis; Topic::ALL.len()],
    /// The same for what goes to the venue.
    pub(super) last_up: Millis,
}

/// A request that is not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) asked: Asked,
    pub(super) endpoint: &'static str,
    /// Whether the trade socket carries it.
    pub(super) by_trade: bool,
}

/// All of the link.
#[derive(Debug, Default)]
pub(super) struct Wires {
    wires: [Wire; 3],
    /// Requests that are not answered yet.
    pub(super) open: BTreeMap<u64, Open>,
    requests: u64,
    /// Whether a question about the account is under way; the connector has one at a time.
    pub(super) is_asking: bool,
    /// Those that wait for their turn.
    pub(super) questions: VecDeque<Query>,
}

impl Wires {
    pub(super) const fn get(&self, stream: Stream) -> &Wire {
        &self.wires[stream as usize]
    }

    pub(super) const fn get_mut(&mut self, stream: Stream) -> &mut Wire {
        &mut self.wires[stream as usize]
    }

    /// All connections are gone.
    pub(super) fn reset(&mut self) {
        self.open.clear();
        self.is_asking = false;
        self.questions.clear();
        for wire in &mut self.wires {
            *wire = Wire { generation: wire.generation + 1, ..Wire::default() };
        }
    }
}

impl World {
    /// Sends something down a stream, behind all that is under way there.
    pub(super) fn push(&mut self, stream: Stream, parcel: impl Into<Parcel>) {
        let (answers, parcel) = (None, parcel.into());
        let arrival = self.now + self.delay();
        let wire = self.wires.get_mut(stream);
        wire.last_down = wire.last_down.max(arrival);
        let (at, by) = (wire.last_down, Some((stream, wire.generation)));
        self.queue.at(at, Happening::Deliver(Delivery { life: self.life, by, answers, parcel }));
    }

    /// Sends something by a call of its own.
    pub(super) fn return_call(&mut self, answers: Option<u64>, parcel: impl Into<Parcel>) {
        let (at, parcel) = (self.now + self.delay(), parcel.into());
        self.queue.at(at, Happening::Deliver(Delivery { life: self.life, by: None, answers, parcel }));
    }

    /// The way of a command out.
    pub(super) fn send(&mut self, command: Command) {
        let mutation = match Mutation::of(command) {
            Ok(mutation) => mutation,
            Err(query) => return self.ask(query),
        };
        let asked = Asked::from(&mutation);
        self.tally.commands += 1;
        if let Some(script) = &mut self.script {
            script.count(asked.request);
        }
        if self.strikes(Fault::NotSent, || requested(&asked)).is_some() {
            self.tally.hit(Fault::NotSent);
            let refusal = asked.not_sent("too many commands are waiting");
            self.return_call(None, Event::Account(refusal));
            return;
        }
        let by_trade = mutation.socket_operation().is_some() && self.wires.get(Stream::Trade).seems_up;
        self.wires.requests += 1;
        let number = self.wires.requests;
        self.wires.open.insert(number, Open { asked, endpoint: mutation.path(), by_trade });
        if by_trade && !self.wires.get(Stream::Trade).is_up {
            // Written to a dead socket; the connector finds out later.
            self.tally.hit(Fault::RequestLost);
            return;
        }
        if self.strikes(Fault::RequestLost, || requested(&asked)).is_some() {
            self.tally.hit(Fault::RequestLost);
            self.time_out(number);
            return;
        }
        let mut at = self.now + self.delay();
        if let Some(strike) = self.strikes(Fault::SlowRequest, || requested(&asked)) {
            self.tally.hit(Fault::SlowRequest);
            at += strike.by.unwrap_or_else(|| self.rng.i64(500..12_000));
            self.time_out(number);
        }
        if by_trade {
            let wire = self.wires.get_mut(Stream::Trade);
            wire.last_up = wire.last_up.max(at);
            at = wire.last_up;
        }
        match &command {
            Command::Submit(submit) => {
                self.travelling.insert(submit.client_order_id);
            }
            Command::Amend(amend) => {
                let qty = amend.qty.map(|qty| qty.get()).unwrap_or_default();
                self.amending.insert(amend.client_order_id.to_string(), qty);
            }
            _ => {}
        }
        let (life, message) = (self.life, self.write(&mutation, number, by_trade));
        self.queue.at(at, Happening::Arrive { life, number, command, message });
    }

    /// The request as the connector writes it, stamped by the clock of the engine's host.
    fn write(&self, mutation: &Mutation, number: u64, by_trade: bool) -> Message {
        let stamp_ms = EPOCH_MS + self.now + self.clock_off;
        let id = RequestId { prefix: self.life.into(), number };
        match trade_frame(id, mutation, stamp_ms).filter(|_| by_trade) {
            Some(frame) => Message::Frame(frame),
            None => Message::Post {
                path: mutation.path(),
                timestamp: stamp_ms.to_string(),
                recv_window: mutation.recv_window_ms().to_string(),
                body: mutation.body(Product::Linear),
            },
        }
    }

    pub(super) fn time_out(&mut self, number: u64) {
        let at = self.now + self.wait(2_000..8_000);
        self.queue.at(at, Happening::TimeOut { life: self.life, number });
    }

    pub(super) fn give_up_on(&mut self, number: u64) {
        if let Some(open) = self.wires.open.get(&number) {
            let event = Event::Account(open.asked.undetermined(0));
            self.return_call(Some(number), event);
        }
    }

    pub(super) fn cut(&mut self, stream: Stream, noticed_after: Millis) {
        let wire = self.wires.get_mut(stream);
        if !wire.is_up {
            return;
        }
        wire.is_up = false;
        wire.generation += 1;
        if stream == Stream::Public {
            self.forget_listener();
        }
        self.hit_all(stream.fault());
        if stream == Stream::Private && self.swarm.is_protected {
            let at = self.now + PROTECTED_AFTER_MS;
            self.queue.at(at, Happening::Protect { generation: self.wires.get(stream).generation });
        }
        let (at, generation) = (self.now + noticed_after, self.wires.get(stream).generation);
        self.queue.at(at, Happening::Notice { stream, generation });
    }

    /// The private stream has been gone for so long that the venue cancels what is active.
    pub(super) fn protect(&mut self, generation: u32) -> Result<(), Broken> {
        let wire = self.wires.get(Stream::Private);
        if wire.is_up || wire.generation != generation || self.is_calm {
            return Ok(());
        }
        let open = self.venue.open_orders(UID, OrderFilter::default());
        let ours =
            open.iter().any(|row| row.order_link_id.starts_with(install().as_str()) && !row.reduce_only);
        if ours {
            self.hit_all(Fault::Disconnected);
        }
        self.request(&Request::Disconnected(Category::Linear)).map(drop)
    }

    pub(super) fn notice_cut(&mut self, stream: Stream) -> Result<(), Broken> {
        self.wires.get_mut(stream).seems_up = false;
        if stream == Stream::Trade {
            let lost: Vec<u64> =
                self.wires.open.iter().filter(|(_, open)| open.by_trade).map(|(n, _)| *n).collect();
            for number in lost {
                self.give_up_on(number);
            }
        }
        if stream == Stream::Public {
            self.close_session()?;
        } else {
            self.return_call(None, stream.link(LinkState::Down));
        }
        let back_after = if self.is_scripted() { self.back_after } else { self.rng.i64(500..6_000) };
        let at = self.now + back_after;
        self.queue.at(at, Happening::Restore { life: self.life, stream });
        Ok(())
    }

    pub(super) fn restore(&mut self, stream: Stream) -> Result<(), Broken> {
        let wire = self.wires.get_mut(stream);
        wire.is_up = true;
        wire.seems_up = true;
        wire.generation += 1;
        if stream == Stream::Public {
            return self.open_session();
        }
        self.push(stream, stream.link(LinkState::Up));
        Ok(())
    }

    /// Cuts a text off in its midst.
    pub(super) fn tear(&mut self, text: String) -> Text {
        let end = if self.is_scripted() { text.len() / 2 } else { self.rng.usize(..text.len()) };
        Text::torn_at(text, end)
    }

    /// What becomes of one message of the private stream.
    pub(super) fn fate(&mut self, occasion: impl Fn() -> Occasion) -> Fate {
        if !self.wires.get(Stream::Private).is_up {
            return Fate::Lost;
        }
        if self.strikes(Fault::PushDropped, &occasion).is_some() {
            self.tally.hit(Fault::PushDropped);
            return Fate::Lost;
        }
        if self.strikes(Fault::Torn, &occasion).is_some() {
            self.tally.hit(Fault::Torn);
            return Fate::Torn;
        }
        if self.strikes(Fault::PushTwice, &occasion).is_some() {
            self.tally.hit(Fault::PushTwice);
            return Fate::Twice;
        }
        if let Some(strike) = self.strikes(Fault::PushAgain, &occasion) {
            return Fate::Again(self.now + strike.by.unwrap_or_else(|| self.rng.i64(100..5_000)));
        }
        if let Some(strike) = self.strikes(Fault::TopicLate, &occasion) {
            self.tally.hit(Fault::TopicLate);
            return Fate::Late(self.now + strike.by.unwrap_or_else(|| self.rng.i64(10..1_000)));
        }
        Fate::Arrives
    }

    /// A frame of a private topic under its fate; `rows` writes what it tells, where that is told at all.
    pub(super) fn push_private(
        &mut self,
        topic: Topic,
        fate: Fate,
        rows: impl FnOnce(&Writer<'_>) -> Option<Rows>,
    ) {
        if let Fate::Lost = fate {
            return;
        }
        let Some(rows) = rows(&self.writer()) else { return };
        self.frames += 1;
        let id = Some(format!("{UID}_{}_{}", topic.as_str(), self.frames));
        let (topic_name, creation_time) = (topic.as_str(), self.market_ms());
        let frame = Frame { id, topic: topic_name, creation_time, rows: &rows }.text();
        let (frame, fate) = match fate {
            Fate::Torn => (self.tear(frame), Fate::Arrives),
            fate => (Text::from(frame), fate),
        };
        let held_until = self.wires.get(Stream::Private).topic_down[topic as usize];
        match fate {
            Fate::Arrives if held_until <= self.now => {}
            Fate::Lost | Fate::Torn | Fate::Arrives | Fate::Late(_) => {
                let at = if let Fate::Late(at) = fate { at.max(held_until) } else { held_until };
                self.wires.get_mut(Stream::Private).topic_down[topic as usize] = at;
                let (life, by) =
                    (self.life, Some((Stream::Private, self.wires.get(Stream::Private).generation)));
                let parcel = Parcel::Private(frame);
                self.queue.at(at, Happening::Deliver(Delivery { life, by, answers: None, parcel }));
                return;
            }
            Fate::Twice => self.push(Stream::Private, Parcel::Private(frame.clone())),
            Fate::Again(at) => {
                let generation = self.wires.get(Stream::Private).generation;
                self.queue.at(at, Happening::PushAgain { generation, frame: frame.clone() });
            }
        }
        self.push(Stream::Private, Parcel::Private(frame));
    }

    pub(super) fn push_again(&mut self, generation: u32, frame: Text) {
        let wire = self.wires.get(Stream::Private);
        if wire.is_up && wire.generation == generation {
            self.tally.hit(Fault::PushAgain);
            self.push(Stream::Private, Parcel::Private(frame));
        }
    }
}
