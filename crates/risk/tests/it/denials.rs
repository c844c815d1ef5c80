//! One row for each reason to say no, and the order left alone that says yes.

use crate::scene::{
    Scene, at, bot, dec, exit, id, instrument, leverage, limits, market, other_symbol, place, price, qty,
    symbol,
};
use windvane_model::{
    BotName, Coin, DenialReason, ExitCause, HaltCause, InstrumentStatus, Intent, MarketTime, Money, Place,
    PositionIndex, PositionStatus, RefusalFamily, RunState, Side, Stamp, Symbol,
};
use windvane_risk::{Breach, OpenOrder, PositionExposure};

struct Row {
    reason: &'static str,
    case: &'static str,
    arrange: fn(&mut Scene),
    intent: Intent,
}

fn row(reason: &'static str, case: &'static str, arrange: fn(&mut Scene), wish: Place) -> Row {
    Row { reason, case, arrange, intent: Intent::Place(wish) }
}

fn amend_row(reason: &'static str, case: &'static str, arrange: fn(&mut Scene)) -> Row {
    let intent = Intent::Amend { client_order_id: id(1), price: Some(price("101")), qty: None };
    Row { reason, case, arrange, intent }
}

fn nothing(_: &mut Scene) {}

fn rows_of_order() -> Vec<Row> {
    vec![
        row(
            "not_tradable",
            "unknown contract",
            nothing,
            Place { symbol: Symbol::new("XUSDT").unwrap(), ..place() },
        ),
        row("off_tick", "price", nothing, Place { kind: at("100.05"), ..place() }),
        row("off_tick", "stop", nothing, Place { stop_loss: Some(price("95.05")), ..place() }),
        row("off_tick", "exit", |s| s.hold(Side::Buy, "1"), Place { kind: at("100.05"), ..exit("1") }),
        row("off_lot", "qty", nothing, Place { qty: qty("1.0005"), ..place() }),
        row("below_minimum", "nothing", nothing, Place { qty: qty("0"), ..place() }),
        row("below_minimum", "value 4.9", nothing, Place { qty: qty("0.049"), ..place() }),
        row(
            "below_minimum",
            "market may fill lower",
            nothing,
            Place { qty: qty("0.05"), kind: market(), ..place() },
        ),
        row("above_venue_maximum", "limit", nothing, Place { qty: qty("1001"), ..place() }),
        row("above_venue_maximum", "market", nothing, Place { qty: qty("11"), kind: market(), ..place() }),
        row("order_notional", "just above", nothing, Place { qty: qty("5.001"), ..place() }),
        row(
            "order_notional",
            "below the mark counts by mark",
            nothing,
            Place { qty: qty("5.1"), kind: at("96"), ..place() },
        ),
        row("price_collar", "too high", nothing, Place { kind: at("110.1"), ..place() }),
        row(
            "price_collar",
            "too low",
            nothing,
            Place { kind: at("89.9"), stop_loss: Some(price("80")), ..place() },
        ),
        row(
            "stop_on_wrong_side",
            "above the limit",
            nothing,
            Place { stop_loss: Some(price("100")), ..place() },
        ),
        row(
            "stop_on_wrong_side",
            "below the limit, above the mark",
            nothing,
            Place { kind: at("105"), stop_loss: Some(price("102")), ..place() },
        ),
        row("stop_on_wrong_side", "short", nothing, Place { side: Side::Sell, ..place() }),
        row(
            "take_profit_on_wrong_side",
            "below the limit",
            nothing,
            Place { take_profit: Some(price("99")), ..place() },
        ),
        row("unprotected", "no stop", nothing, Place { stop_loss: None, ..place() }),
        row("nothing_to_reduce", "flat", nothing, exit("1")),
        row("nothing_to_reduce", "too much", |s| s.hold(Side::Buy, "1"), exit("1.001")),
        row("nothing_to_reduce", "wrong side", |s| s.hold(Side::Sell, "1"), exit("1")),
        row(
            "nothing_to_reduce",
            "another exit rests",
            |s| {
                s.hold(Side::Buy, "1");
                s.rest_exit(1, Side::Sell, "0.5", "105");
            },
            Place { kind: at("106"), ..exit("0.6") },
        ),
    ]
}

fn rows_of_account() -> Vec<Row> {
    vec![
        row("run_state", "halted", |s| s.risk.set_run_state(RunState::Halted(HaltCause::Operator)), place()),
        row("run_state", "reducing", |s| s.risk.set_run_state(RunState::Reducing), place()),
        row(
            "run_state",
            "fenced exit",
            |s| {
                s.hold(Side::Buy, "1");
                s.risk.set_run_state(RunState::Fenced);
            },
            exit("1"),
        ),
        row("symbol_in_doubt", "opening", |s| s.symbol_in_doubt = true, place()),
        row(
            "not_tradable",
            "restricted",
            |s| {
                let status = InstrumentStatus::Restricted;
                s.list(windvane_model::Instrument { status, ..instrument(symbol()) });
            },
            place(),
        ),
        row(
            "not_tradable",
            "limits in another coin",
            |s| {
                let settle_coin = Coin::new("USDC").unwrap();
                s.list(windvane_model::Instrument { settle_coin, ..instrument(symbol()) });
            },
            place(),
        ),
        row(
            "position_notional",
            "with what is held",
            |s| {
                s.exposure.set_wallet(Money::new(dec("10000")));
                s.hold(Side::Buy, "19.5");
            },
            place(),
        ),
        row(
            "position_notional",
            "with what rests, though it may close",
            |s| {
                s.exposure.set_wallet(Money::new(dec("10000")));
                s.hold(Side::Buy, "15");
                s.rest(1, Side::Sell, "19.5", "100");
            },
            Place { side: Side::Sell, stop_loss: Some(price("105")), ..place() },
        ),
        row(
            "position_notional",
            "an exit that is still out may have come before the sale that turned the position",
            |s| {
                s.exposure.set_wallet(Money::new(dec("10000")));
                s.hold(Side::Sell, "4.5");
                s.rest_exit(1, Side::Sell, "15", "100");
            },
            Place { side: Side::Sell, stop_loss: Some(price("105")), ..place() },
        ),
        row(
            "position_notional",
            "beyond the tiers of its leverage",
            |s| {
                let mut narrow = instrument(symbol());
                narrow.tiers.truncate(1);
                narrow.tiers[0].limit = windvane_model::Notional::new(dec("99")).unwrap();
                s.list(narrow);
            },
            place(),
        ),
        row(
            "gross_exposure",
            "with the other contract",
            |s| {
                s.exposure.set_wallet(Money::new(dec("10000")));
                s.hold_in(other_symbol(), Some(Side::Sell), "29.5", "100");
            },
            place(),
        ),
        row(
            "open_orders",
            "five rest",
            |s| {
                (1..=5).for_each(|n| {
                    s.rest(n, Side::Buy, "0.1", "99");
                });
            },
            place(),
        ),
        row(
            "order_rate",
            "ten in a second",
            |s| {
                (0..10).for_each(|_| {
                    s.place(place()).unwrap();
                });
            },
            place(),
        ),
        row("margin", "wallet of 5", |s| s.exposure.set_wallet(Money::new(dec("5"))), place()),
        row("margin", "nothing known of the wallet", |s| s.exposure.set_wallet(Money::ZERO), place()),
        row("stale_data", "six seconds", |s| s.wait(5_001), place()),
        row(
            "stale_data",
            "one side empty",
            |s| {
                s.quotes.set_touch(symbol(), Some(price("99.9")), None, s.stamp.wall);
            },
            place(),
        ),
        row(
            "leverage",
            "25x",
            |s| {
                s.exposure.set_position(PositionExposure {
                    leverage: Some(leverage("25")),
                    ..s.exposure.contract(symbol(), PositionIndex(0)).unwrap().position
                });
            },
            place(),
        ),
        row(
            "day_loss",
            "200 lost",
            |s| {
                s.worth("1000");
                s.worth("800");
            },
            place(),
        ),
        row(
            "week_loss",
            "500 lost in three days",
            |s| {
                for (day, equity) in
                    [(4, "10000"), (4, "9810"), (5, "9810"), (5, "9630"), (6, "9630"), (6, "9500")]
                {
                    s.stamp.market = MarketTime(day * 86_400_000);
                    s.worth(equity);
                }
            },
            place(),
        ),
        row(
            "run_state",
            "a drawdown that lasts",
            |s| {
                s.worth("100");
                s.worth("69");
                s.stamp.market = s.stamp.market.after(10_000);
                s.worth("69");
            },
            place(),
        ),
        row(
            "cool_down",
            "after a stop",
            |s| s.risk.observe_close(bot(), ExitCause::StopLoss, Money::new(dec("-1")), s.stamp),
            place(),
        ),
        row(
            "losing_streak",
            "three in a row",
            |s| {
                for pnl in ["5", "-1", "-1", "-1"] {
                    s.risk.observe_close(bot(), ExitCause::Strategy, Money::new(dec(pnl)), s.stamp);
                }
            },
            place(),
        ),
        row(
            "margin_in_doubt",
            "a refusal that surprises",
            |s| {
                s.refuse(RefusalFamily::InsufficientMargin);
            },
            place(),
        ),
        row(
            "crossed_book",
            "bid at the ask",
            |s| s.quotes.set_touch(symbol(), Some(price("100")), Some(price("100")), s.stamp.wall),
            place(),
        ),
        row(
            "crossed_book",
            "whole again, for less than two seconds",
            |s| {
                s.quotes.set_crossed(symbol(), s.stamp.wall);
                s.wait(1_999);
                s.quotes.set_touch(symbol(), Some(price("99.9")), Some(price("100.1")), s.stamp.wall);
            },
            place(),
        ),
        row(
            "book_collar",
            "far through a thin book",
            |s| s.quotes.set_touch(symbol(), Some(price("90")), Some(price("91")), s.stamp.wall),
            Place { kind: at("100.2"), ..place() },
        ),
        row(
            "price_limit",
            "above what the venue takes of a buy",
            |s| s.quotes.set_limits(symbol(), Some((price("90"), price("99.9")))),
            place(),
        ),
        row(
            "price_limit",
            "below what it takes of a sell",
            |s| s.quotes.set_limits(symbol(), Some((price("100.2"), price("110")))),
            Place {
                side: Side::Sell,
                kind: at("100.1"),
                stop_loss: Some(price("105")),
                take_profit: None,
                ..place()
            },
        ),
        row(
            "self_trade",
            "limit",
            |s| {
                s.rest(1, Side::Sell, "0.01", "100");
            },
            place(),
        ),
        row(
            "self_trade",
            "market, against our own exit at the touch",
            |s| {
                s.hold(Side::Buy, "1");
                s.rest_exit(1, Side::Sell, "1", "100.1");
            },
            Place { kind: market(), ..place() },
        ),
        row(
            "adl_rank",
            "first in the queue",
            |s| {
                s.hold(Side::Buy, "1");
                let position = s.exposure.contract(symbol(), PositionIndex(0)).unwrap().position;
                s.exposure.set_position(PositionExposure { adl_rank: 5, ..position });
            },
            place(),
        ),
        row(
            "undergoing",
            "liquidation",
            |s| {
                s.hold(Side::Buy, "1");
                s.exposure.set_status(symbol(), PositionIndex(0), PositionStatus::Liquidation);
            },
            place(),
        ),
        amend_row("no_such_order", "unknown", nothing),
        amend_row("no_such_order", "another bot's", |s| {
            s.rest(1, Side::Buy, "1", "99");
            let bot = BotName::new("grid").unwrap();
            s.existing = s.existing.map(|order| OpenOrder { bot, ..order });
        }),
        amend_row("not_amendable", "market order", |s| {
            s.rest(1, Side::Buy, "1", "99");
            s.existing = s.existing.map(|order| OpenOrder { price: None, ..order });
        }),
        amend_row("not_amendable", "filled in full meanwhile", |s| {
            s.rest(1, Side::Buy, "1", "99");
            s.existing = s.existing.map(|order| OpenOrder { filled_qty: order.qty, ..order });
        }),
        amend_row("run_state", "dearer while reducing", |s| {
            s.rest(1, Side::Buy, "1", "99");
            s.risk.set_run_state(RunState::Reducing);
        }),
    ]
}

#[test]
fn each_reason_denies_for_its_own_cause_alone() {
    let left_alone = Scene::new().place(place()).expect("the order left alone passes");
    assert!(left_alone.opens() && left_alone.send_before().is_some());
    for Row { reason, case, arrange, intent } in rows_of_order().into_iter().chain(rows_of_account()) {
        let mut scene = Scene::new();
        arrange(&mut scene);
        let denial = scene.check(intent).expect_err(case);
        assert_eq!(denial.as_str(), reason, "{case}: {denial}");
    }
}

#[test]
fn a_bot_may_not_touch_the_position_of_another() {
    let mut scene = Scene::new();
    let intent = Intent::Place(place());
    let ask = windvane_risk::Ask { bot: BotName::new("grid").unwrap(), intent: &intent, existing: None };
    let context = windvane_risk::Context {
        exposure: &scene.exposure,
        quotes: &scene.quotes,
        stamp: scene.stamp,
        symbol_in_doubt: false,
    };
    assert_eq!(scene.risk.check(&ask, &context).unwrap_err().reason, DenialReason::NotOwner);
    assert_ne!(ask.bot, bot());
}

#[test]
fn a_denial_for_margin_says_how_much_is_needed_and_there() {
    let mut scene = Scene::new();
    scene.exposure.set_wallet(Money::new(dec("10")));
    // 100 / 10 + 100 × 0.055 % + 90 × 0.055 % = 10.1045.
    let expected =
        DenialReason::Margin { needed: Money::new(dec("10.1045")), available: Money::new(dec("10")) };
    assert_eq!(scene.place(place()), Err(expected));
}

#[test]
fn a_loss_limit_once_reached_halts_and_ends_with_the_day() {
    let mut scene = Scene::new();
    assert_eq!(scene.worth("1000"), None);
    assert_eq!(scene.worth("800.01"), None);
    assert_eq!(scene.worth("800"), Some(Breach::Halt(HaltCause::DayLoss)));
    scene.stamp = Stamp { market: scene.stamp.market.after(86_400_000), ..scene.stamp };
    assert_eq!(scene.worth("800"), None);
    assert!(scene.place(place()).is_ok());
}

#[test]
fn nothing_opens_in_a_contract_until_its_book_has_been_whole_for_long_enough() {
    let mut scene = Scene::new();
    let until = scene.stamp.wall.after(2_000);
    let [bid, ask] = ["99.9", "100.1"].map(price);
    // By the book itself, and by a touch that was seen crossed.
    let crossings: [fn(&mut Scene); 2] = [
        |s| s.quotes.set_crossed(symbol(), s.stamp.wall),
        |s| s.quotes.set_touch(symbol(), Some(price("101")), Some(price("100")), s.stamp.wall),
    ];
    for cross in crossings {
        let mut scene = scene.clone();
        cross(&mut scene);
        scene.wait(1_999);
        scene.quotes.set_touch(symbol(), Some(bid), Some(ask), scene.stamp.wall);
        assert_eq!(scene.place(place()), Err(DenialReason::WasCrossed { until }));
        assert!(scene.place(Place { symbol: other_symbol(), ..place() }).is_ok(), "its book is whole");
        scene.wait(1);
        assert!(scene.place(place()).is_ok());
        scene.hold(Side::Buy, "1");
        cross(&mut scene);
        assert!(scene.place(exit("1")).is_ok(), "an exit waits for no book");
    }
    assert!(scene.place(place()).is_ok(), "it was never crossed");
}

#[test]
fn an_order_below_ones_own_minimum_is_denied_though_the_venue_would_take_it() {
    let mut scene = Scene::with(limits(&[("min_order_notional", "\"100.1 USDT\"")]));
    let denied = DenialReason::OwnMinimum { value: dec("100"), limit: dec("100.1") };
    assert_eq!(scene.place(place()), Err(denied));
    assert!(scene.place(Place { qty: qty("1.001"), ..place() }).is_ok());
    scene.hold(Side::Buy, "1");
    assert!(scene.place(exit("0.5")).is_ok(), "what reduces has no minimum of ours");
}

#[test]
fn a_full_minute_denies_though_the_second_is_empty() {
    let mut scene = Scene::with(limits(&[("max_order_rate_long", "\"3 per 1m\"")]));
    for _ in 0..3 {
        scene.place(place()).unwrap();
    }
    scene.wait(2_000);
    let limit = DenialReason::OrderRate { sent: 3, limit: 3, window_ms: 60_000 };
    assert_eq!(scene.place(place()), Err(limit));
}
