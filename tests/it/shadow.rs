//! A shadow run: everything but the send, with a key that may only look.

use serde_json::Value;
use windvane_tests::{Ground, Market, PATIENCE, finish, free_port, get, metric, wait_until, windvane};

/// A key that may only look, on an account whose leverage is what the bots want: a shadow run does not set it.
const LOOKER: &str = "leverage = \"5\"\n\n[[accounts.keys]]\nkey = \"looker\"\nsecret = \"worth-nothing\"\n\
                      read_only = true\n";

/// Every record of the engine's journal.
fn records(ground: &Ground) -> Vec<Value> {
    let data = ground.data();
    let (code, said, complaint) = finish(&windvane(&["journal", "export", "--data", data.to_str().unwrap()]));
    assert_eq!(code, Some(0), "{complaint}");
    let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap()["record"].take();
    said.lines().map(parse).collect()
}

fn count(records: &[Value], path: &str, value: Option<&str>) -> usize {
    let found = records.iter().filter_map(|record| record.pointer(path));
    found.filter(|found| value.is_none_or(|value| *found == value)).count()
}

/// What the venue counts of the account, apart from what only looks.
fn changes(account: &Value) -> Vec<(&String, &Value)> {
    const LOOKS: [&str; 11] = [
        "order/realtime",
        "order/history",
        "execution/list",
        "position/list",
        "account/wallet-balance",
        "account/info",
        "account/fee-rate",
        "account/user-setting-config",
        "user/query-api",
        "auth",
        "subscribe",
    ];
    let accepted = account["requests"]["accepted"].as_object().unwrap();
    accepted.iter().filter(|(name, _)| !LOOKS.contains(&name.as_str())).collect()
}

/// What a position is apart from its market.
fn held(account: &Value) -> Vec<[&Value; 4]> {
    let rows = account["positions"].as_array().unwrap();
    rows.iter().map(|row| ["symbol", "size", "leverage", "stopLoss"].map(|name| &row[name])).collect()
}

#[test]
fn a_shadow_run_decides_and_records_everything_and_the_venue_hears_nothing_of_it() {
    let ground = Ground::on(Market::Walking, &[("leverage = \"10\"\n", LOOKER)]);
    ground.write_secret("looker.key", "key = \"looker\"\nsecret = \"worth-nothing\"\n");
    let port = free_port();
    let key = ("[venue.endpoints]", "key_file = \"looker.key\"\n\n[venue.endpoints]");
    let listen = format!("listen = \"127.0.0.1:{port}\"");
    ground.write_config(&[key, ("enabled = false", &listen)]);
    // Somebody's own order: a shadow run looks on.
    let phone = r#"{"uid":1001,"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","price":"30000","qty":"0.01"}"#;
    ground.sim("order", phone);
    let before = ground.account();

    let mut engine = ground.engine("shadow", &["--shadow"]);
    wait_until("all of its links", PATIENCE, || {
        let link = |stream| metric(port, "windvane_websocket_connected", &format!("stream=\"{stream}\""));
        link("public") == Some(1.0) && link("private") == Some(1.0)
    });
    wait_until("decisions", PATIENCE, || {
        let records = records(&ground);
        let wished = count(&records, "/Command/command/Submit", None);
        wished >= 6 && count(&records, "/Event/event/Account/Refused/family", Some("NotSent")) >= 6
    });
    wait_until("the page to say so", PATIENCE, || {
        let status = get(([127, 0, 0, 1], port).into(), "/status.json").unwrap().1;
        serde_json::from_str::<Value>(&status).unwrap()["run_state"] == "active"
    });
    let (code, orders, complaint) = finish(&windvane(&["orders", "--all", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{complaint}");
    assert!(orders.contains("30000"), "it sees what others have: {orders}");
    ground.end(&mut engine);

    let records = records(&ground);
    let symbols: std::collections::BTreeSet<_> = records
        .iter()
        .filter_map(|record| record.pointer("/Command/command/Submit/symbol")?.as_str())
        .collect();
    assert_eq!(symbols.into_iter().collect::<Vec<_>>(), ["BTCUSDT", "DOGEUSDT", "ETHUSDT"], "of every bot");
    assert_eq!(count(&records, "/Event/event/Account/Acknowledged", None), 0);
    assert_eq!(count(&records, "/Event/event/Account/Undetermined", None), 0);
    let after = ground.account();
    assert_eq!(changes(&after), [] as [(&String, &Value); 0]);
    assert_eq!(after["requests"]["refused"], before["requests"]["refused"], "nothing was even tried");
    assert!(
        after["requests"]["accepted"]["position/list"].as_u64() > Some(0),
        "what is counted are its requests"
    );
    assert_eq!((&after["orders"], &after["fills"]), (&before["orders"], &before["fills"]));
    assert_eq!(held(&after), held(&before));
}
