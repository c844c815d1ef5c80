//! Primitives streamed bar by bar against the same read off the whole history at once: a second evaluator that is as
//! plain as their descriptions, and sees all bars together.

use super::columns::Completed;
use super::{Aggregator, Bar, Builder, Checker, Columns, Feed, FeedId, Names, NodeId, Program};
use proptest::prelude::*;
use windvane_model::{Interval, Symbol};

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

/// What another contract does while ours has this bar: the same day upside down.
fn elsewhere(bar: &Bar) -> Bar {
    Bar { open: bar.close, high: 40.0 - bar.low, low: 40.0 - bar.high, close: bar.open, ..*bar }
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
    ("all_of(true, close > open)", |bars, at| truth(rises(bars, at))),
    ("any_of(false, close > open)", |bars, at| truth(rises(bars, at))),
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
    ("pivot_low(low, 1, 2)", |bars, at| {
        let found = (0..at.saturating_sub(1)).rev().find(|middle| {
            let window = middle.checked_sub(1).map(|from| &bars[from..=middle + 2]);
            window.is_some_and(|window| window.iter().all(|bar| bar.low >= bars[*middle].low))
        });
        Some(bars[found?].low)
    }),
    ("percent_rank(close, 4)", |bars, at| {
        let window = last(bars, at, 4)?;
        let count = window.iter().filter(|bar| bar.close <= bars[at].close).count();
        Some(f64::from(u8::try_from(count).ok()?) / 4.0)
    }),
    ("if(bar_time >= 23h + 55m, close, open)", |bars, at| {
        let is_last = bars[at].start_ms.rem_euclid(DAY_MS) >= 86_100_000;
        Some(if is_last { bars[at].close } else { bars[at].open })
    }),
    // 1970 began on a Thursday, the fourth day.
    ("weekday", |bars, at| Some(if bars[at].start_ms < DAY_MS { 4.0 } else { 5.0 })),
    ("new_day", |bars, at| truth(bars[at].start_ms == DAY_MS)),
    // Of another contract the bar that ends with ours is seen, and none after it.
    ("close@ETHUSDT", |bars, at| Some(elsewhere(&bars[at]).close)),
    ("lowest(low@ETHUSDT, 3)", |bars, at| {
        Some(least(last(bars, at, 3)?.iter().map(|bar| elsewhere(bar).low)))
    }),
    ("close > high@ETHUSDT[1]", |bars, at| truth(bars[at].close > elsewhere(&bars[at.checked_sub(1)?]).high)),
    ("sum(close / close@ETHUSDT, 3)", |bars, at| {
        Some(last(bars, at, 3)?.iter().map(|bar| bar.close / elsewhere(bar).close).sum())
    }),
    ("high@ETHUSDT@15m", |bars, at| Some(most(ended(bars, at, 0)?.iter().map(|bar| elsewhere(bar).high)))),
];

const DAY_MS: i64 = 86_400_000;
/// When the first bar begins: three quarters of an hour before midnight.
const FIRST_MS: i64 = DAY_MS - 2_700_000;

/// Bars whose prices meet often: a comparison of equals is where two readings differ.
fn bars() -> impl Strategy<Value = Vec<Bar>> {
    prop::collection::vec((1_u8..9, 1_u8..9, 0_u8..4, 0_u8..4, 0_u8..5), 1..40).prop_map(|rows| {
        let bar = |(minute, (open, close, above, below, volume)): (usize, (u8, u8, u8, u8, u8))| {
            let (open, close) = (f64::from(open) + 10.0, f64::from(close) + 10.0);
            Bar {
                start_ms: FIRST_MS + i64::try_from(minute).unwrap_or(0) * 300_000,
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

/// A program of one expression with whatever feeds it speaks of, streamed or run ahead.
#[derive(Clone)]
pub(crate) struct Fed {
    program: Program,
    node: NodeId,
    /// Other feeds: whether of the other contract, and what puts their bars together where they are longer.
    feeds: Vec<(FeedId, bool, Option<Aggregator>)>,
}

impl Fed {
    pub(crate) fn new(text: &str) -> Self {
        let (mut builder, names) = (Builder::new(Interval::M5), Names::new());
        let checked = Checker::new(&mut builder, &names).check(text, &[]);
        let node = checked.unwrap_or_else(|faults| panic!("{text}: {faults:?}")).0.node;
        let mut program = builder.build();
        program.set_tick_size(0.1);
        let ether = Symbol::new("ETHUSDT").unwrap();
        let feeds = program.feeds().enumerate().skip(1).map(|(id, (feed, _))| {
            assert!(feed.symbol.is_none_or(|symbol| symbol == ether), "{text}");
            let longer = (feed.interval > Interval::M5).then(|| Aggregator::new(Interval::M5, feed.interval));
            (id, feed.symbol.is_some(), longer)
        });
        Self { feeds: feeds.collect(), program, node }
    }

    /// The bars of other feeds that are there with this one.
    fn beside(&mut self, bar: &Bar) -> Vec<(FeedId, Bar)> {
        let completed = self.feeds.iter_mut().filter_map(|(feed, is_other, longer)| {
            let bar = if *is_other { elsewhere(bar) } else { *bar };
            let bar = longer.as_mut().map_or(Some(bar), |longer| longer.take_part(&bar))?;
            Some((*feed, bar))
        });
        completed.collect()
    }

    /// Takes a bar; the value at it.
    pub(crate) fn next(&mut self, bar: &Bar) -> Option<f64> {
        for (feed, other) in self.beside(bar) {
            self.program.on_bar(feed, &other);
        }
        self.program.on_bar(Feed::OWN, bar);
        self.program.value(self.node)
    }

    /// Runs ahead over bars that come next.
    pub(crate) fn run_ahead(&mut self, bars: &[Bar], columns: &mut Columns) {
        let mut completed: Vec<Completed> = self.feeds.iter().map(|(feed, ..)| (*feed, Vec::new())).collect();
        for (row, bar) in bars.iter().enumerate() {
            for (feed, other) in self.beside(bar) {
                completed[feed - 1].1.push((row, other));
            }
        }
        self.program.run_ahead(bars, &completed, columns);
    }

    /// The value at a bar that was run over.
    pub(crate) fn take_row(&mut self, columns: &Columns, row: usize) -> Option<f64> {
        self.program.take_row(columns, row);
        self.program.value(self.node)
    }
}

proptest! {
    #[test]
    fn run_over_ahead_every_primitive_is_what_it_is_bar_by_bar(bars in bars(), step in 1_usize..17) {
        for (text, _) in PRIMITIVES {
            let mut streamed = Fed::new(text);
            let (mut ahead, mut columns) = (streamed.clone(), Columns::default());
            for bars in bars.chunks(step) {
                ahead.run_ahead(bars, &mut columns);
                for (row, bar) in bars.iter().enumerate() {
                    prop_assert_eq!(ahead.take_row(&columns, row), streamed.next(bar), "{}", text);
                }
            }
        }
    }

    #[test]
    fn streamed_bar_by_bar_every_primitive_is_what_the_whole_history_says(bars in bars()) {
        for (text, whole) in PRIMITIVES {
            let mut fed = Fed::new(text);
            for (at, bar) in bars.iter().enumerate() {
                let (streamed, expected) = (fed.next(bar), whole(&bars, at));
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
