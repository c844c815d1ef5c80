//! What an operator asks and is told: `doctor`, `init`, `events`, `top`, completions and manual pages.

use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};
use windvane_tests::{
    Ground, Market, PATIENCE, binary, finish, free_port, program, start, wait_until, windvane,
};

fn findings(arguments: &[&str]) -> (Option<i32>, Value, String) {
    let (code, out, err) = finish(&windvane(&[&["doctor", "--json"], arguments].concat()));
    let findings: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    (code, findings["findings"].clone(), err)
}

fn finding<'v>(findings: &'v Value, what: &str) -> &'v Value {
    let found = findings.as_array().unwrap().iter().find(|finding| finding["what"] == what);
    found.unwrap_or_else(|| panic!("no `{what}` in {findings}"))
}

fn verdict<'v>(findings: &'v Value, what: &str) -> &'v str {
    finding(findings, what)["verdict"].as_str().unwrap()
}

#[test]
fn the_doctor_finds_a_sound_ground_sound_and_says_what_to_do_about_each_ill() {
    let ground = Ground::new(Market::Walking);
    let config = ground.config();
    let (code, found, err) = findings(&["--config", &config]);
    assert_eq!(code, Some(0), "{found}{err}");
    for what in ["data folder", "engine", "key", "connection", "clock", "account"] {
        assert_eq!(verdict(&found, what), "good", "{what}: {found}");
    }
    // How full the disk is, is this machine's affair; that it was looked at is told with its figures.
    let disk = finding(&found, "disk")["found"].as_str().unwrap();
    assert!(disk.contains(" MiB free of "), "{disk}");

    let skew = ground.sim("fault", r#"{"kind":"clock_skew","ms":-60000}"#);
    let (_, found, _) = findings(&["--config", &config]);
    assert_eq!(verdict(&found, "clock"), "bad", "a clock that is a minute off: {found}");
    ground.mend(&skew);

    let venue = ground.venue().port().to_string();
    ground.write_config(&[(venue.as_str(), &free_port().to_string())]);
    let (code, found, _) = findings(&["--config", &config]);
    assert_eq!((code, verdict(&found, "connection")), (Some(5), "bad"), "{found}");

    ground.write_config(&[("[venue.endpoints]", "key_file = \"none.key\"\n\n[venue.endpoints]")]);
    let (code, found, _) = findings(&["--config", &config]);
    assert_eq!((code, verdict(&found, "key")), (Some(3), "bad"), "{found}");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen = \"{}\"", taken.local_addr().unwrap());
    ground.write_config(&[("enabled = false", &listen)]);
    let (code, found, _) = findings(&["--offline", "--config", &config]);
    assert_eq!((code, verdict(&found, "metrics port")), (Some(2), "bad"), "{found}");
    for finding in found.as_array().unwrap() {
        let is_ill = finding["verdict"] == "bad" || finding["verdict"] == "warning";
        assert_eq!(is_ill, finding["remedy"] != "", "{finding}");
    }
}

#[test]
fn what_happens_is_followed_and_shown_in_the_terminal() {
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("engine", &[]);
    let config = ground.config();
    wait_until("the engine to trade", PATIENCE, || !ground.rows("fills").is_empty());
    let follow = ["events", "--follow", "--json", "--config", &config];
    let mut events = start("events", &binary(), &follow, ground.folder());
    let (_, shown, err) = finish(&windvane(&["top", "--config", &config]));
    for word in ["custom", "active", "maker", "DOGEUSDT", "Equity", "Orders", "Why not"] {
        assert!(shown.contains(word), "no `{word}` in:\n{shown}{err}");
    }
    let link = shown.lines().find(|line| line.contains("private")).unwrap_or_default();
    assert!(link.contains("up"), "{shown}");
    let fill = shown.lines().find(|line| line.contains(" fill ")).unwrap_or_default();
    assert!(fill.contains("USDT"), "a fill names its contract: {shown}");
    assert_eq!(finish(&windvane(&["halt", "--config", &config])).0, Some(0));
    wait_until("the halt to be told", PATIENCE, || events.out().contains("\"kind\":\"halt\""));
    let numbers: Vec<u64> = events
        .out()
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["number"].as_u64())
        .collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "each once, in order: {numbers:?}");
    engine.interrupt();
    assert!(engine.wait(2 * PATIENCE).is_some());
    assert_eq!(events.wait(PATIENCE), Some(0), "it ends with its engine: {}", events.err());
}

#[test]
fn each_line_of_the_log_is_an_object_and_an_orders_lines_are_found_by_its_id() {
    let ground = Ground::new(Market::Walking);
    ground.write_config(&[("filter = \"warn\"", "filter = \"info\"\nstyle = \"json\"")]);
    let mut engine = ground.engine("engine", &[]);
    wait_until("fills", PATIENCE, || ground.rows("fills").len() >= 3);
    ground.end(&mut engine);
    // Where the run stands is told beside the log.
    let log = engine.err();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for line in &lines {
        assert!(
            line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }
    let filled = ground.rows("fills");
    let id = filled.iter().find_map(|fill| fill["orderLinkId"].as_str().filter(|id| !id.is_empty())).unwrap();
    let story: Vec<&str> = lines
        .iter()
        .filter(|line| line["client_order_id"] == id)
        .filter_map(|line| line["message"].as_str())
        .collect();
    assert_eq!(story.first(), Some(&"submit order"), "{log}");
    assert_eq!(story.last(), Some(&"order ended"), "{log}");
    assert!(story.contains(&"filled"), "{story:?}");
}

#[test]
fn a_terminal_is_drawn_on_waits_for_its_engine_and_is_given_back() {
    let Some(script) = program("script", "apt-get install bsdutils") else { return };
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("engine", &[]);
    wait_until("the engine to answer", PATIENCE, || {
        finish(&windvane(&["status", "--config", &ground.config()])).0 == Some(0)
    });
    // A terminal of our own, with a size.
    let top = format!("stty cols 140 rows 40 && {} top --config {}", binary().display(), ground.config());
    let typescript = ground.folder().join("typescript");
    let mut terminal = Command::new(script)
        .args(["--quiet", "--flush", "--return", "--command", &top])
        .arg(&typescript)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let shown = || String::from_utf8_lossy(&std::fs::read(&typescript).unwrap_or_default()).into_owned();
    wait_until("the panels", PATIENCE, || {
        ["Bots and positions", "DOGEUSDT"].iter().all(|word| shown().contains(word))
    });
    engine.kill();
    wait_until("old figures to be called so", PATIENCE, || shown().contains("no answer for"));
    terminal.stdin.as_ref().unwrap().write_all(b"q").unwrap();
    wait_until("its end", PATIENCE, || terminal.try_wait().unwrap().is_some());
    assert!(terminal.wait().unwrap().success(), "{}", shown());
    let (entered, left) = ("\u{1b}[?1049h", "\u{1b}[?1049l");
    let shown = shown();
    assert!(shown.contains(entered), "a screen of its own");
    assert!(shown.rfind(left) > shown.find(entered), "and the one before is back");
}

#[test]
fn a_starter_project_says_what_it_lacks_and_runs_once_it_has_a_key() {
    let ground = Ground::new(Market::Walking);
    let project = ground.folder().join("bots");
    let (code, out, err) = finish(&windvane(&["init", project.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("next: put a demo key into"), "{out}");
    let config = project.join("windvane.toml");
    let config_path = config.to_str().unwrap();
    assert_eq!(finish(&windvane(&["check", "--config", config_path])).0, Some(0));
    let listen = format!("127.0.0.1:{}\"", free_port());
    let text = std::fs::read_to_string(&config).unwrap().replace("127.0.0.1:9464\"", &listen);
    std::fs::write(&config, &text).unwrap();
    let (code, _, err) = finish(&windvane(&["run", "--config", config_path]));
    assert_eq!(code, Some(3), "a project without a key: {err}");
    assert!(err.contains("windvane.key"), "{err}");

    // The demo's place is taken by a venue on this machine.
    let key = project.join("windvane.key");
    let mut filled = std::fs::read_to_string(&key).unwrap();
    for (name, value) in [("key", "paper-key"), ("secret", "paper-secret")] {
        filled = filled.replace(&format!("{name} = \"\""), &format!("{name} = \"{value}\""));
    }
    std::fs::write(&key, filled).unwrap();
    let venue = ground.venue();
    let endpoints = format!(
        "\n[venue.endpoints]\nrest = \"http://{venue}\"\npublic = \"ws://{venue}/v5/public/linear\"\n\
         private = \"ws://{venue}/v5/private\"\ntrade = \"ws://{venue}/v5/trade\"\n\n[risk] "
    );
    let moved =
        text.replace("environment = \"demo\"", "environment = \"custom\"").replace("\n[risk] ", &endpoints);
    std::fs::write(&config, moved).unwrap();
    let (code, out, err) = finish(&windvane(&["doctor", "--config", config_path]));
    assert_eq!(code, Some(0), "{out}{err}");
    let run = ["run", "--json", "--config", config_path];
    let mut engine = start("starter", &binary(), &run, ground.folder());
    wait_until("the starter to be ready", PATIENCE, || {
        finish(&windvane(&["status", "--config", config_path])).1.contains("\"run_state\": \"active\"")
    });
    ground.end(&mut engine);
    assert!(project.join("data").is_dir(), "its record lies in the project");
}

#[test]
fn completions_and_manual_pages_come_from_the_command_line() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = finish(&windvane(&["completions", shell]));
        assert!(code == Some(0) && out.contains("doctor") && out.contains("flatten"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let (code, _, err) = finish(&windvane(&["man", "--out", folder.path().to_str().unwrap()]));
    assert_eq!(code, Some(0), "{err}");
    let page = std::fs::read_to_string(folder.path().join("windvane.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    assert!(folder.path().join("windvane-doctor.1").exists());
}

#[test]
fn the_venue_lists_every_doubt_with_its_answers() {
    let (code, out, err) = finish(&windvane(&["venue", "--list-doubts"]));
    assert_eq!(code, Some(0), "{err}");
    for line in
        ["bad-topic = fail-all | keep-good", "tick-change = kept | cancelled", "index-lag-ms = 0, 1, 2, …"]
    {
        assert!(out.lines().any(|listed| listed == line), "no `{line}` in:\n{out}");
    }
    let (names, meanings): (Vec<&str>, Vec<&str>) =
        out.lines().skip(2).partition(|line| !line.starts_with("    "));
    assert_eq!(names.len(), meanings.len(), "each says what it decides");
    assert!(names.len() > 50, "{}", names.len());
}
