//! Orders that we did not place: stops that the venue made for our positions, and orders of others.
//!
//! A *child* is an order without client order id that the venue made as protection of a position which a bot
//! owns; its fills are that bot's. Everything else is *foreign*: shown and counted, never touched.

use crate::identity::Owners;
use std::collections::BTreeMap;
use windvane_layout::{Decode, DecodeError, Encode, Input, layout};
use windvane_model::{
    BotName, Execution, ExecutionKind, ExitCause, ForeignOrder, MarketTime, OrderId, OrderReport, Origin,
    Qty, StopKind,
};
use windvane_risk::{OrderExposure, OrderKey};

/// An order that we did not place.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherOrder {
    report: OrderReport,
    /// The bot whose position it protects; `None` when it is foreign.
    child_of: Option<BotName>,
    /// Sequence of the event that told of it last.
    heard: u64,
}

impl OtherOrder {
    /// The venue's last word of it.
    #[must_use]
    pub const fn report(&self) -> &OrderReport {
        &self.report
    }

    /// The bot whose position it protects; `None` when it is foreign.
    #[must_use]
    pub const fn child_of(&self) -> Option<BotName> {
        self.child_of
    }

    /// What is told of it to whoever owns the position that it works on.
    #[must_use]
    pub fn shown(&self) -> ForeignOrder {
        let report = &self.report;
        let leaves_qty =
            if report.status.is_terminal() { Qty::ZERO } else { report.qty.less(report.cumulative_qty) };
        ForeignOrder {
            order_id: report.order_id,
            symbol: report.symbol,
            side: report.side,
            price: report.price.or(report.trigger_price),
            leaves_qty,
            reduce_only: report.reduce_only,
        }
    }

    /// Whether it is somebody else's and may still fill.
    #[must_use]
    pub fn is_foreign_and_open(&self) -> bool {
        self.child_of.is_none() && !self.report.status.is_terminal()
    }

    /// What it may still open. What only reduces opens nothing, and counting a stop as a reduction under way
    /// would deny the bot its own exit.
    fn exposure(&self) -> Option<OrderExposure> {
        let report = &self.report;
        let leaves_qty = report.qty.less(report.cumulative_qty);
        // In hedge mode an order against the side of its position closes, whether it says so or not.
        let closes = report.position_index.only_side().is_some_and(|only| only != report.side);
        let counts =
            !report.status.is_terminal() && !report.reduce_only && !closes && self.child_of.is_none();
        (counts && !leaves_qty.is_zero()).then_some(OrderExposure {
            key: OrderKey::Venue(report.order_id),
            symbol: report.symbol,
            index: report.position_index,
            side: report.side,
            leaves_qty,
            price: report.price.or(report.trigger_price)?,
            reduce_only: false,
            is_market: report.is_market,
            // A stop that waits holds no margin yet.
            is_confirmed: false,
        })
    }
}

/// All of them, by the venue's id. Closed ones stay as tombstones, so that an old report cannot raise them.
#[derive(Debug, Clone, Default)]
pub(crate) struct OtherOrders {
    orders: BTreeMap<OrderId, OtherOrder>,
    /// How often one of them may have changed.
    changes: u64,
}

/// How the orders came to be what they are is no part of what they are.
impl PartialEq for OtherOrders {
    fn eq(&self, other: &Self) -> bool {
        self.orders == other.orders
    }
}

impl OtherOrders {
    /// Merges a report: a closed order stays closed, else the later report counts. Says whether the order is
    /// new.
    pub(crate) fn merge(&mut self, report: &OrderReport, child_of: Option<BotName>, heard: u64) -> bool {
        self.changes += 1;
        let Some(known) = self.orders.get_mut(&report.order_id) else {
            self.orders.insert(report.order_id, OtherOrder { report: *report, child_of, heard });
            return true;
        };
        let rank = |r: &OrderReport| (r.status.is_terminal(), r.updated, r.cumulative_qty);
        if rank(report) >= rank(&known.report) {
            known.report = *report;
            known.child_of = child_of;
        }
        known.heard = known.heard.max(heard);
        false
    }

    /// Forgets orders that ended by `until`.
    pub(crate) fn forget(&mut self, until: MarketTime) {
        self.orders.retain(|_, order| !(order.report.status.is_terminal() && order.report.updated <= until));
    }

    /// A number that grows whenever one of them may have changed.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// One of them.
    pub(crate) fn get(&self, id: OrderId) -> Option<&OtherOrder> {
        self.orders.get(&id)
    }

    /// Whether the order is known.
    pub(crate) fn knows(&self, id: OrderId) -> bool {
        self.orders.contains_key(&id)
    }

    /// The ids known, in order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = OrderId> {
        self.orders.keys().copied()
    }

    pub(crate) fn exposure(&self, id: OrderId) -> Option<OrderExposure> {
        self.orders.get(&id)?.exposure()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &OtherOrder> {
        self.orders.values()
    }

    /// Removes open orders that a full picture, asked for at `asked`, does not show. They have no id by which
    /// they could be looked up, and nothing of ours hangs on them.
    pub(crate) fn remove_absent(&mut self, asked: u64, shown: impl Fn(OrderId) -> bool) -> Vec<OtherOrder> {
        self.changes += 1;
        let is_absent = |order: &OtherOrder| {
            !order.report.status.is_terminal() && order.heard < asked && !shown(order.report.order_id)
        };
        let absent: Vec<OrderId> =
            self.orders.iter().filter(|(_, order)| is_absent(order)).map(|(id, _)| *id).collect();
        absent.into_iter().filter_map(|id| self.orders.remove(&id)).collect()
    }
}

/// The bot whose position this order protects, if it is a child.
pub(crate) fn parent_of_order(report: &OrderReport, owners: &Owners) -> Option<BotName> {
    let is_child = report.client_order_id.is_none() && report.origin == Origin::Protection;
    if is_child { owners.owner((report.symbol, report.position_index)) } else { None }
}

/// What an execution without an order of ours means for the position that it moves.
pub(crate) fn cause_of(execution: &Execution) -> ExitCause {
    match (execution.kind, execution.origin) {
        (ExecutionKind::Adl | ExecutionKind::Liquidation, _) | (_, Origin::Liquidation | Origin::Adl) => {
            ExitCause::Liquidation
        }
        (ExecutionKind::Delivery, _) => ExitCause::Delivery,
        (_, Origin::Protection) if execution.client_order_id.is_none() => match execution.stop_kind {
            Some(StopKind::TakeProfit) => ExitCause::TakeProfit,
            Some(StopKind::Trailing) => ExitCause::Trailing,
            Some(StopKind::StopLoss | StopKind::Conditional) | None => ExitCause::StopLoss,
        },
        _ => ExitCause::Foreign,
    }
}

impl Encode for OtherOrders {
    fn encode(&self, out: &mut Vec<u8>) {
        self.orders.encode(out);
    }
}

impl Decode for OtherOrders {
    fn decode(input: &mut Input<'_>) -> Result<Self, DecodeError> {
        Ok(Self { orders: Decode::decode(input)?, changes: 0 })
    }
}

layout!(OtherOrder { report, child_of, heard });
