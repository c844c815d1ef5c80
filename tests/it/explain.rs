//! `windvane explain`: from what a bot saw to what became of it, for an order, a stop that the venue made, a bot and a
//! contract, while the engine runs and out of the journal alone afterwards.

use serde_json::Value;
use windvane_tests::{Ground, Market, PATIENCE, finish, wait_until, windvane};

/// Buys when the middle of the book rises above 65100; its stop lies one per cent below.
fn rules(size: &str, filter: &str) -> String {
    format!(
        r#"
language = 1
timeframe = "1m"
evaluate = "tick"
[entry.long]
signal = "mid > 65100 USDT"
filter = {{ {filter} }}
[entry.any]
order = {{ type = "market", valid_for = "20s" }}
size = {{ {size}, max_leverage = "2x", below_minimum = "skip" }}
[exit]
stop = {{ distance = "1%" }}
"#
    )
}

/// A still market with one bot, `trend` on BTCUSDT, that goes by `text`.
fn ground(text: &str) -> Ground {
    let ground = Ground::new(Market::Still);
    std::fs::write(ground.folder().join("rules.toml"), text).unwrap();
    let busy = format!("\"{}/busy.toml\"", ground.folder().display());
    let rules = format!("\"{}/rules.toml\"", ground.folder().display());
    let whole = std::fs::read_to_string(ground.config()).unwrap();
    let (head, tail) = whole.split_once("\n[bot.trend]").expect("the demo's first bot");
    let (own, _) = tail.split_once("\n[bot.reversion]").expect("and its second");
    let text = format!("{head}\n[bot.trend]{}", own.replace(&busy, &rules));
    std::fs::write(ground.config(), text).unwrap();
    let (code, out, err) = finish(&windvane(&["check", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{out}{err}");
    ground
}

fn price(ground: &Ground, bid: f64) {
    let ask = bid + 0.1;
    let body = format!(
        r#"{{"symbol":"BTCUSDT","bid":"{bid:.1}","ask":"{ask:.1}","last":"{bid:.1}","mark":"{bid:.1}","index":"{bid:.1}"}}"#
    );
    ground.sim("price", &body);
}

/// Moves the price between two places until `done`.
fn until(what: &str, ground: &Ground, [low, high]: [f64; 2], done: impl Fn() -> bool) {
    let mut turn = 0_u32;
    wait_until(what, PATIENCE, || {
        price(ground, if turn.is_multiple_of(2) { low } else { high });
        turn += 1;
        // Every price has to be seen by itself.
        std::thread::sleep(std::time::Duration::from_millis(100));
        done()
    });
}

fn explain(ground: &Ground, what: &str, more: &[&str]) -> String {
    let config = ground.config();
    let whole = [&["explain", what, "--config", config.as_str()], more].concat();
    let (code, out, err) = finish(&windvane(&whole));
    assert_eq!(code, Some(0), "{what}: {out}{err}");
    out
}

/// Each of `parts` is in a line of its own below the one before.
fn in_order(text: &str, parts: &[&str]) {
    let mut lines = text.lines();
    for part in parts {
        assert!(lines.any(|line| line.contains(part)), "no `{part}` in its place in:\n{text}");
    }
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_default()
}

#[test]
fn an_order_and_the_stop_that_the_venue_made_for_it_are_told_from_signal_to_position() {
    let ground = ground(&rules("quote = \"1000 USDT\"", "cheap = \"mid < 1000000 USDT\""));
    let mut engine = ground.engine("engine", &[]);
    let fills = |ground: &Ground| ground.rows("fills");
    until("the entry", &ground, [65_000.0, 65_200.0], || !fills(&ground).is_empty());
    until("the stop", &ground, [64_400.0, 64_000.0], || fills(&ground).len() >= 2);

    let rows = ground.rows("orders");
    let entry = rows.iter().find(|row| text(row, "side") == "Buy").expect("the entry");
    let stop = rows.iter().find(|row| text(row, "stopOrderType").contains("StopLoss")).expect("the stop");
    let (id, stop_id) = (text(entry, "orderLinkId"), text(stop, "orderId"));
    assert_eq!(text(stop, "parentOrderLinkId"), id, "{stop}");
    let story = [
        "signal    bot trend: entry.long.signal, woken by",
        "verdict   approved 0.015 as asked for, counted at",
        "command   entry Buy 0.015 BTCUSDT at market, stop",
        "fill      Buy 0.015",
        "position  BTCUSDT: long 0.015",
    ];
    let ending = ["fill      Sell 0.015", "position  BTCUSDT: flat", "the stop is Filled"];
    let made = format!("parent    {stop_id} was made by the venue for the position of [{id}]");
    wait_until("the end to be on record", PATIENCE, || {
        explain(&ground, "BTCUSDT", &[]).contains("position  BTCUSDT: flat")
    });
    // While it runs, and from the files alone.
    for is_over in [false, true] {
        if is_over {
            ground.end(&mut engine);
        }
        let by_id = explain(&ground, id, &[]);
        in_order(&by_id, &[&story[..], &[&made], &ending].concat());
        assert_eq!(explain(&ground, text(entry, "orderId"), &[]), by_id, "by the venue's name");
        in_order(&explain(&ground, stop_id, &[]), &[&story[..], &[&made], &ending].concat());
        let seen =
            ["look      bot trend saw entry.long.signal, nothing in its way (signal yes, filter.cheap yes)"];
        for what in ["trend", "BTCUSDT"] {
            in_order(&explain(&ground, what, &[]), &[&seen[..], &story, &ending].concat());
        }
        let json: Value = serde_json::from_str(&explain(&ground, id, &["--json"])).unwrap();
        assert_eq!(json["schema"], "windvane.explain/1");
        assert_eq!(json["steps"].as_array().unwrap().len(), by_id.lines().count());
    }

    let filled_at = text(entry, "updatedTime");
    for what in [id, "trend", "BTCUSDT"] {
        in_order(&explain(&ground, what, &["--at", filled_at]), &story);
        let long_before = explain(&ground, what, &["--at", "2001-01-01T00:00:00Z"]);
        assert_eq!(long_before, "nothing is on record of it then\n");
    }
}

#[test]
fn why_a_bot_did_not_trade_is_on_record() {
    let ground = ground(&rules("quote = \"1000 USDT\"", "never = \"mid > 900000 USDT\""));
    let mut engine = ground.engine("engine", &[]);
    let refused = "look      bot trend saw entry.long.signal, stopped by entry.long.filter.never";
    until("a look", &ground, [65_000.0, 65_200.0], || {
        let config = ground.config();
        let (_, out, _) = finish(&windvane(&["explain", "trend", "--config", &config]));
        out.contains(refused)
    });
    ground.end(&mut engine);
    // The engine is gone; what it saw is not, although the bot has never asked for anything.
    for what in ["trend", "BTCUSDT"] {
        let out = explain(&ground, what, &[]);
        assert!(out.contains(refused) && out.contains("(signal yes, filter.never no)"), "{out}");
        let looks = out.lines().filter(|line| line.contains("look ")).count();
        assert!(looks <= 4, "the same again and again is told once a minute: {out}");
    }
}

#[test]
fn a_denied_wish_is_told_with_what_was_wished_and_why() {
    let ground = ground(&rules("quote = \"1000 USDT\"", "cheap = \"mid < 1000000 USDT\""));
    let config = std::fs::read_to_string(ground.config()).unwrap();
    let strict = config.replace("max_order_notional = \"60000 USDT\"", "max_order_notional = \"500 USDT\"");
    assert_ne!(strict, config);
    std::fs::write(ground.config(), strict).unwrap();
    let mut engine = ground.engine("engine", &[]);
    until("a denial", &ground, [65_000.0, 65_200.0], || {
        let (_, out, _) = finish(&windvane(&["explain", "trend", "--config", &ground.config()]));
        out.contains("order_notional")
    });
    ground.end(&mut engine);
    let out = explain(&ground, "trend", &[]);
    let story = [
        "look      bot trend saw entry.long.signal, nothing in its way",
        "signal    bot trend: entry.long.signal, woken by",
        "verdict   denied (order_notional) entry Buy 0.015 BTCUSDT at market: order value",
    ];
    in_order(&out, &story);
    let at = out.lines().find(|line| line.contains("order_notional")).unwrap().split("  ").next().unwrap();
    in_order(&explain(&ground, "BTCUSDT", &["--at", at]), &story);
}
