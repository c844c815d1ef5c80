//! The trade socket: order requests by `reqId`, each answered exactly once.
//!
//! An answer, a timeout or the end of the connection settles a request; nothing is ever sent twice.

use super::{
    CloseReason, DRAINING, Outgoing, Output, Session, Timing, deadline::Timer, keepalive::Keepalive,
    login_refused, private::LOGIN_VALID_MS, quarantine,
};
use crate::{
    budget::{Call, Carrier, LimitNotice, Next, Queue, SharedBudget},
    clock::{ClockSample, Moment},
    codec::{Reply, ReplyKind, batch::read_items},
    codes::Channel,
    encode::{self, Mutation, RequestId},
    halt::{HaltEpoch, Handed},
    observation::{Observation, Stream},
    outcome::{Asked, halts},
    sign::Credentials,
};
use std::{collections::BTreeMap, sync::Arc};
use windvane_model::{AccountEvent, Event, Link, LinkState, Millis, WallTime};

/// `retCode` of a stamp that the venue finds too old or too far ahead.
const OUTSIDE_WINDOW: i32 = 10002;
/// `retCode` of one request too many for the limit of its endpoint.
const TOO_MANY: i32 = 10006;
/// Requests that may wait for the rate limit; what finds no room is refused at once.
const WAITING: usize = 256;
/// How long until the next look when only an answer can make room.
const LOOK_AGAIN_MS: Millis = 20;

/// The trade socket's protocol.
#[derive(Debug)]
pub struct TradeSession {
    credentials: Arc<Credentials>,
    keepalive: Keepalive,
    /// Makes request ids unique over restarts of the process.
    id_prefix: u64,
    next_id: u64,
    /// Requests without an answer, oldest first.
    pending: BTreeMap<u64, Pending>,
    budget: SharedBudget,
    /// Requests that wait for the rate limit. Dropped with the connection, never kept for the next one.
    queue: Queue,
    is_ready: bool,
    is_draining: bool,
    /// What the engine was told of the link.
    is_told_up: bool,
}

#[derive(Debug)]
struct Pending {
    asked: Asked,
    /// The others, if it is a batch.
    others: Vec<Asked>,
    call: Call,
    sent: WallTime,
}

impl Pending {
    /// Tells one event of each request, and whatever the engine must hear besides.
    fn tell(&self, out: &mut Output, event: impl Fn(&Asked) -> AccountEvent) {
        for asked in std::iter::once(&self.asked).chain(&self.others) {
            push(event(asked), out);
        }
    }

    /// Tells what the answer to a batch says of each item; one that was refused as a whole says it of all. Returns the
    /// code that the rate limit learns from: in the midst of a batch its items may be too many.
    fn tell_items(&self, reply: &Reply<'_>, text: &str, out: &mut Output) -> i32 {
        if reply.code != 0 {
            self.tell(out, |asked| asked.answered(Channel::TradeSocket, reply.code, &reply.message, ""));
            return reply.code;
        }
        let items = read_items(text).unwrap_or_else(|reason| {
            quarantine(Stream::Trade, 1, &reason, out);
            vec![]
        });
        let asked: Vec<Asked> = std::iter::once(&self.asked).chain(&self.others).copied().collect();
        for event in Asked::batch_answered(&asked, Channel::TradeSocket, &items) {
            push(event, out);
        }
        items.iter().map(|item| item.code).find(|code| *code == TOO_MANY).unwrap_or(0)
    }
}

fn push(event: AccountEvent, out: &mut Output) {
    let halt = halts(&event);
    out.events.push(Event::Account(event));
    out.events.extend(halt);
}

impl TradeSession {
    /// A session for this key. `id_prefix` must differ from that of earlier processes: the start time does.
    #[must_use]
    pub(crate) fn new(
        credentials: Arc<Credentials>,
        timing: Timing,
        id_prefix: u64,
        budget: SharedBudget,
        halts: HaltEpoch,
    ) -> Self {
        Self {
            credentials,
            keepalive: Keepalive::new(timing, None),
            id_prefix,
            next_id: 1,
            pending: BTreeMap::new(),
            budget,
            queue: Queue::new(halts),
            is_ready: false,
            is_draining: false,
            is_told_up: false,
        }
    }

    fn logged_in(&mut self, moment: Moment, reply: &Reply<'_>, out: &mut Output) {
        self.keepalive.deadlines.clear(Timer::Login);
        // 20001: this connection is logged in already.
        if !reply.is_ok() && reply.code != 20001 {
            login_refused(reply, out);
            return;
        }
        if !std::mem::replace(&mut self.is_ready, true) {
            out.observations.push(Observation::Connected { stream: Stream::Trade, subscriptions: 0 });
            if !std::mem::replace(&mut self.is_told_up, true) {
                out.events.push(Event::Link(Link::Trade(LinkState::Up)));
            }
            self.send_next(moment, out);
        }
    }

    fn answered(&mut self, moment: Moment, reply: &Reply<'_>, text: &str, out: &mut Output) {
        let number = RequestId::number_in(self.id_prefix, &reply.request_id);
        let Some(pending) = number.and_then(|number| self.pending.remove(&number)) else {
            // Late: it has been settled as unknown, and the order's own state follows on the private stream.
            tracing::warn!(request_id = %reply.request_id, code = reply.code, "answer to no open request");
            return;
        };
        let code = if pending.call.endpoint.ends_with("-batch") {
            pending.tell_items(reply, text, out)
        } else {
            pending.tell(out, |asked| {
                asked.answered(Channel::TradeSocket, reply.code, &reply.message, &reply.order_id)
            });
            reply.code
        };
        self.measure(moment, reply, code, &pending, out);
        if reply.code == DRAINING && !std::mem::replace(&mut self.is_draining, true) {
            // What waits has not left; it may leave on the next connection.
            self.is_ready = false;
            self.keepalive.deadlines.clear(Timer::Turn);
            out.hands_over = true;
        }
        if self.is_draining && self.pending.is_empty() {
            out.close = Some(CloseReason::Draining);
        }
        self.expect_next_reply();
        self.send_next(moment, out);
    }

    fn measure(&self, moment: Moment, reply: &Reply<'_>, code: i32, pending: &Pending, out: &mut Output) {
        #[expect(clippy::cast_precision_loss, reason = "a duration for display")]
        let seconds = (moment.wall.0 - pending.sent.0) as f64 / 1e9;
        out.observations.push(Observation::RoundTrip { request: pending.asked.request, seconds });
        let endpoint = pending.call.endpoint;
        if let Some(remaining) = reply.remaining {
            out.observations.push(Observation::RateLimit { endpoint, remaining });
        }
        let reset = reply.reset_ms.map(|ms| moment.wall.after(ms.saturating_sub(moment.stamp_ms)));
        let notice = LimitNotice { limit: reply.limit, left: reply.remaining, reset };
        self.budget.with(|budget| budget.settle(moment.wall, &pending.call));
        if self.budget.answered(moment.wall, &pending.call, code, notice) {
            out.observations.push(Observation::RateLimited { endpoint });
        }
        out.distrusts_clock |= reply.code == OUTSIDE_WINDOW;
        out.clock_sample = reply.server_ms.map(|server_ms| ClockSample {
            sent: pending.sent,
            received: moment.wall,
            server_ns: server_ms.saturating_mul(1_000_000),
            resolution_ns: 1_000_000,
        });
    }

    /// No new requests, and those that wait are refused.
    fn leave_service(&mut self, out: &mut Output) {
        self.is_ready = false;
        if std::mem::take(&mut self.is_told_up) {
            out.events.push(Event::Link(Link::Trade(LinkState::Down)));
        }
        let waiting = self.queue.drain().map(|mutation| Asked::from(&mutation));
        let refused = waiting.map(|asked| Event::Account(asked.not_sent("the trade socket went down")));
        out.events.extend(refused);
        self.keepalive.deadlines.clear(Timer::Turn);
    }

    /// Writes whatever the rate limits let go, the most urgent first.
    fn send_next(&mut self, moment: Moment, out: &mut Output) {
        while self.is_ready && !self.queue.is_empty() {
            let queue = &mut self.queue;
            let next = self
                .budget
                .with(|budget| queue.next(moment.wall, budget, Carrier::TradeSocket, &[], |_| true));
            match next {
                Next::Send(mutation, call) => self.send(moment, &[mutation], call, out),
                Next::SendBatch(batch, call) => self.send(moment, &batch, call, out),
                Next::Refuse(mutation, why) => {
                    out.events.push(Event::Account(Asked::from(&mutation).not_sent(why)));
                }
                Next::Wait(until) => {
                    let until = until.unwrap_or_else(|| moment.wall.after(LOOK_AGAIN_MS));
                    self.keepalive.deadlines.set(Timer::Turn, until);
                    return;
                }
            }
        }
        self.keepalive.deadlines.clear(Timer::Turn);
    }

    /// Writes one request, or a batch of them.
    fn send(&mut self, moment: Moment, mutations: &[Mutation], call: Call, out: &mut Output) {
        let Some((first, others)) = mutations.split_first() else { return };
        let asked = Asked::from(first);
        let pending =
            Pending { asked, others: others.iter().map(Asked::from).collect(), call, sent: moment.wall };
        let id = RequestId { prefix: self.id_prefix, number: self.next_id };
        let text = match call.endpoint == first.endpoint() {
            true => encode::trade_frame(id, first, moment.stamp_ms),
            false => encode::trade_batch_frame(id, mutations, moment.stamp_ms),
        };
        let Some(text) = text else {
            self.budget.with(|budget| budget.settle(moment.wall, &call));
            pending.tell(out, |asked| asked.not_sent("not offered on the trade socket"));
            return;
        };
        self.next_id += 1;
        out.frames.push(Outgoing { text, order: Some((asked.request, asked.client_order_id)) });
        self.pending.insert(id.number, pending);
        self.expect_next_reply();
    }

    fn expect_next_reply(&mut self) {
        match self.pending.first_key_value() {
            Some((_, oldest)) => {
                let due = oldest.sent.after(self.keepalive.timing.reply_within_ms);
                self.keepalive.deadlines.set(Timer::Reply, due);
            }
            None => self.keepalive.deadlines.clear(Timer::Reply),
        }
    }

    fn time_out(&mut self, now: WallTime, out: &mut Output) {
        while let Some(oldest) = self.pending.first_entry() {
            if oldest.get().sent.after(self.keepalive.timing.reply_within_ms) > now {
                break;
            }
            let pending = oldest.remove();
            self.budget.with(|budget| budget.settle(now, &pending.call));
            pending.tell(out, |asked| asked.undetermined(0));
        }
        if self.is_draining && self.pending.is_empty() {
            out.close = Some(CloseReason::Draining);
        }
        self.expect_next_reply();
    }
}

impl Session for TradeSession {
    type Request = Handed;

    fn stream(&self) -> Stream {
        Stream::Trade
    }

    fn open(&mut self, moment: Moment, out: &mut Output) {
        self.keepalive.open(moment.wall);
        self.is_draining = false;
        let id = format!("{}-login", self.id_prefix);
        out.frames.push(encode::login(&id, &self.credentials, moment.stamp_ms + LOGIN_VALID_MS).into());
        self.keepalive.deadlines.set(Timer::Login, moment.wall.after(self.keepalive.timing.login_within_ms));
    }

    fn text(&mut self, moment: Moment, text: &str, out: &mut Output) {
        match Reply::decode(text) {
            Ok(reply) => match reply.kind {
                ReplyKind::Pong => self.keepalive.pong(),
                ReplyKind::Login => self.logged_in(moment, &reply, out),
                ReplyKind::Trade => self.answered(moment, &reply, text, out),
                ReplyKind::Subscribe | ReplyKind::Unsubscribe => {}
            },
            Err(reason) => quarantine(Stream::Trade, 1, &reason, out),
        }
    }

    fn request(&mut self, moment: Moment, handed: Handed, out: &mut Output) {
        let asked = Asked::from(&handed.mutation);
        if !self.is_told_up || self.is_draining {
            out.events.push(Event::Account(asked.not_sent("the trade socket is down")));
            return;
        }
        if self.queue.len() >= WAITING {
            out.events.push(Event::Account(asked.not_sent("too many requests wait for the rate limit")));
            return;
        }
        self.queue.push(moment.wall, handed);
        self.send_next(moment, out);
    }

    fn deadline(&mut self, moment: Moment, out: &mut Output) {
        while let Some(timer) = self.keepalive.take_due(moment.wall, out) {
            match timer {
                Timer::Login => out.close = Some(CloseReason::LoginLost),
                Timer::Reply => self.time_out(moment.wall, out),
                Timer::Turn => self.send_next(moment, out),
                Timer::Ping
                | Timer::Pong
                | Timer::Silence
                | Timer::Confirm
                | Timer::Topics
                | Timer::Fills => {}
            }
        }
    }

    fn successor(&mut self) -> Self {
        let mut next = Self::new(
            Arc::clone(&self.credentials),
            self.keepalive.timing,
            self.id_prefix,
            self.budget.clone(),
            self.queue.halts().clone(),
        );
        next.next_id = self.next_id;
        next.queue = std::mem::take(&mut self.queue);
        next.is_told_up = std::mem::take(&mut self.is_told_up);
        next
    }

    fn has_finished(&self) -> bool {
        self.pending.is_empty()
    }

    /// What was in flight may or may not have been taken. The requests still in the channel are refused by
    /// [`Session::request`], because the session is not ready any more.
    fn closed(&mut self, out: &mut Output) {
        self.keepalive.closed();
        self.leave_service(out);
        for pending in std::mem::take(&mut self.pending).into_values() {
            // With its connection gone it was counted soon after its send, or never.
            self.budget.with(|budget| budget.settle(pending.sent, &pending.call));
            pending.tell(out, |asked| asked.undetermined(0));
        }
    }

    fn next_deadline(&self) -> Option<WallTime> {
        self.keepalive.deadlines.next()
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }
}
