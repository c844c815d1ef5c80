//! The tasks against a scripted peer: real sockets, nothing but loopback.

use super::peer::{Behaviour, OnOrder, Peer, Seen};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    time::timeout,
};
use windvane_connector::{
    Category, Connector, Credentials, Customer, DisconnectProtection, KeyPolicy, Observation, Observer,
    Outlets, Plan, PositionMode, RateLimits, RestClient, RestError, Secret, Timing, Topic, VenueClock,
    VenueEndpoints, WallClock,
};
use windvane_model::{
    AccountEvent, Cancel, ClientOrderId, Command, Event, Interval, Link, LinkState, MarketEvent, MarketTime,
    OrderKind, PositionIndex, Qty, Query, QueryAnswer, RefusalFamily, Role, SetLeverage, Side, Submit,
    Symbol, Triggers, WallTime,
};

/// A connector on a peer, with the receiving ends in the test's hands.
pub(crate) struct Rig {
    pub(crate) peer: Peer,
    pub(crate) connector: Connector,
    pub(crate) market: mpsc::Receiver<(WallTime, MarketEvent)>,
    pub(crate) account: mpsc::Receiver<(WallTime, Event)>,
    pub(crate) observations: mpsc::Receiver<Observation>,
    pub(crate) rest: RestClient,
}

pub(crate) const REFUSE_HTTP: fn(&str) -> (u16, String) = |_| (404, String::new());

pub(crate) async fn client(peer: &Peer) -> (RestClient, VenueEndpoints, mpsc::Receiver<Observation>) {
    client_of(VenueEndpoints::loopback(&peer.address).unwrap())
}

fn client_of(endpoints: VenueEndpoints) -> (RestClient, VenueEndpoints, mpsc::Receiver<Observation>) {
    let credentials = Credentials::new("key".to_owned(), Secret::new("secret".to_owned())).unwrap();
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let (tell, observations) = mpsc::channel(1024);
    let limits = RateLimits::Published;
    let rest =
        RestClient::new(&endpoints, Arc::new(credentials), clock, Observer::new(tell), limits).unwrap();
    (rest, endpoints, observations)
}

impl Rig {
    pub(crate) async fn start(behaviour: Behaviour, timing: Timing) -> Self {
        Self::on(Peer::start(behaviour).await, timing).await
    }

    pub(crate) async fn on(peer: Peer, timing: Timing) -> Self {
        Self::with(peer, timing, |_| {}).await
    }

    pub(crate) async fn with(peer: Peer, timing: Timing, change: impl FnOnce(&mut Plan)) -> Self {
        let endpoints = VenueEndpoints::loopback(&peer.address).unwrap();
        Self::at(peer, endpoints, timing, change).await
    }

    pub(crate) async fn at(
        peer: Peer,
        endpoints: VenueEndpoints,
        timing: Timing,
        change: impl FnOnce(&mut Plan),
    ) -> Self {
        let (rest, endpoints, observations) = client_of(endpoints);
        let (to_market, market) = mpsc::channel(64);
        let (to_account, account) = mpsc::channel(64);
        let outlets = Outlets { market: to_market, account: to_account };
        let mut plan = Plan {
            topics: vec![Topic::Book(eth())],
            symbols: vec![eth()],
            key: KeyPolicy::default(),
            position_mode: PositionMode::OneWay,
            timing,
            customer: Customer { uid: 1, is_demo: false },
            is_under_maintenance: false,
            topics_per_connection: None,
            sends: true,
            disconnect_protection: DisconnectProtection::Off,
            fast_executions: false,
        };
        change(&mut plan);
        let connector = Connector::start(&rest, &endpoints, plan, &outlets).unwrap();
        Self { peer, connector, market, account, observations, rest }
    }

    /// The first event that the test is looking for; others are passed over.
    pub(crate) async fn until<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> T {
        let wait = async {
            loop {
                let (_, event) = self.account.recv().await.unwrap();
                if let Some(found) = pick(&event) {
                    return found;
                }
            }
        };
        timeout(Duration::from_secs(20), wait).await.unwrap()
    }

    pub(crate) async fn link(&mut self, link: Link) {
        self.until(|event| (*event == Event::Link(link)).then_some(())).await;
    }

    async fn answer(&mut self) -> AccountEvent {
        self.until(|event| match event {
            Event::Account(AccountEvent::Wallet(_)) => None,
            Event::Account(account) => Some(account.clone()),
            _ => None,
        })
        .await
    }
}

pub(crate) fn eth() -> Symbol {
    Symbol::new("ETHUSDT").unwrap()
}

pub(crate) fn submit(number: u32) -> Submit {
    Submit {
        client_order_id: ClientOrderId::new(&format!("w01-{number}")).unwrap(),
        symbol: eth(),
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new("0.1".parse().unwrap()).unwrap(),
        kind: OrderKind::Market { max_slippage_ticks: None },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

#[tokio::test]
async fn links_come_up_prices_flow_and_an_order_is_acknowledged_over_the_trade_socket() {
    let behaviour = Behaviour { order: |_| OnOrder::Take, http: REFUSE_HTTP };
    let mut rig = Rig::start(behaviour, Timing::default()).await;
    let (_, first) = timeout(Duration::from_secs(20), rig.market.recv()).await.unwrap().unwrap();
    assert!(matches!(first, MarketEvent::Book(book) if book.symbol == eth()));
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    let AccountEvent::Acknowledged(answer) = rig.answer().await else { panic!() };
    assert_eq!(answer.client_order_id, Some(submit(1).client_order_id));
    let heads = rig.peer.http_heads();
    assert!(heads.iter().all(|head| head.starts_with("GET ")), "no order went over REST: {heads:?}");
    let mut sent = 0;
    while let Ok(observation) = rig.observations.try_recv() {
        sent += usize::from(matches!(observation, Observation::Sent { .. }));
    }
    assert_eq!(sent, 1);
    rig.connector.stop().await;
}

#[tokio::test]
async fn f11_a_task_that_ends_although_nothing_was_stopped_is_missed() {
    let mut rig =
        Rig::start(Behaviour { order: |_| OnOrder::Take, http: REFUSE_HTTP }, Timing::default()).await;
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
async fn a_lost_reply_leaves_the_outcome_unknown_and_the_socket_up() {
    let order = |number| if number == 0 { OnOrder::KeepSilent } else { OnOrder::Take };
    let timing = Timing { reply_within_ms: 150, ..Timing::default() };
    let mut rig = Rig::start(Behaviour { order, http: REFUSE_HTTP }, timing).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    let answer = rig.answer().await;
    assert!(matches!(answer, AccountEvent::Undetermined(u) if u.code == 0), "{answer:?}");
    rig.connector.send(Command::Submit(submit(2))).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Acknowledged(_)));
}

#[tokio::test]
async fn g07_a_message_beyond_a_mib_ends_its_socket_and_one_of_a_mib_does_not() {
    const MIB: usize = 1 << 20;
    let order = |number| match number {
        0 => OnOrder::Chatter(MIB),
        1 => OnOrder::Chatter(MIB + 1),
        _ => OnOrder::Take,
    };
    let mut rig = Rig::start(Behaviour { order, http: REFUSE_HTTP }, Timing::default()).await;
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
async fn a_disconnect_leaves_the_order_unknown_and_never_sends_it_again() {
    let order = |number| if number == 0 { OnOrder::Disconnect } else { OnOrder::Take };
    let http = |target: &str| match target {
        "POST /v5/order/create" => {
            (200, r#"{"retCode":0,"retMsg":"OK","result":{"orderId":"v-2","orderLinkId":""}}"#.to_owned())
        }
        _ => (404, String::new()),
    };
    let mut rig = Rig::start(Behaviour { order, http }, Timing::default()).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    rig.link(Link::Trade(LinkState::Down)).await;
    assert!(matches!(rig.answer().await, AccountEvent::Undetermined(_)));

    // While the socket is down, orders go over REST.
    rig.connector.send(Command::Submit(submit(2))).unwrap();
    let AccountEvent::Acknowledged(answer) = rig.answer().await else { panic!() };
    assert_eq!(answer.order_id.unwrap().as_str(), "v-2");

    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(3))).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Acknowledged(_)));
    let mut creates = vec![];
    while let Ok(seen) = rig.peer.seen.try_recv() {
        if let Seen::Text(_, text) = seen
            && text.contains("order.create")
        {
            creates.push(text);
        }
    }
    assert_eq!(creates.len(), 2, "the first and the third, each once: {creates:?}");
}

#[tokio::test]
async fn d05_a_connection_that_will_be_ended_is_handed_over_while_the_link_stays_up() {
    let order = |number| if number == 0 { OnOrder::Drain } else { OnOrder::Take };
    let http = |target: &str| match target {
        "POST /v5/order/create" => {
            (200, r#"{"retCode":0,"retMsg":"OK","result":{"orderId":"v-2","orderLinkId":""}}"#.to_owned())
        }
        _ => (404, String::new()),
    };
    let mut rig = Rig::start(Behaviour { order, http }, Timing::default()).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Undetermined(_)));
    // The next order takes the new connection, or REST while that logs in; the engine hears of no link.
    for number in 2..40 {
        rig.connector.send(Command::Submit(submit(number))).unwrap();
        let answer = rig.until(|event| match event {
            Event::Link(Link::Trade(state)) => panic!("the link went {state:?}"),
            Event::Account(AccountEvent::Acknowledged(answer)) => Some(*answer),
            _ => None,
        });
        if answer.await.order_id.is_some_and(|id| id.as_str() == "v-1") {
            break;
        }
    }
    let mut log_ins = 0;
    while let Ok(seen) = rig.peer.seen.try_recv() {
        log_ins += usize::from(
            matches!(seen, Seen::Text(path, text) if path == "/v5/trade" && text.contains("auth")),
        );
    }
    assert_eq!(log_ins, 2);
}

#[tokio::test]
async fn what_the_socket_does_not_offer_goes_over_rest_signed() {
    let http =
        |_: &str| (200, r#"{"retCode":110043,"retMsg":"leverage not modified","result":{}}"#.to_owned());
    let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http }, Timing::default()).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    let leverage = windvane_model::Leverage::new("10".parse().unwrap()).unwrap();
    rig.connector.send(Command::SetLeverage(SetLeverage { symbol: eth(), leverage })).unwrap();
    let AccountEvent::Refused(answer) = rig.answer().await else { panic!() };
    assert_eq!(answer.family, RefusalFamily::AlreadySo);
    let heads = rig.peer.http_heads();
    let sent: Vec<_> = heads.iter().filter(|head| head.starts_with("POST ")).collect();
    let head = sent[0].to_ascii_lowercase();
    assert!(head.starts_with("post /v5/position/set-leverage"));
    for header in ["x-bapi-api-key: key", "x-bapi-sign: ", "x-bapi-timestamp: ", "x-bapi-recv-window: 2000"] {
        assert!(head.contains(header), "{header} in {head}");
    }
}

#[tokio::test]
async fn stopping_ends_every_task() {
    let behaviour = Behaviour { order: |_| OnOrder::KeepSilent, http: REFUSE_HTTP };
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
async fn d04_d13_http_statuses_decide_before_the_body_does() {
    let leverage = windvane_model::Leverage::new("10".parse().unwrap()).unwrap();
    let command = SetLeverage { symbol: eth(), leverage };
    for (http, expected) in [
        ((|_| (500, String::new())) as fn(&str) -> (u16, String), "Undetermined 500"),
        (|_| (200, "<html>".to_owned()), "Undetermined 0"),
        (|_| (429, r#"{"retCode":0}"#.to_owned()), "Undetermined 429"),
        (|_| (401, String::new()), "authentication 401"),
    ] {
        let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http }, Timing::default()).await;
        rig.connector.send(Command::SetLeverage(command)).unwrap();
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
    let behaviour = Behaviour { order: |_| OnOrder::Take, http: |_| (403, "<html>".to_owned()) };
    let mut peer = Peer::start(behaviour).await;
    let (rest, _, _observations) = client(&peer).await;
    assert!(matches!(rest.server_time().await, Err(RestError::Status(403))));
    assert!(matches!(rest.server_time().await, Err(RestError::Banned { remaining_s: 590.. })));
    assert_eq!(peer.http_heads().len(), 1, "the second request never left");
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
async fn without_a_connection_nothing_was_sent() {
    // A port that was free a moment ago: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Peer { address: free.to_string(), seen: mpsc::unbounded_channel().1 };
    let mut rig = Rig::on(nobody, Timing::default()).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    let AccountEvent::Refused(answer) = rig.answer().await else { panic!() };
    assert_eq!((answer.family, answer.code), (RefusalFamily::NotSent, 0));
}

#[tokio::test]
async fn the_last_look_holds_over_rest_as_well() {
    let http = |_: &str| (200, r#"{"retCode":0,"result":{}}"#.to_owned());
    let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http }, Timing::default()).await;
    // Sent before the trade socket has had a moment to come up.
    let late = Submit { send_before: Some(WallTime(1)), ..submit(1) };
    rig.connector.send(Command::Submit(late)).unwrap();
    let AccountEvent::Refused(answer) = rig.answer().await else { panic!() };
    assert_eq!(answer.family, RefusalFamily::NotSent);
    assert!(rig.peer.http_heads().iter().all(|head| !head.contains("order/create")));
}

#[tokio::test]
async fn an_entry_that_waits_for_its_turn_over_rest_does_not_leave_once_a_halt_has_come() {
    let http = |_: &str| (200, r#"{"retCode":0,"result":{}}"#.to_owned());
    let behaviour = Behaviour { order: |_| OnOrder::Take, http };
    // Before the trade socket has had a moment to come up.
    let mut rig = Rig::start(behaviour, Timing::default()).await;
    for number in 0..40 {
        let patient = Submit { send_before: Some(WallTime(i64::MAX)), ..submit(number) };
        rig.connector.send(Command::Submit(patient)).unwrap();
    }
    rig.until(|event| matches!(event, Event::Account(AccountEvent::Acknowledged(_))).then_some(())).await;
    rig.connector.allow_opening(false);
    rig.connector.send(Command::Submit(Submit { reduce_only: true, ..submit(90) })).unwrap();
    let (mut refused, mut closed, mut ended) = (0, false, 1);
    while !closed || ended < 40 {
        match rig.answer().await {
            AccountEvent::Acknowledged(answer)
                if answer.client_order_id == Some(submit(90).client_order_id) =>
            {
                closed = true;
            }
            AccountEvent::Refused(answer) => {
                assert_eq!(answer.family, RefusalFamily::NotSent, "{answer:?}");
                (refused, ended) = (refused + 1, ended + 1);
            }
            AccountEvent::Acknowledged(_) => ended += 1,
            // The peer's answer to a batch names no item.
            AccountEvent::Undetermined(_) => ended += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 26, "all but seven alone and seven in a batch");
}

#[tokio::test]
async fn each_item_of_a_batch_over_rest_has_an_outcome_of_its_own() {
    // Of a batch the first item is taken, the second is refused, and of the rest the answer says nothing.
    let http = |target: &str| {
        let refusal = if target.contains("cancel-batch") { 110_001 } else { 110_007 };
        let answer = if target.contains("-batch") {
            format!(
                r#"{{"retCode":0,"retMsg":"OK","result":{{"list":[{{"orderId":"v-1"}},{{"orderId":""}}]}},"retExtInfo":{{"list":[{{"code":0,"msg":"OK"}},{{"code":{refusal},"msg":"no"}}]}}}}"#
            )
        } else {
            r#"{"retCode":0,"result":{"orderId":"v-alone"}}"#.to_owned()
        };
        (200, answer)
    };
    let cancel = |number| {
        let client_order_id = Some(submit(number).client_order_id);
        Command::Cancel(Cancel { client_order_id, order_id: None, symbol: submit(number).symbol })
    };
    let create = |number| Command::Submit(Submit { send_before: None, ..submit(number) });
    let requests: [(&dyn Fn(u32) -> Command, RefusalFamily); 2] =
        [(&create, RefusalFamily::InsufficientMargin), (&cancel, RefusalFamily::OrderNotFound)];
    for (request, family) in requests {
        // Before the trade socket has had a moment to come up.
        let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http }, Timing::default()).await;
        // More than leave within the first second: those that wait for the next leave together.
        for number in 0..30 {
            rig.connector.send(request(number)).unwrap();
        }
        let (mut taken, mut refused, mut unknown) = (0, vec![], 0);
        for _ in 0..30 {
            match rig.answer().await {
                AccountEvent::Acknowledged(answer) => {
                    taken += usize::from(answer.order_id.is_some_and(|id| id.as_str() == "v-1"));
                }
                AccountEvent::Refused(answer) => refused.push(answer.family),
                AccountEvent::Undetermined(_) => unknown += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(refused.iter().all(|told| *told == family), "{refused:?}");
        // A batch of one has a first item and no second.
        assert!(!refused.is_empty() && taken >= refused.len(), "{taken} taken, {refused:?}");
        assert!(unknown > 0, "what the answer does not say nobody knows");
    }
}

fn account_http(target: &str) -> (u16, String) {
    let list = |rows: &str, cursor: &str| {
        format!(
            r#"{{"retCode":0,"retMsg":"OK","result":{{"list":[{rows}],"nextPageCursor":"{cursor}"}},"time":5}}"#
        )
    };
    let execution = |id: &str, time: i64| {
        format!(
            r#"{{"symbol":"ETHUSDT","execId":"{id}","orderId":"o","orderLinkId":"w01-1","execType":"Trade","side":"Buy","execPrice":"3400","execQty":"0.1","execFee":"0.1","execTime":"{time}","seq":1}}"#
        )
    };
    let order = r#"{"symbol":"ETHUSDT","orderId":"o","orderLinkId":"w01-1","side":"Buy","qty":"0.1","orderStatus":"New","price":"3400","updatedTime":"7"}"#;
    let body = match target {
        "GET /v5/execution/list?category=linear&limit=100&startTime=1000" => {
            list(&execution("e-3", 30), "next%3A2%26")
        }
        "GET /v5/execution/list?category=linear&limit=100&startTime=1000&cursor=next%3A2%26" => {
            list(&format!("{},{}", execution("e-2", 20), execution("e-1", 20)), "")
        }
        "GET /v5/order/realtime?category=linear&limit=50&openOnly=0&settleCoin=USDT" => list(order, ""),
        "GET /v5/position/list?category=linear&symbol=ETHUSDT" => {
            list(r#"{"symbol":"ETHUSDT","positionIdx":0,"side":"","size":"0","avgPrice":"0","leverage":"10"}"#, "")
        }
        "GET /v5/account/wallet-balance?accountType=UNIFIED" => {
            list(r#"{"totalAvailableBalance":"100","coin":[{"coin":"USDT","walletBalance":"100"}]}"#, "")
        }
        "GET /v5/market/time?" | "GET /v5/market/time" => {
            r#"{"retCode":0,"result":{"timeSecond":"1700000000","timeNano":"1700000000123456789"},"time":1700000000123}"#.to_owned()
        }
        "GET /v5/market/orderbook?category=linear&limit=1&symbol=ETHUSDT" => {
            r#"{"retCode":0,"result":{"s":"ETHUSDT","b":[],"a":[],"ts":650000,"u":1}}"#.to_owned()
        }
        "GET /v5/market/kline?category=linear&interval=5&limit=3&symbol=ETHUSDT" => list(
            r#"["600000","3","3","3","3","1","3"],["300000","2","2","2","2","1","2"],["0000001","1","1","1","1","1","1"]"#,
            "",
        ),
        _ if target.starts_with("GET /v5/order/realtime?category=linear&orderLinkId=") => list("", ""),
        _ if target.starts_with("GET /v5/order/history?category=linear&orderLinkId=w01-1&symbol=") => list(order, ""),
        _ if target.starts_with("GET /v5/execution/list?category=linear&orderLinkId=") => {
            list(&execution("e-1", 20), "")
        }
        _ => return (404, target.to_owned()),
    };
    (200, body)
}

#[tokio::test]
async fn b15_the_account_is_read_over_all_pages_oldest_execution_first() {
    let peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http: account_http }).await;
    let (rest, _, _observations) = client(&peer).await;
    let query = Query::Account { executions_since: MarketTime(1_000) };
    let AccountEvent::Answer(QueryAnswer::Account(snapshot)) = rest.answer(query, &[eth()]).await else {
        panic!()
    };
    let ids: Vec<_> = snapshot.executions.iter().map(|e| e.execution_id.to_string()).collect();
    assert_eq!(ids, ["e-1", "e-2", "e-3"]);
    assert_eq!((snapshot.open_orders.len(), snapshot.positions.len()), (1, 1), "the flat position is there");
    assert_eq!(snapshot.wallet.at, MarketTime(30), "on the market's clock, not the answer's");
}

#[tokio::test]
async fn b01_b15_after_a_long_absence_executions_are_read_week_by_week() {
    const DAY_MS: i64 = 86_400_000;
    let http = |target: &str| match target {
        _ if target.contains("/market/orderbook") => {
            (200, format!(r#"{{"retCode":0,"result":{{"ts":{}}}}}"#, 1_000 * DAY_MS))
        }
        _ if target.contains("/account/wallet-balance") => {
            (200, r#"{"retCode":0,"result":{"list":[{"coin":[]}]}}"#.to_owned())
        }
        _ => (200, r#"{"retCode":0,"result":{"list":[]}}"#.to_owned()),
    };
    let mut peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http }).await;
    let (rest, _, _observations) = client(&peer).await;
    let query = Query::Account { executions_since: MarketTime(984 * DAY_MS) };
    assert!(matches!(rest.answer(query, &[eth()]).await, AccountEvent::Answer(_)));
    let heads = peer.http_heads();
    let windows: Vec<_> = heads
        .iter()
        .filter_map(|head| head.split(' ').nth(1)?.strip_prefix("/v5/execution/list?category=linear&"))
        .collect();
    let (first, second, third) = (984 * DAY_MS, 991 * DAY_MS, 998 * DAY_MS);
    assert_eq!(
        windows,
        [
            format!("endTime={}&limit=100&startTime={first}", second - 1),
            format!("endTime={}&limit=100&startTime={second}", third - 1),
            format!("limit=100&startTime={third}"),
        ]
    );
}

#[tokio::test]
async fn a02_one_order_is_looked_for_in_open_orders_then_history_with_its_executions() {
    let peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http: account_http }).await;
    let (rest, _, _observations) = client(&peer).await;
    let query = Query::Order { symbol: eth(), client_order_id: submit(1).client_order_id };
    let AccountEvent::Answer(QueryAnswer::Order(lookup)) = rest.answer(query, &[]).await else { panic!() };
    assert!(lookup.order.is_some() && lookup.executions.len() == 1, "{lookup:?}");

    let unknown = Query::Order { symbol: eth(), client_order_id: submit(9).client_order_id };
    assert!(
        matches!(rest.answer(unknown, &[]).await, AccountEvent::QueryFailed(failed) if failed.query == unknown),
        "a part that cannot be read fails the whole: absence must be proven"
    );
}

#[tokio::test]
async fn history_ends_with_the_last_closed_candle_on_the_markets_clock() {
    let peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http: account_http }).await;
    let (rest, _, _observations) = client(&peer).await;
    let candles = rest.candles(eth(), Interval::M5, 2).await.unwrap();
    let starts: Vec<_> = candles.iter().map(|candle| candle.start.0).collect();
    assert_eq!(starts, [1, 300_000], "the candle that opened at 600 s is still open at 650 s");
    assert!(candles.iter().all(|candle| candle.is_confirmed && candle.is_warm_up));
    let time = rest.server_time().await.unwrap();
    assert_eq!(time.server_ns, 1_700_000_000_123_456_789);
    assert!(rest.clock().offset().is_some());
}

#[tokio::test]
async fn a_past_longer_than_one_answer_is_read_page_by_page() {
    // A venue with a candle for each of 10,000 minutes, which answers with at most 1,000 rows, newest first.
    let http = |target: &str| {
        let of = |name: &str| {
            let value = target.split(['?', '&']).find_map(|part| part.strip_prefix(name));
            value.map(|value| value.parse::<i64>().unwrap())
        };
        if target.starts_with("GET /v5/market/orderbook?") {
            return (
                200,
                r#"{"retCode":0,"result":{"s":"ETHUSDT","b":[],"a":[],"ts":600060000,"u":1}}"#.to_owned(),
            );
        }
        let newest = of("end=").unwrap_or(600_060_000) / 60_000;
        let rows = of("limit=").unwrap().min(1_000);
        let rows: Vec<String> = (0..rows)
            .map_while(|back| Some(newest - back).filter(|minute| *minute > 0))
            .map(|minute| format!(r#"["{}","1","1","1","1","1","1"]"#, minute * 60_000))
            .collect();
        (200, format!(r#"{{"retCode":0,"result":{{"list":[{}]}}}}"#, rows.join(",")))
    };
    let peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http }).await;
    let (rest, _, _observations) = client(&peer).await;
    for (wanted, expected) in [(1, 1), (999, 999), (1_000, 1_000), (2_500, 2_500), (20_000, 10_000)] {
        let candles = rest.candles(eth(), Interval::M1, wanted).await.unwrap();
        let starts: Vec<_> = candles.iter().map(|candle| candle.start.0 / 60_000).collect();
        // The minute that began at 600,060 s is still open.
        let whole: Vec<i64> = (10_001 - expected..10_001).collect();
        assert_eq!(starts, whole, "{wanted}");
    }
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
    let peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http }).await;
    let add = |plan: &mut Plan| plan.topics.push(Topic::Candles(eth(), Interval::M5));
    let mut rig = Rig::with(peer, Timing::default(), add).await;
    rig.link(Link::Public(LinkState::Up)).await;
    let candle = async {
        loop {
            if let (_, MarketEvent::Candle(candle)) = rig.market.recv().await.unwrap() {
                return candle;
            }
        }
    };
    let candle = timeout(Duration::from_secs(20), candle).await.unwrap();
    assert_eq!(candle.start, MarketTime(300_000), "the one from 600 s on is still open");
    assert!(candle.is_confirmed && candle.is_warm_up, "no rule fires on it");
}

#[tokio::test]
async fn e03_an_order_refused_for_a_figure_has_the_contracts_read_anew() {
    let http = |target: &str| match target {
        "POST /v5/position/set-leverage" => {
            (200, r#"{"retCode":10001,"retMsg":"bad","result":{}}"#.to_owned())
        }
        _ => (404, String::new()),
    };
    let mut rig = Rig::start(Behaviour { order: |_| OnOrder::Take, http }, Timing::default()).await;
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
async fn a_shadow_run_logs_in_listens_and_sends_nothing() {
    let behaviour = Behaviour { order: |_| OnOrder::Take, http: REFUSE_HTTP };
    let mut rig = Rig::with(Peer::start(behaviour).await, Timing::default(), |plan| plan.sends = false).await;
    rig.link(Link::Private(LinkState::Up)).await;
    let answer = rig.connector.send(Command::Submit(submit(1))).unwrap_err();
    let AccountEvent::Refused(refused) = *answer else { panic!() };
    assert_eq!(refused.family, RefusalFamily::NotSent);
    rig.connector.stop().await;
    while let Ok(seen) = rig.peer.seen.try_recv() {
        let Seen::Text(path, text) = seen else { continue };
        assert!(path != "/v5/trade" && !text.contains("order.create"), "{path} {text}");
    }
}

#[tokio::test]
async fn topics_are_shared_out_over_connections_and_the_link_is_up_when_all_are() {
    let behaviour = Behaviour { order: |_| OnOrder::Take, http: REFUSE_HTTP };
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
async fn the_venue_is_asked_to_refuse_prices_rather_than_move_them() {
    let http = |_: &str| (200, r#"{"retCode":0,"retMsg":"OK","result":{}}"#.to_owned());
    let mut peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http }).await;
    let (rest, _, _observations) = client(&peer).await;
    rest.refuse_moved_prices(Category::Linear).await.unwrap();
    let Some(Seen::Http(head, body)) = peer.seen.recv().await else { panic!() };
    assert!(head.starts_with("POST /v5/account/set-limit-px-action"), "{head}");
    assert_eq!(body, r#"{"category":"linear","modifyEnable":false}"#);
}

#[tokio::test]
async fn c06_a_slow_reader_loses_no_word_of_the_account() {
    const WALLETS: usize = 2_000;
    let behaviour = Behaviour { order: |_| OnOrder::Take, http: REFUSE_HTTP };
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

#[tokio::test]
async fn e05_what_is_listed_is_read_to_its_last_page() {
    let http = |target: &str| {
        let page = |symbol: &str, cursor: &str| {
            let text = include_str!("../payloads/rest/instruments.json").replace("BTCUSDT", symbol);
            (200, text.replace(r#""nextPageCursor":"""#, &format!(r#""nextPageCursor":"{cursor}""#)))
        };
        match target {
            "GET /v5/market/instruments-info?category=linear&limit=1000" => page("AUSDT", "second"),
            "GET /v5/market/instruments-info?category=linear&limit=1000&cursor=second" => page("BUSDT", ""),
            _ => (404, String::new()),
        }
    };
    let peer = Peer::start(Behaviour { order: |_| OnOrder::Take, http }).await;
    let (rest, _, _observations) = client(&peer).await;
    let listings = rest.listings(Category::Linear, None).await.unwrap();
    let symbols: Vec<_> = listings.iter().map(|listing| listing.symbol.to_string()).collect();
    assert_eq!(symbols, ["AUSDT", "BUSDT"]);
}
