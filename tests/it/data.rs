//! Recorded markets as a user makes them: streams recorded and replayed, history downloaded, verified and traded on.

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use windvane_tests::{
    Ground, Market, PATIENCE, Running, binary, finish, free_port, get, post, program, root, start,
    wait_until, windvane,
};

/// The files of a folder by their names, which begin with `stream`.
fn files(folder: &Path, stream: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(stream));
    files.sort();
    files
}

/// What is written in a packed file, as far as it goes.
fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    // A torn end is an error of the decoder's, after all that came before.
    let _ = MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text);
    text
}

/// The messages of every file, without the stamps before them.
fn messages(folder: &Path, stream: &str) -> Vec<Value> {
    let texts: String = files(folder, stream).iter().map(|path| unpacked(path)).collect();
    let parse = |line: &str| serde_json::from_str(line.split_once(' ')?.1).ok();
    texts.lines().filter_map(parse).collect()
}

fn count(messages: &[Value], topic: &str) -> usize {
    messages
        .iter()
        .filter(|message| message["topic"].as_str().is_some_and(|name| name.starts_with(topic)))
        .count()
}

/// A venue process whose market is what `market` says.
fn venue(folder: &Path, market: &str) -> (Running, std::net::SocketAddr) {
    let shipped = std::fs::read_to_string(root().join("config/venue.toml")).unwrap();
    let (head, _) = shipped.split_once("\n[market.synthetic]\n").unwrap();
    let list = head.find("instruments = [").unwrap()..head.find("[[accounts]]").unwrap();
    let head = format!("{}instruments = [\"BTCUSDT\"]\n{}", &head[..list.start], &head[list.end..]);
    let path = folder.join("replay.toml");
    std::fs::write(&path, format!("{head}\n{market}\n")).unwrap();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["venue", "--config", path.to_str().unwrap(), "--listen", &listen];
    let running = start("replay", &binary(), &arguments, folder);
    let address = ([127, 0, 0, 1], port).into();
    wait_until("the replaying venue to answer", PATIENCE, || get(address, "/v5/market/time").is_some());
    (running, address)
}

/// Lets a replaying venue run to its end; what it then says of its trades.
fn replayed(address: std::net::SocketAddr) -> Vec<Value> {
    assert_eq!(post(address, "/sim/clock", r#"{"run":true}"#).unwrap().0, 200);
    wait_until("the replay to end", PATIENCE, || {
        let (_, state) = get(address, "/sim/state").unwrap();
        serde_json::from_str::<Value>(&state).unwrap()["finished"] == true
    });
    let (_, trades) =
        get(address, "/v5/market/recent-trade?category=linear&symbol=BTCUSDT&limit=1000").unwrap();
    let trades: Value = serde_json::from_str(&trades).unwrap();
    trades["result"]["list"].as_array().unwrap().clone()
}

fn recorder(ground: &Ground, arguments: &[&str]) -> Running {
    let (address, out) = (ground.venue().to_string(), ground.folder().join("rec"));
    let out = out.to_str().unwrap();
    let whole = [&["record", "--venue", address.as_str(), "--out", out, "--json"], arguments].concat();
    start("record", &binary(), &whole, ground.folder())
}

#[test]
fn a_recorded_stream_is_replayed_by_the_venue() {
    let ground = Ground::new(Market::Walking);
    let mut recorder = recorder(&ground, &["--symbol", "BTCUSDT", "--rotate-every", "2s"]);
    let folder = ground.folder().join("rec");
    wait_until("three files with trades", PATIENCE, || {
        files(&folder, "linear").len() > 2 && count(&messages(&folder, "linear"), "publicTrade") > 20
    });
    recorder.interrupt();
    assert_eq!(recorder.wait(PATIENCE), Some(0), "{}", recorder.err());
    let said: Value = serde_json::from_str(&recorder.out()).unwrap();
    let written = messages(&folder, "linear");
    assert_eq!((&said["lost"], &said["messages"]), (&json!(0), &json!(written.len())), "{said}");
    for topic in ["orderbook.50", "publicTrade", "tickers", "kline.1"] {
        assert!(count(&written, topic) > 0, "nothing of {topic}");
    }
    // Every file can be read without those before it: it has a snapshot of the book.
    let last = files(&folder, "linear");
    let whole = last[..last.len() - 1].iter().map(|path| unpacked(path));
    for (n, text) in whole.enumerate() {
        assert!(
            text.contains("\"type\":\"snapshot\",") && text.contains("orderbook.50"),
            "file {n}: {text:.300}"
        );
    }

    let market = format!("[market.recording]\nfiles = [\"{}\"]\nspeed = 1000", folder.display());
    let (_venue, address) = venue(ground.folder(), &market);
    let trades = replayed(address);
    let recorded: Vec<String> = written
        .iter()
        .filter(|message| message["topic"] == "publicTrade.BTCUSDT")
        .flat_map(|message| message["data"].as_array().unwrap())
        .map(|row| format!("{} {} {}", row["p"], row["v"], row["S"]))
        .collect();
    let told: Vec<String> =
        trades.iter().rev().map(|row| format!("{} {} {}", row["price"], row["size"], row["side"])).collect();
    assert!(!told.is_empty());
    assert_eq!(told, recorded[recorded.len() - told.len()..], "the tape is the recorded one");
}

#[test]
fn a_recording_that_was_killed_is_replayed_as_far_as_it_goes() {
    let ground = Ground::new(Market::Walking);
    let mut recorder = recorder(&ground, &["--symbol", "BTCUSDT"]);
    let folder = ground.folder().join("rec");
    wait_until("some trades", PATIENCE, || count(&messages(&folder, "linear"), "publicTrade") > 5);
    recorder.kill();
    let market = format!("[market.recording]\nfiles = [\"{}\"]\nspeed = 1000", folder.display());
    let (_venue, address) = venue(ground.folder(), &market);
    assert!(replayed(address).len() > 5);
}

#[test]
fn the_accounts_own_stream_is_recorded_for_its_owner_alone() {
    let ground = Ground::new(Market::Walking);
    let (config, folder) = (ground.config(), ground.folder().join("rec"));
    let arguments = ["record", "--config", config.as_str(), "--private", "--out", folder.to_str().unwrap()];
    let recorder = start("record", &binary(), &arguments, ground.folder());
    let uid = ground.account()["uid"].to_string();
    let order = format!(
        r#"{{"uid":{uid},"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01"}}"#
    );
    wait_until("an execution", PATIENCE, || {
        // Nothing is told before the stream is there, so orders go on until one is heard.
        ground.sim("order", &order);
        count(&messages(&folder, "private"), "execution") > 0
    });
    recorder.interrupt();
    let path = &files(&folder, "private")[0];
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = unpacked(path);
    assert!(!text.contains("paper-key") && !text.contains("paper-secret"));
}

#[test]
fn any_private_topic_is_recorded_and_a_replay_reads_it_beside_the_public_stream() {
    let ground = Ground::new(Market::Walking);
    let (config, folder) = (ground.config(), ground.folder().join("rec"));
    let arguments = [
        "record",
        "--config",
        &config,
        "--symbol",
        "BTCUSDT",
        "--private-topic",
        "execution.fast,dcp.future,execution,position",
        "--out",
        folder.to_str().unwrap(),
    ];
    let mut recorder = start("record", &binary(), &arguments, ground.folder());
    let uid = ground.account()["uid"].to_string();
    let order = format!(
        r#"{{"uid":{uid},"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01"}}"#
    );
    wait_until("fills by both topics and trades", PATIENCE, || {
        ground.sim("order", &order);
        let (own, all) = (messages(&folder, "private"), messages(&folder, "linear"));
        own.iter().any(|message| message["topic"] == "execution.fast")
            && own.iter().any(|message| message["topic"] == "execution")
            && count(&own, "position") > 0
            && count(&all, "publicTrade") > 5
    });
    recorder.interrupt();
    assert_eq!(recorder.wait(PATIENCE), Some(0), "no topic was refused: {}", recorder.err());
    let own = messages(&folder, "private");
    assert_eq!(count(&own, "order") + count(&own, "wallet"), 0, "only what was named");
    let fast: Vec<&Value> = own.iter().filter(|message| message["topic"] == "execution.fast").collect();
    assert!(fast.iter().all(|message| message["data"][0]["execId"].is_string()), "{fast:?}");

    // The folder as it is: what the account was told moves no market, and keeps nothing of it from being read.
    let market = format!("[market.recording]\nfiles = [\"{}\"]\nspeed = 1000", folder.display());
    let (_venue, address) = venue(ground.folder(), &market);
    let trades = replayed(address);
    let of_market = messages(&folder, "linear");
    let rows: usize = of_market
        .iter()
        .filter(|message| message["topic"] == "publicTrade.BTCUSDT")
        .map(|message| message["data"].as_array().unwrap().len())
        .sum();
    assert!(trades.len() > 5 && trades.len() <= rows, "{} of {rows}", trades.len());
}

#[test]
fn what_cannot_be_recorded_is_said_at_once() {
    let ground = Ground::new(Market::Still);
    let mut recorder = recorder(&ground, &["--topic", "nothing.of.the.kind"]);
    assert_eq!(recorder.wait(PATIENCE), Some(3), "{}", recorder.err());
    assert!(recorder.err().contains("refused"), "{}", recorder.err());
    let (code, _, complaint) =
        finish(&windvane(&["record", "--venue", "192.0.2.1:80", "--out", "nowhere", "--symbol", "X"]));
    assert_eq!(code, Some(2), "{complaint}");
    let (code, _, complaint) = finish(&windvane(&["record", "--out", "nowhere"]));
    assert_eq!((code, complaint.contains("nothing to record")), (Some(2), true), "{complaint}");
}

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
