//! Scripts: texts and times in, texts and events out. A test that proves a row of the failure catalogue begins with its
//! number.

mod account;
mod entry;
mod market;
mod operations;
mod private;

use super::*;
use crate::{
    budget::{RateLimits, SharedBudget},
    codec::Spares,
    encode::Mutation,
    halt::{HaltEpoch, Handed},
    sign::{Credentials, Secret},
};
use std::sync::Arc;
use windvane_model::{
    AccountEvent, BookUpdateKind, Cancel, Command, Link, LinkState, OrderKind, OrderStatus, PositionIndex,
    Qty, Role, Side, Submit, Symbol, Triggers,
};

/// Drives one session and keeps what came out of the last input.
struct Script<S: Session> {
    session: S,
    out: Output,
}

impl<S: Session> Script<S> {
    fn new(session: S) -> Self {
        let mut script = Self { session, out: Output::default() };
        script.open(0);
        script
    }

    fn input(&mut self, act: impl FnOnce(&mut S, &mut Output)) -> &mut Self {
        self.out = Output::default();
        act(&mut self.session, &mut self.out);
        self
    }

    fn open(&mut self, ms: i64) -> &mut Self {
        self.input(|session, out| session.open(at(ms), out))
    }

    fn text(&mut self, ms: i64, text: &str) -> &mut Self {
        self.input(|session, out| session.text(at(ms), text, out))
    }

    fn request(&mut self, ms: i64, request: impl Into<S::Request>) -> &mut Self {
        self.input(|session, out| session.request(at(ms), request.into(), out))
    }

    /// Lets time pass up to the next deadline, which must be due then.
    fn pass(&mut self, expected_ms: i64) -> &mut Self {
        assert_eq!(self.session.next_deadline(), Some(at(expected_ms).wall));
        self.input(|session, out| session.deadline(at(expected_ms), out))
    }

    /// Lets time pass with every deadline on the way; keeps all that came out.
    fn run(&mut self, until_ms: i64) -> &mut Self {
        self.out = Output::default();
        while let Some(due) = self.session.next_deadline().filter(|due| *due <= at(until_ms).wall) {
            self.session.deadline(at(due.as_millis()), &mut self.out);
        }
        self
    }

    fn close(&mut self) -> &mut Self {
        self.input(|session, out| session.closed(out))
    }

    fn sent(&self) -> Vec<&str> {
        self.out.frames.iter().map(|frame| frame.text.as_str()).collect()
    }
}

pub(super) fn at(ms: i64) -> Moment {
    Moment { wall: WallTime(ms * 1_000_000), stamp_ms: 1_700_000_000_000 + ms }
}

pub(super) fn credentials() -> Arc<Credentials> {
    let secret = Secret::new("testSecret0000000000000000000000001".to_owned());
    Arc::new(Credentials::new("testKey000000000001".to_owned(), secret).unwrap())
}

fn budget() -> SharedBudget {
    SharedBudget::new(RateLimits::Published, fastrand::Rng::with_seed(1))
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

fn public(topics: Vec<Topic>) -> Script<PublicSession> {
    Script::new(PublicSession::new(topics, Timing::default(), Shards::of(1), Spares::default()).unwrap())
}

fn ready_public() -> Script<PublicSession> {
    let mut script = public(vec![Topic::Book(symbol("BTCUSDT")), Topic::Ticker(symbol("BTCUSDT"))]);
    script.text(1, r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"1","op":"subscribe"}"#);
    assert!(script.session.is_ready());
    script
}

const LOGGED_IN: &str = r#"{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}"#;
const SUBSCRIBED: &str = r#"{"success":true,"ret_msg":"","op":"subscribe","conn_id":"c"}"#;
pub(super) const TRADE_LOGGED_IN: &str = r#"{"retCode":0,"retMsg":"OK","op":"auth","connId":"c"}"#;
pub(super) const PONG: &str = r#"{"req_id":"","op":"pong","args":["1"],"conn_id":"c"}"#;

fn ready_private() -> Script<PrivateSession> {
    let mut script =
        Script::new(PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off));
    script.text(1, LOGGED_IN);
    for _ in 0..4 {
        script.text(2, SUBSCRIBED);
    }
    assert_eq!(script.out.events, [Event::Link(Link::Private(LinkState::Up))]);
    script
}

fn ready_trade() -> Script<TradeSession> {
    let mut script =
        Script::new(TradeSession::new(credentials(), Timing::default(), 77, budget(), HaltEpoch::default()));
    script.text(1, TRADE_LOGGED_IN);
    assert_eq!(script.out.events, [Event::Link(Link::Trade(LinkState::Up))]);
    script
}

pub(super) fn submit(number: u32, send_before: Option<WallTime>) -> Mutation {
    Mutation::Submit(Submit {
        client_order_id: ClientOrderId::new(&format!("w01-{number}")).unwrap(),
        symbol: symbol("BTCUSDT"),
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new("0.01".parse().unwrap()).unwrap(),
        kind: OrderKind::Market { max_slippage_ticks: None },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before,
    })
}

/// The account events of the last input, as `kind client-order-id code`.
fn account(out: &Output) -> Vec<String> {
    let id = |id: Option<ClientOrderId>| id.map_or(String::new(), |id| id.to_string());
    out.events
        .iter()
        .filter_map(|event| match event {
            Event::Account(AccountEvent::Acknowledged(a)) => {
                Some(format!("acknowledged {} {:?}", id(a.client_order_id), a.order_id))
            }
            Event::Account(AccountEvent::Refused(r)) => {
                Some(format!("{} {} {}", r.family.as_str(), id(r.client_order_id), r.code))
            }
            Event::Account(AccountEvent::Undetermined(u)) => {
                Some(format!("undetermined {} {}", id(u.client_order_id), u.code))
            }
            _ => None,
        })
        .collect()
}

/// A close of the position that `submit` opens.
/// What is told of the cause when the venue says that an order was cancelled, and by `cancel_type`.
fn told_cancel_type(cancel_type: &str) -> String {
    let mut script = ready_private();
    script.text(
        10,
        &format!(
            r#"{{"topic":"order","creationTime":5,"data":[{{"category":"linear","symbol":"BTCUSDT","orderId":"v-1","side":"Buy",
            "qty":"1","orderStatus":"Cancelled","cancelType":"{cancel_type}"}}]}}"#
        ),
    );
    let [Event::Account(AccountEvent::Order(report))] = script.out.events.as_slice() else {
        panic!("{:?}", script.out)
    };
    report.cancel_type.as_str().to_owned()
}

pub(super) fn close(number: u32) -> Mutation {
    let Mutation::Submit(order) = submit(number, None) else { unreachable!("a submit") };
    Mutation::Submit(Submit { reduce_only: true, ..order })
}
