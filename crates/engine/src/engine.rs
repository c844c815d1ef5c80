//! The engine: what it is made of, and what each kind of event does first.

use crate::bot::{Bot, BotSetup, Hold};
use crate::calibration::Calibrating;
use crate::gate::{Gate, Waiting};
use crate::kill::Kill;
use crate::listeners::Listeners;
use crate::memory::{EngineMemory, engine_memory_name};
use crate::meter::Meter;
use crate::output::Output;
use std::collections::{BTreeMap, VecDeque};
use windvane_market::{BookGap, Change, Market};
use windvane_model::{
    AccountEvent, BotName, Command, Control, Event, HaltCause, Instrument, Intent, Link, LinkState,
    MarketEvent, MarketTime, Millis, Mutant, NoticeTo, Query, Reference, RunState, Scope, SetLeverage, Stamp,
    Stamped, Symbol, WallTime, mutant,
};
use windvane_order_management::{Effect, Orders};
use windvane_risk::{Ownership, PositionResult, Quotes, Risk, RiskLimits};
use windvane_strategy::{MemoryError, Wake};

/// Confirmed bars kept for each contract and interval: the past that rules see which come while the engine runs. Those that
/// are there at its start are shown all that they ask for.
pub const HISTORY_BARS: usize = 2_000;
/// A leverage that the venue does not show so long after it was asked for is read again, and asked for again.
const LEVERAGE_WITHIN_MS: Millis = 10_000;

/// The fingerprint of a configuration, as the shell works it out.
pub type ConfigId = [u8; 32];

/// What an engine is built from.
pub struct EngineSetup {
    /// The account's orders, new or recovered from a journal.
    pub orders: Orders,
    /// The bots, in a fixed order.
    pub bots: Vec<BotSetup>,
    /// What is allowed.
    pub limits: RiskLimits,
    /// Which bot owns which position.
    pub ownership: Ownership,
    /// Which configuration this is: remembered of each position that is opened under it.
    pub config: ConfigId,
    /// Whether orders need the trade socket; false where the venue has none.
    pub needs_trade_link: bool,
    /// How long a position may be without a stop at the venue before it is an alarm and something is done, wall
    /// clock.
    pub unprotected_ms_max: Millis,
}

/// The whole decision-making, without clock, network or randomness.
pub struct Engine {
    pub(crate) market: Market,
    pub(crate) quotes: Quotes,
    pub(crate) instruments: BTreeMap<Symbol, Instrument>,
    pub(crate) risk: Risk,
    /// Whether every position of a bot must have a stop at the venue.
    pub(crate) requires_stop: bool,
    pub(crate) unprotected_ms_max: Millis,
    pub(crate) config: ConfigId,
    pub(crate) orders: Orders,
    pub(crate) bots: Vec<Bot>,
    /// Which of them a message of a contract concerns.
    pub(crate) listeners: Listeners,
    /// No bot wants to be woken by its timer before then.
    pub(crate) next_wake: MarketTime,
    /// Whether any bot may be held back: until it is looked at again, whenever something might have changed that. With a
    /// thousand bots, asking each after every event would cost more than the event.
    pub(crate) may_hold_back: bool,
    /// Bots that were woken in this turn.
    pub(crate) touched: Vec<usize>,
    pub(crate) gate: Gate,
    /// Contracts whose leverage was asked to be set and is not confirmed, with when to doubt the request.
    leverage_asked: BTreeMap<Symbol, WallTime>,
    /// Whether a position was opened under another configuration than the bot's last one.
    pub(crate) has_opened: bool,
    pub(crate) calibrating: Calibrating,
    /// While every order of the account is being cancelled.
    pub(crate) kill: Option<Kill>,
    /// What was last written down of the engine's own memory.
    pub(crate) remembered: EngineMemory,
    /// Reused between events, so that the steady state allocates nothing.
    pub(crate) effects: Vec<Effect>,
    pub(crate) notices: VecDeque<NoticeTo>,
    pub(crate) intents: Vec<Intent>,
    pub(crate) results: Vec<PositionResult>,
    pub(crate) meter: Option<Box<dyn Meter>>,
    /// Whether what must outlive the process is told ([`Output::Memory`]).
    pub(crate) tells_memory: bool,
}

/// What a bot remembered cannot be given back to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bot `{bot}`: {source}")]
pub struct RestoreError {
    /// The bot.
    pub bot: BotName,
    /// Why.
    pub source: MemoryError,
}

impl Engine {
    /// Builds an engine that may not open yet: that takes contracts, links and a reconciliation.
    #[must_use]
    pub fn new(setup: EngineSetup) -> Self {
        let EngineSetup { mut orders, bots, limits, ownership, config, needs_trade_link, unprotected_ms_max } =
            setup;
        orders.set_margin_mode(limits.margin_mode);
        let bots: Vec<Bot> = bots.into_iter().map(Bot::from).collect();
        Self {
            listeners: Listeners::of(&bots),
            next_wake: MarketTime(i64::MIN),
            may_hold_back: true,
            touched: Vec::new(),
            market: Market::new(HISTORY_BARS),
            quotes: Quotes::default(),
            instruments: BTreeMap::new(),
            requires_stop: limits.require_stop_on_entry,
            risk: Risk::new(limits, ownership),
            unprotected_ms_max,
            config,
            orders,
            bots,
            gate: Gate::new(needs_trade_link),
            leverage_asked: BTreeMap::new(),
            has_opened: false,
            calibrating: Calibrating::default(),
            kill: None,
            remembered: EngineMemory::default(),
            effects: Vec::new(),
            notices: VecDeque::new(),
            intents: Vec::new(),
            results: Vec::new(),
            meter: None,
            tells_memory: true,
        }
    }

    /// The same for a run that nobody takes up again: what would have to outlive it is not written down.
    #[must_use]
    pub const fn without_memory(mut self) -> Self {
        self.tells_memory = false;
        self
    }

    /// From now on `meter` is told when bots think.
    pub fn measure_with(&mut self, meter: Box<dyn Meter>) {
        self.meter = Some(meter);
    }

    /// Gives a bot back what it remembered before a restart. Memory of a bot that is gone is left alone.
    ///
    /// # Errors
    /// When the strategy cannot read it: it was written by another one.
    pub fn restore(&mut self, bot: BotName, bytes: &[u8]) -> Result<(), RestoreError> {
        if bot == engine_memory_name() {
            self.restore_own(bytes);
            return Ok(());
        }
        match self.bots.iter_mut().find(|known| known.name == bot) {
            Some(known) => {
                known.strategy.restore(bytes).map_err(|source| RestoreError { bot, source })?;
                known.wake_at = known.strategy.wake_at();
                self.next_wake = MarketTime(i64::MIN);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes the engine's own memory back. One that cannot be read may have held a halt, so it halts.
    fn restore_own(&mut self, bytes: &[u8]) {
        let unreadable = EngineMemory { halted: Some(HaltCause::Invariant), ..EngineMemory::default() };
        let memory = EngineMemory::from_bytes(bytes).unwrap_or(unreadable);
        if let Some(cause) = memory.halted {
            self.gate.halt(cause);
        }
        self.risk.restore(&memory.risk);
        self.may_hold_back = true;
        for bot in &mut self.bots {
            bot.set_hold(memory.hold_of(bot.name));
            bot.keeps = memory.keeps.iter().find(|(name, _)| *name == bot.name).map(|(_, kept)| *kept);
            let opened = memory.opened_under.iter().find(|(name, _)| *name == bot.name);
            bot.opened_under = opened.map(|(_, config)| *config);
        }
        self.kill = memory.kills_account.then(Kill::default);
        self.remembered = memory;
    }

    /// Opens nothing until a person resumes: the process has crashed again and again, and nobody knows by what.
    pub const fn begin_reducing(&mut self) {
        self.gate.distrust_after_crashes();
    }

    /// Takes one event and appends everything that follows from it to `out`.
    pub fn handle(&mut self, stamped: &Stamped, out: &mut Vec<Output>) {
        let stamp = stamped.stamp;
        match &stamped.event {
            Event::Market(event) => self.market_event(event, stamp, out),
            Event::Account(event) => {
                self.orders.apply(event, stamp, &mut self.effects);
                self.observe_answer(event, stamp, out);
                self.observe_worth(stamp, out);
            }
            Event::Link(link) => self.link(*link, stamp, out),
            Event::Reference(reference) => self.reference(reference),
            Event::Timer => self.orders.on_timer(stamp, &mut self.effects),
            Event::Control(control) => self.control(*control, stamp, out),
        }
        self.calibrate(&stamped.event, stamp, out);
        if matches!(stamped.event, Event::Account(_) | Event::Timer) {
            self.retry_waiting(stamp, out);
        }
        self.work_off(stamp, out);
        if may_tell_leverage(&stamped.event)
            || !self.leverage_asked.is_empty()
            || !self.gate.leverage_is_known()
        {
            self.ask_leverage(stamp, out);
        }
        self.protect(stamp, out);
        self.cancel_account(stamp, out);
        self.flatten(stamp, out);
        self.settle_run_state(stamp, out);
        self.wake_timers(stamp, out);
        if let Event::Account(event) = &stamped.event {
            self.note_openings(event);
        }
        self.collect_memory(out);
    }

    /// When the engine wants a [`Event::Timer`], by its own clock.
    #[must_use]
    pub fn next_deadline(&self) -> Option<WallTime> {
        self.orders.next_deadline().into_iter().chain(self.next_own_deadline()).min()
    }

    /// The same without the orders' deadlines: where every request is answered at once and no answer is lost, there is
    /// nothing to ask after, and nothing to audit.
    #[must_use]
    pub fn next_own_deadline(&self) -> Option<WallTime> {
        let rounds = self.bots.iter().filter_map(|bot| bot.next_round);
        let leverage = self.leverage_asked.values().copied();
        let may_be_bare = self.orders.has_unprotected();
        let rescues = self.bots.iter().filter(|_| may_be_bare).filter_map(|bot| self.next_rescue(bot));
        let kill = self.kill.and_then(|kill| kill.next_round);
        let waiting = self.bots.iter().filter_map(|bot| Some(bot.waiting?.until));
        rounds.chain(leverage).chain(rescues).chain(kill).chain(waiting).min()
    }

    /// When a bot wants to be woken, by the market's clock. Where the market's clock is the wall's, the shell
    /// sends a [`Event::Timer`] then; in a replay market messages come often enough.
    #[must_use]
    pub fn next_market_deadline(&self) -> Option<MarketTime> {
        self.bots.iter().filter(|bot| self.can_wake(bot)).filter_map(|bot| bot.wake_at).min()
    }

    /// What the engine allows now.
    #[must_use]
    pub const fn run_state(&self) -> RunState {
        self.gate.state()
    }

    /// What is waited for before anything may open.
    #[must_use]
    pub const fn waiting(&self) -> Option<Waiting> {
        self.gate.waiting()
    }

    /// The market as far as it is known.
    #[must_use]
    pub const fn market(&self) -> &Market {
        &self.market
    }

    /// What was asked and what is held.
    #[must_use]
    pub const fn orders(&self) -> &Orders {
        &self.orders
    }

    fn market_event(&mut self, event: &MarketEvent, stamp: Stamp, out: &mut Vec<Output>) {
        let symbol = event.symbol();
        match self.market.apply(event, stamp) {
            Change::Book => {
                self.quote_touch(symbol, stamp);
                self.wake_symbol(symbol, Wake::Book, stamp, out);
            }
            Change::BookLost(gap) => {
                match gap {
                    BookGap::Crossed { .. } => self.quotes.set_crossed(symbol, stamp.wall),
                    BookGap::Sequence { .. } => self.quotes.set_touch(symbol, None, None, stamp.wall),
                }
                out.push(Output::Resubscribe(symbol, gap));
            }
            Change::Trades => {
                if let MarketEvent::Trades(prints) = event {
                    self.wake_symbol(symbol, Wake::Trades(prints), stamp, out);
                }
            }
            Change::Ticker => {
                if let Some(mark) = self.market.contract(symbol).and_then(|known| known.ticker().mark) {
                    self.quotes.set_mark(symbol, mark, stamp.wall);
                    self.quote_others(symbol);
                    self.orders.mark(symbol, mark);
                    self.observe_worth(stamp, out);
                }
                self.wake_symbol(symbol, Wake::Ticker, stamp, out);
            }
            Change::CandleClosed { .. } => {
                if let MarketEvent::Candle(candle) = event {
                    self.wake_symbol(symbol, Wake::Candle(candle), stamp, out);
                }
            }
            Change::PriceLimit => {
                let limit = self.market.contract(symbol).and_then(|known| known.price_limit());
                self.quotes.set_limits(symbol, limit.map(|limit| (limit.lowest_sell, limit.highest_buy)));
            }
            // They are on the tape; no bot asks for them yet.
            Change::Liquidations => {}
            Change::BookAwaitsSnapshot | Change::CandleMoved | Change::CandleRepeated => {}
        }
    }

    fn quote_others(&mut self, symbol: Symbol) {
        if let Some(contract) = self.market.contract(symbol) {
            let ticker = contract.ticker();
            self.quotes.set_others(symbol, ticker.last, ticker.index);
        }
    }

    fn quote_touch(&mut self, symbol: Symbol, stamp: Stamp) {
        if let Some(contract) = self.market.contract(symbol) {
            let book = contract.book();
            let (bid, ask) = (book.best(windvane_model::Side::Buy), book.best(windvane_model::Side::Sell));
            self.quotes.set_touch(symbol, bid, ask, stamp.wall);
        }
    }

    fn link(&mut self, link: Link, stamp: Stamp, out: &mut Vec<Output>) {
        self.gate.link(link);
        match link {
            Link::Public(LinkState::Down) => {
                self.market.lose_books();
                for (symbol, _) in self.market.contracts() {
                    self.quotes.set_touch(symbol, None, None, stamp.wall);
                    self.quotes.set_limits(symbol, None);
                }
            }
            // Nothing is replayed on a private stream: what happened while it was down must be asked for.
            Link::Private(LinkState::Down) => self.gate.set_reconciled(false),
            Link::Private(LinkState::Up)
                if self.orders.is_reconciled() && mutant(Mutant::ReconnectIsNoGap) =>
            {
                self.gate.set_reconciled(true);
            }
            Link::Private(LinkState::Up) => self.reconcile(stamp, out),
            Link::Public(LinkState::Up) | Link::Trade(_) => {}
        }
    }

    pub(crate) fn reconcile(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        self.gate.set_reconciled(false);
        let query = self.orders.begin_reconcile(stamp);
        push_query(query, out);
    }

    fn reference(&mut self, reference: &Reference) {
        for instrument in &reference.instruments {
            self.instruments.insert(instrument.symbol, instrument.clone());
        }
        self.orders.set_reference(reference);
        // What risk takes counts: without fees or tiers it could neither open nor flatten there.
        if self.bots.iter().all(|bot| self.orders.exposure().listed(bot.symbol).is_some()) {
            self.gate.know_contracts();
        }
    }

    fn control(&mut self, control: Control, stamp: Stamp, out: &mut Vec<Output>) {
        match control {
            Control::Halt(_) if mutant(Mutant::HaltIsNotHeard) => {}
            Control::Halt(cause) => self.gate.halt(cause),
            Control::Lift(cause) => self.gate.lift(cause),
            Control::Resume => {
                self.gate.resume();
                self.risk.resume();
                self.gate.set_falling(false);
                self.kill = None;
                self.in_scope(Scope::All, |bot| {
                    bot.set_hold(None);
                    bot.keeps = None;
                });
            }
            Control::Flatten(scope) => self.in_scope(scope, |bot| bot.tighten(Hold::Close)),
            Control::CancelEntries(scope) => self.in_scope(scope, |bot| bot.tighten(Hold::ExitOnly)),
            Control::Pause(scope) => self.in_scope(scope, |bot| bot.tighten(Hold::Pause)),
            Control::Release(bot) => {
                self.risk.resume_bot(bot);
                self.in_scope(Scope::Bot(bot), |bot| bot.set_hold(None));
            }
            Control::Adopt(bot) => self.orders.adopt_positions(bot),
            Control::CancelAccount => self.kill = Some(Kill::default()),
            Control::Resolve(id) => self.orders.resolve(&id, stamp, &mut self.effects),
            Control::Reconcile => {
                if self.gate.private_is_up() {
                    self.reconcile(stamp, out);
                }
            }
        }
    }

    pub(crate) fn in_scope(&mut self, scope: Scope, act: impl Fn(&mut Bot)) {
        self.may_hold_back = true;
        for bot in &mut self.bots {
            let is_meant = match scope {
                Scope::All => true,
                Scope::Bot(name) => bot.name == name,
            };
            if is_meant {
                act(bot);
            }
        }
    }

    /// Asks for the leverage the configuration wants, where the venue has told another. A request may be refused or
    /// lost, and a change may go untold; so what is not seen in time is looked up, and what still differs is asked
    /// for again.
    fn ask_leverage(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if mutant(Mutant::LeverageIsNotSet) {
            self.gate.set_leverage_known(true);
            return;
        }
        if !self.orders.is_reconciled() || self.gate.state() == RunState::Fenced {
            self.leverage_asked.clear();
            return;
        }
        let Self { bots, orders, leverage_asked, .. } = self;
        let is_set = |bot: &Bot| {
            let contract = orders.exposure().contract(bot.symbol, bot.position_index);
            contract.and_then(|contract| contract.position.leverage) == Some(bot.leverage)
        };
        // One request sets both sides of a contract, so it is open until both stand right.
        leverage_asked.retain(|symbol, _| bots.iter().any(|bot| bot.symbol == *symbol && !is_set(bot)));
        let (mut is_known, mut is_overdue) = (true, false);
        for bot in bots.iter().filter(|bot| !is_set(bot)) {
            is_known = false;
            match leverage_asked.get(&bot.symbol) {
                Some(doubted) => is_overdue |= *doubted <= stamp.wall,
                None => {
                    leverage_asked.insert(bot.symbol, stamp.wall.after(LEVERAGE_WITHIN_MS));
                    let set = SetLeverage { symbol: bot.symbol, leverage: bot.leverage };
                    out.push(Output::of_engine("leverage", Command::SetLeverage(set)));
                }
            }
        }
        self.gate.set_leverage_known(is_known);
        if is_overdue {
            self.leverage_asked.clear();
            self.reconcile(stamp, out);
        }
    }
}

/// Whether another leverage may be known by an event: the venue tells it with positions alone.
const fn may_tell_leverage(event: &Event) -> bool {
    match event {
        Event::Market(_) => false,
        Event::Account(event) => matches!(event, AccountEvent::Position(_) | AccountEvent::Answer(_)),
        Event::Link(_) | Event::Reference(_) | Event::Timer | Event::Control(_) => true,
    }
}

/// Puts the engine's own question to the venue.
pub(crate) fn push_query(query: Query, out: &mut Vec<Output>) {
    let reason = match query {
        Query::Order { .. } => "probe",
        Query::Account { .. } => "reconcile",
        Query::PreCheck(_) => "calibrate",
        Query::Movements { .. } => "money",
    };
    out.push(Output::of_engine(reason, Command::Query(query)));
}
