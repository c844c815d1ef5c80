//! `windvane resolve`: a person says that an order does not exist, where the venue has not said so yet.

use serde_json::Value;
use std::time::Duration;
use windvane_tests::{Ground, Market, PATIENCE, finish, metric, wait_until, windvane};

/// The engine's orders as `windvane orders` tells them: id and state.
fn orders(ground: &Ground) -> Vec<(String, String)> {
    let (code, out, err) = finish(&windvane(&["orders", "--all", "--json", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{out}{err}");
    let told: Value = serde_json::from_str(&out).unwrap();
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    told["rows"].as_array().unwrap().iter().map(|row| (word(row, "order"), word(row, "state"))).collect()
}

fn resolve(ground: &Ground, order: &str) -> (Option<i32>, String) {
    let (code, out, err) = finish(&windvane(&["resolve", order, "--config", &ground.config()]));
    (code, format!("{out}{err}"))
}

#[test]
fn an_order_of_unknown_outcome_is_ended_by_a_persons_word_once_its_request_can_arrive_no_more() {
    let ground = Ground::new(Market::Walking);
    ground.sim("fault", r#"{"kind":"request_lost","match":{"path":"order.create"},"count":1}"#);
    let (mut engine, port) = ground.watched_engine();
    let unknown = || metric(port, "windvane_orders_unknown", "");
    wait_until("an order to be missed", PATIENCE, || unknown() >= Some(1.0));
    let (lost, _) = orders(&ground).into_iter().find(|(_, state)| state == "Unknown").expect("it is listed");

    let (code, said) = resolve(&ground, "abcbot0e0000001-000001");
    assert!(code != Some(0) && said.contains("there is no such order"), "{code:?} {said}");
    wait_until("an order to be at the venue", PATIENCE, || !ground.client_order_ids().is_empty());
    let known = ground.client_order_ids().remove(0);
    let (code, said) = resolve(&ground, &known);
    assert!(code != Some(0) && said.contains("nothing is open about it"), "{code:?} {said}");

    wait_until("its request to be beyond its window", PATIENCE, || {
        let (code, said) = resolve(&ground, &lost);
        assert!(code == Some(0) || said.contains("ask again in"), "{code:?} {said}");
        code == Some(0)
    });
    // Well before the proof of absence, which takes some 40 s; the gauge is drawn anew each second.
    wait_until("nothing to be held back by it", Duration::from_secs(5), || unknown() == Some(0.0));
    let (_, state) = orders(&ground).into_iter().find(|(id, _)| *id == lost).expect("it is listed");
    assert_eq!(state, "Retired");
    ground.end(&mut engine);
    assert!(!ground.client_order_ids().contains(&lost));
}
