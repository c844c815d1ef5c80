//! The demo, shortened by speed: it must trade on every bot, add up to the last digit, and say so.

use serde_json::Value;
use std::time::Duration;
use windvane_tests::{binary, config, free_port, get, start, wait_until};

#[test]
fn the_demo_trades_shows_itself_and_its_money_adds_up() {
    let folder = tempfile::tempdir().unwrap();
    let metrics = free_port();
    let listen = format!("listen = \"127.0.0.1:{metrics}\"");
    let text = config("paper.toml", &folder.path().join("data"), &[("listen = \"127.0.0.1:9464\"", &listen)]);
    let path = folder.path().join("paper.toml");
    std::fs::write(&path, text).unwrap();

    let mut run =
        start("demo", &binary(), &["run", "--json", "--config", path.to_str().unwrap()], folder.path());
    let address = ([127, 0, 0, 1], metrics).into();
    wait_until("the engine to be ready", Duration::from_secs(60), || {
        get(address, "/ready").is_some_and(|(code, _)| code == 200)
    });
    assert_eq!(get(address, "/health").map(|(code, _)| code), Some(200));
    let (_, shown) = get(address, "/metrics").unwrap();
    assert!(shown.contains("windvane_run_state{state=\"active\"} 1"), "{shown}");

    let code = run.wait(Duration::from_secs(420));
    let log = std::fs::read_to_string(folder.path().join("demo.log")).unwrap();
    assert_eq!(code, Some(0), "{log}");
    let line = log.lines().rev().find(|line| line.starts_with('{')).expect("a summary in JSON");
    let summary: Value = serde_json::from_str(line).unwrap();
    assert_eq!(summary["verdict"]["is_equal"], Value::Bool(true), "{line}");
    assert_eq!(summary["rate_limits"], "off", "{line}");
    let bots = summary["bots"].as_array().unwrap();
    assert_eq!(bots.len(), 3, "{line}");
    for bot in bots {
        assert!(bot["fills"].as_u64().unwrap() >= 20, "{bot}");
    }
    let sum = |key: &str| bots.iter().map(|bot| bot[key].as_u64().unwrap()).sum::<u64>();
    assert!(sum("maker_fills") > 0 && sum("taker_fills") > 0 && sum("funding_payments") > 0, "{line}");
}
