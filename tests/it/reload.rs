//! Another config for a running engine: all of it or none of it, with orders and connections as they are.

use serde_json::Value;
use std::time::{Duration, Instant};
use windvane_tests::{Ground, Market, PATIENCE, Running, finish, free_port, get, wait_until, windvane};

/// Reloads in the ordinary test; `cargo xtask campaign reload --count N` sets another number.
const RELOADS: u64 = 40;

/// Order requests that the engine sends meanwhile, at least.
const LOAD: u64 = 20;

/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "reload figures:";

/// The engine's config with the metrics on `port`, and with changes.
fn write(ground: &Ground, port: u16, changes: &[(&str, &str)]) {
    let listen = format!("listen = \"127.0.0.1:{port}\"");
    ground.write_config(&[&[("enabled = false", listen.as_str())], changes].concat());
}

fn reload(ground: &Ground, arguments: &[&str]) -> (Option<i32>, String) {
    let config = ground.config();
    let (code, out, err) = finish(&windvane(&[&["reload", "--config", &config], arguments].concat()));
    (code, format!("{out}{err}"))
}

fn metric(port: u16, line: &str) -> Option<f64> {
    let (_, body) = get(([127, 0, 0, 1], port).into(), "/metrics")?;
    let row = body.lines().find_map(|row| row.strip_prefix(line).map(str::trim).map(str::to_owned));
    row.and_then(|value| value.parse().ok())
}

fn wait_for_trading(ground: &Ground) {
    wait_until("the engine to trade", PATIENCE, || !ground.rows("fills").is_empty());
}

fn end(ground: &Ground, mut engine: Running) {
    engine.interrupt();
    let code = engine.wait(Duration::from_secs(120));
    assert_eq!(code, Some(0), "{}\n{}", engine.out(), engine.err());
    assert!(engine.out().contains("\"is_equal\":true"), "{}\n{}", engine.out(), engine.err());
    let data = ground.data();
    let arguments = ["journal", "replay", "--config", &ground.config(), "--data", data.to_str().unwrap()];
    let (code, out, err) = finish(&windvane(&arguments));
    assert!(code == Some(0) && out.contains("equal: every one"), "{out}{err}");
}

#[test]
fn a_reload_changes_all_or_nothing_and_says_what() {
    let (ground, port) = (Ground::new(Market::Walking), free_port());
    write(&ground, port, &[]);
    let engine = ground.engine("engine", &[]);
    wait_for_trading(&ground);

    let tighter = ("max_open_orders = 40", "max_open_orders = 30");
    write(&ground, port, &[tighter]);
    let (code, said) = reload(&ground, &["--dry-run"]);
    assert!(code == Some(0) && said.contains("risk.max_open_orders: 40 → 30"), "{said}");
    assert_eq!(
        metric(port, "windvane_config_reloads_total{result=\"applied\"}"),
        Some(0.0),
        "nothing was done"
    );

    for (changes, arguments, expected) in [
        (("max_open_orders = 40", "max_open_orders = 50"), [].as_slice(), "--loosen"),
        (("max_open_orders = 40", "max_open_orders = x"), &[], "engine.toml:"),
        (("tape_mib = 512", "tape_mib = 256"), &["--loosen"], "at the start only"),
        (("symbol = \"BTCUSDT\"", "symbol = \"XRPUSDT\""), &["--loosen"], "another name"),
    ] {
        write(&ground, port, &[changes]);
        let (code, said) = reload(&ground, arguments);
        assert!(code == Some(2) && said.contains(expected), "{changes:?}: {said}");
    }

    // A new bot on a contract that nobody followed, beside a limit that is tighter.
    let bot = "[bot.fourth]\nsymbol = \"XRPUSDT\"\nstrategy = \"busy.toml\"\nbudget = \"20000 USDT\"\nleverage = \"5x\"\n\
               on_shutdown = \"flatten\"\n\n[bot.maker]";
    let with_fourth = [tighter, ("[bot.maker]", bot)];
    write(&ground, port, &with_fourth);
    let (code, said) = reload(&ground, &[]);
    assert!(code == Some(0) && said.contains("bot fourth: new"), "{said}\n{}", engine.err());
    assert_eq!(metric(port, "windvane_config_reloads_total{result=\"applied\"}"), Some(1.0));
    // Whether its orders fill is the market's business.
    wait_until("the new bot to quote", PATIENCE, || {
        ground.rows("orders").iter().any(|order| order["symbol"] == "XRPUSDT")
    });
    // It holds a position or orders: it cannot just be gone.
    write(&ground, port, &[tighter]);
    let (code, said) = reload(&ground, &[]);
    assert!(code == Some(2) && said.contains("bot `fourth` is gone from the config"), "{said}");
    let leaving = bot.replace("on_shutdown", "removed = \"close\"\non_shutdown");
    write(&ground, port, &[tighter, ("[bot.maker]", &leaving)]);
    assert_eq!(reload(&ground, &[]).0, Some(0));
    write(&ground, port, &[tighter]);
    wait_until("the leaving bot to be flat and gone", PATIENCE, || reload(&ground, &[]).0 == Some(0));
    for stream in ["public", "private", "trade"] {
        let reconnects = metric(port, &format!("windvane_websocket_reconnects_total{{stream=\"{stream}\"}}"));
        assert!(reconnects.is_none_or(|count| count == 0.0), "{stream}: {reconnects:?}");
    }
    let data = ground.data();
    let (_, told, _) = finish(&windvane(&["journal", "export", "--data", data.to_str().unwrap()]));
    let change = "{\"new\":\"30\",\"old\":\"40\",\"path\":\"risk.max_open_orders\"}";
    assert!(told.contains(change), "the journal has the old and the new value");
    end(&ground, engine);
}

#[test]
fn a_hangup_reads_the_config_anew_and_a_position_keeps_its_rules_over_a_restart() {
    let (ground, port) = (Ground::new(Market::Walking), free_port());
    write(&ground, port, &[("on_shutdown = \"flatten\"", "on_shutdown = \"keep\"")]);
    let mut engine = ground.engine("first", &[]);
    wait_for_trading(&ground);
    let busy = ground.folder().join("busy.toml");
    let text = std::fs::read_to_string(&busy).unwrap();
    let half = text.replace("half_spread = \"0.01%\"", "half_spread = \"0.02%\"");
    assert_ne!(text, half);
    std::fs::write(&busy, &half).unwrap();
    engine.hangup();
    wait_until("the reload", PATIENCE, || {
        metric(port, "windvane_config_reloads_total{result=\"applied\"}") == Some(1.0)
    });
    // One that is flat by the time it stops has nothing to go on with: it is started once more.
    let holds =
        || ground.rows("positions").iter().any(|row| row["size"].as_str().is_some_and(|size| size != "0"));
    for attempt in 1.. {
        wait_until("a position", PATIENCE, holds);
        engine.interrupt();
        assert_eq!(engine.wait(Duration::from_secs(120)), Some(0), "{}", engine.err());
        if holds() {
            break;
        }
        assert!(attempt < 5, "flat at every stop");
        engine = ground.engine(&format!("again-{attempt}"), &[]);
    }

    // Changed once more while it was down: whoever held a position goes on by what it was opened under.
    std::fs::write(&busy, half.replace("0.02%", "0.03%")).unwrap();
    let mut engine = ground.engine("second", &[]);
    wait_until("the second start", PATIENCE, || metric(port, "windvane_ready") == Some(1.0));
    assert!(engine.err().contains("opened under other rules"), "{}", engine.err());
    let (code, said) = reload(&ground, &["--open-positions"]);
    assert_eq!(code, Some(0), "{said}");
    engine.interrupt();
    assert_eq!(engine.wait(Duration::from_secs(120)), Some(0), "{}\n{}", engine.err(), engine.out());
}

/// All that the engine says of itself, apart from times, ages and what is written down of them.
fn state(ground: &Ground) -> Value {
    fn without_times(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.retain(|key, _| !key.ends_with("_ms") && !key.ends_with("_seconds"));
                map.values_mut().for_each(without_times);
            }
            Value::Array(list) => list.iter_mut().for_each(without_times),
            _ => {}
        }
    }
    // The exit code says whether it may trade, which in a market that stands still it soon may not.
    let (_, out, err) = finish(&windvane(&["status", "--config", &ground.config()]));
    let mut state: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
    for apart in ["links", "events", "equity_curve", "journal_bytes", "journal_unsynced"] {
        state.as_object_mut().unwrap().remove(apart);
    }
    without_times(&mut state);
    state
}

/// Rules that look farther back than a running engine keeps.
const DEEP: &str = "language = 1\ntimeframe = \"1m\"\n[entry.long]\nsignal = \"close > ema(close, 1500)\"\n[entry.any]\n\
    order = { type = \"market\" }\nsize = { quote = \"100 USDT\", max_leverage = \"1x\" }\n[exit]\nstop = { distance = \"1%\" }\n";

#[test]
fn a_refused_reload_leaves_everything_as_it_was() {
    let (ground, port) = (Ground::new(Market::Still), free_port());
    write(&ground, port, &[]);
    let engine = ground.engine("engine", &[]);
    let mut turn = 0;
    wait_until("quotes", PATIENCE, || {
        crate::kill::quote(&ground, turn);
        turn += 1;
        ground.rows("orders").len() >= 6
    });
    // The market stands still, and so does the engine once its quotes rest: what it was denied at the start it has tried
    // again by then, after five seconds.
    let (mut before, mut since) = (state(&ground), Instant::now());
    wait_until("the engine to rest", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(500));
        let now = state(&ground);
        if std::mem::replace(&mut before, now.clone()) != now {
            since = Instant::now();
        }
        since.elapsed() >= Duration::from_secs(6)
    });
    assert!(before["orders"].as_array().is_some_and(|orders| orders.len() >= 6), "{before}");
    let busy = std::fs::read_to_string(ground.folder().join("busy.toml")).unwrap();
    let dear = "[bot.fourth]\nsymbol = \"XRPUSDT\"\nstrategy = \"busy.toml\"\nbudget = \"20000 USDT\"\nleverage = \"500x\"\n\
                on_shutdown = \"flatten\"\n\n[bot.maker]";
    for (change, preset) in [
        (("max_open_orders = 40", "max_open_orders = \"many\""), busy.clone()),
        (("max_open_orders = 40", "max_open_orders = 50"), busy.clone()),
        (("leverage = \"5x\"", "leverage = \"500x\""), busy.clone()),
        (("[bot.trend]", "[bot.trend]\ncolour = \"red\""), busy.clone()),
        (("symbol = \"BTCUSDT\"", "symbol = \"XRPUSDT\""), busy.clone()),
        (("[bot.maker]", dear), busy.clone()),
        (("tape_mib = 512", "tape_mib = 256"), busy.clone()),
        (("max_open_orders = 40", "max_open_orders = 40"), DEEP.to_owned()),
        (("max_open_orders = 40", "max_open_orders = 40"), busy.replace("half_spread", "half_sprad")),
    ] {
        write(&ground, port, &[change]);
        std::fs::write(ground.folder().join("busy.toml"), preset).unwrap();
        let (code, said) = reload(&ground, &[]);
        assert_eq!(code, Some(2), "{change:?}: {said}");
        assert_eq!(state(&ground), before, "{change:?}");
    }
    write(&ground, port, &[]);
    std::fs::write(ground.folder().join("busy.toml"), busy).unwrap();
    let (code, said) = reload(&ground, &[]);
    assert!(code == Some(0) && said.contains("nothing differs"), "{said}");
    end(&ground, engine);
}

/// A repeatable walk through 64 bits.
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 31;
    mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 7
}

#[test]
fn random_reloads_under_load_lose_no_order_and_no_connection_and_bad_ones_leave_no_trace() {
    let asked = std::env::var("WINDVANE_RELOADS").ok();
    let count = asked.as_ref().map_or(RELOADS, |n| n.parse().expect("WINDVANE_RELOADS is a number"));
    let (ground, port) = (Ground::new(Market::Walking), free_port());
    write(&ground, port, &[]);
    let engine = ground.engine("engine", &[]);
    wait_for_trading(&ground);
    let busy = std::fs::read_to_string(ground.folder().join("busy.toml")).unwrap();
    let requests_before = ground.order_requests();
    let (mut applied, mut refused, mut unchanged) = (0, 0, 0);
    let (mut number, mut requests, patience) = (0, 0, Instant::now() + PATIENCE);
    let mut ends_well = false;
    // A quick machine reads forty configs within a breath of the market: it goes on until the engine has had work, too,
    // and the files can be read once more.
    while number < count || requests < LOAD || !ends_well {
        assert!(number < count || Instant::now() < patience, "{requests} order requests in {number} reloads");
        number += 1;
        let draw = mixed(number);
        let figure = draw / 16 % 30;
        let orders = format!("max_open_orders = {}", 20 + figure);
        let budget = format!("budget = \"{} USDT\"", 20_000 + figure * 100);
        let spread = format!("half_spread = \"0.0{}%\"", 10 + figure);
        let (changes, preset, is_good): (Vec<(&str, &str)>, String, bool) = match draw % 8 {
            0 => (vec![("max_open_orders = 40", &orders)], busy.clone(), true),
            1 => (vec![("budget = \"30000 USDT\"", &budget)], busy.clone(), true),
            2 | 3 => (vec![], busy.replace("half_spread = \"0.01%\"", &spread), true),
            4 => (vec![("max_open_orders = 40", "max_open_orders = \"many\"")], busy.clone(), false),
            5 => (vec![("leverage = \"5x\"", "leverage = \"500x\"")], busy.clone(), false),
            6 => (vec![], busy.replace("half_spread", "half_sprad"), false),
            _ => (vec![("[bot.trend]", "[bot.trend]\ncolour = \"red\"")], busy.clone(), false),
        };
        // Puts the preset back, too.
        write(&ground, port, &changes);
        std::fs::write(ground.folder().join("busy.toml"), preset).unwrap();
        let arguments: &[&str] =
            if (draw / 8).is_multiple_of(2) { &["--loosen"] } else { &["--loosen", "--open-positions"] };
        let (code, said) = reload(&ground, arguments);
        match (is_good, code) {
            (true, Some(0)) if said.contains("nothing differs") => unchanged += 1,
            (true, Some(0)) => applied += 1,
            (false, Some(2)) => refused += 1,
            _ => panic!("reload {number}: {changes:?}: {code:?} {said}\n{}", engine.err()),
        }
        // The venue's whole truth, which grows with every order: not asked for before it can end the loop.
        if number >= count {
            requests = ground.order_requests() - requests_before;
        }
        ends_well = is_good;
    }
    assert!(applied > 0 && refused > 0, "{applied} {refused}");
    let shown = |result| metric(port, &format!("windvane_config_reloads_total{{result=\"{result}\"}}"));
    assert_eq!(shown("applied"), Some(f64::from(applied)));
    for stream in ["public", "private", "trade"] {
        let reconnects = metric(port, &format!("windvane_websocket_reconnects_total{{stream=\"{stream}\"}}"));
        assert!(reconnects.is_none_or(|count| count == 0.0), "{stream}: {reconnects:?}");
    }
    // The engine has compared itself around each refused one.
    assert!(!engine.err().contains("has changed the engine"), "{}", engine.err());
    assert_eq!(metric(port, "windvane_run_state{state=\"active\"}"), Some(1.0), "{}", engine.err());
    // Books equal to the venue's, and an engine that never saw the bad reloads repeats every command byte for byte.
    end(&ground, engine);
    println!(
        "{FIGURES} {number} reloads under load ({applied} applied, {refused} refused, {unchanged} of no difference), \
         {requests} order requests meanwhile, 0 reconnects, 0 lost"
    );
}
