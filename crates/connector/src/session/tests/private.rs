//! Scripts of the private stream, and section B of the failure catalogue.

use super::*;

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
fn b10_an_execution_told_by_both_topics_is_one_in_either_order() {
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
fn b10_a_venue_without_the_fast_topic_is_none_the_worse() {
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

/// Rows of a topic in one message.
fn rows(topic: &str, rows: &[&str]) -> String {
    format!(r#"{{"id":"m","topic":"{topic}","creationTime":5,"data":[{}]}}"#, rows.join(","))
}

fn order_row(id: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"category":"linear","symbol":"BTCUSDT","orderId":"v-1","orderLinkId":"{id}","side":"Buy","qty":"2","orderStatus":"{status}"{more}}}"#
    )
}

/// The account events of the last input.
fn told(out: &Output) -> Vec<AccountEvent> {
    let account = |event: &Event| match event {
        Event::Account(event) => Some(event.clone()),
        _ => None,
    };
    out.events.iter().filter_map(account).collect()
}

/// The account event of the last input, which is one.
fn only(out: &Output) -> AccountEvent {
    let mut told = told(out);
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

fn order_told(row: &str) -> windvane_model::OrderReport {
    let mut script = ready_private();
    script.text(10, &rows("order", &[row]));
    let AccountEvent::Order(report) = only(&script.out) else { panic!("{row}") };
    report
}

#[test]
fn a09_a_cancel_that_came_too_late_is_told_as_the_fill_that_it_is() {
    let row = order_row(
        "w01-1",
        "Filled",
        r#","cumExecQty":"2","cancelType":"CancelByUser","rejectReason":"EC_OrigClOrdIDDoesNotExist""#,
    );
    let report = order_told(&row);
    assert_eq!((report.status, report.cumulative_qty), (OrderStatus::Filled, report.qty));
}

#[test]
fn a10_what_filled_before_a_cancel_is_told_with_it() {
    for status in ["Cancelled", "PartiallyFilledCanceled"] {
        let report = order_told(&order_row("w01-1", status, r#","cumExecQty":"0.5""#));
        assert_eq!(
            (report.status, report.cumulative_qty.to_string()),
            (OrderStatus::Cancelled, "0.5".to_owned())
        );
    }
}

#[test]
fn a13_a_rejection_by_matching_is_told_with_its_reason() {
    for reason in ["EC_PostOnlyWillTakeLiquidity", "EC_NoImmediateQtyToFill"] {
        let report = order_told(&order_row("w01-1", "Rejected", &format!(r#","rejectReason":"{reason}""#)));
        assert_eq!((report.status, report.reject_reason.as_str()), (OrderStatus::Rejected, reason));
    }
}

#[test]
fn b05_an_execution_is_told_at_once_before_its_order_and_before_every_topic_is_confirmed() {
    let mut script =
        Script::new(PrivateSession::new(credentials(), Timing::default(), DisconnectProtection::Off));
    script.text(1, LOGGED_IN).text(2, SUBSCRIBED);
    script.text(3, &execution("execution", "e-1"));
    assert!(!script.session.is_ready());
    assert!(matches!(told(&script.out).as_slice(), [AccountEvent::Execution(_)]), "{:?}", script.out);
}

#[test]
fn b06_b22_what_comes_twice_or_late_is_told_as_it_came_with_its_own_stamps() {
    let mut script = ready_private();
    let updated = |ms: i64| order_row("w01-1", "New", &format!(r#","updatedTime":"{ms}""#));
    let mut times = vec![];
    for ms in [7_000, 5_000, 7_000] {
        script.text(ms, &rows("order", &[&updated(ms)]));
        let AccountEvent::Order(report) = only(&script.out) else { panic!() };
        times.push(report.updated.0);
    }
    assert_eq!(times, [7_000, 5_000, 7_000]);
    let position = |seq: u64| {
        format!(
            r#"{{"category":"linear","symbol":"BTCUSDT","positionIdx":0,"side":"Buy","size":"1","seq":{seq}}}"#
        )
    };
    script.text(8_000, &rows("position", &[&position(9), &position(8), &position(9)]));
    let sequences: Vec<_> = told(&script.out)
        .into_iter()
        .map(|event| match event {
            AccountEvent::Position(position) => position.sequence,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sequences, [9, 8, 9], "whoever merges them goes by these");
}

#[test]
fn b11_b12_what_is_no_trade_is_told_as_what_it_is() {
    use windvane_model::ExecutionKind as Kind;
    for (word, kind) in [
        ("Trade", Kind::Trade),
        ("Funding", Kind::Funding),
        ("AdlTrade", Kind::Adl),
        ("BustTrade", Kind::Liquidation),
        ("Delivery", Kind::Delivery),
        ("Settle", Kind::Delivery),
        ("SessionSettlePnL", Kind::Session),
        ("MovePosition", Kind::Other),
        ("CorporateAction", Kind::Other),
    ] {
        let mut script = ready_private();
        let text = execution("execution", "e-1")
            .replace(r#""execType":"Trade""#, &format!(r#""execType":"{word}""#));
        script.text(10, &text);
        let AccountEvent::Execution(told) = only(&script.out) else { panic!("{word}") };
        assert_eq!((told.kind, told.client_order_id), (kind, None), "{word}");
    }
}

#[test]
fn e11_what_the_venue_does_to_a_position_is_told() {
    use windvane_model::PositionStatus as Status;
    for (field, status) in [
        (r#","positionStatus":"Normal""#, Status::Normal),
        (r#","positionStatus":"Liq""#, Status::Liquidation),
        (r#","positionStatus":"Adl""#, Status::Adl),
        (r#","positionStatus":"Frozen""#, Status::Other),
        ("", Status::Normal),
        // A number is no word of the list, and not for the fast reader.
        (r#","positionStatus":7"#, Status::Other),
    ] {
        let mut script = ready_private();
        let row = format!(
            r#"{{"category":"linear","symbol":"BTCUSDT","positionIdx":0,"side":"Buy","size":"1","seq":1{field}}}"#
        );
        script.text(10, &rows("position", &[&row]));
        let AccountEvent::Position(told) = only(&script.out) else { panic!("{field}") };
        assert_eq!(told.status, status, "{field}");
    }
}

#[test]
fn b13_fields_that_are_new_missing_or_of_another_kind_are_no_reason_to_put_a_row_aside() {
    let row = r#"{"category":"linear","symbol":"BTCUSDT","orderId":"v-1","side":"Buy","qty":2,"price":"5","orderStatus":"New",
        "positionIdx":"0","smpGroup":"7","brandNew":{"a":[1.5,null]},"createdTime":1700000000000}"#;
    let report = order_told(row);
    assert!(!report.reduce_only && report.qty.to_string() == "2" && report.created.0 == 1_700_000_000_000);
}

#[test]
fn b14_two_rows_of_a_contract_are_two_positions() {
    let mut script = ready_private();
    let side = |index: u8, side: &str, size: &str| {
        format!(
            r#"{{"category":"linear","symbol":"BTCUSDT","positionIdx":{index},"side":"{side}","size":"{size}","seq":1}}"#
        )
    };
    script.text(10, &rows("position", &[&side(1, "", "0"), &side(2, "Sell", "3")]));
    let told: Vec<_> = told(&script.out)
        .into_iter()
        .map(|event| match event {
            AccountEvent::Position(position) => {
                (position.position_index.0, position.side, position.qty.to_string())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [(1, None, "0".to_owned()), (2, Some(Side::Sell), "3".to_owned())]);
}

#[test]
fn b21_a_strangers_order_is_told_like_any_other() {
    let report = order_told(&order_row("somebody-elses-id-of-thirty-six-char", "New", ""));
    assert_eq!(report.client_order_id.unwrap().as_str(), "somebody-elses-id-of-thirty-six-char");
    assert_eq!(order_told(&order_row("", "New", "")).client_order_id, None);
}
