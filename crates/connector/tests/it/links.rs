//! The tasks and their sockets: how they begin and end, what they bear, and what they leave unsaid.

use super::{
    peer::{Behaviour, OnOrder, Peer, Seen},
    rig::{REFUSE_HTTP, Rig, eth, submit},
};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};
use windvane_connector::{Observation, Plan, Timing, Topic};
use windvane_model::{
    AccountEvent, Candle, Command, Event, Interval, Link, LinkState, MarketEvent, MarketTime, OrderQuestion,
    PositionIndex, Price, Query, QueryFailed, RefusalFamily, Side,
};

#[tokio::test]
async fn f11_a_task_that_ends_although_nothing_was_stopped_is_missed() {
    let mut rig = Rig::start(Behaviour::answering(REFUSE_HTTP), Timing::default()).await;
    timeout(Duration::from_secs(20), rig.market.recv()).await.unwrap().unwrap();
    assert!(!rig.connector.has_lost_a_task());
    // The task of the public stream finds nobody to tell the next book, and ends.
    rig.market.close();
    rig.connector.resubscribe(eth());
    let missed = async {
        while !rig.connector.has_lost_a_task() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), missed).await.unwrap();
}

#[tokio::test]
async fn stopping_ends_every_task() {
    let behaviour = Behaviour::new(|_| OnOrder::KeepSilent, REFUSE_HTTP);
    let mut rig = Rig::start(behaviour, Timing::default()).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    // The order must be with the peer before the stop, or it would rightly be refused instead.
    while !matches!(rig.peer.seen.recv().await, Some(Seen::Text(_, text)) if text.contains("order.create")) {}
    rig.connector.stop().await;
    let mut last = vec![];
    while let Some((_, event)) = rig.account.recv().await {
        last.push(event);
    }
    let undetermined = |event: &&Event| matches!(event, Event::Account(AccountEvent::Undetermined(_)));
    assert_eq!(last.iter().filter(undetermined).count(), 1, "{last:?}");
}

#[tokio::test]
async fn g07_a_message_beyond_a_mib_ends_its_socket_and_one_of_a_mib_does_not() {
    const MIB: usize = 1 << 20;
    let order = |number| match number {
        0 => OnOrder::Chatter(MIB),
        1 => OnOrder::Chatter(MIB + 1),
        _ => OnOrder::Take,
    };
    let mut rig = Rig::start(Behaviour::new(order, REFUSE_HTTP), Timing::default()).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Acknowledged(_)), "what is within is passed over");
    rig.connector.send(Command::Submit(submit(2))).unwrap();
    // What came behind the message that is too long is never read.
    let answer = rig.answer().await;
    assert!(matches!(answer, AccountEvent::Undetermined(u) if u.code == 0), "{answer:?}");
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(3))).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Acknowledged(_)), "a new socket is none the worse");
}

#[tokio::test]
async fn d03_after_a_403_to_a_socket_nobody_knocks_again_for_ten_minutes() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 2_048]).await;
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let peer = Peer { address, seen: mpsc::unbounded_channel().1 };
    let mut rig = Rig::on(peer, Timing::default()).await;
    for _ in 0..3 {
        let told = async {
            loop {
                if let Observation::Reconnecting { reason, delay_ms, .. } =
                    rig.observations.recv().await.unwrap()
                {
                    return (reason, delay_ms);
                }
            }
        };
        assert_eq!(timeout(Duration::from_secs(20), told).await.unwrap(), ("banned", 600_000));
    }
}

#[tokio::test]
async fn topics_are_shared_out_over_connections_and_the_link_is_up_when_all_are() {
    let behaviour = Behaviour::answering(REFUSE_HTTP);
    let change = |plan: &mut Plan| {
        plan.topics.extend([Topic::Trades(eth()), Topic::Ticker(eth())]);
        plan.topics_per_connection = Some(1);
    };
    let mut rig = Rig::with(Peer::start(behaviour).await, Timing::default(), change).await;
    rig.link(Link::Public(LinkState::Up)).await;
    let mut subscriptions = vec![];
    while let Ok(seen) = rig.peer.seen.try_recv() {
        if let Seen::Text(path, text) = seen
            && path == "/v5/public/linear"
        {
            subscriptions.push(text);
        }
    }
    subscriptions.sort();
    assert_eq!(subscriptions.len(), 3, "{subscriptions:?}");
    assert!(subscriptions[0].contains(r#"["orderbook.50.ETHUSDT"]"#), "{subscriptions:?}");
}

#[tokio::test]
async fn c06_a_slow_reader_loses_no_word_of_the_account() {
    const WALLETS: usize = 2_000;
    let behaviour = Behaviour::answering(REFUSE_HTTP);
    let mut rig = Rig::on(Peer::with_wallets(behaviour, WALLETS).await, Timing::default()).await;
    let full = async {
        while rig.account.len() < rig.account.max_capacity() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), full).await.unwrap();
    let mut told = vec![];
    while told.len() < WALLETS {
        let event = timeout(Duration::from_secs(20), rig.account.recv()).await.unwrap().unwrap().1;
        if let Event::Account(AccountEvent::Wallet(wallet)) = event {
            told.push(wallet.at.0);
        }
    }
    assert!(told.into_iter().eq(1..=2_000), "each once, in order");
}

async fn candle(rig: &mut Rig) -> Candle {
    let candle = async {
        loop {
            if let (_, MarketEvent::Candle(candle)) = rig.market.recv().await.unwrap() {
                return candle;
            }
        }
    };
    timeout(Duration::from_secs(20), candle).await.unwrap()
}

#[tokio::test]
async fn c08_a_history_that_lags_behind_is_asked_for_until_it_is_whole() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let http = |target: &str| {
        let body = match target.split('?').next().unwrap_or_default() {
            "GET /v5/market/orderbook" => {
                r#"{"retCode":0,"result":{"s":"ETHUSDT","b":[],"a":[],"ts":950000,"u":1}}"#
            }
            "GET /v5/market/kline" if ASKED.fetch_add(1, Ordering::Relaxed) == 0 => {
                r#"{"retCode":0,"result":{"list":[["300000","2","2","2","2","1","2"]]}}"#
            }
            "GET /v5/market/kline" => {
                r#"{"retCode":0,"result":{"list":[["900000","4","4","4","4","1","4"],["600000","3","3","3","3","1","3"],["300000","2","2","2","2","1","2"]]}}"#
            }
            _ => return (404, String::new()),
        };
        (200, body.to_owned())
    };
    let peer = Peer::start(Behaviour::answering(http)).await;
    let add = |plan: &mut Plan| plan.topics.push(Topic::Candles(eth(), Interval::M5));
    let mut rig = Rig::with(peer, Timing::default(), add).await;
    let mut told = vec![];
    while told.last() != Some(&600_000) {
        told.push(candle(&mut rig).await.start.0);
    }
    assert_eq!(told, [300_000, 300_000, 600_000], "what is there at once, and the rest when it is");
    // By then a third question would have come.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(ASKED.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn candles_that_closed_during_an_outage_come_as_history() {
    let http = |target: &str| {
        let body = match target {
            "GET /v5/market/orderbook?category=linear&limit=1&symbol=ETHUSDT" => {
                r#"{"retCode":0,"result":{"s":"ETHUSDT","b":[],"a":[],"ts":650000,"u":1}}"#
            }
            "GET /v5/market/kline?category=linear&interval=5&limit=4&symbol=ETHUSDT" => {
                r#"{"retCode":0,"result":{"list":[["600000","3","3","3","3","1","3"],["300000","2","2","2","2","1","2"]]}}"#
            }
            _ => return (404, String::new()),
        };
        (200, body.to_owned())
    };
    let peer = Peer::start(Behaviour::answering(http)).await;
    let add = |plan: &mut Plan| plan.topics.push(Topic::Candles(eth(), Interval::M5));
    let mut rig = Rig::with(peer, Timing::default(), add).await;
    rig.link(Link::Public(LinkState::Up)).await;
    let candle = candle(&mut rig).await;
    assert_eq!(candle.start, MarketTime(300_000), "the one from 600 s on is still open");
    assert!(candle.is_confirmed && candle.is_warm_up, "no rule fires on it");
}

#[tokio::test]
async fn a_shadow_run_logs_in_listens_and_sends_nothing() {
    let behaviour = Behaviour::answering(REFUSE_HTTP);
    let mut rig = Rig::with(Peer::start(behaviour).await, Timing::default(), |plan| plan.sends = false).await;
    rig.link(Link::Private(LinkState::Up)).await;
    let answer = rig.connector.send(Command::Submit(submit(1))).unwrap_err();
    let AccountEvent::Refused(refused) = *answer else { panic!() };
    assert_eq!(refused.family, RefusalFamily::NotSent);
    // Asking what an order would do takes the right to place one.
    let question = OrderQuestion {
        symbol: eth(),
        position_index: PositionIndex(0),
        side: Side::Buy,
        qty: submit(1).qty,
        price: Price::new("3400".parse().unwrap()).unwrap(),
    };
    let query = Query::PreCheck(question);
    let answer = rig.connector.send(Command::Query(query)).unwrap_err();
    assert_eq!(*answer, AccountEvent::QueryFailed(QueryFailed { query, code: 0, is_unsupported: true }));
    rig.connector.stop().await;
    while let Ok(seen) = rig.peer.seen.try_recv() {
        match seen {
            Seen::Text(path, text) => {
                assert!(path != "/v5/trade" && !text.contains("order.create"), "{path} {text}");
            }
            Seen::Http(head, _) => assert!(head.starts_with("GET "), "{head}"),
        }
    }
}
