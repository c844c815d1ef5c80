//! An order as the venue keeps it, and the store of all orders of the venue's life.

use std::ops::{Index, IndexMut};

use rust_decimal::Decimal;

use crate::api::{
    CancelType, CreateType, OrderId, OrderLinkId, OrderRow, OrderStatus, OrderType, ProtectionPrice,
    RejectReason, SelfMatchPrevention, Side, StopOrderType, Symbol, TimeInForce, TriggerBy, TriggerDirection,
    TriggerSpec,
};
use crate::units::{decimal, value};

/// Place of an order in the store; keys rise with creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OrderKey(pub(crate) usize);

/// All orders, open and closed. Closed ones stay: they are the answer to history queries and the reason why a client id
/// is never free again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders(Vec<Order>);

impl Orders {
    pub(crate) fn insert(&mut self, order: Order) -> OrderKey {
        self.0.push(order);
        OrderKey(self.0.len() - 1)
    }
}

impl Index<OrderKey> for Orders {
    type Output = Order;
    fn index(&self, key: OrderKey) -> &Order {
        &self.0[key.0]
    }
}

impl IndexMut<OrderKey> for Orders {
    fn index_mut(&mut self, key: OrderKey) -> &mut Order {
        &mut self.0[key.0]
    }
}

/// A price that fires something, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) price: i64,
    pub(crate) direction: TriggerDirection,
    pub(crate) by: TriggerBy,
}

impl Trigger {
    /// Whether the watched price has reached the trigger.
    pub(crate) fn is_reached(self, price: i64) -> bool {
        match self.direction {
            TriggerDirection::Rise => price >= self.price,
            TriggerDirection::Fall => price <= self.price,
        }
    }
}

/// A stop-loss or take-profit price, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protection {
    pub(crate) price: i64,
    pub(crate) by: TriggerBy,
}

impl Protection {
    fn row(self) -> ProtectionPrice {
        ProtectionPrice { price: decimal(self.price), by: self.by }
    }
}

/// The moving part of a trailing stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailing {
    /// Distance in units of price.
    pub(crate) distance: i64,
    /// Best last price since activation; `None` before.
    pub(crate) extreme: Option<i64>,
}

/// Prices and quantities in units.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Slot of its account.
    pub(crate) account: usize,
    /// Slot of its market.
    pub(crate) market: usize,
    pub(crate) id: OrderId,
    pub(crate) link_id: OrderLinkId,
    /// Client id of the order that brought this stop.
    pub(crate) parent_link_id: OrderLinkId,
    pub(crate) side: Side,
    pub(crate) order_type: OrderType,
    pub(crate) time_in_force: TimeInForce,
    /// Limit; of a market order the protective price, zero while it waits.
    pub(crate) price: i64,
    pub(crate) qty: i64,
    /// Filled quantity.
    pub(crate) filled: i64,
    /// Σ price × quantity of its fills, in USDT.
    pub(crate) filled_value: Decimal,
    pub(crate) fee: Decimal,
    /// Realised by its closing fills, after both fees, in USDT.
    pub(crate) closed_pnl: Decimal,
    pub(crate) status: OrderStatus,
    pub(crate) cancel_type: CancelType,
    pub(crate) reject_reason: RejectReason,
    pub(crate) create_type: CreateType,
    pub(crate) stop_order_type: Option<StopOrderType>,
    /// What it waits for; kept after triggering.
    pub(crate) trigger: Option<Trigger>,
    pub(crate) trailing: Option<Trailing>,
    pub(crate) take_profit: Option<Protection>,
    /// Attached: the stop of the position it opens.
    pub(crate) stop_loss: Option<Protection>,
    pub(crate) reduce_only: bool,
    pub(crate) close_on_trigger: bool,
    pub(crate) self_match_prevention: SelfMatchPrevention,
    pub(crate) last_price_on_created: Option<i64>,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
}

impl Order {
    /// A market order by which the venue itself closes a position; quantity and price are still zero.
    pub(crate) fn closing(
        account: usize,
        market: usize,
        id: OrderId,
        side: Side,
        create_type: CreateType,
        now_ms: i64,
    ) -> Self {
        Self {
            account,
            market,
            id,
            link_id: OrderLinkId::from(""),
            parent_link_id: OrderLinkId::from(""),
            side,
            order_type: OrderType::Market,
            time_in_force: TimeInForce::Ioc,
            price: 0,
            qty: 0,
            filled: 0,
            filled_value: Decimal::ZERO,
            fee: Decimal::ZERO,
            closed_pnl: Decimal::ZERO,
            status: OrderStatus::New,
            cancel_type: CancelType::Unknown,
            reject_reason: RejectReason::NoError,
            create_type,
            stop_order_type: None,
            trigger: None,
            trailing: None,
            take_profit: None,
            stop_loss: None,
            reduce_only: true,
            close_on_trigger: false,
            self_match_prevention: SelfMatchPrevention::None,
            last_price_on_created: None,
            created_ms: now_ms,
            updated_ms: now_ms,
        }
    }

    /// The unfilled part.
    pub(crate) fn leaves(&self) -> i64 {
        self.qty - self.filled
    }

    /// Whether it is the stop-loss, take-profit or trailing stop of a position.
    pub(crate) fn is_protection(&self) -> bool {
        match self.stop_order_type {
            Some(StopOrderType::StopLoss | StopOrderType::TakeProfit | StopOrderType::TrailingStop) => true,
            Some(StopOrderType::Stop) | None => false,
        }
    }

    pub(crate) fn row(&self, symbol: &Symbol) -> OrderRow {
        let leaves = if self.status.is_closed() { 0 } else { self.leaves() };
        OrderRow {
            order_id: self.id.clone(),
            order_link_id: self.link_id.clone(),
            parent_order_link_id: self.parent_link_id.clone(),
            symbol: symbol.clone(),
            side: self.side,
            order_type: self.order_type,
            price: decimal(self.price),
            qty: decimal(self.qty),
            time_in_force: self.time_in_force,
            order_status: self.status,
            cancel_type: self.cancel_type,
            reject_reason: self.reject_reason,
            create_type: self.create_type,
            avg_price: (self.filled > 0)
                .then(|| (self.filled_value / decimal(self.filled)).round_dp(8).normalize()),
            leaves_qty: decimal(leaves),
            leaves_value: value(self.price, leaves),
            cum_exec_qty: decimal(self.filled),
            cum_exec_value: self.filled_value,
            cum_exec_fee: self.fee,
            closed_pnl: self.closed_pnl,
            stop_order_type: self.stop_order_type,
            trigger: self.trigger.map(|trigger| TriggerSpec {
                price: decimal(trigger.price),
                direction: trigger.direction,
                by: trigger.by,
            }),
            take_profit: self.take_profit.map(Protection::row),
            stop_loss: self.stop_loss.map(Protection::row),
            reduce_only: self.reduce_only,
            close_on_trigger: self.close_on_trigger,
            smp_type: self.self_match_prevention,
            last_price_on_created: self.last_price_on_created.map(decimal),
            created_time_ms: self.created_ms,
            updated_time_ms: self.updated_ms,
        }
    }
}
