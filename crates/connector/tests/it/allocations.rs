//! How often a steady stream asks the allocator: never, for the messages that come by the thousand and the rows of an account.

use allocation_counter::measure;
use windvane_connector::{
    Category, Moment, Mutation, Spares, Timing, Topic,
    codec::{decode_private, decode_public},
    session::{Output, PublicSession, Session, Shards},
};
use windvane_model::{
    Cancel, ClientOrderId, Millis, OrderKind, PositionIndex, Price, Qty, Role, Side, Submit, Symbol,
    TimeInForce, Triggers, WallTime,
};

const STEADY: [(&str, &str); 4] = [
    ("an order book", include_str!("../payloads/public/orderbook-delta.json")),
    ("a whole order book", include_str!("../payloads/public/orderbook-snapshot.json")),
    ("trades", include_str!("../payloads/public/trades.json")),
    ("a ticker", include_str!("../payloads/public/ticker-delta.json")),
];

#[test]
fn decoding_in_the_steady_state_allocates_nothing() {
    let spares = Spares::default();
    let mut events = Vec::with_capacity(4);
    for (what, text) in STEADY {
        let mut round = || {
            decode_public(text, &spares, &mut events);
            assert_eq!(events.len(), 1, "{what}");
            events.drain(..).for_each(|event| spares.give_back(event));
        };
        // The first one makes the lists.
        round();
        assert_eq!(measure(round).count_total, 0, "{what}");
    }
}

#[test]
fn rows_of_an_account_are_read_without_allocating() {
    let mut events = Vec::with_capacity(8);
    for text in [
        include_str!("../payloads/private/executions.json"),
        include_str!("../payloads/private/order-working-with-stop.json"),
        include_str!("../payloads/private/position-open-and-flat.json"),
    ] {
        let counted = measure(|| drop(decode_private(text, &mut events)));
        assert!(!events.is_empty());
        assert_eq!(counted.count_total, 0, "{text}");
        events.clear();
    }
}

#[test]
fn a_public_session_in_the_steady_state_allocates_nothing() {
    let symbol = |name| Symbol::new(name).unwrap();
    let (btc, doge) = (symbol("BTCUSDT"), symbol("DOGEUSDT"));
    let topics = vec![Topic::Book(btc), Topic::Ticker(btc), Topic::Trades(doge)];
    let spares = Spares::default();
    let mut session = PublicSession::new(topics, Timing::default(), Shards::of(1), spares.clone()).unwrap();
    let at = |ms: Millis| Moment { wall: WallTime(ms * 1_000_000), stamp_ms: ms };
    let mut out = Output::default();
    session.open(at(0), &mut out);
    session.text(at(1), r#"{"success":true,"ret_msg":"","req_id":"1","op":"subscribe"}"#, &mut out);
    assert!(session.is_ready());
    out = Output::default();
    let mut now = 1;
    let mut round = || {
        now += 20;
        for (what, text) in STEADY {
            session.text(at(now), text, &mut out);
            assert_eq!(out.market.len(), 1, "{what}");
            out.market.drain(..).for_each(|event| spares.give_back(event));
        }
    };
    round();
    assert_eq!(measure(round).count_total, 0);
}

#[test]
fn a_request_is_one_text() {
    let id = ClientOrderId::new("w01trnde0000001-000001").unwrap();
    let price = |text: &str| Price::new(text.parse().unwrap()).unwrap();
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let order = Mutation::Submit(Submit {
        client_order_id: id,
        symbol,
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new("0.012".parse().unwrap()).unwrap(),
        kind: OrderKind::Limit { price: price("97000.5"), time_in_force: TimeInForce::PostOnly },
        reduce_only: false,
        stop_loss: Some(price("95000")),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    });
    let cancel = Mutation::Cancel(Cancel { client_order_id: Some(id), order_id: None, symbol });
    for mutation in [order, cancel] {
        let counted = measure(|| drop(mutation.body(Category::Linear)));
        assert_eq!(counted.count_total, 1, "{mutation:?}");
    }
}
