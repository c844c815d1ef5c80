//! Streams as a user records them, and replays them on a venue.

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use windvane_tests::{
    Ground, Market, PATIENCE, Running, binary, finish, free_port, get, post, root, start, wait_until,
    windvane,
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
pub(crate) fn venue(folder: &Path, market: &str) -> (Running, std::net::SocketAddr) {
    venue_of(folder, "linear", "BTCUSDT", market)
}

/// The same with one contract or pair of a product.
fn venue_of(folder: &Path, product: &str, symbol: &str, market: &str) -> (Running, std::net::SocketAddr) {
    let shipped = std::fs::read_to_string(root().join("config/venue.toml")).unwrap();
    let (head, _) = shipped.split_once("\n[market.synthetic]\n").unwrap();
    let list = head.find("instruments = [").unwrap()..head.find("[[accounts]]").unwrap();
    let key = if product == "linear" { "instruments" } else { product };
    let head = format!("{}{key} = [\"{symbol}\"]\n{}", &head[..list.start], &head[list.end..]);
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
pub(crate) fn replayed(address: std::net::SocketAddr) -> Vec<Value> {
    replayed_of(address, "linear", "BTCUSDT")
}

fn replayed_of(address: std::net::SocketAddr, product: &str, symbol: &str) -> Vec<Value> {
    assert_eq!(post(address, "/sim/clock", r#"{"run":true}"#).unwrap().0, 200);
    wait_until("the replay to end", PATIENCE, || {
        let (_, state) = get(address, "/sim/state").unwrap();
        serde_json::from_str::<Value>(&state).unwrap()["finished"] == true
    });
    let query = format!("category={product}&symbol={symbol}&limit=1000");
    let (_, trades) = get(address, &format!("/v5/market/recent-trade?{query}")).unwrap();
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

#[test]
fn streams_of_every_product_are_recorded_and_replayed() {
    let ground = Ground::new(Market::Walking);
    let folder = ground.folder().join("rec");
    for (product, symbol, topics) in [
        ("inverse", "ETHUSD", &["orderbook.50", "publicTrade", "tickers", "kline.1"]),
        ("spot", "ETHUSDT", &["orderbook.50", "publicTrade", "tickers", "kline.1"]),
    ] {
        let mut recorder = recorder(&ground, &["--product", product, "--symbol", symbol]);
        wait_until("messages of every topic", PATIENCE, || {
            let heard = messages(&folder, product);
            topics.iter().all(|topic| count(&heard, topic) > 3)
        });
        recorder.interrupt();
        assert_eq!(recorder.wait(PATIENCE), Some(0), "{}", recorder.err());
        let heard = messages(&folder, product);
        let topic = format!("publicTrade.{symbol}");
        let trades = heard.iter().filter(|message| message["topic"] == topic.as_str());
        let trades: usize = trades.map(|message| message["data"].as_array().unwrap().len()).sum();
        let files = format!("files = [\"{}\"]\nstream = \"{product}\"", folder.display());
        let (_venue, address) =
            venue_of(ground.folder(), product, symbol, &format!("[market.recording]\n{files}\nspeed = 1000"));
        let told = replayed_of(address, product, symbol);
        assert!(!told.is_empty() && told.len() <= trades, "{} of {trades}", told.len());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
