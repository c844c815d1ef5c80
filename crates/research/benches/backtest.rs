//! Bars a second of the backtest, orders going through risk, order management and the venue's core.
//!
//! With `BARS.csv REF.csv` it plays the average cross of the bar benchmark and prints one line of JSON in that benchmark's
//! form, as its `EXTRA` engine; with `tune BARS.csv` it sweeps a thousand pairs of averages over the data; alone it makes up
//! its bars and plays the cross and every shipped rule file.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to say")]
#![expect(clippy::cast_precision_loss, reason = "counts and seconds for reading")]

#[path = "../tests/it/desk.rs"]
mod desk;

use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rust_decimal::Decimal;
use rustix::time::{ClockId, clock_gettime};
use windvane_model::{Fixed, Interval, Money};
use windvane_research::data::{Bar, History};
use windvane_research::tune::{Candidate, Plan, sweep};
use windvane_research::{Backtest, Fills, Outcome, Setup};

use desk::{read, setup, symbol};

const CROSS: &str = include_str!("../tests/it/ema-cross.toml");
/// The one that lives from the book, which is made up from bars as the embedded venue does.
const OF_THE_BOOK: (&str, &str) = ("book-imbalance", include_str!("../../../strategies/book-imbalance.toml"));
/// A bot's budget in USDT with which orders by risk pass the limits.
const BUDGET: i64 = 50_000;
/// Runs of which the median is told.
const ROUNDS: usize = 5;
/// The shipped rule files that live from bars.
const SHIPPED: [(&str, &str); 13] = [
    ("bollinger-squeeze", include_str!("../../../strategies/bollinger-squeeze.toml")),
    ("donchian-turtle", include_str!("../../../strategies/donchian-turtle.toml")),
    ("funding-filter", include_str!("../../../strategies/funding-filter.toml")),
    ("golden-cross", include_str!("../../../strategies/golden-cross.toml")),
    ("ichimoku", include_str!("../../../strategies/ichimoku.toml")),
    ("macd-trend", include_str!("../../../strategies/macd-trend.toml")),
    ("opening-range", include_str!("../../../strategies/opening-range.toml")),
    ("pullback", include_str!("../../../strategies/pullback.toml")),
    ("reversion", include_str!("../../../strategies/reversion.toml")),
    ("rsi-reversion", include_str!("../../../strategies/rsi-reversion.toml")),
    ("supertrend", include_str!("../../../strategies/supertrend.toml")),
    ("trend", include_str!("../../../strategies/trend.toml")),
    ("vwap-reversion", include_str!("../../../strategies/vwap-reversion.toml")),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match arguments.as_slice() {
        [word, bars] if word == "tune" => pairs(Path::new(bars)),
        [bars, reference] => against_reference(Path::new(bars), Path::new(reference)),
        _ => by_itself(),
    }
}

/// Time that this thread has had the processor: what beside runs does not count.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// Plays the data some times; the median of the processor's seconds, and the last outcome.
fn timed(make: impl Fn() -> Setup, data: &[History], rounds: usize) -> (f64, Outcome) {
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..rounds {
        let backtest = Backtest::new(make(), data, &(0..i64::MAX)).unwrap();
        let backtest = backtest.without_curve();
        // The last outcome is given back before, not within.
        drop(last.take());
        let began = processor_time();
        last = Some(backtest.run(|_| {}).unwrap());
        seconds.push((processor_time() - began).as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    (seconds[seconds.len() / 2], last.unwrap())
}

/// Entry and exit price and profit of each closed trade.
fn trades(outcome: &Outcome) -> Vec<[Decimal; 3]> {
    let positions = outcome.engine.orders().positions().flat_map(|position| position.trades());
    let closed = positions.filter(|trade| trade.closed.is_some());
    closed
        .map(|trade| [trade.entry_price().unwrap(), trade.exit_price().unwrap(), trade.net_pnl().get()])
        .collect()
}

fn against_reference(bars: &Path, reference: &Path) {
    let began = Instant::now();
    let data = read(bars);
    let load_s = began.elapsed().as_secs_f64();
    let (run_s, outcome) = timed(|| setup(CROSS, Fills::Close), &data, ROUNDS);
    let trades = trades(&outcome);
    let text = std::fs::read_to_string(reference).unwrap();
    let expected: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let is_same = |(row, trade): &(&Vec<&str>, &[Decimal; 3])| {
        let number = |column: usize| row[column].parse::<Decimal>().unwrap();
        [number(2), number(5), number(7)] == **trade
    };
    let same = expected.iter().zip(&trades).filter(is_same).count();
    let net: Decimal = trades.iter().map(|[_, _, net]| net).sum();
    let line = serde_json::json!({
        "framework": "windvane",
        "version": env!("CARGO_PKG_VERSION"),
        "bars": data[0].bars.len(),
        "load_s": load_s,
        "run_s": run_s,
        "bars_per_s": (data[0].bars.len() as f64 / run_s).round(),
        "trades": trades.len(),
        "net_pnl": net.normalize().to_string(),
        "check": format!(
            "{same}/{} identical entry+exit prices and net ({} trades)", expected.len(), trades.len()
        ),
        "peak_rss_mb": peak_mb(),
    });
    println!("{line}");
    assert!(same == expected.len() && same == trades.len(), "the trades are not those of the reference");
}

/// This process's own peak, in MB; nothing where the system does not tell.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1_024)
}

fn by_itself() {
    let small = vec![made_up(100_000, Interval::M1)];
    let large = vec![made_up(1_000_000, Interval::M1)];
    let [few, many] = [&small, &large].map(|data| {
        let (seconds, outcome) = timed(|| setup(CROSS, Fills::Close), data, ROUNDS);
        let bars = data[0].bars.len();
        let trades = trades(&outcome).len();
        println!("ema-cross: {bars} bars, {trades} trades, {:.0} bars/s", bars as f64 / seconds);
        seconds
    });
    println!("ema-cross: ten times the bars take {:.1} times as long", many / few);
    let files = SHIPPED.map(|file| (file, Fills::Close, 200_000)).into_iter();
    for ((name, text), fills, bars) in files.chain([(OF_THE_BOOK, Fills::Path, 20_000)]) {
        let timeframe = text.lines().find_map(|line| line.strip_prefix("timeframe = \"")).unwrap();
        let interval: Interval = timeframe.split('"').next().unwrap().parse().unwrap();
        let data = vec![made_up(bars, interval)];
        let make = || {
            let mut setup = setup(text, fills);
            setup.bots[0].budget = Money::new(BUDGET.into());
            setup
        };
        let (seconds, outcome) = timed(make, &data, 3);
        let fills = outcome.engine.orders().fill_count();
        println!("{name}: {bars} bars, {fills} fills, {:.0} bars/s", bars as f64 / seconds);
    }
}

/// A thousand pairs of averages of the cross over all of the data, on two threads.
fn pairs(bars: &Path) {
    let data = read(bars);
    let pair = |quick: u32, calm: u32| {
        Candidate::from(
            [("quick", quick), ("calm", calm)].map(|(name, bars)| (name.to_owned(), bars.to_string())),
        )
    };
    let candidates: Vec<Candidate> =
        (4..29).flat_map(|quick| (30..70).map(move |calm| pair(quick, calm))).collect();
    let of = |candidate: &Candidate| {
        let text = CROSS.replace("close, 10", &format!("close, {}", candidate["quick"]));
        Ok(setup(&text.replace("close, 20", &format!("close, {}", candidate["calm"])), Fills::Close))
    };
    let plan = Plan { candidates: &candidates, data: &data, inside: 0..i64::MAX, outside: None, threads: 2 };
    let (began, spent) = (Instant::now(), || {
        Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap().as_secs_f64()
    });
    let (before, mut rows, mut trades) = (spent(), 0, 0);
    sweep(
        &plan,
        |_| false,
        &of,
        |row| {
            (rows, trades) = (rows + 1, trades + row.unwrap().inside.trades);
            true
        },
    )
    .unwrap();
    println!(
        "tune: {rows} pairs over {} bars, {trades} trades, two threads: {:.1} s, {:.1} s of the processor",
        data[0].bars.len(),
        began.elapsed().as_secs_f64(),
        spent() - before
    );
}

/// A walk of small steps, each bar opening where the last one closed; the same in every run.
fn made_up(count: usize, interval: Interval) -> History {
    const TICK: i64 = 10_000_000;
    let mut rng = Rng::with_seed(20_240_101);
    let mut price = 500_000_i64;
    let fixed = |ticks: i64| Fixed::from_raw(ticks * TICK).unwrap();
    let bars = (0..count).map(|index| {
        let open = price;
        let reach = (open / 1_000).max(2);
        price = (open + (0..4).map(|_| rng.i64(-reach..=reach)).sum::<i64>() / 3).max(1_000);
        let (high, low) = (open.max(price) + rng.i64(0..reach), open.min(price) - rng.i64(0..reach));
        let start_ms = 1_704_067_200_000 + interval.millis() * i64::try_from(index).unwrap();
        let [open, high, low, close] = [open, high, low, price].map(fixed);
        Bar { start_ms, open, high, low, close, volume: fixed(rng.i64(4_000..40_000)) }
    });
    History { symbol: symbol(), interval, bars: bars.collect(), funding: Vec::new() }
}
