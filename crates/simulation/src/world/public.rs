//! The public stream: topics as the venue's own feeds write them, under their fates, to the connector's own session, which
//! subscribes, keeps the connection alive and asks anew for what it misses.

use super::engine::unread;
use super::happening::{Delivery, Happening, Parcel, Text};
use super::link::Stream;
use super::{Broken, World};
use crate::feed::Feed;
use crate::listing::symbol;
use crate::scenario::Occasion;
use crate::swarm::Millis;
use crate::tally::Fault;
use std::time::Duration;
use windvane_connector::session::{Output, PublicRequest, PublicSession, Session, Shards, Topic};
use windvane_connector::{Moment, Observation, Spares, Timing};
use windvane_model::{Event, MarketEvent, Symbol};
use windvane_venue::DoubtsConfig;
use windvane_venue::FirstFrame;
use windvane_venue::feed::{Outlet, PublicFeeds, TradeRecords, View};
use windvane_venue::wire::{SocketKind, acknowledgement, operation, pong, read_frame, topics};
use windvane_venue_core::{Category, Venue};

const SOCKET: SocketKind = SocketKind::Public(Category::Linear);
/// What begins the names of topics with a book.
const BOOKS: &str = "orderbook.";

/// Both ends of the stream.
pub(super) struct Public {
    /// The venue's topics.
    feeds: PublicFeeds,
    /// What they are made of besides the core.
    traded: TradeRecords,
    /// The topics that the connection has asked for.
    heard: Vec<String>,
    /// Frames that one input has caused, by their topics.
    frames: Vec<(bool, String)>,
    /// The connector's end.
    session: PublicSession,
    /// What it wants; used again.
    wants: Output,
    /// Lists of books and trades that are used again.
    pub(super) spares: Spares,
}

impl Public {
    pub(super) fn new(venue: &Venue, doubts: &DoubtsConfig, feeds: &[Feed]) -> Self {
        let intervals: Vec<String> =
            feeds.iter().map(|feed| (feed.interval().millis() / 60_000).to_string()).collect();
        let intervals: Vec<&str> = intervals.iter().map(String::as_str).collect();
        let spares = Spares::default();
        Self {
            feeds: PublicFeeds::new(Category::Linear, doubts),
            traded: TradeRecords::told_at(venue.instruments(), &intervals),
            heard: Vec::new(),
            frames: Vec::new(),
            session: session(feeds, spares.clone()),
            wants: Output::default(),
            spares,
        }
    }
}

/// The connector's end with the topics that the app follows.
fn session(feeds: &[Feed], spares: Spares) -> PublicSession {
    let of_feed = |feed: &Feed| {
        let name = symbol(feed.symbol());
        [
            Topic::Book(name),
            Topic::Trades(name),
            Topic::Ticker(name),
            Topic::PriceLimit(name),
            Topic::Liquidations(name),
            Topic::Candles(name, feed.interval()),
        ]
    };
    let topics = feeds.iter().flat_map(of_feed).collect();
    PublicSession::new(topics, Timing::default(), Shards::of(1), spares)
        .expect("two contracts fit one connection")
}

/// The way of a frame from its topic into the wire.
struct Listening<'a> {
    heard: &'a [String],
    frames: &'a mut Vec<(bool, String)>,
}

impl Outlet for Listening<'_> {
    fn is_heard(&self, _: Category, topic: &str) -> bool {
        self.heard.iter().any(|heard| heard == topic)
    }

    fn publish(&mut self, _: Category, topic: &str, frame: String) {
        self.frames.push((topic.starts_with(BOOKS), frame));
    }
}

impl World {
    /// The venue's side hears that the connection is gone.
    pub(super) fn forget_listener(&mut self) {
        self.public.heard.clear();
    }

    /// A new process knows nothing of the old one's connection.
    pub(super) fn begin_session(&mut self) {
        self.public.session = session(&self.feeds, self.public.spares.clone());
        self.forget_listener();
    }

    fn moment(&self) -> Moment {
        Moment { wall: self.wall(), stamp_ms: super::EPOCH_MS + self.now }
    }

    /// When the connector's end wants to do something by itself.
    pub(super) fn session_deadline(&self) -> Option<Millis> {
        let due = self.public.session.next_deadline().filter(|_| self.engine.is_some());
        due.map(|at| (at.0 + 999_999).div_euclid(1_000_000) - super::EPOCH_MS)
    }

    /// Tells what the core put out, and what time itself has brought.
    pub(super) fn publish_topics(&mut self, facts: &[windvane_venue_core::Output]) {
        let now_ms = self.market_ms();
        let uptime = self.uptime();
        let public = &mut self.public;
        let changed = public.traded.take(facts, now_ms);
        let view = View {
            core: &self.venue,
            traded: &public.traded,
            digits: &self.digits,
            doubts: &self.answers,
            now_ms,
            uptime,
        };
        let mut listening = Listening { heard: &public.heard, frames: &mut public.frames };
        public.feeds.tell(&changed, &view, &mut listening);
        let mut frames = std::mem::take(&mut self.public.frames);
        for (is_book, frame) in frames.drain(..) {
            self.push_public(is_book, frame);
        }
        self.public.frames = frames;
    }

    fn uptime(&self) -> Duration {
        Duration::from_millis(self.now.unsigned_abs())
    }

    /// A frame of a topic under its fate.
    fn push_public(&mut self, is_book: bool, frame: String) {
        let lost = if is_book { Fault::BookGap } else { Fault::MarketLost };
        if self.strikes(lost, Occasion::default).is_some() {
            return self.tally.hit(lost);
        }
        let frame = if self.strikes(Fault::MarketTorn, Occasion::default).is_some() {
            self.tally.hit(Fault::MarketTorn);
            self.tear(frame)
        } else {
            Text::from(frame)
        };
        if self.strikes(Fault::MarketTwice, Occasion::default).is_some() {
            self.tally.hit(Fault::MarketTwice);
            self.push(Stream::Public, Parcel::Public(frame.clone()));
        }
        if let Some(strike) = self.strikes(Fault::MarketLate, Occasion::default) {
            self.tally.hit(Fault::MarketLate);
            let at = self.now + strike.by.unwrap_or_else(|| self.rng.i64(10..2_000));
            let by = Some((Stream::Public, self.wires.get(Stream::Public).generation));
            let parcel = Parcel::Public(frame);
            let delivery = Delivery { life: self.life, by, answers: None, parcel };
            return self.queue.at(at, Happening::Deliver(delivery));
        }
        self.push(Stream::Public, Parcel::Public(frame));
    }

    /// The connection is open: its end begins to speak.
    pub(super) fn open_session(&mut self) -> Result<(), Broken> {
        let moment = self.moment();
        self.public.session.open(moment, &mut self.public.wants);
        self.do_as_wanted()
    }

    /// The connection is gone.
    pub(super) fn close_session(&mut self) -> Result<(), Broken> {
        self.public.session.closed(&mut self.public.wants);
        self.do_as_wanted()
    }

    pub(super) fn session_is_due(&mut self) -> Result<(), Broken> {
        let moment = self.moment();
        self.public.session.deadline(moment, &mut self.public.wants);
        self.do_as_wanted()
    }

    /// The engine has lost a book.
    pub(super) fn resubscribe(&mut self, symbol: Symbol) -> Result<(), Broken> {
        let moment = self.moment();
        let request = PublicRequest::ResubscribeBook(symbol);
        self.public.session.request(moment, request, &mut self.public.wants);
        self.do_as_wanted()
    }

    /// A text reaches the connector's end.
    pub(super) fn read_public(&mut self, frame: &Text) -> Result<(), Broken> {
        let moment = self.moment();
        let wants = &mut self.public.wants;
        self.public.session.text(moment, &frame.text, wants);
        let is_put_aside =
            wants.observations.iter().any(|told| matches!(told, Observation::Quarantined { .. }));
        if is_put_aside != frame.is_torn {
            let reason = if is_put_aside { "put aside" } else { "taken for whole" };
            return Err(unread(reason, &frame.text));
        }
        self.do_as_wanted()
    }

    /// What the connector's end wants after an input.
    fn do_as_wanted(&mut self) -> Result<(), Broken> {
        let mut wants = std::mem::take(&mut self.public.wants);
        for frame in wants.frames.drain(..) {
            self.say(frame.text);
        }
        for event in wants.market.drain(..) {
            self.take(Event::Market(event))?;
        }
        for event in wants.events.drain(..) {
            self.take(event)?;
        }
        wants.observations.clear();
        let gives_up = wants.close.take().is_some();
        self.public.wants = wants;
        if gives_up && self.wires.get(Stream::Public).seems_up {
            let wire = self.wires.get_mut(Stream::Public);
            wire.is_up = false;
            wire.generation += 1;
            self.forget_listener();
            self.notice_cut(Stream::Public)?;
        }
        Ok(())
    }

    /// A text leaves for the venue.
    fn say(&mut self, text: String) {
        let arrival = self.now + self.delay();
        let wire = self.wires.get_mut(Stream::Public);
        if !wire.is_up {
            return;
        }
        wire.last_up = wire.last_up.max(arrival);
        let (at, generation) = (wire.last_up, wire.generation);
        self.queue.at(at, Happening::Said { generation, text });
    }

    /// The venue reads a text of the public stream.
    pub(super) fn hear_public(&mut self, generation: u32, text: &str) -> Result<(), Broken> {
        if self.wires.get(Stream::Public).generation != generation {
            return Ok(());
        }
        let frame = read_frame(text).ok_or_else(|| unread("no frame", text))?;
        let connection = generation.into();
        match operation(&frame) {
            "ping" => {
                let wall_ms = super::EPOCH_MS + self.now;
                self.answer_public(pong(SOCKET, (connection, wall_ms), &frame).to_string());
            }
            op @ "unsubscribe" => {
                let topics = topics(&frame);
                self.public.heard.retain(|heard| !topics.contains(heard));
                self.answer_public(acknowledgement((connection, SOCKET), op, &frame, Ok(())).to_string());
            }
            op @ "subscribe" => {
                let reply = acknowledgement((connection, SOCKET), op, &frame, Ok(())).to_string();
                match self.answers.first_frame {
                    FirstFrame::AfterAcknowledgement => {
                        self.answer_public(reply);
                        self.open_topics(topics(&frame));
                    }
                    FirstFrame::BeforeAcknowledgement => {
                        self.open_topics(topics(&frame));
                        self.answer_public(reply);
                    }
                }
            }
            _ => return Err(unread("no operation of the public stream", text)),
        }
        Ok(())
    }

    fn answer_public(&mut self, reply: String) {
        self.push(Stream::Public, Parcel::Public(reply.into()));
    }

    fn open_topics(&mut self, topics: Vec<String>) {
        let (now_ms, uptime) = (self.market_ms(), self.uptime());
        for topic in topics {
            let public = &mut self.public;
            let view = View {
                core: &self.venue,
                traded: &public.traded,
                digits: &self.digits,
                doubts: &self.answers,
                now_ms,
                uptime,
            };
            let is_heard = public.heard.contains(&topic);
            let first = public.feeds.first_frame(&topic, is_heard, &view);
            let is_book = topic.starts_with(BOOKS);
            if !is_heard {
                public.heard.push(topic);
            }
            if let Some(first) = first {
                self.push_public(is_book, first);
            }
        }
    }

    /// Takes the lists out of an event that has been worked off.
    pub(super) fn give_back(&self, event: Event) {
        if let Event::Market(event @ (MarketEvent::Book(_) | MarketEvent::Trades(_))) = event {
            self.public.spares.give_back(event);
        }
    }
}
