//! A venue process and the config of an engine that trades on it, in a folder of their own.

use crate::http::{delete, free_port, get, post};
use crate::process::{Running, start, wait_until};
use crate::{binary, config, root};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How long a start must last that is to find out that an order never reached the venue: the exchange's index of orders may
/// be half a minute late.
pub const ABSENCE_SECONDS: u32 = 45;

/// How long an orderly end may take on a busy machine: the engine gives up waiting after 50 s by itself.
const ORDERLY_END: Duration = Duration::from_secs(90);

/// Who moves the venue's market.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    /// It walks by itself, ten steps a second.
    Walking,
    /// It stands still; only `/sim` moves it.
    Still,
}

/// Where a test lets engines trade: a venue process on loopback, and the demo's three contracts with a busy maker on
/// each, whose quotes are so tight that orders rest, move and fill all the time.
pub struct Ground {
    folder: TempDir,
    port: u16,
    _venue: Running,
}

impl Ground {
    /// Starts the venue and writes the engine's config.
    ///
    /// # Panics
    /// When the venue does not come up.
    #[must_use]
    pub fn new(market: Market) -> Self {
        Self::on(market, &[("rate_limits = true", "rate_limits = false")])
    }

    /// The same on a venue with rate limits, whose account has a second key, `short-lived` with the secret
    /// `worth-nothing`, that expires.
    #[must_use]
    pub fn strict(market: Market) -> Self {
        let key = "leverage = \"10\"\n\n[[accounts.keys]]\nkey = \"short-lived\"\nsecret = \"worth-nothing\"\n\
                   expires = \"2099-01-01T00:00:00Z\"\n";
        Self::on(market, &[("leverage = \"10\"\n", key)])
    }

    /// The same on a venue whose shipped config has changes, each of which must apply.
    ///
    /// # Panics
    /// When the venue does not come up, or a change finds nothing to change.
    #[must_use]
    pub fn on(market: Market, changes: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let port = free_port();
        let venue = start_venue(folder.path(), port, market, changes);
        let ground = Self { folder, port, _venue: venue };
        ground.write_config(&[]);
        ground
    }

    /// The folder of this test.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the engine keeps journal, tape and control socket.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The engine's config file.
    ///
    /// # Panics
    /// When the folder for temporary files has a name that is not text.
    #[must_use]
    pub fn config(&self) -> String {
        self.folder().join("engine.toml").to_str().expect("a path that is text").to_owned()
    }

    /// Writes the engine's config again with changes, each of which must apply.
    ///
    /// # Panics
    /// When a change finds nothing to change.
    pub fn write_config(&self, changes: &[(&str, &str)]) {
        let mut text = engine_config(self.folder(), self.port);
        for (from, to) in changes {
            assert!(text.contains(from), "the engine's config has no `{from}` to change");
            text = text.replace(from, to);
        }
        std::fs::write(self.config(), text).expect("the config can be written");
    }

    /// Starts an engine, with `arguments` beside the config.
    #[must_use]
    pub fn engine(&self, name: &str, arguments: &[&str]) -> Running {
        let config = self.config();
        let whole = [&["run", "--json", "--config", config.as_str()], arguments].concat();
        start(name, &binary(), &whole, self.folder())
    }

    /// Runs an engine for so many seconds, to its orderly end.
    ///
    /// # Panics
    /// When it does not end with exit code 0 and equal books.
    pub fn trade(&self, name: &str, seconds: u32) -> Running {
        let mut engine = self.engine(name, &["--duration", &format!("{seconds}s")]);
        ends_well(&mut engine, Duration::from_secs(u64::from(seconds)) + ORDERLY_END);
        engine
    }

    /// Asks an engine to end, once a test has seen what it waited for.
    ///
    /// # Panics
    /// When it does not end with exit code 0 and equal books.
    pub fn end(&self, engine: &mut Running) {
        engine.interrupt();
        ends_well(engine, ORDERLY_END);
    }

    /// Writes a file for the engine's user alone, as those with secrets must be.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_secret(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        std::fs::write(&path, text).expect("the file can be written");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("the file is ours");
    }

    /// Starts an engine whose metrics can be read, at the port that comes with it.
    #[must_use]
    pub fn watched_engine(&self) -> (Running, u16) {
        let port = free_port();
        self.write_config(&[("enabled = false", &format!("listen = \"127.0.0.1:{port}\""))]);
        (self.engine("engine", &[]), port)
    }

    /// The venue's truth about the account.
    ///
    /// # Panics
    /// When the venue does not tell.
    #[must_use]
    pub fn account(&self) -> Value {
        let (_, body) = get(self.venue(), "/sim/state?uid=1001").expect("the venue answers");
        let mut state: Value = serde_json::from_str(&body).expect("the venue answers in JSON");
        state["accounts"][0].take()
    }

    /// The rows of one kind of the venue's truth: `orders`, `fills`, `positions`, `wallet`.
    #[must_use]
    pub fn rows(&self, kind: &str) -> Vec<Value> {
        self.account()[kind].as_array().cloned().unwrap_or_default()
    }

    /// Client order ids of all orders that the venue ever accepted, and that a client gave an id.
    #[must_use]
    pub fn client_order_ids(&self) -> Vec<String> {
        let rows = self.rows("orders");
        let ids = rows.iter().filter_map(|row| row["orderLinkId"].as_str());
        ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
    }

    /// How many orders, amends and cancels the venue has taken.
    #[must_use]
    pub fn order_requests(&self) -> u64 {
        let taken = self.account()["requests"]["accepted"].as_object().cloned().unwrap_or_default();
        taken
            .iter()
            .filter(|(name, _)| name.starts_with("order/"))
            .filter_map(|(_, count)| count.as_u64())
            .sum()
    }

    /// Tells the venue what to do by its control surface, such as `fault`, and returns what it answers.
    ///
    /// # Panics
    /// When it refuses.
    pub fn sim(&self, what: &str, body: &str) -> Value {
        let answer = post(self.venue(), &format!("/sim/{what}"), body).expect("the venue answers");
        assert_eq!(answer.0, 200, "{body}: {}", answer.1);
        serde_json::from_str(&answer.1).expect("the venue answers in JSON")
    }

    /// Takes back a fault that was armed by `sim("fault", …)`, given that answer.
    ///
    /// # Panics
    /// When it was used up already.
    pub fn mend(&self, fault: &Value) {
        let answer = delete(self.venue(), &format!("/sim/fault/{}", fault["id"]));
        assert_eq!(answer.map(|(code, _)| code), Some(200), "{fault}");
    }

    /// Where the venue listens.
    #[must_use]
    pub fn venue(&self) -> SocketAddr {
        address(self.port)
    }
}

/// Waits for an engine that ends by itself or was asked to.
fn ends_well(engine: &mut Running, patience: Duration) {
    let code = engine.wait(patience);
    assert_eq!(code, Some(0), "{}\n{}", engine.out(), engine.err());
    assert!(engine.out().contains("\"is_equal\":true"), "{}\n{}", engine.out(), engine.err());
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn start_venue(folder: &Path, port: u16, market: Market, changes: &[(&str, &str)]) -> Running {
    let mut text =
        std::fs::read_to_string(root().join("config/venue.toml")).expect("the shipped venue config");
    for (from, to) in changes {
        assert!(text.contains(from), "the shipped venue config has no `{from}` to change");
        text = text.replace(from, to);
    }
    // A market in which the busy makers fill soon: under the shipped seed a quiet stretch comes first.
    let seed = "[market.synthetic]\nseed = ";
    assert!(text.contains(&format!("{seed}1\n")), "the shipped venue makes its market up from a seed");
    text = text.replace(&format!("{seed}1\n"), &format!("{seed}11\n"));
    if market == Market::Still {
        // The file's last table, whatever it says.
        let made_up = text.find("\n[market.synthetic]\n").expect("the shipped venue makes its market up");
        text.replace_range(made_up.., "\n[market.manual]\n");
    }
    let path = folder.join("venue.toml");
    std::fs::write(&path, text).expect("the venue's config can be written");
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["venue", "--config", path.to_str().expect("a path that is text"), "--listen", &listen];
    let venue = start("venue", &binary(), &arguments, folder);
    wait_until("the venue to answer", Duration::from_secs(60), || {
        get(address(port), "/v5/market/time").is_some()
    });
    venue
}

fn engine_config(folder: &Path, port: u16) -> String {
    let maker = std::fs::read_to_string(root().join("strategies/maker.toml")).expect("the maker's preset");
    let mut busy = maker;
    for (from, to) in [
        ("half_spread = \"0.60%\"", "half_spread = \"0.01%\""),
        ("requote     = \"0.10%\"", "requote     = \"0.002%\""),
        ("every       = \"1m\"", "every       = \"1s\""),
    ] {
        assert!(busy.contains(from), "the preset has no `{from}`");
        busy = busy.replace(from, to);
    }
    std::fs::write(folder.join("busy.toml"), busy).expect("the preset can be written");
    let text = config("paper.toml", &folder.join("data"), &[]);
    let (head, rest) = text.split_once("[venue.embedded] ").expect("the demo has an embedded venue");
    let (_, limits) = rest.split_once("[risk]").expect("the demo has limits");
    let endpoints = format!(
        "[venue.endpoints]\nrest = \"http://127.0.0.1:{port}\"\npublic = \"ws://127.0.0.1:{port}/v5/public/linear\"\n\
         private = \"ws://127.0.0.1:{port}/v5/private\"\ntrade = \"ws://127.0.0.1:{port}/v5/trade\"\n\n[risk]"
    );
    let mut whole = format!("{head}{endpoints}{limits}")
        .replace("environment = \"embedded\" ", "environment = \"custom\" ")
        .replace("listen = \"127.0.0.1:9464\"", "enabled = false")
        .replace("on_shutdown = \"keep\"", "on_shutdown = \"flatten\"");
    for strategy in ["maker", "trend", "reversion"] {
        let shipped = format!("\"{}/strategies/{strategy}.toml\"", root().display());
        whole = whole.replace(&shipped, &format!("\"{}/busy.toml\"", folder.display()));
    }
    whole
}
