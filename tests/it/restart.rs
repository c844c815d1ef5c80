//! An engine that is killed at any moment, while orders rest and fill, loses and doubles nothing.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use windvane_tests::{
    ABSENCE_SECONDS, Ground, Market, PATIENCE, Recorded, Running, finish, wait_until, windvane,
};

/// Kills in the ordinary test; `cargo xtask campaign kill9 --cycles N` sets another number.
const CYCLES: u64 = 6;

/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "kill9 figures:";

/// When the next kill falls: a fixed walk, so that a failure can be repeated. Every fourth falls into the start-up.
fn moment(cycle: u64) -> (bool, Duration) {
    let mut mixed = cycle.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 31;
    let is_early = cycle % 4 == 3;
    let longest = if is_early { 400 } else { 2_000 };
    (is_early, Duration::from_millis(mixed % longest))
}

/// Answers that take their time, and some that never come: kills must find orders whose fate is open.
fn unsettle(ground: &Ground) -> Vec<Value> {
    [
        r#"{"kind":"reply_lost","match":{"path":"order.create"},"probability":0.08,"seed":3}"#,
        r#"{"kind":"request_lost","match":{"path":"order.create"},"probability":0.08,"seed":5}"#,
        r#"{"kind":"delay","match":{"path":"order.create"},"ms":250,"probability":0.5,"seed":7}"#,
        r#"{"kind":"delay","match":{"path":"order.amend"},"ms":120,"probability":0.3,"seed":11}"#,
        r#"{"kind":"drop_private","match":{"topic":"execution"},"probability":0.05,"seed":13}"#,
    ]
    .map(|fault| ground.sim("fault", fault))
    .into()
}

/// After three crashes within ten minutes an engine opens nothing until a person says so. Says so, and whether that was
/// asked for.
fn resume_after_crashes(ground: &Ground) -> bool {
    let ask = |command: &str| finish(&windvane(&[command, "--config", &ground.config()])).1;
    let is_asked_for = ask("status").contains("has crashed three times");
    if is_asked_for {
        ask("resume");
    }
    is_asked_for
}

/// Waits until the engine trades. Says whether it had to be resumed for that.
fn wait_for_new_orders(ground: &Ground, engine: &mut Running, cycle: u64) -> bool {
    let before = ground.client_order_ids().len();
    let started = Instant::now();
    let mut was_resumed = false;
    while ground.client_order_ids().len() == before {
        was_resumed |= cycle >= 3 && !was_resumed && resume_after_crashes(ground);
        assert!(engine.is_running(), "cycle {cycle}: it ended by itself: {}", engine.err());
        assert!(started.elapsed() < PATIENCE, "cycle {cycle}: no orders: {}", engine.err());
        std::thread::sleep(Duration::from_millis(20));
    }
    was_resumed
}

#[test]
fn killed_at_random_moments_the_engine_loses_and_doubles_nothing() {
    let asked = std::env::var("WINDVANE_KILL9_CYCLES").ok();
    let cycles = asked.as_ref().map_or(CYCLES, |n| n.parse().expect("WINDVANE_KILL9_CYCLES is a number"));
    let began = Instant::now();
    let ground = Ground::new(Market::Walking);
    let faults = unsettle(&ground);
    let mut resumed = 0;
    for cycle in 0..cycles {
        let (is_early, pause) = moment(cycle);
        let mut engine = ground.engine("engine", &[]);
        if !is_early {
            resumed += u64::from(wait_for_new_orders(&ground, &mut engine, cycle));
        }
        std::thread::sleep(pause);
        assert!(engine.is_running(), "cycle {cycle}: it ended by itself: {}", engine.err());
        engine.kill();
    }
    faults.iter().for_each(|fault| ground.mend(fault));
    // A last start recovers, trades, flattens in order, and compares its journal with the venue. It has the time that it
    // takes to be sure that an order never reached the venue.
    ground.trade("last", ABSENCE_SECONDS);

    // The same once more without the engine's own verdict: the venue's rows against the exported journal.
    let recorded = Recorded::read(&ground.data());
    let at_venue = ground.client_order_ids();
    let distinct: BTreeSet<_> = at_venue.iter().cloned().collect();
    let fills = ground.rows("fills");
    let fills: BTreeSet<_> = fills
        .iter()
        .filter(|row| row["execType"] == "Trade")
        .filter_map(|row| row["execId"].as_str())
        .collect();
    let lost = distinct.difference(&recorded.submitted).count()
        + fills.iter().filter(|id| !recorded.executions.contains(**id)).count();
    let doubled = at_venue.len() - distinct.len() + recorded.submitted_twice;
    println!(
        "{FIGURES} {cycles} cycles, {} orders submitted, {} fills, {} orders resting and {} in flight when killed, \
         {lost} lost, {doubled} doubled, {:.1} s",
        recorded.submitted.len(),
        recorded.executions.len(),
        recorded.resting_at_kill,
        recorded.in_flight_at_kill,
        began.elapsed().as_secs_f64()
    );
    assert_eq!((lost, doubled), (0, 0));
    assert_eq!(recorded.opened_unreconciled, Vec::<String>::new(), "orders before the account was read");
    assert!(recorded.starts > 1 && recorded.resting_at_kill > 0, "kills hit nothing: {recorded:?}");
    assert!(resumed > 0, "after crash upon crash nobody was asked");
    // A handful of kills may miss; a campaign may not.
    assert!(cycles < 20 || recorded.in_flight_at_kill > 0, "no kill hit an order in flight");
    replays(&ground);
}

/// The journal of all those starts is whole, and the engine repeats every one of its commands.
fn replays(ground: &Ground) {
    let data = ground.data();
    let (code, out, err) =
        finish(&windvane(&["journal", "verify", "--data", data.to_str().expect("a path that is text")]));
    assert_eq!(code, Some(0), "{out}{err}");
    let (code, out, err) = finish(&windvane(&["journal", "replay", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("equal: every one was repeated"), "{out}");
}

#[test]
fn a_copy_made_while_it_trades_is_whole_and_can_be_gone_on_with() {
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("engine", &[]);
    wait_until("fills", PATIENCE, || ground.rows("fills").len() > 2);
    let (data, copies) = (ground.data(), ground.folder().join("copies"));
    let [from, to] = [&data, &copies].map(|path| path.to_str().expect("a path that is text"));
    let copy = || finish(&windvane(&["journal", "copy", "--data", from, "--to", to, "--keep", "1"]));
    let (code, first, err) = copy();
    assert_eq!(code, Some(0), "{err}");
    // A copy is named by its second.
    std::thread::sleep(Duration::from_millis(1_100));
    let (code, second, err) = copy();
    assert_eq!(code, Some(0), "{err}");
    assert_ne!(first, second);
    let kept: Vec<_> = copies.read_dir().unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(kept.len(), 1, "the older one is gone: {kept:?}");
    let fills =
        finish(&windvane(&["fills", "--json", "--data", kept[0].to_str().expect("a path that is text")])).1;
    assert!(fills.contains("DOGEUSDT") || fills.contains("ETHUSDT") || fills.contains("BTCUSDT"), "{fills}");

    // The disk is lost, and with it what happened since the copy: the next start asks the venue for it.
    engine.kill();
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&kept[0], &data).unwrap();
    let mut engine = ground.engine("restored", &[]);
    let before = ground.rows("fills").len();
    // What it does not know of is looked for as long as the venue's index may be late.
    wait_until("it to trade on", 3 * PATIENCE, || ground.rows("fills").len() > before);
    ground.end(&mut engine);
}

#[test]
fn halt_and_resume_reach_a_running_engine() {
    let ground = Ground::new(Market::Walking);
    let _engine = ground.engine("engine", &[]);
    let ask = |command: &str| finish(&windvane(&[command, "--config", &ground.config()])).1;
    wait_until("the engine to be active", PATIENCE, || ask("status").contains("\"run_state\": \"active\""));
    assert!(ask("halt").contains("halted (operator)"));
    assert!(ask("status").contains("halted (operator)"));
    assert!(ask("resume").contains("active"));
}

fn submit(id: &str, reduce_only: bool) -> Value {
    json!({"Command": {"command": {"Submit": {"client_order_id": id, "reduce_only": reduce_only}}}})
}

#[test]
fn an_order_that_opens_before_the_account_was_read_is_found() {
    let start = json!({"Start": {}});
    let read = json!({"Event": {"event": {"Account": {"Answer": {"Account": {"executions": []}}}}}});
    let looked_up = json!({"Event": {"event": {"Account": {"Answer": {"Order": {}}}}}});
    let cut = json!({"Event": {"event": {"Link": {"Private": "Down"}}}});
    let mut recorded = Recorded::default();
    let story = [
        &start,
        &submit("closes", true),
        &looked_up,
        &submit("too early", false),
        &read,
        &submit("in time", false),
        &cut,
        &submit("after the cut", false),
        &read,
        &submit("again", false),
        &start,
        &submit("before the second read", false),
    ];
    story.into_iter().for_each(|record| recorded.take(record));
    assert_eq!(recorded.opened_unreconciled, ["too early", "after the cut", "before the second read"]);
}
