//! The strategies that ship: each file is understood, and trades on the market tables that ship beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use windvane_model::Interval;
use windvane_strategy::{Definition, load};

use crate::world::{World, dec, instrument, price};

/// Bars at the start of a table that only warm indicators up.
const WARM_UP: usize = 2 * 288;

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn definition(name: &str) -> Definition {
    let text = std::fs::read_to_string(root().join("strategies").join(name)).unwrap();
    load(name, &text, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Runs a strategy over a table: each bar is four points, the nearer extreme first.
fn run(name: &str, table: &str, tick: &str, lot: &str) -> World {
    let text = std::fs::read_to_string(root().join("config/market").join(format!("{table}.csv"))).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("bar,"));
    let mut world = World::new(definition(name).bot(), instrument(&table.to_uppercase(), tick, lot));
    for (index, row) in rows.enumerate() {
        let cells: Vec<&str> = row.split(',').collect();
        let start: i64 = cells[0].parse().unwrap();
        let [open, high, low, close] = [1, 2, 3, 4].map(|cell| price(cells[cell]));
        let is_warm_up = index < WARM_UP;
        if !is_warm_up {
            let nearer_first =
                if high.distance(open) < low.distance(open) { [high, low] } else { [low, high] };
            for (quarter, point) in [open, nearer_first[0], nearer_first[1], close].into_iter().enumerate() {
                world.point(start + i64::try_from(quarter).unwrap() * 90_000, point);
            }
        }
        world.now = start + 300_000;
        world.candle(Interval::M5, start, [open, high, low, close], dec(cells[5]), is_warm_up);
    }
    let tally = &world.tally;
    println!(
        "{name} on {table}: {} signals, {} maker and {} taker fills, {} stops, {} stop moves, {} cancels, net {:.2} USDT, {:?}",
        world.bot.signals(),
        tally.maker_fills,
        tally.taker_fills,
        tally.stops,
        tally.protects.len(),
        tally.cancels,
        tally.net,
        world.bot.conditions().iter().map(|row| (row.name.clone(), row.blocked)).collect::<Vec<_>>(),
    );
    world
}

#[test]
fn trend_trades_on_every_table() {
    for (table, tick, lot) in
        [("btcusdt", "0.1", "0.001"), ("ethusdt", "0.01", "0.01"), ("dogeusdt", "0.00001", "1")]
    {
        let tally = run("trend.toml", table, tick, lot).tally;
        assert!(tally.taker_fills >= 40 && tally.stops > 0, "{tally:?}");
    }
}

#[test]
fn reversion_trades_on_every_table_and_earns_maker_fills() {
    for (table, tick, lot) in
        [("btcusdt", "0.1", "0.001"), ("ethusdt", "0.01", "0.01"), ("dogeusdt", "0.00001", "1")]
    {
        let tally = run("reversion.toml", table, tick, lot).tally;
        assert!(tally.maker_fills >= 20 && tally.maker_fills + tally.taker_fills >= 40, "{tally:?}");
    }
}

#[test]
fn maker_trades_on_every_table() {
    for (table, tick, lot) in
        [("btcusdt", "0.1", "0.001"), ("ethusdt", "0.01", "0.01"), ("dogeusdt", "0.00001", "1")]
    {
        let tally = run("maker.toml", table, tick, lot).tally;
        assert!(tally.maker_fills >= 40, "{tally:?}");
    }
}

#[test]
fn the_example_of_the_handbook_is_understood() {
    let text = std::fs::read_to_string(root().join("strategies/README.md")).unwrap();
    let example = text.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    load("README.md", example, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}"));
}

#[test]
fn the_handbook_lists_every_word_with_its_meaning() {
    let text = std::fs::read_to_string(root().join("strategies/README.md")).unwrap();
    for entry in windvane_strategy::vocabulary() {
        let row = format!("| `{}` | {} |", entry.written, entry.says);
        assert!(text.contains(&row), "{row}");
    }
}
