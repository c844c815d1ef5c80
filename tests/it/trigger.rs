//! Stops and targets at the venue, fired by the price that the rules name, while the last, the mark and the index price
//! go three ways.

use serde_json::Value;
use windvane_tests::{Ground, Market, PATIENCE, wait_until};

/// A contract, the word of its rules and of the venue for what fires its stop, its bid, and how many decimals it has.
const CONTRACTS: [(&str, &str, &str, f64, usize); 3] = [
    ("BTCUSDT", "last", "LastPrice", 65_000.0, 1),
    ("ETHUSDT", "mark", "MarkPrice", 2_000.0, 2),
    ("DOGEUSDT", "index", "IndexPrice", 0.1, 5),
];

/// Buys once, when the bid reaches its price; its stop at the venue two hundredths away, its target half a one: one that
/// sells far below the other prices is stopped by the bounds of the venue.
fn rules(by: &str, bid: f64) -> String {
    format!(
        "language = 1\ntimeframe = \"5m\"\nevaluate = \"tick\"\n\n[entry.long]\nsignal = \"bid >= {bid} USDT\"\n\n\
         [entry.any]\norder = {{ type = \"market\", valid_for = \"20s\" }}\n\
         size = {{ quote = \"600 USDT\", max_leverage = \"1x\" }}\nlimit = {{ entries_per_day = 1 }}\n\n\
         [exit]\nstop = {{ distance = \"2%\", by = \"{by}\" }}\n\
         take_profit = {{ distance = \"0.5%\", place = \"venue\", by = \"{by}\" }}\n"
    )
}

/// Where the three prices stand, as parts of the bid.
#[derive(Clone, Copy)]
struct Prices {
    last: f64,
    mark: f64,
    index: f64,
}

const EVEN: Prices = Prices { last: 1.0, mark: 1.0, index: 1.0 };

/// Moves every contract, a tick up or down by the turn: a quote that stands still grows old.
fn quote(ground: &Ground, ticks: u32, prices: Prices) {
    for (symbol, .., bid, places) in CONTRACTS {
        let tick = 0.1_f64.powi(i32::try_from(places).unwrap());
        let bid = bid + tick * f64::from(ticks);
        let (ask, Prices { last, mark, index }) = (bid + tick, prices);
        let (last, mark, index) = (bid * last, bid * mark, bid * index);
        ground.sim(
            "price",
            &format!(
                r#"{{"symbol":"{symbol}","bid":"{bid:.places$}","ask":"{ask:.places$}","last":"{last:.places$}","mark":"{mark:.places$}","index":"{index:.places$}"}}"#
            ),
        );
    }
}

fn held(ground: &Ground) -> Vec<String> {
    crate::kill::held(ground).iter().filter_map(|row| row["symbol"].as_str().map(str::to_owned)).collect()
}

/// The orders of that kind by which positions end, filled or waiting.
fn ends(ground: &Ground, kind: &str) -> Vec<Value> {
    ground.rows("orders").into_iter().filter(|row| row["stopOrderType"] == kind).collect()
}

/// Three bots in a position each, and every end of it fired by the price that its rules name.
fn three_positions() -> (Ground, windvane_tests::Running) {
    let ground = Ground::new(Market::Still);
    let shipped = ground.folder().join("busy.toml");
    let mut changes = Vec::new();
    for (symbol, by, _, bid, places) in CONTRACTS {
        let file = ground.folder().join(format!("{by}.toml"));
        let reached = bid + 3.0 * 0.1_f64.powi(i32::try_from(places).unwrap());
        std::fs::write(&file, rules(by, (reached * 1e6).round() / 1e6)).unwrap();
        let before = format!("symbol = \"{symbol}\"\nstrategy = \"{}\"", shipped.display());
        changes.push((before, format!("symbol = \"{symbol}\"\nstrategy = \"{}\"", file.display())));
    }
    let changes: Vec<(&str, &str)> = changes.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    ground.write_config(&changes);
    let engine = ground.engine("engine", &[]);
    let mut turn = 0;
    wait_until("an engine that may trade", PATIENCE, || {
        turn += 1;
        quote(&ground, turn % 2, EVEN);
        let (_, status, _) =
            windvane_tests::finish(&windvane_tests::windvane(&["status", "--config", &ground.config()]));
        status.contains(r#""run_state": "active""#)
    });
    wait_until("three positions", PATIENCE, || {
        turn += 1;
        quote(&ground, 3 + turn % 2, EVEN);
        held(&ground).len() == 3
    });
    for kind in ["StopLoss", "TakeProfit"] {
        let ends = ends(&ground, kind);
        assert_eq!(ends.len(), 3, "{ends:?}");
        for end in ends {
            let (.., by, _, _) = CONTRACTS.iter().find(|(symbol, ..)| end["symbol"] == *symbol).unwrap();
            assert_eq!(end["triggerBy"], *by, "{end}");
        }
    }
    (ground, engine)
}

/// Moves one price after the other by a part, and asks each time who is still in.
fn one_after_the_other(part: f64, kind: &str) {
    let (ground, mut engine) = three_positions();
    let steps = [
        (Prices { last: part, ..EVEN }, &["DOGEUSDT", "ETHUSDT"][..]),
        (Prices { mark: part, ..EVEN }, &["DOGEUSDT"]),
        (Prices { index: part, ..EVEN }, &[]),
    ];
    for (prices, left) in steps {
        let mut turn = 0;
        wait_until("the price to end its position", PATIENCE, || {
            turn += 1;
            quote(&ground, 3 + turn % 2, prices);
            held(&ground).len() <= left.len()
        });
        let mut held = held(&ground);
        held.sort();
        assert_eq!(held, left);
    }
    let ended = ends(&ground, kind);
    let filled = ended.iter().filter(|row| row["orderStatus"] == "Filled").count();
    assert_eq!(filled, 3, "by the venue's own orders: {ended:?}");
    engine.interrupt();
    assert_eq!(engine.wait(std::time::Duration::from_secs(120)), Some(0), "{}", engine.err());
    assert!(engine.out().contains("\"is_equal\":true"), "{}", engine.out());
}

#[test]
fn a_stop_fires_by_the_price_that_the_rules_name_and_by_no_other() {
    one_after_the_other(0.97, "StopLoss");
}

#[test]
fn a_target_fires_by_the_price_that_the_rules_name_and_by_no_other() {
    one_after_the_other(1.008, "TakeProfit");
}
