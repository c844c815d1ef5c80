//! Twelve well-known strategies as rule files: each signals exactly when an independent computation says it must
//! (`tests/golden/signals.py`), on real bars and a recorded book.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::{Interval, Price, Side};
use windvane_strategy::Asked;

use crate::shipped::{definition, root};
use crate::world::{World, dec, instrument, price};

const GOLDEN: &str = include_str!("../golden/signals.json");
const BOOK: &str = include_str!("../golden/book.csv");

/// (bar start in milliseconds or number of the book message, side).
type Signals = Vec<(i64, String)>;

fn golden(name: &str) -> Signals {
    let all: BTreeMap<String, Signals> = serde_json::from_str(GOLDEN).unwrap();
    all[name].clone()
}

/// The newest look's signals, as the golden list names them.
fn fired(world: &World, at: i64) -> Signals {
    let now = world.now;
    let looks = world.bot.looks();
    let fresh = looks.iter().filter(|look| look.at.0 == now && look.asked == Asked::Entry && look.has_fired);
    fresh.map(|look| (at, if look.side == Side::Buy { "long" } else { "short" }.to_owned())).collect()
}

/// Runs a file over the bars of btcusdt.csv, joined to its timeframe.
fn over_bars(name: &str, interval: Interval) -> Signals {
    let text = std::fs::read_to_string(root().join("config/market/btcusdt.csv")).unwrap();
    let rows = |kind: &str| -> Vec<Vec<String>> {
        let rows = text.lines().filter_map(|line| line.strip_prefix(kind));
        rows.map(|row| row.split(',').map(str::to_owned).collect()).collect()
    };
    let (bars, funding) = (rows("bar,"), rows("funding,"));
    let mut world =
        World::new(definition(&format!("{name}.toml")).bot(), instrument("BTCUSDT", "0.1", "0.001"));
    let mut found = Signals::new();
    let per_bar = usize::try_from(interval.minutes() / 5).unwrap();
    for parts in bars.chunks_exact(per_bar) {
        let start: i64 = parts[0][0].parse().unwrap();
        let end = start + interval.millis();
        let prices = |cell: usize| parts.iter().map(move |part| price(&part[cell]));
        let (open, close) = (price(&parts[0][1]), price(&parts[per_bar - 1][4]));
        let (high, low): (Price, Price) = (prices(2).max().unwrap(), prices(3).min().unwrap());
        let volume: Decimal = parts.iter().map(|part| dec(&part[5])).sum();
        let next = funding.iter().find(|row| row[0].parse::<i64>().unwrap() > end).or(funding.last());
        world.funding_rate = dec(&next.unwrap()[1]);
        world.point(end, close);
        world.candle(interval, start, [open, high, low, close], volume, false);
        found.extend(fired(&world, start));
    }
    found
}

#[test]
fn eleven_well_known_strategies_signal_when_an_independent_computation_says_so() {
    for (name, interval) in [
        ("golden-cross", Interval::M15),
        ("macd-trend", Interval::M15),
        ("rsi-reversion", Interval::M15),
        ("bollinger-squeeze", Interval::M15),
        ("donchian-turtle", Interval::M15),
        ("supertrend", Interval::M15),
        ("ichimoku", Interval::M15),
        ("funding-filter", Interval::M15),
        ("opening-range", Interval::M5),
        ("vwap-reversion", Interval::M5),
        ("pullback", Interval::M5),
    ] {
        let (found, expected) = (over_bars(name, interval), golden(name));
        let first = found.iter().zip(&expected).position(|(found, expected)| found != expected);
        assert_eq!(
            first,
            None,
            "{name}: {:?} for {:?}",
            &found[first.unwrap_or(0)..],
            &expected[first.unwrap_or(0)..]
        );
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}

#[test]
fn the_book_strategy_signals_on_a_recorded_book() {
    let mut world = World::new(definition("book-imbalance.toml").bot(), instrument("LTCUSDT", "0.01", "0.1"));
    let mut found = Signals::new();
    for (number, row) in BOOK.lines().enumerate() {
        let sides: Vec<Vec<(&str, &str)>> = row
            .split(',')
            .map(|side| side.split(' ').map(|level| level.split_once(':').unwrap()).collect())
            .collect();
        world.book(i64::try_from(number).unwrap() + 1, &sides[0], &sides[1]);
        found.extend(fired(&world, i64::try_from(number).unwrap()));
    }
    assert_eq!(found, golden("book-imbalance"));
}
