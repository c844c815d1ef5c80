//! Scripts of public connections: topics, and section C of the failure catalogue.

use super::*;

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

#[test]
fn c03_a_book_that_begins_anew_in_the_midst_is_told_as_a_snapshot() {
    let mut script = ready_public();
    for (kind, id, told) in [
        ("snapshot", 9, BookUpdateKind::Snapshot),
        ("delta", 10, BookUpdateKind::Delta),
        ("delta", 1, BookUpdateKind::Snapshot),
    ] {
        script.text(
            9,
            &format!(
                r#"{{"topic":"orderbook.50.BTCUSDT","type":"{kind}","ts":9,"data":{{"s":"BTCUSDT","b":[],"a":[],"u":{id}}}}}"#
            ),
        );
        assert!(matches!(&script.out.market[0], MarketEvent::Book(book) if book.kind == told), "{kind} {id}");
    }
}

#[test]
fn c04_an_open_candle_is_told_as_open() {
    let mut script = ready_public();
    for confirm in [false, true] {
        let row = format!(
            r#"{{"start":300000,"open":"1","high":"1","low":"1","close":"1","volume":"1","confirm":{confirm}}}"#
        );
        script.text(9, &format!(r#"{{"topic":"kline.5.BTCUSDT","type":"snapshot","ts":9,"data":[{row}]}}"#));
        assert!(
            matches!(&script.out.market[0], MarketEvent::Candle(candle) if candle.is_confirmed == confirm)
        );
    }
}

#[test]
fn c05_what_a_ticker_does_not_name_has_not_changed() {
    let mut script = ready_public();
    script.text(
        9,
        r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":9,"data":{"symbol":"BTCUSDT","markPrice":"5"}}"#,
    );
    let MarketEvent::Ticker(ticker) = &script.out.market[0] else { panic!("{:?}", script.out) };
    assert!(ticker.mark.is_some() && ticker.last.is_none() && ticker.funding_rate.is_none());
}
