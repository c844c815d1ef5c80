//! Scripts of limits, time and what the venue does: section D of the failure catalogue.

use super::*;

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
fn d01_a_stamp_that_the_venue_refuses_puts_the_clock_in_doubt() {
    let mut script = ready_trade();
    script.request(10, submit(1, None));
    script.text(11, r#"{"reqId":"77-1","retCode":10002,"op":"order.create"}"#);
    assert_eq!(account(&script.out), ["timestamp w01-1 10002"], "it did nothing");
    assert!(script.out.distrusts_clock);
}

#[test]
fn d07_an_answer_that_trading_is_halted_leaves_the_outcome_unknown() {
    for code in [110063, 110066] {
        let mut script = ready_trade();
        script.request(10, submit(1, None));
        script.text(11, &format!(r#"{{"reqId":"77-1","retCode":{code},"op":"order.create"}}"#));
        assert_eq!(account(&script.out), [format!("undetermined w01-1 {code}")]);
        assert_eq!(script.out.close, None, "the socket is as good as before");
    }
}

#[test]
fn d10_an_order_that_the_protection_cancelled_is_told_with_its_cause() {
    assert_eq!(told_cancel_type("CancelByDCP"), "CancelByDCP");
}
