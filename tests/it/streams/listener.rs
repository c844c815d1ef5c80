//! One life of the connector with the books that an engine keeps by it: market, orders, fills, positions.
//!
//! Everything of the account goes through [`Orders`], which asks what it wants to know itself, as in the engine. Beside it
//! stands what the stream alone told, because the books would heal what the stream lost.

use super::CONTRACTS;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use windvane_connector::{
    Category, Connector, Credentials, Customer, DisconnectProtection, KeyPolicy, Observer, Outlets, Plan,
    PositionMode, RateLimits, RestClient, Secret, Timing, Topic, VenueClock, VenueEndpoints, WallClock,
};
use windvane_market::{Change, Market as Books};
use windvane_model::{
    AccountEvent, BookLevel, BotName, BotTag, Cancel, ClientOrderId, Command, Control, Epoch, Event,
    ExecutionId, IdGrammar, InstallTag, Link, LinkState, MarketEvent, MarketTime, OrderId, OrderKind,
    OrderStatus, PositionIndex, Qty, Role, Side, Stamp, Submit, Symbol, Triggers, WallTime,
};
use windvane_order_management::{AbsenceBounds, Effect, Identity, Orders, PositionKey, Provenance};
use windvane_tests::Ground;

/// How often deadlines are looked after, as in the engine's loop.
const CARE_EVERY: Duration = Duration::from_millis(20);

/// A mistake that is made on purpose between the connector and the books, to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    /// The first execution is not handed on.
    LoseAnExecution,
    /// The first execution is handed on twice.
    TellAnExecutionTwice,
    /// The first end of an order is not handed on.
    LoseAnOrder,
}

/// What came over the private stream, apart from what queries told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) executions: BTreeSet<(Symbol, ExecutionId)>,
    /// Executions that were told again.
    pub(super) repeated: u64,
    pub(super) orders: BTreeSet<(OrderId, OrderStatus)>,
    /// Sizes of positions by contract; positive long, negative short.
    pub(super) positions: BTreeMap<Symbol, BTreeSet<rust_decimal::Decimal>>,
    /// Since when the stream is up without a break: from then on it owes everything.
    pub(super) up_since: Option<MarketTime>,
    /// How often it went down.
    pub(super) downs: u64,
}

pub(super) struct Listener {
    pub(super) rest: RestClient,
    connector: Connector,
    market: mpsc::Receiver<(WallTime, MarketEvent)>,
    account: mpsc::Receiver<(WallTime, Event)>,
    pub(super) symbols: Vec<Symbol>,
    books: Books,
    sequence: u64,
    pub(super) orders: Orders,
    identity: Identity,
    /// Orders sent so far.
    sent: u64,
    pub(super) told: Told,
    mistake: Mistake,
    /// What must not happen whatever the faults are.
    pub(super) alarms: Vec<String>,
}

fn bot() -> BotName {
    BotName::new("streams").unwrap()
}

impl Listener {
    /// `number` tells this life from all others on the same account.
    pub(super) fn start(ground: &Ground, number: u64, mistake: Mistake) -> Self {
        let endpoints = VenueEndpoints::loopback(&ground.venue().to_string()).unwrap();
        let secret = Secret::new("paper-secret".to_owned());
        let credentials = Arc::new(Credentials::new("paper-key".to_owned(), secret).unwrap());
        let (observations, _) = mpsc::channel(1);
        let clock = Arc::new(VenueClock::new(WallClock::start()));
        let rest =
            RestClient::new(&endpoints, credentials, clock, Observer::new(observations), RateLimits::Off)
                .unwrap();
        let symbols: Vec<Symbol> = CONTRACTS.iter().map(|(name, ..)| Symbol::new(name).unwrap()).collect();
        let (to_market, market) = mpsc::channel(4_096);
        let (to_account, account) = mpsc::channel(4_096);
        let topics = symbols.iter().flat_map(|symbol| [Topic::Book(*symbol), Topic::Ticker(*symbol)]);
        let plan = Plan {
            topics: topics.collect(),
            symbols: symbols.clone(),
            key: KeyPolicy::default(),
            position_mode: PositionMode::OneWay,
            // A stall shorter than this is waited out, a longer one noticed.
            timing: Timing {
                ping_every_ms: 500,
                pong_within_ms: 700,
                topic_silence_ms: 2_000,
                ..Timing::default()
            },
            customer: Customer { uid: 1, is_demo: false },
            is_under_maintenance: false,
            topics_per_connection: Some(4),
            sends: true,
            disconnect_protection: DisconnectProtection::Off,
            fast_executions: false,
        };
        let outlets = Outlets { market: to_market, account: to_account };
        let connector = Connector::start(&rest, &endpoints, plan, &outlets).unwrap();
        // Another installation each time: the orders of earlier lives are somebody else's.
        let install = InstallTag::new(&format!("{:03}", number % 1_000)).unwrap();
        let identity = Identity { install, epoch: Epoch(number) };
        let claims: Vec<PositionKey> = symbols.iter().map(|symbol| (*symbol, PositionIndex(0))).collect();
        // This venue's index is never late, and a request that the connector sent is admitted at once or not at all.
        let bounds =
            AbsenceBounds { recv_window_open_ms: 2_000, recv_window_reduce_ms: 2_000, late_index_ms: 0 };
        Self {
            rest,
            connector,
            market,
            account,
            symbols,
            books: Books::new(1),
            sequence: 0,
            orders: Orders::new(identity, &[(bot(), claims)]).with_bounds(bounds),
            identity,
            sent: 0,
            told: Told::default(),
            mistake,
            alarms: Vec::new(),
        }
    }

    /// What the client order ids of this life begin with.
    pub(super) fn install(&self) -> String {
        self.identity.install.as_str().to_owned()
    }

    fn stamp(&mut self, wall: WallTime) -> Stamp {
        self.sequence += 1;
        // The venue runs on the clock of this machine.
        Stamp { sequence: self.sequence, wall, market: MarketTime(wall.as_millis()) }
    }

    /// Takes what comes for so long, as the engine does: a lost book is asked for anew, deadlines are kept.
    pub(super) async fn listen(&mut self, length: Duration) {
        let until = Instant::now() + length;
        let mut care = tokio::time::interval(CARE_EVERY);
        loop {
            tokio::select! {
                biased;
                // First, as in the engine's loop: a link that went down before a snapshot came is heard of before it.
                Some((wall, event)) = self.account.recv() => self.take(wall, event),
                _ = care.tick() => self.care(),
                Some((wall, event)) = self.market.recv() => {
                    let stamp = Stamp { market: event.at(), ..self.stamp(wall) };
                    if let Change::BookLost(_) = self.books.apply(&event, stamp) {
                        self.connector.resubscribe(event.symbol());
                    }
                    self.connector.reuse(event);
                }
                () = tokio::time::sleep_until(until) => return,
            }
        }
    }

    fn care(&mut self) {
        let now = self.rest.clock().now();
        if self.orders.next_deadline().is_some_and(|due| due <= now) {
            let (stamp, mut effects) = (self.stamp(now), Vec::new());
            self.orders.on_timer(stamp, &mut effects);
            self.follow(effects);
        }
    }

    fn take(&mut self, wall: WallTime, event: Event) {
        match event {
            Event::Account(event) => (0..self.err(&event)).for_each(|_| self.hear(wall, &event)),
            Event::Link(Link::Public(LinkState::Down)) => self.books.lose_books(),
            Event::Link(Link::Private(LinkState::Down)) => {
                self.told.up_since = None;
                self.told.downs += 1;
            }
            Event::Link(Link::Private(LinkState::Up)) => {
                self.told.up_since = Some(MarketTime(wall.as_millis()));
                self.reconcile(wall);
            }
            Event::Control(Control::Reconcile) => self.reconcile(wall),
            Event::Control(control) => self.alarms.push(format!("{control:?}")),
            _ => {}
        }
    }

    fn reconcile(&mut self, wall: WallTime) {
        let stamp = self.stamp(wall);
        let query = self.orders.begin_reconcile(stamp);
        self.send(Command::Query(query));
    }

    /// How often an event is handed on, by the mistake that is made once.
    fn err(&mut self, event: &AccountEvent) -> u32 {
        let times = match (self.mistake, event) {
            (Mistake::LoseAnExecution, AccountEvent::Execution(_)) => 0,
            (Mistake::TellAnExecutionTwice, AccountEvent::Execution(_)) => 2,
            (Mistake::LoseAnOrder, AccountEvent::Order(report)) if report.status == OrderStatus::Filled => 0,
            _ => return 1,
        };
        self.mistake = Mistake::None;
        times
    }

    fn hear(&mut self, wall: WallTime, event: &AccountEvent) {
        match event {
            AccountEvent::Execution(execution) => {
                let is_new = self.told.executions.insert((execution.symbol, execution.execution_id));
                self.told.repeated += u64::from(!is_new);
            }
            AccountEvent::Order(report) => {
                self.told.orders.insert((report.order_id, report.status));
            }
            AccountEvent::Position(report) => {
                let size = report.qty.get();
                let size = if report.side == Some(Side::Sell) { -size } else { size };
                self.told.positions.entry(report.symbol).or_default().insert(size);
            }
            _ => {}
        }
        let (stamp, mut effects) = (self.stamp(wall), Vec::new());
        self.orders.apply(event, stamp, &mut effects);
        self.follow(effects);
    }

    fn follow(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(query) => self.send(Command::Query(query)),
                Effect::Halt(cause) => self.alarms.push(format!("halt: {}", cause.as_str())),
                Effect::Fenced { epoch } => self.alarms.push(format!("fenced by {epoch:?}")),
                Effect::Notice(_)
                | Effect::Difference(_)
                | Effect::Doubt { .. }
                | Effect::Forced { .. }
                | Effect::Undergoing { .. } => {}
            }
        }
    }

    fn send(&mut self, command: Command) {
        if let Err(answer) = self.connector.send(command) {
            self.hear(self.rest.clock().now(), &answer);
        }
    }

    /// Sends an order of its own, which is in the books before it leaves.
    pub(super) fn place(&mut self, symbol: Symbol, side: Side, qty: Qty, kind: OrderKind) {
        self.sent += 1;
        let grammar = IdGrammar {
            install: self.identity.install,
            bot: BotTag::of(&bot()),
            role: Role::Entry,
            epoch: self.identity.epoch,
            sequence: self.sent,
        };
        let submit = Submit {
            client_order_id: grammar.mint(),
            symbol,
            position_index: PositionIndex(0),
            role: Role::Entry,
            side,
            qty,
            kind,
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        };
        self.command(Command::Submit(submit));
    }

    /// Cancels every order of its own that rests.
    pub(super) fn cancel_all(&mut self) {
        let live: Vec<(ClientOrderId, Symbol)> =
            self.orders.live_orders().map(|order| (order.id(), order.symbol())).collect();
        for (id, symbol) in live {
            self.command(Command::Cancel(Cancel { client_order_id: Some(id), order_id: None, symbol }));
        }
    }

    fn command(&mut self, command: Command) {
        let stamp = self.stamp(self.rest.clock().now());
        let provenance = Provenance { bot: Some(bot()), ..Provenance::default() };
        self.orders.record(&command, provenance, stamp);
        self.send(command);
    }

    /// Whether every book is the venue's, level by level.
    pub(super) async fn has_the_venues_books(&self) -> Result<(), String> {
        for symbol in &self.symbols {
            let theirs = self
                .rest
                .order_book(Category::Linear, *symbol, 50)
                .await
                .map_err(|error| error.to_string())?;
            let ours = self.books.contract(*symbol).ok_or_else(|| format!("{symbol}: nothing heard"))?;
            for (side, levels) in [(Side::Buy, theirs.bids), (Side::Sell, theirs.asks)] {
                let mine: Vec<BookLevel> = ours.book().levels(side).take(levels.len()).collect();
                if mine != levels {
                    return Err(format!("{symbol} {side:?}: ours {mine:?}, the venue's {levels:?}"));
                }
            }
        }
        Ok(())
    }

    /// Ends the connector.
    pub(super) async fn stop(self) {
        let Self { connector, mut market, mut account, .. } = self;
        let stopping = connector.stop();
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                () = &mut stopping => return,
                Some(_) = market.recv() => {}
                Some(_) = account.recv() => {}
            }
        }
    }
}
