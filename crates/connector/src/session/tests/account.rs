//! Scripts of what changes about account and key: section E of the failure catalogue.

use super::*;

#[test]
fn e06_a_refused_key_halts_the_engine_and_a_busy_venue_does_not() {
    for (code, halts) in [(10003, false), (10004, true), (10010, true), (10016, false)] {
        let mut script = Script::new(TradeSession::new(
            credentials(),
            Timing::default(),
            77,
            budget(),
            HaltEpoch::default(),
        ));
        script.text(1, &format!(r#"{{"retCode":{code},"retMsg":"no","op":"auth","connId":"c"}}"#));
        assert_eq!(script.out.close, Some(CloseReason::LoginRefused), "{code}");
        let halt = Event::Control(Control::Halt(HaltCause::Authentication));
        assert_eq!(script.out.events.contains(&halt), halts, "{code}");
    }
}

/// What the engine is told, and whether it is halted, when the trade socket answers so to an order.
fn answered(code: i32, message: &str) -> (Vec<String>, bool) {
    let mut script = ready_trade();
    script.request(10, submit(1, None));
    script.text(
        11,
        &format!(r#"{{"reqId":"77-1","retCode":{code},"retMsg":"{message}","op":"order.create"}}"#),
    );
    let halt = Event::Control(Control::Halt(HaltCause::Authentication));
    (account(&script.out), script.out.events.contains(&halt))
}

#[test]
fn e01_e02_e04_what_has_changed_about_account_and_contract_is_named() {
    for (code, message, family) in [
        (10001, "position idx not match position mode", "position_mode"),
        (110024, "", "position_mode"),
        (110085, "", "other"),
        (110086, "", "other"),
        (110090, "", "other"),
        (30228, "", "reduce_only"),
        (110023, "", "reduce_only"),
    ] {
        assert_eq!(answered(code, message), (vec![format!("{family} w01-1 {code}")], false), "{message}");
    }
    assert_eq!(answered(110074, ""), (vec!["undetermined w01-1 110074".to_owned()], false));
}

#[test]
fn e07_e08_e09_a_key_that_may_no_longer_trade_halts_with_the_answer_to_its_order() {
    for code in [10005, 10010, 33004, 10007, 10009, 10024, 10027] {
        assert_eq!(answered(code, "no"), (vec![format!("authentication w01-1 {code}")], true));
    }
    for code in [110123, 110124, 110125, 110132] {
        assert_eq!(
            answered(code, "no"),
            (vec![format!("other w01-1 {code}")], false),
            "of one contract alone"
        );
    }
}

#[test]
fn e12_an_order_that_met_our_own_is_told_with_its_cause() {
    assert_eq!(told_cancel_type("CancelBySmp"), "CancelBySmp");
}
