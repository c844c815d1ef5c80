//! What the venue says of its own state: while it is under maintenance nothing opens, and afterwards trading goes on.

use windvane_tests::{Ground, Market, PATIENCE, metric, wait_until};

fn is_held(port: u16) -> bool {
    metric(port, "windvane_breaker_state", "breaker=\"maintenance\"") == Some(1.0)
}

fn is_active(port: u16) -> bool {
    metric(port, "windvane_run_state", "state=\"active\"") == Some(1.0)
}

#[test]
fn d07_a_maintenance_holds_the_engine_until_it_is_over() {
    let ground = Ground::new(Market::Walking);
    let (mut engine, port) = ground.watched_engine();
    wait_until("orders", PATIENCE, || is_active(port) && ground.order_requests() > 3);
    // An order that is refused for it has the venue's state looked at, long before the minute is over.
    let fault = ground.sim("fault", r#"{"kind":"maintenance"}"#);
    wait_until("the halt", PATIENCE, || {
        assert!(engine.is_running(), "{}", engine.err());
        is_held(port)
    });
    ground.mend(&fault);
    wait_until("the end of the halt", PATIENCE + PATIENCE, || !is_held(port) && is_active(port));
    let before = ground.order_requests();
    wait_until("orders again", PATIENCE, || ground.order_requests() > before);
    ground.end(&mut engine);
    assert!(engine.err().contains("the venue is under maintenance"), "{}", engine.err());
}

#[test]
fn d07_an_engine_that_starts_in_a_maintenance_waits_for_its_end() {
    let ground = Ground::new(Market::Walking);
    let fault = ground.sim("fault", r#"{"kind":"maintenance"}"#);
    let (mut engine, port) = ground.watched_engine();
    wait_until("the halt", PATIENCE, || {
        assert!(engine.is_running(), "{}", engine.err());
        is_held(port)
    });
    assert_eq!(ground.client_order_ids().len(), 0);
    ground.mend(&fault);
    wait_until("orders", PATIENCE + PATIENCE, || is_active(port) && ground.order_requests() > 3);
    ground.end(&mut engine);
}
