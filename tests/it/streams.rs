//! The connector's streams over links that fail, against the venue's own books: after each random schedule of faults every
//! order book is the venue's level by level, and every execution is known once.
//!
//! `WINDVANE_SCHEDULES` sets how many schedules are played, `WINDVANE_SCHEDULE` plays one again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use windvane_connector::{
    Category, Connector, Credentials, DisconnectProtection, KeyPolicy, Observer, Outlets, Plan, PositionMode,
    RateLimits, RestClient, Secret, Timing, Topic, VenueClock, VenueEndpoints, WallClock,
};
use windvane_market::{Change, Market as Books};
use windvane_model::{
    AccountEvent, BookLevel, Event, Execution, ExecutionId, Link, LinkState, MarketEvent, MarketTime, Query,
    QueryAnswer, Side, Stamp, Symbol, WallTime,
};
use windvane_tests::{Ground, Market};

/// Schedules in an ordinary test run.
const SCHEDULES: u64 = 4;
/// Contracts with their middle price and tick, and the size of an order.
const CONTRACTS: [(&str, f64, f64, &str); 3] = [
    ("BTCUSDT", 65_000.0, 0.1, "0.001"),
    ("ETHUSDT", 2_000.0, 0.01, "0.01"),
    ("DOGEUSDT", 0.1, 0.00001, "100"),
];
/// From the end of the faults until books and executions must agree.
const HEALS_WITHIN: Duration = Duration::from_secs(60);

/// One life of the connector, and what it told.
struct Listener {
    rest: RestClient,
    connector: Connector,
    market: mpsc::Receiver<(WallTime, MarketEvent)>,
    account: mpsc::Receiver<(WallTime, Event)>,
    symbols: Vec<Symbol>,
    books: Books,
    sequence: u64,
    executions: BTreeMap<(Symbol, ExecutionId), Execution>,
    /// Executions that were told again.
    repeated: u64,
    /// Somebody must read the account anew.
    has_gap: bool,
}

impl Listener {
    fn start(ground: &Ground) -> Self {
        let endpoints = VenueEndpoints::loopback(&ground.venue().to_string()).unwrap();
        let secret = Secret::new("paper-secret".to_owned());
        let credentials = Arc::new(Credentials::new("paper-key".to_owned(), secret).unwrap());
        let (observations, _) = mpsc::channel(1);
        let clock = Arc::new(VenueClock::new(WallClock::start()));
        let rest =
            RestClient::new(&endpoints, credentials, clock, Observer::new(observations), RateLimits::Off)
                .unwrap();
        let symbols: Vec<Symbol> = CONTRACTS.iter().map(|(name, ..)| Symbol::new(name).unwrap()).collect();
        let (to_market, market) = mpsc::channel(4_096);
        let (to_account, account) = mpsc::channel(4_096);
        let topics = symbols.iter().flat_map(|symbol| [Topic::Book(*symbol), Topic::Ticker(*symbol)]);
        let plan = Plan {
            topics: topics.collect(),
            symbols: symbols.clone(),
            key: KeyPolicy::default(),
            position_mode: PositionMode::OneWay,
            // A stall shorter than this is waited out, a longer one noticed.
            timing: Timing {
                ping_every_ms: 500,
                pong_within_ms: 700,
                topic_silence_ms: 2_000,
                ..Timing::default()
            },
            topics_per_connection: Some(4),
            sends: false,
            disconnect_protection: DisconnectProtection::Off,
            fast_executions: false,
        };
        let outlets = Outlets { market: to_market, account: to_account };
        let connector = Connector::start(&rest, &endpoints, plan, &outlets).unwrap();
        Self {
            rest,
            connector,
            market,
            account,
            symbols,
            books: Books::new(1),
            sequence: 0,
            executions: BTreeMap::new(),
            repeated: 0,
            has_gap: true,
        }
    }

    /// Takes what comes for so long, as the engine does: a lost book is asked for anew.
    async fn listen(&mut self, length: Duration) {
        let until = Instant::now() + length;
        loop {
            tokio::select! {
                biased;
                // First, as in the engine's loop: a link that went down before a snapshot came is heard of before it.
                Some((_, event)) = self.account.recv() => self.take(event),
                Some((wall, event)) = self.market.recv() => {
                    self.sequence += 1;
                    let stamp = Stamp { sequence: self.sequence, wall, market: event.at() };
                    if let Change::BookLost(_) = self.books.apply(&event, stamp) {
                        self.connector.resubscribe(event.symbol());
                    }
                    self.connector.reuse(event);
                }
                () = tokio::time::sleep_until(until) => return,
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Account(AccountEvent::Execution(execution)) => self.book(execution),
            Event::Link(Link::Public(LinkState::Down)) => self.books.lose_books(),
            Event::Link(Link::Private(LinkState::Up)) => self.has_gap = true,
            _ => {}
        }
    }

    fn book(&mut self, execution: Execution) {
        let known = self.executions.insert((execution.symbol, execution.execution_id), execution);
        self.repeated += u64::from(known.is_some());
    }

    /// Reads the account anew, as the engine does after an outage and from time to time.
    async fn audit(&mut self) {
        let query = Query::Account { executions_since: MarketTime(0) };
        let symbols = self.symbols.clone();
        if let AccountEvent::Answer(QueryAnswer::Account(account)) = self.rest.answer(query, &symbols).await {
            self.has_gap = false;
            account.executions.into_iter().for_each(|execution| self.book(execution));
        }
    }

    /// Whether every book is the venue's, level by level.
    async fn has_the_venues_books(&self) -> Result<(), String> {
        for symbol in &self.symbols {
            let theirs = self
                .rest
                .order_book(Category::Linear, *symbol, 50)
                .await
                .map_err(|error| error.to_string())?;
            let ours = self.books.contract(*symbol).ok_or_else(|| format!("{symbol}: nothing heard"))?;
            for (side, levels) in [(Side::Buy, theirs.bids), (Side::Sell, theirs.asks)] {
                let mine: Vec<BookLevel> = ours.book().levels(side).take(levels.len()).collect();
                if mine != levels {
                    return Err(format!("{symbol} {side:?}: ours {mine:?}, the venue's {levels:?}"));
                }
            }
        }
        Ok(())
    }
}

/// Puts a book of random sizes on the venue.
fn move_book(ground: &Ground, random: &mut Rng) {
    let (symbol, middle, tick, _) = *random.choice(&CONTRACTS).unwrap();
    let middle = middle + tick * f64::from(random.i32(-20..20));
    let mut side = |sign: f64| {
        let mut levels = String::new();
        for place in 1..=random.u32(3..30) {
            if place > 1 {
                levels.push(',');
            }
            let price = middle + sign * tick * f64::from(place);
            write!(levels, "[\"{price:.5}\",\"{}\"]", random.u32(1_000..9_000)).unwrap();
        }
        levels
    };
    let (bids, asks) = (side(-1.0), side(1.0));
    ground.sim("book", &format!(r#"{{"symbol":"{symbol}","bids":[{bids}],"asks":[{asks}]}}"#));
}

/// Somebody trades on the account, so that the private stream has something to tell.
fn trade(ground: &Ground, uid: u64, random: &mut Rng) {
    let (symbol, _, _, qty) = *random.choice(&CONTRACTS).unwrap();
    let side = if random.bool() { "Buy" } else { "Sell" };
    let order = format!(
        r#"{{"uid":{uid},"category":"linear","symbol":"{symbol}","side":"{side}","orderType":"Market","qty":"{qty}"}}"#
    );
    ground.sim("order", &order);
}

fn fault(random: &mut Rng) -> String {
    let (symbol, ..) = *random.choice(&CONTRACTS).unwrap();
    let (count, ms) = (random.u32(1..4), random.u32(10..1_500));
    let kind = *random.choice(&["duplicate", "reorder", "delay"]).unwrap();
    let path = *random.choice(&["/v5/public/linear", "/v5/private"]).unwrap();
    match random.u8(..8) {
        0 | 1 => {
            format!(r#"{{"kind":"drop_public","match":{{"topic":"orderbook.50.{symbol}"}},"count":{count}}}"#)
        }
        2 => format!(
            r#"{{"kind":"{kind}","match":{{"topic":"orderbook.50.{symbol}"}},"count":{count},"ms":{}}}"#,
            ms / 10
        ),
        3 => {
            format!(r#"{{"kind":"{kind}","match":{{"topic":"execution"}},"count":{count},"ms":{}}}"#, ms / 10)
        }
        4 => format!(r#"{{"kind":"drop_private","match":{{"topic":"execution"}},"count":{count}}}"#),
        5 => format!(r#"{{"kind":"disconnect","match":{{"path":"{path}"}}}}"#),
        6 => format!(r#"{{"kind":"stall","match":{{"path":"{path}"}},"ms":{ms}}}"#),
        _ => r#"{"kind":"restart"}"#.to_owned(),
    }
}

/// One schedule: faults while books move and orders fill, then healing. Returns how many faults and repetitions it had.
async fn schedule(ground: &Ground, uid: u64, random: &mut Rng) -> (u64, u64) {
    let mut listener = Listener::start(ground);
    listener.listen(Duration::from_millis(random.u64(0..400))).await;
    let faults: Vec<_> = (0..random.u64(1..5)).map(|_| ground.sim("fault", &fault(random))).collect();
    for _ in 0..random.u32(4..16) {
        move_book(ground, random);
        if random.u8(..3) == 0 {
            trade(ground, uid, random);
        }
        listener.listen(Duration::from_millis(random.u64(5..60))).await;
    }
    for fault in &faults {
        // Those that had a count may be used up.
        let _ = windvane_tests::delete(ground.venue(), &format!("/sim/fault/{}", fault["id"]));
    }
    let patience = Instant::now() + HEALS_WITHIN;
    let mut last = String::new();
    loop {
        listener.listen(Duration::from_millis(100)).await;
        if listener.has_gap {
            listener.audit().await;
        }
        match timeout_at(patience, listener.has_the_venues_books()).await {
            Ok(Ok(())) => break,
            Ok(Err(why)) => last = why,
            Err(_) => panic!("the books do not heal: {last}"),
        }
        // A message that was lost shows when the next one comes.
        move_book(ground, random);
    }
    // What the stream swallowed without a sign, the audit that runs from time to time finds.
    listener.audit().await;
    let truth: Vec<(String, String)> = ground.account()["fills"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fill| {
            (fill["symbol"].as_str().unwrap().to_owned(), fill["execId"].as_str().unwrap().to_owned())
        })
        .collect();
    let mut known: Vec<_> =
        listener.executions.keys().map(|(s, id)| (s.to_string(), id.to_string())).collect();
    let mut wanted = truth;
    known.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(known, wanted, "each execution is known once");
    let repeated = listener.repeated;
    let Listener { connector, mut market, mut account, .. } = listener;
    let stopping = connector.stop();
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            () = &mut stopping => break,
            Some(_) = market.recv() => {}
            Some(_) = account.recv() => {}
        }
    }
    (u64::try_from(faults.len()).unwrap(), repeated)
}

#[test]
fn books_equal_the_venues_level_by_level_after_random_faults() {
    let from_env = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match from_env("WINDVANE_SCHEDULE") {
        Some(one) => one..=one,
        None => 1..=from_env("WINDVANE_SCHEDULES").unwrap_or(SCHEDULES),
    };
    let ground = Ground::new(Market::Still);
    let uid = ground.account()["uid"].as_u64().unwrap();
    for (symbol, price, tick, _) in CONTRACTS {
        let ask = price + tick;
        let body = format!(
            r#"{{"symbol":"{symbol}","bid":"{price}","ask":"{ask:.5}","last":"{price}","mark":"{price}","index":"{price}"}}"#
        );
        ground.sim("price", &body);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (began, played) = (std::time::Instant::now(), seeds.clone().count());
    let (mut faults, mut repeated) = (0, 0);
    for seed in seeds {
        let play = async { schedule(&ground, uid, &mut Rng::with_seed(seed)).await };
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(play)));
        let Ok((more_faults, more_repeated)) = told else { panic!("WINDVANE_SCHEDULE={seed} does not heal") };
        faults += more_faults;
        repeated += more_repeated;
    }
    println!(
        "streams figures: {played} schedules, {faults} faults, {repeated} executions told again, every book equal level by \
         level and every execution known once, {:.0} s",
        began.elapsed().as_secs_f64()
    );
}
