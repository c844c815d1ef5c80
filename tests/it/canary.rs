//! A secret that is looked for everywhere: log at its chattiest, output, metrics, page, control socket, journal, arguments,
//! environments. It must be nowhere.

use std::path::Path;
use windvane_tests::{Ground, Market, PATIENCE, finish, free_port, get, metric, told, wait_until, windvane};

/// What the engine signs with here. It comes from a file, so that not even its environment may hold it.
const SECRET: &str = "worth-nothing";

fn holds(bytes: &[u8]) -> bool {
    told(&String::from_utf8_lossy(bytes), SECRET).is_some()
}

/// The process and everything it has started.
fn family(id: u32) -> Vec<u32> {
    let mut all = vec![id];
    let tasks = Path::new("/proc").join(id.to_string()).join("task");
    for task in tasks.read_dir().into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|id| id.parse().ok()).flat_map(family));
    }
    all
}

#[test]
fn i17_a_secret_is_found_in_whatever_form_it_is_told() {
    for text in [
        "the worth-nothing itself",
        "a part, orth-nothing, of it",
        "776f7274682d6e6f7468696e67",
        "776F7274682D6E6F7468696E67",
        "%77%6F%72%74%68%2D%6E%6F%74%68%69%6E%67",
        // `key:worth-nothing;`, `abworth-nothing` and `worth-nothing` in base64.
        "a2V5OndvcnRoLW5vdGhpbmc7",
        "YWJ3b3J0aC1ub3RoaW5n",
        "d29ydGgtbm90aGluZw==",
    ] {
        assert!(holds(text.as_bytes()), "{text}");
    }
    for text in ["worth nothing", "d29ydGgtbm90", "776f7274682d6e6f"] {
        assert!(!holds(text.as_bytes()), "{text}");
    }
}

#[test]
fn the_secret_is_in_no_log_no_metric_no_page_no_journal_no_argument_and_no_environment() {
    let ground = Ground::strict(Market::Walking);
    ground.write_secret("canary.key", &format!("key = \"short-lived\"\nsecret = \"{SECRET}\"\n"));
    let port = free_port();
    ground.write_config(&[
        ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
        ("[venue.endpoints]", "key_file = \"canary.key\"\n\n[venue.endpoints]"),
        ("filter = \"warn\"", "filter = \"trace\""),
    ]);
    let config = ground.config();
    let mut engine = ground.engine("engine", &[]);
    wait_until("orders", PATIENCE, || ground.client_order_ids().len() >= 6);
    // Refusals and a new log-in are where requests are written out in anger.
    ground.sim("fault", r#"{"kind":"retcode","match":{"path":"order.create"},"code":110007,"count":1}"#);
    ground
        .sim("fault", r#"{"kind":"http_status","match":{"path":"/v5/position/list"},"code":502,"count":1}"#);
    ground.sim("fault", r#"{"kind":"disconnect","match":{"path":"/v5/private"}}"#);
    wait_until("another log-in", PATIENCE, || {
        metric(port, "windvane_websocket_reconnects_total", "stream=\"private\"") >= Some(1.0)
    });

    let page = |path: &str| get(([127, 0, 0, 1], port).into(), path).unwrap().1;
    for path in ["/", "/status.json", "/metrics", "/health", "/ready"] {
        assert!(!holds(page(path).as_bytes()), "{path}");
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", engine.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["0", "0"],
        "G02: no core: {core}"
    );
    for id in family(engine.id()) {
        for what in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{id}/{what}")).unwrap_or_default();
            assert!(!holds(&bytes), "{what} of process {id}");
        }
    }
    for words in [
        &["status"][..],
        &["orders", "--all"],
        &["events"],
        &["trades"],
        &["doctor"],
        &["keys", "check"],
        &["check"],
    ] {
        let (_, out, err) = finish(&windvane(&[words, &["--config", &config]].concat()));
        assert!(!holds(out.as_bytes()) && !holds(err.as_bytes()), "windvane {words:?}");
    }
    ground.end(&mut engine);
    assert!(engine.err().len() > 10_000, "the log was at its chattiest: {} bytes", engine.err().len());
    assert!(!holds(engine.err().as_bytes()) && !holds(engine.out().as_bytes()), "log and summary");
    for entry in ground.data().read_dir().unwrap().flatten().filter(|entry| entry.path().is_file()) {
        assert!(!holds(&std::fs::read(entry.path()).unwrap()), "{}", entry.path().display());
    }
}
