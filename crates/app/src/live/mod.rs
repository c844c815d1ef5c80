//! The live loop: sockets, engine and journal on one thread, one event at a time.
//!
//! A turn: stamp the event, journal it, let the engine answer, journal the answers, hand them to the kernel,
//! send the commands. Nothing leaves before its record is with the kernel. Private and control events go
//! first; a burst of prices never delays a fill or a halt.

pub(crate) mod account;
mod compactor;
mod curve;
mod day;
mod dispatch;
mod folder;
mod gather;
mod idle;
pub(crate) mod keys;
mod link;
mod links;
mod notify;
mod obey;
mod orphan;
mod parentage;
mod picture;
mod recorder;
mod reload;
mod sealed;
mod service;
pub(crate) mod setup;
mod single;
mod stamper;
mod start;
mod status;
mod tell;
mod thinking;
mod turn;

pub(crate) use account::{CANDLES_MAX, check_key, unreachable};
#[cfg(test)]
pub(crate) use compactor::sum_up;
pub(crate) use idle::keep_awake;
pub(crate) use recorder::records;
pub(crate) use reload::reconfiguration;
pub(crate) use start::{Session, build_engine, claims, needs_trade_link, run};

use crate::config::{OnShutdown, Settings};
use crate::control::Pending;
use crate::heartbeat::Heart;
use crate::progress::Standing;
use crate::rebuild::Claims;
use dispatch::Dispatch;
use parentage::Parentage;
use recorder::Recorder;
use stamper::Stamper;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};
use windvane_connector::{Connector, Observation, WallClock};
use windvane_engine::{Engine, Output, Waiting};
use windvane_journal::StopCause;
use windvane_model::{AccountEvent, BotName, Control, Event, HaltCause, MarketEvent, Scope, WallTime};
use windvane_order_management::Order;
use windvane_telemetry::{Board, Health, Observer, Tracer};

/// How often deadlines, disk and telemetry's observations are looked after.
const CARE_EVERY: Duration = Duration::from_millis(20);
/// How often gauges and the status line are renewed.
const PICTURE_EVERY: Duration = Duration::from_secs(1);
/// Silence on the private stream after which nothing more is expected of the last orders.
const QUIET: Duration = Duration::from_millis(300);
/// How long the orderly end may take before it is given up: long enough for the proof that an order whose request
/// was lost does not exist, which takes its window and the venue's late index, some 35 s. A person who cannot
/// wait sends a second signal; the service unit allows 60 s.
const WIND_DOWN_WITHIN: Duration = Duration::from_secs(50);

/// Where events come from. Each receiver is drained by the loop alone.
pub(crate) struct Inlets {
    /// From the connector's public stream; when full that socket is not read.
    pub(crate) market: mpsc::Receiver<(WallTime, MarketEvent)>,
    /// From the connector's other tasks; when full those sockets are not read, nothing is dropped.
    pub(crate) account: mpsc::Receiver<(WallTime, Event)>,
    /// From the control socket; when full the caller waits.
    pub(crate) control: mpsc::Receiver<Pending>,
    /// From the task of a reload.
    pub(crate) reloads: mpsc::Receiver<reload::Step>,
    /// From the connector's tasks, for metrics; when full observations are dropped.
    pub(crate) observations: mpsc::Receiver<Observation>,
    /// Turns true when a replay has come to its end; `None` where there is no end.
    pub(crate) finished: Option<watch::Receiver<bool>>,
}

/// The running engine with everything it acts through.
pub(crate) struct Live {
    pub(crate) engine: Engine,
    /// Gone once the streams are ended; what is commanded after that goes nowhere.
    connector: Option<Connector>,
    recorder: Recorder,
    stamper: Stamper,
    dispatch: Dispatch,
    /// The last look before the socket, and whether it has found anything.
    parentage: Parentage,
    has_strayed: bool,
    thinking: thinking::Thinking,
    observer: Observer,
    health: Health,
    /// Where the status page reads.
    board: Board,
    /// What the engine trades on, for people: `mainnet`.
    environment: &'static str,
    teller: tell::Teller,
    /// Follows orders for a collector of spans; `None` when there is none.
    tracer: Option<Tracer>,
    service: service::Service,
    /// What `windvane guard` goes by.
    heart: Heart,
    clock: WallClock,
    shutdown: Vec<(BotName, OnShutdown)>,
    /// The configuration in force.
    settings: Rc<Settings>,
    reloader: reload::Reloader,
    compactor: compactor::Compactor,
    archivist: sealed::Archivist,
    /// Bots that were taken out while the engine ran, with the positions they had.
    gone: Claims,
    /// Whether the orderly end has begun.
    is_stopping: bool,
    /// Answers that arise inside a turn and are taken as events after it.
    echoes: VecDeque<AccountEvent>,
    /// Reused between turns.
    outputs: Vec<Output>,
    unconcluded: Option<turn::Turn>,
    /// Ticks when it is time for [`Live::care`]. Kept, because a new timer for every event would cost more than
    /// the event.
    care: Interval,
    gauges: gather::Gauges,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The data or the time asked for came to its end.
    Finished,
    /// A person or the system asked.
    Interrupted,
    /// A second signal: at once, without winding down.
    Forced,
}

impl Ending {
    const fn stop_cause(self) -> StopCause {
        match self {
            Self::Finished => StopCause::Finished,
            Self::Interrupted | Self::Forced => StopCause::Interrupted,
        }
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The end: SIGINT, SIGTERM.
    End,
    /// The config anew: SIGHUP.
    Reload,
}

/// SIGINT, SIGTERM and SIGHUP.
pub(crate) struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals over from the system's defaults.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The next one. Cancel safe.
    pub(crate) async fn next(&mut self) -> Wanted {
        tokio::select! {
            _ = self.interrupt.recv() => Wanted::End,
            _ = self.terminate.recv() => Wanted::End,
            _ = self.hangup.recv() => Wanted::Reload,
        }
    }
}

impl Live {
    /// Runs until the data ends, the time is up, or somebody asks.
    pub(crate) async fn serve(
        &mut self,
        inlets: &mut Inlets,
        signals: &mut Signals,
        duration: Option<Duration>,
        mut on_ready: impl AsyncFnMut(),
        show: &mut impl FnMut(&Self),
    ) -> Ending {
        let deadline = duration.map(|length| Instant::now() + length);
        let mut was_ready = false;
        self.service.started();
        loop {
            if let Some(ending) = self.step(inlets, signals, show).await {
                return ending;
            }
            if !was_ready && self.engine.waiting().is_none() {
                was_ready = true;
                on_ready().await;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ending::Finished;
            }
        }
    }

    /// Stops opening and carries out what each bot's policy asks for. Returns whether it was left to finish: a
    /// second signal ends it at once.
    pub(crate) async fn wind_down(
        &mut self,
        inlets: &mut Inlets,
        signals: &mut Signals,
        show: &mut impl FnMut(&Self),
    ) -> bool {
        self.begin_wind_down();
        inlets.finished = None;
        let patience = Instant::now() + WIND_DOWN_WITHIN;
        // Answers and pushes of the last orders are on their way: quiet means that none came for a while.
        let mut quiet_since = Instant::now();
        let mut heard = self.stamper.account_events();
        loop {
            if self.stamper.account_events() != heard || !self.is_wound_down() {
                heard = self.stamper.account_events();
                quiet_since = Instant::now();
            }
            if quiet_since.elapsed() >= QUIET {
                return true;
            }
            if Instant::now() >= patience {
                tracing::error!("not everything could be wound down in time; see the summary");
                return true;
            }
            if self.step(inlets, signals, show).await.is_some() {
                tracing::warn!("second signal: leaving at once");
                return false;
            }
        }
    }

    /// Where the run stands, for the status line.
    pub(crate) fn standing(&self) -> Standing {
        gather::standing(self)
    }

    /// One event, or one round of care.
    async fn step(
        &mut self,
        inlets: &mut Inlets,
        signals: &mut Signals,
        show: &mut impl FnMut(&Self),
    ) -> Option<Ending> {
        // Every branch but the last is a plain receive or a cancel-safe wait.
        tokio::select! {
            biased;
            wanted = signals.next() => match wanted {
                Wanted::End => return Some(Ending::Interrupted),
                Wanted::Reload => self.begin_reload(reload::Request::signalled()),
            },
            Some(pending) = inlets.control.recv() => self.answer(pending),
            Some(step) = inlets.reloads.recv() => self.go_on_with(step),
            Some((received, event)) = inlets.account.recv() => self.take(received, event),
            () = self.recorder.synced() => {
                self.observer.journal_sync(self.recorder.figures().last_sync.as_secs_f64());
                self.release();
            }
            _ = self.care.tick() => self.care(inlets, show),
            Some((received, event)) = inlets.market.recv() => self.take(received, Event::Market(event)),
            () = finish(&mut inlets.finished) => return Some(Ending::Finished),
        }
        if self.has_commanded() {
            // The socket's task is next in line and writes the order; what is left of this turn comes after it.
            tokio::task::yield_now().await;
        }
        self.conclude();
        None
    }

    /// Deadlines, the disk, metrics: what time brings rather than messages.
    fn care(&mut self, inlets: &mut Inlets, show: &mut impl FnMut(&Self)) {
        let now = self.clock.now();
        let market_due = self.stamper.follows_wall()
            && self.engine.next_market_deadline().is_some_and(|at| at <= self.stamper.market_now());
        if market_due || self.engine.next_deadline().is_some_and(|at| at <= now) {
            self.take(now, Event::Timer);
        }
        if self.connector.as_mut().is_some_and(Connector::has_lost_a_task) {
            tracing::error!("a task of the connector has died; nothing opens any more, start anew");
            self.take(now, Event::Control(Control::Halt(HaltCause::Invariant)));
        }
        if let Some(fault) = self.recorder.fault() {
            self.halt_for_journal(&fault);
        }
        if let Err(error) = self.recorder.settle() {
            self.halt_for_journal(&error);
        }
        self.release();
        while let Ok(observation) = inlets.observations.try_recv() {
            self.gauges.note(&observation, &self.observer);
        }
        if Instant::now() >= self.gauges.next_picture {
            self.gauges.next_picture = Instant::now() + PICTURE_EVERY;
            let depths = [("market", inlets.market.len()), ("account", inlets.account.len())];
            windvane_telemetry::show(&picture::picture(self, &depths, now));
            self.tell_day();
            self.service.alive(self.engine.run_state().as_str());
            self.beat(now, false);
            self.board.publish(&status::status(self, now).to_string());
            self.health.beat(gather::readiness(&self.engine));
            show(self);
        }
    }

    /// Writes the next heartbeat; the last one of an orderly end says so.
    fn beat(&mut self, now: WallTime, ended: bool) {
        self.heart.beat(self.engine.run_state().to_string(), self.gauges.links.heard(), now, ended);
    }

    /// Halts; everything that reduces and protects goes on. The first report is logged, later ones are not.
    fn halt_for_journal(&mut self, fault: &dyn std::fmt::Display) {
        if !self.gauges.has_journal_fault {
            self.gauges.has_journal_fault = true;
            tracing::error!(error = %fault, "the journal is in doubt; nothing opens any more");
            self.take(self.clock.now(), Event::Control(Control::Halt(HaltCause::Journal)));
        }
    }

    /// Stops opening and begins what each bot's policy asks for.
    fn begin_wind_down(&mut self) {
        self.is_stopping = true;
        self.health.beat(windvane_telemetry::Readiness::Stopping);
        self.service.stopping();
        let now = self.clock.now();
        self.take(now, Event::Control(Control::Halt(HaltCause::Shutdown)));
        for (bot, policy) in self.shutdown.clone() {
            let control = match policy {
                OnShutdown::Keep => continue,
                OnShutdown::Cancel => Control::CancelEntries(Scope::Bot(bot)),
                OnShutdown::Flatten => Control::Flatten(Scope::Bot(bot)),
            };
            self.take(now, Event::Control(control));
        }
    }

    /// Whether every bot's policy is carried out, no order's outcome is open, and no gap in what was heard is being
    /// closed: a run that was just begun or cut off may not know yet what the account has become meanwhile.
    fn is_wound_down(&self) -> bool {
        let is_done = self.shutdown.iter().all(|(bot, _)| self.engine.is_wound_down(*bot));
        let closes_a_gap = self.engine.waiting() == Some(Waiting::Reconciliation);
        is_done && !closes_a_gap && self.engine.orders().live_orders().all(Order::is_settled)
    }
}

/// The clock of [`Live::care`].
fn care_clock() -> Interval {
    let mut clock = tokio::time::interval(CARE_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock
}

/// Waits for the end of a replay; for ever where there is none.
async fn finish(finished: &mut Option<watch::Receiver<bool>>) {
    match finished {
        // A venue that is gone has ended, too.
        Some(receiver) => drop(receiver.wait_for(|is_finished| *is_finished).await),
        None => std::future::pending().await,
    }
}
