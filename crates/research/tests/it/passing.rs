//! Bars at which nobody does anything are passed over; with every bar played the results are the same to the last byte.

use fastrand::Rng;
use windvane_model::{Fixed, Interval, Money};
use windvane_research::data::{Bar, History};
use windvane_research::{Backtest, Fills, Outcome, Settings, Setup, report};

use crate::desk::{limits, setup, symbol};

const STRATEGIES: [(&str, &str); 13] = [
    ("cross", include_str!("ema-cross.toml")),
    ("bollinger-squeeze", include_str!("../../../../strategies/bollinger-squeeze.toml")),
    ("donchian-turtle", include_str!("../../../../strategies/donchian-turtle.toml")),
    ("funding-filter", include_str!("../../../../strategies/funding-filter.toml")),
    ("golden-cross", include_str!("../../../../strategies/golden-cross.toml")),
    ("ichimoku", include_str!("../../../../strategies/ichimoku.toml")),
    ("macd-trend", include_str!("../../../../strategies/macd-trend.toml")),
    ("opening-range", include_str!("../../../../strategies/opening-range.toml")),
    ("pullback", include_str!("../../../../strategies/pullback.toml")),
    ("rsi-reversion", include_str!("../../../../strategies/rsi-reversion.toml")),
    ("supertrend", include_str!("../../../../strategies/supertrend.toml")),
    ("trend", include_str!("../../../../strategies/trend.toml")),
    ("vwap-reversion", include_str!("../../../../strategies/vwap-reversion.toml")),
];

/// Bars that wander, with quiet stretches, gaps of price and bars that are missing.
fn made_up(seed: u64, count: i64, interval: Interval) -> History {
    const TICK: i64 = 10_000_000;
    let mut rng = Rng::with_seed(seed);
    let fixed = |ticks: i64| Fixed::from_raw(ticks * TICK).unwrap();
    let (mut price, mut bars) = (500_000_i64, Vec::new());
    let first = 1_704_060_000_000 / interval.millis() * interval.millis();
    for index in 0..count {
        if rng.u32(..400) == 0 {
            continue;
        }
        let open = if rng.u32(..50) == 0 { (price + rng.i64(-900..=900)).max(1_000) } else { price };
        let reach = if index / 100 % 4 == 3 { 0 } else { (open / 700).max(2) };
        price = (open + (0..4).map(|_| rng.i64(-reach..=reach)).sum::<i64>() / 3).max(1_000);
        let (high, low) = (open.max(price) + rng.i64(0..=reach), open.min(price) - rng.i64(0..=reach));
        let [open, high, low, close] = [open, high, low.max(1), price].map(fixed);
        let start_ms = first + interval.millis() * index;
        bars.push(Bar { start_ms, open, high, low, close, volume: fixed(rng.i64(0..40_000)) });
    }
    let each_ms = 8 * 3_600_000;
    let funding = (0..count * interval.millis() / each_ms).map(|index| {
        let at_ms = (first / each_ms + 1 + index) * each_ms;
        (at_ms, rust_decimal::Decimal::new(rng.i64(-30..60), 5))
    });
    History { symbol: symbol(), interval, bars, funding: funding.collect() }
}

/// Everything that can be asked of an outcome.
fn told(outcome: &Outcome, data: &[History]) -> String {
    let sheets = report::sheets(outcome).map(|sheet| sheet.csv()).concat();
    let looks: Vec<_> = outcome.engine.bots().map(|bot| outcome.engine.looks(bot.name)).collect();
    let bots: Vec<_> = outcome.engine.bots().collect();
    let (json, page) = (report::json(outcome), report::page(outcome, data));
    format!("{sheets}\n{json}\n{page}\n{bots:?}\n{looks:?}\n{:#?}", outcome.engine.margin())
}

/// Plays both ways; how many bars were passed over, and how many fills there were.
fn compare(name: &str, make: impl Fn() -> Setup, data: &[History]) -> (usize, usize) {
    let span = data[0].bars[300].start_ms..i64::MAX;
    let (mut passed, mut fills) = (0, 0);
    // A short curve has a point at every bar; without one, bars are passed over many at once.
    for keeps_curve in [true, false] {
        let ready = || {
            let backtest = Backtest::new(make(), data, &span).unwrap();
            if keeps_curve { backtest } else { backtest.without_curve() }
        };
        let quick = ready().run(|_| {}).unwrap();
        let slow = ready().bar_by_bar().run(|_| {}).unwrap();
        assert_eq!((slow.passed, slow.bars), (0, quick.bars), "{name}");
        let (quick_told, slow_told) = (told(&quick, data), told(&slow, data));
        if quick_told != slow_told {
            let pair = slow_told.lines().zip(quick_told.lines()).find(|(slow, quick)| slow != quick);
            panic!("{name}: bar by bar and passed over: {pair:#?}");
        }
        (passed, fills) = (quick.passed, quick.engine.orders().fill_count());
    }
    (passed, fills)
}

fn timeframe(text: &str) -> Interval {
    let line = text.lines().find_map(|line| line.strip_prefix("timeframe = \"")).unwrap();
    line.split('"').next().unwrap().parse().unwrap()
}

/// The shipped file with settings drawn from the seed: where orders fill, spread, way to the venue, tight breakers.
fn drawn(text: &str, seed: u64) -> Setup {
    let fills = if seed.is_multiple_of(2) { Fills::Close } else { Fills::NextOpen };
    let mut setup = setup(text, fills);
    // The benchmark's account is so large that an order by risk passes no limit.
    setup.bots[0].budget = Money::new(50_000.into());
    setup.settings = Settings {
        fills,
        spread_ticks: Some(u16::try_from(seed % 3).unwrap()),
        latency: (seed % 3 == 1).then(|| "20s".parse().unwrap()),
        ..Settings::default()
    };
    if seed % 4 == 3 {
        let mut tight = limits();
        tight.drawdown.yellow = "0.5%".parse().unwrap();
        tight.max_loss_per_day = "20000 USDT".parse().unwrap();
        setup.limits = tight;
    }
    setup
}

#[test]
fn bars_that_are_passed_over_leave_behind_what_played_ones_would() {
    let (mut passed, mut fills, mut bars) = (0, 0, 0);
    for (number, (name, text)) in (0_u64..).zip(STRATEGIES) {
        for seed in [number, 4 * number + 3] {
            let data = vec![made_up(seed, 1_500, timeframe(text))];
            let (over, filled) = compare(&format!("{name}, seed {seed}"), || drawn(text, seed), &data);
            (passed, fills, bars) = (passed + over, fills + filled, bars + data[0].bars.len());
        }
    }
    assert!(passed * 2 > bars, "only {passed} of {bars} bars were passed over");
    assert!(fills > 300, "only {fills} fills");
}

#[test]
fn bars_may_be_shorter_than_the_candles_of_the_rules() {
    for seed in 0..4 {
        let (name, text) = STRATEGIES[usize::try_from(seed).unwrap() * 3 + 1];
        let data = vec![made_up(seed, 4_000, Interval::M3)];
        let data =
            if timeframe(text) == Interval::M5 { vec![made_up(seed, 4_000, Interval::M1)] } else { data };
        compare(&format!("{name} on shorter bars, seed {seed}"), || drawn(text, seed), &data);
    }
}

/// What moves a stop while a position is open, with whether the bars between two moves can be passed over.
const MOVED_STOPS: [(&str, bool); 7] = [
    (r#"trail = { arms_at = "0.5 R", gives_back = "1.5 * atr(14)", every = "1h" }"#, true),
    (r#"trail = { arms_at = "0.2 R", gives_back = "0.8%", by = "last" }"#, true),
    (r#"break_even = { at = "0.3 R", offset = "0.05%" }"#, true),
    (
        r#"break_even = { at = "0.3 R", offset = "20 ticks" }
trail = { arms_at = "1 R", gives_back = "max(1 R, atr(14))" }"#,
        false,
    ),
    (
        r#"follow = { level = { long = "lowest(low, 10)", short = "highest(high, 10)" }, every = "30s" }"#,
        true,
    ),
    (
        r#"follow = { level = { long = "lowest(low, 30)", short = "highest(high, 30)" } }
break_even = { at = "0.5 R" }"#,
        true,
    ),
    (r#"trail = { arms_at = "0.5 R", gives_back = "1.5 * atr(14)", by = "quote" }"#, false),
];

#[test]
fn a_stop_moves_at_the_same_bars_to_the_same_places() {
    let (_, text) = STRATEGIES.into_iter().find(|(name, _)| *name == "bollinger-squeeze").unwrap();
    let trail = text.lines().find(|line| line.starts_with("trail")).unwrap();
    for (number, (exit, is_foreseen)) in (0_u64..).zip(MOVED_STOPS) {
        let text = text.replace(trail, exit);
        let (mut passed, mut bars) = (0, 0);
        for (seed, count, interval) in [(number, 1_000, Interval::M15), (number + 7, 1_500, Interval::M5)] {
            let data = vec![made_up(seed, count, interval)];
            let (over, fills) = compare(exit, || drawn(&text, seed), &data);
            assert!(fills > 4, "{exit}: only {fills} fills");
            (passed, bars) = (passed + over, bars + data[0].bars.len());
        }
        assert_eq!(passed * 2 > bars, is_foreseen, "{exit}: {passed} of {bars} bars were passed over");
    }
}
