//! What an engine leaves behind at its end, by the policy of each bot.

use crate::kill::{held, open_orders, trading};
use serde_json::Value;
use std::time::Duration;
use windvane_tests::{Ground, Market, PATIENCE, wait_until};

/// Writes what each of the three bots does at the end, in the order of the config.
fn write_policies(ground: &Ground, policies: [&str; 3]) {
    let text = std::fs::read_to_string(ground.config()).unwrap();
    let mut parts = text.split("on_shutdown = \"flatten\"");
    let mut whole = parts.next().unwrap().to_owned();
    for (part, policy) in parts.zip(policies) {
        whole.push_str(&format!("on_shutdown = \"{policy}\"{part}"));
    }
    assert_eq!(whole.matches("on_shutdown").count(), policies.len());
    std::fs::write(ground.config(), whole).unwrap();
}

/// Ids of the orders that rest in a contract.
fn resting(ground: &Ground, symbol: &str) -> Vec<String> {
    let rows = open_orders(ground).into_iter().filter(|row| row["symbol"] == symbol);
    rows.map(|row| row["orderLinkId"].as_str().unwrap_or_default().to_owned()).collect()
}

fn position(ground: &Ground, symbol: &str) -> Option<Value> {
    held(ground).into_iter().find(|row| row["symbol"] == symbol)
}

#[test]
fn at_the_end_each_bot_leaves_behind_what_its_policy_says() {
    let ground = Ground::new(Market::Still);
    write_policies(&ground, ["flatten", "cancel", "keep"]);
    let mut engine = trading(&ground);
    // The market stands still from here on, so that nothing fills or is quoted anew by itself.
    wait_until("orders to rest beside the positions", PATIENCE, || {
        std::thread::sleep(Duration::from_millis(300));
        ["BTCUSDT", "ETHUSDT", "DOGEUSDT"].iter().all(|symbol| !resting(&ground, symbol).is_empty())
    });
    let before = (resting(&ground, "DOGEUSDT"), position(&ground, "DOGEUSDT"), position(&ground, "ETHUSDT"));
    ground.end(&mut engine);

    assert_eq!((resting(&ground, "BTCUSDT"), position(&ground, "BTCUSDT")), (Vec::new(), None), "flatten");
    assert_eq!(resting(&ground, "ETHUSDT"), Vec::<String>::new(), "cancel");
    let kept = position(&ground, "ETHUSDT").expect("cancel leaves the position");
    assert_eq!(kept["size"], before.2.expect("it was there")["size"]);
    assert_ne!(kept["stopLoss"], "", "cancel leaves the stop");
    assert_eq!(resting(&ground, "DOGEUSDT"), before.0, "keep");
    let kept = position(&ground, "DOGEUSDT").expect("keep leaves the position");
    assert_eq!(kept["size"], before.1.expect("it was there")["size"]);
}
