//! From a person's wish to be flat to being flat, while the public stream bursts: entries are cancelled, positions in three
//! contracts closed, over sockets. What is timed is printed and never judged; `cargo xtask bench flat` says it optimised.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use windvane_connector::{
    Connector, Credentials, Customer, DisconnectProtection, KeyPolicy, Observer, Outlets, Plan, PositionMode,
    RateLimits, RestClient, Secret, Timing, VenueClock, VenueEndpoints, WallClock,
};
use windvane_model::{AccountEvent, Event, Symbol};
use windvane_tests::{
    Feeder, Flood, Ground, Market, PATIENCE, Running, finish, free_port, metric, wait_until, windvane,
};

/// The ordinary test is short; `cargo xtask bench flat` sets how often, and full bursts.
const REPETITIONS: u32 = 2;
const SHORT_BURST: u32 = 3_000;
const BURST: u32 = 50_000;
/// A line that begins with this is for the benchmark to show.
const FIGURES: &str = "flat figures:";
/// How much of a burst is on its way when the wish comes.
const UNDER_WAY: u64 = 1_000;

/// A contract, a bid at which nothing is done and one at which a long entry fires; a tick.
const CONTRACTS: [(&str, f64, f64, usize); 3] =
    [("BTCUSDT", 64_990.0, 65_010.0, 1), ("ETHUSDT", 1_999.0, 2_001.0, 2), ("DOGEUSDT", 0.0999, 0.1001, 5)];

/// Buys when the bid is high, and keeps an order far below the market besides.
fn rules(threshold: &str) -> String {
    format!(
        "language  = 1\ntimeframe = \"5m\"\nevaluate  = \"tick\"\n\n[entry.long]\nsignal = \"bid >= {threshold} USDT\"\n\n\
         [entry.any]\norder = {{ type = \"market\", valid_for = \"20s\" }}\nsize  = {{ quote = \"600 USDT\", max_leverage = \"1x\" }}\n\n\
         [exit]\nstop = {{ distance = \"10%\" }}\n"
    )
}

struct Scene {
    ground: Ground,
    feeder: Feeder,
    _engine: Running,
    port: u16,
    turn: u32,
    /// Contract and quantity of each position that the venue tells of, and when it was read.
    told: mpsc::Receiver<(Symbol, bool, Instant)>,
}

impl Scene {
    fn new(burst: u32) -> Self {
        let ground = Ground::new(Market::Still);
        let flood = Flood { rate: 0, burst, burst_every: Duration::from_secs(86_400) };
        let feeder = Feeder::start(ground.venue(), flood);
        let folder = ground.folder().to_owned();
        std::fs::write(folder.join("watch.toml"), crate::soak::rule()).unwrap();
        let (venue, port, front) = (ground.venue().port(), free_port(), feeder.port());
        let mut changes = vec![
            (format!("http://127.0.0.1:{venue}"), format!("http://127.0.0.1:{front}")),
            (format!("127.0.0.1:{venue}/v5/public"), format!("127.0.0.1:{front}/v5/public")),
            ("enabled = false".to_owned(), format!("listen = \"127.0.0.1:{port}\"")),
            ("max_losing_streak = 50".to_owned(), "max_losing_streak = 1000".to_owned()),
            ("[log]".to_owned(), crate::soak::WATCHER.to_owned()),
        ];
        for (symbol, _, high, places) in CONTRACTS {
            std::fs::write(folder.join(format!("{symbol}.toml")), rules(&format!("{high:.places$}")))
                .unwrap();
            let of =
                |file: String| format!("symbol = \"{symbol}\"\nstrategy = \"{}", folder.join(file).display());
            changes.push((of("busy.toml".to_owned()), of(format!("{symbol}.toml"))));
        }
        let changes: Vec<_> = changes.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        ground.write_config(&changes);
        let engine = ground.engine("engine", &[]);
        let told = listen(&ground);
        Self { ground, feeder, _engine: engine, port, turn: 0, told }
    }

    /// Moves every contract low or high, a tick to and fro: a quote that stands still grows old.
    fn quote(&mut self, is_high: bool) {
        self.turn += 1;
        for (symbol, low, high, places) in CONTRACTS {
            let tick = 0.1_f64.powi(i32::try_from(places).unwrap());
            let bid = if is_high { high } else { low } + tick * f64::from(self.turn % 2);
            let ask = bid + tick;
            let body = format!(
                r#"{{"symbol":"{symbol}","bid":"{bid:.places$}","ask":"{ask:.places$}","last":"{bid:.places$}","mark":"{bid:.places$}","index":"{bid:.places$}"}}"#
            );
            self.ground.sim("price", &body);
        }
    }

    fn quoting(&mut self, is_high: bool, what: &str, mut done: impl FnMut(&Self) -> bool) {
        wait_until(what, PATIENCE, || {
            self.quote(is_high);
            done(self)
        });
    }

    fn is_active(&self) -> bool {
        let status = finish(&windvane(&["status", "--config", &self.ground.config()])).1;
        status.contains("\"run_state\": \"active\"")
    }

    /// How many contracts the engine holds something in.
    fn holds(&self) -> usize {
        let held = |(symbol, ..): &(&str, f64, f64, usize)| {
            let label = format!("symbol=\"{symbol}\"");
            metric(self.port, "windvane_position_qty", &label).is_some_and(|qty| qty != 0.0)
        };
        CONTRACTS.iter().filter(|contract| held(contract)).count()
    }

    /// From positions in every contract to none: what that took from the wish on.
    fn flatten(&mut self, in_a_burst: bool) -> Duration {
        self.quoting(true, "a position in every contract", |scene| scene.holds() == CONTRACTS.len());
        self.quoting(false, "nothing to want", |_| true);
        while self.told.try_recv().is_ok() {}
        let mut line = UnixStream::connect(self.ground.data().join("control.sock")).unwrap();
        if in_a_burst {
            let before = self.feeder.sent();
            self.feeder.burst();
            while self.feeder.sent() < before + UNDER_WAY {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        let began = Instant::now();
        line.write_all(b"{\"flatten\":{\"bot\":null}}\n").unwrap();
        let mut open = CONTRACTS.map(|(symbol, ..)| Some(Symbol::new(symbol).unwrap()));
        let mut ended = began;
        while open.iter().any(Option::is_some) {
            let (symbol, is_flat, at) = self.told.recv_timeout(PATIENCE).expect("every position is closed");
            if is_flat {
                open.iter_mut().filter(|one| **one == Some(symbol)).for_each(|one| *one = None);
                ended = at;
            }
        }
        let mut answer = String::new();
        BufReader::new(line).read_line(&mut answer).unwrap();
        assert!(answer.contains("done"), "{answer}");
        assert!(finish(&windvane(&["resume", "--config", &self.ground.config()])).0 == Some(0));
        self.quoting(false, "the engine to know", |scene| scene.holds() == 0);
        ended.duration_since(began)
    }
}

/// What the venue tells the account's owner of positions, by a line of its own.
fn listen(ground: &Ground) -> mpsc::Receiver<(Symbol, bool, Instant)> {
    let endpoints = VenueEndpoints::loopback(&ground.venue().to_string()).unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let secret = Secret::new("paper-secret".to_owned());
            let credentials = Arc::new(Credentials::new("paper-key".to_owned(), secret).unwrap());
            let (observations, _) = tokio::sync::mpsc::channel(1);
            let clock = Arc::new(VenueClock::new(WallClock::start()));
            let observer = Observer::new(observations);
            let rest = RestClient::new(&endpoints, credentials, clock, observer, RateLimits::Off).unwrap();
            let plan = Plan {
                topics: Vec::new(),
                symbols: Vec::new(),
                position_mode: PositionMode::OneWay,
                key: KeyPolicy::default(),
                timing: Timing::default(),
                customer: Customer { uid: 1, is_demo: false },
                is_under_maintenance: false,
                topics_per_connection: None,
                sends: false,
                disconnect_protection: DisconnectProtection::Off,
                fast_executions: false,
            };
            let (to_market, _market) = tokio::sync::mpsc::channel(16);
            let (to_account, mut account) = tokio::sync::mpsc::channel(4_096);
            let outlets = Outlets { market: to_market, account: to_account };
            let _connector = Connector::start(&rest, &endpoints, plan, &outlets).unwrap();
            while let Some((_, event)) = account.recv().await {
                if let Event::Account(AccountEvent::Position(report)) = event {
                    // The test may have ended.
                    if tell.send((report.symbol, report.qty.is_zero(), Instant::now())).is_err() {
                        return;
                    }
                }
            }
        });
    });
    told
}

/// Median, 99th percentile and the longest, in milliseconds.
fn words(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share).div_ceil(100).max(1) - 1].as_secs_f64() * 1e3;
    format!("p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(50), at(99), at(100))
}

#[test]
fn what_is_held_is_closed_at_a_persons_word_in_the_middle_of_a_burst() {
    let asked = std::env::var("WINDVANE_FLAT_REPETITIONS").ok();
    let asked = asked.map(|n| n.parse::<u32>().expect("WINDVANE_FLAT_REPETITIONS is a number"));
    let burst = if asked.is_some() { BURST } else { SHORT_BURST };
    let mut scene = Scene::new(burst);
    scene.quoting(false, "an engine that may trade", Scene::is_active);
    let (mut quiet, mut bursting) = (Vec::new(), Vec::new());
    // In turns, so that whatever else the machine does moves both alike.
    for _ in 0..asked.unwrap_or(REPETITIONS) {
        quiet.push(scene.flatten(false));
        bursting.push(scene.flatten(true));
    }
    println!(
        "{FIGURES} from the wish to three positions closed at the venue, {} times each: on a quiet stream {}; within a burst of \
         {burst} messages {}",
        quiet.len(),
        words(quiet),
        words(bursting),
    );
}
