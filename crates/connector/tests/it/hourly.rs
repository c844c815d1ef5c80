//! What a connector looks at every hour, with shorter hours. That an hour is one, and what rings in between, is told without
//! sockets beside the rounds themselves.

use super::{
    loopback::{REFUSE_HTTP, Rig, eth},
    peer::{Behaviour, OnOrder, Seen},
};
use std::time::Duration;
use tokio::time::timeout;
use windvane_connector::Timing;
use windvane_model::{Control, Event, HaltCause};

fn short_hours() -> Timing {
    let whole = Timing::default();
    assert_eq!((whole.contracts_every_ms, whole.key_every_ms), (3_600_000, 3_600_000));
    Timing { contracts_every_ms: 150, key_every_ms: 150, ..whole }
}

/// Contracts, tiers and fees as they are read at start.
fn contracts(target: &str) -> (u16, String) {
    let of_eth = |text: &str| (200, text.replace("BTCUSDT", "ETHUSDT"));
    match target.split('?').next().unwrap_or_default() {
        "GET /v5/market/instruments-info" => of_eth(include_str!("../payloads/rest/instruments.json")),
        "GET /v5/market/risk-limit" => {
            of_eth(&include_str!("../payloads/rest/risk-limit.json").replace("next%3D2", ""))
        }
        "GET /v5/account/fee-rate" => of_eth(
            r#"{"retCode":0,"result":{"list":[{"symbol":"BTCUSDT","makerFeeRate":"0.0002","takerFeeRate":"0.00055"}]}}"#,
        ),
        _ => (404, String::new()),
    }
}

#[tokio::test]
async fn e03_contracts_tiers_and_fees_are_read_anew_time_and_again() {
    let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http: contracts }, short_hours()).await;
    for look in 1..=3 {
        let read = rig
            .until(|event| match event {
                Event::Reference(reference) => Some(reference.clone()),
                _ => None,
            })
            .await;
        assert_eq!((read.instruments[0].symbol, read.instruments[0].tiers.len()), (eth(), 2), "look {look}");
        assert_eq!(read.fees.len(), 1);
    }
}

#[tokio::test]
async fn e06_e07_e08_the_key_is_looked_at_time_and_again_and_a_bad_one_halts_once() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "GET /v5/user/query-api" => {
            (200, include_str!("../payloads/rest/key.json").replace(r#""readOnly":0"#, r#""readOnly":1"#))
        }
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http }, short_hours()).await;
    let halt = Event::Control(Control::Halt(HaltCause::Authentication));
    rig.until(|event| (*event == halt).then_some(())).await;
    drop(rig.peer.http_heads());
    // By the third look the second one's answer has been heard.
    for _ in 2..=3 {
        let asked = async {
            while !matches!(rig.peer.seen.recv().await, Some(Seen::Http(head, _)) if head.contains("/v5/user/query-api"))
            {
            }
        };
        timeout(Duration::from_secs(20), asked).await.unwrap();
    }
    while let Ok((_, event)) = rig.account.try_recv() {
        assert_ne!(event, halt, "it stays latched, and is said once");
    }
}
