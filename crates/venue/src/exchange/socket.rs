//! Frames of clients: authentication, subscriptions and pings. Orders over the trade socket: [`super::trade`].

use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::Category;

use super::Exchange;
use super::private;
use super::protection::Product;
use crate::config::{AuthFailureCode, BadTopic, FirstFrame, RepeatedTopic};
use crate::fault::Subject;
use crate::feed::{Topic, View};
use crate::server::ConnectionId;
use crate::server::auth::Caller;
use crate::server::quota::{TooManyTopics, TopicLoad};
use crate::wire::envelope::Refusal;
use crate::wire::fields::Fields;
use crate::wire::reply::{connection_name, echo};
use crate::wire::socket::{SocketKind, acknowledgement, pong, topics};
use crate::wire::trade::{operation, read_frame};

impl Exchange {
    /// Answers one text frame.
    pub(super) fn frame(&mut self, id: ConnectionId, text: &str) {
        let Some(kind) = self.hub.session(id).map(|session| session.kind) else { return };
        let Some(frame) = read_frame(text) else {
            let reply = json!({"success": false, "ret_msg": "the frame is not a JSON object", "op": "",
                               "conn_id": connection_name(id)});
            return self.send(id, &reply);
        };
        let op = operation(&frame).to_owned();
        self.request_skew_ms = self.skew_of_frame((id, kind), &op, &frame);
        self.carry_out((id, kind), &op, &frame);
        self.request_skew_ms = None;
    }

    /// How far the clock is ahead for one frame, where a fault makes a difference between requests.
    fn skew_of_frame(
        &mut self,
        (id, kind): (ConnectionId, SocketKind),
        op: &str,
        frame: &Map<String, Value>,
    ) -> Option<i64> {
        if !self.faults.is_partly_skewed() {
            return None;
        }
        let first = frame.get("args").and_then(|args| args.get(0));
        let signing = first.and_then(Value::as_str).and_then(|name| self.keys.key(name).ok());
        let signing = signing.map(|key| key.uid);
        let uid = self.hub.session(id).and_then(|session| session.uid()).or(signing);
        let symbol = match first {
            Some(Value::Object(argument)) => Fields::from_object(argument.clone()).symbol(),
            _ => None,
        };
        let subject = Subject {
            uid,
            symbol: symbol.as_deref(),
            path: Some(op),
            socket: Some(kind.path()),
            topic: None,
        };
        Some(self.faults.skew_for(&subject))
    }

    fn carry_out(&mut self, (id, kind): (ConnectionId, SocketKind), op: &str, frame: &Map<String, Value>) {
        match (kind, op) {
            (_, "ping") => self.send(id, &pong(kind, (id, self.now.wall_ms), frame)),
            (SocketKind::Private | SocketKind::Trade, "auth") => self.authenticate(id, kind, frame),
            (SocketKind::Public(_) | SocketKind::Private, "subscribe") => self.subscribe(id, kind, frame),
            (SocketKind::Public(_) | SocketKind::Private, "unsubscribe") => {
                self.unsubscribe((id, kind), frame)
            }
            (SocketKind::Trade, _) => self.trade(id, op, frame),
            (SocketKind::Public(_) | SocketKind::Private, _) => {
                let reply = acknowledgement((id, kind), op, frame, Err(format!("unknown op: {op}")));
                self.send(id, &reply);
            }
        }
    }

    pub(super) fn send(&mut self, id: ConnectionId, reply: &Value) {
        self.hub.send(id, Utf8Bytes::from(reply.to_string()));
    }

    fn authenticate(&mut self, id: ConnectionId, kind: SocketKind, frame: &Map<String, Value>) {
        let outcome = self.check_auth(id, frame).and_then(|caller| self.admit_session(kind, caller));
        if let Err(refusal) = &outcome {
            let key = frame.get("args").and_then(|args| args.get(0)).and_then(Value::as_str);
            self.count_refusal(self.owner(key), refusal.code);
        }
        if let (Ok(caller), Some(session)) = (&outcome, self.hub.session(id)) {
            session.caller = Some(caller.clone());
        }
        let reply = match kind {
            SocketKind::Trade => {
                let (code, message) = match &outcome {
                    Ok(_) => (0, "OK"),
                    Err(refusal) => (refusal.code, refusal.message.as_str()),
                };
                let mut reply =
                    json!({"retCode": code, "retMsg": message, "op": "auth", "connId": connection_name(id)});
                echo(&mut reply, frame, "req_id");
                echo(&mut reply, frame, "reqId");
                reply
            }
            SocketKind::Public(_) | SocketKind::Private => {
                let mut reply = acknowledgement(
                    (id, kind),
                    "auth",
                    frame,
                    outcome.as_ref().map(|_| ()).map_err(|r| r.message.clone()),
                );
                if let Err(refusal) = &outcome {
                    let name = match self.doubts.auth_failure_code {
                        AuthFailureCode::SnakeCase => "ret_code",
                        AuthFailureCode::CamelCase => "retCode",
                    };
                    reply[name] = refusal.code.into();
                }
                reply
            }
        };
        self.send(id, &reply);
    }

    fn check_auth(&mut self, id: ConnectionId, frame: &Map<String, Value>) -> Result<Caller, Refusal> {
        let Some([key, expires, signature]) = frame.get("args").and_then(Value::as_array).map(Vec::as_slice)
        else {
            return Err(Refusal::parameter("auth takes [api_key, expires, signature]"));
        };
        let session = self.hub.session(id).ok_or_else(|| Refusal::new(10007, "the connection is gone"))?;
        if session.caller.is_some() {
            return Err(Refusal::new(20001, "already authenticated"));
        }
        // Clients write the expiry as a number or as text; the signature covers its digits either way.
        let expires = expires.as_str().map_or_else(|| expires.to_string(), str::to_owned);
        let peer = session.peer;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.keys.verify_socket([&text(key), &expires, &text(signature)], peer, self.wall_ms())
    }

    /// Holds the count of an account's trade sockets within the venue's limit, if it has one.
    fn admit_session(&self, kind: SocketKind, caller: Caller) -> Result<Caller, Refusal> {
        let most = usize::try_from(self.doubts.trade_sessions_max).unwrap_or(usize::MAX);
        if kind == SocketKind::Trade && most > 0 && self.hub.count(kind, caller.uid) >= most {
            return Err(Refusal::new(10003, "Too many sessions under the same UID"));
        }
        Ok(caller)
    }

    fn subscribe(&mut self, id: ConnectionId, kind: SocketKind, frame: &Map<String, Value>) {
        let topics = topics(frame);
        let limited = self.limits_rates().then(|| self.topics_over_limit(id, kind, &topics)).flatten();
        let (refusal, accepted) = match limited {
            None => self.judge_topics(id, kind, topics),
            Some(TooManyTopics::Refuse(text)) => (Some(text.to_owned()), Vec::new()),
            Some(TooManyTopics::HangUp) => return self.hub.close(id),
        };
        let mut reply = acknowledgement((id, kind), "subscribe", frame, refusal.map_or(Ok(()), Err));
        if kind == SocketKind::Public(Category::Spot) && reply["success"] == true {
            reply["ret_msg"] = "subscribe".into();
        }
        match self.doubts.first_frame {
            FirstFrame::AfterAcknowledgement => {
                self.send(id, &reply);
                self.open_topics(id, kind, &accepted);
            }
            FirstFrame::BeforeAcknowledgement => {
                self.open_topics(id, kind, &accepted);
                self.send(id, &reply);
            }
        }
    }

    fn topics_over_limit(
        &mut self,
        id: ConnectionId,
        kind: SocketKind,
        topics: &[String],
    ) -> Option<TooManyTopics> {
        let (count, characters) = self.hub.session(id)?.topic_load();
        let more: usize = topics.iter().map(String::len).sum();
        let asked = topics.len();
        let load = TopicLoad { asked, topics: count + asked, characters: characters + more };
        self.quotas.check_topics(kind, load)
    }

    /// Why a subscribe request is refused, if it is, and which of its topics are opened all the same.
    fn judge_topics(
        &mut self,
        id: ConnectionId,
        kind: SocketKind,
        topics: Vec<String>,
    ) -> (Option<String>, Vec<String>) {
        let Some(session) = self.hub.session(id) else { return (None, Vec::new()) };
        if kind == SocketKind::Private && session.caller.is_none() {
            return (Some("Request not authorized".to_owned()), Vec::new());
        }
        let repeated = topics.iter().find(|topic| session.has_topic(topic)).cloned();
        let refuses_repeated = self.doubts.repeated_topic == RepeatedTopic::Refuse;
        let (good, bad): (Vec<_>, Vec<_>) = topics.into_iter().partition(|topic| self.has_topic(kind, topic));
        let refusal = match (bad.first(), repeated.filter(|_| refuses_repeated)) {
            (Some(topic), _) => Some(format!("error:handler not found,topic:{topic}")),
            (None, Some(topic)) => Some(format!("error:already subscribed,topic:{topic}")),
            (None, None) => None,
        };
        match (&refusal, self.doubts.bad_topic) {
            (Some(_), BadTopic::FailAll) => (refusal, Vec::new()),
            (Some(_), BadTopic::KeepGood) | (None, _) => (refusal, good),
        }
    }

    fn open_topics(&mut self, id: ConnectionId, kind: SocketKind, topics: &[String]) {
        for text in topics {
            let SocketKind::Public(category) = kind else {
                self.hub.subscribe(id, text);
                continue;
            };
            let heard = self.hub.is_heard(category, text);
            // A repeated subscription changes nothing.
            if !self.hub.subscribe(id, text) {
                continue;
            }
            let (now_ms, uptime) = (self.now_ms(), self.uptime());
            let view = View {
                core: &self.core,
                traded: &self.traded,
                digits: &self.digits,
                doubts: &self.doubts,
                now_ms,
                uptime,
            };
            let feeds = self.feeds.iter_mut().find(|feeds| feeds.category() == category);
            if let Some(first) = feeds.and_then(|feeds| feeds.first_frame(text, heard, &view)) {
                self.hub.send(id, first.into());
            }
        }
    }

    fn has_topic(&self, kind: SocketKind, text: &str) -> bool {
        match kind {
            SocketKind::Private => private::is_topic(text),
            SocketKind::Public(category) => Topic::parse(text).is_some_and(|topic| {
                let is_listed = |symbol| self.digits.get(category, symbol).is_some();
                topic.symbol().is_none_or(is_listed) && topic.is_in(category)
            }),
            SocketKind::Trade => false,
        }
    }

    fn unsubscribe(&mut self, (id, kind): (ConnectionId, SocketKind), frame: &Map<String, Value>) {
        for topic in topics(frame) {
            self.hub.unsubscribe(id, &topic);
            let uid = self.hub.session(id).and_then(|session| session.uid());
            if let (Some(uid), Some(product)) = (uid, Product::of_topic(&topic)) {
                self.protection.let_go(uid, product);
            }
        }
        let reply = acknowledgement((id, kind), "unsubscribe", frame, Ok(()));
        self.send(id, &reply);
    }
}
