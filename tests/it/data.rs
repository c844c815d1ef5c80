//! History as a user gets it: downloaded, mended, verified, taken in from files, and traded on.

use super::recording::{replayed, venue};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use windvane_tests::{
    Ground, Market, PATIENCE, binary, finish, get, program, root, start, wait_until, windvane,
};

/// The words of a download of the last hours into the folder `history`.
fn download(ground: &Ground, hours: u128, arguments: &[&str]) -> Vec<String> {
    let (address, out) = (ground.venue().to_string(), ground.folder().join("history"));
    let from = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() - hours * 3_600_000;
    let words = [
        &["data", "fetch", "--venue", &address, "--out", out.to_str().unwrap(), "--from", &from.to_string()],
        arguments,
    ];
    words.concat().iter().map(|word| (*word).to_owned()).collect()
}

/// Downloads and gives what was said of each file.
fn fetch(ground: &Ground, hours: u128, arguments: &[&str]) -> Vec<Value> {
    let words = download(ground, hours, &[&["--json"], arguments].concat());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (code, said, complaint) = finish(&windvane(&words));
    assert_eq!(code, Some(0), "{complaint}");
    assert_eq!(complaint, "", "no progress where nobody looks");
    let said: Value = serde_json::from_str(&said).unwrap();
    said["files"].as_array().unwrap().clone()
}

#[test]
fn a_download_that_was_killed_goes_on_where_it_was_and_shows_how_far_it_is() {
    let long = [("rate_limits = true", "rate_limits = false"), ("history_bars = 300", "history_bars = 1500")];
    let ground = Ground::on(Market::Walking, &long);
    ground.sim("fault", r#"{"kind":"delay","match":{"path":"/v5/market/kline"},"ms":700,"count":1000}"#);
    let words = download(&ground, 120, &["--symbol", "BTCUSDT", "--kind", "klines"]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut first = start("fetch", &binary(), &words, ground.folder());
    let part = ground.folder().join("history/BTCUSDT_5m.csv.part");
    let rows_of_part = || std::fs::read_to_string(&part).map_or(0, |text| text.lines().count());
    wait_until("the first page", PATIENCE, || rows_of_part() >= 1_000);
    first.kill();
    assert_eq!(rows_of_part(), 1_000, "one page of two");
    let again = fetch(&ground, 120, &["--symbol", "BTCUSDT", "--kind", "klines"]);
    let (rows, new) = (again[0]["rows"].as_u64().unwrap(), again[0]["new"].as_u64().unwrap());
    assert!(rows > 1_400 && new < 500, "{again:?}");
    assert_eq!(again[0]["gaps"], json!([]));

    let Some(script) = program("script", "it comes with util-linux") else { return };
    let words = download(&ground, 20, &["--symbol", "ETHUSDT", "--kind", "klines"]);
    let command = format!("{} {}", binary().display(), words.join(" "));
    let shown = Command::new(script).args(["-qec", &command, "/dev/null"]).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("ETHUSDT_5m.csv") && shown.contains("  0%"), "{shown:?}");
}

#[test]
fn history_is_downloaded_mended_verified_and_traded_on() {
    let ground = Ground::new(Market::Walking);
    let history = ground.folder().join("history");
    let symbols = ["--symbol", "BTCUSDT,ETHUSDT,DOGEUSDT"];
    let kinds = ["--kind", "klines,mark,index,funding,trades,instruments,tiers"];
    let files = fetch(&ground, 20, &[symbols, kinds].concat());
    let of = |name: &str| files.iter().find(|file| file["file"].as_str().unwrap().ends_with(name)).unwrap();
    assert!(of("BTCUSDT_5m.csv")["rows"].as_u64().unwrap() > 200, "{files:?}");
    assert_eq!(of("BTCUSDT_5m.csv")["gaps"], json!([]));
    let least = [
        ("BTCUSDT_mark_1h.csv", 15),
        ("BTCUSDT_index_1h.csv", 15),
        ("trades/btcusdt.csv", 1),
        ("tiers_BTCUSDT.csv", 1),
        ("instruments_linear.csv", 20),
    ];
    for (name, rows) in least {
        assert!(of(name)["rows"].as_u64().unwrap() >= rows, "{name}: {files:?}");
    }

    let verify = || finish(&windvane(&["data", "verify", history.to_str().unwrap()]));
    let (code, said, complaint) = verify();
    assert_eq!(code, Some(0), "{said}{complaint}");

    // The figures are the venue's own.
    let sheet = history.join("BTCUSDT_5m.csv");
    let text = std::fs::read_to_string(&sheet).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let target = format!(
        "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=5&start={}&end={}&limit=1000",
        rows[0][0],
        rows[rows.len() - 1][0]
    );
    let (_, theirs) = get(ground.venue(), &target).unwrap();
    let theirs: Value = serde_json::from_str(&theirs).unwrap();
    let theirs = theirs["result"]["list"].as_array().unwrap();
    assert_eq!(theirs.len(), rows.len());
    for (row, theirs) in rows.iter().rev().zip(theirs) {
        let figure = |text: &str| text.parse::<f64>().unwrap();
        for (column, figure_here) in row.iter().enumerate() {
            assert_eq!(figure(figure_here), figure(theirs[column].as_str().unwrap()), "{row:?} {theirs}");
        }
    }

    // A hole is found, and filled with what was there.
    let torn: String = text
        .lines()
        .enumerate()
        .filter(|(n, _)| !(50..60).contains(n))
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    std::fs::write(&sheet, torn).unwrap();
    let (code, said, complaint) = verify();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("missing from") && complaint.contains("1 of"), "{said}{complaint}");
    let again = fetch(&ground, 20, &["--symbol", "BTCUSDT", "--kind", "klines"]);
    assert!(again[0]["new"].as_u64().unwrap() >= 10, "{again:?}");
    let mended = std::fs::read_to_string(&sheet).unwrap();
    assert!(mended.starts_with(&text), "what was there is there again");
    assert_eq!(verify().0, Some(0));

    // Both readers take the folder as it is.
    let config = root().join("config/paper.toml");
    let backtest = ["backtest", "--config", config.to_str().unwrap(), "--data", history.to_str().unwrap()];
    let (code, said, complaint) = finish(&windvane(&backtest));
    assert_eq!(code, Some(0), "{said}{complaint}");
    let market =
        format!("[market.replay]\ndir = \"{}\"\nhistory_bars = 50\nspeed = 1000000", history.display());
    let (_venue, address) = venue(ground.folder(), &market);
    assert!(!replayed(address).is_empty());
    let market = format!("[market.trades]\ndir = \"{}/trades\"\nspeed = 1000", history.display());
    let (_venue, address) = venue(ground.folder(), &market);
    assert!(!replayed(address).is_empty());
}

#[test]
fn prices_are_downloaded_in_candles_of_the_length_that_was_asked_for() {
    let ground = Ground::new(Market::Walking);
    let files =
        fetch(&ground, 2, &["--symbol", "BTCUSDT", "--kind", "klines,mark,index", "--interval", "5m"]);
    let names = ["BTCUSDT_5m.csv", "BTCUSDT_mark_5m.csv", "BTCUSDT_index_5m.csv"];
    for (file, name) in files.iter().zip(names) {
        assert!(file["file"].as_str().unwrap().ends_with(name), "{file}");
        assert!((20..=24).contains(&file["rows"].as_u64().unwrap()), "two hours of it: {file}");
        assert_eq!(file["gaps"], json!([]), "{file}");
    }
    let history = ground.folder().join("history");
    let (code, said, complaint) = finish(&windvane(&["data", "verify", history.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{said}{complaint}");
}

#[test]
fn every_kind_shows_how_far_it_is() {
    let Some(script) = program("script", "it comes with util-linux") else { return };
    let ground = Ground::new(Market::Walking);
    let kinds = "klines,mark,index,funding,trades,tiers,instruments";
    // Slow enough for the line to be drawn between any two.
    ground.sim("fault", r#"{"kind":"delay","ms":300,"count":1000}"#);
    let words = download(&ground, 4, &["--symbol", "ETHUSDT", "--kind", kinds]);
    let command = format!("{} {}", binary().display(), words.join(" "));
    let shown = Command::new(script).args(["-qec", &command, "/dev/null"]).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for name in [
        "ETHUSDT_5m.csv",
        "ETHUSDT_mark_1h.csv",
        "ETHUSDT_index_1h.csv",
        "ETHUSDT_funding.csv",
        "ethusdt.csv",
        "tiers_ETHUSDT.csv",
    ] {
        let is_drawn = |line: &str| line.contains('%') && line.contains(&format!("  {name}"));
        assert!(shown.split('\r').any(is_drawn), "{name}: {shown:?}");
    }
}

#[test]
fn settled_funding_is_downloaded_once() {
    let ground = Ground::new(Market::Walking);
    ground.sim("event", r#"{"kind":"funding","symbol":"BTCUSDT"}"#);
    let [first, again] = [(), ()].map(|()| {
        let files = fetch(&ground, 20, &["--symbol", "BTCUSDT", "--kind", "funding"]);
        (files[0]["rows"].clone(), files[0]["new"].clone())
    });
    // The one of now, and those of the market's past, which has two or three within twenty hours.
    assert!(first.0.as_u64() >= Some(3) && first.1 == first.0, "{first:?}");
    assert_eq!(again, (first.0, json!(0)));
    let text = std::fs::read_to_string(ground.folder().join("history/BTCUSDT_funding.csv")).unwrap();
    assert!(text.lines().nth(1).unwrap().contains(",BTCUSDT,0.0001"), "{text}");
}

#[test]
fn a_contract_that_is_not_there_and_a_product_without_marks_are_refused() {
    let ground = Ground::new(Market::Still);
    let address = ground.venue().to_string();
    let fetch = |arguments: &[&str]| {
        let base = ["data", "fetch", "--venue", &address, "--out", "nowhere", "--from", "0"];
        finish(&windvane(&[&base, arguments].concat()))
    };
    let (code, _, complaint) = fetch(&["--symbol", "NOSUCHUSDT"]);
    assert_eq!((code, complaint.contains("is not traded as linear")), (Some(2), true), "{complaint}");
    let (code, _, complaint) = fetch(&["--symbol", "BTCUSDT", "--product", "spot", "--kind", "mark"]);
    assert_eq!((code, complaint.contains("pairs have candles")), (Some(2), true), "{complaint}");
    assert!(!Path::new("nowhere").exists());
}

#[test]
fn the_archives_files_that_are_beside_the_workspace_are_taken_in() {
    let shared = std::env::var_os("WINDVANE_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let data = shared.join("data");
    if !data.is_dir() {
        // Whoever names the folder wants these tests; without that they are left out, and say so.
        assert!(std::env::var_os("WINDVANE_SHARED").is_none(), "WINDVANE_SHARED has no {}", data.display());
        eprintln!("SKIPPED: {} is not here; set WINDVANE_SHARED", data.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let import = |files: &[&str], more: &[&str]| {
        let files: Vec<String> = files.iter().map(|file| data.join(file).display().to_string()).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let (code, said, complaint) = finish(&windvane(
            &[&["data", "import", "--out", out, "--json"], more, files.as_slice()].concat(),
        ));
        assert_eq!(code, Some(0), "{complaint}");
        let said: Value = serde_json::from_str(&said).unwrap();
        said["taken"].as_array().unwrap().clone()
    };
    let taken = import(
        &[
            "klines_bybit_linear_2025q2/DOGEUSDT_1m.csv",
            "bybit_linear_2025_2026/BTCUSDT_5m.csv.gz",
            "bybit_linear_2025_2026/BTCUSDT_mark_1h.csv.gz",
            "bybit_linear_2025_2026/BTCUSDT_funding.csv.gz",
        ],
        &[],
    );
    let rows: Vec<u64> = taken.iter().map(|one| one["rows"].as_u64().unwrap()).collect();
    assert_eq!(rows, [43_200, 63_072, 5_256, 656], "as many as their README says");
    let taken = import(&["trades_binance_as_bybit_csv/BTCUSDT2024-08-08.part.csv.gz"], &["--candles", "1m"]);
    assert_eq!((&taken[0]["rows"], &taken[0]["new"]), (&json!(21_313), &json!(21_313)));
    // From 23:54:16 to midnight: the first minute is not whole, the last one ends with the day.
    assert_eq!(taken[1]["rows"], 5);
    let again = import(&["trades_binance_as_bybit_csv/BTCUSDT2024-08-08.part.csv.gz"], &[]);
    assert_eq!(again[0]["new"], 0, "once is enough");
    let (code, said, complaint) = finish(&windvane(&["data", "verify", out]));
    assert_eq!(code, Some(0), "{said}{complaint}");
}

/// What a venue says of candles, a row each, oldest first.
fn told(ground: &Ground, target: &str) -> Vec<Vec<String>> {
    let (_, answer) = get(ground.venue(), target).unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let rows = answer["result"]["list"].as_array().unwrap().iter().rev();
    rows.map(|row| row.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap().to_owned()).collect())
        .collect()
}

#[test]
fn every_product_has_its_history() {
    let ground = Ground::new(Market::Walking);
    let history = ground.folder().join("history");
    for (product, symbol, kinds, names) in [
        (
            "inverse",
            "BTCUSD",
            "klines,mark,index,funding,trades,tiers,instruments",
            &[
                "BTCUSD_5m.csv",
                "BTCUSD_mark_1h.csv",
                "BTCUSD_index_1h.csv",
                "BTCUSD_funding.csv",
                "btcusd.csv",
                "tiers_BTCUSD.csv",
                "instruments_inverse.csv",
            ][..],
        ),
        (
            "spot",
            "SOLUSDT",
            "klines,trades,instruments",
            &["SOLUSDT_5m.csv", "solusdt.csv", "instruments_spot.csv"],
        ),
    ] {
        let files = fetch(&ground, 10, &["--product", product, "--symbol", symbol, "--kind", kinds]);
        assert_eq!(files.len(), names.len(), "{files:?}");
        for (file, name) in files.iter().zip(names) {
            assert!(file["file"].as_str().unwrap().ends_with(name), "{file}");
            assert!(file["rows"].as_u64() > Some(0) && file["gaps"] == json!([]), "{file}");
        }
        // Its own, and not the linear contract's of that name.
        let sheet = std::fs::read_to_string(history.join(names[0])).unwrap();
        let rows: Vec<Vec<&str>> = sheet.lines().skip(1).map(|line| line.split(',').collect()).collect();
        let (first, last) = (rows[0][0], rows[rows.len() - 1][0]);
        let query =
            format!("category={product}&symbol={symbol}&interval=5&start={first}&end={last}&limit=1000");
        let theirs = told(&ground, &format!("/v5/market/kline?{query}"));
        assert_eq!(theirs.len(), rows.len());
        for (row, theirs) in rows.iter().zip(theirs) {
            let figures =
                |cells: Vec<&str>| cells.iter().map(|cell| cell.parse().unwrap()).collect::<Vec<f64>>();
            assert_eq!(figures(row.clone()), figures(theirs.iter().map(String::as_str).collect()));
        }
        let again = fetch(&ground, 10, &["--product", product, "--symbol", symbol, "--kind", "klines"]);
        assert!(again[0]["new"].as_u64() <= Some(1), "what is there is not asked for again: {again:?}");
    }
    let (code, said, complaint) = finish(&windvane(&["data", "verify", history.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{said}{complaint}");
}
