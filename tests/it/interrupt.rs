//! Ctrl-C at any moment ends an engine in order, or at once when it is pressed twice.

use std::time::Duration;
use windvane_tests::{Ground, Market, PATIENCE, finish, wait_until, windvane};

fn is_flat(ground: &Ground) -> bool {
    let size = |row: &serde_json::Value| row["size"].as_str().and_then(|size| size.parse::<f64>().ok());
    ground.rows("positions").iter().all(|row| size(row) == Some(0.0))
}

fn open_orders(ground: &Ground) -> usize {
    let is_open =
        |row: &&serde_json::Value| matches!(row["orderStatus"].as_str(), Some("New" | "PartiallyFilled"));
    ground.rows("orders").iter().filter(is_open).count()
}

#[test]
fn while_trading_it_flattens_and_the_books_still_agree() {
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("engine", &[]);
    wait_until("orders and fills", PATIENCE, || ground.rows("fills").len() > 2);
    engine.interrupt();
    assert_eq!(engine.wait(Duration::from_secs(90)), Some(0), "{}", engine.err());
    let out = engine.out();
    assert!(out.contains("\"ending\":\"interrupted\"") && out.contains("\"is_equal\":true"), "{out}");
    assert!(is_flat(&ground), "{:?}", ground.rows("positions"));
    assert_eq!(open_orders(&ground), 0);
}

#[test]
fn during_the_start_up_it_ends_soon_and_the_next_start_is_as_good_as_the_first() {
    let ground = Ground::new(Market::Walking);
    // Every answer of the venue takes its time, so that the signals fall between the steps of the start.
    ground.sim("fault", r#"{"kind":"delay","ms":150,"count":60}"#);
    for pause in [20, 120, 300, 500, 700, 900, 1_200] {
        let mut engine = ground.engine("early", &[]);
        std::thread::sleep(Duration::from_millis(pause));
        if engine.is_running() {
            engine.interrupt();
        }
        let code = engine.wait(PATIENCE);
        // No code: the signal ended the process before the process had taken signals over.
        let told = format!("after {pause} ms: {code:?} {}{}", engine.out(), engine.err());
        assert!(matches!(code, Some(0) | None), "{told}");
        assert!(!engine.err().contains("panicked"), "{}", engine.err());
    }
    ground.trade("last", 4);
}

#[test]
fn twice_it_leaves_at_once_and_the_next_start_takes_over() {
    let ground = Ground::new(Market::Walking);
    let mut engine = ground.engine("engine", &[]);
    wait_until("orders and fills", PATIENCE, || ground.rows("fills").len() > 2);
    // No cancel reaches the venue, so an orderly end would take its time.
    let fault = ground.sim("fault", r#"{"kind":"request_lost","match":{"path":"order.cancel"}}"#);
    engine.interrupt();
    wait_until("the orderly end to begin", PATIENCE, || {
        let (_, status, _) = finish(&windvane(&["status", "--config", &ground.config()]));
        status.contains("halted (shutdown)")
    });
    assert!(engine.is_running(), "{}{}", engine.out(), engine.err());
    engine.interrupt();
    // Far less than the 50 s for which an orderly end would wait.
    let code = engine.wait(Duration::from_secs(20));
    assert_eq!(code, Some(1), "orders may still rest: {}{}", engine.out(), engine.err());
    assert!(engine.err().contains("may remain at the venue"), "{}", engine.err());
    ground.mend(&fault);
    ground.trade("next", 10);
    assert!(is_flat(&ground));
}
