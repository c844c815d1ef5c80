//! Bringing an engine up in order: venue, account, journal, books, streams; and down again.

use super::compactor::Compactor;
use super::dispatch::Dispatch;
use super::folder::journal_folder;
use super::link::connect;
use super::parentage::Parentage;
use super::recorder::Recorder;
use super::stamper::{MarketClock, Stamper};
use super::{Ending, Inlets, Live, Signals, account, gather, orphan};
use crate::config::{Durability, Settings, VenueSettings, archive};
use crate::control::{self, SOCKET_NAME};
use crate::exit::Failure;
use crate::guard::Presence;
use crate::heartbeat::Heart;
use crate::rebuild::{Claims, Rebuilt};
use crate::verdict;
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use windvane_connector::{
    ClockBounds, Connector, KeyPolicy, Outlets, Plan, RestClient, Timing, Topic, VenueClock, WallClock,
};
use windvane_engine::{Engine, EngineSetup};
use windvane_journal::{Start, StopCause};
use windvane_model::{BotName, Epoch, Event, HaltCause, InstallTag, MarketEvent, RunState, Symbol, Text};
use windvane_risk::RiskLimits;
use windvane_strategy::Definition;
use windvane_telemetry::{Board, Build, Health, Observer, Server, Tracer};
use windvane_venue::Embedded;

/// Market messages that may wait for the loop: two seconds of a busy market.
const MARKET_CAPACITY: usize = 8_192;
/// Account facts that may wait for the loop.
const ACCOUNT_CAPACITY: usize = 4_096;
/// Measurements that may wait for the loop; beyond it they are dropped.
const OBSERVATION_CAPACITY: usize = 8_192;
/// Callers of the control socket that may wait.
const CONTROL_CAPACITY: usize = 16;

/// What a run leaves behind for the summary.
pub(crate) struct Session {
    /// How it ended.
    pub(crate) ending: Ending,
    /// The engine as it was at the end.
    pub(crate) engine: Engine,
    /// Where the journal is.
    pub(crate) folder: PathBuf,
    /// The venue's number of the account.
    pub(crate) uid: u64,
    /// Whose orders are ours.
    pub(crate) install: InstallTag,
    /// The bots with their positions.
    pub(crate) claims: Claims,
    /// The venue's truth, where it tells it.
    pub(crate) venue_state: Option<serde_json::Value>,
}

/// Runs an engine from its first connection to its orderly end.
///
/// `show` is called once a second with the running engine.
///
/// # Errors
/// With the exit code and the sentence for whoever started it.
pub(crate) async fn run(
    settings: Settings,
    duration: Option<Duration>,
    mut show: impl FnMut(&Live),
) -> Result<Session, Failure> {
    let in_force = Rc::new(settings);
    let settings = in_force.as_ref();
    let mut signals = Signals::new().context("taking over the signals")?;
    let (health, board) = (Health::default(), Board::default());
    let _server = settings
        .metrics
        .map(|address| Server::start(address, health.clone(), board.clone()))
        .transpose()
        .map_err(|error| Failure::Config(error.to_string()))?;
    let notifier = super::notify::start(settings)?;
    let tracer = settings.otlp.as_deref().map(|to| Tracer::start(to, settings.environment.as_str()));
    let tracer = tracer.transpose().map_err(|error| Failure::Config(error.to_string()))?;
    let link = connect(settings)?;
    let wall = WallClock::start();
    let clock = Arc::new(VenueClock::new(wall));
    clock.set_bounds(clock_bounds(&settings.risk));
    let (observations, observed) = mpsc::channel(OBSERVATION_CAPACITY);
    let observations = windvane_connector::Observer::new(observations);
    let rest = RestClient::new(
        &link.endpoints,
        Arc::new(link.credentials),
        clock,
        observations.clone(),
        link.rate_limits,
    )
    .context("setting up REST")?;
    let key = KeyPolicy { reads_only: settings.is_shadow, ..link.key };
    let setup = (!settings.is_shadow).then_some(link.setup);
    let account = account::prepare(&rest, settings, key, setup).await?;
    let uid = account.uid;

    // Held until the end of the run, like the account's own.
    let (folder, _lock) = journal_folder(settings, wall)?;
    let durability = match settings.durability {
        Durability::Group => windvane_journal::Durability::Group,
        Durability::BeforeSend => windvane_journal::Durability::BeforeSend,
    };
    let lag_max = lag_max(&settings.risk);
    let (mut recorder, recovered) = Recorder::open(&folder, durability, settings.tape_bytes, lag_max)
        .map_err(|error| Failure::Refused(format!("{error:#}")))?;
    let claims = claims(settings);
    let seed = InstallTag::from_seed(wall.now().0.unsigned_abs());
    let mut books = Rebuilt::begin(recovered.snapshot(), claims.clone(), seed)
        .context("reading the journal's snapshot")?;
    for entry in recovered.records().context("reading the journal")? {
        books.take(&entry.context("reading the journal")?.record);
    }
    let install = match &books.start {
        Some(start) if start.account != account.uid => {
            return Err(Failure::Refused(format!(
                "the journal in {} belongs to account {}, the key to account {}; use another data_dir",
                folder.display(),
                start.account,
                account.uid
            )));
        }
        Some(start) => start.install,
        None => seed,
    };
    orphan::refuse(&rest, settings, &books).await?;
    let symbols = account::symbols(&settings.bots);
    let at_venue = account::highest_epoch(&rest, install, &symbols, settings.position_mode).await?;
    let epoch = next_epoch(recovered.last_epoch.max(at_venue), wall);
    if let Some(lock) = &account.lock {
        lock.sign(Some(epoch)).context("signing the account's lock")?;
    }
    archive::keep(settings, &folder)?;
    let start = start_record(settings, epoch, install, account.uid, wall);
    recorder.start(start.clone()).context("beginning the journal's epoch")?;
    let mut engine = build_engine(settings, &folder, &books, &start, needs_trade_link(settings))?;
    if books.has_crashed_often(start.wall) {
        tracing::error!(
            "the engine has crashed three times within ten minutes; nothing opens until `windvane resume`"
        );
    }
    drop(books);
    let archivist = super::sealed::Archivist::start(folder.clone())
        .context("starting the thread that looks old fills up")?;
    let compactor = Compactor::start(folder.clone(), claims.clone(), settings.journal_bytes)
        .context("starting the thread that sums the journal up")?;

    let (market_outlet, market) = mpsc::channel(MARKET_CAPACITY);
    let (account_outlet, account_inlet) = mpsc::channel(ACCOUNT_CAPACITY);
    let outlets = Outlets { market: market_outlet, account: account_outlet };
    let plan = Plan {
        topics: topics(settings),
        symbols,
        key,
        position_mode: settings.position_mode,
        timing: Timing::default(),
        customer: account.customer,
        is_under_maintenance: account.is_under_maintenance,
        topics_per_connection: link.topics_per_connection,
        sends: !settings.is_shadow,
        disconnect_protection: setup.unwrap_or_default().protection(),
        fast_executions: setup.unwrap_or_default().fast_executions,
    };
    let connector =
        Connector::start(&rest, &link.endpoints, plan, &outlets).context("starting the streams")?;
    // The streams' tasks hold the senders from here on; their end closes the channels.
    drop(outlets);
    let (requests, control) = mpsc::channel(CONTROL_CAPACITY);
    let (steps, reloads) = mpsc::channel(1);
    let _socket = control::Listener::start(&settings.data_dir.join(SOCKET_NAME), requests)?;

    let mut observer = Observer::default();
    let bots: Vec<_> = settings.bots.iter().map(|bot| (bot.name, bot.symbol)).collect();
    let build = Build {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("WINDVANE_COMMIT").unwrap_or("unknown"),
        config: settings.short_fingerprint(),
    };
    observer.start(&build, &bots, wall.now());
    let thinking = super::thinking::Thinking::default();
    engine.measure_with(thinking.meter());
    let mut live = Live {
        engine,
        connector: Some(connector),
        recorder,
        stamper: Stamper::new(Arc::clone(rest.clock()), link.market_clock, recovered.last_sequence),
        dispatch: Dispatch::default(),
        parentage: Parentage::default(),
        has_strayed: false,
        thinking,
        observer,
        health,
        board,
        environment: settings.environment.as_str(),
        teller: super::tell::Teller::new(notifier),
        tracer,
        service: super::service::Service::from_environment(),
        heart: Heart::new(&settings.data_dir, install, uid, wall.now()),
        clock: wall,
        settings: Rc::clone(&in_force),
        reloader: super::reload::Reloader { rest: rest.clone(), steps, is_busy: false },
        compactor,
        archivist,
        gone: Claims::new(),
        is_stopping: false,
        shutdown: settings.bots.iter().map(|bot| (bot.name, bot.on_shutdown)).collect(),
        echoes: VecDeque::new(),
        outputs: Vec::new(),
        unconcluded: None,
        care: super::care_clock(),
        gauges: gather::Gauges::new(
            observations,
            account.key_expires,
            folder.clone(),
            Presence::new(&settings.data_dir, settings.guard.key_file.is_some(), wall.now()),
        ),
    };
    live.take(wall.now(), Event::Reference(account.reference));
    for candle in account.history {
        live.take(wall.now(), Event::Market(MarketEvent::Candle(candle)));
    }
    let mut inlets = Inlets {
        market,
        account: account_inlet,
        control,
        reloads,
        observations: observed,
        finished: link.embedded.as_ref().map(Embedded::finished),
    };
    let on_ready = async || {
        if let Some(venue) = &link.embedded {
            venue.run_market().await;
        }
    };
    let mut ending = live.serve(&mut inlets, &mut signals, duration, on_ready, &mut show).await;
    let replay = link.embedded.as_ref().filter(|_| link.market_clock == MarketClock::Messages);
    if let Some(venue) = replay {
        // The books are compared at one moment, so the market must not move on meanwhile.
        verdict::hold_market(&venue.rest_url).await?;
    }
    if !live.wind_down(&mut inlets, &mut signals, &mut show).await {
        ending = Ending::Forced;
    }
    // A venue on this machine may tell its books; the exchange has no such call and is not asked.
    let rest_address = link.endpoints.rest();
    let venue_state = match rest_address.is_plain() {
        true => verdict::fetch_state(rest_address.as_str(), uid).await,
        false => None,
    };
    let claims = live.claims();
    let engine = end(live, inlets, ending).await?;
    if let Some(venue) = link.embedded {
        venue.stop();
        // A run that could not be compared must not look like one that was.
        venue_state.as_ref().context("the venue did not tell its books: nothing could be compared")?;
    }
    Ok(Session { ending, engine, folder, uid, install, claims, venue_state })
}

/// Ends the streams and the journal. What still comes in while the streams end belongs into the journal, too.
async fn end(mut live: Live, mut inlets: Inlets, ending: Ending) -> Result<Engine, Failure> {
    if let Some(connector) = live.connector.take() {
        let stopping = connector.stop();
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                biased;
                Some((received, event)) = inlets.account.recv() => live.take(received, event),
                Some(_) = inlets.market.recv() => {}
                () = &mut stopping => break,
            }
        }
        while let Ok((received, event)) = inlets.account.try_recv() {
            live.take(received, event);
        }
    }
    live.conclude();
    if ending != Ending::Forced {
        live.beat(live.clock.now(), true);
    }
    let cause = match live.engine.run_state() {
        RunState::Halted(HaltCause::Shutdown) | RunState::Active | RunState::Reducing => ending.stop_cause(),
        RunState::Halted(cause) => StopCause::Halted(cause),
        RunState::Fenced => StopCause::Halted(HaltCause::Contradiction),
    };
    let Live { engine, recorder, compactor, .. } = live;
    recorder.stop(cause).context("ending the journal")?;
    drop(compactor);
    Ok(engine)
}

/// The bots with the positions they own.
pub(crate) fn claims(settings: &Settings) -> Claims {
    settings.bots.iter().map(|bot| (bot.name, vec![(bot.symbol, bot.position_index)])).collect()
}

/// Beyond what the clocks may not be relied on.
pub(super) const fn clock_bounds(limits: &RiskLimits) -> ClockBounds {
    const NS: i64 = 1_000_000;
    ClockBounds {
        uncertainty_ns: limits.max_clock_uncertainty.millis() * NS,
        step_ns: limits.max_clock_step.millis() * NS,
    }
}

/// How long the disk may take to sync the journal.
pub(super) const fn lag_max(limits: &RiskLimits) -> Duration {
    Duration::from_millis(limits.max_journal_lag.millis().unsigned_abs())
}

/// Whether orders go over a trade socket; demo accounts have none.
pub(crate) fn needs_trade_link(settings: &Settings) -> bool {
    if settings.is_shadow {
        return false;
    }
    match &settings.venue {
        VenueSettings::Embedded(_) => true,
        VenueSettings::Remote(remote) => remote.endpoints.trade_ws().is_some(),
    }
}

fn next_epoch(highest: Option<Epoch>, wall: WallClock) -> Epoch {
    let now = wall.now().as_millis().unsigned_abs() / 1000;
    Epoch(highest.map_or(now, |highest| now.max(highest.0 + 1)))
}

/// Builds the engine on the books of its journal and gives the bots back what they remembered.
pub(crate) fn build_engine(
    settings: &Settings,
    folder: &Path,
    books: &Rebuilt,
    start: &Start,
    needs_trade_link: bool,
) -> Result<Engine, Failure> {
    let claims = claims(settings);
    let identity = windvane_order_management::Identity { install: start.install, epoch: start.epoch };
    let orders = match books.start {
        Some(_) => books.orders().clone().with_epoch(start.epoch),
        None => windvane_order_management::Orders::new(identity, &claims),
    };
    let ownership = settings
        .ownership()
        .map_err(|conflicts| Failure::Config(conflicts.iter().map(ToString::to_string).collect()))?;
    let opened_by = opened_by(settings, folder, books);
    let setup = EngineSetup {
        orders,
        bots: settings.bots.iter().map(|bot| bot.setup(opened_by.get(&bot.name))).collect(),
        limits: settings.risk.clone(),
        ownership,
        config: settings.fingerprint,
        needs_trade_link,
        unprotected_ms_max: settings.unprotected_ms_max,
    };
    let mut engine = Engine::new(setup);
    if books.has_crashed_often(start.wall) {
        engine.begin_reducing();
    }
    for (bot, bytes) in &books.memories {
        if let Err(error) = engine.restore(*bot, bytes) {
            tracing::warn!(%error, "a bot starts without its memory");
        }
    }
    Ok(engine)
}

/// The rules of each bot's open position, where they are others than those of the config now.
fn opened_by(settings: &Settings, folder: &Path, books: &Rebuilt) -> BTreeMap<BotName, Definition> {
    let memory = books.memories.get(&windvane_engine::engine_memory_name());
    let opened = memory.map_or_else(Vec::new, |memory| windvane_engine::opened_under(memory));
    let mut found = BTreeMap::new();
    for bot in &settings.bots {
        let position = books.orders().position(bot.symbol, bot.position_index);
        let is_held = position.is_some_and(|position| position.holding().side().is_some());
        let under = opened.iter().find(|(name, config)| *name == bot.name && *config != settings.fingerprint);
        let Some((_, config)) = under.filter(|_| is_held) else { continue };
        let kept = archive::find(folder, *config, &settings.path);
        let Ok(Some(before)) = kept else {
            tracing::warn!(bot = %bot.name, "the config that the position was opened under is not to be had; it goes on by the new one");
            continue;
        };
        let Some(old) = before.bots.into_iter().find(|known| known.name == bot.name) else { continue };
        let has_changed = rules_of(&before.values, bot.name).ne(rules_of(&settings.values, bot.name));
        if has_changed && old.definition.is_same_kind(&bot.definition) {
            tracing::warn!(
                bot = %bot.name,
                "its position was opened under other rules and goes on by them until it is flat; \
                 `windvane reload --open-positions` makes it go on by the new ones"
            );
            found.insert(bot.name, old.definition);
        }
    }
    found
}

/// What a bot trades by, of all values.
fn rules_of(values: &BTreeMap<String, String>, bot: BotName) -> impl Iterator<Item = (&String, &String)> {
    let [rules, params] = ["rules", "params"].map(|table| format!("bot.{bot}.{table}."));
    values.iter().filter(move |(path, _)| path.starts_with(&rules) || path.starts_with(&params))
}

fn start_record(
    settings: &Settings,
    epoch: Epoch,
    install: InstallTag,
    account: u64,
    wall: WallClock,
) -> Start {
    Start {
        epoch,
        install,
        version: Text::lossy(env!("CARGO_PKG_VERSION")),
        config: settings.fingerprint,
        account,
        wall: wall.now(),
        note: match settings.venue {
            VenueSettings::Embedded(_) => "embedded venue".to_owned(),
            VenueSettings::Remote(_) => "remote venue".to_owned(),
        },
    }
}

/// What to subscribe to; two bots may look at one contract.
pub(super) fn topics(settings: &Settings) -> Vec<Topic> {
    let mut topics = BTreeSet::new();
    for bot in &settings.bots {
        let symbol: Symbol = bot.symbol;
        topics.extend([Topic::Book(symbol), Topic::Trades(symbol), Topic::Ticker(symbol)]);
        topics.extend([Topic::PriceLimit(symbol), Topic::Liquidations(symbol)]);
        let subscription = bot.definition.bot().subscription();
        for other in subscription.symbols {
            topics.extend([Topic::Book(other), Topic::Ticker(other)]);
        }
        topics.extend(subscription.trades.into_iter().map(Topic::Trades));
        for feed in subscription.candles.iter().filter(|feed| feed.is_streamed) {
            topics.insert(Topic::Candles(feed.symbol.unwrap_or(symbol), feed.interval));
        }
    }
    topics.into_iter().collect()
}
