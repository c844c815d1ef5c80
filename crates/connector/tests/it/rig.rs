//! A connector on a scripted peer: real sockets, nothing but loopback.

use super::peer::{Behaviour, Peer};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use windvane_connector::{
    Connector, Credentials, Customer, DisconnectProtection, KeyPolicy, Observation, Observer, Outlets, Plan,
    PositionMode, RateLimits, RestClient, Secret, Timing, Topic, VenueClock, VenueEndpoints, WallClock,
};
use windvane_model::{
    AccountEvent, ClientOrderId, Event, Link, MarketEvent, OrderKind, PositionIndex, Qty, Role, Side, Submit,
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
    client_of(VenueEndpoints::loopback(&peer.address).unwrap(), RateLimits::Published)
}

/// A client that need not wait.
pub(crate) fn hasty_client(peer: &Peer) -> RestClient {
    client_of(VenueEndpoints::loopback(&peer.address).unwrap(), RateLimits::Off).0
}

fn client_of(
    endpoints: VenueEndpoints,
    limits: RateLimits,
) -> (RestClient, VenueEndpoints, mpsc::Receiver<Observation>) {
    let credentials = Credentials::new("key".to_owned(), Secret::new("secret".to_owned())).unwrap();
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let (tell, observations) = mpsc::channel(1024);
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
        let (rest, endpoints, observations) = client_of(endpoints, RateLimits::Published);
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

    /// The next answer to a request.
    pub(crate) async fn answer(&mut self) -> AccountEvent {
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
