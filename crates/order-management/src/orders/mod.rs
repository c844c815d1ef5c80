//! The aggregate: the one owner of what we asked and what we hold.
//!
//! State changes in three ways only: a command of ours is recorded, a fact of the account is applied, a
//! deadline passes. Each is a pure function of the state and its stamped input, so the journal of commands,
//! facts and timers rebuilds the same state to the last bit.
//!
//! One input ripples through five places, one file each: [`command`] (what we ask), [`answer`] (what the gate
//! says), [`report`] (what the venue shows of an order), [`booking`] (executions) and [`audit`] (comparison
//! with the venue's picture); [`schedule`] keeps the deadlines, [`read`] the questions others may ask, [`forget`] the
//! end of what is over, [`image`] the way into a snapshot and out of it.

mod answer;
mod audit;
mod booking;
mod command;
mod forget;
mod image;
mod read;
mod report;
mod resolve;
mod schedule;

pub use resolve::Unresolvable;

use crate::bot::EquityCurve;
use crate::counters::Counters;
use crate::effect::{Difference, DifferenceKind, Effect};
use crate::identity::{Identity, Owners, PositionKey};
use crate::inquiry::AbsenceBounds;
use crate::ledger::Ledger;
use crate::movement::Movements;
use crate::order::Source;
use crate::other::OtherOrders;
use crate::position::Position;
use crate::reconcile::{Questions, Reconcile};
use crate::sought::Sought;
use crate::table::OrderTable;
use crate::wallet::Wallet;
use std::collections::{BTreeMap, BTreeSet};
use windvane_model::{
    AccountEvent, BotName, ClientOrderId, Epoch, MarketTime, Millis, Money, Mutant, Notice, NoticeTo,
    OrderId, PositionStatus, Price, Query, QueryAnswer, Reference, Stamp, Symbol, WallTime, mutant,
};
use windvane_risk::margin::MarginMode;
use windvane_risk::{Exposure, PositionExposure};

/// What we asked and what we hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Orders {
    identity: Identity,
    owners: Owners,
    bounds: AbsenceBounds,
    /// Orders minted in this epoch; the sequence of the last client order id.
    minted: u64,
    orders: OrderTable,
    by_order_id: BTreeMap<OrderId, ClientOrderId>,
    agenda: BTreeSet<(WallTime, ClientOrderId)>,
    /// Orders that a picture of the account did not show and that were not looked up yet.
    missing: BTreeSet<ClientOrderId>,
    /// Ids of ours that an execution named and no record knows; they are being asked for.
    sought: Sought,
    others: OtherOrders,
    ledger: Ledger,
    /// Time of the latest execution known.
    latest_execution: MarketTime,
    positions: BTreeMap<PositionKey, Position>,
    wallet: Wallet,
    movements: Movements,
    /// Whether the picture that the wallet's books began with was torn by a fill, so that they may be off by it.
    start_is_torn: bool,
    bots: BTreeMap<BotName, BotTally>,
    marks: BTreeMap<Symbol, Price>,
    reconcile: Reconcile,
    questions: Questions,
    exposure: Exposure,
    /// Whether any position is open without a known stop at the venue.
    has_unprotected: bool,
    counters: Counters,
    /// How long what is over is kept, market time; `None`: for ever.
    keeps_ms: Option<Millis>,
    /// When to look next for something to forget.
    next_look_back: MarketTime,
    /// What was over by then is forgotten.
    forgotten_until: MarketTime,
}

/// What is counted of a bot beside its positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct BotTally {
    orders: u64,
    curve: EquityCurve,
}

impl Orders {
    /// Begins with nothing asked and nothing held. `bots` names each bot with the positions it owns.
    #[must_use]
    pub fn new(identity: Identity, bots: &[(BotName, Vec<PositionKey>)]) -> Self {
        let owned = || bots.iter().flat_map(|(_, keys)| keys);
        Self {
            identity,
            owners: Owners::new(bots),
            bounds: AbsenceBounds::default(),
            minted: 0,
            orders: OrderTable::default(),
            by_order_id: BTreeMap::new(),
            agenda: BTreeSet::new(),
            missing: BTreeSet::new(),
            sought: Sought::default(),
            others: OtherOrders::default(),
            ledger: Ledger::default(),
            latest_execution: MarketTime::default(),
            positions: owned().map(|key| (*key, Position::new(*key))).collect(),
            wallet: Wallet::default(),
            movements: Movements::default(),
            start_is_torn: false,
            bots: bots.iter().map(|(bot, _)| (*bot, BotTally::default())).collect(),
            marks: BTreeMap::new(),
            reconcile: Reconcile::default(),
            questions: Questions::default(),
            exposure: Exposure::default(),
            has_unprotected: false,
            counters: Counters::default(),
            keeps_ms: Some(forget::VENUE_REACH_MS),
            next_look_back: MarketTime::default(),
            forgotten_until: MarketTime::default(),
        }
    }

    /// The same with other bounds for the proof of absence.
    #[must_use]
    pub const fn with_bounds(mut self, bounds: AbsenceBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// The same under the epoch of a later start, whose record in the journal follows. The ids minted from
    /// here on are new by their epoch.
    #[must_use]
    pub fn with_epoch(mut self, epoch: Epoch) -> Self {
        if !mutant(Mutant::IdsRepeat) {
            self.identity.epoch = epoch;
        }
        self.minted = 0;
        // Those of the process before went with it.
        self.questions = Questions::default();
        self
    }

    /// Gives the positions to other bots from here on; `bots` is as in [`Orders::new`]. What is held and what was booked
    /// stays.
    pub fn set_owners(&mut self, bots: &[(BotName, Vec<PositionKey>)]) {
        self.owners = Owners::new(bots);
        self.hear_of_modes();
        for (bot, keys) in bots {
            self.bots.entry(*bot).or_default();
            for key in keys {
                self.positions.entry(*key).or_insert_with(|| Position::new(*key));
            }
        }
    }

    /// Takes the mode of each contract from what the venue last told of its positions.
    fn hear_of_modes(&mut self) {
        let mut told: Vec<_> = self
            .positions
            .values()
            .filter_map(|position| Some((position.reported()?.updated, position.key())))
            .collect();
        told.sort();
        told.into_iter().for_each(|(_, key)| self.owners.hear_of(key));
    }

    /// Takes what the venue says of the contracts and the account's fees: margin goes by it.
    pub fn set_reference(&mut self, reference: &Reference) {
        self.exposure.set_reference(reference);
    }

    /// Takes how the account margins its positions; cross until told.
    pub fn set_margin_mode(&mut self, mode: MarginMode) {
        self.exposure.set_margin_mode(mode);
        let keys: Vec<PositionKey> = self.positions.keys().copied().collect();
        for key in keys {
            self.expose_position(key);
        }
    }

    /// Applies a fact of the account and appends what follows from it to `out`.
    pub fn apply(&mut self, event: &AccountEvent, stamp: Stamp, out: &mut Vec<Effect>) {
        self.forget_old(stamp);
        match event {
            AccountEvent::Acknowledged(ack) => self.take_acknowledged(ack, stamp, out),
            AccountEvent::Refused(refused) => self.take_refused(refused, stamp, out),
            AccountEvent::Undetermined(open) => self.take_undetermined(open, stamp, out),
            AccountEvent::Order(report) => self.take_order_report(report, Source::Stream, stamp, out),
            AccountEvent::Execution(execution) => self.take_execution(execution, Source::Stream, stamp, out),
            AccountEvent::Position(report) => self.take_position_report(report, stamp, out),
            AccountEvent::Wallet(report) => self.take_wallet_report(report, stamp),
            AccountEvent::Answer(QueryAnswer::Account(snapshot)) => self.take_account(snapshot, stamp, out),
            AccountEvent::Answer(QueryAnswer::Order(lookup)) => self.take_lookup(lookup, stamp, out),
            AccountEvent::Answer(QueryAnswer::Movements(rows)) => self.take_movements(rows, stamp),
            // Calibration's alone; the books know nothing by it.
            AccountEvent::Answer(QueryAnswer::PreCheck(_)) => {}
            AccountEvent::QueryFailed(failed) => match failed.query {
                Query::Account { .. } => {
                    if self.questions.end() {
                        self.reconcile.fail(stamp.wall);
                    }
                }
                Query::Order { client_order_id, .. } => self.take_failed_lookup(client_order_id, stamp),
                // The next disagreement asks again.
                Query::Movements { .. } | Query::PreCheck(_) => {}
            },
        }
        if matches!(event, AccountEvent::Execution(_) | AccountEvent::Position(_) | AccountEvent::Answer(_)) {
            self.look_for_unprotected();
        }
    }

    /// Looks whether any position is open without a known stop at the venue, after what may have changed that: it is asked
    /// after every event, and there may be as many positions as contracts.
    fn look_for_unprotected(&mut self) {
        self.has_unprotected = self.positions.values().any(|position| position.unprotected_since().is_some());
    }

    fn differ(&mut self, kind: DifferenceKind, symbol: Option<Symbol>, out: &mut Vec<Effect>) {
        *self.counters.differences.entry(kind).or_default() += 1;
        out.push(Effect::Difference(Difference { kind, symbol }));
    }

    /// Brings deadline, exposure and indexes of an order in line with its state, after every change of it.
    fn settle(&mut self, id: ClientOrderId, now: WallTime) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        let due = order.plan(now);
        if order.scheduled != due {
            if let Some(old) = order.scheduled {
                self.agenda.remove(&(old, id));
            }
            if let Some(new) = due {
                self.agenda.insert((new, id));
            }
            order.scheduled = due;
        }
        let (is_live, is_missing) = (order.state.is_open() || due.is_some(), order.is_missing);
        self.orders.set_live(&id, is_live);
        if !is_missing {
            self.missing.remove(&id);
        }
        self.expose_order(id);
    }

    fn expose_order(&mut self, id: ClientOrderId) {
        let Some(order) = self.orders.get(&id) else { return };
        let reference =
            self.positions.get(&(order.symbol, order.position_index)).and_then(Position::reference_price);
        match order.exposure(reference) {
            Some(row) => self.exposure.set_order(row),
            None => self.exposure.remove_order(id),
        }
    }

    fn expose_position(&mut self, key: PositionKey) {
        let Some(position) = self.positions.get(&key) else { return };
        let holding = position.holding();
        self.exposure.set_position(PositionExposure {
            symbol: key.0,
            index: key.1,
            side: holding.side(),
            qty: holding.qty(),
            average_price: holding.average_price(),
            leverage: position.reported().and_then(|report| report.leverage),
            added_margin: position
                .reported()
                .map_or(Money::ZERO, |report| self.exposure.added_margin(report)),
            adl_rank: position.reported().map_or(0, |report| report.adl_rank),
        });
        self.exposure.set_told_size(key.0, key.1, position.told_size());
        self.exposure.set_status(key.0, key.1, position.status());
    }

    fn expose_wallet(&mut self) {
        self.exposure.set_wallet(self.wallet.balance());
        self.exposure.set_locked(self.wallet.locked(self.exposure.margin_mode()));
        self.exposure.set_other_collateral(self.wallet.other_collateral());
    }

    /// The same after the venue has told its own balance. What it shows less than our books is not there to be used, even
    /// before it is known where it went.
    fn expose_wallet_report(&mut self) {
        self.expose_wallet();
        self.exposure.set_shortfall(self.wallet.shortfall());
    }
}

/// Tells that the venue has begun or ended doing something to a position.
fn tell_status(key: PositionKey, before: PositionStatus, status: PositionStatus, out: &mut Vec<Effect>) {
    if status != before {
        out.push(Effect::Undergoing { symbol: key.0, status });
    }
}

/// Tells a bot, if there is one to tell.
fn notify(bot: Option<BotName>, notice: Notice, out: &mut Vec<Effect>) {
    if let Some(bot) = bot {
        out.push(Effect::Notice(NoticeTo { bot, notice }));
    }
}
