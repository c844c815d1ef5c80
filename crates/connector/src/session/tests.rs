//! Scripts: texts and times in, texts and events out.

use super::*;
use crate::{
    budget::{RateLimits, SharedBudget},
    codec::Spares,
    encode::Mutation,
    sign::{Credentials, Secret},
};
use std::sync::Arc;
use windvane_model::{
    AccountEvent, BookUpdateKind, Cancel, Command, Link, LinkState, OrderKind, PositionIndex, Qty, Role,
    Side, Submit, Symbol,
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

    fn request(&mut self, ms: i64, request: S::Request) -> &mut Self {
        self.input(|session, out| session.request(at(ms), request, out))
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
    let mut script = Script::new(TradeSession::new(credentials(), Timing::default(), 77, budget()));
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

#[test]
fn public_topics_are_asked_for_in_groups_and_up_means_all_answered() {
    let topics = (0..12).map(|n| Topic::Trades(symbol(&format!("C{n:02}USDT")))).collect();
    let mut script = public(topics);
    assert_eq!(script.sent().len(), 2, "ten and two");
    assert!(script.sent()[1].contains(r#""args":["publicTrade.C10USDT","publicTrade.C11USDT"]"#));
    script.text(1, r#"{"success":true,"ret_msg":"","req_id":"2","op":"subscribe"}"#);
    assert!(!script.session.is_ready());
    script.text(2, r#"{"success":true,"ret_msg":"","req_id":"1","op":"subscribe"}"#);
    assert_eq!(script.out.events, [Event::Link(Link::Public(LinkState::Up))]);
}

#[test]
fn a_refused_group_is_asked_again_one_by_one_and_the_good_topics_stay() {
    let mut script = public(vec![Topic::Ticker(symbol("BTCUSDT")), Topic::Ticker(symbol("NOPEUSDT"))]);
    script.text(1, r#"{"success":false,"ret_msg":"handler not found","req_id":"1","op":"subscribe"}"#);
    assert_eq!(script.sent().len(), 2);
    script.text(2, r#"{"success":true,"ret_msg":"","req_id":"2","op":"subscribe"}"#);
    script.text(3, r#"{"success":false,"ret_msg":"handler not found","req_id":"3","op":"subscribe"}"#);
    assert!(script.session.is_ready(), "one bad contract must not stop the others");
    assert!(
        script
            .out
            .observations
            .contains(&Observation::Connected { stream: Stream::Public, subscriptions: 1 })
    );
}

#[test]
fn subscribing_twice_is_no_failure() {
    let mut script = public(vec![Topic::Ticker(symbol("BTCUSDT"))]);
    script.text(
        1,
        r#"{"success":false,"ret_msg":"error:already subscribed,topic:tickers.BTCUSDT","req_id":"1","op":"subscribe"}"#,
    );
    assert!(script.session.is_ready());
}

#[test]
fn c01_a_fresh_book_is_asked_for_once_and_alone() {
    let mut script = ready_public();
    script.request(5, PublicRequest::ResubscribeBook(symbol("BTCUSDT")));
    assert_eq!(
        script.sent(),
        [
            r#"{"args":["orderbook.50.BTCUSDT"],"op":"unsubscribe","req_id":"2"}"#,
            r#"{"args":["orderbook.50.BTCUSDT"],"op":"subscribe","req_id":"3"}"#
        ]
    );
    script.request(6, PublicRequest::ResubscribeBook(symbol("BTCUSDT")));
    assert_eq!(script.sent(), [] as [&str; 0], "one is under way");
    script.text(7, r#"{"success":true,"ret_msg":"","req_id":"2","op":"unsubscribe"}"#);
    script.text(8, r#"{"success":true,"ret_msg":"","req_id":"3","op":"subscribe"}"#);
    assert_eq!(script.out.events, [], "the link was up all the time");
    let snapshot = r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":9,"data":{"s":"BTCUSDT","b":[],"a":[],"u":9,"seq":1}}"#;
    script.text(9, snapshot);
    assert!(matches!(&script.out.market[0], MarketEvent::Book(b) if b.kind == BookUpdateKind::Snapshot));
    script.request(10, PublicRequest::ResubscribeBook(symbol("BTCUSDT")));
    assert_eq!(script.sent().len(), 2, "and again when it is needed again");
}

#[test]
fn c01_a_book_that_is_lost_while_it_is_asked_for_is_asked_for_again() {
    let mut script = ready_public();
    let btc = symbol("BTCUSDT");
    script.request(5, PublicRequest::ResubscribeBook(btc));
    assert_eq!(script.sent().len(), 2);
    let snapshot = r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":9,"data":{"s":"BTCUSDT","b":[],"a":[],"u":9,"seq":1}}"#;
    script.text(6, snapshot);
    // It was lost again, and the answers are still to come.
    script.request(7, PublicRequest::ResubscribeBook(btc));
    assert_eq!(script.sent(), [] as [&str; 0]);
    script.text(8, r#"{"success":true,"ret_msg":"","req_id":"2","op":"unsubscribe"}"#);
    script.text(9, r#"{"success":true,"ret_msg":"","req_id":"3","op":"subscribe"}"#);
    assert_eq!(script.sent().len(), 2, "{:?}", script.sent());
}

#[test]
fn c01_a_connection_that_stays_up_asks_for_its_books_anew_when_another_takes_the_link_down() {
    let shards = Shards::of(2);
    let connection = |name| {
        let topics = vec![Topic::Book(symbol(name)), Topic::Ticker(symbol(name))];
        let mut script = Script::new(
            PublicSession::new(topics, Timing::default(), shards.clone(), Spares::default()).unwrap(),
        );
        script.text(1, r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"1","op":"subscribe"}"#);
        script
    };
    let (mut stays, mut goes) = (connection("BTCUSDT"), connection("ETHUSDT"));
    assert_eq!(stays.text(2, PONG).sent(), [] as [&str; 0]);
    assert_eq!(
        goes.close().out.events,
        [Event::Link(Link::Public(LinkState::Down))],
        "the engine forgets every book"
    );
    assert!(stays.text(3, PONG).sent()[1].contains(r#""args":["orderbook.50.BTCUSDT"],"op":"subscribe""#));
    assert_eq!(stays.text(4, PONG).sent(), [] as [&str; 0], "once");
    goes.open(5);
    goes.text(6, r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"2","op":"subscribe"}"#);
    assert_eq!(goes.out.events, [Event::Link(Link::Public(LinkState::Up))]);
    assert_eq!(goes.text(7, PONG).sent(), [] as [&str; 0], "its own snapshots have come with it");
}

#[test]
fn c01_a_book_whose_snapshot_is_lost_is_asked_for_again_whatever_changes_come() {
    let mut script = ready_public();
    script.request(1_000, PublicRequest::ResubscribeBook(symbol("BTCUSDT")));
    script.text(1_001, r#"{"success":true,"ret_msg":"","req_id":"2","op":"unsubscribe"}"#);
    script.text(1_002, r#"{"success":true,"ret_msg":"","req_id":"3","op":"subscribe"}"#);
    let delta = r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":9,"data":{"s":"BTCUSDT","b":[],"a":[],"u":10,"seq":1}}"#;
    let ticker =
        r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":9,"data":{"symbol":"BTCUSDT","lastPrice":"5"}}"#;
    let mut asked = 0;
    for second in 2..=40 {
        script.text(second * 1_000, delta).text(second * 1_000, ticker).text(second * 1_000, PONG);
        script.run(second * 1_000 + 999);
        asked += script.sent().iter().filter(|text| text.contains(r#""op":"subscribe""#)).count();
    }
    assert_eq!(asked, 1);
}

#[test]
fn b02_d09_pings_go_out_on_time_and_a_lost_pong_ends_the_connection() {
    let mut script = ready_private();
    script.pass(20_000);
    assert_eq!(script.sent(), [r#"{"op":"ping"}"#]);
    script.text(20_100, PONG);
    script.pass(40_000);
    assert_eq!((script.sent().len(), script.out.close), (1, None));
    script.pass(50_000);
    assert_eq!(script.out.close, Some(CloseReason::PongLost));
    script.close();
    assert_eq!(script.out.events, [Event::Link(Link::Private(LinkState::Down))]);
}

#[test]
fn c02_a_public_stream_that_only_answers_pings_is_silent() {
    let timing = Timing { topic_silence_ms: 1_000_000, ..Timing::default() };
    let topics = vec![Topic::Ticker(symbol("BTCUSDT"))];
    let mut script =
        Script::new(PublicSession::new(topics, timing, Shards::of(1), Spares::default()).unwrap());
    script.text(0, r#"{"success":true,"ret_msg":"","req_id":"1","op":"subscribe"}"#);
    for ping in [20_000, 40_000] {
        script.pass(ping);
        script.text(ping + 50, r#"{"success":true,"ret_msg":"pong","conn_id":"c","op":"ping"}"#);
    }
    // Both the third ping and the silence are due.
    script.pass(60_000);
    assert_eq!(script.out.close, Some(CloseReason::Silent));
}

#[test]
fn b04_private_is_up_only_after_log_in_and_every_topic() {
    let mut script =
        Script::new(PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off));
    assert_eq!(
        script.sent(),
        [
            r#"{"args":["testKey000000000001",1700000005000,"db06c8c12962b0a08ff9b70d791d8cf11221f361dcf98636e5a569108f919b14"],"op":"auth","req_id":"1"}"#
        ]
    );
    script.text(1, LOGGED_IN);
    assert_eq!(script.sent().len(), 4);
    assert!(script.sent()[1].contains(r#""args":["execution"]"#));
    for confirmed in 1..=4 {
        script.text(2, SUBSCRIBED);
        assert_eq!(script.session.is_ready(), confirmed == 4);
    }
}

#[test]
fn d10_the_protection_against_disconnection_is_armed_where_it_is_wanted_and_then_must_be_confirmed() {
    let session = PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Armed);
    let mut script = Script::new(session);
    script.text(1, LOGGED_IN);
    assert!(script.sent()[4].contains(r#""args":["dcp.future"]"#), "{:?}", script.sent());
    for confirmed in 1..=5 {
        script.text(2, SUBSCRIBED);
        assert_eq!(script.session.is_ready(), confirmed == 5);
    }
}

#[test]
fn b04_a_refused_private_topic_never_comes_up() {
    let mut script =
        Script::new(PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off));
    script.text(1, LOGGED_IN);
    script.text(2, r#"{"success":false,"ret_msg":"Request not authorized","op":"subscribe","conn_id":"c"}"#);
    assert_eq!(script.out.close, Some(CloseReason::TopicRefused));
    assert!(!script.session.is_ready());
}

#[test]
fn b04_an_unconfirmed_topic_or_an_unanswered_log_in_ends_the_connection() {
    let mut script =
        Script::new(PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off));
    script.pass(10_000);
    assert_eq!(script.out.close, Some(CloseReason::LoginLost));
    script.close();
    script.open(11_000).text(11_001, LOGGED_IN);
    script.pass(21_001);
    assert_eq!(script.out.close, Some(CloseReason::ConfirmLost));
}

#[test]
fn e06_a_refused_key_halts_the_engine_and_a_busy_venue_does_not() {
    for (code, halts) in [(10003, false), (10004, true), (10010, true), (10016, false)] {
        let mut script = Script::new(TradeSession::new(credentials(), Timing::default(), 77, budget()));
        script.text(1, &format!(r#"{{"retCode":{code},"retMsg":"no","op":"auth","connId":"c"}}"#));
        assert_eq!(script.out.close, Some(CloseReason::LoginRefused), "{code}");
        let halt = Event::Control(Control::Halt(HaltCause::Authentication));
        assert_eq!(script.out.events.contains(&halt), halts, "{code}");
    }
}

#[test]
fn d06_after_a_reconnect_everything_starts_anew() {
    let mut script = ready_private();
    script.close();
    assert_eq!(script.session.next_deadline(), None);
    script.open(60_000);
    assert!(script.sent()[0].contains("1700000065000"), "the log-in is signed anew");
    script.text(60_001, LOGGED_IN);
    for _ in 0..4 {
        assert!(!script.session.is_ready());
        script.text(60_002, SUBSCRIBED);
    }
    assert_eq!(script.out.events, [Event::Link(Link::Private(LinkState::Up))]);
}

fn execution(topic: &str, id: &str) -> String {
    format!(
        r#"{{"topic":"{topic}","creationTime":1,"data":[{{"category":"linear","symbol":"BTCUSDT","execId":"{id}","execPrice":"60000","execQty":"0.01","orderId":"v-1","orderLinkId":"","side":"Buy","execType":"Trade","execFee":"0.3","feeCurrency":"USDT","isMaker":false,"execTime":"1700000000000","seq":1}}]}}"#
    )
}

fn hearing_fast() -> Script<PrivateSession> {
    let session = PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off);
    let mut script = Script::new(session.with_fast_executions());
    script.text(1, LOGGED_IN);
    assert!(script.sent()[4].contains(r#""args":["execution.fast"]"#), "{:?}", script.sent());
    for _ in 0..5 {
        script.text(2, SUBSCRIBED);
    }
    assert!(script.session.is_ready());
    script
}

#[test]
fn b01_a_fill_that_only_the_fast_topic_told_has_the_account_read_anew() {
    let mut script = hearing_fast();
    assert_eq!(
        script.text(1_000, &execution("execution.fast", "e-1")).out.events,
        [],
        "nothing is booked by it"
    );
    script.run(2_999);
    assert_eq!(script.out.events, []);
    script.run(3_000);
    assert_eq!(script.out.events, [Event::Control(Control::Reconcile)]);
    script.run(15_000);
    assert_eq!(script.out.events, [], "once for each");
}

#[test]
fn an_execution_told_by_both_topics_is_one_in_either_order() {
    let mut script = hearing_fast();
    for (first, second, id) in
        [("execution.fast", "execution", "e-1"), ("execution", "execution.fast", "e-2")]
    {
        let mut fills = 0;
        for topic in [first, second] {
            fills += script.text(1_000, &execution(topic, id)).out.events.len();
        }
        assert_eq!(fills, 1, "{first} first");
    }
    script.run(15_000);
    assert_eq!(script.out.events, []);
}

#[test]
fn a_venue_without_the_fast_topic_is_none_the_worse() {
    let session = PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off);
    let mut script = Script::new(session.with_fast_executions());
    script.text(1, LOGGED_IN);
    for _ in 0..4 {
        script.text(2, SUBSCRIBED);
    }
    script.text(3, r#"{"success":false,"ret_msg":"no such topic","op":"subscribe","conn_id":"c"}"#);
    assert!(script.session.is_ready() && script.out.close.is_none());
}

#[test]
fn b13_an_unreadable_private_row_asks_for_a_reconciliation_once_in_a_while() {
    let odd = r#"{"topic":"order","creationTime":1,"data":[{"category":"linear","orderStatus":"Odd"}]}"#;
    let mut script = ready_private();
    let reconcile = [Event::Control(Control::Reconcile)];
    assert_eq!(script.text(1_000, odd).out.events, reconcile);
    assert_eq!(script.text(2_000, odd).out.events, []);
    assert_eq!(script.text(31_000, odd).out.events, reconcile);
    assert_eq!(script.out.close, None, "the stream lives on");
}

#[test]
fn an_order_is_answered_by_its_request_id() {
    let mut script = ready_trade();
    script.request(10, submit(1, None));
    assert!(script.sent()[0].ends_with(r#""op":"order.create","reqId":"77-1"}"#), "{:?}", script.sent());
    assert!(script.sent()[0].contains(r#""X-BAPI-RECV-WINDOW":"2000","X-BAPI-TIMESTAMP":"1700000000010""#));
    script.request(11, submit(2, None));
    script.text(20, r#"{"reqId":"77-2","retCode":110007,"retMsg":"no","op":"order.create","data":{}}"#);
    assert_eq!(account(&script.out), ["insufficient_margin w01-2 110007"]);
    script.text(
        21,
        r#"{"reqId":"77-1","retCode":0,"retMsg":"OK","op":"order.create","data":{"orderId":"v-1","orderLinkId":"w01-1"},"header":{"Timenow":"1700000000015","X-Bapi-Limit-Status":"8"}}"#,
    );
    assert_eq!(account(&script.out), ["acknowledged w01-1 Some(v-1)"]);
    assert!(script.out.clock_sample.is_some());
    script.text(22, r#"{"reqId":"77-1","retCode":0,"retMsg":"OK","op":"order.create","data":{}}"#);
    assert_eq!(account(&script.out), [] as [&str; 0], "an answer counts once");
}

#[test]
fn a01_an_answer_that_does_not_come_leaves_the_outcome_unknown() {
    let mut script = ready_trade();
    script.request(1_000, submit(1, None)).request(3_000, submit(2, None));
    script.pass(6_000);
    assert_eq!(account(&script.out), ["undetermined w01-1 0"]);
    script.pass(8_000);
    assert_eq!(account(&script.out), ["undetermined w01-2 0"]);
    assert_eq!(script.out.close, None);
}

#[test]
fn d04_d05_codes_without_a_certain_meaning_leave_the_outcome_unknown() {
    for code in [10016, 10429, 987_654, 20003] {
        let mut script = ready_trade();
        script.request(10, submit(1, None));
        script.text(11, &format!(r#"{{"reqId":"77-1","retCode":{code},"op":"order.create"}}"#));
        assert_eq!(account(&script.out), [format!("undetermined w01-1 {code}")]);
    }
}

#[test]
fn a14_a_disconnect_makes_what_is_in_flight_unknown_and_refuses_what_comes_after() {
    let mut script = ready_trade();
    script.request(10, submit(1, None)).request(11, submit(2, None));
    script.close();
    assert_eq!(account(&script.out), ["undetermined w01-1 0", "undetermined w01-2 0"]);
    script.request(12, submit(3, None));
    assert_eq!((account(&script.out), script.sent().len()), (vec!["not_sent w01-3 0".to_owned()], 0));
    script.open(1_000).text(1_001, TRADE_LOGGED_IN);
    assert_eq!(script.sent(), [] as [&str; 0], "nothing is replayed");
}

#[test]
fn the_last_look_stops_an_order_that_is_too_old() {
    let mut script = ready_trade();
    script.request(500, submit(1, Some(at(499).wall)));
    assert_eq!((account(&script.out), script.sent().len()), (vec!["not_sent w01-1 0".to_owned()], 0));
    script.request(500, submit(2, Some(at(500).wall)));
    assert_eq!(script.sent().len(), 1);
}

#[test]
fn d05_a_trade_socket_that_drains_is_handed_over_and_the_link_stays_up() {
    let mut script = ready_trade();
    script.request(10, submit(1, None)).request(11, submit(2, None));
    script.text(12, r#"{"reqId":"77-2","retCode":10019,"retMsg":"restarting","op":"order.create"}"#);
    assert_eq!(account(&script.out), ["undetermined w01-2 10019"]);
    assert!(script.out.hands_over && script.out.close.is_none());
    let next = script.session.successor();
    assert!(!script.out.events.iter().any(|event| matches!(event, Event::Link(_))), "{:?}", script.out);
    let mut next = Script::new(next);
    next.request(13, submit(3, None));
    assert_eq!((next.sent(), account(&next.out)), (vec![], vec![]), "it waits for the log-in");
    next.text(14, TRADE_LOGGED_IN);
    assert!(
        next.sent()[0].contains(r#""reqId":"77-3""#) && next.sent()[0].contains("w01-3"),
        "{:?}",
        next.sent()
    );
    assert_eq!(next.out.events, [], "the engine knows one link, and it was up all the time");
    assert!(!script.session.has_finished());
    script.text(15, r#"{"reqId":"77-1","retCode":0,"op":"order.create","data":{"orderId":"v"}}"#);
    assert_eq!(account(&script.out), ["acknowledged w01-1 Some(v)"]);
    assert!(script.session.has_finished());
    assert_eq!(script.close().out.events, [], "the old connection ends without a word");
}

#[test]
fn d05_a_successor_that_does_not_come_up_takes_the_link_down() {
    let mut script = ready_trade();
    script.request(10, submit(1, None));
    script.text(12, r#"{"reqId":"77-1","retCode":10019,"op":"order.create"}"#);
    let mut next = Script::new(script.session.successor());
    next.request(13, submit(2, None));
    next.close();
    assert_eq!(account(&next.out), ["not_sent w01-2 0"]);
    assert!(next.out.events.contains(&Event::Link(Link::Trade(LinkState::Down))));
    next.request(14, submit(3, None));
    assert_eq!(account(&next.out), ["not_sent w01-3 0"]);
}

const DRAINS: &str = r#"{"success":false,"ret_msg":"draining","ret_code":10019,"op":"subscribe"}"#;

#[test]
fn d05_streams_are_handed_over_without_a_gap() {
    let mut private = ready_private();
    private.text(5, DRAINS);
    assert!(private.out.hands_over);
    let mut next = Script::new(private.session.successor());
    next.text(6, LOGGED_IN);
    for _ in 0..4 {
        next.text(7, SUBSCRIBED);
    }
    assert!(next.session.is_ready() && next.out.events.is_empty());
    assert_eq!(private.close().out.events, []);
    assert_eq!(next.close().out.events, [Event::Link(Link::Private(LinkState::Down))]);

    let mut public = ready_public();
    public.text(5, DRAINS);
    assert!(public.out.hands_over);
    let mut next = Script::new(public.session.successor());
    let book = |kind: &str, id: u32| {
        format!(
            r#"{{"topic":"orderbook.50.BTCUSDT","type":"{kind}","ts":9,"data":{{"s":"BTCUSDT","b":[],"a":[],"u":{id}}}}}"#
        )
    };
    for text in [book("snapshot", 7), book("delta", 8)] {
        assert_eq!(next.text(6, &text).out.market, [], "the old connection still tells the same");
        assert_eq!(public.text(6, &text).out.market.len(), 1);
    }
    next.text(7, r#"{"success":true,"ret_msg":"","conn_id":"c","req_id":"1","op":"subscribe"}"#);
    assert_eq!((next.out.market.len(), next.out.events.len()), (2, 0), "from its snapshot on");
    assert_eq!(public.close().out.events, []);
    assert_eq!(next.close().out.events, [Event::Link(Link::Public(LinkState::Down))]);
}

#[test]
fn only_what_the_socket_offers_goes_over_it() {
    let offered = |command| match command {
        Command::Cancel(cancel) => Mutation::Cancel(cancel).socket_operation(),
        Command::CancelAll(all) => Mutation::CancelAll(all).socket_operation(),
        _ => None,
    };
    let id = ClientOrderId::new("w01-1").unwrap();
    let cancel = Cancel { client_order_id: Some(id), order_id: None, symbol: symbol("BTCUSDT") };
    assert_eq!(offered(Command::Cancel(cancel)), Some("order.cancel"));
    let all = windvane_model::CancelAll { symbol: None, spare_protection: false };
    assert_eq!(offered(Command::CancelAll(all)), None);
}

/// A close of the position that `submit` opens.
pub(super) fn close(number: u32) -> Mutation {
    let Mutation::Submit(order) = submit(number, None) else { unreachable!("a submit") };
    Mutation::Submit(Submit { reduce_only: true, ..order })
}

#[test]
fn d02_entries_over_the_rate_limit_wait_while_a_close_goes_out_at_once() {
    let mut script = ready_trade();
    for number in 0..16 {
        script.request(1_000, submit(number, None));
        // Seven by themselves, seven more within the limit of batches.
        let operation = if number < 7 { r#""op":"order.create","# } else { r#""op":"order.create-batch","# };
        assert_eq!(script.sent().len(), usize::from(number < 14), "entry {number}");
        assert!(
            script.sent().iter().all(|text| text.contains(operation)),
            "entry {number}: {:?}",
            script.sent()
        );
    }
    script.request(1_000, close(90));
    assert!(script.sent()[0].contains("w01-90"));
    for place in (1..=7).chain([15]) {
        script.text(1_050, &format!(r#"{{"reqId":"77-{place}","retCode":0,"op":"order.create"}}"#));
        let number = if place == 15 { 90 } else { place - 1 };
        assert_eq!(account(&script.out), [format!("acknowledged w01-{number} None")]);
    }
    script.pass(2_050);
    assert_eq!(script.sent().len(), 2, "a second after the answers the rest leaves");
}

#[test]
fn a12_each_item_of_a_batch_has_an_outcome_of_its_own() {
    let mut script = ready_trade();
    for number in 0..14 {
        script.request(0, submit(number, None));
    }
    // Two wait; with the batches' second over they leave together.
    script.request(0, submit(20, None)).request(0, submit(21, None)).request(0, submit(22, None));
    for place in 8..=14 {
        let taken = r#""data":{"list":[{"orderId":"v","orderLinkId":""}]},"retExtInfo":{"list":[{"code":0,"msg":"OK"}]}"#;
        script
            .text(10, &format!(r#"{{"reqId":"77-{place}","retCode":0,"op":"order.create-batch",{taken}}}"#));
        assert_eq!(account(&script.out), [format!("acknowledged w01-{} Some(v)", place - 1)]);
    }
    script.run(1_010);
    let together = script.sent().join(" ");
    assert!(
        together.contains(r#""args":[{"category":"linear","request":[{"orderLinkId":"w01-20""#),
        "{together}"
    );
    assert!(together.contains("w01-21") && together.contains("w01-22") && script.sent().len() == 1);
    script.text(
        1_020,
        r#"{"reqId":"77-15","retCode":0,"op":"order.create-batch",
            "data":{"list":[{"orderId":"v-1","orderLinkId":"w01-20"},{"orderId":"","orderLinkId":"w01-21"}]},
            "retExtInfo":{"list":[{"code":0,"msg":"OK"},{"code":110007,"msg":"no"}]}}"#,
    );
    assert_eq!(
        account(&script.out),
        ["acknowledged w01-20 Some(v-1)", "insufficient_margin w01-21 110007", "undetermined w01-22 0"],
        "what the answer does not say nobody knows"
    );
}

#[test]
fn a_batch_that_is_lost_or_refused_is_so_for_every_item() {
    for (answer, outcome) in [
        (Some(r#"{"reqId":"77-15","retCode":10016,"op":"order.create-batch"}"#), "undetermined w01-{} 10016"),
        (
            Some(r#"{"reqId":"77-15","retCode":10001,"op":"order.create-batch"}"#),
            "invalid_parameter w01-{} 10001",
        ),
        (
            Some(r#"{"reqId":"77-15","retCode":0,"op":"order.create-batch","data":{}}"#),
            "undetermined w01-{} 0",
        ),
        (None, "undetermined w01-{} 0"),
    ] {
        let mut script = ready_trade();
        for number in 0..16 {
            script.request(0, submit(number, None));
        }
        for place in 8..=14 {
            script.text(10, &format!(r#"{{"reqId":"77-{place}","retCode":0,"op":"order.create-batch"}}"#));
        }
        script.run(1_010);
        match answer {
            Some(text) => script.text(1_020, text),
            None => script.close(),
        };
        let told = account(&script.out);
        for number in [14, 15] {
            assert!(told.contains(&outcome.replace("{}", &number.to_string())), "{told:?}");
        }
    }
}

#[test]
fn d02_one_too_many_waits_for_the_venues_reset_stamp() {
    let mut script = ready_trade();
    script.request(0, close(1));
    // The venue's clock is 1,700,000,000,000 ms ahead of ours.
    script.text(
        10,
        r#"{"reqId":"77-1","retCode":10006,"op":"order.create","header":{"X-Bapi-Limit":"10","X-Bapi-Limit-Status":"0","X-Bapi-Limit-Reset-Timestamp":"1700000000700"}}"#,
    );
    assert_eq!(account(&script.out), ["rate_limit w01-1 10006"]);
    script.request(20, close(2));
    assert_eq!(script.sent(), [] as [&str; 0]);
    // Nothing is left for single requests before its second has passed as well; a batch may go.
    script.pass(700);
    assert!(script.sent()[0].contains(r#""op":"order.create-batch""#), "{:?}", script.sent());
}

#[test]
fn a14_what_waits_for_the_rate_limit_is_refused_with_the_connection() {
    let mut script = ready_trade();
    for number in 0..15 {
        script.request(1_000, submit(number, None));
    }
    script.close();
    let told = account(&script.out);
    assert_eq!(told.iter().filter(|line| line.starts_with("undetermined")).count(), 14);
    assert_eq!(told.iter().filter(|line| **line == "not_sent w01-14 0").count(), 1);
    assert_eq!(script.session.next_deadline(), None);
    script.open(2_000).text(2_001, TRADE_LOGGED_IN);
    assert_eq!(script.sent(), [] as [&str; 0], "nothing is replayed");
}

#[test]
fn d01_a_stamp_that_the_venue_refuses_puts_the_clock_in_doubt() {
    let mut script = ready_trade();
    script.request(10, submit(1, None));
    script.text(11, r#"{"reqId":"77-1","retCode":10002,"op":"order.create"}"#);
    assert_eq!(account(&script.out), ["timestamp w01-1 10002"], "it did nothing");
    assert!(script.out.distrusts_clock);
}

#[test]
fn c02_one_topic_that_falls_silent_is_asked_for_anew_and_the_others_are_left_alone() {
    let mut script = ready_public();
    let ticker =
        r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":9,"data":{"symbol":"BTCUSDT","lastPrice":"5"}}"#;
    let mut asked = vec![];
    let mut now = 1;
    while now < 40_000 {
        script.text(now, ticker);
        assert_eq!(script.out.market.len(), 1, "{:?}", script.out);
        now += 1_000;
        while script.session.next_deadline().is_some_and(|due| due <= at(now).wall) {
            script.input(|session, out| session.deadline(at(now), out));
            asked.extend(
                script
                    .sent()
                    .iter()
                    .filter(|text| !text.contains("ping"))
                    .map(|text| (now, (*text).to_owned())),
            );
            if script.sent().iter().any(|text| text.contains("ping")) {
                script.text(now, PONG);
            }
        }
    }
    let texts: Vec<_> = asked.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            r#"{"args":["orderbook.50.BTCUSDT"],"op":"unsubscribe","req_id":"2"}"#,
            r#"{"args":["orderbook.50.BTCUSDT"],"op":"subscribe","req_id":"3"}"#
        ]
    );
    assert!((30_000..=38_000).contains(&asked[0].0), "{asked:?}");
    assert_eq!(script.out.close, None);
}
