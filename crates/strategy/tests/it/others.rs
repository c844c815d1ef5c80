//! Rules that look at other contracts: bars that end together are seen together, whichever message came first, and nothing
//! that came later is.

use rust_decimal::Decimal;
use windvane_model::{Interval, Side, Symbol};

use crate::rule_bot::RuleFile;
use crate::world::{World, instrument, price};

const MINUTE: i64 = 60_000;

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

/// A bot on BTCUSDT that buys when this holds, before it has seen a bar.
fn bot(signal: &str) -> World {
    let long: &'static str = format!("signal = \"{signal}\"").leak();
    let file = RuleFile { long, ..RuleFile::default() };
    let mut world = World::new(file.definition().bot(), instrument("BTCUSDT", "0.1", "0.001"));
    world.point(0, price("100"));
    world
}

/// The bar of a contract for the minute that begins at `start`, told `late` milliseconds after its end.
fn bar(world: &mut World, name: &str, minute: i64, open: &str, close: &str, late: i64) {
    told(world, name, minute, open, close, late, false);
}

fn told(world: &mut World, name: &str, minute: i64, open: &str, close: &str, late: i64, is_warm_up: bool) {
    let (open, close) = (price(open), price(close));
    let start = minute * MINUTE;
    world.now = start + MINUTE + late;
    let ohlc = [open, open.max(close), open.min(close), close];
    world.candle_of(symbol(name), Interval::M1, start, ohlc, Decimal::ONE, is_warm_up);
}

/// Two quiet minutes of both contracts, after which signals count.
fn begin(world: &mut World) {
    for minute in 0..2 {
        bar(world, "BTCUSDT", minute, "100", "100", 0);
        bar(world, "ETHUSDT", minute, "10", "10", 0);
    }
    assert!(world.tally.places.is_empty());
}

const RISES: &str = "close@ETHUSDT > open@ETHUSDT";

#[test]
fn the_rules_are_looked_at_when_the_bars_of_both_are_there_whichever_came_first() {
    for own_first in [true, false] {
        let mut world = bot(RISES);
        begin(&mut world);
        if own_first {
            bar(&mut world, "BTCUSDT", 2, "100", "100", 10);
            assert!(world.tally.places.is_empty(), "the other bar is not there yet");
            bar(&mut world, "ETHUSDT", 2, "10", "11", 900);
        } else {
            bar(&mut world, "ETHUSDT", 2, "10", "11", 10);
            assert!(world.tally.places.is_empty(), "the own bar is not there yet");
            bar(&mut world, "BTCUSDT", 2, "100", "100", 900);
        }
        assert_eq!(world.tally.places.len(), 1, "own first: {own_first}");
    }
}

#[test]
fn a_bar_that_waits_for_too_long_passes_without_a_signal_and_the_late_one_fires_nothing() {
    let mut world = bot(RISES);
    begin(&mut world);
    bar(&mut world, "BTCUSDT", 2, "100", "100", 0);
    assert_eq!(world.bot.wake_at().unwrap().0, 3 * MINUTE + 5_000);
    world.timer(3 * MINUTE + 5_000);
    bar(&mut world, "ETHUSDT", 2, "10", "11", 5_100);
    assert!(world.tally.places.is_empty());
    bar(&mut world, "BTCUSDT", 3, "100", "100", 0);
    bar(&mut world, "ETHUSDT", 3, "11", "12", 100);
    assert_eq!(world.tally.places.len(), 1, "the next bar is an ordinary one");
}

#[test]
fn a_bar_does_not_see_what_came_after_it_in_another_contract() {
    // The other's bar of the next minute overtakes the one that is waited for, and rises.
    let mut world = bot(RISES);
    begin(&mut world);
    bar(&mut world, "BTCUSDT", 2, "100", "100", 0);
    bar(&mut world, "ETHUSDT", 3, "10", "11", 0);
    assert!(world.tally.places.is_empty(), "a bar that skips one");
    // The own bar is late: the other contract is a minute further already.
    let mut world = bot(RISES);
    begin(&mut world);
    bar(&mut world, "ETHUSDT", 2, "10", "10", 0);
    bar(&mut world, "ETHUSDT", 3, "10", "11", 0);
    bar(&mut world, "BTCUSDT", 2, "100", "100", MINUTE + 10);
    assert!(world.tally.places.is_empty(), "the minute in which nothing rose");
    bar(&mut world, "BTCUSDT", 3, "100", "100", 20);
    assert_eq!(world.tally.places.len(), 1, "the minute in which it did");
}

#[test]
fn history_is_read_as_live_bars_are() {
    // Three times the other contract at the end of the second minute, as far as the first minute's price is mistaken for it.
    let mut world = bot("(close / close@ETHUSDT)[1] > 2");
    let minutes = [("100", "100"), ("300", "200"), ("300", "200")];
    for (minute, (own, other)) in (0..).zip(minutes) {
        told(&mut world, "BTCUSDT", minute, own, own, 0, true);
        told(&mut world, "ETHUSDT", minute, other, other, 0, true);
    }
    let holds = |world: &World| world.bot.conditions()[0].holds;
    assert_eq!(holds(&world), Some(false), "1.5 times");
    // The newest own bar of history waits for nothing once live ones come.
    let mut world = bot("(close / close@ETHUSDT)[1] > 2");
    for (minute, (own, other)) in (0..).zip(minutes) {
        told(&mut world, "ETHUSDT", minute, other, other, 0, true);
        told(&mut world, "BTCUSDT", minute, own, own, 0, true);
    }
    told(&mut world, "BTCUSDT", 3, "300", "300", 0, true);
    bar(&mut world, "BTCUSDT", 4, "300", "300", 0);
    bar(&mut world, "ETHUSDT", 4, "100", "100", 0);
    assert!(world.tally.places.is_empty(), "the first live bar");
    bar(&mut world, "BTCUSDT", 5, "300", "300", 0);
    bar(&mut world, "ETHUSDT", 5, "100", "100", 0);
    assert_eq!(world.tally.places.len(), 1);
}

#[test]
fn the_own_contract_after_the_sign_is_the_own_contract() {
    let mut world = bot("close@BTCUSDT > open@BTCUSDT and close > open and rising(close@BTCUSDT@3m, 1)");
    for minute in 0..4 {
        bar(&mut world, "BTCUSDT", minute, "100", "100", 0);
    }
    bar(&mut world, "BTCUSDT", 4, "100", "100", 0);
    assert!(world.tally.places.is_empty());
    bar(&mut world, "BTCUSDT", 5, "100", "101", 0);
    assert_eq!(world.tally.places.len(), 1);
    assert_eq!(world.bot.wake_at().map(|at| at.0), None, "nothing waits");
}

#[test]
fn trades_of_another_contract_are_summed_for_themselves() {
    let mut world = bot("trade_flow(1m)@ETHUSDT < 0% and trade_volume(1m)@ETHUSDT > trade_volume(1m)");
    begin(&mut world);
    assert_eq!(world.bot.subscription().trades, [symbol("ETHUSDT")]);
    // What was traded over a window is known once all of it has been listened to.
    for name in ["BTCUSDT", "ETHUSDT"] {
        world.trade_of(symbol(name), 2 * MINUTE - 1_000, Side::Buy, "9");
    }
    world.trade_of(symbol("BTCUSDT"), 2 * MINUTE + 1_000, Side::Buy, "1.5");
    world.trade_of(symbol("ETHUSDT"), 2 * MINUTE + 2_000, Side::Sell, "2.5");
    bar(&mut world, "ETHUSDT", 2, "10", "10", 0);
    bar(&mut world, "BTCUSDT", 2, "100", "100", 0);
    assert_eq!(world.tally.places.len(), 1);
}

/// Whether a condition holds at a bar that ends at 3 minutes, after trades and a ticker in the own and in another contract.
fn holds(condition: &str) -> Option<bool> {
    let mut world = bot(condition);
    begin(&mut world);
    for (name, mark, index) in [("BTCUSDT", "101", "100"), ("ETHUSDT", "98", "100")] {
        world.ticker_of(symbol(name), mark, index, 33 * MINUTE);
    }
    for name in ["BTCUSDT", "ETHUSDT"] {
        world.trade_of(symbol(name), 59_000, Side::Buy, "7");
    }
    // The first is out of the shorter window by the time of the bar.
    let trades = [(90_000, Side::Sell, "8"), (130_000, Side::Buy, "3"), (150_000, Side::Sell, "1")];
    for (at, taker, qty) in trades {
        world.trade_of(symbol("BTCUSDT"), at, taker, qty);
    }
    world.trade_of(symbol("ETHUSDT"), 175_000, Side::Sell, "0.5");
    bar(&mut world, "ETHUSDT", 2, "10", "10", 0);
    bar(&mut world, "BTCUSDT", 2, "100", "100", 0);
    world.bot.conditions()[0].holds
}

#[test]
fn figures_of_the_moment_have_the_values_that_they_are_said_to_have() {
    for condition in [
        // 3 bought, 1 sold; the bar's volume is 1.
        "trade_flow(1m) == 50%",
        "trade_volume(1m) == 4 * volume",
        "trade_volume(2m) == 12 * volume",
        "trade_flow(10s)@ETHUSDT == -100%",
        "trade_volume(1m)@ETHUSDT == 0.5 * volume@ETHUSDT",
        "basis between 0.9999% and 1.0001%",
        "basis@ETHUSDT between -2.0001% and -1.9999%",
        "time_to_funding == 30m",
        "mark == 101 USDT and index == 100 USDT",
    ] {
        let condition = format!("{condition} and volume@ETHUSDT == volume@ETHUSDT");
        assert_eq!(holds(&condition), Some(true), "{condition}");
    }
    for condition in ["trade_volume(3m) > 0 * volume", "trade_flow(3m)@ETHUSDT > -100%"] {
        assert_eq!(holds(condition), None, "{condition}: nobody listened three minutes ago");
    }
    assert_eq!(holds("trade_flow(10s) == 0% and volume@ETHUSDT == volume@ETHUSDT"), None, "nobody traded");
}

#[test]
fn quotes_of_another_contract_are_its_own() {
    let mut world = bot("mark@ETHUSDT < 50 USDT and mark > 50 USDT");
    begin(&mut world);
    bar(&mut world, "ETHUSDT", 2, "10", "10", 0);
    bar(&mut world, "BTCUSDT", 2, "100", "100", 0);
    assert!(world.tally.places.is_empty(), "not known yet");
    world.ticker_of(symbol("ETHUSDT"), "10", "10", 0);
    bar(&mut world, "ETHUSDT", 3, "10", "10", 0);
    bar(&mut world, "BTCUSDT", 3, "100", "100", 0);
    assert_eq!(world.tally.places.len(), 1);
}
