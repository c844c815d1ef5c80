//! What is found out only when an engine starts or runs: one clear sentence, the right exit code, nothing half done.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use windvane_tests::{
    Ground, MALFORMED, Market, PATIENCE, SmallDisk, binary, config, finish, free_port, meddle, metric, start,
    wait_until, windvane,
};

/// Starts an engine that must refuse by itself: its exit code and its last sentence.
fn refusal(ground: &Ground) -> (Option<i32>, String) {
    let mut engine = ground.engine("refused", &["--duration", "5s"]);
    let code = engine.wait(Duration::from_secs(60));
    (code, engine.err().lines().last().unwrap_or_default().to_owned())
}

/// Every file of the record below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    // The lock names the process that looked last, and the control socket is no record.
    let regular =
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "wvj" || end == "wvt"));
    regular
        .map(|entry| (entry.path().display().to_string(), std::fs::read(entry.path()).unwrap_or_default()))
        .collect()
}

#[test]
fn a_symbol_that_the_venue_does_not_know() {
    let ground = Ground::new(Market::Walking);
    ground.write_config(&[("\"DOGEUSDT\"", "\"DOGGYUSDT\"")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(2), "{sentence}");
    assert!(sentence.contains("`DOGGYUSDT`"), "{sentence}");
    assert!(ground.client_order_ids().is_empty(), "nothing was done before");
}

#[test]
fn an_account_in_another_margin_mode() {
    let ground = Ground::new(Market::Walking);
    ground.write_config(&[("margin_mode = \"cross\"", "margin_mode = \"isolated\"")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    assert!(sentence.contains("REGULAR_MARGIN") && sentence.contains("ISOLATED_MARGIN"), "{sentence}");
    assert!(ground.client_order_ids().is_empty(), "nothing was done before");
}

#[test]
fn a_leverage_that_no_contract_allows() {
    let ground = Ground::new(Market::Walking);
    ground.write_config(&[("max_leverage = \"10x\"", "max_leverage = \"150x\"")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(2), "{sentence}");
    assert!(sentence.contains("`max_leverage` (150x)") && sentence.contains("every contract"), "{sentence}");
    assert!(ground.client_order_ids().is_empty(), "nothing was done before");
}

#[test]
fn a_metrics_port_that_is_in_use() {
    let ground = Ground::new(Market::Walking);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    ground.write_config(&[("enabled = false", &format!("listen = \"{address}\""))]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(2), "{sentence}");
    assert!(sentence.contains(&address) && sentence.contains("in use"), "{sentence}");
    assert!(!ground.data().exists());
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let ground = Ground::new(Market::Walking);
    // Not even root can make a folder below a file.
    let blocked = ground.folder().join("busy.toml").join("data");
    let data = ground.data();
    ground.write_config(&[(data.to_str().unwrap(), blocked.to_str().unwrap())]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    assert!(sentence.contains("busy.toml/data"), "{sentence}");
    assert!(ground.client_order_ids().is_empty(), "nothing was done before");
}

#[test]
fn a_key_file_that_others_can_read() {
    let ground = Ground::new(Market::Walking);
    ground.write_secret("open.key", "key = \"paper-key\"\nsecret = \"paper-secret\"\n");
    let path = ground.folder().join("open.key");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    ground.write_config(&[("[venue.endpoints]", "key_file = \"open.key\"\n\n[venue.endpoints]")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    assert!(sentence.contains("open.key") && sentence.contains("chmod 600"), "{sentence}");
    assert!(!sentence.contains("paper-secret") && !ground.data().exists(), "{sentence}");
}

#[test]
fn a_disk_without_room_for_the_journal() {
    let ground = Ground::new(Market::Walking);
    let Some(_disk) = SmallDisk::mount(&ground.data(), 512) else { return };
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    let data = ground.data().display().to_string();
    assert!(sentence.contains(&data) && sentence.contains("No space left"), "{sentence}");
    assert!(ground.client_order_ids().is_empty(), "nothing was done before");
}

#[test]
fn a_venue_that_cannot_be_reached() {
    let ground = Ground::new(Market::Walking);
    let venue = ground.venue().port().to_string();
    ground.write_config(&[(venue.as_str(), &free_port().to_string())]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(5), "{sentence}");
    assert!(sentence.contains("cannot read the venue's clock"), "{sentence}");
    assert!(!ground.data().exists());
}

#[test]
fn e01_an_account_that_cannot_be_read_is_not_taken_for_one_in_order() {
    let ground = Ground::new(Market::Walking);
    // The mode of positions and the epoch of open orders are read there, and an engine must not start on a guess.
    let fault = r#"{"kind":"http_status","match":{"path":"/v5/order/realtime"},"code":502}"#;
    ground.sim("fault", fault);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(5), "{sentence}");
    assert!(sentence.contains("cannot read open orders and positions"), "{sentence}");
    assert!(ground.client_order_ids().is_empty(), "nothing was done before");
}

#[test]
fn a_secret_that_is_not_the_keys() {
    let ground = Ground::new(Market::Walking);
    ground.write_secret("wrong.key", "key = \"paper-key\"\nsecret = \"not-the-secret\"\n");
    ground.write_config(&[("[venue.endpoints]", "key_file = \"wrong.key\"\n\n[venue.endpoints]")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    assert!(sentence.contains("the secret does not belong to the key"), "{sentence}");
    assert!(!sentence.contains("not-the-secret"), "{sentence}");
    assert!(!ground.data().exists());
}

#[test]
fn e10_a_key_of_another_environment_or_of_another_account() {
    let ground = Ground::new(Market::Walking);
    ground.write_secret(
        "other.key",
        "key = \"paper-key\"\nsecret = \"paper-secret\"\nenvironment = \"testnet\"\n",
    );
    ground.write_config(&[("[venue.endpoints]", "key_file = \"other.key\"\n\n[venue.endpoints]")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    assert!(sentence.contains("a key of testnet, the config trades on custom"), "{sentence}");
    ground.write_config(&[("environment = \"custom\" ", "environment = \"custom\"\nexpected_uid = 7 ")]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    assert!(sentence.contains("the config expects 7"), "{sentence}");
    assert!(!ground.data().exists());
}

#[test]
fn g04_a_key_that_may_move_money_or_not_trade() {
    const OTHERS: &str = "leverage = \"10\"\n\n\
        [[accounts.keys]]\nkey = \"withdraws\"\nsecret = \"worth-nothing\"\nrights = [\"order\", \"position\", \"withdraw\"]\n\n\
        [[accounts.keys]]\nkey = \"transfers\"\nsecret = \"worth-nothing\"\nrights = [\"order\", \"position\", \"transfer\"]\n\n\
        [[accounts.keys]]\nkey = \"looks\"\nsecret = \"worth-nothing\"\nread_only = true\n\n\
        [[accounts.keys]]\nkey = \"half\"\nsecret = \"worth-nothing\"\nrights = [\"order\"]\n";
    let ground = Ground::on(Market::Walking, &[("leverage = \"10\"\n", OTHERS)]);
    ground.write_config(&[("[venue.endpoints]", "key_file = \"some.key\"\n\n[venue.endpoints]")]);
    for (key, reason) in [
        ("withdraws", "may move money out of the account (`Withdraw`)"),
        ("transfers", "may move money out of the account (`AccountTransfer`)"),
        ("looks", "it is read-only"),
        ("half", "lacks the right `Position`"),
    ] {
        ground.write_secret("some.key", &format!("key = \"{key}\"\nsecret = \"worth-nothing\"\n"));
        let (code, sentence) = refusal(&ground);
        assert_eq!(code, Some(3), "{sentence}");
        assert!(
            sentence.contains("the API key is refused") && sentence.contains(reason),
            "{key}: {sentence}"
        );
        let (code, _, complaint) = finish(&windvane(&["keys", "check", "--config", &ground.config()]));
        assert!(code == Some(3) && complaint.contains(reason), "{key}: {complaint}");
    }
    assert!(!ground.data().exists() && ground.order_requests() == 0, "nothing was done before");
}

#[test]
fn a_mainnet_key_from_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shipped = config("live.toml", &data, &[("listen = \"127.0.0.1:9464\"", "enabled = false")]);
    let without_file: String = shipped
        .lines()
        .filter(|line| !line.starts_with("key_file"))
        .fold(String::new(), |text, line| text + line + "\n");
    let path = folder.path().join("live.toml");
    std::fs::write(&path, without_file).unwrap();
    let (code, out, err) = finish(&windvane(&["run", "--json", "--config", path.to_str().unwrap()]));
    assert_eq!(code, Some(3), "{out}{err}");
    assert!(err.contains("not taken from the environment") && err.contains("key_file"), "{err}");
}

#[test]
fn a_data_folder_that_a_running_engine_holds() {
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("engine", &[]);
    wait_until("the engine to trade", PATIENCE, || !ground.client_order_ids().is_empty());
    // As from another container, which does not see where this host's engines lock their accounts.
    let elsewhere = tempfile::tempdir().unwrap();
    let second = Command::new(binary())
        .args(["run", "--json", "--duration", "5s", "--config", &ground.config()])
        .env("WINDVANE_API_KEY", "paper-key")
        .env("WINDVANE_API_SECRET", "paper-secret")
        .env("WINDVANE_RUNTIME_DIR", elsewhere.path())
        .output()
        .unwrap();
    let (code, _, err) = finish(&second);
    assert_eq!(code, Some(3), "{err}");
    let (pid, sentence) = (engine.id().to_string(), err.lines().last().unwrap_or_default());
    assert!(sentence.contains("in use") && sentence.contains(&pid), "no process {pid}: {sentence}");
    let (_, status, _) = finish(&windvane(&["status", "--config", &ground.config()]));
    assert!(status.contains("\"run_state\": \"active\""), "the engine that runs was not disturbed: {status}");
    assert!(engine.is_running());
}

#[test]
fn a_journal_that_was_damaged() {
    let ground = Ground::new(Market::Walking);
    ground.trade("first", 4);
    let is_journal = |name: &str| name.ends_with(".wvj");
    let (name, mut bytes) = files(&ground.data()).into_iter().find(|(name, _)| is_journal(name)).unwrap();
    // The file is longer than what is written: the rest is zeros, kept ready.
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let middle = written / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&name, bytes).unwrap();
    let before = (files(&ground.data()), ground.client_order_ids());

    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    for word in [name.rsplit('/').next().unwrap(), "byte ", "damaged", "restore", "copy"] {
        assert!(sentence.contains(word), "no `{word}` in: {sentence}");
    }
    assert!(before == (files(&ground.data()), ground.client_order_ids()), "something was changed");
    let data = ground.data();
    let (code, _, err) = finish(&windvane(&["journal", "verify", "--data", data.to_str().unwrap()]));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("damaged"), "{err}");
    assert!(before.0 == files(&ground.data()), "looking must not change anything");
}

#[test]
fn messages_that_are_malformed() {
    let ground = Ground::new(Market::Walking);
    let (venue, metrics) = (ground.venue().port(), free_port());
    let meddler = meddle(ground.venue());
    ground.write_config(&[
        (&format!("public = \"ws://127.0.0.1:{venue}"), &format!("public = \"ws://127.0.0.1:{meddler}")),
        ("enabled = false", &format!("listen = \"127.0.0.1:{metrics}\"")),
    ]);
    let malformed = f64::from(u8::try_from(MALFORMED.len()).unwrap());
    let mut engine = ground.engine("engine", &[]);
    wait_until("every malformed message to be counted", PATIENCE, || {
        let counted = metric(metrics, "windvane_websocket_quarantined_total", "stream=\"public\"");
        counted == Some(malformed)
    });
    let before = ground.rows("fills").len();
    wait_until("it to live on", PATIENCE, || ground.rows("fills").len() > before);
    ground.end(&mut engine);
    assert!(engine.err().contains("a message was set aside"), "{}", engine.err());
}

#[test]
fn sizes_that_are_off_the_lot_grid() {
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("odd", &[]);
    wait_until("orders", PATIENCE, || ground.client_order_ids().len() >= 6);
    ground.end(&mut engine);
    // 600 USDT are no whole number of lots of any of the three.
    for row in ground.rows("orders") {
        let places = row["qty"].as_str().unwrap().split_once('.').map_or(0, |(_, places)| places.len());
        let lot_places = match row["symbol"].as_str().unwrap() {
            "BTCUSDT" => 3,
            "ETHUSDT" => 2,
            _ => 0,
        };
        assert!(places <= lot_places, "{row}");
    }
    assert_eq!(ground.account()["requests"]["refused"].get("10001"), None, "the venue takes every quantity");

    // Less than the contract's smallest order is not rounded up to it: nothing is quoted.
    let path = ground.folder().join("busy.toml");
    let busy = std::fs::read_to_string(&path).unwrap();
    let small = busy.replace("size        = \"600 USDT\"", "size        = \"1 USDT\"");
    assert_ne!(busy, small, "the preset has the line to change");
    std::fs::write(&path, small).unwrap();
    let before = ground.client_order_ids();
    let mut engine = ground.engine("small", &[]);
    let status = || finish(&windvane(&["status", "--config", &ground.config()])).1;
    wait_until("an engine that may trade", PATIENCE, || status().contains("\"run_state\": \"active\""));
    // Three times as long as the busy maker needs for a quote.
    std::thread::sleep(Duration::from_secs(3));
    ground.end(&mut engine);
    assert_eq!(ground.client_order_ids(), before);
}

#[test]
fn two_demos_on_one_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let quiet = ("listen = \"127.0.0.1:9464\"", "enabled = false");
    let path = folder.path().join("paper.toml");
    std::fs::write(&path, config("paper.toml", &data, &[quiet])).unwrap();
    let arguments = ["run", "--json", "--config", path.to_str().unwrap()];
    let first = start("first", &binary(), &arguments, folder.path());
    let asks = || finish(&windvane(&["status", "--config", path.to_str().unwrap()]));
    wait_until("the first to answer", PATIENCE, || asks().0 == Some(0));

    let (code, _, err) = finish(&windvane(&arguments));
    assert_eq!(code, Some(3), "{err}");
    let sentence = err.lines().last().unwrap_or_default();
    assert!(sentence.contains("in use by process") && sentence.contains(&first.id().to_string()), "{err}");
    assert!(sentence.contains("another data folder"), "{err}");
    assert_eq!(asks().0, Some(0), "the first still has its control socket");
}

#[test]
fn a_second_engine_on_the_account_whatever_its_data_folder() {
    let ground = Ground::new(Market::Walking);
    let mut first = ground.engine("first", &[]);
    wait_until("the first engine to trade", PATIENCE, || !ground.client_order_ids().is_empty());
    let data = ground.data();
    ground.write_config(&[(data.to_str().unwrap(), ground.folder().join("elsewhere").to_str().unwrap())]);
    let (code, sentence) = refusal(&ground);
    assert_eq!(code, Some(3), "{sentence}");
    let holder = format!("process {}, epoch ", first.id());
    assert!(sentence.contains("on this host already") && sentence.contains(&holder), "{sentence}");
    assert!(!ground.folder().join("elsewhere").exists(), "nothing was begun");
    ground.write_config(&[]);
    ground.end(&mut first);
}
