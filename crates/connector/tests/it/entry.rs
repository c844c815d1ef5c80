//! Orders over the trade socket, and over REST where that is down or does not offer what is asked.

use super::{
    peer::{Behaviour, OnOrder, Peer, Seen},
    rig::{REFUSE_HTTP, Rig, eth, submit},
};
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};
use windvane_connector::{Observation, Timing};
use windvane_model::{
    AccountEvent, Cancel, Command, Event, Link, LinkState, MarketEvent, RefusalFamily, SetLeverage, Submit,
    WallTime,
};

/// Takes orders over REST as well, under an id of its own, and nothing else.
fn taking_orders(target: &str) -> (u16, String) {
    match target {
        "POST /v5/order/create" => {
            (200, r#"{"retCode":0,"retMsg":"OK","result":{"orderId":"v-2","orderLinkId":""}}"#.to_owned())
        }
        _ => (404, String::new()),
    }
}

#[tokio::test]
async fn links_come_up_prices_flow_and_an_order_is_acknowledged_over_the_trade_socket() {
    let behaviour = Behaviour::answering(REFUSE_HTTP);
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
async fn a_lost_reply_leaves_the_outcome_unknown_and_the_socket_up() {
    let order = |number| if number == 0 { OnOrder::KeepSilent } else { OnOrder::Take };
    let timing = Timing { reply_within_ms: 150, ..Timing::default() };
    let mut rig = Rig::start(Behaviour::new(order, REFUSE_HTTP), timing).await;
    rig.link(Link::Trade(LinkState::Up)).await;
    rig.connector.send(Command::Submit(submit(1))).unwrap();
    let answer = rig.answer().await;
    assert!(matches!(answer, AccountEvent::Undetermined(u) if u.code == 0), "{answer:?}");
    rig.connector.send(Command::Submit(submit(2))).unwrap();
    assert!(matches!(rig.answer().await, AccountEvent::Acknowledged(_)));
}

#[tokio::test]
async fn a_disconnect_leaves_the_order_unknown_and_never_sends_it_again() {
    let order = |number| if number == 0 { OnOrder::Disconnect } else { OnOrder::Take };
    let mut rig = Rig::start(Behaviour::new(order, taking_orders), Timing::default()).await;
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
    let mut rig = Rig::start(Behaviour::new(order, taking_orders), Timing::default()).await;
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
    let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
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
    let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
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
    let behaviour = Behaviour::answering(http);
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
        let mut rig = Rig::start(Behaviour::answering(http), Timing::default()).await;
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
