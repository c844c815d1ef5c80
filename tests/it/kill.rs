//! The hand on the brake: kill in both scopes with many orders, lost answers and a crash half way.

use serde_json::Value;
use std::time::{Duration, Instant};
use windvane_tests::{Ground, Market, PATIENCE, Running, finish, wait_until, windvane};

/// Orders in the ordinary test: ours leave ten a second, as the exchange allows; `cargo xtask campaign kill --orders N` sets another number.
const ORDERS: usize = 60;

/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "kill figures:";

/// How many orders rest on each of the three contracts when the kill comes.
fn orders_each() -> usize {
    let asked = std::env::var("WINDVANE_KILL_ORDERS").ok();
    asked.map_or(ORDERS, |text| text.parse().expect("WINDVANE_KILL_ORDERS is a number")) / CONTRACTS.len()
}

/// A contract with a touch, the touch a tick higher, and price and quantity of a small order far below.
type Contract = (&'static str, [&'static str; 2], [&'static str; 2], &'static str, &'static str);

const CONTRACTS: [Contract; 3] = [
    ("BTCUSDT", ["65000.0", "65000.1"], ["65000.1", "65000.2"], "30000", "0.001"),
    ("ETHUSDT", ["2000.00", "2000.01"], ["2000.01", "2000.02"], "1000", "0.01"),
    ("DOGEUSDT", ["0.10000", "0.10001"], ["0.10001", "0.10002"], "0.05000", "200"),
];

pub(crate) fn open_orders(ground: &Ground) -> Vec<Value> {
    let is_open = |row: &Value| matches!(row["orderStatus"].as_str(), Some("New" | "PartiallyFilled"));
    ground.rows("orders").into_iter().filter(is_open).collect()
}

pub(crate) fn held(ground: &Ground) -> Vec<Value> {
    let is_held = |row: &Value| row["size"].as_str().is_some_and(|size| size.parse::<f64>().unwrap() != 0.0);
    ground.rows("positions").into_iter().filter(is_held).collect()
}

pub(crate) fn quote(ground: &Ground, turn: usize) {
    for (symbol, first, second, _, _) in CONTRACTS {
        let [bid, ask] = if turn.is_multiple_of(2) { first } else { second };
        let body = format!(
            r#"{{"symbol":"{symbol}","bid":"{bid}","ask":"{ask}","last":"{bid}","mark":"{bid}","index":"{bid}"}}"#
        );
        ground.sim("price", &body);
    }
}

/// Three makers with orders and a position each.
pub(crate) fn trading(ground: &Ground) -> Running {
    let engine = ground.engine("engine", &[]);
    let mut turn = 0;
    wait_until("orders in every contract", PATIENCE, || {
        quote(ground, turn);
        turn += 1;
        CONTRACTS.iter().all(|(symbol, ..)| open_orders(ground).iter().any(|row| row["symbol"] == *symbol))
    });
    wait_until("a position in every contract", PATIENCE, || {
        for (symbol, [bid, _], ..) in CONTRACTS {
            let below = format!("{:.5}", bid.parse::<f64>().unwrap() * 0.99);
            ground.sim(
                "trade",
                &format!(r#"{{"symbol":"{symbol}","side":"Sell","price":"{below}","qty":"9"}}"#),
            );
        }
        quote(ground, turn);
        turn += 1;
        held(ground).len() == CONTRACTS.len()
    });
    engine
}

/// Places orders that say they are the engine's, and one that does not. Entries, not levels: a maker would take levels for
/// quotes of its own and clear them away.
fn crowd(ground: &Ground) {
    let uid = ground.account()["uid"].clone();
    let place = |symbol: &str, price: &str, qty: &str, id: &str| {
        let body = serde_json::json!({
            "uid": uid, "category": "linear", "symbol": symbol, "side": "Buy", "orderType": "Limit",
            "timeInForce": "GTC", "price": price, "qty": qty, "orderLinkId": id,
        });
        let answer = ground.sim("order", &body.to_string());
        assert!(answer["orderId"].is_string(), "{answer}");
    };
    for (symbol, _, _, price, qty) in CONTRACTS {
        let known = open_orders(ground);
        let own = known.iter().find(|row| row["symbol"] == symbol && row["orderLinkId"] != "");
        let id = own.expect("an order of the engine's")["orderLinkId"].as_str().unwrap().to_owned();
        for number in 0..orders_each() {
            place(symbol, price, qty, &format!("{}e{}zz{number:04}", &id[..7], &id[8..16]));
        }
    }
    place("BTCUSDT", "29000", "0.001", "from-the-phone");
}

fn has_foreign(ground: &Ground) -> bool {
    open_orders(ground).iter().any(|row| row["orderLinkId"] == "from-the-phone")
}

fn is_own(row: &Value) -> bool {
    row["orderLinkId"] != "from-the-phone"
}

/// Own orders and positions: what a kill has to end.
fn left(ground: &Ground) -> usize {
    open_orders(ground).iter().filter(|row| is_own(row)).count() + held(ground).len()
}

/// Kills, crashes the engine half way, and starts it again; the venue counts requests as the exchange does. Nothing may ever
/// be without its stop.
fn kill(scope: &str, fault: &str) -> (Ground, Running) {
    let ground = Ground::on(Market::Still, &[]);
    trading(&ground).kill();
    // An engine that starts recognises its own by their ids, like those that a power cut took from its journal.
    crowd(&ground);
    let mut engine = ground.engine("engine", &[]);
    let config = ground.config();
    wait_until("the engine to know them", PATIENCE, || {
        let (_, status, _) = finish(&windvane(&["status", "--config", &config]));
        status.contains(r#""run_state": "active""#)
    });
    let all = left(&ground);
    assert!(all > 3 * orders_each());
    ground.sim("fault", fault);
    // One cancel-all takes every order at once. That its closes find no room keeps the crash half way.
    let no_room = ground.sim("fault", r#"{"kind":"retcode","code":10006,"match":{"path":"order.create"}}"#);
    let (code, out, err) = finish(&windvane(&["halt", "--kill", "--scope", scope, "--config", &config]));
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(out.contains("halted (operator)") && out.contains("then closing"), "{out}");
    wait_until("the first orders to be gone", PATIENCE, || left(&ground) < all);
    engine.kill();
    let half = left(&ground);
    assert!(0 < half && half < all, "{half} of {all} are left at the crash");
    ground.mend(&no_room);
    let (again, began) = (ground.engine("again", &[]), Instant::now());
    wait_until("everything of the engine's to be gone", Duration::from_secs(300), || {
        for position in held(&ground) {
            assert_ne!(position["stopLoss"], "", "naked: {position}\n{}", again.err());
        }
        // The venue's whole truth is long; asking for it all the time would slow down what is waited for.
        std::thread::sleep(Duration::from_secs(2));
        left(&ground) == 0
    });
    let (_, status, _) = finish(&windvane(&["status", "--config", &config]));
    assert!(status.contains("halted (operator)"), "the latch outlives the crash: {status}");
    println!(
        "{FIGURES} scope {scope}: {all} orders and positions, a lost answer and a crash with {half} of them left: flat and \
         without own orders {:.1} s after the restart, never without a stop",
        began.elapsed().as_secs_f64()
    );
    (ground, again)
}

#[test]
fn a_kill_of_the_account_leaves_no_order_of_anybody_and_no_position() {
    let (ground, _engine) =
        kill("account", r#"{"kind":"reply_lost","match":{"path":"/v5/order/cancel-all"},"count":1}"#);
    wait_until("the stranger's order to be gone", PATIENCE, || !has_foreign(&ground));
    assert!(open_orders(&ground).is_empty());
}

#[test]
fn a_kill_of_ones_own_leaves_a_strangers_order_alone() {
    let (ground, _engine) = kill("own", r#"{"kind":"reply_lost","match":{"path":"order.cancel"},"count":5}"#);
    assert!(has_foreign(&ground));
}
