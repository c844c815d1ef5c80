//! Bars a second of the backtest, orders going through risk, order management and the venue's core.
//!
//! With `BARS.csv REF.csv` it plays the average cross of the bar benchmark and prints one line of JSON in that benchmark's
//! form, as its `EXTRA` engine; alone it makes up its bars and plays the cross and every shipped rule file.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to say")]
#![expect(clippy::cast_precision_loss, reason = "counts and seconds for reading")]

#[path = "../tests/it/desk.rs"]
mod desk;

use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rust_decimal::Decimal;
use rustix::time::{ClockId, clock_gettime};
use windvane_model::{Fixed, Interval};
use windvane_research::data::{Bar, History};
use windvane_research::{Backtest, Fills, Outcome};

use desk::{read, setup, symbol};

const CROSS: &str = include_str!("../tests/it/ema-cross.toml");
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
        [bars, reference] => against_reference(Path::new(bars), Path::new(reference)),
        _ => by_itself(),
    }
}

/// Time that this thread has had the processor: what beside runs does not count.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap()
}

/// Plays the data some times; the median of the processor's seconds, and the last outcome.
fn timed(strategy: &str, data: &[History], rounds: usize) -> (f64, Outcome) {
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..rounds {
        let backtest = Backtest::new(setup(strategy, Fills::Close), data, &(0..i64::MAX)).unwrap();
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
    let (run_s, outcome) = timed(CROSS, &data, ROUNDS);
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
        let (seconds, outcome) = timed(CROSS, data, ROUNDS);
        let bars = data[0].bars.len();
        let trades = trades(&outcome).len();
        println!("ema-cross: {bars} bars, {trades} trades, {:.0} bars/s", bars as f64 / seconds);
        seconds
    });
    println!("ema-cross: ten times the bars take {:.1} times as long", many / few);
    for (name, text) in SHIPPED {
        let timeframe = text.lines().find_map(|line| line.strip_prefix("timeframe = \"")).unwrap();
        let interval: Interval = timeframe.split('"').next().unwrap().parse().unwrap();
        let data = vec![made_up(200_000, interval)];
        let (seconds, outcome) = timed(text, &data, 1);
        let fills = outcome.engine.orders().fill_count();
        println!("{name}: {} bars, {fills} fills, {:.0} bars/s", 200_000, 200_000.0 / seconds);
    }
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
