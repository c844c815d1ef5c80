//! One account: wallet, positions, its orders by place and by name, its records; and its margin over all of them.

mod row;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::api::{
    AccountSetup, ClosedPnlRow, ExecutionRow, Fees, OrderId, OrderLinkId, Side, TransactionRow, Uid,
};
use crate::margin::{AccountMargin, Exposure, order_cost, order_loss};
use crate::market::Market;
use crate::order::{OrderKey, Orders};
use crate::position::Position;
use crate::units::{decimal, value};

/// The slots of positions and order sets are those of the venue's markets.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) uid: Uid,
    pub(crate) fees: Fees,
    pub(crate) wallet_balance: Decimal,
    pub(crate) cum_realised: Decimal,
    pub(crate) positions: Vec<Position>,
    /// Orders on the books.
    pub(crate) resting: Vec<BTreeSet<OrderKey>>,
    /// Orders that wait for a trigger.
    pub(crate) waiting: Vec<BTreeSet<OrderKey>>,
    /// Closed orders in the order of their closing.
    pub(crate) closed: Vec<OrderKey>,
    pub(crate) by_id: BTreeMap<OrderId, OrderKey>,
    pub(crate) by_link_id: BTreeMap<OrderLinkId, OrderKey>,
    pub(crate) executions: Vec<ExecutionRow>,
    pub(crate) transactions: Vec<TransactionRow>,
    pub(crate) closed_pnl: Vec<ClosedPnlRow>,
    /// Where an order's row is in `closed_pnl`.
    pub(crate) closed_pnl_of: BTreeMap<OrderKey, usize>,
}

/// An order that is not there yet, for the question what it would hold. Price and quantity in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hypothetical {
    /// The order it would replace.
    pub(crate) replaces: Option<OrderKey>,
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) qty: i64,
}

impl Account {
    pub(crate) fn new(setup: &AccountSetup, markets: usize) -> Self {
        Self {
            uid: setup.uid,
            fees: setup.fees,
            wallet_balance: setup.balance_usdt,
            cum_realised: Decimal::ZERO,
            positions: vec![Position::new(setup.leverage); markets],
            resting: vec![BTreeSet::new(); markets],
            waiting: vec![BTreeSet::new(); markets],
            closed: Vec::new(),
            by_id: BTreeMap::new(),
            by_link_id: BTreeMap::new(),
            executions: Vec::new(),
            transactions: Vec::new(),
            closed_pnl: Vec::new(),
            closed_pnl_of: BTreeMap::new(),
        }
    }

    /// The position as margin sees it; `None` when flat.
    fn exposure(&self, slot: usize, market: &Market) -> Option<Exposure> {
        let position = &self.positions[slot];
        let size = decimal(position.size.abs());
        let entry_value = position.avg_price * size;
        Some(Exposure {
            side: position.side()?,
            mark_value: market.valuation_price().map_or(entry_value, |price| decimal(price) * size),
            entry_value,
            leverage: position.leverage,
            taker_rate: self.fees.taker,
        })
    }

    /// Working orders of one side that may open, as (price, quantity left), in units.
    fn opening_orders(
        &self,
        slot: usize,
        orders: &Orders,
        side: Side,
        extra: Option<Hypothetical>,
    ) -> Vec<(i64, i64)> {
        let replaced = extra.and_then(|extra| extra.replaces);
        let mut working: Vec<(i64, i64)> = self.resting[slot]
            .iter()
            .filter(|key| Some(**key) != replaced)
            .map(|key| &orders[*key])
            .filter(|order| order.side == side && !order.reduce_only)
            .map(|order| (order.price, order.leaves()))
            .collect();
        working.extend(extra.filter(|extra| extra.side == side).map(|extra| (extra.price, extra.qty)));
        working
    }

    /// Σ price × quantity of one side's working orders, without what would only close the position. The orders that
    /// would fill first are taken to be the closing ones.
    fn opening_value(
        &self,
        slot: usize,
        orders: &Orders,
        side: Side,
        extra: Option<Hypothetical>,
    ) -> Decimal {
        let mut working = self.opening_orders(slot, orders, side, extra);
        let mut closing = self.positions[slot].reducible(side);
        if closing > 0 {
            working.sort_by_key(|(price, _)| -side.sign() * price);
        }
        let mut sum = Decimal::ZERO;
        for (price, qty) in working {
            let closed = qty.min(closing);
            closing -= closed;
            sum += value(price, qty - closed);
        }
        sum
    }

    /// Initial margin that working orders in a market hold: the larger side counts, what closes the position holds none.
    /// Source: Bybit help centre, older contract pages (the unified account's own rule is unpublished; this bounds it).
    pub(crate) fn order_im(&self, slot: usize, orders: &Orders, extra: Option<Hypothetical>) -> Decimal {
        let leverage = self.positions[slot].leverage;
        let cost = |side| {
            let value = self.opening_value(slot, orders, side, extra);
            order_cost(side, value, leverage, self.fees.taker)
        };
        cost(Side::Buy).max(cost(Side::Sell))
    }

    /// Value that decides the risk tier: max(long + buys, short + sells), the position at mark, orders at their price.
    pub(crate) fn risk_value(
        &self,
        slot: usize,
        market: &Market,
        orders: &Orders,
        extra: Option<Hypothetical>,
    ) -> Decimal {
        let exposure = self.exposure(slot, market);
        let side_value = |side| {
            let held = exposure
                .filter(|exposure| exposure.side == side)
                .map_or(Decimal::ZERO, |held| held.mark_value);
            let working = self.opening_orders(slot, orders, side, extra);
            held + working.into_iter().map(|(price, qty)| value(price, qty)).sum::<Decimal>()
        };
        side_value(Side::Buy).max(side_value(Side::Sell))
    }

    pub(crate) fn margin(&self, markets: &[Market], orders: &Orders) -> AccountMargin {
        let mut margin = AccountMargin { wallet_balance: self.wallet_balance, ..AccountMargin::default() };
        for (slot, market) in markets.iter().enumerate() {
            if let Some(exposure) = self.exposure(slot, market) {
                margin.unrealised += market
                    .valuation_price()
                    .map_or(Decimal::ZERO, |price| self.positions[slot].unrealised(price));
                margin.position_im += exposure.initial_margin();
                margin.position_mm += exposure.maintenance_margin(&market.tiers);
            }
            if !self.resting[slot].is_empty() {
                margin.order_im += self.order_im(slot, orders, None);
                margin.order_loss += self.order_loss(slot, market, orders);
            }
        }
        margin
    }

    fn order_loss(&self, slot: usize, market: &Market, orders: &Orders) -> Decimal {
        let Some(mark) = market.valuation_price().map(decimal) else { return Decimal::ZERO };
        let loss_of = |side| {
            let working = self.opening_orders(slot, orders, side, None).into_iter();
            working.map(|(price, qty)| order_loss(side, decimal(price), decimal(qty), mark)).sum::<Decimal>()
        };
        loss_of(Side::Buy) + loss_of(Side::Sell)
    }

    pub(crate) fn find(&self, order_id: Option<&str>, order_link_id: Option<&str>) -> Option<OrderKey> {
        match (order_id.filter(|id| !id.is_empty()), order_link_id.filter(|id| !id.is_empty())) {
            (Some(id), _) => self.by_id.get(id),
            (None, Some(id)) => self.by_link_id.get(id),
            (None, None) => None,
        }
        .copied()
    }

    /// Records a change of the balance and applies it.
    pub(crate) fn book(&mut self, mut row: TransactionRow) {
        row.change = row.cash_flow + row.funding - row.fee;
        self.wallet_balance += row.change;
        row.cash_balance = self.wallet_balance;
        self.transactions.push(row);
    }

    /// Text shared by rows without a name.
    pub(crate) fn no_name() -> Arc<str> {
        Arc::from("")
    }
}
