//! The words of the venue: what goes in, what comes out, how it is set up. No behaviour.

mod output;
mod reply;
mod request;
mod row;
mod setup;
mod word;

use std::sync::Arc;

pub use output::{BookDelta, BookSnapshot, Output, PublicTrade, TickerRow};
pub use reply::{Acknowledgement, OrderIds, Refusal};
pub use request::{
    AmendOrder, CancelAll, CancelOrder, CreateOrder, Level, MarketInput, OrderReference, ProtectionPrice,
    Request, SetLeverage, TradingStop, TriggerSpec,
};
pub use row::{ClosedPnlRow, ExecutionRow, OrderRow, PositionRow, TransactionRow, WalletRow};
pub use setup::{
    AccountSetup, EmptyMarketAction, Fees, Instrument, PriceLimitAction, RiskTier, Setup, Switches,
};
pub use word::{
    CancelType, CreateType, ExecutionType, OrderKind, OrderStatus, OrderType, RejectReason,
    SelfMatchPrevention, Side, StopOrderType, TimeInForce, TransactionType, TriggerBy, TriggerDirection,
};

/// Number of an account.
pub type Uid = u64;
/// Name of an instrument; cheap to clone.
pub type Symbol = Arc<str>;
/// The venue's id of an order, UUID text; cheap to clone.
pub type OrderId = Arc<str>;
/// The client's id of an order; empty when there is none.
pub type OrderLinkId = Arc<str>;
