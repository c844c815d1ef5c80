//! Indicators against the figures of TA-Lib and of plain definitions, on real bars; and that none sees the future.

use std::collections::BTreeMap;

use windvane_model::Interval;

use crate::language::whole::PRIMITIVES;
use crate::language::{
    Aggregator, Bar, Builder, Checker, Columns, Feed, Names, NodeId, Program, library, vocabulary,
};

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

/// A program of one expression, fed with 5-minute bars and the hours made of them.
#[derive(Clone)]
struct One {
    program: Program,
    node: NodeId,
    hours: Option<(usize, Aggregator)>,
}

impl One {
    fn new(text: &str) -> Self {
        let (mut builder, names) = (Builder::new(Interval::M5), Names::new());
        let checked = Checker::new(&mut builder, &names).check(text, &[]);
        let (lowered, _) = checked.unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        let mut program = builder.build();
        program.set_tick_size(0.1);
        let hour = program.feeds().position(|(feed, _)| feed.interval == Interval::H1);
        let hours = hour.map(|feed| (feed, Aggregator::new(Interval::M5, Interval::H1)));
        Self { program, node: lowered.node, hours }
    }

    fn next(&mut self, bar: &Bar) -> Option<f64> {
        if let Some((feed, hours)) = &mut self.hours
            && let Some(hour) = hours.take_part(bar)
        {
            self.program.on_bar(*feed, &hour);
        }
        self.program.on_bar(Feed::OWN, bar);
        self.program.value(self.node)
    }
}

#[test]
fn indicators_agree_with_their_definitions_from_the_first_value_on() {
    let Golden { header, series } = serde_json::from_str(GOLDEN).unwrap();
    assert!(series.len() >= 80, "{}", series.len());
    let bars = &bars()[..header.bars];
    for (text, (first, expected)) in series {
        let mut one = One::new(&text);
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
fn every_function_of_bars_is_compared_or_named_here() {
    // Functions without a figure of their own, proven by the language's tests.
    const ELSEWHERE: [&str; 28] = [
        "abs",
        "all_of",
        "any_of",
        "ask_depth",
        "bid_depth",
        "crosses_above",
        "crosses_below",
        "donchian_lower",
        "falling",
        "if",
        "imbalance",
        "kc_mid",
        "known",
        "ln",
        "lowest_since",
        "max",
        "mean",
        "min",
        "n_of",
        "persists",
        "pivot_low",
        "rising",
        "round",
        "shift",
        "sqrt",
        "sum_since",
        "trade_flow",
        "trade_volume",
    ];
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    for function in library::functions() {
        let is_compared = golden.series.keys().any(|text| text.starts_with(&format!("{}(", function.name)));
        let is_direction = function.name == "supertrend_up";
        assert!(is_compared || is_direction || ELSEWHERE.contains(&function.name), "{}", function.name);
    }
}

#[test]
fn an_index_without_movement_is_undefined() {
    let mut one = One::new("rsi(close, 2)");
    for bar in 0..5 {
        let flat = Bar { start_ms: bar * 300_000, open: 5.0, high: 5.0, low: 5.0, close: 5.0, volume: 1.0 };
        assert_eq!(one.next(&flat), None);
    }
}

/// Expressions in which every indicator and every primitive of bars is found.
fn expressions() -> Vec<String> {
    const OTHERS: [&str; 4] =
        ["donchian_lower(20)", "kc_mid(20, 2)", "pivot_low(low, 2, 1)", "supertrend_up(10, 3)"];
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    let primitives = PRIMITIVES.iter().map(|(text, _)| text.replace("@15m", "@1h"));
    golden.series.into_keys().chain(primitives).chain(OTHERS.map(str::to_owned)).collect()
}

#[test]
fn the_expressions_name_every_function_of_bars() {
    // Of the moment, not of bars.
    const LIVE: [&str; 6] =
        ["ask_depth", "bid_depth", "imbalance", "microprice", "trade_flow", "trade_volume"];
    let expressions = expressions();
    for entry in vocabulary() {
        let Some((name, _)) = entry.written.split_once('(') else { continue };
        let is_there = expressions.iter().any(|text| text.contains(&format!("{name}(")));
        assert!(is_there || LIVE.contains(&name), "{name}");
    }
}

/// Whatever comes later, the past stays as it was told: values are the same when the future is cut off or another one.
#[test]
fn no_indicator_sees_the_future_and_none_repaints() {
    let bars = bars();
    for text in &expressions() {
        let mut whole = One::new(text);
        let told: Vec<_> = bars[..200].iter().map(|bar| whole.next(bar)).collect();
        for cut in [60, 131, 199] {
            let mut short = One::new(text);
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
        let mut streamed = One::new(text);
        let told: Vec<_> = bars.iter().map(|bar| streamed.next(bar)).collect();
        for step in [1, 7, 100, 512] {
            let One { mut program, node, mut hours } = One::new(text);
            let (mut columns, mut values) = (Columns::default(), Vec::new());
            for bars in bars.chunks(step) {
                let completed = hours.as_mut().map(|(feed, hours)| {
                    let wholes = bars.iter().enumerate();
                    let wholes = wholes.filter_map(|(row, bar)| Some((row, hours.take_part(bar)?)));
                    (*feed, wholes.collect())
                });
                program.run_ahead(bars, completed.as_slice(), &mut columns);
                for row in 0..bars.len() {
                    program.take_row(&columns, row);
                    values.push(program.value(node));
                }
            }
            assert!(values == told, "{text}, {step} bars at once");
        }
    }
}
