//! The words of the venue: what goes in, what comes out, how it is set up. No behaviour.

mod audience;
mod doubt;
mod market_input;
mod order_request;
mod output;
mod product;
mod reply;
mod request;
mod row;
mod setup;
mod wallet_row;
mod word;

use std::sync::Arc;

pub use audience::{Audience, PublicAudience};
pub use doubt::{
    BankruptBalance, DOUBTS, Deleveraging, DisconnectScope, Doubt, Doubts, EmptyMarket, FillReport, Haircut,
    HedgeClose, HedgeOrderMargin, IsolatedLiquidation, LateCancel, MarketOrderMargin, MatchingRefusal,
    MinNotionalReduceOnly, OrderLinkIdLife, OrderMaintenance, PriceBeyondLiquidation, PriceBound, PriceLimit,
    ReduceOnlyExcess, SessionClosedPnl, SessionExecution, SpotStops, TickChange, TriggeredRow, UnknownDoubt,
};
pub use market_input::{Level, MarketInput};
pub use order_request::{
    AmendOrder, BookPrice, CancelAll, CancelOrder, CreateOrder, OrderReference, ProtectionChange,
    ProtectionPrice, TriggerSpec,
};
pub use output::{BookDelta, BookSnapshot, Calm, Output, PublicLiquidation, PublicTrade, TickerRow};
pub use product::{
    Category, InstrumentStatus, MarginMode, MarketUnit, PositionIdx, PositionMode, PositionStatus,
    SlippageTolerance, SlippageUnit, TpslMode,
};
pub use reply::{Acknowledgement, OrderIds, Refusal};
pub use request::{AddMargin, Request, SetAutoAddMargin, SetLeverage, SwitchMode, TradingStop};
pub use row::{ClosedPnlRow, ExecutionRow, OrderRow, PositionRow, SessionRow};
pub use setup::{AccountSetup, CoinSetup, CollateralTier, Fees, Instrument, Listing, RiskTier, Setup};
pub use wallet_row::{CoinRow, TransactionRow, WalletRow};
pub use word::{
    BookSide, CancelType, CreateType, ExecutionType, OcoTrigger, OrderKind, OrderStatus, OrderType,
    RejectReason, SelfMatchPrevention, Side, StopOrderType, TickDirection, TimeInForce, TransactionType,
    TriggerBy, TriggerDirection,
};

/// Number of an account.
pub type Uid = u64;
/// Name of a coin; cheap to clone.
pub type Coin = Arc<str>;
/// Name of an instrument; cheap to clone.
pub type Symbol = Arc<str>;
/// The venue's id of an order, UUID text; cheap to clone.
pub type OrderId = Arc<str>;
/// The client's id of an order; empty when there is none.
pub type OrderLinkId = Arc<str>;
