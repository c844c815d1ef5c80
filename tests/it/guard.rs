//! The guard beside the engine: it rests while the engine is healthy, and cancels its entries, and nothing else, when the
//! engine is stopped, killed, or cut off from the venue.

use crate::kill::{held, quote, trading};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;
use windvane_tests::{Ground, Line, Market, Running, binary, finish, start, wait_until, windvane};

/// Longer than any of the guard's patience on a loaded machine.
const LONG: Duration = Duration::from_secs(120);

/// Orders that rest and may open, of the engine (`true`) or of others.
pub(crate) fn entries(ground: &Ground, own: bool) -> usize {
    let rows = ground.rows("orders");
    let is_meant = |row: &&Value| {
        let rests = matches!(row["orderStatus"].as_str(), Some("New" | "PartiallyFilled"));
        rests && row["reduceOnly"] == false && (row["orderLinkId"] != "from-the-phone") == own
    };
    rows.iter().filter(is_meant).count()
}

/// Every position still has its stop.
pub(crate) fn assert_protected(ground: &Ground) {
    let held = held(ground);
    assert_eq!(held.len(), 3, "{held:?}");
    assert!(held.iter().all(|row| row["stopLoss"] != ""), "{held:?}");
}

struct Scene {
    ground: Ground,
    line: Line,
    engine: Running,
    guard: Running,
}

/// An engine that trades, a stranger's order, and a guard that has watched for longer than it would wait.
fn scene() -> Scene {
    let ground = Ground::strict(Market::Still);
    let line = Line::to(ground.venue());
    let key = ground.folder().join("guard.key");
    std::fs::write(&key, "key = \"short-lived\"\nsecret = \"worth-nothing\"\n").unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    // The guard has a line of its own to the venue.
    let table = "\n[guard]\nkey_file = \"guard.key\"\nsilent_after = \"5s\"\ncut_after = \"45s\"\n";
    let text = std::fs::read_to_string(ground.config()).unwrap().replace("\"warn\"", "\"info\"") + table;
    let config = ground.folder().join("guard.toml");
    std::fs::write(&config, text).unwrap();
    let ports = [ground.venue().port(), line.port()].map(|port| format!("127.0.0.1:{port}"));
    ground.write_config(&[(ports[0].as_str(), ports[1].as_str())]);

    // Nothing moves but by us, so that what rests is gone only when somebody cancels it.
    let engine = trading(&ground);
    let guard = start("guard", &binary(), &["guard", "--config", config.to_str().unwrap()], ground.folder());
    let mut turn = 0;
    wait_until("entries beside the positions", LONG, || {
        quote(&ground, turn);
        turn += 1;
        entries(&ground, true) >= 3
    });
    let uid = ground.account()["uid"].clone();
    let strange = serde_json::json!({
        "uid": uid, "category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit",
        "timeInForce": "GTC", "price": "1000", "qty": "0.01", "orderLinkId": "from-the-phone",
    });
    ground.sim("order", &strange.to_string());
    std::thread::sleep(Duration::from_secs(7));
    assert!(guard.err().contains("the engine is healthy"), "{}", guard.err());
    assert!(!guard.err().contains("cancelled"), "it acts while the engine is healthy: {}", guard.err());
    Scene { ground, line, engine, guard }
}

/// The guard has cancelled the entries, and left everything else.
fn assert_swept(scene: &Scene, why: &str) {
    wait_until("the entries to be gone", LONG, || entries(&scene.ground, true) == 0);
    assert!(scene.guard.err().contains(why), "{}", scene.guard.err());
    assert_eq!(entries(&scene.ground, false), 1, "the stranger's order is not ours to cancel");
    assert_protected(&scene.ground);
}

fn assert_halted(scene: &Scene) {
    let config = scene.ground.config();
    wait_until("the engine to see that somebody else cancelled its orders", LONG, || {
        let (_, status, _) = finish(&windvane(&["status", "--config", &config]));
        status.contains("halted (cancelled_by_other)")
    });
}

fn signal(name: &str, process: &Running) {
    let status = Command::new("kill").args([name, &process.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn an_engine_that_is_stopped_loses_its_entries_and_halts_when_it_goes_on() {
    let scene = scene();
    signal("-STOP", &scene.engine);
    assert_swept(&scene, "the engine is silent");
    signal("-CONT", &scene.engine);
    assert_halted(&scene);
    wait_until("the guard to rest again", LONG, || {
        scene.guard.err().matches("the engine is healthy").count() == 2
    });
}

#[test]
fn an_engine_that_is_killed_loses_its_entries_and_keeps_its_stops() {
    let mut scene = scene();
    scene.engine.kill();
    assert_swept(&scene, "the engine is silent");
}

#[test]
fn an_engine_that_is_cut_off_from_the_venue_loses_its_entries_and_halts_when_it_is_back() {
    let scene = scene();
    scene.line.cut();
    assert_swept(&scene, "the engine is cut off");
    scene.line.mend();
    assert_halted(&scene);
}

#[test]
fn after_an_orderly_end_the_guard_touches_nothing() {
    let mut scene = scene();
    scene.engine.interrupt();
    scene.engine.wait(LONG);
    wait_until("the guard to have seen the end", LONG, || scene.guard.err().contains("ended in order"));
    std::thread::sleep(Duration::from_secs(7));
    assert!(!scene.guard.err().contains("cancelled"), "{}", scene.guard.err());
    scene.guard.interrupt();
    assert_eq!(scene.guard.wait(LONG), Some(0));
}
