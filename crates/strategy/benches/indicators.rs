//! What one bar costs each indicator: nanoseconds per bar over real bars, warmed up.
//!
//! `cargo bench -p windvane-strategy --bench indicators`

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use windvane_model::Interval;
use windvane_strategy::{Ohlcv, Series};

const BARS: &str = include_str!("../../../config/market/btcusdt.csv");

const INDICATORS: &[&str] = &[
    "sma(close, 20)",
    "ema(close, 20)",
    "wma(close, 20)",
    "rma(close, 20)",
    "hma(close, 16)",
    "dema(close, 20)",
    "tema(close, 20)",
    "kama(close, 10)",
    "vwma(close, 20)",
    "linreg(close, 14)",
    "median(close, 20)",
    "stdev(close, 20)",
    "bb_upper(close, 20, 2)",
    "kc_upper(20, 2)",
    "donchian_upper(20)",
    "senkou_a(9, 26, 26)",
    "highest(high, 200)",
    "rsi(close, 14)",
    "stoch_d(14, 3, 3)",
    "cci(20)",
    "williams_r(14)",
    "ultimate(7, 14, 28)",
    "z_score(close, 20)",
    "percent_rank(close, 100)",
    "macd_hist(close, 12, 26, 9)",
    "roc(close, 10)",
    "tsi(close, 25, 13)",
    "adx(14)",
    "supertrend(10, 3)",
    "sar(0.02, 0.2)",
    "aroon_up(14)",
    "choppiness(14)",
    "atr(14)",
    "obv()",
    "vwap()",
    "mfi(14)",
    "cmf(20)",
    "realised_volatility(close, 24)",
    "crosses_above(close, sma(close, 20))",
    "value_when(new_day, open)",
];

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
    for text in INDICATORS {
        let mut series = Series::new(text, Interval::M5).unwrap();
        group.bench_function(*text, |bencher| {
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
