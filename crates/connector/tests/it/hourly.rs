//! What a connector looks at every hour, with shorter hours. That an hour is one, and what rings in between, is told without
//! sockets beside the rounds themselves.

use super::{
    peer::{Behaviour, Peer, Seen},
    rig::{REFUSE_HTTP, Rig, eth, submit},
};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::timeout;
use windvane_connector::Timing;
use windvane_model::{AccountEvent, Command, Control, Event, HaltCause, SetLeverage};

impl Rig {
    /// Waits until the peer was asked for a path so many times more.
    async fn asked_for(&mut self, path: &str, times: usize) {
        for _ in 0..times {
            let asked = async {
                while !matches!(self.peer.seen.recv().await, Some(Seen::Http(head, _)) if head.contains(path))
                {
                }
            };
            timeout(Duration::from_secs(20), asked).await.unwrap();
        }
    }
}

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
    let mut rig = Rig::start(Behaviour::answering(contracts), short_hours()).await;
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
async fn e03_an_order_refused_for_a_figure_has_the_contracts_read_anew() {
    let http = |target: &str| match target {
        "POST /v5/position/set-leverage" => {
            (200, r#"{"retCode":10001,"retMsg":"bad","result":{}}"#.to_owned())
        }
        _ => (404, String::new()),
    };
    let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
    let leverage = windvane_model::Leverage::new("10".parse().unwrap()).unwrap();
    rig.connector.send(Command::SetLeverage(SetLeverage { symbol: eth(), leverage })).unwrap();
    let read = async {
        loop {
            if let Some(Seen::Http(head, _)) = rig.peer.seen.recv().await
                && head.starts_with("GET /v5/market/risk-limit")
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(20), read).await.unwrap();
}

#[tokio::test]
async fn e06_e07_e08_the_key_is_looked_at_time_and_again_and_a_bad_one_halts_once() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "GET /v5/user/query-api" => {
            (200, include_str!("../payloads/rest/key.json").replace(r#""readOnly":0"#, r#""readOnly":1"#))
        }
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour::answering(http), short_hours()).await;
    let halt = Event::Control(Control::Halt(HaltCause::Authentication));
    rig.until(|event| (*event == halt).then_some(())).await;
    drop(rig.peer.http_heads());
    // By the third look the second one's answer has been heard.
    rig.asked_for("/v5/user/query-api", 2).await;
    while let Ok((_, event)) = rig.account.try_recv() {
        assert_ne!(event, halt, "it stays latched, and is said once");
    }
}

fn maintenance(state: &str, env: u8) -> (u16, String) {
    let row = format!(
        r#"{{"id":"1","title":"t","state":"{state}","begin":"1","end":"2","product":[1,2],"env":{env},"uidSuffix":[]}}"#
    );
    (200, format!(r#"{{"retCode":0,"result":{{"list":[{row}]}}}}"#))
}

/// The venue's state is looked at when a link goes down, at most every five seconds; here by the clock alone.
fn short_minutes() -> Timing {
    let whole = Timing::default();
    assert_eq!(whole.status_every_ms, 60_000);
    Timing { status_every_ms: 100, ..whole }
}

#[tokio::test]
async fn d07_a_maintenance_of_the_venue_halts_once_and_ends_with_the_account_read_anew() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "GET /v5/system/status" => match LOOKS.fetch_add(1, Ordering::Relaxed) {
            0 => maintenance("scheduled", 1),
            // What cannot be read ends nothing.
            3 => (500, String::new()),
            1..6 => maintenance("ongoing", 1),
            _ => maintenance("completed", 1),
        },
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour::answering(http), short_minutes()).await;
    let mut told = Vec::new();
    while told.len() < 3 {
        told.push(
            rig.until(|event| match event {
                Event::Control(control) => Some(*control),
                _ => None,
            })
            .await,
        );
    }
    let cause = HaltCause::Maintenance;
    assert_eq!(told, [Control::Halt(cause), Control::Reconcile, Control::Lift(cause)]);
    assert!(LOOKS.load(Ordering::Relaxed) > 6, "it was told once for all looks");
}

#[tokio::test]
async fn d07_a_maintenance_of_demo_accounts_is_none_of_ours() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "GET /v5/system/status" => maintenance("ongoing", 2),
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour::answering(http), short_minutes()).await;
    rig.asked_for("/v5/system/status", 3).await;
    while let Ok((_, event)) = rig.account.try_recv() {
        assert!(!matches!(event, Event::Control(_)), "{event:?}");
    }
}

#[tokio::test]
async fn d07_a_maintenance_that_was_found_at_start_is_told_before_any_link() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "GET /v5/system/status" => maintenance("ongoing", 1),
        _ => REFUSE_HTTP(target),
    };
    let peer = Peer::start(Behaviour::answering(http)).await;
    let mut rig = Rig::with(peer, short_minutes(), |plan| plan.is_under_maintenance = true).await;
    let (_, first) = rig.account.recv().await.unwrap();
    assert_eq!(first, Event::Control(Control::Halt(HaltCause::Maintenance)));
}

fn positions(indices: &[u8]) -> (u16, String) {
    let rows: Vec<_> = indices
        .iter()
        .map(|index| format!(r#"{{"symbol":"ETHUSDT","positionIdx":{index},"side":"","size":"0"}}"#))
        .collect();
    (200, format!(r#"{{"retCode":0,"result":{{"list":[{}],"nextPageCursor":""}}}}"#, rows.join(",")))
}

#[tokio::test]
async fn e01_a_position_mode_that_is_switched_while_the_engine_runs_halts_once() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "GET /v5/position/list" => positions(&[1, 2]),
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour::answering(http), short_hours()).await;
    let halt = Event::Control(Control::Halt(HaltCause::PositionMode));
    rig.until(|event| (*event == halt).then_some(())).await;
    rig.asked_for("/v5/position/list", 3).await;
    while let Ok((_, event)) = rig.account.try_recv() {
        assert_ne!(event, halt, "it stays latched, and is said once");
    }
}

#[tokio::test]
async fn e01_an_order_that_is_refused_for_the_position_mode_has_it_read_at_once() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "POST /v5/order/create" => (
            200,
            r#"{"retCode":10001,"retMsg":"position idx not match position mode","result":{}}"#.to_owned(),
        ),
        "GET /v5/position/list" => positions(&[0]),
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    rig.asked_for("/v5/position/list", 1).await;
    while let Ok((_, event)) = rig.account.try_recv() {
        assert!(!matches!(event, Event::Control(Control::Halt(_))), "it is as it should be: {event:?}");
    }
}

#[tokio::test]
async fn e06_e07_e08_a_request_that_is_refused_for_the_key_has_the_key_looked_at_at_once() {
    let http = |target: &str| match target.split('?').next().unwrap_or_default() {
        "POST /v5/order/create" => (200, r#"{"retCode":33004,"retMsg":"expired","result":{}}"#.to_owned()),
        _ => REFUSE_HTTP(target),
    };
    let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    rig.until(|event| matches!(event, Event::Account(AccountEvent::Refused(_))).then_some(())).await;
    rig.asked_for("/v5/user/query-api", 1).await;
}
