//! What the venue does for an engine that is gone, and what the fast topic tells one that missed a fill: both only where the
//! config asks for it.

use crate::guard::{assert_protected, entries};
use crate::kill::{quote, trading};
use serde_json::json;
use windvane_tests::{Ground, Market, PATIENCE, free_port, metric, wait_until};

/// Has a key in the table of the venue.
fn asking(ground: &Ground, key: &str, port: u16) {
    ground.write_config(&[
        ("environment = \"custom\" ", &format!("environment = \"custom\"\n{key} ")),
        ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
    ]);
}

#[test]
fn d10_an_engine_that_is_killed_loses_its_entries_by_the_venues_own_protection_and_keeps_its_stops() {
    let ground = Ground::strict(Market::Still);
    asking(&ground, "dcp_window = \"3s\"", free_port());
    let mut engine = trading(&ground);
    let mut turn = 0;
    wait_until("entries beside the positions", PATIENCE, || {
        quote(&ground, turn);
        turn += 1;
        entries(&ground, true) >= 3
    });
    // Nothing moves but by us, so that what rests is gone only when somebody cancels it.
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert!(entries(&ground, true) >= 3, "while it is there, longer than the window");
    engine.kill();
    wait_until("the entries to be gone", PATIENCE, || entries(&ground, true) == 0);
    let ended = ground.rows("orders").into_iter().filter(|row| row["cancelType"] == "CancelByDCP").count();
    assert!(ended >= 3, "{:?}", ground.rows("orders"));
    assert_protected(&ground);
}

#[test]
fn b01_a_fill_that_only_the_fast_topic_told_is_learnt_at_once() {
    let ground = Ground::new(Market::Still);
    let port = free_port();
    asking(&ground, "fast_executions = true", port);
    let mut engine = ground.engine("engine", &[]);
    let mut turn = 0;
    wait_until("orders at the venue", PATIENCE, || {
        quote(&ground, turn);
        turn += 1;
        ground.client_order_ids().len() >= 6
    });
    let faults = ["execution", "order", "position", "wallet"].map(|topic| {
        ground.sim("fault", &json!({"kind": "drop_private", "match": {"topic": topic}}).to_string())
    });
    for (symbol, price) in [("BTCUSDT", "60000"), ("ETHUSDT", "1900"), ("DOGEUSDT", "0.09")] {
        let body = format!(r#"{{"symbol":"{symbol}","side":"Sell","price":"{price}","qty":"100000"}}"#);
        ground.sim("trade", &body);
    }
    wait_until("the fast topic to be believed", PATIENCE, || {
        engine.err().contains("told fast and never in full; reading the account anew")
    });
    wait_until("the fills to be learnt", PATIENCE, || {
        metric(port, "windvane_fills_backfilled_total", "") >= Some(1.0)
    });
    faults.iter().for_each(|fault| ground.mend(fault));
    ground.end(&mut engine);
}
