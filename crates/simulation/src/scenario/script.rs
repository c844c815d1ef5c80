//! A scenario as it is played: happenings in time, faults that wait for their message, and what must be so.

use super::hand::Desk;
use super::value::{Moment, RestingOrder};
use crate::swarm::{Millis, Swarm};
use crate::tally::Fault;
use crate::world::{Stream, Topic};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{ClientOrderId, Control, Request, Symbol};
use windvane_order_management::PositionKey;
use windvane_strategy::Definition;
use windvane_venue_core as venue;

/// A scenario, checked and ready to be played.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) title: String,
    pub(crate) settings: Settings,
    /// A story by chance instead: its seed and its troubles.
    pub(crate) chance: Option<(u64, Swarm)>,
    pub(crate) steps: Vec<(Millis, Step)>,
    pub(super) faults: Vec<FaultRule>,
    pub(super) expectations: Vec<Expectation>,
    pub(crate) desk: Desk,
    /// Requests that have left.
    sent: BTreeMap<Request, u64>,
}

/// What holds all the time.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) length_ms: Millis,
    pub(crate) one_way_delay_ms: Millis,
    pub(crate) query_delay_ms: Millis,
    pub(crate) requires_stop: bool,
    /// Whether the first contract is in hedge mode, with a bot for each of its positions.
    pub(crate) is_hedged: bool,
    /// The contract that is not traded by the script, by its number, and who trades it.
    pub(crate) bot: Option<(usize, Definition)>,
    /// USDT on the account.
    pub(crate) balance: Decimal,
}

/// One happening.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// The price of a contract goes there and stays; each level of its book holds `depth`.
    Market { slot: usize, price: Decimal, depth: Decimal },
    /// The venue's market moves in one way of its own.
    Input(venue::MarketInput),
    /// Somebody else acts on the account.
    Stranger(venue::Request),
    /// Somebody else cancels an order of ours, by its number at the desk.
    Meddle(usize),
    /// Somebody else cancels the order of ours that rests at a price, or moves it.
    MeddleAt { symbol: Symbol, price: Decimal, to: Option<Decimal> },
    /// A person gives an order.
    Operator(Control),
    /// The engine ends.
    Kill { back_after: Millis, loses: Millis, before_send: bool },
    /// A stream breaks.
    Cut { stream: Stream, noticed_after: Millis, back_after: Millis },
    /// The host's clock is off by so much from now on.
    Clock { off: Millis },
    /// Something must be so, by its number.
    Expect(usize),
}

/// Which messages go wrong, and how.
#[derive(Debug, Clone)]
pub(super) struct FaultRule {
    pub(super) place: String,
    pub(super) kind: Fault,
    pub(super) from: Millis,
    /// How many messages are still to be struck.
    pub(super) left: u32,
    pub(super) request: Option<Request>,
    pub(super) topic: Option<Topic>,
    /// The number of an order at the desk.
    pub(super) order: Option<usize>,
    pub(super) strike: Strike,
}

/// How a message goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Strike {
    /// How late, or for how long.
    pub(crate) by: Option<Millis>,
    /// `retCode` of a refusal.
    pub(crate) code: Option<i32>,
}

/// One message that might go wrong.
#[derive(Debug, Clone, Default)]
pub(crate) struct Occasion {
    pub(crate) request: Option<Request>,
    pub(crate) topic: Option<Topic>,
    /// The orders that it is about.
    pub(crate) orders: Vec<ClientOrderId>,
}

/// What must be so, and where that is written.
#[derive(Debug, Clone)]
pub(super) struct Expectation {
    pub(super) place: String,
    pub(super) at: Moment,
    pub(super) order: Option<OrderExpectation>,
    pub(super) position: Option<PositionExpectation>,
    /// The limit orders in a contract, lowest first.
    pub(super) resting: Option<(Symbol, Vec<RestingOrder>)>,
    pub(super) run_state: Option<String>,
    pub(super) sent: BTreeMap<Request, u64>,
    pub(super) counted: BTreeMap<String, u64>,
}

/// What must be so of an order.
#[derive(Debug, Clone)]
pub(super) struct OrderExpectation {
    pub(super) name: String,
    /// Its number at the desk.
    pub(super) number: usize,
    pub(super) state: Option<String>,
    pub(super) venue: Option<String>,
    pub(super) qty: Option<Decimal>,
    pub(super) filled: Option<Decimal>,
    pub(super) price: Option<Decimal>,
}

/// What must be so of a position.
#[derive(Debug, Clone)]
pub(super) struct PositionExpectation {
    pub(super) key: PositionKey,
    pub(super) size: Option<Decimal>,
    pub(super) average_price: Option<Decimal>,
    pub(super) stop_loss: Option<Decimal>,
}

impl Script {
    pub(super) fn new(title: String, settings: Settings) -> Self {
        Self {
            title,
            settings,
            chance: None,
            steps: Vec::new(),
            faults: Vec::new(),
            expectations: Vec::new(),
            desk: Desk::default(),
            sent: BTreeMap::new(),
        }
    }

    /// Whether a message goes wrong in that way.
    pub(crate) fn strike(&mut self, kind: Fault, now: Millis, occasion: &Occasion) -> Option<Strike> {
        let desk = &self.desk;
        let is_meant = |rule: &FaultRule| {
            rule.kind == kind
                && rule.left > 0
                && rule.from <= now
                && rule.request.is_none_or(|request| occasion.request == Some(request))
                && rule.topic.is_none_or(|topic| occasion.topic == Some(topic))
                && rule
                    .order
                    .is_none_or(|order| desk.id(order).is_some_and(|id| occasion.orders.contains(&id)))
        };
        let rule = self.faults.iter_mut().find(|rule| is_meant(rule))?;
        rule.left -= 1;
        Some(rule.strike)
    }

    pub(crate) fn count(&mut self, request: Request) {
        *self.sent.entry(request).or_default() += 1;
    }

    pub(super) fn sent(&self, request: Request) -> u64 {
        self.sent.get(&request).copied().unwrap_or(0)
    }

    /// Whether some row says in which run state the story ends; else it must end active.
    pub(crate) fn names_last_run_state(&self) -> bool {
        self.expectations.iter().any(|row| row.at == Moment::End && row.run_state.is_some())
    }

    /// A row that came to nothing: its story is not the one that was told.
    pub(super) fn idle(&self) -> Option<String> {
        let fault = self.faults.iter().find(|rule| rule.left > 0);
        let fault = fault.map(|rule| format!("{}: no message was struck any more", rule.place));
        fault.or_else(|| self.desk.unasked().map(|place| format!("{place}: the order was never submitted")))
    }
}
