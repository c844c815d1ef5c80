//! The private stream: log-in, then every topic confirmed, and only then ready.

use super::{
    CloseReason, DRAINING, Output, Session, Timing, deadline::Timer, keepalive::Keepalive, login_refused,
    quarantine,
};
use crate::{
    clock::Moment,
    codec::{Decoded, Reply, ReplyKind, Unrecognised, decode_private},
    encode,
    observation::{Observation, Stream},
    sign::Credentials,
};
use std::{collections::BTreeMap, convert::Infallible, sync::Arc};
use windvane_model::{AccountEvent, Control, Event, Link, LinkState, Millis, WallTime};

/// One request each, so that a refused one is known by name.
const TOPICS: [&str; 4] = ["order", "execution", "position", "wallet"];
/// Whoever subscribes to this arms the protection; no data comes. Source: Bybit V5, "Dcp" topic.
const PROTECTION_TOPIC: &str = "dcp.future";

/// Whether the venue should cancel open orders when no connection of ours is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DisconnectProtection {
    /// It should not, or cannot: the exchange switches it on for few accounts.
    #[default]
    Off,
    /// It should; the account's window is set, and the private stream subscribes to the topic that arms it.
    Armed,
}
/// How long a log-in signature is valid on the venue's clock.
pub(super) const LOGIN_VALID_MS: Millis = 5_000;
/// A row that could not be read may hide a fill, so the account is read anew; not more often than this.
const RECONCILE_EVERY_MS: Millis = 30_000;

/// The private stream's protocol.
#[derive(Debug)]
pub struct PrivateSession {
    credentials: Arc<Credentials>,
    keepalive: Keepalive,
    protection: DisconnectProtection,
    next_id: u64,
    /// Topics without a confirmation, by request, oldest first.
    pending: BTreeMap<u64, &'static str>,
    is_logged_in: bool,
    is_ready: bool,
    /// What the engine was told of the link.
    is_told_up: bool,
    reconcile_not_before: WallTime,
    scratch: Vec<AccountEvent>,
}

impl PrivateSession {
    /// A session for this key.
    #[must_use]
    pub fn new(credentials: Arc<Credentials>, timing: Timing, protection: DisconnectProtection) -> Self {
        Self {
            credentials,
            keepalive: Keepalive::new(timing, None),
            protection,
            next_id: 1,
            pending: BTreeMap::new(),
            is_logged_in: false,
            is_ready: false,
            is_told_up: false,
            reconcile_not_before: WallTime::default(),
            scratch: Vec::new(),
        }
    }

    const fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn logged_in(&mut self, now: WallTime, reply: &Reply<'_>, out: &mut Output) {
        self.keepalive.deadlines.clear(Timer::Login);
        if !reply.is_ok() {
            login_refused(reply, out);
            return;
        }
        if std::mem::replace(&mut self.is_logged_in, true) {
            return;
        }
        let protection = (self.protection == DisconnectProtection::Armed).then_some(PROTECTION_TOPIC);
        for topic in TOPICS.into_iter().chain(protection) {
            let id = self.take_id();
            out.frames.push(encode::subscribe(&id.to_string(), &[topic.to_owned()]).into());
            self.pending.insert(id, topic);
        }
        self.keepalive.deadlines.set(Timer::Confirm, now.after(self.keepalive.timing.confirm_within_ms));
    }

    fn subscribed(&mut self, reply: &Reply<'_>, out: &mut Output) {
        // The documented answer does not repeat our id; answers to one connection keep their order.
        let id = reply.request_id.parse().ok().or_else(|| self.pending.keys().next().copied());
        let Some(topic) = id.and_then(|id| self.pending.remove(&id)) else { return };
        if !reply.is_ok() && !reply.message.contains("already subscribed") {
            tracing::error!(topic, code = reply.code, message = %reply.message, "topic refused");
            out.observations.push(Observation::TopicRefused { stream: Stream::Private, code: reply.code });
            out.close = Some(CloseReason::TopicRefused);
            return;
        }
        if self.pending.is_empty() && !self.is_ready {
            self.is_ready = true;
            self.keepalive.deadlines.clear(Timer::Confirm);
            out.observations
                .push(Observation::Connected { stream: Stream::Private, subscriptions: TOPICS.len() });
            if !std::mem::replace(&mut self.is_told_up, true) {
                out.events.push(Event::Link(Link::Private(LinkState::Up)));
            }
        }
    }

    fn put_aside(&mut self, now: WallTime, rows: usize, reason: &Unrecognised, out: &mut Output) {
        quarantine(Stream::Private, rows, reason, out);
        if self.is_ready && now >= self.reconcile_not_before {
            self.reconcile_not_before = now.after(RECONCILE_EVERY_MS);
            out.events.push(Event::Control(Control::Reconcile));
        }
    }
}

impl Session for PrivateSession {
    type Request = Infallible;

    fn stream(&self) -> Stream {
        Stream::Private
    }

    fn open(&mut self, moment: Moment, out: &mut Output) {
        self.keepalive.open(moment.wall);
        self.pending.clear();
        self.is_logged_in = false;
        let id = self.take_id().to_string();
        out.frames.push(encode::login(&id, &self.credentials, moment.stamp_ms + LOGIN_VALID_MS).into());
        self.keepalive.deadlines.set(Timer::Login, moment.wall.after(self.keepalive.timing.login_within_ms));
    }

    fn text(&mut self, moment: Moment, text: &str, out: &mut Output) {
        match decode_private(text, &mut self.scratch) {
            Decoded::Data | Decoded::Unused => {}
            Decoded::Reply(reply) if reply.code == DRAINING => out.hands_over = true,
            Decoded::Reply(reply) => match reply.kind {
                ReplyKind::Pong => self.keepalive.pong(),
                ReplyKind::Login => self.logged_in(moment.wall, &reply, out),
                ReplyKind::Subscribe => self.subscribed(&reply, out),
                ReplyKind::Unsubscribe | ReplyKind::Trade => {}
            },
            Decoded::Partial { unread, reason } => self.put_aside(moment.wall, unread, &reason, out),
            Decoded::Unrecognised(reason) => self.put_aside(moment.wall, 1, &reason, out),
        }
        out.events.extend(self.scratch.drain(..).map(Event::Account));
    }

    fn request(&mut self, _moment: Moment, request: Infallible, _out: &mut Output) {
        match request {}
    }

    fn deadline(&mut self, moment: Moment, out: &mut Output) {
        while let Some(timer) = self.keepalive.take_due(moment.wall, out) {
            match timer {
                Timer::Login => out.close = Some(CloseReason::LoginLost),
                Timer::Confirm => out.close = Some(CloseReason::ConfirmLost),
                Timer::Ping | Timer::Pong | Timer::Silence | Timer::Reply | Timer::Topics | Timer::Turn => {}
            }
        }
    }

    fn successor(&mut self) -> Self {
        let mut next = Self::new(Arc::clone(&self.credentials), self.keepalive.timing, self.protection);
        next.is_told_up = std::mem::take(&mut self.is_told_up);
        next
    }

    fn has_finished(&self) -> bool {
        true
    }

    fn closed(&mut self, out: &mut Output) {
        self.keepalive.closed();
        self.pending.clear();
        self.is_ready = false;
        if std::mem::take(&mut self.is_told_up) {
            out.events.push(Event::Link(Link::Private(LinkState::Down)));
        }
    }

    fn next_deadline(&self) -> Option<WallTime> {
        self.keepalive.deadlines.next()
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }
}
