//! An order as the venue keeps it, and the store of all orders of the venue's life.

mod row;

use std::ops::{Index, IndexMut};

pub(crate) use row::Surroundings;
use rust_decimal::Decimal;

use crate::api::{
    CancelType, CreateType, OcoTrigger, OrderLinkId, OrderStatus, OrderType, PositionIdx, RejectReason,
    SelfMatchPrevention, Side, SlippageTolerance, StopOrderType, TimeInForce, TpslMode, TriggerBy,
    TriggerDirection,
};
use crate::book::Ticket;

/// Place of an order in the store; keys rise with creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OrderKey(pub(crate) usize);

impl OrderKey {
    /// The number of its id.
    pub(crate) fn number(self) -> u64 {
        u64::try_from(self.0).unwrap_or(u64::MAX)
    }
}

/// All orders, open and closed. Closed ones stay: they are the answer to history queries and the reason why a client id
/// is never free again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders(Vec<Order>);

impl Orders {
    pub(crate) fn insert(&mut self, order: Order) -> OrderKey {
        self.0.push(order);
        OrderKey(self.0.len() - 1)
    }

    /// The order whose id has a number, if there is one.
    pub(crate) fn numbered(&self, number: u64) -> Option<OrderKey> {
        let place = usize::try_from(number).ok()?;
        (place < self.0.len()).then_some(OrderKey(place))
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

/// A stop-loss or take-profit, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protection {
    pub(crate) price: i64,
    pub(crate) by: TriggerBy,
    /// Limit price of the order it becomes; `None` for a market order.
    pub(crate) limit: Option<i64>,
}

/// The stops that an order made: they grow with its fills (mode Partial, and those of spot).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Children {
    pub(crate) take_profit: Option<OrderKey>,
    pub(crate) stop_loss: Option<OrderKey>,
    /// Spot: how much of its fills has a stop or had one, in units.
    pub(crate) covered: i64,
}

/// The moving part of a trailing stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailing {
    /// Distance in units of price.
    pub(crate) distance: i64,
    /// Best last price since activation; `None` before.
    pub(crate) extreme: Option<i64>,
}

/// One position of one account in one market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) account: usize,
    pub(crate) market: usize,
    pub(crate) position_idx: PositionIdx,
}

/// Prices and quantities in units.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// Slot of its account.
    pub(crate) account: usize,
    /// Slot of its market.
    pub(crate) market: usize,
    pub(crate) link_id: OrderLinkId,
    /// Client id of the order that brought this stop.
    pub(crate) parent_link_id: OrderLinkId,
    pub(crate) position_idx: PositionIdx,
    pub(crate) side: Side,
    pub(crate) order_type: OrderType,
    pub(crate) time_in_force: TimeInForce,
    /// Limit; of a market order the protective price, zero while it waits.
    pub(crate) price: i64,
    pub(crate) qty: i64,
    /// Filled quantity.
    pub(crate) filled: i64,
    /// Value of its fills, in the coin of its market's values.
    pub(crate) filled_value: Decimal,
    /// The price of its fills, while there is only one.
    pub(crate) fill_price: Option<i64>,
    /// Fees by coin slot: a contract's are in one coin, those of spot in two at most.
    pub(crate) fees: [Option<(usize, Decimal)>; 2],
    /// Realised by its closing fills, after both fees, in settle coin.
    pub(crate) closed_pnl: Decimal,
    /// Index of the account's record of what it closed.
    pub(crate) closed_record: Option<usize>,
    pub(crate) status: OrderStatus,
    pub(crate) cancel_type: CancelType,
    pub(crate) reject_reason: RejectReason,
    pub(crate) create_type: CreateType,
    pub(crate) stop_order_type: Option<StopOrderType>,
    /// What it waits for; kept after triggering.
    pub(crate) trigger: Option<Trigger>,
    pub(crate) trailing: Option<Trailing>,
    /// Attached: stops of the position it opens.
    pub(crate) take_profit: Option<Protection>,
    pub(crate) stop_loss: Option<Protection>,
    /// Size of the attached stops, or of the stop that it is.
    pub(crate) tpsl_mode: Option<TpslMode>,
    pub(crate) children: Children,
    /// The other stop of a pair: when one fires the other ends.
    pub(crate) sibling: Option<OrderKey>,
    /// Spot market orders by amount: units of quote coin to spend or to get (`marketUnit`).
    pub(crate) quote_amount: Option<i64>,
    pub(crate) slippage: Option<SlippageTolerance>,
    pub(crate) reduce_only: bool,
    pub(crate) close_on_trigger: bool,
    pub(crate) self_match_prevention: SelfMatchPrevention,
    /// The order that self-match prevention kept it from.
    pub(crate) self_match: Option<OrderKey>,
    pub(crate) last_price_on_created: Option<i64>,
    /// Its place in the queue of its price, while it rests.
    pub(crate) ticket: Ticket,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
}

impl Order {
    /// A market order by which the venue itself closes a position; quantity and price are still zero.
    pub(crate) fn closing(
        place: Place,
        no_name: &OrderLinkId,
        side: Side,
        create_type: CreateType,
        now_ms: i64,
    ) -> Self {
        Self {
            account: place.account,
            market: place.market,
            link_id: no_name.clone(),
            parent_link_id: no_name.clone(),
            position_idx: place.position_idx,
            side,
            order_type: OrderType::Market,
            time_in_force: TimeInForce::Ioc,
            price: 0,
            qty: 0,
            filled: 0,
            filled_value: Decimal::ZERO,
            fill_price: None,
            fees: [None; 2],
            closed_pnl: Decimal::ZERO,
            closed_record: None,
            status: OrderStatus::New,
            cancel_type: CancelType::Unknown,
            reject_reason: RejectReason::NoError,
            create_type,
            stop_order_type: None,
            trigger: None,
            trailing: None,
            take_profit: None,
            stop_loss: None,
            tpsl_mode: None,
            children: Children::default(),
            sibling: None,
            quote_amount: None,
            slippage: None,
            reduce_only: true,
            close_on_trigger: false,
            self_match_prevention: SelfMatchPrevention::None,
            self_match: None,
            last_price_on_created: None,
            ticket: Ticket::default(),
            created_ms: now_ms,
            updated_ms: now_ms,
        }
    }

    /// The unfilled part.
    pub(crate) fn leaves(&self) -> i64 {
        self.qty - self.filled
    }

    /// Whether it brings stops of its own.
    pub(crate) fn brings_stops(&self) -> bool {
        self.stop_loss.is_some() || self.take_profit.is_some()
    }

    /// Whether it is a spot order that holds its funds while it waits.
    pub(crate) fn holds_waiting(&self) -> bool {
        match self.stop_order_type {
            Some(StopOrderType::TpslOrder | StopOrderType::BidirectionalTpslOrder) => true,
            Some(
                StopOrderType::TakeProfit
                | StopOrderType::StopLoss
                | StopOrderType::TrailingStop
                | StopOrderType::PartialTakeProfit
                | StopOrderType::PartialStopLoss
                | StopOrderType::Stop,
            )
            | None => false,
        }
    }

    /// Whether it is the stop on the losing side of a pair.
    pub(crate) fn is_stop_loss(&self) -> bool {
        match self.stop_order_type {
            Some(StopOrderType::StopLoss | StopOrderType::PartialStopLoss) => true,
            // A sell ends what was bought: its loss lies below.
            Some(StopOrderType::BidirectionalTpslOrder) => self.trigger.is_some_and(|trigger| {
                (self.side == Side::Sell) == (trigger.direction == TriggerDirection::Fall)
            }),
            Some(
                StopOrderType::TakeProfit
                | StopOrderType::TrailingStop
                | StopOrderType::PartialTakeProfit
                | StopOrderType::Stop
                | StopOrderType::TpslOrder,
            )
            | None => false,
        }
    }

    /// Which stop of its spot pair has fired: itself, or the other one that ended it.
    pub(crate) fn oco_trigger(&self) -> Option<OcoTrigger> {
        if self.stop_order_type != Some(StopOrderType::BidirectionalTpslOrder) {
            return None;
        }
        match (self.status, self.cancel_type) {
            (OrderStatus::Deactivated, CancelType::ByPairedStopLoss) => Some(OcoTrigger::StopLoss),
            (OrderStatus::Deactivated, CancelType::ByPairedTakeProfit) => Some(OcoTrigger::TakeProfit),
            (OrderStatus::Untriggered | OrderStatus::Deactivated, _) => None,
            _ if self.is_stop_loss() => Some(OcoTrigger::StopLoss),
            _ => Some(OcoTrigger::TakeProfit),
        }
    }

    /// Whether it is the stop-loss, take-profit or trailing stop of a position.
    pub(crate) fn is_protection(&self) -> bool {
        match self.stop_order_type {
            Some(
                StopOrderType::StopLoss
                | StopOrderType::TakeProfit
                | StopOrderType::TrailingStop
                | StopOrderType::PartialStopLoss
                | StopOrderType::PartialTakeProfit,
            ) => true,
            Some(StopOrderType::Stop | StopOrderType::TpslOrder | StopOrderType::BidirectionalTpslOrder)
            | None => false,
        }
    }

    /// Whether it follows the size of its position.
    pub(crate) fn is_full_protection(&self) -> bool {
        self.is_protection() && self.tpsl_mode == Some(TpslMode::Full)
    }

    pub(crate) fn place(&self) -> Place {
        Place { account: self.account, market: self.market, position_idx: self.position_idx }
    }

    /// Adds to the fees of a coin.
    pub(crate) fn pay(&mut self, coin: usize, fee: Decimal) {
        let is_meant =
            |place: &&mut Option<(usize, Decimal)>| place.is_none_or(|(paid_in, _)| paid_in == coin);
        if let Some(place) = self.fees.iter_mut().find(is_meant) {
            *place = Some((coin, place.map_or(fee, |(_, paid)| paid + fee)));
        }
    }
}
