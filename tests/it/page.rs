//! The status page in a real browser: what it shows of an engine that trades, and of one that was halted.

use std::path::{Path, PathBuf};
use std::process::Command;
use windvane_tests::{Ground, Market, PATIENCE, finish, free_port, get, program, wait_until, windvane};

/// What the engine signs with here; worth nothing, and to be found nowhere.
const SECRET: &str = "paper-secret";

/// Loads the page, lets its script run for some seconds of its own time, and gives the document as it then is. The
/// picture stays beside the test's binary, for people.
fn look(chromium: &Path, profile: &Path, port: u16, name: &str) -> String {
    let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("status-page-{name}.png"));
    let output = Command::new(chromium)
        .args(["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1500"])
        // Root may not use its sandbox, and the page is our own.
        .arg("--no-sandbox")
        // Dark, as at night.
        .args(["--blink-settings=preferredColorScheme=0", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("http://127.0.0.1:{port}/"))
        .output()
        .unwrap();
    assert!(picture.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The browser; `None` when it is not installed, which is a failure where CI demands it.
fn chromium() -> Option<PathBuf> {
    program("chromium", "apt-get install chromium")
}

#[test]
fn the_page_shows_bots_orders_links_and_a_halt_and_no_secret_is_told_anywhere() {
    let Some(chromium) = chromium() else { return };
    let ground = Ground::new(Market::Walking);
    let port = free_port();
    ground.write_config(&[("enabled = false", &format!("listen = \"127.0.0.1:{port}\""))]);
    let engine = ground.engine("engine", &[]);
    let address = ([127, 0, 0, 1], port).into();
    wait_until("the document to hold an order, a fill and a curve", PATIENCE, || {
        let Some((200, status)) = get(address, "/status.json") else { return false };
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        let kinds =
            |kind: &str| status["events"].as_array().unwrap().iter().any(|event| event["kind"] == kind);
        status["schema"] == "windvane.status/1"
            && !status["orders"].as_array().unwrap().is_empty()
            && status["equity_curve"].as_array().unwrap().len() > 3
            && kinds("fill")
    });
    let page = look(&chromium, &ground.folder().join("browser"), port, "active");
    assert!(page.contains("data-drawn=\"yes\""), "the script came to its end: {page}");
    for shown in [
        "class=\"state active\"",
        "maker",
        "reversion",
        "trend",
        "BTCUSDT",
        "DOGEUSDT",
        "private",
        "public",
        "trade",
        ">fill<",
        "<path d=\"M",
        "of unknown outcome",
    ] {
        assert!(page.contains(shown), "no `{shown}` on the page: {page}");
    }
    for secret in ["paper-key", SECRET] {
        assert!(!page.contains(secret), "the page shows `{secret}`");
    }

    let (code, _, err) = finish(&windvane(&["halt", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{err}");
    wait_until("the halt to be published", PATIENCE, || {
        get(address, "/status.json").is_some_and(|(_, status)| status.contains("halted (operator)"))
    });
    let page = look(&chromium, &ground.folder().join("browser"), port, "halted");
    assert!(page.contains("class=\"state halted\"") && page.contains("halted (operator)"), "{page}");

    let metrics = get(address, "/metrics").unwrap().1;
    for (place, text) in [("metrics", metrics), ("log", engine.err()), ("output", engine.out())] {
        assert!(!text.contains(SECRET), "the {place} shows the secret");
    }
    let process = PathBuf::from(format!("/proc/{}/cmdline", engine.id()));
    let written = ground.data().read_dir().unwrap().flatten().map(|entry| entry.path());
    for path in written.filter(|path| path.is_file()).chain([process]) {
        let bytes = std::fs::read(&path).unwrap();
        let holds = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!holds, "{} holds the secret", path.display());
    }

    let (code, _) = get(address, "/halt").unwrap();
    assert_eq!(code, 404, "nothing can be told over HTTP");
}
