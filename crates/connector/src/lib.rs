//! Windvane's link to the exchange: Bybit V5 over REST and WebSocket, linear contracts.
//!
//! The protocol is kept apart from the network. [`session`], [`codec`] and the encoders are plain values: text
//! in, text and events out, time as a number. Thin tokio tasks around them own one socket each; all of them run
//! on the caller's runtime, so that with a current-thread runtime an order leaves on the thread that read the
//! price.
//!
//! What the engine may rely on:
//!
//! - Each command is answered exactly once: acknowledged, refused for certain, or *undetermined*. A timeout, a
//!   cut connection, an unreadable answer and an unlisted code are undetermined, never refused.
//! - Nothing is sent twice and nothing is kept for later: on a disconnect, what has not left is refused.
//! - The private link is up only when every topic is confirmed. Nothing is replayed after a reconnect: the link
//!   going up means that the account must be read anew.
//! - Requests keep to the venue's rate limits on both transports together; what closes, protects or cancels has a
//!   reserve in each limit and leaves first.
//! - The engine is told when request stamps or the key can no longer be relied on.
//! - A message that cannot be read is put aside and counted; when it was a private one, a reconciliation is asked
//!   for.
//!
//! The local order book, retries, and every decision live elsewhere.

mod backoff;
mod budget;
mod category;
#[cfg(test)]
mod chaos;
mod clock;
pub mod codec;
mod codes;
mod encode;
mod endpoints;
mod halt;
mod key;
mod observation;
mod outcome;
mod region;
mod rest;
pub mod session;
mod shell;
mod sign;
pub mod wire;

pub use backoff::Backoff;
pub use budget::{Purpose, RateLimits};
pub use clock::{
    ClockBounds, ClockHealth, ClockOffset, ClockSample, Estimate, Moment, VenueClock, WallClock,
};
pub use codec::Spares;
pub use codes::{Channel, Effect, Meaning, http_meaning, meaning};
pub use encode::Mutation;
pub use endpoints::{Address, EndpointError, VenueEndpoints};
pub use key::{KeyFault, KeyPolicy, KeyWarning, hint as key_hint};
pub use observation::{Observation, Observer, Stream};
pub use region::Region;
pub use rest::{
    AccountInfo, ApiKeyInfo, BusinessKind, ClosedPnl, DcpWindow, LedgerEntry, LimitPriceAction, MarginMode,
    OpenBusiness, OpenPosition, PastExecution, PastOrder, PositionMode, PreCheck, RestClient, RestError,
    ServerTime, TradingProduct,
    market::{
        Category, ContractKind, Customer, FundingRate, Kline, KlinePrice, Listing, Maintenance,
        MaintenanceState, OpenInterest, PriceBand, PriceKline, PublicTrade, Span, TickerFigures,
    },
};
pub use session::{DisconnectProtection, Drain, Ended, Taken, Tap, Timing, Topic, TopicsError};
pub use shell::{Connector, Extension, Feed, Outlets, Plan, Recorder, Renewal, StartError};
pub use sign::{Credentials, CredentialsError, Secret, Signature};
