//! What others may know.

use super::Orders;
use crate::bot::BotAccount;
use crate::counters::Counters;
use crate::holding::Totals;
use crate::identity::PositionKey;
use crate::order::Order;
use crate::other::OtherOrder;
use crate::position::Position;
use crate::wallet::Wallet;
use windvane_model::{
    BotName, BotTag, ClientOrderId, Execution, IdPrefix, Money, PositionIndex, Price, Symbol, WallTime,
};
use windvane_risk::Exposure;

impl Orders {
    /// The worst case that risk counts with.
    #[must_use]
    pub const fn exposure(&self) -> &Exposure {
        &self.exposure
    }

    /// Every order of ours, closed ones included, in the order of their ids.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter()
    }

    /// The orders that may still change, in the order of their ids.
    pub fn live_orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.live()
    }

    /// Those of one bot, in the order of their ids. Looks at no other bot's.
    pub fn live_orders_of(&self, bot: BotName) -> impl Iterator<Item = &Order> {
        let prefix = IdPrefix { install: self.identity.install, bot: BotTag::of(&bot) };
        self.orders.live_with(prefix).filter(move |order| order.bot == Some(bot))
    }

    /// A number that grows whenever an order of ours may have changed: who keeps something made of the orders need not make
    /// it anew before then.
    #[must_use]
    pub const fn order_changes(&self) -> u64 {
        self.orders.changes()
    }

    /// The orders of ours that may have changed since [`Orders::order_changes`] was `count`; `None` when too many have to
    /// be remembered.
    pub fn orders_changed_since(&self, count: u64) -> Option<impl Iterator<Item = ClientOrderId>> {
        self.orders.changed_since(count)
    }

    /// The same number for orders that we did not place.
    #[must_use]
    pub const fn other_order_changes(&self) -> u64 {
        self.others.changes()
    }

    /// One order of ours.
    #[must_use]
    pub fn order(&self, id: &ClientOrderId) -> Option<&Order> {
        self.orders.get(id)
    }

    /// Orders that we did not place: children of ours and foreign ones, in the order of the venue's ids.
    pub fn other_orders(&self) -> impl Iterator<Item = &OtherOrder> {
        self.others.iter()
    }

    /// One position; `None` when no bot owns it and nothing was ever told of it.
    #[must_use]
    pub fn position(&self, symbol: Symbol, index: PositionIndex) -> Option<&Position> {
        self.positions.get(&(symbol, index))
    }

    /// The position that an execution moves. Executions do not name it, their side and what they closed do.
    #[must_use]
    pub fn position_of(&self, execution: &Execution) -> PositionKey {
        self.owners.position_of(execution)
    }

    /// Every position, flat ones included, in the order of symbol and index.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    /// Whether any position is open without a known stop at the venue.
    #[must_use]
    pub const fn has_unprotected(&self) -> bool {
        self.has_unprotected
    }

    /// The account's money.
    #[must_use]
    pub const fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// Every execution with the order of ours that it belongs to, in the order of symbol and execution id.
    pub fn fills(&self) -> impl Iterator<Item = (&Execution, Option<ClientOrderId>)> {
        self.ledger.iter()
    }

    /// How many executions are known.
    #[must_use]
    pub fn fill_count(&self) -> usize {
        self.ledger.len()
    }

    /// The bot that owns a position.
    #[must_use]
    pub fn owner(&self, symbol: Symbol, index: PositionIndex) -> Option<BotName> {
        self.owners.owner((symbol, index))
    }

    /// One bot's account; `None` for a bot that the configuration does not name.
    #[must_use]
    pub fn bot(&self, bot: BotName) -> Option<BotAccount> {
        let tally = self.bots.get(&bot)?;
        let held = self.owners.positions_of(bot).filter_map(|key| self.positions.get(&key));
        // Most bots have one position: its totals are theirs, and nothing is added up.
        let totals = held.map(|position| position.holding().totals).reduce(Totals::plus).unwrap_or_default();
        let unrealised_pnl = self.unrealised_pnl(bot);
        Some(BotAccount { bot, orders: tally.orders, totals, unrealised_pnl, curve: tally.curve })
    }

    /// Every bot's account, in the order of their names.
    pub fn bots(&self) -> impl Iterator<Item = BotAccount> {
        self.bots.keys().filter_map(|bot| self.bot(*bot))
    }

    fn unrealised_pnl(&self, bot: BotName) -> Money {
        let of = |position: &Position| {
            let mark = self.marks.get(&position.key().0)?;
            Some(position.holding().unrealised_pnl(*mark))
        };
        self.owners.positions_of(bot).filter_map(|key| self.positions.get(&key).and_then(of)).sum()
    }

    /// Takes a mark price and observes the profit of the bots that hold the contract.
    ///
    /// Marks are on the tape, not in the journal: after a restart the curves begin anew.
    pub fn mark(&mut self, symbol: Symbol, price: Price) {
        self.exposure.set_mark(symbol, price);
        self.pass_mark(symbol, price);
    }

    /// The same for a mark price that another follows before anybody asks after margin.
    pub fn pass_mark(&mut self, symbol: Symbol, price: Price) {
        self.marks.insert(symbol, price);
        for index in PositionIndex::ALL {
            let holds =
                self.position(symbol, index).is_some_and(|position| position.holding().side().is_some());
            if holds
                && let Some(bot) = self.owners.owner((symbol, index))
                && let Some(account) = self.bot(bot)
                && let Some(tally) = self.bots.get_mut(&bot)
            {
                tally.curve.observe(account.net_pnl());
            }
        }
    }

    /// Whether the account is known completely: the last gap is reconciled, and every order that it put in
    /// question has been looked up.
    #[must_use]
    pub fn is_reconciled(&self) -> bool {
        self.reconcile.is_complete() && self.missing.is_empty()
    }

    /// When our picture of the account last agreed with the venue's.
    #[must_use]
    pub const fn last_agreed(&self) -> Option<WallTime> {
        self.reconcile.agreed_at()
    }

    /// What happened so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }
}
