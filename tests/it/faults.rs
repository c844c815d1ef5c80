//! What goes wrong on the way to the venue and back: nothing is lost, nothing is sent twice, and the books agree.

use std::collections::BTreeSet;
use windvane_tests::{Ground, Market, PATIENCE, Recorded, Running, metric, wait_until};

/// No client order id was sent twice, and the venue has no order that the journal lacks.
fn assert_no_duplicates(ground: &Ground) -> Recorded {
    let recorded = Recorded::read(&ground.data());
    let at_venue = ground.client_order_ids();
    let distinct: BTreeSet<_> = at_venue.iter().cloned().collect();
    assert_eq!(at_venue.len(), distinct.len(), "the venue has an order twice");
    assert_eq!(recorded.submitted_twice, 0);
    assert!(distinct.is_subset(&recorded.submitted), "the venue has an order of nobody's");
    recorded
}

/// Waits until the engine has orders at the venue.
fn wait_for_orders(ground: &Ground, engine: &Running) {
    wait_until("orders at the venue", PATIENCE, || ground.client_order_ids().len() >= 6);
    assert!(!engine.err().contains("panicked"), "{}", engine.err());
}

/// From now on no push reaches the engine, until the fault is mended.
fn hush(ground: &Ground) -> serde_json::Value {
    ground.sim("fault", r#"{"kind":"drop_private"}"#)
}

fn cut_the_private_stream(ground: &Ground) {
    ground.sim("fault", r#"{"kind":"disconnect","match":{"path":"/v5/private"}}"#);
}

#[test]
fn an_order_whose_reply_is_lost_is_found_and_not_sent_again() {
    let ground = Ground::new(Market::Walking);
    // Neither reply nor push tells the engine of the first orders, however long it waits; only asking does.
    ground.sim("fault", r#"{"kind":"reply_lost","match":{"path":"order.create"},"count":3}"#);
    let hushed = hush(&ground);
    let (mut engine, port) = ground.watched_engine();
    wait_until("an order to be missed", PATIENCE, || engine.err().contains("outcome unknown"));
    wait_until("it to be found", PATIENCE, || metric(port, "windvane_orders_unknown", "") == Some(0.0));
    ground.mend(&hushed);
    cut_the_private_stream(&ground);
    ground.end(&mut engine);
    let recorded = assert_no_duplicates(&ground);
    // A close of what a fill untold has closed already is refused, rightly.
    let expected = recorded.submitted.len() - recorded.refused.len();
    assert_eq!(expected, ground.client_order_ids().len(), "every order reached the venue");
}

#[test]
fn an_order_whose_request_is_lost_is_given_up_only_on_the_venues_word() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"request_lost","match":{"path":"order.create"},"count":2}"#);
    let (mut engine, port) = ground.watched_engine();
    let unknown = || metric(port, "windvane_orders_unknown", "");
    wait_until("both to be missed", PATIENCE, || engine.err().matches("outcome unknown").count() >= 2);
    wait_until("the gauge to show it", PATIENCE, || unknown() >= Some(1.0));
    // The proof takes the request's window, the venue's late index and two rounds of questions: some 40 s.
    wait_until("both to be given up", 2 * PATIENCE, || unknown() == Some(0.0));
    ground.end(&mut engine);
    let recorded = assert_no_duplicates(&ground);
    // What the venue refused, or was too late to be sent, was never an order there either; but of that the engine was told.
    let known: BTreeSet<_> = ground.client_order_ids().into_iter().chain(recorded.refused).collect();
    let lost: Vec<_> = recorded.submitted.difference(&known).collect();
    assert_eq!(lost.len(), 2, "two never reached the venue: {lost:?}");
}

#[test]
fn fills_that_happen_while_the_private_stream_is_down_are_learnt_by_query() {
    let ground = Ground::new(Market::Still);
    let (mut engine, port) = ground.watched_engine();
    // Only a book that changes wakes the makers.
    let mut nudges = PRICES.iter().cycle();
    wait_until("orders at the venue", PATIENCE, || {
        if let Some(prices) = nudges.next() {
            prices.iter().for_each(|(symbol, bid, ask)| quote(&ground, symbol, bid, ask));
        }
        ground.client_order_ids().len() >= 6
    });
    // The stream is back before a slow machine has moved the market; so nothing is told until the fills are there.
    let hushed = hush(&ground);
    cut_the_private_stream(&ground);
    // Everything that rests on the bid side is sold into.
    for (symbol, price) in [("BTCUSDT", "60000"), ("ETHUSDT", "1900"), ("DOGEUSDT", "0.09")] {
        let body = format!(r#"{{"symbol":"{symbol}","side":"Sell","price":"{price}","qty":"100000"}}"#);
        ground.sim("trade", &body);
    }
    assert!(!ground.rows("fills").is_empty(), "the orders that rested were filled");
    ground.mend(&hushed);
    cut_the_private_stream(&ground);
    wait_until("the fills to be learnt", PATIENCE, || {
        metric(port, "windvane_fills_backfilled_total", "") >= Some(1.0)
    });
    ground.end(&mut engine);
    assert_no_duplicates(&ground);
}

/// Two pictures of the market, a tick apart.
const PRICES: [[(&str, &str, &str); 3]; 2] = [
    [
        ("BTCUSDT", "65000.0", "65000.1"),
        ("ETHUSDT", "2000.00", "2000.01"),
        ("DOGEUSDT", "0.10000", "0.10001"),
    ],
    [
        ("BTCUSDT", "65000.1", "65000.2"),
        ("ETHUSDT", "2000.01", "2000.02"),
        ("DOGEUSDT", "0.10001", "0.10002"),
    ],
];

fn quote(ground: &Ground, symbol: &str, bid: &str, ask: &str) {
    let body = format!(
        r#"{{"symbol":"{symbol}","bid":"{bid}","ask":"{ask}","last":"{bid}","mark":"{bid}","index":"{bid}"}}"#
    );
    ground.sim("price", &body);
}

#[test]
fn a_refusal_for_want_of_margin_is_counted_by_its_family() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"retcode","match":{"path":"order.create"},"code":110007,"count":4}"#);
    let (mut engine, port) = ground.watched_engine();
    wait_until("the refusals to be counted", 2 * PATIENCE, || {
        metric(port, "windvane_orders_rejected_total", "family=\"insufficient_margin\"") == Some(4.0)
    });
    ground.end(&mut engine);
    let recorded = assert_no_duplicates(&ground);
    assert_eq!(recorded.refusals.iter().filter(|family| *family == "InsufficientMargin").count(), 4);
}

#[test]
fn late_replies_and_late_pushes_change_nothing() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"delay","match":{"path":"order.create"},"ms":700,"count":12}"#);
    ground.sim("fault", r#"{"kind":"delay","match":{"topic":"execution"},"ms":400,"count":12}"#);
    ground.sim("fault", r#"{"kind":"duplicate","match":{"topic":"execution"},"count":6}"#);
    let mut engine = ground.engine("engine", &[]);
    wait_for_orders(&ground, &engine);
    wait_until("fills that are told late", PATIENCE, || ground.rows("fills").len() >= 2);
    ground.end(&mut engine);
    assert_no_duplicates(&ground);
}
