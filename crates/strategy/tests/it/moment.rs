//! Every word of the moment, of book and trades, of the position and of the bot's account: what each is worth in one market,
//! flat and long.

use rust_decimal::Decimal;
use windvane_model::{Interval, Qty, Side, Symbol};
use windvane_strategy::vocabulary;

use crate::rule_bot::{RuleFile, bar};
use crate::world::{World, dec, price};

const MINUTE: i64 = 60_000;

/// What holds three minutes after the start, flat. A bar's volume is 1, so that quantities can be said.
const FLAT: &[&str] = &[
    "bid == 100 USDT",
    "ask == 100.5 USDT",
    "mid == 100.25 USDT",
    "spread == 5 ticks",
    "microprice between 100.39 USDT and 100.41 USDT",
    "bid_size == 4 * volume",
    "ask_size == volume",
    "last == 100 USDT",
    "mark == 102 USDT",
    "index == 100 USDT",
    "basis between 1.99% and 2.01%",
    "funding_rate between 0.0099% and 0.0101%",
    // It is looked at for a short.
    "funding_cost between -0.0101% and -0.0099%",
    "time_to_funding == 27m",
    "open_interest == 1100 * volume",
    "imbalance(1) between 59.9% and 60.1%",
    "imbalance(2) == 0%",
    "bid_depth(2) == 6 * volume",
    "ask_depth(1) == volume",
    // 3 bought, 1 sold.
    "trade_flow(1m) == 50%",
    "trade_volume(1m) == 4 * volume",
    "trade_delta(1m) == 2 * volume",
    "trade_delta(20s) == -1 * volume",
    "open_interest_change(1m) between 9.99% and 10.01%",
    "open_interest_change(10s) == 0%",
    "basis_change(1m) between 0.99% and 1.01%",
    "not known(open_interest_change(2m)) and not known(trade_delta(2m))",
    "is_flat and not is_long and not is_short",
    "not known(entry_price) and not known(entries) and not known(position_size)",
    "not known(bars_held) and not known(position_age) and not known(pnl_percent) and not known(pnl_r)",
    "drawdown == 0% and day_return == 0%",
    "entries_today == 0 and stops_today == 0 and losing_streak == 0",
    "equity == 10000 USDT and free_margin == 7000 USDT and open_positions == 0",
];

/// What holds a minute after a long was opened at 101.1, with the last trade at 100 and 1,000 USDT lost meanwhile.
const LONG: &[&str] = &[
    "is_long and not is_short and not is_flat",
    "entry_price == 101.1 USDT",
    "entries == 1",
    "position_size between 9.89 * volume and 9.9 * volume",
    "bars_held == 1",
    "position_age == 1m",
    "pnl_percent between -1.09% and -1.08%",
    // The stop is 2% away.
    "pnl_r between -0.55 and -0.54",
    "drawdown between 9.99% and 10.01%",
    "day_return between -10.01% and -9.99%",
    "entries_today == 1 and stops_today == 0 and losing_streak == 0",
    "equity == 9000 USDT and open_positions == 1",
];

/// The market in which one condition is looked at.
fn scene(condition: &str) -> World {
    let short: &'static str = format!("signal = \"false\"\nfilter = {{ x = \"{condition}\" }}").leak();
    let mut world = RuleFile { short, ..RuleFile::default() }.world();
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let open_interest = |text: &str| Some(Qty::new(dec(text)).unwrap());
    world.open_interest = open_interest("1000");
    world.ticker_of(symbol, "101", "100", 30 * MINUTE);
    world.trade_of(symbol, 2 * MINUTE, Side::Buy, "1");
    world.open_interest = open_interest("1100");
    world.ticker_of(symbol, "102", "100", 30 * MINUTE);
    world.trade_of(symbol, 2 * MINUTE + 30_000, Side::Buy, "2");
    world.trade_of(symbol, 2 * MINUTE + 50_000, Side::Sell, "1");
    world.book(3 * MINUTE, &[("100", "4"), ("99.5", "2")], &[("100.5", "1"), ("101", "5")]);
    // The rules look at a bar's end.
    world.candle(Interval::M1, 2 * MINUTE, [price("100"); 4], Decimal::ONE, false);
    world
}

fn holds(world: &World) -> Option<bool> {
    let conditions = world.bot.conditions();
    conditions.iter().find(|row| row.name == "entry.short.filter.x").unwrap().holds
}

#[test]
fn every_word_has_the_value_that_it_is_said_to_have() {
    let long = |condition: &str| {
        let mut world = scene(condition);
        bar(&mut world, "100", "101");
        world.equity = dec("9000");
        bar(&mut world, "102", "102");
        world
    };
    let flat = FLAT.iter().map(|condition| (condition, scene(condition)));
    let all = flat.chain(LONG.iter().map(|condition| (condition, long(condition))));
    let others: Vec<_> = all.filter(|(_, world)| holds(world) != Some(true)).map(|(text, _)| text).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn no_word_is_left_out() {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let tried: Vec<&str> =
        FLAT.iter().chain(LONG).flat_map(|text| text.split(|letter| !is_part(letter))).collect();
    for entry in vocabulary() {
        let name = entry.written.split('(').next().unwrap();
        let is_live = matches!(entry.group, "the moment" | "the position" | "book and trades");
        assert!(!is_live || tried.contains(&name), "{name}");
    }
}
