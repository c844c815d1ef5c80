//! Executions: into the ledger, the order, the position and the wallet, each exactly once.

use super::{Orders, notify, tell_status};
use crate::effect::{DifferenceKind, Effect};
use crate::holding::{Holding, fee_in};
use crate::identity::{Maker, PositionKey};
use crate::ledger::Entered;
use crate::order::Source;
use crate::other::cause_of;
use crate::position::Position;
use crate::wallet::{profit_coin, settle_coin};
use rust_decimal::Decimal;
use windvane_model::{
    ClientOrderId, Execution, ExecutionKind, ExitCause, HaltCause, Money, Mutant, Notice, Role, Stamp, mutant,
};

impl Orders {
    pub(super) fn take_execution(
        &mut self,
        execution: &Execution,
        source: Source,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let order = self.order_of(execution);
        let arrival = match self.ledger.enter(execution, order) {
            Entered::New(arrival) => arrival,
            Entered::Duplicate => {
                self.counters.duplicate_executions += 1;
                return;
            }
            // A question about an old order shows its old fills, too; a push of that age is news. It is not booked: what
            // is sealed was in agreement with the venue's positions and money, so a fill from then is in both sides'
            // sums, whether or not we ever had its row. Should that not be so, the comparison shows it as size.
            Entered::Sealed if source == Source::Stream => {
                self.differ(DifferenceKind::SealedFill, Some(execution.symbol), out);
                self.audit(stamp, out);
                return;
            }
            Entered::Sealed => {
                self.counters.duplicate_executions += 1;
                return;
            }
            Entered::Contradiction => {
                out.push(Effect::Halt(HaltCause::Contradiction));
                self.set_doubt(execution.symbol, out);
                return;
            }
        };
        self.latest_execution = self.latest_execution.max(execution.at);
        if source != Source::Stream && self.reconcile.has_begun {
            self.counters.backfilled_executions += 1;
            self.differ(DifferenceKind::MissedFill, Some(execution.symbol), out);
        }

        let key = self.owners.position_of(execution);
        let position = self.positions.entry(key).or_insert_with(|| Position::new(key));
        let status_before = position.status();
        let (before, after) = position.book(execution, arrival, stamp.wall);
        let status = position.status();
        self.book_money(execution, &before, &after);
        self.expose_position(key);
        tell_status(key, status_before, status, out);

        if execution.kind.moves_position() {
            match order {
                Some(id) => self.fill_order(id, execution, stamp, out),
                None => self.fill_without_order(key, execution, stamp, out),
            }
            let cause = self.cause(execution);
            self.tell_position(key, cause, &before, &after, out);
            // What was there before the books began is history.
            if cause == ExitCause::Liquidation && self.reconcile.has_begun {
                out.push(Effect::Forced { bot: self.owners.owner(key), symbol: key.0 });
            }
        }
        if execution.kind == ExecutionKind::Other {
            self.differ(DifferenceKind::UnknownExecution, Some(execution.symbol), out);
            self.audit(stamp, out);
        }
        self.compare_position(key, stamp, out);
        self.wallet.compare(stamp.wall);
    }

    /// The order of ours that an execution belongs to: by our id, else by the venue's.
    fn order_of(&self, execution: &Execution) -> Option<ClientOrderId> {
        match execution.client_order_id {
            Some(id) => self.orders.contains(&id).then_some(id),
            None => self.by_order_id.get(&execution.order_id).copied(),
        }
    }

    /// Books what changed: profit, because a late fill can change that of later ones, and the fee.
    fn book_money(&mut self, execution: &Execution, before: &Holding, after: &Holding) {
        let settle = settle_coin();
        let is_free = execution.kind == ExecutionKind::Funding && mutant(Mutant::FundingIsFree);
        let change = if is_free { Money::ZERO } else { after.totals.net().less(before.totals.net()) };
        let coin = profit_coin(execution);
        // Of a contract in USDC the venue's own word: its sessions move profit that our average knows nothing of.
        let told = execution.venue_pnl.filter(|_| coin != settle);
        self.wallet.book(coin, told.unwrap_or(change).get());
        if coin == settle {
            self.exposure.explain_shortfall(change);
        }
        if fee_in(settle, execution) == Decimal::ZERO && execution.fee.get() != Decimal::ZERO {
            self.wallet.book(execution.fee_coin, -execution.fee.get());
        }
        self.expose_wallet();
    }

    /// Gives an execution to its order.
    pub(super) fn fill_order(
        &mut self,
        id: ClientOrderId,
        execution: &Execution,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        self.revive(id, out);
        let Some(order) = self.orders.get_mut(&id) else { return };
        if !order.state.is_open() && mutant(Mutant::FillAfterEndIsDropped) {
            return;
        }
        order.fill(execution, stamp);
        let bot = order.bot;
        if !order.reduce_only
            && let Some(position) = self.positions.get_mut(&self.owners.position_of(execution))
        {
            position.own(order.stop_loss, order.stop_by);
        }
        notify(bot, filled_notice(Some(id), execution), out);
        // This row may be the first to name both ids: rows without ours find their order by it.
        self.link(id, execution.order_id, stamp, out);
        self.tell_closed(id, out);
        self.settle(id, stamp.wall);
    }

    /// An execution of an order that we have no record of: a child's, a stranger's, the venue's own, or one
    /// of ours from before our records, which is then asked for.
    fn fill_without_order(
        &mut self,
        key: PositionKey,
        execution: &Execution,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        match execution.client_order_id.map(|id| (id, self.identity.maker(&id))) {
            Some((id, Maker::Ours(_))) => {
                self.sought.begin(id, execution.symbol, stamp.wall);
                self.ask_sought(stamp, out);
            }
            Some((_, Maker::Successor(epoch))) => out.push(Effect::Fenced { epoch }),
            Some((_, Maker::Foreign)) | None => {
                if cause_of(execution) == ExitCause::Foreign {
                    self.counters.foreign_executions += 1;
                } else {
                    notify(self.owners.owner(key), filled_notice(None, execution), out);
                }
            }
        }
    }

    /// Who moved the position.
    fn cause(&self, execution: &Execution) -> ExitCause {
        let role = match self.order_of(execution).and_then(|id| self.orders.get(&id)) {
            Some(order) => Some(order.role),
            None => match execution.client_order_id.map(|id| self.identity.maker(&id)) {
                Some(Maker::Ours(grammar)) => Some(grammar.role),
                Some(Maker::Successor(_) | Maker::Foreign) | None => None,
            },
        };
        match role {
            Some(Role::Protect) => ExitCause::Protect,
            Some(Role::Entry | Role::Exit | Role::Level) => ExitCause::Strategy,
            None => cause_of(execution),
        }
    }

    fn tell_position(
        &self,
        key: PositionKey,
        cause: ExitCause,
        before: &Holding,
        after: &Holding,
        out: &mut Vec<Effect>,
    ) {
        let bot = self.owners.owner(key);
        let symbol = key.0;
        if before.side().is_some() && before.side() != after.side() {
            notify(bot, Notice::PositionClosed { symbol, cause, net_pnl: after.last_net() }, out);
        }
        if before.size() != after.size() {
            let notice = Notice::PositionChanged {
                symbol,
                side: after.side(),
                qty: after.qty(),
                average_price: after.average_price(),
            };
            notify(bot, notice, out);
        }
    }
}

const fn filled_notice(client_order_id: Option<ClientOrderId>, execution: &Execution) -> Notice {
    Notice::Filled {
        client_order_id,
        side: execution.side,
        price: execution.price,
        qty: execution.qty,
        is_maker: execution.is_maker,
    }
}
