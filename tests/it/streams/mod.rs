//! The connector's streams over links that fail, against the venue's own books: after each random schedule of faults every
//! order book is the venue's level by level, and orders, executions, positions and wallet are the venue's to the last digit.
//!
//! An engine's books ([`windvane_order_management::Orders`]) are kept by what the connector tells; they ask for what they
//! miss by themselves, as in an engine. What the private stream itself owes is looked at apart from that: whatever happened
//! while it was up, and was not dropped by a fault, it must have told, and told once.
//!
//! `WINDVANE_SCHEDULES` sets how many schedules are played, `WINDVANE_STREAMS_JOBS` on how many venues side by side,
//! `WINDVANE_SCHEDULE` plays one again.

mod listener;
mod truth;

use std::fmt::Write as _;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use listener::{Listener, Mistake};
use tokio::time::{Instant, timeout_at};
use windvane_model::{MarketTime, OrderKind, Price, Qty, Side, Symbol, TimeInForce};
use windvane_tests::{Ground, Market};

/// Schedules in an ordinary test run.
const SCHEDULES: u64 = 4;
/// Contracts with their middle price and tick, and the size of an order.
const CONTRACTS: [(&str, f64, f64, &str); 3] = [
    ("BTCUSDT", 65_000.0, 0.1, "0.001"),
    ("ETHUSDT", 2_000.0, 0.01, "0.01"),
    ("DOGEUSDT", 0.1, 0.00001, "100"),
];
/// From the end of the faults until everything must agree; most of it is for a machine that has other things to do.
const HEALS_WITHIN: Duration = Duration::from_secs(180);
/// How long a mistake that was made on purpose is given to heal, which it must not.
const MISTAKE_HEALS_WITHIN: Duration = Duration::from_secs(3);

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

/// Somebody trades on the account, from outside or by an order of ours that fills or rests.
fn trade(ground: &Ground, listener: &mut Listener, uid: u64, random: &mut Rng) {
    let (symbol, middle, tick, qty) = *random.choice(&CONTRACTS).unwrap();
    let side = if random.bool() { Side::Buy } else { Side::Sell };
    let kind = match random.u8(..4) {
        0 => {
            let order = format!(
                r#"{{"uid":{uid},"category":"linear","symbol":"{symbol}","side":"{}","orderType":"Market","qty":"{qty}"}}"#,
                side.as_str()
            );
            ground.sim("order", &order);
            return;
        }
        1 => OrderKind::Market { max_slippage_ticks: None },
        _ => {
            // Near enough that a book which moves meets it now and then.
            let away = f64::from(random.i32(-5..25)) * if side == Side::Buy { -tick } else { tick };
            let price = format!("{:.5}", middle + away).parse().unwrap();
            OrderKind::Limit { price: Price::new(price).unwrap(), time_in_force: TimeInForce::Gtc }
        }
    };
    listener.place(Symbol::new(symbol).unwrap(), side, Qty::new(qty.parse().unwrap()).unwrap(), kind);
}

/// What a schedule's faults may do to the private stream while it is up.
#[derive(Debug, Clone, Copy, Default)]
struct Allowed {
    drops: bool,
    repeats: bool,
}

fn fault(random: &mut Rng, allowed: &mut Allowed) -> String {
    let (symbol, ..) = *random.choice(&CONTRACTS).unwrap();
    let (count, ms) = (random.u32(1..4), random.u32(10..1_500));
    let kind = *random.choice(&["duplicate", "reorder", "delay"]).unwrap();
    let path = *random.choice(&["/v5/public/linear", "/v5/private", "/v5/trade"]).unwrap();
    let topic = *random.choice(&["execution", "order", "position", "wallet"]).unwrap();
    match random.u8(..8) {
        0 | 1 => {
            format!(r#"{{"kind":"drop_public","match":{{"topic":"orderbook.50.{symbol}"}},"count":{count}}}"#)
        }
        2 => format!(
            r#"{{"kind":"{kind}","match":{{"topic":"orderbook.50.{symbol}"}},"count":{count},"ms":{}}}"#,
            ms / 10
        ),
        3 => {
            allowed.repeats |= kind == "duplicate";
            format!(r#"{{"kind":"{kind}","match":{{"topic":"{topic}"}},"count":{count},"ms":{}}}"#, ms / 10)
        }
        4 => {
            allowed.drops = true;
            format!(r#"{{"kind":"drop_private","match":{{"topic":"{topic}"}},"count":{count}}}"#)
        }
        5 => format!(r#"{{"kind":"disconnect","match":{{"path":"{path}"}}}}"#),
        6 => format!(r#"{{"kind":"stall","match":{{"path":"{path}"}},"ms":{ms}}}"#),
        _ => r#"{"kind":"restart"}"#.to_owned(),
    }
}

/// What happened in schedules.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    faults: usize,
    with_drops: u64,
    orders: usize,
    executions: usize,
    repeated: u64,
    backfilled: u64,
    downs: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.faults += other.faults;
        self.with_drops += other.with_drops;
        self.orders += other.orders;
        self.executions += other.executions;
        self.repeated += other.repeated;
        self.backfilled += other.backfilled;
        self.downs += other.downs;
    }
}

/// How one schedule is played.
#[derive(Debug, Clone, Copy)]
struct Manner {
    has_faults: bool,
    mistake: Mistake,
    heals_within: Duration,
}

const EARNEST: Manner = Manner { has_faults: true, mistake: Mistake::None, heals_within: HEALS_WITHIN };

/// One schedule: faults while books move and orders fill, then healing.
async fn schedule(ground: &Ground, seed: u64, manner: Manner) -> Result<Figures, String> {
    let random = &mut Rng::with_seed(seed);
    let uid = ground.account()["uid"].as_u64().unwrap();
    let mut listener = Listener::start(ground, seed, manner.mistake);
    let patience = Instant::now() + HEALS_WITHIN;
    while !listener.orders.is_reconciled() {
        listener.listen(Duration::from_millis(20)).await;
        if Instant::now() > patience {
            return Err("the books do not begin".to_owned());
        }
    }
    let began = MarketTime(listener.rest.clock().now().as_millis());
    let backfilled_before = listener.orders.counters().backfilled_executions;
    let mut allowed = Allowed::default();
    let faults: Vec<_> = match manner.has_faults {
        true => (0..random.u64(1..5)).map(|_| ground.sim("fault", &fault(random, &mut allowed))).collect(),
        false => Vec::new(),
    };
    for _ in 0..random.u32(6..18) {
        move_book(ground, random);
        if random.bool() {
            trade(ground, &mut listener, uid, random);
        }
        listener.listen(Duration::from_millis(random.u64(5..60))).await;
    }
    for fault in &faults {
        // Those that had a count may be used up.
        let _ = windvane_tests::delete(ground.venue(), &format!("/sim/fault/{}", fault["id"]));
    }
    // One of each kind at least, and nothing that rests is left to the next schedule.
    listener.place(
        Symbol::new("BTCUSDT").unwrap(),
        Side::Buy,
        Qty::new("0.001".parse().unwrap()).unwrap(),
        OrderKind::Market { max_slippage_ticks: None },
    );
    listener.cancel_all();
    let patience = Instant::now() + manner.heals_within;
    let mut disagreement = "the venue does not answer".to_owned();
    loop {
        listener.listen(Duration::from_millis(50)).await;
        if let Some(alarm) = listener.alarms.first() {
            return Err(alarm.clone());
        }
        match timeout_at(patience, agree(&listener, ground, began, allowed)).await {
            Ok(Ok(())) => break,
            Ok(Err(why)) => disagreement = why,
            Err(_) => {}
        }
        if Instant::now() > patience {
            return Err(disagreement);
        }
        // A message that was lost shows when the next one comes; an order that came to rest late is taken away.
        move_book(ground, random);
        if disagreement.starts_with(RESTING) {
            listener.cancel_all();
        }
    }
    let figures = Figures {
        faults: faults.len(),
        with_drops: u64::from(allowed.drops),
        orders: listener.orders.orders().count(),
        executions: listener.told.executions.len(),
        repeated: listener.told.repeated,
        backfilled: listener.orders.counters().backfilled_executions - backfilled_before,
        downs: listener.told.downs,
    };
    listener.stop().await;
    Ok(figures)
}

/// How a disagreement begins that is none but an order which still rests.
const RESTING: &str = "an order still rests";

/// Whether everything is as it is at the venue, and nothing was lost or told twice without a fault that does so.
async fn agree(
    listener: &Listener,
    ground: &Ground,
    began: MarketTime,
    allowed: Allowed,
) -> Result<(), String> {
    if listener.told.repeated > 0 && !allowed.repeats {
        return Err(format!("{} executions were told twice", listener.told.repeated));
    }
    listener.has_the_venues_books().await?;
    if let Some(order) = listener.orders.live_orders().next() {
        return Err(format!("{RESTING}: {} is {}", order.id(), order.state().as_str()));
    }
    let account = ground.account();
    if !allowed.drops {
        truth::has_told_all(listener, &account)?;
    }
    truth::has_the_venues_account(listener, &account, began)
}

/// A venue whose market stands where the contracts' table says.
fn venue() -> Ground {
    let ground = Ground::new(Market::Still);
    for (symbol, price, tick, _) in CONTRACTS {
        let ask = price + tick;
        let body = format!(
            r#"{{"symbol":"{symbol}","bid":"{price}","ask":"{ask:.5}","last":"{price}","mark":"{price}","index":"{price}"}}"#
        );
        ground.sim("price", &body);
    }
    ground
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn books_orders_and_positions_equal_the_venues_after_random_faults() {
    let from_env = |key: &str| std::env::var(key).ok().and_then(|text| text.parse::<u64>().ok());
    let (first, last) = match from_env("WINDVANE_SCHEDULE") {
        Some(one) => (one, one),
        None => (1, from_env("WINDVANE_SCHEDULES").unwrap_or(SCHEDULES)),
    };
    let jobs = from_env("WINDVANE_STREAMS_JOBS").unwrap_or(1).clamp(1, last - first + 1);
    let (began, next) = (std::time::Instant::now(), AtomicU64::new(first));
    let job = || {
        let (ground, runtime, mut sum) = (venue(), runtime(), Figures::default());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > last {
                return sum;
            }
            let play = schedule(&ground, seed, EARNEST);
            match runtime.block_on(play) {
                Ok(figures) => sum += figures,
                Err(why) => panic!("WINDVANE_SCHEDULE={seed} does not heal: {why}"),
            }
        }
    };
    let mut sum = Figures::default();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..jobs).map(|_| scope.spawn(job)).collect();
        for job in running {
            sum += job.join().unwrap();
        }
    });
    println!(
        "streams figures: {} schedules on {jobs} venue(s), {} faults, {} schedules that dropped private messages, the private \
         stream down {} times, {} orders sent, {} executions told, {} of them again, {} found by asking; every book equal \
         level by level, every order, execution, position and wallet to the last digit, {:.0} s",
        last - first + 1,
        sum.faults,
        sum.with_drops,
        sum.downs,
        sum.orders,
        sum.executions,
        sum.repeated,
        sum.backfilled,
        began.elapsed().as_secs_f64()
    );
}

/// Without faults the stream owes everything, so what goes wrong between it and the books must be found, although the books
/// themselves would heal it.
#[test]
fn an_event_that_is_lost_or_told_twice_behind_the_connector_is_found() {
    let (ground, runtime) = (venue(), runtime());
    for (seed, mistake, finding) in [
        (1, Mistake::LoseAnExecution, "did not tell execution"),
        (2, Mistake::TellAnExecutionTwice, "told twice"),
        (3, Mistake::LoseAnOrder, "did not tell that order"),
    ] {
        let manner = Manner { has_faults: false, mistake, heals_within: MISTAKE_HEALS_WITHIN };
        let play = schedule(&ground, seed, manner);
        let found = runtime.block_on(play).expect_err("it must be found");
        assert!(found.contains(finding), "{mistake:?}: {found}");
    }
    let manner = Manner { has_faults: false, ..EARNEST };
    runtime.block_on(schedule(&ground, 4, manner)).expect("nothing is wrong");
}
