//! The exchange: the one task that owns the core, the market's record, the sockets and the faults.
//!
//! One message in, all of its consequences out, then the next message. An acknowledgement is handed to its
//! connection before the private pushes of the same request are queued; tasks of a single-threaded runtime
//! are woken in that order, so it is also written first. Execution follows the acknowledgement, as on the
//! exchange itself.
//!
//! All of it is a state machine without a clock, a socket or a task: requests, frames and timers go in with the
//! moment at which they happen ([`Exchange::handle`], [`Exchange::step`], [`Exchange::ring`]), answers and frames come
//! out through the queues that came with them. [`run`] drives it in real time, `timeless.rs` in a time of its own.

mod clock;
mod gateway;
mod hub;
pub(crate) mod moment;
#[cfg(test)]
mod mutation;
mod private;
pub(crate) mod protection;
mod run;
mod socket;
mod stage;
mod status;
#[cfg(test)]
mod timeless;
mod trade;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use windvane_venue_core::{
    Acknowledgement, Audience, Category, Instrument, MarketInput, OrderRow, Output, PriceLimit, Request,
    Setup, Venue,
};

use crate::catalogue;
use crate::config::{AccountConfig, DoubtsConfig, MarketConfig, VenueConfig};
use crate::fault::{Aim, FaultRequest, Faults};
use crate::feed::{PublicFeeds, TradeRecords, View};
use crate::listed::Listed;
use crate::market::MarketRecord;
use crate::server::auth::KeyRing;
use crate::server::ban::Bans;
use crate::server::budget::Budgets;
use crate::server::quota::Quotas;
use crate::source::relay::Anew;
use crate::source::{Source, SourceError, Step, synthetic};
use crate::wire::envelope::Refusal;
use crate::wire::list::{Index, Reader};
use crate::wire::number::Scales;
use crate::wire::page::DAY_MS;
use crate::wire::{Digits, ToldCoins, Writer};
use clock::MarketClock;
pub(crate) use gateway::NOBODY;
use hub::Hub;
use moment::Moment;
use protection::Protection;
use stage::Stage;
use status::StatusIndex;

/// The shortest candle, in ms; every other ends with one.
const MINUTE_MS: i64 = 60_000;

/// Requests of one account since the start, by operation and by code.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestCounts {
    /// Accepted, by endpoint (`order/create`).
    pub(crate) accepted: BTreeMap<String, u64>,
    /// Refused, by return code.
    pub(crate) refused: BTreeMap<i64, u64>,
}

/// A delisting that was announced, with its times in market ms.
#[derive(Debug, Clone)]
pub(crate) struct Announcement {
    pub(crate) announced_ms: i64,
    pub(crate) delivery_ms: i64,
    pub(crate) category: Category,
    pub(crate) symbol: String,
}

/// All state of the venue.
pub(crate) struct Exchange {
    /// When the input came that is being worked on.
    now: Moment,
    began: tokio::time::Instant,
    pub(crate) core: Venue,
    pub(crate) accounts: Vec<AccountConfig>,
    /// What trades have made, which topics tell.
    pub(crate) traded: TradeRecords,
    /// What can be asked for besides.
    pub(crate) records: Listed<MarketRecord>,
    pub(crate) digits: Digits,
    pub(crate) faults: Faults,
    pub(crate) counts: BTreeMap<u64, RequestCounts>,
    pub(crate) keys: KeyRing,
    budgets: Budgets,
    bans: Bans,
    quotas: Quotas,
    /// Market time of the last restart, in ms: what was closed before is no longer in `realtime`.
    restarted_ms: Option<i64>,
    rate_limits: bool,
    pub(crate) doubts: DoubtsConfig,
    /// What accounts chose for limit prices beyond the bound, for contracts and for spot (true).
    price_actions: BTreeMap<(u64, bool), bool>,
    sim: bool,
    source: Source,
    /// Where to ask for a relayed topic anew, once somebody follows it.
    anew: Option<Anew>,
    clock: MarketClock,
    /// The step that comes next, drawn ahead to know when it is due.
    upcoming: Option<Step>,
    hub: Hub,
    pub(crate) protection: Protection,
    feeds: Vec<PublicFeeds>,
    status: StatusIndex,
    /// Announced delistings: when, in market ms, and what.
    delistings: Vec<(i64, Category, String)>,
    /// What has been announced, oldest first.
    pub(crate) announcements: Vec<Announcement>,
    /// Orders of each account on a UTC day of market time.
    daily_orders: BTreeMap<u64, (i64, u32)>,
    /// How far queries lag behind what has happened, during a query that a fault struck.
    index_lag: Duration,
    /// How far the wall clock is ahead for the request at hand, where a fault makes a difference between requests.
    request_skew_ms: Option<i64>,
    /// What the core put out and nobody was told yet.
    outputs: Vec<Output>,
    /// What the wallet topic last told, by account.
    told_coins: BTreeMap<u64, ToldCoins>,
    /// When it was last looked what there is to tell, in market ms.
    told_ms: i64,
    /// Number of private frames so far; makes their ids unique.
    frames: u64,
    /// To the owner's handle: true once the market source has come to its end. Closes with the venue.
    finished: watch::Sender<bool>,
}

impl Exchange {
    /// # Errors
    /// The market source cannot be built.
    pub(crate) fn new(
        config: &VenueConfig,
        finished: watch::Sender<bool>,
        now: Moment,
    ) -> Result<Self, SourceError> {
        let listings = config.listings();
        let instruments: Vec<_> = listings.iter().map(|listing| listing.instrument.clone()).collect();
        let mut source = Source::new(&config.market, &listings, now.wall_ms)?;
        let clock = match (&config.market, &source) {
            (MarketConfig::Replay(settings), Source::Replay(replay)) => {
                MarketClock::replay(replay.start_ms(), settings.speed, now)
            }
            (settings, Source::Tape(tape)) => {
                MarketClock::replay(tape.start_ms(), settings.speed().unwrap_or(1), now)
            }
            (_, Source::Synthetic(_)) => {
                MarketClock::wall(Some(Duration::from_millis(synthetic::STEP_MS)), now)
            }
            _ => MarketClock::wall(None, now),
        };
        let record = |i: &Instrument| (i.category, i.symbol.to_string(), MarketRecord::new(i.category));
        let records = instruments.iter().map(record).collect();
        let digits = Digits::of(&instruments);
        let traded = TradeRecords::of(&instruments);
        let core = Venue::new(Setup {
            instruments,
            coins: catalogue::collateral().to_vec(),
            accounts: config.accounts.iter().map(AccountConfig::setup).collect(),
            doubts: config.doubts.core,
            seed: config.seed,
        });
        let history = source.take_history();
        let opening = source.opening(now.wall_ms);
        let mut exchange = Self {
            now,
            began: now.instant,
            traded,
            core,
            accounts: config.accounts.clone(),
            records,
            digits,
            faults: Faults::default(),
            counts: BTreeMap::new(),
            keys: KeyRing::new(&config.accounts, config.doubts.unsent_recv_window),
            budgets: Budgets::default(),
            bans: Bans::new(config.address_limits.requests),
            quotas: Quotas::new(config.limits, config.address_limits, config.doubts.trade_requests_max),
            restarted_ms: None,
            rate_limits: config.rate_limits,
            doubts: config.doubts.clone(),
            price_actions: BTreeMap::new(),
            sim: config.sim,
            source,
            anew: None,
            clock,
            upcoming: None,
            hub: Hub::of(config.accounts.iter().map(|account| account.uid)),
            protection: Protection::default(),
            feeds: Category::ALL
                .into_iter()
                .map(|category| PublicFeeds::new(category, &config.doubts))
                .collect(),
            status: StatusIndex::new(config.doubts.status_lag_ms),
            delistings: Vec::new(),
            announcements: Vec::new(),
            daily_orders: BTreeMap::new(),
            index_lag: Duration::ZERO,
            request_skew_ms: None,
            outputs: Vec::new(),
            told_coins: BTreeMap::new(),
            told_ms: 0,
            frames: 0,
            finished,
        };
        for step in &history {
            exchange.record_history(step);
        }
        if let Some(step) = opening {
            exchange.apply_step(&step);
        }
        // Steps on the wall clock are made when they are due; a recorded one says when that is.
        if exchange.clock.is_replay() {
            exchange.upcoming = exchange.source.next_step(now.wall_ms);
        }
        exchange.clock.expect(exchange.upcoming.as_ref().map(|step| step.at_ms));
        Ok(exchange)
    }

    /// Market time in ms.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms(self.now)
    }

    /// The exchange's wall clock in ms, as a fault may have set it.
    pub(crate) fn wall_ms(&self) -> i64 {
        self.now.wall_ms.saturating_add(self.request_skew_ms.unwrap_or_else(|| self.faults.skew_ms()))
    }

    /// The wall clock in ms as it is.
    pub(crate) fn real_ms(&self) -> i64 {
        self.now.wall_ms
    }

    /// For how long there has been a venue.
    fn uptime(&self) -> Duration {
        self.now.instant.duration_since(self.began)
    }

    /// Arms a fault and returns its id.
    pub(crate) fn arm(&mut self, request: FaultRequest) -> u64 {
        self.faults.arm(request, self.now.wall_ms)
    }

    /// Removes a fault; false when there is none with this id.
    pub(crate) fn disarm(&mut self, id: u64) -> bool {
        self.faults.disarm(id, self.now.wall_ms)
    }

    /// Restarts: cuts the open sockets that are struck, numbers the books of the others from 1, and forgets what was
    /// closed. Returns how many were cut.
    pub(crate) fn restart(&mut self, aim: &mut Aim) -> usize {
        let now_ms = self.now_ms();
        self.restarted_ms = Some(now_ms);
        let cut = self.cut_sockets(aim);
        let moment = (now_ms, self.uptime());
        for feeds in &mut self.feeds {
            feeds.restart(moment, &mut Stage { hub: &mut self.hub, faults: &mut self.faults, now: self.now });
        }
        cut
    }

    /// Whether requests per second are limited: switched on, and the clock not accelerated.
    pub(crate) fn limits_rates(&self) -> bool {
        self.rate_limits && !self.clock.is_accelerated()
    }

    /// Whether only the control surface moves the market.
    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.source, Source::Manual)
    }

    /// Whether a limit price of an account beyond the bound is moved to it rather than refused: as the account has
    /// chosen, else as the venue's doubt says for contracts, and not for spot.
    pub(crate) fn modifies_price(&self, uid: u64, category: Category) -> bool {
        let is_spot = category == Category::Spot;
        let chosen = self.price_actions.get(&(uid, is_spot)).copied();
        chosen.unwrap_or(!is_spot && self.doubts.core.price_limit == PriceLimit::Move)
    }

    /// Remembers what an account has chosen for prices beyond the bound; contracts of both kinds share it.
    pub(crate) fn note_price_action(&mut self, uid: u64, category: Category, modify: bool) {
        self.price_actions.insert((uid, category == Category::Spot), modify);
    }

    /// Whether the market source has come to its end.
    pub(crate) fn is_finished(&self) -> bool {
        *self.finished.borrow()
    }

    /// Lets a replay run, or holds it.
    pub(crate) fn set_running(&mut self, running: bool) {
        self.clock.set_running(running, self.now);
    }

    /// What rows are written from.
    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer { core: &self.core, digits: &self.digits, doubts: &self.doubts }
    }

    /// What queries are answered from.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { writer: self.writer(), now_ms: self.now_ms(), index: self }
    }

    /// Digits of an instrument's prices and quantities.
    ///
    /// # Errors
    /// 10001 for a symbol that is not listed.
    pub(crate) fn scales_of(&self, category: Category, symbol: &str) -> Result<Scales, Refusal> {
        self.digits.get(category, symbol).ok_or_else(|| Refusal::parameter("symbol invalid"))
    }

    /// Hands a request to the core; its consequences wait until the reply is on its way.
    ///
    /// # Errors
    /// The core's refusal.
    pub(crate) fn request(&mut self, uid: u64, request: &Request) -> Result<Acknowledgement, Refusal> {
        let now_ms = self.now_ms();
        let taken = self.core.apply_request(now_ms, uid, request, &mut self.outputs);
        taken.map_err(|refusal| self.writer().refusal(now_ms, refusal, request))
    }

    /// Counts an order of an account on this UTC day.
    ///
    /// # Errors
    /// 10006 when it is one too many, and not counted.
    pub(crate) fn count_order(&mut self, uid: u64) -> Result<(), Refusal> {
        let (most, today) = (self.doubts.daily_orders_max, self.now_ms().div_euclid(DAY_MS));
        let (day, count) = self.daily_orders.entry(uid).or_insert((today, 0));
        if *day != today {
            (*day, *count) = (today, 0);
        }
        if most > 0 && *count >= most {
            return Err(Refusal::too_many());
        }
        *count += 1;
        Ok(())
    }

    /// Hands a movement of the market to the core.
    ///
    /// # Errors
    /// The core's refusal.
    pub(crate) fn move_market(&mut self, input: &MarketInput) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        self.apply_input(now_ms, input)
    }

    /// Announces that an instrument is delisted in so many milliseconds of market time.
    ///
    /// # Errors
    /// The core's refusal.
    pub(crate) fn delist_in(&mut self, ms: i64, category: Category, symbol: String) -> Result<(), Refusal> {
        let delivery_ms = self.now_ms().saturating_add(ms);
        self.move_market(&MarketInput::AnnounceDelisting { category, symbol: symbol.clone(), delivery_ms })?;
        self.delistings.retain(|(_, other, name)| (*other, name) != (category, &symbol));
        self.announcements.push(Announcement {
            announced_ms: self.now_ms(),
            delivery_ms,
            category,
            symbol: symbol.clone(),
        });
        self.delistings.push((delivery_ms, category, symbol));
        Ok(())
    }

    /// Market ms until the next announced delisting, if there is one.
    fn next_delisting_ms(&self) -> Option<i64> {
        let next = self.delistings.iter().map(|(at_ms, ..)| *at_ms).min()?;
        Some(next.saturating_sub(self.now_ms()))
    }

    /// Delists what has been announced for now.
    fn delist_due(&mut self) {
        let now_ms = self.now_ms();
        let due = self.delistings.extract_if(.., |(at_ms, ..)| *at_ms <= now_ms);
        for (_, category, symbol) in due.collect::<Vec<_>>() {
            // One that somebody has delisted meanwhile is what it was to become.
            let _ = self.move_market(&MarketInput::Delist { category, symbol, price: None });
        }
    }

    /// Cuts the open sockets that are struck; returns how many.
    pub(crate) fn cut_sockets(&mut self, aim: &mut Aim) -> usize {
        self.hub.cut(|session| aim.strikes(session.subjects()))
    }

    /// Deletes an API key and cuts the sockets that were opened with it.
    pub(crate) fn delete_key(&mut self, key: &str) {
        self.keys.delete(key);
        self.hub.cut(|session| session.caller.as_ref().is_some_and(|caller| *caller.key == *key));
    }

    /// Lets the open sockets that are struck say nothing for so long; returns how many.
    pub(crate) fn silence_sockets(&mut self, length: Duration, aim: &mut Aim) -> usize {
        self.hub.silence(length, |session| aim.strikes(session.subjects()))
    }

    /// A frame of the stream that the market is relayed from, as of now.
    fn relayed(&mut self, text: &str) {
        let now_ms = self.now_ms();
        let Source::Relay(lines) = &mut self.source else { return };
        let step = lines.read(text);
        for topic in lines.broken() {
            if self.anew.as_ref().is_some_and(|anew| anew.try_send(topic.clone()).is_ok()) {
                lines.asked_anew(&topic);
            }
        }
        if let Some(step) = step {
            self.apply_step(&Step { at_ms: now_ms, ..step });
        }
    }

    /// Where to ask for a relayed topic anew.
    pub(crate) fn ask_anew_through(&mut self, anew: Anew) {
        self.anew = Some(anew);
    }

    /// What the relayed stream is asked for; empty for any other source.
    pub(crate) fn relayed_symbols(&self) -> Vec<String> {
        match &self.source {
            Source::Relay(lines) => lines.symbols().map(str::to_owned).collect(),
            Source::Replay(_) | Source::Tape(_) | Source::Synthetic(_) | Source::Manual => Vec::new(),
        }
    }

    /// Has the core make those rows of an account that somebody listens to: to make them costs more than what they tell of.
    fn attune(&mut self) {
        for uid in self.hub.take_retuned() {
            let audience = Audience {
                orders: self.status.lags() || self.hub.is_heard_by(uid, "order"),
                executions: ["execution", "execution.fast"]
                    .iter()
                    .any(|topic| self.hub.is_heard_by(uid, topic)),
                positions: self.hub.is_heard_by(uid, "position"),
                wallets: self.hub.is_heard_by(uid, "wallet"),
            };
            if let Err(refusal) = self.core.listen(uid, audience) {
                tracing::error!(uid, code = refusal.code, "the core knows no such account");
            }
        }
    }

    /// Takes one step of the market and tells everyone.
    fn step(&mut self, now: Moment) {
        self.now = now;
        self.attune();
        let Some(step) = self.upcoming.take().or_else(|| self.source.next_step(self.now.wall_ms)) else {
            return;
        };
        if self.clock.is_replay() {
            self.upcoming = self.source.next_step(self.now.wall_ms);
        }
        let next_ms = self.upcoming.as_ref().map(|step| step.at_ms);
        self.clock.stepped(step.at_ms, next_ms, self.now);
        self.delist_due();
        self.apply_step(&step);
        if self.clock.is_replay() && next_ms.is_none() {
            tracing::info!(market_ms = step.at_ms, "replay finished");
            self.finished.send_replace(true);
        }
    }

    fn apply_step(&mut self, step: &Step) {
        for input in &step.inputs {
            if let Err(refusal) = self.apply_input(step.at_ms, input) {
                tracing::error!(
                    code = refusal.code,
                    message = refusal.message,
                    "the core refused a market step"
                );
            }
        }
        self.tell(step.at_ms);
    }

    fn apply_input(&mut self, at_ms: i64, input: &MarketInput) -> Result<(), Refusal> {
        if let MarketInput::SettleFunding { category, symbol } = input
            && let Some(row) = self.core.ticker(*category, symbol)
            && let Some(record) = self.records.get_mut(*category, symbol)
        {
            record.funding.push((at_ms, row.funding_rate));
        }
        self.core
            .apply_market(at_ms, input, &mut self.outputs)
            .map_err(|refusal| Refusal::new(refusal.code.into(), refusal.message))?;
        if let MarketInput::ChangeTickSize { category, symbol, .. } = input {
            let mut instruments = self.core.instruments();
            let changed = instruments.find(|i| i.category == *category && *i.symbol == **symbol);
            if let Some(instrument) = changed {
                self.digits.change(instrument);
            }
        }
        Ok(())
    }

    /// A step before the start: candles and settlements, nothing that could be traded on.
    fn record_history(&mut self, step: &Step) {
        let mut rates = BTreeMap::new();
        for input in &step.inputs {
            match input {
                MarketInput::Trade { category, symbol, price, qty, .. } => {
                    if let Some(record) = self.traded.get_mut(*category, symbol) {
                        record.advance(step.at_ms);
                        record.print(step.at_ms, *price, *qty);
                    }
                }
                MarketInput::Prices { category, symbol, mark, index, .. } => {
                    if let Some(record) = self.records.get_mut(*category, symbol) {
                        mark.iter().for_each(|mark| record.mark(step.at_ms, *mark));
                        index.iter().for_each(|index| record.index(step.at_ms, *index));
                    }
                }
                MarketInput::FundingRate { category, symbol, rate, .. } => {
                    rates.entry((*category, symbol)).or_insert(*rate);
                }
                MarketInput::SettleFunding { category, symbol } => {
                    let record = self.records.get_mut(*category, symbol);
                    if let (Some(record), Some(rate)) = (record, rates.get(&(*category, symbol))) {
                        record.funding.push((step.at_ms, *rate));
                    }
                }
                MarketInput::Book { .. }
                | MarketInput::Liquidate { .. }
                | MarketInput::Deleverage { .. }
                | MarketInput::AnnounceDelisting { .. }
                | MarketInput::Delist { .. }
                | MarketInput::ChangeTickSize { .. } => {}
            }
        }
    }

    /// Ends the candles whose time has come since anybody was told anything: where nothing happens, nothing else does.
    fn tell_what_has_ended(&mut self) {
        let now_ms = self.now_ms();
        if now_ms.div_euclid(MINUTE_MS) != self.told_ms.div_euclid(MINUTE_MS) {
            self.tell(now_ms);
        }
    }

    /// Tells everyone what the core put out: public topics first, then the accounts concerned.
    fn tell(&mut self, now_ms: i64) {
        self.told_ms = now_ms;
        let outputs = std::mem::take(&mut self.outputs);
        let changed = self.traded.take(&outputs, now_ms);
        self.records.iter_mut().for_each(|(_, _, record)| record.advance(now_ms));
        for output in &outputs {
            match output {
                Output::Trade(trade) => {
                    if let Some(record) = self.records.get_mut(trade.category, &trade.symbol) {
                        record.keep_trade(trade.clone());
                    }
                }
                Output::Ticker(row) => {
                    if let Some(record) = self.records.get_mut(row.category, &row.symbol) {
                        row.mark_price.into_iter().for_each(|mark| record.mark(now_ms, mark));
                        row.index_price.into_iter().for_each(|index| record.index(now_ms, index));
                        record.interest.note(row.open_interest);
                    }
                }
                Output::Order { row, .. } => self.status.note(now_ms, row),
                Output::Book(_)
                | Output::Liquidation(_)
                | Output::Execution { .. }
                | Output::Position { .. }
                | Output::Wallet { .. } => {}
            }
        }
        let due = self.records.iter_mut().filter(|(_, _, record)| record.is_premium_due(now_ms));
        for (category, symbol, record) in due {
            if let Some(index) = self.core.ticker(category, symbol).and_then(|row| row.index_price)
                && let Some(book) = self.core.book(category, symbol, MarketRecord::PREMIUM_DEPTH)
            {
                record.premium(now_ms, &book, index);
            }
        }
        let uptime = self.uptime();
        let view = View {
            core: &self.core,
            traded: &self.traded,
            digits: &self.digits,
            doubts: &self.doubts,
            now_ms,
            uptime,
        };
        let mut stage = Stage { hub: &mut self.hub, faults: &mut self.faults, now: self.now };
        for feeds in &mut self.feeds {
            feeds.tell(&changed, &view, &mut stage);
        }
        self.tell_accounts(&outputs, now_ms);
    }
}

impl Index for Exchange {
    fn has(&self, _: &str, at_ms: i64) -> bool {
        let lag_ms = i64::try_from(self.index_lag.as_millis()).unwrap_or(i64::MAX);
        let lag_ms = lag_ms.max(self.doubts.index_lag_ms.into());
        lag_ms == 0 || at_ms <= self.now_ms().saturating_sub(lag_ms)
    }

    fn lags(&self) -> bool {
        self.status.lags()
    }

    fn shown(&self, row: OrderRow) -> OrderRow {
        self.status.shown(self.now_ms(), row)
    }

    fn recalls(&self, closed_ms: i64) -> bool {
        self.restarted_ms.is_none_or(|restarted| closed_ms >= restarted)
    }

    fn forgets(&self) -> bool {
        !self.clock.is_accelerated()
    }
}
