//! What happened: facts in the order of their happening, private ones with the account they belong to.

use rust_decimal::Decimal;

use super::product::Category;
use super::word::{Side, TickDirection};
use super::{ExecutionRow, Level, OrderRow, PositionRow, Symbol, Uid, WalletRow};

/// One fact. Those of one input come in this order: matching (orders, executions, public trades, as they happen, and
/// positions that begin to be liquidated or deleveraged), then the positions and wallets that changed, then books and
/// tickers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// An order changed.
    Order {
        /// Whose.
        uid: Uid,
        /// The order after the change.
        row: OrderRow,
    },
    /// A fill or funding.
    Execution {
        /// Whose.
        uid: Uid,
        /// The execution.
        row: ExecutionRow,
    },
    /// A position, after a fill, a funding, a change of its stops or leverage, or any create, amend or cancel in its symbol.
    Position {
        /// Whose.
        uid: Uid,
        /// The position after the input.
        row: PositionRow,
    },
    /// The wallet, after a change of balance or of order margin (not on moves of unrealised profit).
    Wallet {
        /// Whose.
        uid: Uid,
        /// The wallet after the input.
        row: WalletRow,
    },
    /// A print on the public tape.
    Trade(PublicTrade),
    /// A position, or a part of one, was liquidated.
    Liquidation(PublicLiquidation),
    /// Levels of the public book that changed.
    Book(BookDelta),
    /// A reference price or the funding rate changed.
    Ticker(TickerRow),
}

/// A public trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicTrade {
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Unique id.
    pub trade_id: String,
    /// Side of the taker.
    pub side: Side,
    /// Price in quote coin.
    pub price: Decimal,
    /// Quantity in base coin (USD for inverse).
    pub qty: Decimal,
    /// How the price lies to that of the trade before.
    pub tick_direction: TickDirection,
    /// Cross sequence.
    pub seq: i64,
    /// Market ms.
    pub time_ms: i64,
}

/// A liquidation as the public hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicLiquidation {
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Side of the position: a long that was closed is a `Buy`.
    pub position_side: Side,
    /// How much of it was closed, in the unit of quantities.
    pub qty: Decimal,
    /// The price at which nothing would be left of its margin, in quote coin. It need not have traded there.
    pub bankruptcy_price: Decimal,
    /// Market ms.
    pub time_ms: i64,
}

/// Changed levels of the public book (outside liquidity and resting orders together); quantity zero deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookDelta {
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Changed bids, price falling.
    pub bids: Vec<Level>,
    /// Changed asks, price rising.
    pub asks: Vec<Level>,
    /// Number of the change, in steps of one for each symbol. The first change is 2, since 1 would mean a restart.
    pub update_id: i64,
    /// Cross sequence.
    pub seq: i64,
    /// Market ms.
    pub time_ms: i64,
}

/// The public book at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookSnapshot {
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Bids, price falling.
    pub bids: Vec<Level>,
    /// Asks, price rising.
    pub asks: Vec<Level>,
    /// Number of the last change.
    pub update_id: i64,
    /// Cross sequence of the last change.
    pub seq: i64,
    /// Market ms of the last change.
    pub time_ms: i64,
}

/// Public prices of an instrument; `None` while unknown. (24-hour figures are the server's to keep.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickerRow {
    /// Product group.
    pub category: Category,
    /// Instrument.
    pub symbol: Symbol,
    /// Last traded price.
    pub last_price: Option<Decimal>,
    /// How it lies to the one before.
    pub tick_direction: TickDirection,
    /// Mark price.
    pub mark_price: Option<Decimal>,
    /// Index price.
    pub index_price: Option<Decimal>,
    /// Best bid, price and quantity.
    pub bid1: Option<Level>,
    /// Best ask, price and quantity.
    pub ask1: Option<Level>,
    /// Funding rate of the next settlement (a fraction).
    pub funding_rate: Decimal,
    /// When it is settled, in market ms; zero while unknown.
    pub next_funding_ms: i64,
    /// When it is, or was, delisted, in market ms; `None` while nothing of the kind is announced.
    pub delivery_ms: Option<i64>,
    /// Sum of all long positions of the venue's accounts, in the unit of quantities.
    pub open_interest: Decimal,
    /// Cross sequence.
    pub seq: i64,
}

/// Prices between which nothing happens to anybody; see [`crate::Venue::calm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calm {
    /// At this price or lower something may happen.
    pub below: Decimal,
    /// At this price or higher something may happen; `None` when nothing does however high.
    pub above: Option<Decimal>,
}
