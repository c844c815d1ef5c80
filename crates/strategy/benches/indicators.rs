//! What one bar costs each indicator: nanoseconds per bar over real bars, warmed up.
//!
//! `cargo bench -p windvane-strategy --bench indicators`

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use windvane_model::Interval;
use windvane_strategy::{Ohlcv, Series};

const BARS: &str = include_str!("../../../config/market/btcusdt.csv");

/// Every indicator that is compared with TA-Lib or its definition, as the file of that comparison has them.
const GOLDEN: &str = include_str!("../tests/golden/indicators.json");
/// What that file does not have: conditions and words anchored at one.
const OTHERS: [&str; 4] = [
    "crosses_above(close, sma(close, 20))",
    "value_when(new_day, open)",
    "highest(high, 200)",
    "realised_volatility(close, 24)",
];

fn expressions() -> Vec<String> {
    let golden: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
    let mut all: Vec<String> = golden["series"].as_object().unwrap().keys().cloned().collect();
    all.extend(OTHERS.map(str::to_owned));
    all.sort_unstable();
    all.dedup();
    all
}

fn bars() -> Vec<(i64, Ohlcv)> {
    let rows = BARS.lines().filter_map(|line| line.strip_prefix("bar,"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(',').collect();
        (cells[0].parse().unwrap(), [1, 2, 3, 4, 5].map(|cell: usize| cells[cell].parse().unwrap()))
    })
    .collect()
}

fn indicators(criterion: &mut Criterion) {
    let bars = bars();
    let mut group = criterion.benchmark_group("indicator");
    group.throughput(Throughput::Elements(u64::try_from(bars.len()).unwrap()));
    for text in expressions() {
        let mut series = Series::new(&text, Interval::M5).unwrap();
        group.bench_function(&text, |bencher| {
            bencher.iter(|| {
                for (start_ms, bar) in &bars {
                    black_box(series.next(*start_ms, black_box(*bar)));
                }
            });
        });
    }
    group.finish();
}

/// The same of another crate, where it has them: `ta`, streamed bar by bar as ours are.
fn others(criterion: &mut Criterion) {
    use ta::Next;
    use ta::indicators as other;
    let bars = bars();
    let items: Vec<ta::DataItem> = bars
        .iter()
        .map(|(_, [open, high, low, close, volume])| {
            let item = ta::DataItem::builder().open(*open).high(*high).low(*low).close(*close);
            item.volume(*volume).build().unwrap()
        })
        .collect();
    let mut group = criterion.benchmark_group("ta");
    group.throughput(Throughput::Elements(u64::try_from(bars.len()).unwrap()));
    macro_rules! measured {
        ($($text:literal: $indicator:expr;)*) => { $(
            let mut indicator = $indicator.unwrap();
            group.bench_function($text, |bencher| {
                bencher.iter(|| {
                    for item in &items {
                        black_box(indicator.next(black_box(item)));
                    }
                });
            });
        )* };
    }
    measured! {
        "sma(close, 20)": other::SimpleMovingAverage::new(20);
        "ema(close, 20)": other::ExponentialMovingAverage::new(20);
        "stdev(close, 20)": other::StandardDeviation::new(20);
        "bb_upper(close, 20, 2)": other::BollingerBands::new(20, 2.0);
        "kc_upper(20, 2)": other::KeltnerChannel::new(20, 2.0);
        "rsi(close, 14)": other::RelativeStrengthIndex::new(14);
        "stoch_k(14, 3)": other::SlowStochastic::new(14, 3);
        "cci(20)": other::CommodityChannelIndex::new(20);
        "macd_hist(close, 12, 26, 9)": other::MovingAverageConvergenceDivergence::new(12, 26, 9);
        "roc(close, 10)": other::RateOfChange::new(10);
        "atr(14)": other::AverageTrueRange::new(14);
        "mfi(14)": other::MoneyFlowIndex::new(14);
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(100))
        .measurement_time(std::time::Duration::from_millis(300));
    targets = indicators, others
}
criterion_main!(benches);
