//! A flood of market data for a long time: memory, files and queues stay where they are, and nothing private is lost.

use super::taker::Taker;
use std::time::{Duration, Instant};
use windvane_tests::{
    Counts, Feeder, Flood, Ground, Market, PATIENCE, came_between, counts, finish, free_port, metric,
    quantile, wait_until, watched, windvane,
};

/// Contracts that are watched beside those that are traded.
const WATCHED: usize = 200;
/// The ordinary test is short; `cargo xtask campaign soak --minutes N` sets another length, and the full flood.
const SHORT: Duration = Duration::from_secs(15);
const SHORT_FLOOD: Flood = Flood { rate: 500, burst: 3_000, burst_every: NEVER };
const FLOOD: Flood = Flood { rate: 5_000, burst: 50_000, burst_every: NEVER };
/// The test begins each burst itself, so that fills come in the midst of it.
const NEVER: Duration = Duration::from_secs(86_400);
const SHORT_BURST_EVERY: Duration = Duration::from_secs(5);
const BURST_EVERY: Duration = Duration::from_secs(10);
/// A burst comes again in the next seconds, while what is quoted is taken.
const BURST_SECONDS: u32 = 3;
/// Streams are cut so often in a campaign; in the short test once.
const CUT_EVERY: Duration = Duration::from_secs(120);
/// What memory may grow by in an hour, once it has been warm for half of the time, beside what is kept.
const GROWTH_MIB_PER_HOUR: f64 = 8.0;
/// What is kept of an order, and of a fill, for as long as the venue's queries reach (seven days); bytes. Source: the bench
/// `memory` of order management.
const KEPT_PER_ORDER: f64 = 1_080.0;
const KEPT_PER_FILL: f64 = 1_200.0;
/// From this length on the growth is judged: before it, what is still filling looks like a slope.
const JUDGED_FROM: Duration = Duration::from_secs(30 * 60);
/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "soak figures:";

/// Contracts with a busy maker besides the three of the demo: each is filled, and moves its stop, once a second at most.
const MORE: [&str; 9] =
    ["XRPUSDT", "BNBUSDT", "ADAUSDT", "LINKUSDT", "LTCUSDT", "AVAXUSDT", "BCHUSDT", "TRXUSDT", "SUIUSDT"];

/// Their bots, as what comes before the table of the log.
fn more_bots() -> String {
    let bot = |symbol: &&str| {
        format!(
            "[bot.{}]\nsymbol = \"{symbol}\"\nstrategy = \"busy.toml\"\nbudget = \"3000 USDT\"\nleverage = \"5x\"\n\
             on_shutdown = \"flatten\"\n\n",
            symbol.to_lowercase()
        )
    };
    MORE.iter().map(bot).collect()
}

/// A bot by that rule, and what its table comes before.
pub(crate) const WATCHER: &str = "[bot.watcher]\nsymbol = \"SOLUSDT\"\nstrategy = \"watch.toml\"\nbudget = \"1000 USDT\"\n\
                                  leverage = \"2x\"\non_shutdown = \"flatten\"\n\n[log]";

/// A rule that looks at every one of the watched contracts, on a contract of its own.
pub(crate) fn rule() -> String {
    let numbers: Vec<_> = (0..WATCHED).collect();
    let parts = numbers.chunks(20).enumerate().map(|(index, part)| {
        let conditions = part.iter().map(|number| format!("mid@{} > 1 USDT", watched(*number)));
        format!("part{index} = \"{}\"", conditions.collect::<Vec<_>>().join(" and "))
    });
    format!(
        "language = 1\ntimeframe = \"5m\"\n[entry.long]\nsignal = \"crosses_above(close, ema(close, 3))\"\n\
         filter = {{ {} }}\n[entry.any]\norder = {{ type = \"market\", valid_for = \"20s\" }}\n\
         size = {{ quote = \"100 USDT\", max_leverage = \"2x\" }}\n\
         [exit]\nstop = {{ distance = \"3%\" }}\ntime_limit = \"10m\"\n",
        parts.collect::<Vec<_>>().join(", ")
    )
}

/// What is timed while a burst is on: from reading an execution to its position, and from reading what calls for a stop to
/// its request at the socket.
const TIMED: [(&str, &str); 2] = [
    ("report to position", "windvane_report_to_position_seconds"),
    ("stop to wire", "windvane_stop_to_wire_seconds"),
];

/// What was timed in the seconds in which bursts were sent or worked off.
#[derive(Default)]
struct Bursts {
    seconds: u32,
    last: [Counts; TIMED.len()],
    sums: [Counts; TIMED.len()],
}

impl Bursts {
    /// Takes the second that has passed; `is_on` says whether a burst was on in it.
    fn second(&mut self, port: u16, is_on: bool) {
        for (n, (_, name)) in TIMED.iter().enumerate() {
            let now = counts(port, name);
            if is_on {
                let came = came_between(&self.last[n], &now);
                let known = std::mem::take(&mut self.sums[n]);
                let before =
                    |bound: f64| known.iter().find(|(other, _)| *other == bound).map_or(0.0, |one| one.1);
                self.sums[n] = came.iter().map(|(bound, count)| (*bound, count + before(*bound))).collect();
            }
            self.last[n] = now;
        }
        self.seconds += u32::from(is_on);
    }

    /// How many of each there were.
    fn counts(&self) -> [f64; TIMED.len()] {
        std::array::from_fn(|n| quantile(&self.sums[n], 1.0).map_or(0.0, |(_, of)| of))
    }

    fn words(&self) -> String {
        let word = |(sum, (what, _)): (&Counts, &(&str, &str))| {
            let at_most = |share| quantile(sum, share).map_or(0.0, |(bound, _)| bound * 1e6);
            match quantile(sum, 1.0) {
                Some((_, of)) => format!(
                    "{what} p50 at most {} µs, p99 {} µs, p99.9 {} µs, longest {} µs, of {of}",
                    at_most(0.5),
                    at_most(0.99),
                    at_most(0.999),
                    at_most(1.0)
                ),
                None => format!("{what}: none"),
            }
        };
        let words: Vec<String> = self.sums.iter().zip(&TIMED).map(word).collect();
        format!("in {} s of bursts {}", self.seconds, words.join(", "))
    }
}

/// What was seen at one moment.
struct Sample {
    at: Duration,
    rss_mib: f64,
    kept_mib: f64,
    files: f64,
    market_depth: f64,
    account_depth: f64,
}

fn sample(port: u16, at: Duration) -> Option<Sample> {
    Some(Sample {
        at,
        rss_mib: metric(port, "process_resident_memory_bytes", "")? / f64::from(1 << 20),
        kept_mib: (metric(port, "windvane_orders_submitted_total", "")? * KEPT_PER_ORDER
            + metric(port, "windvane_fills_total", "")? * KEPT_PER_FILL)
            / f64::from(1 << 20),
        files: metric(port, "process_open_fds", "")?,
        market_depth: metric(port, "windvane_channel_depth", "channel=\"market\"")?,
        account_depth: metric(port, "windvane_channel_depth", "channel=\"account\"")?,
    })
}

/// Resumes an engine that halted because the machine's disk stalled, as a person would: it is to trade all the time, and
/// the disk is not what is tried here. Whether it had to.
fn goes_on_after_a_stall(ground: &Ground, port: u16) -> bool {
    let has_stalled = metric(port, "windvane_breaker_state", "breaker=\"journal\"") == Some(1.0);
    has_stalled && finish(&windvane(&["resume", "--config", &ground.config()])).0 == Some(0)
}

/// Growth in MiB an hour, by least squares over the later half.
fn growth(samples: &[Sample], of: fn(&Sample) -> f64) -> f64 {
    let late = &samples[samples.len() / 2..];
    let hours = |sample: &Sample| sample.at.as_secs_f64() / 3_600.0;
    let count = f64::from(u32::try_from(late.len()).unwrap_or(u32::MAX));
    let mean_x = late.iter().map(hours).sum::<f64>() / count;
    let mean_y = late.iter().map(of).sum::<f64>() / count;
    let over = late.iter().map(|sample| (hours(sample) - mean_x) * (of(sample) - mean_y)).sum::<f64>();
    over / late.iter().map(|sample| (hours(sample) - mean_x).powi(2)).sum::<f64>()
}

#[test]
fn under_a_flood_nothing_grows_and_nothing_private_is_lost() {
    let minutes = std::env::var("WINDVANE_SOAK_MINUTES").ok();
    let minutes = minutes.map(|n| n.parse::<u64>().expect("WINDVANE_SOAK_MINUTES is a number"));
    let (length, flood, burst_every) = match minutes {
        Some(minutes) => (Duration::from_secs(minutes * 60), FLOOD, BURST_EVERY),
        None => (SHORT, SHORT_FLOOD, SHORT_BURST_EVERY),
    };
    let ground = Ground::on(
        Market::Walking,
        &[("rate_limits = true", "rate_limits = false"), ("leverage = \"10\"\n", super::taker::ACCOUNT)],
    );
    let contracts = [&["BTCUSDT", "ETHUSDT", "DOGEUSDT"][..], &MORE].concat();
    let taker = Taker::start(ground.venue(), &contracts);
    let feeder = Feeder::start(ground.venue(), flood);
    std::fs::write(ground.folder().join("watch.toml"), rule()).unwrap();
    let (venue, port) = (ground.venue().port(), free_port());
    let front = feeder.port();
    ground.write_config(&[
        (&format!("http://127.0.0.1:{venue}"), &format!("http://127.0.0.1:{front}")),
        (&format!("127.0.0.1:{venue}/v5/public"), &format!("127.0.0.1:{front}/v5/public")),
        ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
        ("budget = \"30000 USDT\"", "budget = \"20000 USDT\""),
        ("max_open_orders = 40", "max_open_orders = 100"),
        ("[log]", &format!("{}{WATCHER}", more_bots())),
        // The engine counts no requests where it goes by the clock of messages; this venue allows any number.
        ("environment = \"custom\" ", "environment = \"custom\"\nmarket_clock = \"messages\" "),
    ]);
    let mut engine = ground.engine("engine", &[]);
    wait_until("the flood and fills", PATIENCE, || {
        assert!(engine.is_running(), "{}", engine.err());
        feeder.sent() > 0 && ground.rows("fills").len() > 2
    });
    let heard = || metric(port, "windvane_market_messages_total", "").unwrap_or_default();
    let (began, mut samples, mut cuts, heard_before) = (Instant::now(), Vec::new(), 0_u32, heard());
    let cut_every = CUT_EVERY.min(length / 2);
    let (mut bursts, mut sent, mut stalls) = (Bursts::default(), feeder.sent(), 0_u32);
    bursts.second(port, false);
    let (mut next_burst, mut in_burst) = (began, 0);
    while began.elapsed() < length {
        if Instant::now() >= next_burst {
            feeder.burst();
            taker.round();
            in_burst += 1;
            if in_burst == BURST_SECONDS {
                (in_burst, next_burst) = (0, next_burst + burst_every);
            }
        }
        assert!(engine.is_running(), "{}", engine.err());
        samples.extend(sample(port, began.elapsed()));
        stalls += u32::from(goes_on_after_a_stall(&ground, port));
        if began.elapsed() > cut_every * (cuts + 1) {
            feeder.cut();
            next_burst = Instant::now() + burst_every;
            ground.sim("fault", r#"{"kind":"disconnect","match":{"path":"/v5/private"}}"#);
            cuts += 1;
        }
        std::thread::sleep(Duration::from_secs(1));
        let (sent_before, sent_now) = (sent, feeder.sent());
        let is_waiting = metric(port, "windvane_channel_depth", "channel=\"market\"") > Some(1_000.0);
        bursts.second(port, is_waiting || sent_now - sent_before > u64::from(2 * flood.rate));
        sent = sent_now;
    }
    let per_second = (heard() - heard_before) / began.elapsed().as_secs_f64();
    wait_until("what was sent to be heard", PATIENCE, || {
        metric(port, "windvane_channel_depth", "channel=\"market\"") < Some(1_000.0)
    });
    let full = metric(port, "windvane_channel_full_total", "");
    goes_on_after_a_stall(&ground, port);
    let most = |of: fn(&Sample) -> f64| samples.iter().map(of).fold(0.0, f64::max);
    let grown = growth(&samples, |sample| sample.rss_mib);
    let kept = growth(&samples, |sample| sample.kept_mib);
    println!(
        "{FIGURES} {:.1} min, {} watched contracts, {} messages sent, {per_second:.0} a second heard, bursts of {}, {cuts} \
         cuts, {} fills; RSS {:.1} MiB at most, {grown:+.2} MiB/h in the later half, of which \
         {kept:.2} are what is kept of orders and fills; at most {} files, {} market and {} \
         account messages waiting; {} senders found their channel full; {}; {stalls} halts by a disk that stalled, resumed",
        length.as_secs_f64() / 60.0,
        WATCHED,
        feeder.sent(),
        flood.burst,
        ground.rows("fills").len(),
        most(|sample| sample.rss_mib),
        most(|sample| sample.files),
        most(|sample| sample.market_depth),
        most(|sample| sample.account_depth),
        full.unwrap_or_default(),
        bursts.words(),
    );
    // Its books must agree with the venue's: nothing private was lost.
    ground.end(&mut engine);
    assert!(samples.len() > 5 && cuts > 0 && per_second > 0.0, "the flood was heard");
    let [reports, stops] = bursts.counts();
    assert!(reports > 10.0 && stops > 3.0, "{reports} reports and {stops} stops in the bursts");
    let files = |part: &[Sample]| part.iter().map(|sample| sample.files).fold(0.0, f64::max);
    let (early, late) = samples.split_at(samples.len() / 2);
    assert!(files(late) <= files(early) + 8.0, "files are left open: {} then {}", files(early), files(late));
    if length >= JUDGED_FROM {
        assert!(
            grown < kept + GROWTH_MIB_PER_HOUR,
            "memory grows by {grown:.1} MiB an hour, of which orders and fills explain {kept:.1}"
        );
    }
}
