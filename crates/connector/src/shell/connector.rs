//! The connector as its user sees it: start the streams, send commands, ask for a fresh book, stop.

use super::{
    bells::Bells,
    doors::Doors,
    historian, keykeeper,
    lane::{self, Work},
    lookout::Lookout,
    modekeeper, refkeeper,
    scope::Scope,
    statuskeeper::{self, Service},
    stream::{Outlets, StreamTask},
    timekeeper,
};
use crate::{
    codec::Spares,
    encode::Mutation,
    endpoints::{Address, VenueEndpoints},
    halt::{HaltEpoch, Handed},
    key::KeyPolicy,
    outcome::Asked,
    rest::{PositionMode, RestClient, market::Customer},
    session::{
        self, DisconnectProtection, PrivateSession, PublicRequest, PublicSession, Session, Shards, Timing,
        Topic, TopicsError, TradeSession,
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};
use windvane_model::{
    AccountEvent, Command, Control, Event, HaltCause, MarketEvent, Query, QueryFailed, Symbol,
};

/// Commands that may wait for a task that is writing. The engine never waits: what finds no room is answered
/// as not sent.
const COMMANDS: usize = 1024;
/// Fresh snapshots asked for; one waits for each book at most.
const RESUBSCRIPTIONS: usize = 256;

/// What the engine wants to hear of, and what it asks of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Topics of the public stream.
    pub topics: Vec<Topic>,
    /// Contracts whose positions a query of the account reads, flat ones included.
    pub symbols: Vec<Symbol>,
    /// What the key is held to, every hour.
    pub key: KeyPolicy,
    /// How many positions each contract must have, every hour.
    pub position_mode: PositionMode,
    /// Bounds of waiting.
    pub timing: Timing,
    /// Whose maintenances matter.
    pub customer: Customer,
    /// Whether the venue was under maintenance when it was asked before the start; then the engine hears that first.
    pub is_under_maintenance: bool,
    /// Most topics of one public connection; `None` leaves it to the exchange's own limit.
    pub topics_per_connection: Option<usize>,
    /// Whether commands that change something are sent. Without, each is answered as not sent, and what an order would do
    /// is not asked.
    pub sends: bool,
    /// Whether the private stream arms the venue's protection against disconnection.
    pub disconnect_protection: DisconnectProtection,
    /// Whether the private stream also hears executions by the fast topic, as a check that none is lost.
    pub fast_executions: bool,
}

/// Why the streams could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The topics do not fit.
    #[error(transparent)]
    Topics(#[from] TopicsError),
}

/// The running streams of one venue and key.
///
/// All tasks run on the runtime of the caller of [`Connector::start`]: with a current-thread runtime, decision
/// and send happen on the thread that read the socket.
#[derive(Debug)]
pub struct Connector {
    /// Sender: this handle. Receivers: the public connections. When full: the request is dropped, one is under way.
    resubscriptions: Vec<mpsc::Sender<PublicRequest>>,
    /// Sender: this handle. Receiver: the trade socket's task. When full: answered as not sent.
    trade: mpsc::Sender<Handed>,
    /// Whether the trade socket takes orders; else they go over REST.
    trade_is_ready: Arc<AtomicBool>,
    /// Sender: this handle. Receiver: the REST task. When full: answered as not sent, or as failed.
    rest: mpsc::Sender<Work>,
    /// Whether anything that changes something is sent at all.
    sends: bool,
    halts: HaltEpoch,
    /// Lists that market messages are decoded into.
    spares: Spares,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// Receivers: the tasks that look after contracts and candles.
    scope: watch::Sender<Scope>,
    ground: Ground,
}

/// What a further public connection is made of.
#[derive(Debug)]
struct Ground {
    rest: RestClient,
    public: Address,
    outlets: Outlets,
    bells: Arc<Bells>,
    doors: Arc<Doors>,
    shards: Shards,
    spares: Spares,
    timing: Timing,
    topics_per_connection: Option<usize>,
}

/// More contracts and topics for a connector, checked and not yet connected.
#[derive(Debug)]
pub struct Extension {
    scope: Scope,
    sessions: Vec<PublicSession>,
}

impl Connector {
    /// Starts every task. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the topics do not fit one connection.
    pub fn start(
        rest: &RestClient,
        endpoints: &VenueEndpoints,
        plan: Plan,
        outlets: &Outlets,
    ) -> Result<Self, StartError> {
        let timing = plan.timing;
        let (scope, scoped) = watch::channel(Scope::new(&plan.symbols, &plan.topics));
        let shards = session::split(plan.topics, plan.topics_per_connection);
        let (up, spares) = (Shards::of(shards.len()), Spares::default());
        let public: Result<Vec<_>, _> = shards
            .into_iter()
            .map(|topics| PublicSession::new(topics, timing, up.clone(), spares.clone()))
            .collect();
        let ground = Ground {
            rest: rest.clone(),
            public: endpoints.public_ws().clone(),
            outlets: outlets.clone(),
            bells: Arc::default(),
            doors: Arc::default(),
            shards: up.clone(),
            timing,
            topics_per_connection: plan.topics_per_connection,
            spares: spares.clone(),
        };
        let public = public?;
        let mut private =
            PrivateSession::new(Arc::clone(rest.credentials()), timing, plan.disconnect_protection);
        if plan.fast_executions {
            private = private.with_fast_executions();
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let bells = Arc::clone(&ground.bells);
        let doors = Arc::clone(&ground.doors);
        let starter = Starter { rest, outlets, stopped: &stopped, bells: &bells, doors: &doors };

        if plan.is_under_maintenance {
            // Before any link is up, so that nothing opens in between; the queue is empty yet.
            let halt = Event::Control(Control::Halt(HaltCause::Maintenance));
            let _ = outlets.account.try_send((rest.clock().now(), halt));
        }
        let mut resubscriptions = Vec::with_capacity(public.len());
        for session in public {
            let (ask, requests) = mpsc::channel(RESUBSCRIPTIONS);
            starter.stream(&mut tasks, session, endpoints.public_ws(), requests);
            resubscriptions.push(ask);
        }
        // Nothing can be asked of the private stream.
        let (_, no_requests) = mpsc::channel(1);
        starter.stream(&mut tasks, private, endpoints.private_ws(), no_requests);

        let halts = HaltEpoch::default();
        let (trade, trade_requests) = mpsc::channel(COMMANDS);
        let trade_is_ready = match endpoints.trade_ws().filter(|_| plan.sends) {
            Some(address) => {
                let prefix = rest.clock().now().as_millis().unsigned_abs();
                let session = TradeSession::new(
                    Arc::clone(rest.credentials()),
                    timing,
                    prefix,
                    rest.budget().clone(),
                    halts.clone(),
                );
                starter.stream(&mut tasks, session, address, trade_requests)
            }
            // Never ready: on demo everything goes over REST, in a shadow run nothing goes.
            None => Arc::default(),
        };

        let (to_rest, rest_work) = mpsc::channel(COMMANDS);
        let lane =
            lane::Lane::new(rest.clone(), outlets.clone(), scoped.clone(), Arc::clone(&bells), halts.clone());
        tasks.spawn(lane.run(rest_work, stopped.clone()));
        tasks.spawn(timekeeper::keep_time(rest.clone(), outlets.clone(), stopped.clone()));
        let lookout = || Lookout {
            rest: rest.clone(),
            outlets: outlets.clone(),
            scope: scoped.clone(),
            bells: Arc::clone(&bells),
            stop: stopped.clone(),
        };
        tasks.spawn(keykeeper::keep_key(lookout(), plan.key, timing.key_every_ms));
        tasks.spawn(refkeeper::keep_reference(lookout(), timing.contracts_every_ms));
        tasks.spawn(modekeeper::keep_mode(lookout(), plan.position_mode, timing.contracts_every_ms));
        let service = Service { customer: plan.customer, is_down: plan.is_under_maintenance };
        tasks.spawn(statuskeeper::keep_status(lookout(), service, timing.status_every_ms));
        tasks.spawn(historian::fill_gaps(lookout()));
        let sends = plan.sends;
        Ok(Self {
            resubscriptions,
            trade,
            trade_is_ready,
            rest: to_rest,
            sends,
            halts,
            spares,
            stop,
            tasks,
            scope,
            ground,
        })
    }

    /// Hands a command over; its answer comes as an account event. Never waits.
    ///
    /// # Errors
    /// With the answer itself when there is no room: nothing was sent.
    pub fn send(&self, command: Command) -> Result<(), Box<AccountEvent>> {
        let mutation = match Mutation::of(command) {
            Ok(mutation) => mutation,
            // The venue wants the right to place an order of whoever asks about one; a key that only reads has it not.
            Err(query @ Query::PreCheck(_)) if !self.sends => {
                return Err(Box::new(AccountEvent::QueryFailed(QueryFailed {
                    query,
                    code: 0,
                    is_unsupported: true,
                })));
            }
            Err(query) => {
                return self.rest.try_send(Work::Query(query)).map_err(|_| {
                    Box::new(AccountEvent::QueryFailed(QueryFailed { query, code: 0, is_unsupported: false }))
                });
            }
        };
        if !self.sends {
            return Err(Box::new(Asked::from(&mutation).not_sent("a shadow run sends nothing")));
        }
        self.ground.bells.sends(&mutation);
        let by_socket = mutation.socket_operation().is_some() && self.trade_is_ready.load(Ordering::Relaxed);
        let handed = Handed { mutation, epoch: self.halts.now() };
        let is_full = if by_socket {
            self.trade.try_send(handed).is_err()
        } else {
            self.rest.try_send(Work::Mutation(handed)).is_err()
        };
        if is_full {
            return Err(Box::new(Asked::from(&mutation).not_sent("too many commands are waiting")));
        }
        Ok(())
    }

    /// Whether anything may open from now on: told after each turn of the engine, before its commands are sent. What
    /// opens and was sent before a halt, and has not left yet, is answered as not sent, also after a resume.
    pub fn allow_opening(&self, may_open: bool) {
        self.halts.allow_opening(may_open);
    }

    /// What looking after more contracts and topics takes: topics that are new get a connection of their own, those that
    /// there are stay as they are. Nothing happens before [`join`](Self::join).
    ///
    /// # Errors
    /// When a topic cannot be one.
    pub fn extension(&self, symbols: &[Symbol], topics: &[Topic]) -> Result<Extension, StartError> {
        let mut scope = self.scope.borrow().clone();
        let new = scope.extend(symbols, topics);
        let ground = &self.ground;
        let sessions = session::split(new, ground.topics_per_connection)
            .into_iter()
            .filter(|topics| !topics.is_empty())
            .map(|topics| {
                PublicSession::new(topics, ground.timing, ground.shards.joining(), ground.spares.clone())
            })
            .collect::<Result<_, _>>()?;
        Ok(Extension { scope, sessions })
    }

    /// Connects what an extension asks for.
    pub fn join(&mut self, extension: Extension) {
        let Extension { scope, sessions } = extension;
        let ground = &self.ground;
        let stopped = self.stop.subscribe();
        let starter = Starter {
            rest: &ground.rest,
            outlets: &ground.outlets,
            stopped: &stopped,
            bells: &ground.bells,
            doors: &ground.doors,
        };
        for session in sessions {
            let (ask, requests) = mpsc::channel(RESUBSCRIPTIONS);
            starter.stream(&mut self.tasks, session, &ground.public, requests);
            self.resubscriptions.push(ask);
        }
        self.scope.send_replace(scope);
    }

    /// Whether commands that change something are sent; a shadow run sends none.
    #[must_use]
    pub const fn sends(&self) -> bool {
        self.sends
    }

    /// Asks for a fresh snapshot of one book, which met a gap or crossed. The other topics are not touched.
    pub fn resubscribe(&self, symbol: Symbol) {
        // Full means that as many requests wait already; the book stays unusable until its snapshot comes.
        // Only the connection that has the topic acts on it.
        for connection in &self.resubscriptions {
            let _ = connection.try_send(PublicRequest::ResubscribeBook(symbol));
        }
    }

    /// Takes back an event that has been worked off: its lists are filled again by a later message.
    pub fn reuse(&self, event: MarketEvent) {
        self.spares.give_back(event);
    }

    /// Whether a task has ended although nothing was stopped: it panicked, and what it looked after is deaf.
    pub fn has_lost_a_task(&mut self) -> bool {
        self.tasks.try_join_next().is_some()
    }

    /// Ends every task: sockets are closed, requests in flight are told as undetermined or answered, commands
    /// that have not left are refused. The outlets must still be read while this waits.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(Duration::from_secs(10), all).await.is_err() {
            tracing::warn!("the connector's tasks did not end in time and are cut");
        }
    }
}

/// What every stream's task shares.
struct Starter<'a> {
    rest: &'a RestClient,
    outlets: &'a Outlets,
    stopped: &'a watch::Receiver<bool>,
    bells: &'a Arc<Bells>,
    doors: &'a Arc<Doors>,
}

impl Starter<'_> {
    fn stream<S>(
        &self,
        tasks: &mut JoinSet<()>,
        session: S,
        address: &Address,
        requests: mpsc::Receiver<S::Request>,
    ) -> Arc<AtomicBool>
    where
        S: Session + Send + 'static,
        S::Request: Send,
    {
        let is_ready = Arc::new(AtomicBool::new(false));
        let task = StreamTask {
            session,
            address: address.clone(),
            clock: Arc::clone(self.rest.clock()),
            outlets: self.outlets.clone(),
            observer: self.rest.observer().clone(),
            requests,
            is_ready: Arc::clone(&is_ready),
            bells: Arc::clone(self.bells),
            doors: Arc::clone(self.doors),
            stop: self.stopped.clone(),
            retiring: None,
        };
        tasks.spawn(task.run());
        is_ready
    }
}
