//! The language as a whole: what expressions are worth, what is refused, and what may never happen.

use proptest::prelude::*;
use windvane_model::Interval;

use super::*;

/// A program of one expression.
struct One {
    program: Program,
    node: NodeId,
}

fn check(text: &str) -> Result<One, Vec<String>> {
    let (mut builder, names) = (Builder::new(Interval::M1), Names::new());
    let lowered = Checker::new(&mut builder, &names).check(text, &[]);
    let (lowered, _) =
        lowered.map_err(|faults| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>())?;
    let mut program = builder.build();
    program.set_tick_size(0.5);
    Ok(One { program, node: lowered.node })
}

fn bar(close: f64) -> Bar {
    Bar { start_ms: 0, open: close, high: close + 1.0, low: close - 1.0, close, volume: 10.0 }
}

/// Flat, with these quotes and nothing else known.
fn live(bid: f64, ask: f64) -> impl Fn(LiveWord) -> f64 {
    move |word| match word {
        LiveWord::Quote(Quote::Bid, None) => bid,
        LiveWord::Quote(Quote::Ask, None) => ask,
        LiveWord::Quote(Quote::Mid, None) => (bid + ask) / 2.0,
        LiveWord::Quote(Quote::Spread, None) => ask - bid,
        LiveWord::IsFlat => 1.0,
        LiveWord::IsLong | LiveWord::IsShort => 0.0,
        _ => f64::NAN,
    }
}

/// The expression's value after each bar.
fn over(text: &str, closes: &[f64]) -> Vec<Option<f64>> {
    let mut one = check(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    closes
        .iter()
        .map(|close| {
            one.program.on_bar(Feed::OWN, &bar(*close));
            one.program.on_live(live(close - 0.5, close + 0.5));
            one.program.value(one.node)
        })
        .collect()
}

#[test]
fn expressions_have_the_value_that_they_read_as() {
    let closes = [10.0, 12.0, 11.0, 15.0];
    for (text, expected) in [
        ("1 + 2 * 3", Some(7.0)),
        ("(1 + 2) * 3", Some(9.0)),
        ("-2 * -3", Some(6.0)),
        ("close[1]", Some(11.0)),
        ("close - close[3]", Some(5.0)),
        ("sma(close, 2)", Some(13.0)),
        ("highest(close, 3)", Some(15.0)),
        ("lowest(close[1], 3)", Some(10.0)),
        ("max(close, 12 * close / close * 1 tick, 14 ticks)", Some(15.0)),
        ("abs(close[1] - close)", Some(4.0)),
        ("spread", Some(1.0)),
        ("mid", Some(15.0)),
        ("spread < 3 ticks", Some(1.0)),
        ("spread <= 2 ticks and not (spread > 2 ticks)", Some(1.0)),
        ("close between open and high", Some(1.0)),
        ("close between high and low", Some(0.0)),
        ("crosses_above(close, sma(close, 3))", Some(1.0)),
        ("crosses_below(close, sma(close, 3))", Some(0.0)),
        ("rising(close, 2)", Some(1.0)),
        ("rising(close[1], 2)", Some(0.0)),
        ("falling(close[1], 1)", Some(1.0)),
        ("close / open - 1 > -0.5%", Some(1.0)),
        ("close * (1 + 10%)", Some(16.5)),
        ("is_flat == true", Some(1.0)),
        ("bars_held", None),
        ("close * volume > 149 USDT", Some(1.0)),
        ("150 USDT >= volume * close and close * volume - 1 USDT < 150 USDT", Some(1.0)),
        ("sum(close * volume, 2) / sum(volume, 2)", Some(13.0)),
        ("close * volume / close == volume", Some(1.0)),
        ("close * volume / (2 * close * volume) == 50%", Some(1.0)),
        ("sma(close, 5)", None),
        ("close / (open - close)", None),
    ] {
        let value = *over(text, &closes).last().unwrap();
        let is_near = match (value, expected) {
            (Some(value), Some(expected)) => (value - expected).abs() < 1e-9,
            (value, expected) => value == expected,
        };
        assert!(is_near, "{text}: {value:?}, expected {expected:?}");
    }
}

#[test]
fn a_sum_of_money_is_no_price() {
    for text in [
        "close * volume > close",
        "close * volume + close > 1 USDT",
        "volume > 100 USDT",
        "close * close > 1 USDT",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
}

#[test]
fn an_undefined_part_is_never_made_true_by_negation() {
    for text in [
        "not (close > sma(close, 9))",
        "close != sma(close, 9)",
        "not crosses_above(close, sma(close, 9))",
        "not (bars_held > 3)",
        "not (sma(close, 9) > close and close >= open)",
    ] {
        assert_eq!(over(text, &[1.0, 2.0]).last().unwrap(), &None, "{text}");
    }
    assert_eq!(
        over("sma(close, 9) > close or close > 0 ticks", &[1.0]),
        [Some(1.0)],
        "the known half settles it"
    );
}

#[test]
fn length_and_depth_have_bounds() {
    assert!(check(&vec!["close"; 200].join(" + ")).is_ok());
    let long = check(&vec!["close"; 201].join(" + ")).err().unwrap();
    assert!(long[0].contains("at most 400 words"), "{long:?}");
    let deep = format!("{}close{}", "(".repeat(50), ")".repeat(50));
    assert!(check(&deep).err().unwrap()[0].contains("nested deeper than 40"));
}

#[test]
fn the_same_value_is_computed_once() {
    let (mut builder, names) = (Builder::new(Interval::M1), Names::new());
    let (first, _) = Checker::new(&mut builder, &names).check("ema(close, 20) > close", &[]).unwrap();
    let (second, _) = Checker::new(&mut builder, &names).check("close < ema(close, 10 + 10)", &[]).unwrap();
    assert_eq!(first.node, second.node);
}

#[test]
fn the_warm_up_is_as_long_as_the_longest_chain() {
    for (text, bars) in [
        ("close", 1),
        ("ema(close, 20)", 20),
        ("rsi(close, 14)", 15),
        ("atr(14)", 15),
        ("ema(rsi(close, 14), 5)", 19),
        ("close - sma(close, 10)[1]", 11),
    ] {
        let one = check(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        assert_eq!(one.program.warm_up(), bars, "{text}");
        let closes: Vec<f64> =
            (0..bars).map(|bar| f64::from(u32::try_from(bar % 7).unwrap()) + 50.0).collect();
        let values = over(text, &closes);
        assert!(
            values[bars - 1].is_some() && values[..bars - 1].iter().all(Option::is_none),
            "{text}: {values:?}"
        );
    }
}

/// Text that is mostly made of the language's own words, so that much of it is nearly right.
fn nearly_an_expression() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "close",
        "open",
        "volume",
        "bid",
        "spread",
        "ema(",
        "rsi(",
        "atr(",
        "crosses_above(",
        "rising(",
        "min(",
        "(",
        ")",
        ",",
        "14",
        "3",
        "0",
        "0.5%",
        "2 ticks",
        "15m",
        "2 R",
        "+",
        "-",
        "*",
        "/",
        "<",
        ">=",
        "==",
        "and",
        "or",
        "not",
        "between",
        "[",
        "]",
        "seed",
        "=",
        "first",
        "true",
        "is_long",
        "pnl_percent",
        "@",
        "%",
        "é",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.join(" "))
}

/// Well-formed conditions, to run with arbitrary bars.
fn condition() -> impl Strategy<Value = String> {
    let series = prop::sample::select(vec![
        "close",
        "high - low",
        "ema(close, 5)",
        "sma(close, 3)[2]",
        "atr(4)",
        "stdev(close, 6)",
        "highest(high, 4)",
        "bb_lower(close, 5, 2)",
        "close / open * close",
        "mid",
        "ema(ema(close, 3, seed = first), 4)",
        "entry_price",
    ]);
    let comparison = (series.clone(), prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]), series)
        .prop_map(|(left, sign, right)| format!("{left} {sign} {right}"));
    comparison.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| format!("not ({of})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("(({left}) and ({right}))")),
            (inner.clone(), inner).prop_map(|(left, right)| format!("(({left}) or ({right}))")),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in prop_oneof![any::<String>(), nearly_an_expression()]) {
        let _ = check(&text);
    }

    #[test]
    fn every_fault_points_into_the_text(text in nearly_an_expression()) {
        let (mut builder, names) = (Builder::new(Interval::M1), Names::new());
        if let Err(faults) = Checker::new(&mut builder, &names).check(&text, &[]) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                prop_assert!(fault.span.start <= text.len() && !fault.message.is_empty());
            }
        }
    }

    #[test]
    fn no_bar_makes_the_evaluator_panic_or_answer_infinity(
        text in condition(),
        closes in prop::collection::vec(any::<f64>(), 1..30),
    ) {
        for value in over(&text, &closes).into_iter().flatten() {
            prop_assert!(value == 0.0 || value == 1.0);
        }
    }

    /// What is definite with quotes missing stays so when they come: "undefined" never decided anything.
    #[test]
    fn a_definite_answer_survives_more_knowledge(
        text in condition(),
        closes in prop::collection::vec(50.0..60.0_f64, 12..30),
    ) {
        let mut one = check(&text).map_err(|faults| TestCaseError::fail(faults.join(", ")))?;
        for close in &closes {
            one.program.on_bar(Feed::OWN, &bar(*close));
        }
        one.program.on_live(|_| f64::NAN);
        let blind = one.program.truth(one.node);
        one.program.on_live(|word| if word == LiveWord::EntryPrice { 55.0 } else { live(54.0, 56.0)(word) });
        let seeing = one.program.truth(one.node);
        prop_assert!(blind.is_none() || blind == seeing, "{}: {:?} became {:?}", text, blind, seeing);
    }

    /// A condition whose every part is undefined is not true, whatever is built from the parts.
    #[test]
    fn undefined_is_never_true(text in condition()) {
        let mut one = check(&text).map_err(|faults| TestCaseError::fail(faults.join(", ")))?;
        one.program.on_live(|_| f64::NAN);
        prop_assert_eq!(one.program.truth(one.node), None);
    }
}
