//! What goes wrong beside the trading: it goes on, what must not be risked meanwhile is not, and everybody can see it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use windvane_tests::{
    Ground, Market, PATIENCE, SmallDisk, break_syncs, finish, free_port, get, metric, wait_until, windvane,
};

fn loopback(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn status(port: u16) -> Value {
    let page = get(loopback(port), "/status.json").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str(&page).unwrap_or_default()
}

/// Whether the venue's text is a number other than nought.
fn is_something(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.contains(|digit| ('1'..='9').contains(&digit)))
}

/// The venue's positions that are open.
fn held(ground: &Ground) -> Vec<Value> {
    ground.rows("positions").into_iter().filter(|row| is_something(&row["size"])).collect()
}

/// Fills at the venue have come to so many more.
fn wait_for_fills(ground: &Ground, more: usize) {
    let wanted = ground.rows("fills").len() + more;
    wait_until("further fills", PATIENCE, || ground.rows("fills").len() >= wanted);
}

#[test]
fn a_disk_that_fills_up_stops_what_opens_and_nothing_else() {
    let ground = Ground::new(Market::Walking);
    let Some(disk) = SmallDisk::mount(&ground.data(), 24 << 10) else { return };
    let (mut engine, port) = ground.watched_engine();
    wait_until("a position", PATIENCE, || !held(&ground).is_empty());
    disk.fill();
    wait_until("the halt", PATIENCE, || status(port)["run_state"] == "halted (journal)");
    // It is said with the engine's next beat, which may come a moment after the page.
    wait_until("unreadiness", PATIENCE, || {
        get(loopback(port), "/ready").is_some_and(|(code, _)| code == 503)
    });
    wait_until("the gauges", PATIENCE, || {
        metric(port, "windvane_breaker_state", "breaker=\"journal\"") == Some(1.0)
            && metric(port, "windvane_data_disk_free_bytes", "") < Some(65_536.0)
    });
    assert!(engine.err().contains("No space left"), "the log says why: {}", engine.err());
    for position in held(&ground) {
        assert!(is_something(&position["stopLoss"]), "protected: {position}");
    }
    // The policy of the bots is to leave nothing behind; closing needs no room.
    engine.interrupt();
    let code = engine.wait(2 * PATIENCE);
    assert_eq!(code, Some(4), "{}\n{}", engine.out(), engine.err());
    assert!(held(&ground).is_empty(), "{:?}\n{}", held(&ground), engine.err());
    assert!(engine.err().contains("windvane resume"), "it says what to do: {}", engine.err());

    disk.free();
    let mut engine = ground.engine("again", &[]);
    wait_until("the halt to be lifted", PATIENCE, || {
        finish(&windvane(&["resume", "--config", &ground.config()])).1.contains("active")
    });
    wait_for_fills(&ground, 2);
    ground.end(&mut engine);
}

#[test]
fn a_sync_that_fails_stops_what_opens_and_nothing_else() {
    let ground = Ground::new(Market::Walking);
    let (mut engine, port) = ground.watched_engine();
    wait_until("a position", PATIENCE, || !held(&ground).is_empty());
    // Every sync of a file ends as one does whose pages the disk has lost; writes go on.
    let Some(disk) = break_syncs(&engine, ground.folder()) else { return };
    wait_until("the halt", PATIENCE, || status(port)["run_state"] == "halted (journal)");
    // It is said with the engine's next beat, which may come a moment after the page.
    wait_until("unreadiness", PATIENCE, || {
        get(loopback(port), "/ready").is_some_and(|(code, _)| code == 503)
    });
    assert!(engine.err().contains("nput/output error"), "the log says why: {}", engine.err());

    // What had left by then is there soon; from then on nothing comes that opens.
    std::thread::sleep(Duration::from_millis(500));
    let opening = || -> BTreeSet<String> {
        let rows = ground.rows("orders").into_iter().filter(|row| row["reduceOnly"] != true);
        rows.filter_map(|row| row["orderLinkId"].as_str().map(str::to_owned)).collect()
    };
    let before = opening();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(opening(), before);
    for position in held(&ground) {
        assert!(is_something(&position["stopLoss"]), "protected: {position}");
    }
    // A sync that would pass again proves nothing about the pages that were lost: it is not believed.
    drop(disk);
    assert_eq!(status(port)["run_state"], "halted (journal)");
    engine.interrupt();
    let code = engine.wait(2 * PATIENCE);
    // It closes what the policy says and then cannot vouch for its record.
    assert_eq!(code, Some(1), "{}\n{}", engine.out(), engine.err());
    assert!(engine.err().contains("ending the journal: the journal cannot be synced"), "{}", engine.err());
    assert!(held(&ground).is_empty(), "{:?}\n{}", held(&ground), engine.err());
}

#[test]
fn a_clock_that_is_wrong_is_allowed_for_and_shown() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"clock_skew","ms":-60000}"#);
    let (mut engine, port) = ground.watched_engine();
    wait_for_fills(&ground, 2);
    let offset = metric(port, "windvane_clock_offset_seconds", "").unwrap();
    assert!((offset + 60.0).abs() < 5.0, "{offset} s");
    let shown = status(port)["clock_offset_seconds"].as_f64().unwrap();
    assert!((shown + 60.0).abs() < 5.0, "{shown} s");
    // And now somebody sets one of the clocks.
    ground.sim("fault", r#"{"kind":"clock_skew","ms":75000}"#);
    wait_until("the new offset", PATIENCE, || {
        metric(port, "windvane_clock_offset_seconds", "").is_some_and(|offset| (offset - 15.0).abs() < 5.0)
    });
    wait_until("it to trade again", PATIENCE, || status(port)["run_state"] == "active");
    wait_for_fills(&ground, 2);
    ground.end(&mut engine);
}

#[test]
fn a_prometheus_that_hangs_and_a_collector_that_is_down_cost_no_trade() {
    let ground = Ground::new(Market::Walking);
    let (port, nobody) = (free_port(), free_port());
    let metrics = format!("listen = \"127.0.0.1:{port}\"\notlp = \"http://127.0.0.1:{nobody}/v1/traces\"");
    ground.write_config(&[("enabled = false", &metrics)]);
    let mut engine = ground.engine("engine", &[]);
    wait_for_fills(&ground, 2);
    // They ask and never read, or do not even finish asking.
    let hang = |request: &str| {
        let mut stream = TcpStream::connect(loopback(port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
    let hung: Vec<_> = (0..20).flat_map(|_| [hang(&request), hang("GET /metr")]).collect();
    wait_for_fills(&ground, 4);
    assert_eq!(status(port)["run_state"], "active");
    wait_until("the spans that are lost to be counted", PATIENCE, || {
        metric(port, "windvane_spans_total", "result=\"lost\"") > Some(0.0)
    });
    drop(hung);
    ground.end(&mut engine);
}
