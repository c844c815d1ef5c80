//! The words and messages that the other crates share.
//!
//! Nothing here decides anything: a type either carries a fact ([`Execution`], [`BookUpdate`]), a wish
//! ([`Intent`]), a refusal ([`Denial`]) or a request to the venue ([`Command`]). The exchange's JSON is not
//! known here; the connector converts by hand.
//!
//! # Glossary: our word, then Bybit's
//!
//! | ours | Bybit V5 |
//! |---|---|
//! | client order id | `orderLinkId` |
//! | order id | `orderId` |
//! | execution id | `execId` |
//! | lot size | `qtyStep` |
//! | tick size | `tickSize` |
//! | fill | an execution with `execType` `Trade` |
//! | trade | a row of the `publicTrade` topic: somebody's print |
//! | intent | – (what a strategy wants) |
//! | denial | – (our own risk said no) |
//! | rejection | `retCode` ≠ 0, or order status `Rejected` |
//! | protection | `stopLoss` attached to an order or set by `trading-stop` |
//!
//! Times are integers with a unit in the type: [`WallTime`] (nanoseconds, never steps back within a process)
//! and [`MarketTime`] (milliseconds, as the venue stamps candles, funding and orders). They differ in an
//! accelerated replay.

mod account;
mod command;
mod event;
mod fixed;
mod grounds;
mod hash;
mod id;
mod instrument;
mod intent;
mod market;
mod mutant;
mod notice;
mod number;
mod order;
mod text;
mod time;

pub use account::{
    AccountEvent, AccountSnapshot, Acknowledged, CoinBalance, Execution, ExecutionKind, Movement,
    MovementKind, OrderLookup, OrderQuestion, OrderReport, Origin, PositionReport, PositionStatus,
    PreChecked, Query, QueryAnswer, QueryFailed, RefusalFamily, Refused, Request, StopKind, Undetermined,
    WalletReport,
};
pub use command::{Amend, Cancel, CancelAll, Command, SetLeverage, SetProtection, Submit};
pub use event::{Control, Event, HaltCause, Link, LinkState, Reference, RunState, Scope, Stamp, Stamped};
pub use fixed::{Fixed, FixedError};
pub use grounds::{Grounds, Signal, SignalName};
pub use hash::{IdHash, IdHasher};
pub use id::{
    BotName, BotTag, ClientOrderId, Coin, Epoch, ExecutionId, IdGrammar, IdPrefix, InstallTag, OrderId, Role,
    Symbol,
};
pub use instrument::{FeeRates, Instrument, InstrumentStatus, Leverage, RiskTier};
pub use intent::{Denial, DenialReason, Intent, LimitScope, Place, Tag};
pub use market::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, Interval, IntervalError, Liquidation, Liquidations,
    MarketEvent, PriceLimit, Ticker, Trade, TradePrints,
};
#[cfg(feature = "mutants")]
pub use mutant::choose_mutant;
pub use mutant::{Mutant, mutant};
pub use notice::{BotMemory, ExitCause, ForeignOrder, Notice, NoticeTo};
pub use number::{Money, Notional, NumberError, Price, Qty, Rate, to_f64};
pub use order::{OrderKind, OrderStatus, PositionIndex, Side, TimeInForce, TriggerBy, Triggers};
pub use text::{Text, TextError};
pub use time::{MarketTime, Millis, WallTime};
