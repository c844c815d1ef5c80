//! Random schedules: connections that come and go, replies that are lost, late, doubled, refused or damaged, and
//! time that jumps ahead. Whatever happens, what the engine relies on holds.
//!
//! How many are played: see `crate::chaos`.

use super::{
    tests::{PONG, TRADE_LOGGED_IN, at, close, credentials, submit},
    *,
};
use crate::{
    budget::{RateLimits, SharedBudget},
    chaos::{maybe_damaged, play},
    codec::Spares,
    encode::Mutation,
    halt::HaltEpoch,
};
use fastrand::Rng;
use std::collections::{BTreeMap, VecDeque};
use windvane_model::{AccountEvent, Cancel, ClientOrderId, Link, LinkState, Symbol, WallTime};

const STEPS: usize = 120;

const PUBLIC: [&str; 4] = [
    include_str!("../../tests/payloads/public/orderbook-delta.json"),
    include_str!("../../tests/payloads/public/orderbook-snapshot.json"),
    include_str!("../../tests/payloads/public/candles-at-a-boundary.json"),
    include_str!("../../tests/payloads/public/ticker-snapshot.json"),
];
const PRIVATE: [&str; 3] = [
    include_str!("../../tests/payloads/private/executions.json"),
    include_str!("../../tests/payloads/private/position-open-and-flat.json"),
    include_str!("../../tests/payloads/private/wallet.json"),
];

fn pong() -> String {
    PONG.to_owned()
}

/// One session with a clock, and what must hold of its output whatever it is.
struct Ride<S: Session> {
    session: S,
    now_ms: i64,
    is_open: bool,
    link: LinkState,
    inputs: u64,
}

impl<S: Session> Ride<S> {
    fn new(session: S) -> Self {
        Self { session, now_ms: 0, is_open: false, link: LinkState::Down, inputs: 0 }
    }

    /// Gives one input and checks what comes out.
    fn input(&mut self, act: impl FnOnce(&mut S, Moment, &mut Output)) -> Output {
        let mut out = Output::default();
        act(&mut self.session, at(self.now_ms), &mut out);
        self.inputs += 1;
        for event in &out.events {
            let Event::Link(Link::Public(state) | Link::Private(state) | Link::Trade(state)) = event else {
                continue;
            };
            assert_ne!(*state, self.link, "a link comes up and goes down in turns");
            self.link = *state;
        }
        assert!(!self.session.is_ready() || self.link == LinkState::Up);
        assert!(self.is_open || out.frames.is_empty(), "nothing is sent without a connection");
        assert!(
            out.frames.iter().all(|frame| serde_json::from_str::<serde_json::Value>(&frame.text).is_ok())
        );
        out
    }

    /// Lets time pass, deadlines included, and ends the connection where the session wants that. What came out, with
    /// its time in ms.
    fn pass(&mut self, ms: i64) -> Vec<(i64, Output)> {
        let mut told = vec![];
        let until = self.now_ms + ms;
        for round in 0.. {
            assert!(round < 10_000, "deadlines without end");
            let due = self.session.next_deadline().filter(|due| *due <= at(until).wall);
            let Some(due) = due.filter(|_| self.is_open) else { break };
            self.now_ms = self.now_ms.max(due.as_millis() + i64::from(due.0 % 1_000_000 != 0));
            let out = self.input(|session, moment, out| session.deadline(moment, out));
            let ends = out.close.is_some();
            told.push((self.now_ms, out));
            if ends {
                told.push((self.now_ms, self.close()));
            }
        }
        self.now_ms = until.max(self.now_ms);
        told
    }

    fn open(&mut self) -> Output {
        self.is_open = true;
        self.input(|session, moment, out| session.open(moment, out))
    }

    fn close(&mut self) -> Output {
        self.is_open = false;
        let out = self.input(|session, _, out| session.closed(out));
        assert_eq!(self.link, LinkState::Down);
        assert_eq!(self.session.next_deadline(), None, "a closed connection waits for nothing");
        out
    }

    fn text(&mut self, text: &str) -> Output {
        self.input(|session, moment, out| session.text(moment, text, out))
    }
}

fn id(number: u32) -> ClientOrderId {
    ClientOrderId::new(&format!("w01-{number}")).unwrap()
}

/// An entry, a close or a cancel.
fn mutation(number: u32, now: WallTime, random: &mut Rng) -> Mutation {
    let limit = random.bool().then(|| now.after(random.i64(1..3_000)));
    match random.u8(..4) {
        0 => {
            let symbol = Symbol::new("BTCUSDT").unwrap();
            Mutation::Cancel(Cancel { client_order_id: Some(id(number)), order_id: None, symbol })
        }
        1 => close(number),
        _ => submit(number, limit),
    }
}

fn answered(out: &Output) -> impl Iterator<Item = ClientOrderId> {
    out.events.iter().filter_map(|event| match event {
        Event::Account(AccountEvent::Acknowledged(a)) => a.client_order_id,
        Event::Account(AccountEvent::Refused(r)) => r.client_order_id,
        Event::Account(AccountEvent::Undetermined(u)) => u.client_order_id,
        _ => None,
    })
}

/// What the books of a schedule on the trade socket say.
#[derive(Default)]
struct Books {
    asked: u32,
    answers: BTreeMap<ClientOrderId, u32>,
    /// When `order.create` frames left, ms.
    creates: VecDeque<i64>,
    /// When orders left in batches, ms.
    batched: VecDeque<i64>,
    /// Frames without an answer yet: request id, operation, items of a batch.
    unanswered: Vec<(String, String, usize)>,
}

impl Books {
    fn take(&mut self, now_ms: i64, out: &Output) {
        for id in answered(out) {
            *self.answers.entry(id).or_default() += 1;
        }
        for frame in &out.frames {
            let json: serde_json::Value = serde_json::from_str(&frame.text).unwrap();
            let items = json["args"][0]["request"].as_array().map_or(0, Vec::len);
            match json["op"].as_str() {
                Some("order.create") => self.creates.push_back(now_ms),
                Some("order.create-batch") => self.batched.extend(std::iter::repeat_n(now_ms, items)),
                _ => {}
            }
            if let (Some(request), Some(op)) = (json["reqId"].as_str(), json["op"].as_str()) {
                self.unanswered.push((request.to_owned(), op.to_owned(), items));
            }
        }
        // The venue's rolling second, at its earliest: each request arrives as it is sent.
        for sent in [&mut self.creates, &mut self.batched] {
            while sent.len() > 10 {
                let first = sent.pop_front().unwrap();
                assert!(sent[9] - first >= 1_000, "eleven orders within a second");
            }
        }
    }
}

fn trade_schedule(random: &mut Rng) -> u64 {
    let budget = SharedBudget::new(RateLimits::Published, random.fork());
    let mut ride =
        Ride::new(TradeSession::new(credentials(), Timing::default(), 77, budget, HaltEpoch::default()));
    let mut books = Books::default();
    for _ in 0..STEPS {
        let out = match random.u8(..16) {
            0 if ride.is_open => ride.close(),
            0..=2 if !ride.is_open => ride.open(),
            0..=2 => ride.text(TRADE_LOGGED_IN),
            3..=8 => {
                books.asked += 1;
                let mutation = mutation(books.asked, at(ride.now_ms).wall, random);
                ride.input(|session, moment, out| session.request(moment, mutation.into(), out))
            }
            9..=12 if ride.is_open && !books.unanswered.is_empty() => {
                let place = random.usize(..books.unanswered.len());
                // Some answers come twice.
                let request = match random.bool() {
                    true => books.unanswered.swap_remove(place),
                    false => books.unanswered[place].clone(),
                };
                let (id, op, items) = request;
                let code = *random.choice(&[0, 0, 0, 110007, 10006, 10016, 10019, 10429, 10002]).unwrap();
                let items: Vec<_> = (0..items)
                    .map(|_| {
                        format!(r#"{{"code":{},"msg":"m"}}"#, random.choice(&[0, 0, 110007, 10006]).unwrap())
                    })
                    .collect();
                let ext = format!(r#"{{"list":[{}]}}"#, items.join(","));
                let text = format!(
                    r#"{{"reqId":"{id}","retCode":{code},"retMsg":"m","op":"{op}","data":{{}},"retExtInfo":{ext}}}"#
                );
                ride.text(&maybe_damaged(&text, random))
            }
            13 if ride.is_open => ride.text(&pong()),
            _ => {
                for (at_ms, out) in ride.pass(random.i64(1..2_500)) {
                    books.take(at_ms, &out);
                }
                Output::default()
            }
        };
        books.take(ride.now_ms, &out);
        if out.hands_over && random.bool() {
            // The old connection answers nothing more; the new one may come up or not.
            let next = ride.session.successor();
            let mut old = std::mem::replace(&mut ride.session, next);
            let mut last = Output::default();
            old.closed(&mut last);
            books.take(ride.now_ms, &last);
            let out = ride.open();
            books.take(ride.now_ms, &out);
        }
        if out.close.is_some() && ride.is_open {
            let out = ride.close();
            books.take(ride.now_ms, &out);
        }
    }
    let out = ride.close();
    books.take(ride.now_ms, &out);
    assert_eq!(books.answers.len(), books.asked as usize, "every request is answered");
    assert!(books.answers.values().all(|times| *times == 1), "exactly once: {:?}", books.answers);
    ride.inputs
}

fn stream_schedule<S: Session>(session: S, texts: &[&str], random: &mut Rng) -> u64 {
    let mut ride = Ride::new(session);
    let mut waiting: VecDeque<String> = VecDeque::new();
    for _ in 0..STEPS {
        let out = match random.u8(..16) {
            0 if ride.is_open => ride.close(),
            0..=2 if !ride.is_open => {
                waiting.clear();
                ride.open()
            }
            1..=6 if ride.is_open && !waiting.is_empty() => {
                let place = random.usize(..waiting.len());
                let text = waiting.swap_remove_back(place).unwrap();
                ride.text(&maybe_damaged(&text, random))
            }
            7..=12 if ride.is_open => ride.text(&maybe_damaged(random.choice(texts).unwrap(), random)),
            13 if ride.is_open => ride.text(&pong()),
            _ => {
                ride.pass(random.i64(1..9_000));
                Output::default()
            }
        };
        for frame in &out.frames {
            let json: serde_json::Value = serde_json::from_str(&frame.text).unwrap();
            let (op, id) = (json["op"].as_str().unwrap(), json["req_id"].as_str().unwrap_or_default());
            let success = random.u8(..) > 8;
            waiting.push_back(match op {
                "ping" => pong(),
                _ => format!(
                    r#"{{"success":{success},"ret_msg":"","op":"{op}","req_id":"{id}","conn_id":"c"}}"#
                ),
            });
        }
        if out.close.is_some() && ride.is_open {
            ride.close();
        }
    }
    ride.inputs
}

#[test]
fn every_request_on_the_trade_socket_is_answered_once_whatever_happens() {
    play("trade", trade_schedule);
}

#[test]
fn the_private_stream_survives_whatever_happens() {
    let session = |random: &mut Rng| {
        let session = PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off);
        if random.bool() { session.with_fast_executions() } else { session }
    };
    play("private", |random| stream_schedule(session(random), &PRIVATE, random));
}

#[test]
fn a_public_connection_survives_whatever_happens() {
    let symbol = |name| Symbol::new(name).unwrap();
    play("public", |random| {
        let topics =
            ["BTCUSDT", "ETHUSDT"].map(|name| [Topic::Book(symbol(name)), Topic::Ticker(symbol(name))]);
        let session =
            PublicSession::new(topics.concat(), Timing::default(), Shards::of(1), Spares::default()).unwrap();
        stream_schedule(session, &PUBLIC, random)
    });
}
