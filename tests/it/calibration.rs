//! Our margin beside the venue's own figures, over sockets: compared at the start, with each audit and with what the venue
//! pushes; when the two fall apart nothing opens, what is held can be closed, and a person lets it go on.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use windvane_connector::{
    Credentials, MarginMode, Observer, RateLimits, RestClient, Secret, VenueClock, VenueEndpoints, WallClock,
};
use windvane_tests::{Ground, Market, PATIENCE, Running, finish, free_port, metric, wait_until, windvane};

/// Buys for 30,000 USDT when the bid reaches 65001; its stop is far away.
const RULES: &str = r#"
language  = 1
timeframe = "5m"
evaluate  = "tick"

[entry.long]
signal = "bid >= 65001 USDT"

[entry.any]
order = { type = "market", valid_for = "20s" }
size  = { quote = "30000 USDT", max_leverage = "1x" }

[exit]
stop = { distance = "20%" }
"#;

/// Every figure that can be compared while a position is held.
const FIGURES: [&str; 9] = [
    "position_initial",
    "position_maintenance",
    "orders",
    "account_initial",
    "account_maintenance",
    "positions_initial",
    "positions_maintenance",
    "available",
    "pre_check",
];

/// A venue, an engine that trades one contract on it, and the port of its metrics.
struct Scene {
    ground: Ground,
    engine: Running,
    port: u16,
}

impl Scene {
    fn new() -> Self {
        let ground = Ground::new(Market::Still);
        let rules = ground.folder().join("rules.toml");
        std::fs::write(&rules, RULES).unwrap();
        let shipped = ground.folder().join("busy.toml");
        let port = free_port();
        let trader = "BTCUSDT\"\nstrategy = \"";
        ground.write_config(&[
            (&format!("{trader}{}", shipped.display()), &format!("{trader}{}", rules.display())),
            ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
            ("max_margin_error = \"1%\"", "max_margin_error = \"0.1%\""),
        ]);
        let engine = ground.engine("engine", &[]);
        let scene = Self { ground, engine, port };
        scene.quoting(65_000, "an engine that may trade", || {
            scene.status().contains("\"run_state\": \"active\"")
        });
        scene
    }

    /// A transfer of a coin into the account or out of it.
    fn credit(&self, coin: &str, delta: &str) {
        let uid = self.ground.account()["uid"].clone();
        self.ground.sim("account", &json!({ "uid": uid, "coin": coin, "delta": delta }).to_string());
    }

    /// Moves the market to a bid and goes on quoting there until `done`: a quote that stands still grows old.
    fn quoting(&self, bid: u32, what: &str, mut done: impl FnMut() -> bool) {
        let mut turn = 0_u32;
        wait_until(what, PATIENCE, || {
            let bid = f64::from(bid) + f64::from(turn % 2) / 10.0;
            turn += 1;
            let ask = bid + 0.1;
            self.ground.sim(
                "price",
                &format!(
                    r#"{{"symbol":"BTCUSDT","bid":"{bid:.1}","ask":"{ask:.1}","last":"{bid:.1}","mark":"{bid:.1}","index":"{bid:.1}"}}"#
                ),
            );
            done()
        });
    }

    /// Goes on quoting until the venue was asked about the account anew.
    fn audited(&self, bid: u32) {
        let audits = || metric(self.port, "windvane_reconcile_runs_total", "").unwrap_or(0.0);
        let before = audits();
        self.ground.sim("fault", r#"{"kind":"disconnect","match":{"path":"/v5/private"}}"#);
        self.quoting(bid, "an audit", || {
            audits() > before && self.status().contains("\"waiting_for\": null")
        });
    }

    fn status(&self) -> String {
        finish(&windvane(&["status", "--config", &self.ground.config()])).1
    }

    fn tell(&self, verb: &[&str]) -> String {
        let config = self.ground.config();
        let (code, out, err) = finish(&windvane(&[verb, &["--config", &config]].concat()));
        assert_eq!(code, Some(0), "{out}{err}");
        out
    }

    fn compared(&self, figure: &str) -> f64 {
        let label = format!("figure=\"{figure}\"");
        metric(self.port, "windvane_margin_comparisons_total", &label).unwrap_or(0.0)
    }

    fn error(&self) -> f64 {
        metric(self.port, "windvane_margin_model_error_ratio", "").expect("the metric is there")
    }

    fn denied(&self) -> f64 {
        metric(self.port, "windvane_orders_denied_total", "run_state").unwrap_or(0.0)
    }

    /// What the venue says is held of the contract.
    fn held(&self) -> f64 {
        let rows = self.ground.rows("positions");
        let held = rows.iter().find(|row| row["symbol"] == "BTCUSDT");
        held.and_then(|row| row["size"].as_str()?.parse().ok()).unwrap_or(0.0)
    }

    fn entries(&self) -> usize {
        let is_entry = |row: &&Value| row["reduceOnly"] == false;
        self.ground.rows("orders").iter().filter(is_entry).count()
    }

    /// A person's hand at the account, past the engine.
    fn set_margin_mode(&self, mode: &MarginMode) {
        let endpoints = VenueEndpoints::loopback(&self.ground.venue().to_string()).unwrap();
        let secret = Secret::new("paper-secret".to_owned());
        let credentials = Arc::new(Credentials::new("paper-key".to_owned(), secret).unwrap());
        let (observations, _) = mpsc::channel(1);
        let clock = Arc::new(VenueClock::new(WallClock::start()));
        let observer = Observer::new(observations);
        let rest = RestClient::new(&endpoints, credentials, clock, observer, RateLimits::Off).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(rest.set_margin_mode(mode)).unwrap();
    }
}

#[test]
fn margin_is_compared_with_the_venues_all_along_and_when_they_fall_apart_nothing_opens_until_a_person_has_looked()
 {
    let scene = Scene::new();

    // Flat: the account as it was read, and an order that was only asked about.
    scene.quoting(65_000, "the first question", || scene.compared("pre_check") >= 1.0);
    // With a position: what the venue pushes of it, and each audit.
    scene.quoting(65_002, "the position", || scene.held() > 0.0);
    // Bitcoin as collateral makes no difference: the venue's rates have another divisor, and so have ours.
    scene.credit("BTC", "1");
    let before = FIGURES.map(|figure| scene.compared(figure));
    for _ in 0..2 {
        scene.audited(64_900);
    }
    scene.quoting(64_900, "every figure to be compared again", || {
        FIGURES.iter().zip(before).all(|(figure, before)| scene.compared(figure) > before)
    });
    assert!(scene.error().abs() < 0.0002, "{}", scene.error());
    assert!(scene.status().contains("\"run_state\": \"active\""), "{}", scene.status());

    // In isolated margin a position holds its initial margin by the price of its entry, and we count by the mark: 3 % of
    // 30,000 USDT at five times leverage is 180 USDT, of an account of 100,000.
    scene.set_margin_mode(&MarginMode::Isolated);
    scene.quoting(63_000, "the halt", || {
        scene.audited(63_000);
        scene.status().contains("halted (margin_model)")
    });
    let shown = || metric(scene.port, "windvane_breaker_state", "margin_model").unwrap_or(0.0);
    scene.quoting(63_000, "the difference to show", || shown() == 1.0 && scene.error().abs() > 0.001);
    let log = scene.engine.err();
    assert!(log.contains("our margin differs from the venue's; nothing opens"), "{log}");

    // What is held can be closed, and the next signal opens nothing.
    scene.tell(&["flatten"]);
    scene.quoting(63_000, "the position to be closed", || scene.held() == 0.0);
    scene.tell(&["bot", "trend", "resume"]);
    let (entries, denied) = (scene.entries(), scene.denied());
    scene.quoting(65_002, "the signal to be denied", || scene.denied() > denied);
    assert_eq!((scene.entries(), scene.held()), (entries, 0.0));

    // The two are brought together, and a person says so.
    scene.set_margin_mode(&MarginMode::Cross);
    let said = scene.tell(&["resume"]);
    assert!(!said.contains("halted"), "{said}");
    scene.quoting(65_000, "the state to be active", || scene.status().contains("\"run_state\": \"active\""));
    scene.quoting(65_002, "a position again", || scene.held() > 0.0);
    scene.audited(64_900);
    assert!(scene.status().contains("\"run_state\": \"active\""), "{}", scene.status());

    // A contract that settles in bitcoin takes margin that nobody here counts: nothing opens while it lasts.
    let price = r#"{"category":"inverse","symbol":"BTCUSD","bid":"65000","ask":"65000.5","last":"65000","mark":"65000","index":"65000"}"#;
    scene.ground.sim("price", price);
    let uid = scene.ground.account()["uid"].clone();
    let order = json!({
        "uid": uid, "category": "inverse", "symbol": "BTCUSD", "side": "Buy", "orderType": "Limit",
        "timeInForce": "GTC", "price": "64000", "qty": "600", "orderLinkId": "by-phone",
    });
    scene.ground.sim("order", &order.to_string());
    scene.quoting(64_900, "the halt", || scene.status().contains("halted (other_margin)"));
    let log = scene.engine.err();
    assert!(log.contains("contracts that settle in BTC hold 0.00"), "{log}");
    let cancel = json!({
        "uid": uid, "category": "inverse", "symbol": "BTCUSD", "orderLinkId": "by-phone", "cancel": true,
    });
    scene.ground.sim("order", &cancel.to_string());
    let said = scene.tell(&["resume"]);
    assert!(!said.contains("halted"), "{said}");
}

#[test]
fn money_that_comes_or_goes_is_in_the_books_within_seconds_and_is_neither_profit_nor_loss() {
    let scene = Scene::new();
    for (delta, balance) in [("500", "100500"), ("-700", "99800")] {
        scene.credit("USDT", delta);
        let began = Instant::now();
        let wanted = format!("\"wallet_balance\": \"{balance}\"");
        scene.quoting(65_000, "the transfer in the books", || scene.status().contains(&wanted));
        // Unnamed, it would have waited until every try to explain it was spent: half a minute and more.
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        let status = scene.status();
        assert!(status.contains("\"day_pnl\": \"0\""), "{status}");
    }
}
