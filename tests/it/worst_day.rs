//! Disk, clock and queries fail at once while the price falls: the engine gets out by itself, and opens nothing.

use serde_json::Value;
use windvane_tests::{
    Ground, Market, PATIENCE, Running, binary, can_fill_disk, fill_disk, finish, free_port, metric,
    start_fillable, wait_until, windvane,
};

/// Buys when the bid reaches 65001. The engine's own stop lies a hundredth below the entry, the venue's a tenth: whoever is
/// out above that was taken out by the engine.
const RULES: &str = r#"
language  = 1
timeframe = "5m"
evaluate  = "tick"

[entry.long]
signal = "bid >= 65001 USDT"

[entry.any]
order = { type = "market", valid_for = "20s" }
size  = { quote = "600 USDT", max_leverage = "1x" }

[exit]
stop      = { distance = "10%" }
soft_stop = { distance = "1%", by = "quote" }
"#;

/// Moves the contract to a bid, a tick up or down by the turn: a quote that stands still grows old.
fn quote(ground: &Ground, bid: u32, turn: u32) {
    let (bid, tick) = (f64::from(bid), f64::from(turn % 2) / 10.0);
    let (bid, ask) = (bid + tick, bid + tick + 0.1);
    ground.sim(
        "price",
        &format!(
            r#"{{"symbol":"BTCUSDT","bid":"{bid:.1}","ask":"{ask:.1}","last":"{bid:.1}","mark":"{bid:.1}","index":"{bid:.1}"}}"#
        ),
    );
}

/// Quotes until `done`.
fn quoting(ground: &Ground, bid: u32, what: &str, mut done: impl FnMut() -> bool) {
    let mut turn = 0;
    wait_until(what, PATIENCE, || {
        quote(ground, bid, turn);
        turn += 1;
        done()
    });
}

/// The position by the venue, with its sign, and the stop on it.
fn position(ground: &Ground) -> (f64, String) {
    let rows = ground.rows("positions");
    let held = rows.iter().find(|row| row["symbol"] == "BTCUSDT");
    let text = |name: &str| held.and_then(|row| row[name].as_str()).unwrap_or_default().to_owned();
    (text("size").parse().unwrap_or(0.0), text("stopLoss"))
}

fn opening_orders(ground: &Ground) -> Vec<Value> {
    ground.rows("orders").into_iter().filter(|row| row["reduceOnly"] == false).collect()
}

fn status(ground: &Ground) -> String {
    finish(&windvane(&["status", "--config", &ground.config()])).1
}

/// An engine that holds a position, whose disk can be filled; with the port of its metrics.
fn holding(ground: &Ground) -> (Running, u16) {
    std::fs::write(ground.folder().join("rules.toml"), RULES).unwrap();
    let (busy, rules) = ("BTCUSDT\"\nstrategy = \"", ground.folder().join("rules.toml"));
    let shipped = ground.folder().join("busy.toml");
    let port = free_port();
    ground.write_config(&[
        (&format!("{busy}{}", shipped.display()), &format!("{busy}{}", rules.display())),
        ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
    ]);
    let config = ground.config();
    let engine =
        start_fillable("engine", &binary(), &["run", "--json", "--config", &config], ground.folder());
    quoting(ground, 65_000, "an engine that may trade", || {
        status(ground).contains(r#""run_state": "active""#)
    });
    quoting(ground, 65_002, "the position", || position(ground).0 > 0.0);
    (engine, port)
}

#[test]
fn with_disk_clock_and_queries_gone_the_engine_still_gets_out_and_opens_nothing() {
    if !can_fill_disk() {
        return;
    }
    let ground = Ground::new(Market::Still);
    let (mut engine, port) = holding(&ground);
    let entries = opening_orders(&ground).len();

    // The venue shuts our address out; the sockets stay.
    ground.sim("fault", r#"{"kind":"http_status","code":403}"#);
    quoting(&ground, 65_002, "the ban to be noticed", || engine.err().contains("http 403"));
    fill_disk(&engine);
    // The venue's clock is set back: every stamp of ours lies in its future now.
    ground.sim("fault", r#"{"kind":"clock_skew","ms":-40000}"#);
    quoting(&ground, 65_002, "the full disk to be noticed", || status(&ground).contains("halted (journal)"));
    assert_ne!(position(&ground).1, "", "the venue still holds the stop");

    // Through the engine's own stop, and not as far as the venue's.
    quoting(&ground, 64_000, "the engine to be out", || position(&ground).0 == 0.0);

    let denied = || metric(port, "windvane_orders_denied_total", "run_state").unwrap_or(0.0);
    let before = denied();
    let mut bids = [65_000, 65_002].iter().cycle();
    quoting(&ground, 65_000, "the signal to come again", || {
        quote(&ground, *bids.next().unwrap(), 0);
        denied() > before
    });
    assert_eq!(opening_orders(&ground).len(), entries, "nothing opened");
    assert_eq!(position(&ground).0, 0.0);
    assert!(status(&ground).contains("halted (journal)"), "it stays halted");
    assert!(engine.is_running());
}
