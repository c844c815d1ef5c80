//! A public connection: subscriptions in small groups, and one topic anew when it falls silent or meets a gap.

use super::{
    CloseReason, DRAINING, Output, Session, Shards, Timing, deadline::Timer, keepalive::Keepalive,
    quarantine, shard::MAX_TOPIC_CHARACTERS, watch::Watch,
};
use crate::{
    clock::Moment,
    codec::{Decoded, Reply, ReplyKind, Spares, decode_public, interval_to_wire},
    encode,
    observation::{Observation, Stream},
};
use std::{collections::BTreeMap, fmt};
use windvane_model::{Event, Interval, Link, LinkState, MarketEvent, Symbol, WallTime};

/// Something to subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The order book, 50 levels, pushed every 20 ms.
    Book(Symbol),
    /// Everybody's trades.
    Trades(Symbol),
    /// Last, mark and index price, funding.
    Ticker(Symbol),
    /// Candles.
    Candles(Symbol, Interval),
    /// Everybody's liquidations.
    Liquidations(Symbol),
    /// Within which prices the venue takes orders.
    PriceLimit(Symbol),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Book(symbol) => write!(f, "orderbook.50.{symbol}"),
            Self::Trades(symbol) => write!(f, "publicTrade.{symbol}"),
            Self::Ticker(symbol) => write!(f, "tickers.{symbol}"),
            Self::Candles(symbol, interval) => write!(f, "kline.{}.{symbol}", interval_to_wire(*interval)),
            Self::Liquidations(symbol) => write!(f, "allLiquidation.{symbol}"),
            Self::PriceLimit(symbol) => write!(f, "priceLimit.{symbol}"),
        }
    }
}

impl Topic {
    /// Whose it is.
    #[must_use]
    pub const fn symbol(&self) -> Symbol {
        let (Self::Book(symbol)
        | Self::Trades(symbol)
        | Self::Ticker(symbol)
        | Self::Candles(symbol, _)
        | Self::Liquidations(symbol)
        | Self::PriceLimit(symbol)) = self;
        *symbol
    }
}

/// Topics that do not fit one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// Over the exchange's limit. Source: Bybit V5, "Connect", public channel args limits.
    #[error("{0} characters of topics are more than the {MAX_TOPIC_CHARACTERS} of one connection")]
    TooLong(usize),
    /// A symbol whose name would need escaping is not a symbol.
    #[error("`{0}` is not a contract's name")]
    Symbol(Symbol),
}

/// What others may ask of the public stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicRequest {
    /// A fresh snapshot of one book, without touching the other topics: the book met a gap or crossed.
    ResubscribeBook(Symbol),
}

/// Small groups make a refused topic easy to find; ten is also the most that spot takes at once.
const GROUP: usize = 10;

/// A connection that takes over and brings so many messages before every topic is confirmed will not be ready in time.
const HELD_MAX: usize = 65_536;

/// The public stream's protocol.
#[derive(Debug)]
pub struct PublicSession {
    topics: Vec<Topic>,
    shards: Shards,
    spares: Spares,
    watch: Watch,
    keepalive: Keepalive,
    next_id: u64,
    /// Requests without an answer, oldest first. An unsubscription waits with an empty list.
    pending: BTreeMap<u64, Vec<Topic>>,
    refused: usize,
    is_ready: bool,
    /// Whether it counts as up among the connections of the link.
    is_counted: bool,
    /// Books and tickers of a connection that takes over, until it is ready; the old one still tells the same.
    held: Vec<MarketEvent>,
    /// Books that were lost while they were asked for.
    again: Vec<Topic>,
    /// The loss of the link after which the books were last asked for.
    loss_seen: usize,
}

impl PublicSession {
    /// A session that keeps these topics. Its events come in lists out of `spares`.
    ///
    /// # Errors
    /// When they do not fit one connection.
    pub fn new(
        mut topics: Vec<Topic>,
        timing: Timing,
        shards: Shards,
        spares: Spares,
    ) -> Result<Self, TopicsError> {
        topics.sort_unstable();
        topics.dedup();
        let characters: usize = topics.iter().map(|topic| topic.to_string().len() + 3).sum();
        if characters > MAX_TOPIC_CHARACTERS {
            return Err(TopicsError::TooLong(characters));
        }
        for topic in &topics {
            let symbol = topic.symbol();
            if !symbol.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
                return Err(TopicsError::Symbol(symbol));
            }
        }
        Ok(Self {
            watch: Watch::new(&topics, timing.topic_silence_ms),
            topics,
            shards,
            spares,
            keepalive: Keepalive::new(timing, Some(timing.silence_ms)),
            next_id: 1,
            pending: BTreeMap::new(),
            refused: 0,
            is_ready: false,
            is_counted: false,
            held: Vec::new(),
            again: Vec::new(),
            loss_seen: 0,
        })
    }

    fn subscribe(&mut self, topics: &[Topic], now: WallTime, out: &mut Output) {
        let id = self.take_id();
        let names: Vec<String> = topics.iter().map(Topic::to_string).collect();
        out.frames.push(encode::subscribe(&id.to_string(), &names).into());
        self.pending.insert(id, topics.to_vec());
        for topic in topics {
            self.watch.asked(*topic, now);
        }
        self.keepalive.deadlines.set(Timer::Confirm, now.after(self.keepalive.timing.confirm_within_ms));
    }

    /// One topic anew, without touching the others: its first message is a snapshot.
    fn renew(&mut self, topic: Topic, now: WallTime, out: &mut Output) {
        // Without a connection the next one brings a snapshot anyway; and one request at a time is enough.
        if !self.is_ready || !self.topics.contains(&topic) || self.is_under_way(topic) {
            return;
        }
        let id = self.take_id();
        out.frames.push(encode::unsubscribe(&id.to_string(), &[topic.to_string()]).into());
        self.pending.insert(id, vec![]);
        self.subscribe(&[topic], now, out);
    }

    fn is_under_way(&self, topic: Topic) -> bool {
        self.pending.values().any(|group| group.contains(&topic))
    }

    /// Asks anew for every book when another connection has taken the link down: the engine has forgotten them all.
    fn renew_after_loss(&mut self, now: WallTime, out: &mut Output) {
        let losses = self.shards.losses();
        if std::mem::replace(&mut self.loss_seen, losses) == losses {
            return;
        }
        let books: Vec<_> =
            self.topics.iter().filter(|topic| matches!(topic, Topic::Book(_))).copied().collect();
        for book in books {
            self.request_again(book, now, out);
        }
    }

    fn request_again(&mut self, topic: Topic, now: WallTime, out: &mut Output) {
        // What is under way brings a snapshot. If that has come and the book was lost after it, the answer that is still
        // to come says nothing of that.
        if self.is_under_way(topic) && !self.watch.awaits_snapshot(topic) && !self.again.contains(&topic) {
            self.again.push(topic);
        }
        self.renew(topic, now, out);
    }

    /// Asks anew for what was lost while it was under way.
    fn renew_again(&mut self, now: WallTime, out: &mut Output) {
        let ready: Vec<_> = self
            .again
            .extract_if(.., |topic| !self.pending.values().any(|group| group.contains(topic)))
            .collect();
        for topic in ready {
            self.renew(topic, now, out);
        }
    }

    /// Asks anew for every topic that has been silent for too long.
    fn look_at_topics(&mut self, now: WallTime, out: &mut Output) {
        for topic in self.watch.silent(now) {
            tracing::warn!(%topic, "silent for too long; subscribing again");
            self.renew(topic, now, out);
        }
        self.keepalive.deadlines.set(Timer::Topics, self.watch.next_look(now));
    }

    /// Keeps back what the old connection tells as well, until this one has everything. Each book begins with a snapshot,
    /// so what is kept can follow the old one's last word; trades, candles and liquidations would come twice.
    fn hold(&mut self, from: usize, out: &mut Output) {
        self.held.extend(out.market.drain(from..).filter(|event| {
            matches!(event, MarketEvent::Book(_) | MarketEvent::Ticker(_) | MarketEvent::PriceLimit(_))
        }));
        if self.held.len() > HELD_MAX {
            out.close = Some(CloseReason::ConfirmLost);
        }
    }

    const fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn answered(&mut self, now: WallTime, reply: &Reply<'_>, out: &mut Output) {
        // Some products answer without our id; then it is the oldest request that is answered.
        let id = reply.request_id.parse().ok().or_else(|| self.pending.keys().next().copied());
        let Some(topics) = id.and_then(|id| self.pending.remove(&id)) else { return };
        let is_taken = reply.is_ok() || reply.message.contains("already subscribed");
        if !is_taken {
            match topics.as_slice() {
                [] => {}
                [topic] => {
                    tracing::error!(%topic, code = reply.code, message = %reply.message, "topic refused");
                    self.refused += 1;
                    out.observations
                        .push(Observation::TopicRefused { stream: Stream::Public, code: reply.code });
                }
                // Which of the group is meant is not said, nor whether the others count: ask one by one.
                group => {
                    for topic in group {
                        self.subscribe(&[*topic], now, out);
                    }
                }
            }
        }
        if self.is_ready {
            self.renew_again(now, out);
        }
        if !self.pending.is_empty() {
            return;
        }
        self.keepalive.deadlines.clear(Timer::Confirm);
        if !self.is_ready {
            self.is_ready = true;
            let subscriptions = self.topics.len() - self.refused;
            out.observations.push(Observation::Connected { stream: Stream::Public, subscriptions });
            out.market.append(&mut self.held);
            if !std::mem::replace(&mut self.is_counted, true) && self.shards.came_up() {
                out.events.push(Event::Link(Link::Public(LinkState::Up)));
            }
            self.watch.open(now);
            self.keepalive.deadlines.set(Timer::Topics, self.watch.next_look(now));
        }
    }
}

impl Session for PublicSession {
    type Request = PublicRequest;

    fn stream(&self) -> Stream {
        Stream::Public
    }

    fn open(&mut self, moment: Moment, out: &mut Output) {
        self.keepalive.open(moment.wall);
        self.pending.clear();
        self.refused = 0;
        self.loss_seen = self.shards.losses();
        let topics = std::mem::take(&mut self.topics);
        for group in topics.chunks(GROUP) {
            self.subscribe(group, moment.wall, out);
        }
        self.topics = topics;
    }

    fn text(&mut self, moment: Moment, text: &str, out: &mut Output) {
        if self.is_ready {
            self.renew_after_loss(moment.wall, out);
        }
        let before = out.market.len();
        match decode_public(text, &self.spares, &mut out.market) {
            Decoded::Data | Decoded::Unused => {
                self.keepalive.data(moment.wall);
                self.watch.heard(&out.market[before..], moment.wall);
                if self.is_counted && !self.is_ready {
                    self.hold(before, out);
                }
            }
            Decoded::Reply(reply) if reply.code == DRAINING => out.hands_over = true,
            Decoded::Reply(reply) => match reply.kind {
                ReplyKind::Pong => self.keepalive.pong(),
                ReplyKind::Subscribe | ReplyKind::Unsubscribe => self.answered(moment.wall, &reply, out),
                ReplyKind::Login | ReplyKind::Trade => {}
            },
            Decoded::Partial { unread, reason } => quarantine(Stream::Public, unread, &reason, out),
            Decoded::Unrecognised(reason) => quarantine(Stream::Public, 1, &reason, out),
        }
    }

    fn request(&mut self, moment: Moment, request: PublicRequest, out: &mut Output) {
        let PublicRequest::ResubscribeBook(symbol) = request;
        self.request_again(Topic::Book(symbol), moment.wall, out);
    }

    fn deadline(&mut self, moment: Moment, out: &mut Output) {
        while let Some(timer) = self.keepalive.take_due(moment.wall, out) {
            match timer {
                Timer::Confirm => out.close = Some(CloseReason::ConfirmLost),
                Timer::Topics => self.look_at_topics(moment.wall, out),
                Timer::Ping
                | Timer::Pong
                | Timer::Silence
                | Timer::Login
                | Timer::Reply
                | Timer::Turn
                | Timer::Fills => {}
            }
        }
    }

    fn successor(&mut self) -> Self {
        Self {
            topics: self.topics.clone(),
            shards: self.shards.clone(),
            spares: self.spares.clone(),
            watch: Watch::new(&self.topics, self.keepalive.timing.topic_silence_ms),
            keepalive: Keepalive::new(self.keepalive.timing, Some(self.keepalive.timing.silence_ms)),
            next_id: 1,
            pending: BTreeMap::new(),
            refused: 0,
            is_ready: false,
            is_counted: std::mem::take(&mut self.is_counted),
            held: Vec::new(),
            again: Vec::new(),
            loss_seen: self.loss_seen,
        }
    }

    fn has_finished(&self) -> bool {
        true
    }

    fn closed(&mut self, out: &mut Output) {
        self.keepalive.closed();
        self.pending.clear();
        self.held.clear();
        self.again.clear();
        self.is_ready = false;
        if std::mem::take(&mut self.is_counted) && self.shards.went_down() {
            out.events.push(Event::Link(Link::Public(LinkState::Down)));
        }
    }

    fn next_deadline(&self) -> Option<WallTime> {
        self.keepalive.deadlines.next()
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }
}
