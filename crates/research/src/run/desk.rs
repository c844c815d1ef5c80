//! The engine and the venue's core, joined without a wire: what one asks the other answers, each in its own words.

use std::collections::{BTreeMap, VecDeque};

use windvane_bridge::{self as bridge, Asked};
use windvane_engine::{Engine, Output, Traces};
use windvane_model::{
    AccountEvent, AccountSnapshot, Command, Event, MarketTime, OrderLookup, Query, QueryAnswer, QueryFailed,
    Stamp, Stamped, Symbol, WallTime,
};
use windvane_venue_core::{self as venue, ExecutionFilter, MarketInput, OrderFilter, Uid, Venue};

/// The account that the bots trade.
pub(super) const UID: Uid = 1;

/// Something on its way.
pub(super) enum Happening {
    /// A request to the venue.
    Request(Command),
    /// A fact to the engine.
    Fact(Event),
}

/// Both sides and what is between them.
pub(super) struct Desk {
    pub(super) engine: Engine,
    pub(super) venue: Venue,
    pub(super) now_ms: i64,
    /// The engine's own clock, where it is not the market's.
    wall: Option<WallTime>,
    latency_ms: i64,
    symbols: Vec<Symbol>,
    sequence: u64,
    /// What is under way with its arrival, the next first; of one moment, what left first.
    under_way: VecDeque<(i64, Happening)>,
    outputs: Vec<Output>,
    facts: Vec<venue::Output>,
    /// Public trades of the last input.
    pub(super) prints: Vec<venue::PublicTrade>,
    /// Refusals of the venue: code and how often.
    pub(super) refused: BTreeMap<i32, u64>,
}

impl Desk {
    pub(super) fn new(engine: Engine, venue: Venue, symbols: Vec<Symbol>, latency_ms: i64) -> Self {
        Self {
            engine,
            venue,
            now_ms: 0,
            wall: None,
            latency_ms,
            symbols,
            sequence: 0,
            under_way: VecDeque::new(),
            outputs: Vec::new(),
            facts: Vec::new(),
            prints: Vec::new(),
            refused: BTreeMap::new(),
        }
    }

    /// Sets both clocks by a stamp of a session.
    pub(super) fn set_clocks(&mut self, stamp: Stamp) {
        self.now_ms = stamp.market.0;
        self.wall = Some(stamp.wall);
    }

    /// When the next of what is under way arrives, market milliseconds.
    pub(super) fn next_arrival(&self) -> Option<i64> {
        self.under_way.front().map(|(at, _)| *at)
    }

    /// Takes out what has arrived, one at a time.
    pub(super) fn arrived(&mut self) -> Option<Happening> {
        self.next_arrival().filter(|at| *at <= self.now_ms)?;
        self.under_way.pop_front().map(|(_, happening)| happening)
    }

    #[inline]
    fn depart(&mut self, happening: Happening) {
        let arrives = self.now_ms + self.latency_ms;
        // Last of all, unless a session's clock went back.
        if self.under_way.back().is_none_or(|(at, _)| *at <= arrives) {
            self.under_way.push_back((arrives, happening));
        } else {
            let place = self.under_way.partition_point(|(at, _)| *at <= arrives);
            self.under_way.insert(place, (arrives, happening));
        }
    }

    /// Bars are over that the engine is not woken at ([`Engine::pass_over`]).
    pub(super) fn pass_over(&mut self, bars: usize, traces: Option<Traces>, stamp: Stamp) {
        self.now_ms = stamp.market.0;
        self.engine.pass_over(bars, traces, stamp, &mut self.outputs);
        self.outputs.clear();
    }

    /// Gives the engine an event; what it commands leaves. `on_output` sees every answer of it.
    pub(super) fn take(&mut self, event: Event, mut on_output: impl FnMut(&Output)) {
        self.sequence += 1;
        let stamp = Stamp {
            sequence: self.sequence,
            wall: self.wall.unwrap_or(WallTime(self.now_ms * 1_000_000)),
            market: MarketTime(self.now_ms),
        };
        self.engine.handle(&Stamped { stamp, event }, &mut self.outputs);
        let mut outputs = std::mem::take(&mut self.outputs);
        for output in outputs.drain(..) {
            on_output(&output);
            if let Output::Command { command, .. } = output {
                self.depart(Happening::Request(command));
            }
        }
        self.outputs = outputs;
    }

    /// A request arrives at the venue; its answer and what follows from it leave for the engine.
    pub(super) fn request(&mut self, command: &Command) {
        let (Some(asked), Some(request)) = (Asked::of(command), bridge::request(command)) else {
            if let Command::Query(query) = command {
                let unanswered = QueryFailed { query: *query, code: 0, is_unsupported: false };
                let answer =
                    self.answer(*query).map_or(AccountEvent::QueryFailed(unanswered), AccountEvent::Answer);
                self.depart(Happening::Fact(Event::Account(answer)));
            }
            return;
        };
        let mut facts = std::mem::take(&mut self.facts);
        let verdict = self.venue.apply_request(self.now_ms, UID, &request, &mut facts);
        let answer = match verdict {
            Ok(ack) => asked.acknowledged(bridge::order_id(ack)),
            Err(refusal) => {
                *self.refused.entry(refusal.code).or_default() += 1;
                match bridge::family(refusal.code) {
                    Some(family) => asked.refused(refusal.code, family, &refusal.message),
                    None => asked.undetermined(),
                }
            }
        };
        self.depart(Happening::Fact(Event::Account(answer)));
        self.facts = facts;
        self.tell();
    }

    /// The market moves at the venue; what follows from it leaves for the engine.
    ///
    /// # Errors
    /// The venue's words, when the input makes no sense to it.
    pub(super) fn move_market(&mut self, input: &MarketInput) -> Result<(), String> {
        let mut facts = std::mem::take(&mut self.facts);
        let verdict = self.venue.apply_market(self.now_ms, input, &mut facts);
        self.facts = facts;
        self.tell();
        verdict.map_err(|refusal| refusal.to_string())
    }

    fn tell(&mut self) {
        self.prints.clear();
        let mut facts = std::mem::take(&mut self.facts);
        // Rows are large: each is read where it lies, and becomes an event where that waits.
        for fact in &facts {
            match fact {
                venue::Output::Order { row, .. } => {
                    self.tell_account(AccountEvent::Order(bridge::order(row)))
                }
                venue::Output::Execution { row, .. } => {
                    self.tell_account(AccountEvent::Execution(bridge::execution(row)));
                }
                venue::Output::Position { row, .. } => {
                    self.tell_account(AccountEvent::Position(bridge::position(row)));
                }
                venue::Output::Wallet { row, .. } => {
                    self.tell_account(AccountEvent::Wallet(bridge::wallet(row, MarketTime(self.now_ms))));
                }
                venue::Output::Trade(trade) => self.prints.push(trade.clone()),
                // Book and prices are told to both sides by the loop.
                venue::Output::Book(_) | venue::Output::Ticker(_) | venue::Output::Liquidation(_) => {}
            }
        }
        facts.clear();
        self.facts = facts;
    }

    #[inline]
    fn tell_account(&mut self, event: AccountEvent) {
        self.depart(Happening::Fact(Event::Account(event)));
    }

    fn answer(&self, query: Query) -> Option<QueryAnswer> {
        let executions = |filter: ExecutionFilter<'_>| {
            let rows = self.venue.executions(UID, filter);
            rows.iter().rev().map(bridge::execution).collect()
        };
        Some(match query {
            Query::Account { executions_since } => {
                let orders = self.venue.open_orders(UID, OrderFilter::default());
                let positions = self.symbols.iter();
                let positions = positions.flat_map(|symbol| self.venue.positions_in(UID, symbol.as_str()));
                let wallet = self.venue.wallet(UID).map(|row| bridge::wallet(&row, MarketTime(self.now_ms)));
                QueryAnswer::Account(Box::new(AccountSnapshot {
                    open_orders: orders.iter().map(bridge::order).collect(),
                    executions: executions(ExecutionFilter {
                        start_ms: Some(executions_since.0),
                        ..ExecutionFilter::default()
                    }),
                    positions: positions.map(|row| bridge::position(&row)).collect(),
                    wallet: wallet.unwrap_or_default(),
                }))
            }
            Query::Movements { since } => {
                let rows = self.venue.transactions(UID);
                let moved = rows.iter().filter_map(bridge::movement).filter(|row| row.at >= since);
                QueryAnswer::Movements(moved.collect())
            }
            Query::PreCheck(question) => match self.venue.pre_check(UID, &bridge::question(&question)) {
                Ok(rates) => QueryAnswer::PreCheck(bridge::pre_checked(question, rates)),
                Err(_) => return None,
            },
            Query::Order { symbol, client_order_id } => {
                let id = client_order_id.to_string();
                let order = self.venue.order(UID, &bridge::by_link(&id));
                QueryAnswer::Order(Box::new(OrderLookup {
                    symbol,
                    client_order_id,
                    order: order.map(|row| bridge::order(&row)),
                    executions: executions(ExecutionFilter {
                        order_link_id: Some(&id),
                        ..ExecutionFilter::default()
                    }),
                }))
            }
        })
    }
}
