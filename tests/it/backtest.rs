//! `windvane backtest` and `windvane tune` as a user runs them: a span of a folder of candles, files out, and a sweep that
//! is broken off.

use crate::demo::cut_tables;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use windvane_tests::{binary, config, finish, program, windvane};

/// 2026-02-23 00:00 UTC, where the shipped tables begin.
const FIRST_MS: i64 = 1_771_804_800_000;
const DAY_MS: i64 = 86_400_000;
const SHEETS: [&str; 5] = ["signals.csv", "orders.csv", "fills.csv", "trades.csv", "equity.csv"];

/// The demo's first bot and six days of its market.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        cut_tables(&desk.path("market"), 4);
        let text = config("paper.toml", &desk.path("data"), &[]);
        let (text, _) = text.split_once("[bot.reversion]").unwrap();
        std::fs::write(desk.path("bot.toml"), text).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command of the binary on the bot and its market.
    fn run(&self, command: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
        let (config, market) = (self.path("bot.toml"), self.path("market"));
        let mut all = vec![command, "--config", config.to_str().unwrap(), "--data", market.to_str().unwrap()];
        all.extend(arguments);
        finish(&windvane(&all))
    }

    /// The report of a backtest, which must have gone through.
    fn report(&self, arguments: &[&str]) -> Value {
        let (code, out, err) = self.run("backtest", &[arguments, &["--json"]].concat());
        assert_eq!(code, Some(0), "{out}{err}");
        serde_json::from_str(&out).expect("a report in JSON")
    }
}

/// The rows of a sheet, each by the names of its columns.
fn rows(sheet: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(sheet).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let head: Vec<String> = lines.next().unwrap().collect();
    lines.map(|cells| head.iter().cloned().zip(cells).collect()).collect()
}

#[test]
fn a_span_is_played_with_what_was_before_as_warm_up_and_is_written_down_the_same_twice() {
    let desk = Desk::new();
    let (from_ms, to_ms) = (FIRST_MS + 3 * DAY_MS, FIRST_MS + 5 * DAY_MS);
    let [one, two] = ["one", "two"].map(|name| desk.path(name));
    let (from, to) = (from_ms.to_string(), to_ms.to_string());
    let report = desk.report(&["--from", &from, "--to", &to, "--csv", one.to_str().unwrap()]);
    // The same moments as people write them.
    let [from, to] = ["2026-02-26T00:00:00Z", "2026-02-28T00:00:00Z"];
    let again = desk.report(&["--from", from, "--to", to, "--csv", two.to_str().unwrap()]);
    assert_eq!(report, again);
    let bot = &report["bots"][0];
    for (name, key, counted) in [
        ("signals.csv", "signals", rows(&one.join("signals.csv")).len()),
        ("orders.csv", "orders", rows(&one.join("orders.csv")).len()),
        (
            "fills.csv",
            "fills",
            rows(&one.join("fills.csv")).iter().filter(|row| row["kind"] == "trade").count(),
        ),
        (
            "trades.csv",
            "trades",
            rows(&one.join("trades.csv")).iter().filter(|row| !row["closed_ms"].is_empty()).count(),
        ),
    ] {
        assert_eq!(bot[key], counted, "{name}: {bot}");
    }
    for name in SHEETS {
        let [one, two] = [&one, &two].map(|folder| std::fs::read(folder.join(name)).unwrap());
        assert!(one == two, "{name} differs");
        let rows = rows(&desk.path("one").join(name));
        assert!(!rows.is_empty(), "{name} has no row");
        let key = if name == "equity.csv" { "equity_curve" } else { name.trim_end_matches(".csv") };
        assert_eq!(report[key].as_array().unwrap().len(), rows.len(), "{name}");
        for row in &rows {
            let times = row.iter().filter(|(column, cell)| column.ends_with("_ms") && !cell.is_empty());
            for (column, time) in times.map(|(column, cell)| (column, cell.parse::<i64>().unwrap())) {
                assert!((from_ms..=to_ms).contains(&time), "{name}: {column} {time}");
            }
        }
    }
    // What was before the span is history, as at a live start: its rules fire as they do when all of it is played.
    let long = desk.path("long");
    let all = desk.report(&["--to", to, "--csv", long.to_str().unwrap()]);
    let signals = |folder: &Path| -> Vec<(String, String)> {
        let rows = rows(&folder.join("signals.csv")).into_iter();
        let signals = rows.map(|row| (row["time_ms"].clone(), row["side"].clone()));
        signals.filter(|(time, _)| time.parse::<i64>().unwrap() >= from_ms).collect()
    };
    assert_eq!(signals(&one), signals(&long));
    assert!(all["bots"][0]["signals"].as_u64() > report["bots"][0]["signals"].as_u64(), "{all}");
}

#[test]
fn a_span_without_a_bar_and_a_moment_that_is_none_are_refused() {
    let desk = Desk::new();
    for (arguments, said) in [
        (["--from", "2027-01-01T00:00:00Z"], "no bar lies within the span"),
        (["--to", "2026-02-22T00:00:00Z"], "no bar lies within the span"),
        (["--from", "yesterday"], "invalid value 'yesterday'"),
    ] {
        let (code, out, err) = desk.run("backtest", &arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {out}{err}");
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
}

#[test]
fn a_sweep_goes_on_where_it_was_broken_off_and_its_best_is_what_a_backtest_of_it_makes() {
    let desk = Desk::new();
    let span = ["--from", "2026-02-24T00:00:00Z", "--to", "2026-03-01T00:00:00Z"];
    let sweep = |out: &Path| -> Value {
        let arguments =
            ["--param", "fast", "--param", "stop_k", "--grid", "2", "--split", "60", "--min-trades", "1"];
        let out = ["--out", out.to_str().unwrap(), "--json"];
        let (code, said, err) = desk.run("tune", &[&span[..], &arguments, &out].concat());
        assert_eq!(code, Some(0), "{said}{err}");
        serde_json::from_str(&said).expect("an outcome in JSON")
    };
    let (whole, broken) = (desk.path("whole"), desk.path("broken"));
    let outcome = sweep(&whole);
    assert_eq!(outcome["candidates"], 4, "{outcome}");

    // As a kill leaves it: a whole row and a part of the next.
    let log = std::fs::read_to_string(whole.join("rows.log")).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 5, "{log}");
    std::fs::create_dir(&broken).unwrap();
    let cut = format!("{}\n{}\n{}", lines[0], lines[1], &lines[2][..lines[2].len() / 2]);
    std::fs::write(broken.join("rows.log"), &cut).unwrap();
    assert_eq!(sweep(&broken), outcome);
    let text = |folder: &Path, name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(text(&broken, "rows.log").starts_with(&format!("{}\n{}\n", lines[0], lines[1])), "played once");
    for name in ["table.csv", "best.toml"] {
        assert_eq!(text(&broken, name), text(&whole, name), "{name}");
    }
    assert_eq!(rows(&whole.join("table.csv")).len(), 4);

    // A sweep without a best leaves none of another behind.
    let none =
        ["--param", "fast", "--param", "stop_k", "--grid", "2", "--split", "60", "--min-trades", "99999"];
    let out = ["--out", broken.to_str().unwrap()];
    let (code, said, err) = desk.run("tune", &[&span[..], &none, &out].concat());
    assert_eq!(code, Some(0), "{said}{err}");
    assert!(said.contains("none has 99999 closed trades") && !broken.join("best.toml").exists(), "{said}");
    let (code, _, err) = desk.run("tune", &[&out[..], &["--seed", "7"]].concat());
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("--random"), "{err}");

    // The overlay goes into the config as it is, and the part it was chosen by comes to what the table says.
    let bot = text(desk.folder.path(), "bot.toml");
    std::fs::write(desk.path("bot.toml"), bot + &text(&whole, "best.toml")).unwrap();
    let chosen_by = ["--from", "2026-02-24T00:00:00Z", "--to", "2026-02-27T00:00:00Z"];
    let report = desk.report(&chosen_by);
    assert_eq!(report["bots"][0]["net_pnl"], outcome["best"]["in_net"], "{report}");
}

#[test]
fn a_sweep_takes_all_cores_unless_told_otherwise_and_makes_the_same_files_on_any_number() {
    let desk = Desk::new();
    let sweep = |name: &str, threads: &[&str]| {
        let out = desk.path(name);
        let span = ["--from", "2026-02-24T00:00:00Z", "--to", "2026-02-26T00:00:00Z", "--min-trades", "1"];
        let values = ["--param", "fast", "--grid", "4", "--json", "--out", out.to_str().unwrap()];
        let (code, said, err) = desk.run("tune", &[&span[..], &values, threads].concat());
        assert_eq!(code, Some(0), "{said}{err}");
        let outcome: Value = serde_json::from_str(&said).expect("an outcome in JSON");
        let files = ["table.csv", "best.toml"].map(|file| std::fs::read(out.join(file)).unwrap());
        (outcome["threads"].as_u64().unwrap(), files)
    };
    let (threads, files) = sweep("all", &[]);
    assert_eq!(threads, std::thread::available_parallelism().unwrap().get() as u64);
    for count in ["1", "2", "7"] {
        let (threads, same) = sweep(count, &["--threads", count]);
        assert_eq!((threads.to_string().as_str(), same == files), (count, true));
    }
}

#[test]
fn a_draw_is_repeated_by_its_seed_on_however_many_threads() {
    let desk = Desk::new();
    let span = ["--from", "2026-02-24T00:00:00Z", "--to", "2026-02-26T00:00:00Z", "--min-trades", "1"];
    let drawn = |name: &str, seed: &str, threads: &str| {
        let out = desk.path(name);
        let draw = ["--random", "3", "--seed", seed, "--threads", threads, "--out", out.to_str().unwrap()];
        let (code, said, err) = desk.run("tune", &[&span[..], &draw].concat());
        assert_eq!(code, Some(0), "{said}{err}");
        std::fs::read_to_string(out.join("table.csv")).unwrap()
    };
    let first = drawn("first", "7", "1");
    assert_eq!(first.lines().count(), 4, "a head and three candidates: {first}");
    assert_eq!(drawn("again", "7", "2"), first);
    assert_ne!(drawn("other", "8", "2"), first);
}

#[test]
fn a_terminal_is_shown_how_far_a_backtest_and_a_sweep_are() {
    let Some(script) = program("script", "it comes with util-linux") else { return };
    let desk = Desk::new();
    let out = desk.path("sweep");
    let sweep = ["--param", "fast", "--grid", "2", "--min-trades", "1", "--out", out.to_str().unwrap()];
    for (command, arguments) in [("backtest", &[][..]), ("tune", &sweep[..])] {
        let (program, config, market) = (binary(), desk.path("bot.toml"), desk.path("market"));
        let [program, config, market] = [&program, &config, &market].map(|path| path.to_str().unwrap());
        let line = [&[program, command, "--config", config, "--data", market][..], arguments].concat();
        let shown = Command::new(&script).args(["-qec", &line.join(" "), "/dev/null"]).output().unwrap();
        assert!(shown.status.success(), "{shown:?}");
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(
            shown.split('\r').any(|frame| frame.contains("%  ") && frame.contains(" of ")),
            "{command}: {shown:?}"
        );
    }
}
