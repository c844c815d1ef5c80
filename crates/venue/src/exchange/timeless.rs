//! The whole exchange without a socket and in a time of its own: what takes ten minutes, eight hours or a day elsewhere takes
//! none here, and happens to the millisecond.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use windvane_venue_core::Category;

use super::Exchange;
use super::moment::Moment;
use super::mutation::{HOME, call};
use crate::config::{KeyConfig, ManualConfig, MarketConfig, Right, SyntheticConfig, VenueConfig};
use crate::server::{ConnectionId, Inbound, RestOutcome, SocketKind, ToClient};
use crate::table::HOUR_MS;

/// 1 March 2026, midnight.
const EPOCH_MS: i64 = 1_772_323_200_000;
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// An exchange and the time it is told.
struct World {
    exchange: Exchange,
    began: Instant,
    passed: Duration,
    sockets: Vec<(mpsc::Receiver<ToClient>, oneshot::Receiver<()>)>,
}

impl World {
    /// Begins so long after midnight.
    fn begin(config: &VenueConfig, after: Duration) -> Self {
        let began = Instant::now();
        let now = moment(began, after);
        let exchange = Exchange::new(config, watch::channel(false).0, now).expect("a market without files");
        Self { exchange, began, passed: after, sockets: Vec::new() }
    }

    fn manual() -> Self {
        let config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
        let mut world = Self::begin(&config, Duration::ZERO);
        let price =
            json!({"symbol": "BTCUSDT", "bid": "60000", "ask": "60000.1", "last": "60000", "mark": "60000"});
        world.post("/sim/price", &price);
        world
    }

    fn now(&self) -> Moment {
        moment(self.began, self.passed)
    }

    /// Lets time pass, with all that is due on the way.
    fn pass(&mut self, time: Duration) {
        let end = self.passed + time;
        loop {
            let (step, timer) = (self.exchange.clock.next_due(), self.exchange.next_timer());
            let Some(next) = step.into_iter().chain(timer).min().filter(|next| *next <= self.began + end)
            else {
                break;
            };
            self.passed = next.duration_since(self.began);
            if step == Some(next) {
                self.exchange.step(self.now());
            } else {
                self.exchange.ring(self.now());
            }
        }
        self.passed = end;
    }

    /// HTTP status and body of one request.
    fn rest(&mut self, method: Method, path: &str, query: &str, body: &str) -> (u16, String) {
        let now = self.now();
        let call = call(now.wall_ms, method, path, query, body.as_bytes());
        let (reply, mut answer) = oneshot::channel();
        self.exchange.handle(now, Inbound::Rest { call, reply });
        match answer.try_recv().expect("every request is answered at once").outcome {
            RestOutcome::Reply { status, body, .. } => (status.as_u16(), body),
            RestOutcome::HangUp => panic!("no fault asks for that"),
        }
    }

    fn get(&mut self, path: &str, query: &str) -> Value {
        serde_json::from_str(&self.rest(Method::GET, path, query, "").1).expect("JSON")
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        serde_json::from_str(&self.rest(Method::POST, path, "", &body.to_string()).1).expect("JSON")
    }

    /// A socket that listens to these topics, signed in where that is needed.
    fn listen(&mut self, kind: SocketKind, topics: &[&str]) -> usize {
        let (queue, frames) = mpsc::channel(1_024);
        let (hang_up, cut) = oneshot::channel();
        self.sockets.push((frames, cut));
        let number = self.sockets.len() - 1;
        let id = number as ConnectionId;
        self.exchange.handle(self.now(), Inbound::Opened { id, kind, peer: HOME, queue, hang_up });
        if kind == SocketKind::Private {
            let key = self.exchange.keys.key("paper-key").expect("the paper key");
            let caller = crate::server::auth::Caller { uid: key.uid, key: "paper-key".into() };
            self.exchange.hub.session(id).expect("just opened").caller = Some(caller);
        }
        let subscribe = json!({"op": "subscribe", "args": topics}).to_string();
        self.exchange.handle(self.now(), Inbound::Frame { id, text: subscribe.into() });
        self.heard(number);
        number
    }

    fn hang_up(&mut self, number: usize) {
        self.exchange.handle(self.now(), Inbound::Closed { id: number as ConnectionId });
    }

    /// What a socket was told since it was last asked, as text.
    fn heard(&mut self, number: usize) -> Vec<String> {
        let frames = &mut self.sockets[number].0;
        std::iter::from_fn(|| frames.try_recv().ok())
            .map(|item| match item {
                ToClient::Frame(text) => text.to_string(),
                ToClient::Silence(_) => panic!("nobody is silenced"),
            })
            .collect()
    }
}

fn moment(began: Instant, passed: Duration) -> Moment {
    let passed_ms = i64::try_from(passed.as_millis()).expect("a few days");
    Moment { wall_ms: EPOCH_MS + passed_ms, instant: began + passed }
}

fn buy(price: &str) -> Value {
    json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "0.001", "price": price})
}

fn rows(reply: &Value) -> usize {
    reply["result"]["list"].as_array().map_or(usize::MAX, Vec::len)
}

#[test]
fn an_order_that_was_cancelled_without_a_fill_is_forgotten_after_a_day_and_a_filled_one_is_not() {
    let mut world = World::manual();
    for price in ["59000", "60000.1"] {
        assert_eq!(world.post("/v5/order/create", &buy(price))["retCode"], 0);
    }
    let all = json!({"category": "linear", "settleCoin": "USDT"});
    assert_eq!(rows(&world.post("/v5/order/cancel-all", &all)), 1);
    world.pass(DAY);
    assert_eq!(rows(&world.get("/v5/order/history", "category=linear")), 2);
    world.pass(MILLISECOND);
    let left = world.get("/v5/order/history", "category=linear");
    assert_eq!((rows(&left), &left["result"]["list"][0]["orderStatus"]), (1, &json!("Filled")));
    world.pass(6 * DAY);
    assert_eq!(rows(&world.get("/v5/order/history", "category=linear")), 0, "the default reach is a week");
    let week = format!("category=linear&startTime={EPOCH_MS}");
    assert_eq!(rows(&world.get("/v5/order/history", &week)), 1, "what traded is kept");
}

#[test]
fn open_interest_and_the_premium_index_have_a_past_that_can_be_paged_through() {
    const MINUTE: Duration = Duration::from_secs(60);
    let mut world = World::manual();
    let interest = |world: &mut World, more: &str| -> (Vec<(i64, String)>, String) {
        let query = format!("category=linear&symbol=BTCUSDT&intervalTime=5min{more}");
        let reply = world.get("/v5/market/open-interest", &query);
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let row = |row: &Value| {
            let at_ms: i64 = text(&row["timestamp"]).parse().expect("ms");
            ((at_ms - EPOCH_MS) / 60_000, text(&row["singleOpenInterest"]))
        };
        let rows = reply["result"]["list"].as_array().expect("rows").iter().map(row).collect();
        (rows, text(&reply["result"]["nextPageCursor"]))
    };
    world.pass(7 * MINUTE);
    for _ in 0..3 {
        assert_eq!(world.post("/v5/order/create", &buy("60000.1"))["retCode"], 0);
        world.pass(5 * MINUTE);
    }
    let expected: Vec<(i64, String)> =
        [(20, "0.003"), (15, "0.002"), (10, "0.001"), (5, "0.000"), (0, "0.000")]
            .map(|(minute, open)| (minute, open.to_owned()))
            .into();
    assert_eq!(interest(&mut world, ""), (expected.clone(), String::new()));
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let (rows, next) = interest(&mut world, &format!("&limit=2{cursor}"));
        paged.extend(rows);
        if next.is_empty() {
            break;
        }
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, expected);
    let span = format!("&startTime={}&endTime={}", EPOCH_MS + 300_000, EPOCH_MS + 900_000);
    assert_eq!(interest(&mut world, &span).0, expected[1..4]);

    // 600 above an index of 60,000 is a hundredth, and stays it while nothing happens.
    let price = json!({"symbol": "BTCUSDT", "bid": "60600", "ask": "60600.1", "index": "60000"});
    world.post("/sim/price", &price);
    world.pass(3 * MINUTE);
    let span = format!("start={}&end={}", EPOCH_MS, EPOCH_MS + 24 * 60_000);
    let query = format!("category=linear&symbol=BTCUSDT&interval=1&{span}");
    let candles = world.get("/v5/market/premium-index-price-kline", &query);
    let candles = candles["result"]["list"].as_array().expect("rows").iter();
    let closes: Vec<&str> = candles.filter_map(|row| row[4].as_str()).collect();
    assert_eq!(closes, ["0.010000"; 3], "of the minutes since there is an index");
}

#[test]
fn dated_queries_look_back_a_day_or_a_week_unless_they_are_told_where_and_two_years_at_most() {
    let mut world = World::manual();
    let began_ms = world.now().wall_ms;
    for side in ["Buy", "Sell"] {
        let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": "0.01"});
        assert_eq!(world.post("/v5/order/create", &market)["retCode"], 0);
    }
    let queries = [
        ("/v5/account/transaction-log", "", 2, 1),
        ("/v5/order/history", "category=linear&", 2, 7),
        ("/v5/execution/list", "category=linear&", 2, 7),
        ("/v5/position/closed-pnl", "category=linear&", 1, 7),
    ];
    let day = Duration::from_secs(24 * 60 * 60);
    // After an hour, a day and an hour, a week and an hour, nearly two years, and more than two years.
    for (days, passes) in
        [(0, Duration::from_secs(3_600)), (1, day), (7, 6 * day), (729, 722 * day), (731, 2 * day)]
    {
        world.pass(passes);
        for (path, query, count, default_days) in queries {
            let found = rows(&world.get(path, query));
            assert_eq!(found, if days < default_days { count } else { 0 }, "{path} after {days} days");
            let then = format!("{query}startTime={}&endTime={}", began_ms - 1_000, began_ms + 3_600_000);
            let found = rows(&world.get(path, &then));
            assert_eq!(found, if days < 730 { count } else { 0 }, "{path} after {days} days, told where");
            let from = rows(&world.get(path, &format!("{query}startTime={}", began_ms - 1_000)));
            assert_eq!(from, if days < 730 { count } else { 0 }, "{path} after {days} days, from there on");
        }
    }
}

#[test]
fn a_budget_is_free_again_a_second_after_it_was_used() {
    let mut world = World::manual();
    let codes = |world: &mut World, count: usize| -> Vec<i64> {
        (0..count)
            .map(|_| world.post("/v5/order/create", &buy("59000"))["retCode"].as_i64().unwrap_or(-1))
            .collect()
    };
    assert_eq!(codes(&mut world, 11), [[0; 10].as_slice(), &[10006]].concat());
    world.pass(SECOND - MILLISECOND);
    assert_eq!(codes(&mut world, 1), [10006]);
    world.pass(MILLISECOND);
    assert_eq!(codes(&mut world, 10), [0; 10]);
}

#[test]
fn an_address_that_asked_too_often_is_let_in_again_after_ten_minutes() {
    let mut world = World::manual();
    let status = |world: &mut World| world.rest(Method::GET, "/v5/market/time", "", "").0;
    assert!((0..600).all(|_| status(&mut world) == 200));
    assert_eq!(status(&mut world), 403);
    world.pass(600 * SECOND - MILLISECOND);
    assert_eq!(status(&mut world), 403);
    world.pass(MILLISECOND);
    assert_eq!(status(&mut world), 200);
}

#[test]
fn a_book_that_stands_still_is_sent_again_every_three_seconds() {
    let mut world = World::manual();
    let listener = world.listen(SocketKind::Public(Category::Linear), &["orderbook.1.BTCUSDT"]);
    world.pass(3 * SECOND - MILLISECOND);
    assert_eq!(world.heard(listener), Vec::<String>::new());
    world.pass(MILLISECOND);
    assert_eq!(world.heard(listener).len(), 1);
    world.pass(30 * SECOND);
    assert_eq!(world.heard(listener).len(), 10);
}

#[test]
fn orders_end_at_the_end_of_the_window_of_their_sockets() {
    let mut world = World::manual();
    let guard = json!({"product": "DERIVATIVES", "timeWindow": 10});
    assert_eq!(world.post("/v5/order/disconnected-cancel-all", &guard)["retCode"], 0);
    assert_eq!(world.post("/v5/order/create", &buy("59000"))["retCode"], 0);
    let named = world.listen(SocketKind::Private, &["dcp.future"]);
    world.pass(HOUR);
    world.hang_up(named);
    world.pass(10 * SECOND - MILLISECOND);
    let open = "category=linear&symbol=BTCUSDT";
    assert_eq!(rows(&world.get("/v5/order/realtime", open)), 1);
    world.pass(MILLISECOND);
    assert_eq!(rows(&world.get("/v5/order/realtime", open)), 0);
}

#[test]
fn a_push_that_a_fault_holds_up_comes_at_its_time_and_others_overtake_it() {
    let mut world = World::manual();
    let listener = world.listen(SocketKind::Private, &["order"]);
    world.post("/sim/fault", &json!({"kind": "delay", "ms": 700, "count": 1, "match": {"topic": "order"}}));
    for price in ["59000", "58000"] {
        world.post("/v5/order/create", &buy(price));
    }
    let first = world.heard(listener);
    assert!(first.len() == 1 && first[0].contains("58000.00"), "{first:?}");
    world.pass(699 * MILLISECOND);
    assert_eq!(world.heard(listener), Vec::<String>::new());
    world.pass(MILLISECOND);
    let late = world.heard(listener);
    assert!(late.len() == 1 && late[0].contains("59000.00"), "{late:?}");
}

#[test]
fn a_key_works_until_it_ends() {
    let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
    config.accounts[0].key = "first".into();
    config.accounts[0].keys = vec![KeyConfig {
        key: "paper-key".into(),
        secret: Some("paper-secret".into()),
        rsa_public_key: None,
        read_only: false,
        rights: vec![Right::Order],
        ips: Vec::new(),
        expires: Some("2026-03-01T01:00:00Z".parse().expect("a moment")),
    }];
    let mut world = World::begin(&config, Duration::ZERO);
    world.pass(HOUR - MILLISECOND);
    assert_eq!(world.get("/v5/user/query-api", "")["retCode"], 0);
    world.pass(MILLISECOND);
    assert_eq!(world.get("/v5/user/query-api", "")["retCode"], 33004);
}

fn synthetic(after: Duration) -> World {
    let market = MarketConfig::Synthetic(SyntheticConfig { seed: 5, history_bars: 2 });
    World::begin(&VenueConfig::paper(market), after)
}

/// A manual market with one doubt answered.
fn doubting(name: &str, answer: &str) -> World {
    let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
    config.doubts.set(name, answer).expect("a doubt and its answer");
    let mut world = World::begin(&config, Duration::ZERO);
    let price =
        json!({"symbol": "BTCUSDT", "bid": "60000", "ask": "60000.1", "last": "60000", "mark": "60000"});
    world.post("/sim/price", &price);
    world
}

#[test]
fn a_candle_in_which_nothing_traded_is_confirmed_or_passed_over() {
    for (answer, confirmed) in [("confirmed", [true, true]), ("silent", [true, false])] {
        let mut world = doubting("quiet-candle", answer);
        let trade = json!({"symbol": "BTCUSDT", "side": "Buy", "price": "60000.1", "qty": "0.5"});
        world.post("/sim/trade", &trade);
        let public = world.listen(SocketKind::Public(Category::Linear), &["kline.1.BTCUSDT"]);
        for expected in confirmed {
            world.pass(60 * SECOND);
            world.post("/sim/price", &json!({"symbol": "BTCUSDT", "mark": "60001"}));
            let told = world.heard(public);
            let is_confirmed = told.iter().any(|frame| frame.contains(r#""confirm":true"#));
            assert_eq!(is_confirmed, expected, "{answer}: {told:?}");
        }
    }
}

/// Five changes within eight milliseconds, then nothing.
#[test]
fn topics_tell_each_change_or_what_has_changed_since_in_the_documented_rhythm() {
    for (answer, frames) in [("each-change", [5, 5, 5, 5]), ("documented", [2, 2, 2, 2])] {
        let mut world = doubting("push-pace", answer);
        let topics = ["orderbook.50.BTCUSDT", "tickers.BTCUSDT", "priceLimit.BTCUSDT", "kline.1.BTCUSDT"];
        let public = world.listen(SocketKind::Public(Category::Linear), &topics);
        world.pass(5 * SECOND);
        world.heard(public);
        let begun = world.passed;
        for step in 1..=5 {
            let price = json!({"symbol": "BTCUSDT", "bid": (60_000 + step).to_string(), "ask": "60010",
                               "mark": (60_000 + step).to_string(), "index": (60_000 + step).to_string()});
            world.post("/sim/price", &price);
            let trade = json!({"symbol": "BTCUSDT", "side": "Buy", "price": "60010", "qty": "0.001"});
            world.post("/sim/trade", &trade);
            world.pass(2 * MILLISECOND);
        }
        world.pass(2 * SECOND);
        let told: Vec<Value> =
            world.heard(public).iter().map(|frame| serde_json::from_str(frame).expect("JSON")).collect();
        for (topic, least) in topics.into_iter().zip(frames) {
            let of_topic: Vec<&Value> = told.iter().filter(|frame| frame["topic"] == topic).collect();
            let is_paced = answer == "documented";
            // The mean premium moves the price limits once more when a second has passed.
            let most = if is_paced && topic != "priceLimit.BTCUSDT" { least } else { usize::MAX };
            assert!((least..=most).contains(&of_topic.len()), "{answer} {topic}: {of_topic:?}");
            if !is_paced {
                continue;
            }
            let last = of_topic[1];
            let (shown, expected) = match topic {
                "orderbook.50.BTCUSDT" => (&last["data"]["b"][0][0], "60005.00"),
                "tickers.BTCUSDT" => (&last["data"]["markPrice"], "60005.00"),
                "priceLimit.BTCUSDT" => (&last["data"]["buyLmt"], "60605.10"),
                _ => (&last["data"][0]["volume"], "0.005"),
            };
            assert_eq!(shown, expected, "{topic}: nothing that changed is left untold");
            let gaps = of_topic
                .windows(2)
                .filter_map(|pair| Some(pair[1]["ts"].as_i64()? - pair[0]["ts"].as_i64()?));
            let every =
                [20, 100, 300, 1_000][topics.iter().position(|known| *known == topic).expect("listed")];
            assert_eq!(gaps.min(), Some(every), "{topic}");
        }
        let books = told.iter().filter(|frame| frame["topic"] == topics[0]);
        let numbers: Vec<i64> = books.filter_map(|frame| frame["data"]["u"].as_i64()).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        assert!(world.passed > begun);
    }
}

#[test]
fn a_request_is_acknowledged_before_or_after_the_pushes_it_causes() {
    for (answer, first) in [("first", "order.create"), ("last", "order")] {
        let mut world = doubting("acknowledgement", answer);
        // Both sockets tell into one queue, so that it shows which of them was told first.
        let (queue, mut frames) = mpsc::channel(64);
        let mut cuts = Vec::new();
        for (id, kind) in [(100, SocketKind::Private), (101, SocketKind::Trade)] {
            let (hang_up, cut) = oneshot::channel();
            cuts.push(cut);
            let opened = Inbound::Opened { id, kind, peer: HOME, queue: queue.clone(), hang_up };
            world.exchange.handle(world.now(), opened);
            let caller = crate::server::auth::Caller { uid: 1001, key: "paper-key".into() };
            world.exchange.hub.session(id).expect("just opened").caller = Some(caller);
        }
        let mut send = |id, frame: Value| {
            world.exchange.handle(world.now(), Inbound::Frame { id, text: frame.to_string().into() });
        };
        send(100, json!({"op": "subscribe", "args": ["order"]}));
        let header = json!({"X-BAPI-TIMESTAMP": EPOCH_MS.to_string()});
        send(101, json!({"op": "order.create", "header": header, "args": [buy("59000")]}));
        let told: Vec<Value> = std::iter::from_fn(|| frames.try_recv().ok())
            .map(|item| match item {
                ToClient::Frame(text) => serde_json::from_str(&text).expect("JSON"),
                ToClient::Silence(_) => panic!("nobody is silenced"),
            })
            .collect();
        let named: Vec<&Value> =
            told.iter().map(|frame| frame.get("topic").unwrap_or(&frame["op"])).collect();
        assert_eq!(named.len(), 3, "{named:?}");
        assert_eq!((named[0], named[1]), (&json!("subscribe"), &json!(first)), "{answer}");
    }
}

#[test]
fn a_made_up_market_settles_funding_every_eight_hours() {
    let mut world = synthetic(8 * HOUR - SECOND);
    let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.1"});
    assert_eq!(world.post("/v5/order/create", &market)["retCode"], 0);
    world.pass(SECOND - MILLISECOND);
    let funding = "category=linear&execType=Funding";
    assert_eq!(rows(&world.get("/v5/execution/list", funding)), 0);
    world.pass(200 * MILLISECOND);
    let settled = world.get("/v5/execution/list", funding);
    assert_eq!((rows(&settled), &settled["result"]["list"][0]["execQty"]), (1, &json!("0.100")));
}

#[test]
fn a_made_up_past_has_its_settlements() {
    let market = MarketConfig::Synthetic(SyntheticConfig { seed: 5, history_bars: 300 });
    let mut world = World::begin(&VenueConfig::paper(market), HOUR);
    for symbol in ["BTCUSDT", "ETHUSDT"] {
        let past = world.get("/v5/market/funding/history", &format!("category=linear&symbol={symbol}"));
        assert_eq!(rows(&past), 3, "in a day and an hour");
        for row in past["result"]["list"].as_array().into_iter().flatten() {
            let at_ms: i64 =
                row["fundingRateTimestamp"].as_str().and_then(|text| text.parse().ok()).expect("a time");
            assert_eq!((at_ms % (8 * HOUR_MS), &row["fundingRate"]), (0, &json!("0.0001")));
        }
    }
}

#[test]
fn the_same_inputs_at_the_same_moments_put_out_the_same_bytes() {
    let story = || {
        let mut world = synthetic(Duration::ZERO);
        let public = world.listen(
            SocketKind::Public(Category::Linear),
            &["orderbook.50.BTCUSDT", "tickers.ETHUSDT", "publicTrade.BTCUSDT", "kline.1.BTCUSDT"],
        );
        let private = world.listen(SocketKind::Private, &["order", "execution", "position", "wallet"]);
        let mut told = Vec::new();
        for _ in 0..20 {
            let market = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Buy", "orderType": "Market", "qty": "0.01"});
            told.push(world.post("/v5/order/create", &market).to_string());
            world.pass(500 * MILLISECOND);
            told.extend(world.heard(public));
            told.extend(world.heard(private));
        }
        told
    };
    let told = story();
    assert!(told.len() > 200, "{}", told.len());
    assert_eq!(told, story());
}
