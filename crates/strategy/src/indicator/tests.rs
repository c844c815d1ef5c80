//! Indicators against the figures of TA-Lib, on real bars.

use std::collections::BTreeMap;

use crate::language::{Bar, Builder, Checker, Names};

const GOLDEN: &str = include_str!("../../tests/golden/indicators.json");
const BARS: &str = include_str!("../../../../config/market/btcusdt.csv");

#[derive(serde::Deserialize)]
struct Golden {
    series: BTreeMap<String, Vec<Option<f64>>>,
}

fn bars() -> impl Iterator<Item = Bar> {
    BARS.lines().filter_map(|line| line.strip_prefix("bar,")).map(|row| {
        let figures: Vec<f64> = row.split(',').skip(1).map(|figure| figure.parse().unwrap()).collect();
        Bar { open: figures[0], high: figures[1], low: figures[2], close: figures[3], volume: figures[4] }
    })
}

#[test]
fn indicators_agree_with_ta_lib() {
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(golden.series.len(), 12);
    for (text, expected) in golden.series {
        let (mut builder, names) = (Builder::default(), Names::new());
        let lowered = Checker::new(&mut builder, &names).check(&text, &[]).unwrap();
        let mut program = builder.build();
        for (index, (bar, expected)) in bars().zip(&expected).enumerate() {
            program.on_bar(&bar, 0.1);
            let value = program.value(lowered.node);
            match (value, expected) {
                // TA-Lib's own running sums carry some 1e-10 of rounding at these prices.
                (Some(value), Some(expected)) => {
                    assert!(
                        (value - expected).abs() <= expected.abs() * 1e-9 + 1e-7,
                        "{text} at bar {index}: {value} {expected}"
                    );
                }
                (value, expected) => assert_eq!(value, *expected, "{text} at bar {index}"),
            }
        }
    }
}

#[test]
fn the_first_value_can_seed_an_average() {
    let (mut builder, names) = (Builder::default(), Names::new());
    let lowered = Checker::new(&mut builder, &names).check("ema(close, 3, seed = first)", &[]).unwrap();
    let mut program = builder.build();
    let values: Vec<Option<f64>> = [10.0, 20.0, 30.0]
        .into_iter()
        .map(|close| {
            program.on_bar(&Bar { open: close, high: close, low: close, close, volume: 1.0 }, 0.1);
            program.value(lowered.node)
        })
        .collect();
    assert_eq!(values, [None, None, Some(22.5)]);
}

#[test]
fn an_index_without_movement_is_undefined() {
    let (mut builder, names) = (Builder::default(), Names::new());
    let lowered = Checker::new(&mut builder, &names).check("rsi(close, 2)", &[]).unwrap();
    let mut program = builder.build();
    for _ in 0..5 {
        program.on_bar(&Bar { open: 5.0, high: 5.0, low: 5.0, close: 5.0, volume: 1.0 }, 0.1);
        assert_eq!(program.value(lowered.node), None);
    }
}
