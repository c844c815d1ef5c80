//! Rows of orders, executions and positions: what the private topics push and what the queries return.
//!
//! Fields are named as on the wire, in snake case. Prices in quote coin, quantities in base coin (USD for inverse), money in
//! the coin that settles the instrument, totals of the account in USD, times in market ms. `None` stands for the wire's empty text ("not applicable"). Source: Bybit V5, the pages of the respective queries.

use rust_decimal::Decimal;

use super::product::{Category, MarketUnit, PositionIdx, PositionStatus, SlippageTolerance, TpslMode};
use super::word::{
    CancelType, CreateType, ExecutionType, OcoTrigger, OrderStatus, OrderType, RejectReason,
    SelfMatchPrevention, Side, StopOrderType, TimeInForce,
};
use super::{Coin, OrderId, OrderLinkId, ProtectionPrice, Symbol, TriggerSpec};

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// Product group.
    pub category: Category,
    /// The venue's id.
    pub order_id: OrderId,
    /// The client's id, empty when there is none.
    pub order_link_id: OrderLinkId,
    /// Client id of the order that brought this stop-loss or take-profit, else empty.
    pub parent_order_link_id: OrderLinkId,
    /// Instrument.
    pub symbol: Symbol,
    /// Side.
    pub side: Side,
    /// Type (of a stop: after triggering).
    pub order_type: OrderType,
    /// Limit price; of a market order the inner protective price.
    pub price: Decimal,
    /// Quantity.
    pub qty: Decimal,
    /// Time in force.
    pub time_in_force: TimeInForce,
    /// Status.
    pub order_status: OrderStatus,
    /// Why it was cancelled.
    pub cancel_type: CancelType,
    /// Why matching turned it down.
    pub reject_reason: RejectReason,
    /// Who made it.
    pub create_type: CreateType,
    /// Average fill price; `None` when nothing is filled.
    pub avg_price: Option<Decimal>,
    /// Unfilled quantity; zero once closed.
    pub leaves_qty: Decimal,
    /// Unfilled value at the order's price; zero once closed.
    pub leaves_value: Decimal,
    /// Filled quantity.
    pub cum_exec_qty: Decimal,
    /// Filled value.
    pub cum_exec_value: Decimal,
    /// Fees paid by coin (negative: received); empty when nothing filled.
    pub cum_fee_detail: Vec<(Coin, Decimal)>,
    /// Realised profit of its closing fills after their fees and their share of the opening fees.
    pub closed_pnl: Decimal,
    /// Kind of conditional order, if it is one.
    pub stop_order_type: Option<StopOrderType>,
    /// Which stop of the spot pair that it belongs to has fired.
    pub oco_trigger: Option<OcoTrigger>,
    /// Trigger, if it is conditional. Of a trailing stop the activation price (zero: at once).
    pub trigger: Option<TriggerSpec>,
    /// Attached take-profit.
    pub take_profit: Option<ProtectionPrice>,
    /// Attached stop-loss.
    pub stop_loss: Option<ProtectionPrice>,
    /// Size of the attached stops, or of the stop that this order is.
    pub tpsl_mode: Option<TpslMode>,
    /// Which position it opens or closes.
    pub position_idx: PositionIdx,
    /// May only reduce.
    pub reduce_only: bool,
    /// Closes on trigger.
    pub close_on_trigger: bool,
    /// Spot market orders: what the quantity counts.
    pub market_unit: Option<MarketUnit>,
    /// Market orders: the client's bound of the price.
    pub slippage: Option<SlippageTolerance>,
    /// Self-match prevention.
    pub smp_type: SelfMatchPrevention,
    /// Self-match group of the account, zero for none.
    pub smp_group: u32,
    /// The order that self-match prevention kept it from, or empty.
    pub smp_order_id: OrderId,
    /// Last price when it was created.
    pub last_price_on_created: Option<Decimal>,
    /// Created.
    pub created_time_ms: i64,
    /// Last change.
    pub updated_time_ms: i64,
}

/// A fill or a funding settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRow {
    /// Unique id.
    pub exec_id: String,
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Order that filled.
    pub order_id: OrderId,
    /// Its client id, or empty.
    pub order_link_id: OrderLinkId,
    /// Side.
    pub side: Side,
    /// Price of the order.
    pub order_price: Decimal,
    /// Quantity of the order.
    pub order_qty: Decimal,
    /// Unfilled part after this fill.
    pub leaves_qty: Decimal,
    /// Who made the order; `None` for funding.
    pub create_type: Option<CreateType>,
    /// Type of the order; `Unknown` for funding.
    pub order_type: OrderType,
    /// Kind of stop, if the order was one.
    pub stop_order_type: Option<StopOrderType>,
    /// Fee or funding in `fee_currency`; positive is paid.
    pub exec_fee: Decimal,
    /// Coin of the fee.
    pub fee_currency: Coin,
    /// Rate of the fee or of the funding (a fraction).
    pub fee_rate: Decimal,
    /// Fill price; the mark price for funding.
    pub exec_price: Decimal,
    /// Fill quantity; the position size for funding.
    pub exec_qty: Decimal,
    /// Value in quote coin (inverse: in base coin).
    pub exec_value: Decimal,
    /// What the row stands for.
    pub exec_type: ExecutionType,
    /// When.
    pub exec_time_ms: i64,
    /// Whether the order rested.
    pub is_maker: bool,
    /// Mark price at that moment.
    pub mark_price: Decimal,
    /// Index price at that moment.
    pub index_price: Decimal,
    /// How much of the position it closed.
    pub closed_size: Decimal,
    /// Gross realised profit of the closed part.
    pub exec_pnl: Decimal,
    /// Cross sequence, shared by the fills of one match.
    pub seq: i64,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionRow {
    /// Product group.
    pub category: Category,
    /// Which position of the symbol.
    pub position_idx: PositionIdx,
    /// Instrument.
    pub symbol: Symbol,
    /// Side; `None` when flat.
    pub side: Option<Side>,
    /// Size, never negative.
    pub size: Decimal,
    /// Average entry price (`entryPrice` on the topic), which session settlements do not move; zero when flat.
    pub avg_price: Decimal,
    /// Price that profit is counted from, zero when flat; `None` for contracts without session settlement.
    pub session_avg_price: Option<Decimal>,
    /// Value at the mark price (isolated: at the entry price).
    pub position_value: Decimal,
    /// Index of the risk tier, from 1.
    pub risk_id: u32,
    /// Upper bound of the risk tier.
    pub risk_limit_value: Decimal,
    /// Leverage.
    pub leverage: Decimal,
    /// Price at which closing now would bring nothing; `None` when flat.
    pub break_even_price: Option<Decimal>,
    /// Mark price.
    pub mark_price: Decimal,
    /// Estimated liquidation price; `None` when there is none inside the price bounds.
    pub liq_price: Option<Decimal>,
    /// Initial margin, closing fee included.
    pub position_im: Decimal,
    /// Maintenance margin, closing fee included.
    pub position_mm: Decimal,
    /// Take-profit price, or zero.
    pub take_profit: Decimal,
    /// Stop-loss price, or zero.
    pub stop_loss: Decimal,
    /// Trailing distance, or zero.
    pub trailing_stop: Decimal,
    /// Whether margin is added by itself to keep an isolated position.
    pub auto_add_margin: bool,
    /// What it is undergoing.
    pub position_status: PositionStatus,
    /// Place in the queue of auto-deleveraging, 1 (last) to 5 (first); 0 when flat.
    pub adl_rank: u8,
    /// Unrealised profit at the mark price; with sessions that since the last settlement.
    pub unrealised_pnl: Decimal,
    /// Realised in this holding: profit, settled sessions included, less fees less funding.
    pub cur_realised_pnl: Decimal,
    /// Realised since the account began.
    pub cum_realised_pnl: Decimal,
    /// First time the account held this symbol; zero if never.
    pub created_time_ms: i64,
    /// Last change.
    pub updated_time_ms: i64,
    /// When this holding began; zero when flat.
    pub open_time_ms: i64,
    /// Cross sequence of the last trade, -1 if never traded.
    pub seq: i64,
}

/// What one closing order brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPnlRow {
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// The closing order, or the settlement.
    pub order_id: OrderId,
    /// Side of the closing order; of a session settlement that which would close the position.
    pub side: Side,
    /// Quantity of the closing order; of a session settlement the position's.
    pub qty: Decimal,
    /// Its price; of a session settlement the mark.
    pub order_price: Decimal,
    /// Its type.
    pub order_type: OrderType,
    /// Trade, liquidation, session settlement, …
    pub exec_type: ExecutionType,
    /// How much was closed.
    pub closed_size: Decimal,
    /// Entry value of what was closed.
    pub cum_entry_value: Decimal,
    /// Average entry price of what was closed.
    pub avg_entry_price: Decimal,
    /// Exit value.
    pub cum_exit_value: Decimal,
    /// Average exit price.
    pub avg_exit_price: Decimal,
    /// Exit against entry, less both fees.
    pub closed_pnl: Decimal,
    /// Closing fills.
    pub fill_count: u32,
    /// Leverage at the time.
    pub leverage: Decimal,
    /// Share of the opening fees.
    pub open_fee: Decimal,
    /// Closing fees.
    pub close_fee: Decimal,
    /// First closing fill.
    pub created_time_ms: i64,
    /// Last closing fill.
    pub updated_time_ms: i64,
}

/// What one session of a position came to. Source: Bybit V5, "Get USDC Session Settlement".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Unique id.
    pub id: String,
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Side of the position.
    pub side: Side,
    /// Its size, never negative.
    pub size: Decimal,
    /// Price that the session's profit was counted from.
    pub price_before: Decimal,
    /// Mark price it was settled at, from which the next session counts.
    pub mark_price: Decimal,
    /// What was realised.
    pub realised_pnl: Decimal,
    /// When.
    pub created_time_ms: i64,
}
