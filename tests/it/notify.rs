//! What people and a collector of spans are told, and that an endpoint which is dead, slow or refusing harms nobody.

use std::collections::BTreeSet;
use windvane_tests::{
    Ground, Hook, Market, PATIENCE, binary, config, finish, free_port, metric, start, wait_until, windvane,
};

/// What the endpoints' secrets hold here; to be found nowhere.
const CANARY: &str = "canary-of-the-endpoints";

/// Three endpoints: a web hook that is there, a Telegram that fails twice, a Discord that is dead.
fn write_endpoints(ground: &Ground, hook: &Hook, telegram: &Hook) {
    let text = format!(
        "[webhook]\nurl = \"http://127.0.0.1:{}/hook\"\nauthorization = \"Bearer {CANARY}\"\n\
         [telegram]\napi = \"http://127.0.0.1:{}\"\ntoken = \"1:{CANARY}\"\nchat = \"-100\"\n\
         [discord]\nwebhook = \"http://127.0.0.1:{}/api/webhooks/1/{CANARY}\"\n",
        hook.port(),
        telegram.port(),
        free_port()
    );
    ground.write_secret("notify.key", &text);
}

fn say(ground: &Ground, word: &str) {
    let (code, _, err) = finish(&windvane(&[word, "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{err}");
}

#[test]
fn a_halt_and_fills_are_told_in_order_and_a_dead_endpoint_harms_nobody() {
    let ground = Ground::new(Market::Walking);
    let (hook, telegram) = (Hook::start(0), Hook::start(2));
    write_endpoints(&ground, &hook, &telegram);
    let port = free_port();
    ground.write_config(&[
        ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
        ("[log]", "[notify]\nfile = \"notify.key\"\ntell = [\"fill\", \"halt\"]\n\n[log]"),
    ]);
    let mut engine = ground.engine("engine", &[]);
    let told = |hook: &Hook| {
        let letters = hook.heard().into_iter();
        letters.flat_map(|letter| letter.body["entries"].as_array().cloned().unwrap_or_default()).collect()
    };
    let hears = |kind: &str| {
        let entries: Vec<serde_json::Value> = told(&hook);
        entries.iter().any(|entry| entry["kind"] == kind)
    };
    wait_until("a fill to be told", PATIENCE, || hears("fill"));
    say(&ground, "halt");
    wait_until("the halt to be told", PATIENCE, || hears("halt"));
    let is_halt =
        |text: &serde_json::Value| text.as_str().is_some_and(|text| text.contains("halted (operator)"));
    wait_until("Telegram to be told at the third try", PATIENCE, || {
        telegram.heard().iter().any(|letter| is_halt(&letter.body["text"]))
    });
    let sent = |endpoint: &str, result: &str| {
        let name = "windvane_notifications_total";
        metric(port, name, &format!("endpoint=\"{endpoint}\",result=\"{result}\"")).unwrap_or_default()
    };
    assert!(sent("webhook", "sent") >= 2.0 && sent("telegram", "failed") >= 2.0);
    assert!(sent("discord", "failed") >= 1.0 && sent("discord", "sent") == 0.0);
    say(&ground, "resume");
    let before = ground.rows("fills").len();
    wait_until("it to trade on", PATIENCE, || ground.rows("fills").len() > before);
    ground.end(&mut engine);

    let letter = &telegram.heard()[0];
    assert!(letter.head.starts_with(&format!("POST /bot1:{CANARY}/sendMessage ")), "{}", letter.head);
    assert_eq!(letter.body["chat_id"], "-100");
    let letter = &hook.heard()[0];
    assert!(
        letter.head.to_lowercase().contains(&format!("authorization: bearer {CANARY}")),
        "{}",
        letter.head
    );
    assert_eq!(
        (&letter.body["schema"], &letter.body["sender"]),
        (&"windvane.notify/1".into(), &"custom".into())
    );
    let entries: Vec<serde_json::Value> = told(&hook);
    let numbers: Vec<_> = entries.iter().filter_map(|entry| entry["number"].as_u64()).collect();
    assert!(
        numbers.is_sorted() && numbers.iter().collect::<BTreeSet<_>>().len() == numbers.len(),
        "{numbers:?}"
    );
    assert!(
        entries.iter().all(|entry| entry["kind"] == "fill" || entry["kind"] == "halt"),
        "as it was chosen"
    );
    for text in [engine.err(), engine.out()] {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[test]
fn each_order_is_one_span_for_a_collector_from_its_sending_to_its_end() {
    let ground = Ground::new(Market::Walking);
    let collector = Hook::start(0);
    let otlp = format!("enabled = false\notlp = \"http://127.0.0.1:{}/v1/traces\"", collector.port());
    ground.write_config(&[("enabled = false", &otlp)]);
    let mut engine = ground.engine("engine", &[]);
    wait_until("orders that were filled", PATIENCE, || ground.rows("fills").len() > 2);
    ground.end(&mut engine);

    let letters = collector.heard();
    assert!(letters[0].head.starts_with("POST /v1/traces "), "{}", letters[0].head);
    let scopes = letters.iter().map(|letter| &letter.body["resourceSpans"][0]["scopeSpans"][0]["spans"]);
    let spans: Vec<_> = scopes.flat_map(|spans| spans.as_array().cloned().unwrap_or_default()).collect();
    let attribute = |span: &serde_json::Value, key: &str| {
        let rows = span["attributes"].as_array().unwrap();
        let row = rows.iter().find(|row| row["key"] == format!("windvane.{key}"));
        row.map(|row| row["value"]["stringValue"].as_str().unwrap().to_owned())
    };
    let ids: Vec<_> = spans.iter().filter_map(|span| attribute(span, "client_order_id")).collect();
    let told: BTreeSet<_> = ids.iter().cloned().collect();
    assert_eq!(told.len(), ids.len(), "an order has one span");
    assert_eq!(told, ground.client_order_ids().into_iter().collect(), "every order has one");
    let filled = spans.iter().filter(|span| attribute(span, "status").as_deref() == Some("Filled"));
    for span in filled {
        let events = span["events"].as_array().unwrap();
        assert!(events.iter().any(|event| event["name"] == "fill"), "{span}");
        assert!(span["startTimeUnixNano"].as_str() < span["endTimeUnixNano"].as_str(), "{span}");
    }
}

#[test]
fn endpoints_that_others_can_read_are_refused() {
    let ground = Ground::new(Market::Walking);
    ground.write_secret("notify.key", &format!("[webhook]\nurl = \"http://hook.test/{CANARY}\"\n"));
    ground.write_config(&[("[log]", "[notify]\nfile = \"notify.key\"\n\n[log]")]);
    let mut engine = ground.engine("open", &[]);
    assert_eq!(engine.wait(PATIENCE), Some(3), "{}", engine.err());
    assert!(
        engine.err().contains("must begin with https://") && !engine.err().contains(CANARY),
        "{}",
        engine.err()
    );
    let path = ground.folder().join("notify.key");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let mut engine = ground.engine("readable", &[]);
    assert_eq!(engine.wait(PATIENCE), Some(3), "{}", engine.err());
    assert!(engine.err().contains("chmod 600") && !ground.data().exists(), "{}", engine.err());
}

#[test]
fn each_day_is_summed_up_in_a_channel() {
    let folder = tempfile::tempdir().unwrap();
    let discord = Hook::start(0);
    let notify = folder.path().join("notify.key");
    let url = format!("http://127.0.0.1:{}/api/webhooks/1/{CANARY}", discord.port());
    std::fs::write(&notify, format!("[discord]\nwebhook = \"{url}\"\n")).unwrap();
    std::fs::set_permissions(&notify, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    // The demo, in which a day takes seconds.
    let told = format!("[notify]\nfile = \"{}\"\ntell = [\"day\"]\n\n[log]", notify.display());
    let text = config(
        "paper.toml",
        &folder.path().join("data"),
        &[("listen = \"127.0.0.1:9464\"", "enabled = false"), ("[log]", &told)],
    );
    let path = folder.path().join("paper.toml");
    std::fs::write(&path, text).unwrap();
    let mut demo = start("demo", &binary(), &["run", "--config", path.to_str().unwrap()], folder.path());
    wait_until("a day to be told", PATIENCE, || {
        assert!(demo.is_running(), "{}", demo.err());
        !discord.heard().is_empty()
    });
    let days = discord.heard();
    assert!(days[0].head.starts_with(&format!("POST /api/webhooks/1/{CANARY} ")), "{}", days[0].head);
    for day in &days {
        let text = day.body["content"].as_str().unwrap_or_default();
        assert!(
            text.contains("embedded") && text.contains("day: 2026-0") && text.contains("USDT, equity "),
            "{text}"
        );
        assert!(
            day.body["allowed_mentions"]["parse"].as_array().is_some_and(Vec::is_empty),
            "nobody is called"
        );
    }
}
