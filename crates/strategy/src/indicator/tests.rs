//! Indicators against the figures of TA-Lib and of plain definitions, on real bars; and that none sees the future.

use std::collections::{BTreeMap, BTreeSet};

use super::count;
use crate::language::whole::{Fed, PRIMITIVES};
use crate::language::{Bar, Columns, vocabulary};

const GOLDEN: &str = include_str!("../../tests/golden/indicators.json");
const BARS: &str = include_str!("../../../../config/market/btcusdt.csv");

#[derive(serde::Deserialize)]
struct Golden {
    header: Header,
    /// The first bar with a value, and the values of every so many bars from there and of the last one.
    series: BTreeMap<String, (usize, Vec<f64>)>,
}

#[derive(serde::Deserialize)]
struct Header {
    bars: usize,
    every: usize,
}

fn bars() -> Vec<Bar> {
    let rows = BARS.lines().filter_map(|line| line.strip_prefix("bar,"));
    rows.map(|row| {
        let figures: Vec<f64> = row.split(',').skip(1).map(|figure| figure.parse().unwrap()).collect();
        Bar {
            start_ms: row.split(',').next().unwrap().parse().unwrap(),
            open: figures[0],
            high: figures[1],
            low: figures[2],
            close: figures[3],
            volume: figures[4],
        }
    })
    .collect()
}

#[test]
fn indicators_agree_with_their_definitions_from_the_first_value_on() {
    let Golden { header, series } = serde_json::from_str(GOLDEN).unwrap();
    assert!(series.len() >= 80, "{}", series.len());
    let bars = &bars()[..header.bars];
    for (text, (first, expected)) in series {
        let mut one = Fed::new(&text);
        let values: Vec<Option<f64>> = bars.iter().map(|bar| one.next(bar)).collect();
        assert_eq!(values.iter().position(Option::is_some), Some(first), "{text}: bar of the first value");
        // Relative to the size of the series: near a zero crossing only the digits of the price are left.
        let size = expected.iter().fold(0.0_f64, |size, value| size.max(value.abs()));
        let kept = values[first..].iter().step_by(header.every).chain(values.last());
        for (index, (value, expected)) in kept.zip(&expected).enumerate() {
            let value = value.unwrap_or(f64::NAN);
            assert!((value - expected).abs() <= size * 1e-9, "{text}, value {index}: {value} {expected}");
        }
    }
}

#[test]
fn windows_too_long_for_a_row_agree_with_a_plain_sort_on_real_bars() {
    const LENGTH: usize = 300;
    type Plain = fn(&[Bar]) -> f64;
    let plain: [(&str, Plain); 3] = [
        ("median(close, 300)", |window| {
            let mut closes: Vec<f64> = window.iter().map(|bar| bar.close).collect();
            closes.sort_by(f64::total_cmp);
            (closes[LENGTH / 2 - 1] + closes[LENGTH / 2]) / 2.0
        }),
        ("percent_rank(close, 300)", |window| {
            let last = window[LENGTH - 1].close;
            count(window.iter().filter(|bar| bar.close <= last).count()) / count(LENGTH)
        }),
        ("cci(300)", |window| {
            let typical = |bar: &Bar| (bar.high + bar.low + bar.close) / 3.0;
            let mean = window.iter().map(typical).sum::<f64>() / count(LENGTH);
            let deviation = window.iter().map(|bar| (typical(bar) - mean).abs()).sum::<f64>() / count(LENGTH);
            (typical(&window[LENGTH - 1]) - mean) / (0.015 * deviation)
        }),
    ];
    let bars = &bars()[..2_000];
    for (text, plain) in plain {
        let mut one = Fed::new(text);
        for (at, bar) in bars.iter().enumerate() {
            let value = one.next(bar);
            let expected = (at + 1).checked_sub(LENGTH).map(|from| plain(&bars[from..=at]));
            let size = expected.unwrap_or(0.0).abs().max(1.0);
            let is_same = match (value, expected) {
                (Some(value), Some(expected)) => (value - expected).abs() <= size * 1e-9,
                (value, expected) => value == expected,
            };
            assert!(is_same, "{text} at bar {at}: {value:?}, a plain sort says {expected:?}");
        }
    }
}

#[test]
fn an_index_without_movement_is_undefined() {
    let mut one = Fed::new("rsi(close, 2)");
    for bar in 0..5 {
        let flat = Bar { start_ms: bar * 300_000, open: 5.0, high: 5.0, low: 5.0, close: 5.0, volume: 1.0 };
        assert_eq!(one.next(&flat), None);
    }
}

/// Expressions in which every indicator and every primitive of bars is found.
fn expressions() -> Vec<String> {
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    let primitives = PRIMITIVES.iter().map(|(text, _)| text.replace("@15m", "@1h"));
    golden.series.into_keys().chain(primitives).collect()
}

/// Each is in an expression that is compared with the whole history, by TA-Lib and Python or by a second evaluator, and so in
/// those that are cut off and run ahead below: one that is new cannot be forgotten.
#[test]
fn every_word_and_function_of_bars_is_compared() {
    // Of the moment, not of bars.
    const LIVE: [&str; 3] = ["the moment", "the position", "book and trades"];
    let expressions = expressions();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let compared: BTreeSet<&str> =
        expressions.iter().flat_map(|text| text.split(|letter| !is_part(letter))).collect();
    for entry in vocabulary().into_iter().filter(|entry| !LIVE.contains(&entry.group)) {
        let name = entry.written.split('(').next().unwrap_or_default();
        assert!(compared.contains(name), "{name}");
    }
}

/// Whatever comes later, the past stays as it was told: values are the same when the future is cut off or another one.
#[test]
fn no_indicator_sees_the_future_and_none_repaints() {
    let bars = bars();
    for text in &expressions() {
        let mut whole = Fed::new(text);
        let told: Vec<_> = bars[..200].iter().map(|bar| whole.next(bar)).collect();
        for cut in [60, 131, 199] {
            let mut short = Fed::new(text);
            let again: Vec<_> = bars[..cut].iter().map(|bar| short.next(bar)).collect();
            assert_eq!(again, told[..cut], "{text} cut at {cut}");
            // Another future from the same past: only bars after the cut may tell.
            let mut other = short.clone();
            let (next, wild) = (bars[cut], Bar { high: 99_999.0, low: 1.0, close: 2.0, ..bars[cut] });
            assert_eq!(short.next(&next), told[cut], "{text}");
            other.next(&wild);
        }
    }
}

/// Run over many bars at once, every expression has the values that it has bar by bar, to the last bit; and those of the
/// bars before a cut do not know what came after it.
#[test]
fn columns_hold_what_bar_by_bar_would_have_come_to() {
    let bars = &bars()[..700];
    for text in &expressions() {
        let mut streamed = Fed::new(text);
        let told: Vec<_> = bars.iter().map(|bar| streamed.next(bar)).collect();
        for step in [1, 7, 100, 512] {
            let (mut ahead, mut columns, mut values) = (Fed::new(text), Columns::default(), Vec::new());
            for bars in bars.chunks(step) {
                ahead.run_ahead(bars, &mut columns);
                values.extend((0..bars.len()).map(|row| ahead.take_row(&columns, row)));
            }
            assert!(values == told, "{text}, {step} bars at once");
        }
    }
}
