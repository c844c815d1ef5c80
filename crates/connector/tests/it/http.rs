//! What an HTTP answer says before anybody looks into it: its status, its headers.

use super::{
    peer::{Behaviour, Peer, Seen},
    rig::{Rig, client, eth},
};
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};
use windvane_connector::{Category, MarginMode, Observation, RestError, Timing};
use windvane_model::{AccountEvent, Command, Leverage, SetLeverage};

fn ten_times() -> SetLeverage {
    SetLeverage { symbol: eth(), leverage: Leverage::new("10".parse().unwrap()).unwrap() }
}

#[tokio::test]
async fn d04_d13_http_statuses_decide_before_the_body_does() {
    for (http, expected) in [
        ((|_| (500, String::new())) as fn(&str) -> (u16, String), "Undetermined 500"),
        (|_| (200, "<html>".to_owned()), "Undetermined 0"),
        (|_| (429, r#"{"retCode":0}"#.to_owned()), "Undetermined 429"),
        (|_| (401, String::new()), "authentication 401"),
    ] {
        let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
        rig.connector.send(Command::SetLeverage(ten_times())).unwrap();
        let found = match rig.answer().await {
            AccountEvent::Undetermined(u) => format!("Undetermined {}", u.code),
            AccountEvent::Refused(r) => format!("{} {}", r.family.as_str(), r.code),
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn d03_after_a_403_http_is_silent() {
    let behaviour = Behaviour::answering(|_| (403, "<html>".to_owned()));
    let mut peer = Peer::start(behaviour).await;
    let (rest, _, _observations) = client(&peer).await;
    assert!(matches!(rest.server_time().await, Err(RestError::Status(403))));
    assert!(matches!(rest.server_time().await, Err(RestError::Banned { remaining_s: 590.. })));
    assert_eq!(peer.http_heads().len(), 1, "the second request never left");
}

#[tokio::test]
async fn the_venue_is_asked_to_refuse_prices_rather_than_move_them() {
    let http = |_: &str| (200, r#"{"retCode":0,"retMsg":"OK","result":{}}"#.to_owned());
    let mut peer = Peer::start(Behaviour::answering(http)).await;
    let (rest, _, _observations) = client(&peer).await;
    rest.refuse_moved_prices(Category::Linear).await.unwrap();
    let Some(Seen::Http(head, body)) = peer.seen.recv().await else { panic!() };
    assert!(head.starts_with("POST /v5/account/set-limit-px-action"), "{head}");
    assert_eq!(body, r#"{"category":"linear","modifyEnable":false}"#);
}

fn in_ms(later: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    i64::try_from(now).unwrap() + later
}

const TIME: &str = r#"{"retCode":0,"result":{"timeSecond":"1","timeNano":"1000000000"}}"#;
const ACCOUNT: &str = r#"{"retCode":0,"result":{"marginMode":"REGULAR_MARGIN","unifiedMarginStatus":6}}"#;

#[tokio::test]
async fn d02_a_read_that_was_one_too_many_goes_again_after_the_reset_stamp_and_a_change_does_not() {
    static READS: AtomicUsize = AtomicUsize::new(0);
    let http = |target: &str| match target {
        "GET /v5/account/info" if READS.fetch_add(1, Ordering::Relaxed) > 0 => (200, ACCOUNT.to_owned()),
        _ => (200, r#"{"retCode":10006,"retMsg":"too many visits","result":{}}"#.to_owned()),
    };
    let reset = |_: &str| format!("X-Bapi-Limit-Reset-Timestamp: {}\r\n", in_ms(400));
    let mut peer = Peer::start(Behaviour::answering(http).with_headers(reset)).await;
    let (rest, _, _observations) = client(&peer).await;
    let began = Instant::now();
    rest.account_info().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    let mode = MarginMode::Isolated;
    assert_eq!(rest.set_margin_mode(&mode).await.unwrap_err().code(), 10006);
    let heads = peer.http_heads();
    let asked: Vec<_> = heads.iter().filter_map(|head| head.split(' ').nth(1)).collect();
    assert_eq!(asked, ["/v5/account/info", "/v5/account/info", "/v5/account/set-margin-mode"]);
}

#[tokio::test]
async fn d02_what_the_headers_say_of_a_limit_holds_from_then_on() {
    let http = |_: &str| (200, ACCOUNT.to_owned());
    let limit = |_: &str| "X-Bapi-Limit: 3\r\nX-Bapi-Limit-Status: 2\r\n".to_owned();
    let peer = Peer::start(Behaviour::answering(http).with_headers(limit)).await;
    let (rest, _, mut observations) = client(&peer).await;
    let began = Instant::now();
    // The published limit is fifty; of three, a look has two.
    for _ in 0..5 {
        rest.account_info().await.unwrap();
    }
    assert!(began.elapsed() >= Duration::from_millis(1_900), "{:?}", began.elapsed());
    let mut left = vec![];
    while let Ok(observation) = observations.try_recv() {
        if let Observation::RateLimit { endpoint, remaining } = observation {
            left.push((endpoint, remaining));
        }
    }
    assert_eq!(left, [("account/info", 2); 5]);
}

#[tokio::test]
async fn g10_nobody_is_followed_to_another_place() {
    static ELSEWHERE: OnceLock<String> = OnceLock::new();
    let mut elsewhere = Peer::start(Behaviour::answering(|_| (200, TIME.to_owned()))).await;
    ELSEWHERE.set(elsewhere.address.clone()).unwrap();
    let there = |_: &str| format!("Location: http://{}/v5/market/time\r\n", ELSEWHERE.get().unwrap());
    let peer = Peer::start(Behaviour::answering(|_| (307, String::new())).with_headers(there)).await;
    let mut rig = Rig::on(peer, Timing::default()).await;
    assert!(matches!(rig.rest.server_time().await, Err(RestError::Status(307))));
    rig.connector.send(Command::SetLeverage(ten_times())).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Undetermined(lost) if lost.code == 307));
    assert_eq!(elsewhere.http_heads(), [] as [String; 0], "no key went there");
}

#[tokio::test]
async fn g07_an_answer_beyond_the_bound_is_not_read_to_its_end() {
    const BOUND: usize = 8 << 20;
    let http = |target: &str| {
        let bytes = if target.contains("market") { BOUND } else { BOUND + 1 };
        (200, format!("{}{TIME}", " ".repeat(bytes - TIME.len())))
    };
    let peer = Peer::start(Behaviour::answering(http)).await;
    let (rest, _, _observations) = client(&peer).await;
    assert_eq!(rest.server_time().await.unwrap().server_ns, 1_000_000_000);
    assert!(matches!(rest.account_info().await, Err(RestError::TooLong)));
}

#[tokio::test]
async fn g07_an_answer_that_never_ends_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = b"HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n";
            let mut is_open =
                stream.read(&mut [0; 2_048]).await.is_ok() && stream.write_all(head).await.is_ok();
            while is_open {
                tokio::time::sleep(Duration::from_millis(100)).await;
                is_open = stream.write_all(b" ").await.is_ok();
            }
        }
    });
    let peer = Peer { address, seen: mpsc::unbounded_channel().1 };
    let (rest, _, _observations) = client(&peer).await;
    let end = timeout(Duration::from_secs(60), rest.server_time()).await.unwrap();
    assert!(matches!(&end, Err(RestError::NoAnswer(error)) if error.is_timeout()), "{end:?}");
}
