//! The private stream: log-in, then every topic confirmed, and only then ready.

use super::{
    CloseReason, DRAINING, Output, Session, Timing, deadline::Timer, fast::FastFills, keepalive::Keepalive,
    login_refused, quarantine,
};
use crate::{
    clock::Moment,
    codec::{Decoded, Reply, ReplyKind, Unrecognised, decode_private, fast_executions},
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

/// Told earlier than [`TOPICS`] tell, and less: see [`FastFills`]. A venue that has it not is none the worse.
const FAST_TOPIC: &str = "execution.fast";

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
    /// What the fast topic has told; `None` when it is not heard.
    fast: Option<FastFills>,
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
            fast: None,
            next_id: 1,
            pending: BTreeMap::new(),
            is_logged_in: false,
            is_ready: false,
            is_told_up: false,
            reconcile_not_before: WallTime::default(),
            scratch: Vec::new(),
        }
    }

    /// Also hears executions by the fast topic, as a check that none is lost.
    #[must_use]
    pub fn with_fast_executions(mut self) -> Self {
        self.fast = Some(FastFills::default());
        self
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
        let fast = self.fast.is_some().then_some(FAST_TOPIC);
        for topic in TOPICS.into_iter().chain(protection).chain(fast) {
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
        let is_taken = reply.is_ok() || reply.message.contains("already subscribed");
        if !is_taken && topic == FAST_TOPIC {
            tracing::warn!(code = reply.code, message = %reply.message, "the venue tells no fast executions");
        } else if !is_taken {
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
        self.reconcile(now, out);
    }

    /// Has the account read anew, once in a while.
    fn reconcile(&mut self, now: WallTime, out: &mut Output) {
        if self.is_ready && now >= self.reconcile_not_before {
            self.reconcile_not_before = now.after(RECONCILE_EVERY_MS);
            out.events.push(Event::Control(Control::Reconcile));
        }
    }

    /// Compares what the two topics of executions tell.
    fn compare(&mut self, now: WallTime, text: &str) {
        let Some(fast) = &mut self.fast else { return };
        for event in &self.scratch {
            if let AccountEvent::Execution(execution) = event {
                fast.told_in_full((execution.symbol, execution.execution_id));
            }
        }
        for key in fast_executions(text) {
            fast.told_fast(key, now);
        }
        match fast.next() {
            Some(due) => self.keepalive.deadlines.set(Timer::Fills, due),
            None => self.keepalive.deadlines.clear(Timer::Fills),
        }
    }

    fn look_for_lost_fills(&mut self, now: WallTime, out: &mut Output) {
        let Some(fast) = &mut self.fast else { return };
        let lost = fast.take_overdue(now);
        if let Some(due) = fast.next() {
            self.keepalive.deadlines.set(Timer::Fills, due);
        }
        if let Some((symbol, execution_id)) = lost.first() {
            tracing::warn!(%symbol, %execution_id, count = lost.len(), "told fast and never in full; reading the account anew");
            self.reconcile(now, out);
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
        self.compare(moment.wall, text);
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
                Timer::Fills => self.look_for_lost_fills(moment.wall, out),
                Timer::Ping | Timer::Pong | Timer::Silence | Timer::Reply | Timer::Topics | Timer::Turn => {}
            }
        }
    }

    fn successor(&mut self) -> Self {
        let mut next = Self::new(Arc::clone(&self.credentials), self.keepalive.timing, self.protection);
        next.is_told_up = std::mem::take(&mut self.is_told_up);
        next.fast = self.fast.take();
        next
    }

    fn has_finished(&self) -> bool {
        true
    }

    fn closed(&mut self, out: &mut Output) {
        self.keepalive.closed();
        self.pending.clear();
        self.is_ready = false;
        if let Some(fast) = &mut self.fast {
            fast.clear();
        }
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
