//! What an engine does about the account at its start, and what its owner can do about a key; and requests in batches, all
//! against a venue.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::timeout;
use windvane_connector::{
    Category, Connector, Credentials, Customer, DisconnectProtection, KeyPolicy, MarginMode, Observer,
    Outlets, Plan, PositionMode, RateLimits, RestClient, Secret, Span, Timing, Topic, VenueClock,
    VenueEndpoints, WallClock,
};
use windvane_model::{
    AccountEvent, ClientOrderId, Command, Event, Link, LinkState, MarketTime, OrderKind, PositionIndex,
    Price, Qty, Role, Side, Submit, Symbol, TimeInForce, Triggers,
};
use windvane_tests::{Ground, Market, PATIENCE, finish, windvane};

/// A key that may move money, which the exchange lets delete itself.
const OWNERS_KEY: &str = "leverage = \"10\"\n\n[[accounts.keys]]\nkey = \"owners\"\nsecret = \"worth-nothing\"\n\
                          rights = [\"order\", \"position\", \"transfer\"]\n";

fn rest(ground: &Ground, limits: RateLimits) -> (RestClient, VenueEndpoints) {
    let endpoints = VenueEndpoints::loopback(&ground.venue().to_string()).unwrap();
    let secret = Secret::new("paper-secret".to_owned());
    let credentials = Arc::new(Credentials::new("paper-key".to_owned(), secret).unwrap());
    let (observations, _) = mpsc::channel(1);
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let rest = RestClient::new(&endpoints, credentials, clock, Observer::new(observations), limits).unwrap();
    (rest, endpoints)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_key_is_revoked_when_nothing_is_open_and_works_nowhere_afterwards() {
    let ground = Ground::on(Market::Walking, &[("leverage = \"10\"\n", OWNERS_KEY)]);
    ground.write_secret("owners.key", "key = \"owners\"\nsecret = \"worth-nothing\"\n");
    ground.write_config(&[("[venue.endpoints]", "key_file = \"owners.key\"\n\n[venue.endpoints]")]);
    let config = ground.config();
    let uid = ground.account()["uid"].to_string();
    let (code, said, complaint) =
        finish(&windvane(&["keys", "revoke", "--config", config.as_str(), "--account", uid.as_str()]));
    assert_eq!(code, Some(0), "{complaint}");
    assert!(said.contains("works nowhere any more"), "{said}");
    let (code, _, complaint) = finish(&windvane(&["keys", "check", "--config", config.as_str()]));
    assert_eq!(code, Some(3), "{complaint}");
    assert!(complaint.contains("10003"), "{complaint}");
}

#[test]
fn a_start_sets_the_modes_that_the_config_asks_for() {
    let ground = Ground::new(Market::Walking);
    let btc = Symbol::new("BTCUSDT").unwrap();
    let (rest, _) = rest(&ground, RateLimits::Off);
    block_on(async {
        rest.set_position_mode(btc, PositionMode::Hedge).await.unwrap();
        rest.set_margin_mode(&MarginMode::Isolated).await.unwrap();
    });
    let set = "environment = \"custom\"\naccount = \"set\"";
    ground.write_config(&[("environment = \"custom\" ", set)]);
    let mut engine = ground.engine("engine", &["--duration", "2s"]);
    let code = engine.wait(PATIENCE);
    assert_eq!(code, Some(0), "{}{}", engine.out(), engine.err());
    block_on(async {
        assert_eq!(rest.account_info().await.unwrap().margin_mode, MarginMode::Cross);
        assert_eq!(rest.position_mode(Category::Linear, btc).await.unwrap(), PositionMode::OneWay);
    });
}

#[test]
fn an_account_with_contracts_of_another_coin_is_not_started_on_and_one_with_mere_collateral_is() {
    let ground = Ground::new(Market::Walking);
    let uid = ground.account()["uid"].clone();
    ground.sim("account", &json!({ "uid": uid, "coin": "BTC", "delta": "0.5" }).to_string());
    let mut engine = ground.engine("rich", &["--duration", "2s"]);
    let code = engine.wait(PATIENCE);
    assert_eq!(code, Some(0), "{}{}", engine.out(), engine.err());
    let inverse = json!({
        "uid": uid, "category": "inverse", "symbol": "BTCUSD", "side": "Buy", "orderType": "Limit",
        "timeInForce": "GTC", "price": "50000", "qty": "600",
    });
    ground.sim("order", &inverse.to_string());
    let mut engine = ground.engine("mixed", &["--duration", "2s"]);
    let code = engine.wait(PATIENCE);
    assert_eq!(code, Some(3), "{}{}", engine.out(), engine.err());
    let said = engine.err();
    assert!(
        said.contains("contracts that settle in BTC hold 0.00") && said.contains("repay or close it"),
        "{said}"
    );
}

fn order(number: u32, symbol: Symbol) -> Submit {
    Submit {
        client_order_id: ClientOrderId::new(&format!("w01-{number}")).unwrap(),
        symbol,
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new("0.001".parse().unwrap()).unwrap(),
        kind: OrderKind::Limit {
            price: Price::new("59000".parse().unwrap()).unwrap(),
            time_in_force: TimeInForce::PostOnly,
        },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

/// Forty orders at once are four times what a second takes, over REST alone as on demo: they leave in batches, each is
/// answered once, and the venue has each once.
#[test]
fn orders_without_room_leave_in_batches_over_rest() {
    const ORDERS: u32 = 40;
    let ground = Ground::strict(Market::Still);
    let btc = Symbol::new("BTCUSDT").unwrap();
    let price =
        r#"{"symbol":"BTCUSDT","bid":"60000","ask":"60000.1","last":"60000","mark":"60000","index":"60000"}"#;
    ground.sim("price", price);
    let (rest, _) = rest(&ground, RateLimits::Published);
    let address = ground.venue().to_string();
    let endpoints = VenueEndpoints::custom(
        &format!("http://{address}"),
        &format!("ws://{address}/v5/public/linear"),
        &format!("ws://{address}/v5/private"),
        None,
    )
    .unwrap();
    let answered = block_on(async {
        rest.server_time().await.unwrap();
        let (to_market, mut market) = mpsc::channel(1_024);
        let (to_account, mut account) = mpsc::channel(1_024);
        let plan = Plan {
            topics: vec![Topic::Ticker(btc)],
            symbols: vec![btc],
            key: KeyPolicy::default(),
            position_mode: PositionMode::OneWay,
            timing: Timing::default(),
            customer: Customer { uid: 1, is_demo: false },
            is_under_maintenance: false,
            topics_per_connection: None,
            sends: true,
            disconnect_protection: DisconnectProtection::Off,
            fast_executions: false,
        };
        let connector =
            Connector::start(&rest, &endpoints, plan, &Outlets { market: to_market, account: to_account })
                .unwrap();
        let mut answered = BTreeSet::new();
        let mut is_sent = false;
        let all = async {
            while answered.len() < ORDERS as usize {
                tokio::select! {
                    Some((_, event)) = account.recv() => match event {
                        Event::Link(Link::Private(LinkState::Up)) if !is_sent => {
                            is_sent = true;
                            for number in 0..ORDERS {
                                connector.send(Command::Submit(order(number, btc))).unwrap();
                            }
                        }
                        Event::Account(AccountEvent::Acknowledged(ack)) => {
                            assert!(answered.insert(ack.client_order_id.unwrap()), "answered twice");
                        }
                        Event::Account(AccountEvent::Refused(refused)) => panic!("{refused:?}"),
                        _ => {}
                    },
                    Some(_) = market.recv() => {}
                }
            }
        };
        timeout(PATIENCE, all).await.unwrap();
        answered
    });
    assert_eq!(answered.len(), ORDERS as usize);
    let ids = ground.client_order_ids();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ORDERS as usize, "each once: {ids:?}");
    let accepted = &ground.account()["requests"]["accepted"];
    assert!(accepted["order/create-batch"].as_u64().unwrap_or(0) > 0, "{accepted}");
}

#[test]
fn histories_and_a_pre_check_are_read_of_every_product() {
    let ground = Ground::new(Market::Walking);
    let uid = ground.account()["uid"].to_string();
    for (category, symbol, qty) in [("linear", "BTCUSDT", "0.01"), ("spot", "BTCUSDT", "100")] {
        ground.sim(
            "order",
            &json!({"uid": uid.parse::<u64>().unwrap(), "category": category, "symbol": symbol,
            "side": "Buy", "orderType": "Market", "qty": qty})
            .to_string(),
        );
    }
    let (rest, _) = rest(&ground, RateLimits::Off);
    block_on(async {
        let now = rest.server_time().await.unwrap().server_ns / 1_000_000;
        let span = Span { from: MarketTime(now - 10 * 86_400_000), to: MarketTime(now + 60_000) };
        for category in [Category::Linear, Category::Spot] {
            let orders = rest.past_orders(category, span).await.unwrap();
            let executions = rest.past_executions(category, span).await.unwrap();
            assert_eq!((orders.len(), orders[0].status.as_str()), (1, "Filled"), "{category}: {orders:?}");
            let filled: rust_decimal::Decimal = executions.iter().map(|execution| execution.qty).sum();
            assert_eq!(filled, orders[0].filled, "{category}");
            assert!(executions.iter().all(|execution| execution.order_id == orders[0].order_id));
        }
        assert!(rest.past_orders(Category::Inverse, span).await.unwrap().is_empty());
        let btc = Symbol::new("BTCUSDT").unwrap();
        let check = rest
            .pre_check(
                Category::Linear,
                Submit { kind: OrderKind::Market { max_slippage_ticks: None }, ..order(1, btc) },
            )
            .await
            .unwrap();
        assert!(
            check.initial_after > check.initial_before && check.initial_before > check.maintenance_before
        );
        let whale = Submit {
            qty: Qty::new("50".parse().unwrap()).unwrap(),
            kind: OrderKind::Market { max_slippage_ticks: None },
            ..order(2, btc)
        };
        let refused = rest.pre_check(Category::Linear, whale).await.unwrap_err();
        assert_eq!(refused.code(), 110_007, "{refused}");
    });
    let orders: Vec<Value> = ground.rows("orders");
    assert_eq!(orders.len(), 2, "a pre-check places nothing: {orders:?}");
}
