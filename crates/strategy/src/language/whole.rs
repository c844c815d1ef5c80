//! Primitives streamed bar by bar against the same read off the whole history at once: a second evaluator that is as
//! plain as their descriptions, and sees all bars together.

use super::{Aggregator, Bar, Builder, Checker, Columns, Feed, Names};
use proptest::prelude::*;
use windvane_model::Interval;

/// All bars, and the value of an expression at each of them.
pub(crate) type Whole = fn(&[Bar], usize) -> Option<f64>;

fn truth(holds: bool) -> Option<f64> {
    Some(f64::from(u8::from(holds)))
}

fn rises(bars: &[Bar], at: usize) -> bool {
    bars[at].close > bars[at].open
}

/// The newest bar up to `at` that rose.
fn last_rise(bars: &[Bar], at: usize) -> Option<usize> {
    (0..=at).rev().find(|at| rises(bars, *at))
}

/// The bars from the newest rise on.
fn since_rise(bars: &[Bar], at: usize) -> Option<&[Bar]> {
    last_rise(bars, at).map(|from| &bars[from..=at])
}

/// The last `count` bars, where there are so many.
fn last(bars: &[Bar], at: usize, count: usize) -> Option<&[Bar]> {
    (at + 1).checked_sub(count).map(|from| &bars[from..=at])
}

/// The parts of the quarter of an hour that had ended by the end of bar `at`, so many before the newest.
fn ended(bars: &[Bar], at: usize, before: usize) -> Option<&[Bar]> {
    let newest = ((at + 1) / 3).checked_sub(1 + before)?;
    Some(&bars[3 * newest..3 * newest + 3])
}

fn most(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

pub(crate) const PRIMITIVES: &[(&str, Whole)] = &[
    ("close > open", |bars, at| truth(rises(bars, at))),
    ("close >= open", |bars, at| truth(bars[at].close >= bars[at].open)),
    ("close < open", |bars, at| truth(bars[at].close < bars[at].open)),
    ("close <= open", |bars, at| truth(bars[at].close <= bars[at].open)),
    ("close == open", |bars, at| truth(bars[at].close == bars[at].open)),
    ("close != open", |bars, at| truth(bars[at].close != bars[at].open)),
    ("close between low and open", |bars, at| {
        truth(bars[at].low <= bars[at].close && bars[at].close <= bars[at].open)
    }),
    ("not close > open", |bars, at| truth(!rises(bars, at))),
    ("close > open and open > low", |bars, at| truth(rises(bars, at) && bars[at].open > bars[at].low)),
    ("close > open or open > low", |bars, at| truth(rises(bars, at) || bars[at].open > bars[at].low)),
    ("close - open", |bars, at| Some(bars[at].close - bars[at].open)),
    ("(close + open) / 2", |bars, at| Some((bars[at].close + bars[at].open) / 2.0)),
    ("abs(close - open)", |bars, at| Some((bars[at].close - bars[at].open).abs())),
    ("min(close, open, high)", |bars, at| Some(bars[at].close.min(bars[at].open).min(bars[at].high))),
    ("max(close, open, low)", |bars, at| Some(bars[at].close.max(bars[at].open).max(bars[at].low))),
    ("mean(close, open, low)", |bars, at| Some((bars[at].close + bars[at].open + bars[at].low) / 3.0)),
    ("round(10 * close / open)", |bars, at| Some((10.0 * bars[at].close / bars[at].open).round())),
    ("sqrt(close / open)", |bars, at| Some((bars[at].close / bars[at].open).sqrt())),
    ("ln(close / open)", |bars, at| Some((bars[at].close / bars[at].open).ln())),
    ("if(close > open, high, low)", |bars, at| {
        Some(if rises(bars, at) { bars[at].high } else { bars[at].low })
    }),
    ("known(close[3])", |_, at| truth(at >= 3)),
    ("all_of(close > open, open > low, high > close)", |bars, at| {
        truth(rises(bars, at) && bars[at].open > bars[at].low && bars[at].high > bars[at].close)
    }),
    ("any_of(close > open, high > close)", |bars, at| {
        truth(rises(bars, at) || bars[at].high > bars[at].close)
    }),
    ("n_of(2, close > open, open > low, high > close)", |bars, at| {
        let bar = bars[at];
        let held = [rises(bars, at), bar.open > bar.low, bar.high > bar.close];
        truth(held.into_iter().filter(|held| *held).count() >= 2)
    }),
    ("close[2]", |bars, at| Some(bars[at.checked_sub(2)?].close)),
    ("shift(close, 2)", |bars, at| Some(bars[at.checked_sub(2)?].close)),
    ("change(close, 3)", |bars, at| Some(bars[at].close - bars[at.checked_sub(3)?].close)),
    ("roc(close, 3)", |bars, at| Some(bars[at].close / bars[at.checked_sub(3)?].close - 1.0)),
    // Where it is not above now, it has not crossed, whatever was before.
    ("crosses_above(close, open)", |bars, at| {
        let is_above = rises(bars, at);
        if is_above { truth(!rises(bars, at.checked_sub(1)?)) } else { truth(false) }
    }),
    ("crosses_below(close, open)", |bars, at| {
        let is_below = |bar: Bar| bar.close < bar.open;
        if is_below(bars[at]) { truth(!is_below(bars[at.checked_sub(1)?])) } else { truth(false) }
    }),
    ("rising(close, 3)", |bars, at| {
        let (newest, before) = last(bars, at, 4)?.split_last()?;
        truth(before.iter().all(|bar| newest.close > bar.close))
    }),
    ("falling(close, 3)", |bars, at| {
        let (newest, before) = last(bars, at, 4)?.split_last()?;
        truth(before.iter().all(|bar| newest.close < bar.close))
    }),
    ("persists(close > open, 3)", |bars, at| {
        truth(last(bars, at, 3)?.iter().all(|bar| bar.close > bar.open))
    }),
    ("count(close > open, 4)", |bars, at| {
        #[expect(clippy::cast_precision_loss, reason = "a count of at most four")]
        let count = last(bars, at, 4)?.iter().filter(|bar| bar.close > bar.open).count() as f64;
        Some(count)
    }),
    ("sum(volume, 4)", |bars, at| Some(last(bars, at, 4)?.iter().map(|bar| bar.volume).sum())),
    ("highest(high, 5)", |bars, at| Some(most(last(bars, at, 5)?.iter().map(|bar| bar.high)))),
    ("lowest(low, 5)", |bars, at| Some(least(last(bars, at, 5)?.iter().map(|bar| bar.low)))),
    ("bars_since(close > open)", |bars, at| {
        #[expect(clippy::cast_precision_loss, reason = "a count of bars")]
        let bars = (at - last_rise(bars, at)?) as f64;
        Some(bars)
    }),
    ("value_when(close > open, high)", |bars, at| Some(bars[last_rise(bars, at)?].high)),
    ("highest_since(close > open, high)", |bars, at| {
        Some(most(since_rise(bars, at)?.iter().map(|bar| bar.high)))
    }),
    ("lowest_since(close > open, low)", |bars, at| {
        Some(least(since_rise(bars, at)?.iter().map(|bar| bar.low)))
    }),
    ("sum_since(close > open, volume)", |bars, at| {
        Some(since_rise(bars, at)?.iter().map(|bar| bar.volume).sum())
    }),
    // Of a longer bar only what has ended is seen, from its last part on.
    ("close@15m", |bars, at| Some(ended(bars, at, 0)?.last()?.close)),
    ("high@15m", |bars, at| Some(most(ended(bars, at, 0)?.iter().map(|bar| bar.high)))),
    ("volume@15m", |bars, at| Some(ended(bars, at, 0)?.iter().map(|bar| bar.volume).sum())),
    ("close@15m[1]", |bars, at| Some(ended(bars, at, 1)?.last()?.close)),
    ("rising(close@15m, 1)", |bars, at| {
        truth(ended(bars, at, 0)?.last()?.close > ended(bars, at, 1)?.last()?.close)
    }),
    ("close > open@15m", |bars, at| truth(bars[at].close > ended(bars, at, 0)?.first()?.open)),
    ("pivot_high(high, 2, 1)", |bars, at| {
        let found = (0..at).rev().find(|middle| {
            let window = middle.checked_sub(2).map(|from| &bars[from..=middle + 1]);
            window.is_some_and(|window| window.iter().all(|bar| bar.high <= bars[*middle].high))
        });
        Some(bars[found?].high)
    }),
];

/// Bars whose prices meet often: a comparison of equals is where two readings differ.
fn bars() -> impl Strategy<Value = Vec<Bar>> {
    prop::collection::vec((1_u8..9, 1_u8..9, 0_u8..4, 0_u8..4, 0_u8..5), 1..40).prop_map(|rows| {
        let bar = |(minute, (open, close, above, below, volume)): (usize, (u8, u8, u8, u8, u8))| {
            let (open, close) = (f64::from(open) + 10.0, f64::from(close) + 10.0);
            Bar {
                start_ms: i64::try_from(minute).unwrap_or(0) * 300_000,
                open,
                high: open.max(close) + f64::from(above),
                low: open.min(close) - f64::from(below),
                close,
                volume: f64::from(volume),
            }
        };
        rows.into_iter().enumerate().map(bar).collect()
    })
}

proptest! {
    #[test]
    fn run_over_ahead_every_primitive_is_what_it_is_bar_by_bar(bars in bars(), step in 1_usize..17) {
        for (text, _) in PRIMITIVES {
            let (mut builder, names) = (Builder::new(Interval::M5), Names::new());
            let node = Checker::new(&mut builder, &names).check(text, &[]).unwrap().0.node;
            let mut streamed = builder.build();
            let mut ahead = streamed.clone();
            let longer = streamed.feeds().position(|(feed, _)| feed.interval == Interval::M15);
            let quarter = || Aggregator::new(Interval::M5, Interval::M15);
            let (mut quarter, mut quarter_ahead, mut columns) = (quarter(), quarter(), Columns::default());
            for bars in bars.chunks(step) {
                let wholes = bars.iter().enumerate();
                let wholes = wholes.filter_map(|(row, bar)| Some((row, quarter_ahead.take_part(bar)?)));
                let wholes = longer.map(|feed| (feed, wholes.collect()));
                ahead.run_ahead(bars, wholes.as_slice(), &mut columns);
                for (row, bar) in bars.iter().enumerate() {
                    if let (Some(whole), Some(feed)) = (quarter.take_part(bar), longer) {
                        streamed.on_bar(feed, &whole);
                    }
                    streamed.on_bar(Feed::OWN, bar);
                    ahead.take_row(&columns, row);
                    prop_assert_eq!(ahead.value(node), streamed.value(node), "{}", text);
                }
            }
        }
    }

    #[test]
    fn streamed_bar_by_bar_every_primitive_is_what_the_whole_history_says(bars in bars()) {
        for (text, whole) in PRIMITIVES {
            let (mut builder, names) = (Builder::new(Interval::M5), Names::new());
            let node = Checker::new(&mut builder, &names).check(text, &[]).unwrap().0.node;
            let mut program = builder.build();
            let longer = program.feeds().position(|(feed, _)| feed.interval == Interval::M15);
            let mut quarter = Aggregator::new(Interval::M5, Interval::M15);
            for (at, bar) in bars.iter().enumerate() {
                if let (Some(whole), Some(feed)) = (quarter.take_part(bar), longer) {
                    program.on_bar(feed, &whole);
                }
                program.on_bar(Feed::OWN, bar);
                let (streamed, expected) = (program.value(node), whole(&bars, at));
                let is_equal = match (streamed, expected) {
                    (Some(streamed), Some(expected)) => (streamed - expected).abs() <= 1e-9,
                    (None, None) => true,
                    _ => false,
                };
                prop_assert!(is_equal, "{text} at bar {at}: streamed {streamed:?}, of the whole {expected:?}");
            }
        }
    }
}
