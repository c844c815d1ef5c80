//! Scripts of the trade socket, and section A of the failure catalogue.

use super::*;

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

/// What the engine is told when the trade socket answers so to an order.
fn told_of(code: i32, message: &str) -> Vec<String> {
    let mut script = ready_trade();
    script.request(10, submit(1, None));
    script.text(
        11,
        &format!(
            r#"{{"reqId":"77-1","retCode":{code},"retMsg":"{message}","op":"order.create","data":{{}}}}"#
        ),
    );
    account(&script.out)
}

#[test]
fn a03_a_duplicate_is_told_as_proof_that_the_order_exists() {
    for code in [110072, 10014] {
        assert_eq!(told_of(code, "OrderLinkedID is duplicate"), [format!("duplicate w01-1 {code}")]);
    }
}

#[test]
fn a04_a05_what_is_not_found_is_told_as_not_found_and_nothing_is_made_of_it() {
    for code in [110001, 110008, 110010] {
        assert_eq!(
            told_of(code, "order not exists or too late to cancel"),
            [format!("order_not_found w01-1 {code}")]
        );
    }
}

#[test]
fn a06_no_timer_and_no_late_answer_makes_a_refusal_of_what_is_unknown() {
    let mut script = ready_trade();
    script.request(1_000, submit(1, None));
    script.pass(6_000);
    assert_eq!(account(&script.out), ["undetermined w01-1 0"]);
    let mut now = 6_000;
    while now < 600_000 {
        now += 10_000;
        script.text(now, PONG);
        assert_eq!(account(&script.run(now).out), [] as [&str; 0]);
    }
    script.text(now, r#"{"reqId":"77-1","retCode":110007,"retMsg":"no","op":"order.create","data":{}}"#);
    assert_eq!(
        account(&script.out),
        [] as [&str; 0],
        "it was settled; the order's own state follows elsewhere"
    );
}

#[test]
fn a07_a_lost_answer_to_a_cancel_or_an_amend_is_unknown_as_well() {
    let mut script = ready_trade();
    let id = ClientOrderId::new("w01-1").unwrap();
    let cancel = Cancel { client_order_id: Some(id), order_id: None, symbol: symbol("BTCUSDT") };
    script.request(1_000, Mutation::Cancel(cancel));
    script.pass(6_000);
    let [Event::Account(AccountEvent::Undetermined(lost))] = script.out.events.as_slice() else {
        panic!("{:?}", script.out)
    };
    assert_eq!((lost.request, lost.client_order_id), (Request::Cancel, Some(id)));
}

#[test]
fn a11_an_amend_that_raced_a_fill_is_refused_or_unknown_by_its_code() {
    assert_eq!(told_of(110064, ""), ["invalid_parameter w01-1 110064"]);
    for code in [40004, 110079] {
        assert_eq!(told_of(code, ""), [format!("undetermined w01-1 {code}")]);
    }
}

#[test]
fn a19_a20_a21_a22_refusals_are_told_by_their_families() {
    for (code, message, family) in [
        (110020, "", "order_count"),
        (110009, "", "order_count"),
        (110007, "", "insufficient_margin"),
        (30087, "", "insufficient_margin"),
        (110003, "", "price_limit"),
        (30208, "", "price_limit"),
        (10001, "buy:[60000] invalid", "price_limit"),
        (110017, "", "reduce_only"),
    ] {
        assert_eq!(told_of(code, message), [format!("{family} w01-1 {code}")], "{message}");
    }
}

#[test]
fn an_entry_that_waits_for_its_turn_does_not_leave_once_a_halt_has_come() {
    let halts = HaltEpoch::default();
    let session = TradeSession::new(credentials(), Timing::default(), 77, budget(), halts.clone());
    let mut script = Script::new(session);
    script.text(1, TRADE_LOGGED_IN);
    let patient = Some(at(60_000).wall);
    for number in 0..15 {
        script.request(10, submit(number, patient));
    }
    assert_eq!(script.sent().len(), 0, "the fifteenth waits for the rate limit");
    halts.allow_opening(false);
    script.request(20, close(30));
    let sent = script.sent().join(" ");
    assert!(sent.contains("w01-30") && !sent.contains("w01-14"), "what reduces leaves: {sent}");
    assert_eq!(account(&script.out), ["not_sent w01-14 0"]);
    script.run(7_000);
    assert_eq!(script.sent().len(), 0);
    // Approved in the epoch before, handed to the socket in the one after.
    halts.allow_opening(true);
    script.request(7_010, submit(40, patient));
    assert_eq!((account(&script.out), script.sent().len()), (vec!["not_sent w01-40 0".to_owned()], 0));
    script.request(7_011, Handed { mutation: submit(41, patient), epoch: halts.now() });
    assert_eq!(script.sent().len(), 1);
}
