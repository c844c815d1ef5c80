//! A connection that is only listened to: topics as the exchange spells them, and every message handed on as it came.
//!
//! Nothing is decoded beyond the topic's name, so that whatever the exchange sends can be recorded.

use super::{
    CloseReason, DRAINING, Output, Session, Timing,
    deadline::Timer,
    keepalive::Keepalive,
    private::LOGIN_VALID_MS,
    quarantine,
    shard::MAX_TOPIC_CHARACTERS,
    tap::{Fate, Tap},
};
use crate::{
    clock::Moment,
    codec::{Head, Reply, ReplyKind, head},
    encode,
    observation::{Observation, Stream},
    sign::Credentials,
};
use std::{collections::BTreeMap, sync::Arc};
use windvane_model::{Millis, WallTime};

/// Topics of one request: what spot takes at most, and small enough to find the one that is refused.
const GROUP: usize = 10;
/// Messages of a connection that takes over, before every topic is confirmed.
const HELD_MAX: usize = 65_536;
/// Topics that begin with a snapshot and go on with changes.
const SNAPSHOT_TOPICS: [&str; 2] = ["orderbook.", "tickers."];

/// What may be asked of a recording connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordRequest {
    /// Snapshots of every book and ticker: a new file is to begin with them.
    Renew,
}

/// The protocol of a recorded connection.
#[derive(Debug)]
pub struct RecordSession {
    /// The key of a private stream.
    credentials: Option<Arc<Credentials>>,
    topics: Vec<String>,
    tap: Tap,
    keepalive: Keepalive,
    silence_ms: Option<Millis>,
    next_id: u64,
    /// Requests without an answer, oldest first. An unsubscription waits with an empty list.
    pending: BTreeMap<u64, Vec<String>>,
    refused: usize,
    is_ready: bool,
    /// Whether a connection before this one still records the same.
    takes_over: bool,
    held: Vec<(WallTime, String)>,
    renews: bool,
}

impl RecordSession {
    /// Records these topics of a public stream.
    #[must_use]
    pub fn public(topics: Vec<String>, tap: Tap, timing: Timing) -> Self {
        Self::new(None, topics, tap, timing, Some(timing.silence_ms))
    }

    /// Records these topics of a private stream, which may be silent for hours.
    #[must_use]
    pub fn private(credentials: Arc<Credentials>, topics: Vec<String>, tap: Tap, timing: Timing) -> Self {
        Self::new(Some(credentials), topics, tap, timing, None)
    }

    fn new(
        credentials: Option<Arc<Credentials>>,
        topics: Vec<String>,
        tap: Tap,
        timing: Timing,
        silence_ms: Option<Millis>,
    ) -> Self {
        Self {
            credentials,
            topics,
            tap,
            keepalive: Keepalive::new(timing, silence_ms),
            silence_ms,
            next_id: 1,
            pending: BTreeMap::new(),
            refused: 0,
            is_ready: false,
            takes_over: false,
            held: Vec::new(),
            renews: false,
        }
    }

    fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn subscribe(&mut self, topics: &[String], now: WallTime, out: &mut Output) {
        for group in topics.chunks(GROUP) {
            let id = self.take_id();
            out.frames.push(encode::subscribe(&id.to_string(), group).into());
            self.pending.insert(id, group.to_vec());
        }
        self.keepalive.deadlines.set(Timer::Confirm, now.after(self.keepalive.timing.confirm_within_ms));
    }

    /// Asks for every book and ticker anew: what follows begins with their snapshots. While an answer is due, later.
    fn renew(&mut self, now: WallTime, out: &mut Output) {
        self.renews = !self.is_ready || !self.pending.is_empty();
        if self.renews {
            return;
        }
        let topics: Vec<String> =
            self.topics.iter().filter(|topic| begins_with_snapshot(topic)).cloned().collect();
        for group in topics.chunks(GROUP) {
            let id = self.take_id();
            out.frames.push(encode::unsubscribe(&id.to_string(), group).into());
            self.pending.insert(id, Vec::new());
        }
        if !topics.is_empty() {
            self.subscribe(&topics, now, out);
        }
    }

    fn record(&mut self, moment: Moment, topic: &str, text: &str, out: &mut Output) {
        self.keepalive.data(moment.wall);
        if self.takes_over && !self.is_ready {
            // The connection before this one still tells the same; snapshots and their changes can follow its last
            // word, trades would come twice.
            if begins_with_snapshot(topic) {
                self.held.push((moment.wall, text.to_owned()));
            }
            if self.held.len() > HELD_MAX {
                out.close = Some(CloseReason::ConfirmLost);
            }
        } else if self.tap.take(moment.wall, text) == Fate::KeptAfterLoss {
            tracing::warn!("frames were lost because the disk did not keep up; asking for the books anew");
            self.renew(moment.wall, out);
        }
    }

    fn answered(&mut self, now: WallTime, reply: &Reply<'_>, out: &mut Output) {
        // Some products answer without our id; then it is the oldest request that is answered.
        let id = reply.request_id.parse().ok().or_else(|| self.pending.keys().next().copied());
        let Some(topics) = id.and_then(|id| self.pending.remove(&id)) else { return };
        if !reply.is_ok() && !reply.message.contains("already subscribed") {
            match topics.as_slice() {
                [] => {}
                [topic] => {
                    tracing::error!(topic, code = reply.code, message = %reply.message, "topic refused");
                    self.refused += 1;
                    let stream = self.stream();
                    out.observations.push(Observation::TopicRefused { stream, code: reply.code });
                }
                // Which of the group is meant is not said: ask one by one.
                group => group.iter().for_each(|topic| self.subscribe(std::slice::from_ref(topic), now, out)),
            }
        }
        if !self.pending.is_empty() {
            return;
        }
        self.keepalive.deadlines.clear(Timer::Confirm);
        if !self.is_ready {
            if self.refused == self.topics.len() {
                out.close = Some(CloseReason::TopicRefused);
                return;
            }
            self.is_ready = true;
            let (stream, subscriptions) = (self.stream(), self.topics.len() - self.refused);
            out.observations.push(Observation::Connected { stream, subscriptions });
            for (at, text) in self.held.drain(..) {
                self.tap.take(at, &text);
            }
        }
        if self.renews {
            self.renew(now, out);
        }
    }

    fn logged_in(&mut self, now: WallTime, reply: &Reply<'_>, out: &mut Output) {
        self.keepalive.deadlines.clear(Timer::Login);
        if !reply.is_ok() {
            tracing::error!(code = reply.code, message = %reply.message, "log-in refused");
            out.observations.push(Observation::TopicRefused { stream: Stream::Private, code: reply.code });
            out.close = Some(CloseReason::LoginRefused);
            return;
        }
        let topics = self.topics.clone();
        self.subscribe(&topics, now, out);
    }
}

/// Splits topics over as few connections as the exchange's limit allows, in their order.
pub(crate) fn split_names(topics: Vec<String>) -> Vec<Vec<String>> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut characters = MAX_TOPIC_CHARACTERS;
    for topic in topics {
        characters += topic.len() + 3;
        match parts.last_mut() {
            Some(part) if characters <= MAX_TOPIC_CHARACTERS => part.push(topic),
            _ => {
                characters = topic.len() + 3;
                parts.push(vec![topic]);
            }
        }
    }
    parts
}

fn begins_with_snapshot(topic: &str) -> bool {
    SNAPSHOT_TOPICS.iter().any(|start| topic.starts_with(start))
}

impl Session for RecordSession {
    type Request = RecordRequest;

    fn stream(&self) -> Stream {
        if self.credentials.is_some() { Stream::Private } else { Stream::Public }
    }

    fn open(&mut self, moment: Moment, out: &mut Output) {
        self.keepalive.open(moment.wall);
        self.pending.clear();
        self.refused = 0;
        self.renews = false;
        match self.credentials.clone() {
            Some(credentials) => {
                let id = self.take_id().to_string();
                out.frames.push(encode::login(&id, &credentials, moment.stamp_ms + LOGIN_VALID_MS).into());
                let within = self.keepalive.timing.login_within_ms;
                self.keepalive.deadlines.set(Timer::Login, moment.wall.after(within));
            }
            None => {
                let topics = self.topics.clone();
                self.subscribe(&topics, moment.wall, out);
            }
        }
    }

    fn text(&mut self, moment: Moment, text: &str, out: &mut Output) {
        match head(text) {
            Ok(Head::Topic(topic)) => self.record(moment, &topic, text, out),
            Ok(Head::Reply(reply)) if reply.code == DRAINING => out.hands_over = true,
            Ok(Head::Reply(reply)) => match reply.kind {
                ReplyKind::Pong => self.keepalive.pong(),
                ReplyKind::Login => self.logged_in(moment.wall, &reply, out),
                ReplyKind::Subscribe | ReplyKind::Unsubscribe => self.answered(moment.wall, &reply, out),
                ReplyKind::Trade => {}
            },
            Err(reason) => {
                quarantine(self.stream(), 1, &reason, out);
                self.record(moment, "", text, out);
            }
        }
    }

    fn request(&mut self, moment: Moment, request: RecordRequest, out: &mut Output) {
        match request {
            RecordRequest::Renew => self.renew(moment.wall, out),
        }
    }

    fn deadline(&mut self, moment: Moment, out: &mut Output) {
        while let Some(timer) = self.keepalive.take_due(moment.wall, out) {
            match timer {
                Timer::Login => out.close = Some(CloseReason::LoginLost),
                Timer::Confirm => out.close = Some(CloseReason::ConfirmLost),
                Timer::Ping
                | Timer::Pong
                | Timer::Silence
                | Timer::Reply
                | Timer::Topics
                | Timer::Turn
                | Timer::Fills => {}
            }
        }
    }

    fn successor(&mut self) -> Self {
        let mut next = Self::new(
            self.credentials.clone(),
            self.topics.clone(),
            self.tap.clone(),
            self.keepalive.timing,
            self.silence_ms,
        );
        next.takes_over = true;
        next
    }

    fn has_finished(&self) -> bool {
        true
    }

    fn closed(&mut self, _out: &mut Output) {
        self.keepalive.closed();
        self.pending.clear();
        self.held.clear();
        self.is_ready = false;
        self.takes_over = false;
    }

    fn next_deadline(&self) -> Option<WallTime> {
        self.keepalive.deadlines.next()
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::tap::{Drain, Taken};
    use std::time::Duration;

    const NOW: Moment = Moment { wall: WallTime(1_000), stamp_ms: 1 };

    fn session(topics: &[&str]) -> (RecordSession, Drain) {
        let (tap, drain) = Tap::new();
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        (RecordSession::public(topics, tap, Timing::default()), drain)
    }

    /// What was sent, and the session's wish to close.
    fn say(session: &mut RecordSession, text: &str) -> Output {
        let mut out = Output::default();
        session.text(NOW, text, &mut out);
        out
    }

    fn opened(session: &mut RecordSession) -> Output {
        let mut out = Output::default();
        session.open(NOW, &mut out);
        out
    }

    fn confirm(id: u32) -> String {
        format!(r#"{{"success":true,"ret_msg":"","op":"subscribe","req_id":"{id}"}}"#)
    }

    fn recorded(drain: &Drain) -> Vec<String> {
        std::iter::from_fn(|| match drain.next(Duration::ZERO) {
            Ok(Some(Taken::Frame { text, .. })) => Some(text),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn messages_are_kept_as_they_came_and_answers_are_not() {
        let (mut session, drain) = session(&["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"]);
        opened(&mut session);
        let early = r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,"data":{}}"#;
        let odd = r#"{"topic":"nobody.knows.this" , "data":[1,2]}"#;
        for text in [early, &confirm(1), r#"{"op":"pong"}"#, odd, "no json at all"] {
            say(&mut session, text);
        }
        assert!(session.is_ready());
        assert_eq!(recorded(&drain), [early, odd, "no json at all"]);
    }

    #[test]
    fn a_new_file_asks_for_books_and_tickers_alone() {
        let (mut session, _drain) =
            session(&["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT", "tickers.BTCUSDT"]);
        opened(&mut session);
        let mut out = Output::default();
        session.request(NOW, RecordRequest::Renew, &mut out);
        assert!(out.frames.is_empty(), "not while the first answer is due");
        let out = say(&mut session, &confirm(1));
        let sent: Vec<_> = out.frames.iter().map(|frame| frame.text.as_str()).collect();
        assert_eq!(
            sent,
            [
                r#"{"args":["orderbook.50.BTCUSDT","tickers.BTCUSDT"],"op":"unsubscribe","req_id":"2"}"#,
                r#"{"args":["orderbook.50.BTCUSDT","tickers.BTCUSDT"],"op":"subscribe","req_id":"3"}"#
            ]
        );
    }

    #[test]
    fn d10_a_connection_that_takes_over_repeats_no_trade() {
        let (mut old, drain) = session(&["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"]);
        opened(&mut old);
        say(&mut old, &confirm(1));
        assert!(say(&mut old, r#"{"retCode":10019,"retMsg":"restarting"}"#).hands_over);
        let mut next = old.successor();
        opened(&mut next);
        let trade = r#"{"topic":"publicTrade.BTCUSDT","data":[]}"#;
        let book = r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","data":{}}"#;
        for text in [book, trade] {
            say(&mut next, text);
        }
        say(&mut old, trade);
        assert_eq!(recorded(&drain), [trade]);
        say(&mut next, &confirm(1));
        assert_eq!(recorded(&drain), [book], "what was held follows the old one's last word");
    }

    #[test]
    fn refused_topics_are_found_one_by_one_and_a_stream_of_none_ends() {
        let (mut session, _drain) = session(&["a.b", "c.d"]);
        opened(&mut session);
        let refuse =
            |id: u32| format!(r#"{{"success":false,"ret_msg":"no","op":"subscribe","req_id":"{id}"}}"#);
        assert_eq!(say(&mut session, &refuse(1)).frames.len(), 2);
        assert_eq!(say(&mut session, &refuse(2)).close, None);
        assert_eq!(say(&mut session, &refuse(3)).close, Some(CloseReason::TopicRefused));
    }

    #[test]
    fn topics_are_split_by_the_exchanges_limit() {
        let topics: Vec<String> = (0..3_000).map(|n| format!("orderbook.50.C{n:04}USDT")).collect();
        let parts = split_names(topics.clone());
        assert!(
            parts.iter().all(|part| part.iter().map(|t| t.len() + 3).sum::<usize>() <= MAX_TOPIC_CHARACTERS)
        );
        assert_eq!(parts.concat(), topics);
        assert!(split_names(Vec::new()).is_empty());
    }
}
