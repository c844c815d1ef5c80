//! Comparison with the venue's picture, and what follows when the two differ.
//!
//! Executions, positions and wallet come on three topics without any order between them, so a difference at
//! one instant says nothing. Three rules make the comparison sound. A position report with a sequence below
//! our last execution is old and is not compared. Any other difference only counts when it lasts: each new
//! execution or report is compared again, and equality at any moment ends it. What lasts
//! [`QUIET_MS`] begins a reconciliation, whose answer carries orders, executions, positions and wallet
//! together; because its parts are read one after the other, it is repeated a bounded number of times before
//! the difference is called real.

use super::{Orders, notify, tell_status};
use crate::effect::{DifferenceKind, Effect};
use crate::identity::PositionKey;
use crate::ledger::FillKey;
use crate::order::Source;
use crate::position::{Comparison, Position};
use crate::reconcile::{Reason, Verdict};
use crate::transition::OrderState;
use crate::wallet::settle_coin;
use std::collections::{BTreeMap, BTreeSet};
use windvane_model::{
    AccountSnapshot, ClientOrderId, Execution, ForeignOrder, MarketTime, Millis, Money, Movement, Mutant,
    Notice, OrderId, PositionReport, Qty, Stamp, Symbol, WallTime, WalletReport, mutant,
};

/// How long a difference may last before it is taken seriously: several times the spread between topics.
const QUIET_MS: Millis = 2_000;
/// How far our market clock may be ahead of the venue's.
const CLOCK_DOUBT_MS: Millis = 500;

impl Orders {
    pub(super) fn take_position_report(
        &mut self,
        report: &PositionReport,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let key = (report.symbol, report.position_index);
        let position = self.positions.entry(key).or_insert_with(|| Position::new(key));
        let before = position.status();
        position.take_report(report, stamp.wall);
        let status = position.status();
        self.owners.hear_of(key);
        self.expose_position(key);
        tell_status(key, before, status, out);
        self.compare_position(key, stamp, out);
    }

    pub(super) fn take_wallet_report(&mut self, report: &WalletReport, stamp: Stamp) {
        self.wallet.take_report(report);
        self.wallet.compare(stamp.wall);
        self.expose_wallet_report();
        if self.reconcile.has_begun && self.is_in_agreement() {
            self.reconcile.complete_until(self.latest_execution);
        }
    }

    /// Books money that the venue's log names.
    pub(super) fn take_movements(&mut self, rows: &[Movement], stamp: Stamp) {
        if !self.reconcile.has_begun {
            return;
        }
        for row in rows {
            if let Some(is_booked) = self.movements.take(row) {
                self.wallet.take_movement(row, is_booked);
            }
        }
        self.wallet.compare(stamp.wall);
        self.expose_wallet_report();
    }

    pub(super) fn compare_position(&mut self, key: PositionKey, stamp: Stamp, out: &mut Vec<Effect>) {
        let Some(position) = self.positions.get_mut(&key) else { return };
        // Before the books begin there is nothing to compare with.
        if !self.reconcile.has_begun {
            return;
        }
        match position.compare() {
            Comparison::Agrees => {
                position.forget_difference();
                if position.is_in_doubt() {
                    position.set_doubt(false);
                    // A hedged contract is in doubt as long as either of its positions is.
                    if !self.is_in_doubt(key.0) {
                        out.push(Effect::Doubt { symbol: key.0, on: false });
                    }
                }
            }
            Comparison::Stale => position.forget_difference(),
            Comparison::Size | Comparison::Average => position.note_difference(stamp.wall),
        }
    }

    /// Whether positions and wallet agree with the venue's last words of them.
    pub(super) fn is_in_agreement(&self) -> bool {
        self.wallet.differs_since().is_none() && self.sizes_agree()
    }

    /// Whether no position has another size than the venue last said.
    fn sizes_agree(&self) -> bool {
        let agrees = |position: &Position| {
            matches!(position.compare(), Comparison::Agrees | Comparison::Stale | Comparison::Average)
        };
        self.positions.values().all(agrees)
    }

    /// Whether nothing may open in a contract until both sides agree again.
    #[must_use]
    pub fn is_in_doubt(&self, symbol: Symbol) -> bool {
        self.positions.values().any(|position| position.key().0 == symbol && position.is_in_doubt())
    }

    pub(super) fn set_doubt(&mut self, symbol: Symbol, out: &mut Vec<Effect>) {
        let mut is_new = false;
        for position in self.positions.values_mut().filter(|position| position.key().0 == symbol) {
            is_new |= !position.is_in_doubt();
            position.set_doubt(true);
        }
        if is_new {
            out.push(Effect::Doubt { symbol, on: true });
        }
    }

    /// Begins a reconciliation because of a difference, unless one is under way.
    pub(super) fn audit(&mut self, stamp: Stamp, out: &mut Vec<Effect>) {
        if !self.reconcile.is_running() {
            self.counters.reconciliations += 1;
            self.reconcile.begin(Reason::Audit, stamp);
            self.questions.put();
            out.push(Effect::Ask(self.reconcile.query()));
        }
    }

    /// When a lasting difference becomes serious.
    pub(super) fn next_difference(&self) -> Option<WallTime> {
        let positions = self.positions.values().filter_map(Position::differs_since);
        let wallet = self.wallet.differs_since().filter(|_| !self.reconcile.is_running());
        positions.chain(wallet).min().map(|since| since.after(QUIET_MS))
    }

    /// Takes seriously what has differed for too long.
    pub(super) fn raise_differences(&mut self, stamp: Stamp, out: &mut Vec<Effect>) {
        let is_serious = |since: Option<WallTime>| since.is_some_and(|at| at.after(QUIET_MS) <= stamp.wall);
        let lasting: Vec<PositionKey> = self
            .positions
            .values()
            .filter(|position| is_serious(position.differs_since()))
            .map(Position::key)
            .collect();
        for key in lasting {
            let Some(position) = self.positions.get_mut(&key) else { continue };
            position.forget_difference();
            match position.compare() {
                Comparison::Size if !position.is_in_doubt() => {
                    self.differ(DifferenceKind::PositionSize, Some(key.0), out);
                    self.set_doubt(key.0, out);
                    self.audit(stamp, out);
                }
                Comparison::Average if position.complain_of_average() => {
                    self.differ(DifferenceKind::AveragePrice, Some(key.0), out);
                    self.audit(stamp, out);
                }
                _ => {}
            }
        }
        if !self.reconcile.is_running() && is_serious(self.wallet.differs_since()) {
            self.differ(DifferenceKind::Wallet, None, out);
            self.audit(stamp, out);
        }
    }

    pub(super) fn take_account(&mut self, snapshot: &AccountSnapshot, stamp: Stamp, out: &mut Vec<Effect>) {
        // What an earlier question shows, the answer to the last one shows, too.
        if !self.questions.end() {
            return;
        }
        let asked = self.reconcile.asked().unwrap_or(stamp);
        let is_torn = self.is_torn(snapshot, asked);
        if !self.reconcile.has_begun && is_torn && self.reconcile.may_wait() {
            self.reconcile.fail(stamp.wall);
            return;
        }
        // The executions of a picture are booked by the mode that it shows.
        for report in &snapshot.positions {
            self.owners.hear_of((report.symbol, report.position_index));
        }
        // Taken before the picture is: what its executions say of an order is no sign that it is still open.
        let unheard = self.unheard_since(asked);
        let source = Source::Query { asked: asked.wall };
        let is_left_out = mutant(Mutant::GapIsNotBackfilled) && self.reconcile.has_begun;
        for execution in snapshot.executions.iter().filter(|_| !is_left_out) {
            self.take_execution(execution, source, stamp, out);
        }
        self.follow_list(&snapshot.executions);
        for report in &snapshot.open_orders {
            self.take_order_report(report, source, stamp, out);
        }
        for report in &snapshot.positions {
            self.take_position_report(report, stamp, out);
        }
        self.wallet.take_report(&snapshot.wallet);
        let told_at = Some(snapshot.wallet.at).filter(|at| *at != MarketTime::default());
        let wallet_at = told_at.unwrap_or(asked.market);
        if !self.reconcile.has_begun {
            self.begin_books(wallet_at, stamp.wall);
            self.start_is_torn = is_torn;
        } else if self.start_is_torn && !is_torn && self.sizes_agree() {
            self.begin_wallet(wallet_at);
            self.start_is_torn = false;
        }
        self.wallet.compare(stamp.wall);
        self.expose_wallet_report();
        self.seek_absent(snapshot, &unheard, asked, stamp, out);
        self.conclude(stamp, out);
    }

    /// Executions that tie by their figures take the order of the venue's list, which keeps that of the match; those
    /// that came by different ways have come in any order. Averages and profits may change by it, sizes do not.
    fn follow_list(&mut self, oldest_first: &[Execution]) {
        let ranks: BTreeMap<FillKey, usize> = oldest_first
            .iter()
            .enumerate()
            .map(|(rank, execution)| ((execution.symbol, execution.execution_id), rank))
            .collect();
        let Some(since) = oldest_first.iter().map(|execution| execution.at).min() else { return };
        let settle = settle_coin();
        let mut moved = Vec::new();
        for position in self.positions.values_mut() {
            let before = position.holding().totals.net();
            if position.follow_list(&ranks, since) {
                if position.is_in_settle_coin() {
                    self.wallet.book(settle, position.holding().totals.net().less(before).get());
                }
                moved.push(position.key());
            }
        }
        for key in moved {
            self.expose_position(key);
            self.expose_wallet();
        }
    }

    /// Whether something filled while the picture was taken. Its parts are read one after the other, so books
    /// that began with such a picture would count the fill on one side only, for ever. The picture may be the answer to a
    /// question before the last one, so that the moment of its wallet counts, too, where it is known.
    fn is_torn(&self, snapshot: &AccountSnapshot, asked: Stamp) -> bool {
        if mutant(Mutant::TornBeginning) {
            return false;
        }
        let told = snapshot.executions.iter().map(|execution| execution.at);
        let pushed = Some(self.latest_execution).filter(|at| *at != MarketTime::default());
        let of_wallet = Some(snapshot.wallet.at).filter(|at| *at != MarketTime::default());
        let from = of_wallet.map_or(asked.market, |at| asked.market.min(at)).after(-CLOCK_DOUBT_MS);
        told.chain(pushed).any(|at| at >= from)
    }

    /// Begins the books: what executions do not explain was there before us. A row that is behind our executions was read
    /// before they happened, and is what they came on top of.
    fn begin_books(&mut self, wallet_at: MarketTime, now: WallTime) {
        self.reconcile.has_begun = true;
        let keys: Vec<PositionKey> = self.positions.keys().copied().collect();
        for key in keys {
            let Some(position) = self.positions.get_mut(&key) else { continue };
            if position.compare() != Comparison::Agrees
                && let Some(report) = position.reported().copied()
                && !mutant(Mutant::FoundIsNothing)
            {
                position.begin_at(&report, now);
            }
            self.expose_position(key);
        }
        self.begin_wallet(wallet_at);
    }

    /// Begins the money's books: what our executions do not explain was there before us.
    ///
    /// Where trading never ceases the books begin with a picture that a fill has torn, and nobody can say whether its
    /// wallet has that fill. The money's begin anew then with the first picture that is whole.
    fn begin_wallet(&mut self, at: MarketTime) {
        let ours = self.positions.values().filter(|position| position.is_in_settle_coin());
        let in_book: Money = ours.map(|position| position.holding().totals.net()).sum();
        self.wallet.begin(in_book);
        self.movements.begin(at);
    }

    /// Orders of which nothing was heard since a question was put: its answer is the latest word on them.
    fn unheard_since(&self, asked: Stamp) -> BTreeSet<ClientOrderId> {
        self.orders
            .live()
            .filter(|order| order.last_heard.sequence < asked.sequence)
            .map(|order| order.id)
            .collect()
    }

    /// Looks up each order that we hold open and the picture does not show. What was heard of after the
    /// question is left alone: the picture may be older.
    ///
    /// An order that fills while we are not connected is not shown either. Its executions are booked by now, how it
    /// ended is not known: it may have been cancelled after its last fill.
    fn seek_absent(
        &mut self,
        snapshot: &AccountSnapshot,
        unheard: &BTreeSet<ClientOrderId>,
        asked: Stamp,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        if mutant(Mutant::MissingIsIgnored) {
            return;
        }
        let shown: BTreeSet<OrderId> = snapshot.open_orders.iter().map(|report| report.order_id).collect();
        let absent: Vec<ClientOrderId> = unheard
            .iter()
            .filter_map(|id| self.orders.get(id))
            .filter(|order| {
                matches!(order.state, OrderState::Acknowledged | OrderState::Working(_))
                    && !order.is_missing
                    && order.order_id.is_none_or(|order_id| !shown.contains(&order_id))
            })
            .map(|order| order.id)
            .collect();
        for id in absent {
            let Some(order) = self.orders.get_mut(&id) else { continue };
            order.is_missing = true;
            let (symbol, is_unexplained) = (order.symbol, order.last_heard.sequence < asked.sequence);
            self.missing.insert(id);
            if is_unexplained {
                self.differ(DifferenceKind::MissingOrder, Some(symbol), out);
            }
            self.look_up_if_open(id, stamp, out);
        }
        for gone in self.others.remove_absent(asked.sequence, |id| shown.contains(&id)) {
            let (report, ended) = (gone.report(), ForeignOrder { leaves_qty: Qty::ZERO, ..gone.shown() });
            if gone.is_foreign_and_open() {
                let owner = self.owners.owner((report.symbol, report.position_index));
                notify(owner, Notice::ForeignOrder(ended), out);
            }
            self.expose_other(report.order_id);
        }
    }

    fn conclude(&mut self, stamp: Stamp, out: &mut Vec<Effect>) {
        if self.wallet.differs_since().is_some() || self.movements.seeks(stamp.market) {
            out.push(Effect::Ask(self.movements.query()));
        }
        if self.is_in_agreement() {
            self.movements.settle(stamp.market);
            self.reconcile.complete_until(self.latest_execution);
            self.reconcile.agree(stamp.wall);
        } else if self.reconcile.is_running() && self.reconcile.disagree(stamp.wall) == Verdict::GivenUp {
            self.give_up(stamp, out);
        }
    }

    /// The tries are spent. A position that cannot be explained stays in doubt, and nothing opens there;
    /// money that cannot be explained is booked as what it is.
    fn give_up(&mut self, stamp: Stamp, out: &mut Vec<Effect>) {
        self.counters.unresolved_reconciliations += 1;
        let unexplained: Vec<Symbol> = self
            .positions
            .values()
            .filter(|position| position.compare() == Comparison::Size)
            .map(|position| position.key().0)
            .collect();
        for symbol in unexplained {
            self.differ(DifferenceKind::PositionSize, Some(symbol), out);
            self.set_doubt(symbol, out);
        }
        if self.wallet.differs_since().is_some() {
            self.differ(DifferenceKind::Wallet, None, out);
            for (coin, money) in self.wallet.adjust() {
                self.movements.note_unnamed(coin, money, stamp.market);
            }
            self.expose_wallet_report();
        }
    }

    pub(super) fn expose_other(&mut self, order_id: OrderId) {
        match self.others.exposure(order_id) {
            Some(row) => self.exposure.set_order(row),
            None => self.exposure.remove_order(windvane_risk::OrderKey::Venue(order_id)),
        }
    }
}
