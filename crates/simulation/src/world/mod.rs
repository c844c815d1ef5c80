//! One story: the queue of happenings, the two worlds, and the link between them.

mod calm;
mod engine;
mod happening;
mod life;
mod link;
mod others;
mod public;
mod read;
mod script;
mod venue;

pub(crate) use link::{Stream, Topic};
pub(crate) use script::play_script;

use crate::chaos::Mood;
use crate::feed::Feed;
use crate::listing;
use crate::oracle::Oracle;
use crate::record::Line;
use crate::report::{Failure, Report};
use crate::scenario::Script;
use crate::swarm::{Millis, Second, Swarm};
use crate::tally::{Fault, Tally};
use fastrand::Rng;
use happening::{Happening, Queue};
use link::Wires;
use public::Public;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use windvane_engine::{Engine, Output};
use windvane_layout::Encode;
use windvane_model::{AccountEvent, ClientOrderId, Epoch, Interval, MarketTime, WallTime};
use windvane_venue::DoubtsConfig;
use windvane_venue::wire::{Digits, ToldCoins, Writer};
use windvane_venue_core::Venue;

/// Virtual time zero on both clocks, milliseconds since 1970.
pub(crate) const EPOCH_MS: i64 = 1_700_000_000_000;
/// USDT on the account of a story by chance.
const BALANCE: &str = "100000";
/// The same where positions may be liquidated.
const SMALL_BALANCE: &str = "400";
/// Happenings at one moment after which the story stands still.
const SPIN_MAX: u32 = 5_000;
/// Events of the engine after which a story goes round in circles, some answer being the reason for its own question: many
/// times what a story has.
const EVENTS_MAX: u64 = 100_000;

/// A broken invariant: its name and what was seen.
pub(crate) type Broken = (&'static str, String);

/// Tells the story of `seed` with the troubles of `swarm`.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run_in(seed: u64, swarm: &Swarm) -> Result<Report, Failure> {
    World::in_swarm(seed, swarm.clone()).tell(seed)
}

/// Tells the story of `seed`.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run(seed: u64) -> Result<Report, Failure> {
    World::new(seed).tell(seed)
}

/// The same, with every event and command on standard error.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run_aloud(seed: u64) -> Result<Report, Failure> {
    let mut world = World::new(seed);
    world.is_told = true;
    eprintln!("{:#?}", world.swarm);
    world.tell(seed)
}
/// Everything there is.
pub(crate) struct World {
    rng: Rng,
    swarm: Swarm,
    now: Millis,
    queue: Queue,
    venue: Venue,
    feeds: [Feed; 2],
    engine: Option<Engine>,
    /// Starts of the engine so far; what was meant for an earlier one is dropped.
    life: u32,
    /// The highest epoch of any engine so far.
    epoch: Epoch,
    sequence: u64,
    /// When the books that the engine has now began, market time in milliseconds.
    begun_at_ms: Option<i64>,
    record: Vec<(Millis, Line)>,
    wires: Wires,
    public: Public,
    /// Orders under way to the venue.
    travelling: BTreeSet<ClientOrderId>,
    /// Quantities that amends under way ask for.
    amending: BTreeMap<String, Decimal>,
    /// One source of chance for each fault, so that a story without one of them keeps the others.
    dice: Vec<Rng>,
    /// Orders that queries do not show before a moment.
    hidden: BTreeMap<String, Millis>,
    /// The next turn with commands is cut off by a kill.
    is_doomed: bool,
    is_calm: bool,
    /// Whether every event and command is printed.
    is_told: bool,
    market_runs: bool,
    mood: Mood,
    oracle: Oracle,
    outputs: Vec<Output>,
    /// What a frame told, while it is heard.
    told: Vec<AccountEvent>,
    /// What the venue's text is written from, besides its core.
    digits: Digits,
    answers: DoubtsConfig,
    told_coins: ToldCoins,
    /// Private frames so far.
    frames: u64,
    /// When a private message that cannot be read has the account read anew next.
    reconcile_not_before: Millis,
    facts: Vec<windvane_venue_core::Output>,
    tally: Tally,
    trace: Trace,
    /// What happens, where that is written and not drawn.
    script: Option<Script>,
    /// How far the clock of the engine's host is off.
    clock_off: Millis,
    /// The venue takes no request before then.
    halted_until: Millis,
    /// Whether the first contract has its coarser tick by now, and whether the engine has been told.
    has_new_grid: bool,
    knows_grid: bool,
    /// By the script: until what ends now is back.
    back_after: Millis,
    /// By the script: the last of the record that the next end takes with it.
    loses: Millis,
}

/// A hash over the bytes in which events and commands are written down, eight at a time.
struct Trace {
    hash: u64,
    /// Reused, so that nothing is allocated for each of them.
    bytes: Vec<u8>,
}

impl Trace {
    const fn new() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, bytes: Vec::new() }
    }

    fn take(&mut self, value: &impl Encode) {
        self.bytes.clear();
        value.encode(&mut self.bytes);
        for chunk in self.bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.hash =
                (self.hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        Self::in_swarm(seed, Swarm::draw(&mut Rng::with_seed(seed)))
    }

    /// The story of a seed with other troubles than it draws.
    fn in_swarm(seed: u64, swarm: Swarm) -> Self {
        let rng = Rng::with_seed(!seed);
        let balance = listing::number(if swarm.is_poor { SMALL_BALANCE } else { BALANCE });
        let mut world = Self::with(seed, rng, swarm, balance);
        world.queue.at(world.swarm.length_ms, Happening::Calm);
        world.plan_troubles();
        if world.swarm.finds_position {
            world.trade_before_the_story();
        }
        world
    }

    fn with(seed: u64, rng: Rng, swarm: Swarm, balance: Decimal) -> Self {
        let interval = match swarm.second {
            Second::Nobody | Second::Chaos | Second::Maker => Interval::M1,
            Second::Reversion | Second::Trend => Interval::M5,
        };
        let venue = listing::open_venue(seed, balance, &swarm);
        let feeds = [Feed::new(0, interval), Feed::new(1, interval)];
        let answers = DoubtsConfig { core: swarm.doubts, ..DoubtsConfig::default() };
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
            engine: None,
            life: 0,
            epoch: Epoch(0),
            sequence: 0,
            begun_at_ms: None,
            record: Vec::new(),
            wires: Wires::default(),
            public: Public::new(&venue, &answers, &feeds),
            feeds,
            travelling: BTreeSet::new(),
            amending: BTreeMap::new(),
            dice: Fault::ALL.iter().map(|fault| Rng::with_seed(seed ^ (*fault as u64 + 1) << 48)).collect(),
            hidden: BTreeMap::new(),
            is_doomed: false,
            is_calm: false,
            is_told: false,
            market_runs: true,
            mood: Mood::new(true.into()),
            oracle: Oracle::default(),
            outputs: Vec::new(),
            told: Vec::new(),
            digits: Digits::of(venue.instruments()),
            venue,
            answers,
            told_coins: ToldCoins::default(),
            frames: 0,
            reconcile_not_before: 0,
            facts: Vec::new(),
            tally: Tally { stories: 1, ..Tally::default() },
            trace: Trace::new(),
            script: None,
            clock_off: 0,
            halted_until: 0,
            has_new_grid: false,
            knows_grid: false,
            back_after: 0,
            loses: 0,
            swarm,
            rng,
        };
        world.queue.at(0, Happening::Market);
        world.queue.at(1, Happening::Start);
        world
    }

    fn tell(mut self, seed: u64) -> Result<Report, Failure> {
        match self.play() {
            Ok(()) => {
                let outcomes = self.oracle.outcomes;
                Ok(Report {
                    seed,
                    trace: self.trace.hash,
                    tally: self.tally,
                    doubts: self.swarm.doubts,
                    outcomes,
                })
            }
            Err((invariant, detail)) => Err(Failure { seed, at_ms: self.now, invariant, detail }),
        }
    }

    fn play(&mut self) -> Result<(), Broken> {
        let mut spins = 0;
        loop {
            let session_due = self.session_deadline();
            let deadline = self.deadline().into_iter().chain(session_due).min();
            let Some(next) = self.queue.next_at() else { return Ok(()) };
            let at = deadline.map_or(next, |deadline| deadline.min(next)).max(self.now);
            spins = if at == self.now { spins + 1 } else { 0 };
            if spins > SPIN_MAX {
                return Err(("time goes on", format!("{SPIN_MAX} happenings at one moment")));
            }
            if self.tally.events > EVENTS_MAX {
                return Err(("a story has an end", format!("{EVENTS_MAX} events of the engine")));
            }
            self.now = at;
            if deadline.is_some_and(|deadline| deadline <= at) && (next > at || spins % 2 == 0) {
                if session_due.is_some_and(|due| due <= at) {
                    self.session_is_due()?;
                } else {
                    self.take(windvane_model::Event::Timer)?;
                }
            } else if let Some(happening) = self.queue.pop()
                && self.happen(happening)?
            {
                return Ok(());
            }
        }
    }

    /// When the engine wants its timer.
    fn deadline(&self) -> Option<Millis> {
        let engine = self.engine.as_ref()?;
        let wall = engine.next_deadline().map(|at| (at.0 + 999_999).div_euclid(1_000_000) - EPOCH_MS);
        // The live shell goes by the market's deadline only where the market's clock is the wall's.
        let market = engine.next_market_deadline().filter(|_| self.swarm.market_speed == 1 && !self.is_calm);
        let market = market.map(|at| at.0 - EPOCH_MS);
        wall.into_iter().chain(market).min()
    }

    /// What the venue writes with.
    fn writer(&self) -> Writer<'_> {
        Writer { core: &self.venue, digits: &self.digits, doubts: &self.answers }
    }

    fn wall(&self) -> WallTime {
        WallTime((EPOCH_MS + self.now) * 1_000_000)
    }

    fn market_ms(&self) -> i64 {
        EPOCH_MS + self.now * self.swarm.market_speed
    }

    fn market(&self) -> MarketTime {
        MarketTime(self.market_ms())
    }

    fn chance(&mut self, rate: f64) -> bool {
        rate > 0.0 && self.rng.f64() < rate
    }

    /// A delay of one way, never zero.
    fn delay(&mut self) -> Millis {
        self.delay_up_to(self.swarm.one_way_delay_ms)
    }

    /// Up to `longest`; by the script just that.
    fn delay_up_to(&mut self, longest: Millis) -> Millis {
        if self.is_scripted() { longest } else { self.rng.i64(1..=longest) }
    }

    /// A time out of `range`; by the script the shortest.
    fn wait(&mut self, range: Range<Millis>) -> Millis {
        if self.is_scripted() { range.start } else { self.rng.i64(range) }
    }
}
