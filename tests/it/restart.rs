//! An engine that is killed at any moment, while orders rest and fill, loses and doubles nothing.

use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use windvane_tests::{Running, binary, config, free_port, get, root, start, wait_until};

/// Kills in the ordinary test; `cargo xtask campaign kill9 --cycles N` sets another number.
const CYCLES: u64 = 5;

/// A venue of its own process, whose market moves by itself.
fn venue(folder: &Path, port: u16) -> Running {
    let config = root().join("config/venue.toml");
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["venue", "--config", config.to_str().unwrap(), "--listen", &listen];
    let venue = start("venue", &binary(), &arguments, folder);
    wait_until("the venue to answer", Duration::from_secs(20), || {
        get(address(port), "/v5/market/time").is_some()
    });
    venue
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

/// The demo's bots on that venue; the maker's quotes are tight, so that orders rest, move and fill all the time.
fn engine_config(folder: &Path, port: u16) -> String {
    let maker = std::fs::read_to_string(root().join("strategies/maker.toml")).unwrap();
    let busy = maker
        .replace("half_spread = \"0.08%\"", "half_spread = \"0.01%\"")
        .replace("requote     = \"0.03%\"", "requote     = \"0.005%\"")
        .replace("every       = \"5s\"", "every       = \"1s\"");
    assert_ne!(maker, busy, "the preset has the lines to change");
    std::fs::write(folder.join("busy.toml"), busy).unwrap();
    let text = config("paper.toml", &folder.join("data"), &[]);
    let (head, rest) = text.split_once("[venue.embedded] ").unwrap();
    let (_, limits) = rest.split_once("[risk]").unwrap();
    let maker = format!("\"{}/busy.toml\"", folder.display());
    let endpoints = format!(
        "[venue.endpoints]\nrest = \"http://127.0.0.1:{port}\"\npublic = \"ws://127.0.0.1:{port}/v5/public/linear\"\n\
         private = \"ws://127.0.0.1:{port}/v5/private\"\ntrade = \"ws://127.0.0.1:{port}/v5/trade\"\n\n[risk]"
    );
    let whole = format!("{head}{endpoints}{limits}")
        .replace("environment = \"embedded\" ", "environment = \"custom\" ")
        .replace("listen = \"127.0.0.1:9464\"", "enabled = false")
        .replace("on_shutdown = \"keep\"", "on_shutdown = \"flatten\"")
        .replace(&format!("\"{}/strategies/maker.toml\"", root().display()), &maker);
    let path = folder.join("engine.toml");
    std::fs::write(&path, whole).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Where in a span of 50 to 3,000 ms the next kill falls: a fixed walk, so that a failure can be repeated.
fn moment(cycle: u64) -> Duration {
    let mut mixed = cycle.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 31;
    Duration::from_millis(50 + mixed % 2_950)
}

fn order_count(port: u16) -> usize {
    let Some((200, body)) = get(address(port), "/sim/state") else { return 0 };
    let state: Value = serde_json::from_str(&body).unwrap_or_default();
    state["accounts"][0]["orders"].as_array().map_or(0, Vec::len)
}

#[test]
fn killed_at_random_moments_the_engine_loses_and_doubles_nothing() {
    let cycles = std::env::var("WINDVANE_KILL9_CYCLES").ok().and_then(|n| n.parse().ok()).unwrap_or(CYCLES);
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _venue = venue(folder.path(), port);
    let path = engine_config(folder.path(), port);
    let arguments = ["run", "--config", &path];
    for cycle in 0..cycles {
        let mut engine = start("engine", &binary(), &arguments, folder.path());
        std::thread::sleep(moment(cycle));
        let log = std::fs::read_to_string(folder.path().join("engine.log")).unwrap();
        assert!(engine.is_running(), "cycle {cycle}: it ended by itself: {log}");
        engine.kill();
    }
    // A last start recovers, trades for a while, flattens in order, and compares its journal with the venue.
    let mut engine =
        start("last", &binary(), &["run", "--json", "--duration", "5s", "--config", &path], folder.path());
    let code = engine.wait(Duration::from_secs(60));
    let log = std::fs::read_to_string(folder.path().join("last.log")).unwrap();
    assert_eq!(code, Some(0), "after {cycles} kills: {log}");
    assert!(log.contains("\"is_equal\":true"), "{log}");
    assert!(order_count(port) > 0, "orders were there to lose");
}

#[test]
fn ctrl_c_shuts_down_in_order_and_the_books_still_agree() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _venue = venue(folder.path(), port);
    let path = engine_config(folder.path(), port);
    let mut engine = start("engine", &binary(), &["run", "--json", "--config", &path], folder.path());
    wait_until("orders to rest", Duration::from_secs(30), || order_count(port) > 3);
    engine.interrupt();
    assert_eq!(engine.wait(Duration::from_secs(40)), Some(0));
    let log = std::fs::read_to_string(folder.path().join("engine.log")).unwrap();
    assert!(log.contains("\"ending\":\"interrupted\"") && log.contains("\"is_equal\":true"), "{log}");
    let (_, body) = get(address(port), "/sim/state").unwrap();
    let state: Value = serde_json::from_str(&body).unwrap();
    let positions = state["accounts"][0]["positions"].as_array().unwrap();
    assert!(
        positions.iter().all(|row| row["size"] == "0" || row["size"] == "0.000" || row["side"] == ""),
        "{body}"
    );
}

#[test]
fn halt_and_resume_reach_a_running_engine() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _venue = venue(folder.path(), port);
    let path = engine_config(folder.path(), port);
    let _engine = start("engine", &binary(), &["run", "--config", &path], folder.path());
    let ask = |command: &str| {
        let output =
            std::process::Command::new(binary()).args([command, "--config", &path]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    wait_until("the engine to be active", Duration::from_secs(30), || {
        ask("status").contains("\"run_state\": \"active\"")
    });
    assert!(ask("halt").contains("halted (operator)"));
    assert!(ask("status").contains("halted (operator)"));
    assert!(ask("resume").contains("active"));
}
