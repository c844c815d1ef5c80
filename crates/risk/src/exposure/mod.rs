//! What we hold and what we have asked for, counted as the worst case: every order that may still fill, known
//! or unknown, with the larger side of a pending amend, as if it were filled.
//!
//! Order management owns one and keeps it up to date: order by order, position by position, mark by mark. Risk only
//! reads it. Every change brings the sums of its contract and of the account up to date, so that a check costs the
//! same with ten open orders and with ten thousand, with one contract and with a hundred.

mod contract;
mod outlook;
mod row;
mod side;

pub use contract::ContractExposure;
pub use row::{OrderExposure, OrderKey, PositionExposure};
pub use side::SideExposure;

use crate::margin::{AccountMargin, ContractFigures, MarginMode, order_loss};
use crate::{Contract, Contracts};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use windvane_model::{IdHash, Money, PositionIndex, PositionStatus, Price, Reference, RiskTier, Symbol};

/// Open orders by their names. Found by a hash without a secret: with ten thousand of them, finding one in a tree of names
/// would be the larger part of a change.
#[expect(
    clippy::disallowed_types,
    reason = "asked by name, never iterated in its own order; a tree of names is slow to search"
)]
type Rows = std::collections::HashMap<OrderKey, OrderExposure, IdHash>;

/// Positions, open orders and the wallet, with their sums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    contracts: BTreeMap<(Symbol, PositionIndex), ContractExposure>,
    orders: Rows,
    wallet_balance: Money,
    shortfall: Money,
    locked: Money,
    other_collateral: Money,
    margin_mode: MarginMode,
    listed: Contracts,
    marks: BTreeMap<Symbol, Price>,
    sums: ContractFigures,
}

impl Exposure {
    /// Takes what the venue says of the contracts and the account's fees.
    pub fn set_reference(&mut self, reference: &Reference) {
        self.listed.apply(reference);
        let Self { contracts, listed, sums, .. } = self;
        for contract in contracts.values_mut() {
            let symbol = contract.position.symbol;
            contract.taker_fee = listed.taker_fee(symbol);
            revalue(contract, listed, sums);
        }
    }

    /// Takes how the account margins its positions; cross until told.
    pub fn set_margin_mode(&mut self, mode: MarginMode) {
        self.margin_mode = mode;
        let Self { contracts, listed, sums, .. } = self;
        for contract in contracts.values_mut() {
            contract.margin_mode = mode;
            revalue(contract, listed, sums);
        }
    }

    /// How the account margins its positions.
    #[must_use]
    pub const fn margin_mode(&self) -> MarginMode {
        self.margin_mode
    }

    /// Takes the mark price of a contract.
    pub fn set_mark(&mut self, symbol: Symbol, mark: Price) {
        if self.marks.insert(symbol, mark) == Some(mark) {
            return;
        }
        let Self { contracts, listed, sums, .. } = self;
        for (_, contract) in contracts.range_mut(every_index(symbol)) {
            let before = *contract.figures();
            contract.move_mark(mark, tiers_of(listed, symbol));
            sums.exchange(&before, contract.figures());
        }
    }

    /// Takes the position that is held now, in place of what was known of it.
    pub fn set_position(&mut self, position: PositionExposure) {
        // What a report repeats changes nothing.
        let known = self.contracts.get(&(position.symbol, position.index));
        if known.is_none_or(|known| known.position != position) {
            self.change(position.symbol, position.index, |contract| contract.position = position);
        }
    }

    /// Takes what the venue says is held while our executions say another: its size with its sign, base coin. `None` while
    /// both agree. Until then the larger of the two counts on each side.
    pub fn set_told_size(&mut self, symbol: Symbol, index: PositionIndex, size: Option<Decimal>) {
        if self.contract(symbol, index).and_then(|contract| contract.told) != size {
            self.change(symbol, index, |contract| contract.told = size);
        }
    }

    /// Takes what the venue is doing to a position. As long as it does something nothing opens there.
    pub fn set_status(&mut self, symbol: Symbol, index: PositionIndex, status: PositionStatus) {
        if self.contract(symbol, index).map_or(PositionStatus::Normal, |contract| contract.status) != status {
            self.change(symbol, index, |contract| contract.status = status);
        }
    }

    /// Takes an order that may fill, in place of what was known of it. One without anything left is removed.
    pub fn set_order(&mut self, order: OrderExposure) {
        if order.leaves_qty.is_zero() {
            self.remove_order(order.key);
            return;
        }
        let before = self.orders.insert(order.key, order);
        if before == Some(order) {
            return;
        }
        if let Some(before) = before.filter(|before| is_same_but_for_confirmation(before, &order))
            && let Some(contract) = self.contracts.get_mut(&(order.symbol, order.index))
        {
            // No figure goes by it.
            contract.side_mut(order.side).confirm(&before, &order);
            return;
        }
        let is_same_contract =
            |before: &OrderExposure| (before.symbol, before.index) == (order.symbol, order.index);
        if let Some(before) = before.filter(|before| !is_same_contract(before)) {
            self.change_orders(before.symbol, before.index, |contract| {
                contract.side_mut(before.side).take(&before);
            });
        }
        self.change_orders(order.symbol, order.index, |contract| {
            if let Some(before) = before.filter(is_same_contract) {
                contract.side_mut(before.side).take(&before);
            }
            contract.side_mut(order.side).add(&order);
        });
    }

    /// Forgets an order that is proven closed. Of an unknown one, nothing happens.
    pub fn remove_order(&mut self, key: impl Into<OrderKey>) {
        if let Some(order) = self.orders.remove(&key.into()) {
            self.change_orders(order.symbol, order.index, |contract| {
                contract.side_mut(order.side).take(&order);
            });
        }
    }

    /// Takes the wallet balance of the settle coin: what is held, without unrealised profit.
    pub const fn set_wallet(&mut self, balance: Money) {
        self.wallet_balance = balance;
    }

    /// Takes what the venue shows less than that balance, settle coin; nothing when it shows as much or more.
    pub const fn set_shortfall(&mut self, shortfall: Money) {
        self.shortfall = shortfall;
    }

    /// What the venue shows less than our wallet balance, settle coin.
    #[must_use]
    pub const fn shortfall(&self) -> Money {
        self.shortfall
    }

    /// Takes that money was booked, settle coin: a loss is what the venue may have shown before its execution came.
    pub fn explain_shortfall(&mut self, booked: Money) {
        let left = self.shortfall.plus(booked.min(Money::ZERO));
        self.shortfall = left.max(Money::ZERO);
    }

    /// Takes what of the wallet balance the venue does not let be used as margin, settle coin: what spot orders hold and, in
    /// isolated margin, a bonus.
    pub const fn set_locked(&mut self, locked: Money) {
        self.locked = locked;
    }

    /// Takes what the venue's margin balance holds beyond the settle coin's equity, settle coin
    /// ([`other_collateral`](crate::margin::other_collateral)).
    pub const fn set_other_collateral(&mut self, value: Money) {
        self.other_collateral = value;
    }

    /// What the venue's margin balance holds beyond the settle coin's equity, settle coin. No order is backed by it: only
    /// the venue's rates go by it.
    #[must_use]
    pub const fn other_collateral(&self) -> Money {
        self.other_collateral
    }

    /// Wallet balance in the settle coin, without unrealised profit.
    #[must_use]
    pub const fn wallet_balance(&self) -> Money {
        self.wallet_balance
    }

    /// The account's margin at this moment, in the worst case of its open orders.
    #[must_use]
    pub fn account(&self) -> AccountMargin {
        AccountMargin {
            mode: self.margin_mode,
            wallet_balance: self.wallet_balance.get(),
            shortfall: self.shortfall.get(),
            locked: self.locked.get(),
            unrealised_pnl: self.sums.unrealised_pnl,
            position_margin: self.sums.position_margin,
            order_margin: self.sums.order_margin,
            maintenance_margin: self.sums.maintenance_margin,
        }
    }

    /// The account's equity if the mark of a contract were this and nothing else changed, settle coin.
    #[must_use]
    pub fn equity_at(&self, symbol: Symbol, mark: Price) -> Money {
        let moved = self.contracts_of(symbol).fold(self.sums.unrealised_pnl, |sum, contract| {
            let pnl = ContractFigures::unrealised_pnl_of(&contract.terms(mark));
            sum.saturating_sub(contract.figures().unrealised_pnl).saturating_add(pnl)
        });
        AccountMargin { unrealised_pnl: moved, ..self.account() }.equity()
    }

    /// Σ of [`ContractTerms::worst_value`](crate::margin::ContractTerms::worst_value) over all contracts, quote coin.
    #[must_use]
    pub const fn gross_worst_value(&self) -> Decimal {
        self.sums.worst_value
    }

    /// Σ of [`order_loss`] over all open orders that may open, settle coin; never positive. Looks at every order, so
    /// it is for reports, not for the check.
    #[must_use]
    pub fn order_loss(&self) -> Decimal {
        self.orders()
            .filter(|order| !order.reduce_only)
            .filter_map(|order| {
                let mark = *self.marks.get(&order.symbol)?;
                Some(order_loss(order.side, order.leaves_qty, order.price, mark))
            })
            .fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// What the venue has told of a contract; `None` for one that cannot be traded.
    #[must_use]
    pub fn listed(&self, symbol: Symbol) -> Option<&Contract> {
        self.listed.get(symbol)
    }

    /// One position with what works on it; `None` when nothing was ever told of it.
    #[must_use]
    pub fn contract(&self, symbol: Symbol, index: PositionIndex) -> Option<&ContractExposure> {
        self.contracts.get(&(symbol, index))
    }

    /// Every position of a contract with what works on it: one, or in hedge mode two.
    pub fn contracts_of(&self, symbol: Symbol) -> impl Iterator<Item = &ContractExposure> {
        self.contracts.range(every_index(symbol)).map(|(_, contract)| contract)
    }

    /// Every position with what works on it, in the order of symbol and index.
    pub fn contracts(&self) -> impl Iterator<Item = &ContractExposure> {
        self.contracts.values()
    }

    /// One open order.
    #[must_use]
    pub fn order(&self, key: impl Into<OrderKey>) -> Option<&OrderExposure> {
        self.orders.get(&key.into())
    }

    /// Every open order, in the order of its key.
    pub fn orders(&self) -> impl Iterator<Item = &OrderExposure> {
        let mut rows: Vec<&OrderExposure> = self.orders.values().collect();
        rows.sort_unstable_by_key(|row| row.key);
        rows.into_iter()
    }

    /// How many orders may still fill.
    #[must_use]
    pub fn open_orders(&self) -> u32 {
        u32::try_from(self.orders.len()).unwrap_or(u32::MAX)
    }

    /// A contract of which nothing was told yet, flat.
    pub(crate) fn flat(&self, symbol: Symbol, index: PositionIndex) -> ContractExposure {
        let flat = flat(symbol, index, &self.listed, &self.marks);
        ContractExposure { margin_mode: self.margin_mode, ..flat }
    }

    fn change(&mut self, symbol: Symbol, index: PositionIndex, change: impl FnOnce(&mut ContractExposure)) {
        self.change_and(symbol, index, change, ContractExposure::revalue);
    }

    /// The same where nothing but the orders become others.
    fn change_orders(
        &mut self,
        symbol: Symbol,
        index: PositionIndex,
        change: impl FnOnce(&mut ContractExposure),
    ) {
        self.change_and(symbol, index, change, ContractExposure::revalue_orders);
    }

    fn change_and(
        &mut self,
        symbol: Symbol,
        index: PositionIndex,
        change: impl FnOnce(&mut ContractExposure),
        revalue: impl FnOnce(&mut ContractExposure, Option<&[RiskTier]>),
    ) {
        let Self { contracts, listed, marks, sums, margin_mode, .. } = self;
        let contract = contracts.entry((symbol, index)).or_insert_with(|| ContractExposure {
            margin_mode: *margin_mode,
            ..flat(symbol, index, listed, marks)
        });
        let before = *contract.figures();
        change(contract);
        revalue(contract, tiers_of(listed, symbol));
        sums.exchange(&before, contract.figures());
    }
}

fn is_same_but_for_confirmation(before: &OrderExposure, now: &OrderExposure) -> bool {
    OrderExposure { is_confirmed: now.is_confirmed, ..*before } == *now
}

fn every_index(symbol: Symbol) -> RangeInclusive<(Symbol, PositionIndex)> {
    (symbol, PositionIndex(0))..=(symbol, PositionIndex(u8::MAX))
}

fn flat(
    symbol: Symbol,
    index: PositionIndex,
    listed: &Contracts,
    marks: &BTreeMap<Symbol, Price>,
) -> ContractExposure {
    ContractExposure {
        mark: marks.get(&symbol).copied(),
        taker_fee: listed.taker_fee(symbol),
        ..ContractExposure::flat(symbol, index)
    }
}

fn revalue(contract: &mut ContractExposure, listed: &Contracts, sums: &mut ContractFigures) {
    let before = *contract.figures();
    contract.revalue(tiers_of(listed, contract.position.symbol));
    sums.exchange(&before, contract.figures());
}

fn tiers_of(listed: &Contracts, symbol: Symbol) -> Option<&[RiskTier]> {
    listed.get(symbol).map(|listed| listed.instrument.tiers.as_slice())
}
