//! What goes wrong on the way to the venue and back: nothing is lost, nothing is sent twice, and the books agree.

use std::collections::BTreeSet;
use std::time::Duration;
use windvane_tests::{ABSENCE_SECONDS, Ground, Market, Recorded, Running, free_port, get, wait_until};

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
    wait_until("orders at the venue", Duration::from_secs(30), || ground.client_order_ids().len() >= 6);
    assert!(!engine.err().contains("panicked"), "{}", engine.err());
}

#[test]
fn an_order_whose_reply_is_lost_is_found_and_not_sent_again() {
    let ground = Ground::new(Market::Walking);
    // Neither reply nor push tells the engine of the first orders; only asking does.
    ground.sim("fault", r#"{"kind":"reply_lost","match":{"path":"order.create"},"count":3}"#);
    ground.sim("fault", r#"{"kind":"drop_private","match":{"topic":"order"},"count":3}"#);
    ground.sim("fault", r#"{"kind":"drop_private","match":{"topic":"execution"},"count":3}"#);
    let engine = ground.trade("engine", 10);
    // One that fills early is missed by its position before its reply is.
    let was_asked = ["outcome unknown", "missed_fill"].iter().any(|word| engine.err().contains(word));
    assert!(was_asked, "{}", engine.err());
    let recorded = assert_no_duplicates(&ground);
    assert_eq!(recorded.submitted.len(), ground.client_order_ids().len(), "every order reached the venue");
}

#[test]
fn an_order_whose_request_is_lost_is_given_up_only_on_the_venues_word() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"request_lost","match":{"path":"order.create"},"count":2}"#);
    let engine = ground.trade("engine", ABSENCE_SECONDS);
    assert!(engine.err().contains("outcome unknown"), "{}", engine.err());
    let recorded = assert_no_duplicates(&ground);
    assert_eq!(recorded.submitted.len(), ground.client_order_ids().len() + 2, "two never reached the venue");
}

#[test]
fn fills_that_happen_while_the_private_stream_is_down_are_learnt_by_query() {
    let ground = Ground::new(Market::Still);
    let metrics = free_port();
    ground.write_config(&[("enabled = false", &format!("listen = \"127.0.0.1:{metrics}\""))]);
    let mut engine = ground.engine("engine", &["--duration", "14s"]);
    // Only a book that changes wakes the makers.
    let mut nudges = PRICES.iter().cycle();
    wait_until("orders at the venue", Duration::from_secs(30), || {
        if let Some(prices) = nudges.next() {
            prices.iter().for_each(|(symbol, bid, ask)| quote(&ground, symbol, bid, ask));
        }
        ground.client_order_ids().len() >= 6
    });
    ground.sim("fault", r#"{"kind":"disconnect","match":{"path":"/v5/private"}}"#);
    // Everything that rests on the bid side is sold into before the stream is back.
    for (symbol, price) in [("BTCUSDT", "60000"), ("ETHUSDT", "1900"), ("DOGEUSDT", "0.09")] {
        let body = format!(r#"{{"symbol":"{symbol}","side":"Sell","price":"{price}","qty":"100000"}}"#);
        ground.sim("trade", &body);
    }
    assert!(!ground.rows("fills").is_empty(), "the orders that rested were filled");
    wait_until("the fills to be told", Duration::from_secs(12), || {
        get(([127, 0, 0, 1], metrics).into(), "/metrics")
            .and_then(|(_, text)| value(&text, "windvane_fills_backfilled_total"))
            .is_some_and(|count| count >= 1.0)
    });
    assert_eq!(engine.wait(Duration::from_secs(60)), Some(0), "{}\n{}", engine.out(), engine.err());
    assert!(engine.out().contains("\"is_equal\":true"), "{}", engine.out());
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
    let metrics = free_port();
    ground.write_config(&[("enabled = false", &format!("listen = \"127.0.0.1:{metrics}\""))]);
    ground.sim("fault", r#"{"kind":"retcode","match":{"path":"order.create"},"code":110007,"count":4}"#);
    let mut engine = ground.engine("engine", &["--duration", "9s"]);
    wait_until("the refusals to be counted", Duration::from_secs(9), || {
        get(([127, 0, 0, 1], metrics).into(), "/metrics").is_some_and(|(_, text)| {
            text.lines().any(|line| {
                line.starts_with("windvane_orders_rejected_total{")
                    && line.contains("family=\"insufficient_margin\"")
                    && !line.ends_with(" 0")
            })
        })
    });
    assert_eq!(engine.wait(Duration::from_secs(60)), Some(0), "{}\n{}", engine.out(), engine.err());
    let recorded = assert_no_duplicates(&ground);
    assert_eq!(recorded.refusals.iter().filter(|family| *family == "InsufficientMargin").count(), 4);
}

#[test]
fn late_replies_and_late_pushes_change_nothing() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"delay","match":{"path":"order.create"},"ms":700,"count":12}"#);
    ground.sim("fault", r#"{"kind":"delay","match":{"topic":"execution"},"ms":400,"count":12}"#);
    ground.sim("fault", r#"{"kind":"duplicate","match":{"topic":"execution"},"count":6}"#);
    let mut engine = ground.engine("engine", &["--duration", "8s"]);
    wait_for_orders(&ground, &engine);
    assert_eq!(engine.wait(Duration::from_secs(60)), Some(0), "{}\n{}", engine.out(), engine.err());
    assert!(engine.out().contains("\"is_equal\":true"), "{}", engine.out());
    assert_no_duplicates(&ground);
}

/// The sum of a metric over its labels.
fn value(text: &str, name: &str) -> Option<f64> {
    let rows = text.lines().filter(|line| {
        line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{') || rest.starts_with(' '))
    });
    rows.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).reduce(|a, b| a + b)
}
