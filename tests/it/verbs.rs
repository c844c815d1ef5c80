//! Each verb of an operator on a running engine: what it does at the venue, and that a crash does not undo it.

use crate::kill::{held, quote, trading};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeSet;
use windvane_tests::{Ground, Market, PATIENCE, Running, finish, wait_until, windvane};

/// The bots with their contracts.
const BOTS: [(&str, &str); 3] = [("trend", "BTCUSDT"), ("reversion", "ETHUSDT"), ("maker", "DOGEUSDT")];

struct Scene {
    ground: Ground,
    engine: Running,
    turn: Cell<usize>,
}

impl Scene {
    fn new() -> Self {
        let ground = Ground::new(Market::Still);
        let engine = trading(&ground);
        Self { ground, engine, turn: Cell::new(0) }
    }

    /// Goes on quoting until `done`: makers follow the market, and prices grow old.
    fn quoting(&self, what: &str, mut done: impl FnMut() -> bool) {
        wait_until(what, PATIENCE, || {
            quote(&self.ground, self.turn.get());
            self.turn.set(self.turn.get() + 1);
            done()
        });
    }

    /// Quotes so often, long enough for a maker that may to move its orders.
    fn quotes(&self, times: usize) {
        let until = self.turn.get() + times;
        self.quoting("some quotes", || self.turn.get() > until);
    }

    fn tell(&self, words: &[&str]) -> String {
        let config = self.ground.config();
        let (code, out, err) = finish(&windvane(&[words, &["--config", &config]].concat()));
        assert_eq!(code, Some(0), "{words:?}: {out}{err}");
        out
    }

    fn status(&self) -> Value {
        let config = self.ground.config();
        let (_, out, _) = finish(&windvane(&["status", "--config", &config]));
        serde_json::from_str(&out).unwrap_or_default()
    }

    /// How far a bot is held back.
    fn hold(&self, bot: &str) -> Value {
        let status = self.status();
        let bots = status["bots"].as_array().cloned().unwrap_or_default();
        bots.into_iter().find(|row| row["name"] == bot).map_or(Value::Null, |row| row["hold"].clone())
    }

    fn state(&self) -> String {
        self.status()["run_state"].as_str().unwrap_or_default().to_owned()
    }

    /// Orders of a contract that would open, by the venue's id; without the phone's.
    fn entries(&self, symbol: &str) -> BTreeSet<String> {
        let rows = self.ground.rows("orders");
        let is_open = |row: &&Value| {
            matches!(row["orderStatus"].as_str(), Some("New" | "PartiallyFilled"))
                && row["symbol"] == symbol
                && row["reduceOnly"] == false
                && row["orderLinkId"] != "by-phone"
        };
        rows.iter().filter(is_open).map(|row| row["orderId"].to_string()).collect()
    }

    fn holds(&self, symbol: &str) -> bool {
        held(&self.ground).iter().any(|row| row["symbol"] == symbol)
    }

    /// How many market orders have closed something of a contract; exits by a maker's own rules rest.
    fn closes(&self, symbol: &str) -> usize {
        let is_close = |row: &&Value| {
            row["symbol"] == symbol && row["reduceOnly"] == true && row["orderType"] == "Market"
        };
        self.ground.rows("orders").iter().filter(is_close).count()
    }

    fn phone(&self, fields: Value) {
        let mut order = json!({
            "uid": self.ground.account()["uid"], "category": "linear", "symbol": "BTCUSDT", "side": "Buy",
        });
        order.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.ground.sim("order", &order.to_string());
    }

    /// Ends the engine as a crash does and starts it again. From the third on it also waits for a person.
    fn crash(&mut self) {
        self.engine.kill();
        self.engine = self.ground.engine("again", &[]);
        self.quoting("the engine to be ready", || {
            let waits_for = self.status()["waiting_for"].clone();
            let waits_for_a_person = waits_for.as_str().is_some_and(|what| what.contains("crashed"));
            !self.state().is_empty() && (waits_for.is_null() || waits_for_a_person)
        });
    }
}

#[test]
fn each_verb_does_at_the_venue_what_it_says_and_a_crash_does_not_undo_it() {
    let mut scene = Scene::new();

    // One bot each: paused, reduced to its exits, closed. Foreign orders stay.
    scene.phone(json!({
        "orderType": "Limit", "timeInForce": "GTC", "price": "29000", "qty": "0.001", "orderLinkId": "by-phone",
    }));
    scene.tell(&["bot", "trend", "pause"]);
    let (before, closes) = (scene.entries("BTCUSDT"), scene.closes("ETHUSDT"));
    scene.tell(&["bot", "reversion", "exit-only"]);
    scene.tell(&["bot", "maker", "close"]);
    scene.quoting("the entries of two bots to be cancelled and one position to be closed", || {
        scene.entries("ETHUSDT").is_empty()
            && scene.entries("DOGEUSDT").is_empty()
            && !scene.holds("DOGEUSDT")
    });
    assert_eq!(scene.closes("ETHUSDT"), closes, "exit-only closes nothing");
    scene.crash();
    let holds = BOTS.map(|(bot, _)| scene.hold(bot));
    assert_eq!(holds, ["pause", "exit-only", "close"].map(Value::from), "after the crash");
    scene.quotes(30);
    assert!(scene.entries("BTCUSDT").is_subset(&before), "paused: nothing new opens");
    assert!(scene.entries("ETHUSDT").is_empty() && scene.entries("DOGEUSDT").is_empty());
    scene.tell(&["bot", "trend", "resume"]);
    scene.quoting("the one that goes on to quote anew", || !scene.entries("BTCUSDT").is_subset(&before));
    assert_eq!(scene.hold("reversion"), "exit-only", "the others stay as they are");

    // A person resumes; then every entry is cancelled and what is held stays.
    scene.tell(&["resume"]);
    scene.quoting("every bot to quote", || BOTS.iter().all(|(_, symbol)| !scene.entries(symbol).is_empty()));
    let closes = BOTS.map(|(_, symbol)| scene.closes(symbol));
    scene.tell(&["cancel-all"]);
    scene.quoting("every entry to be cancelled", || {
        BOTS.iter().all(|(_, symbol)| scene.entries(symbol).is_empty())
    });
    let is_phones = |row: &Value| row["orderLinkId"] == "by-phone" && row["orderStatus"] == "New";
    assert!(scene.ground.rows("orders").iter().any(is_phones), "a stranger's order is left alone");
    assert_eq!(BOTS.map(|(_, symbol)| scene.closes(symbol)), closes, "cancelling closes nothing");
    scene.crash();
    scene.quotes(30);
    assert!(BOTS.iter().all(|(_, symbol)| scene.entries(symbol).is_empty()), "after the crash");
    scene.tell(&["resume"]);
    scene.quoting("every bot to quote", || BOTS.iter().all(|(_, symbol)| !scene.entries(symbol).is_empty()));

    // A halt opens nothing; what rests stays where it is.
    scene.tell(&["halt"]);
    let resting = BOTS.map(|(_, symbol)| scene.entries(symbol));
    scene.crash();
    assert_eq!(scene.state(), "halted (operator)", "after the crash");
    scene.quotes(30);
    for ((_, symbol), before) in BOTS.iter().zip(&resting) {
        assert!(scene.entries(symbol).is_subset(before), "halted: nothing new opens in {symbol}");
    }
    scene.tell(&["resume"]);
    scene.quoting("every bot to quote", || BOTS.iter().all(|(_, symbol)| !scene.entries(symbol).is_empty()));

    // Flat, and flat it stays.
    scene.tell(&["flatten"]);
    scene.quoting("nothing to be held and nothing to open", || {
        held(&scene.ground).is_empty() && BOTS.iter().all(|(_, symbol)| scene.entries(symbol).is_empty())
    });
    scene.crash();
    scene.quotes(30);
    assert!(
        held(&scene.ground).is_empty() && BOTS.iter().all(|(_, symbol)| scene.entries(symbol).is_empty())
    );
    assert_eq!(scene.hold("trend"), "close", "after the crash");

    // What the phone opens becomes the bot's own, and is closed with it, also after a crash.
    scene.tell(&["bot", "trend", "resume"]);
    scene.tell(&["bot", "trend", "pause"]);
    scene.phone(json!({ "orderType": "Market", "qty": "0.002", "stopLoss": "60000" }));
    scene.quoting("the stranger's position to be known", || {
        let status = scene.status();
        let bots = status["bots"].as_array().cloned().unwrap_or_default();
        bots.iter().any(|row| row["name"] == "trend" && row["side"] == "Buy")
    });
    scene.tell(&["bot", "trend", "adopt"]);
    scene.crash();
    assert!(scene.holds("BTCUSDT"), "an adopted position with a stop is kept");
    scene.tell(&["bot", "trend", "close"]);
    scene.quoting("the adopted position to be closed", || !scene.holds("BTCUSDT"));
}
